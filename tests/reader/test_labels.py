"""What a person sees over a cell and the hidden id must agree: else neither is taken.

People exchange columns and lines, with headings and values, where the hidden ids cannot be seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from itertools import combinations
from typing import Any

import pytest
from builders.reader_files import FORMS, MEETING, FormFile, codes_and_cells
from hypothesis import given, settings
from hypothesis import strategies as st

from mlay_batch.core.text import name_key
from mlay_batch.model.records import Submission
from mlay_batch.reader import read
from mlay_batch.reader.cell_metadata import a1
from mlay_batch.schema.layout import plan_sheets
from mlay_batch.schema.load import load_text
from mlay_batch.schema.model import Form

CLASSIFICATION = next(form for form in FORMS if form.form == "classification")
REGISTER = next(form for form in FORMS if form.form == "register")
Spot = tuple[int, int]


def pairs(form: Form) -> list[tuple[str, str]]:
    """Every two fields of a section whose titles differ, as ``section.field``."""
    return [
        (f"{s.id}.{a.id}", f"{s.id}.{b.id}")
        for s in form.sections
        for a, b in combinations(s.fields, 2)
        if name_key(a.title.vi) != name_key(b.title.vi)
    ]


def plan_spots(form: Form, path: str) -> Mapping[str, tuple[str, Spot]]:
    """Sheet and cell of a field's heading, hidden id and first value."""
    section, _, field = path.partition(".")
    spots: dict[str, tuple[str, Spot]] = {}
    for sheet in plan_sheets(form):
        for cell in sheet.cells:
            if cell.section == section:
                kinds = {"head": "heading", "label": "heading", "marker": "id", "value": "value"}
                kind = kinds.get(cell.role)
                if kind and field in (cell.field, cell.text) and kind not in spots:
                    spots[kind] = sheet.title.vi, (cell.row, cell.column)
    return spots


def exchange(paper: FormFile, form: Form, first: str, other: str, *kinds: str) -> FormFile:
    """Exchange those cells of two fields."""
    for kind in kinds:
        (sheet, a), (_, b) = plan_spots(form, first)[kind], plan_spots(form, other)[kind]
        cells = paper.sheets[sheet]
        left, right = cells.pop(a, None), cells.pop(b, None)
        cells |= {spot: value for spot, value in ((a, right), (b, left)) if value is not None}
    return paper


def heading(form: Form, path: str) -> str:
    return a1(plan_spots(form, path)["heading"][1])


def wrong(submission: Submission) -> list[tuple[str, str]]:
    return [(code, cell) for code, cell in codes_and_cells(submission) if code[0] == "R"]


def value(submission: Submission, path: str) -> Any:
    section, _, field = path.partition(".")
    rows = submission.section_rows(section)
    return rows[0].values[field] if rows else None


EXCHANGED = st.sampled_from([(f, *p) for f in (MEETING, CLASSIFICATION) for p in pairs(f)])


@given(EXCHANGED, st.sampled_from(["heading", "heading value", "id", "id value"]))
@settings(max_examples=60)
def test_exchanged_in_part_neither_field_is_taken(two: tuple[Form, str, str], kinds: str) -> None:
    form, first, other = two
    paper = exchange(FormFile(form), form, first, other, *kinds.split())
    submission = paper.read()
    cells = sorted([heading(form, first), heading(form, other)])
    assert sorted(wrong(submission)) == [("R32", cell) for cell in cells]
    assert value(submission, first) is value(submission, other) is None
    assert all(f.is_error for f in submission.findings if f.code == "R32")


@given(st.sampled_from(pairs(MEETING)))
@settings(max_examples=30)
def test_exchanged_as_a_whole_the_values_go_along(two: tuple[str, str]) -> None:
    paper = exchange(FormFile().put("members.opening", 7), MEETING, *two, "heading", "id", "value")
    submission = paper.read()
    assert wrong(submission) == []
    assert value(submission, "members.opening") == 7


@given(st.sampled_from(pairs(REGISTER)))
@settings(max_examples=20)
def test_the_office_exchanges_columns_of_its_register(two: tuple[str, str]) -> None:
    submission = exchange(FormFile(REGISTER), REGISTER, *two, "heading").read()
    assert [code for code, _ in wrong(submission)] == ["R32", "R32"]


