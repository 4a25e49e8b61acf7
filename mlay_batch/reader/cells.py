"""Reads the cells of a located section: typed rows, and findings for unusable values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal

from mlay_batch.core.findings import Finding, Param, Place, Severity, column_letters
from mlay_batch.core.text import clean
from mlay_batch.model.records import HeaderValue, Row, Value
from mlay_batch.reader.cell_metadata import (
    CellPosition,
    CellRange,
    StruckText,
    a1,
)
from mlay_batch.reader.grid import RawValue, Sheet
from mlay_batch.reader.legacy_encodings import Proposal, propose_readings
from mlay_batch.reader.number_formats import is_other_date, is_other_number
from mlay_batch.reader.section_finder import Block
from mlay_batch.reader.values import (
    CellValue,
    code_of,
    display_text,
    is_blank,
    local_time,
    parse_cell,
)
from mlay_batch.schema.computed import is_computed
from mlay_batch.schema.layout import HEADER
from mlay_batch.schema.model import Field, Form

_TEXT_TYPES = ("text", "choice", "ref")
_MAX_QUOTE, _MAX_FORMAT = 300, 40  # characters of a row and of a format that are quoted


@dataclass
class SectionResults:
    """What was read from the blocks of one workbook.

    Attributes:
        rows: rows of tables and cards, in the order of the blocks; None in `values` is a blank cell
            or one that could not be read.
        header: values of the heading card by field id.
        findings: what is wrong with cells, without the name of the file.
    """

    rows: list[Row] = field(default_factory=list)
    header: dict[str, HeaderValue] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def read_section(
    block: Block,
    form: Form,
    limit: int,
    results: SectionResults,
    hanging: Sequence[Block] = (),
) -> None:
    """Add the rows of a block and their findings to `results`.

    Drops blank rows of a table and empty columns: those in which neither it nor a block `hanging`
    on it has more than the template writes. A blank cell is None here; the checks apply its
    field's default, and reckon computed fields.
    """
    sheet = block.sheet
    # encodings in a roll-up were asked about when its returns were read
    is_user_text = block.section is not HEADER and not form.is_rollup
    legacy_texts = _legacy_texts(block) if is_user_text else {}
    filled = sheet.filled_cells
    parts = block.section.column_parts() if block.columns or block.section.parts else ()
    is_row = block.section.layout in ("table", "list")
    for number, record in enumerate(block.records):
        if block.columns and not _is_used(block, number, form, hanging):
            continue
        own = (record[name] for name in record if name not in block.section.inherits)
        if is_row and not block.section.branch and filled.keys().isdisjoint(own):
            continue  # a row of a list was found filled somewhere
        raw_values = {name: filled.get(position, "") for name, position in record.items()}
        if block.section is HEADER:
            results.header |= dict(_header_values(sheet, record, raw_values))
        elif not is_row or block.section.branch or not all(map(is_blank, raw_values.values())):
            row = _read_row(block, form, limit, record, raw_values, legacy_texts, results.findings)
            set_ = parts[number % len(parts)].set_ if parts else {}
            results.rows.append(replace(row, values={**row.values, **set_}) if set_ else row)
    if not (block.section.layout == "card" and block.section.under):  # once for all its rows
        results.findings.extend(_merged_cell_findings(block))


def _is_used(block: Block, number: int, form: Form, hanging: Sequence[Block]) -> bool:
    """Whether a record holds more than the template writes, or one that hangs on its column."""
    record = block.records[number]
    if any(_is_typed(block, record, name, form) for name in record):
        return True
    column = block.columns[number] if hanging else None
    return any(
        _is_used(other, index, form, ())
        for other in hanging
        for index in range(len(other.records))
        if other.columns[index // len(other.section.column_parts())] == column
    )


def _is_typed(block: Block, record: Mapping[str, CellPosition], name: str, form: Form) -> bool:
    """Whether a cell of a record holds something that only a person can have typed."""
    raw = block.sheet.filled_cells.get(record[name], "")
    if is_blank(raw) or name in block.section.inherits:
        return False
    form_field = block.section.field(name)
    if form_field.propose or is_computed(form_field, record):
        return False
    preset = form_field.preset
    return preset is None or parse_cell(raw, form_field, form, len(str(raw))).value != preset


def _header_values(
    sheet: Sheet, record: Mapping[str, CellPosition], raw_values: Mapping[str, RawValue]
) -> Iterator[tuple[str, HeaderValue]]:
    for name, position in record.items():
        yield (
            name,
            HeaderValue(_header_text(raw_values[name]), Place("", sheet.title, a1(position))),
        )


def _header_text(raw: RawValue) -> str:
    """Return a header value's text; Excel makes a date of a month typed as 11/2019."""
    text = display_text(local_time(raw))
    day, _, month = text.partition("/")
    return month if day == "01" and month.count("/") == 1 else text


