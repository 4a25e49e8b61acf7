"""Unpacks zips: each member is a file of its own."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import PurePosixPath

from mlay_batch.core.zip_rules import ZIP_ERRORS, ZIP_METHODS
from mlay_batch.intake import limits
from mlay_batch.intake.file_types import (
    EMPTY_ZIP,
    ZIP,
    is_os_junk,
    is_package,
    is_workbook_name,
    nfc,
    skip_reason,
    zip_names,
)
from mlay_batch.intake.limits import Budget
from mlay_batch.model.records import IncomingFile

_UTF8_FLAG = 0x800
_ENCRYPTED_FLAG = 1


def is_zip(file: IncomingFile) -> bool:
    """Whether a file is a zip of files, not a document packed as a zip."""
    if not file.data.startswith((ZIP, EMPTY_ZIP)) or is_workbook_name(file):
        return False
    names = zip_names(file.data)
    return skip_reason(file) is None if names is None else not is_package(names)


def zip_members(file: IncomingFile, budget: Budget) -> Iterator[IncomingFile]:
    """Yield the members of a zip; N06 damaged or beyond the limits, N07 encrypted, N10 empty."""
    try:
        with zipfile.ZipFile(io.BytesIO(file.data)) as archive:
            entries = [e for e in archive.infolist() if not e.is_dir()]
            members = [(_member_name(e), e) for e in entries if not is_os_junk(_member_name(e))]
            budget.entries -= len(members)
            if budget.entries < 0 or not members:
                yield replace(file, skip_reason="N06" if members else "N10")
                return
            for name, entry in members:
                yield _member(file, name, archive, entry, budget)
    except ZIP_ERRORS:
        yield replace(file, skip_reason="N06")


def _member(
    file: IncomingFile, name: str, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, budget: Budget
) -> IncomingFile:
    origin = f"{file.origin}!{name}"
    member = replace(file, name=PurePosixPath(name).name or name, data=b"", origin=origin)
    if entry.flag_bits & _ENCRYPTED_FLAG:
        return replace(member, skip_reason="N07")
    if entry.compress_type not in ZIP_METHODS:
        return replace(member, skip_reason="N06")
    try:
        with archive.open(entry) as stream:
            data = stream.read(min(limits.MAX_FILE, budget.unpacked) + 1)
    except ZIP_ERRORS:
        return replace(member, skip_reason="N06")
    budget.unpacked -= len(data)
    if len(data) > limits.MAX_FILE or budget.unpacked < 0:
        return replace(member, skip_reason="N08")
    return replace(member, data=data)


def _member_name(entry: zipfile.ZipInfo) -> str:
    """Return a member's name as its author wrote it, for display.

    Without the UTF-8 flag Python decodes a name as cp437, though most programs write UTF-8: that is
    tried first.
    """
    name = entry.filename
    if not entry.flag_bits & _UTF8_FLAG:
        try:
            name = name.encode("cp437").decode("utf-8")
        except UnicodeError:
            name = entry.filename
    parts = name.replace("\\", "/").split("/")
    return nfc("/".join(part for part in parts if part not in ("", ".", "..")))
