"""Finds the branch that a row of a list names, by its code or its name in the register.

A list says "Chi bộ Tổ dân phố 1", "CB Tổ dân phố 1" or "Tổ dân phố 1"; all are one name. Where
several branches have it, the committee that the list, or its sender, is of decides. What is left
open waits for a person (I41), with the names most like it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date

from mlay_batch.core.findings import Finding, Severity
from mlay_batch.core.text import bare_name_key, clean, name_key, nearest_names
from mlay_batch.model.records import UNSURE, IncomingFile, Submission
from mlay_batch.model.register import Organisation, Register
from mlay_batch.schema.model import Form

_CODE = re.compile(r"([A-Z][A-Z0-9-]*)(?: ?[-–—:.] .*)?")
_NEAREST = 3  # names that are proposed


def find_listed_branch(
    submission: Submission, form: Form, register: Register, file: IncomingFile
) -> tuple[str | None, list[Finding]]:
    """Return the branch's code; None and I41 where none or several may be meant."""
    heading = submission.header["branch"]
    branches = listed_branches(submission, form, register)
    if len(branches) > 1:
        within = set(_committees(submission, register, file))
        nearer = [code for code in branches if within & _above(register, code)]
        branches = nearer or branches
    if len(branches) == 1:
        return branches[0], []
    reporters = {o.name: o for o in register.organisations if o.type in form.reporters}
    if branches:
        names = [_label(register.by_code[code]) for code in branches]
    else:
        near = nearest_names(heading.text, reporters, _NEAREST)
        names = [_label(reporters[name]) for name in near]
    params = {"seen": heading.text, "nearest": "; ".join(names)}
    return None, [Finding(UNSURE, Severity.WARNING, heading.place, params)]


def listed_branches(submission: Submission, form: Form, register: Register) -> Sequence[str]:
    """Return the codes that a row of a list may mean, in register order; those in being first."""
    text = clean(submission.header["branch"].text)
    match = _CODE.fullmatch(text)
    if match and match[1] in register.by_code:
        return [match[1]]
    key = bare_name_key(text)
    alike = [
        o
        for o in register.organisations
        if key and o.type in form.reporters and key in map(bare_name_key, _names(o))
    ]
    return [o.code for o in alike if not o.ended] or [o.code for o in alike]


def _names(organisation: Organisation) -> Iterator[str]:
    yield organisation.name
    yield from (organisation.also or "").split(";")


def _committees(submission: Submission, register: Register, file: IncomingFile) -> Iterator[str]:
    """Yield the organisations that the list says it is of, and the one that sent it."""
    lines = {name_key(line) for line in submission.header["above"].text.splitlines()}
    yield from (o.code for o in register.organisations if name_key(o.name) in lines)
    yield register.mail_owner(file.sender or "", date.fromisoformat(file.received[:10])) or ""


def _above(register: Register, code: str) -> set[str]:
    """Return a branch and the committees above it, but for the office itself."""
    above = (o.code for o in register.ancestors(code) if o.parent)
    return {code, *above}


def _label(organisation: Organisation) -> str:
    return f"{organisation.name} ({organisation.code})"
