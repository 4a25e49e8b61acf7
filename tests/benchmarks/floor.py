"""(a) The work nobody gets round, done by bare library calls: ``python floor.py INBOX WORKERS``.

For every file: read, sha256, inflate each member once, python-calamine over every sheet, a copy
kept on disk by fsync, one row in SQLite; rows are committed in groups.
"""

from __future__ import annotations

import hashlib
import io
import os
import sqlite3
import sys
import tempfile
import zipfile
from multiprocessing import get_context
from pathlib import Path

from python_calamine import CalamineWorkbook

_GROUP = 500  # rows a commit


def read(path: Path) -> tuple[str, bytes, int]:
    """Return the file's hash, bytes and the number of cells found in it."""
    data = path.read_bytes()
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        for member in package.infolist():
            package.read(member)
    book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    sheets = (book.get_sheet_by_name(name).to_python() for name in book.sheet_names)
    cells = sum(len(row) for sheet in sheets for row in sheet)
    return hashlib.sha256(data).hexdigest(), data, cells


def keep(folder: Path, sha256: str, data: bytes) -> None:
    """Keep a copy that survives a power cut."""
    with (folder / sha256).open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def main(inbox: Path, workers: int) -> None:
    """Do all files of `inbox` with so many processes."""
    files = sorted(inbox.glob("*.xlsx"))
    with (
        tempfile.TemporaryDirectory(dir=inbox.parent) as temporary,
        get_context("spawn").Pool(workers) as pool,
    ):
        folder = Path(temporary)
        db = sqlite3.connect(folder / "floor.sqlite")
        db.execute("CREATE TABLE file (sha256 TEXT, cells INTEGER)")
        for done, (sha256, data, cells) in enumerate(pool.imap(read, files), 1):
            keep(folder, sha256, data)
            db.execute("INSERT INTO file VALUES (?, ?)", (sha256, cells))
            if done % _GROUP == 0:
                db.commit()
        db.commit()
        db.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