def _legacy_texts(block: Block) -> Mapping[CellPosition, Proposal]:
    """Propose readings for texts in an encoding from before Unicode.

    The encoding is decided for each column of a table, for a card as a whole. What the program
    wrote into locked cells is not asked about.
    """
    fields = block.section.fields
    names = [field.id for field in fields if field.type in _TEXT_TYPES and not field.locked]
    columns = [[record[name] for record in block.records if name in record] for name in names]
    if block.section.layout == "card":
        columns = [[position for column in columns for position in column]]
    legacy_texts: dict[CellPosition, Proposal] = {}
    filled, fonts = block.sheet.filled_cells, block.sheet.metadata.fonts
    for column in columns:
        text_cells = [(p, raw) for p in column if isinstance(raw := filled.get(p), str)]
        by_index = propose_readings(
            [(raw, fonts.get(position, "")) for position, raw in text_cells]
        )
        legacy_texts |= {text_cells[index][0]: proposal for index, proposal in by_index.items()}
    return legacy_texts


def _ask_encoding(proposal: Proposal) -> CellValue:
    """Return finding C24, which asks whether the proposed reading is right."""
    params = {"value": clean(proposal.text), "encoding": proposal.encoding}
    return CellValue(code="C24", params=params)


def _read_row(
    block: Block,
    form: Form,
    limit: int,
    record: Mapping[str, CellPosition],
    raw_values: Mapping[str, RawValue],
    legacy_texts: Mapping[CellPosition, Proposal],
    findings: list[Finding],
) -> Row:
    section, sheet = block.section, block.sheet
    values: dict[str, Value] = dict.fromkeys(form_field.id for form_field in section.fields)
    struck = _struck_cells(sheet, record, raw_values)
    if finding := _struck_row_finding(block, record, raw_values, struck):
        findings.append(finding)
        return _row(block, record, values)
    for form_field in section.fields:
        if form_field.id not in record or is_computed(form_field, record):
            continue
        position = record[form_field.id]
        cell_value = _read_cell(sheet, position, raw_values[form_field.id], form_field, form, limit)
        if position in struck:
            cell_value = _struck_value(struck[position], form_field, form, limit)
        elif position in legacy_texts:
            cell_value = _plain_code(form_field, cell_value) or _ask_encoding(
                legacy_texts[position]
            )
        values[form_field.id] = cell_value.value
        if form_field.id in section.inherits:
            continue  # the findings are those of the section that asks for it
        findings.extend(_cell_findings(block, form_field, position, cell_value))
    return _row(block, record, values)


def _read_cell(
    sheet: Sheet, position: CellPosition, raw: RawValue, form_field: Field, form: Form, limit: int
) -> CellValue:
    """Return a cell's value, or a finding where people see another one."""
    cell_value = parse_cell(raw, form_field, form, limit)
    if code := sheet.metadata.number_formats.get(position):
        cell_value = _seen_value(cell_value, raw, code)
    odd = sheet.metadata.odd_characters.get(position)
    if odd is not None and form_field.type != "text":
        cell_value = _odd_value(cell_value, raw, odd)
    return cell_value


def _seen_value(cell_value: CellValue, raw: RawValue, code: str) -> CellValue:
    """Return C36 for a number that the cell shows as another one, a warning C37 for a date."""
    params = {"held": display_text(raw), "format": code[:_MAX_FORMAT]}
    if cell_value.code:
        return cell_value
    is_figure = isinstance(cell_value.value, int | float)
    if is_figure and isinstance(raw, int | float) and is_other_number(code, raw):
        return CellValue(code="C36", params=params)
    if isinstance(cell_value.value, date) and is_other_date(code, cell_value.value):
        return CellValue(cell_value.value, "C37", Severity.WARNING, params)
    return cell_value


