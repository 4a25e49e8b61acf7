"""Which form it is and where its sections stand: stamp, markers, headings, and their loss."""

from __future__ import annotations

from dataclasses import replace

import pytest
from builders.reader_files import DAY, FORMS, MEETING, FormFile, codes, codes_and_cells

from mlay_batch.core.findings import Severity
from mlay_batch.core.messages import explain
from mlay_batch.reader import read
from mlay_batch.reader.cell_metadata import a1

CLASSIFICATIONS = [form for form in FORMS if form.form == "classification"]


def without(paper: FormFile, *texts: str) -> FormFile:
    """Clear the cells holding these texts."""
    cells = paper.sheets[paper.first]
    paper.sheets[paper.first] = {s: v for s, v in cells.items() if v not in texts}
    return paper


def without_markers(paper: FormFile) -> FormFile:
    """Delete column A and every hidden row, as who copies the visible form into a new file."""
    cells = paper.sheets[paper.first]
    hidden = {
        row
        for (row, column), v in cells.items()
        if column == 1 and str(v).endswith((":start", ":end"))
    }
    paper.sheets[paper.first] = {s: v for s, v in cells.items() if s[1] > 1 and s[0] not in hidden}
    return paper


def filled_paper() -> FormFile:
    paper = FormFile()
    for name, value in {"held_on": DAY, "kind": "Thường kỳ", "content": "x", "present": 18}.items():
        paper.put(f"meetings.{name}", value)
    return paper.put("members.opening", 18).put("scores.total", 95).put("scores.held_on", DAY)


def rows(submission):
    return [(row.section, row.number, dict(row.values)) for row in submission.rows]


def test_a_form_without_markers_is_read_by_its_headings():
    expected = rows(filled_paper().read())
    submission = without_markers(filled_paper()).read()
    assert rows(submission) == expected
    assert set(codes(submission)) == {"R28"}
    assert {f.severity for f in submission.findings} == {Severity.WARNING}
    assert submission.header["period"].text == "Tháng 11 năm 2019"


def test_without_a_stamp_the_headings_tell_the_form():
    paper = filled_paper()
    paper.stamp = []
    submission = paper.read()
    assert (submission.stamp, submission.form, submission.version) == (None, "meeting", "2018.1")
    assert codes(submission) == []
    assert rows(submission) == rows(filled_paper().read())


def test_without_stamp_and_markers_too():
    paper = without_markers(filled_paper())
    paper.stamp = []
    submission = paper.read()
    assert submission.form == "meeting"
    assert rows(submission) == rows(filled_paper().read())


@pytest.mark.parametrize("form", CLASSIFICATIONS, ids=lambda form: form.version)
def test_versions_are_told_apart_by_their_headings(form):
    paper = without_markers(FormFile(form).put("cells.total", 3))
    paper.stamp = []
    paper.put("head.period", f"Năm {form.effective.from_[:4]}")
    assert paper.read().version == form.version


def test_several_versions_fit_and_the_visible_period_decides():
    later = replace(
        MEETING, version="2025.1", effective=replace(MEETING.effective, from_="2025-11", to=None)
    )
    paper = filled_paper()
    paper.stamp = []
    for period, version in (("Tháng 11 năm 2019", "2018.1"), ("Tháng 12 năm 2025", "2025.1")):
        data = paper.put("head.period", period).save()
        assert read(data, "x", [MEETING, later]).version == version
    data = paper.put("head.period", "tháng này").save()
    assert codes(read(data, "x", [MEETING, later])) == ["R25"]


def test_a_stamp_of_an_unknown_version():
    paper = filled_paper()
    paper.stamp[2] = ("version", "1999.1")
    submission = paper.read()
    assert codes(submission) == ["R21"]
    assert submission.findings[0].params == {"form": "meeting", "version": "1999.1"}


def test_a_workbook_of_somebody_else():
    paper = filled_paper()
    paper.stamp = []
    paper.sheets = {"Sổ chi": {(1, 1): "Ngày", (1, 2): "Số tiền", (2, 1): DAY, (2, 2): 50_000}}
    submission = paper.read()
    assert (submission.stamp, submission.form, submission.version, codes(submission)) == (
        None,
        None,
        None,
        ["R20"],
    )


