"""The table of visits: what the returns tell, and for each quota whether a visit counts.

Raw are who came, in whose place, where and when. Everything else is a formula over these, the
meetings held and the assignments, so that an altered row changes every figure that rests on it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from operator import methodcaller

from mlay_batch.core.period import day_number
from mlay_batch.figures.report_records import Attendance
from mlay_batch.report.data.assignments_data import AREA, DutyTables
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
)
from mlay_batch.schema import Quota
from mlay_batch.schema.ids import MIXED_KIND

_HEAD_CELL = f"$A${HEAD_ROW + 1}"  # a cell of the headings' row


def build(ctx: ReportContext, duties: DutyTables, sittings: DataTable) -> DataTable:
    """Return the table of the year's visits up to the period; `sittings` are the meetings held."""
    columns = _VisitTable(ctx, duties, sittings).columns()
    return data_table(ctx, "attendance", columns, _visits(ctx), AREA)


def visit_rows(ctx: ReportContext) -> Iterator[tuple[Attendance, ...]]:
    """Yield the rows of the table: a reported visit, once for every quota it concerns."""
    year_visits = (
        visit for visit in ctx.figures.attendances if is_in_report_year(ctx, visit.held_on)
    )
    for _, row in groupby(year_visits, lambda visit: (visit.delivery, visit.place)):
        yield tuple(row)


def meeting_kinds(ctx: ReportContext) -> tuple[str, ...]:
    """Return the kinds of meetings that count for a quota in the year, in the forms' order."""
    quotas = ctx.inputs.catalogue.quotas_for(ctx.figures.period)
    year_quotas = (span.quota for quota in quotas for span in quota_year.spans(ctx, quota))
    counted = {kind for quota in year_quotas for kind in quota.counts.kinds}
    return tuple(kind for kind in _all_kinds(ctx) if kind in counted)


def _all_kinds(ctx: ReportContext) -> tuple[str, ...]:
    choices = (form.choices.get("meeting_kind", ()) for form in ctx.inputs.catalogue.forms)
    return tuple(dict.fromkeys(choice.id for form_choices in choices for choice in form_choices))


@dataclass(frozen=True)
class _Visit:
    """A reported visit.

    Attributes:
        attendances: the visit for every quota it concerns, at least one.
        is_first: whether it is the first visit of the year to its sitting.
    """

    attendances: tuple[Attendance, ...]
    is_first: bool

    @property
    def reported(self) -> Attendance:
        """Who came where and when, the same for every quota."""
        return self.attendances[0]

    @property
    def sitting(self) -> str:
        """The key of the sitting: branch and day."""
        return f"{self.reported.branch}|{day_number(self.reported.held_on)}"

    def counts(self, quota: str) -> int:
        """Return how often it counts for a quota."""
        return next((a.counts for a in self.attendances if a.quota == quota), 0)

    def quota_key(self, quota: str) -> str:
        """Return what stands for a quota: the sitting that may count, else why not, or nothing."""
        attendance = next((a for a in self.attendances if a.quota == quota), None)
        if attendance is None:
            return ""
        if attendance.counts or attendance.reason == "Q04":
            return f"{attendance.credited_officer}|{self.sitting}"
        return attendance.reason

    def doubt(self, keys: list[str]) -> str:
        """Return the code of its doubt; one that counts for any quota is in doubt only by Q06."""
        counted = [attendance for attendance in self.attendances if attendance.counts]
        if counted:
            return counted[0].reason
        if not any(keys):
            return "Q01"
        return next((key for key in keys if len(key) == 3), "Q04")


def _visits(ctx: ReportContext) -> Iterator[_Visit]:
    seen_sittings: set[str] = set()
    for attendances in visit_rows(ctx):
        visit = _Visit(attendances, is_first=False)
        is_first = bool(visit.reported.kind) and visit.sitting not in seen_sittings
        seen_sittings.add(visit.sitting)
        yield replace(visit, is_first=is_first)


