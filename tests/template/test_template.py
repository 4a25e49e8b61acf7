"""The form as a branch gets it."""

from __future__ import annotations

import hashlib
import io
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from zipfile import ZipFile

import pytest
from builders.small_form import (
    CONTEXT,
    REGISTER,
    YAML,
    at,
    cell_plan,
    meeting,
    members,
    render_form,
    small_form,
)
from et_xmlfile import incremental_tree
from openpyxl import Workbook
from openpyxl.cell import Cell

from mlay_batch.schema import load_catalogue
from mlay_batch.schema.computed import is_computed
from mlay_batch.schema.layout import sections_of
from mlay_batch.schema.model import Form, Section
from mlay_batch.schema.switches import switches_on, with_switches
from mlay_batch.template import render

FORM = small_form()
FORMS = load_catalogue().forms


@cache
def blank() -> Workbook:
    return render_form(FORM)


@cache
def render_shipped(form: Form) -> Workbook:
    return render_form(form, context=REGISTER if form.period == "none" else CONTEXT)


def texts(book: Workbook, sheet: str) -> list[str]:
    return [str(cell.value) for row in book[sheet].iter_rows() for cell in row if cell.value]


def stamp(book: Workbook) -> list[tuple[object, ...]]:
    return list(book["_mlay"].iter_rows(values_only=True))


def validation(book: Workbook, cell: str, sheet: str = "Báo cáo"):
    return next(v for v in book[sheet].data_validations.dataValidation if cell in v.sqref)


def test_the_same_inputs_give_the_same_bytes():
    rows = [members(opening=18, closing=18), meeting(20, content="Họp")]
    assert render(FORM, CONTEXT, rows) == render(FORM, CONTEXT, rows)


def test_another_process_gives_the_same_bytes():
    # Hashes of texts differ from process to process, and with them the order of sets.
    code = (
        "import hashlib; from builders.small_form import *;"
        "print(hashlib.sha256(render(small_form(), CONTEXT)).hexdigest())"
    )
    env = {**os.environ, "PYTHONHASHSEED": "7", "PYTHONPATH": str(Path(__file__).parent.parent)}
    ran = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
    assert ran.stdout.strip() == hashlib.sha256(render(FORM, CONTEXT)).hexdigest(), ran.stderr


def test_windows_gives_the_same_bytes(monkeypatch: pytest.MonkeyPatch):
    """There openpyxl writes a sheet as a text file, with other line ends."""
    expected = render(FORM, CONTEXT)
    opened: list[object] = []

    def open_text(file: str, *args: object, **settings: object):
        opened.append(file)
        return Path(file).open(*args, **settings, newline="\r\n")

    monkeypatch.setattr(incremental_tree, "open", open_text, raising=False)
    assert render(FORM, CONTEXT) == expected
    assert opened


def test_the_official_heading_names_superior_branch_and_place():
    sheet = blank()["Báo cáo"]
    sheet_texts = texts(blank(), "Báo cáo")
    assert sheet["B1"].value == "ĐẢNG BỘ THỊ XÃ MƯỜNG LAY"
    assert (sheet["B2"].value, sheet["B3"].value) == ("Chi bộ Nam Khánh", "*")
    assert "ĐẢNG CỘNG SẢN VIỆT NAM" in sheet_texts
    assert any(text.startswith("Mường Lay, ngày …") for text in sheet_texts)


def test_the_heading_card_is_filled_and_locked():
    sheet = blank()["Báo cáo"]
    card = {name: sheet[at(FORM, f"head.{name}")] for name in ("branch", "period", "assigned")}
    assert card["branch"].value == "CB-01 – Chi bộ Nam Khánh"
    assert card["period"].value == "Tháng 11 năm 2019"
    assert card["assigned"].value == "CB07 – Nguyễn Văn An"
    assert all(cell.protection.locked for cell in card.values())


def test_a_card_is_prefilled_from_context_and_defaults_a_table_is_not():
    sheet = blank()["Báo cáo"]
    assert sheet[at(FORM, "members.opening")].value == 18
    assert sheet[at(FORM, "members.admitted")].value == 0
    assert sheet[at(FORM, "members.none_held")].value == "Không"
    assert sheet[at(FORM, "members.closing")].value is None
    assert sheet[at(FORM, "meetings.held_on")].value is None


