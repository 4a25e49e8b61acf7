"""One line for each thing people do to cells and forms: understood, or told at its cell by a code.

What needs another program, a property or more room has tests of its own; here nothing is missing.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any
from unicodedata import normalize

import openpyxl
import pytest
from builders.filled_forms import CATALOGUE, leaf, register
from builders.reader_files import FORMS, MEETING, FormFile, Formula, codes_and_cells, repack

from mlay_batch.checks.identity import identify
from mlay_batch.checks.sender import check_sender
from mlay_batch.checks.validate import validate
from mlay_batch.model.records import CheckedFile, Identity, Submission
from mlay_batch.reader import read
from mlay_batch.schema.layout import HEADER

DAY = date(2019, 11, 3)
TOWN = register("""
TX | Đảng bộ thị xã | town
CB-01 | Chi bộ Trường Tiểu học | cell_direct | TX
CB-02 | Chi bộ Trường Mầm non | cell_direct | TX
""")
OFFICERS = {"TU01": "Lò Văn Hoà", "TU02": "Nguyễn Văn An", "TU03": "Nguyễn Văn An"}


def filled_paper() -> FormFile:
    paper = FormFile()
    for path, value in {
        "members.opening": 18,
        "members.closing": 18,
        "meetings.held_on": DAY,
        "meetings.kind": "Thường kỳ",
        "meetings.content": "Nghị quyết",
        "meetings.duration": 95,
        "meetings.expected": 18,
        "meetings.present": 18,
        "visits.held_on": DAY,
        "visits.officer": "TU01 – Lò Văn Hoà",
    }.items():
        paper.put(path, value)
    return paper


def check_submission(read_in: Submission, as_of: date = date(2019, 12, 3)) -> CheckedFile:
    checked = CheckedFile(leaf(), read_in, findings=read_in.findings)
    checked = identify(checked, replace(CATALOGUE, forms=FORMS), TOWN, as_of)
    return validate([checked], {"officers": OFFICERS}, FORMS)[0]


nfd = partial(normalize, "NFD")
PRESENT, HELD_ON = "meetings.present", "meetings.held_on"
CELLS: list[tuple[str, str, Any, str | None, Any]] = [
    # what people do, in which cell, what stands there then → the code, or what is understood
    ("two numbers", PRESENT, "18/18", "C03", None),
    ("a number with its unit", PRESENT, "18 đồng chí", "C01", None),
    ("thousands with a point", "members.opening", "1.142", None, 1142),
    ("decimals with a comma", "scores.total", "99,6", None, 99.6),
    ("one or the other", "scores.total", "99.6", "C04", None),
    ("a date as text", HELD_ON, "03/9/2026", None, date(2026, 9, 3)),
    ("a serial date", HELD_ON, 43772, None, DAY),
    ("no such day, turned round there is", HELD_ON, "11/25/2019", "C08", None),
    ("no such day", HELD_ON, "31/11/2019", "C07", None),
    ("blanks that do not break", "meetings.kind", " Thường\u00a0kỳ\u00a0", None, "regular"),
    ("letters in pieces", "meetings.kind", nfd("Thường kỳ"), None, "regular"),
    ("the other Đ", "meetings.content", "Ðoàn kết", None, "Đoàn kết"),
    ("a number kept as text", PRESENT, "18", None, 18),
    ("TCVN3", "meetings.content", "NghÞ quyÕt th¸ng 11", "C24", None),
    ("VNI", "meetings.content", "Nghò quyeát thaùng 11", "C24", None),
    ("an error cell", PRESENT, Formula("=1/0", "#DIV/0!"), "C11", None),
    ("a formula", PRESENT, Formula("=9+9", 18), "C13", 18),
    ("a formula never calculated", PRESENT, Formula("=9+9", ""), "C12", None),
    ("a formula to another file", PRESENT, Formula("='[1]T10'!B2", 18), "C25", 18),
    ("an old choice", "meetings.kind", "Thường kì", "C10", None),
]


@pytest.mark.parametrize(
    ("path", "typed", "code", "value"), [c[1:] for c in CELLS], ids=[c[0] for c in CELLS]
)
def test_a_cell_as_people_type_it(path: str, typed: Any, code: str | None, value: Any) -> None:
    paper = filled_paper().put(path, typed)
    submission = paper.read()
    assert codes_and_cells(submission) == ([(code, paper.cell(path))] if code else [])
    section, _, field = path.partition(".")
    assert submission.section_rows(section)[0].values[field] == value


@pytest.mark.parametrize("section", ["meetings", "scores", "visits", "activities"])
@pytest.mark.parametrize("dash", ["-", "–", "--", "- "])
def test_a_row_of_dashes_is_empty(section: str, dash: str) -> None:
    paper = filled_paper()
    for entry in next(s for s in MEETING.sections if s.id == section).fields:
        paper.put(f"{section}.{entry.id}", dash, 2)
    checked, without = check_submission(paper.read()), check_submission(filled_paper().read())
    assert checked.values_hash == without.values_hash
    assert codes_and_cells(checked) == codes_and_cells(without)


CHECKED: list[tuple[str, str, Any, str | None, Any]] = [
    ("day and month swapped", HELD_ON, date(2019, 4, 11), "F05", date(2019, 4, 11)),
    ("an officer of a name two bear", "visits.officer", "Nguyễn Văn An", "F10", "Nguyễn Văn An"),
    ("the tone on the other letter", "visits.officer", "Lò Văn Hòa", "F11", "TU01"),
    ("the last of a name, as people call each other", "visits.officer", "Hòa", "F11", "TU01"),
    ("the tone there, with the code", "visits.officer", "TU01 – Lò Văn Hòa", None, "TU01"),
]


@pytest.mark.parametrize(
    ("path", "typed", "code", "value"), [c[1:] for c in CHECKED], ids=[c[0] for c in CHECKED]
)
def test_a_cell_held_against_lists_and_period(
    path: str, typed: Any, code: str | None, value: Any
) -> None:
    paper = filled_paper().put(path, typed)
    checked = check_submission(paper.read())
    section, _, field = path.partition(".")
    at_cell = [f.code for f in checked.findings if f.place.cell == paper.cell(path)]
    assert [line for line in at_cell if line[0] in "CF"] == ([code] if code else [])
    assert checked.submission and checked.submission.section_rows(section)[0].values[field] == value


def markers(paper: FormFile) -> dict[tuple[int, int], Any]:
    cells = paper.sheets[paper.first]
    return {spot: value for spot, value in cells.items() if spot[1] == 1}


def row(paper: FormFile, path: str, record: int = 0) -> int:
    return paper.spot(path, record)[1][0]


def column(paper: FormFile, path: str) -> int:
    return paper.spot(path)[1][1]


def hide_row(paper: FormFile) -> None:
    paper.hidden_rows.add((paper.first, row(paper, PRESENT)))


def hide_column(paper: FormFile) -> None:
    paper.hidden_columns.add((paper.first, column(paper, PRESENT)))


def merge(paper: FormFile) -> None:
    _, (top, at) = paper.spot("meetings.content")
    paper.merged.append((paper.first, top, at, top + 1, at))


def delete_row(paper: FormFile) -> None:
    gone = row(paper, PRESENT, 7)
    paper.move(lambda s: None if s[0] == gone else (s[0] - (s[0] > gone), s[1]))


def move_row(paper: FormFile) -> None:
    """Cut the line out and insert it further down."""
    source, target = row(paper, PRESENT), row(paper, PRESENT, 5)
    turned = {source: target, target: source}
    paper.move(lambda s: (turned.get(s[0], s[0]), s[1]))


def delete_column(paper: FormFile) -> None:
    gone = column(paper, "meetings.duration")
    paper.move(lambda s: None if s[1] == gone else (s[0], s[1] - (s[1] > gone)))


def clear_markers(paper: FormFile) -> None:
    for spot, text in markers(paper).items():
        if str(text).startswith("visits:"):
            del paper.sheets[paper.first][spot]


def double_marker(paper: FormFile) -> None:
    paper.write((row(paper, "activities.kind", 4) + 9, 1), "visits:start")


def another_form(paper: FormFile) -> None:
    paper.sheets["Bản khác"] = {
        (r, c): v for r, pair in enumerate(paper.stamp, 1) for c, v in enumerate(pair, 1)
    }


STRUCTURE: list[tuple[str, Callable[[FormFile], Any], set[str], int | None]] = [
    # what people do → the codes told, and how many were present as far as it is understood
    ("a row inserted", lambda p: p.insert_row(row(p, PRESENT)), set(), 18),
    ("a row deleted", delete_row, set(), 18),
    ("a row moved", move_row, set(), 18),
    ("a row hidden, or filtered out", hide_row, {"C17"}, 18),
    ("a column inserted", lambda p: p.move(lambda s: (s[0], s[1] + (s[1] > 4))), set(), 18),
    ("a column deleted", delete_column, {"R26", "R28"}, 18),
    ("columns changed over", lambda p: p.swap_columns(7, 8), set(), 18),
    ("a column hidden", hide_column, {"C18"}, 18),
    ("cells merged", merge, {"C16"}, 18),
    ("a further sheet", lambda p: p.write((1, 1), "ghi chú", "Sheet1"), {"C21"}, 18),
    ("the sheet renamed", lambda p: p.rename("Tháng 11"), set(), 18),
    ("a heading typed anew", lambda p: p.write(p.find("Có mặt"), "Số dự"), {"C26"}, 18),
    ("markers lost", clear_markers, {"R28"}, 18),
    ("a marker doubled", double_marker, {"R22"}, 18),
    ("a remark beside the form", lambda p: p.write((2, 40), "đã nộp"), {"C20"}, 18),
    ("a line too far down", lambda p: p.write((row(p, PRESENT, 7) + 2, 4), "Họp"), {"C19"}, 18),
    ("two forms in one workbook", another_form, {"R31"}, None),
]


@pytest.mark.parametrize(
    ("change", "codes", "present"), [c[1:] for c in STRUCTURE], ids=[c[0] for c in STRUCTURE]
)
def test_a_form_as_people_change_it(
    change: Callable[[FormFile], Any], codes: set[str], present: int | None
) -> None:
    paper = filled_paper()
    change(paper)
    submission = paper.read()
    assert {code for code, _ in codes_and_cells(submission)} == codes
    assert [line.values["present"] for line in submission.section_rows("meetings")] == (
        [present] if present else []
    )


def test_protection_taken_off_changes_nothing() -> None:
    data = repack(
        filled_paper().save(), lambda _, part: re.sub(rb"<sheetProtection[^>]*/>", b"", part)
    )
    assert read(data, "x.xlsx", FORMS) == filled_paper().read()


def test_the_table_in_a_workbook_of_their_own() -> None:
    """No markers, no stamp, no hidden sheet: read by its headings, and told so."""
    source = filled_paper().sheets["Báo cáo"]
    book = openpyxl.Workbook()
    for (r, c), value in source.items():
        if c > 1 and str(value) not in {
            f.id for s in (*MEETING.sections, HEADER) for f in s.fields
        }:
            book.active.cell(r, c, value)
    buffer = io.BytesIO()
    book.save(buffer)
    checked = check_submission(read(buffer.getvalue(), "x.xlsx", FORMS))
    assert {"R28", "I10"} == {f.code for f in checked.findings if f.code[0] in "RI"}
    assert checked.identity and checked.identity.branch == "CB-01"
    assert checked.submission
    assert [line.values["present"] for line in checked.submission.section_rows("meetings")] == [18]


IDENTITY: list[tuple[str, Callable[[FormFile], Any], str]] = [
    ("the form of another unit", lambda p: p.put("head.branch", "CB-02 – Chi bộ Trường Mầm non"),
     "I01"),
    ("the period typed over", lambda p: p.put("head.period", "Tháng 12 năm 2019"), "I02"),
    ("last month's file", lambda p: p.put(HELD_ON, date(2019, 12, 3)).put(
        "visits.held_on", date(2019, 12, 3)), "I03"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "code"), [c[1:] for c in IDENTITY], ids=[c[0] for c in IDENTITY]
)
def test_a_form_that_is_not_theirs(change: Callable[[FormFile], Any], code: str) -> None:
    paper = filled_paper()
    change(paper)
    checked = check_submission(paper.read(), date(2020, 1, 3))
    assert [f.code for f in checked.findings if f.is_error and f.code[0] == "I"] == [code]


def test_the_form_of_one_unit_sent_by_another() -> None:
    mail = replace(leaf(), channel="mail", sender="cb02@muonglay.example")
    owner = Identity(MEETING, "CB-01", check_submission(filled_paper().read()).identity.period)  # type: ignore[union-attr]
    checked = check_sender(CheckedFile(mail, filled_paper().read(), owner), TOWN)
    assert [f.code for f in checked.findings] == ["I20"]


def test_a_version_of_other_years() -> None:
    paper = FormFile(period="2025-11")
    paper.put("head.period", "Tháng 11 năm 2025").put(HELD_ON, date(2025, 11, 3))
    checked = check_submission(paper.read(), date(2025, 12, 3))
    assert [f.code for f in checked.findings if f.code[0] == "I"] == ["I06"]


def test_a_prefilled_figure_changed_is_the_one_that_counts() -> None:
    """Held against last month's closing once both are in (X01, in `figures`), never refused."""
    checked = check_submission(
        filled_paper().put("members.opening", 17).put("members.admitted", 1).read()
    )
    assert (
        checked.submission and checked.submission.section_rows("members")[0].values["opening"] == 17
    )
    assert not [
        f for f in checked.findings if f.place.cell == filled_paper().cell("members.opening")
    ]
