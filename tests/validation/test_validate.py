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
    finding_paths,
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

# In columns C and D the meetings (rows 1 to 12), below them what hangs on them, then the card.
PAPER: Mapping[str, Any] = {
    "members": {"opening": 18, "admitted": 1, "moved_out": 2, "exempt": 1, "no_meeting": "no"},
    "meetings": [
        {"held_on": NOV5, "kind": "regular", "content": "Nghị quyết tháng", "duration": 95,
         "expected": 16, "present": 15, "speakers": 6},
        {"held_on": NOV6, "kind": "thematic", "content": "Chuyên đề", "duration": 90,
         "expected": 16, "present": 16},
    ],
    "thematic": [{"held_on": NOV6, "kind": "thematic", "topic": "Học tập và làm theo"}],
    "scores": [{"held_on": NOV5, "kind": "regular", "scorer": "own", "time": 5, "attendance": 4.5,
                "preparation": 9, "conduct": 36, "principles": 5, "result": 28, "closing": 5,
                "explanation": "Tiến hành -4"}],
    "visits": [{"held_on": NOV5, "kind": "regular", "officer": "TV-01 – Lò Văn Pọm"}],
    "activities": [{"held_on": NOV5, "kind": "inspection", "content": "Kiểm tra đảng phí"}],
}  # fmt: skip


def but(section: str, row: int = 0, /, **changed: Any) -> dict[str, Any]:
    """The good paper with one row of it changed."""
    paper = dict(PAPER)
    if isinstance(paper[section], Mapping):
        return paper | {section: paper[section] | changed}
    rows = list(paper[section])
    rows[row] = rows[row] | changed
    return paper | {section: rows}


def said(paper: Mapping[str, Any], *before: Finding) -> list[str]:
    """Findings by the place they have in the paper."""
    return finding_paths(look(paper, *before).findings, rows(form(), paper))


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
    assert (meeting.values["unexcused"], meeting.values["speakers"]) == (0, None)


def test_what_is_computed_is_there() -> None:
    read = look(PAPER).submission
    assert read
    (card,), meeting = read.section_rows("members"), read.section_rows("meetings")[0]
    assert (card.values["closing"], meeting.values["excused"]) == (17, 1)
    assert read.section_rows("scores")[0].values["total"] == 92.5


def test_a_row_of_dashes_is_empty() -> None:
    dashes = dict.fromkeys(("participants", "officials"))
    checked = look(PAPER | {"activities": [*PAPER["activities"], dashes, {}]})
    assert checked.findings == ()
    assert checked.values_hash == look(PAPER).values_hash


ONE_MISTAKE = [
    # section, row, what was written → the one finding, its place, figures of its message
    ("members", 0, {"opening": None}, "F01 opening", {}),
    ("meetings", 0, {"duration": None}, "F01 duration", {}),
    ("meetings", 0, {"content": None}, "D19 content", {}),
    ("meetings", 0, {"speakers": -1}, "F02 speakers", {"value": -1, "bound": 0}),
    ("meetings", 0, {"duration": 700}, "F03 duration", {"value": 700, "bound": 600}),
    ("scores", 0, {"time": 5.5}, "F03 time", {"value": 5.5, "bound": 5}),
    ("meetings", 0, {"speakers": 10**30}, "F03 speakers", {"value": 10**30, "bound": 500}),
    ("meetings", 1, {"held_on": date(2019, 10, 6)}, "F04 held_on",
     {"value": "2019-10-06", "start": "2019-11-01", "end": "2019-11-30"}),
    ("activities", 0, {"held_on": date(2019, 5, 11)}, "F05 held_on",
     {"value": "2019-05-11", "start": "2019-11-01", "end": "2019-11-30", "swapped": "2019-11-05"}),
    ("thematic", 0, {"topic": "x" * 501}, "F06 topic", {"value": 501, "bound": 500}),
    ("visits", 0, {"officer": "TV-09 – Lò Văn Pọm A"}, "F16 officer",
     {"value": "TV-09 – Lò Văn Pọm A", "nearest": "TV-01 – Lò Văn Pọm"}),
    ("visits", 0, {"officer": "TV-09 – Không Ai Cả"}, "F09 officer",
     {"value": "TV-09 – Không Ai Cả", "nearest": ""}),
    ("visits", 0, {"officer": "TV-11"}, "F16 officer",
     {"value": "TV-11", "nearest": "TV-01 – Lò Văn Pọm"}),
    ("visits", 0, {"officer": "nguyễn văn  an"}, "F10 officer",
     {"value": "nguyễn văn  an", "nearest": "TV-02 – Nguyễn Văn An; TV-03 – Nguyễn Văn An"}),
    ("visits", 0, {"officer": "Lò Văn Pọm"}, "F11 officer",
     {"value": "Lò Văn Pọm", "nearest": "TV-01 – Lò Văn Pọm"}),
    ("visits", 0, {"officer": "TV-01 – Nguyễn Văn An"}, "F10 officer",
     {"value": "TV-01 – Nguyễn Văn An",
      "nearest": "TV-01 – Lò Văn Pọm; TV-02 – Nguyễn Văn An; TV-03 – Nguyễn Văn An"}),
    ("visits", 0, {"officer": "TV-01 – Tên Sai"}, "F15 officer",
     {"value": "TV-01 – Tên Sai", "nearest": "TV-01 – Lò Văn Pọm"}),
    ("meetings", 0, {"present": 17}, "D01 present", {"sum": 17, "bound": 16}),
    ("meetings", 0, {"expected": 14, "present": 14}, "D03 expected", {"value": 14, "sum": 16}),
    ("meetings", 0, {"duration": 60}, "D04 duration", {"value": 60, "bound": 90}),
    ("meetings", 0, {"kind": "both"}, "D09 kind", {"value": "2019-11-05"}),
    ("meetings", 0, {"speakers": 16}, "D11 speakers", {"value": 16, "bound": 15}),
    ("members", 0, {"moved_out_within": 3}, "D16 moved_out_within", {"value": 3, "bound": 2}),
]  # fmt: skip


