"""The town's register from its workbook, read and checked once.

What was read is kept under the hashes of all it depends on: the register, the descriptions, the
program. So the verbs that a clerk calls twenty times a day need no reader's child and no pandera.
"""

from __future__ import annotations

import hashlib
from functools import partial
from typing import Any

from mlay_batch import __version__
from mlay_batch.findings import Finding, refuses
from mlay_batch.ledger.encoding import dump_finding, dump_row, load_finding, load_row
from mlay_batch.pipeline.kept import keep, kept
from mlay_batch.records import Submission
from mlay_batch.schema import Form
from mlay_batch.workspace import Workspace

Checked = tuple[Submission, tuple[Finding, ...]]
_NAME = "register.json"


def read_register(workspace: Workspace, form: Form, data: bytes, schemas_sha256: str) -> Checked:
    """Return the register that `data` holds and what is wrong with it, places without a file.

    A register without an error is kept in the workspace, so that the same one is not read again.
    """
    key = [hashlib.sha256(data).hexdigest(), schemas_sha256, __version__]
    found = kept(workspace.root, _NAME, key, partial(_load, form=form))
    if found is None:
        found = _checked(data, form)
        if not refuses(found[1]):
            keep(workspace.root, _NAME, key, _dump(found))
    return found


def _checked(data: bytes, form: Form) -> Checked:
    from concurrent.futures import ThreadPoolExecutor  # start-up: what is kept needs no thread

    from mlay_batch import reader  # start-up: and no reader

    with ThreadPoolExecutor(1) as desk:
        reading = desk.submit(reader.read_all, [("", data)], [form], workers=1)
        from mlay_batch.validation import validate_register  # a second, while the child reads

        (submission,) = reading.result()
    if submission.form and not refuses(submission.findings):
        return validate_register(submission, form)
    return submission, submission.findings


def _dump(checked: Checked) -> object:
    submission, findings = checked
    return {
        "rows": [dump_row(row) for row in submission.rows],
        "findings": [dump_finding(finding) for finding in findings],
    }


def _load(told: Any, form: Form) -> Checked:
    rows = tuple(load_row(*row) for row in told["rows"])
    findings = tuple(load_finding(*finding) for finding in told["findings"])
    return Submission(None, form.form, form.version, rows=rows, findings=findings), findings
