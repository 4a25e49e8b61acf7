"""The workbook of a period, made from what the ledger holds."""

from __future__ import annotations

from datetime import date

from mlay_batch import __version__, report
from mlay_batch.figures import compute
from mlay_batch.figures.fingerprint import fingerprint_and_sums
from mlay_batch.figures.records import Figures
from mlay_batch.ledger import Archive, Ledger
from mlay_batch.period import Period
from mlay_batch.pipeline.facts import gather
from mlay_batch.pipeline.town import Town


def made(
    town: Town, ledger: Ledger, period: Period, as_of: date, lang: str = "vi"
) -> tuple[Figures, str, bytes]:
    """Return the figures of `period`, their fingerprint, and the workbook that shows them."""
    facts = gather(town, ledger, period, as_of)
    figures = compute(facts)
    told, sums = fingerprint_and_sums(figures)
    provenance = report.Provenance(
        __version__, as_of, town.register_sha256, town.catalogue.sources,
        figures=told, sums=sums,
    )  # fmt: skip
    return figures, told, report.write(facts, figures, provenance, lang)


def note(ledger: Ledger, archive: Archive, figures: Figures, told: str, data: bytes) -> str:
    """Keep a workbook that is given out; remember it by its bytes and `told`, its fingerprint.

    Returns the hash of the bytes.
    """
    sha256 = archive.store(data)
    ledger.record_report(figures.period, figures.as_of, sha256, told)
    return sha256
