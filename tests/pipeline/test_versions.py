"""The year 2025 on the way through: 12-HD's form to October, 42-HD's from November, one report."""

from __future__ import annotations

from datetime import date

import pytest
from builders.filled_forms import form
from builders.sample_office import MeetingReturn, create_office, put, rows
from openpyxl import load_workbook
from python_calamine import CalamineWorkbook

from mlay_batch.app.consolidate import consolidate
from mlay_batch.app.ingest import ingest
from mlay_batch.app.templates import issue, template_context
from mlay_batch.core.period import Period
from mlay_batch.ledger import Ledger
from mlay_batch.template import render

pytestmark = pytest.mark.usefixtures("reading_here")

OCTOBER, NOVEMBER, DECEMBER = (Period(2025, month) for month in (10, 11, 12))
AS_OF = date(2026, 1, 6)


def nine_of_ten(paper: MeetingReturn) -> tuple:
    """The rows of a return with nine of ten members present, which 12-HD is content with."""
    others = [row for row in paper.values() if row.section not in ("members", "meetings")]
    (meeting,) = (row for row in paper.values() if row.section == "meetings")
    attended = {**meeting.values, "present": 9}
    card = {"opening": 10, "admitted": 0}
    return (*rows("members", card), *rows("meetings", attended), *others)


def write_form(office, paper: MeetingReturn, version: str) -> bytes:
    entry = office.register.by_code[paper.branch]
    of = form("meeting", version)
    return render(of, template_context(office, of, entry, paper.period, None), nine_of_ten(paper))


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    """A town that took in October, issued November's form and took that in as well."""
    town = create_office(tmp_path_factory.mktemp("versions") / "town")
    first = MeetingReturn("CB-01", year=2025, month=10, day=6)
    put(town, "thang 10.xlsx", write_form(town, first, "2018.1"))
    take_in(town)
    (issued,) = issue(town, "meeting", NOVEMBER, ["CB-01"], town.workspace.outbox)
    put(town, "thang 11.xlsx", write_form(town, first.but(month=11, day=5), "2025.1"))
    put(town, "thang 12 mau cu.xlsx", write_form(town, first.but(month=12, day=4), "2018.1"))
    done = take_in(town)
    return town, issued.path, {d.checked.file.name: d for d in done.decisions}


def take_in(town):
    return ingest(
        town, (), as_of=AS_OF, received="2026-01-03T09:00:00+07:00", who="test", holder="test"
    )


def test_novembers_form_is_the_new_one_prefilled_from_octobers_return(office):
    _, path, _ = office
    book = load_workbook(path)
    stamp = dict(book["_mlay"].iter_rows(max_row=5, values_only=True))
    assert (stamp["version"], stamp["period"]) == ("2025.1", "2025-11")
    sheet = book["Báo cáo"]
    lines = {row[0].value: row for row in sheet.iter_rows()}
    (column,) = (cell.column for cell in lines["members:start"] if cell.value == "value")
    names = ("opening", "closing", "admitted")
    values = {name: sheet.cell(lines[name][0].row, column).value for name in names}
    assert values["closing"].startswith("=IF(")  # computed, not October's
    assert (values["opening"], values["admitted"]) == (10, 0)


def test_each_month_is_held_to_its_own_form(office):
    _, _, decided = office
    october_rule = [f.code for f in decided["thang 11.xlsx"].findings if f.code == "D05"]
    assert decided["thang 11.xlsx"].verdict == "accepted"
    assert october_rule == ["D05"]  # 9 of 10 is above 85 %, not above 90 %
    with Ledger.open(office[0].workspace.ledger, read_only=True) as ledger:
        (october,) = [d for d in ledger.entries() if d.name == "thang 10.xlsx"]
    assert october.verdict == "accepted"
    assert [finding.code for finding in october.findings] == []


def test_the_old_form_is_refused_for_a_later_month_and_names_the_right_one(office):
    _, _, decided = office
    (finding,) = (f for f in decided["thang 12 mau cu.xlsx"].findings if f.is_error)
    assert (finding.code, finding.params["version"], finding.params["right"]) == (
        "I06",
        "2018.1",
        "2025.1",
    )


def test_one_report_holds_the_months_of_both(office):
    town, _, _ = office
    report = consolidate(town, DECEMBER, as_of=AS_OF, holder="test")
    with CalamineWorkbook.from_path(str(report.path)) as book:
        sheets = {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}
    (data,) = (rows for name, rows in sheets.items() if name == "Dữ liệu buổi họp")
    days = {str(cell)[:10] for row in data for cell in row}
    assert {"2025-10-06", "2025-11-05"} <= days and "2025-12-04" not in days
    (year,) = (row for row in sheets["Xếp loại sinh hoạt"] if "Chi bộ Trường THPT" in row)
    assert year
