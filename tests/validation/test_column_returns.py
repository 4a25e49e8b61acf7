"""Returns whose records are columns: what is computed and checked, and the form that goes back."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date

import pytest
from builders.card_form import (
    CONTEXT,
    FORM,
    WITH_POINTS,
    YAML,
    card_form,
    hung,
    post,
    tour,
    whole_form,
)
from builders.filled_forms import check_forms, finding_lines, identity
from builders.reader_files import FormFile
from openpyxl import load_workbook

from mlay_batch.checks.filled_rows import fill_in, ignore_blank_form
from mlay_batch.checks.validate import validate
from mlay_batch.core.messages import explain
from mlay_batch.model.records import CheckedFile, Row, Submission
from mlay_batch.reader import read
from mlay_batch.schema.model import Form
from mlay_batch.template import render

UNIQUE = card_form(
    yaml=YAML.replace("nil: post.none_made", "nil: post.none_made\n    unique: [day]")
)
WHOLE = whole_form()


def paper(form: Form = FORM, tours: int = 1) -> FormFile:
    """Return a good return with one or two tours."""
    file = FormFile(form).put("post.opening", 9)
    for number in range(tours):
        day, report = date(2019, 11, 3 + number), "Gỡ bẫy."
        values = {"day": day, "route": "Ven sông", "owed": 8, "went": 7, "report": report}
        for name, value in values.items():
            file.put(f"tours.{name}", value, number)
    return file


def check(submission: Submission, form: Form = FORM) -> CheckedFile:
    (checked,) = validate([check_forms(submission, identity=identity(of=form))], {}, [form])
    return checked


def found(file: FormFile, form: Form = FORM) -> list[str]:
    return finding_lines(check(file.read(), form).findings)


def values(checked: CheckedFile, section: str, number: int = 0) -> dict[str, object]:
    assert checked.submission
    return dict(checked.submission.section_rows(section)[number].values)


def test_what_follows_from_the_rest_is_computed():
    file = paper(WITH_POINTS).put("tours.shirked", 1).put("marks.order", 50).put("marks.gear", 38.5)
    checked = check(file.put("post.joined", 2).put("post.left", 1).read(), WITH_POINTS)
    assert checked.findings == ()
    assert values(checked, "tours")["excused"] == 0
    assert values(checked, "marks")["total"] == 88.5
    assert values(checked, "post")["staff"] == 10


def test_what_hangs_on_a_column_keeps_that_column_alone():
    """A form with columns of two kinds: the first of one kind is not the first of the other."""
    walks, marks = WHOLE.section("tours"), WHOLE.section("marks")
    drives = replace(walks, id="drives")
    cells = dict.fromkeys(("day", "went", "total"), "B2")
    rows = [
        Row("tours", "", 0, dict.fromkeys(cells), cells),
        Row("drives", "", 0, dict.fromkeys(cells), cells),
        Row("marks", "", 0, {"total": 90}, {"total": "B9"}),
    ]
    sections = {section.id: section for section in (walks, drives, replace(marks, under="drives"))}
    assert [row.section for row in fill_in(rows, sections, ()).rows] == ["drives", "marks"]


@pytest.mark.parametrize(
    ("path", "note"), [("tours.report", "hỏi lại"), ("tours.went", "?"), ("sightings.count", 4)]
)
def test_a_single_cell_in_a_column_is_told_once_and_emptied_the_form_is_good(path, note):
    file = paper()
    file.put(path, note, finding_record(path))
    checked = check(file.read())
    (finding,) = checked.findings
    assert (finding.code, finding.place.cell) == ("F18", file.cell(path, finding_record(path)))
    assert {m.cell for m in finding.marks} >= {file.cell("tours.day", 1), finding.place.cell}
    returned = load_workbook(io.BytesIO(render(FORM, CONTEXT, checked_rows(checked), [finding])))
    assert str(returned["Báo cáo"][finding.place.cell].value) == str(note)
    file.put(path, None, finding_record(path))
    assert check(file.read()).findings == ()


def finding_record(path: str) -> int:
    """The record of a field in the second column."""
    return 2 if path.startswith("sightings") else 1


def checked_rows(checked: CheckedFile) -> tuple[Row, ...]:
    assert checked.submission
    return checked.submission.rows


def test_a_forged_result_changes_nothing():
    file = paper(WITH_POINTS).put("marks.order", 50).put("marks.gear", 30)
    file.put("tours.excused", 0).put("marks.total", 100).put("post.staff", 99)
    checked = check(file.read(), WITH_POINTS)
    assert checked.findings == ()
    computed = values(checked, "tours")["excused"], values(checked, "marks")["total"]
    assert (*computed, values(checked, "post")["staff"]) == (1, 80, 9)


def test_more_came_than_were_owed():
    """A negative difference is a mistake in what was typed, not in the computed cell."""
    file = paper().put("tours.went", 9)
    assert found(file) == [f"A91 {file.cell('tours.went')}"]


def test_a_column_begun_lacks_each_required_cell():
    file = paper().put("tours.route", "Tuần đêm", 1).put("tours.report", "Gỡ bẫy.", 1)
    lacking = [file.cell(f"tours.{name}", 1) for name in ("day", "owed", "went")]
    assert found(file) == [f"F01 {cell}" for cell in lacking]


def test_a_hung_line_without_its_meeting_is_told_at_the_cells_that_lack():
    file = paper().put("sightings.species", "Nai", 2).put("sightings.count", 3, 2)
    lacking = [file.cell(f"tours.{name}", 1) for name in ("day", "route", "owed", "went", "report")]
    assert found(file) == [f"F01 {cell}" for cell in lacking]


def test_a_day_of_another_month_is_told_once():
    """The records that hang on it have the same day: the mistake is the tour's."""
    file = paper().put("tours.day", date(2019, 10, 3)).put("sightings.species", "Nai")
    assert found(file.put("marks.total", 80)) == [f"F04 {file.cell('tours.day')}"]


