"""The office's own blank form is no return, whatever the form; one cell filled in makes it one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mlay_batch.checks.filled_rows import ignore_blank_form
from mlay_batch.core.findings import Finding, Place, Severity
from mlay_batch.core.period import Period
from mlay_batch.model.records import CheckedFile, IncomingFile
from mlay_batch.reader import read
from mlay_batch.schema import load_catalogue
from mlay_batch.template import TemplateContext, render

CATALOGUE = load_catalogue()
FORMS = [form for form in CATALOGUE.forms if form.period != "none"]
PERIODS = {"month": Period(2019, 11), "year": Period.parse("2019")}
REFUSED = Finding("F01", Severity.ERROR, Place())


def checked_blank(form, *findings: Finding) -> CheckedFile:
    period = PERIODS[form.period]
    data = render(form, TemplateContext("CB-01", "Chi bộ", "", period, values={}))
    submission = read(data, "a.xlsx", CATALOGUE.forms)
    file = IncomingFile("a.xlsx", data, "a.xlsx", "2019-12-02T08:00:00+07:00")
    return CheckedFile(file, submission, findings=(*submission.findings, *findings))


@pytest.mark.parametrize("form", FORMS, ids=lambda form: f"{form.form} {form.version}")
def test_a_blank_form_is_no_return(form):
    blank = checked_blank(form, REFUSED)
    ignored = ignore_blank_form(blank, form)
    assert (ignored.file.skip_reason, ignored.findings, ignored.identity) == ("N22", (), None)
    assert ignore_blank_form(checked_blank(form), form).file.skip_reason is None
    for row in blank.submission.rows:
        for field in form.section(row.section).fields:
            filled = replace(row, values={**row.values, field.id: 7})
            submission = replace(blank.submission, rows=(filled,))
            again = ignore_blank_form(replace(blank, submission=submission), form)
            assert (again.file.skip_reason == "N22") == bool(
                field.prefill or field.compute or field.default == 7
            )


@pytest.mark.parametrize("code", ["C01", "R26"])
def test_what_the_reader_met_besides_makes_it_a_return(code):
    met = Finding(code, Severity.WARNING, Place())
    form = CATALOGUE.form_for("meeting", PERIODS["month"])
    assert ignore_blank_form(checked_blank(form, REFUSED, met), form).file.skip_reason is None