def _odd_value(cell_value: CellValue, raw: RawValue, odd: str) -> CellValue:
    """Return C38 for a value with characters that are seen otherwise than read, or not at all.

    `odd` is empty where nobody sees the whole value.
    """
    if cell_value.code or is_blank(raw):
        return cell_value
    return CellValue(code="C38", params={"odd": odd or display_text(raw)})


def _row(block: Block, record: Mapping[str, CellPosition], values: Mapping[str, Value]) -> Row:
    axis = 1 if block.columns else 0
    number = min(position[axis] for position in record.values()) if record else block.bounds[axis]
    cells = {name: a1(position) for name, position in record.items()}
    return Row(block.section.id, block.sheet.title, number, values, cells)


def _struck_cells(
    sheet: Sheet, record: Mapping[str, CellPosition], raw_values: Mapping[str, RawValue]
) -> Mapping[CellPosition, StruckText]:
    """Return what is struck out in the filled cells of a record; not where only blanks are."""
    struck = sheet.metadata.struck
    return {
        position: StruckText(struck[position].seen, clean(struck[position].struck))
        if clean(struck[position].seen)
        else StruckText("", display_text(raw_values[name]))
        for name, position in (record.items() if struck else ())
        if position in struck and not is_blank(raw_values[name])
    }


def _struck_value(struck: StruckText, form_field: Field, form: Form, limit: int) -> CellValue:
    """Return C30 for a value that is struck out: nobody knows what counts.

    Of a text the rest is read, with a warning C31.
    """
    params = {"struck": struck.struck}
    if form_field.type != "text":
        return CellValue(code="C30", params=params)
    rest = parse_cell(struck.seen, form_field, form, limit)
    is_error = rest.code and rest.severity is Severity.ERROR
    return rest if is_error else CellValue(rest.value, "C31", Severity.WARNING, params)


def _struck_row_finding(
    block: Block,
    record: Mapping[str, CellPosition],
    raw_values: Mapping[str, RawValue],
    struck: Mapping[CellPosition, StruckText],
) -> Finding | None:
    """Return one C30 for a row of a table that is struck out as a whole; marks all its cells."""
    if block.section.layout not in ("table", "list") or not struck:
        return None
    filled = [name for name in record if not is_blank(raw_values[name])]
    is_whole = all(record[name] in struck and not struck[record[name]].seen for name in filled)
    if not is_whole or all(block.section.field(name).type == "text" for name in filled):
        return None
    words = "; ".join(struck[record[name]].struck for name in filled)[:_MAX_QUOTE]
    first = record[filled[0]]
    finding = _finding_at(block, "C30", Severity.ERROR, first, None, struck=words)
    places = [replace(finding.place, cell=a1(position)) for position in record.values()]
    return replace(finding, marks=tuple(places))


def _plain_code(form_field: Field, cell_value: CellValue) -> CellValue | None:
    """Return a `ref`'s code alone where it has one: it is ASCII, whatever the name's encoding."""
    code = code_of(str(cell_value.value))
    return CellValue(code) if form_field.type == "ref" and code.isascii() else None


def _cell_findings(
    block: Block, form_field: Field, position: CellPosition, cell_value: CellValue
) -> Iterator[Finding]:
    code, severity = cell_value.code, cell_value.severity
    if code is None and position in block.sheet.metadata.formulas:
        code = "C25" if position in block.sheet.metadata.external_formulas else "C13"
        severity = Severity.WARNING
    if code:
        yield _finding_at(block, code, severity, position, form_field, **cell_value.params)


def _finding_at(
    block: Block,
    code: str,
    severity: Severity,
    position: CellPosition,
    form_field: Field | None,
    **params: Param,
) -> Finding:
    path = f"{block.section.id}.{form_field.id}" if form_field else block.section.id
    place = Place("", block.sheet.title, a1(position))
    return Finding(code, severity, place, {"field": path, **params})


