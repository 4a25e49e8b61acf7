"""Đảng viên: members by branch, A + B − C + S = D, in the period and in the year to date.

Branches without a change or an open question are folded away. Every count is a sum over the data
sheet of the section that tells members. A month that does not open with what the month before
closed with is marked, with a jump to its row there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property, partial
from operator import attrgetter

from mlay_batch.core.period import Period
from mlay_batch.figures.branch_records import (
    Handover,
    MemberMovement,
    Movement,
    MovementLine,
)
from mlay_batch.figures.report_records import NOT_OWED
from mlay_batch.report.data.sections_data import (
    BRANCH_COLUMN,
    MONTH_COLUMN,
    PlacedTable,
    table_name,
)
from mlay_batch.report.data.trends_data import Trends
from mlay_batch.report.formulas import cell, fixed, quote, text_for
from mlay_batch.report.listing import NONE, Column, Listing, branch_columns
from mlay_batch.report.report_context import ReportContext
from mlay_batch.report.tables import Condition, DataTable
from mlay_batch.report.writer import Content, Formula, Hyperlink, SheetWriter
from mlay_batch.schema import Section

_SPLIT = 6
_COUNT_WIDTH, _SUM_WIDTH, _CHECK_WIDTH = 6.6, 14.0, 15.0
_SIGNED = "+#,##0;-#,##0;0"
_ADDS_UP = (
    f"AND({cell('opening')}+{cell('in')}-{cell('out')}+{cell('merged')}={cell('closing')},"
    f"{cell('year_opening')}+{cell('year_in')}-{cell('year_out')}+{cell('year_merged')}"
    f"={cell('year_closing')})"
)


def write(
    ctx: ReportContext, sheet: SheetWriter, tables: Mapping[str, PlacedTable], trends: Trends
) -> None:
    """Write the sheet; nothing where the period's forms do not ask for members."""
    movement = ctx.figures.movement
    if movement is None:
        return
    data_sheet, table = tables[table_name(movement.fields.form, movement.fields.section)]
    columns = _MemberColumns(ctx, data_sheet, table, movement)
    listing = Listing(ctx, sheet, columns.all(), _SPLIT)
    listing.write_letterhead(ctx.t("branches/members.title"))
    for number, line in enumerate(movement.lines, 1):
        listing.write_row(line, number, folded=columns.is_unremarkable(line))
    branches = (line.branch.code for line in movement.lines)
    trends.draw_sparklines(sheet, listing.first_row, listing.position("line"), branches, "members")
    listing.write_totals(movement.lines, _total_label(ctx, movement))
    _write_transfers_check(listing, columns)
    check = listing.position("check")
    sheet.colour_states((listing.first_row, check), (listing.next_row - 1, check), "●▲■")
    listing.write_notes(_notes(ctx, movement))
    listing.set_up_page(listing.next_row, frozen=3, filtered="check")


def _total_label(ctx: ReportContext, movement: Movement) -> str:
    """Return what the two blocks add up: the returns of the period, the last ones of the year."""
    in_period, in_year = (
        sum(block is not None and not block.is_carried for block in blocks)
        for blocks in zip(*((line.in_period, line.in_year) for line in movement.lines), strict=True)
    )
    return ctx.t("branches/members.total", now=in_period, year=in_year)


def _write_transfers_check(listing: Listing[MovementLine], columns: _MemberColumns) -> None:
    """Write below the totals whether what was taken over in mergers is what was handed over."""
    ctx, row, check = listing.ctx, listing.next_row, listing.position("check")
    lines = columns.movement.lines
    blocks = [block for line in lines for block in (line.in_period, line.in_year) if block]
    yes, no = (ctx.t(f"branches/members.{key}") for key in ("closes", "closes_not"))
    if any(block.missing for block in blocks):
        yes = no = ctx.t("branches/members.open")
    sums, tests = [], []
    for name, of in (("merged", "in_period"), ("year_merged", "in_year")):
        spans = [attrgetter(of)(line) for line in lines]
        sums.append(sum(span.merged - span.unexplained for span in spans if span))
        others = "".join(
            columns.unexplained_terms(span, line.branch.code, listing.cell(at, name))
            for at, (line, span) in enumerate(zip(lines, spans, strict=True), listing.first_row)
            if span and span.unexplained
        )
        tests.append(f"{listing.cell(row - 1, name)}{others}=0")
    formula = f"=IF(AND({','.join(tests)}),{quote(yes)},{quote(no)})"
    listing.sheet.write(row, 0, ctx.t("branches/members.transfers"), "total_label", span=check)
    listing.sheet.write(row, check, Formula(formula, no if any(sums) else yes), "total_label")
    listing.next_row = row + 1


