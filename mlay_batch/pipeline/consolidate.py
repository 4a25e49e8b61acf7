"""The ledger's current returns to the consolidated workbook."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from mlay_batch import __version__, report
from mlay_batch.figures import compute
from mlay_batch.figures.records import Facts, Figures
from mlay_batch.files import write_atomically
from mlay_batch.ledger import Ledger, lock
from mlay_batch.period import Period
from mlay_batch.pipeline.carry import to_newest
from mlay_batch.pipeline.town import Town


@dataclass(frozen=True)
class Consolidated:
    """The workbook of a period. `written` is False where the same bytes lay there already."""

    path: Path
    figures: Figures
    written: bool


def gather(town: Town, ledger: Ledger, period: Period, as_of: date) -> Facts:
    """Return everything the figures of `period` are computed from."""
    return Facts(
        town.catalogue, town.register, period, as_of,
        to_newest(town.catalogue, ledger.returns()), ledger.deliveries(),
    )  # fmt: skip


def consolidate(
    town: Town,
    period: Period,
    *,
    as_of: date,
    holder: str,
    lang: str = "vi",
    dry_run: bool = False,
) -> Consolidated:
    """Compute the figures of `period` and write ``reports/<period>/tong-hop-<period>.xlsx``.

    Same ledger, register, descriptions and `as_of`: same bytes; then nothing is written at all.
    Raises LockedError, LedgerError, OutputBusyError.
    """
    workspace = town.workspace
    path = workspace.reports / str(period) / f"tong-hop-{period}.xlsx"
    with lock(workspace.root, holder), Ledger.open(workspace.ledger) as ledger:
        facts = gather(town, ledger, period, as_of)
        figures = compute(facts)
        if dry_run:
            return Consolidated(path, figures, written=False)
        provenance = report.Provenance(
            __version__, as_of, town.register_sha256, town.catalogue.sources
        )
        data = report.write(facts, figures, provenance, lang)
        if path.is_file() and path.read_bytes() == data:
            return Consolidated(path, figures, written=False)
        write_atomically(path, data)
    return Consolidated(path, figures, written=True)
