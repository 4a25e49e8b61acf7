"""The life of a period: closed with everything archived, opened again for a reason."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from zipfile import ZipFile, ZipInfo

from mlay_batch.errors import UsageError
from mlay_batch.files import write_atomically
from mlay_batch.findings import Finding, Param, Place, Severity
from mlay_batch.ledger import Archive, Closing, Closings, Ledger, lock
from mlay_batch.period import Period
from mlay_batch.pipeline.town import Town
from mlay_batch.records import Judged
from mlay_batch.schema.catalogue import shipped

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest a zip can say: the same files, the same bytes


@dataclass(frozen=True)
class Closed:
    """A closing, and the copy of its workbook that stays beside later ones."""

    closing: Closing
    path: Path


def close(
    town: Town, period: Period, *, as_of: date, who: str, holder: str, incomplete: bool = False
) -> Closed:
    """Close `period`: workbook, register and descriptions go to the archive, by hash.

    From then on the archived workbook is what `consolidate` gives, and returns for the period are
    held. Raises UsageError ``period.running`` before it has ended, ``period.closed`` if it is,
    ``period.open`` while somebody's return is missing, refused or held (unless `incomplete`).
    """
    from mlay_batch.pipeline.making import made, note  # start-up: `shut` needs no workbook's writer

    if as_of <= period.end:
        raise UsageError("period.running", period=str(period), end=period.end.isoformat())
    workspace = town.workspace
    with lock(workspace.root, holder), Ledger.open(workspace.ledger) as ledger:
        closings = Closings(ledger)
        if found := closings.in_force().get(period):
            raise UsageError("period.closed", period=str(period), revision=found.revision)
        figures, told, data = made(town, ledger, period, as_of)
        if figures.provisional and not incomplete:
            raise UsageError("period.open", period=str(period))
        archive = Archive(workspace.archive)
        revision = 1 + sum(past.period == period for past in closings.all())
        closing = Closing(
            period, revision, as_of, who, archive.store(data),
            archive.store(workspace.register.read_bytes()), archive.store(_schemas(town)),
        )  # fmt: skip
        folder = workspace.reports / str(period)
        copy = folder / f"tong-hop-{period}_chot-{revision}.xlsx"
        for path in (folder / f"tong-hop-{period}.xlsx", copy):
            write_atomically(path, data)
        note(ledger, archive, figures, told, data)
        closings.close(closing)
    return Closed(closing, copy)


def reopen(town: Town, period: Period, *, as_of: date, who: str, why: str, holder: str) -> Closing:
    """Open a closed period again; what was closed stays in the archive as its revision.

    Raises UsageError ``usage.why`` without a reason, ``period.not_closed``.
    """
    if not why.strip():
        raise UsageError("usage.why")
    workspace = town.workspace
    with lock(workspace.root, holder), Ledger.open(workspace.ledger) as ledger:
        closings = Closings(ledger)
        closing = closings.in_force().get(period)
        if closing is None:
            raise UsageError("period.not_closed", period=str(period))
        closings.reopen(period, as_of, who, why.strip())
    return replace(closing, reopened=as_of, reopened_by=who, why=why.strip())


def shut(batch: Sequence[Judged], ledger: Ledger) -> tuple[Judged, ...]:
    """Return the batch with L12 on every return for a closed period: `verdict` holds it."""
    closed = Closings(ledger).in_force()
    return tuple(_told(judged, closed.get(judged.identity.period)) if judged.identity else judged
                 for judged in batch)  # fmt: skip


def _told(judged: Judged, closing: Closing | None) -> Judged:
    if closing is None:
        return judged
    params: dict[str, Param] = {"period": str(closing.period), "revision": closing.revision}
    return judged.add(Finding("L12", Severity.WARNING, Place(judged.leaf.name), params))


def _schemas(town: Town) -> bytes:
    """Return all descriptions in force as one zip; the same descriptions give the same bytes."""
    held = io.BytesIO()
    with ZipFile(held, "w") as package:
        for source in town.catalogue.sources:
            for folder in (town.workspace.schemas, shipped("schemas")):
                path = folder / source.name
                data = path.read_bytes() if path.is_file() else b""
                if hashlib.sha256(data).hexdigest() == source.sha256:
                    package.writestr(ZipInfo(source.name, _EPOCH), data)
                    break
    return held.getvalue()
