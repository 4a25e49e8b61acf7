"""Bồi dưỡng – kiểm tra: training, inspections and supervisions by branch and kind.

Counts and people are sums over the data sheet of the activities.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xlsxwriter.utility import xl_col_to_name

from mlay_batch.figures.branch_records import Activities, Activity, ActivityLine
from mlay_batch.figures.records import OPEN
from mlay_batch.period import Period
from mlay_batch.report import listing, official
from mlay_batch.report.book import Live, Sheet
from mlay_batch.report.context import Context
from mlay_batch.report.listing import Column
from mlay_batch.report.section_sheets import BRANCH, MONTH, Written, table_name
from mlay_batch.report.tables import Table

_CODE, _NAME, _FIRST = range(1, 4)
_SPLIT = 7
_EACH = 3  # columns of a kind: in the period, in the year, people in the year


@dataclass(frozen=True)
class _Page:
    ctx: Context
    sheet: Sheet
    table: Table
    found: Activities

    @property
    def listed(self) -> int:
        """The last but one column: the activities of the period, one below another."""
        return _FIRST + _EACH * len(self.found.kinds)

    @property
    def link(self) -> int:
        """The last column: the return they stand in."""
        return self.listed + 1

    def title(self, kind: str) -> str:
        return self.ctx.choice("activity_kind", kind)


def write(ctx: Context, sheet: Sheet, tables: Mapping[str, Written]) -> None:
    """Write the sheet; it says so where the period's forms do not ask for activities."""
    found = ctx.figures.activities
    if found is None:
        official.nothing(ctx, sheet, ctx.t("branches/activities.title"), ctx.t("none"))
        return
    page = _Page(ctx, sheet, tables[table_name(*found.section)][1], found)
    columns = page.link + 1
    official.heading(ctx, sheet, columns, _SPLIT, ctx.t("branches/activities.title"))
    first = listing.heads(sheet, official.TABLE_ROW, _columns(page))
    for number, line in enumerate(found.lines):
        _line(page, first + number, number + 1, line)
    last = first + len(found.lines)
    _totals(page, last, first)
    sheet.put(last + 1, 0, ctx.t("branches/activities.how"), "note", span=columns)
    row = official.signatures(ctx, sheet, last + 3, columns, _SPLIT)
    sheet.raw.autofilter(first - 1, 0, last - 1, page.link)
    sheet.raw.freeze_panes(first, _NAME + 1)
    repeat = (official.TABLE_ROW, first - 1)
    sheet.print_as(landscape=True, last=(row, page.link), repeat=repeat)


def _columns(page: _Page) -> list[Column]:
    t = page.ctx.t
    parts = ("activities.now", "activities.year", "activities.people")
    return [
        Column(t("column.stt"), 4.5), Column(t("column.branch"), 10), Column(t("column.unit"), 36),
        *(Column(t(f"branches/{part}"), 6.5, page.title(kind))
          for kind in page.found.kinds for part in parts),
        Column(t("branches/activities.list"), 52), Column(t("column.delivery"), 7),
    ]  # fmt: skip


def _line(page: _Page, row: int, number: int, line: ActivityLine) -> None:
    put = page.sheet.put
    put(row, 0, number, "center")
    put(row, _CODE, line.branch.code, "center")
    put(row, _NAME, line.branch.name, "text")
    for place, kind in enumerate(page.found.kinds):
        for offset, live in enumerate(_lives(page, row, line, kind)):
            put(row, _FIRST + _EACH * place + offset, live, "count")
    if line.state in OPEN:
        put(row, page.listed, page.ctx.state("return", line.state), "quiet")
    else:
        put(
            row, page.listed, "\n".join(_told(page, entry) for entry in line.listed) or None, "text"
        )
    put(row, page.link, page.ctx.file(line.listed[-1].delivery) if line.listed else None, "link")


def _told(page: _Page, entry: Activity) -> str:
    """Return an activity as people note it: ``05/11/2019 – Kiểm tra: …``."""
    day = page.ctx.book.show(entry.held_on)
    return f"{day} – {page.title(entry.kind)}: {entry.content}"


def _lives(page: _Page, row: int, line: ActivityLine, kind: str) -> Sequence[Live]:
    period, table = page.ctx.figures.period, page.table
    year = listing.asked(
        table, **{BRANCH: f"${xl_col_to_name(_CODE)}{row + 1}", "kind": f'"{page.title(kind)}"'}
    )
    now = f"{year},{_months(table, period)}"
    in_period, in_year = line.counts[kind]
    people = line.people[kind]
    return (
        Live(f"=COUNTIFS({now})", in_period), Live(f"=COUNTIFS({year})", in_year),
        Live(f"=SUMIFS({table.ref('participants')},{year})", people),
    )  # fmt: skip


def _months(table: Table, period: Period) -> str:
    months, column = period.months(), table.ref(MONTH)
    return f'{column},">={months[0].month}",{column},"<={months[-1].month}"'


def _totals(page: _Page, row: int, first: int) -> None:
    page.sheet.put(row, 0, page.ctx.t("total"), "total_label", span=_FIRST)
    for place, kind in enumerate(page.found.kinds):
        values = [(*line.counts[kind], line.people[kind]) for line in page.found.lines]
        for offset in range(_EACH):
            column = _FIRST + _EACH * place + offset
            listing.total(page.sheet, row, column, first, (value[offset] for value in values))
    for column in (page.listed, page.link):
        page.sheet.put(row, column, None, "total_count")
