"""A changed description is tried on what was received; those it touches are named."""

from datetime import date

import pytest
from builders.json_results import result
from builders.sample_office import MeetingReturn, create_office, put

from mlay_batch.app.ingest import ingest
from mlay_batch.app.what_if import run_trial
from mlay_batch.cli import run
from mlay_batch.core.period import Period
from mlay_batch.figures.figure_diff import FigureChange

pytestmark = pytest.mark.usefixtures("reading_here")

AS_OF = date(2019, 12, 6)
NOVEMBER = Period(2019, 11)
STRICT = """
extends: meeting-2018.yaml
sections:
  - id: meetings
    rules:
      - {code: D04, bound: 100, severity: error}
      - {code: D01, severity: trial}
"""

BANDS = """
extends: scheme-meeting-score-2018.yaml
bands: [{id: fair, min: 80}, {id: good, min: 85}]
"""


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    """Two good returns of 95 minutes, one refused: more were present than expected (D01)."""
    office = create_office(tmp_path_factory.mktemp("trial") / "town")
    put(office, "a.xlsx", MeetingReturn("DB1-1").book())
    put(office, "b.xlsx", MeetingReturn("DB1-2", present=11).book())
    put(office, "c.xlsx", MeetingReturn("CB-01", score=85, visitor="TU-1").book())
    ingest(office, as_of=AS_OF, received="2019-12-03T09:00:00+07:00", who="test", holder="test")
    return office


def try_text(office, name, text):
    path = office.workspace.root.parent / name
    path.write_text(text, encoding="utf-8")
    return run_trial(office, path, as_of=AS_OF)


def states(changes):
    return {(c.area, c.subject, c.about): (c.before, c.after) for c in changes if c.is_state}


def everything(office):
    root = office.workspace.root
    return {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_a_stricter_rule_names_the_returns_it_would_refuse(office):
    before = everything(office)
    trial = try_text(office, "strict.yaml", STRICT)
    assert trial.names == ("strict.yaml",) and trial.read_count == 3
    verdicts = [change for change in trial.returns if change.name == "verdict"]
    assert [(c.subject, c.before, c.after) for c in verdicts] == [
        ("DB1-1", "accepted", "rejected"),
        ("CB-01", "accepted", "rejected"),
    ]
    assert states(trial.returns)["return", "DB1-2", "meeting 2019-11 C16"] == (
        "D01 error",
        "D01 trial",
    )
    (changes,) = trial.figures.values()
    assert states(changes)["return", "CB-01", "meeting 2019-11"] == ("reported", "rejected")
    assert states(changes)["sitting", "CB-01", "2019-11-03"] == ("fair", None)
    assert everything(office) == before


def test_a_milder_rule_names_the_return_it_would_take(office):
    trial = try_text(
        office, "mild.yaml", STRICT.replace("bound: 100, severity: error", "bound: 90")
    )
    verdicts = {c.subject: (c.before, c.after) for c in trial.returns if c.name == "verdict"}
    assert verdicts == {"DB1-2": ("rejected", "accepted")}
    (changes,) = trial.figures.values()
    assert states(changes)["return", "DB1-2", "meeting 2019-11"] == ("rejected", "reported")
    assert states(changes)["sitting", "DB1-2", "2019-11-03"] == (None, "good")


def test_other_bands_change_ratings_and_read_no_file_again(office):
    trial = try_text(office, "bands.yaml", BANDS)
    assert trial.read_count == 0 and trial.returns == ()
    (changes,) = trial.figures.values()
    sittings = [change for change in changes if change.area == "sitting"]
    assert sittings == [FigureChange("sitting", "CB-01", "2019-11-03", "band", "fair", "good")]


def test_another_threshold_of_a_sign_names_the_cells_it_would_bring_up(office):
    trial = try_text(
        office,
        "signs.yaml",
        "extends: signs-meeting-2018.yaml\nentries: [{code: H03, bound: 100}]\n",
    )
    (changes,) = trial.figures.values()
    assert states(changes) == {
        ("sign", "CB-01", "H03 2019-11"): (None, "warning"),
        ("sign", "DB1-1", "H03 2019-11"): (None, "warning"),
    }


def test_the_command_names_them_in_words(office, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    path = office.workspace.root.parent / "bands.yaml"
    path.write_text(BANDS, encoding="utf-8")
    where = ["--workspace", str(office.workspace.root), "--as-of", "2019-12-06"]
    assert run(["schema", "trial", str(path), *where]) == 0
    output = capsys.readouterr().out
    assert "CB-01 – Chi bộ Trường THPT" in output
    assert "Khá" in output and "Tốt" in output
    assert run(["schema", "trial", str(path), *where, "--json"]) == 0
    assert result(capsys.readouterr().out)["tried"] == ["bands.yaml"]
    same = office.workspace.root.parent / "same.yaml"
    same.write_text("", encoding="utf-8")
    assert run(["schema", "trial", str(same), *where]) != 0
    assert "same.yaml" in capsys.readouterr().err


def test_a_branch_has_its_page(office, capsys):
    where = ["--workspace", str(office.workspace.root), "--as-of", "2019-12-06"]
    assert run(["report", "CB-01", "--period", "2019", *where, "--dry-run"]) == 0
    page = office.workspace.reports / "2019" / "chi-bo-CB-01-2019.xlsx"
    assert not page.exists()
    assert run(["report", "CB-01", "--period", "2019", *where]) == 0
    assert page.is_file() and str(page) in capsys.readouterr().out
    assert run(["report", "CB-O1", *where]) == 2
    assert "CB-01" in capsys.readouterr().err
