"""Points a cell awards itself, held against the facts of its own return: a ward's table."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from builders.filled_forms import check_forms, identity, submission
from builders.reader_files import table_form
from hypothesis import given
from hypothesis import strategies as st

from mlay_batch.checks.awarded_points import point_findings
from mlay_batch.checks.frames import CandidateReturn
from mlay_batch.checks.validate import validate
from mlay_batch.core.findings import Finding, Severity
from mlay_batch.core.messages import explain
from mlay_batch.schema import Form, Scheme
from mlay_batch.schema.catalogue import shipped_folder
from mlay_batch.schema.load import load_file, load_text

BUILDERS = Path(__file__).resolve().parent.parent / "builders"
FULL = {"time": 5, "attendance": 5, "preparation": 10, "conduct": 40, "principles": 5}
FULL |= {"result": 30, "closing": 5}
DAY = date(2025, 11, 5)
FACTS = {
    "duration": 120, "expected": 100, "present": 100, "unexcused": 0, "speakers": 60,
    "targets_set": 100, "targets_reached": 100,
    "posted_on": date(2025, 11, 4), "minutes_on": date(2025, 11, 7),
}  # fmt: skip


def load(name: str) -> Any:
    return load_file(BUILDERS / name, folders=[shipped_folder("schemas")])


FORM: Form = load("ward_form.yaml")
WARD: Scheme = load("ward_scheme.yaml")


def paper(facts: dict[str, Any], points: dict[str, Any]) -> dict[str, Any]:
    """A return of one meeting that awards itself full marks but for `points`."""
    members = facts.pop("members", 20)
    meeting = {"held_on": DAY, "kind": "regular", "content": "Nghị quyết", **FACTS} | facts
    key = {"held_on": DAY, "kind": meeting["kind"]}
    score = {**key, "scorer": "own", "explanation": "Có trừ điểm", **FULL} | points
    theme = [key | {"topic": "Nêu gương"}] if meeting["kind"] != "regular" else []
    return {
        "members": {"opening": members, "no_meeting": "no"},
        "meetings": [meeting],
        "thematic": theme,
        "scores": [score],
    }


def check(content: dict[str, Any], scheme: Scheme = WARD, **owner: Any) -> tuple[Finding, ...]:
    whose = replace(identity(period="2025-11", of=FORM), **owner)
    read = submission(content, of=FORM)
    (checked,) = validate([check_forms(read, identity=whose)], {}, [FORM], [scheme])
    return checked.findings


def warnings(findings: tuple[Finding, ...]) -> list[Finding]:
    return [finding for finding in findings if finding.code == "F19"]


def cell(path: str) -> str:
    """Where the first record has a field."""
    section, _, name = path.partition(".")
    rows = submission(paper({}, {}), of=FORM).section_rows(section)
    return rows[0].cells[name]


STEPS = [
    # a meeting of 90 minutes: in full, up to 15 short, up to 30, half of it, less
    *[({"duration": n}, "time", most, ["duration"]) for n, most in (
        (90, 5), (89, 4), (75, 4), (74, 3), (60, 3), (59, 2), (45, 2), (44, 1), (10, 1),
    )],
    # regular and thematic in one sitting: 120
    *[({"duration": n, "kind": "both"}, "time", most, ["duration"]) for n, most in (
        (120, 5), (119, 4), (105, 4), (104, 3), (90, 3), (89, 2), (60, 2), (59, 1),
    )],
    # 120 from 30 members on
    ({"duration": 90, "members": 29}, "time", 5, ["duration"]),
    ({"duration": 119, "members": 30}, "time", 4, ["duration"]),
    ({"duration": 120, "members": 30}, "time", 5, ["duration"]),
    # 4 of the 5 points of attendance; one absent without reason is as few as can be
    *[({"present": n}, "attendance", most, ["present", "expected"]) for n, most in (
        (90, 5), (89, 4), (75, 4), (74, 3), (65, 3), (64, 2), (0, 2),
    )],
    ({"present": 99, "unexcused": 1}, "attendance", 2, ["unexcused"]),
    # 5 of the 40 points of conduct
    *[({"speakers": n}, "conduct", most, ["speakers", "present"]) for n, most in (
        (51, 40), (50, 39), (40, 39), (39, 38), (30, 38), (29, 37), (0, 37),
    )],
    *[({"targets_reached": n}, "result", most, ["targets_reached", "targets_set"])
      for n, most in (
        (90, 30), (89, 27), (80, 27), (79, 24), (70, 24), (69, 20), (60, 20), (59, 15), (50, 15),
        (49, 10), (0, 10),
    )],
    # 2 and 1 of the 10 points of preparation
    *[({"posted_on": date(2025, 11, n)}, "preparation", most, ["posted_on"]) for n, most in (
        (1, 10), (4, 10), (5, 8), (6, 8),
    )],
    *[({"minutes_on": date(2025, 11, n)}, "preparation", most, ["minutes_on"]) for n, most in (
        (5, 10), (7, 10), (8, 9),
    )],
    ({"posted_on": DAY, "minutes_on": date(2025, 11, 8)}, "preparation", 7,
     ["posted_on", "minutes_on"]),
]  # fmt: skip


@pytest.mark.parametrize(("facts", "group", "most", "fields"), STEPS)
def test_every_step_of_the_ward_s_table(
    facts: dict[str, Any], group: str, most: float, fields: list[str]
) -> None:
    """As many points as the table gives are right; one more, if there is one, is told."""
    facts = dict(facts)
    assert warnings(check(paper(dict(facts), {group: most}))) == []
    if most < FULL[group]:
        (finding,) = warnings(check(paper(facts, {group: most + 0.5})))
        assert finding.severity is Severity.WARNING
        assert finding.place.cell == cell(f"scores.{group}")
        assert {mark.cell for mark in finding.marks} >= {cell(f"meetings.{n}") for n in fields}
        assert (finding.params["value"], finding.params["bound"]) == (most + 0.5, most)


def test_full_marks_for_good_figures_are_right() -> None:
    assert warnings(check(paper({}, {}))) == []


def test_a_warning_names_points_fact_table_and_basis_in_both_languages() -> None:
    (finding,) = warnings(check(paper({"duration": 70}, {})))
    assert explain(finding, FORM, "vi").what == (
        "“Thời gian (5)” tự chấm 5 điểm; theo số liệu trong chính báo cáo này, bảng điểm cho nhiều "
        "nhất 3 điểm. Thời lượng (phút): 70 phút, thiếu 20 phút so với 90 phút, được 3/5 điểm "
        "theo bảng “Thời lượng buổi họp”, căn cứ: bảng điểm của một phường (chưa xác nhận, để tham "
        "khảo)."
    )
    assert explain(finding, FORM, "vi").fix == (
        "Sửa điểm hoặc số liệu ở các ô đã tô màu; nếu đúng thì không cần sửa."
    )
    assert explain(finding, FORM, "en").what == (
        "“Time (5)” awards itself 5 points; by the figures of this very return the tables give 3 "
        "at most. Duration (min): 70 minutes, 20 minutes short of 90 minutes, gives 3 of 5 points "
        "by the table “Duration”, basis: bảng điểm của một phường (unconfirmed, for information)."
    )


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"present": 74}, "Đảng viên có mặt: 74/100, bằng 74%, được 2/4 điểm"),
        ({"present": 374, "expected": 499, "speakers": None}, "374/499, bằng 74,9%, được 2/4"),
        ({"present": 99, "unexcused": 1}, "Vắng không lý do: 1, được 1/4 điểm"),
        ({"posted_on": DAY}, "05/11/2025, đúng ngày họp, được 0/2 điểm"),
        ({"posted_on": date(2025, 11, 6)}, "sau ngày họp 05/11/2025 1 ngày, được 0/2 điểm"),
        ({"minutes_on": date(2025, 11, 9)}, "sau ngày họp 05/11/2025 4 ngày, được 0/1 điểm"),
    ],
)
def test_each_kind_of_fact_has_its_words(facts: dict[str, Any], words: str) -> None:
    (finding,) = warnings(check(paper(facts, {})))
    assert words in explain(finding, FORM, "vi").what


def test_two_tables_of_one_group_are_told_together() -> None:
    late = {"posted_on": DAY, "minutes_on": date(2025, 11, 8)}
    (finding,) = warnings(check(paper(late, {})))
    tables = [level["title"]["en"] for level in json.loads(str(finding.params["levels"]))]
    assert tables == ["Documents in the handbook", "Minutes in the handbook"]


@pytest.mark.parametrize(
    "facts",
    [
        {"targets_set": None, "targets_reached": 1},
        {"targets_set": 5, "targets_reached": None},
        {"targets_set": 0, "targets_reached": 0},
        {"speakers": None},
        {"posted_on": None, "minutes_on": None},
    ],
)
def test_what_is_not_known_gives_no_warning(facts: dict[str, Any]) -> None:
    assert warnings(check(paper(facts, {}))) == []


def test_one_known_fact_of_a_table_is_enough_to_say_what_it_gives_at_most() -> None:
    (finding,) = warnings(check(paper({"expected": None, "unexcused": 2}, {})))
    assert finding.params["bound"] == 2


@pytest.mark.parametrize("facts", [{"duration": 700}, {"duration": 70, "members": None}])
def test_a_cell_that_is_wrong_by_itself_proves_nothing(facts: dict[str, Any]) -> None:
    """700 minutes are beyond the limit; without the members nobody knows which minimum it is."""
    findings = check(paper(facts, {}))
    assert any(finding.is_error for finding in findings)
    assert warnings(findings) == []


def test_points_that_are_wrong_by_themselves_are_told_once() -> None:
    findings = check(paper({"duration": 70}, {"time": 9}))
    assert [f.code for f in findings if f.place.cell == cell("scores.time")] == ["F03"]


def test_a_table_is_for_the_kinds_it_names() -> None:
    """A thematic meeting has no minimum in the ward's table."""
    assert warnings(check(paper({"duration": 30, "kind": "thematic"}, {}))) == []


