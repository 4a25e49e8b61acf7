"""Rows and findings as the columns of the ledger, and back without loss.

The ledger is data at rest, read with SQL too: what it selects by stands in columns of its own, the
rest is one text of `codec` each. It need not know the form, so a field added to a form later needs
no migration.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from sys import intern

from mlay_batch.core import codec
from mlay_batch.core.codec import storable
from mlay_batch.findings import Finding, Param, Place, Severity
from mlay_batch.records import Packed, Row, Value, values_hash

_FAST = 1  # of zlib's levels: forms repeat themselves, the best one gains little

Dumped = tuple[str, str, int, str, str]


def dump_row(row: Row) -> Dumped:
    """Return section, sheet, number, values and cells of a row."""
    cells = _dump_cells(tuple(row.cells.items()))
    return row.section, storable(row.sheet), row.number, codec.dump_text(row.values), cells


@lru_cache(maxsize=1024)  # most returns have their cells where the template has them
def _dump_cells(cells: tuple[tuple[str, str], ...]) -> str:
    return codec.dump_text(dict(cells))


def pack(rows: Sequence[Row]) -> Packed:
    """Return rows as small as they wait best, until a large batch is decided."""
    dumped = codec.dump(tuple(dump_row(row) for row in rows))
    return Packed(values_hash(rows), zlib.compress(dumped, _FAST))


def unpack(packed: Packed) -> tuple[Dumped, ...]:
    """Return the rows as `dump_row` gave them."""
    return codec.load(zlib.decompress(packed.data), tuple[Dumped, ...])


def load_row(section: str, sheet: str, number: int, values: str, cells: str) -> Row:
    """Return the row `dump_row` was given."""
    by_field = codec.load_text(values, Mapping[str, Value])
    return Row(intern(section), intern(sheet), number, by_field, _load_cells(cells))


@lru_cache(maxsize=1024)  # as above: cells alike are held once
def _load_cells(cells: str) -> Mapping[str, str]:
    by_field: Mapping[str, str] = codec.load_text(cells, Mapping[str, str])
    return by_field


def dump_finding(finding: Finding) -> tuple[str, str, str, str, str, str, str]:
    """Return code, severity, file, sheet, cell, params and marks: codes, never a sentence."""
    place = finding.place
    return (
        finding.code, finding.severity.value,
        storable(place.file), storable(place.sheet), place.cell,
        codec.dump_text(finding.params), codec.dump_text(finding.marks),
    )  # fmt: skip


def load_finding(
    code: str, severity: str, file: str, sheet: str, cell: str, params: str, marks: str
) -> Finding:
    """Return the finding `dump_finding` was given."""
    gaps = codec.load_text(params, Mapping[str, Param])
    places = codec.load_text(marks, tuple[Place, ...])
    return Finding(code, Severity(severity), Place(file, sheet, cell), gaps, places)
