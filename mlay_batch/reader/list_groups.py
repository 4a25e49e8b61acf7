"""Divides the rows of a list among the branches and months that they are about.

A row belongs to the branch it names, or to the one named above it: people leave the name out, or
merge its cell, where a branch met twice. The month is the one that the title of the list or its
sheet names; else each meeting's own, so that a list of a quarter holds three returns of a branch.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from mlay_batch.core.findings import Place
from mlay_batch.core.period import Period
from mlay_batch.core.text import bare_name_key, clean, consecutive_runs, name_key, plain_key
from mlay_batch.model.records import HeaderValue
from mlay_batch.reader.cell_metadata import CellPosition, a1
from mlay_batch.reader.grid import Sheet
from mlay_batch.reader.list_table import ListTable
from mlay_batch.reader.values import display_text, is_blank, parse_cell
from mlay_batch.schema.model import Form

# A month in words, but not that of a day: "tháng 6 năm 2026", "T6/2026", "quý II năm 2026".
_MONTH = re.compile(
    r"(?<![\w/.])(?:tháng|thg|t)\.? ?(\d{1,2})(?: ?(?:/|-|\.|năm|, ?năm) ?(\d{4}))?(?!\d)"
)
_DAY_BEFORE = re.compile(r"ngày ?[\d.…_ ]*$")
_COMMITTEES = ("dang bo", "dang uy")

BranchKey = tuple[str, str, str]
Title = tuple[HeaderValue | None, str]
"""The month that the title of a table names, and its texts, which may name the committee."""


@dataclass
class ListGroup:
    """The rows of one branch and month, on one or several sheets.

    Attributes:
        name: the branch as the list names it, empty where it does not.
        name_place: where it stands first.
        above: the committee named above it, in a row of its own or in the title.
        period: the month, and the cell that says so; None where nothing does.
        rows: its rows, table by table.
    """

    name: str
    name_place: Place
    above: str
    period: HeaderValue | None
    rows: list[tuple[ListTable, int]] = field(default_factory=list)

    @property
    def part(self) -> str:
        """Which rows of the file it is: ``1!7-8`` of its first sheet, whatever that is called."""
        by_sheet: dict[int, list[int]] = {}
        for table, row in self.rows:
            by_sheet.setdefault(table.number, []).append(row)
        return "; ".join(f"{number}!{_runs(rows)}" for number, rows in by_sheet.items())

    def rows_of(self, table: ListTable) -> list[int]:
        """Return its rows in a table."""
        return [row for other, row in self.rows if other is table]

    @property
    def tables(self) -> tuple[ListTable, ...]:
        """The tables it has rows in."""
        return tuple({id(table): table for table, _ in self.rows}.values())


def _runs(rows: Iterable[int]) -> str:
    return ",".join(
        f"{first}-{last}" if last > first else str(first) for first, last in consecutive_runs(rows)
    )


def titles_of(tables: Sequence[ListTable]) -> list[Title]:
    """Return what stands above each table; one below another has the title of the first."""
    firsts: dict[int, Title] = {}
    titles = []
    for table in tables:
        month, committee = _title(table)
        first = firsts.setdefault(id(table.sheet), (month, committee))
        titles.append((month or first[0], committee or first[1]))
    return titles


def divide(form: Form, tables: Sequence[ListTable], titles: Sequence[Title]) -> list[ListGroup]:
    """Return the groups of all tables, in the order of the list; a name without a meeting has none.

    Rows of one name under one committee are one group, wherever they stand.
    """
    groups: dict[BranchKey, ListGroup] = {}
    for table, (month, committee) in zip(tables, titles, strict=True):
        for name, place, above, row in _named_rows(table, committee):
            period = month or _month_of_row(form, table, row)
            key = name_key(above), bare_name_key(name), period.text if period else ""
            group = groups.setdefault(key, ListGroup(name, place, above, period))
            group.rows.append((table, row))
    return list(groups.values())


def _named_rows(table: ListTable, above: str) -> Iterator[tuple[str, Place, str, int]]:
    """Yield each row with a meeting, with the name it is about and the committee above it."""
    sheet, column = table.sheet, table.branch_column
    name, place, is_joined = "", Place(), False
    for row in table.rows:
        if table.is_total(row):
            name, is_joined = "", False
            continue
        words = clean(display_text(sheet.value_at((row, column))))
        is_filled = table.is_filled(row)
        if words and not is_filled and plain_key(words).startswith(_COMMITTEES):
            name, above, is_joined = "", words, False
            continue
        if words:
            name, place, is_joined = words, Place("", sheet.title, a1((row, column))), True
        elif not is_joined and not _is_merged_on(sheet, (row, column)):
            name, place = "", Place("", sheet.title, a1((row, column)))
        if is_filled:
            yield name, place, above, row
        is_joined = bool(name) and (is_filled or bool(words))


def _is_merged_on(sheet: Sheet, position: CellPosition) -> bool:
    """Whether a cell continues a merged one from above."""
    row, column = position
    return any(
        top < row <= bottom and left <= column <= right
        for top, left, bottom, right in sheet.metadata.merges
    )


def _title(table: ListTable) -> Title:
    """Return what the texts above the headings say."""
    sheet = table.sheet
    texts = [
        (display_text(raw), Place("", sheet.title, a1((row, column))))
        for row in range(table.top, table.head.start)
        for column, raw in enumerate(sheet.rows[row - 1], 1)
        if isinstance(raw, str) and not is_blank(raw)
    ]
    return _titled_month(table, texts), "\n".join(text for text, _ in texts)


def _titled_month(table: ListTable, texts: Sequence[tuple[str, Place]]) -> HeaderValue | None:
    """Return the month that the title nearest to the list names, else its sheet.

    None where that names several. A month without a year is that of the only year of the dates.
    """
    for text, place in (*reversed(texts), (table.sheet.title, Place("", table.sheet.title))):
        matches = [
            match
            for match in _MONTH.finditer(clean(text).casefold())
            if not _DAY_BEFORE.search(match.string[: match.start()])
        ]
        if len({int(match[1]) for match in matches}) > 1:
            return None
        year = next((match[2] for match in matches if match[2]), "") or _only_year(table)
        period = Period.parse_informal(f"{matches[0][1]}/{year}") if matches and year else None
        if period:
            return HeaderValue(str(period), place)
    return None


def _only_year(table: ListTable) -> str:
    """Return the year of all dates of a table; empty where there are several, or none."""
    columns = [c for c, h in table.columns.items() if h.field.type == "date"]
    cells = (table.sheet.value_at((row, column)) for row in table.rows for column in columns)
    matches = (re.search(r"\d{4}", display_text(raw)) for raw in cells if not is_blank(raw))
    years = {match[0] for match in matches if match}
    return years.pop() if len(years) == 1 else ""


def _month_of_row(form: Form, table: ListTable, row: int) -> HeaderValue | None:
    """Return the month of a row's date, None where it has none that can be read."""
    for column, heading in table.columns.items():
        if heading.field.type == "date":
            position = row, column
            value = parse_cell(table.sheet.value_at(position), heading.field, form).value
            if isinstance(value, date):
                month = Period.of("month", value)
                return HeaderValue(str(month), Place("", table.sheet.title, a1(position)))
    return None
