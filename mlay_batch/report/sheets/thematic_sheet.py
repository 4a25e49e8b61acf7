"""Chuyên đề: thematic meetings by branch and quarter, the last quarter's themes, who has none.

Counts are taken over the data sheet of the meetings, by kind.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from xlsxwriter.utility import xl_col_to_name, xl_rowcol_to_cell

from mlay_batch.core.period import Period
from mlay_batch.figures.branch_records import Thematic, ThematicLine
from mlay_batch.report import heads, letterhead
from mlay_batch.report.data.sections_data import (
    BRANCH_COLUMN,
    MONTH_COLUMN,
    PlacedTable,
    table_name,
)
from mlay_batch.report.heads import Column
from mlay_batch.report.report_context import ReportContext
from mlay_batch.report.tables import DataTable
from mlay_batch.report.writer import Content, Formula, SheetWriter

_CODE, _NAME, _FIRST_QUARTER = range(1, 4)
_SPLIT = 6
_QUARTERS = 4
_YEAR_SUM, _OPEN, _DAY, _TOPIC, _SHARED, _STATE, _LINK = (
    _FIRST_QUARTER + _QUARTERS + n for n in range(7)
)
_COLUMNS = _LINK + 1
_STATES = ("held", "open", "none", "off")
_ROMAN = ("I", "II", "III", "IV")


@dataclass(frozen=True)
class _ThematicLayout:
    ctx: ReportContext
    sheet: SheetWriter
    table: DataTable
    thematic: Thematic


def write(ctx: ReportContext, sheet: SheetWriter, tables: Mapping[str, PlacedTable]) -> None:
    """Write the sheet; it says so where the period's forms do not ask for such meetings."""
    thematic = ctx.figures.thematic
    title = ctx.t("branches/thematic.title")
    if thematic is None:
        letterhead.write_empty_sheet(ctx, sheet, title, ctx.t("none"), _COLUMNS, _SPLIT)
        return
    letterhead.write_heading(ctx, sheet, _COLUMNS, _SPLIT, title)
    layout = _ThematicLayout(ctx, sheet, tables[table_name(*thematic.section)][1], thematic)
    first = heads.write_heads(sheet, letterhead.TABLE_ROW, _columns(layout))
    for number, line in enumerate(thematic.lines):
        _write_row(layout, first + number, number + 1, line)
    last = first + len(thematic.lines)
    _write_totals(layout, last, first)
    sheet.colour_states((first, _STATE), (last - 1, _STATE), "●▲■")
    row = _write_summary(layout, last + 2, (first, last - 1))
    row = letterhead.write_signatures(ctx, sheet, row + 1, _COLUMNS, _SPLIT)
    sheet.raw.autofilter(first - 1, 0, last - 1, _STATE)
    sheet.raw.freeze_panes(first, _NAME + 1)
    repeat = (letterhead.TABLE_ROW, first - 1)
    sheet.set_up_page(landscape=True, last=(row, _COLUMNS - 1), repeat=repeat)


