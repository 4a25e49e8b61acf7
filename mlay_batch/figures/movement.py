"""Computes members by branch, A + B − C = D in the period and the year, and gaps between months.

The form defines the fields: a card with a computed sum, one of whose parts is prefilled from last
month's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

from mlay_batch.core.period import Period
from mlay_batch.figures.branch_records import (
    Handover,
    MemberMovement,
    Movement,
    MovementFields,
    MovementLine,
    OpeningMismatch,
)
from mlay_batch.figures.completeness import worst_state
from mlay_batch.figures.report_records import NO_RETURN, Completeness, ReportInputs
from mlay_batch.figures.return_access import (
    ReturnsByKey,
    card,
    count,
    number,
    returns_of,
    year_to_date,
)
from mlay_batch.model.records import Row
from mlay_batch.model.register import Organisation, Register
from mlay_batch.schema import Form, Section
from mlay_batch.schema.model import Computed


def movement_fields(form: Form) -> MovementFields | None:
    """Return the fields of `form` that hold the members; None if it has no such card."""
    candidates = (
        _read_fields(form, section, field.id, field.compute)
        for section in form.sections
        for field in section.fields
        if section.layout == "card" and field.compute and field.compute.less
    )
    return next((fields for fields in candidates if fields), None)


def _read_fields(
    form: Form, section: Section, total: str, computed: Computed
) -> MovementFields | None:
    last_total = f"{section.id}.{total}"
    opening = next((n for n in computed.sum if section.field(n).prefill == last_total), None)
    if opening is None:
        return None
    increases = tuple(name for name in computed.sum if name != opening)
    return MovementFields(form.form, section.id, opening, increases, computed.less, total)


def movement(inputs: ReportInputs, matrices: Iterable[Completeness]) -> Movement | None:
    """Return the members of all branches; None if no form of the period reports them.

    The changes of a month without a return are missing from the sums: D is then not A + B − C,
    and the sheet says so. Blank changes count 0.
    """
    for matrix in matrices:
        form = inputs.catalogue.form_for(matrix.form, inputs.period)
        if form and form.period == "month" and (fields := movement_fields(form)):
            return Movement(fields, tuple(_lines(inputs, matrix, fields)))
    return None


def _lines(
    inputs: ReportInputs, matrix: Completeness, fields: MovementFields
) -> Iterator[MovementLine]:
    returns = returns_of(inputs, fields.form)
    types = {branch.type for branch in matrix.branches}
    mergers = tuple(m for m in _mergers(inputs.register, returns) if m.branch.type in types)
    by_branch: dict[str, list[OpeningMismatch]] = {}
    for mismatch in _opening_mismatches(inputs, fields, returns, mergers):
        by_branch.setdefault(mismatch.branch, []).append(mismatch)
    year = tuple(month for month in inputs.period.year_to_date() if month in matrix.periods)
    in_span = tuple(month for month in inputs.period.months() if month in year)
    spans = [_Span(fields, returns, year, months, mergers) for months in (in_span, year)]
    for branch in matrix.branches:
        in_period, in_year = (span.movement(branch) for span in spans)
        state = worst_state(inputs.period, branch.code, matrix)
        mismatches = tuple(by_branch.get(branch.code, ()))
        line = MovementLine(branch, state, in_period, in_year, mismatches)
        yield _with_unknown_ends(line, in_span, matrix)


def _with_unknown_ends(
    line: MovementLine, months: tuple[Period, ...], matrix: Completeness
) -> MovementLine:
    """Add the months before its first return of the year and after its last one of `months`."""
    if line.in_year is None:
        return line
    before = [month for month in matrix.periods if month < line.in_year.first]
    after = [month for month in months if line.in_period and month > line.in_period.last]
    states = {month: matrix.cell(line.branch.code, month).state for month in (*before, *after)}
    is_waived = any(states[month] in ("waived", "unused") for month in before)
    return replace(
        line,
        open_months=tuple(month for month, state in states.items() if state in NO_RETURN),
        since=line.in_year.first if is_waived else None,
    )


@dataclass(frozen=True)
class _Merger:
    """A cell merged into another.

    Attributes:
        branch: the cell that ended.
        successor: the cell that took over its members.
        month: the first month whose return of the successor counts them.
        last: the month whose return of `branch` says how many they are.
    """

    branch: Organisation
    successor: Organisation
    month: Period
    last: Period


def _mergers(register: Register, returns: ReturnsByKey) -> Iterator[_Merger]:
    """Yield the mergers of the register.

    A cell merged on 15 August hands over what it closes with on the 14th if it sends a return of
    August, else what it closed with in July. The successor's return of August begins with it.
    """
    for branch in register.organisations:
        successor = _successor(register, returns, branch)
        if branch.ended is None or successor is None:
            continue
        end = Period.of("month", branch.ended)
        has_part = branch.may_report(end) and (branch.code, end) in returns
        last = end if has_part else end.previous()
        month = Period.of("month", max(branch.ended, successor.founded or branch.ended))
        if branch.may_report(last):
            yield _Merger(branch, successor, month, last)


def _successor(
    register: Register, returns: ReturnsByKey, branch: Organisation
) -> Organisation | None:
    """Return the cell that reports the members after the merger.

    One that was merged on itself before it could report them is passed over.
    """
    seen, end = {branch.code}, Period.of("month", branch.ended or date.max)
    successor = register.by_code.get(branch.successor or "")
    while (
        successor
        and successor.code not in seen
        and successor.successor
        and not successor.is_active(end)
        and (successor.code, end) not in returns
    ):
        seen.add(successor.code)
        successor = register.by_code.get(successor.successor)
    return successor if successor and successor.code not in seen else None


@dataclass(frozen=True)
class _Span:
    """The months over which members are followed: the period, or the year to date.

    Attributes:
        fields: the fields of the form.
        returns: all returns of the form.
        year: the months of the year to date, in order.
        months: those of the span.
        mergers: all mergers.
    """

    fields: MovementFields
    returns: ReturnsByKey
    year: tuple[Period, ...]
    months: tuple[Period, ...]
    mergers: tuple[_Merger, ...]

    @cached_property
    def _handovers(self) -> tuple[Handover, ...]:
        """The mergers of the span, of cells whose last month lies in its year."""
        return tuple(
            self._handover(merger)
            for merger in self.mergers
            if merger.month in self.months and merger.last in self.year
        )

    def _handover(self, merger: _Merger) -> Handover:
        branch, successor = merger.branch, merger.successor
        last, count_then = self._end(branch, merger.last)
        missing = [] if last == merger.last else [(branch.code, merger.last)]
        if not any(month >= merger.month for month, _ in self._rows(successor, self.year)):
            missing.append((successor.code, merger.month))
        return Handover(branch.code, successor.code, merger.month, last, count_then, tuple(missing))

    def _end(self, branch: Organisation, until: Period) -> tuple[Period | None, int]:
        """Return the month of the last return up to `until` and what it closes with."""
        rows = [row for row in self._rows(branch, self.year) if row[0] <= until]
        return (rows[-1][0], self._closing(rows[-1][1])) if rows else (None, 0)

    def _leaving(self, branch: Organisation) -> Handover | None:
        """Return with how many members a branch ended in the span; None if it did not.

        Without a successor nobody takes them over: where they went, the register does not say.
        """
        for handover in self._handovers:
            if handover.branch == branch.code:
                return handover
        month = Period.of("month", branch.ended) if branch.ended else None
        if (
            month is None
            or month not in self.months
            or any(merger.branch == branch for merger in self.mergers)
        ):
            return None
        return Handover(branch.code, None, month, *self._end(branch, month))

    def _rows(self, branch: Organisation, months: tuple[Period, ...]) -> list[tuple[Period, Row]]:
        """Return the branch's members in those months of its life that it reported."""
        return [
            (month, row)
            for month in months
            if branch.may_report(month)
            and (row := _card(self.fields, self.returns, branch.code, month))
        ]

    def _closing(self, row: Row) -> int:
        return count(row, self.fields.closing)

    def movement(self, branch: Organisation) -> MemberMovement | None:
        """Return a branch's members over those of the months it reported; None without any.

        A new cell that opens August with 23, handed over by two others, has A = 0 and S = 23. One
        merged on 15 August that reported in July last has A = 9 and S = −9 in August alone.
        """
        rows, handed_over = self._rows(branch, self.months), self._leaving(branch)
        if not rows:
            return self._carried(handed_over) if handed_over else None
        (first, first_row), (last, last_row) = rows[0], rows[-1]
        taken_over = self._taken_over(branch, first)
        gains = [h for h in taken_over if h.month <= last]
        fields, reported = self.fields, {month for month, _ in rows}
        opened_with = [h for h in gains if h.month <= first]
        is_new = self._is_founded(branch)
        before = self._month_before(branch, first) if opened_with and not is_new else None
        opening = count(first_row, fields.opening) - sum(h.count for h in opened_with)
        own = (handed_over, *taken_over) if handed_over else taken_over
        return MemberMovement(
            first=first,
            last=last,
            opening=0 if is_new else before[1] if before else max(0, opening),
            is_new=is_new,
            founded_with=opening if is_new and not opened_with else 0,
            opens_after=before[0] if before else None,
            changes={
                name: sum(count(row, name) for _, row in rows)
                for name in (*fields.increases, *fields.decreases)
            },
            received=tuple(h for h in gains if h.last),
            handed_over=handed_over,
            closing=0 if handed_over else self._closing(last_row),
            missing=tuple(dict.fromkeys(key for handover in own for key in handover.missing)),
            unreported=tuple(
                month
                for month in self.months
                if first < month < last and month not in reported and branch.is_active(month)
            ),
        )

    def _month_before(self, branch: Organisation, first: Period) -> tuple[Period, int] | None:
        """Return the month before `first` and what it closes with, if it has a return."""
        last, closing = self._end(branch, first.previous())
        return (last, closing) if last == first.previous() else None

    def _carried(self, handed_over: Handover) -> MemberMovement | None:
        """Return the movement of a branch that ended in the span and reported before it only."""
        if handed_over.last is None:
            return None
        names = (*self.fields.increases, *self.fields.decreases)
        return MemberMovement(
            first=handed_over.last,
            last=handed_over.last,
            opening=handed_over.count,
            is_new=False,
            founded_with=0,
            changes=dict.fromkeys(names, 0),
            received=(),
            handed_over=handed_over,
            closing=0,
            is_carried=True,
            missing=handed_over.missing,
        )

    def _taken_over(self, branch: Organisation, first: Period) -> list[Handover]:
        """Return the mergers into a branch that its returns from `first` on tell of.

        Left out is what happened before, of cells that have no return either: an office that begins
        in November knows nothing of a merger in August.
        """
        return [
            handover
            for handover in self._handovers
            if handover.successor == branch.code and (handover.last or handover.month >= first)
        ]

    def _is_founded(self, branch: Organisation) -> bool:
        """Whether it was founded in the span and took over nobody who is counted before it."""
        month = Period.of("month", branch.founded) if branch.founded else None
        return month in self.months and not any(
            merger.successor == branch and merger.last < self.year[0] for merger in self.mergers
        )


