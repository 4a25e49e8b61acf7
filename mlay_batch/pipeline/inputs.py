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
from mlay_batch.ledger import Ledger, Workbooks
from mlay_batch.period import Period
from mlay_batch.pipeline.town import Town
from mlay_batch.schema.catalogue import sources_hash

_WRITTEN_BY = ("mlay_batch", "xlsxwriter")
_SOURCES = (".py", ".yaml")


def inputs(town: Town, ledger: Ledger, period: Period, as_of: date, lang: str) -> str:
    """Return a hash of all that the workbook of `period` is made from, the program included."""
    told = (
        program(), Workbooks(ledger).state(), town.register_sha256, town.schemas_sha256,
        sources_hash(town.workspace.schemas), repr(town.workspace.settings), str(period),
        as_of.isoformat(), lang,
    )  # fmt: skip
    return hashlib.sha256("\n".join(told).encode()).hexdigest()


def program() -> str:
    """Return a hash of the program and of the library that writes workbooks, file by file.

    The version alone would not do: texts and code may be changed in place, as in a checkout.
    """
    digest = hashlib.sha256(f"{__version__} {sys.version} {zlib.ZLIB_RUNTIME_VERSION}".encode())
    for name in _WRITTEN_BY:
        found = find_spec(name)  # finds it without importing it
        for folder in (found and found.submodule_search_locations) or ():
            for path in sorted(Path(folder).rglob("*")):
                if path.suffix in _SOURCES:
                    said = hashlib.sha256(path.read_bytes()).hexdigest()
                    digest.update(f"{path.relative_to(folder).as_posix()} {said}\n".encode())
    return digest.hexdigest()
