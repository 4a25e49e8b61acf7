"""The file itself: what Excel asks of a workbook, and that the same inputs give the same bytes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from types import NoneType

from builders import reports
from openpyxl.cell import Cell
from openpyxl.worksheet.worksheet import Worksheet

from mlay_batch.excel.cell_text import LONGEST_TITLE
from mlay_batch.figures.report_records import OPEN, SENT
from mlay_batch.model.records import Verdict

TABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,254}")
CELL_LIKE = re.compile(r"[A-Za-z]{1,3}\d+|[Rr]\d*[Cc]?\d*")
REFERENCE = re.compile(r"([A-Za-z]\w*)\[(?:\[#This Row\],)?\[?([^\[\]]+)\]")
FRONT = [
    "Tổng quan", "Chỉ tiêu dự sinh hoạt", "Chi bộ được dự", "Xếp loại sinh hoạt", "Lũy kế năm",
    "Tình hình nộp", "Chuyên đề – bồi dưỡng", "Đảng viên", "Cảnh báo", "Xếp loại năm",
]  # fmt: skip
PEOPLE = [*FRONT, "Lỗi", "Nguồn gốc"]


def formulas() -> list[tuple[Worksheet, str, str]]:
    return [
        (sheet, cell.coordinate, cell.value)
        for sheet in reports.sheets(cached=False)
        for row in sheet.iter_rows()
        for cell in row
        if cell.data_type == "f"
    ]


def tables() -> dict[str, list[str]]:
    return {
        table.name: [column.name for column in table.tableColumns]
        for sheet in reports.sheets()
        for table in sheet.tables.values()
    }


def test_the_same_inputs_give_the_same_bytes() -> None:
    assert reports.write(reports.small()) == reports.workbook()


def test_sheets_for_people_come_first_and_the_data_after_them() -> None:
    names = reports.sheets().sheetnames
    assert names[: len(PEOPLE)] == PEOPLE
    assert all(name.startswith("Dữ liệu ") for name in names[len(PEOPLE) :])
    assert all(len(name) <= LONGEST_TITLE for name in names)


def test_front_sheets_have_a_coloured_tab_and_all_others_a_grey_one() -> None:
    colours = {
        sheet.title: str(sheet.sheet_properties.tabColor.rgb)[-6:] for sheet in reports.sheets()
    }
    grey = {colour for title, colour in colours.items() if title not in FRONT}
    assert len(grey) == 1
    assert grey.isdisjoint(colours[title] for title in FRONT)


def test_every_data_sheet_is_one_table_with_a_valid_name() -> None:
    sheets = reports.sheets().worksheets[len(PEOPLE) :]
    assert all(len(sheet.tables) == 1 for sheet in sheets)
    names = list(tables())
    assert all(TABLE_NAME.fullmatch(name) and not CELL_LIKE.fullmatch(name) for name in names)
    assert max(Counter(name.casefold() for name in names).values()) == 1


def test_a_table_calls_its_columns_what_its_header_cells_say() -> None:
    """Excel repairs a file, and drops the table, where the two differ."""
    for sheet in reports.sheets():
        for table in sheet.tables.values():
            head = [cell.value for cell in sheet[table.ref][0]]
            assert head == [column.name for column in table.tableColumns]
            assert len({str(name).casefold() for name in head}) == len(head)


def test_formulas_name_existing_columns_in_plain_words() -> None:
    columns = tables()
    named = {reference for *_, formula in formulas() for reference in REFERENCE.findall(formula)}
    assert len(named) > 15
    for table, column in named:
        assert column in columns[table]
        assert re.fullmatch(r"[\w ]+", column), "Excel would want brackets or escapes"


def test_formulas_are_short_and_hold_no_name_of_a_person_or_branch() -> None:
    register = reports.small().register
    names = {entry.name for entry in (*register.organisations, *register.officers)}
    for sheet, place, formula in formulas():
        assert len(formula) < 1000, f"{sheet.title}!{place}"
        assert not any(f'"{name}"' in formula for name in names)


def test_every_formula_has_a_cached_value_of_its_kind() -> None:
    cached = reports.sheets()
    blank_allowed = re.compile(r'^=IF(ERROR)?\(.*""')
    missing = [
        f"{sheet.title}!{place}"
        for sheet, place, formula in formulas()
        if cached[sheet.title][place].value is None and not blank_allowed.match(formula)
    ]
    assert missing == []


def test_links_stay_inside_and_lead_somewhere() -> None:
    book = reports.sheets()
    links = [
        cell.hyperlink
        for sheet in book
        for row in sheet.iter_rows()
        for cell in row
        if cell.hyperlink
    ]
    assert len(links) > 100
    for link in links:
        sheet, _, place = str(link.location).rpartition("!")
        assert link.target is None
        assert book[sheet.strip("'")][place.replace("$", "")] is not None


def test_every_sheet_leads_back_to_the_first() -> None:
    for sheet in reports.sheets().worksheets[1:]:
        assert sheet["A1"].hyperlink.location.startswith("'Tổng quan'!")


def test_the_contents_mark_the_sheets_to_be_signed() -> None:
    """Who prints the book prints these, not its data: all that have room for signatures."""
    book = reports.sheets()
    marked = [row[0].value for row in book["Tổng quan"].iter_rows() if row[7].value == "trình ký"]
    signed = [
        sheet.title
        for sheet in book.worksheets[1:]
        if any(str(c.value).startswith("NGƯỜI LẬP BIỂU") for row in sheet.iter_rows() for c in row)
    ]
    assert marked == signed != []


def test_paper_is_a4_with_panes_and_page_numbers() -> None:
    for sheet in reports.sheets():
        assert sheet.page_setup.paperSize == 9
        assert "&P/&N" in sheet.oddFooter.right.text
        assert sheet.print_area
        if sheet.title not in ("Tổng quan", "Nguồn gốc"):
            assert sheet.freeze_panes, sheet.title


def ids() -> set[str]:
    """All ids of the descriptions, and of what the program itself tells apart."""
    catalogue, found = reports.catalogue(), set(Verdict) | {"hand", "mail", *SENT, *OPEN}
    for form in catalogue.forms:
        found |= {form.form, *form.choices}
        found |= {choice.id for choices in form.choices.values() for choice in choices}
        for section in form.sections:
            found |= {section.id, *(field.id for field in section.fields)}
    for quota in catalogue.quotas:
        found |= {quota.quota, quota.role, quota.per}
    for scheme in catalogue.schemes:
        found |= {scheme.scheme, *(band.id for band in scheme.bands)}
        found |= {part.section for part in scheme.parts}
    return {name.casefold() for name in found}


def visible_cells() -> Iterator[Cell]:
    for sheet in reports.sheets():
        if sheet.sheet_state != "visible":
            continue
        columns, rows = sheet.column_dimensions, sheet.row_dimensions
        hidden = {
            number
            for dimension in columns.values()
            if dimension.hidden
            for number in range(dimension.min, dimension.max + 1)
        }
        for row in sheet.iter_rows():
            if not rows[row[0].row].hidden:
                yield from (cell for cell in row if cell.column not in hidden)


def test_no_id_stands_where_people_read() -> None:
    """Names of files and addresses are as their owners chose them."""
    names = ids()
    seen = {
        f"{cell.parent.title}!{cell.coordinate}: {cell.value}"
        for cell in visible_cells()
        if isinstance(cell.value, str) and not re.search(r"\.(xlsx|yaml|jpg)|@", cell.value)
        for word in re.findall(r"\w+", cell.value.casefold())
        if word in names or re.fullmatch(r"p\d{4}|_\w+|[a-z]+_[a-z_]+", word)
    }
    assert seen == set()


def test_where_there_is_no_day_no_number_stands() -> None:
    """Number 0 would be the 0th of January 1900 in Excel."""
    days = [cell for cell in visible_cells() if "yy" in cell.number_format]
    assert {type(cell.value) for cell in days} <= {datetime, NoneType, str}
    assert {cell.value for cell in days if isinstance(cell.value, str)} <= {"–"}
    assert all(cell.value.year > 1900 for cell in days if isinstance(cell.value, datetime))
