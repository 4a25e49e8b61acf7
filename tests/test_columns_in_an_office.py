"""A form whose records are columns, of another domain: only YAML, the whole way in an office."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import openpyxl
import pytest
from builders.card_form import YAML, card_form
from builders.json_results import findings, states
from builders.reader_files import FormFile
from builders.reports import table_column
from builders.sample_office import ANSWERS

from mlay_batch.cli import run
from mlay_batch.model.records import Row
from mlay_batch.schema import load_catalogue
from mlay_batch.template import TemplateContext, render

PLACES = FormFile(card_form())
REGISTER = [
    {"code": "HKL", "name": "Hạt kiểm lâm", "type": "office"},
    {"code": "TR-1", "name": "Trạm Nam Khánh", "type": "cell_direct", "parent": "HKL"},
    {"code": "TR-2", "name": "Trạm Bắc Nậm", "type": "cell_direct", "parent": "HKL"},
]
FIRST = {
    "tours.day": date(2019, 11, 3),
    "tours.owed": 9,
    "tours.went": 8,
    "tours.report": "Gỡ bẫy dọc suối.",
    "sightings.species": "Nai",
    "sightings.count": 2,
    "marks.total": 91,
    "post.opening": 9,
    "post.joined": 2,
}


@pytest.fixture
def office(tmp_path, monkeypatch):
    """A workspace with the form as its own description."""
    monkeypatch.setenv("MLAY_LANG", "vi")
    root = tmp_path / "kiểm lâm"
    assert run(["init", str(root), *ANSWERS]) == 0
    (root / "schemas" / "patrol.yaml").write_text(YAML, encoding="utf-8")
    rows = [Row("organisations", "", 0, entry, {}) for entry in REGISTER]
    context = TemplateContext("HKL", "Hạt kiểm lâm", "", None, "Mường Lay")
    register = render(load_catalogue(root / "schemas").register_form, context, rows)
    (root / "register.xlsx").write_bytes(register)
    monkeypatch.chdir(root)
    return root


def issue(office: Path, branch: str, period: str) -> Path:
    assert run(["template", "--form", "patrol", "--period", period]) == 0
    (path,) = (office / "outbox" / period).glob(f"{branch}_*.xlsx")
    return path


def fill(source: Path, target: Path, values: dict[str, object], record: int = 0) -> None:
    book = openpyxl.load_workbook(source)
    for path, value in values.items():
        book["Báo cáo"][PLACES.cell(path, record)] = value
    book.save(target)


def every_source(book: openpyxl.Workbook) -> set[object]:
    return {cell.value for sheet in book for row in sheet for cell in row}


def test_the_whole_way(office, capsys):
    blank = issue(office, "TR-1", "2019-11")
    shown = openpyxl.load_workbook(blank)["Báo cáo"]
    assert shown[PLACES.cell("tours.route")].value == "Ven sông"
    fill(blank, office / "sai.xlsx", FIRST | {"tours.went": 30})

    # refused at the cell that was typed, given back marked, repaired in the form given back
    capsys.readouterr()
    back = ["check", "sai.xlsx", "--returned", "lại.xlsx", "--as-of", "2019-12-03", "--json"]
    assert run(back) == 1
    (finding,) = findings(capsys.readouterr().out)
    assert (finding["code"], finding["cell"]) == ("A91", PLACES.cell("tours.went"))
    fill(Path("lại.xlsx"), office / "inbox" / "tốt.xlsx", {"tours.went": 8})
    dated = ["--as-of", "2019-12-03", "--received", "2019-12-03"]
    assert run(["run", *dated, "--period", "2019-11"]) == 0
    capsys.readouterr()
    assert run(["status", "--as-of", "2019-12-06", "--json"]) == 0
    patrols = states(capsys.readouterr().out, "patrol")
    came = [patrols[branch]["2019-11"] for branch in ("TR-1", "TR-2")]
    assert came == ["reported", "missing"]

    # every figure is on a sheet and leads to its cell; computed ones are there too
    book = openpyxl.load_workbook("reports/2019-11/tong-hop-2019-11.xlsx", data_only=True)
    assert table_column(book, "Vắng có phép") == [1]
    assert table_column(book, "Quân số cuối tháng") == [11]
    assert table_column(book, "Loài") == ["Nai"]
    first, last = PLACES.cell("tours.day"), PLACES.cell("sightings.count")
    assert f"Báo cáo!{first}:{last}" in every_source(book)


def test_next_month_knows_what_this_one_ended_with(office, capsys):
    fill(issue(office, "TR-1", "2019-11"), office / "inbox" / "a.xlsx", FIRST)
    assert run(["run", "--as-of", "2019-12-03", "--period", "2019-11"]) == 0
    sheet = openpyxl.load_workbook(issue(office, "TR-1", "2019-12"), data_only=True)["Báo cáo"]
    assert sheet[PLACES.cell("post.opening")].value == 11
    assert sheet[PLACES.cell("tours.owed")].value == 11
    assert sheet[PLACES.cell("post.staff")].value == 11


def test_the_band_is_that_of_the_scheme_in_force(office):
    book = openpyxl.load_workbook(issue(office, "TR-1", "2019-11"))
    formula = book["Báo cáo"][PLACES.cell("marks.band")].value
    assert formula.count('"') == 2 + 2 * 4 and "Tốt" in formula


def test_a_copy_in_a_new_workbook_is_one_more_way_to_send(office, capsys):
    """What people see, copied: no stamp, no hidden rows and columns, no formula."""
    fill(issue(office, "TR-1", "2019-11"), office / "a.xlsx", FIRST)
    old = openpyxl.load_workbook(office / "a.xlsx", data_only=True)["Báo cáo"]
    new = openpyxl.Workbook()
    seen = [row for row in old.iter_rows(min_col=2) if not old.row_dimensions[row[0].row].hidden]
    for row, cells in enumerate(seen, 1):
        for number, cell in enumerate(cells, 2):
            new.active.cell(row, number, cell.value)
    new.active.title = "Báo cáo"
    new.save(office / "inbox" / "chép.xlsx")
    assert run(["run", "--as-of", "2019-12-03", "--period", "2019-11"]) == 0
    book = openpyxl.load_workbook("reports/2019-11/tong-hop-2019-11.xlsx", data_only=True)
    assert table_column(book, "Loài") == ["Nai"]
