"""Divides the rows of a list among the branches and months that they are about.

A row belongs to the branch it names, or, where it has a day, to the one named above it: people
leave the name out, or merge its cell, where a branch met twice. The month is the one that the title
of the list or its sheet names; else each meeting's own, so that a list of a quarter holds three
returns of a branch. Where days would all be of one month but for some with day and month
exchanged, as a program set to the American order does, these are not of another month.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from mlay_batch.core.findings import Place
from mlay_batch.core.period import Period
from mlay_batch.core.text import (
    bare_name_key,
    clean,
    consecutive_runs,
    name_key,
    plain_key,
    strip_accents,
)
from mlay_batch.model.records import HeaderValue
from mlay_batch.reader.cell_metadata import CellPosition, a1
from mlay_batch.reader.grid import ErrorCell
from mlay_batch.reader.list_table import ListTable
from mlay_batch.reader.values import display_text, is_blank, parse_cell
from mlay_batch.schema.model import Form

# A month in words, but not that of a day: "tháng 6 năm 2026", "T6/2026", "quý II năm 2026".
_MONTH = re.compile(
    r"(?<![\w/.])(?:tháng|thg|t)\.? ?(\d{1,2})(?: ?(?:/|-|\.|năm|, ?năm) ?(\d{4}))?(?!\d)"
)
_DAY_BEFORE = re.compile(r"ngày ?[\d.…_, ]*$")
_MONTHS = re.compile(
    r"(?<![\w/.])(?:tháng|thg|t)\.? ?\d{1,2}(?: ?(?:[,;&+–-]|và|đến) ?\d{1,2}(?!\d))+"
)
_YEAR = re.compile(r"(?<!\w)năm (\d{4})(?!\d)")
_OF_A_PAPER = ("kem theo", "can cu", "thuc hien", "theo ")
# What heads a group of rows, and its number: "II. Đảng bộ xã …", "B. Các chi bộ trực thuộc".
_GROUP = re.compile(
    r"(?:dang bo|dang uy)\b.*|(?:cac )?(?:chi bo|to chuc dang)(?: co so)? truc thuoc\b.*"
)
_NUMBER = re.compile(r"(?:[IVXLC]+|[A-Z]|[0-9]+)(?: ?[.):/–-] ?| )(?=[^\W\d])")

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

    Rows of one name under one committee are one group, wherever they stand; a row of nobody is its
    own.
    """
    groups: dict[BranchKey, ListGroup] = {}
    for table, (month, committee) in zip(tables, titles, strict=True):
        common = None if month else _common_month(form, table)
        for name, place, above, row in _named_rows(table, committee):
            period = month or _month_of_row(form, table, row, common)
            branch = bare_name_key(name) or f"{place.sheet}!{place.cell}"
            key = name_key(above), branch, period.text if period else ""
            group = groups.setdefault(key, ListGroup(name, place, above, period))
            group.rows.append((table, row))
    return list(groups.values())


def _named_rows(table: ListTable, above: str) -> Iterator[tuple[str, Place, str, int]]:
    """Yield each row with a meeting, with the name it is about and the committee above it."""
    sheet, column = table.sheet, table.branch_column
    name, place, is_joined = "", Place(), False
    for row in table.rows:
        above = _committee_of(table, row) or above
        is_filled = table.is_filled(row)
        if table.is_total(row) or (not is_filled and _is_group(table, row)):
            name, is_joined = "", False
            continue
        raw = sheet.value_at((row, column))
        is_unknown = isinstance(raw, ErrorCell)  # such as a formula without a stored result
        words = "" if is_unknown else clean(display_text(raw))
        if words:
            name, place, is_joined = words, Place("", sheet.title, a1((row, column))), True
        elif is_unknown or not ((is_joined and table.has_day(row)) or row in table.merged_on):
            name, place = "", Place("", sheet.title, a1((row, column)))
        if is_filled:
            yield name, place, above, row
        is_joined = bool(name) and (is_filled or bool(words)) and not _is_group(table, row)