def find_hidden(blocks: Sequence[Block], form: Form) -> Iterator[Finding]:
    """Yield C17, C18 for hidden rows and columns with figures: they count, but nobody sees them.

    A warning C32, once, for the other ones. In a roll-up, whose tables people filter, only C17 and
    C18, as warnings.
    """
    severity = Severity.WARNING if form.is_rollup else Severity.ERROR
    hidden: list[CellPosition] = []
    rows: set[int] = set()
    columns: set[int] = set()
    for block in blocks:
        if block.section is HEADER:
            continue
        metadata = block.sheet.metadata
        figures = list(_hidden_figures(block, hidden))
        for row, position in _first_by(0, figures, metadata.hidden_rows).items():
            rows.add(row)
            yield _finding_at(block, "C17", severity, position, None, row=row)
        hidden_columns = frozenset[int]() if block.section.under else metadata.hidden_columns
        for column, position in _first_by(1, figures, hidden_columns).items():
            columns.add(column)
            letters = column_letters(column)
            yield _finding_at(block, "C18", severity, position, None, column=letters)
    if hidden and not form.is_rollup:
        metadata = blocks[0].sheet.metadata
        other_rows = _first_by(0, hidden, metadata.hidden_rows - rows)
        other_columns = _first_by(1, hidden, metadata.hidden_columns - columns)
        if first := [*other_rows.values(), *other_columns.values()]:
            place = Place("", blocks[0].sheet.title, a1(min(first)))
            yield Finding("C32", Severity.WARNING, place, {"count": len(first)})


def _hidden_figures(block: Block, hidden: list[CellPosition]) -> Iterator[CellPosition]:
    """Yield the hidden cells of a section with figures; add all hidden ones to `hidden`.

    Not those of columns that the form itself hides.
    """
    metadata = block.sheet.metadata
    if not metadata.hidden_rows and not metadata.hidden_columns:
        return
    shown = {field.id: field for field in block.section.fields if not field.hidden}
    for record in block.records:
        for name, (row, column) in record.items():
            is_hidden = row in metadata.hidden_rows or column in metadata.hidden_columns
            if is_hidden and name in shown:
                position = row, column
                hidden.append(position)
                is_text = shown[name].type == "text"
                if not is_text and not is_blank(block.sheet.value_at(position)):
                    yield position


def _first_by(
    axis: Literal[0, 1], positions: Iterable[CellPosition], numbers: Set[int]
) -> dict[int, CellPosition]:
    """Return the first of the positions in each of the rows (axis 0) or columns, in order."""
    first: dict[int, CellPosition] = {}
    for position in sorted(positions):
        if position[axis] in numbers:
            first.setdefault(position[axis], position)
    return dict(sorted(first.items()))


def _merged_cell_findings(block: Block) -> Iterator[Finding]:
    """Yield C16 for merged ranges over several cells of the section; in a card only over rows.

    Also where a merged range covers a value, which nobody sees.
    """
    is_card = block.section.layout == "card"
    first_row, _, last_row, _ = block.bounds
    for merged_range in block.sheet.metadata.merges:
        top, left, bottom, right = merged_range
        if top > last_row or first_row > bottom:
            continue
        covered = _cells_in_range(merged_range, block)
        filled = [p for p in covered if not is_blank(block.sheet.value_at(p))]
        is_spread = bottom > top or (not is_card and right > left)
        is_first_filled = not is_blank(block.sheet.value_at((top, left)))
        if (covered and is_spread and is_first_filled) or set(filled) - {(top, left)}:
            cells = f"{a1((top, left))}:{a1((bottom, right))}"
            finding = _finding_at(block, "C16", Severity.ERROR, (top, left), None, cells=cells)
            yield replace(
                finding,
                marks=tuple(replace(finding.place, cell=a1(position)) for position in covered),
            )


def _cells_in_range(cell_range: CellRange, block: Block) -> list[CellPosition]:
    """Return the fields' cells within the range."""
    top, left, bottom, right = cell_range
    positions = (position for record in block.records for position in record.values())
    return sorted(
        position
        for position in positions
        if top <= position[0] <= bottom and left <= position[1] <= right
    )
