"""The town's register from its workbook, read and checked once.

What was read is kept beside the ledger under the hashes of all it depends on: the register, the
descriptions, the program. So the verbs that a clerk calls twenty times a day need no reader's
child and no pandera. A copy that does not fit, or cannot be read, is as good as none.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from mlay_batch import __version__
from mlay_batch.errors import MlayError
from mlay_batch.files import write_atomically
from mlay_batch.findings import Finding, refuses
from mlay_batch.ledger.encoding import dump_finding, dump_row, load_finding, load_row
from mlay_batch.records import Submission
from mlay_batch.schema import Form
from mlay_batch.workspace import Workspace

Checked = tuple[Submission, tuple[Finding, ...]]
_KEPT = Path(".cache", "register.json")


def read_register(workspace: Workspace, form: Form, data: bytes, schemas_sha256: str) -> Checked:
    """Return the register that `data` holds and what is wrong with it, places without a file.

    A register without an error is kept in the workspace, so that the same one is not read again.
    """
    path = workspace.root / _KEPT
    key = [hashlib.sha256(data).hexdigest(), schemas_sha256, __version__]
    kept = _load(path, key, form)
    if kept is None:
        kept = _checked(data, form)
        if not refuses(kept[1]):
            _keep(path, key, kept)
    return kept


def _checked(data: bytes, form: Form) -> Checked:
    from mlay_batch import reader  # start-up: what is kept needs neither this
    from mlay_batch.validation import validate_register  # start-up: nor a second for pandera

    (submission,) = reader.read_all([("", data)], [form], workers=1)
    if submission.form and not refuses(submission.findings):
        return validate_register(submission, form)
    return submission, submission.findings


def _keep(path: Path, key: Iterable[str], checked: Checked) -> None:
    submission, findings = checked
    told = {
        "key": key,
        "rows": [dump_row(row) for row in submission.rows],
        "findings": [dump_finding(finding) for finding in findings],
    }
    try:
        write_atomically(path, json.dumps(told, ensure_ascii=False).encode(), mode=0o600)
    except MlayError:
        return  # a workspace that cannot be written to can still be looked at


def _load(path: Path, key: list[str], form: Form) -> Checked | None:
    try:
        told = json.loads(path.read_bytes())
        if told["key"] != key:
            return None
        rows = tuple(load_row(*row) for row in told["rows"])
        findings = tuple(load_finding(*finding) for finding in told["findings"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return Submission(None, form.form, form.version, rows=rows, findings=findings), findings
