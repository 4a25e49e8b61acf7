"""The form as it goes back: a fresh template with the branch's values and the wrong cells marked.

The branch's own file had its rows elsewhere; findings name the cells of that file.
"""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from builders.small_form import CONTEXT, at, meeting, members, render_form, small_form
from openpyxl import Workbook

from mlay_batch.core.findings import Finding, Place, Severity
from mlay_batch.core.styles import TONES
from mlay_batch.template import render

FORM = small_form()
TITLE = "Lỗi cần sửa"


def finding(
    code: str,
    cell: str = "",
    severity: Severity = Severity.ERROR,
    also: str = "",
    **params: str | int | None,
) -> Finding:
    marks = tuple(Place("gui.xlsx", "Báo cáo", other) for other in also.split())
    return Finding(code, severity, Place("gui.xlsx", "Báo cáo", cell), params, marks)


def lines(book: Workbook) -> list[tuple[object, ...]]:
    """The list of errors below its headings: field, cell, what is wrong, what to do."""
    rows = list(book[TITLE].iter_rows(max_col=5, values_only=True))
    head = next(n for n, row in enumerate(rows) if row[0] == "Mức")
    return [row[1:] for row in rows[head + 1 :] if row[0]]


def fill(book: Workbook, path: str, record: int = 0) -> str:
    colour: str = book["Báo cáo"][at(FORM, path, record)].fill.fgColor.rgb
    return colour[-6:]


def test_a_form_without_findings_has_no_list():
    assert TITLE not in render_form(FORM, [members(opening=1)]).sheetnames


def test_the_list_comes_first_and_names_branch_period_and_number():
    book = render_form(FORM, [meeting(31)], [finding("C01", "C31"), finding("D02", "F14")])
    assert book.sheetnames[0] == TITLE
    assert book.active.title == TITLE
    words = [row[0] for row in book[TITLE].iter_rows(max_row=4, values_only=True)]
    assert words[1:3] == [
        "Chi bộ Nam Khánh · Tháng 11 năm 2019",
        "Có 2 lỗi phải sửa và 0 lưu ý, nên xem lại.",
    ]


def test_a_finding_is_marked_where_the_value_now_stands():
    # In the file sent, the rows stood at 40 and 55 and the card at 14.
    rows = [meeting(40, content="một"), meeting(55, content="hai"), members(closing=19)]
    marks = [finding("D02", "F16", also="F14", total=19, sum=18)]
    book = render_form(FORM, rows, [*marks, finding("C01", "E55")])
    assert fill(book, "meetings.content", 1) == TONES["bad"].fill
    assert fill(book, "members.closing") == fill(book, "members.opening") == TONES["bad"].fill
    assert fill(book, "meetings.content", 0) != TONES["bad"].fill
    sheet = book["Báo cáo"]
    note = sheet[at(FORM, "members.closing")].comment
    assert note.text == "■ Lỗi, phải sửa: Ghi 19, cộng được 18. Sửa lại."
    assert sheet[at(FORM, "members.opening")].comment is None


def test_marked_cells_can_still_be_typed_into():
    book = render_form(FORM, [meeting(40)], [finding("C01", "C40")])
    assert not book["Báo cáo"][at(FORM, "meetings.held_on")].protection.locked


def test_an_error_outweighs_a_warning_at_the_same_cell():
    marks = [
        finding("D02", "C40"),
        finding("D10", "C40", Severity.WARNING),
        finding("D10", "D40", Severity.WARNING),
    ]
    book = render_form(FORM, [meeting(40)], marks)
    assert fill(book, "meetings.held_on") == TONES["bad"].fill
    assert fill(book, "meetings.officer") == TONES["watch"].fill
    note = book["Báo cáo"][at(FORM, "meetings.held_on")].comment.text
    assert note.splitlines() == [
        "■ Lỗi, phải sửa: Ghi {total}, cộng được {sum}. Sửa lại.",
        "▲ Lưu ý, nên xem lại: Thiếu lý do. Ghi lý do.",
    ]


