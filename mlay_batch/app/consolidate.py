"""Writes the consolidated workbook of a period from the returns in force."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

from mlay_batch.app.cache import load_workbook, report_key
from mlay_batch.app.load_inputs import load_inputs
from mlay_batch.app.office import Office
from mlay_batch.core.files import write_atomically
from mlay_batch.core.period import Period
from mlay_batch.figures.completeness import completeness
from mlay_batch.ledger import Archive, Closing, Closings, Ledger, lock


@dataclass(frozen=True)
class ConsolidationResult:
    """The workbook of a period."""

    path: Path
    provisional: bool
    """Whether a return of the period is outstanding."""
    written: bool
    """False where the same bytes were there already."""
    closed_revision: int | None = None
    """Revision of the closing whose archived workbook this is."""


def consolidate(
    office: Office,
    period: Period,
    *,
    as_of: date,
    holder: str,
    lang: str = "vi",
    dry_run: bool = False,
    force: bool = False,
) -> ConsolidationResult:
    """Compute the figures of `period` and write ``reports/<period>/tong-hop-<period>.xlsx``.

    The same ledger, register, descriptions, program and `as_of` give the same bytes: a workbook
    made from them before comes from the archive (unless `force`), and an existing equal file is not
    written. A closed period gives its archived bytes. Raises LockedError, LedgerError,
    OutputBusyError.
    """
    workspace = office.workspace
    path = workspace.reports / str(period) / f"tong-hop-{period}.xlsx"
    with lock(workspace.root, holder), Ledger.open(workspace.ledger) as ledger:
        source = _WorkbookSource(office, ledger, period, as_of, lang)
        closing = Closings(ledger).in_force().get(period)
        if closing:
            data, provisional = source.load_closed(closing)
        else:
            cached = None if force else load_workbook(ledger, source.archive, source.key)
            data, provisional = cached or source.build(dry_run=dry_run)
        revision = closing.revision if closing else None
        if dry_run or (path.is_file() and path.read_bytes() == data):
            return ConsolidationResult(path, provisional, written=False, closed_revision=revision)
        write_atomically(path, data)
    return ConsolidationResult(path, provisional, written=True, closed_revision=revision)


@dataclass(frozen=True)
class _WorkbookSource:
    """Finds or builds a workbook; each method returns its bytes and whether it is provisional."""

    office: Office
    ledger: Ledger
    period: Period
    as_of: date
    lang: str

    @property
    def archive(self) -> Archive:
        return Archive(self.office.workspace.archive)

    @cached_property
    def key(self) -> str:
        return report_key(self.office, self.ledger, self.period, self.as_of, self.lang)

    def load_closed(self, closing: Closing) -> tuple[bytes, bool]:
        inputs = load_inputs(self.office, self.ledger, self.period, closing.as_of)
        provisional = any(matrix.has_open_returns(self.period) for matrix in completeness(inputs))
        return self.archive.read(closing.workbook), provisional

    def build(self, *, dry_run: bool) -> tuple[bytes, bool]:
        from mlay_batch.app import build_report  # start-up: not needed for a cached workbook

        figures, fingerprint, data = build_report.build_workbook(
            self.office, self.ledger, self.period, self.as_of, self.lang
        )
        if not dry_run:
            sha256 = build_report.record_workbook(
                self.ledger, self.archive, figures, fingerprint, data
            )
            self.ledger.record_workbook(self.key, sha256, figures.is_provisional)
        return data, figures.is_provisional
