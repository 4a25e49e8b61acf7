"""Builds the files of a period and the page of a branch from the ledger."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from mlay_batch import __version__, report
from mlay_batch.app.load_inputs import load_inputs
from mlay_batch.app.office import Office
from mlay_batch.app.report_files import ReportFiles, refuse_without_texts
from mlay_batch.core.files import write_atomically
from mlay_batch.core.period import Period
from mlay_batch.figures import compute
from mlay_batch.figures.branch_year import branch_year
from mlay_batch.figures.fingerprint import both_fingerprints, fingerprint
from mlay_batch.figures.report_records import Figures
from mlay_batch.ledger import Archive, Ledger
from mlay_batch.model.branch_lookup import find_branch
from mlay_batch.report.committee.outputs import write_outputs
from mlay_batch.report.sheets.branch_page import write_page


@dataclass(frozen=True)
class BuiltReport:
    """What the figures of a period gave.

    Attributes:
        figures: the figures.
        fingerprint: their fingerprint.
        files: the workbook and what goes with it.
    """

    figures: Figures
    fingerprint: str
    files: ReportFiles


def build_files(
    office: Office, ledger: Ledger, period: Period, as_of: date, lang: str = "vi"
) -> BuiltReport:
    """Return the figures of `period` and all files written from them.

    Raises UsageError ``purge.texts``.
    """
    refuse_without_texts(ledger, period)
    with _without_collector():
        return _build_files(office, ledger, period, as_of, lang)


@contextmanager
def _without_collector() -> Iterator[None]:
    """Search for no cycles meanwhile: there are none to speak of, and a million things to look at.

    It took an eighth of the time, and freed nothing.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _build_files(
    office: Office, ledger: Ledger, period: Period, as_of: date, lang: str
) -> BuiltReport:
    inputs = load_inputs(office, ledger, period, as_of)
    figures = compute(inputs)
    fingerprint, sums = both_fingerprints(figures)
    provenance = report.Provenance(
        __version__,
        as_of,
        office.register_sha256,
        office.catalogue.sources,
        figures=fingerprint,
        sums=sums,
        time_zone=office.workspace.settings.time_zone,
    )
    workbook = report.write(inputs, figures, provenance, lang)
    outputs = write_outputs(inputs, figures, lang)
    return BuiltReport(figures, fingerprint, ReportFiles(workbook, outputs))


def record_files(ledger: Ledger, archive: Archive, built: BuiltReport) -> str:
    """Archive and record files that are given out; return the hash of the workbook."""
    sha256 = built.files.store(ledger, archive)
    figures = built.figures
    ledger.record_report(figures.period, figures.as_of, sha256, built.fingerprint)
    return sha256


@dataclass(frozen=True)
class BranchReport:
    """The page of a branch."""

    branch: str
    """Its code."""
    path: Path
    written: bool
    """False where the same bytes were there already."""


def report_branch(
    office: Office,
    branch: str,
    period: Period,
    *,
    as_of: date,
    lang: str = "vi",
    dry_run: bool = False,
) -> BranchReport:
    """Write ``reports/<year>/chi-bo-<code>-<period>.xlsx``: the year of a branch up to `period`.

    Raises UsageError as `find_branch` does and ``purge.texts``, LedgerError, OutputBusyError.
    """
    branch = find_branch(branch, office.register.organisations)
    with Ledger.open(office.workspace.ledger, read_only=True) as ledger:
        refuse_without_texts(ledger, period)
        inputs = load_inputs(office, ledger, period, as_of)
    figures = compute(inputs)
    year = branch_year(inputs, figures, branch)
    data = write_page(inputs, figures, year, branch, fingerprint(figures), lang)
    path = office.workspace.reports / str(period.year) / f"chi-bo-{branch}-{period}.xlsx"
    if dry_run or (path.is_file() and path.read_bytes() == data):
        return BranchReport(branch, path, written=False)
    write_atomically(path, data)
    return BranchReport(branch, path, written=True)
