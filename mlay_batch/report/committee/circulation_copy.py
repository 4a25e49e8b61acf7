"""Writes the committee's report as .xlsx for circulation: values only, nothing hidden, no name.

The rows that each page repeats, and the area that is printed, would be names of the workbook. So
there are none: a page bears the title of its sheet, and on the screen the headings stay in view.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import accumulate, pairwise

from mlay_batch.core import messages
from mlay_batch.excel import metrics
from mlay_batch.excel.cell_text import to_cell_text
from mlay_batch.report.committee.committee_report import (
    CommitteeReport,
    ReportTable,
    Value,
)
from mlay_batch.report.writer import ReportWriter, SheetWriter
from mlay_batch.schema.layout import PARTY_NAME

MAX_SHEETS = 9
_UPRIGHT, _ACROSS = 96.0, 140.0  # widths of a page of A4, in digits
_GRID = 48  # columns of the first sheet; what stands on it reaches over several
_HALF = _GRID // 2
_HEAD_ROW = 2  # of a table on a sheet of its own, from 0
_LOOKS = {"left": "text", "center": "center", "right": "integer"}
_TOTAL_LOOKS = {"left": "total_label", "center": "total_count", "right": "total"}
_SIZE = 10.0  # points: of the looks of tables
_SIGNING_LINES = 4

Place = tuple[int, int]  # the first column of a cell, and how many it reaches over


def write_circulation(report: CommitteeReport) -> bytes:
    """Return the report as .xlsx of at most `MAX_SHEETS` sheets; the same report, the same bytes.

    Where it has more tables the shortest ones stand on the first sheet.
    """
    book = ReportWriter(report.lang, report.as_of, title=to_cell_text(report.title))
    first = book.add_sheet(messages.text("paper", "report_sheet", report.lang), "")
    tables = [*(table for part in report.sections for table in part.tables), *report.annexes]
    by_length = sorted(range(len(tables)), key=lambda number: -len(tables[number].rows))
    with_sheet = by_length[: MAX_SHEETS - 1]
    sheets = [
        book.add_sheet(table.sheet, "") if number in with_sheet else None
        for number, table in enumerate(tables)
    ]
    _ReportSheet(first).write(report, iter(sheets))
    for table, sheet in zip(tables, sheets, strict=True):
        if sheet:
            _write_table_sheet(sheet, table)
    return book.close()


def _write_table_sheet(sheet: SheetWriter, table: ReportTable) -> None:
    """Write a table on a sheet of its own, across where its words do not fit otherwise."""
    landscape = not _has_room(table, _UPRIGHT)
    columns = table.columns
    sheet.set_widths(table.widths(_ACROSS if landscape else _UPRIGHT))
    places = [(column, 1) for column in range(len(columns))]
    sheet.write(0, 0, table.title, "section", span=len(columns))
    last = _write_table(sheet, _HEAD_ROW, table, places)
    for row, note in enumerate(table.notes, last + 1):
        sheet.write(row, 0, note, "note", span=len(columns))
    sheet.raw.freeze_panes(_HEAD_ROW + 1, 0)
    sheet.set_up_page(None, landscape=landscape)


def _write_table(
    sheet: SheetWriter, head_row: int, table: ReportTable, places: Sequence[Place]
) -> int:
    """Write headings, rows and totals of a table from `head_row` on; return its last row."""
    for column, (position, span) in zip(table.columns, places, strict=True):
        sheet.write(head_row, position, column.title, "head", span=span)
    looks = [_LOOKS] * len(table.rows) + [_TOTAL_LOOKS]
    rows = [*table.rows, table.totals] if table.totals else table.rows
    for row, (values, by_align) in enumerate(zip(rows, looks, strict=False), head_row + 1):
        for value, column, (position, span) in zip(values, table.columns, places, strict=True):
            number_format = _number_format(value, column.decimals, sheet.book.lang)
            look = by_align[column.align]
            sheet.write(row, position, value, look, span=span, number_format=number_format)
    return head_row + len(rows)


def _number_format(value: Value, decimals: int, lang: str) -> str:
    """Return how a value is shown; a day as papers have it: 03/9/2019, 11/02/2019."""
    if isinstance(value, date):
        month = "mm" if value.month < 3 else "m"
        return f"dd/{month}/yyyy" if lang == "vi" else "yyyy-mm-dd"
    if isinstance(value, float) and decimals:
        return f"#,##0.{'0' * decimals}"
    return "" if value is None or isinstance(value, str) else "#,##0"


def _has_room(table: ReportTable, width: float) -> bool:
    """Return whether no word of a table is longer than its column."""
    rooms = [metrics.room([column]) for column in table.widths(width)]
    return table.has_room(rooms, lambda word, is_bold: metrics.width(word, _SIZE, is_bold))


def _grid_places(table: ReportTable) -> list[Place]:
    """Return where the columns of a table stand on the first sheet, each at least one wide."""
    edges = [0]
    for edge in accumulate(table.widths(_GRID)):
        edges.append(max(round(edge), edges[-1] + 1))
    return [(left, right - left) for left, right in pairwise(edges)]


class _ReportSheet:
    """The first sheet: what the paper says, one row below the other."""

    def __init__(self, sheet: SheetWriter) -> None:
        self.sheet, self.row = sheet, 0
        sheet.set_widths([_UPRIGHT / _GRID - metrics.CELL_MARGIN] * _GRID)
        sheet.raw.hide_gridlines(2)

    def write(self, report: CommitteeReport, sheets: Iterator[SheetWriter | None]) -> None:
        """Write the report; `sheets` are those of its tables in order, None for this one."""
        self._write_heading(report)
        for number, section in enumerate(report.sections, 1):
            self._write_line(f"{number}. {section.title}", "plain_bold")
            for sentence in section.sentences:
                self._write_line(sentence, "plain")
            for table in section.tables:
                self._write_table(table, next(sheets))
        for table in report.annexes:
            self._write_table(table, next(sheets))
        self._write_signatures(report)
        self.sheet.set_up_page(None, landscape=False)

    def _write_heading(self, report: CommitteeReport) -> None:
        """Write the offices on the left, the party, place and day on the right, and the title."""
        offices = [(report.superior.upper(), "heading")] if report.superior else []
        offices += [(report.office.upper(), "unit_name"), ("*", "heading")]
        offices += [(report.number, "heading")] if report.number else []
        self._write_halves(offices, [(PARTY_NAME, "party"), (report.place_and_day, "place")])
        self._skip_row()
        self._write_line(report.kind, "title")
        self._write_line(report.subject, "subtitle")
        self._write_line(report.state, "plain_center")
        self._skip_row()

    def _write_signatures(self, report: CommitteeReport) -> None:
        """Write who receives and prepared the report on the left, who signs it on the right."""
        self._skip_row()
        words = messages.text("paper", "recipients", self.sheet.book.lang)
        lines = [words, *report.recipients] if report.recipients else []
        lines.append(report.prepared.on_one_line())
        signed = report.signed
        names = [(signed.authority.upper(), "signing"), (signed.position.upper(), "plain_center")]
        names += [("", "plain_center")] * _SIGNING_LINES
        names += [(signed.name, "signing")]
        self._write_halves([(line, "plain") for line in lines if line], names)

    def _write_table(self, table: ReportTable, own_sheet: SheetWriter | None) -> None:
        """Write a table, or on which sheet it stands."""
        if own_sheet:
            params = {"title": table.title, "sheet": own_sheet.title}
            self._write_line(
                messages.text("paper", "on_sheet", self.sheet.book.lang, **params), "note"
            )
            return
        self._write_line(table.title, "plain_bold")
        last = _write_table(self.sheet, self.row, table, _grid_places(table))
        self.row = last + 1
        for note in table.notes:
            self._write_line(note, "note")

    def _write_line(self, text: str, look: str) -> None:
        """Write a text over the whole width; nothing where it is empty."""
        if text:
            self.sheet.write(self.row, 0, text, look, span=_GRID)
            self.row += 1

    def _write_halves(
        self, left: Sequence[tuple[str, str]], right: Sequence[tuple[str, str]]
    ) -> None:
        """Write lines and their looks beside one another."""
        for column, lines in ((0, left), (_HALF, right)):
            for row, (text, look) in enumerate(lines, self.row):
                if text:
                    self.sheet.write(row, column, text, look, span=_HALF)
        self.row += max(len(left), len(right))

    def _skip_row(self) -> None:
        self.row += 1
