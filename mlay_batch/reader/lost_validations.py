"""Reports the drop-down lists and limits of the template that a returned workbook has lost.

Cells pasted over lose them, and some programs drop them all. Office programs split, join and move
the ranges of those they keep, so that cells are compared, not ranges.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from textwrap import shorten

from mlay_batch.core.findings import Finding, Param, Place, Severity, cell_ranges
from mlay_batch.reader.cell_metadata import CellPosition, a1
from mlay_batch.reader.section_finder import Block
from mlay_batch.schema.computed import is_computed
from mlay_batch.schema.layout import HEADER
from mlay_batch.schema.model import Form, Section

# Those with a list or a limit; of others the template gives a hint alone, which may get lost.
_TYPES = frozenset({"choice", "ref", "integer", "number", "date", "text"})
_MAX_CELLS = 200  # characters of a list of cells

Record = list[CellPosition]


def find_lost_validations(form: Form, blocks: Iterable[Block]) -> Iterator[Finding]:
    """Yield a warning R46 where none of the form's lists and limits is left in the whole file.

    Where only some are lost, a warning R47 for each sheet with filled cells that have none. Rows
    and columns that the branch has inserted need not have any.
    """
    blocks_by_sheet: dict[str, list[Block]] = {}
    for block in blocks:
        if block.section is not HEADER:
            blocks_by_sheet.setdefault(block.sheet.title, []).append(block)
    findings = []
    has_any = has_cells = False
    for title, sheet_blocks in blocks_by_sheet.items():
        sheet, records = sheet_blocks[0].sheet, [_checked_records(b) for b in sheet_blocks]
        cells = set(chain.from_iterable(chain.from_iterable(records)))
        bare = sheet.metadata.unvalidated(cells)
        has_cells |= bool(cells)
        has_any |= len(bare) < len(cells)
        pairs = zip(sheet_blocks, records, strict=True) if bare else ()
        inserted = [_inserted(form, *pair, bare) for pair in pairs]
        bare.difference_update(*chain.from_iterable(inserted))
        if filled := sorted(at for at in bare if sheet.value_at(at) != ""):
            findings.append(_finding(title, filled))
    if has_cells and not has_any:
        findings = [Finding("R46", Severity.WARNING, Place())]
    yield from findings


def _finding(title: str, cells: Sequence[CellPosition]) -> Finding:
    names = list(map(a1, cells))
    ranges = shorten(cell_ranges(names), _MAX_CELLS, placeholder=" …")
    params: dict[str, Param] = {"count": len(names), "cells": ranges}
    return Finding("R47", Severity.WARNING, Place("", title, names[0]), params)


def _checked_records(block: Block) -> list[Record]:
    """Return of each record the cells that the template gives a list or a limit."""
    names_by_kind: dict[tuple[str, ...], list[str]] = {}  # most records have the same fields
    records = []
    for record in block.records:
        kind = tuple(record)
        if kind not in names_by_kind:
            names_by_kind[kind] = [
                field.id
                for field in block.section.fields
                if field.id in record
                and field.type in _TYPES
                and not (field.locked or is_computed(field, kind))
            ]
        records.append([record[name] for name in names_by_kind[kind]])
    return records


def _inserted(
    form: Form, block: Block, records: Sequence[Record], bare: set[CellPosition]
) -> list[Record]:
    """Return the records without any list or limit, as many as there are more than planned."""
    section = block.section
    planned = _row_count(form, section) * len(section.column_parts())
    wholly_bare = [record for record in records if record and bare.issuperset(record)]
    return wholly_bare[: max(0, len(records) - planned)]


def _row_count(form: Form, section: Section) -> int:
    """Return how many rows or columns of a section the template has."""
    return (form.section(section.under) if section.under else section).rows
