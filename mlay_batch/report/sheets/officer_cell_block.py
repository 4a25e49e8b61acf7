"""Dự từng chi bộ: each officer in each of his cells, by kind of meeting, below the quotas.

An officer with several cells has a line that adds them up. Which months are still open is
calculated here and taken from here by the quotas. The rows are folded away.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property, partial
from itertools import groupby
from operator import attrgetter

from mlay_batch.figures.report_records import QuotaPair
from mlay_batch.report.data import visits_data
from mlay_batch.report.data.data_sheets import DataTables
from mlay_batch.report.data.slips_data import kind_title
from mlay_batch.report.formulas import cell, fixed, quote
from mlay_batch.report.listing import (
    NUMBER,
    Column,
    Listing,
    day_column,
    number_column,
    titled_column,
)
from mlay_batch.report.report_context import ReportContext
from mlay_batch.report.sheets import quota_year
from mlay_batch.report.writer import Content, Formula, SheetWriter
from mlay_batch.schema import Quota, QuotaSpan
from mlay_batch.schema.ids import MEETING

_SPLIT = 4


@dataclass(frozen=True)
class PairCells:
    """Where the figures of an officer in his cells stand, filled in as they are written.

    Attributes:
        sheet: the sheet they stand on.
        rows: its rows by quota, officer and cell; cell None for the sum of all his cells.
        columns: its columns by id.
    """

    sheet: SheetWriter
    rows: dict[tuple[str, str, str | None], int] = field(default_factory=dict)
    columns: dict[str, int] = field(default_factory=dict)

    def cell_of(self, column: str, quota: str, officer: str, branch: str | None) -> str:
        """Return the cell of a figure; 0 without cells."""
        row = self.rows.get((quota, officer, branch))
        return "0" if row is None else self.sheet.address(row, self.columns[column])


@dataclass(frozen=True)
class _PairLine:
    """A row: an officer in one of his cells.

    Attributes:
        pair: the figures.
        spans: the records of the quota by the months of the year in which they apply.
        is_only: whether it is his only cell.
    """

    pair: QuotaPair
    spans: tuple[QuotaSpan, ...]
    is_only: bool


def write(
    ctx: ReportContext, sheet: SheetWriter, data: DataTables, row: int, pair_cells: PairCells
) -> int:
    """Write the block from `row` on, and where its figures stand; return the row after it."""
    columns = _OfficerCellColumns(ctx, data)
    listing = Listing(ctx, sheet, columns.all(), _SPLIT, row + 3)
    listing.next_row = row
    listing.write_note(ctx.t("visits/title.pairs"), "section")
    listing.write_note(ctx.t("folded.rows"))
    sheet.fold_row(listing.next_row)
    listing.write_note(ctx.t("visits/pairs.how"))
    listing.next_row = listing.first_row
    listing.write_heads()
    listing.fold_heads()
    pair_cells.columns.update(
        (column.id, listing.position(column.id)) for column in listing.columns
    )
    for quota, pairs in groupby(ctx.figures.quota_pairs, key=attrgetter("quota")):
        _write_quota(listing, columns, quota, pairs, pair_cells.rows)
    return listing.next_row


def _write_quota(
    listing: Listing[_PairLine],
    columns: _OfficerCellColumns,
    quota: Quota,
    pairs: Iterable[QuotaPair],
    rows: dict[tuple[str, str, str | None], int],
) -> None:
    """Write a quota's lines; put into `rows` where they stand."""
    listing.sheet.fold_row(listing.next_row)
    listing.write_note(quota.title.of(listing.ctx.lang), "section")
    spans = quota_year.spans(listing.ctx, quota)
    for number, (officer, group) in enumerate(groupby(pairs, key=attrgetter("officer")), 1):
        lines = [_PairLine(pair, spans, is_only=False) for pair in group]
        rows[quota.quota, officer, None] = listing.next_row
        if len(lines) == 1:
            lines = [replace(line, is_only=True) for line in lines]
        else:
            _write_officer(listing, columns, number, lines)
        for line in lines:
            rows[quota.quota, officer, line.pair.branch.code] = listing.next_row
            listing.write_row(line, number if line.is_only else None, folded=True)


