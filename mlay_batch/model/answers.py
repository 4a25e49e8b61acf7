"""Answers to warnings as they were recorded: an answer holds for the values it was given for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mlay_batch.core.findings import Finding
from mlay_batch.model.records import LedgerEntry

AnswerKey = tuple[str, str, str, str, str]
"""Form, branch and period of a return; code of a warning, and which values it is about."""


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """The answer to a warning, from the branch or, on its behalf, from the office.

    Attributes:
        code: the code of the warning.
        question: `Finding.question` of the warning it answers.
        words: the answer; empty once it was purged.
        delivery: ledger entry of the file that brought it; of the office's, the return it explains.
        who: who of the office gave it; None where the branch did.
        at: when it came in (ISO time).
    """

    form: str
    branch: str
    period: str
    code: str
    question: str
    words: str
    delivery: int
    who: str | None
    at: str

    @property
    def key(self) -> AnswerKey:
        """What it answers."""
        return self.form, self.branch, self.period, self.code, self.question


def answer_key(entry: LedgerEntry, finding: Finding) -> AnswerKey | None:
    """Return what an answer to a warning in a return goes by; None where none is asked for."""
    if entry.key is None or not finding.is_answerable:
        return None
    return (*entry.key, finding.code, finding.question)


def answers_of(
    answers: Mapping[AnswerKey, GivenAnswer], return_key: tuple[str, str, str] | None
) -> Mapping[tuple[str, str], GivenAnswer]:
    """Return the answers to one return, by code of the warning and which values it is about."""
    return {key[3:]: answer for key, answer in answers.items() if key[:3] == return_key}