@pytest.mark.parametrize(("section", "row", "written", "finding", "figures"), ONE_MISTAKE)
def test_one_mistake_one_finding(
    section: str, row: int, written: dict[str, Any], finding: str, figures: dict[str, Any]
) -> None:
    paper = but(section, row, **written)
    findings = look(paper).findings
    code, _, field = finding.partition(" ")
    assert said(paper) == [f"{code} {section}.{row + 1}.{field}"]
    assert findings[0].params["field"] == f"{section}.{field}"
    assert {k: v for k, v in findings[0].params.items() if k != "field"} == figures
    for lang in ("vi", "en"):
        assert "{" not in str(explain(findings[0], form(), lang))


def test_what_a_finding_says() -> None:
    (finding,) = look(but("meetings", 0, held_on=date(2019, 5, 11))).findings
    assert str(explain(finding, form(), "vi")) == (
        "“Ngày họp” ghi ngày 11/5/2019, ngoài kỳ báo cáo. Có phải đảo ngày/tháng của ngày "
        "05/11/2019? Gõ lại theo thứ tự ngày/tháng/năm: 05/11/2019; nếu là ngày khác thì ghi ngày "
        "đúng trong kỳ."
    )


def test_a_row_twice() -> None:
    paper = PAPER | {"activities": [*PAPER["activities"], *PAPER["activities"]]}
    (finding,) = look(paper).findings
    first = next(row for row in rows(form(), paper) if row.section == "activities")
    assert (said(paper), finding.params["row"]) == (["A01 activities.2.content"], first.number)


@pytest.mark.parametrize("officer", ["TV-01 – Lò Văn Pọm", "tv-01"])
def test_an_officer_twice_at_one_meeting_however_written(officer: str) -> None:
    again = {"held_on": NOV5, "kind": "regular", "officer": officer}
    assert said(PAPER | {"visits": [*PAPER["visits"], again]}) == ["F08 visits.2.officer"]


def test_a_code_beside_the_name_of_another() -> None:
    paper = but("visits", 0, officer="TV-01 – Nguyễn Văn An")
    findings = look(paper).findings
    assert said(paper) == ["F10 visits.1.officer"]
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
    assert said(nil(reason=None)) == ["D10 members.1.reason"]


def test_neither_meetings_nor_nil() -> None:
    assert said(nil(no_meeting="no", reason=None)) == ["F13 members.1.no_meeting"]
    assert said(nil(no_meeting=None, reason=None)) == ["F13 members.1.no_meeting"]


def test_nil_with_meetings() -> None:
    paper = PAPER | nil()
    (finding,) = look(paper).findings
    assert said(paper) == ["F12 members.1.no_meeting"]
    first, second = (row for row in rows(form(), paper) if row.section == "meetings")
    marked = {mark.cell for mark in finding.marks}  # everything to be cleared is marked
    assert {first.cells["held_on"], second.cells["held_on"], second.cells["present"]} <= marked


# What has been said already


