"""A list that the program fills: what is hidden, what may be chosen, where cells lead, states."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import openpyxl
import pytest
from builders import libreoffice
from builders.list_form import CONTEXT, SHEET, YAML, book, cell_of, list_form, open_list
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from mlay_batch.core.findings import Finding, Severity
from mlay_batch.core.styles import LABEL_FILL, LINK, TONES
from mlay_batch.model.records import Row
from mlay_batch.schema.layout import plan_sheets
from mlay_batch.template import TemplateContext, render
from mlay_batch.template.form_sheet import split_link

FORM = list_form()
ROWS = [book("1"), book("2", "torn"), book("3", "gone"), book("4", None), book("5"), book("6")]
LATE, TORN = ("Nhắc trả", "Để nguyên"), ("Sửa, đóng lại", "Mua quyển khác", "Để nguyên")
NAME = "hộp thư/Sổ 01 – 100%, số #2.xlsx"
TARGET = "hộp%20thư/Sổ%2001%20–%20100%25,%20số%20%232.xlsx"
PACKAGE = "{http://schemas.openxmlformats.org/package/2006/relationships}"


def validation(sheet: Worksheet, cell: str) -> DataValidation | None:
    return next((v for v in sheet.data_validations.dataValidation if cell in v.sqref), None)


def choices(sheet: Worksheet, cell: str) -> tuple[str, ...]:
    """What the dropdown of a cell offers."""
    place = validation(sheet, cell).formula1
    title, _, cells = place.partition("!")
    return tuple(cell.value for (cell,) in sheet.parent[title][cells.replace("$", "")])


def linked(**links: str) -> TemplateContext:
    return replace(CONTEXT, links={("books", 0, field): link for field, link in links.items()})


class TestHidden:
    def test_the_column_is_hidden_and_keeps_its_width(self) -> None:
        column = open_list(FORM, ROWS).column_dimensions["B"]
        assert (column.hidden, column.width) == (True, 26)

    def test_it_takes_no_room_on_paper(self) -> None:
        wide = YAML.replace("width: 30, title: {vi: Khóa", "width: 200, title: {vi: Khóa")
        upright = wide.replace("width: 40", "width: 12").replace("width: 24", "width: 12")
        for yaml, orientation in ((upright, "portrait"), (wide, "landscape")):
            assert open_list(list_form(yaml)).page_setup.orientation == orientation

    def test_a_long_id_makes_no_high_row(self) -> None:
        sheets = [open_list(FORM, [book("x" * times)]) for times in (1, 64)]
        row = int(cell_of("key")[1:])
        assert len({sheet.row_dimensions[row].height for sheet in sheets}) == 1

    def test_nothing_can_be_typed_there_and_nothing_is_asked(self) -> None:
        sheet = open_list(FORM, ROWS)
        for field in ("key", "kind", "what", "since", "state"):
            assert sheet[cell_of(field)].protection.locked
            assert validation(sheet, cell_of(field)) is None
        assert not sheet[cell_of("answer")].protection.locked


class TestFilled:
    def test_what_the_program_wrote_looks_so_and_keeps_its_type(self) -> None:
        sheet = open_list(FORM, ROWS)
        assert sheet[cell_of("since")].number_format == "dd/mm/yyyy"
        fills = {name: sheet[cell_of(name)].fill.fgColor.rgb[-6:] for name in ("what", "note")}
        assert fills["what"] == LABEL_FILL != fills["note"]

    def test_a_blank_one_makes_no_high_row(self) -> None:
        """Where people type as much, some lines are left for it."""
        row = int(cell_of("what")[1:])
        typed = list_form(YAML.replace("what, type: text, locked: true", "what, type: text"))
        filled, blank = (open_list(form, [book("1", what=None)]) for form in (FORM, typed))
        assert filled.row_dimensions[row].height < 20 < blank.row_dimensions[row].height

    def test_no_row_is_added(self) -> None:
        for rows, count in ((ROWS, 6), ([], 1)):
            (plan,) = plan_sheets(FORM, {"books": len(rows)})
            assert len({cell.row for cell in plan.cells if cell.role == "value"}) == count
            assert open_list(FORM, rows).protection.insertRows
        loose = list_form(YAML.replace("    fixed: true\n", ""))
        assert not open_list(loose, ROWS).protection.insertRows
        (plan,) = plan_sheets(loose, {"books": 6})
        assert len({cell.row for cell in plan.cells if cell.role == "value"}) == 46


class TestChoices:
    def test_a_row_offers_what_fits_in_it(self) -> None:
        sheet = open_list(FORM, ROWS)
        assert choices(sheet, cell_of("answer", 0)) == LATE
        assert choices(sheet, cell_of("answer", 1)) == TORN
        assert validation(sheet, cell_of("answer", 0)).prompt == (
            "Chọn trong danh sách: Nhắc trả; Để nguyên."
        )

    def test_rows_alike_share_one_list_and_one_validation(self) -> None:
        sheet = open_list(FORM, ROWS)
        last = cell_of("answer", 5)
        shared = validation(sheet, cell_of("answer", 0))
        assert str(shared.sqref).split() == [
            cell_of("answer", 0),
            f"{cell_of('answer', 4)}:{last}",
        ]
        lists = [column[0].value for column in sheet.parent["_lists"].columns]
        assert lists.count("choice:answer remind leave") == 1

    def test_where_nothing_fits_nothing_is_taken(self) -> None:
        data_check = validation(open_list(FORM, ROWS), cell_of("answer", 2))
        assert (data_check.type, data_check.operator) == ("textLength", "lessThanOrEqual")
        assert (data_check.formula1, data_check.showErrorMessage) == ("0", True)
        assert data_check.prompt == "Dòng này không có gì để chọn; để trống."

    def test_without_its_kind_a_row_has_no_list(self) -> None:
        assert validation(open_list(FORM, ROWS), cell_of("answer", 3)) is None

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("choices: kind, locked: true", "choices: kind"),  # people may still change it
            ("mark: [answer]", "severity: warning, mark: [answer]"),
        ],
    )
    def test_all_is_offered_where_the_rule_does_not_settle_it(self, old: str, new: str) -> None:
        assert YAML.count(old) == 1
        sheet = open_list(list_form(YAML.replace(old, new)), ROWS)
        for record in range(6):
            assert len(choices(sheet, cell_of("answer", record))) == 4

    def test_an_outside_list_is_offered_by_code_and_name(self) -> None:
        rooms = ("PD-01 – Phòng đọc Na Lay", "PD-02 – Phòng đọc Sông Đà")
        sheet = open_list(FORM, [book("1", room="PD-02")])
        assert choices(sheet, cell_of("room")) == rooms
        assert sheet[cell_of("room")].value == rooms[1]

    @pytest.mark.libreoffice
    def test_libreoffice_has_the_same_lists(self, tmp_path: Path) -> None:
        (tmp_path / "list.xlsx").write_bytes(render(FORM, CONTEXT, ROWS))
        saved = libreoffice.convert(tmp_path / "list.xlsx", "xlsx", tmp_path / "saved")
        sheet = openpyxl.load_workbook(saved)[SHEET]
        for record, offered in enumerate((LATE, TORN, None, None, LATE, LATE)):
            if offered:
                assert choices(sheet, cell_of("answer", record)) == offered
        assert validation(sheet, cell_of("answer", 2)).type == "textLength"
        assert validation(sheet, cell_of("answer", 3)) is None
        assert sheet.column_dimensions["B"].hidden


class TestLinks:
    def test_a_cell_leads_to_a_file_and_to_a_cell_there(self) -> None:
        context = linked(what=f"{NAME}#'Báo cáo'!C12", since=NAME)
        package = zipfile.ZipFile(io.BytesIO(render(FORM, context, ROWS)))
        rels = ElementTree.fromstring(package.read("xl/worksheets/_rels/sheet1.xml.rels"))
        assert [rel.get("TargetMode") for rel in rels.iter(f"{PACKAGE}Relationship")] == [
            "External"
        ] * 2
        sheet = open_list(FORM, ROWS, context)
        links = [sheet[cell_of(field)].hyperlink for field in ("what", "since")]
        assert [(link.target, link.location) for link in links] == [
            (TARGET, "'Báo cáo'!C12"),
            (TARGET, None),
        ]

    def test_it_looks_like_a_link_among_its_neighbours(self) -> None:
        sheet = open_list(FORM, ROWS, linked(what=NAME))
        cell, other = (sheet[cell_of("what", record)] for record in (0, 1))
        assert (cell.font.underline, cell.font.color.rgb[-6:]) == ("single", LINK)
        assert other.font.underline is None
        for part in ("border", "fill", "alignment", "protection", "number_format"):
            assert repr(getattr(cell, part)) == repr(getattr(other, part))
        assert (cell.font.name, cell.font.sz) == (other.font.name, other.font.sz)
        assert cell.value == "Sổ tay"

    def test_a_blank_cell_leads_nowhere(self) -> None:
        cell = open_list(FORM, ROWS, linked(note=NAME))[cell_of("note")]
        assert (cell.hyperlink, cell.value) == (None, None)

    def test_an_older_excel_is_not_given_a_link_too_long_for_it(self) -> None:
        names = ("x" * 251 + ".xlsx", " " * 84 + "x.xlsx")
        cells = [open_list(FORM, ROWS, linked(what=name))[cell_of("what")] for name in names]
        assert [cell.hyperlink for cell in cells] == [None, None]
        assert cells[0].font.underline is None
        fits = open_list(FORM, ROWS, linked(what="ế" * 250 + ".xlsx"))[cell_of("what")]
        assert fits.hyperlink.target == "ế" * 250 + ".xlsx"

    @pytest.mark.parametrize(
        "link",
        [
            "../a.xlsx", "a/../../b.xlsx", "a/.. /b.xlsx", "..\\a.xlsx", "/a.xlsx", "\\a.xlsx",
            "C:a.xlsx", "C:\\a.xlsx", "\\\\host\\a.xlsx", "//host/a.xlsx", "http://host/a.xlsx",
            "mailto:x", "file:a.xlsx", "javascript:x", "", ".", "#'Báo cáo'!C12",
        ],
    )  # fmt: skip
    def test_no_cell_leads_out_of_the_folder(self, link: str) -> None:
        with pytest.raises(ValueError, match="not below the folder"):
            render(FORM, linked(what=link), ROWS)

    @pytest.mark.parametrize(
        ("link", "target"),
        [
            ("a\\b.xlsx", "a/b.xlsx"),
            ("./a.xlsx", "a.xlsx"),
            ("thư/Re: báo cáo.eml", "thư/Re%3A%20báo%20cáo.eml"),
            ("..%2Fa.xlsx", "..%252Fa.xlsx"),
            ("a?b[1]\n.xlsx", "a%3Fb%5B1%5D%0A.xlsx"),
        ],
    )
    def test_a_name_is_no_address(self, link: str, target: str) -> None:
        assert split_link(link) == (target, None)

    def test_a_name_may_look_like_a_place(self) -> None:
        assert split_link("a#'b'!C1.xlsx#'It''s'!C12") == ("a%23'b'!C1.xlsx", "'It''s'!C12")

    @pytest.mark.libreoffice
    def test_libreoffice_finds_the_file(self, tmp_path: Path) -> None:
        (tmp_path / "list.xlsx").write_bytes(
            render(FORM, linked(what=f"{NAME}#'Báo cáo'!C12"), ROWS)
        )
        saved = libreoffice.convert(tmp_path / "list.xlsx", "xlsx", tmp_path)
        link = openpyxl.load_workbook(saved)[SHEET][cell_of("what")].hyperlink
        assert link.target == TARGET
        assert link.location.replace("%20", " ") == "'Báo cáo'!C12"


class TestTones:
    CONTEXT = replace(
        CONTEXT, tones={("books", 0, "state"): "good", ("books", 1, "answer"): "watch"}
    )

    @staticmethod
    def fill(sheet: Worksheet, field: str, record: int) -> str:
        return str(sheet[cell_of(field, record)].fill.fgColor.rgb[-6:])

    def test_a_cell_shows_its_state(self) -> None:
        sheet = open_list(FORM, ROWS, self.CONTEXT)
        assert self.fill(sheet, "state", 0) == TONES["good"].fill
        assert self.fill(sheet, "state", 1) == LABEL_FILL
        assert sheet[cell_of("state")].protection.locked
        assert self.fill(sheet, "answer", 1) == TONES["watch"].fill

    def test_a_finding_comes_before_a_state(self) -> None:
        row = book("2", "torn", answer="remind")
        read = Row("books", SHEET, 8, row.values, {"answer": "G8"})
        finding = Finding("Z01", Severity.ERROR, read.place("answer"), {"field": "books.answer"})
        sheet = open_list(FORM, [book("1"), read], self.CONTEXT, [finding])
        assert self.fill(sheet, "answer", 1) == TONES["bad"].fill
        assert self.fill(sheet, "state", 0) == TONES["good"].fill
