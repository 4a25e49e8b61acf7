"""Builds the files of a period and the page of a branch from the ledger."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from mlay_batch import __version__, report
from mlay_batch.app.load_inputs import load_inputs
from mlay_batch.app.office import Office, open_office
from mlay_batch.app.report_files import ReportFiles, refuse_without_texts
from mlay_batch.app.workspace import Workspace
from mlay_batch.core.files import write_atomically
from mlay_batch.core.period import Period
from mlay_batch.core.processes import pause_garbage_collection
from mlay_batch.figures import compute
from mlay_batch.figures.branch_year import branch_year
from mlay_batch.figures.fingerprint import both_fingerprints, fingerprint
from mlay_batch.figures.report_records import Figures, ReportInputs
from mlay_batch.ledger import Archive, Ledger
from mlay_batch.model.branch_lookup import find_branch
from mlay_batch.model.records import Output
from mlay_batch.report.sheets.branch_page import write_page
from mlay_batch.report.xml_worksheet import Part


@dataclass(frozen=True)
class BuiltReport:
    """What the figures of a period gave.

    Attributes:
        period: the period.
        as_of: the day they are reckoned from.
        is_provisional: whether a return is outstanding.
        fingerprint: their fingerprint.
        files: the workbook and what goes with it.
    """

    period: Period
    as_of: date
    is_provisional: bool
    fingerprint: str
    files: ReportFiles

    def record(self, ledger: Ledger, archive: Archive) -> str:
        """Archive and record the files, which are given out; return the hash of the workbook."""
        sha256 = self.files.store(ledger, archive)
        ledger.record_report(self.period, self.as_of, sha256, self.fingerprint)
        return sha256


def build_files(
    office: Office,
    ledger: Ledger,
    period: Period,
    as_of: date,
    lang: str = "vi",
    beside: Iterator[Any] | None = None,
) -> BuiltReport:
    """Return all files written from the figures of `period`.

    `beside` gives what `write_beside` yields in another process, as long as that lives. Raises
    UsageError ``purge.texts``.
    """
    refuse_without_texts(ledger, period)
    make_basis = partial(_Basis.of, office, ledger, period, as_of, lang)
    receive = partial(next, beside, None) if beside else None
    with pause_garbage_collection():
        basis = make_basis()
        is_provisional, code = basis.figures.is_provisional, basis.provenance.figures
        book = report.write_sheets(*basis, receive)
        outputs: Mapping[Output, bytes] = {} if receive else basis.write_outputs()
        del basis
        gc.collect()  # all of it is large, and the workbook's XML would come on top
        workbook = book.close()
        if receive:
            outputs = receive() or make_basis().write_outputs()
    return BuiltReport(period, as_of, is_provisional, code, ReportFiles(workbook, outputs))


def write_beside(
    root: Path, sources: tuple[str, str, str], period: Period, as_of: date, lang: str
) -> Iterator[Part | Mapping[Output, bytes]]:
    """Yield the first half of the workbook, then the files beside it: in a child.

    It computes the figures itself, from the same ledger: they would take longer to send, and much
    memory. Raises ValueError where somebody has saved one of the `sources` meanwhile.
    """
    office = open_office(Workspace.find(root))
    if office.sources != sources:
        raise ValueError(root)
    with Ledger.open(office.workspace.ledger, read_only=True) as ledger:
        basis = _Basis.of(office, ledger, period, as_of, lang)
    yield report.write_first_half(*basis)
    yield basis.write_outputs()


class _Basis(NamedTuple):
    """What all files of a period are written from."""

    inputs: ReportInputs
    figures: Figures
    provenance: report.Provenance
    lang: str

    @classmethod
    def of(cls, office: Office, ledger: Ledger, period: Period, as_of: date, lang: str) -> _Basis:
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
        return cls(inputs, figures, provenance, lang)

    def write_outputs(self) -> Mapping[Output, bytes]:
        """Return the files beside the workbook."""
        from mlay_batch.report.committee import outputs  # start-up: another process may write them

        return outputs.write_outputs(self.inputs, self.figures, self.lang)


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
