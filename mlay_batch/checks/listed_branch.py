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
_AFTER_CODE = " -–—:."
_NEAREST = 3  # names that are proposed


def find_listed_branch(
    submission: Submission, form: Form, register: Register, file: IncomingFile
) -> tuple[str | None, list[Finding]]:
    """Return the branch's code; None and I41 where none or several may be meant.

    A name that only a branch of another committee has than the list names is in doubt too.
    """
    heading = submission.header["branch"]
    branches = listed_branches(submission, form, register)
    if not _code_of(heading.text, register):
        branches = _within_committees(branches, submission, register, file)
    if len(branches) == 1 and not _is_elsewhere(branches[0], submission, register):
        return branches[0], []
    reporters = {o.name: o for o in register.organisations if o.type in form.reporters}
    if branches:
        names = [register.by_code[code].title for code in branches]
    else:
        near = nearest_names(heading.text, reporters, _NEAREST)
        names = [reporters[name].title for name in near]
    params = {"seen": heading.text, "nearest": "; ".join(names)}
    return None, [Finding(UNSURE, Severity.WARNING, heading.place, params)]


def listed_branches(submission: Submission, form: Form, register: Register) -> Sequence[str]:
    """Return the codes that a row of a list may mean, in register order; those in being first.

    Beside a code the name counts only where it is that of another branch: then both are meant.
    """
    text = clean(submission.header["branch"].text)
    code = _code_of(text, register)
    key = bare_name_key(text[len(code) :].lstrip(_AFTER_CODE) if code else text)
    alike = [
        o
        for o in register.organisations
        if key and o.type in form.reporters and key in map(bare_name_key, _names(o))
    ]
    codes = [o.code for o in alike if not o.ended] or [o.code for o in alike]
    if code:
        return [code] if code in codes else [code, *codes]
    return codes


def _code_of(text: str, register: Register) -> str:
    """Return the code that "CB-01", "CB-01 – Chi bộ …" begins with; empty where it is none."""
    match = _CODE.fullmatch(clean(text))
    return match[1] if match and match[1] in register.by_code else ""


def _within_committees(
    branches: Sequence[str], submission: Submission, register: Register, file: IncomingFile
) -> Sequence[str]:
    """Return those of several branches that are of the list's committee, or of its sender."""
    if len(branches) < 2:
        return branches
    owner = register.mail_owner(file.sender or "", date.fromisoformat(file.received[:10]))
    within = {*_committees(submission, register), owner}
    return [code for code in branches if within & _above(register, code)] or branches


def _is_elsewhere(branch: str, submission: Submission, register: Register) -> bool:
    """Whether a branch that has no code in the list is of none of the committees it names."""
    committees = _committees(submission, register)
    within = {code for code in committees if register.by_code[code].parent}
    is_coded = _code_of(submission.header["branch"].text, register)
    return not is_coded and bool(within) and not within & _above(register, branch)


def _names(organisation: Organisation) -> Iterator[str]:
    yield organisation.name
    yield from (organisation.also or "").split(";")


def _committees(submission: Submission, register: Register) -> Iterator[str]:
    """Yield the organisations that stand above the row or the list."""
    lines = set(map(_committee_key, submission.header["above"].text.splitlines()))
    yield from (
        o.code for o in register.organisations if lines & set(map(_committee_key, _names(o)))
    )


def _committee_key(name: str) -> str:
    """Return the key of a name; a committee is called "Đảng bộ" and "Đảng ủy"."""
    return name_key(name).replace(name_key("đảng ủy"), name_key("đảng bộ"), 1)


def _above(register: Register, code: str) -> set[str]:
    """Return a branch and the committees above it, but for the office itself."""
    return {code, *(o.code for o in register.ancestors(code) if o.parent)}
