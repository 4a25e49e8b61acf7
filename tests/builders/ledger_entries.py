"""Deliveries made by hand: what a ledger test records."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import date

from mlay_batch.core.findings import Finding, Place, Severity
from mlay_batch.core.period import Period
from mlay_batch.ledger import Ledger
from mlay_batch.model.records import (
    CheckedFile,
    Decision,
    Identity,
    IncomingFile,
    LedgerEntry,
    Row,
    Run,
    Submission,
    Value,
    Verdict,
)
from mlay_batch.schema import Form, Text
from mlay_batch.schema.model import Effective

MEETING = Form(
    "meeting",
    "2018.1",
    "month",
    Effective("2018-07"),
    ("12-HD/BTCTW",),
    Text("Báo cáo", "Return"),
    Text("Báo cáo", "Return"),
    (),
)
RUN = Run(date(2019, 12, 6), "ingest", "0.1", "r" * 64, "s" * 64)
WRONG = Finding(
    "F03",
    Severity.ERROR,
    Place("a.xlsx", "Báo cáo", "D12"),
    {"field": "members.closing", "found": 18, "share": 0.5, "nil": None, "yes": True},
    (Place("a.xlsx", "Báo cáo", "D13"), Place("a.xlsx", "Báo cáo")),
)


def connection(ledger: Ledger) -> sqlite3.Connection:
    """Return the connection of an open ledger."""
    with ledger.transaction("DEFERRED") as db:
        return db


def row(number: int = 12, **values: Value) -> Row:
    """A row of a table, its values from column C on."""
    cells = {key: f"{chr(67 + at)}{number}" for at, key in enumerate(values)}
    return Row("meetings", "Báo cáo", number, values, cells)


def decision(
    verdict: Verdict = Verdict.ACCEPTED,
    *rows: Row,
    data: bytes = b"PK",
    name: str = "a.xlsx",
    branch: str = "CB-01",
    period: str = "2019-11",
    findings: tuple[Finding, ...] = (),
    refers_to: int | None = None,
) -> Decision:
    """A file with its verdict; an ignored one was never read."""
    leaf = IncomingFile(
        name, data, f"inbox/{name}", "2019-12-06T01:00:00Z", sender="cb01@example.org"
    )
    if verdict is Verdict.IGNORED:
        return Decision(CheckedFile(leaf), verdict, findings)
    submission = Submission(None, "meeting", "2018.1", rows=rows)
    identity = Identity(MEETING, branch, Period.parse(period))
    return Decision(CheckedFile(leaf, submission, identity), verdict, findings, refers_to)


def record_entries(ledger: Ledger, decisions: Sequence[Decision]) -> tuple[LedgerEntry, ...]:
    """Record a batch; return it as the ledger remembers it."""
    numbers = ledger.record(RUN, decisions)
    return tuple(entry for entry in ledger.entries() if entry.id in numbers)
