"""One workbook, anywhere: would it be refused?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from mlay_batch import intake, reader
from mlay_batch.errors import UsageError
from mlay_batch.findings import Finding
from mlay_batch.identity import identify
from mlay_batch.pipeline.town import REGISTER, Town, reference_lists
from mlay_batch.records import Judged
from mlay_batch.schema import Catalogue, Form
from mlay_batch.validation import validate, validate_register


@dataclass(frozen=True)
class Checked:
    """What `check` found in one file; `form` gives the words for its findings."""

    findings: tuple[Finding, ...]
    form: Form | None


def check(path: Path, catalogue: Catalogue, town: Town | None, as_of: date) -> Checked:
    """Check one workbook. Without a `town` nothing is known of branches and officers, so that
    only the form itself is checked. Raises UsageError for a file that cannot be opened.
    """
    if not path.is_file():
        raise UsageError("usage.file", path=str(path))
    leaves = list(intake.collect([path], path.parent, f"{as_of.isoformat()}T00:00:00Z"))
    if len(leaves) != 1 or leaves[0].ignored:
        raise UsageError("usage.workbook", path=str(path))
    (leaf,) = leaves
    (submission,) = reader.read_all([(leaf.name, leaf.data)], catalogue.forms, workers=1)
    form = catalogue.form(submission.form or "", submission.version or "")
    if form and form.form == REGISTER:
        _, findings = validate_register(submission, form)
        return _named(findings, form, leaf.name)
    judged = Judged(leaf, submission, findings=submission.findings)
    register = town.register if town else None
    judged = identify(judged, catalogue, register, as_of)
    lists: Mapping[str, Mapping[str, str]] = reference_lists(register) if register else {}
    (judged,) = validate([judged], lists, catalogue.forms)
    return _named(judged.findings, form, leaf.name)


def _named(findings: tuple[Finding, ...], form: Form | None, name: str) -> Checked:
    return Checked(tuple(finding.in_file(name) for finding in findings), form)
