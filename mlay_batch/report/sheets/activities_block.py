"""Bồi dưỡng – kiểm tra: training, inspections and supervisions by branch and kind.

Branches without one in the period are folded away.

Counts and people are sums over the data sheet of the activities.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from mlay_batch.figures.branch_records import Activities, ActivityLine
from mlay_batch.figures.report_records import NO_RETURN, NOT_OWED
from mlay_batch.report.data.sections_data import BRANCH_COLUMN, MONTH_COLUMN
from mlay_batch.report.formulas import fixed, quote
from mlay_batch.report.listing import (
    NONE,
    Column,
    Listing,
    branch_columns,
    titled_column,
    where_counted,
)
from mlay_batch.report.report_context import ReportContext
from mlay_batch.report.tables import Condition, DataTable, is_in_report_year
from mlay_batch.report.writer import Content, SheetWriter

_SPLIT = 7


def write(
    ctx: ReportContext, sheet: SheetWriter, table: DataTable, activities: Activities, row: int
) -> Listing[ActivityLine]:
    """Write the block from `row` on; `table` is that of the activities."""
    listing = Listing(ctx, sheet, _columns(ctx, table, activities), _SPLIT, row + 1)
    sheet.write(row, 0, ctx.t("branches/activities.title"), "section", span=listing.width)
    listing.write_heads()
    for number, line in enumerate(activities.lines, 1):
        listing.write_row(line, number, folded=not line.activities and line.state not in NO_RETURN)
    listing.write_totals(activities.lines)
    listing.write_notes([ctx.t("branches/activities.how"), *office_lines(ctx)])
    return listing


def _columns(
    ctx: ReportContext, table: DataTable, activities: Activities
) -> Iterator[Column[ActivityLine]]:
    column = partial(titled_column, ctx)
    yield from branch_columns(ctx, 4, 9.5, 32)
    for kind in activities.kinds:
        yield from _kind_columns(ctx, table, kind)
    yield column("branches/activities.list", 50, partial(_activity_texts, ctx), _list_look)
    yield column("column.delivery", 9, partial(_file_link, ctx), "link")


def _kind_columns(
    ctx: ReportContext, table: DataTable, kind: str
) -> Iterator[Column[ActivityLine]]:
    """Yield the activities of a kind in the period and in the year, and the people in the year."""
    title, months = ctx.choice_title("activity_kind", kind), ctx.figures.period.months()
    in_year: dict[str, Condition] = {BRANCH_COLUMN: fixed("branch"), "kind": quote(title)}
    in_period = in_year | {MONTH_COLUMN: (f'">={months[0].month}"', f'"<={months[-1].month}"')}

    def count(
        name: str,
        value: Callable[[ActivityLine], int | str | None],
        formula: str | Callable[[ActivityLine], str],
    ) -> Column[ActivityLine]:
        heading = ctx.t(f"branches/activities.{name}")
        column_id = f"{kind}_{name}"
        return Column(column_id, heading, 6, value, formula, "count", group=title, total=True)

    def in_period_count(line: ActivityLine) -> int | str | None:
        if line.activities or line.state not in NO_RETURN + NOT_OWED:
            return line.counts[kind][0]
        return NONE if line.state in NOT_OWED else None

    now = where_counted(in_period_count, table.countifs(**in_period))
    yield count("now", in_period_count, now)
    yield count("year", lambda line: line.counts[kind][1], table.countifs(**in_year))
    people = table.sumifs("participants", **in_year)
    yield count("people", lambda line: line.people[kind], people)


def _activity_texts(ctx: ReportContext, line: ActivityLine) -> str | None:
    """Return the activities as people note them: ``05/11/2019 – Kiểm tra: …``; else the state."""
    if line.state in NO_RETURN:
        return ctx.state_title("return", line.state)
    texts = (
        f"{ctx.writer.show(activity.held_on)} –"
        f" {ctx.choice_title('activity_kind', activity.kind)}: {activity.content}"
        for activity in line.activities
    )
    return "\n".join(texts) or None


def office_lines(ctx: ReportContext) -> Iterator[str]:
    """Yield that the cells are not asked, and what the office did in the year, with its cell in the
    register.
    """
    if ctx.figures.activities is None:
        yield ctx.t("not_asked")
    work = [w for w in ctx.inputs.register.work if is_in_report_year(ctx, w.held_on)]
    if work:
        yield ctx.t("branches/activities.office", count=len(work))
    for done in sorted(work, key=lambda w: w.held_on):
        people = done.participants
        parts = (
            f"{ctx.choice_title('work', done.kind)}: {done.content}",
            f"{done.branch} – {ctx.name(done.branch)}" if done.branch else "",
            ctx.t("branches/activities.came", count=people) if people is not None else "",
            done.result,
        )
        yield ctx.t(
            "branches/activities.done",
            day=ctx.writer.show(done.held_on),
            work="; ".join(part for part in parts if part),
            cell=done.cell,
        )


def _list_look(line: ActivityLine) -> str:
    return "quiet" if line.state in NO_RETURN else "text"


def _file_link(ctx: ReportContext, line: ActivityLine) -> Content:
    return ctx.file_link(line.activities[-1].delivery) if line.activities else None
