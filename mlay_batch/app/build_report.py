"""Builds the files of a period and the page of a branch from the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from mlay_batch import __version__, report
from mlay_batch.app.load_inputs import load_inputs
from mlay_batch.app.office import Office, open_office
from mlay_batch.app.report_files import ReportFiles, refuse_without_texts
from mlay_batch.app.workspace import Workspace
from mlay_batch.core.files import write_atomically
from mlay_batch.core.period import Period
from mlay_batch.core.processes import SecondProcess, pause_garbage_collection
from mlay_batch.figures import compute
from mlay_batch.figures.branch_year import branch_year
from mlay_batch.figures.fingerprint import both_fingerprints, fingerprint
from mlay_batch.figures.report_records import Figures, ReportInputs
from mlay_batch.ledger import Archive, Ledger
from mlay_batch.model.branch_lookup import find_branch
from mlay_batch.model.records import Output, Verdict
from mlay_batch.report.committee.outputs import write_outputs
from mlay_batch.report.sheets.branch_page import write_page
from mlay_batch.report.xml_worksheet import Part

_PAYS_FROM = 200  # returns: below, a child takes longer to start than it spares


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
    office: Office,
    ledger: Ledger,
    period: Period,
    as_of: date,
    lang: str = "vi",
    second: SecondProcess | None = None,
) -> BuiltReport:
    """Return the figures of `period` and all files written from them.

    `second` may have been started before; where it pays, it is started here. Raises UsageError
    ``purge.texts``.
    """
    refuse_without_texts(ledger, period)
    with closing(second or SecondProcess()) as other, pause_garbage_collection():
        if ledger.counts()[Verdict.ACCEPTED] >= _PAYS_FROM:
            other.start(__name__)
        beside = _Beside(office.workspace.root, _sources(office), period, as_of, lang)
        data_sheets, outputs = other.submit(beside.data_sheets, beside.outputs)
        basis = _Basis.of(office, ledger, period, as_of, lang)
        workbook = report.write(*basis, data_sheets if other.is_started else None)
        files = ReportFiles(workbook, outputs() or write_outputs(*basis.for_outputs))
    return BuiltReport(basis.figures, basis.provenance.figures, files)


def _sources(office: Office) -> tuple[str, str, str]:
    """Return what identifies register, descriptions and settings."""
    return office.register_sha256, office.schemas_sha256, repr(office.workspace.settings)


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

    @property
    def for_outputs(self) -> tuple[ReportInputs, Figures, str]:
        """What the files beside the workbook are written from."""
        return self.inputs, self.figures, self.lang


@dataclass(frozen=True)
class _Beside:
    """Half of the work, for another process. It computes the figures itself, from the same ledger.

    They would take longer to send, and much memory. It raises ValueError where somebody has saved
    one of the `sources` meanwhile.
    """

    root: Path
    sources: tuple[str, str, str]
    period: Period
    as_of: date
    lang: str

    @cached_property
    def basis(self) -> _Basis:
        office = open_office(Workspace.find(self.root))
        if _sources(office) != self.sources:
            raise ValueError(self.root)
        with Ledger.open(office.workspace.ledger, read_only=True) as ledger:
            return _Basis.of(office, ledger, self.period, self.as_of, self.lang)

    def data_sheets(self) -> Part:
        return report.write_data_sheets(*self.basis)

    def outputs(self) -> Mapping[Output, bytes]:
        return write_outputs(*self.basis.for_outputs)


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
