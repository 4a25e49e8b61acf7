"""Chuyên đề: thematic meetings by branch and quarter, the last quarter's themes, who has none.

Counts are taken over the data sheet of the meetings, by kind.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from xlsxwriter.utility import xl_col_to_name, xl_rowcol_to_cell

from mlay_batch.figures.branch_records import Thematic, ThematicLine
from mlay_batch.period import Period
from mlay_batch.report import listing, official
from mlay_batch.report.book import Content, Live, Sheet
from mlay_batch.report.context import Context
from mlay_batch.report.listing import Column
from mlay_batch.report.section_sheets import BRANCH, MONTH, Written, table_name
from mlay_batch.report.tables import Table

_CODE, _NAME, _FIRST = range(1, 4)
_SPLIT = 6
_QUARTERS = 4
_SUM, _OPEN, _DAY, _TOPIC, _SHARED, _STATE, _LINK = (_FIRST + _QUARTERS + n for n in range(7))
_COLUMNS = _LINK + 1
_STATES = ("held", "open", "none", "off")
_ROMAN = ("I", "II", "III", "IV")


@dataclass(frozen=True)
class _Page:
    ctx: Context
    sheet: Sheet
    table: Table
    found: Thematic


def write(ctx: Context, sheet: Sheet, tables: Mapping[str, Written]) -> None:
    """Write the sheet; it says so where the period's forms do not ask for such meetings."""
    found = ctx.figures.thematic
    title = ctx.t("branches/thematic.title")
    if found is None:
        official.nothing(ctx, sheet, title, ctx.t("none"), _COLUMNS, _SPLIT)
        return
    official.heading(ctx, sheet, _COLUMNS, _SPLIT, title)
    page = _Page(ctx, sheet, tables[table_name(*found.section)][1], found)
    first = listing.heads(sheet, official.TABLE_ROW, _columns(page))
    for number, line in enumerate(found.lines):
        _line(page, first + number, number + 1, line)
    last = first + len(found.lines)
    _totals(page, last, first)
    sheet.tones((first, _STATE), (last - 1, _STATE), "●▲■")
    row = _summary(page, last + 2, (first, last - 1))
    row = official.signatures(ctx, sheet, row + 1, _COLUMNS, _SPLIT)
    sheet.raw.autofilter(first - 1, 0, last - 1, _STATE)
    sheet.raw.freeze_panes(first, _NAME + 1)
    repeat = (official.TABLE_ROW, first - 1)
    sheet.print_as(landscape=True, last=(row, _COLUMNS - 1), repeat=repeat)