def test_a_group_that_is_not_asked_for_gives_nothing() -> None:
    """Only the total stands in the form then."""
    content = paper({"duration": 30, "present": 10}, dict.fromkeys(FULL) | {"total": 100})
    assert warnings(check(content)) == []


def test_points_that_a_superior_confirmed_are_not_judged() -> None:
    content = paper({"duration": 70}, {"time": 3})
    content["scores"].append(content["scores"][0] | {"scorer": "confirmed", "time": 5})
    assert warnings(check(content)) == []


def test_each_meeting_is_judged_by_its_own_figures() -> None:
    content = paper({}, {})
    short = content["meetings"][0] | {"held_on": date(2025, 11, 12), "duration": 70}
    content["meetings"].append(short)
    content["scores"].append(content["scores"][0] | {"held_on": short["held_on"]})
    (finding,) = warnings(check(content))
    rows = submission(content, of=FORM).section_rows("scores")
    assert finding.place.cell == rows[1].cells["time"]


def test_without_a_scheme_of_the_period_nothing_is_said() -> None:
    content = paper({"duration": 30}, {})
    owner = identity(period="2025-11", of=FORM)
    (checked,) = validate([check_forms(submission(content, of=FORM), identity=owner)], {}, [FORM])
    assert warnings(checked.findings) == []
    earlier = replace(WARD, effective=replace(WARD.effective, from_="2026-01"))
    assert warnings(check(paper({"duration": 30}, {}), earlier)) == []