def _notes(ctx: ReportContext, movement: Movement) -> Iterator[str]:
    """Yield why both blocks do not close with one number, and how the sheet is read."""
    others = [
        (line.branch.code, line.in_year)
        for line in movement.lines
        if line.in_period is None and line.in_year and line.in_year.closing
    ]
    if others:
        yield ctx.t(
            "branches/members.others",
            now=sum(line.in_period.closing for line in movement.lines if line.in_period),
            more=sum(block.closing for _, block in others),
            year=sum(line.in_year.closing for line in movement.lines if line.in_year),
            branches="; ".join(
                f"{_return_name(ctx, code, block.last)}: {block.closing}" for code, block in others
            ),
        )
    for kind in ("founded", "dissolved"):
        counts = [
            (line.branch.code, number)
            for line in movement.lines
            if line.in_year and (number := getattr(line.in_year, f"{kind}_with"))
        ]
        if counts:
            yield ctx.t(
                f"branches/members.{kind}_note",
                count=sum(number for _, number in counts),
                branches="; ".join(f"{code}: {number}" for code, number in counts),
            )
    yield from map(ctx.t, ("legend", "folded.rows", "branches/members.how"))


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
        """Return a column of counts, grey where nothing is reported: – where nothing is owed."""

        def line_value(line: MovementLine) -> int | str | None:
            if movement := self.of(line):
                return value(movement)
            return NONE if line.state in NOT_OWED else None

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
        """Yield A, each field of B and C, their sums, what came by mergers, and D as reported."""
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
        yield self._merged_column(block)
        yield self._closing_column(block)

    def _year_columns(self) -> Iterator[Column[MovementLine]]:
        """Yield A, B, C, what came by mergers, and D as reported."""
        title = self.ctx.t("branches/members.year", year=str(self.ctx.figures.period.year))
        block, shape = _Block("year_", title, attrgetter("in_year")), self.movement.fields
        yield self._opening_column(block)
        for name, fields in (("in", shape.increases), ("out", shape.decreases)):
            value, formula = partial(_change, fields), partial(self._sums_formula, fields)
            yield block.column(name, self._title(name), _COUNT_WIDTH, value, formula)
        yield self._merged_column(block)
        yield self._closing_column(block)

    def _opening_column(self, block: _Block) -> Column[MovementLine]:
        def formula(movement: MemberMovement) -> str:
            if movement.is_new:
                return ""
            if movement.is_carried and movement.handed_over:
                return self._handover_sum([movement.handed_over])
            first, field = movement.first, self.movement.fields.opening
            if before := movement.opens_after:
                return self._count_formula(self.movement.fields.closing, before, before)
            reported = self._count_formula(field, first, first)
            received = self._handover_sum(movement.opened_with)
            return f"MAX(0,{reported}-({received}))" if received else reported

        opening = attrgetter("opening")
        return block.column("opening", self._title("opening"), _COUNT_WIDTH, opening, formula)

    def _merged_column(self, block: _Block) -> Column[MovementLine]:
        """Return the members that passed from cell to cell: what came less what went.

        With them are those that a new cell opens with and those of a cell that was dissolved.
        """

        def formula(movement: MemberMovement) -> str:
            gone = (movement.handed_over,) if movement.handed_over else ()
            minus = f"-{self._handover_sum(gone)}" if gone else ""
            came = [self._handover_sum(movement.received), self._founded_formula(movement)]
            return "+".join(filter(None, came)) + minus

        column = block.column(
            "merged", self._title("merged"), _COUNT_WIDTH + 1, attrgetter("merged"), formula
        )
        return replace(column, number_format=_SIGNED)

    def _founded_formula(self, movement: MemberMovement, branch: str = "") -> str:
        """Return what a new cell opens with that nobody handed over; empty if it is nothing."""
        first, field = movement.first, self.movement.fields.opening
        return self._count_formula(field, first, first, branch) if movement.founded_with else ""

    def unexplained_terms(self, movement: MemberMovement, branch: str, merged: str) -> str:
        """Return what to add to the sum of S so that only mergers are left.

        That is the row's own S, which stands in the cell `merged`, where the row has no merger: so
        the formula of a large office stays within Excel's bound. Else the parts of it.
        """
        gone = (movement.handed_over,) if movement.handed_over and movement.dissolved_with else ()
        has_merger = movement.received or (movement.handed_over and not gone)
        if not has_merger:
            return f"-{merged}"
        founded = self._founded_formula(movement, quote(branch))
        dissolved = self._handover_sum(gone)
        return (f"-{founded}" if founded else "") + (f"+{dissolved}" if dissolved else "")

    def _handover_sum(self, handovers: Iterable[Handover]) -> str:
        """Return the sum of what these cells closed with in the last months they reported."""
        closing = self.movement.fields.closing
        return "+".join(
            self._count_formula(closing, handover.last, handover.last, quote(handover.branch))
            for handover in handovers
            if handover.last
        )

    def _closing_column(self, block: _Block) -> Column[MovementLine]:
        def formula(movement: MemberMovement) -> str:
            if movement.handed_over:
                return ""  # the cell has ended
            return self._count_formula(self.movement.fields.closing, movement.last, movement.last)

        opening, increase, decrease, merged = (
            cell(f"{block.prefix}{name}") for name in ("opening", "in", "out", "merged")
        )
        sum_text = f"={opening}+{increase}−{decrease}+{merged}"
        closing = attrgetter("closing")
        return block.column(
            "closing", self._title("closing"), _SUM_WIDTH, closing, formula, sum_text
        )

    def _sum_formula(self, field: str, movement: MemberMovement) -> str:
        if movement.is_carried:
            return ""  # nothing changed after its last return
        return self._count_formula(field, movement.first, movement.last)

    def _sums_formula(self, fields: Sequence[str], movement: MemberMovement) -> str:
        return "+".join(filter(None, (self._sum_formula(field, movement) for field in fields)))

    def _count_formula(self, field: str, first: Period, last: Period, branch: str = "") -> str:
        """Return the sum of a field over the months' returns of `branch`, else of the row's."""
        return self._months_sum(field, first.month, last.month, branch)

    @cached_property
    def _months_sum(self) -> Callable[[str, int, int, str], str]:
        return cache(self._make_months_sum)  # most lines ask for the same months

    def _make_months_sum(self, field: str, first: int, last: int, branch: str) -> str:
        months = str(first) if first == last else (f'">={first}"', f'"<={last}"')
        conditions: dict[str, Condition] = {BRANCH_COLUMN: branch or fixed("branch")}
        conditions[MONTH_COLUMN] = months
        return self.table.sumifs(field, **conditions)

    def is_unremarkable(self, line: MovementLine) -> bool:
        """Whether the members of a branch did not change in the period and add up in the year."""
        block = line.in_period
        if block is None or block.merged or any(block.changes.values()):
            return False
        return self._check(line) == self._title("closes")

    def _is_checked(self, line: MovementLine) -> bool:
        is_reported = line.in_period is not None and not line.in_period.is_carried
        is_told = bool(_missing(line) or self._remarks(line))
        return not line.mismatches and (is_reported or is_told)

    def _check(self, line: MovementLine) -> Content:
        """Return whether a line adds up."""
        if line.mismatches:
            return self._gap_link(line)
        return self._result([line]) if self._is_checked(line) else self._state(line)

    def _check_look(self, line: MovementLine) -> str:
        return "link" if line.mismatches else "text" if self._is_checked(line) else "quiet"

    def _check_column(self) -> Column[MovementLine]:
        """Return whether both blocks add up; a month that does not open as the last closed."""
        return Column(
            "check",
            self._title("check"),
            _CHECK_WIDTH,
            self._check,
            lambda line: self._result_formula([line]) if self._is_checked(line) else "",
            self._check_look,
            total=self._result_formula(self.movement.lines),
            total_value=self._result,
            total_look="total_label",
        )

    def _result(self, lines: Sequence[MovementLine]) -> str:
        yes, no = self._results(lines)
        return yes if self._adds_up(lines) else no

    def _result_formula(self, lines: Sequence[MovementLine]) -> str:
        yes, no = map(quote, self._results(lines))
        return f"IF({_ADDS_UP},{yes},{no})"

    def _results(self, lines: Sequence[MovementLine]) -> tuple[str, str]:
        """Return what is said if the sums add up, and if not: neither is known without a return."""
        if not any(line.in_period or line.in_year for line in lines):
            return self._title("open"), self._title("open")
        merging = [key for line in lines for key in _missing(line)]
        ends = [(line.branch.code, month) for line in lines for month in line.open_months]
        between = [
            (line.branch.code, month)
            for line in lines
            for month in (line.in_year.unreported if line.in_year else ())
        ]
        is_unknown = bool(merging or ends)
        yes = self._open_text(lines, (*merging, *ends)) if is_unknown else self._yes(lines)
        if merging or between:
            return yes, self._open_text(lines, (*merging, *ends) if merging else between)
        return yes, self._title("closes_not")

    def _yes(self, lines: Sequence[MovementLine]) -> str:
        """Return what is said where all adds up: of a single branch what is to be known, too."""
        if len(lines) > 1:
            return self._title("closes")
        line = lines[0]
        if remarks := self._remarks(line):
            return remarks
        since = line.since and self.ctx.t("branches/members.closes_since", month=line.since.month)
        return since or self._title("closes")

    def _remarks(self, line: MovementLine) -> str:
        """Return with how many members it was founded and dissolved that nobody else tells of."""
        return "; ".join(
            self.ctx.t(f"branches/members.{kind}", count=number)
            for kind in ("founded", "dissolved")
            if line.in_year and (number := getattr(line.in_year, f"{kind}_with"))
        )

    def _open_text(
        self, lines: Sequence[MovementLine], missing: Sequence[tuple[str, Period]]
    ) -> str:
        """Return that returns are out: which ones for a single branch."""
        if len(lines) > 1:
            return self._title("open")
        return self.ctx.t("branches/members.missing", returns=_return_names(self.ctx, missing))

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


