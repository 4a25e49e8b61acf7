"""Where slips are shown: the cell's page, next month's worklist, the data sheets; and where not."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from builders import slip_town
from builders.figure_inputs import returns, shipped
from builders.mail_office import take_in
from builders.sample_office import MeetingReturn, put
from builders.sheet_cells import load_sheets
from builders.slip_office import GOOD, NOVEMBER, slip, slip_office
from builders.worklist_desk import Desk
from openpyxl import load_workbook

from mlay_batch.app.office import Office, open_office
from mlay_batch.app.purge_texts import mask_row
from mlay_batch.cli import run
from mlay_batch.core.period import Period
from mlay_batch.errors import SchemaError
from mlay_batch.figures import compute
from mlay_batch.figures.fingerprint import both_fingerprints
from mlay_batch.ledger.purging import MASK
from mlay_batch.model import rollup_form
from mlay_batch.model.records import Row
from mlay_batch.reader import read
from mlay_batch.schema import load_catalogue
from mlay_batch.schema.catalogue import shipped_folder
from mlay_batch.schema.ids import VISIT_SLIP
from mlay_batch.schema.load import load_text

pytestmark = pytest.mark.usefixtures("reading_here")

OCTOBER = Period(2019, 10)
ASKED = "Gửi tài liệu trước buổi họp"
IN_OCTOBER = {**GOOD, "held_on": date(2019, 10, 4), "directed": "=Ghi biên bản đủ"}


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    return slip_office(tmp_path / "town", monkeypatch)


def live(office: Office) -> None:
    """Two months: the cell's returns and the officer's slips of both."""
    for month, day, lines in ((10, 4, IN_OCTOBER), (11, 3, GOOD)):
        paper = MeetingReturn("CB-01", month=month, day=day, visitor="TU-1")
        put(office, f"thpt-{month}.xlsx", paper.book())
        put(office, f"phieu-{month}.xlsx", slip(office, lines, period=Period(2019, month)))
    done = take_in(office)
    assert {decision.verdict.value for decision in done.decisions} == {"accepted"}


def texts(path: Path) -> list[str]:
    return [str(c) for s in load_sheets(path).values() for r in s.rows for c in r if c is not None]


def test_what_was_directed_stands_on_the_cells_page(office: Office) -> None:
    live(office)
    args = ["--period", "2019-11", "--as-of", "2019-12-06", "-C", str(office.workspace.root)]
    assert run(["report", "CB-01", *args]) == 0
    (page,) = (office.workspace.reports / "2019").glob("*.xlsx")
    words = texts(page)
    at = words.index("Nhận xét, việc cấp trên đi dự đã yêu cầu")
    assert words[at + 2 : at + 4] == ["Lê Thị Bình", ASKED]  # the latest first
    assert "=Ghi biên bản đủ" in words
    sheet = load_workbook(page).worksheets[0]
    (asked,) = (c for row in sheet for c in row if str(c.value).endswith("=Ghi biên bản đủ"))
    assert asked.data_type == "s"  # a text, never a formula
    assert run(["report", "DB1-1", *args]) == 0
    (other,) = (office.workspace.reports / "2019").glob("*DB1-1*.xlsx")
    assert "Nhận xét, việc cấp trên đi dự đã yêu cầu" not in texts(other)


def test_next_month_the_clerk_sees_what_was_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = slip_office(tmp_path / "town", monkeypatch)
    desk = Desk(office.workspace.root, town=office)
    put(office, "phieu.xlsx", slip(office, IN_OCTOBER, period=OCTOBER))
    desk.sit(period=NOVEMBER)
    sheet = load_workbook(desk.path)["Tình hình nộp"]
    rows = [[str(c.value) for c in row if c.value is not None] for row in sheet.iter_rows()]
    (line,) = (row for row in rows if any("đã yêu cầu lần trước" in cell for cell in row))
    assert line[0] == "Chi bộ Trường THPT (CB-01)"
    assert line[-1].endswith("đã yêu cầu lần trước: =Ghi biên bản đủ (04/10/2019)")
    assert any("Việc cấp trên đã yêu cầu" in row for row in rows)


def test_the_workbook_holds_slips_as_sent_and_the_level_above_reads_them(office: Office) -> None:
    live(office)
    root = str(office.workspace.root)
    args = ["--period", "2019-11", "--as-of", "2019-12-06", "-C", root]
    assert run(["consolidate", *args]) == 0
    (book,) = (p for p in (office.workspace.reports / "2019-11").glob("tong-hop*.xlsx"))
    assert ASKED in texts(book)
    submission = read(book.read_bytes(), book.name, office.intake_catalogue.forms)
    assert [f.code for f in submission.findings if f.is_error] == []
    assert list(rollup_form.find_alterations(submission, office.catalogue)) == []
    rows = rollup_form.rows_by_return(submission, office.catalogue)
    (row,) = rows["visit_slip", "TU-1", "2019-11"]
    assert (row.values["cell"], row.values["points"], row.values["directed"]) == (
        "CB-01", 88, ASKED,
    )  # fmt: skip
    assert run(["verify", str(book), "-C", root]) == 0


def test_an_office_without_slips_shows_nothing_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same as with descriptions that know no slip: outputs to the byte, and no word of it."""
    bare = slip_town.inputs("", filed=returns(slip_town.RETURNS))
    catalogue = replace(
        shipped(),
        forms=tuple(form for form in shipped().forms if form.form != VISIT_SLIP),
        sources=tuple(s for s in shipped().sources if "slip" not in s.name),
    )
    without = replace(bare, catalogue=catalogue)
    assert both_fingerprints(compute(bare)) == both_fingerprints(compute(without))
    data = slip_town.write(bare)
    assert data == slip_town.write(without)
    words = {str(c) for s in load_sheets(data).values() for r in s.rows for c in r}
    assert not [word for word in words if "phiếu của cán bộ" in word.lower()]

    office = slip_office(tmp_path / "town", monkeypatch, slips=[])
    args = ["--period", "2019-11", "-C", str(office.workspace.root)]
    assert run(["template", *args]) == 0
    assert run(["template", "--mail", *args]) == 0
    made = [path.name for path in office.workspace.outbox.rglob("*") if path.is_file()]
    assert made
    assert not [name for name in made if "phieu" in name or "TU-1" in name or "CU-1" in name]


