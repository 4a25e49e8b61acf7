"""Caps on a grade below a year's forms: what is allowed and given in each unit, with a light."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from xlsxwriter.utility import xl_rowcol_to_cell

from mlay_batch.figures.classified import ClassificationCap, ClassificationYear
from mlay_batch.report.book import Live, Sheet
from mlay_batch.report.context import Context
from mlay_batch.report.tables import Table
from mlay_batch.schema.schemes import Cap, Part

_UNIT, _BASE, _ALLOWED, _GIVEN, _RESULT = 1, 4, 5, 6, 7
_UNIT_SPAN, _RESULT_SPAN = 3, 3
_RULE_SPAN = 16  # columns; the forms above are no narrower
# A share such as 20 × 15 ÷ 100 must be whole before it is rounded, whatever binary sums make of it.
_ROUNDED: Mapping[str, str] = {
    "floor": "INT(ROUND({share},6))",
    "half_up": "ROUND(ROUND({share},6),0)",
    "ceiling": "ROUNDUP(ROUND({share},6),0)",
}


def write(
    ctx: Context, sheet: Sheet, table: Table, of: tuple[ClassificationYear, Part], row: int
) -> int:
    """Write the caps on a part in a year from `row` on; return the row after, `row` without any."""
    year, part = of
    found = year.part(part.section)
    for cap in part.caps:
        units = tuple(one for one in (found.caps if found else ()) if one.cap == cap)
        if units:
            row = _Block(ctx, sheet, table, year, part, cap).write(row, units)
    return row


@dataclass(frozen=True)
class _Block:
    """One cap of one year."""

    ctx: Context
    sheet: Sheet
    table: Table
    year: ClassificationYear
    part: Part
    cap: Cap

    def write(self, row: int, units: tuple[ClassificationCap, ...]) -> int:
        """Write the rule, how many units keep it, and every unit; return the row after."""
        row = self._head(row)
        first = row if self.cap.scope == "town" else row + 1
        for number, unit in enumerate(units):
            self._unit(first + number, number + 1, unit)
        last = first + len(units) - 1
        if first > row:
            self._summary(row, (first, last), units)
        self.sheet.tones((row, _RESULT), (last, _RESULT), "●■")
        return last + 2

    def _head(self, row: int) -> int:
        put, t = self.sheet.put, self.ctx.t
        put(row, 0, t("caps.title"), "plain_bold", span=_BASE)
        put(row + 1, 0, self._rule(), "note", span=_RULE_SPAN)
        put(row + 2, 0, t("ratings/form7.number"), "head")
        put(row + 2, _UNIT, t("column.branch_name"), "head", span=_UNIT_SPAN)
        put(row + 2, _BASE, t("caps.base"), "head")
        put(row + 2, _ALLOWED, t("caps.allowed"), "head")
        put(row + 2, _GIVEN, t("caps.given"), "head")
        put(row + 2, _RESULT, t("column.limit"), "head", span=_RESULT_SPAN)
        return row + 3

    def _rule(self) -> str:
        cap, t = self.cap, self.ctx.t
        short = {grade.id: grade.short.of(self.ctx.lang) for grade in self.part.grades}
        base = [short.get(name) or t("caps.rated") for name in cap.base]
        return t(
            "caps.rule", year=str(self.year.year), grade=short[cap.grade],
            per_cent=self.ctx.book.show(cap.per_cent), base=" + ".join(base),
            scope=t(f"caps.{cap.scope}"), rounding=t(f"caps.{cap.rounding}"), basis=cap.basis,
        )  # fmt: skip

    def _summary(
        self, row: int, span: tuple[int, int], units: tuple[ClassificationCap, ...]
    ) -> None:
        """Write how many of the units below keep the cap, and whether all do."""
        put, count = self.sheet.put, len(units)
        kept, broken = self.ctx.t("caps.kept"), self.ctx.t("caps.broken")
        keep = sum(unit.kept for unit in units)
        over = ":".join(xl_rowcol_to_cell(line, _RESULT) for line in span)
        said = self.ctx.t("caps.summary", kept="\0", count=count).split("\0")
        quoted = f'"&COUNTIF({over},"{kept}")&"'.join(said)
        put(row, 0, Live(f'="{quoted}"', str(keep).join(said)), "total_label", span=_BASE)
        totals = (
            (_BASE, sum(unit.base for unit in units)),
            (_ALLOWED, sum(unit.allowed for unit in units)),
            (_GIVEN, sum(unit.given for unit in units)),
        )
        for column, total in totals:
            cells = ":".join(xl_rowcol_to_cell(line, column) for line in span)
            put(row, column, Live(f"=SUM({cells})", total), "total_count")
        light = Live(f'=IF(COUNTIF({over},"{kept}")={count},"{kept}","{broken}")',
                     kept if keep == count else broken)  # fmt: skip
        put(row, _RESULT, light, "center", span=_RESULT_SPAN)

    def _unit(self, row: int, number: int, unit: ClassificationCap) -> None:
        put, cap = self.sheet.put, self.cap
        name = self.ctx.name(unit.branch) if unit.branch else self.ctx.t("caps.whole")
        put(row, 0, number, "center")
        put(row, _UNIT, name, "text", span=_UNIT_SPAN)
        base = "+".join(self._summed(unit, name) for name in cap.base)
        put(row, _BASE, Live(f"={base}", unit.base), "count")
        share = f"{cap.per_cent:g}*{xl_rowcol_to_cell(row, _BASE)}/100"
        allowed = _ROUNDED[cap.rounding].format(share=share)
        put(row, _ALLOWED, Live(f"={allowed}", unit.allowed), "count")
        put(row, _GIVEN, Live(f"={self._summed(unit, cap.grade)}", unit.given), "count")
        kept, broken = self.ctx.t("caps.kept"), self.ctx.t("caps.broken")
        over = f"{xl_rowcol_to_cell(row, _GIVEN)}>{xl_rowcol_to_cell(row, _ALLOWED)}"
        light = Live(f'=IF({over},"{broken}","{kept}")', kept if unit.kept else broken)
        put(row, _RESULT, light, "center", span=_RESULT_SPAN)

    def _summed(self, unit: ClassificationCap, count: str) -> str:
        """Return the sum of a count over the data sheet, of one branch or of all."""
        asked = {"year": str(self.year.year), "part": f'"{self.part.section}"'}
        if unit.branch:
            asked["branch"] = f'"{unit.branch}"'
        tests = ",".join(f"{self.table.ref(name)},{value}" for name, value in asked.items())
        return f"SUMIFS({self.table.ref(count)},{tests})"
