"""An office whose scheme gives points by facts: checked alone, taken in, given back marked."""

from __future__ import annotations

import io
import shutil
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from builders.json_results import findings
from builders.sample_office import create_office, rows

from mlay_batch.app.office import Office, open_office
from mlay_batch.app.what_if import run_trial
from mlay_batch.cli import run
from mlay_batch.core.period import Period
from mlay_batch.core.styles import TONES
from mlay_batch.demo.xlsx_patch import addresses
from mlay_batch.ledger import Ledger
from mlay_batch.schema.layout import plan_sheets
from mlay_batch.schema.switches import switches_on, with_switches
from mlay_batch.template import TemplateContext, render

pytestmark = pytest.mark.usefixtures("reading_here")
BUILDERS = Path(__file__).resolve().parent.parent / "builders"
NOVEMBER = Period(2025, 11)
DAY = date(2025, 11, 5)
CAME = ["--as-of", "2025-12-03"]
POINTS = {
    "time": 5, "attendance": 5, "preparation": 10, "conduct": 40, "principles": 5, "result": 30,
    "closing": 5,
}  # fmt: skip


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    """The small town with the ward's form and scheme in its folder `schemas`."""
    town = create_office(tmp_path / "town")
    for name in ("ward_form.yaml", "ward_scheme.yaml"):
        shutil.copy(BUILDERS / name, town.workspace.schemas / name)
    monkeypatch.chdir(town.workspace.root)
    monkeypatch.setenv("MLAY_LANG", "vi")
    return open_office(town.workspace)


def book(office: Office, minutes: int) -> bytes:
    """A return of one meeting that lasted so long and awards itself full marks."""
    form = office.catalogue.form_for("meeting", NOVEMBER)
    assert form
    key = {"held_on": DAY, "kind": "regular"}
    facts = {"expected": 10, "present": 10, "content": "Nghị quyết", "speakers": 6}
    content = (
        *rows("members", {"opening": 10}),
        *rows("meetings", {**key, **facts, "duration": minutes}),
        *rows("scores", {**key, "scorer": "own", **POINTS}),
    )
    name = office.register.by_code["CB-01"].name
    return render(form, TemplateContext("CB-01", name, "", NOVEMBER), content)


def cells(office: Office) -> dict[tuple[str, int, str], str]:
    form = office.catalogue.form_for("meeting", NOVEMBER)
    assert form
    return addresses(plan_sheets(with_switches(form, switches_on(form, {})))[0])


def test_a_return_is_checked_with_and_without_its_workspace(
    office: Office,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    at = cells(office)
    Path("a.xlsx").write_bytes(book(office, 70))
    capsys.readouterr()
    assert run(["check", "a.xlsx", *CAME, "--json"]) == 0
    (told,) = [f for f in findings(capsys.readouterr().out) if f["code"] == "F19"]
    assert (told["cell"], told["severity"]) == (at["scores", 0, "time"], "warning")
    assert "70 phút, thiếu 20 phút so với 90 phút" in told["message"]
    # the shipped scheme, which holds without a workspace, declares no levels
    monkeypatch.chdir(tmp_path)
    assert run(["check", "town/a.xlsx", *CAME, "--json"]) in (0, 1)
    assert "F19" not in capsys.readouterr().out


def test_it_is_accepted_and_the_warning_is_kept_with_both_cells(office: Office) -> None:
    at = cells(office)
    (office.workspace.inbox / "a.xlsx").write_bytes(book(office, 70))
    assert run(["ingest", *CAME]) == 0
    with Ledger.open(office.workspace.ledger) as ledger:
        (entry,) = ledger.entries()
    (finding,) = [finding for finding in entry.findings if finding.code == "F19"]
    marked = {mark.cell for mark in finding.marks}
    assert marked == {at["scores", 0, "time"], at["meetings", 0, "duration"]}


def test_enough_minutes_give_no_warning(office: Office) -> None:
    (office.workspace.inbox / "a.xlsx").write_bytes(book(office, 90))
    assert run(["ingest", *CAME]) == 0
    with Ledger.open(office.workspace.ledger) as ledger:
        (entry,) = ledger.entries()
    assert "F19" not in {finding.code for finding in entry.findings}


def test_the_form_given_back_marks_both_cells(office: Office) -> None:
    at = cells(office)
    wrong = openpyxl.load_workbook(io.BytesIO(book(office, 70)))
    wrong["Báo cáo"][at["meetings", 0, "present"]].value = "10/10/10"
    wrong.save("a.xlsx")
    assert run(["check", "a.xlsx", *CAME, "--returned", "b.xlsx"]) == 1
    sheet = openpyxl.load_workbook("b.xlsx")["Báo cáo"]
    for path in (("scores", 0, "time"), ("meetings", 0, "duration")):
        assert sheet[at[path]].fill.fgColor.rgb[-6:] == TONES["watch"].fill


def test_a_trial_names_the_returns_that_new_tables_touch(office: Office) -> None:
    """Before the tables hold, an office reads which branches they would tell something."""
    (office.workspace.schemas / "ward_scheme.yaml").unlink()
    before = open_office(office.workspace)
    (office.workspace.inbox / "a.xlsx").write_bytes(book(before, 70))
    assert run(["ingest", *CAME]) == 0
    impact = run_trial(before, BUILDERS / "ward_scheme.yaml", as_of=date(2025, 12, 3))
    (change,) = impact.returns
    time = cells(office)["scores", 0, "time"]
    assert (change.subject, change.about) == ("CB-01", f"meeting 2025-11 {time}")
    assert (impact.read_count, change.before, change.after) == (1, None, "F19 warning")