def retitle(path: str, words: str) -> FormFile:
    sheet, spot = plan_spots(MEETING, path)["heading"]
    return FormFile().write(spot, words, sheet)


@pytest.mark.parametrize(
    ("path", "words", "codes"),
    [
        # the heading of one column → what is said of it
        ("meetings.speakers", "Ý kiến phê bình, tự phê bình", ["R32"]),
        ("meetings.speakers", "Ý kiến  phê bình tự phê bình:", ["R32"]),
        ("meetings.speakers", "Criticism, self-criticism", ["R32"]),
        ("meetings.speakers", "Số người dự", ["C26"]),  # of another part, where it still stands
        ("meetings.speakers", "số người  phát biểu", []),
        ("meetings.speakers", "Speakers", []),
        ("meetings.speakers", "Số phát biểu", ["C26"]),
        ("meetings.speakers", "Tốt", ["C26"]),
        ("meetings.speakers", "Thường kỳ", ["C26"]),  # a text of the template, from elsewhere
        ("meetings.speakers", "TT", ["C26"]),
        ("members.exempt", "Trong đó sinh hoạt tạm thời nơi khác", ["R32"]),
        ("members.exempt", "Lý do không họp", ["R32"]),
        ("members.exempt", "Ngày họp", ["C26"]),
        ("members.exempt", "Được miễn", ["C26"]),
        ("meetings.held_on", "Ngày", ["C26"]),  # the title of a column elsewhere, and shorter
        ("meetings.content", "Nội dung", ["C26"]),
        ("scores.time", "Tham dự", ["R32"]),
        ("scores.time", "Thời gian", ["C26"]),
        ("meetings.duration", "Thời lượng (giờ)", ["R32"]),  # two hours are not two minutes
        ("meetings.duration", "Số phút họp", ["C26"]),
        ("meetings.present", "Tỷ lệ có mặt (%)", ["R32"]),
        ("meetings.present", "Không có mặt", ["R32"]),
        ("meetings.present", "Vắng mặt", ["R32"]),
        ("meetings.present", "Có mặt cả năm", ["R32"]),
        ("meetings.present", "Present (planned)", ["R32"]),
        ("meetings.unexcused", "Vắng không lý do chính đáng", ["C26"]),
        ("meetings.present", "Có mặt (người)", ["C26"]),
        ("members.opening", "Số đảng viên đầu kỳ (B)", ["C26"]),
    ],
)
def test_one_heading_typed_over(path: str, words: str, codes: list[str]) -> None:
    submission = retitle(path, words).read()
    assert codes_and_cells(submission) == [(code, heading(MEETING, path)) for code in codes]


@pytest.mark.parametrize(
    ("first", "other", "left", "right"),
    [
        # what people type anew over two columns they exchanged: over the first, over the second
        ("meetings.speakers", "meetings.criticism", "Phê bình", "Phát biểu"),
        ("meetings.speakers", "meetings.criticism", "Ý kiến phê bình", "Người phát biểu"),
        ("meetings.excused", "meetings.unexcused", "Không lý do", "Có lý do"),
        ("meetings.expected", "meetings.present", "Đảng viên có mặt", "Đảng viên phải có mặt"),
        ("scores.time", "scores.attendance", "Tham dự", "Thời gian"),
        ("members.admitted", "members.moved_in", "chuyển đến", "kết nạp"),
        ("members.opening", "members.closing", "Số đảng viên cuối tháng", "Số đảng viên đầu tháng"),
    ],
)
def test_exchanged_and_typed_anew(first: str, other: str, left: str, right: str) -> None:
    paper = retitle(first, left)
    sheet, spot = plan_spots(MEETING, other)["heading"]
    submission = paper.write(spot, right, sheet).read()
    cells = sorted([heading(MEETING, first), heading(MEETING, other)])
    assert sorted(wrong(submission)) == [("R32", cell) for cell in cells]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("cells.grade4", "Chưa hoàn thành nhiệm vụ"),
        ("cells.grade2", "Hoàn thành nhiệm vụ tốt"),
        ("members.grade1", "HTXS"),
    ],
)
def test_one_typed_in_other_words_while_the_rest_stands_is_no_exchange(
    path: str, words: str
) -> None:
    form = next(f for f in FORMS if (f.form, f.version) == ("classification", "2018.1"))
    sheet, spot = plan_spots(form, path)["heading"]
    submission = FormFile(form, period="2018").write(spot, words, sheet).read()
    assert [
        (code, cell) for code, cell in codes_and_cells(submission) if code in ("R32", "C26")
    ] == [("C26", heading(form, path))]