BY_TYPE = """
extends: scheme-meeting-score-2025.yaml
version: x
levels:
  - id: duration
    group: time
    title: {vi: Thời lượng, en: Duration}
    basis: QĐ 7 của Đảng ủy
    confirmed: true
    facts:
      - kind: minimum
        value: meetings.duration
        bounds: [{least: 60, given: {"@reporter": [cell_direct]}}, {least: 90}]
        steps: [{short: 0, points: 5}, {points: 3}]
"""


@pytest.mark.parametrize(
    ("reporter", "minutes", "told"),
    [
        ("cell_direct", 60, 0),
        ("cell_direct", 59, 1),
        ("cell", 89, 1),
        ("cell", 90, 0),
        (None, 59, 0),
    ],
)
def test_a_minimum_may_depend_on_the_register(
    reporter: str | None, minutes: int, told: int
) -> None:
    """Without a register the type of the cell is not known, nor the minimum."""
    scheme = load_text(BY_TYPE, "x.yaml", [shipped_folder("schemas")])
    assert isinstance(scheme, Scheme)
    found = warnings(check(paper({"duration": minutes}, {}), scheme, reporter=reporter))
    assert len(found) == told
    for finding in found:
        assert "căn cứ: QĐ 7 của Đảng ủy." in explain(finding, FORM, "vi").what


