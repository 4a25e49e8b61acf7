"""The report of the committee as data: one content, written as .docx, .xlsx and text.

All words and figures are settled here, so that the three cannot contradict one another; a writer
only lays them out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

Value = str | int | float | date | None
Align = Literal["left", "center", "right"]


@dataclass(frozen=True)
class ReportColumn:
    """A column of a table.

    Attributes:
        title: its heading.
        width: its share of the page's width, relative to the other columns.
        align: how its cells are aligned.
        decimals: how many decimals its fractional numbers show.
    """

    title: str
    width: float
    align: Align = "left"
    decimals: int = 0


@dataclass(frozen=True)
class ReportTable:
    """A table of the report; in the copy for circulation a sheet.

    Attributes:
        title: what stands above it.
        sheet: the name of its sheet in the copy for circulation.
        columns: its columns.
        rows: its rows, a value for each column; None leaves the cell blank.
        totals: the row below them; empty where there is none.
        notes: lines below it, such as "and 12 others".
    """

    title: str
    sheet: str
    columns: tuple[ReportColumn, ...]
    rows: tuple[tuple[Value, ...], ...]
    totals: tuple[Value, ...] = ()
    notes: tuple[str, ...] = ()

    def widths(self, width: float) -> list[float]:
        """Return the widths of the columns by their shares of `width`, in its unit."""
        total = sum(column.width for column in self.columns)
        return [width * column.width / total for column in self.columns]

    def has_room(self, rooms: Sequence[float], word_width: Callable[[str, bool], float]) -> bool:
        """Return whether no word is longer than the room of its column.

        `word_width` is given a word and whether it stands in a heading.
        """
        titles = tuple(column.title for column in self.columns)
        return all(
            word_width(word, row is titles) <= room
            for row in (titles, *self.rows)
            for value, room in zip(row, rooms, strict=True)
            for word in str(value or "").split()
        )


@dataclass(frozen=True)
class ReportSection:
    """A numbered part of the report.

    Attributes:
        title: its heading, without number.
        sentences: its paragraphs.
        tables: the tables below them.
    """

    title: str
    sentences: tuple[str, ...]
    tables: tuple[ReportTable, ...] = ()


@dataclass(frozen=True)
class SignatureBlock:
    """Who signs the report, or who prepared it.

    Attributes:
        authority: on whose behalf, ``T/M BAN THƯỜNG VỤ``.
        position: the post; empty for who prepared it.
        name: the name; empty where the register has none.
    """

    authority: str
    position: str
    name: str

    def on_one_line(self) -> str:
        """Return who prepared a report: ``Người lập biểu: …``; nothing where nobody is named."""
        person = ", ".join(part for part in (self.name, self.position) if part)
        return f"{self.authority.capitalize()}: {person}" if person else ""


@dataclass(frozen=True)
class CommitteeReport:
    """The whole report of a period.

    Attributes:
        superior: the body above the office; empty where the register names none.
        office: the name of the office.
        number: number and symbol, with a blank to be filled in: ``Số      -BC/ĐU``.
        place_and_day: as papers bear them: ``Mường Lay, ngày 06 tháng 12 năm 2019``.
        kind: ``BÁO CÁO``.
        subject: what it is about, with the period.
        state: that figures are provisional and for whom it is waited; empty for final ones.
        sections: its parts in order.
        annexes: tables on pages of their own, in order.
        recipients: the lines below "Nơi nhận".
        prepared: who prepared it.
        signed: who signs it.
        as_of: the day of its figures.
        lang: the language of its words, ``vi`` or ``en``.
    """

    superior: str
    office: str
    number: str
    place_and_day: str
    kind: str
    subject: str
    state: str
    sections: tuple[ReportSection, ...]
    annexes: tuple[ReportTable, ...]
    recipients: tuple[str, ...]
    prepared: SignatureBlock
    signed: SignatureBlock
    as_of: date
    lang: str

    @property
    def title(self) -> str:
        """What the paper is and what it is about, as its properties bear it."""
        return f"{self.kind} {self.subject}".strip()