def _write_officer(
    listing: Listing[_PairLine], columns: _OfficerCellColumns, number: int, lines: list[_PairLine]
) -> None:
    """Write the line that adds up an officer's cells, which follow it."""
    ctx, row, officer = listing.ctx, listing.next_row, lines[0].pair.officer
    contents: dict[str, Content] = {
        NUMBER: number,
        "officer": officer,
        "officer_name": ctx.officer_name(officer),
        "branch_name": ctx.t("visits/all_cells", count=len(lines)),
    }
    contents |= columns.officer_totals(quote(officer), lines)
    for column in listing.columns:
        if column.id in columns.sums:
            first, last = (listing.cell(row + offset, column.id) for offset in (1, len(lines)))
            values = [value for value in map(column.value, lines) if isinstance(value, int)]
            contents[column.id] = Formula(f"=SUM({first}:{last})", sum(values))
        look = "total_label" if column.id in ("officer_name", "branch_name") else "total_count"
        listing.write_cell(row, column.id, contents.get(column.id), look)
    listing.sheet.fold_row(row)
    listing.next_row += 1


@dataclass(frozen=True)
class _OfficerCellColumns:
    """The columns of the sheet: one for each kind of meeting that counts.

    Attributes:
        ctx: the workbook.
        data: the tables the formulas count over.
    """

    ctx: ReportContext
    data: DataTables

    @cached_property
    def kinds(self) -> Mapping[str, str]:
        """The kinds of meetings by the ids of their columns."""
        return {f"kind_{kind}": kind for kind in visits_data.meeting_kinds(self.ctx)}

    @property
    def sums(self) -> tuple[str, ...]:
        """The columns an officer's line adds up."""
        return (*self.kinds, "months_out", "to_come")

    def officer_totals(self, officer: str, lines: Sequence[_PairLine]) -> Mapping[str, Formula]:
        """Return what is certain and what is to be settled in all cells of an officer together.

        Of two cells on one day one visit is certain, though in neither cell by itself.
        """
        quota, code = lines[0].pair.quota.quota, lines[0].pair.officer
        visits = [
            visit
            for visit in self.ctx.figures.attendances
            if visit.counts and (visit.quota, visit.credited_officer) == (quota, code)
        ]
        least = int(sum((visit.at_least for visit in visits), Fraction(0)))
        sums = self.data.attendance.sumifs
        certain = f"ROUND({sums(f'least:{quota}', credited=officer)},6)"
        rest = f"{sums(f'counts:{quota}', credited=officer)}-{certain}"
        return {
            "sure": Formula(f"={certain}", least),
            "unsettled": Formula(f"={rest}", len(visits) - least),
        }

    def all(self) -> Iterator[Column[_PairLine]]:
        """Yield the columns."""
        column, served = partial(titled_column, self.ctx), self.ctx.t("quota.served")
        past, so_far = self.data.duties.months.ref("past"), self.ctx.t("visits/column.so_far")
        yield number_column(self.ctx, 4)
        yield column("column.officer", 7.5, attrgetter("pair.officer"), "center")
        yield column("column.officer_name", 18, self._officer_name, _name_look)
        yield column("column.branch", 10, attrgetter("pair.branch.code"), "center")
        yield column("column.branch_name", 28, attrgetter("pair.branch.name"))
        for key in ("served", "served_year"):
            formula = partial(self._served_formula, only_past=key == "served")
            value = attrgetter(f"pair.{key}")
            yield column(
                f"column.{key}", 7, value, _months_look, formula, group=served, folded=True
            )
        yield from map(self._kind_column, self.kinds)
        ids = tuple(self.kinds)
        sure = f"SUM({cell(ids[0])}:{cell(ids[-1])})" if ids else "0"
        count = partial(column, look="count")
        attended, unsettled = map(attrgetter, ("pair.attended_count", "pair.unsettled"))
        yield count("visits/column.sure", 7, attended, formula=sure, group=so_far)
        yield count(
            "visits/column.unsettled", 7, unsettled, formula=self._unsettled_formula, group=so_far
        )
        open_months, out = attrgetter("pair.open_months"), partial(self._open_formula, past)
        yield count("visits/column.months_out", 7, open_months, formula=out)
        to_come = partial(self._overlap_formula, f"*(1-{past})")
        yield count("visits/column.to_come", 7, attrgetter("pair.to_come"), formula=to_come)
        last_visit, day = self.ctx.t("visits/column.last_visit"), attrgetter("pair.last_visit")
        yield day_column("last_visit", last_visit, 12, day, self._last_visit_formula)

    def _officer_name(self, line: _PairLine) -> str:
        return self.ctx.officer_name(line.pair.officer)

    def _kind_column(self, column_id: str) -> Column[_PairLine]:
        kind = self.kinds[column_id]
        title = kind_title(self.ctx, kind)

        def formula(line: _PairLine) -> str:
            conditions = {"credited": fixed("officer"), "branch": fixed("branch")}
            least = f"least:{line.pair.quota.quota}"
            return self.data.attendance.countifs(**conditions, kind=quote(title), **{least: "1"})

        def value(line: _PairLine) -> int:
            return line.pair.kinds.get(kind, 0)

        group = self.ctx.t("visits/column.by_kind")
        return Column(column_id, title, 9, value, formula, "count", group=group, folded=True)

    def _unsettled_formula(self, line: _PairLine) -> str:
        quota, visits = line.pair.quota.quota, self.data.attendance
        conditions = {"credited": fixed("officer"), "branch": fixed("branch")}
        certain = visits.countifs(**conditions, **{f"least:{quota}": "1"})
        return f"{visits.sumifs(f'counts:{quota}', **conditions)}-{certain}"

    def _served_formula(self, line: _PairLine, *, only_past: bool) -> str:
        """Return the months served, while the cell lives."""
        criteria = {"officer": fixed("officer"), "branch": fixed("branch")}
        return self.data.duties.served_formula(line.spans, only_past=only_past, **criteria)

    def _open_formula(self, past: str, line: _PairLine) -> str:
        """Return the past months with a day of duty whose return is out."""
        period = self.data.duties.months.ref("period")
        out = self.data.returns.countifs(
            form=quote(MEETING), branch=fixed("branch"), period=period, open="1"
        )
        if slips := self.data.slips:
            month = self.data.duties.months.ref("month")
            tests = {"officer": fixed("officer"), "slip_open": "1", "slip_counts": "1"}
            out = f"({out}+{slips.countifs(**tests, month=month)})"
        return self._overlap_formula(f"*{past}*({out}>0)", line)

    def _overlap_formula(self, factor: str, line: _PairLine) -> str:
        """Return the months with a day of duty, each times a factor.

        None of the months in which visits to the own cell do not count.
        """
        branch, formulas = fixed("branch"), {True: "", False: ""}
        parts = quota_year.join_alike(line.spans, lambda quota: (quota.role, quota.counts.own_cell))
        for span in parts:
            criteria = {"officer": fixed("officer"), "role": quote(span.quota.role)}
            in_span = quota_year.month_factor(self.data.duties.months, span)
            formula = self.data.duties.overlap_formula(factor + in_span, **criteria, branch=branch)
            formulas[span.quota.counts.own_cell] += f"+{formula}"
        counted, not_counted = (formulas[own_cell][1:] for own_cell in (True, False))
        if not_counted:
            own_cell = self.data.duties.officers.countifs(officer=fixed("officer"), own_cell=branch)
            not_counted = f"IF({own_cell}>0,0,{not_counted})"
        return "+".join(filter(None, (counted, not_counted)))

    def _last_visit_formula(self, line: _PairLine) -> str:
        ref = self.data.attendance.ref
        officer, branch = fixed("officer"), fixed("branch")
        is_row = f"({ref('credited')}={officer})*({ref('branch')}={branch})"
        counts = ref(f"counts:{line.pair.quota.quota}")
        return f"SUMPRODUCT(MAX({is_row}*{counts}*{ref('held_on')}))"


def _months_look(line: _PairLine) -> str:
    return quota_year.months_look(line.spans)


def _name_look(line: _PairLine) -> str:
    return "text" if line.is_only else "quiet"
