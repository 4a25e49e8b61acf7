"""The table of visits: what the returns tell, and for each quota whether a visit counts.

Raw are who came, in whose place, where and when. Everything else is a formula over these, the
meetings held and the assignments, so that an altered row changes every figure that rests on it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from mlay_batch.core.period import day_number
from mlay_batch.figures.report_records import Attendance
from mlay_batch.report.data import assignments_data
from mlay_batch.report.data.assignments_data import DutyTables
from mlay_batch.report.formulas import quote
from mlay_batch.report.report_context import ReportContext
from mlay_batch.report.sheets import quota_year
from mlay_batch.report.tables import HEAD_ROW, DataTable, Kind, is_in_report_year, place_text
from mlay_batch.report.writer import Content, Formula
from mlay_batch.schema import Quota
from mlay_batch.schema.ids import MIXED_KIND

_HEAD_CELL = f"$A${HEAD_ROW + 1}"  # a cell of the headings' row


def build(ctx: ReportContext, duties: DutyTables, sittings: DataTable) -> DataTable:
    """Return the table of the year's visits up to the period; `sittings` are the meetings held."""
    return _VisitFormulas(ctx, duties, sittings).build_table()


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


class _VisitFormulas:
    """The formulas of a row, and the figures beside them."""

    def __init__(self, ctx: ReportContext, duties: DutyTables, sittings: DataTable) -> None:
        self.ctx, self.duties, self.sittings = ctx, duties, sittings
        self.quotas = ctx.inputs.catalogue.quotas_for(ctx.figures.period)
        self.column_kinds: dict[str, Kind] = {
            "officer": "center",
            "instead": "center",
            "branch": "center",
            "held_on": "date",
            "branch_name": "text",
            "credited": "center",
            "credited_name": "text",
            "month": "integer",
            "sitting": "center",
            "kind": "text",
            **{f"of_quota:{quota.quota}": "center" for quota in self.quotas},
            **{f"counts:{quota.quota}": "integer" for quota in self.quotas},
            "counted": "integer",
            "first_visit": "integer",
            "doubt": "center",
            "delivery": "link",
            "cell": "center",
        }
        blank_table = assignments_data.visit_area_table(ctx, "attendance", self.column_kinds)
        self.in_row, self.ref = blank_table.in_row, blank_table.ref
        self.formulas = {
            **self._row_formulas(),
            **{f"of_quota:{quota.quota}": self._quota_formula(quota) for quota in self.quotas},
            **{f"counts:{quota.quota}": self._counts_formula(quota) for quota in self.quotas},
            **self._count_formulas(),
        }

    def build_table(self) -> DataTable:
        rows = list(visit_rows(self.ctx))
        return assignments_data.visit_area_table(
            self.ctx, "attendance", self.column_kinds, self._build_rows(rows)
        )

    def _row_formulas(self) -> dict[str, str]:
        in_row, officer, day = self.in_row, self.in_row("officer"), self.in_row("held_on")
        scope, officers = self.duties.scope, self.duties.officers
        names = {
            "branch_name": (in_row("branch"), scope.ref("branch_name"), scope.ref("branch")),
            "credited_name": (
                in_row("credited"),
                officers.ref("officer_name"),
                officers.ref("officer"),
            ),
        }
        return {
            "credited": f'=IF({in_row("instead")}<>"",{in_row("instead")},{officer}&"")',
            "month": f'=IF({day}="","",MONTH({day}))',
            "sitting": f'=IF({officer}="","",{in_row("branch")}&"|"&{day})',
            "kind": self._kind_formula(),
            **{
                name: f'=IFERROR(INDEX({titles},MATCH({code},{codes},0)),{code}&"")'
                for name, (code, titles, codes) in names.items()
            },
        }

    def _kind_formula(self) -> str:
        """Return the formula of the sitting's kind; nothing where no meeting was held that day."""
        ref = self.sittings.ref
        tests = f"{ref('branch')},{self.in_row('branch')},{ref('held_on')},{self.in_row('held_on')}"
        kind = quote(self.ctx.choice_title("meeting_kind", MIXED_KIND))
        for title in (
            self.ctx.choice_title("meeting_kind", kind_id) for kind_id in _all_kinds(self.ctx)
        ):
            quoted_title = quote(title)
            kind = (
                kind
                if quoted_title in kind
                else f"IF(COUNTIFS({tests},{ref('kind')},{quoted_title})>0,{quoted_title},{kind})"
            )
        return f'=IF(COUNTIFS({tests})=0,"",{kind})'

    def _quota_formula(self, quota: Quota) -> str:
        """Return the formula of the sitting a visit is for, or why it does not count.

        The record of the month of the visit says so; nothing where none holds.
        """
        spans = quota_year.join_alike(
            quota_year.spans(self.ctx, quota), lambda record: (record.role, record.counts)
        )
        formula = quota_year.choose_by_month(
            spans, self.in_row("month"), self._record_formula, '""'
        )
        return f'=IF({self.in_row("officer")}="","",{formula})'

    def _record_formula(self, quota: Quota) -> str:
        """Return the same under one record of a quota, without the leading sign."""
        in_row, scope, officers = self.in_row, self.duties.scope.ref, self.duties.officers.ref
        day, credited, branch = in_row("held_on"), in_row("credited"), in_row("branch")
        covers = (
            f"COUNTIFS({scope('officer')},{credited},{scope('role')},{quote(quota.role)},"
            f"{scope('branch')},{branch},"
            f'{scope("first_alive")},"<="&{day},{scope("last_alive")},">="&{day})'
        )
        kinds = ",".join(
            f"{in_row('kind')}={quote(self.ctx.choice_title('meeting_kind', kind))}"
            for kind in quota.counts.kinds
        )
        result = f'IF(OR({kinds}),{credited}&"|"&{in_row("sitting")},"Q05")'
        if not quota.counts.own_cell:
            own_visits = "+".join(
                f"COUNTIFS({officers('officer')},{officer_cell},{officers('own_cell')},{branch})"
                for officer_cell in (in_row("officer"), credited)
            )
            result = f'IF({own_visits}>0,"Q03",{result})'
        if not quota.counts.substitutes:
            result = f'IF({in_row("instead")}<>"","Q02",{result})'
        return f'IF({covers}=0,"",{result})'

    def _counts_formula(self, quota: Quota) -> str:
        name = f"of_quota:{quota.quota}"
        return f"=IF(LEN({self.in_row(name)})<4,0,{self._first_formula(name)})"

    def _first_formula(self, column: str) -> str:
        """Whether no row above says the same in `column`: the first of equals counts."""
        return f"IF(MATCH({self.in_row(column)},{self.ref(column)},0)=ROW()-ROW({_HEAD_CELL}),1,0)"

    def _count_formulas(self) -> dict[str, str]:
        in_row, ref = self.in_row, self.ref
        keys = [in_row(f"of_quota:{quota.quota}") for quota in self.quotas]
        sums = "+".join(in_row(f"counts:{quota.quota}") for quota in self.quotas) or "0"
        same_day = f"{ref('officer')},{in_row('officer')},{ref('held_on')},{in_row('held_on')}"
        elsewhere = f"COUNTIFS({same_day})>COUNTIFS({same_day},{ref('branch')},{in_row('branch')})"
        doubt = '"Q04"'
        for key in reversed(keys):
            doubt = f"IF(LEN({key})=3,{key},{doubt})"
        no_key = "&".join(keys) or '""'
        doubt = f'IF({in_row("counted")}=1,IF({elsewhere},"Q06",""),IF({no_key}="","Q01",{doubt}))'
        first = f'IF({in_row("kind")}="",0,{self._first_formula("sitting")})'
        return {
            "counted": f"=IF({sums}>0,1,0)",
            "first_visit": f"={first}",
            "doubt": f'=IF({in_row("officer")}="","",{doubt})',
        }

    def _build_rows(self, rows: list[tuple[Attendance, ...]]) -> Iterator[tuple[Content, ...]]:
        seen_sittings: set[str] = set()
        for row in rows:
            key = f"{row[0].branch}|{day_number(row[0].held_on)}"
            values = self._row_values(row, key, bool(row[0].kind) and key not in seen_sittings)
            seen_sittings.add(key)
            yield tuple(
                Formula(self.formulas[name], value) if name in self.formulas else value  # type: ignore[arg-type]
                for name, value in values.items()
            )

    def _row_values(
        self, row: tuple[Attendance, ...], key: str, first_visit: bool
    ) -> dict[str, Content]:
        visit, ctx = row[0], self.ctx
        by_quota = {attendance.quota: attendance for attendance in row}
        quota_keys = {
            quota.quota: _quota_key(by_quota.get(quota.quota), key) for quota in self.quotas
        }
        counted = any(attendance.counts for attendance in row)
        return {
            "officer": visit.officer,
            "instead": visit.on_behalf_of,
            "branch": visit.branch,
            "held_on": visit.held_on,
            "branch_name": ctx.name(visit.branch),
            "credited": visit.credited_officer,
            "credited_name": ctx.officer_name(visit.credited_officer),
            "month": visit.held_on.month,
            "sitting": key,
            "kind": ctx.choice_title("meeting_kind", visit.kind),
            **{f"of_quota:{quota}": key_text for quota, key_text in quota_keys.items()},
            **{
                f"counts:{quota.quota}": by_quota[quota.quota].counts
                if quota.quota in by_quota
                else 0
                for quota in self.quotas
            },
            "counted": int(counted),
            "first_visit": int(first_visit),
            "doubt": _doubt_code(row, list(quota_keys.values())),
            "delivery": ctx.file_link(visit.delivery),
            "cell": place_text(visit.place),
        }


def _quota_key(attendance: Attendance | None, sitting: str) -> str:
    """Return what stands for a quota: the sitting that may count, else why not, else nothing."""
    if attendance is None:
        return ""
    return (
        f"{attendance.credited_officer}|{sitting}"
        if attendance.counts or attendance.reason == "Q04"
        else attendance.reason
    )


def _doubt_code(row: tuple[Attendance, ...], keys: list[str]) -> str:
    """Return the code of the row's doubt; one that counts for any quota is in doubt only by Q06."""
    counted = [attendance for attendance in row if attendance.counts]
    if counted:
        return counted[0].reason
    if not any(keys):
        return "Q01"
    return next((key for key in keys if len(key) == 3), "Q04")
