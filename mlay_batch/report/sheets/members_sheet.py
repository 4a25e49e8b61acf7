"""Đảng viên: members by branch, A + B − C = D, in the period and in the year to date.

Every count is a sum over the data sheet of the section that tells members. A month that does not
open with what the month before closed with is marked, with a jump to its row there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xlsxwriter.utility import xl_col_to_name, xl_rowcol_to_cell

from mlay_batch.core.period import Period
from mlay_batch.figures.branch_records import MemberMovement, Movement, MovementLine
from mlay_batch.report import heads, letterhead
from mlay_batch.report.data.sections_data import (
    BRANCH_COLUMN,
    MONTH_COLUMN,
    PlacedTable,
    table_name,
)
from mlay_batch.report.data.trends_data import Trends
from mlay_batch.report.heads import Column
from mlay_batch.report.report_context import ReportContext
from mlay_batch.report.tables import DataTable
from mlay_batch.report.writer import Formula, Hyperlink, SheetWriter
from mlay_batch.schema import Section

_CODE, _NAME, _FIRST_COUNT = range(1, 4)
_SPLIT = 6
_COUNT, _CHECK = 6.6, 15.0


@dataclass(frozen=True)
class _MembersLayout:
    """The sheet being written; a block has A, the fields of B and their sum, those of C, D."""

    ctx: ReportContext
    sheet: SheetWriter
    data_sheet: SheetWriter
    table: DataTable
    movement: Movement

    @property
    def opening_column(self) -> int:
        """The column of A in the period."""
        return _FIRST_COUNT

    @property
    def in_column(self) -> int:
        """The column of B in the period: the sum of its fields."""
        return self.opening_column + len(self.movement.fields.increases) + 1

    @property
    def out_column(self) -> int:
        """The column of C in the period."""
        return self.in_column + len(self.movement.fields.decreases) + 1

    @property
    def year_column(self) -> int:
        """The column of A in the year; B, C, merged and D follow it."""
        return self.out_column + 2

    @property
    def check_column(self) -> int:
        """The column that says whether it all closes."""
        return self.year_column + 5

    @property
    def trend_column(self) -> int:
        """The last column: the members of the months as a line."""
        return self.check_column + 1

    def cell(self, row: int, column: int) -> str:
        return str(xl_rowcol_to_cell(row, column))


def write(
    ctx: ReportContext, sheet: SheetWriter, tables: Mapping[str, PlacedTable], trends: Trends
) -> None:
    """Write the sheet; it says so where the period's forms do not ask for members."""
    movement = ctx.figures.movement
    if movement is None:
        text = ctx.t("branches/members.none")
        letterhead.write_empty_sheet(ctx, sheet, ctx.t("branches/members.title"), text)
        return
    data_sheet, table = tables[table_name(movement.fields.form, movement.fields.section)]
    layout = _MembersLayout(ctx, sheet, data_sheet, table, movement)
    columns = layout.trend_column + 1
    letterhead.write_heading(ctx, sheet, columns, _SPLIT, ctx.t("branches/members.title"))
    first = heads.write_heads(sheet, letterhead.TABLE_ROW, _columns(layout))
    for number, line in enumerate(movement.lines):
        _write_row(layout, first + number, number + 1, line)
    branches = (line.branch.code for line in movement.lines)
    trends.draw_sparklines(sheet, first, layout.trend_column, branches, "members")
    last = first + len(movement.lines)
    _write_totals(layout, last, first)
    sheet.colour_states((first, layout.check_column), (last, layout.check_column), "●▲■")
    sheet.write(last + 1, 0, ctx.t("branches/members.how"), "note", span=columns)
    row = letterhead.write_signatures(ctx, sheet, last + 3, columns, _SPLIT)
    sheet.raw.autofilter(first - 1, 0, last - 1, layout.check_column)
    sheet.raw.freeze_panes(first, _NAME + 1)
    repeat = (letterhead.TABLE_ROW, first - 1)
    sheet.set_up_page(landscape=True, last=(row, layout.trend_column), repeat=repeat)


def _section(layout: _MembersLayout) -> Section:
    shape, forms = layout.movement.fields, layout.ctx.inputs.catalogue.forms
    newest = (form for form in reversed(forms) if form.form == shape.form)
    return next(newest).section(shape.section)