def test_the_same_fault_in_one_column_is_one_line_with_a_link():
    rows = [meeting(row) for row in (40, 41, 42, 43, 50, 60)]
    marks = [finding("D10", f"C{row}") for row in (60, 40, 41, 42, 50)]
    book = render_form(FORM, rows, marks)
    first = int(at(FORM, "meetings.held_on")[1:])
    cells = f"C{first}–C{first + 2}, C{first + 4}–C{first + 5}"
    assert lines(book) == [("II. Các buổi họp: Ngày họp", cells, "Thiếu lý do.", "Ghi lý do.")]
    (link,) = [cell.hyperlink for row in book[TITLE].iter_rows() for cell in row if cell.hyperlink]
    assert link.location == f"'Báo cáo'!C{first}"


def test_one_fault_with_other_figures_is_told_with_each_of_them():
    rows = [meeting(row) for row in range(40, 45)]
    marks = [finding("D02", f"C{row}", total=row, sum=1) for row in range(40, 45)]
    ((_, _, what, _),) = lines(render_form(FORM, rows, marks))
    assert what.splitlines() == [f"Ghi {n}, cộng được 1." for n in (40, 41, 42)] + ["…"]


def test_different_things_to_do_are_told_each():
    rows = [meeting(row) for row in (40, 41)]
    marks = [
        finding("F05", f"C{n}", value=f"2019-04-0{d}", swapped=f"2019-11-0{d}")
        for n, d in ((40, 4), (41, 5))
    ]
    ((_, _, _, fix),) = lines(render_form(FORM, rows, marks))
    assert ["04/11/2019" in line for line in fix.splitlines()] == [True, False]
    assert "05/11/2019" in fix.splitlines()[1]


def test_a_message_names_rows_columns_and_cells_of_this_form():
    # In the file sent: rows 40 and 55, with the score out in column K.
    rows = [
        meeting(40),
        replace(meeting(55), cells={"held_on": "C55", "content": "E55", "score": "K55"}),
    ]
    marks = [
        finding("F08", "C55", row=40),
        finding("C17", "C55", Severity.WARNING, row=55),
        finding("C18", "K55", Severity.WARNING, column="K"),
        finding("C16", "E55", also="E55 K55", cells="E55:K55"),
    ]
    first = int(at(FORM, "meetings.held_on")[1:])
    messages = {line[2] for line in lines(render_form(FORM, rows, marks))}
    assert {word for text in messages for word in re.findall(r"\b[A-Z]?\d+\b|Cột \w\b", text)} == {
        str(first),
        str(first + 1),
        "Cột F",
        f"E{first + 1}",
        f"F{first + 1}",
    }


def test_what_to_do_is_what_this_form_still_needs():
    marks = [finding("C12", "E40", field="meetings.content"), finding("R09")]
    (whole, cell) = lines(render_form(FORM, [meeting(40)], marks))
    assert "công thức và lưu" not in cell[3]
    assert cell[3].startswith("Ghi thẳng giá trị")
    assert "gửi chính tệp này" in whole[3]


@pytest.mark.parametrize(
    ("marks", "title", "says"),
    [
        ([("D02", "C40")], "NHỮNG CHỖ CẦN SỬA", "Bấm vào tên ô"),
        ([("R09", "")], "NHỮNG CHỖ CẦN SỬA", "Dòng có dấu ■ mà không có tên ô"),
        ([("I03", "C40")], "NHỮNG CHỖ CẦN SỬA", "Dòng có dấu ■ mà không có tên ô"),
        ([("D02", "C40", Severity.WARNING)], "NHỮNG CHỖ NÊN XEM LẠI", "Dòng có dấu ▲"),
    ],
)
def test_the_opening_words_fit_what_is_listed(marks, title, says):
    sheet = render_form(FORM, [meeting(40)], [finding(*mark) for mark in marks]).worksheets[0]
    assert sheet["A1"].value == title
    assert sheet["A4"].value.startswith(says)


