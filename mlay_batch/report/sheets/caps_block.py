"""Caps on a grade and conditions of it, below a year's forms: in each unit, with a light.

A light is a verdict, and stands only where the basis is confirmed; else the words are information.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xlsxwriter.utility import xl_rowcol_to_cell

from mlay_batch.figures.classified import (
    ClassificationCap,
    ClassificationCondition,
    ClassificationYear,
)
from mlay_batch.report.formulas import quote
from mlay_batch.report.report_context import ReportContext
from mlay_batch.report.tables import DataTable
from mlay_batch.report.writer import Formula, SheetWriter
from mlay_batch.schema.schemes import Cap, Condition, Part

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
        first = row if self.cap.scope == "office" else row + 1
        for number, unit in enumerate(units):
            self._write_unit(first + number, number + 1, unit)
        last = first + len(units) - 1
        if first > row:
            self._write_summary(row, (first, last), units)
        self.sheet.colour_states((row, _RESULT), (last, _RESULT), "●■")
        return last + 2

    def _results(self) -> tuple[str, str, str]:
        """Return the words for a cap that is kept, for one exceeded, and for base 0."""
        t, state = self.ctx.t, "caps" if self.cap.confirmed else "caps.unconfirmed"
        return t(f"{state}.kept"), t(f"{state}.broken"), t("caps.empty")

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
        short_titles = {grade.id: grade.short.of(self.ctx.lang) for grade in self.part.counts}
        base_titles = [short_titles.get(name) or t("caps.rated") for name in cap.base]
        return t(
            "caps.rule",
            year=str(self.year.year),
            grade=short_titles[cap.grade],
            per_cent=self.ctx.writer.show(cap.per_cent),
            base=" + ".join(base_titles),
            scope=t(f"caps.{cap.scope}"),
            rounding=t(f"caps.{cap.rounding}"),
            basis=basis_text(self.ctx, cap),
        )

    def _write_summary(
        self, row: int, span: tuple[int, int], units: tuple[ClassificationCap, ...]
    ) -> None:
        """Write how many of the units below keep the cap, and whether all do; empty ones apart."""
        write, count = self.sheet.write, sum(not unit.is_empty for unit in units)
        met_text, exceeded_text, empty_text = self._results()
        met, exceeded = quote(met_text), quote(exceeded_text)
        kept_count = sum(unit.is_kept and not unit.is_empty for unit in units)
        cell_range = ":".join(xl_rowcol_to_cell(line, _RESULT) for line in span)
        kept, over = (f"COUNTIF({cell_range},{text})" for text in (met, exceeded))
        words = self.ctx.t("caps.summary", kept="\0", count="\0").split("\0")
        formula = f"={quote(words[0])}&{kept}&{quote(words[1])}&({kept}+{over})&{quote(words[2])}"
        summary = Formula(formula, f"{words[0]}{kept_count}{words[1]}{count}{words[2]}")
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
            f"=IF({over}>0,{exceeded},IF({kept}>0,{met},{quote(empty_text)}))",
            exceeded_text if kept_count < count else met_text if count else empty_text,
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
        met, exceeded, empty = self._results()
        base_cell, allowed_cell, given_cell = (
            xl_rowcol_to_cell(row, column) for column in (_BASE, _ALLOWED, _GIVEN)
        )
        state = f"IF({given_cell}>{allowed_cell},{quote(exceeded)},{quote(met)})"
        result = Formula(
            f"=IF({base_cell}+{given_cell}=0,{quote(empty)},{state})",
            empty if unit.is_empty else met if unit.is_kept else exceeded,
        )
        write(row, _RESULT, result, "center", span=_RESULT_SPAN)

    def _count_sum(self, unit: ClassificationCap, count: str) -> str:
        """Return the sum of a count over the data sheet, of one branch or of all."""
        criteria = {"year": str(self.year.year), "part": quote(self.part.section)}
        if unit.branch:
            criteria["branch"] = quote(unit.branch)
        return self.table.sumifs(count, **criteria)


def basis_text(ctx: ReportContext, rule: Cap | Condition) -> str:
    """Return the basis of a rule; where it was not seen, that it is unconfirmed."""
    return rule.basis if rule.confirmed else ctx.t("caps.basis_unconfirmed", basis=rule.basis)


def write_conditions(
    ctx: ReportContext, sheet: SheetWriter, table: DataTable, year: ClassificationYear, row: int
) -> int:
    """Write the conditions of each grade by type of organisation; return the row after them.

    Below them stands what the regulation asks too, but the form cannot tell.
    """
    groups: dict[tuple[str, str, bool], list[Condition]] = {}
    for condition in year.scheme.conditions:
        key = condition.grade, condition.type, condition.confirmed
        groups.setdefault(key, []).append(condition)
    for conditions in groups.values():
        by_branch: dict[str, list[ClassificationCondition]] = {}
        for entry in year.conditions:
            if entry.condition in conditions:
                by_branch.setdefault(entry.branch, []).append(entry)
        if by_branch:
            block = _ConditionsBlock(ctx, sheet, table, year, tuple(conditions))
            row = block.write(row, tuple(by_branch.values()))
    for unchecked in year.scheme.unchecked if year.parts else ():
        text = ctx.t("conditions.unchecked", year=str(year.year), what=unchecked.of(ctx.lang))
        sheet.write(row, 0, text, "note", span=_RULE_SPAN)
        row += 1
    return row + bool(year.scheme.unchecked)


@dataclass(frozen=True)
class _ConditionsBlock:
    """The conditions of one grade for one type of organisation, side by side.

    Attributes:
        ctx: the workbook.
        sheet: the sheet it is written on.
        table: the yearly returns.
        year: the year with its scheme.
        conditions: the rules, all confirmed or none.
    """

    ctx: ReportContext
    sheet: SheetWriter
    table: DataTable
    year: ClassificationYear
    conditions: tuple[Condition, ...]

    @property
    def _result_column(self) -> int:
        return _BASE + 3 * len(self.conditions)

    def write(self, row: int, units: Sequence[Sequence[ClassificationCondition]]) -> int:
        """Write the rules and every organisation of the type; return the row after."""
        row = self._write_head(row)
        for number, entries in enumerate(units):
            self._write_unit(row + number, number + 1, entries)
        first, last = (row, self._result_column), (row + len(units) - 1, self._result_column)
        self.sheet.colour_states(first, last, "●▲■")
        return row + len(units) + 1

    def _write_head(self, row: int) -> int:
        write, t, lang = self.sheet.write, self.ctx.t, self.ctx.lang
        title = t("conditions.title", grade=self._grade(), type=self._type())
        write(row, 0, title, "plain_bold", span=_RULE_SPAN)
        for condition in self.conditions:
            row += 1
            rule = t(
                "conditions.rule",
                year=str(self.year.year),
                per_cent=self.ctx.writer.show(condition.per_cent),
                what=condition.title.of(lang),
                rounding=t(f"caps.{condition.rounding}"),
                basis=basis_text(self.ctx, condition),
            )
            write(row, 0, rule, "note", span=_RULE_SPAN)
        row += 1
        write(row, 0, t("ratings/form7.number"), "head", rows=2)
        write(row, _UNIT, t("column.branch_name"), "head", rows=2, span=_UNIT_SPAN)
        for column, condition in self._columns():
            title = condition.title.of(lang)
            write(row, column, title[:1].upper() + title[1:], "head", span=3)
            for offset, name in enumerate(("base", "required", "reported")):
                write(row + 1, column + offset, t(f"conditions.{name}"), "head")
        write(row, self._result_column, t("column.result"), "head", rows=2, span=_RESULT_SPAN)
        return row + 2

    def _columns(self) -> list[tuple[int, Condition]]:
        return [(_BASE + 3 * number, c) for number, c in enumerate(self.conditions)]

    def _grade(self) -> str:
        grades = self.year.scheme.parts[0].grades
        return next(g.title.of(self.ctx.lang) for g in grades if g.id == self.conditions[0].grade)

    def _type(self) -> str:
        return self.ctx.choice_title("organisation_type", self.conditions[0].type)

    def _write_unit(
        self, row: int, number: int, entries: Sequence[ClassificationCondition]
    ) -> None:
        write, branch = self.sheet.write, entries[0].branch
        write(row, 0, number, "center")
        write(row, _UNIT, self.ctx.name(branch), "text", span=_UNIT_SPAN)
        for (column, condition), entry in zip(self._columns(), entries, strict=True):
            base, given = (
                "+".join(self._count_sum(branch, condition, name) for name in names)
                for names in (condition.base, condition.counts)
            )
            share = f"{condition.per_cent:g}*{xl_rowcol_to_cell(row, column)}/100"
            required = _ROUNDING_FORMULAS[condition.rounding].format(share=share)
            write(row, column, Formula(f"={base}", entry.base), "count")
            write(row, column + 1, Formula(f"={required}", entry.required_count), "count")
            write(row, column + 2, Formula(f"={given}", entry.given_count), "count")
        self._write_result(row, entries)

    def _write_result(self, row: int, entries: Sequence[ClassificationCondition]) -> None:
        off, empty, met, broken = self._results()
        cells = [
            [xl_rowcol_to_cell(row, column + offset) for offset in range(3)]
            for column, _ in self._columns()
        ]
        no_base = ",".join(f"{base}=0" for base, _, _ in cells)
        failing = ",".join(f"{given}<{required}" for _, required, given in cells)
        formula = (
            f"=IF({self._has_grade(entries[0].branch)}=0,{quote(off)},"
            f"IF(OR({failing}),{quote(broken)},IF(OR({no_base}),{quote(empty)},{quote(met)})))"
        )
        states = [entry.is_met for entry in entries]
        text = broken if False in states else empty if None in states else met
        if not entries[0].has_grade:
            text = off
        self.sheet.write(
            row, self._result_column, Formula(formula, text), "center", span=_RESULT_SPAN
        )

    def _results(self) -> tuple[str, str, str, str]:
        """Return the words for not asked, for base 0, met and broken."""
        t, state = self.ctx.t, "" if self.conditions[0].confirmed else "unconfirmed."
        return (
            t("conditions.off"),
            t("conditions.empty"),
            t(f"conditions.{state}met"),
            t(f"conditions.{state}broken", grade=self._grade().lower()),
        )

    def _has_grade(self, branch: str) -> str:
        section, _ = self.year.scheme.own_path()
        rank = self.year.scheme.own_grades().index(self.conditions[0].grade) + 1
        return self.table.countifs(
            year=str(self.year.year), part=quote(section), branch=quote(branch), own_grade=str(rank)
        )

    def _count_sum(self, branch: str, condition: Condition, count: str) -> str:
        return self.table.sumifs(
            count,
            year=str(self.year.year),
            part=quote(condition.section),
            branch=quote(branch),
        )
