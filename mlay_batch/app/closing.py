"""Closes periods, archiving everything they were reported from, and reopens them."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from mlay_batch.app.consolidate import build
from mlay_batch.app.office import Office
from mlay_batch.app.report_files import ReportPaths, refuse_without_texts
from mlay_batch.core.files import write_atomically
from mlay_batch.core.findings import Finding, Param, Place, Severity
from mlay_batch.core.period import Period
from mlay_batch.errors import UsageError
from mlay_batch.ledger import Archive, Closing, Closings, Ledger, lock
from mlay_batch.model.records import CheckedFile, Output
from mlay_batch.schema.catalogue import shipped_folder

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest date of a zip: the same files give the same bytes


@dataclass(frozen=True)
class ClosingResult:
    """A period just closed.

    Attributes:
        closing: what the ledger records.
        path: copy of the workbook that bears the revision in its name.
    """

    closing: Closing
    path: Path


def close(
    office: Office,
    period: Period,
    *,
    as_of: date,
    who: str,
    holder: str,
    allow_incomplete: bool = False,
) -> ClosingResult:
    """Close a period as `record_closing` does. Raises what it raises, and LockedError."""
    workspace = office.workspace
    with lock(workspace.root, holder), Ledger.open(workspace.ledger) as ledger:
        return record_closing(office, ledger, period, as_of, who, allow_incomplete=allow_incomplete)


def record_closing(
    office: Office,
    ledger: Ledger,
    period: Period,
    as_of: date,
    who: str,
    *,
    allow_incomplete: bool = False,
) -> ClosingResult:
    """Close `period`: archive workbook, report, message, register and descriptions by hash.

    From then on `consolidate` gives the archived files, and returns of the period are held. The
    workspace is locked. Raises UsageError ``period.running`` before its end, ``period.closed`` if
    it is closed, ``period.open`` while a return is missing, refused or held (unless
    `allow_incomplete`).
    """
    if as_of <= period.end:
        raise UsageError("period.running", period=str(period), end=period.end.isoformat())
    workspace, closings = office.workspace, Closings(ledger)
    if existing := closings.in_force().get(period):
        raise UsageError("period.closed", period=str(period), revision=existing.revision)
    built = build(office, ledger, period, as_of)
    if built.is_provisional and not allow_incomplete:
        raise UsageError("period.open", period=str(period))
    archive = Archive(workspace.archive)
    revision = 1 + sum(earlier.period == period for earlier in closings.all())
    workbook = built.record(ledger, archive)
    contents = workspace.register.read_bytes(), _zip_schemas(office)
    register, schemas = map(archive.store, contents)
    closing = Closing(period, revision, as_of, who, workbook, register, schemas)
    paths = ReportPaths.of(workspace.reports, period)
    built.files.write(ledger, paths)
    copy = _write_copy(paths.workbook, revision, built.files.workbook)
    _write_copy(paths.report, revision, built.files.outputs[Output.REPORT])
    closings.close(closing)
    return ClosingResult(closing, copy)


def _write_copy(path: Path, revision: int, data: bytes) -> Path:
    """Write a copy that bears the revision in its name; return its path."""
    copy = path.with_stem(f"{path.stem}_chot-{revision}")
    write_atomically(copy, data)
    return copy


def reopen(
    office: Office, period: Period, *, as_of: date, who: str, why: str, holder: str
) -> Closing:
    """Reopen a closed period as `record_reopening` does. Raises what it raises, and LockedError."""
    workspace = office.workspace
    with lock(workspace.root, holder), Ledger.open(workspace.ledger) as ledger:
        return record_reopening(ledger, period, as_of, who, why)


def record_reopening(ledger: Ledger, period: Period, as_of: date, who: str, why: str) -> Closing:
    """Reopen a closed period; the closing stays in the archive as a revision.

    The workspace is locked. Raises UsageError ``usage.why`` without a reason,
    ``period.not_closed``, ``purge.texts`` where its figures could not be computed again.
    """
    if not why.strip():
        raise UsageError("usage.why")
    closings = Closings(ledger)
    closing = closings.in_force().get(period)
    if closing is None:
        raise UsageError("period.not_closed", period=str(period))
    refuse_without_texts(ledger, period)
    closings.reopen(period, as_of, who, why.strip())
    return replace(closing, reopened=as_of, reopened_by=who, why=why.strip())


def flag_closed(batch: Sequence[CheckedFile], ledger: Ledger) -> tuple[CheckedFile, ...]:
    """Return the batch with finding L12 on every return of a closed period, which holds it."""
    in_force = Closings(ledger).in_force()
    return tuple(
        _flag(checked, in_force.get(checked.identity.period)) if checked.identity else checked
        for checked in batch
    )


def _flag(checked: CheckedFile, closing: Closing | None) -> CheckedFile:
    if closing is None:
        return checked
    params: dict[str, Param] = {"period": str(closing.period), "revision": closing.revision}
    return checked.with_findings(Finding("L12", Severity.WARNING, Place(checked.file.name), params))


def _zip_schemas(office: Office) -> bytes:
    """Return all descriptions in force as one zip; equal descriptions give equal bytes."""
    from zipfile import ZipFile, ZipInfo  # start-up: `status` imports this module, not a zip's

    buffer = io.BytesIO()
    with ZipFile(buffer, "w") as zip_file:
        for source in office.catalogue.sources:
            for folder in (office.workspace.schemas, shipped_folder("schemas")):
                path = folder / source.name
                data = path.read_bytes() if path.is_file() else b""
                if hashlib.sha256(data).hexdigest() == source.sha256:
                    zip_file.writestr(ZipInfo(source.name, _EPOCH), data)
                    break
    return buffer.getvalue()