def _committee_of(table: ListTable, row: int) -> str:
    """Return the committee that a row names, for itself or for those below; empty where none."""
    if table.committee_column:
        return clean(display_text(table.sheet.value_at((row, table.committee_column))))
    return _group_words(table, row) if _is_group(table, row) else ""


def _is_group(table: ListTable, row: int) -> bool:
    """Whether a row heads those below it: it names a committee, and no day of a meeting."""
    words = plain_key(_group_words(table, row))
    return bool(_GROUP.fullmatch(words)) and not table.has_day(row)


def _group_words(table: ListTable, row: int) -> str:
    """Return the name in a row without its number: "II. Đảng bộ …" may be merged over the row."""
    words = clean(display_text(table.sheet.value_at((row, table.branch_column))))
    return _NUMBER.sub("", words or table.first_text(row))


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

    None where that names several. A month without a year is that of the only year of the dates, or
    of the titles. A paper that the list goes with has a month of its own.
    """
    lines = [(clean(text).casefold(), place) for text, place in texts if not _is_of_paper(text)]
    sheet = table.sheet.title
    for text, place in (*reversed(lines), (clean(sheet).casefold(), Place("", sheet))):
        matches = [m for m in _MONTH.finditer(text) if not _DAY_BEFORE.search(text[: m.start()])]
        if len({int(match[1]) for match in matches}) > 1 or (matches and _MONTHS.search(text)):
            return None
        year = next((match[2] for match in matches if match[2]), "")
        year = year or _only_year(table) or _year_of(lines)
        period = Period.parse_informal(f"{matches[0][1]}/{year}") if matches and year else None
        if period:
            return HeaderValue(str(period), place)
    return None


def _is_of_paper(text: str) -> bool:
    return strip_accents(name_key(text)).lstrip("( ").startswith(_OF_A_PAPER)


def _year_of(lines: Iterable[tuple[str, Place]]) -> str:
    """Return the only year that the titles name, but that of a day; empty where there is none."""
    years = {
        match[1]
        for text, _ in lines
        for match in _YEAR.finditer(text)
        if "ngày" not in text[: match.start()]
    }
    return years.pop() if len(years) == 1 else ""


def _only_year(table: ListTable) -> str:
    """Return the year of all dates of a table; empty where there are several, or none."""
    cells = (
        table.sheet.value_at((row, column)) for row in table.rows for column in table.day_columns
    )
    matches = (re.search(r"\d{4}", display_text(raw)) for raw in cells if not is_blank(raw))
    years = {match[0] for match in matches if match}
    return years.pop() if len(years) == 1 else ""


def _month_of_row(
    form: Form, table: ListTable, row: int, common: Period | None
) -> HeaderValue | None:
    """Return the month of a row's date, or the `common` one; None where no date can be read."""
    day, position = _day_of_row(form, table, row)
    if day is None:
        return None
    month = common or Period.of("month", day)
    return HeaderValue(str(month), Place("", table.sheet.title, a1(position)))


def _day_of_row(form: Form, table: ListTable, row: int) -> tuple[date | None, CellPosition]:
    for column in table.day_columns:
        field_ = table.columns[column].field
        value = parse_cell(table.sheet.value_at((row, column)), field_, form).value
        if isinstance(value, date):
            return value, (row, column)
    return None, (row, 0)


def _common_month(form: Form, table: ListTable) -> Period | None:
    """Return the month of all days where some have day and month exchanged; None: there are none.

    It has more of the days as they are written than any other month of which this is true.
    """
    days = [day for row in table.rows if (day := _day_of_row(form, table, row)[0])]
    counts = Counter(Period.of("month", day) for day in days)
    if len(counts) < 2:
        return None
    fitting = [m for m in counts if all(_may_be_of(m, day) for day in days)]
    ranked = sorted(fitting, key=lambda month: -counts[month])
    is_tie = len(ranked) > 1 and counts[ranked[0]] == counts[ranked[1]]
    return ranked[0] if ranked and not is_tie else None


def _may_be_of(month: Period, day: date) -> bool:
    """Whether a day is of a month as it is written, or with day and month exchanged."""
    return day.year == month.year and month.month in (day.month, day.day)
