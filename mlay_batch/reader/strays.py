"""What was typed where nobody reads: nothing vanishes silently."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from mlay_batch.findings import Finding, Param, Place, Severity
from mlay_batch.layout import HEAD
from mlay_batch.names import clean, name_key
from mlay_batch.reader.blocks import Block, Template, is_marker
from mlay_batch.reader.facts import Spot, a1
from mlay_batch.reader.grid import Fault, Raw, Sheet
from mlay_batch.reader.values import is_blank, shown

_SHOWN = 200  # findings a sheet; a page pasted beside the form is told once more, not 10,000 times

Left = dict[Spot, Raw]


def strays(
    sheet: Sheet,
    blocks: Sequence[Block],
    template: Template,
    written: frozenset[str],
) -> Iterator[Finding]:
    """Yield a finding for each cell that is neither read nor a text of the template.

    `written` are the texts the template wrote into this file alone. Those that are choices as well
    are its own in its heading only, above all sections: a town may bear the name of a choice.

    Warning C26 where something else stands in place of a heading whose marker stands, be it a text
    of the template from elsewhere; error C19 elsewhere inside a section or right below it (where
    rows beyond the table go); warning C20 elsewhere on the form's sheets; one warning C21 for a
    further sheet with something on it. A running number may be any number: rows get renumbered;
    words in its place are a stray.
    """
    left = _left(sheet, blocks, template, written)
    if not blocks:
        if left:
            yield _finding("C21", Severity.WARNING, sheet, min(left), count=len(left))
        return
    for block in blocks:
        # beside the heading's values, which are locked, a remark harms nothing
        for spot in sorted(_inside(block, left)) if block.section is not HEAD else ():
            raw = left.pop(spot)
            yield _retyped(sheet, block, spot, raw) or _finding(
                "C19", Severity.ERROR, sheet, spot, field=block.section.id
            )
    for spot in sorted(left)[:_SHOWN]:
        yield _finding("C20", Severity.WARNING, sheet, spot, value=shown(left[spot]))
    if len(left) > _SHOWN:
        more = sorted(left)[_SHOWN]
        yield _finding("C21", Severity.WARNING, sheet, more, count=len(left) - _SHOWN)


def _retyped(sheet: Sheet, block: Block, spot: Spot, raw: Raw) -> Finding | None:
    """Return a warning C26 for words that stand in place of a heading; figures are no heading."""
    words = shown(raw)
    if spot not in block.titles or not isinstance(raw, str) or words[:1].isdigit():
        return None
    field = f"{block.section.id}.{block.titles[spot]}"
    return _finding("C26", Severity.WARNING, sheet, spot, field=field, value=words)


def far(sheet: Sheet) -> Iterator[Finding]:
    """Yield a warning R11 for the filled cells too far away to be read."""
    if spots := sheet.facts.far:
        yield _finding("R11", Severity.WARNING, sheet, spots[0], count=len(spots))


def notes(sheet: Sheet, written: frozenset[str]) -> Iterator[Finding]:
    """Yield a warning C28 for each comment that is not one of the program's own.

    A comment is talk about a cell, not content; but whoever hung it there means it to be read.
    """
    for spot, words in sorted(sheet.facts.notes.items())[:_SHOWN]:
        if clean(words) and name_key(words) not in written:
            yield _finding("C28", Severity.WARNING, sheet, spot, value=clean(words))


def _finding(code: str, severity: Severity, sheet: Sheet, spot: Spot, **params: Param) -> Finding:
    return Finding(code, severity, Place("", sheet.title, a1(spot)), params)


def _left(
    sheet: Sheet, blocks: Sequence[Block], template: Template, written: frozenset[str]
) -> Left:
    top = min((block.box[0] for block in blocks), default=0)
    right = max((block.box[3] for block in blocks), default=0)
    choices = template.typed if blocks else frozenset()
    fixed = template.fixed | (written - choices)
    in_heading = fixed | (written & choices)
    taken: set[Spot] = set().union(*(block.furniture for block in blocks))
    taken.update(*(record.values() for block in blocks for record in block.records))
    titled = {
        spot: template.labels[block.section.id, name]
        for block in blocks
        for spot, name in block.titles.items()
        if block.section is not HEAD
    }

    def own(spot: Spot) -> frozenset[str]:
        above = spot[0] < top and spot[1] <= right
        return titled.get(spot) or (in_heading if above else fixed)

    return {
        spot: raw
        for spot, raw in sheet.filled.items()
        if spot not in taken and not _written(raw, own(spot)) and not is_blank(raw)
    }


def _written(raw: Raw, fixed: frozenset[str]) -> bool:
    if isinstance(raw, Fault):
        return False
    text = raw if isinstance(raw, str) else shown(raw)
    return name_key(text) in fixed or is_marker(text)


def _inside(block: Block, left: Mapping[Spot, Raw]) -> Iterator[Spot]:
    """Yield the strays within the section, then row by row below it until a row has none."""
    top, first, bottom, last = block.box
    rows: dict[int, list[Spot]] = {}
    for spot in left:
        if first <= spot[1] <= last:
            rows.setdefault(spot[0], []).append(spot)
    for row in range(top, bottom + 1):
        yield from rows.get(row, ())
    row = bottom + 1
    while row in rows:
        yield from rows[row]
        row += 1
