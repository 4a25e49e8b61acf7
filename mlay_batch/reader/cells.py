"""The cells of a section found: typed rows, and findings for what cannot be taken as it stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from mlay_batch import bundle
from mlay_batch.findings import Finding, Param, Place, Severity
from mlay_batch.layout import HEAD
from mlay_batch.names import clean
from mlay_batch.reader.blocks import Block
from mlay_batch.reader.facts import Area, Spot, a1, column_letters
from mlay_batch.reader.grid import Raw, Sheet
from mlay_batch.reader.legacy import Proposal, proposals
from mlay_batch.reader.values import Typed, code_of, is_blank, shown, typed
from mlay_batch.records import Heading, Row, Value
from mlay_batch.schema.records import Field, Form

_WRITTEN = ("text", "choice", "ref")


@dataclass
class Taken:
    """What was taken from the blocks of one workbook."""

    rows: list[Row] = field(default_factory=list)
    head: dict[str, Heading] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def take(block: Block, form: Form, limit: int, into: Taken) -> None:
    """Add the rows of a block and their findings.

    Rows of a table that are blank throughout are dropped. Every value is one that was written: a
    blank cell is None here, its field's default comes in when the values are checked.
    """
    sheet = block.sheet
    mine = block.section is not HEAD and form.form != bundle.FORM  # those were asked about before
    old = _old_texts(block) if mine else {}
    filled = sheet.filled
    for record in block.records:
        if block.section.layout == "table" and filled.keys().isdisjoint(record.values()):
            continue
        raws = {name: filled.get(spot, "") for name, spot in record.items()}
        if block.section is HEAD:
            into.head |= dict(_headings(sheet, record, raws))
        elif block.section.layout == "card" or not all(map(is_blank, raws.values())):
            into.rows.append(_row(block, form, limit, record, raws, old, into.findings))
            into.findings.extend(_hidden_row(block, record, raws))
    if block.section is not HEAD:
        into.findings.extend(_hidden_columns(block))
    into.findings.extend(_merged(block))


def _headings(
    sheet: Sheet, record: Mapping[str, Spot], raws: Mapping[str, Raw]
) -> Iterator[tuple[str, Heading]]:
    for name, spot in record.items():
        yield name, Heading(_heading(raws[name]), Place("", sheet.title, a1(spot)))


def _heading(raw: Raw) -> str:
    """Return a heading's text; Excel makes a date of a month typed as 11/2019."""
    text = shown(raw)
    day, _, month = text.partition("/")
    return month if day == "01" and month.count("/") == 1 else text


def _old_texts(block: Block) -> Mapping[Spot, Proposal]:
    """Return the texts of the block in an encoding from before Unicode: a table's column by column,
    a card's all together.
    """
    fields = [entry.id for entry in block.section.fields if entry.type in _WRITTEN]
    spots = [[record[name] for record in block.records if name in record] for name in fields]
    columns = [[spot for one in spots for spot in one]] if block.section.layout == "card" else spots
    found: dict[Spot, Proposal] = {}
    filled, fonts = block.sheet.filled, block.sheet.facts.fonts
    for column in columns:
        typed_in = [(s, raw) for s in column if s in filled and isinstance(raw := filled[s], str)]
        read = proposals([(raw, fonts.get(spot, "")) for spot, raw in typed_in])
        found |= {typed_in[number][0]: proposal for number, proposal in read.items()}
    return found


def _in_old_letters(proposal: Proposal) -> Typed:
    """Return the finding that asks whether a text was read rightly; it is never taken silently."""
    params = {"value": clean(proposal.text), "encoding": proposal.encoding}
    return Typed(code="C24", params=params)


def _row(block: Block, form: Form, limit: int, record: Mapping[str, Spot],
         raws: Mapping[str, Raw], old: Mapping[Spot, Proposal],
         findings: list[Finding]) -> Row:  # fmt: skip
    section, sheet = block.section, block.sheet
    values: dict[str, Value] = dict.fromkeys(entry.id for entry in section.fields)
    for entry in section.fields:
        if entry.id not in record:
            continue
        spot = record[entry.id]
        found = typed(raws[entry.id], entry, form, limit)
        if spot in old:
            found = _code(entry, found) or _in_old_letters(old[spot])
        values[entry.id] = found.value
        findings.extend(_finding(block, entry, spot, found))
    number = min(row for row, _ in record.values()) if record else block.box[0]
    cells = {name: a1(spot) for name, spot in record.items()}
    return Row(section.id, sheet.title, number, values, cells)


def _code(entry: Field, found: Typed) -> Typed | None:
    """Return the code alone where a `ref` has one: unlike the name, it needs no encoding."""
    code = code_of(str(found.value))
    return Typed(code) if entry.type == "ref" and code.isascii() else None


def _finding(block: Block, entry: Field, spot: Spot, found: Typed) -> Iterator[Finding]:
    code, severity = found.code, found.severity
    if code is None and spot in block.sheet.facts.formulas:
        code = "C25" if spot in block.sheet.facts.foreign else "C13"
        severity = Severity.WARNING
    if code:
        yield _at(block, code, severity, spot, entry, **found.params)


def _at(block: Block, code: str, severity: Severity, spot: Spot, entry: Field | None,
        **params: Param) -> Finding:  # fmt: skip
    path = f"{block.section.id}.{entry.id}" if entry else block.section.id
    place = Place("", block.sheet.title, a1(spot))
    return Finding(code, severity, place, {"field": path, **params})


def _hidden_row(
    block: Block, record: Mapping[str, Spot], raws: Mapping[str, Raw]
) -> Iterator[Finding]:
    hidden = block.sheet.facts.hidden_rows
    typed_in = (spot for name, spot in record.items() if not is_blank(raws[name]))
    spots = [spot for spot in typed_in if spot[0] in hidden]
    for row in sorted({spot[0] for spot in spots}):
        spot = min(spot for spot in spots if spot[0] == row)
        yield _at(block, "C17", Severity.WARNING, spot, None, row=row)


def _hidden_columns(block: Block) -> Iterator[Finding]:
    hidden = block.sheet.facts.hidden_columns
    first: dict[int, Spot] = {}
    for record in block.records if hidden else ():
        for spot in record.values():
            if spot[1] in hidden and not is_blank(block.sheet.at(spot)):
                first.setdefault(spot[1], spot)
    for column, spot in sorted(first.items()):
        letters = column_letters(column)
        yield _at(block, "C18", Severity.WARNING, spot, None, column=letters)


def _merged(block: Block) -> Iterator[Finding]:
    """Yield merged cells that swallow other cells of the section: in a card only several rows."""
    card = block.section.layout == "card"
    first, _, last, _ = block.box
    for area in block.sheet.facts.merges:
        top, left, bottom, right = area
        swallows = bottom > top or (not card and right > left)
        inside = _within(area, block) if swallows and top <= last and first <= bottom else []
        if inside and not is_blank(block.sheet.at((top, left))):
            cells = f"{a1((top, left))}:{a1((bottom, right))}"
            found = _at(block, "C16", Severity.ERROR, (top, left), None, cells=cells)
            yield replace(found, marks=tuple(replace(found.place, cell=a1(one)) for one in inside))


def _within(area: Area, block: Block) -> list[Spot]:
    """Return the cells to be filled in that lie in the area."""
    top, left, bottom, right = area
    spots = (spot for record in block.records for spot in record.values())
    return sorted(spot for spot in spots if top <= spot[0] <= bottom and left <= spot[1] <= right)
