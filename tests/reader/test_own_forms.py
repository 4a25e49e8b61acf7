"""What the program writes, the program reads without a word."""

from __future__ import annotations

import io
from datetime import date

import openpyxl
import pytest
from builders.reader_files import FORMS, MEETING

from mlay_batch.core.findings import Finding, Place, Severity
from mlay_batch.core.period import Period
from mlay_batch.core.zip_rules import write_parts
from mlay_batch.demo.xlsx_patch import read_parts, set_cells, sheet_part
from mlay_batch.model.records import Row, values_hash
from mlay_batch.reader import read
from mlay_batch.schema.layout import STAMP_SHEET, plan_sheets
from mlay_batch.template import TemplateContext, render

PERIODS = {"month": Period(2019, 11), "year": Period(2018, 1, 12), "none": None}
LISTS = {
    "officers": (("CB01", "Lò Văn An"), ("CB02", "Lò Văn An")),
    "organisations": (("CB-01", "Chi bộ Trường Tiểu học"),),
}


def context(period: Period | None) -> TemplateContext:
    assigned = (("CB01", "Lò Văn An"),)
    return TemplateContext("CB-01", "Chi bộ Trường Tiểu học", "Thị ủy", period, "Mường Lay",
                   lists=LISTS, assigned=assigned)  # fmt: skip


@pytest.mark.parametrize("lang", ["vi", "en"])
@pytest.mark.parametrize("form", FORMS, ids=lambda form: f"{form.form}-{form.version}")
def test_a_blank_form(form, lang):
    book = render(form, context(PERIODS[form.period]), lang=lang)
    submission = read(book, "x.xlsx", FORMS)
    assert (submission.form, submission.version, submission.findings) == (
        form.form,
        form.version,
        (),
    )
    assert submission.stamp is not None and submission.stamp.branch == "CB-01"
    assert all(row.cells for row in submission.rows)


def rows() -> list[Row]:
    day = date(2019, 11, 3)
    sections = {
        "members": {"opening": 18, "closing": 18, "no_meeting": "no"},
        "meetings": {"held_on": day, "kind": "both", "content": "x", "expected": 18, "present": 17},
        "visits": {"held_on": day, "officer": "CB02"},
    }
    return [Row(section, "", 1, values, {}) for section, values in sections.items()]


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_values_written_are_read_back(lang):
    submission = read(render(MEETING, context(Period(2019, 11)), rows(), lang=lang), "x", FORMS)
    assert submission.findings == ()
    assert submission.section_rows("visits")[0].values["officer"] == "CB02 – Lò Văn An"
    assert submission.section_rows("meetings")[0].values["kind"] == "both"


def test_a_returned_form_can_be_sent_again():
    """Its marks, notes and list of errors are none of the branch's words."""
    first = read(render(MEETING, context(Period(2019, 11)), rows()), "x.xlsx", FORMS)
    (row,) = first.section_rows("meetings")
    marks = [
        Finding("D01", Severity.ERROR, row.place("present"), {"total": 18, "sum": 17}),
        Finding("C19", Severity.ERROR, Place("", "Báo cáo", "C99"), {"field": "meetings"}),
        Finding("R09", Severity.ERROR, Place()),
    ]
    again = read(render(MEETING, context(Period(2019, 11)), first.rows, marks), "x.xlsx", FORMS)
    assert again.findings == ()
    assert values_hash(again.rows) == values_hash(first.rows)


def without_stamp(data: bytes) -> bytes:
    parts = dict(read_parts(data))
    stamp = sheet_part(parts, STAMP_SHEET)
    parts[stamp] = set_cells(parts[stamp], {"A1": "x"})
    return write_parts(parts)


def test_a_register_that_lost_its_stamp_is_not_warned_of_its_own_heading():
    form = next(form for form in FORMS if form.form == "register")
    submission = read(without_stamp(render(form, context(None))), "x.xlsx", FORMS)
    assert (submission.stamp, submission.form) == (None, "register")
    assert [finding.code for finding in submission.findings if finding.code == "C20"] == []


@pytest.mark.parametrize("lost", [False, True])
def test_a_town_may_bear_the_name_of_a_choice(lost):
    form = next(form for form in FORMS if form.form == "register")
    town = TemplateContext("TX", "Đảng bộ thị xã", "Đảng bộ tỉnh", None, "Mường Lay", lists=LISTS)
    book = render(form, town)
    submission = read(without_stamp(book) if lost else book, "x.xlsx", FORMS)
    assert [finding.code for finding in submission.findings if finding.code == "C20"] == []


def test_a_choice_typed_beside_the_form_is_a_stray_all_the_same():
    form = next(form for form in FORMS if form.form == "register")
    book = openpyxl.load_workbook(io.BytesIO(render(form, context(None))))
    row = plan_sheets(form)[0].last_row
    book[form.sheet.vi].cell(row, 2).value = "Đảng bộ thị xã"
    buffer = io.BytesIO()
    book.save(buffer)
    submission = read(buffer.getvalue(), "x.xlsx", FORMS)
    assert [(finding.code, finding.place.cell) for finding in submission.findings] == [
        ("C19", f"B{row}")
    ]
