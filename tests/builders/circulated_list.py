"""A list of meetings as offices circulate it: one row a meeting, ten columns, nothing of ours."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from zipfile import ZipFile, ZipInfo

import openpyxl

from builders.sample_office import catalogue
from mlay_batch import reader
from mlay_batch.core.findings import Finding
from mlay_batch.model.records import Submission, Value

_TIME = re.compile(rb"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z")
Typed = str | int | float | date | None
RATED = "Mức đánh giá xếp loại sau buổi sinh hoạt"
HEAD = ("STT", "Tên đơn vị", "Số lượng đảng viên", "Ngày họp chi bộ", RATED,
        None, None, None, None, "Ghi chú (thuyết minh điểm trừ)")  # fmt: skip
BELOW_HEAD = (None, None, None, None, "KQ số điểm", "Tốt", "Khá", "Trung bình", "Kém", None)
NUMBERS = tuple(range(1, 11))
FIRST = 6  # the first row of a meeting below these and two rows of titles
MARKS = ("Tốt", "Khá", "Trung bình", "Kém")


@dataclass(frozen=True)
class Meeting:
    """One row as somebody types it."""

    name: str | None
    day: Typed = None
    points: Typed = None
    mark: str | None = None
    members: Typed = None
    note: str | None = None

    def cells(self, number: int | None = None) -> tuple[Typed, ...]:
        crosses = tuple("x" if self.mark == title else None for title in MARKS)
        return number, self.name, self.members, self.day, self.points, *crosses, self.note


@dataclass(frozen=True)
class Book:
    """A workbook of lists: the rows of each sheet, and the ranges that are merged there."""

    sheets: Mapping[str, Sequence[Sequence[Typed]]]
    merged: Sequence[str] = field(default=())

    def bytes(self) -> bytes:
        book, data = openpyxl.Workbook(), io.BytesIO()
        book.remove(book.active)
        for title, rows in self.sheets.items():
            sheet = book.create_sheet(title)
            for row in rows:
                sheet.append(row)
            for area in self.merged:
                sheet.merge_cells(area)
        book.save(data)
        return without_times(data.getvalue())


def without_times(data: bytes) -> bytes:
    """The workbook without the time it was written: the same rows are the same bytes."""
    with ZipFile(io.BytesIO(data)) as before, ZipFile(buffer := io.BytesIO(), "w") as after:
        for name in before.namelist():
            part = _TIME.sub(b"2019-12-01T00:00:00Z", before.read(name))
            after.writestr(ZipInfo(name), part)
    return buffer.getvalue()


def rows_of(
    *meetings: Meeting,
    title: str = "DANH SÁCH CHẤM ĐIỂM SINH HOẠT CHI BỘ THÁNG 11 NĂM 2019",
    committee: str = "ĐẢNG BỘ PHƯỜNG NA LAY",
    below: Sequence[Sequence[Typed]] = (),
) -> list[Sequence[Typed]]:
    """The rows of a sheet: titles, headings, meetings (the first in row 6), and what is below."""
    typed = [meeting.cells(number) for number, meeting in enumerate(meetings, 1)]
    return [(committee,), (title,), HEAD, BELOW_HEAD, NUMBERS, *typed, *below]


def list_book(*meetings: Meeting, **more: object) -> bytes:
    """A workbook with such a sheet."""
    return Book({"Sheet1": rows_of(*meetings, **more)}).bytes()  # type: ignore[arg-type]


def read_list(data: bytes) -> Submission:
    """What the reader makes of a workbook."""
    return reader.read(data, "danh sach.xlsx", catalogue().readable_forms)


def said(member: Submission) -> dict[str, Value]:
    """The values of a branch with one meeting, by field; blanks left out."""
    values = {name: v for row in member.rows for name, v in row.values.items() if v is not None}
    values.pop("scorer", None)
    return values


def codes_and_cells(findings: Sequence[Finding]) -> list[str]:
    """Code and cell of each finding."""
    return [f"{finding.code} {finding.place.cell}" for finding in findings]
