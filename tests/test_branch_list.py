"""A list of branches that an office has already, taken into its register."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from builders.reports import catalogue

from mlay_batch.app.branch_list import OLD_REGISTER, TakenList, read_list, take_file, take_in
from mlay_batch.app.first_register import FirstAnswers, first_register
from mlay_batch.app.office import open_office
from mlay_batch.app.workspace import Workspace
from mlay_batch.cli import run
from mlay_batch.core.period import Period
from mlay_batch.errors import RegisterError, UsageError
from mlay_batch.model.records import Row

FORM = catalogue().register_form
OFFICE = "Đảng ủy xã Mường Thanh"
OFFICE_ROW = (Row("organisations", "", 1, {"code": "DU", "name": OFFICE, "type": "office"}, {}),)
ANSWERS = FirstAnswers(OFFICE, "Mường Thanh", "commune", Period(2026, 10), 5, 4, 6)
MAIL = "bancang@muongthanh.example"
PASTED = f"STT\tTên chi bộ\tĐ/c Bí thư\tE-mail\n1\tChi bộ bản Cang\tLò Văn Pọm\t{MAIL}\n"


def take(
    text: str, folder: Path, rows: tuple[Row, ...] = OFFICE_ROW, name: str = "list.txt"
) -> TakenList:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return take_in(read_list(path, FORM), rows)


def organisations(taken: TakenList) -> list[tuple[object, ...]]:
    names = ("code", "name", "type", "parent", "secretary", "mail")
    rows = (row for row in taken.rows if row.section == "organisations")
    return [tuple(row.values.get(name) for name in names) for row in rows]


ROOT = ("DU", OFFICE, "office", None, None, None)
CANG = ("CB-01", "Chi bộ bản Cang", "cell_direct", "DU", "Lò Văn Pọm", MAIL)


@pytest.mark.parametrize(
    "text",
    [
        PASTED,
        f"DANH SÁCH\n\nĐơn vị;Bí thư;Hộp thư\nChi bộ bản Cang;Lò Văn Pọm;{MAIL}\nTổng cộng;;\n",
        f"email,chi bộ,họ và tên bí thư\n{MAIL},Chi bộ bản Cang,Lò Văn Pọm\n",
        f"Chi bộ bản Cang; Lò Văn Pọm; {MAIL}; 0912 345 678\n",
        f"1.\t{MAIL}\tLò Văn Pọm\tChi  bộ bản Cang\n",
        f"1. Chi bộ bản Cang - {MAIL}, Bí thư: đ/c Lò Văn Pọm, 0912345678\n",
    ],
    ids=["pasted", "titles above", "commas", "no headings", "another order", "from a chat"],
)
def test_a_pasted_table_is_taken_in(text: str, tmp_path: Path) -> None:
    taken = take(text, tmp_path)
    assert organisations(taken) == [ROOT, CANG]
    assert taken.added == ("CB-01 – Chi bộ bản Cang",)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_text_that_excel_saved_is_read(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(PASTED.encode(encoding))
    assert organisations(take_in(read_list(path, FORM), OFFICE_ROW)) == [ROOT, CANG]


def test_a_workbook_is_taken_in(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["Ghi chú"])
    sheet = book.create_sheet("Danh sách")
    for line in (["Phụ lục 1"], [], ["TT", "Tổ chức đảng", "Trực thuộc", "Mã"]):
        sheet.append(line)
    sheet.append([1, "Chi bộ Công an 1", "Đảng bộ Công an xã", None])
    sheet.append([2, "Đảng bộ Công an xã", None, "DB-7"])
    sheet.append(["Tổng", None, None, None])
    book.save(tmp_path / "list.xlsx")
    taken = take_in(read_list(tmp_path / "list.xlsx", FORM), OFFICE_ROW)
    assert organisations(taken)[1:] == [
        ("DB-7", "Đảng bộ Công an xã", "committee", "DU", None, None),
        ("DB7-CB01", "Chi bộ Công an 1", "cell", "DB-7", None, None),
    ]


def test_what_the_register_has_stays(tmp_path: Path) -> None:
    first = take("Tên\tBí thư\nChi bộ bản Cang\tLò Văn Pọm\n", tmp_path)
    assignment = Row("assignments", "", 1, {"officer": "TU01", "branch": "CB-01"}, {})
    new = PASTED.replace("Lò Văn Pọm", "Cà Thị C") + "2\tChi bộ bản Luông\t\t\n"
    second = take(new, tmp_path, (*first.rows, assignment))
    luong = ("CB-02", "Chi bộ bản Luông", "cell_direct", "DU", None, None)
    assert organisations(second) == [ROOT, CANG, luong]
    assert assignment in second.rows
    assert second.completed == ("CB-01 – Chi bộ bản Cang",)
    assert second.differing == ("CB-01 – Chi bộ bản Cang: Lò Văn Pọm ≠ Cà Thị C",)


def test_a_wrong_address_is_left_out_and_told(tmp_path: Path) -> None:
    taken = take(PASTED.replace("@", " at "), tmp_path)
    assert organisations(taken)[1][-1] is None
    assert taken.left_out == ("2: bancang at muongthanh.example",)


def test_a_kind_of_unit_is_taken_by_the_words_people_type(tmp_path: Path) -> None:
    """What could be two kinds is left to people, and what the register has stays."""
    text = "Tên;Loại hình\nChi bộ A;Tổ dân phố\nChi bộ B;sự nghiệp\nChi bộ C;Hành chính sự nghiệp\n"
    first = take(text, tmp_path)
    rows = [row.values for row in first.rows if row.values["code"] != "DU"]
    assert [row.get("kind") for row in rows] == ["village", "public_service", None]
    assert first.left_out == ("4: Hành chính sự nghiệp",)
    again = take_in(
        read_list(_list(tmp_path, "Tên;Loại hình\nChi bộ A;Trường học\nChi bộ C;Công an\n"), FORM),
        first.rows,
        {"village": "Thôn", "school": "Trường học"},
    )
    assert again.differing == ("CB-01 – Chi bộ A: Thôn ≠ Trường học",)
    assert again.completed == ("CB-03 – Chi bộ C",)


def _list(folder: Path, text: str) -> Path:
    (folder / "again.txt").write_text(text, encoding="utf-8")
    return folder / "again.txt"


def test_what_is_not_certain_is_left_to_people(tmp_path: Path) -> None:
    """A code of another organisation, and a name that two have."""
    first = take("Mã;Tên\nCB-01;Chi bộ A\nCB-02;Chi bộ B\nCB-03;Chi bộ C\n", tmp_path)
    twins = [
        replace(row, values={**row.values, "name": "Chi bộ B"})
        if row.values["code"] == "CB-03"
        else row
        for row in first.rows
    ]
    new = f"Mã;Tên;Mail\nCB-01;Chi bộ X;{MAIL}\n;Chi bộ B;{MAIL}\nCB-01;Chi bộ A;{MAIL}\n"
    second = take(new, tmp_path, tuple(twins))
    assert second.unclear == ("2: CB-01 Chi bộ X", "3: Chi bộ B")
    assert second.completed == ("CB-01 – Chi bộ A",)
    assert not second.added


def test_names_that_differ_by_an_accent_are_two_names(tmp_path: Path) -> None:
    first = take("Tên\nChi bộ bản Mo\nChi bộ bản Luông\n", tmp_path)
    new = f"Tên;Mail\nChi bộ bản Mó;{MAIL}\nChi bo ban Luong;a@b.vn\n"
    second = take(new, tmp_path, first.rows)
    assert second.added == ("CB-03 – Chi bộ bản Mó",)
    assert second.unclear == ("3: Chi bo ban Luong",)
    assert [mail for *_, mail in organisations(second)] == [None, None, None, MAIL]


def test_a_superior_the_register_does_not_have_is_told(tmp_path: Path) -> None:
    taken = take("Tên;Trực thuộc\nChi bộ A;Đảng bộ B\nChi bộ C;\n", tmp_path)
    assert taken.added == ("CB-01 – Chi bộ A (Đảng bộ B?)", "CB-02 – Chi bộ C")
    assert {parent for _, _, _, parent, *_ in organisations(taken)[1:]} == {"DU"}


@pytest.mark.parametrize("text", ["", "a;b;c\n1;2;3\n", "Tên chi bộ;Bí thư\n"])
def test_a_file_without_a_list_is_told(text: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as stop:
        take(text, tmp_path)
    assert stop.value.code == "usage.no_list"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    folder = Workspace.create(tmp_path / "office")
    folder.register.write_bytes(first_register(ANSWERS, folder.schemas))
    return folder


def test_the_register_is_written_anew_and_the_old_one_kept(
    workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "list.txt").write_text(PASTED, encoding="utf-8")
    before = workspace.register.read_bytes()
    call = ["register", str(tmp_path / "list.txt"), "-C", str(workspace.root)]
    assert run([*call, "--dry-run"]) == 0
    assert workspace.register.read_bytes() == before
    assert run(call) == 0
    assert "Thêm: CB-01 – Chi bộ bản Cang" in capsys.readouterr().out
    assert (workspace.root / OLD_REGISTER).read_bytes() == before
    register = open_office(workspace).register
    assert [o.code for o in register.organisations] == ["DU", "CB-01"]
    assert register.by_code["CB-01"].secretary == "Lò Văn Pọm"
    assert [(a.branch, a.mail) for a in register.addresses] == [("CB-01", MAIL)]
    assert run(["register", "-C", str(workspace.root)]) == 0
    after = workspace.register.read_bytes()
    assert run(call) == 0  # once more: nothing is new
    assert workspace.register.read_bytes() == after
    assert (workspace.root / OLD_REGISTER).read_bytes() == before


def test_a_wrong_register_is_mended_first_and_told_at_once(
    workspace: Workspace, tmp_path: Path
) -> None:
    """What cannot be read, what breaks a field's limits, a rule, the tree: all in one run."""
    (tmp_path / "list.txt").write_text(PASTED, encoding="utf-8")
    take_file(workspace, tmp_path / "list.txt")
    book = openpyxl.load_workbook(workspace.register)
    sheet = book["Tổ chức"]
    ids = {cell.value: cell.column for row in sheet.iter_rows(max_row=12) for cell in row}
    (row,) = (
        cell.row
        for cell in sheet[openpyxl.utils.get_column_letter(ids["code"])]
        if cell.value == "CB-01"
    )
    wrong = {"founded": "hôm qua", "type": "Chi bộ cũ", "mail": "x"}
    for name, value in wrong.items():
        sheet.cell(row, ids[name]).value = value
    more = {
        "code": "cb 2",
        "name": "Chi bộ B",
        "type": "Chi bộ trực thuộc thị ủy",
        "parent": "CB-77",
    }
    for name, value in more.items():
        sheet.cell(row + 1, ids[name]).value = value
    book.save(workspace.register)
    with pytest.raises(RegisterError) as stop:
        take_file(workspace, tmp_path / "list.txt")
    assert stop.value.code == "register.errors"
    told = {(f.code, f.params.get("field")) for f in stop.value.findings if f.is_error}
    assert {name for _, name in told} >= {
        f"organisations.{name}" for name in (*wrong, "code", "parent")
    }