def _columns(layout: _MembersLayout) -> list[Column]:
    t, shape, section = layout.ctx.t, layout.movement.fields, _section(layout)
    period_title = layout.ctx.figures.period.title(layout.ctx.lang)
    year_title = t("branches/members.year", year=str(layout.ctx.figures.period.year))

    def count_column(name: str, group: str, sum_text: str = "") -> Column:
        return Column(t(f"branches/members.{name}"), _COUNT + bool(sum_text) * 5.6, group, sum_text)

    def field_column(name: str) -> Column:
        title = section.field(name).title.of(layout.ctx.lang).rpartition(" - ")[2]
        return Column(title[:1].upper() + title[1:], _COUNT + 1, period_title)

    a, b, c, year_column = (
        layout.opening_column + 1,
        layout.in_column + 1,
        layout.out_column + 1,
        layout.year_column + 1,
    )
    return [
        Column(t("column.stt"), 4.5),
        Column(t("column.branch"), 10),
        Column(t("column.unit"), 34),
        count_column("opening", period_title),
        *map(field_column, shape.increases),
        count_column("in", period_title),
        *map(field_column, shape.decreases),
        count_column("out", period_title),
        count_column("closing", period_title, f"={a}+{b}−{c}"),
        count_column("opening", year_title),
        count_column("in", year_title),
        count_column("out", year_title),
        count_column("merged", year_title),
        count_column(
            "closing",
            year_title,
            f"={year_column}+{year_column + 1}−{year_column + 2}+{year_column + 3}",
        ),
        Column(t("branches/members.check"), _CHECK),
        Column(t("branches/trend.line"), _CHECK),
    ]


def _write_row(layout: _MembersLayout, row: int, number: int, line: MovementLine) -> None:
    write = layout.sheet.write
    look = "text" if line.in_period else "quiet"
    write(row, 0, number, "center" if line.in_period else "quiet_center")
    write(row, _CODE, line.branch.code, "center" if line.in_period else "quiet_center")
    write(row, _NAME, line.branch.name, look)
    for column in range(layout.opening_column, layout.check_column):
        write(row, column, None, "tone_off")
    if line.in_period:
        _write_period(layout, row, line.in_period)
    if line.in_year:
        _write_year(layout, row, line.in_year)
    if line.mismatches:
        write(row, layout.check_column, _gap_link(layout, line), "link")
    elif line.in_period:
        write(row, layout.check_column, _check_formula(layout, row, line), "text")
    else:
        write(row, layout.check_column, layout.ctx.state_title("return", line.state), "quiet")


def _gap_link(layout: _MembersLayout, line: MovementLine) -> Hyperlink:
    """Return a jump to the first month that does not follow from the one before; all are named."""
    text = "\n".join(
        layout.ctx.t(
            "branches/members.gap", month=gap.period.month, last=gap.last_closing, own=gap.opening
        )
        for gap in line.mismatches
    )
    first_gap = line.mismatches[0]
    branch, month = layout.table.index(BRANCH_COLUMN), layout.table.index(MONTH_COLUMN)
    position = next(
        number
        for number, row in enumerate(layout.table.rows)
        if (row[branch], row[month]) == (first_gap.branch, first_gap.period.month)
    )
    return Hyperlink(layout.data_sheet.address(layout.table.sheet_row(position), 0), text)


def _criteria(layout: _MembersLayout, row: int, first: Period, last: Period) -> str:
    """Return the criteria for a branch's returns of these months; single months need one only."""
    of_branch = heads.criteria(
        layout.table, **{BRANCH_COLUMN: f"${xl_col_to_name(_CODE)}{row + 1}"}
    )
    month = layout.table.ref(MONTH_COLUMN)
    if first == last:
        return f"{of_branch},{month},{first.month}"
    return f'{of_branch},{month},">={first.month}",{month},"<={last.month}"'


def _sum_formula(
    layout: _MembersLayout, row: int, name: str, first: Period, last: Period, value: int
) -> Formula:
    return Formula(
        f"=SUMIFS({layout.table.ref(name)},{_criteria(layout, row, first, last)})", value
    )


def _write_period(layout: _MembersLayout, row: int, movement: MemberMovement) -> None:
    """Write the period: A, each field of B and C, their sums, D as reported."""
    write, shape = layout.sheet.write, layout.movement.fields
    first, last = movement.first, movement.last
    opening = _sum_formula(layout, row, shape.opening, first, first, movement.opening)
    write(row, layout.opening_column, opening, "count")
    for fields, start, end in (
        (shape.increases, layout.opening_column, layout.in_column),
        (shape.decreases, layout.in_column, layout.out_column),
    ):
        for column, name in enumerate(fields, start + 1):
            content = _sum_formula(layout, row, name, first, last, movement.changes[name])
            write(row, column, content, "count")
        cell_range = f"{layout.cell(row, start + 1)}:{layout.cell(row, end - 1)}"
        value = sum(movement.changes[name] for name in fields)
        write(row, end, Formula(f"=SUM({cell_range})", value), "count")
    write(row, layout.out_column + 1, _closing_value(layout, row, movement), "count")


