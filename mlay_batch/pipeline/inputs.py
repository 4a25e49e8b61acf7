"""Everything a workbook is made from, as one hash: the same inputs, the same workbook.

Rather too much than too little is taken in: of the program every file, of the settings every value.
A hash that changes for nothing costs a few seconds; one that stays would show an old workbook.
"""

from __future__ import annotations

import hashlib
import sys
import zlib
from datetime import date
from importlib.util import find_spec
from pathlib import Path

from mlay_batch import __version__
from mlay_batch.files import hash_of
from mlay_batch.ledger import Ledger, Workbooks
from mlay_batch.period import Period
from mlay_batch.pipeline.descriptions import sources_hash
from mlay_batch.pipeline.town import Town

_WRITTEN_BY = ("mlay_batch", "xlsxwriter")
_SOURCES = (".py", ".sql", ".yaml")


def inputs(town: Town, ledger: Ledger, period: Period, as_of: date, lang: str) -> str:
    """Return a hash of all that the workbook of `period` is made from, the program included."""
    told = (
        program(), Workbooks(ledger).state(), town.register_sha256, town.schemas_sha256,
        sources_hash(town.workspace.schemas), repr(town.workspace.settings), str(period),
        as_of.isoformat(), lang,
    )  # fmt: skip
    return hashlib.sha256("\n".join(told).encode()).hexdigest()


def program() -> str:
    """Return what tells the program and the library that writes workbooks, file by file.

    The version alone would not do: texts and code may be changed in place, as in a checkout.
    """
    told = [__version__, sys.version, zlib.ZLIB_RUNTIME_VERSION]
    for name in _WRITTEN_BY:
        found = find_spec(name)  # finds it without importing it
        for folder in map(Path, (found and found.submodule_search_locations) or ()):
            sources = (path for path in folder.rglob("*") if path.suffix in _SOURCES)
            told.append(hash_of(folder, sources))
    return "\n".join(told)