def _quarter_number(quarter: Period) -> str:
    return _ROMAN[quarter.month // 3]


def _columns(layout: _ThematicLayout) -> list[Column]:
    t, last_quarter = layout.ctx.t, _quarter_number(layout.thematic.quarters[-1])
    year_group = t("branches/thematic.held", year=str(layout.ctx.figures.period.year))
    quarters = [
        Column(t("branches/thematic.quarter", number=numeral), 5, year_group) for numeral in _ROMAN
    ]
    quarter_group = t("branches/thematic.result", number=last_quarter)
    return [
        Column(t("column.stt"), 4.5),
        Column(t("column.branch"), 10),
        Column(t("column.unit"), 36),
        *quarters,
        Column(t("branches/thematic.sum"), 10, year_group, "=4+5+6+7"),
        Column(t("branches/thematic.open"), 9, quarter_group),
        Column(t("column.held_on"), 11, quarter_group),
        Column(t("branches/thematic.topic"), 48, quarter_group),
        Column(t("branches/thematic.shared"), 11, quarter_group),
        Column(t("column.result"), 15, quarter_group),
        Column(t("column.delivery"), 7, quarter_group),
    ]


def _write_row(layout: _ThematicLayout, row: int, number: int, line: ThematicLine) -> None:
    write = layout.sheet.write
    write(row, 0, number, "center")
    write(row, _CODE, line.branch.code, "center")
    write(row, _NAME, line.branch.name, "text")
    for column in range(_FIRST_QUARTER, _YEAR_SUM):
        write(row, column, None, "tone_off")
    for column, (quarter, count) in enumerate(
        zip(layout.thematic.quarters, line.meeting_counts, strict=True), _FIRST_QUARTER
    ):
        if count is not None:
            write(row, column, _count_formula(layout, row, quarter, count), "count")
    cell_range = f"{xl_rowcol_to_cell(row, _FIRST_QUARTER)}:{xl_rowcol_to_cell(row, _YEAR_SUM - 1)}"
    write(
        row,
        _YEAR_SUM,
        Formula(f"=SUM({cell_range})", sum(count or 0 for count in line.meeting_counts)),
        "count",
    )
    write(row, _OPEN, line.open_months, "count")
    write(row, _STATE, _state_formula(layout, row, line), "text")
    _write_themes(layout, row, line)


def _write_themes(layout: _ThematicLayout, row: int, line: ThematicLine) -> None:
    """Write the themes of the last quarter, one below another in the same cells."""
    ctx, write, themes = layout.ctx, layout.sheet.write, line.themes
    column_texts = {
        _DAY: ("center", [ctx.writer.show(theme.held_on) for theme in themes]),
        _TOPIC: ("text", [theme.topic for theme in themes]),
        _SHARED: ("center", [ctx.t("yes" if theme.with_regular else "no") for theme in themes]),
    }
    for column, (look, texts) in column_texts.items():
        write(
            row, column, "\n".join(dict.fromkeys(texts) if len(texts) > 1 else texts) or None, look
        )
    write(row, _LINK, ctx.file_link(themes[-1].delivery) if themes else None, "link")


def _count_formula(layout: _ThematicLayout, row: int, quarter: Period, count: int) -> Formula:
    """Count the branch's meetings of the quarter of each thematic kind."""
    months = quarter.months()
    criteria = heads.criteria(layout.table, **{BRANCH_COLUMN: f"${xl_col_to_name(_CODE)}{row + 1}"})
    month, kind = layout.table.ref(MONTH_COLUMN), layout.table.ref("kind")
    criteria += f',{month},">={months[0].month}",{month},"<={months[-1].month}"'
    titles = (layout.ctx.choice_title("meeting_kind", name) for name in layout.thematic.kinds)
    return Formula(
        "=" + "+".join(f'COUNTIFS({criteria},{kind},"{title}")' for title in titles), count
    )


def _state_formula(layout: _ThematicLayout, row: int, line: ThematicLine) -> Content:
    texts = {state: layout.ctx.t(f"branches/thematic.state.{state}") for state in _STATES}
    if line.state == "off":
        return texts["off"]
    count_cell = xl_rowcol_to_cell(row, _FIRST_QUARTER + len(layout.thematic.quarters) - 1)
    otherwise = f'IF({xl_rowcol_to_cell(row, _OPEN)}>0,"{texts["open"]}","{texts["none"]}")'
    return Formula(f'=IF({count_cell}>0,"{texts["held"]}",{otherwise})', texts[line.state])


def _write_totals(layout: _ThematicLayout, row: int, first: int) -> None:
    lines = layout.thematic.lines
    layout.sheet.write(row, 0, layout.ctx.t("total"), "total_label", span=_FIRST_QUARTER)
    for column in range(_FIRST_QUARTER, _COLUMNS):
        layout.sheet.write(row, column, None, "total_count")
    for number in range(len(layout.thematic.quarters)):
        heads.write_total(
            layout.sheet,
            row,
            _FIRST_QUARTER + number,
            first,
            (line.meeting_counts[number] or 0 for line in lines),
        )
    heads.write_total(
        layout.sheet,
        row,
        _YEAR_SUM,
        first,
        (sum(count or 0 for count in line.meeting_counts) for line in lines),
    )
    heads.write_total(layout.sheet, row, _OPEN, first, (line.open_months for line in lines))


def _write_summary(layout: _ThematicLayout, row: int, rows: tuple[int, int]) -> int:
    """Count the branches by state, and list those without a meeting; return the row after it."""
    t, write = layout.ctx.t, layout.sheet.write
    quarter = layout.thematic.quarters[-1].title(layout.ctx.lang)
    write(row, 0, quarter, "section", span=_COLUMNS)
    states = layout.sheet.range_address((rows[0], _STATE), (rows[1], _STATE))
    counts = Counter(line.state for line in layout.thematic.lines)
    for number, state in enumerate(_STATES, row + 1):
        text = t(f"branches/thematic.state.{state}")
        write(number, 0, text, "label_small", span=_FIRST_QUARTER)
        write(
            number,
            _FIRST_QUARTER,
            Formula(f'=COUNTIF({states},"{text}")', counts[state]),
            "total_count",
        )
    row += len(_STATES) + 1
    without_meeting = [line for line in layout.thematic.lines if line.state in ("open", "none")]
    if without_meeting:
        codes = ", ".join(line.branch.code for line in without_meeting)
        text = t("branches/thematic.without", count=len(without_meeting), codes=codes)
        write(row, 0, text, "plain", span=_COLUMNS)
        row += 1
    write(row, 0, t("branches/thematic.how"), "note", span=_COLUMNS)
    return row + 1
