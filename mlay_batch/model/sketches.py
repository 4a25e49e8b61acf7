"""Divides a list into its branches, and compares what it says of one with that one's return."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from mlay_batch.core.findings import Finding, Place, Severity
from mlay_batch.model.records import IncomingFile, Row, Submission, json_value
from mlay_batch.schema.model import Form

Gist = tuple[str, ...]
"""What a list and a return may both say: ``meetings.held_on=2026-06-03``, sorted."""


_NO_SUCH_ROWS = "R52"


def member_of(submission: Submission, part: str | None) -> Submission:
    """Return the submission of those rows of a list; of a whole file the submission itself.

    A program that divides the list otherwise says R52.
    """
    if part is None or not submission.members:
        return submission  # or an unreadable file, which says so
    finding = Finding(_NO_SUCH_ROWS, Severity.ERROR, Place(), {"part": part})
    absent = Submission(None, submission.form, submission.version, findings=(finding,))
    return next((member for member in submission.members if member.part == part), absent)


def split_list(
    file: IncomingFile, submission: Submission
) -> Iterator[tuple[IncomingFile, Submission]]:
    """Yield a file with what it says; of a list each branch's rows, as a file of their own.

    A list that keeps its number in the ledger keeps it for the first of its rows.
    """
    if file.part is not None or not submission.members:
        yield file, member_of(submission, file.part)
        return
    for member in submission.members:
        yield replace(file, part=member.part), member
        file = replace(file, entry_id=None)


def gist_of(rows: Sequence[Row], lists: Iterable[Form]) -> Gist:
    """Return what lists are known by (`Form.known_by`), as these rows say it; blanks left out."""
    paths = dict.fromkeys(path for form in lists for path in _paths(form))
    return tuple(
        sorted(
            f"{section}.{name}={json_value(value)}"
            for section, name, conditions in paths
            for row in rows
            if row.section == section
            and (value := row.values.get(name)) is not None
            and all(row.values.get(key) == wanted for key, wanted in conditions)
        )
    )


def _paths(form: Form) -> Iterator[tuple[str, str, tuple[tuple[str, str], ...]]]:
    """Yield section, field, and what else a row of the section must say."""
    for path in form.known_by:
        section, _, name = path.partition(".")
        parts = (part for part in form.section(section).parts if name in part.lines)
        conditions = (tuple(part.set_.items()) for part in parts)
        yield section, name, next(conditions, ())


def is_within(sketch: Gist, whole: Gist) -> bool:
    """Whether a return says all that a list says.

    >>> is_within(("day=3",), ("day=3", "day=17")), is_within(("day=4",), ("day=3",))
    (True, False)
    """
    return not Counter(sketch) - Counter(whole)