class _VisitTable:
    """The columns of the table, and the formulas in them."""

    def __init__(self, ctx: ReportContext, duties: DutyTables, sittings: DataTable) -> None:
        self.ctx, self.duties, self.sittings = ctx, duties, sittings
        self.quotas = ctx.inputs.catalogue.quotas_for(ctx.figures.period)
        self.keys = [f"of_quota:{quota.quota}" for quota in self.quotas]

    def columns(self) -> Iterator[DataColumn[_Visit]]:
        """Yield the columns."""
        column, ctx = partial(data_column, self.ctx, area=AREA), self.ctx
        officer, instead, day = cell("officer"), cell("instead"), cell("held_on")
        month = f'IF({day}="","",MONTH({day}))'
        sitting = f'IF({officer}="","",{cell("branch")}&"|"&{day})'
        scope, officers = self.duties.scope, self.duties.officers
        branch_name = _lookup("branch", scope.ref("branch"), scope.ref("branch_name"))
        credited = f'IF({instead}<>"",{instead},{officer}&"")'
        officer_name = _lookup("credited", officers.ref("officer"), officers.ref("officer_name"))
        yield column("officer", "center", lambda visit: visit.reported.officer)
        yield column("instead", "center", lambda visit: visit.reported.on_behalf_of)
        yield column("branch", "center", lambda visit: visit.reported.branch)
        yield column("held_on", "date", lambda visit: visit.reported.held_on)
        yield column(
            "branch_name", "text", lambda visit: ctx.name(visit.reported.branch), branch_name
        )
        yield column("credited", "center", lambda visit: visit.reported.credited_officer, credited)
        yield column(
            "credited_name",
            "text",
            lambda visit: ctx.officer_name(visit.reported.credited_officer),
            officer_name,
        )
        yield column("month", "integer", lambda visit: visit.reported.held_on.month, month)
        yield column("sitting", "center", lambda visit: visit.sitting, sitting)
        yield column("kind", "text", self._kind_title, self._kind_formula())
        yield from self._quota_columns()
        yield from self._count_columns()
        yield column("delivery", "link", lambda visit: ctx.file_link(visit.reported.delivery))
        yield column("cell", "center", lambda visit: place_text(visit.reported.place))

    def _kind_title(self, visit: _Visit) -> str:
        return self.ctx.choice_title("meeting_kind", visit.reported.kind)

    def _kind_formula(self) -> str:
        """Return the formula of the sitting's kind; nothing where no meeting was held that day."""
        count = partial(self.sittings.countifs, branch=cell("branch"), held_on=cell("held_on"))
        formula = quote(self.ctx.choice_title("meeting_kind", MIXED_KIND))
        for kind in _all_kinds(self.ctx):
            title = quote(self.ctx.choice_title("meeting_kind", kind))
            if title not in formula:
                formula = f"IF({count(kind=title)}>0,{title},{formula})"
        return f'IF({count()}=0,"",{formula})'

    def _quota_columns(self) -> Iterator[DataColumn[_Visit]]:
        """Yield for each quota the sitting a visit is for, then whether it counts."""
        column = partial(data_column, self.ctx, area=AREA)
        for quota, key in zip(self.quotas, self.keys, strict=True):
            value, formula = methodcaller("quota_key", quota.quota), self._quota_formula(quota)
            yield column(key, "center", value, formula, quota=quota.quota)
        for quota, key in zip(self.quotas, self.keys, strict=True):
            value = methodcaller("counts", quota.quota)
            formula = f"IF(LEN({cell(key)})<4,0,{_first_formula(key)})"
            yield column(f"counts:{quota.quota}", "integer", value, formula, quota=quota.quota)

    def _quota_formula(self, quota: Quota) -> str:
        """Return the formula of the sitting a visit is for, or why it does not count.

        The record of the month of the visit says so; nothing where none holds.
        """
        spans = quota_year.join_alike(
            quota_year.spans(self.ctx, quota), lambda record: (record.role, record.counts)
        )
        formula = quota_year.choose_by_month(spans, cell("month"), self._record_formula, '""')
        return f'IF({cell("officer")}="","",{formula})'

    def _record_formula(self, quota: Quota) -> str:
        """Return the same under one record of a quota."""
        day, credited, branch = cell("held_on"), cell("credited"), cell("branch")
        covers = self.duties.scope.countifs(
            officer=credited,
            role=quote(quota.role),
            branch=branch,
            first_alive=f'"<="&{day}',
            last_alive=f'">="&{day}',
        )
        kinds = ",".join(
            f"{cell('kind')}={quote(self.ctx.choice_title('meeting_kind', kind))}"
            for kind in quota.counts.kinds
        )
        result = f'IF(OR({kinds}),{credited}&"|"&{cell("sitting")},"Q05")'
        if not quota.counts.own_cell:
            own_visits = "+".join(
                self.duties.officers.countifs(officer=officer, own_cell=branch)
                for officer in (cell("officer"), credited)
            )
            result = f'IF({own_visits}>0,"Q03",{result})'
        if not quota.counts.substitutes:
            result = f'IF({cell("instead")}<>"","Q02",{result})'
        return f'IF({covers}=0,"",{result})'

    def _count_columns(self) -> Iterator[DataColumn[_Visit]]:
        column = partial(data_column, self.ctx, area=AREA)
        sums = "+".join(cell(f"counts:{quota.quota}") for quota in self.quotas) or "0"
        first = f'IF({cell("kind")}="",0,{_first_formula("sitting")})'
        yield column("counted", "integer", _is_counted, f"IF({sums}>0,1,0)")
        yield column("first_visit", "integer", lambda visit: int(visit.is_first), first)
        yield column("doubt", "center", self._doubt, self._doubt_formula())

    def _doubt(self, visit: _Visit) -> str:
        return visit.doubt([visit.quota_key(quota.quota) for quota in self.quotas])

    def _doubt_formula(self) -> str:
        keys = [cell(key) for key in self.keys]
        same_day = f"{whole('officer')},{cell('officer')},{whole('held_on')},{cell('held_on')}"
        elsewhere = f"COUNTIFS({same_day})>COUNTIFS({same_day},{whole('branch')},{cell('branch')})"
        doubt = '"Q04"'
        for key in reversed(keys):
            doubt = f"IF(LEN({key})=3,{key},{doubt})"
        no_key = "&".join(keys) or '""'
        doubt = f'IF({cell("counted")}=1,IF({elsewhere},"Q06",""),IF({no_key}="","Q01",{doubt}))'
        return f'IF({cell("officer")}="","",{doubt})'


def _is_counted(visit: _Visit) -> int:
    return int(any(attendance.counts for attendance in visit.attendances))


def _lookup(column_id: str, codes: str, titles: str) -> str:
    """Return the title that belongs to the code in a column, the code where none is known."""
    code = cell(column_id)
    return f'IFERROR(INDEX({titles},MATCH({code},{codes},0)),{code}&"")'


def _first_formula(column_id: str) -> str:
    """Whether no row above says the same in a column: the first of equals counts."""
    return f"IF(MATCH({cell(column_id)},{whole(column_id)},0)=ROW()-ROW({_HEAD_CELL}),1,0)"