def _return_name(ctx: ReportContext, branch: str, month: Period) -> str:
    """Return how a monthly return is named where there is little room: ``CB-05 T7``."""
    return ctx.t("branches/members.return", branch=branch, month=month.month)


def _return_names(ctx: ReportContext, keys: Iterable[tuple[str, Period]]) -> str:
    """Return the names of several, months that follow one another as one: ``CB-05 T1–T7``."""
    runs: list[tuple[str, Period, Period]] = []
    for branch, month in dict.fromkeys(keys):
        if runs and (runs[-1][0], runs[-1][2]) == (branch, month.previous()):
            runs[-1] = branch, runs[-1][1], month
        else:
            runs.append((branch, month, month))
    return ", ".join(
        _return_name(ctx, branch, first)
        if first == last
        else ctx.t("branches/members.returns", branch=branch, first=first.month, last=last.month)
        for branch, first, last in runs
    )


def _missing(line: MovementLine) -> tuple[tuple[str, Period], ...]:
    """Return the returns that the branch's mergers wait for."""
    return line.in_year.missing if line.in_year else ()


def _center_look(line: MovementLine) -> str:
    return "center" if line.in_period else "quiet_center"


def _text_look(line: MovementLine) -> str:
    return "text" if line.in_period else "quiet"


def _change(fields: Sequence[str], movement: MemberMovement) -> int:
    return sum(movement.changes[field] for field in fields)
