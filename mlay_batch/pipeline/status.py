"""Who has sent what, without reading a file again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from mlay_batch.figures.completeness import completeness
from mlay_batch.figures.records import Completeness
from mlay_batch.ledger import Ledger
from mlay_batch.period import Period
from mlay_batch.pipeline.consolidate import gather
from mlay_batch.pipeline.town import Town
from mlay_batch.records import Verdict


@dataclass(frozen=True)
class Status:
    """The matrix branch × period of every form, and how many files got each verdict so far."""

    period: Period
    forms: tuple[Completeness, ...]
    counts: Mapping[Verdict, int]


def status(town: Town, period: Period, as_of: date) -> Status:
    """Return who has sent what up to `period`. Reads the ledger only; raises LedgerError."""
    with Ledger.open(town.workspace.ledger, read_only=True) as ledger:
        facts = gather(town, ledger, period, as_of)
        return Status(period, completeness(facts), ledger.counts())
