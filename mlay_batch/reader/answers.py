"""Reads what a branch explained on the first sheet of a returned form (`template.error_list`)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from mlay_batch.core.findings import Answer
from mlay_batch.model.records import Row
from mlay_batch.reader.cell_metadata import CellPosition
from mlay_batch.reader.section_finder import Block, MarkerPositions, name_keys, single
from mlay_batch.reader.values import display_text
from mlay_batch.schema.model import ANSWERS

_ABOUT = re.compile(r"([A-Z][0-9]{2}):([0-9a-f]{12}(?:,[0-9a-f]{12})*)")


def locate_answers(markers: MarkerPositions) -> Block | None:
    """Locate the cells for answers; None where the sheet is not there as it was written.

    What is typed there is told as not read then, as on any other sheet.
    """
    start, end = (single(markers.get(f"{ANSWERS.id}:{mark}", ())) for mark in ("start", "end"))
    if not (start and end and start[0] is end[0]):
        return None
    (field,) = ANSWERS.fields
    sheet, (top, id_column), (bottom, _) = start[0], start[1], end[1]
    head = single(sheet.positions_of(name_keys(field.title), range(top, top + 1)))
    if head is None:
        return None
    id_cells = [(row, id_column) for row in range(top + 1, bottom)]
    rows = [row for row, column in id_cells if _about(display_text(sheet.value_at((row, column))))]
    records = tuple({field.id: (row, head[1])} for row in rows)
    # Nothing but these cells is the section's: a remark beside them is one beside the form.
    bounds = (top, head[1], bottom, 0)
    return Block(ANSWERS, sheet, records, bounds, frozenset(id_cells))


def _about(text: str) -> re.Match[str] | None:
    """Return the code of the warning in a line, and what the ones it stands for are about."""
    return _ABOUT.fullmatch(text)


def read_answers(block: Block, rows: Sequence[Row]) -> Iterator[Answer]:
    """Yield the answers in the `rows` of the block, one for each warning they are for."""
    (field,) = ANSWERS.fields
    abouts: Mapping[int, CellPosition] = {row: (row, c) for row, c in block.template_cells}
    for row in rows:
        words = row.values[field.id]
        match = _about(display_text(block.sheet.value_at(abouts[row.number])))
        if match and words:
            for question in match[2].split(","):
                yield Answer(match[1], question, str(words))