def test_forms_of_two_levels_agree_whether_or_not_they_use_slips() -> None:
    catalogue = shipped()
    without = replace(catalogue, forms=tuple(f for f in catalogue.forms if f.form != VISIT_SLIP))
    assert [f.version for f in rollup_form.forms(catalogue)] == [
        f.version for f in rollup_form.forms(without)
    ]


def test_a_purge_takes_the_words_of_a_slip_and_leaves_its_figures() -> None:
    form = shipped().form_for(VISIT_SLIP, NOVEMBER)
    assert form
    values = {"cell": "CB-01", "held_on": NOVEMBER.start, "points": 88, "directed": ASKED}
    masked = mask_row(Row("visits", "Phiếu đi dự", 15, values, {}), form.sections)
    assert masked.values == {**values, "directed": MASK}


def test_one_edit_adds_a_field_everywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A field added to visit-slip.yaml is in the blank form, is read, and on the data sheet."""
    office = slip_office(tmp_path / "town", monkeypatch)
    shipped_form = shipped_folder("schemas") / "visit-slip.yaml"
    line = "      - {id: minutes, type: integer, title: {vi: Số phút dự, en: Minutes}}\n"
    text = shipped_form.read_text("utf-8").replace(
        "      - {id: directed,", line + "      - {id: directed,"
    )
    (office.workspace.schemas / "visit-slip.yaml").write_text(text, "utf-8")
    office = open_office(office.workspace)
    data = slip(office, {**GOOD, "minutes": 95})
    put(office, "phieu.xlsx", data)
    take_in(office)
    args = ["--period", "2019-11", "--as-of", "2019-12-06", "-C", str(office.workspace.root)]
    assert run(["consolidate", *args]) == 0
    (book,) = (p for p in (office.workspace.reports / "2019-11").glob("tong-hop*.xlsx"))
    sheet = load_sheets(book)["Dữ liệu các buổi đã dự"]
    row, column = sheet.find("Số phút dự")
    assert sheet.at(row + 1, column) == 95


def test_nothing_shipped_names_an_office() -> None:
    catalogue = load_catalogue()
    (form,) = (f for f in catalogue.forms if f.form == VISIT_SLIP)
    words = json.dumps([t.vi for t in form.instructions], ensure_ascii=False)
    assert "Thị ủy" not in words
    assert "{office_short}" in words


@pytest.mark.parametrize(
    ("old", "new"),
    [("reporters: [officer]", "reporters: [officer, cell]"), ("period: month", "period: year")],
)
def test_a_form_of_officers_is_theirs_alone_and_monthly(old: str, new: str) -> None:
    text = (shipped_folder("schemas") / "visit-slip.yaml").read_text("utf-8")
    with pytest.raises(SchemaError, match="officer"):
        load_text(text.replace(old, new), "visit-slip.yaml")
