"""The ledger's current returns to the consolidated workbook."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

from mlay_batch.figures.completeness import completeness
from mlay_batch.files import write_atomically
from mlay_batch.ledger import Archive, Closing, Closings, Ledger, lock
from mlay_batch.period import Period
from mlay_batch.pipeline.cache import load_workbook, report_key
from mlay_batch.pipeline.facts import gather
from mlay_batch.pipeline.town import Town


@dataclass(frozen=True)
class Consolidated:
    """The workbook of a period. `written` is False where the same bytes lay there already.

    `provisional` is whether a return of the period is still out. `closed` is the revision the
    period is closed as: then the workbook is the archived one.
    """

    path: Path
    provisional: bool
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
    anew: bool = False,
) -> Consolidated:
    """Compute the figures of `period` and write ``reports/<period>/tong-hop-<period>.xlsx``.

    Same ledger, register, descriptions, program and `as_of`: same bytes; so what was made from
    them before is taken from the archive (unless `anew`), and nothing is written where it lies
    there already. A closed period gives the archived bytes, whatever has changed since.
    Raises LockedError, LedgerError, OutputBusyError.
    """
    workspace = town.workspace
    path = workspace.reports / str(period) / f"tong-hop-{period}.xlsx"
    with lock(workspace.root, holder), Ledger.open(workspace.ledger) as ledger:
        desk = _Desk(town, ledger, period, as_of, lang)
        closing = Closings(ledger).in_force().get(period)
        if closing:
            data, provisional = desk.closed(closing)
        else:
            cached = None if anew else load_workbook(ledger, desk.archive, desk.key)
            data, provisional = cached or desk.made(dry_run=dry_run)
        revision = closing.revision if closing else None
        if dry_run or (path.is_file() and path.read_bytes() == data):
            return Consolidated(path, provisional, written=False, closed=revision)
        write_atomically(path, data)
    return Consolidated(path, provisional, written=True, closed=revision)


@dataclass(frozen=True)
class _Desk:
    """What a workbook is to be had from. Its ways give the bytes, and whether a return is out."""

    town: Town
    ledger: Ledger
    period: Period
    as_of: date
    lang: str

    @property
    def archive(self) -> Archive:
        return Archive(self.town.workspace.archive)

    @cached_property
    def key(self) -> str:
        return report_key(self.town, self.ledger, self.period, self.as_of, self.lang)

    def closed(self, closing: Closing) -> tuple[bytes, bool]:
        facts = gather(self.town, self.ledger, self.period, closing.as_of)
        months = self.period.months()
        waits = any(entry.waits(months) for entry in completeness(facts))
        return self.archive.read(closing.workbook), waits

    def made(self, *, dry_run: bool) -> tuple[bytes, bool]:
        from mlay_batch.pipeline import making  # start-up: what is cached needs no writer

        figures, told, data = making.made(
            self.town, self.ledger, self.period, self.as_of, self.lang
        )
        if not dry_run:
            sha256 = making.note(self.ledger, self.archive, figures, told, data)
            self.ledger.record_workbook(self.key, sha256, figures.provisional)
        return data, figures.provisional
