"""Regular and thematic meetings scored by two forms, as sections of one card: the whole way."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from builders.json_results import findings
from builders.sample_office import create_office, rows
from builders.sheet_cells import differences, load_sheets, recalculate

from mlay_batch.app.office import Office, open_office
from mlay_batch.cli import run
from mlay_batch.core.period import Period
from mlay_batch.demo.xlsx_patch import addresses
from mlay_batch.schema.layout import plan_sheets
from mlay_batch.schema.switches import switches_on, with_switches
from mlay_batch.template import TemplateContext, render

pytestmark = pytest.mark.usefixtures("reading_here")
BUILDERS = Path(__file__).resolve().parent.parent / "builders"
NOVEMBER = Period(2025, 11)
REGULAR, THEMATIC = date(2025, 11, 5), date(2025, 11, 12)
DAYS = {"regular": REGULAR, "thematic": THEMATIC}
CAME = ["--as-of", "2025-12-03"]
SEVEN = {
    "time": 5, "attendance": 5, "preparation": 10, "conduct": 30, "principles": 5, "result": 30,
    "closing": 5, "explanation": "Tiến hành -10",
}  # fmt: skip


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    """The small town with both score forms."""
    town = create_office(tmp_path / "town")
    for name in ("two_scores_form.yaml", "two_scores_scheme.yaml"):
        shutil.copy(BUILDERS / name, town.workspace.schemas / name)
    monkeypatch.chdir(town.workspace.root)
    monkeypatch.setenv("MLAY_LANG", "vi")
    return open_office(town.workspace)


def book(
    office: Office, branch: str, *scores: tuple[str, Mapping[str, Any]], minutes: int
) -> bytes:
    """A return of a regular and a thematic meeting; each score with the section it stands in."""
    form = office.catalogue.form_for("meeting", NOVEMBER)
    assert form
    facts = {"expected": 10, "present": 10, "content": "Nghị quyết", "duration": 95}
    theme = {"held_on": THEMATIC, "kind": "thematic"}
    content = (
        *rows("members", {"opening": 10}),
        *rows("meetings", {"held_on": REGULAR, "kind": "regular", **facts}),
        *rows("meetings", {**theme, **facts, "duration": minutes}),
        *rows("thematic", {**theme, "topic": "Nêu gương"}),
        *(row for section, values in scores for row in rows(section, dict(values))),
    )
    name = office.register.by_code[branch].name
    return render(form, TemplateContext(branch, name, "", NOVEMBER), content)


def regular(**points: float) -> tuple[str, dict[str, Any]]:
    key = {"held_on": REGULAR, "kind": "regular", "scorer": "own"}
    return "scores", {**key, **SEVEN, **points}


def thematic(choice: float, talk: float) -> tuple[str, dict[str, Any]]:
    key = {"held_on": THEMATIC, "kind": "thematic", "scorer": "own", "explanation": "Trừ điểm"}
    return "theme_scores", {**key, "theme_choice": choice, "theme_talk": talk}


def cells(office: Office) -> dict[tuple[str, int, str], str]:
    form = office.catalogue.form_for("meeting", NOVEMBER)
    assert form
    return addresses(plan_sheets(with_switches(form, switches_on(form, {})))[0])


def take_in(office: Office) -> None:
    """Two cells: in the second the discussion is good, and the theme lacks a point."""
    papers = {"CB-01": (thematic(40, 35), regular()), "DB1-1": (thematic(39, 55), regular(time=4))}
    for branch, scores in papers.items():
        data = book(office, branch, *scores, minutes=90)
        (office.workspace.inbox / f"{branch}.xlsx").write_bytes(data)
    assert run(["run", *CAME, "--period", "2025-11"]) == 0


def test_each_meeting_has_the_score_of_its_own_form(office: Office) -> None:
    """89 and 90; 75, and 94 that lack the full marks which Tốt demands of the theme: Khá."""
    take_in(office)
    page = load_sheets(Path("reports/2025-11/tong-hop-2025-11.xlsx"))["Dữ liệu buổi họp"]
    head = next(row for row in page.rows if "Mã đơn vị" in row)
    meetings = [dict(zip(head, row, strict=True)) for row in page.rows[page.rows.index(head) + 1 :]]
    lines = {
        (row["Mã đơn vị"], row["Loại sinh hoạt"]): (row["Điểm tự chấm"], row["Điểm"], row["Bậc"])
        for row in meetings
        if row["Mã đơn vị"] in ("CB-01", "DB1-1")
    }
    assert lines == {
        ("DB1-1", "Thường kỳ"): (89, 89, 2),
        ("DB1-1", "Chuyên đề"): (94, 94, 2),
        ("CB-01", "Thường kỳ"): (90, 90, 1),
        ("CB-01", "Chuyên đề"): (75, 75, 2),
    }


def test_the_means_by_group_show_both_forms_of_one_hundred_points_each(office: Office) -> None:
    take_in(office)
    page = load_sheets(Path("reports/2025-11/tong-hop-2025-11.xlsx"))["Lũy kế năm"]
    full, mean = page.row_of("Điểm tối đa"), page.row_of("Bình quân chung")
    columns = ("Thời gian", "Thảo luận")
    heading = "Điểm bình quân theo nhóm tiêu chí"
    assert [page.under(full, heading, name) for name in columns] == [5, 60]
    assert [page.under(mean, heading, name) for name in columns] == [4.5, 45]
    assert page.under(full, "Tổng điểm") == 100


@pytest.mark.libreoffice
def test_every_figure_of_both_forms_is_a_live_formula(office: Office, tmp_path: Path) -> None:
    take_in(office)
    data = Path("reports/2025-11/tong-hop-2025-11.xlsx").read_bytes()
    again = recalculate(data, tmp_path / "again")
    names = ["Xếp loại sinh hoạt", "Lũy kế năm", "Dữ liệu buổi họp"]
    assert differences(again, load_sheets(data), names) == []


def test_a_meeting_scored_in_the_other_form_is_told_at_its_points(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    at = cells(office)
    keys = {name: {"scorer": "own", "held_on": day, "kind": name} for name, day in DAYS.items()}
    swapped = (
        ("scores", keys["thematic"] | SEVEN),
        ("theme_scores", keys["regular"] | {"theme_choice": 40, "theme_talk": 60}),
    )
    Path("a.xlsx").write_bytes(book(office, "CB-01", *swapped, minutes=90))
    capsys.readouterr()
    assert run(["check", "a.xlsx", *CAME, "--json"]) == 1
    told = {(f["code"], f["cell"]) for f in findings(capsys.readouterr().out)}
    theme, time = at["theme_scores", 0, "theme_choice"], in_second_column(at, "scores", "time")
    assert {line for line in told if line[0] in ("Z01", "Z02")} == {("Z01", time), ("Z02", theme)}


def test_levels_hold_in_either_form(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    """20 of the 60 points for the discussion need 60 minutes."""
    at = cells(office)
    Path("a.xlsx").write_bytes(book(office, "CB-01", regular(), thematic(40, 51), minutes=59))
    capsys.readouterr()
    assert run(["check", "a.xlsx", *CAME, "--json"]) == 0
    (told,) = [f for f in findings(capsys.readouterr().out) if f["code"] == "F19"]
    assert told["cell"] == in_second_column(at, "theme_scores", "theme_talk")


def in_second_column(at: Mapping[tuple[str, int, str], str], section: str, field: str) -> str:
    """The cell of a field in the column of the second meeting."""
    letters = at["meetings", 1, "held_on"].rstrip("0123456789")
    return letters + at[section, 0, field].lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