def _number(quarter: Period) -> str:
    return _ROMAN[quarter.month // 3]


def _columns(page: _Page) -> list[Column]:
    t, last = page.ctx.t, _number(page.found.quarters[-1])
    held = t("branches/thematic.held", year=str(page.ctx.figures.period.year))
    quarters = [Column(t("branches/thematic.quarter", number=n), 5, held) for n in _ROMAN]
    result = t("branches/thematic.result", number=last)
    return [
        Column(t("column.stt"), 4.5), Column(t("column.branch"), 10), Column(t("column.unit"), 36),
        *quarters, Column(t("branches/thematic.sum"), 10, held, "=4+5+6+7"),
        Column(t("branches/thematic.open"), 9, result),
        Column(t("column.held_on"), 11, result),
        Column(t("branches/thematic.topic"), 48, result),
        Column(t("branches/thematic.shared"), 11, result),
        Column(t("column.result"), 15, result), Column(t("column.delivery"), 7, result),
    ]  # fmt: skip


def _line(page: _Page, row: int, number: int, line: ThematicLine) -> None:
    put = page.sheet.put
    put(row, 0, number, "center")
    put(row, _CODE, line.branch.code, "center")
    put(row, _NAME, line.branch.name, "text")
    for column in range(_FIRST, _SUM):
        put(row, column, None, "tone_off")
    for column, (quarter, held) in enumerate(
        zip(page.found.quarters, line.held, strict=True), _FIRST
    ):
        if held is not None:
            put(row, column, _counted(page, row, quarter, held), "count")
    over = f"{xl_rowcol_to_cell(row, _FIRST)}:{xl_rowcol_to_cell(row, _SUM - 1)}"
    put(row, _SUM, Live(f"=SUM({over})", sum(held or 0 for held in line.held)), "count")
    put(row, _OPEN, line.open, "count")
    put(row, _STATE, _state(page, row, line), "text")
    _themes(page, row, line)


def _themes(page: _Page, row: int, line: ThematicLine) -> None:
    """Write the themes of the last quarter, one below another in the same cells."""
    ctx, put, themes = page.ctx, page.sheet.put, line.themes
    told = {
        _DAY: ("center", [ctx.book.show(theme.held_on) for theme in themes]),
        _TOPIC: ("text", [theme.topic for theme in themes]),
        _SHARED: ("center", [ctx.t("yes" if theme.shared else "no") for theme in themes]),
    }
    for column, (look, said) in told.items():
        put(row, column, "\n".join(dict.fromkeys(said) if len(said) > 1 else said) or None, look)
    put(row, _LINK, ctx.file(themes[-1].delivery) if themes else None, "link")


def _counted(page: _Page, row: int, quarter: Period, held: int) -> Live:
    """Count the branch's meetings of the quarter of each thematic kind."""
    months = quarter.months()
    own = listing.asked(page.table, **{BRANCH: f"${xl_col_to_name(_CODE)}{row + 1}"})
    month, kind = page.table.ref(MONTH), page.table.ref("kind")
    own += f',{month},">={months[0].month}",{month},"<={months[-1].month}"'
    titles = (page.ctx.choice("meeting_kind", name) for name in page.found.kinds)
    return Live("=" + "+".join(f'COUNTIFS({own},{kind},"{title}")' for title in titles), held)


def _state(page: _Page, row: int, line: ThematicLine) -> Content:
    said = {state: page.ctx.t(f"branches/thematic.state.{state}") for state in _STATES}
    if line.state == "off":
        return said["off"]
    held = xl_rowcol_to_cell(row, _FIRST + len(page.found.quarters) - 1)
    otherwise = f'IF({xl_rowcol_to_cell(row, _OPEN)}>0,"{said["open"]}","{said["none"]}")'
    return Live(f'=IF({held}>0,"{said["held"]}",{otherwise})', said[line.state])


def _totals(page: _Page, row: int, first: int) -> None:
    lines = page.found.lines
    page.sheet.put(row, 0, page.ctx.t("total"), "total_label", span=_FIRST)
    for column in range(_FIRST, _COLUMNS):
        page.sheet.put(row, column, None, "total_count")
    for number in range(len(page.found.quarters)):
        listing.total(page.sheet, row, _FIRST + number, first, (e.held[number] or 0 for e in lines))
    listing.total(page.sheet, row, _SUM, first, (sum(h or 0 for h in e.held) for e in lines))
    listing.total(page.sheet, row, _OPEN, first, (e.open for e in lines))


def _summary(page: _Page, row: int, rows: tuple[int, int]) -> int:
    """Count the branches by state, and list those without a meeting; return the row after it."""
    t, put = page.ctx.t, page.sheet.put
    quarter = page.found.quarters[-1].title(page.ctx.lang)
    put(row, 0, quarter, "section", span=_COLUMNS)
    states = page.sheet.area((rows[0], _STATE), (rows[1], _STATE))
    found = Counter(line.state for line in page.found.lines)
    for number, state in enumerate(_STATES, row + 1):
        said = t(f"branches/thematic.state.{state}")
        put(number, 0, said, "label_small", span=_FIRST)
        put(number, _FIRST, Live(f'=COUNTIF({states},"{said}")', found[state]), "total_count")
    row += len(_STATES) + 1
    without = [line for line in page.found.lines if line.state in ("open", "none")]
    if without:
        codes = ", ".join(line.branch.code for line in without)
        said = t("branches/thematic.without", count=len(without), codes=codes)
        put(row, 0, said, "plain", span=_COLUMNS)
        row += 1
    put(row, 0, t("branches/thematic.how"), "note", span=_COLUMNS)
    return row + 1