TABLES = table_form("table_form_2025")


def check_tables(meetings: list[dict[str, Any]], points: dict[str, Any]) -> list[tuple[str, ...]]:
    """The cells of each warning in a form that has a row for a meeting and one for its points."""
    score = {"held_on": DAY, "scorer": "own", **FULL, "total": 100} | points
    content = {"members": {"opening": 20, "closing": 20}, "meetings": meetings, "scores": [score]}
    read = submission(content, of=TABLES)
    whose = identity(period="2025-11", of=TABLES)
    (checked,) = validate([check_forms(read, identity=whose)], {}, [TABLES], [WARD])
    names = {cell: f"{row.section}.{name}" for row in read.rows for name, cell in row.cells.items()}
    found = warnings(checked.findings)
    return [tuple(names[place.cell] for place in (f.place, *f.marks[1:])) for f in found]


def test_in_tables_the_day_leads_to_the_meeting() -> None:
    """Typed members are marked with the minutes, for they decide which minimum holds."""
    meeting = {"held_on": DAY, "kind": "regular", "duration": 70, "expected": 20, "present": 20}
    other = meeting | {"held_on": date(2025, 11, 12), "duration": 95}
    told = ("scores.time", "meetings.duration", "members.closing")
    assert check_tables([other, meeting], {}) == [told]
    assert check_tables([other, meeting], {"time": 3}) == []


def test_in_tables_two_meetings_of_one_day_leave_open_which_is_meant() -> None:
    meeting = {"held_on": DAY, "kind": "regular", "duration": 70, "expected": 20, "present": 20}
    assert check_tables([meeting, meeting | {"kind": "thematic"}], {}) == []


def time_points(minutes: int, members: int) -> float:
    """The ward's table of minutes, worked by hand."""
    least = 120 if members >= 30 else 90
    for short, points in ((0, 5), (15, 4), (30, 3)):
        if minutes >= least - short:
            return points
    return 2 if 2 * minutes >= least else 1


def attendance_points(present: int, expected: int, unexcused: int) -> float:
    """The ward's table of presence, and the point it does not speak of."""
    if unexcused:
        return 1 + 1
    share = present / expected
    return 1 + (4 if share >= 0.9 else 3 if share >= 0.75 else 2 if share >= 0.65 else 1)


@given(
    minutes=st.integers(10, 200),
    members=st.integers(1, 60),
    expected=st.integers(1, 200),
    absent=st.integers(0, 200),
    unexcused=st.integers(0, 1),
    points=st.tuples(
        st.sampled_from([0, 1, 1.5, 2, 3, 4.5, 5]), st.sampled_from([0, 2, 2.5, 4, 5])
    ),
)
def test_a_warning_stands_exactly_where_the_points_are_too_many(
    minutes: int,
    members: int,
    expected: int,
    absent: int,
    unexcused: int,
    points: tuple[float, float],
) -> None:
    present = max(0, expected - absent)
    facts = {"duration": minutes, "expected": expected, "present": present}
    content = paper(facts | {"unexcused": unexcused, "speakers": None}, {})
    content["members"]["closing"] = members
    content["scores"][0] |= {"time": points[0], "attendance": points[1]}
    candidate = CandidateReturn(submission(content, of=FORM), FORM, scheme=WARD)
    told = {f.place.cell: f.params["bound"] for f in point_findings(candidate, frozenset())}
    most = (time_points(minutes, members), attendance_points(present, expected, unexcused))
    at = (cell("scores.time"), cell("scores.attendance"))
    assert told == {c: m for c, m, p in zip(at, most, points, strict=True) if p > m}