def test_a_column_that_was_not_found_is_to_be_filled_in_row_by_row():
    book = render_form(
        FORM, [meeting(40), meeting(41)], [finding("R26", "A33", field="meetings.score")]
    )
    first = at(FORM, "meetings.score")
    assert fill(book, "meetings.score") == fill(book, "meetings.score", 1) == TONES["bad"].fill
    ((field, cell, *_),) = lines(book)
    assert (field, cell) == ("II. Các buổi họp: Tự chấm", f"{first}–F26")


def test_a_table_standing_twice_is_one_line_about_its_first_cell():
    marks = [finding("R22", cell, field="meetings") for cell in ("A33", "A90")]
    book = render_form(FORM, [members(opening=1)], marks)
    ((_, where, _, fix),) = lines(book)
    assert where == at(FORM, "meetings.held_on")
    assert book[FORM.sheet.vi][str(where)].value == "?"
    assert "gửi chính tệp này" in fix


def test_a_file_of_another_period_has_no_cell_marked():
    book = render_form(
        FORM, [meeting(40)], [finding("I03", "C40", stamped="2019-10", told="2019-11")]
    )
    assert fill(book, "meetings.held_on") != TONES["bad"].fill
    assert not [c for row in book[TITLE].iter_rows() for c in row if c.hyperlink]


def test_errors_come_before_warnings_and_trials_are_not_told():
    marks = [
        finding("D10", "C40", Severity.WARNING),
        finding("D02", "E40", total=1, sum=2),
        finding("D02", "D40", Severity.TRIAL),
    ]
    book = render_form(FORM, [meeting(40)], marks)
    assert [line[2] for line in lines(book)] == ["Ghi 1, cộng được 2.", "Thiếu lý do."]
    assert fill(book, "meetings.officer") not in (TONES["bad"].fill, TONES["watch"].fill)


def test_what_cannot_be_placed_is_listed_without_a_link():
    marks = [finding("D02", "P44", total=1, sum=2), finding("D10")]
    book = render_form(FORM, [meeting(40)], marks)
    assert [line[1] for line in lines(book)] == ["P44 (tệp đã gửi)", "Báo cáo"]
    assert not [c for row in book[TITLE].iter_rows() for c in row if c.hyperlink]


def test_a_card_field_without_a_known_cell_is_found_by_its_name():
    book = render_form(FORM, [], [finding("D10", field="members.reason")])
    assert fill(book, "members.reason") == TONES["bad"].fill
    assert lines(book)[0][:2] == ("I. Đảng viên: Lý do", at(FORM, "members.reason"))


def test_what_was_typed_and_could_not_be_read_comes_back():
    rows = [meeting(40, score=None, content="giữ nguyên")]
    marks = [finding("D02", "F40", value="18/18"), finding("D10", "E40", value="khác")]
    sheet = render_form(FORM, rows, marks)["Báo cáo"]
    assert sheet[at(FORM, "meetings.score")].value == "18/18"
    assert sheet[at(FORM, "meetings.content")].value == "giữ nguyên"


def test_every_text_of_the_list_is_stamped_as_not_typed():
    book = render_form(FORM, [meeting(40)], [finding("D02", "C40", total=1, sum=2)])
    static = {value for key, value in book["_mlay"].iter_rows(values_only=True) if key == "static"}
    words = {cell.value for row in book[TITLE].iter_rows() for cell in row if cell.value}
    assert words <= static
    assert not [word for word in words if str(word).isdigit()]


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_a_returned_form_is_the_same_bytes_every_time(lang):
    marks = [finding("D02", "C40", total=1, sum=2), finding("D10", "F15", Severity.WARNING)]
    rows = [meeting(40), members(opening=3)]
    assert render(FORM, CONTEXT, rows, marks, lang) == render(FORM, CONTEXT, rows, marks, lang)
