"""The table of visits: what the returns tell, and beside it for each quota whether a visit counts.

Raw are the columns as sent, first of all who came, in whose place, where and when, and what the
office confirms. Everything else is a formula over these, the meetings held and the assignments, so
that an altered row changes every figure that rests on it.

Where officers fill in slips, a visit is a row whoever tells it (`slips_data`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from operator import attrgetter
from typing import Any

from mlay_batch.core.period import Period, day_number
from mlay_batch.figures.attendance import VISITS, counts_every_kind
from mlay_batch.figures.report_records import Attendance
from mlay_batch.figures.slip_records import UNKNOWN_KIND
from mlay_batch.report.data.assignments_data import AREA, DutyTables
from mlay_batch.report.data.meetings_data import needed_titles
from mlay_batch.report.data.sections_data import ReturnedRow, joined_table, meeting_rows
from mlay_batch.report.data.slips_data import SaidColumns, kind_title
from mlay_batch.report.formulas import cell, quote, whole
from mlay_batch.report.report_context import ReportContext
from mlay_batch.report.sheets import quota_year
from mlay_batch.report.tables import (
    HEAD_ROW,
    DataColumn,
    DataTable,
    data_column,
    data_table,
    is_in_report_year,
    place_text,
    plain_heading,
    table_head,
)
from mlay_batch.schema import Quota
from mlay_batch.schema.ids import MIXED_KIND

_HEAD_CELL = f"$A${HEAD_ROW + 1}"  # a cell of the headings' row


@dataclass(frozen=True)
class _VisitRow:
    """A row of the table.

    Attributes:
        visit: the visit as reported, for the first of the quotas it concerns.
        by_quota: the same for each of them.
        sitting: what stands for the meeting: the cell and the number of the day.
        is_first: whether it is the first at its meeting, which has to have been held.
    """

    visit: Attendance
    by_quota: Mapping[str | None, Attendance]
    sitting: str
    is_first: bool

    @property
    def is_counted(self) -> bool:
        """Whether it counts for any quota."""
        return any(visit.counts for visit in self.by_quota.values())

    def counts(self, quota: str) -> int:
        """Return 1 where it counts for that quota, else 0."""
        return self.by_quota[quota].counts if quota in self.by_quota else 0

    def at_least(self, quota: str) -> float:
        """Return its share in the sittings that certainly count for that quota."""
        return float(self.by_quota[quota].at_least) if quota in self.by_quota else 0

    def quota_key(self, quota: str) -> str:
        """Return what stands for a quota: the sitting that may count, else why not, or nothing."""
        visit = self.by_quota.get(quota)
        if visit and (visit.counts or visit.reason == "Q04"):
            return f"{visit.credited_officer}|{self.sitting}"
        return visit.reason if visit else ""

    def doubt(self, quotas: Iterable[str]) -> str:
        """Return the code of the doubt; one that counts for any quota is in doubt only by Q06."""
        for visit in self.by_quota.values():
            if visit.counts:
                return visit.reason
        keys = [key for quota in quotas if (key := self.quota_key(quota))]
        default = "Q04" if keys else self.visit.reason
        return next((key for key in keys if len(key) == 3), default)

    def unassigned(self, quotas: Iterable[str]) -> str:
        """Return Q01 where no duty covers the visit, of a role with a quota or without."""
        return "" if any(map(self.quota_key, quotas)) else self.visit.reason


def build(
    ctx: ReportContext,
    duties: DutyTables,
    sittings: DataTable,
    returns: DataTable,
    slips: DataTable | None,
) -> DataTable:
    """Return the table of the year's visits up to the period; `sittings` are the meetings held.

    Its rows are those of `visit_rows`, in their order: of several visits to one sitting the first
    counts.
    """
    if slips and ctx.figures.slips:
        checks = zip(checked_rows(ctx), ctx.figures.slips.checks, strict=True)
        by_source = {visits[0].source: check for (_, visits), check in checks}
        said_columns = SaidColumns(ctx, sittings, returns, slips, by_source)
        all_columns = (
            *said_columns.all(_visit_of),
            *_columns(ctx, duties, sittings, has_slips=True),
        )
        table = data_table(ctx, "attendance", all_columns, _table_rows(ctx), AREA)
        return replace(table, title=ctx.t("visits/sheet.told"), note=ctx.t("visits/note.told"))
    counted = {_source(row.visit): row for row in _table_rows(ctx)}
    order = {source: number for number, source in enumerate(counted)}
    rows = [
        replace(row, counted=counted.pop(_sent_source(row), None))
        for row in meeting_rows(ctx, VISITS)
    ]
    rows.sort(key=lambda row: order[_source(row.counted.visit)] if row.counted else len(order))
    head, remark = table_head(ctx, "attendance", AREA), ctx.t("uncounted.visits")
    needed = needed_titles(ctx, "officer") | {"on_behalf_of": ctx.t("visits/column.instead")}
    columns = _columns(ctx, duties, sittings)
    return joined_table(ctx, head, VISITS, rows, columns, needed, remark)


def _visit_of(row: _VisitRow) -> Attendance:
    return row.visit


def _source(visit: Attendance) -> tuple[object, ...]:
    """Return what tells the row that a visit comes from: file, cell and what stands there."""
    place = replace(visit.place, file="")
    return visit.delivery, place, visit.held_on, visit.officer, visit.on_behalf_of


def _sent_source(row: ReturnedRow[Any]) -> tuple[object, ...]:
    """Return the same of a row as sent."""
    officers = row.value("officer"), row.value("on_behalf_of") or None
    return row.entry.id, row.row.place("officer"), row.value("held_on"), *officers


def _table_rows(ctx: ReportContext) -> Iterator[_VisitRow]:
    held = {(sitting.branch, sitting.held_on) for sitting in ctx.figures.sittings}
    attended: set[str] = set()
    for visits in visit_rows(ctx):
        visit, by_quota = visits[0], {visit.quota: visit for visit in visits}
        sitting = f"{visit.branch}|{day_number(visit.held_on)}"
        is_first = (visit.branch, visit.held_on) in held and sitting not in attended
        yield _VisitRow(visit, by_quota, sitting, is_first)
        attended.add(sitting)


def visit_rows(ctx: ReportContext) -> Iterator[tuple[Attendance, ...]]:
    """Yield the rows of the table: a reported visit, once for every quota it concerns."""
    year_visits = (
        visit for visit in ctx.figures.attendances if is_in_report_year(ctx, visit.held_on)
    )
    for _, row in groupby(year_visits, _source):
        yield tuple(row)


def checked_rows(ctx: ReportContext) -> Iterator[tuple[int, tuple[Attendance, ...]]]:
    """Yield the rows of the months with slips, each after its number in the table, from 1."""
    for row, visits in enumerate(visit_rows(ctx), 1):
        if ctx.inputs.register.rules.takes_slips(Period.of("month", visits[0].held_on)):
            yield row, visits


def meeting_kinds(ctx: ReportContext) -> tuple[str, ...]:
    """Return the kinds of meetings that count for a quota in the year, in the forms' order.

    The last is what only slips tell, where such a visit counts.
    """
    quotas = ctx.inputs.catalogue.quotas_for(ctx.figures.period)
    year_quotas = (span.quota for quota in quotas for span in quota_year.spans(ctx, quota))
    counted = {kind for quota in year_quotas for kind in quota.counts.kinds}
    visits = ctx.figures.attendances
    has_unknown = any(visit.counts and visit.kind == UNKNOWN_KIND for visit in visits)
    unknown = (UNKNOWN_KIND,) if has_unknown else ()
    return (*(kind for kind in _all_kinds(ctx) if kind in counted), *unknown)


def _all_kinds(ctx: ReportContext) -> tuple[str, ...]:
    choices = (form.choices.get("meeting_kind", ()) for form in ctx.inputs.catalogue.forms)
    return tuple(dict.fromkeys(choice.id for form_choices in choices for choice in form_choices))


def _columns(
    ctx: ReportContext, duties: DutyTables, sittings: DataTable, *, has_slips: bool = False
) -> Iterator[DataColumn[_VisitRow]]:
    column, officer, day = partial(data_column, ctx, area=AREA), cell("officer"), cell("held_on")
    yield column("cell", "center", lambda row: place_text(row.visit.place))
    yield column("confirmed", "integer", lambda row: int(row.visit.is_confirmed))
    instead = cell("on_behalf_of")
    credited = f'IF({instead}<>"",{instead},{officer}&"")'
    yield column("credited", "center", attrgetter("visit.credited_officer"), credited)
    code = cell("credited")
    match = f"MATCH({code},{duties.officers.ref('officer')},0)"
    name = f'IFERROR(INDEX({duties.officers.ref("officer_name")},{match}),{code}&"")'
    yield column(
        "credited_name", "text", lambda row: ctx.officer_name(row.visit.credited_officer), name
    )
    month = f'IF({day}="","",MONTH({day}))'
    yield column("month", "integer", attrgetter("visit.held_on.month"), month)
    sitting = f'IF({officer}="","",{cell("branch")}&"|"&{day})'
    yield column("sitting", "center", attrgetter("sitting"), sitting, hidden=True)
    yield _kind_column(ctx, sittings, has_slips=has_slips)
    yield from _quota_columns(ctx, duties, has_slips=has_slips)
    yield from _count_columns(ctx, duties, sittings, has_slips=has_slips)


def _quotas(ctx: ReportContext) -> Mapping[str, Quota]:
    """Return the quotas of the period by id."""
    return {quota.quota: quota for quota in ctx.inputs.catalogue.quotas_for(ctx.figures.period)}


def _kind_column(
    ctx: ReportContext, sittings: DataTable, *, has_slips: bool
) -> DataColumn[_VisitRow]:
    """Return the kind of the sitting; nothing, or unknown by a slip, without one that day."""
    held, none = {"branch": cell("branch"), "held_on": cell("held_on")}, '""'
    if has_slips:
        none = f'IF({cell("by_slip")}=1,{quote(kind_title(ctx, UNKNOWN_KIND))},"")'
    kind = none  # of a meeting that only a list names
    for kind_id in _all_kinds(ctx):
        title = quote(ctx.choice_title("meeting_kind", kind_id))
        if title not in kind:
            kind = f"IF({sittings.countifs(**held, kind=title)}>0,{title},{kind})"

    def value(row: _VisitRow) -> str:
        return kind_title(ctx, row.visit.kind)

    count, mixed = sittings.sumifs("held", **held), ctx.choice_title("meeting_kind", MIXED_KIND)
    formula = f"IF({count}=0,{none},IF({count}>1,{quote(mixed)},{kind}))"
    return data_column(ctx, "kind", "text", value, formula, area=AREA)


def _quota_columns(
    ctx: ReportContext, duties: DutyTables, *, has_slips: bool
) -> Iterator[DataColumn[_VisitRow]]:
    """Yield the sitting a visit is for under each quota, then whether it counts for each."""
    column, quotas = partial(data_column, ctx, area=AREA), _quotas(ctx)
    for name, quota in quotas.items():
        key = partial(_VisitRow.quota_key, quota=name)
        formula = _quota_formula(ctx, duties, quota, has_slips=has_slips)
        title = plain_heading(ctx.choice_title("role", quota.role))
        yield column(f"of_quota:{name}", "center", key, formula, hidden=True, quota=title)
    for name, quota in quotas.items():
        key_id, counts = f"of_quota:{name}", partial(_VisitRow.counts, quota=name)
        formula = f"IF(LEN({cell(key_id)})<4,0,{_first_formula(key_id)})"
        title = plain_heading(ctx.choice_title("role", quota.role))
        yield column(f"counts:{name}", "integer", counts, formula, quota=title)
    for name, quota in quotas.items():
        at_least = partial(_VisitRow.at_least, quota=name)
        title = plain_heading(ctx.choice_title("role", quota.role))
        yield column(f"least:{name}", "number", at_least, _least_formula(name), quota=title)


def _least_formula(quota: str) -> str:
    """Return 1 for a visit that counts, 1/n where n visits of the officer count on the day.

    A confirmed one is 1; where there is one, the others are 0.
    """
    counts, confirmed = cell(f"counts:{quota}"), f"{whole('confirmed')},1"
    same = ",".join(f"{whole(name)},{cell(name)}" for name in ("officer", "credited", "held_on"))
    of_day = f"SUMIFS({whole(f'counts:{quota}')},{same}"
    share = f"IF({cell('confirmed')}=1,1,IF({of_day},{confirmed})>0,0,1/{of_day})))"
    return f"IF({counts}=0,0,{share})"


def _quota_formula(ctx: ReportContext, duties: DutyTables, quota: Quota, *, has_slips: bool) -> str:
    """Return the formula of the sitting a visit is for, or why it does not count.

    The record of the month of the visit says so; nothing where none holds.
    """
    spans = quota_year.join_alike(
        quota_year.spans(ctx, quota), lambda record: (record.role, record.counts)
    )
    record_formula = partial(_record_formula, ctx, duties, has_slips=has_slips)
    formula = quota_year.choose_by_month(spans, cell("month"), record_formula, '""')
    return f'IF({cell("officer")}="","",{formula})'


def _record_formula(
    ctx: ReportContext, duties: DutyTables, quota: Quota, *, has_slips: bool
) -> str:
    """Return the same under one record of a quota."""
    day, credited, branch = cell("held_on"), cell("credited"), cell("branch")
    covers = duties.scope.countifs(
        officer=credited,
        role=quote(quota.role),
        branch=branch,
        first_alive=f'"<="&{day}',
        last_alive=f'">="&{day}',
    )
    titles = (ctx.choice_title("meeting_kind", kind) for kind in quota.counts.kinds)
    kinds = ",".join(f"{cell('kind')}={quote(title)}" for title in titles)
    key = f'{credited}&"|"&{cell("sitting")}'
    result = f'IF(OR({kinds}),{key},"Q05")'
    if has_slips:
        unknown = f"{cell('kind')}={quote(kind_title(ctx, UNKNOWN_KIND))}"
        every_kind = counts_every_kind(ctx.inputs.catalogue, quota)
        of_unknown = key if every_kind else '"Q10"'
        result = f"IF({unknown},{of_unknown},{result})"
    if not quota.counts.own_cell:
        own_visits = "+".join(
            duties.officers.countifs(officer=officer, own_cell=branch)
            for officer in (cell("officer"), credited)
        )
        result = f'IF({own_visits}>0,"Q03",{result})'
    if not quota.counts.substitutes:
        result = f'IF({cell("on_behalf_of")}<>"","Q02",{result})'
    if has_slips:
        by, no_slip = cell("counted_by"), f"{cell('by_slip')}=0"
        result = f'IF(AND({cell("by_return")}=0,{by}<>"slip"),"Q08",{result})'
        result = f'IF(AND({no_slip},OR({by}="slip",{by}="both")),"Q07",{result})'
    return f'IF({covers}=0,"",{result})'


def _first_formula(column_id: str) -> str:
    """Return 1 where no row above says the same in a column: the first of equals counts."""
    match = f"MATCH({cell(column_id)},{whole(column_id)},0)"
    return f"IF({match}=ROW()-ROW({_HEAD_CELL}),1,0)"


def _count_columns(
    ctx: ReportContext, duties: DutyTables, sittings: DataTable, *, has_slips: bool
) -> Iterator[DataColumn[_VisitRow]]:
    """Yield whether a visit counts for any quota, is the first at its meeting, and is in doubt."""
    column, quotas = partial(data_column, ctx, area=AREA), _quotas(ctx)
    keys = [cell(f"of_quota:{name}") for name in quotas]
    sums = "+".join(cell(f"counts:{name}") for name in quotas) or "0"
    yield column("counted", "integer", lambda row: int(row.is_counted), f"IF({sums}>0,1,0)")
    unknown = f"{cell('kind')}={quote(kind_title(ctx, UNKNOWN_KIND))}"
    held = sittings.sumifs("held", branch=cell("branch"), held_on=cell("held_on"))
    first = f"IF({held}=0,0,{_first_formula('sitting')})"
    yield column("first_visit", "integer", lambda row: int(row.is_first), first)
    same_day = f"{whole('officer')},{cell('officer')},{whole('held_on')},{cell('held_on')}"
    elsewhere = f"COUNTIFS({same_day})>COUNTIFS({same_day},{whole('branch')},{cell('branch')})"
    doubt = '"Q04"'
    for key in reversed(keys):
        doubt = f"IF(LEN({key})=3,{key},{doubt})"
    no_key = "&".join(keys) or '""'
    known = f'IF({unknown},"Q09","")' if has_slips else '""'
    in_doubt = f'IF(AND({elsewhere},{cell("confirmed")}=0),"Q06",{known})'
    day = cell("held_on")
    on_duty = duties.scope.countifs(
        officer=cell("credited"),
        branch=cell("branch"),
        first_alive=f'"<="&{day}',
        last_alive=f'">="&{day}',
    )
    unassigned = f'IF({no_key}<>"","",IF({on_duty}>0,"","Q01"))'
    unassigned = f'IF({cell("officer")}="","",{unassigned})'
    yield column(
        "unassigned", "center", lambda row: row.unassigned(quotas), unassigned, hidden=True
    )
    doubt = f'IF({no_key}="",{cell("unassigned")},{doubt})'
    doubt = f"IF({cell('counted')}=1,{in_doubt},{doubt})"
    doubt = f'IF({cell("officer")}="","",{doubt})'
    yield column("doubt", "center", lambda row: row.doubt(quotas), doubt)
