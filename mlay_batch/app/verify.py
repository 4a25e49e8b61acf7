"""Compares a workbook with the recorded one and finds the figures that differ."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from mlay_batch import reader
from mlay_batch.app.report_files import hash_file
from mlay_batch.app.workspace import Workspace
from mlay_batch.core.period import Period
from mlay_batch.errors import LedgerError, UsageError
from mlay_batch.ledger import Archive, Closings, Ledger, PurgeLog
from mlay_batch.model.rollup_form import HIDDEN_SHEET
from mlay_batch.reader.workbook import UNCALCULATED, cell_texts
from mlay_batch.schema.layout import STAMP_SHEET

State = Literal["recorded", "resaved", "altered", "purged", "lost", "unknown"]
Cells = Mapping[str, Mapping[str, str]]

_FINGERPRINT = re.compile(r"(?:[0-9A-Z]{4}[- ]?){2}[0-9A-Z]{4}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_BYTES_ONLY = (".docx", ".txt")  # a report or a message: no cells to compare
_MISREAD = str.maketrans("OIL", "011")  # letters a fingerprint never has, and their digits


@dataclass(frozen=True)
class Difference:
    """A cell that differs from the recorded workbook.

    Attributes:
        sheet: title of the sheet.
        cell: its address, such as ``D12``.
        recorded: text in the recorded workbook; empty for a blank cell.
        found: text in the file that was checked, likewise.
    """

    sheet: str
    cell: str
    recorded: str
    found: str


@dataclass(frozen=True)
class RecordedWorkbook:
    """A workbook as the ledger records it."""

    period: Period
    as_of: date
    sha256: str
    fingerprint: str
    """Of its figures."""
    revision: int | None = None
    """Set where the period was closed with it."""
    newer: date | None = None
    """Day of the last workbook of the period, if this is an earlier one."""
    purged: date | None = None
    """Day its term of keeping was over and it was removed here."""


@dataclass(frozen=True)
class Verification:
    """The result for a file or a fingerprint.

    Attributes:
        state: ``recorded``: these very bytes, or a fingerprint on record. ``resaved``: other bytes,
            but every cell of every sheet is as recorded. ``altered``: it claims to be a recorded
            one, and cells differ. ``purged``: it claims to be one that was removed when its term
            was over, so that no cell can be compared. ``lost``: it claims to be one that is missing
            from the archive.
            ``unknown``: no such workbook is recorded.
        workbooks: recorded workbooks it is, or claims to be; empty if it is unknown.
        differences: cells that differ, if it is altered.
    """

    state: State
    workbooks: tuple[RecordedWorkbook, ...] = ()
    differences: tuple[Difference, ...] = ()

    @property
    def is_genuine(self) -> bool:
        """Whether its figures are the recorded ones."""
        return self.state in ("recorded", "resaved")


def verify_workbook(workspace: Workspace, what: str) -> Verification:
    """Return the ledger's record of `what`: a file's path, a fingerprint or a SHA-256.

    A report, its copy for circulation or a message is known by its bytes alone, as part of what was
    given out with a workbook. Raises UsageError ``verify.what`` where it is none of these,
    ``usage.workbook`` for a file that is no workbook, LedgerError.
    """
    path, name = Path(what), what.strip()
    digest = hash_file(path) if path.is_file() else name.lower()
    with Ledger.open(workspace.ledger, read_only=True) as ledger:
        workbooks = _recorded_workbooks(ledger)
        hashes = {digest, *ledger.workbooks_beside(digest)}
    identical = [workbook for workbook in workbooks if workbook.sha256 in hashes]
    if identical or _SHA256.fullmatch(name.lower()):
        return _verification(identical)
    if path.is_file():
        limits = reader.Limits(**workspace.settings.limits)
        return _verify_file(workbooks, Archive(workspace.archive), path, limits)
    if not _FINGERPRINT.fullmatch(name.upper()):
        raise UsageError("verify.what", what=what)
    normalized = _normalize(name.upper().translate(_MISREAD))
    return _verification(
        [workbook for workbook in workbooks if _normalize(workbook.fingerprint) == normalized]
    )


def _normalize(fingerprint: str) -> str:
    return re.sub("[^0-9A-Z]", "", fingerprint)


def _recorded_workbooks(ledger: Ledger) -> list[RecordedWorkbook]:
    """Return every workbook recorded, oldest first."""
    reports, absent = ledger.reports(), PurgeLog(ledger).absent_files()
    newest = {report.period: report for report in reports}
    revisions = {
        (closing.period, closing.workbook): closing.revision for closing in Closings(ledger).all()
    }
    return [
        RecordedWorkbook(
            report.period,
            report.as_of,
            report.sha256,
            report.figures,
            revisions.get((report.period, report.sha256)),
            None if report is newest[report.period] else newest[report.period].as_of,
            absent[report.sha256].day if report.sha256 in absent else None,
        )
        for report in reports
    ]


def _verification(workbooks: Sequence[RecordedWorkbook]) -> Verification:
    return Verification("recorded" if workbooks else "unknown", tuple(workbooks))


def _verify_file(
    workbooks: Sequence[RecordedWorkbook], archive: Archive, path: Path, limits: reader.Limits
) -> Verification:
    """Compare a file of other bytes with the workbook it claims to be."""
    if path.suffix.lower() in _BYTES_ONLY:
        return Verification("unknown")
    cells = cell_texts(path.read_bytes(), limits)
    if cells is None:
        raise UsageError("usage.workbook", path=str(path))
    claim = _claim(cells)
    candidates = [
        workbook
        for workbook in workbooks
        if (str(workbook.period), str(workbook.as_of), workbook.fingerprint) == claim
    ]
    return (
        _compare(candidates[-1], archive, cells, limits) if candidates else Verification("unknown")
    )


def _claim(cells: Cells) -> tuple[str, str, str]:
    """Return the period, day and fingerprint a workbook states; blanks where it states none."""
    stamp, rollup = (_pairs(cells.get(sheet, {})) for sheet in (STAMP_SHEET, HIDDEN_SHEET))
    return stamp.get("period", ""), rollup.get("as_of", ""), rollup.get("figures", "")


def _pairs(sheet: Mapping[str, str]) -> Mapping[str, str]:
    return {text: sheet.get(f"B{cell[1:]}", "") for cell, text in sheet.items() if cell[0] == "A"}


def _compare(
    workbook: RecordedWorkbook, archive: Archive, cells: Cells, limits: reader.Limits
) -> Verification:
    if workbook.purged:
        return Verification("purged", (workbook,))
    try:
        original = cell_texts(archive.read(workbook.sha256), limits)
    except LedgerError:
        original = None
    if original is None:
        return Verification("lost", (workbook,))
    differences = tuple(_differences(original, cells))
    return Verification("altered" if differences else "resaved", (workbook,), differences)


def _differences(original: Cells, current: Cells) -> Iterator[Difference]:
    """Yield the cells that differ: the returns first, then the figures.

    A formula without a stored value is left out.
    """
    sheets = dict.fromkeys((*original, *current))
    for sheet in sorted(sheets, key=lambda name: not _holds_returns(original.get(name, {}))):
        before, after = original.get(sheet, {}), current.get(sheet, {})
        for cell in dict.fromkeys((*before, *after)):
            values = before.get(cell, ""), after.get(cell, "")
            if values[0] != values[1] and UNCALCULATED not in values:
                yield Difference(sheet, cell, *values)


def _holds_returns(sheet: Mapping[str, str]) -> bool:
    return any(text.endswith(":start") for text in sheet.values())