def test_a_returned_card_shows_its_own_blanks():
    sheet = render_form(FORM, [members(opening=None, closing=19, none_held="yes")])["Báo cáo"]
    assert sheet[at(FORM, "members.opening")].value is None
    assert sheet[at(FORM, "members.closing")].value == 19
    assert sheet[at(FORM, "members.none_held")].value == "Có"


def test_values_are_shown_as_the_dropdowns_show_them():
    rows = [meeting(20, officer="CB03", content="Họp", score=94.5), meeting(21, officer="CB99")]
    sheet = render_form(FORM, rows)["Báo cáo"]
    assert sheet[at(FORM, "meetings.officer")].value == "CB03 – Lò Thị Bình"
    assert sheet[at(FORM, "meetings.officer", 1)].value == "CB99"
    assert sheet[at(FORM, "meetings.score")].value == 94.5
    day = sheet[at(FORM, "meetings.held_on")]
    assert (day.value.date(), day.number_format) == (date(2019, 11, 4), "dd/mm/yyyy")


def test_a_table_grows_with_its_rows():
    rows = [meeting(20 + n, content=f"Buổi {n}") for n in range(9)]
    sheet = render_form(FORM, rows)["Báo cáo"]
    first = cell_plan(FORM, "meetings.content", rows=9)
    values = [sheet.cell(first.row + n, first.column).value for n in range(9)]
    assert values == [f"Buổi {n}" for n in range(9)]
    assert sheet.cell(first.row + 9, 1).value == "meetings:end"


@pytest.mark.parametrize("text", ["=1+1", "+84 912", "-  gạch", "@x", "#N/A", "=cmd|'/c calc'!A1"])
def test_what_people_typed_never_becomes_a_formula(text):
    data = render(FORM, CONTEXT, [meeting(20, content=text), members(reason=text)])
    with ZipFile(io.BytesIO(data)) as package:
        sheets = [name for name in package.namelist() if "worksheets/sheet" in name]
        assert not any(re.search(rb"<f[ >]|t=\"e\"", package.read(name)) for name in sheets)
    sheet = render_form(FORM, [meeting(20, content=text)])["Báo cáo"]
    assert sheet[at(FORM, "meetings.content")].value == text


def test_characters_excel_cannot_hold_are_left_out():
    sheet = render_form(FORM, [meeting(20, content="một\x07hai")])["Báo cáo"]
    assert sheet[at(FORM, "meetings.content")].value == "mộthai"


def test_a_day_before_excels_calendar_is_written_as_text():
    sheet = render_form(FORM, [meeting(20, None, held_on=date(1899, 5, 1))])["Báo cáo"]
    assert sheet[at(FORM, "meetings.held_on")].value == "1899-05-01"


def test_dropdowns_take_their_values_from_the_hidden_sheet():
    book = blank()
    for cell, titles in (
        (at(FORM, "members.none_held"), ["Có", "Không"]),
        (at(FORM, "meetings.officer"), ["CB07 – Nguyễn Văn An", "CB03 – Lò Thị Bình"]),
    ):
        check = validation(book, cell)
        sheet, _, place = check.formula1.partition("!")
        listed = [value for row in book[sheet][place.replace("$", "")] for value in row]
        assert (check.type, check.showErrorMessage) == ("list", True)
        assert [cell.value for cell in listed] == titles
    assert book["_lists"].sheet_state == "hidden"


def test_a_register_chooses_codes_from_its_own_sheet():
    register = next(form for form in FORMS if form.form == "register")
    book = render_shipped(register)
    cell = cell_plan(register, "assignments.officer")
    check = validation(book, f"B{cell.row}", "Phân công")
    codes = cell_plan(register, "officers.code")
    assert check.formula1 == f"'Cán bộ'!$B${codes.row}:$B${codes.row + 39}"