def _write_year(layout: _MembersLayout, row: int, movement: MemberMovement) -> None:
    write, shape, start = layout.sheet.write, layout.movement.fields, layout.year_column
    first, last = movement.first, movement.last
    write(
        row,
        start,
        _sum_formula(layout, row, shape.opening, first, first, movement.opening),
        "count",
    )
    for column, fields in ((start + 1, shape.increases), (start + 2, shape.decreases)):
        sums = (
            f"SUMIFS({layout.table.ref(name)},{_criteria(layout, row, first, last)})"
            for name in fields
        )
        value = sum(movement.changes[name] for name in fields)
        write(row, column, Formula("=" + "+".join(sums), value), "count")
    write(row, start + 3, movement.merged, "count")
    write(row, start + 4, _closing_value(layout, row, movement), "count")


def _closing_value(layout: _MembersLayout, row: int, movement: MemberMovement) -> Formula | int:
    """Return D as reported; 0 for a cell whose members went with it into another."""
    if movement.merged < 0 and not movement.closing:
        return 0
    last = movement.last
    return _sum_formula(layout, row, layout.movement.fields.closing, last, last, movement.closing)


def _check_formula(layout: _MembersLayout, row: int, line: MovementLine | None) -> Formula:
    """Return whether both blocks add up, for one branch or (None) in the row of totals."""
    cell, start, year = layout.cell, layout.opening_column, layout.year_column
    lines = layout.movement.lines if line is None else (line,)
    merged = sum(
        branch_line.in_period.merged for branch_line in lines if branch_line.in_period
    )  # has no column in the period
    now_sum = f"{cell(row, start)}+{cell(row, layout.in_column)}-{cell(row, layout.out_column)}"
    now_sum += f"{merged:+d}" if merged else ""
    year_sum = "+".join(cell(row, column) for column in (year, year + 1, year + 3))
    year_sum += f"-{cell(row, year + 2)}"
    holds = f"AND({now_sum}={cell(row, layout.out_column + 1)},{year_sum}={cell(row, year + 4)})"
    differences = (
        sum(_difference(layout, branch_line.in_period) for branch_line in lines),
        sum(_difference(layout, branch_line.in_year) for branch_line in lines),
    )
    yes, no = (layout.ctx.t(f"branches/members.{name}") for name in ("closes", "closes_not"))
    return Formula(f'=IF({holds},"{yes}","{no}")', no if any(differences) else yes)


def _difference(layout: _MembersLayout, movement: MemberMovement | None) -> int:
    """Return A + B − C + merged − D: 0 where the members close, or are not reported."""
    if movement is None:
        return 0
    shape = layout.movement.fields
    total_in = sum(movement.changes[name] for name in shape.increases)
    total_out = sum(movement.changes[name] for name in shape.decreases)
    return movement.opening + total_in - total_out + movement.merged - movement.closing


def _write_totals(layout: _MembersLayout, row: int, first: int) -> None:
    shape = layout.movement.fields
    layout.sheet.write(row, 0, layout.ctx.t("total"), "total_label", span=_FIRST_COUNT)
    for start, movements in (
        (
            layout.opening_column,
            [line.in_period for line in layout.movement.lines if line.in_period],
        ),
        (layout.year_column, [line.in_year for line in layout.movement.lines if line.in_year]),
    ):
        values = [
            _values(shape.increases, shape.decreases, movement, start == layout.opening_column)
            for movement in movements
        ]
        width = (
            layout.out_column + 2 - layout.opening_column
            if start == layout.opening_column
            else layout.check_column - layout.year_column
        )
        for offset in range(width):
            heads.write_total(
                layout.sheet, row, start + offset, first, (sums[offset] for sums in values)
            )
    layout.sheet.write(row, layout.check_column, _check_formula(layout, row, None), "total_label")
    layout.sheet.write(row, layout.trend_column, None, "total_count")


def _values(
    in_fields: Sequence[str], out_fields: Sequence[str], movement: MemberMovement, with_fields: bool
) -> list[int]:
    gains, losses = (
        [movement.changes[name] for name in names] for names in (in_fields, out_fields)
    )
    if with_fields:
        return [movement.opening, *gains, sum(gains), *losses, sum(losses), movement.closing]
    return [movement.opening, sum(gains), sum(losses), movement.merged, movement.closing]
