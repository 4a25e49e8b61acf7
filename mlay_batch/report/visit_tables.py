"""The table of visits: what the returns tell, and for each quota whether a visit counts.

Raw are who came, in whose place, where and when. Everything else is a formula over these, the
meetings held and the assignments, so that an altered row changes every figure that rests on it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from mlay_batch.figures.records import Attendance
from mlay_batch.period import day_number
from mlay_batch.report import duty_tables, quota_year
from mlay_batch.report.book import Content, Live
from mlay_batch.report.context import Context
from mlay_batch.report.duty_tables import Duties, quoted
from mlay_batch.report.tables import HEAD_ROW, Kind, Table
from mlay_batch.report.titled import this_year, where
from mlay_batch.schema import Quota
from mlay_batch.schema.ids import BOTH

_HEAD = f"$A${HEAD_ROW + 1}"  # a cell of the headings' row


def build(ctx: Context, duties: Duties, sittings: Table) -> Table:
    """Return the table of the year's visits up to the period; `sittings` are the meetings held."""
    return _Visits(ctx, duties, sittings).table()


def told(ctx: Context) -> Iterator[tuple[Attendance, ...]]:
    """Yield the rows of the table: a reported visit, once for every quota it concerns."""
    year = (visit for visit in ctx.figures.attendances if this_year(ctx, visit.held_on))
    for _, row in groupby(year, lambda visit: (visit.delivery, visit.place)):
        yield tuple(row)


def kinds(ctx: Context) -> tuple[str, ...]:
    """Return the kinds of meetings that count for a quota in the year, in the forms' order."""
    quotas = ctx.facts.catalogue.quotas_for(ctx.figures.period)
    year = (span.quota for quota in quotas for span in quota_year.spans(ctx, quota))
    counted = {kind for quota in year for kind in quota.counts.kinds}
    return tuple(kind for kind in _known_kinds(ctx) if kind in counted)


def _known_kinds(ctx: Context) -> tuple[str, ...]:
    choices = (form.choices.get("meeting_kind", ()) for form in ctx.facts.catalogue.forms)
    return tuple(dict.fromkeys(choice.id for found in choices for choice in found))