def test_every_heading_typed_anew_and_none_exchanged() -> None:
    """A secretary who writes all headings in his own words has exchanged nothing."""
    paper = FormFile()
    for field, words in {
        "speakers": "Phát biểu",
        "criticism": "Phê bình",
        "prepared": "Chuẩn bị",
        "documents": "Tài liệu",
        "merged": "Họp cơ quan",
        "present": "Dự",
        "expected": "Tổng",
    }.items():
        sheet, spot = plan_spots(MEETING, f"meetings.{field}")["heading"]
        paper.write(spot, words, sheet)
    assert wrong(paper.read()) == []


@pytest.mark.parametrize(
    ("first", "other"),
    [
        ("meetings.speakers", "activities.participants"),
        ("thematic.topic", "activities.content"),
        ("scores.total", "members.closing"),
    ],
)
def test_exchanged_with_a_field_of_another_part(first: str, other: str) -> None:
    paper = exchange(FormFile(), MEETING, first, other, "heading", "value")
    cells = sorted([heading(MEETING, first), heading(MEETING, other)])
    assert sorted(wrong(paper.read())) == [("R32", cell) for cell in cells]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("meetings.present", "Số người dự"), ("meetings.expected", "Số người dự"),
        ("meetings.kind", "Loại việc"), ("meetings.prepared", "Bộ phận chuẩn bị"),
        ("thematic.topic", "Nội dung chính"), ("thematic.speakers", "Số người phát biểu"),
        ("scores.attendance", "Có mặt"), ("activities.held_on", "Ngày họp"),
        ("activities.content", "Nội dung chính"), ("thematic.held_on", "Ngày"),
    ],
)  # fmt: skip
def test_a_heading_called_as_another_part_calls_it_is_no_exchange(path: str, words: str) -> None:
    assert codes_and_cells(retitle(path, words).read()) == [("C26", heading(MEETING, path))]


def test_a_heading_cut_out_and_put_over_another_column() -> None:
    """K is without a heading, L bears K's: which of the two columns is meant nobody can tell."""
    paper = retitle("meetings.criticism", "Số người phát biểu")
    sheet, spot = plan_spots(MEETING, "meetings.speakers")["heading"]
    del paper.sheets[sheet][spot]
    cell = heading(MEETING, "meetings.criticism")
    assert wrong(paper.read()) == [("R32", cell), ("R32", cell)]


@pytest.mark.parametrize("section", ["meetings", "members"])
def test_headings_that_are_gone_are_told_once(section: str) -> None:
    paper = FormFile()
    names = [field.id for field in MEETING.section(section).fields]
    for name in names:
        sheet, spot = plan_spots(MEETING, f"{section}.{name}")["heading"]
        del paper.sheets[sheet][spot]
    paper.put(f"{section}.{names[0]}", date(2019, 11, 3) if section == "meetings" else 18)
    submission = paper.read()
    first = paper.cell(f"{section}.{names[0]}")
    assert codes_and_cells(submission) == [("C35", first)]
    assert submission.findings[0].params == {"field": section, "count": len(names)}


def test_the_headings_of_another_part_pasted_over_a_part() -> None:
    """One heading called as in another part is chance, several came with their figures."""
    paper = FormFile()
    for name, over in (("prepared_by", "kind"), ("topic", "content"), ("speakers", "duration")):
        _, spot = plan_spots(MEETING, f"thematic.{name}")["heading"]
        _, target = plan_spots(MEETING, f"meetings.{over}")["heading"]
        paper.write(target, paper.sheets[paper.first][spot])
    assert [code for code, _ in wrong(paper.read())] == ["R32", "R32", "R32"]


