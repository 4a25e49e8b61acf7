"""Defines findings: what is wrong (`code`), where (`Place`), how bad (`Severity`).

A finding holds no text; `messages` makes it, in the reader's language.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from mlay_batch.core.text import consecutive_runs

Param = str | int | float | bool | None
QUESTION = "question"
"""Parameter that says which values a warning is about (`Finding.question`)."""
ANSWERS_ID = "answers"
"""Id of the section with the answers to warnings; what is found in it is not explained itself."""
_PLACES = frozenset({"row", "column", "cells"})
"""Parameters that say where something stands, which is elsewhere in a fresh form."""
_QUESTION_LENGTH = 12
_OF_VERDICTS = "L"
"""First letter of the codes that say why a file got its verdict."""
_CELL = re.compile(r"([A-Z]+)(\d+)")
CLERK_CODES = frozenset({"I29", "I40", "R46", "R47", "R48", "R50"})
"""Findings that tell the clerk something and ask nothing of the branch."""


class Severity(StrEnum):
    """How bad a finding is. Only `ERROR` refuses a return."""

    ERROR = "error"
    WARNING = "warning"
    TRIAL = "trial"  # a new rule on trial: shown to the clerk, not to the branch


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A place in a file.

    Attributes:
        file: name of the file, for display only; empty until `Finding.in_file` names it.
        sheet: title of the sheet; empty for the whole file.
        cell: address such as ``D12``; empty for the whole sheet.
    """

    file: str = ""
    sheet: str = ""
    cell: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong at one place.

    Attributes:
        code: letter and number of the message or rule, such as ``C11``.
        severity: whether it refuses the return.
        place: where it stands; the cell gets the note in the returned form.
        params: values for the gaps of the message; the key ``field`` holds ``section.field`` and is
            shown as that field's title.
        marks: further cells to colour in the returned form.
    """

    code: str
    severity: Severity
    place: Place
    params: Mapping[str, Param] = field(default_factory=dict, hash=False)
    marks: tuple[Place, ...] = ()

    @property
    def is_error(self) -> bool:
        """Whether this finding alone refuses the return."""
        return self.severity is Severity.ERROR

    @property
    def question(self) -> str:
        """What an answer to it is given for: the same as long as the same values are warned of."""
        if QUESTION in self.params:
            return str(self.params[QUESTION])
        return question_of(self)

    @property
    def is_for_clerk(self) -> bool:
        """Whether only the clerk is told: no letter and no returned form repeats it."""
        return self.severity is Severity.TRIAL or self.code in CLERK_CODES

    @property
    def is_answerable(self) -> bool:
        """Whether its branch may explain it: a warning that no decision or waiver has settled."""
        is_settled = self.code[0] in _OF_VERDICTS or "waived_by" in self.params
        is_open = not (is_settled or self.is_for_clerk or self.is_of_answer)
        return self.severity is Severity.WARNING and is_open

    @property
    def is_of_answer(self) -> bool:
        """Whether it is about an answer: one that could not be read."""
        return str(self.params.get("field")).partition(".")[0] == ANSWERS_ID

    def in_file(self, name: str) -> Finding:
        """Return the same finding with `name` as the file of its place and marks."""
        return replace(
            self,
            place=replace(self.place, file=name),
            marks=tuple(replace(mark, file=name) for mark in self.marks),
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """What a branch says about a warning in its return: its *giải trình*.

    Attributes:
        code: the code of the warning.
        question: `Finding.question` of the warning; where the values change, the answer lapses.
        words: the answer.
    """

    code: str
    question: str
    words: str


def question_of(finding: Finding, values: Iterable[object] = ()) -> str:
    """Return a short hash of a finding's code, figures and the `values` of its cells.

    Where the cells are does not matter: in a fresh form they are elsewhere.
    """
    figures = {name: v for name, v in sorted(finding.params.items()) if name not in _PLACES}
    content = json.dumps([finding.code, figures, sorted(map(str, values))], default=str)
    return hashlib.sha256(content.encode()).hexdigest()[:_QUESTION_LENGTH]


def has_errors(findings: Iterable[Finding]) -> bool:
    """Return whether any of the findings refuses the return."""
    return any(finding.is_error for finding in findings)


def split_cell(cell: str) -> tuple[str, int] | None:
    """Return column letters and row of a cell; None for any other text.

    >>> split_cell("AA12"), split_cell("")
    (('AA', 12), None)
    """
    match = _CELL.fullmatch(cell)
    return (match[1], int(match[2])) if match else None


def column_letters(column: int) -> str:
    """Return the letters of a column from 1: 28 is ``AB``."""
    letters = ""
    while column:
        column, remainder = divmod(column - 1, 26)
        letters = chr(65 + remainder) + letters
    return letters


def cell_ranges(cells: Iterable[str]) -> str:
    """Return cells as people list them: columns in order, runs of rows in a column as one.

    Other texts are left out; a cell named twice is listed once.

    >>> cell_ranges(["C12", "C13", "C15", "AA1", "D1", "C14", "C12", ""])
    'C12–C15, D1, AA1'
    """
    rows: dict[str, list[int]] = {}
    for column, row in filter(None, map(split_cell, cells)):
        rows.setdefault(column, []).append(row)
    return ", ".join(
        f"{column}{first}" if first == last else f"{column}{first}–{column}{last}"
        for column in sorted(rows, key=lambda letters: (len(letters), letters))
        for first, last in consecutive_runs(rows[column])
    )