def test_the_second_column_like_the_first():
    file = paper(UNIQUE, tours=2).put("tours.day", date(2019, 11, 3), 1)
    (finding,) = check(file.read(), UNIQUE).findings
    assert (finding.code, finding.place.cell) == ("F08", file.cell("tours.day", 1))
    first = file.cell("tours.day")[0]
    assert (
        explain(finding, UNIQUE, "vi").what
        == f"Nội dung này đã có ở dòng (cột) {first} của trang tính."
    )


def test_no_tour_declared():
    file = FormFile(FORM).put("post.opening", 9).put("post.none_made", "Có")
    assert found(file) == []


@pytest.mark.parametrize("form", [FORM, WITH_POINTS], ids=["short", "points"])
def test_the_blank_form_that_comes_back_is_no_return(form):
    submission = read(render(form, CONTEXT), "x.xlsx", [form])
    checked = check(submission, form)
    assert checked.is_refused, "neither a tour nor the word that there was none"
    assert ignore_blank_form(checked, form).file.skip_reason == "N22"


def returned(file: FormFile, form: Form = FORM) -> tuple[CheckedFile, bytes]:
    submission = file.read()
    checked = check(submission, form)
    return checked, render(form, CONTEXT, submission.rows, checked.findings)


def test_the_returned_form_marks_the_cell_wherever_the_column_was():
    file = paper(tours=2)
    _, (_, column) = file.spot("tours.day", 1)
    file.move(lambda s: (s[0], s[1] + 2 * (s[1] >= column)))  # two columns inserted, left blank
    file.put("tours.went", 30, 1).put("sightings.species", "Nai", 2)
    checked, back = returned(file)
    assert finding_lines(checked.findings) == [f"A91 {file.cell('tours.went', 1)}"]
    fresh = FormFile(FORM)
    sheet = load_workbook(io.BytesIO(back))["Báo cáo"]
    wrong = sheet[fresh.cell("tours.went", 1)]
    assert (wrong.value, wrong.comment is not None) == (30, True)
    assert sheet[fresh.cell("sightings.species", 2)].value == "Nai"
    said = [cell.value for row in load_workbook(io.BytesIO(back)).worksheets[0] for cell in row]
    assert fresh.cell("tours.went", 1) in said


def test_the_returned_form_corrected_is_accepted():
    _, back = returned(paper(tours=2).put("tours.went", 30, 1).put("tours.report", None))
    book = load_workbook(io.BytesIO(back))
    fresh, sheet = FormFile(FORM), book["Báo cáo"]
    sheet[fresh.cell("tours.went", 1)] = 8
    sheet[fresh.cell("tours.report")] = "Gỡ bẫy."
    buffer = io.BytesIO()
    book.save(buffer)
    checked = check(read(buffer.getvalue(), "x.xlsx", [FORM]))
    assert checked.findings == ()
    assert values(checked, "tours", 1)["excused"] == 0


def test_a_doubled_column_is_named_as_the_fresh_form_has_it():
    file = paper(UNIQUE, tours=2).put("tours.day", date(2019, 11, 3), 1)
    file.move(lambda s: (s[0], s[1] + 3 * (s[1] > 2)))
    _, back = returned(file, UNIQUE)
    said = [cell.value for row in load_workbook(io.BytesIO(back)).worksheets[0] for cell in row]
    assert "Nội dung này đã có ở dòng (cột) C của trang tính." in said


def test_values_of_a_part_since_switched_off_stay_in_the_form_that_goes_back():
    """The office asks for no points by part any more; a branch used the form of last month."""
    rows = [tour(3, went=30), hung("marks", 3, judge="own", order=50, gear=30), post()]
    issued = render(WHOLE, replace(CONTEXT, switches={"points": True}), rows)
    submission = read(issued, "x.xlsx", [WHOLE])
    checked = check(submission, WHOLE)
    assert values(checked, "marks")["total"] == 80
    back = read(render(WHOLE, CONTEXT, submission.rows, checked.findings), "x.xlsx", [WHOLE])
    assert values(check(back, WHOLE), "marks")["order"] == 50
    assert "order" not in read(render(WHOLE, CONTEXT, rows[:1]), "x", [WHOLE]).rows[0].cells
