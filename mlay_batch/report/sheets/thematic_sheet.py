"""Chuyên đề – bồi dưỡng: thematic meetings by branch and quarter, who has none; activities below.

Branches that owe none by now are folded away.
Counts are taken over the data sheet of the meetings, by kind.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from operator import attrgetter
from typing import Any

from mlay_batch.core.period import Period
from mlay_batch.figures.branch_records import Thematic, ThematicLine, Theme
from mlay_batch.report import letterhead
from mlay_batch.report.data.sections_data import (
    BRANCH_COLUMN,
    MONTH_COLUMN,
    PlacedTable,
    table_name,
)
from mlay_batch.report.formulas import cell, fixed, quote
from mlay_batch.report.listing import (
    NONE,
    Column,
    Listing,
    branch_columns,
    titled_column,
    where_counted,
)
from mlay_batch.report.report_context import ReportContext
from mlay_batch.report.sheets import activities_block
from mlay_batch.report.tables import Condition, DataTable
from mlay_batch.report.writer import Content, Formula, SheetWriter

_SPLIT = 6
_STATES = ("met", "on_course", "behind", "not_met", "unrated")
_NUMERALS = ("I", "II", "III", "IV")


def write(ctx: ReportContext, sheet: SheetWriter, tables: Mapping[str, PlacedTable]) -> None:
    """Write the sheet: of both what the period's forms ask for."""
    listings, title = list(_listings(ctx, sheet, tables)), ctx.t("branches/thematic.sheet")
    if not listings:
        letterhead.write_empty_sheet(ctx, sheet, title, *activities_block.office_lines(ctx))
        return
    if ctx.figures.activities is None:
        listings[0].next_row += 1
        listings[0].write_note(ctx.t("branches/activities.title"), "section")
        listings[0].write_notes(activities_block.office_lines(ctx))
    listings[0].write_title(title)
    listings[0].set_up_page(listings[-1].next_row, frozen=3)


def _listings(
    ctx: ReportContext, sheet: SheetWriter, tables: Mapping[str, PlacedTable]
) -> Iterator[Listing[Any]]:
    """Write the lists one below another; yield each."""
    row = letterhead.TABLE_ROW
    if thematic := ctx.figures.thematic:
        table = tables[table_name(*thematic.section)][1]
        listing = _write_thematic(ctx, sheet, table, thematic, row)
        row = listing.next_row + 1
        yield listing
    if activities := ctx.figures.activities:
        table = tables[table_name(*activities.section)][1]
        yield activities_block.write(ctx, sheet, table, activities, row)


def _write_thematic(
    ctx: ReportContext, sheet: SheetWriter, table: DataTable, thematic: Thematic, row: int
) -> Listing[ThematicLine]:
    """Write the thematic meetings from `row` on."""
    listing = Listing(ctx, sheet, _columns(ctx, table, thematic), _SPLIT, row + 1)
    sheet.write(row, 0, ctx.t("branches/thematic.title"), "section", span=listing.width)
    listing.write_heads()
    for number, line in enumerate(thematic.lines, 1):
        listing.write_row(line, number, folded=line.state not in ("behind", "not_met"))
    listing.colour_states()
    listing.write_totals(thematic.lines)
    listing.write_filter("result")
    _write_summary(listing, thematic)
    asked = {"times": thematic.quota.times, "window": ctx.t(f"window.{thematic.quota.window}")}
    how = ctx.t("branches/thematic.how", **asked, basis="; ".join(thematic.quota.basis))
    listing.write_notes([ctx.t("legend"), ctx.t("folded.rows"), how])
    if ctx.has_lists:
        listing.write_note(ctx.t("branches/thematic.listed"))
    return listing


def _columns(
    ctx: ReportContext, table: DataTable, thematic: Thematic
) -> Iterator[Column[ThematicLine]]:
    column, t = partial(titled_column, ctx), ctx.t
    year = t("branches/thematic.held", year=str(ctx.figures.period.year))
    last = thematic_window(ctx, thematic)
    yield from branch_columns(ctx, 4, 9.5, 32)
    for number, numeral in enumerate(_NUMERALS):
        is_owed, count = number < len(thematic.quarters), partial(_meeting_count, number)
        formula = _count_formula(ctx, table, thematic, number) if is_owed else ""
        yield Column(
            f"quarter{number}",
            t("branches/thematic.quarter", number=numeral),
            6,
            count,
            where_counted(count, formula),
            partial(_count_look, number),
            group=year,
            total=is_owed,
        )
    quarters = [cell(f"quarter{number}") for number in range(len(_NUMERALS))]
    yield column(
        "branches/thematic.sum",
        8.5,
        lambda line: sum(count or 0 for count in line.meeting_counts),
        "count",
        f"SUM({cell('quarter0')}:{cell('quarter3')})",
        group=year,
        sum_text=f"={'+'.join(quarters)}",
        total=True,
    )
    column = partial(column, group=last)
    yield column("branches/thematic.open", 10, attrgetter("open_months"), "count", total=True)
    yield column("column.held_on", 10.5, partial(_days, ctx), "center")
    yield column("branches/thematic.shared", 7.5, partial(_shared, ctx), "center")
    yield _state_column(ctx, table, thematic, last)
    yield column("branches/thematic.topic", 50, _topics)
    yield column("column.delivery", 9, partial(_file_link, ctx), "link")


