"""The worklists that were obeyed, and what came of each decision in them."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from mlay_batch.core import codec
from mlay_batch.core.codec import storable
from mlay_batch.core.findings import Param
from mlay_batch.ledger.rows import insert
from mlay_batch.ledger.store import Ledger


class Progress(StrEnum):
    """How far a decision got. BEGUN after a run has ended: the run broke off in the midst of it."""

    BEGUN = "begun"
    DONE = "done"
    NOT_DONE = "not_done"


@dataclass(frozen=True, slots=True)
class ObeyedDecision:
    """One decision of a worklist, and what came of it."""

    matter: str
    """The matter, and the state it was offered in."""
    decision: str
    """Id of the choice."""
    why: str
    progress: Progress
    title: str = ""
    """What the row said."""
    branch: str | None = None
    """Code of the branch that a file was assigned to."""
    code: str = ""
    """Name of the text in `locale/worklist.yaml` that says what came of it."""
    params: Mapping[str, Param] = field(default_factory=dict, hash=False)
    """Values for its gaps."""
    who: str = ""
    at: str = ""
    """Who ran the program on the worklist, and when (ISO time)."""


class Worklists:
    """The obeyed worklists of a ledger. Every method is one transaction, may raise LedgerError."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def next_number(self) -> int:
        """Return the number of the next worklist: one more than worklists were obeyed."""
        ((count,),) = self._ledger.query("SELECT count(*) FROM worklist")
        return int(count) + 1

    def begin(self, number: int, sha256: str, who: str, at: str) -> int:
        """Record that the worklist of these bytes is being obeyed; return its id.

        One that a run began before keeps who and when.
        """
        with self._ledger.transaction() as db:
            known = db.execute("SELECT id FROM worklist WHERE sha256 = ?", (sha256,)).fetchone()
            if known:
                return int(known["id"])
            return insert(db, "worklist", number=number, sha256=sha256, who=storable(who), at=at)

    def hashes(self) -> frozenset[str]:
        """Return the hashes of the worklists obeyed."""
        return frozenset(row["sha256"] for row in self._ledger.query("SELECT sha256 FROM worklist"))

    def put(self, worklist: int, decision: ObeyedDecision) -> None:
        """Record how far a decision got, in place of what was recorded of it before."""
        with self._ledger.transaction() as db:
            db.execute(
                "INSERT OR REPLACE INTO worklist_decision VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    worklist,
                    storable(decision.matter),
                    storable(decision.title),
                    decision.decision,
                    storable(decision.why),
                    decision.branch,
                    decision.progress.value,
                    decision.code,
                    codec.dump_text(decision.params),
                ),
            )

    def decisions(self, worklist: int | None = None) -> tuple[ObeyedDecision, ...]:
        """Return every decision, or those of one worklist, in the order of the worklists."""
        rows = self._ledger.query(
            "SELECT matter, title, decision, why, branch, outcome, code, params, who, at"
            " FROM worklist_decision AS d JOIN worklist AS w ON w.id = d.worklist"
            " WHERE ?1 IS NULL OR w.id = ?1 ORDER BY w.id, matter",
            worklist,
        )
        return tuple(map(_decision, rows))


def _decision(row: sqlite3.Row) -> ObeyedDecision:
    return ObeyedDecision(
        row["matter"],
        row["decision"],
        row["why"],
        Progress(row["outcome"]),
        row["title"],
        row["branch"],
        row["code"],
        codec.load_text(row["params"], Mapping[str, Param]),
        row["who"],
        row["at"],
    )