def test_sheets_whose_titles_were_exchanged() -> None:
    paper = FormFile(REGISTER)
    officers, posts = "Cán bộ", "Phân công"
    paper.sheets[officers], paper.sheets[posts] = paper.sheets[posts], paper.sheets[officers]
    assert {code for code, _ in wrong(paper.read())} == {"R33"}


def test_without_a_stamp_the_reason_is_the_same() -> None:
    paper = FormFile(stamped=False)
    exchange(paper, MEETING, "meetings.speakers", "meetings.criticism", "heading", "value")
    assert [code for code, _ in wrong(paper.read())] == ["R32", "R32"]


def test_a_column_that_lost_its_id_is_not_found_over_that_of_another() -> None:
    paper = retitle("meetings.criticism", "Số người phát biểu")
    sheet, spot = plan_spots(MEETING, "meetings.speakers")["id"]
    paper.write(spot, "x", sheet)
    del paper.sheets[sheet][plan_spots(MEETING, "meetings.speakers")["heading"][1]]
    assert [code for code, _ in wrong(paper.read())] == ["R26", "R32"]


def test_a_unit_of_another_line() -> None:
    """Parts II and III of the classification have the same lines: cells, and members."""
    paper = FormFile(CLASSIFICATION)
    unit = next(
        (sheet.title.vi, (cell.row, cell.column))
        for sheet in plan_sheets(CLASSIFICATION)
        for cell in sheet.cells
        if (cell.role, cell.section, cell.field) == ("unit", "cells", "rated")
    )
    paper.write(unit[1], "đảng viên", unit[0])
    assert wrong(paper.read()) == [("R32", a1(unit[1]))]


def test_parts_exchanged() -> None:
    paper = FormFile(CLASSIFICATION)
    cells = paper.sheets[paper.first]
    titles = {value: spot for spot, value in cells.items() if str(value)[:2] in ("II", "II")}
    (two, at_two), (three, at_three) = sorted(titles.items())[:2]
    for above, below in ((three, two), ("II. Đảng viên (mẫu 7B)", "III. Chi bộ (mẫu 7A)")):
        cells[at_two], cells[at_three] = above, below
        submission = paper.read()
        assert wrong(submission) == [("R33", a1(at_two)), ("R33", a1(at_three))]
        assert not submission.section_rows("cells") and not submission.section_rows("members")


TWO_GROUPS = """
form: groups
version: "1"
period: month
effective: {from: 2018-07}
basis: [x]
title: {vi: MẪU, en: FORM}
sheet: {vi: Mẫu, en: Form}
sections:
  - id: rows
    layout: table
    rows: 2
    title: {vi: I. Bảng, en: I. Table}
    fields:
      - {id: a, type: integer, group: {vi: Nam, en: Men}, title: {vi: Có mặt, en: Present}}
      - {id: b, type: integer, group: {vi: Nam, en: Men}, title: {vi: Vắng, en: Absent}}
      - {id: c, type: integer, group: {vi: Nữ, en: Women}, title: {vi: Có mặt, en: Present}}
      - {id: d, type: integer, group: {vi: Nữ, en: Women}, title: {vi: Vắng, en: Absent}}
"""


def test_columns_of_one_title_are_told_apart_by_their_groups() -> None:
    form = load_text(TWO_GROUPS, "groups.yaml")
    assert isinstance(form, Form)
    paper = FormFile(form)
    assert wrong(read(paper.save(), "x.xlsx", [form])) == []
    groups = [c for sheet in plan_sheets(form) for c in sheet.cells if c.role == "group"]
    left, right = groups
    cells = paper.sheets[paper.first]
    cells[left.row, left.column], cells[right.row, right.column] = "Nữ", "Nam"
    at = [a1((group.row, group.column)) for group in groups]
    submission = read(paper.save(), "x.xlsx", [form])
    assert wrong(submission) == [("R32", at[0])] * 2 + [("R32", at[1])] * 2