def unread(path: str, paper: Mapping[str, Any] = PAPER) -> Finding:
    """The reader could not make anything of this cell."""
    section, number, field = path.split(".")
    found = [row for row in rows(form(), paper) if row.section == section]
    return Finding("C02", Severity.ERROR, found[int(number) - 1].place(field))


@pytest.mark.parametrize("field", ["present", "unexcused", "held_on", "kind"])
def test_a_cell_that_could_not_be_read_is_not_also_missing(field: str) -> None:
    """ "18/18" in the cell for those present: no F01, and no sum held against it."""
    paper = but("meetings", 0, **{field: None})
    told = [f"C02 meetings.1.{field}"]
    assert said(paper, unread(f"meetings.1.{field}", paper)) == told


def test_an_unread_nil_declaration() -> None:
    paper = nil(no_meeting=None, reason=None)
    told = ["C02 members.1.no_meeting"]
    assert said(paper, unread("members.1.no_meeting", paper)) == told


def test_a_row_with_nothing_but_an_unread_cell_is_a_row() -> None:
    paper = nil(no_meeting="no", reason=None) | {"meetings": [{}]}
    assert "F13 members.1.no_meeting" not in said(paper, unread("meetings.1.held_on", paper))


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
    paper = but("meetings", 0, held_on=date(2018, 5, 11), duration=700, present=None)
    findings = look(paper, certain=False).findings
    lacking = ["F03 meetings.1.duration", "F01 meetings.1.present"]
    assert finding_paths(findings, rows(form(), paper)) == lacking


def test_what_could_not_be_read_passes_through() -> None:
    strange = check_forms(
        Submission(None, None, None, findings=(Finding("C02", Severity.ERROR, Place()),))
    )
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
    paper = but("meetings", 1, speakers=-1, present=None) | {"activities": [{}, {"kind": "x"}]}
    cells = [finding.place.cell for finding in look(paper).findings]
    assert len(cells) == 3
    assert cells == sorted(cells, key=lambda cell: (int(cell[1:]), cell[0]))


TYPES = ("integer", "number")
PLACES = [
    (section, row, field)
    for section in form().sections
    if section.id in PAPER
    for row in range(1 if section.layout == "card" else len(PAPER[section.id]))
    for field in section.fields
    if not field.compute and field.id not in section.inherits
]


def plant(values: Mapping[tuple[str, int, str], Any]) -> dict[tuple[str, int, str], list[str]]:
    """Findings of returns with one value changed each, all in one batch; cells as `{cell}`."""
    papers = [
        but(section, row, **{field: value}) for (section, row, field), value in values.items()
    ]
    batch = [check_forms(submission(paper), identity=identity()) for paper in papers]
    by_place: dict[tuple[str, int, str], list[str]] = {}
    for key, paper, checked in zip(values, papers, validate(batch, LISTS), strict=True):
        here = f" {key[0]}.{key[1] + 1}.{key[2]}"
        lines = finding_paths(checked.findings, rows(form(), paper))
        by_place[key] = [line.replace(here, " here") for line in lines]
    return by_place


def test_every_blank_is_found_at_exactly_its_cell() -> None:
    blank = {(s.id, row, f.id): None for s, row, f in PLACES if f.required}
    assert len(blank) > 20
    alone = {  # nothing else in their part of the column: it is no record
        ("visits", 0, "officer"): [],
        ("thematic", 0, "topic"): ["D09 meetings.2.kind"],
    }
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
        check_forms(submission(but("activities", held_on=day)), identity=identity()) for day in days
    ]
    (cell,) = {row.cells["held_on"] for row in rows(form(), PAPER) if row.section == "activities"}
    for day, checked in zip(days, validate(batch, LISTS), strict=True):
        if (day.year, day.month) == (2019, 11):
            assert not {"F04", "F05"} & {finding.code for finding in checked.findings}
        else:
            swapped = day.year == 2019 and day.day == 11
            assert finding_lines(checked.findings) == [f"{'F05' if swapped else 'F04'} {cell}"]


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
    assert [check.error for check in schema.checks] == ["S03", "S04"]
    visits = schema_for(form().section("visits"), form())
    assert [check.error for check in visits.checks] == ["F08", "V02"]


# The register


def town(*organisations: tuple[str, str | None], **more: Any) -> Submission:
    of = form("register", "1")
    paper = {
        "organisations": [
            {
                "code": code,
                "name": f"Chi bộ {code}",
                "type": "cell_direct" if parent else "office",
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
    warning = Finding("C02", Severity.WARNING, Place("", SHEET, "C1"))
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