def _card(fields: MovementFields, returns: ReturnsByKey, branch: str, month: Period) -> Row | None:
    accepted = returns.get((branch, month))
    return card(accepted, fields.section) if accepted else None


def _opening_mismatches(
    inputs: ReportInputs,
    fields: MovementFields,
    returns: ReturnsByKey,
    mergers: Iterable[_Merger],
) -> Iterator[OpeningMismatch]:
    """Yield the months of the year to date whose opening differs from the last closing."""
    sources: dict[tuple[str, Period], list[tuple[str, Period]]] = {}
    for merger in mergers:
        key = merger.successor.code, merger.month
        sources.setdefault(key, []).append((merger.branch.code, merger.last))
    for (branch, period), accepted in year_to_date(returns, inputs.period).items():
        members = card(accepted, fields.section)
        opening = number(members.values.get(fields.opening)) if members else None
        keys = list(sources.get((branch, period), ()))
        organisation = inputs.register.by_code.get(branch)
        if organisation and organisation.is_active(period.previous()):
            keys.append((branch, period.previous()))
        last_closing = _sum_of_closings(fields, returns, keys)
        if members and opening is not None and last_closing is not None and opening != last_closing:
            place = replace(members.place(fields.opening), file=accepted.entry.name)
            yield OpeningMismatch(
                branch, period, int(last_closing), int(opening), place, accepted.entry.id
            )


def _sum_of_closings(
    fields: MovementFields, returns: ReturnsByKey, keys: Iterable[tuple[str, Period]]
) -> float | None:
    """Return the sum of what these returns close with: the month before and cells merged since.

    None if one of those returns is missing, or for a new cell that took over nobody. Example: 14
    and 9 members at the end of July, merged in August: August opens with 23.
    """
    rows = (_card(fields, returns, code, month) for code, month in keys)
    closings = [number(row.values.get(fields.closing)) if row else None for row in rows]
    reported = [closing for closing in closings if closing is not None]
    return sum(reported) if reported and len(reported) == len(closings) else None
