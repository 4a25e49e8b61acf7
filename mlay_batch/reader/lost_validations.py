"""Reports the drop-down lists and limits of the template that a returned workbook has lost.

Cells pasted over lose them, and some programs drop them all. Office programs split, join and move
the ranges of those they keep, so that cells are compared, not ranges.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
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


def find_lost_validations(form: Form, all_blocks: Iterable[Block]) -> Iterator[Finding]:
    """Yield a warning R46 where none of the form's lists and limits is left in the whole file.

    Where only some are lost, a warning R47 for each sheet with filled cells that have none.
    """
    blocks = [block for block in all_blocks if block.section is not HEADER]
    cells = [
        block.sheet.metadata.is_validated(position)
        for block in blocks
        for record in block.records
        for position in _checked_cells(block.section, record)
    ]
    if cells and not any(cells):
        yield Finding("R46", Severity.WARNING, Place())
        return
    lost: dict[str, list[str]] = {}
    for block in blocks:
        lost.setdefault(block.sheet.title, []).extend(map(a1, _lost_cells(form, block)))
    for title, names in lost.items():
        if names:
            ranges = shorten(cell_ranges(names), _MAX_CELLS, placeholder=" …")
            params: dict[str, Param] = {"count": len(names), "cells": ranges}
            yield Finding("R47", Severity.WARNING, Place("", title, names[0]), params)


def _checked_cells(section: Section, record: Mapping[str, CellPosition]) -> Iterator[CellPosition]:
    """Yield the cells of a record that the template gives a list or a limit."""
    for name, position in record.items():
        field = section.field(name)
        if field.type in _TYPES and not field.locked and not is_computed(field, record):
            yield position


def _lost_cells(form: Form, block: Block) -> list[CellPosition]:
    """Return the filled cells of a section that have lost them.

    Rows and columns that the branch has inserted need not have any.
    """
    partly: list[list[CellPosition]] = []
    wholly: list[list[CellPosition]] = []
    for record in block.records:
        cells = list(_checked_cells(block.section, record))
        bare = [position for position in cells if not block.sheet.metadata.is_validated(position)]
        (wholly if bare == cells else partly).append(bare)
    inserted = max(0, len(block.records) - _record_count(form, block.section))
    return [
        position
        for cells in (*partly, *wholly[inserted:])
        for position in cells
        if block.sheet.value_at(position) != ""
    ]


def _record_count(form: Form, section: Section) -> int:
    """Return how many records of a section the template has."""
    base = form.section(section.under) if section.under else section
    return base.rows * len(section.column_parts())
