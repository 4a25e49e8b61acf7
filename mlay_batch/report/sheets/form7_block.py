"""Mẫu 7A, 7B: the classification of each year in its own wording, by type of organisation.

A block below the series of the years.

7A are the organisations and their cells, 7B the members: all = exempt + not yet rated + rated, and
the rated split into the grades. The newest year comes first; caps on a grade stand below its year.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from xlsxwriter.utility import xl_rowcol_to_cell

from mlay_batch.core.period import Period
from mlay_batch.figures.classified import ClassificationYear
from mlay_batch.report.data.data_sheets import DataTables
from mlay_batch.report.formats import percent_format
from mlay_batch.report.formulas import quote
from mlay_batch.report.listing import NONE
from mlay_batch.report.report_context import ReportContext, strip_number
from mlay_batch.report.sheets import caps_block
from mlay_batch.report.sheets.classification_lines import kind_title
from mlay_batch.report.tables import DataTable
from mlay_batch.report.writer import Formula, SheetWriter
from mlay_batch.schema import Form
from mlay_batch.schema.schemes import Grade, Part

_NAME, _TOTAL, _EXEMPT, _NOT_RATED, _RATED, _RATE, _FIRST_GRADE = range(1, 8)
_CHECK_WIDTH = 13
_TWO_LINES = 32  # letters of a grade over its two columns


def widths(ctx: ReportContext) -> tuple[float, ...]:
    """Return the widths of the columns that the block needs, in digits."""
    return (5, 34, *([8.5] * (_check_column(ctx) - 2)), _CHECK_WIDTH)


def write(
    ctx: ReportContext, sheet: SheetWriter, data: DataTables, row: int
) -> tuple[int, tuple[int, ...]]:
    """Write all years from `row` on; return the row after them, and the rows that begin a page."""
    breaks, check_column = [row], _check_column(ctx)
    sheet.write(row, 0, ctx.t("ratings/form7.title"), "section", span=check_column + 1)
    row += 1
    for number, year in enumerate(reversed(ctx.figures.years)):
        breaks += [row] if number else []
        row = _write_year(ctx, sheet, data, year, row, check_column)
        next_row = _write_caps(ctx, sheet, data, year, row)
        breaks += [row] if next_row > row else []
        row = next_row
    return row, tuple(breaks)


def _check_column(ctx: ReportContext) -> int:
    """Return the last column, which tells whether the counts of a row agree."""
    parts = (part for year in ctx.figures.years for part in year.scheme.parts)
    return _FIRST_GRADE + 2 * max((len(part.counts) for part in parts), default=4)


def _write_year(
    ctx: ReportContext,
    sheet: SheetWriter,
    data: DataTables,
    year: ClassificationYear,
    row: int,
    check_column: int,
) -> int:
    """Write the forms of one year from `row` on; return the row after them."""
    scheme = year.scheme.title.of(ctx.lang)
    title = ctx.t("ratings/form7.year", year=str(year.year), scheme=scheme)
    sheet.write(row, 0, title, "section", span=check_column + 1)
    row += 1
    for block in _form_counts(ctx, year):
        row = _FormTable(ctx, sheet, data.classification, year, block, check_column).write(row)
    return row


def _write_caps(
    ctx: ReportContext, sheet: SheetWriter, data: DataTables, year: ClassificationYear, row: int
) -> int:
    """Write caps and conditions of the year, on a page of their own; return the row after them."""
    for part in year.scheme.parts:
        row = caps_block.write(ctx, sheet, data.classification, (year, part), row)
    return caps_block.write_conditions(ctx, sheet, data.classification, year, row)


@dataclass(frozen=True)
class _FormCounts:
    """What one form counts.

    Attributes:
        section: the section of the yearly return.
        title: the title of the form.
        unit: what is counted, as the sheet prints it.
        part: the part of the scheme with the grades, the best first.
        counts: the counts by type of organisation, then by name of the count.
        has_exempt: whether the form counts members that are exempt from rating.
        counts_organisations: whether organisations are counted, not members.
    """

    section: str
    title: str
    unit: str
    part: Part
    counts: Mapping[str, Mapping[str, int]]
    has_exempt: bool
    counts_organisations: bool

    @property
    def columns(self) -> tuple[Grade, ...]:
        """The grades, then any distinctions within them, which organisations do not report."""
        return self.part.grades if self.counts_organisations else self.part.counts

    def type_title(self, ctx: ReportContext, kind: str) -> str:
        """Return the line of a type: of cells what they are, else the type itself."""
        if self.counts_organisations:
            return ctx.choice_title("organisation_type", kind) or ctx.t("unknown_branch")
        return kind_title(ctx, self.part, kind)


def _form_counts(ctx: ReportContext, year: ClassificationYear) -> Iterator[_FormCounts]:
    form = ctx.inputs.catalogue.form_for(year.scheme.scheme, Period(year.year, 1, 12))
    section, _ = year.scheme.own_path()
    if section and year.organisations and year.scheme.parts:
        unit = ctx.t("ratings/form7.organisations")
        title = _section_title(ctx, form, section)
        yield _FormCounts(
            section,
            title,
            unit,
            year.scheme.parts[0],
            year.organisations,
            has_exempt=False,
            counts_organisations=True,
        )
    for part in year.scheme.parts:
        year_part = year.part(part.section)
        yield _FormCounts(
            part.section,
            _section_title(ctx, form, part.section) or part.title.of(ctx.lang),
            _count_unit(ctx, form, part.section),
            part,
            year_part.by_type if year_part else {},
            has_exempt=_has_field(form, part.section, "exempt"),
            counts_organisations=False,
        )


def _section_title(ctx: ReportContext, form: Form | None, section: str) -> str:
    return strip_number(form.title_of(section, ctx.lang)) if form else ""


def _has_field(form: Form | None, section: str, field_id: str) -> bool:
    fields = (
        next((candidate.fields for candidate in form.sections if candidate.id == section), ())
        if form
        else ()
    )
    return any(field.id == field_id for field in fields)


def _count_unit(ctx: ReportContext, form: Form | None, section: str) -> str:
    """Return the unit the form counts in, as its total has it."""
    if form is None or not _has_field(form, section, "total"):
        return ""
    unit = form.section(section).field("total").unit
    return unit.of(ctx.lang) if unit else ""


class _FormTable:
    """One form being written: a row for each type of organisation, and their sum."""

    def __init__(
        self,
        ctx: ReportContext,
        sheet: SheetWriter,
        table: DataTable,
        year: ClassificationYear,
        block: _FormCounts,
        check_column: int,
    ) -> None:
        self.ctx, self.sheet, self.table, self.year, self.block = ctx, sheet, table, year, block
        self.check_column = check_column
        count_columns = [_TOTAL, *([_EXEMPT] if block.has_exempt else []), _NOT_RATED, _RATED]
        self.column_numbers = {
            column: number
            for number, column in enumerate(
                (*count_columns, _RATE, *range(_FIRST_GRADE, self._end_column())),
                1,
            )
        }
        ids = {_TOTAL: "total", _EXEMPT: "exempt", _NOT_RATED: "not_rated", _RATED: "rated"}
        self.count_ids = {column: ids[column] for column in count_columns} | {
            _FIRST_GRADE + 2 * position: grade.id for position, grade in enumerate(block.columns)
        }

    def write(self, row: int) -> int:
        """Write the form from `row` on; return the row after it."""
        t, block = self.ctx.t, self.block
        self.sheet.write(row, 0, block.title, "plain_bold", span=_FIRST_GRADE)
        unit = t("ratings/form7.unit", unit=block.unit) if block.unit else ""
        span = self.check_column + 1 - _FIRST_GRADE
        self.sheet.write(row, _FIRST_GRADE, unit, "plain_right", span=span)
        row = self._write_head(row + 1)
        first = row
        for number, kind in enumerate(self._reported_types(), 1):
            self._write_line(row, number, kind)
            row += 1
        self._write_total(row, first)
        self.sheet.colour_states((first, self.check_column), (row, self.check_column), "●■")
        return row + 2

    def _reported_types(self) -> tuple[str, ...]:
        """Return the types that reported, in the order the form names its reporters."""
        period = Period(self.year.year, 1, 12)
        form = self.ctx.inputs.catalogue.form_for(self.year.scheme.scheme, period)
        order = dict.fromkeys([*(form.reporters if form else ()), *self.block.counts])
        return tuple(kind for kind in order if kind in self.block.counts)

    def _write_head(self, row: int) -> int:
        t, write = self.ctx.t, self.sheet.write
        total_span = 1 if self.block.has_exempt else 2
        write(row, 0, t("ratings/form7.number"), "head", rows=2)
        write(row, _NAME, t("ratings/form7.type"), "head", rows=2)
        write(row, _TOTAL, t("ratings/form7.total"), "head", rows=2, span=total_span)
        if self.block.has_exempt:
            write(row, _EXEMPT, t("ratings/form7.exempt"), "head", rows=2)
        write(row, _NOT_RATED, t("ratings/form7.not_rated"), "head", rows=2)
        write(row, _RATED, t("ratings/form7.rated"), "head", span=2)
        for position, grade in enumerate(self.block.columns):
            write(row, _FIRST_GRADE + 2 * position, grade.title.of(self.ctx.lang), "head", span=2)
        for column in range(_RATED, self._end_column()):
            write(row + 1, column, t(f"ratings/form7.{self._column_kind(column)}"), "head")
        write(row, self.check_column, t("ratings/form7.check"), "head", rows=2)
        self._write_column_numbers(row + 2, total_span)
        longest = max(len(grade.title.of(self.ctx.lang)) for grade in self.block.columns)
        self.sheet.set_height(row, 42 if longest > _TWO_LINES else 30)
        return row + 3

    def _end_column(self) -> int:
        return _FIRST_GRADE + 2 * len(self.block.columns)

    def _column_kind(self, column: int) -> str:
        """Return the key of a column's heading; a share names its base."""
        if column in self.count_ids:
            return "count"
        return "share_of_all" if column == _RATE else "share"

    def _write_column_numbers(self, row: int, total_span: int) -> None:
        """Write the columns' numbers, shares with their formula in words: ``5 = 4×100/1``."""
        write = self.sheet.write
        write(row, 0, "A", "column_number")
        write(row, _NAME, "B", "column_number")
        for column, number in self.column_numbers.items():
            text: str | int = number
            if column not in self.count_ids:
                base = self.column_numbers[_TOTAL if column == _RATE else _RATED]
                text = f"{number} = {self.column_numbers[column - 1]}×100/{base}"
            write(row, column, text, "column_number", span=total_span if column == _TOTAL else 1)
        write(row, self.check_column, None, "column_number")
        self.sheet.set_height(row, 27)

    def _write_line(self, row: int, number: int, kind: str) -> None:
        write, counts = self.sheet.write, self.block.counts[kind]
        write(row, 0, number, "center")
        write(row, _NAME, self.block.type_title(self.ctx, kind), "text")
        for column, name in self.count_ids.items():
            self._write_cell(
                row, column, Formula(self._count_formula(name, kind), counts.get(name, 0)), "count"
            )
        self._write_shares(row, counts, "points")

    def _write_total(self, row: int, first: int) -> None:
        counts_by_type = self.block.counts.values()
        sums = {
            name: sum(counts.get(name, 0) for counts in counts_by_type)
            for name in self.count_ids.values()
        }
        self.sheet.write(row, 0, self.ctx.t("total"), "total_label", span=2)
        for column, name in self.count_ids.items():
            cell_range = f"{xl_rowcol_to_cell(first, column)}:{xl_rowcol_to_cell(row - 1, column)}"
            formula = f"=SUM({cell_range})" if row > first else "=0"
            self._write_cell(row, column, Formula(formula, sums[name]), "total_count")
        self._write_shares(row, sums, "total_points")

    def _write_cell(self, row: int, column: int, content: Formula, look: str) -> None:
        span = 2 if column == _TOTAL and not self.block.has_exempt else 1
        self.sheet.write(row, column, content, look, span=span)

    def _count_formula(self, name: str, kind: str) -> str:
        """Return the formula of a count of one type, over the table of yearly returns."""
        section = quote(self.block.section)
        of_type = {"year": str(self.year.year), "part": section, "type": quote(kind)}
        if not self.block.counts_organisations:
            return f"={self.table.sumifs(name, **of_type)}"
        count = partial(self.table.countifs, **of_type)
        if name in ("total", "rated", "not_rated"):
            total, rated = count(), count(own_grade='">0"')
            return f"={ {'total': total, 'rated': rated}.get(name, f'{total}-{rated}') }"
        ranks = {grade.id: str(rank) for rank, grade in enumerate(self.block.part.grades, 1)}
        return f"={count(own_grade=ranks.get(name, '0'))}"

    def _write_shares(self, row: int, counts: Mapping[str, int], look: str) -> None:
        for column in self.column_numbers:
            if column not in self.count_ids:
                base_column = _TOTAL if column == _RATE else _RATED
                numerator, base = (
                    counts[self.count_ids[column - 1]],
                    counts[self.count_ids[base_column]],
                )
                cells = xl_rowcol_to_cell(row, column - 1), xl_rowcol_to_cell(row, base_column)
                formula = f"=IF({cells[1]}=0,{quote(NONE)},100*{cells[0]}/{cells[1]})"
                content = Formula(formula, 100 * numerator / base if base else NONE)
                self.sheet.write(row, column, content, look, number_format=percent_format(2))
        self._write_check(row, counts)

    def _write_check(self, row: int, counts: Mapping[str, int]) -> None:
        """Write whether the row adds up: the whole from its parts, the rated from the grades."""
        columns = {name: xl_rowcol_to_cell(row, column) for column, name in self.count_ids.items()}
        grade_ids = [grade.id for grade in self.block.part.grades]
        part_ids = [name for name in ("exempt", "not_rated", "rated") if name in columns]
        tests = ((("total"), part_ids), ("rated", grade_ids))
        formula = ",".join(
            f"{columns[total_id]}={'+'.join(columns[name] for name in addends)}"
            for total_id, addends in tests
        )
        yes_text, no_text = self.ctx.t("reconciles"), self.ctx.t("reconciles_not")
        adds_up = all(
            counts[total_id] == sum(counts[name] for name in addends) for total_id, addends in tests
        )
        check = f"=IF(AND({formula}),{quote(yes_text)},{quote(no_text)})"
        content = Formula(check, yes_text if adds_up else no_text)
        self.sheet.write(row, self.check_column, content, "center")
