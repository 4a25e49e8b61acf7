"""The workbook of a period, made from what the ledger holds."""

from __future__ import annotations

from datetime import date

from mlay_batch import __version__, report
from mlay_batch.app.load_inputs import load_inputs
from mlay_batch.app.office import Office
from mlay_batch.core.period import Period
from mlay_batch.figures import compute
from mlay_batch.figures.fingerprint import both_fingerprints
from mlay_batch.figures.report_records import Figures
from mlay_batch.ledger import Archive, Ledger


def build_workbook(
    office: Office, ledger: Ledger, period: Period, as_of: date, lang: str = "vi"
) -> tuple[Figures, str, bytes]:
    """Return the figures of `period`, their fingerprint, and the workbook that shows them."""
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
    )
    return figures, fingerprint, report.write(inputs, figures, provenance, lang)


def record_workbook(
    ledger: Ledger, archive: Archive, figures: Figures, fingerprint: str, data: bytes
) -> str:
    """Keep a workbook that is given out; remember it by its bytes and `fingerprint`, its
    fingerprint.

    Returns the hash of the bytes.
    """
    sha256 = archive.store(data)
    ledger.record_report(figures.period, figures.as_of, sha256, fingerprint)
    return sha256