@pytest.mark.parametrize(
    ("path", "kind", "low", "high"),
    [
        ("members.opening", "whole", "0", "500"),
        ("members.admitted", "whole", "0", "999999999"),
        ("meetings.score", "decimal", "0", "100"),
        ("meetings.held_on", "date", "43770", "43799"),  # 1 and 30 November 2019
        ("members.reason", "textLength", "300", None),
    ],
)
def test_limits_are_checked_as_one_types(path, kind, low, high):
    check = validation(blank(), at(FORM, path))
    assert (check.type, check.formula1, check.formula2) == (kind, low, high)
    assert (check.errorStyle, check.showErrorMessage, check.showInputMessage) == (
        "stop",
        True,
        True,
    )


def test_a_hint_says_what_to_enter():
    check = validation(blank(), at(FORM, "members.opening"))
    assert check.promptTitle == "Đầu tháng"
    assert check.prompt == "Số cuối tháng trước.\nSố nguyên từ 0 đến 500.\nVí dụ: 18"
    assert "Số nguyên từ 0 đến 500." in check.error


def formats(book: Workbook, cell: str) -> list[str]:
    rules = book["Báo cáo"].conditional_formatting
    return [rule.formula[0] for area in rules if cell in area.sqref for rule in area.rules]


def test_figures_that_do_not_add_up_change_colour():
    total, first, second = (at(FORM, f"members.{n}") for n in ("closing", "opening", "admitted"))
    dollar = {name: f"${name[0]}${name[1:]}" for name in (total, first, second)}
    assert formats(blank(), total)[0] == (
        f"AND(COUNT({dollar[total]},{dollar[first]})=2,"
        f"ROUND(SUM({dollar[first]},{dollar[second]})-N({dollar[total]}),6)<>0)"
    )


def test_a_required_cell_of_a_row_begun_changes_colour():
    row = cell_plan(FORM, "meetings.content").row
    assert formats(blank(), f"E{row}") == [
        f"AND(LEN(TRIM($E{row}))=0,COUNTA($C{row},$D{row},$E{row},$F{row})>0)"
    ]
    assert formats(blank(), f"F{row}") == []  # the score is not required


def test_a_reason_is_asked_for_only_when_there_was_no_meeting():
    reason, nil = at(FORM, "members.reason"), at(FORM, "members.none_held")
    cells = f"${reason[0]}${reason[1:]}", f"${nil[0]}${nil[1:]}"
    assert formats(blank(), reason) == [f'AND(LEN(TRIM({cells[0]}))=0,OR({cells[1]}="Có"))']


def test_only_value_cells_can_be_typed_into():
    for form in FORMS:
        book = render_shipped(form)
        free = sum(
            not cell.protection.locked
            for sheet in book.worksheets
            for row in sheet.iter_rows()
            for cell in row
            if isinstance(cell, Cell)  # not the covered ones of a merged cell
        )
        shown = with_switches(form, switches_on(form, {}))
        assert free == sum(
            not (form_field.locked or is_computed(form_field, names))
            for section in sections_of(shown)
            if section.id != "head"
            for names in records(shown, section)
            for form_field in section.fields
            if form_field.id in names
        )


def records(form: Form, section: Section) -> Iterator[tuple[str, ...]]:
    """The fields of each record that the fresh form offers."""
    base = form.section(section.under) if section.under else section
    count = 1 if section.layout == "card" else base.rows
    is_last = section is [s for s in form.sections if s.sheet == section.sheet][-1]
    if form.is_list and is_last and not section.fixed:
        count = max(count, 40)  # its sheet's last table has room for more
    parts = section.column_parts() if section.layout == "columns" else ()
    for _ in range(count):
        yield from (tuple(part.lines) for part in parts)
        if not parts:
            yield tuple(form_field.id for form_field in section.fields)


def test_sheets_are_protected_without_a_password():
    for sheet in blank().worksheets:
        if sheet.sheet_state == "visible":
            assert sheet.protection.sheet
            assert sheet.protection.password is None
    form = blank()["Báo cáo"].protection
    assert not (form.formatRows or form.formatColumns or form.insertRows or form.sort)


def test_machine_ids_are_hidden():
    sheet = blank()["Báo cáo"]
    assert sheet.column_dimensions["A"].hidden
    for cell in sheet["A"]:
        if cell.value in ("meetings:start", "meetings:end", "members:start"):
            assert sheet.row_dimensions[cell.row].hidden


