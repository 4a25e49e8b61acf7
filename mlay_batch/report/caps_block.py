"""Caps on the top grade below a part's yearly table: allowed, given, and who gave more, by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from xlsxwriter.utility import xl_rowcol_to_cell

from mlay_batch.figures.classified import ClassificationCap, ClassificationYear
from mlay_batch.report.book import Live, Sheet
from mlay_batch.report.context import Context
from mlay_batch.report.tables import Table
from mlay_batch.schema.schemes import Cap, Part

_UNIT, _BASE, _ALLOWED, _GIVEN, _RESULT = 2, 5, 6, 7, 8
_UNIT_SPAN, _RESULT_SPAN = 3, 2
_COLUMNS = _RESULT + _RESULT_SPAN
# A share such as 20 × 15 ÷ 100 must be whole before it is rounded, whatever binary sums make of it.
_ROUNDED: Mapping[str, str] = {
    "floor": "INT(ROUND({share},6))",
    "half_up": "ROUND(ROUND({share},6),0)",
    "ceiling": "ROUNDUP(ROUND({share},6),0)",
}


@dataclass(frozen=True)
class _Held:
    """A cap of one year and every unit it was asked of."""

    year: ClassificationYear
    part: Part
    cap: Cap
    units: tuple[ClassificationCap, ...]


def write(ctx: Context, sheet: Sheet, table: Table, section: str, row: int) -> int:
    """Write the caps on a part from `row` on; return the row after them, `row` without any."""
    found = list(_found(ctx, section))
    if not found:
        return row
    block = _Block(ctx, sheet, table)
    row = block.head(row)
    for held in found:
        row = block.put(row, held)
    return row + 1


def _found(ctx: Context, section: str) -> Iterator[_Held]:
    for year in ctx.figures.years:
        caps = [cap for part in year.parts if part.section == section for cap in part.caps]
        for part in year.scheme.parts:
            for cap in part.caps if part.section == section else ():
                units = tuple(one for one in caps if one.cap == cap)
                if units:
                    yield _Held(year, part, cap, units)


@dataclass(frozen=True)
class _Block:
    ctx: Context
    sheet: Sheet
    table: Table

    def head(self, row: int) -> int:
        put, t = self.sheet.put, self.ctx.t
        put(row, 0, t("caps.title"), "section", span=_COLUMNS)
        put(row + 1, 0, t("column.year"), "head")
        put(row + 1, 1, t("column.scheme"), "head")
        put(row + 1, _UNIT, t("column.branch_name"), "head", span=_UNIT_SPAN)
        for column, name in ((_BASE, "base"), (_ALLOWED, "allowed"), (_GIVEN, "given")):
            put(row + 1, column, t(f"caps.{name}"), "head")
        put(row + 1, _RESULT, t("column.limit"), "head", span=_RESULT_SPAN)
        self.sheet.height(row + 1, 48)
        return row + 2

    def put(self, row: int, held: _Held) -> int:
        """Write the rule, how many units keep it, and those that do not (a town in any case)."""
        self.sheet.put(row, 0, self._rule(held), "note", span=_COLUMNS)
        row += 1
        if held.cap.scope != "town":
            self._summary(row, held)
            row += 1
        for unit in held.units:
            if held.cap.scope == "town" or not unit.kept:
                self._unit(row, held, unit)
                row += 1
        return row

    def _rule(self, held: _Held) -> str:
        short = {grade.id: grade.short.of(self.ctx.lang) for grade in held.part.grades}
        base = [short.get(name) or self.ctx.t("caps.rated") for name in held.cap.base]
        return self.ctx.t(
            "caps.rule", year=str(held.year.year), grade=short[held.cap.grade],
            per_cent=self.ctx.book.show(held.cap.per_cent), base=" + ".join(base),
            scope=self.ctx.t(f"caps.{held.cap.scope}"),
            rounding=self.ctx.t(f"caps.{held.cap.rounding}"), basis=held.cap.basis,
        )  # fmt: skip

    def _summary(self, row: int, held: _Held) -> None:
        kept = sum(unit.kept for unit in held.units)
        said = self.ctx.t("caps.summary", kept=kept, count=len(held.units))
        result = "caps.kept" if kept == len(held.units) else "caps.broken"
        self._named(row, held, said)
        for column in (_BASE, _ALLOWED, _GIVEN):
            self.sheet.put(row, column, None, "tone_off")
        self._light(row, self.ctx.t(result))

    def _unit(self, row: int, held: _Held, unit: ClassificationCap) -> None:
        name = self.ctx.name(unit.branch) if unit.branch else self.ctx.t("caps.whole")
        self._named(row, held, name)
        put, cap = self.sheet.put, held.cap
        base = "+".join(self._summed(held, unit, name) for name in cap.base)
        put(row, _BASE, Live(f"={base}", unit.base), "count")
        share = f"{cap.per_cent:g}*{xl_rowcol_to_cell(row, _BASE)}/100"
        allowed = _ROUNDED[cap.rounding].format(share=share)
        put(row, _ALLOWED, Live(f"={allowed}", unit.allowed), "count")
        put(row, _GIVEN, Live(f"={self._summed(held, unit, cap.grade)}", unit.given), "count")
        kept, broken = self.ctx.t("caps.kept"), self.ctx.t("caps.broken")
        over = f"{xl_rowcol_to_cell(row, _GIVEN)}>{xl_rowcol_to_cell(row, _ALLOWED)}"
        self._light(row, Live(f'=IF({over},"{broken}","{kept}")', kept if unit.kept else broken))

    def _named(self, row: int, held: _Held, unit: str) -> None:
        self.sheet.put(row, 0, held.year.year, "center")
        self.sheet.put(row, 1, held.year.scheme.title.of(self.ctx.lang), "text")
        self.sheet.put(row, _UNIT, unit, "text", span=_UNIT_SPAN)

    def _light(self, row: int, content: str | Live) -> None:
        self.sheet.put(row, _RESULT, content, "center", span=_RESULT_SPAN)
        self.sheet.tones((row, _RESULT), (row, _RESULT), "●■")

    def _summed(self, held: _Held, unit: ClassificationCap, count: str) -> str:
        """Return the sum of a count over the data sheet, of one branch or of all."""
        asked = {"year": str(held.year.year), "part": f'"{held.part.section}"'}
        if unit.branch:
            asked["branch"] = f'"{unit.branch}"'
        tests = ",".join(f"{self.table.ref(name)},{value}" for name, value in asked.items())
        return f"SUMIFS({self.table.ref(count)},{tests})"
