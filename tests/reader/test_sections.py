"""Which form it is and where its sections stand: stamp, markers, headings, and their loss."""

from __future__ import annotations

from dataclasses import replace

import pytest
from builders.reader_files import DAY, FORMS, MEETING, FormFile, codes, codes_and_cells

from mlay_batch.core.findings import Severity
from mlay_batch.reader import read

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


def filled() -> FormFile:
    paper = FormFile()
    for name, value in {"held_on": DAY, "kind": "Thường kỳ", "content": "x", "present": 18}.items():
        paper.put(f"meetings.{name}", value)
    return paper.put("members.opening", 18).put("scores.total", 95).put("scores.held_on", DAY)


def rows(submission):
    return [(row.section, row.number, dict(row.values)) for row in submission.rows]


def test_a_form_without_markers_is_read_by_its_headings():
    wanted = rows(filled().read())
    found = without_markers(filled()).read()
    assert rows(found) == wanted
    assert set(codes(found)) == {"R28"}
    assert {f.severity for f in found.findings} == {Severity.WARNING}
    assert found.header["period"].text == "Tháng 11 năm 2019"


def test_without_a_stamp_the_headings_tell_the_form():
    paper = filled()
    paper.stamp = []
    found = paper.read()
    assert (found.stamp, found.form, found.version) == (None, "meeting", "2018.1")
    assert codes(found) == []
    assert rows(found) == rows(filled().read())


def test_without_stamp_and_markers_too():
    paper = without_markers(filled())
    paper.stamp = []
    found = paper.read()
    assert found.form == "meeting"
    assert rows(found) == rows(filled().read())


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
    paper = filled()
    paper.stamp = []
    for period, version in (("Tháng 11 năm 2019", "2018.1"), ("Tháng 12 năm 2025", "2025.1")):
        data = paper.put("head.period", period).save()
        assert read(data, "x", [MEETING, later]).version == version
    data = paper.put("head.period", "tháng này").save()
    assert codes(read(data, "x", [MEETING, later])) == ["R25"]


def test_a_stamp_of_an_unknown_version():
    paper = filled()
    paper.stamp[2] = ("version", "1999.1")
    found = paper.read()
    assert codes(found) == ["R21"]
    assert found.findings[0].params == {"form": "meeting", "version": "1999.1"}


def test_a_workbook_of_somebody_else():
    paper = filled()
    paper.stamp = []
    paper.sheets = {"Sổ chi": {(1, 1): "Ngày", (1, 2): "Số tiền", (2, 1): DAY, (2, 2): 50_000}}
    found = paper.read()
    assert (found.stamp, found.form, found.version, codes(found)) == (None, None, None, ["R20"])


def test_a_sheet_copied_within_the_workbook():
    paper = filled()
    paper.sheets["Báo cáo (2)"] = dict(paper.sheets[paper.first])
    found = paper.read()
    assert set(codes(found)) == {"R22"}
    assert found.rows == ()


def test_two_stamps():
    paper = filled()
    paper.sheets["Bản khác"] = {(r, c): v for r, pair in enumerate(paper.stamp, 1)
                               for c, v in enumerate(pair, 1)}  # fmt: skip
    assert codes(paper.read()) == ["R31"]


def test_a_section_that_is_gone():
    paper = filled()
    cells = paper.sheets[paper.first]
    start, end = (paper.find(f"thematic:{m}")[0] for m in ("start", "end"))
    paper.sheets[paper.first] = {s: v for s, v in cells.items() if not start <= s[0] <= end}
    found = paper.read()
    assert [(f.code, f.params["field"]) for f in found.findings] == [("R23", "thematic")]
    assert found.section_rows("meetings")


def test_a_heading_that_is_gone():
    paper = filled()
    paper.move(lambda spot: None if 5 <= spot[0] <= 9 else spot)
    assert codes(paper.read()) == ["R30"]


def test_a_field_marker_cleared_is_replaced_by_its_heading():
    paper = filled()
    top = paper.find("meetings:start")[0]
    column = paper.spot("meetings.content")[1][1]
    del paper.sheets[paper.first][top, column]
    found = paper.read()
    assert found.findings == ()
    assert found.section_rows("meetings")[0].values["content"] == "x"


def test_a_column_deleted():
    paper = filled()
    column = paper.spot("meetings.duration")[1][1]
    paper.move(lambda s: None if s[1] == column else (s[0], s[1] - (s[1] > column)))
    found = paper.read()
    assert ("R26", "meetings.duration") in [(f.code, f.params["field"]) for f in found.findings]
    assert "duration" not in found.section_rows("meetings")[0].cells


def test_a_column_copied():
    paper = filled()
    top = paper.find("meetings:start")[0]
    paper.write((top, 30), "content")
    assert codes_and_cells(paper.read()) == [("R27", f"AD{top}")]


def test_a_card_line_copied_with_its_hidden_id():
    paper = filled()
    row, column = paper.spot("members.admitted")[1]
    paper.insert_row(row + 1).write((row + 1, 1), "admitted").write((row + 1, column), 5)
    found = paper.read()
    assert [(f.code, f.params["field"]) for f in found.findings] == [("R27", "members.admitted")]
    assert "admitted" not in found.section_rows("members")[0].cells


def test_an_end_marker_lost_falls_back_to_the_headings():
    paper = without(filled(), "meetings:end")
    found = paper.read()
    assert codes(found) == ["R28"]
    assert rows(found) == rows(filled().read())


def test_a_table_twice_without_markers_is_never_guessed():
    paper = without_markers(filled())
    cells = paper.sheets[paper.first]
    paper.sheets["Bản hai"] = dict(cells)
    found = paper.read()
    assert set(codes(found)) == {"R23", "R30"}
    assert found.rows == ()
