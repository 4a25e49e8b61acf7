"""Bồi dưỡng – kiểm tra: training, inspections and supervisions by branch and kind.

Counts and people are sums over the data sheet of the activities.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xlsxwriter.utility import xl_col_to_name

from mlay_batch.core.period import Period
from mlay_batch.figures.branch_records import Activities, Activity, ActivityLine
from mlay_batch.figures.report_records import OPEN
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
from mlay_batch.report.writer import Formula, SheetWriter

_CODE, _NAME, _FIRST_KIND = range(1, 4)
_SPLIT = 7
_COLUMNS_PER_KIND = 3  # columns of a kind: in the period, in the year, people in the year


@dataclass(frozen=True)
class _ActivitiesLayout:
    ctx: ReportContext
    sheet: SheetWriter
    table: DataTable
    activities: Activities

    @property
    def list_column(self) -> int:
        """The last but one column: the activities of the period, one below another."""
        return _FIRST_KIND + _COLUMNS_PER_KIND * len(self.activities.kinds)

    @property
    def link_column(self) -> int:
        """The last column: the return they stand in."""
        return self.list_column + 1

    def kind_title(self, kind: str) -> str:
        return self.ctx.choice_title("activity_kind", kind)


def write(ctx: ReportContext, sheet: SheetWriter, tables: Mapping[str, PlacedTable]) -> None:
    """Write the sheet; it says so where the period's forms do not ask for activities."""
    activities = ctx.figures.activities
    if activities is None:
        letterhead.write_empty_sheet(ctx, sheet, ctx.t("branches/activities.title"), ctx.t("none"))
        return
    layout = _ActivitiesLayout(ctx, sheet, tables[table_name(*activities.section)][1], activities)
    columns = layout.link_column + 1
    letterhead.write_heading(ctx, sheet, columns, _SPLIT, ctx.t("branches/activities.title"))
    first = heads.write_heads(sheet, letterhead.TABLE_ROW, _columns(layout))
    for number, line in enumerate(activities.lines):
        _write_row(layout, first + number, number + 1, line)
    last = first + len(activities.lines)
    _write_totals(layout, last, first)
    sheet.write(last + 1, 0, ctx.t("branches/activities.how"), "note", span=columns)
    row = letterhead.write_signatures(ctx, sheet, last + 3, columns, _SPLIT)
    sheet.raw.autofilter(first - 1, 0, last - 1, layout.link_column)
    sheet.raw.freeze_panes(first, _NAME + 1)
    repeat = (letterhead.TABLE_ROW, first - 1)
    sheet.set_up_page(landscape=True, last=(row, layout.link_column), repeat=repeat)


def _columns(layout: _ActivitiesLayout) -> list[Column]:
    t = layout.ctx.t
    keys = ("activities.now", "activities.year", "activities.people")
    return [
        Column(t("column.stt"), 4.5),
        Column(t("column.branch"), 10),
        Column(t("column.unit"), 36),
        *(
            Column(t(f"branches/{key}"), 6.5, layout.kind_title(kind))
            for kind in layout.activities.kinds
            for key in keys
        ),
        Column(t("branches/activities.list"), 52),
        Column(t("column.delivery"), 7),
    ]


def _write_row(layout: _ActivitiesLayout, row: int, number: int, line: ActivityLine) -> None:
    write = layout.sheet.write
    write(row, 0, number, "center")
    write(row, _CODE, line.branch.code, "center")
    write(row, _NAME, line.branch.name, "text")
    for position, kind in enumerate(layout.activities.kinds):
        for offset, formula in enumerate(_count_formulas(layout, row, line, kind)):
            write(row, _FIRST_KIND + _COLUMNS_PER_KIND * position + offset, formula, "count")
    if line.state in OPEN:
        write(row, layout.list_column, layout.ctx.state_title("return", line.state), "quiet")
    else:
        write(
            row,
            layout.list_column,
            "\n".join(_activity_text(layout, activity) for activity in line.activities) or None,
            "text",
        )
    write(
        row,
        layout.link_column,
        layout.ctx.file_link(line.activities[-1].delivery) if line.activities else None,
        "link",
    )


def _activity_text(layout: _ActivitiesLayout, activity: Activity) -> str:
    """Return an activity as people note it: ``05/11/2019 – Kiểm tra: …``."""
    day = layout.ctx.writer.show(activity.held_on)
    return f"{day} – {layout.kind_title(activity.kind)}: {activity.content}"


def _count_formulas(
    layout: _ActivitiesLayout, row: int, line: ActivityLine, kind: str
) -> Sequence[Formula]:
    period, table = layout.ctx.figures.period, layout.table
    year_criteria = heads.criteria(
        table,
        **{
            BRANCH_COLUMN: f"${xl_col_to_name(_CODE)}{row + 1}",
            "kind": f'"{layout.kind_title(kind)}"',
        },
    )
    period_criteria = f"{year_criteria},{_month_criteria(table, period)}"
    in_period, in_year = line.counts[kind]
    people = line.people[kind]
    return (
        Formula(f"=COUNTIFS({period_criteria})", in_period),
        Formula(f"=COUNTIFS({year_criteria})", in_year),
        Formula(f"=SUMIFS({table.ref('participants')},{year_criteria})", people),
    )


def _month_criteria(table: DataTable, period: Period) -> str:
    months, column = period.months(), table.ref(MONTH_COLUMN)
    return f'{column},">={months[0].month}",{column},"<={months[-1].month}"'


def _write_totals(layout: _ActivitiesLayout, row: int, first: int) -> None:
    layout.sheet.write(row, 0, layout.ctx.t("total"), "total_label", span=_FIRST_KIND)
    for position, kind in enumerate(layout.activities.kinds):
        kind_sums = [(*line.counts[kind], line.people[kind]) for line in layout.activities.lines]
        for offset in range(_COLUMNS_PER_KIND):
            column = _FIRST_KIND + _COLUMNS_PER_KIND * position + offset
            heads.write_total(
                layout.sheet, row, column, first, (sums[offset] for sums in kind_sums)
            )
    for column in (layout.list_column, layout.link_column):
        layout.sheet.write(row, column, None, "total_count")
