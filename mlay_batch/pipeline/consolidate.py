"""The ledger's current returns to the consolidated workbook."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from mlay_batch import __version__, report
from mlay_batch.figures import compute, fingerprint
from mlay_batch.figures.fingerprint import sums
from mlay_batch.figures.records import Figures
from mlay_batch.files import write_atomically
from mlay_batch.ledger import Archive, Closings, Ledger, lock
from mlay_batch.period import Period
from mlay_batch.pipeline.facts import gather
from mlay_batch.pipeline.town import Town


@dataclass(frozen=True)
class Consolidated:
    """The workbook of a period. `written` is False where the same bytes lay there already.

    `closed` is the revision the period is closed as: then the workbook is the archived one.
    """

    path: Path
    figures: Figures
    written: bool
    closed: int | None = None


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
    A closed period gives the archived bytes, whatever has changed since.
    Raises LockedError, LedgerError, OutputBusyError.
    """
    workspace = town.workspace
    path = workspace.reports / str(period) / f"tong-hop-{period}.xlsx"
    with lock(workspace.root, holder), Ledger.open(workspace.ledger) as ledger:
        closing = Closings(ledger).in_force().get(period)
        if closing:
            data = Archive(workspace.archive).read(closing.workbook)
            figures = compute(gather(town, ledger, period, closing.as_of))
        else:
            figures, told, data = made(town, ledger, period, as_of, lang)
            if not dry_run:
                note(ledger, Archive(workspace.archive), figures, told, data)
        revision = closing.revision if closing else None
        if dry_run or (path.is_file() and path.read_bytes() == data):
            return Consolidated(path, figures, written=False, closed=revision)
        write_atomically(path, data)
    return Consolidated(path, figures, written=True, closed=revision)


def note(ledger: Ledger, archive: Archive, figures: Figures, told: str, data: bytes) -> None:
    """Keep a workbook that is given out; remember it by its bytes and `told`, its fingerprint."""
    ledger.note_report(figures.period, figures.as_of, archive.store(data), told)


def made(
    town: Town, ledger: Ledger, period: Period, as_of: date, lang: str = "vi"
) -> tuple[Figures, str, bytes]:
    """Return the figures of `period`, their fingerprint, and the workbook that shows them."""
    facts = gather(town, ledger, period, as_of)
    figures = compute(facts)
    told = fingerprint(figures)
    provenance = report.Provenance(
        __version__, as_of, town.register_sha256, town.catalogue.sources,
        figures=told, sums=sums(figures),
    )  # fmt: skip
    return figures, told, report.write(facts, figures, provenance, lang)
