"""Checks a workbook anywhere, or those in a mail or a zip: would they be refused?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from mlay_batch import intake, reader
from mlay_batch.app.office import Office, reference_lists
from mlay_batch.app.rollup import check_rollup
from mlay_batch.app.templates import template_context
from mlay_batch.app.version_migration import convert_rows
from mlay_batch.checks.answers import UNANSWERED, note_questions
from mlay_batch.checks.identity import identify
from mlay_batch.checks.slips import check_slip
from mlay_batch.core.findings import Finding, has_errors
from mlay_batch.errors import UsageError
from mlay_batch.model import rollup_form
from mlay_batch.model.office_rules import OfficeRules
from mlay_batch.model.records import (
    UNSURE,
    CheckedFile,
    Identity,
    IncomingFile,
    Row,
    Submission,
    Verdict,
)
from mlay_batch.model.sketches import split_list
from mlay_batch.schema import Catalogue, Form
from mlay_batch.schema.ids import REGISTER, ROLLUP
from mlay_batch.schema.layout import CODE_SEPARATOR
from mlay_batch.schema.versions import field_mapping
from mlay_batch.template import TemplateContext, render


@dataclass(frozen=True)
class CheckResult:
    """The findings of one workbook."""

    findings: tuple[Finding, ...]
    form: Form | None
    """The form whose words the findings use."""
    checked_file: CheckedFile | None = None
    """The checked return; None where the file is none."""
    rows: tuple[Row, ...] = ()
    """Rows as they were sent."""
    name: str = ""
    """Its name; with the mail or zip of several that came together, and its rows of a list."""

    @property
    def verdict(self) -> Verdict:
        """What would become of the workbook by itself."""
        if has_errors(self.findings):
            return Verdict.REJECTED
        is_open = any(finding.code in (UNSURE, UNANSWERED) for finding in self.findings)
        return Verdict.HELD if is_open else Verdict.ACCEPTED


def check(path: Path, catalogue: Catalogue, office: Office | None, as_of: date) -> CheckResult:
    """Check the only workbook in a file; UsageError where there are several. See `check_each`."""
    results = check_each(path, catalogue, office, as_of)
    if len(results) > 1:
        raise UsageError("usage.several", path=str(path), count=len(results))
    return results[0]


def check_each(
    path: Path, catalogue: Catalogue, office: Office | None, as_of: date
) -> tuple[CheckResult, ...]:
    """Check a workbook, or each one in a mail or a zip; of a list the rows of each branch.

    Without `office`, branches and officers are not checked. Raises UsageError for a file that
    cannot be opened, or has no workbook.
    """
    files = _collect_workbooks(path, as_of)
    full_catalogue = replace(catalogue, forms=(*catalogue.forms, *rollup_form.forms(catalogue)))
    forms = full_catalogue.readable_forms
    read = reader.read_all([(f.name, f.data) for f in files], forms, workers=1)
    return tuple(
        _check_submission(part, member, catalogue, full_catalogue, office, as_of)
        for file, submission in zip(files, read, strict=True)
        for part, member in split_list(file, submission)
    )


def _collect_workbooks(path: Path, as_of: date) -> list[IncomingFile]:
    """Return the workbooks in a file, each under a name of its own."""
    if path.is_dir():
        raise UsageError("usage.folder", path=str(path))
    if not path.is_file():
        raise UsageError("usage.file", path=str(path))
    files = list(intake.collect([path], path.parent, f"{as_of.isoformat()}T00:00:00Z"))
    workbooks = [file for file in files if not file.skip_reason]
    if not workbooks:
        raise UsageError("usage.workbook", path=str(path))
    if len(workbooks) == 1:
        return workbooks
    return [replace(file, name=file.origin) for file in workbooks]


def _check_submission(
    file: IncomingFile,
    submission: Submission,
    catalogue: Catalogue,
    full_catalogue: Catalogue,
    office: Office | None,
    as_of: date,
) -> CheckResult:
    form = full_catalogue.form(submission.form, submission.version)
    if form is None:
        return _result_for(submission.findings, None, file.name)
    from mlay_batch.checks.validate import (  # start-up: pandera, for a second; no form needs none
        validate,
        validate_list,
        validate_register,
    )

    if form.form == REGISTER:
        _, findings = validate_register(submission, form)
        return _result_for(findings, form, file.name)
    if form.is_list:
        _, findings = validate_list(submission, form, office.lists if office else {})
        return _result_for(findings, form, file.name)
    checked_file = CheckedFile(file, submission, findings=submission.findings)
    # a consolidated workbook may be checked where it was made, where it has no sender
    register = office.register if office and submission.form != ROLLUP else None
    checked_file = identify(checked_file, full_catalogue, register, as_of)
    lists: Mapping[str, Mapping[str, str]] = reference_lists(register) if register else {}
    forms, schemes = full_catalogue.readable_forms, full_catalogue.schemes
    (checked_file,) = validate([checked_file], lists, forms, schemes)
    if register:
        checked_file = check_slip(checked_file, register, full_catalogue)
    checked_file = check_rollup(
        checked_file, catalogue, office.register.rules if office else OfficeRules()
    )
    checked_file = note_questions(checked_file)
    result = _result_for(checked_file.findings, form, file.name)
    return replace(result, checked_file=checked_file, rows=submission.rows, name=file.label)


def _result_for(findings: tuple[Finding, ...], form: Form | None, name: str) -> CheckResult:
    named_findings = tuple(finding.in_file(name) for finding in findings)
    return CheckResult(named_findings, form, name=name)


def render_returned(
    result: CheckResult, catalogue: Catalogue, office: Office | None, lang: str
) -> bytes:
    """Return a fresh form with the branch's values and the error marks.

    A return on the wrong version gets the right one, with its values converted. Raises UsageError
    where there is no return, or where its branch is unknown: made out to the unit its heading
    names, another unit's figures would be accepted as that unit's.
    """
    checked_file, form = result.checked_file, result.form
    if form is None or checked_file is None or checked_file.submission is None:
        raise UsageError("usage.not_returned", path=result.name)
    if checked_file.identity is None:
        raise UsageError("usage.whose", path=checked_file.file.name)
    identity = checked_file.identity
    submission = checked_file.submission
    context = _template_context(identity, submission, form, catalogue, office)
    context = context.as_issued(submission.stamp)
    form_due = context.period and catalogue.form_for(form.form, context.period)
    rows = result.rows
    if form_due and form_due.version != form.version:
        rows = convert_rows(rows, field_mapping(catalogue, form, form_due), form_due)
        form = form_due
    return render(form, context, rows, result.findings, lang)


def _template_context(
    identity: Identity,
    submission: Submission,
    form: Form,
    catalogue: Catalogue,
    office: Office | None,
) -> TemplateContext:
    """Return the branch of the form, named as in the register, else as in the file's heading."""
    by_code = office.register.reporters_of(form).by_code if office else {}
    organisation = by_code.get(identity.branch)
    if office and organisation:
        return template_context(office, form, organisation, identity.period, None)
    heading = submission.header["branch"].text if "branch" in submission.header else ""
    name = heading.partition(CODE_SEPARATOR)[2]
    bands = catalogue.bands(identity.period) if identity.period else {}
    return TemplateContext(
        identity.branch, name or identity.branch, "", identity.period, bands=bands
    )