def test_a_sheet_copied_within_the_workbook():
    paper = filled_paper()
    paper.sheets["Báo cáo (2)"] = dict(paper.sheets[paper.first])
    submission = paper.read()
    assert set(codes(submission)) == {"R22"}
    assert submission.rows == ()


def test_two_stamps():
    paper = filled_paper()
    paper.sheets["Bản khác"] = {
        (r, c): v for r, pair in enumerate(paper.stamp, 1) for c, v in enumerate(pair, 1)
    }
    assert codes(paper.read()) == ["R31"]


def test_a_section_that_is_gone():
    paper = filled_paper()
    cells = paper.sheets[paper.first]
    start, end = (paper.find(f"thematic:{m}")[0] for m in ("start", "end"))
    paper.sheets[paper.first] = {s: v for s, v in cells.items() if not start <= s[0] <= end}
    submission = paper.read()
    assert [(f.code, f.params["field"]) for f in submission.findings] == [("R23", "thematic")]
    assert submission.section_rows("meetings")


@pytest.mark.parametrize("lost", ["members:start", "members:end"])
def test_a_section_whose_hidden_row_is_gone_is_pointed_at(lost):
    """It stands there for all to see: "not found" was the wrong reason."""
    paper = without(filled_paper(), lost, "Số đảng viên đầu tháng (A)")
    (finding,) = paper.read().findings
    kept = "members:end" if lost == "members:start" else "members:start"
    assert (finding.code, finding.place.cell) == ("R23", a1(paper.find(kept)))


def test_the_head_twice_is_told_in_words():
    paper = filled_paper()
    row = max(spot[0] for spot in paper.sheets[paper.first]) + 2
    paper.write((row, 1), "head:start").write((row + 2, 1), "head:end")
    finding = next(f for f in paper.read().findings if f.code == "R22")
    message = explain(finding, MEETING, "vi").what
    assert message == "Phần “Đơn vị và kỳ báo cáo” có hai lần trong tệp, không biết lấy phần nào."


def test_a_heading_that_is_gone():
    paper = filled_paper()
    paper.move(lambda spot: None if 5 <= spot[0] <= 9 else spot)
    assert codes(paper.read()) == ["R30"]


def test_a_field_marker_cleared_is_replaced_by_its_heading():
    paper = filled_paper()
    top = paper.find("meetings:start")[0]
    column = paper.spot("meetings.content")[1][1]
    del paper.sheets[paper.first][top, column]
    submission = paper.read()
    assert submission.findings == ()
    assert submission.section_rows("meetings")[0].values["content"] == "x"


def test_a_column_deleted():
    paper = filled_paper()
    column = paper.spot("meetings.duration")[1][1]
    paper.move(lambda s: None if s[1] == column else (s[0], s[1] - (s[1] > column)))
    submission = paper.read()
    assert ("R26", "meetings.duration") in [
        (f.code, f.params["field"]) for f in submission.findings
    ]
    assert "duration" not in submission.section_rows("meetings")[0].cells


def test_a_column_copied():
    paper = filled_paper()
    top = paper.find("meetings:start")[0]
    paper.write((top, 30), "content")
    assert codes_and_cells(paper.read()) == [("R27", f"AD{top}")]


def test_a_card_line_copied_with_its_hidden_id():
    paper = filled_paper()
    row, column = paper.spot("members.admitted")[1]
    paper.insert_row(row + 1).write((row + 1, 1), "admitted").write((row + 1, column), 5)
    submission = paper.read()
    assert [(f.code, f.params["field"]) for f in submission.findings] == [
        ("R27", "members.admitted")
    ]
    assert "admitted" not in submission.section_rows("members")[0].cells


def test_an_end_marker_lost_falls_back_to_the_headings():
    paper = without(filled_paper(), "meetings:end")
    submission = paper.read()
    assert codes(submission) == ["R28"]
    assert rows(submission) == rows(filled_paper().read())


def test_a_table_twice_without_markers_is_never_guessed():
    paper = without_markers(filled_paper())
    cells = paper.sheets[paper.first]
    paper.sheets["Bản hai"] = dict(cells)
    submission = paper.read()
    assert set(codes(submission)) == {"R23", "R30"}
    assert submission.rows == ()
