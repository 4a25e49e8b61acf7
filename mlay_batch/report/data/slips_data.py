"""The data on officers' slips: which came in, and who says so of each visit.

Both only where the office uses slips. Then the visits are a table of their own: a row for each,
whether a return, a slip or both tell it, counted from the two tables that hold these as sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from typing import TypeVar

from mlay_batch.core.findings import Place
from mlay_batch.core.period import Period
from mlay_batch.figures.report_records import Attendance
from mlay_batch.figures.slip_records import (
    BOTH_SAY,
    CELL_OPEN,
    DIFFER,
    ONLY_CELL,
    ONLY_OFFICER,
    SLIP_OPEN,
    UNKNOWN_KIND,
    SlipState,
    VisitCheck,
)
from mlay_batch.figures.visit_slips import VISITS
from mlay_batch.report.data.assignments_data import AREA
from mlay_batch.report.data.sections_data import section_table
from mlay_batch.report.formulas import cell, quote
from mlay_batch.report.report_context import ReportContext
from mlay_batch.report.tables import (
    DataColumn,
    DataTable,
    counted_id,
    data_column,
    data_table,
    place_text,
)
from mlay_batch.report.writer import Content
from mlay_batch.schema.ids import MEETING, VISIT_SLIP

T = TypeVar("T")
_SAME = ("officer", "branch", "held_on", "on_behalf_of")


def build(ctx: ReportContext) -> DataTable | None:
    """Return the table of the slips that came in; None where the office uses none."""
    slips = ctx.figures.slips
    return data_table(ctx, "slips", _state_columns(ctx), slips.states, AREA) if slips else None


def _state_columns(ctx: ReportContext) -> Iterator[DataColumn[SlipState]]:
    column = partial(data_column, ctx, area=AREA)
    yield column("officer", "center", attrgetter("officer"))
    yield column("officer_name", "text", lambda line: ctx.officer_name(line.officer))
    yield column("month", "integer", attrgetter("period.month"))
    yield column("slip_state", "text", lambda line: ctx.state_title("return", line.state))
    is_in = quote(ctx.state_title("return", "reported"))
    open_formula = f"IF({cell('slip_state')}={is_in},0,1)"
    yield column("slip_open", "integer", lambda line: int(line.is_open), open_formula)
    yield column("slip_counts", "integer", lambda line: int(line.counts))
    yield column("slip_file", "link", lambda line: ctx.file_link(line.delivery))


def kind_title(ctx: ReportContext, kind: str) -> str:
    """Return the title of a kind of meeting, also of one that no return tells."""
    if kind == UNKNOWN_KIND:
        return ctx.t("visits/kind.unknown")
    return ctx.choice_title("meeting_kind", kind)


def check_title(ctx: ReportContext, state: str) -> str:
    """Return who says so of a visit."""
    return ctx.t(f"visits/said.{state}")


@dataclass(frozen=True)
class SaidColumns:
    """The columns on who says so of each visit, and what their formulas count over.

    Attributes:
        ctx: the workbook.
        sittings: the meetings held.
        returns: which returns are in.
        slips: which slips came in.
        checks: the visits as cell and officer tell them, by file and cell of the visit.
    """

    ctx: ReportContext
    sittings: DataTable
    returns: DataTable
    slips: DataTable
    checks: Mapping[tuple[int, Place], VisitCheck]

    def all(self, visit_of: Callable[[T], Attendance]) -> Iterator[DataColumn[T]]:
        """Yield who came, in whose place, where and when; then who says so, with which points."""
        ctx, column = self.ctx, partial(data_column, self.ctx, area=AREA)

        def of(get: Callable[[Attendance], Content]) -> Callable[[T], Content]:
            return lambda row: get(visit_of(row))

        yield column("officer", "center", of(attrgetter("officer")))
        yield column("on_behalf_of", "center", of(attrgetter("on_behalf_of")))
        yield column("branch", "center", of(attrgetter("branch")))
        yield column("branch_name", "text", of(lambda visit: ctx.name(visit.branch)))
        yield column("held_on", "date", of(attrgetter("held_on")))
        for name, form, get in (
            ("by_return", MEETING, of(lambda visit: int(visit.by_return))),
            ("by_slip", VISIT_SLIP, of(lambda visit: int(visit.slip is not None))),
        ):
            yield column(name, "integer", get, self._says_formula(form))
        yield column("cell_points", "score", self._value(visit_of, "cell_points"), self._cell())
        yield column("slip_points", "score", self._value(visit_of, "slip_points"), self._slip())
        yield column("said", "text", self._value(visit_of, "state"), self._said())
        yield column("return_file", "link", of(self._return_link))
        yield column("slip_file", "link", of(self._slip_link))
        yield column("slip_cell", "center", of(self._slip_cell))
        yield column("counted_by", "center", of(self._counted_by), hidden=True)

    def _value(self, visit_of: Callable[[T], Attendance], name: str) -> Callable[[T], Content]:
        def value(row: T) -> Content:
            check = self.checks.get(visit_of(row).source)
            content = getattr(check, name) if check else None
            if name == "state":
                return check_title(self.ctx, check.state) if check else ""
            return "" if content is None else content  # as the formula gives it

        return value

    def _return_link(self, visit: Attendance) -> Content:
        return self.ctx.file_link(visit.delivery) if visit.by_return else None

    def _slip_link(self, visit: Attendance) -> Content:
        return self.ctx.file_link(visit.slip.delivery) if visit.slip else None

    def _slip_cell(self, visit: Attendance) -> Content:
        return place_text(visit.slip.place) if visit.slip else None

    def _counted_by(self, visit: Attendance) -> str:
        return self.ctx.inputs.register.rules.slip_rule(Period.of("month", visit.held_on))

    def _says_formula(self, form: str) -> str:
        """Return 1 where a row as sent tells the visit, else 0."""
        table = section_table(self.ctx, form, VISITS)
        if table is None:
            return "0"
        is_return = form == MEETING
        names = {"officer": "officer", "branch": counted_id("branch")}
        if not is_return:
            names = {"officer": counted_id("branch"), "branch": "cell"}
        names |= {"held_on": "held_on", "on_behalf_of": "on_behalf_of"}
        present = {column.id for column in table.columns}
        tests = [
            f'({table.ref(names[name])}&""={cell(name)}&"")'
            for name in _SAME
            if names[name] in present
        ]
        return f"IF(SUMPRODUCT({'*'.join(tests)})>0,1,0)"

    def _cell(self) -> str:
        """Return the mean of the confirmed points that the return has for that day."""
        points = self.sittings.averageifs(
            "confirmed", branch=cell("branch"), held_on=cell("held_on")
        )
        known = f'AND({cell("by_return")}=1,{cell("counted_by")}<>"none")'
        return f'IF({known},IFERROR({points},""),"")'

    def _slip(self) -> str:
        table = section_table(self.ctx, VISIT_SLIP, VISITS)
        if table is None or "points" not in {column.id for column in table.columns}:
            return '""'
        tests = {"branch": cell("officer"), "cell": cell("branch"), "held_on": cell("held_on")}
        count = table.countifs(**tests, points='">=0"')
        points = table.sumifs("points", **tests)
        return f'IF({cell("by_slip")}=0,"",IF({count}=0,"",{points}))'

    def _said(self) -> str:
        """Return who says so, as `figures.visit_slips` decides it."""
        both, differ, only_cell, only_officer, cell_open, slip_open = (
            quote(check_title(self.ctx, state))
            for state in (BOTH_SAY, DIFFER, ONLY_CELL, ONLY_OFFICER, CELL_OPEN, SLIP_OPEN)
        )
        cell_points, slip_points, month = (
            cell("cell_points"),
            cell("slip_points"),
            f"MONTH({cell('held_on')})",
        )
        no_points = f'OR({cell_points}="",{slip_points}="")'
        same = f"IF(ROUND({cell_points}-{slip_points},6)=0,{both},{differ})"
        waiting = self.slips.countifs(officer=cell("officer"), month=month, slip_open="1")
        out = self.returns.countifs(
            form=quote(MEETING), branch=cell("branch"), month=month, open="1"
        )
        by_cell = f"IF({waiting}>0,{slip_open},{only_cell})"
        by_officer = f"IF({out}>0,{cell_open},{only_officer})"
        single = f"IF({cell('by_return')}=1,{by_cell},{by_officer})"
        both_say = f"IF({no_points},{both},{same})"
        said = f"IF({cell('by_return')}+{cell('by_slip')}=2,{both_say},{single})"
        return f'IF(OR({cell("officer")}="",{cell("counted_by")}="none"),"",{said})'
