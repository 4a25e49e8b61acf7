"""A meeting return: one mistake is one finding, at its own cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from builders.filled_forms import (
    SHEET,
    check_forms,
    finding_lines,
    form,
    identity,
    rows,
    submission,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from mlay_batch.checks.validate import schema_for, validate, validate_register
from mlay_batch.core.findings import Finding, Place, Severity
from mlay_batch.core.messages import explain
from mlay_batch.model.records import CheckedFile, Submission

OFFICERS = {"TV-01": "Lò Văn Pọm", "TV-02": "Nguyễn Văn An", "TV-03": "Nguyễn Văn An"}
LISTS = {"officers": OFFICERS, "organisations": {"CB-01": "Chi bộ Trường Tiểu học"}}
NOV5, NOV6 = date(2019, 11, 5), date(2019, 11, 6)

# Rows as `papers` lays them: members E1-E12, meetings 13-14, thematic 15, scores 16, visits 17.
PAPER: Mapping[str, Any] = {
    "members": {"opening": 18, "admitted": 1, "moved_out": 2, "closing": 17, "exempt": 1,
                "no_meeting": "no"},
    "meetings": [
        {"held_on": NOV5, "kind": "regular", "content": "Nghị quyết tháng", "duration": 95,
         "expected": 16, "present": 15, "excused": 1, "speakers": 6},
        {"held_on": NOV6, "kind": "thematic", "content": "Chuyên đề", "duration": 90,
         "expected": 16, "present": 16},
    ],
    "thematic": [{"held_on": NOV6, "topic": "Học tập và làm theo"}],
    "scores": [{"held_on": NOV5, "scorer": "own", "explanation": "Tiến hành -4", "time": 5,
                "attendance": 4.5, "preparation": 9, "conduct": 36, "principles": 5, "result": 28,
                "closing": 5, "total": 92.5}],
    "visits": [{"held_on": NOV5, "officer": "TV-01 – Lò Văn Pọm"}],
}  # fmt: skip


def but(section: str, row: int = 0, /, **changed: Any) -> dict[str, Any]:
    """The good paper with one row of it changed."""
    paper = dict(PAPER)
    if isinstance(paper[section], Mapping):
        return paper | {section: paper[section] | changed}
    rows = list(paper[section])
    rows[row] = rows[row] | changed
    return paper | {section: rows}


def look(paper: Mapping[str, Any], *before: Finding, certain: bool = True) -> CheckedFile:
    read = replace(submission(paper), findings=before)
    (checked,) = validate(
        [check_forms(read, identity=identity() if certain else None)], LISTS, [form()]
    )
    return checked


def test_a_good_return() -> None:
    checked = look(PAPER)
    assert checked.findings == ()
    assert checked.submission
    assert checked.submission.section_rows("visits")[0].values["officer"] == "TV-01"


def test_a_blank_takes_the_default_of_its_field() -> None:
    read = look(PAPER).submission
    assert read
    (card,), meeting = read.section_rows("members"), read.section_rows("meetings")[1]
    assert (card.values["died"], card.values["reason"]) == (0, None)
    assert (meeting.values["excused"], meeting.values["speakers"]) == (0, None)


DEFAULTS = st.fixed_dictionaries(
    {"excused": st.sampled_from([None, 0]), "unexcused": st.sampled_from([None, 0])}
)


@given(st.lists(DEFAULTS, max_size=4))
@settings(max_examples=20)
def test_a_row_of_nothing_but_defaults_is_empty(zeros: list[dict[str, Any]]) -> None:
    checked = look(PAPER | {"meetings": [*PAPER["meetings"], *zeros]})
    good = look(PAPER)
    assert checked.findings == ()
    assert checked.values_hash == good.values_hash


def test_a_month_without_a_meeting_may_have_zeros_in_its_rows() -> None:
    card = PAPER["members"] | {"no_meeting": "yes", "reason": "Bão lũ"}
    nothing = {name: [] for name in PAPER} | {"members": card}
    assert look(nothing | {"meetings": [{"excused": 0, "unexcused": 0}]}).findings == ()


ONE_MISTAKE = [
    # section, row, what was written → the one finding, its cell, figures of its message
    ("members", 0, {"opening": None}, "F01 E1", {}),
    ("meetings", 0, {"content": None}, "F01 E13", {}),
    ("meetings", 0, {"held_on": None}, "F01 C13", {}),
    ("meetings", 0, {"speakers": -1}, "F02 K13", {"value": -1, "bound": 0}),
    ("meetings", 0, {"duration": 700}, "F03 F13", {"value": 700, "bound": 600}),
    ("scores", 0, {"time": 5.5}, "F03 F16", {"value": 5.5, "bound": 5}),
    ("meetings", 0, {"speakers": 10**30}, "F03 K13", {"value": 10**30, "bound": 500}),
    ("meetings", 1, {"held_on": date(2019, 10, 6)}, "F04 C14",
     {"value": "2019-10-06", "start": "2019-11-01", "end": "2019-11-30"}),
    ("meetings", 0, {"held_on": date(2019, 5, 11)}, "F05 C13",
     {"value": "2019-05-11", "start": "2019-11-01", "end": "2019-11-30", "swapped": "2019-11-05"}),
    ("thematic", 0, {"topic": "x" * 501}, "F06 E15", {"value": 501, "bound": 500}),
    ("visits", 0, {"officer": "TV-09 – Lò Văn Pọm A"}, "F16 D17",
     {"value": "TV-09 – Lò Văn Pọm A", "nearest": "TV-01 – Lò Văn Pọm"}),
    ("visits", 0, {"officer": "TV-09 – Không Ai Cả"}, "F09 D17",
     {"value": "TV-09 – Không Ai Cả", "nearest": ""}),
    ("visits", 0, {"officer": "TV-11"}, "F16 D17",
     {"value": "TV-11", "nearest": "TV-01 – Lò Văn Pọm"}),
    ("visits", 0, {"officer": "nguyễn văn  an"}, "F10 D17",
     {"value": "nguyễn văn  an", "nearest": "TV-02 – Nguyễn Văn An; TV-03 – Nguyễn Văn An"}),
    ("visits", 0, {"officer": "Lò Văn Pọm"}, "F11 D17",
     {"value": "Lò Văn Pọm", "nearest": "TV-01 – Lò Văn Pọm"}),
    ("visits", 0, {"officer": "TV-01 – Nguyễn Văn An"}, "F10 D17",
     {"value": "TV-01 – Nguyễn Văn An",
      "nearest": "TV-01 – Lò Văn Pọm; TV-02 – Nguyễn Văn An; TV-03 – Nguyễn Văn An"}),
    ("visits", 0, {"officer": "TV-01 – Tên Sai"}, "F15 D17",
     {"value": "TV-01 – Tên Sai", "nearest": "TV-01 – Lò Văn Pọm"}),
    ("members", 0, {"closing": 18, "exempt": 2}, "D02 E8", {"total": 18, "sum": 17}),
    ("meetings", 0, {"present": 14}, "D01 G13", {"total": 16, "sum": 15}),
    ("meetings", 0, {"duration": 60}, "D04 F13", {"value": 60, "bound": 90}),
    ("meetings", 1, {"kind": "regular"}, "D18 C14, D08 D14", {"count": 2, "bound": 1}),
    ("meetings", 0, {"kind": "both"}, "D09 C13", {"value": "2019-11-05"}),
    ("meetings", 0, {"speakers": 16}, "D11 K13", {"value": 16, "bound": 15}),
    ("thematic", 0, {"held_on": date(2019, 11, 7)}, None, {}),
    ("scores", 0, {"total": 92}, "S01 M16", {"total": 92, "sum": 92.5}),
    ("scores", 0, {"held_on": date(2019, 11, 7)}, "D18 C13, S02 C16", {"value": "2019-11-07"}),
    ("visits", 0, {"held_on": date(2019, 11, 7)}, "V01 C17", {"value": "2019-11-07"}),
]  # fmt: skip


@pytest.mark.parametrize(("section", "row", "written", "finding", "figures"), ONE_MISTAKE)
def test_one_mistake_one_finding(
    section: str, row: int, written: dict[str, Any], finding: str | None, figures: dict[str, Any]
) -> None:
    findings = look(but(section, row, **written)).findings
    if finding is None:  # the day is wrong seen from either table
        assert finding_lines(findings) == ["D09 C14", "T01 C15"]
        return
    assert finding_lines(findings) == finding.split(", ")  # two where it is seen from two tables
    field = findings[-1].params["field"]
    assert isinstance(field, str) and field.startswith(f"{section}.")
    assert {k: v for k, v in findings[-1].params.items() if k != "field"} == figures
    for lang in ("vi", "en"):
        assert "{" not in str(explain(findings[-1], form(), lang))


def test_what_a_finding_says() -> None:
    (finding,) = look(but("meetings", 0, held_on=date(2019, 5, 11))).findings
    assert str(explain(finding, form(), "vi")) == (
        "“Ngày họp” ghi ngày 11/5/2019, ngoài kỳ báo cáo. Có phải đảo ngày/tháng của ngày "
        "05/11/2019? Gõ lại theo thứ tự ngày/tháng/năm: 05/11/2019; nếu là ngày khác thì ghi ngày "
        "đúng trong kỳ."
    )


def test_a_row_twice() -> None:
    paper = dict(PAPER) | {"visits": [*PAPER["visits"], *PAPER["visits"]]}
    (finding,) = look(paper).findings
    assert (finding_lines([finding]), finding.params["row"]) == (["F08 C18"], 17)


def test_the_same_officer_written_in_two_ways_is_one() -> None:
    again = {"held_on": NOV5, "officer": "tv-01"}
    assert finding_lines(look(dict(PAPER) | {"visits": [*PAPER["visits"], again]}).findings) == [
        "F08 C18"
    ]


def test_a_code_beside_the_name_of_another() -> None:
    findings = look(but("visits", 0, officer="TV-01 – Nguyễn Văn An")).findings
    assert finding_lines(findings) == ["F10 D17"]
    assert str(findings[0].params["nearest"]).startswith("TV-01 – Lò Văn Pọm; TV-02")


def test_without_the_list_nothing_is_asked_of_it() -> None:
    (checked,) = validate([check_forms(submission(PAPER), identity=identity())], {})
    assert checked.findings == ()
    assert checked.submission
    assert checked.submission.section_rows("visits")[0].values["officer"] == "TV-01"


# Nil


def nil(**changed: Any) -> dict[str, Any]:
    card = PAPER["members"] | {"no_meeting": "yes", "reason": "Bão lũ"} | changed
    return {"members": card}


def test_a_nil_return() -> None:
    assert look(nil()).findings == ()
    assert finding_lines(look(nil(reason=None)).findings) == ["D10 E12"]


def test_neither_meetings_nor_nil() -> None:
    assert finding_lines(look(nil(no_meeting="no", reason=None)).findings) == ["F13 E11"]
    assert finding_lines(look(nil(no_meeting=None, reason=None)).findings) == ["F13 E11"]


def test_nil_with_meetings() -> None:
    findings = look(dict(PAPER) | nil()).findings
    assert finding_lines(findings) == ["F12 E11"]
    assert {"E11", "C13", "C14"} <= {mark.cell for mark in findings[0].marks}
    assert "H14" in {mark.cell for mark in findings[0].marks}  # everything to be cleared is marked


def test_a_blank_row_is_no_row() -> None:
    paper = nil(no_meeting="no", reason=None) | {"meetings": [{}, {}]}
    checked = look(paper)
    assert finding_lines(checked.findings) == ["F13 E11"]
    assert checked.submission and not checked.submission.section_rows("meetings")


# What has been said already


def unread(cell: str) -> Finding:
    """The reader could not make anything of this cell."""
    return Finding("C02", Severity.ERROR, Place("", SHEET, cell))


def test_a_cell_that_could_not_be_read_is_not_also_missing() -> None:
    """ "18/18" in the cell for those present: no F01, and no sum held against it."""
    checked = look(but("meetings", 0, present=None), unread("H13"))
    assert finding_lines(checked.findings) == ["C02 H13"]


def test_an_unread_optional_part_is_not_counted_as_0() -> None:
    checked = look(but("meetings", 0, present=14, excused=None), unread("I13"))
    assert finding_lines(checked.findings) == ["C02 I13"]


def test_an_unread_date_is_not_held_against_the_other_tables() -> None:
    checked = look(but("meetings", 1, held_on=None), unread("C14"))
    assert finding_lines(checked.findings) == ["C02 C14"]


def test_an_unread_nil_declaration() -> None:
    checked = look(nil(no_meeting=None, reason=None), unread("E11"))
    assert finding_lines(checked.findings) == ["C02 E11"]


def test_a_row_with_nothing_but_an_unread_cell_is_a_row() -> None:
    paper = nil(no_meeting="no", reason=None) | {"meetings": [{}]}
    assert "F13 E11" not in finding_lines(look(paper, unread("C13")).findings)


def test_a_column_that_is_not_there_is_the_readers_business() -> None:
    read = submission(PAPER)
    cut = tuple(
        replace(
            row,
            values={**row.values, "content": None},
            cells={k: v for k, v in row.cells.items() if k != "content"},
        )
        if row.section == "meetings"
        else row
        for row in read.rows
    )
    (checked,) = validate([check_forms(replace(read, rows=cut), identity=identity())], LISTS)
    assert checked.findings == ()


# Who is checked


def test_without_a_certain_period_the_rest_is_checked_all_the_same() -> None:
    paper = but("meetings", 0, held_on=date(2018, 5, 11), duration=700, content=None)
    findings = look(paper, certain=False).findings
    assert finding_lines(findings) == ["D18 C13", "F01 E13", "F03 F13", "S02 C16", "V01 C17"]


def test_what_could_not_be_read_passes_through() -> None:
    strange = check_forms(Submission(None, None, None, findings=(unread(""),)))
    empty = replace(strange, submission=None)
    assert validate([strange, empty], LISTS, [form()]) == (strange, empty)
    assert validate([], LISTS) == ()


def test_a_batch_gives_what_each_gives_alone() -> None:
    papers = [but(section, row, **written) for section, row, written, *_ in ONE_MISTAKE[::4]]
    batch = [check_forms(submission(paper), identity=identity()) for paper in papers]
    other = submission({"own": {}}, of=form("classification"), stamp=("CB-01", "2018"))
    year = identity(period="2018", of=form("classification"))
    batch.insert(3, check_forms(other, identity=year))
    together = validate(batch, LISTS)
    assert list(together) == [validate([checked], LISTS)[0] for checked in batch]
    assert finding_lines(together[3].findings) == ["F01 E1"]


def test_findings_come_as_one_reads() -> None:
    paper = but("meetings", 1, speakers=-1, content=None) | {"scores": [{}, {"scorer": "own"}]}
    cells = [finding.place.cell for finding in look(paper).findings]
    assert cells[:3] == ["E14", "K14", "D17"]
    assert cells == sorted(cells, key=lambda cell: (int(cell[1:]), cell[0]))


TYPES = ("integer", "number")
PLACES = [
    (section, row, field)
    for section in form().sections
    if section.id in PAPER
    for row in range(len(PAPER[section.id]) if section.layout == "table" else 1)
    for field in section.fields
]


def plant(values: Mapping[tuple[str, int, str], Any]) -> dict[tuple[str, int, str], list[str]]:
    """Findings of returns with one value changed each, all in one batch; cells as `{cell}`."""
    papers = [
        but(section, row, **{field: value}) for (section, row, field), value in values.items()
    ]
    batch = [check_forms(submission(paper), identity=identity()) for paper in papers]
    by_place: dict[tuple[str, int, str], list[str]] = {}
    for key, paper, checked in zip(values, papers, validate(batch, LISTS), strict=True):
        section_rows = [row for row in rows(form(), paper) if row.section == key[0]]
        by_place[key] = [
            code.replace(f" {section_rows[key[1]].cells[key[2]]}", " here")
            for code in finding_lines(checked.findings)
        ]
    return by_place


def test_every_blank_is_found_at_exactly_its_cell() -> None:
    blank = {(s.id, row, f.id): None for s, row, f in PLACES if f.required}
    assert len(blank) > 20
    alone = {("thematic", 0, "held_on"): ["F17 E15"]}  # a topic without a day may be a note
    assert plant(blank) == {key: ["F01 here"] for key in blank} | alone


@pytest.mark.parametrize("distance", [1, 10**9, 10**30])
def test_every_number_out_of_bounds_is_found_at_exactly_its_cell(distance: int) -> None:
    numbers = [(s.id, row, f) for s, row, f in PLACES if f.type in TYPES]
    assert len(numbers) > 20
    above = {(s, row, f.id): f.max + distance for s, row, f in numbers}
    assert plant(above) == {key: ["F03 here"] for key in above}
    below = {(s, row, f.id): f.min - distance for s, row, f in numbers}
    assert plant(below) == {key: ["F02 here"] for key in below}


@pytest.mark.parametrize("bound", ["min", "max"])
def test_the_bounds_themselves_are_allowed(bound: str) -> None:
    numbers = {(s.id, row, f.id): getattr(f, bound) for s, row, f in PLACES if f.type in TYPES}
    codes = {code for lines in plant(numbers).values() for code in lines}
    assert codes
    assert not codes & {"F02 here", "F03 here"}


@given(st.lists(st.dates(), min_size=1, max_size=30))
@settings(max_examples=settings.default.max_examples // 5)
def test_every_date_outside_the_period_is_found_at_exactly_its_cell(days: list[date]) -> None:
    batch = [
        check_forms(submission(but("visits", held_on=day)), identity=identity()) for day in days
    ]
    for day, checked in zip(days, validate(batch, LISTS), strict=True):
        if (day.year, day.month) == (2019, 11):
            assert not {"F04", "F05"} & {finding.code for finding in checked.findings}
        else:
            swapped = day.year == 2019 and day.day == 11
            assert finding_lines(checked.findings) == ["F05 C17" if swapped else "F04 C17"]


def test_the_schema_of_a_section_says_what_its_description_says() -> None:
    schema = schema_for(form().section("scores"), form())
    assert schema.name == "meeting-2018.1.scores"
    assert list(schema.columns) == [field.id for field in form().section("scores").fields]
    assert not schema.coerce
    points = schema.columns["conduct"]
    assert (str(points.dtype), points.nullable) == ("Float64", False)
    assert [(check.error, check.statistics) for check in points.checks] == [
        ("F02", {"min_value": 0}),
        ("F03", {"max_value": 40}),
    ]
    assert [check.error for check in schema.checks] == ["F04", "F08", "S01", "S02", "S03", "S04"]


# The register


def town(*organisations: tuple[str, str | None], **more: Any) -> Submission:
    of = form("register", "1")
    paper = {
        "organisations": [
            {
                "code": code,
                "name": f"Chi bộ {code}",
                "type": "cell_direct" if parent else "town",
                "parent": parent,
            }
            for code, parent in organisations
        ]
    }
    return submission(paper | more, of=of, stamp=None)


def test_a_good_register() -> None:
    read, findings = validate_register(
        town(
            ("TU", None),
            ("CB-01", "TU – Chi bộ TU"),
            officers=[{"code": "TV-01", "name": "Lò Văn A", "own_cell": "cb-01"}],
        ),
        form("register", "1"),
    )
    assert findings == ()
    assert [row.values["parent"] for row in read.section_rows("organisations")] == [None, "TU"]
    assert read.section_rows("officers")[0].values["own_cell"] == "CB-01"


@pytest.mark.parametrize(
    ("organisations", "finding"),
    [
        ([("TU", None), ("CB-01", "TX")], ["F09 F2"]),
        ([("TU", None), ("CB-01", None)], ["G01 F2"]),
        ([("TU", None), ("CB-01", "TU"), ("CB-01", "TU")], ["F08 C3"]),
        ([("TU", None), ("CB 1", "TU")], ["F07 C2"]),
        ([("A", "B"), ("B", "A"), ("C", "A")], ["G05 F3", "F14 F1", "F14 F2"]),
        ([("A", "A")], ["F14 F1"]),
    ],
)
def test_a_register_with_a_mistake(
    organisations: list[tuple[str, str | None]], finding: list[str]
) -> None:
    read = town(*organisations)
    if finding[0].startswith("G01"):
        first, second = read.rows
        read = replace(
            read, rows=(first, replace(second, values={**second.values, "type": "cell"}))
        )
    _, findings = validate_register(read, form("register", "1"))
    assert finding_lines(findings) == finding
    assert all("{" not in str(explain(entry, form("register", "1"), "vi")) for entry in findings)


def test_the_readers_findings_on_a_register_are_kept() -> None:
    warning = replace(unread("C1"), severity=Severity.WARNING)
    read = replace(town(("TU", None)), findings=(warning,))
    assert validate_register(read, form("register", "1"))[1] == (warning,)


CELLS = {
    "total": 1, "not_rated": 0, "rated": 1, "grade1": 0, "grade2": 1, "grade3": 0, "grade4": 0
}  # fmt: skip


@pytest.mark.parametrize(
    ("reporter", "total", "codes"),
    [("cell_direct", 1, ["K04"]), ("cell_direct", 2, ["K08"]), ("committee", 1, []),
     ("committee", 2, []), (None, 2, [])],
)  # fmt: skip
def test_what_is_asked_of_a_grassroots_cell_is_asked_of_no_committee(
    reporter: str | None, total: int, codes: list[str]
) -> None:
    """A committee may have one cell with another grade than its own; a cell counts itself alone."""
    paper = {
        "own": {"grade": "grade1"},
        "cells": CELLS | {"total": total, "not_rated": total - 1},
        "members": {"total": 9, "exempt": 0, "not_rated": 0, "rated": 9,
                    "grade1": 1, "grade2": 8, "grade3": 0, "grade4": 0},
    }  # fmt: skip
    yearly = form("classification")
    owner = replace(identity(period="2019", of=yearly), reporter=reporter)
    read = submission(paper, of=yearly)
    (checked,) = validate([check_forms(read, identity=owner)], LISTS, [yearly])
    assert [finding.code for finding in checked.findings] == codes
