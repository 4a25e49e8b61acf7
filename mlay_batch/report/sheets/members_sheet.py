"""Đảng viên: members by branch, A + B − C = D, in the period and in the year to date.

Every count is a sum over the data sheet of the section that tells members. A month that does not
open with what the month before closed with is marked, with a jump to its row there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from operator import attrgetter

from mlay_batch.core.period import Period
from mlay_batch.figures.branch_records import MemberMovement, Movement, MovementLine
from mlay_batch.report import letterhead
from mlay_batch.report.data.sections_data import (
    BRANCH_COLUMN,
    MONTH_COLUMN,
    PlacedTable,
    table_name,
)
from mlay_batch.report.data.trends_data import Trends
from mlay_batch.report.formulas import cell, fixed, quote, text_for
from mlay_batch.report.listing import Column, Listing, branch_columns
from mlay_batch.report.report_context import ReportContext
from mlay_batch.report.tables import Condition, DataTable
from mlay_batch.report.writer import Content, Hyperlink, SheetWriter
from mlay_batch.schema import Section

_SPLIT = 6
_COUNT_WIDTH, _SUM_WIDTH, _CHECK_WIDTH = 6.6, 12.2, 15.0


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
    columns = _MemberColumns(ctx, data_sheet, table, movement)
    listing = Listing(ctx, sheet, columns.all(), _SPLIT)
    listing.write_letterhead(ctx.t("branches/members.title"))
    for number, line in enumerate(movement.lines, 1):
        listing.write_row(line, number)
    branches = (line.branch.code for line in movement.lines)
    trends.draw_sparklines(sheet, listing.first_row, listing.position("line"), branches, "members")
    listing.write_totals(movement.lines)
    check = listing.position("check")
    sheet.colour_states((listing.first_row, check), (listing.next_row - 1, check), "●▲■")
    last = listing.write_foot([ctx.t("branches/members.how")], gap=0)
    listing.set_up_page(last, frozen=3, filtered="check")


@dataclass(frozen=True)
class _Block:
    """The columns of one span of time: the period, or the year to date.

    Attributes:
        prefix: what the ids of its columns begin with.
        title: the heading over them.
        of: returns the movement of a line in it.
    """

    prefix: str
    title: str
    of: Callable[[MovementLine], MemberMovement | None]

    def column(
        self,
        name: str,
        title: str,
        width: float,
        value: Callable[[MemberMovement], int],
        formula: str | Callable[[MemberMovement], str],
        sum_text: str = "",
    ) -> Column[MovementLine]:
        """Return a column of counts, grey where nothing is reported."""

        def line_value(line: MovementLine) -> int | None:
            movement = self.of(line)
            return value(movement) if movement else None

        def line_formula(line: MovementLine) -> str:
            movement = self.of(line)
            return text_for(formula, movement) if movement else ""

        return Column(
            f"{self.prefix}{name}",
            title,
            width,
            line_value,
            line_formula,
            lambda line: "count" if self.of(line) else "tone_off",
            group=self.title,
            sum_text=sum_text,
            total=True,
        )


@dataclass(frozen=True)
class _MemberColumns:
    """The columns of the sheet; a block has A, the fields of B and their sum, those of C, D.

    Attributes:
        ctx: the workbook.
        data_sheet: the sheet of the section that tells members.
        table: its table.
        movement: the figures.
    """

    ctx: ReportContext
    data_sheet: SheetWriter
    table: DataTable
    movement: Movement

    def all(self) -> Iterator[Column[MovementLine]]:
        """Yield the columns."""
        yield from branch_columns(self.ctx, 4.5, 10, 34, center=_center_look, text=_text_look)
        yield from self._period_columns()
        yield from self._year_columns()
        yield self._check_column()
        yield Column("line", self.ctx.t("branches/trend.line"), _CHECK_WIDTH)

    def _title(self, name: str) -> str:
        return self.ctx.t(f"branches/members.{name}")

    @cached_property
    def _section(self) -> Section:
        shape, forms = self.movement.fields, self.ctx.inputs.catalogue.forms
        newest = (form for form in reversed(forms) if form.form == shape.form)
        return next(newest).section(shape.section)

    def _period_columns(self) -> Iterator[Column[MovementLine]]:
        """Yield A, each field of B and C, their sums, and D as reported."""
        block = _Block("", self.ctx.figures.period.title(self.ctx.lang), attrgetter("in_period"))
        shape = self.movement.fields
        yield self._opening_column(block)
        for name, fields in (("in", shape.increases), ("out", shape.decreases)):
            for field in fields:
                title = self._section.field(field).title.of(self.ctx.lang).rpartition(" - ")[2]
                title, value = title[:1].upper() + title[1:], partial(_change, (field,))
                formula = partial(self._sum_formula, field)
                yield block.column(field, title, _COUNT_WIDTH + 1, value, formula)
            total = f"SUM({cell(fields[0])}:{cell(fields[-1])})"
            yield block.column(
                name, self._title(name), _COUNT_WIDTH, partial(_change, fields), total
            )
        yield self._closing_column(block, f"={cell('opening')}+{cell('in')}−{cell('out')}")

    def _year_columns(self) -> Iterator[Column[MovementLine]]:
        """Yield A, B, C, what came by mergers, and D as reported."""
        title = self.ctx.t("branches/members.year", year=str(self.ctx.figures.period.year))
        block, shape = _Block("year_", title, attrgetter("in_year")), self.movement.fields
        yield self._opening_column(block)
        for name, fields in (("in", shape.increases), ("out", shape.decreases)):
            value, formula = partial(_change, fields), partial(self._sums_formula, fields)
            yield block.column(name, self._title(name), _COUNT_WIDTH, value, formula)
        merged = attrgetter("merged")
        yield block.column("merged", self._title("merged"), _COUNT_WIDTH, merged, "")
        sum_text = f"={cell('year_opening')}+{cell('year_in')}−{cell('year_out')}"
        yield self._closing_column(block, f"{sum_text}+{cell('year_merged')}")

    def _opening_column(self, block: _Block) -> Column[MovementLine]:
        def formula(movement: MemberMovement) -> str:
            return self._count_formula(self.movement.fields.opening, movement.first, movement.first)

        opening = attrgetter("opening")
        return block.column("opening", self._title("opening"), _COUNT_WIDTH, opening, formula)

    def _closing_column(self, block: _Block, sum_text: str) -> Column[MovementLine]:
        def formula(movement: MemberMovement) -> str:
            if movement.merged < 0 and not movement.closing:
                return ""  # the members went with the cell into another
            return self._count_formula(self.movement.fields.closing, movement.last, movement.last)

        closing = attrgetter("closing")
        return block.column(
            "closing", self._title("closing"), _SUM_WIDTH, closing, formula, sum_text
        )

    def _sum_formula(self, field: str, movement: MemberMovement) -> str:
        return self._count_formula(field, movement.first, movement.last)

    def _sums_formula(self, fields: Sequence[str], movement: MemberMovement) -> str:
        return "+".join(self._sum_formula(field, movement) for field in fields)

    def _count_formula(self, field: str, first: Period, last: Period) -> str:
        """Return the sum of a field over a branch's returns of these months."""
        months: Condition = (f'">={first.month}"', f'"<={last.month}"')
        if first == last:
            months = str(first.month)
        conditions: dict[str, Condition] = {BRANCH_COLUMN: fixed("branch"), MONTH_COLUMN: months}
        return self.table.sumifs(field, **conditions)

    def _check_column(self) -> Column[MovementLine]:
        """Return whether both blocks add up; a month that does not open as the last closed."""
        yes, no = self._title("closes"), self._title("closes_not")

        def is_checked(line: MovementLine) -> bool:
            return not line.mismatches and line.in_period is not None

        def result(lines: Sequence[MovementLine]) -> str:
            return yes if self._adds_up(lines) else no

        def value(line: MovementLine) -> Content:
            if line.mismatches:
                return self._gap_link(line)
            return result([line]) if is_checked(line) else self._state(line)

        def look(line: MovementLine) -> str:
            return "link" if line.mismatches else "text" if line.in_period else "quiet"

        def formula(lines: Sequence[MovementLine]) -> str:
            return f"IF({self._adds_up_test(lines)},{quote(yes)},{quote(no)})"

        return Column(
            "check",
            self._title("check"),
            _CHECK_WIDTH,
            value,
            lambda line: formula([line]) if is_checked(line) else "",
            look,
            total=formula(self.movement.lines),
            total_value=result,
            total_look="total_label",
        )

    def _state(self, line: MovementLine) -> str:
        return self.ctx.state_title("return", line.state)

    def _gap_link(self, line: MovementLine) -> Hyperlink:
        """Return a jump to the first month that does not follow from the one before; name all."""
        text = "\n".join(
            self.ctx.t(
                "branches/members.gap",
                month=gap.period.month,
                last=gap.last_closing,
                own=gap.opening,
            )
            for gap in line.mismatches
        )
        first_gap = line.mismatches[0]
        branch, month = self.table.index(BRANCH_COLUMN), self.table.index(MONTH_COLUMN)
        position = next(
            number
            for number, row in enumerate(self.table.rows)
            if (row[branch], row[month]) == (first_gap.branch, first_gap.period.month)
        )
        return Hyperlink(self.data_sheet.address(self.table.sheet_row(position), 0), text)

    def _adds_up_test(self, lines: Sequence[MovementLine]) -> str:
        """Return the test whether both blocks of a row add up, the row of one branch or of all."""
        merged = sum(line.in_period.merged for line in lines if line.in_period)
        in_period = f"{cell('opening')}+{cell('in')}-{cell('out')}"
        in_period += f"{merged:+d}" if merged else ""  # it has no column in the period
        in_year = (
            f"{cell('year_opening')}+{cell('year_in')}+{cell('year_merged')}-{cell('year_out')}"
        )
        return f"AND({in_period}={cell('closing')},{in_year}={cell('year_closing')})"

    def _adds_up(self, lines: Sequence[MovementLine]) -> bool:
        in_period = sum(self._difference(line.in_period) for line in lines)
        return not in_period and not sum(self._difference(line.in_year) for line in lines)

    def _difference(self, movement: MemberMovement | None) -> int:
        """Return A + B − C + merged − D: 0 where the members close, or are not reported."""
        if movement is None:
            return 0
        shape = self.movement.fields
        increase, decrease = _change(shape.increases, movement), _change(shape.decreases, movement)
        return movement.opening + increase - decrease + movement.merged - movement.closing


def _center_look(line: MovementLine) -> str:
    return "center" if line.in_period else "quiet_center"


def _text_look(line: MovementLine) -> str:
    return "text" if line.in_period else "quiet"


def _change(fields: Sequence[str], movement: MemberMovement) -> int:
    return sum(movement.changes[field] for field in fields)
