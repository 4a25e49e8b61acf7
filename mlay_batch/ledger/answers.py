"""The answers to warnings: what branches, and the office on their behalf, have explained."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mlay_batch.core.codec import storable
from mlay_batch.core.findings import Answer
from mlay_batch.ledger.rows import insert
from mlay_batch.ledger.store import Ledger
from mlay_batch.model.answers import AnswerKey, GivenAnswer
from mlay_batch.model.records import LedgerEntry


class Answers:
    """The answers of a ledger. Every method is one transaction and may raise LedgerError."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def in_force(self) -> Mapping[AnswerKey, GivenAnswer]:
        """Return the last answer to each question."""
        rows = self._ledger.query(
            "SELECT form, branch, period, code, question, words, delivery, who, at"
            " FROM answer ORDER BY id"
        )
        answers = (GivenAnswer(**row) for row in rows)
        return {answer.key: answer for answer in answers}

    def give(self, entry: LedgerEntry, answers: Iterable[Answer], who: str, at: str) -> None:
        """Record what `who` of the office answers on behalf of the branch of a return."""
        form, branch, period = entry.key or ("", "", "")
        with self._ledger.transaction() as db:
            for answer in answers:
                insert(
                    db,
                    "answer",
                    form=form,
                    branch=branch,
                    period=period,
                    code=answer.code,
                    question=answer.question,
                    words=storable(answer.words),
                    delivery=entry.id,
                    who=storable(who),
                    at=at,
                )
