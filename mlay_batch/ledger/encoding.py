"""Values to text and back without loss.

JSON, in which a date is ``{"$d": "2019-09-03"}``; every other value is what JSON calls it: an
integer stays an integer, a float keeps its point (``5.0``). The ledger need not know the form, so
a field added to a form later needs no migration.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache
from sys import intern
from typing import Any

from mlay_batch.findings import Finding, Param, Place, Severity
from mlay_batch.records import Packed, Row, Value, values_hash

_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_DATE = "$d"
_FAST = 1  # of zlib's levels: forms repeat themselves, the best one gains little


def storable(text: str) -> str:
    """Return `text` as SQLite can hold it: half a surrogate pair, as in a file name that is not
    UTF-8, becomes ``\\udce1``, which in JSON is the very same text.
    """
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _dump(value: object) -> str:
    return storable(_JSON.encode(value))


def dump_values(values: Mapping[str, Value]) -> str:
    """Return values by field as text."""
    return _dump({key: _tagged(value) for key, value in values.items()})


def load_values(text: str) -> dict[str, Value]:
    """Return what `dump_values` was given."""
    return {intern(key): _untagged(value) for key, value in json.loads(text).items()}


def _tagged(value: Value) -> object:
    return {_DATE: value.isoformat()} if isinstance(value, date) else value


def _untagged(value: Any) -> Value:
    return date.fromisoformat(value[_DATE]) if isinstance(value, dict) else value


Dumped = tuple[str, str, int, str, str]


def dump_row(row: Row) -> Dumped:
    """Return section, sheet, number, values and cells of a row."""
    cells = _dump_cells(tuple(row.cells.items()))
    return row.section, storable(row.sheet), row.number, dump_values(row.values), cells


@lru_cache(maxsize=1024)  # most returns have their cells where the template has them
def _dump_cells(cells: tuple[tuple[str, str], ...]) -> str:
    return _dump(dict(cells))


def pack(rows: Sequence[Row]) -> Packed:
    """Return rows as small as they wait best, until a large batch is decided."""
    dumped = _JSON.encode([dump_row(row) for row in rows])
    return Packed(values_hash(rows), zlib.compress(dumped.encode(), _FAST))


def unpack(packed: Packed) -> list[Dumped]:
    """Return the rows as `dump_row` gave them."""
    dumped: list[Dumped] = json.loads(zlib.decompress(packed.data))
    return dumped


def load_row(section: str, sheet: str, number: int, values: str, cells: str) -> Row:
    """Return the row `dump_row` was given."""
    return Row(intern(section), intern(sheet), number, load_values(values), _load_cells(cells))


@lru_cache(maxsize=1024)  # as above: cells alike are held once
def _load_cells(cells: str) -> Mapping[str, str]:
    found: Mapping[str, str] = json.loads(cells)
    return found


def dump_finding(finding: Finding) -> tuple[str, str, str, str, str, str, str]:
    """Return code, severity, file, sheet, cell, params and marks: codes, never a sentence."""
    place = finding.place
    marks = [[mark.file, mark.sheet, mark.cell] for mark in finding.marks]
    return (
        finding.code, finding.severity.value,
        storable(place.file), storable(place.sheet), place.cell,
        _dump(dict(finding.params)), _dump(marks),
    )  # fmt: skip


def load_finding(
    code: str, severity: str, file: str, sheet: str, cell: str, params: str, marks: str
) -> Finding:
    """Return the finding `dump_finding` was given."""
    known: dict[str, Param] = json.loads(params)
    places = tuple(Place(*mark) for mark in json.loads(marks))
    return Finding(code, Severity(severity), Place(file, sheet, cell), known, places)