class _Visits:
    """The formulas of a row, and the figures beside them."""

    def __init__(self, ctx: Context, duties: Duties, sittings: Table) -> None:
        self.ctx, self.duties, self.sittings = ctx, duties, sittings
        self.quotas = ctx.facts.catalogue.quotas_for(ctx.figures.period)
        self.kinds: dict[str, Kind] = {
            "officer": "center", "instead": "center", "branch": "center", "held_on": "date",
            "branch_name": "text", "credited": "center", "credited_name": "text",
            "month": "integer", "sitting": "center", "kind": "text",
            **{f"of_quota:{quota.quota}": "center" for quota in self.quotas},
            **{f"counts:{quota.quota}": "integer" for quota in self.quotas},
            "counted": "integer", "first_visit": "integer", "doubt": "center",
            "delivery": "link", "cell": "center",
        }  # fmt: skip
        shape = duty_tables.table(ctx, "attendance", self.kinds)
        self.this, self.ref = shape.this, shape.ref
        self.formulas = {
            **self._of_the_row(),
            **{f"of_quota:{quota.quota}": self._of_quota(quota) for quota in self.quotas},
            **{f"counts:{quota.quota}": self._counts(quota) for quota in self.quotas},
            **self._of_the_counts(),
        }

    def table(self) -> Table:
        rows = list(told(self.ctx))
        return duty_tables.table(self.ctx, "attendance", self.kinds, self._rows(rows))

    def _of_the_row(self) -> dict[str, str]:
        this, officer, day = self.this, self.this("officer"), self.this("held_on")
        scope, officers = self.duties.scope, self.duties.officers
        names = {
            "branch_name": (this("branch"), scope.ref("branch_name"), scope.ref("branch")),
            "credited_name": (this("credited"), officers.ref("officer_name"),
                              officers.ref("officer")),
        }  # fmt: skip
        return {
            "credited": f'=IF({this("instead")}<>"",{this("instead")},{officer}&"")',
            "month": f'=IF({day}="","",MONTH({day}))',
            "sitting": f'=IF({officer}="","",{this("branch")}&"|"&{day})',
            "kind": self._kind(),
            **{
                name: f'=IFERROR(INDEX({titles},MATCH({code},{codes},0)),{code}&"")'
                for name, (code, titles, codes) in names.items()
            },
        }

    def _kind(self) -> str:
        """Return the formula of the sitting's kind; nothing where no meeting was held that day."""
        held = self.sittings.ref
        asked = f"{held('branch')},{self.this('branch')},{held('held_on')},{self.this('held_on')}"
        kind = quoted(self.ctx.choice("meeting_kind", BOTH))
        for title in (self.ctx.choice("meeting_kind", k) for k in _known_kinds(self.ctx)):
            own = quoted(title)
            kind = (
                kind
                if own in kind
                else f"IF(COUNTIFS({asked},{held('kind')},{own})>0,{own},{kind})"
            )
        return f'=IF(COUNTIFS({asked})=0,"",{kind})'

    def _of_quota(self, quota: Quota) -> str:
        """Return the formula of the sitting a visit is for, or why it does not count.

        The record of the month of the visit says so; nothing where none holds.
        """
        spans = quota_year.join_alike(
            quota_year.spans(self.ctx, quota), lambda record: (record.role, record.counts)
        )
        said = quota_year.choose_by_month(spans, self.this("month"), self._record_formula, '""')
        return f'=IF({self.this("officer")}="","",{said})'

    def _record_formula(self, quota: Quota) -> str:
        """Return the same under one record of a quota, without the leading sign."""
        this, scope, officers = self.this, self.duties.scope.ref, self.duties.officers.ref
        day, credited, branch = this("held_on"), this("credited"), this("branch")
        covers = (
            f"COUNTIFS({scope('officer')},{credited},{scope('role')},{quoted(quota.role)},"
            f"{scope('branch')},{branch},"
            f'{scope("first_alive")},"<="&{day},{scope("last_alive")},">="&{day})'
        )
        kinds = ",".join(
            f"{this('kind')}={quoted(self.ctx.choice('meeting_kind', kind))}"
            for kind in quota.counts.kinds
        )
        counted = f'IF(OR({kinds}),{credited}&"|"&{this("sitting")},"Q05")'
        if not quota.counts.own_cell:
            own = "+".join(
                f"COUNTIFS({officers('officer')},{who},{officers('own_cell')},{branch})"
                for who in (this("officer"), credited)
            )
            counted = f'IF({own}>0,"Q03",{counted})'
        if not quota.counts.substitutes:
            counted = f'IF({this("instead")}<>"","Q02",{counted})'
        return f'IF({covers}=0,"",{counted})'

    def _counts(self, quota: Quota) -> str:
        name = f"of_quota:{quota.quota}"
        return f"=IF(LEN({self.this(name)})<4,0,{self._is_first(name)})"

    def _is_first(self, column: str) -> str:
        """Whether no row above says the same in `column`: the first of equals counts."""
        return f"IF(MATCH({self.this(column)},{self.ref(column)},0)=ROW()-ROW({_HEAD}),1,0)"

    def _of_the_counts(self) -> dict[str, str]:
        this, ref = self.this, self.ref
        keys = [this(f"of_quota:{quota.quota}") for quota in self.quotas]
        sums = "+".join(this(f"counts:{quota.quota}") for quota in self.quotas) or "0"
        same_day = f"{ref('officer')},{this('officer')},{ref('held_on')},{this('held_on')}"
        elsewhere = f"COUNTIFS({same_day})>COUNTIFS({same_day},{ref('branch')},{this('branch')})"
        doubt = '"Q04"'
        for key in reversed(keys):
            doubt = f"IF(LEN({key})=3,{key},{doubt})"
        none = "&".join(keys) or '""'
        doubt = f'IF({this("counted")}=1,IF({elsewhere},"Q06",""),IF({none}="","Q01",{doubt}))'
        first = f'IF({this("kind")}="",0,{self._is_first("sitting")})'
        return {
            "counted": f"=IF({sums}>0,1,0)",
            "first_visit": f"={first}",
            "doubt": f'=IF({this("officer")}="","",{doubt})',
        }

    def _rows(self, rows: list[tuple[Attendance, ...]]) -> Iterator[tuple[Content, ...]]:
        seen: set[str] = set()
        for row in rows:
            key = f"{row[0].branch}|{day_number(row[0].held_on)}"
            told = self._told(row, key, bool(row[0].kind) and key not in seen)
            seen.add(key)
            yield tuple(
                Live(self.formulas[name], value) if name in self.formulas else value  # type: ignore[arg-type]
                for name, value in told.items()
            )

    def _told(self, row: tuple[Attendance, ...], key: str, first_visit: bool) -> dict[str, Content]:
        visit, ctx = row[0], self.ctx
        under = {entry.quota: entry for entry in row}
        of_quota = {quota.quota: _key(under.get(quota.quota), key) for quota in self.quotas}
        counted = any(entry.counts for entry in row)
        return {
            "officer": visit.officer, "instead": visit.on_behalf_of, "branch": visit.branch,
            "held_on": visit.held_on, "branch_name": ctx.name(visit.branch),
            "credited": visit.credited, "credited_name": ctx.officer(visit.credited),
            "month": visit.held_on.month, "sitting": key,
            "kind": ctx.choice("meeting_kind", visit.kind),
            **{f"of_quota:{quota}": said for quota, said in of_quota.items()},
            **{
                f"counts:{quota.quota}": under[quota.quota].counts if quota.quota in under else 0
                for quota in self.quotas
            },
            "counted": int(counted), "first_visit": int(first_visit),
            "doubt": _doubt(row, list(of_quota.values())),
            "delivery": ctx.file(visit.delivery), "cell": where(visit.place),
        }  # fmt: skip


def _key(entry: Attendance | None, sitting: str) -> str:
    """Return what stands for a quota: the sitting that may count, else why not, else nothing."""
    if entry is None:
        return ""
    return f"{entry.credited}|{sitting}" if entry.counts or entry.reason == "Q04" else entry.reason


def _doubt(row: tuple[Attendance, ...], keys: list[str]) -> str:
    """Return the code of the row's doubt; one that counts for any quota is in doubt only by Q06."""
    counted = [entry for entry in row if entry.counts]
    if counted:
        return counted[0].reason
    if not any(keys):
        return "Q01"
    return next((key for key in keys if len(key) == 3), "Q04")
