"""One workbook, anywhere: would it be refused?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from mlay_batch import bundle, intake, reader
from mlay_batch.errors import UsageError
from mlay_batch.findings import Finding
from mlay_batch.identity import identify
from mlay_batch.layout import CODE_SEPARATOR
from mlay_batch.pipeline.carry import carried
from mlay_batch.pipeline.levels import examined
from mlay_batch.pipeline.templates import context_for
from mlay_batch.pipeline.town import Town, reference_lists
from mlay_batch.records import Identity, Judged, Row, Submission
from mlay_batch.schema import Catalogue, Form
from mlay_batch.schema.carry import moves
from mlay_batch.schema.ids import REGISTER
from mlay_batch.template import Context, render
from mlay_batch.validation import validate, validate_register


@dataclass(frozen=True)
class Checked:
    """What `check` found in one file; `form` gives the words for its findings.

    `judged` is the return itself, None where the file is none; `rows` are those it was sent with.
    """

    findings: tuple[Finding, ...]
    form: Form | None
    judged: Judged | None = None
    rows: tuple[Row, ...] = ()


def check(path: Path, catalogue: Catalogue, town: Town | None, as_of: date) -> Checked:
    """Check one workbook. Without a `town` nothing is known of branches and officers, so that
    only the form itself is checked. Raises UsageError for a file that cannot be opened.
    """
    if path.is_dir():
        raise UsageError("usage.folder", path=str(path))
    if not path.is_file():
        raise UsageError("usage.file", path=str(path))
    leaves = list(intake.collect([path], path.parent, f"{as_of.isoformat()}T00:00:00Z"))
    if len(leaves) != 1 or leaves[0].ignored:
        raise UsageError("usage.workbook", path=str(path))
    (leaf,) = leaves
    known = replace(catalogue, forms=(*catalogue.forms, *bundle.forms(catalogue)))
    (submission,) = reader.read_all([(leaf.name, leaf.data)], known.forms, workers=1)
    form = known.form(submission.form or "", submission.version or "")
    if form and form.form == REGISTER:
        _, findings = validate_register(submission, form)
        return _named(findings, form, leaf.name)
    judged = Judged(leaf, submission, findings=submission.findings)
    # a consolidated workbook is checked where it was made, where nobody hands it in
    register = town.register if town and submission.form != bundle.FORM else None
    judged = identify(judged, known, register, as_of)
    lists: Mapping[str, Mapping[str, str]] = reference_lists(register) if register else {}
    (judged,) = validate([judged], lists, known.forms)
    judged = examined(judged, catalogue)
    checked = _named(judged.findings, form, leaf.name)
    return replace(checked, judged=judged, rows=submission.rows)


def _named(findings: tuple[Finding, ...], form: Form | None, name: str) -> Checked:
    return Checked(tuple(finding.in_file(name) for finding in findings), form)


def returned(checked: Checked, catalogue: Catalogue, town: Town | None, lang: str) -> bytes:
    """Return the branch's own form as it goes back: a fresh one with its values and marks.

    A form of the wrong version goes back in the right one, with the values carried over. Raises
    UsageError where there is no return to give back, or where nobody can tell whose it is: made
    out to the unit its heading names, another unit's figures would be accepted as that one's.
    """
    judged, form = checked.judged, checked.form
    if form is None or judged is None or judged.submission is None:
        raise UsageError("usage.not_returned", path=judged.leaf.name if judged else "")
    if judged.identity is None:
        raise UsageError("usage.whose", path=judged.leaf.name)
    context = _context(judged.identity, judged.submission, form, town)
    right = context.period and catalogue.form_for(form.form, context.period)
    rows = checked.rows
    if right and right.version != form.version:
        form, rows = right, carried(rows, moves(catalogue, form, right), right)
    return render(form, context, rows, checked.findings, lang)


def _context(identity: Identity, read: Submission, form: Form, town: Town | None) -> Context:
    """Return whose form it is, named as in the register, else as the file's heading does."""
    entry = town.register.by_code.get(identity.branch) if town else None
    if town and entry:
        return context_for(town, form, entry, identity.period, None)
    heading = read.head["branch"].text if "branch" in read.head else ""
    name = heading.partition(CODE_SEPARATOR)[2]
    return Context(identity.branch, name or identity.branch, "", identity.period)
