"""Caps on a grade below a year's forms: what is allowed and given in each unit, with a light."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from xlsxwriter.utility import xl_rowcol_to_cell

from mlay_batch.figures.classified import ClassificationCap, ClassificationYear
from mlay_batch.report.formulas import quote
from mlay_batch.report.report_context import ReportContext
from mlay_batch.report.tables import DataTable
from mlay_batch.report.writer import Formula, SheetWriter
from mlay_batch.schema.schemes import Cap, Part

_UNIT, _BASE, _ALLOWED, _GIVEN, _RESULT = 1, 4, 5, 6, 7
_UNIT_SPAN, _RESULT_SPAN = 3, 3
_RULE_SPAN = 16  # columns; the forms above are no narrower
# A share such as 20 × 15 ÷ 100 must be whole before it is rounded, whatever binary sums make of it.
_ROUNDING_FORMULAS: Mapping[str, str] = {
    "floor": "INT(ROUND({share},6))",
    "half_up": "ROUND(ROUND({share},6),0)",
    "ceiling": "ROUNDUP(ROUND({share},6),0)",
}


def write(
    ctx: ReportContext,
    sheet: SheetWriter,
    table: DataTable,
    year_and_part: tuple[ClassificationYear, Part],
    row: int,
) -> int:
    """Write the caps on a part in a year from `row` on; return the row after, `row` without any."""
    year, part = year_and_part
    year_part = year.part(part.section)
    for cap in part.caps:
        units = tuple(
            unit_cap for unit_cap in (year_part.caps if year_part else ()) if unit_cap.cap == cap
        )
        if units:
            row = _CapBlock(ctx, sheet, table, year, part, cap).write(row, units)
    return row


@dataclass(frozen=True)
class _CapBlock:
    """One cap of one year.

    Attributes:
        ctx: the workbook.
        sheet: the sheet it is written on.
        table: the yearly returns.
        year: the year with its scheme.
        part: the part of the classification.
        cap: the rule.
    """

    ctx: ReportContext
    sheet: SheetWriter
    table: DataTable
    year: ClassificationYear
    part: Part
    cap: Cap

    def write(self, row: int, units: tuple[ClassificationCap, ...]) -> int:
        """Write the rule, how many units keep it, and every unit; return the row after."""
        row = self._write_head(row)
        first = row if self.cap.scope == "town" else row + 1
        for number, unit in enumerate(units):
            self._write_unit(first + number, number + 1, unit)
        last = first + len(units) - 1
        if first > row:
            self._write_summary(row, (first, last), units)
        self.sheet.colour_states((row, _RESULT), (last, _RESULT), "●■")
        return last + 2

    def _write_head(self, row: int) -> int:
        write, t = self.sheet.write, self.ctx.t
        write(row, 0, t("caps.title"), "plain_bold", span=_BASE)
        write(row + 1, 0, self._rule_text(), "note", span=_RULE_SPAN)
        write(row + 2, 0, t("ratings/form7.number"), "head")
        write(row + 2, _UNIT, t("column.branch_name"), "head", span=_UNIT_SPAN)
        write(row + 2, _BASE, t("caps.base"), "head")
        write(row + 2, _ALLOWED, t("caps.allowed"), "head")
        write(row + 2, _GIVEN, t("caps.given"), "head")
        write(row + 2, _RESULT, t("column.result"), "head", span=_RESULT_SPAN)
        return row + 3

    def _rule_text(self) -> str:
        cap, t = self.cap, self.ctx.t
        short_titles = {grade.id: grade.short.of(self.ctx.lang) for grade in self.part.grades}
        base_titles = [short_titles.get(name) or t("caps.rated") for name in cap.base]
        return t(
            "caps.rule",
            year=str(self.year.year),
            grade=short_titles[cap.grade],
            per_cent=self.ctx.writer.show(cap.per_cent),
            base=" + ".join(base_titles),
            scope=t(f"caps.{cap.scope}"),
            rounding=t(f"caps.{cap.rounding}"),
            basis=cap.basis,
        )

    def _write_summary(
        self, row: int, span: tuple[int, int], units: tuple[ClassificationCap, ...]
    ) -> None:
        """Write how many of the units below keep the cap, and whether all do."""
        write, count = self.sheet.write, len(units)
        met_text, exceeded_text = self.ctx.t("caps.kept"), self.ctx.t("caps.broken")
        met, exceeded = quote(met_text), quote(exceeded_text)
        kept_count = sum(unit.is_kept for unit in units)
        cell_range = ":".join(xl_rowcol_to_cell(line, _RESULT) for line in span)
        summary_parts = self.ctx.t("caps.summary", kept="\0", count=count).split("\0")
        text_formula = f"&COUNTIF({cell_range},{met})&".join(map(quote, summary_parts))
        summary = Formula(f"={text_formula}", str(kept_count).join(summary_parts))
        write(row, 0, summary, "total_label", span=_BASE)
        totals = (
            (_BASE, sum(unit.base for unit in units)),
            (_ALLOWED, sum(unit.allowed_count for unit in units)),
            (_GIVEN, sum(unit.given_count for unit in units)),
        )
        for column, total in totals:
            cells = ":".join(xl_rowcol_to_cell(line, column) for line in span)
            write(row, column, Formula(f"=SUM({cells})", total), "total_count")
        result = Formula(
            f"=IF(COUNTIF({cell_range},{met})={count},{met},{exceeded})",
            met_text if kept_count == count else exceeded_text,
        )
        write(row, _RESULT, result, "center", span=_RESULT_SPAN)

    def _write_unit(self, row: int, number: int, unit: ClassificationCap) -> None:
        write, cap = self.sheet.write, self.cap
        name = self.ctx.name(unit.branch) if unit.branch else self.ctx.t("caps.whole")
        write(row, 0, number, "center")
        write(row, _UNIT, name, "text", span=_UNIT_SPAN)
        base = "+".join(self._count_sum(unit, name) for name in cap.base)
        write(row, _BASE, Formula(f"={base}", unit.base), "count")
        share = f"{cap.per_cent:g}*{xl_rowcol_to_cell(row, _BASE)}/100"
        allowed = _ROUNDING_FORMULAS[cap.rounding].format(share=share)
        write(row, _ALLOWED, Formula(f"={allowed}", unit.allowed_count), "count")
        write(
            row, _GIVEN, Formula(f"={self._count_sum(unit, cap.grade)}", unit.given_count), "count"
        )
        met_text, exceeded_text = self.ctx.t("caps.kept"), self.ctx.t("caps.broken")
        exceeds = f"{xl_rowcol_to_cell(row, _GIVEN)}>{xl_rowcol_to_cell(row, _ALLOWED)}"
        result = Formula(
            f"=IF({exceeds},{quote(exceeded_text)},{quote(met_text)})",
            met_text if unit.is_kept else exceeded_text,
        )
        write(row, _RESULT, result, "center", span=_RESULT_SPAN)

    def _count_sum(self, unit: ClassificationCap, count: str) -> str:
        """Return the sum of a count over the data sheet, of one branch or of all."""
        criteria = {"year": str(self.year.year), "part": quote(self.part.section)}
        if unit.branch:
            criteria["branch"] = quote(unit.branch)
        return self.table.sumifs(count, **criteria)