def test_the_stamp_tells_the_form_and_every_text_people_did_not_type():
    book = blank()
    assert book["_mlay"].sheet_state == "veryHidden"
    assert stamp(book)[:5] == [
        ("mark", "mlay-batch"),
        ("form", "small"),
        ("version", "1"),
        ("branch", "CB-01"),
        ("period", "2019-11"),
    ]
    static = {value for key, value in stamp(book) if key == "static"}
    assert {"ĐẢNG BỘ THỊ XÃ MƯỜNG LAY", "Chi bộ Nam Khánh", "Tháng 11 năm 2019"} <= static
    assert set(texts(book, "Hướng dẫn")) <= static


def test_bare_numbers_stand_only_where_a_reader_expects_them():
    # A reader cannot tell a number of the instructions from one that somebody typed there.
    assert not [text for text in texts(blank(), "Hướng dẫn") if text.isdigit()]


def test_the_instructions_come_from_the_form():
    text = "\n".join(texts(blank(), "Hướng dẫn"))
    assert "1. Chỉ điền vào ô trắng." in text
    assert "Hạn gửi kỳ này: 05/12/2019." in text
    assert "Căn cứ: 12-HD/BTCTW." in text
    assert "Số nguyên từ 0 đến 500. Số cuối tháng trước. Ví dụ: 18." in text
    assert "chọn “Có” ở ô “Không họp”" in text


def test_everything_is_said_in_english_too():
    book = render_form(FORM, lang="en")
    assert book.sheetnames[:2] == ["Return", "Instructions"]
    vietnamese = re.compile(r"(?i)[ăđơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]")
    named = {"ĐẢNG CỘNG SẢN VIỆT NAM", "ĐẢNG BỘ THỊ XÃ MƯỜNG LAY", "Chi bộ Nam Khánh"}
    for sheet in ("Return", "Instructions"):
        for text in set(texts(book, sheet)) - named:
            assert not vietnamese.search(text) or "CB" in text or "Mường Lay" in text, text


def test_the_page_is_a4_as_wide_as_the_paper():
    for form in FORMS:
        book = render_shipped(form)
        sheet = book.worksheets[0]
        assert (sheet.page_setup.paperSize, sheet.page_setup.orientation) == (9, form.orientation)
        is_letter = any(section.layout == "columns" for section in form.sections)
        fit = (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight)
        assert fit == ((None, None) if is_letter else (1, 0))
        assert form.is_list or sheet.print_area.startswith(f"'{sheet.title}'!$B$1")


def test_a_sheet_of_one_table_repeats_its_headings_and_freezes_them():
    register = next(form for form in FORMS if form.form == "register")
    sheet = render_shipped(register)["Tổ chức"]
    row = cell_plan(register, "organisations.code").row
    assert (sheet.freeze_panes, sheet.print_title_rows) == (f"C{row}", f"${row - 1}:${row - 1}")


def test_a_sheet_wider_than_an_old_screen_keeps_number_and_day_in_sight():
    wide = small_form(YAML.replace("width: 40", "width: 90"))
    sheet = render_form(wide)["Báo cáo"]
    assert (sheet.freeze_panes, sheet.sheet_view.pane.ySplit) == ("D1", None)
    chosen = sheet.sheet_view.selection[0]
    assert (chosen.pane, chosen.activeCell) == ("topRight", at(wide, "members.opening"))
    assert blank()["Báo cáo"].freeze_panes is None  # narrow enough


def test_sheet_titles_excel_refuses_are_made_good():
    long = "Báo cáo [quý] / tháng: rất dài quá ba mươi mốt ký tự"
    form = small_form()
    odd = replace(form, sheet=replace(form.sheet, vi=long))
    names = render_form(odd).sheetnames
    assert len(names[0]) <= 31
    assert not set("[]:*?/\\") & set(names[0])
    clash = replace(form, sheet=replace(form.sheet, vi="HƯỚNG DẪN"))
    assert render_form(clash).sheetnames[:2] == ["HƯỚNG DẪN (2)", "Hướng dẫn"]
