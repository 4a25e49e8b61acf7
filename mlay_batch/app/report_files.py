"""The files that a consolidation writes: what they are called, archiving them and writing them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from mlay_batch.core.files import write_atomically
from mlay_batch.core.period import Period
from mlay_batch.errors import LedgerError, UsageError
from mlay_batch.ledger import Archive, Closing, Ledger, PurgeLog
from mlay_batch.model.records import Output


@dataclass(frozen=True)
class ReportPaths:
    """Where the files of a period lie.

    Attributes:
        workbook: the working workbook, for clerk and auditor.
        report: the report to read and sign.
        circulation: the same as values alone, to pass on.
        message: its text for a chat.
    """

    workbook: Path
    report: Path
    circulation: Path
    message: Path

    @classmethod
    def of(cls, reports: Path, period: Period, *, has_names: bool = True) -> ReportPaths:
        """Return the paths in the folder of reports; the copy without names has one of its own."""
        folder, unnamed = reports / str(period), "" if has_names else "-khong-ten"
        return cls(
            folder / f"tong-hop-{period}.xlsx",
            folder / f"bao-cao-{period}.docx",
            folder / f"bao-cao-{period}{unnamed}.xlsx",
            folder / f"tin-{period}.txt",
        )


@dataclass(frozen=True)
class ReportFiles:
    """What one computation of the figures gave.

    Attributes:
        workbook: the bytes of the working workbook.
        outputs: those of everything given out beside it.
    """

    workbook: bytes
    outputs: Mapping[Output, bytes] = field(hash=False)

    @classmethod
    def load(cls, ledger: Ledger, archive: Archive, workbook: str) -> ReportFiles:
        """Return what was given out with the workbook of this hash.

        Raises LedgerError where any of it is not in the archive.
        """
        hashes = ledger.outputs(workbook)
        if missing := [kind for kind in Output if kind not in hashes]:
            raise LedgerError("ledger.original_missing", path=", ".join(missing))
        outputs = {kind: archive.read(hashes[kind]) for kind in Output}
        return cls(archive.read(workbook), outputs)

    def store(self, ledger: Ledger, archive: Archive) -> str:
        """Archive and record all of it; return the hash of the workbook."""
        sha256 = archive.store(self.workbook)
        hashes = {kind: archive.store(data) for kind, data in self.outputs.items()}
        ledger.record_outputs(sha256, hashes)
        return sha256

    def write(self, ledger: Ledger, paths: ReportPaths, *, has_names: bool = True) -> WrittenFiles:
        """Write what differs from the files that are there.

        A report that the office has changed since is left alone: the new one gets another name.
        Raises OutputBusyError.
        """
        report = _free_path(ledger, paths.report, self.outputs[Output.REPORT])
        contents = {
            paths.workbook: self.workbook,
            report: self.outputs[Output.REPORT],
            paths.circulation: self.outputs[Output.CIRCULATION if has_names else Output.UNNAMED],
            paths.message: self.outputs[Output.MESSAGE],
        }
        changed = [path for path, data in contents.items() if not _has_bytes(path, data)]
        for path in changed:
            write_atomically(path, contents[path])
        return WrittenFiles(report, tuple(changed))


def refuse_purged(ledger: Ledger, paths: ReportPaths, closing: Closing) -> None:
    """Raise UsageError ``purge.workbook`` where the workbook of a closed period was purged.

    `paths` are those of the copy without names.
    """
    if file := PurgeLog(ledger).absent_files().get(closing.workbook):
        params = {"day": str(file.day), "path": str(paths.circulation)}
        raise UsageError("purge.workbook", period=str(closing.period), **params)


def refuse_without_texts(ledger: Ledger, period: Period) -> None:
    """Raise UsageError ``purge.texts`` where figures of `period` would read texts that are gone."""
    past = map(Period.parse, PurgeLog(ledger).periods_without_texts())
    if any(other.year == period.year and other.start <= period.end for other in past):
        raise UsageError("purge.texts", period=str(period))


@dataclass(frozen=True)
class WrittenFiles:
    """What was written.

    Attributes:
        report: where the report to sign lies.
        changed: the files that were not there before with the same bytes.
    """

    report: Path
    changed: tuple[Path, ...]


def _free_path(ledger: Ledger, path: Path, data: bytes) -> Path:
    """Return where a report may be written: over one of the program's own, never one changed."""
    names = (
        path if number == 1 else path.with_stem(f"{path.stem}-{number}") for number in count(1)
    )
    return next(
        name
        for name in names
        if not name.exists() or _has_bytes(name, data) or ledger.workbooks_beside(hash_file(name))
    )


def _has_bytes(path: Path, data: bytes) -> bool:
    return path.is_file() and path.read_bytes() == data


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
