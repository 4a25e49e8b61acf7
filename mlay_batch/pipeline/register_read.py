"""The town's register from its workbook, read and checked once.

What was read is kept under the hashes of all it depends on: the register, the descriptions, the
program. So the verbs that a clerk calls twenty times a day need no reader's child and no pandera.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from mlay_batch import __version__
from mlay_batch.findings import Finding, refuses
from mlay_batch.pipeline.kept import keep, kept
from mlay_batch.records import Submission
from mlay_batch.schema import Form
from mlay_batch.workspace import Workspace

_NAME = "register.json"


@dataclass(frozen=True, slots=True)
class CheckedRegister:
    """A register as read, its codes resolved, and what is wrong with it."""

    submission: Submission
    findings: tuple[Finding, ...]


def read_register(
    workspace: Workspace, form: Form, data: bytes, schemas_sha256: str
) -> CheckedRegister:
    """Return the register that `data` holds and what is wrong with it, places without a file.

    A register without an error is kept in the workspace, so that the same one is not read again.
    """
    key = [hashlib.sha256(data).hexdigest(), schemas_sha256, __version__]
    checked = kept(workspace.root, _NAME, key, CheckedRegister)
    if checked is None:
        checked = _check(data, form)
        if not refuses(checked.findings):
            keep(workspace.root, _NAME, key, checked)
    return checked


def _check(data: bytes, form: Form) -> CheckedRegister:
    from concurrent.futures import ThreadPoolExecutor  # start-up: what is kept needs no thread

    from mlay_batch import reader  # start-up: and no reader

    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(reader.read_all, [("", data)], [form], workers=1)
        from mlay_batch.validation import validate_register  # a second, while the child reads

        (submission,) = reading.result()
    if submission.form and not refuses(submission.findings):
        return CheckedRegister(*validate_register(submission, form))
    return CheckedRegister(submission, submission.findings)