def _meeting_count(quarter: int, line: ThematicLine) -> int | str | None:
    """Return the thematic meetings of a quarter; – where none is owed, None where it is to come."""
    if quarter >= len(line.meeting_counts):
        return None
    count = line.meeting_counts[quarter]
    return NONE if count is None else count


def _count_look(quarter: int, line: ThematicLine) -> str:
    return "count" if isinstance(_meeting_count(quarter, line), int) else "tone_off"


def _count_formula(ctx: ReportContext, table: DataTable, thematic: Thematic, quarter: int) -> str:
    """Return the formula that counts the meetings of a quarter of each thematic kind."""
    months = thematic.quarters[quarter].months()
    return _months_formula(ctx, table, thematic, months[0].month, months[-1].month)


def _months_formula(
    ctx: ReportContext, table: DataTable, thematic: Thematic, first: int, last: int
) -> str:
    """Return the formula that counts the meetings of some months of each thematic kind."""
    conditions: dict[str, Condition] = {
        BRANCH_COLUMN: fixed("branch"),
        MONTH_COLUMN: (f'">={first}"', f'"<={last}"'),
    }
    titles = (quote(ctx.choice_title("meeting_kind", kind)) for kind in thematic.kinds)
    return "+".join(table.countifs(**conditions, kind=title) for title in titles)


def _texts_of(line: ThematicLine, text: Callable[[Theme], str]) -> str | None:
    """Return the texts of a line's themes, one below another in the same cell.

    Without a theme it is –, or None while returns are out or to come.
    """
    texts = dict.fromkeys(map(text, line.themes))
    return "\n".join(texts) or (None if line.open_months else NONE)


def _days(ctx: ReportContext, line: ThematicLine) -> str | None:
    return _texts_of(line, lambda theme: ctx.writer.show(theme.held_on))


def _topics(line: ThematicLine) -> str | None:
    return _texts_of(line, attrgetter("topic"))


def _shared(ctx: ReportContext, line: ThematicLine) -> str | None:
    return _texts_of(line, lambda theme: ctx.t("yes" if theme.with_regular else "no"))


def _file_link(ctx: ReportContext, line: ThematicLine) -> Content:
    return ctx.file_link(line.themes[-1].delivery) if line.themes else None


def thematic_window(ctx: ReportContext, thematic: Thematic) -> str:
    """Return the title of the window that the states are of: "Quý II", "Tháng 5"."""
    first, last = thematic.window.first, thematic.window.last
    if thematic.quota.window == "quarter":
        return ctx.t("branches/thematic.result", number=_NUMERALS[(first - 1) // 3])
    year = ctx.figures.period.year
    return Period(year, first, last - first + 1).title(ctx.lang)


def _state_texts(ctx: ReportContext) -> dict[str, str]:
    return {state: ctx.t(f"branches/thematic.state.{state}") for state in _STATES}


def _state_column(
    ctx: ReportContext, table: DataTable, thematic: Thematic, group: str
) -> Column[ThematicLine]:
    """Return the column of states, by the rules of officers' quotas."""
    texts, window = _state_texts(ctx), thematic.window
    held = f"({_months_formula(ctx, table, thematic, window.first, window.last)})"

    def formula(line: ThematicLine) -> str:
        met, on_course, behind, not_met, unrated = (quote(texts[state]) for state in _STATES)
        late = f"IF({cell('open')}>0,{behind},{not_met})"
        short = f"IF({held}>={line.due},{on_course},{late})" if line.obligation else unrated
        return f"IF({held}>={max(1, line.obligation)},{met},{short})"

    return Column(
        "result",
        ctx.t("column.result"),
        14,
        lambda line: texts[line.state],
        formula,
        group=group,
        symbols="●○▲■",
    )


def _write_summary(listing: Listing[ThematicLine], thematic: Thematic) -> None:
    """Count the branches by state, and list those without a meeting."""
    ctx, sheet = listing.ctx, listing.sheet
    states = listing.sheet_range("result")
    counts = Counter(line.state for line in thematic.lines)
    listing.next_row += 1
    listing.write_note(thematic_window(ctx, thematic), "section")
    label_width = listing.position("quarter0")
    for state, text in _state_texts(ctx).items():
        row = listing.next_row
        sheet.write(row, 0, text, "label_small", span=label_width)
        count = Formula(f"=COUNTIF({states},{quote(text)})", counts[state])
        sheet.write(row, label_width, count, "total_count")
        listing.next_row += 1
    for state, key in (("not_met", "without"), ("behind", "unknown"), ("on_course", "to_come")):
        names = [line.branch.name for line in thematic.lines if line.state == state]
        if names:
            text = ctx.t(f"branches/thematic.{key}", count=len(names), names="; ".join(names))
            listing.write_note(text, "plain")
