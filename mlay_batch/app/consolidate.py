"""Writes the working workbook of a period, and what goes with it, from the returns in force."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from mlay_batch.app.cache import load_report_files, report_key
from mlay_batch.app.load_inputs import load_inputs
from mlay_batch.app.office import Office
from mlay_batch.app.report_files import ReportFiles, ReportPaths, refuse_purged
from mlay_batch.core.period import Period
from mlay_batch.core.processes import SecondProcess
from mlay_batch.figures.completeness import completeness
from mlay_batch.ledger import Archive, Closing, Closings, Ledger, lock
from mlay_batch.model.records import Verdict

if TYPE_CHECKING:
    from mlay_batch.app.build_report import BuiltReport

_PAYS_FROM = 200  # returns: below, a child takes longer to start than it spares
# What the second process needs; the first module has what is asked of it.
_BUILDING = "mlay_batch.app.build_report", "mlay_batch.report.committee.outputs"


@dataclass(frozen=True)
class ConsolidationResult:
    """The workbook of a period, the report to sign, its copy for circulation, the message."""

    period: Period
    paths: ReportPaths
    provisional: bool
    """Whether a return of the period is outstanding."""
    changed: tuple[Path, ...]
    """The files written; those that were there already with the same bytes are not."""
    kept_report: Path | None = None
    """A report changed by the office and left alone; the new one has another name."""
    closed_revision: int | None = None
    """Revision of the closing whose archived files these are."""

    @property
    def path(self) -> Path:
        """The working workbook."""
        return self.paths.workbook

    @property
    def written(self) -> bool:
        """Whether the workbook was written; the same bytes may have been there already."""
        return self.path in self.changed


def start_when_read(
    second: SecondProcess, progress: Callable[[int, int], None] = lambda *_: None
) -> Callable[[int, int], None]:
    """Return `progress` that starts the process which helps in writing once all files are read.

    While they are checked it imports what it will need.
    """

    def tick(done: int, total: int) -> None:
        progress(done, total)
        if done == total:
            second.start(*_BUILDING)

    return tick


def build(
    office: Office,
    ledger: Ledger,
    period: Period,
    as_of: date,
    lang: str = "vi",
    second: SecondProcess | None = None,
) -> BuiltReport:
    """Return all files written from the figures of `period`; a second process writes half of them.

    `second` may have been started before; where it pays, it is started here. Raises UsageError
    ``purge.texts``.
    """
    with contextlib.closing(second or SecondProcess()) as other:
        if ledger.counts()[Verdict.ACCEPTED] >= _PAYS_FROM:
            other.start(*_BUILDING)
        sources = office.workspace.root, office.sources
        beside = other.submit("write_beside", *sources, period, as_of, lang)
        from mlay_batch.app import build_report  # start-up: while the other one computes

        half = beside if other.is_started else None
        return build_report.build_files(office, ledger, period, as_of, lang, half)


def consolidate(
    office: Office,
    period: Period,
    *,
    as_of: date,
    holder: str,
    lang: str = "vi",
    dry_run: bool = False,
    force: bool = False,
    has_names: bool = True,
    second: SecondProcess | None = None,
) -> ConsolidationResult:
    """Compute the figures of `period` and write its files into ``reports/<period>``.

    They are the working workbook, the report to sign, its copy for circulation (without officers'
    names unless `has_names`) and the message. The same ledger, register, descriptions, program and
    `as_of` give the same bytes: what was made from them before comes from the archive (unless
    `force`), and an existing equal file is not written. A closed period gives its archived bytes.
    `second` may have been started before, to help in writing (`start_when_read`).
    Raises LockedError, LedgerError, OutputBusyError, UsageError ``purge.workbook`` or
    ``purge.texts`` where what it needs was purged.
    """
    root, reports = office.workspace.root, office.workspace.reports
    paths = ReportPaths.of(reports, period, has_names=has_names)
    with lock(root, holder), Ledger.open(office.workspace.ledger) as ledger:
        source = _ReportSource(office, ledger, period, as_of, lang, second)
        closing = Closings(ledger).in_force().get(period)
        revision = closing.revision if closing else None
        if closing:
            refuse_purged(ledger, ReportPaths.of(reports, period, has_names=False), closing)
            files, provisional = source.load_closed(closing)
        else:
            cached = None if force else load_report_files(ledger, source.archive, source.key)
            files, provisional = cached or source.build(dry_run=dry_run)
        if dry_run:
            return ConsolidationResult(period, paths, provisional, (), closed_revision=revision)
        written = files.write(ledger, paths, has_names=has_names)
    kept_report = None if written.report == paths.report else paths.report
    paths = replace(paths, report=written.report)
    return ConsolidationResult(period, paths, provisional, written.changed, kept_report, revision)


@dataclass(frozen=True)
class _ReportSource:
    """Finds or builds the files; each method returns them and whether they are provisional."""

    office: Office
    ledger: Ledger
    period: Period
    as_of: date
    lang: str
    second: SecondProcess | None

    @property
    def archive(self) -> Archive:
        return Archive(self.office.workspace.archive)

    @cached_property
    def key(self) -> str:
        return report_key(self.office, self.ledger, self.period, self.as_of, self.lang)

    def load_closed(self, closing: Closing) -> tuple[ReportFiles, bool]:
        inputs = load_inputs(self.office, self.ledger, self.period, closing.as_of)
        provisional = any(matrix.has_open_returns(self.period) for matrix in completeness(inputs))
        return ReportFiles.load(self.ledger, self.archive, closing.workbook), provisional

    def build(self, *, dry_run: bool) -> tuple[ReportFiles, bool]:
        built = build(self.office, self.ledger, self.period, self.as_of, self.lang, self.second)
        if not dry_run:
            sha256 = built.record(self.ledger, self.archive)
            self.ledger.record_workbook(self.key, sha256, built.is_provisional)
        return built.files, built.is_provisional
