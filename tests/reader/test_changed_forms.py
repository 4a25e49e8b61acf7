"""Property: a real form with random values, changed as people change forms, is read the same.

Saved by openpyxl, and a share of them by LibreOffice; a planted mistake is told at its own cell.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from builders import libreoffice
from builders.reader_files import FORMS, MEETING, codes_and_cells
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from mlay_batch.core.period import Period
from mlay_batch.model.records import Row, Submission, values_hash
from mlay_batch.reader import read
from mlay_batch.template import TemplateContext, render

SECTIONS = {section.id: section for section in MEETING.sections}
CONTEXT = TemplateContext("CB-01", "Chi bộ Trường Tiểu học", "Thị ủy", Period(2019, 11), "", {}, {})
TEXTS = st.sampled_from(["Nghị quyết tháng 11", "Bàn việc xây dựng đảng", "Đồi Cao", "a; b"])
BY_TYPE = {
    "integer": st.integers(0, 9999),
    "number": st.integers(0, 400).map(lambda quarter: quarter / 4),
    "date": st.dates(date(2019, 11, 1), date(2019, 11, 30)),
    "text": TEXTS,
}


def value(entry, form):
    if entry.type == "choice":
        return st.sampled_from([choice.id for choice in form.choices[entry.choices]])
    return BY_TYPE.get(entry.type, st.just("CB07"))


@st.composite
def rows(draw) -> tuple[Row, ...]:
    """Rows of the meeting form: the card, and a few of the tables' rows, filled throughout."""
    drawn = []
    for section in MEETING.sections:
        count = 1 if section.layout == "card" else draw(st.integers(0, 3))
        for _ in range(count):
            values = {entry.id: draw(value(entry, MEETING)) for entry in section.fields}
            drawn.append(Row(section.id, "", 0, values, {}))
    return tuple(drawn)


# -- what people do to a sheet


def insert_row(sheet: Worksheet, at: int) -> None:
    """Insert a row as Excel does: what was merged or hidden moves along."""
    for area in list(sheet.merged_cells.ranges):
        if area.min_row >= at:
            area.shift(row_shift=1)
        elif area.max_row >= at:
            area.expand(down=1)
    hidden = [row for row, shape in sheet.row_dimensions.items() if shape.hidden]
    for row in hidden:
        sheet.row_dimensions[row].hidden = False
    sheet.insert_rows(at)
    for row in hidden:
        sheet.row_dimensions[row + (row >= at)].hidden = True


def insert_column(sheet: Worksheet, at: int) -> None:
    for area in list(sheet.merged_cells.ranges):
        if area.min_col >= at:
            area.shift(col_shift=1)
        elif area.max_col >= at:
            area.expand(right=1)
    sheet.insert_cols(at)
    sheet.column_dimensions["A"].hidden = at > 1


def unprotect(sheet: Worksheet, _: int) -> None:
    sheet.protection.sheet = False
    sheet.protection.password = ""


def rename(sheet: Worksheet, at: int) -> None:
    sheet.title = f"Tháng 11 ({at})"


def unhide(sheet: Worksheet, _: int) -> None:
    sheet.column_dimensions["A"].hidden = False
    for shape in sheet.row_dimensions.values():
        shape.hidden = False


def extra_sheet(sheet: Worksheet, at: int) -> None:
    sheet.parent.create_sheet(f"Nháp {at}", 0)


def set_filter(sheet: Worksheet, at: int) -> None:
    sheet.auto_filter.ref = f"A{at}:H{at + 5}"


Change = Callable[[Worksheet, int], None]
CHANGES: tuple[Change, ...] = (
    insert_row, insert_row, insert_column, unprotect, rename, unhide, extra_sheet, set_filter,
)  # fmt: skip
changes = st.lists(st.tuples(st.sampled_from(CHANGES), st.integers(1, 60)), max_size=5)


def change_form(filled: tuple[Row, ...], done: list[tuple[Change, int]]) -> bytes:
    book = openpyxl.load_workbook(io.BytesIO(render(MEETING, CONTEXT, filled)))
    sheet = book["Báo cáo"]
    for change, at in done:
        change(sheet, at)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def errors(submission: Submission) -> list[tuple[str, str]]:
    return [(f.code, f.place.cell) for f in submission.findings if f.is_error]


def same(submission: Submission, filled: tuple[Row, ...]) -> bool:
    return values_hash(submission.rows) == values_hash(filled)


few_examples = settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))


@few_examples
@given(rows(), changes)
def test_a_changed_form_is_read_with_the_same_values(filled, done):
    submission = read(change_form(filled, done), "x.xlsx", FORMS)
    assert errors(submission) == []
    assert same(submission, filled)


@few_examples
@given(rows().filter(lambda drawn: any(r.section == "meetings" for r in drawn)), changes, st.data())
def test_a_planted_mistake_is_told_at_its_cell(filled, done, data):
    read_back = read(change_form(filled, done), "x.xlsx", FORMS)
    numbers = [e.id for e in SECTIONS["meetings"].fields if e.type == "integer"]
    row = data.draw(st.sampled_from(read_back.section_rows("meetings")))
    cell = row.cells[data.draw(st.sampled_from(numbers))]
    book = openpyxl.load_workbook(io.BytesIO(change_form(filled, done)))
    book[row.sheet][cell].value = "18/18"
    buffer = io.BytesIO()
    book.save(buffer)
    assert errors(read(buffer.getvalue(), "x.xlsx", FORMS)) == [("C03", cell)]


@pytest.mark.libreoffice
@settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows(), changes)
def test_and_saved_by_libreoffice_too(tmp_path_factory, filled, done):
    folder: Path = tmp_path_factory.mktemp("doi")
    source = folder / "a.xlsx"
    source.write_bytes(change_form(filled, done))
    saved = libreoffice.fill(source, folder / "b.xlsx", [])
    submission = read(saved.read_bytes(), "b.xlsx", FORMS)
    assert errors(submission) == []
    assert same(submission, filled)


# -- changes that cannot be understood are refused, with the right words


def edit_blank(edit: Callable[[openpyxl.Workbook], None]) -> Submission:
    book = openpyxl.load_workbook(io.BytesIO(render(MEETING, CONTEXT, ())))
    edit(book)
    buffer = io.BytesIO()
    book.save(buffer)
    return read(buffer.getvalue(), "x.xlsx", FORMS)


def top(sheet: Worksheet, section: str) -> int:
    return next(c.row for c in sheet["A"] if c.value == f"{section}:start")


def column_of(sheet: Worksheet, section: str, field: str) -> int:
    return next(c.column for c in sheet[top(sheet, section)] if c.value == field)


def test_a_column_deleted_is_named():
    def delete(book: openpyxl.Workbook) -> None:
        sheet = book["Báo cáo"]
        for area in list(sheet.merged_cells.ranges):
            sheet.unmerge_cells(str(area))
        sheet.delete_cols(column_of(sheet, "meetings", "present"))

    findings = [f for f in edit_blank(delete).findings if f.code == "R26"]
    assert {f.params["field"] for f in findings} >= {"meetings.present"}


def test_a_card_s_label_typed_anew_does_not_matter_either():
    def retype(book: openpyxl.Workbook) -> None:
        sheet = book["Báo cáo"]
        title = "Số đảng viên đầu tháng (A)"
        (cell,) = (c for row in sheet.iter_rows() for c in row if c.value == title)
        cell.value = "Đầu kỳ"

    submission = edit_blank(retype)
    assert errors(submission) == []
    assert [f.params["field"] for f in submission.findings if f.code == "C26"] == [
        "members.opening"
    ]


def test_a_heading_typed_anew_does_not_matter_while_its_marker_stands():
    def retype(book: openpyxl.Workbook) -> None:
        sheet = book["Báo cáo"]
        for row in sheet.iter_rows():
            for cell in row:
                if cell.value == "Có mặt":
                    cell.value = "Số có mặt thực tế"

    submission = edit_blank(retype)
    assert errors(submission) == []
    assert [f.params["field"] for f in submission.findings if f.code == "C26"] == [
        "meetings.present"
    ]


def test_a_sheet_doubled_is_refused():
    def double(book: openpyxl.Workbook) -> None:
        book.copy_worksheet(book["Báo cáo"])

    assert {code for code, _ in codes_and_cells(edit_blank(double))} >= {"R22"}


def test_the_table_copied_into_a_new_workbook_is_read_by_its_headings():
    source = openpyxl.load_workbook(io.BytesIO(render(MEETING, CONTEXT, ())))["Báo cáo"]
    book = openpyxl.Workbook()
    for row in source.iter_rows():
        for cell in row:
            if cell.value is not None and cell.column > 1:
                book.active[f"{get_column_letter(cell.column)}{cell.row}"].value = cell.value
    buffer = io.BytesIO()
    book.save(buffer)
    submission = read(buffer.getvalue(), "x.xlsx", FORMS)
    assert errors(submission) == []
    assert submission.form == "meeting" and submission.stamp is None
    assert {code for code, _ in codes_and_cells(submission)} == {"R28"}


def save_bytes(book: openpyxl.Workbook) -> bytes:
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_a_lost_stamp_makes_the_templates_own_words_nobodys_remark(lang):
    book = openpyxl.load_workbook(io.BytesIO(render(MEETING, CONTEXT, (), lang=lang)))
    del book["_mlay"]
    assert codes_and_cells(read(save_bytes(book), "x.xlsx", FORMS)) == []
    book.worksheets[0]["Z3"] = "nộp muộn"
    book.worksheets[1]["F40"] = "ghi chú"
    strays = codes_and_cells(read(save_bytes(book), "x.xlsx", FORMS))
    assert [code for code, _ in strays] == ["C20", "C21"]
