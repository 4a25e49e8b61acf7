"""Reads cell metadata of an .xlsx or .xlsm package: one pass of expat over each sheet part.

Nearly every cell is plain: written in one of a few ways, with nothing but a value, which calamine
reads. Formulas are written in few ways too. If a part has no other cells, regular expressions
remove them all, many times faster than a parser that handles every element.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from xml.parsers import expat

from mlay_batch.core.xml_parser import UnreadableError, create_parser, local_name
from mlay_batch.reader.cell_metadata import (
    MIN_COLUMN_CHARACTERS,
    MIN_ROW_POINTS,
    CellMetadata,
    CellPosition,
    Limits,
    MetadataBuilder,
    StruckText,
    a1,
    parse_position,
    parse_range,
)
from mlay_batch.reader.legacy_encodings import font_encoding
from mlay_batch.reader.text_runs import WHITE, TextRun, odd_characters, split_struck
from mlay_batch.reader.xlsx_formats import RunCollector, TextFormats, may_have_runs, read_formats
from mlay_batch.reader.xlsx_parts import (
    Attributes,
    OverlayScanner,
    add_validated,
    find_elements,
    read_drawings,
    read_notes,
    relation_targets,
)

_WORKBOOK = "xl/workbook.xml"
_RELATIONS = "xl/_rels/workbook.xml.rels"
_TRUE = ("1", "true")
_EXTERNAL_REFERENCE = re.compile(r'\[[^\[\]"]+\][^\[\]!"]*!')  # [1]Sheet1!A1, '[b.xlsx]Sheet 1'!A1

# A reference, comment or CDATA in a stored value: programs read "1&#50;" differently.
_SPLIT_VALUE = re.compile(rb"<(?:[\w.-]+:)?v(?:\s[^<>]*)?>[^<]*(?:&|<!)")
_TEXT_TYPE = re.compile(rb"""\st\s*=\s*["']str["']""")
# The last filled cell that may be plain, within the usual limits: BZ9999. A blank one may be
# anywhere: people format whole columns.
_LAST_ROW, _LAST_COLUMN = 9_999, 78
# Character data of XML, except control characters, a ">" that might end "]]>", U+F000 to U+FFFF.
# A text may have the predefined entities, a number none.
_CHARACTERS = r"[^<&>\x00-\x08\x0b-\x1f\xef]*+"
_TEXT = rf"{_CHARACTERS}(?:&(?:amp|lt|gt|quot|apos);{_CHARACTERS})*+"
# A formula that names no other workbook, and a stored value.
_FORMULA_CHARACTERS = r"[^<&>\[\x00-\x08\x0b-\x1f\xef]*+"
_FORMULA = (
    rf'<f(?: aca="false")?>{_FORMULA_CHARACTERS}'
    rf"(?:&(?:amp|lt|gt|quot|apos);{_FORMULA_CHARACTERS})*+</f>"
)
_VALUE = r"[^<&>\x00-\x1f\xef]*+"
_CELL = (
    r'(?:<c r="[AB]?[A-Z][1-9][0-9]{0,3}"(?: s="[0-9]+")?(?:'
    rf' t="inlineStr"><is><t(?: xml:space="preserve")?>{_TEXT}</t></is></c>'
    rf'|(?: t="(?:n|s|b|str)")?>(?:{_FORMULA})?+(?:<v>{_VALUE}</v>|<v ?/>)?+</c>)'
    r'|<c r="[A-Z]{1,3}[1-9][0-9]{0,6}"(?: s="[0-9]+")?(?: t="(?:n|s|b|str|inlineStr)")? ?/>)'
)
_ROW = (  # attributes in the order of the standard, as all programs write them
    r'<row r="[1-9][0-9]{0,6}"(?: spans="[0-9: ]+")?(?: s="[0-9]+")?(?: customFormat="[a-z0-9]+")?'
    r'(?: ht="(?:[1-9][0-9]|[3-9])[0-9.]*")?'  # a lower row may show nothing
    r'(?: hidden="(?:0|false)")?(?: customHeight="[a-z0-9]+")?'
    r'(?: outlineLevel="[0-9]")?(?: collapsed="[a-z0-9]+")?(?: x14ac:dyDescent="[0-9.]+")?'
    rf" ?(?:/>|>(?:{_CELL})*+</row>)"
)
# Within an attribute's value the last of them would not be followed by a tag.
_PLAIN = re.compile(rf"(?:{_ROW}|{_CELL})(?=<)".encode())
_PLAIN_FORMULA = re.compile(  # its cell and type, the stored value and the text of that
    (
        rf'<c r="([A-Z]+[0-9]+)"(?: s="[0-9]+")?(?: t="([a-z]+)")?>{_FORMULA}'
        rf"(<v>({_VALUE})</v>|<v ?/>)?</c>"
    ).encode()
)
# A data validation: its attributes, which have no odd characters, then at most two formulas.
_IN_QUOTES = r'[^"<&\x00-\x1f\xef]*+'
_PLAIN_VALIDATION = re.compile(
    (
        rf'<dataValidation((?: [A-Za-z]+(?::[A-Za-z]+)?="{_IN_QUOTES}'
        rf'(?:&(?:amp|lt|gt|quot|apos|#10|#xa);{_IN_QUOTES})*+")++) ?'
        rf"(?:/>|>(?:<formula1>{_TEXT}</formula1>)?(?:<formula2>{_TEXT}</formula2>)?"
        r"</dataValidation>)(?=<)"
    ).encode()
)
_VALIDATIONS_START = re.compile(rb'<dataValidations(?: count="[0-9]+")?>')
_OTHER_CELL = re.compile(rb"<(?:[\w.-]+:)?(?:c|f|v|is|rFont|row(?! r=))[\s/>]")
_START = re.compile(
    rb"""(?:\xef\xbb\xbf)?(?:<\?xml[^<>]*\sencoding=["'](?i:utf-8)["'][^<>]*>)?\s*"""
    rb"(?=<(?!c |row ))"  # the root: no cell in place of a sheet
)


@dataclass(frozen=True, slots=True)
class SheetPart:
    """A worksheet, its part name and metadata."""

    title: str
    part: str
    metadata: CellMetadata
    cuts: tuple[tuple[int, int], ...] = ()
    """Byte ranges of the cells beyond the limits."""


def scan(parts: Mapping[str, bytes], limits: Limits) -> tuple[SheetPart, ...]:
    """Return the worksheets of a package.

    UnreadableError R05 where its parts do not fit together, R07 for a DOCTYPE and for values that
    programs read differently, R10 for a sheet that spans too much.
    """
    try:
        return tuple(_scan_sheets({name.lower(): part for name, part in parts.items()}, limits))
    except (expat.ExpatError, LookupError, ValueError) as error:
        raise UnreadableError("R05") from error


def _scan_sheets(parts: Mapping[str, bytes], limits: Limits) -> list[SheetPart]:
    part_names = relation_targets(parts[_RELATIONS])
    styles, strings = (
        parts.get(next(iter(relation_targets(parts[_RELATIONS], kind).values()), ""), b"")
        for kind in ("styles", "sharedStrings")
    )
    formats = read_formats(styles, strings)
    sheet_parts = []
    for title, relation in _sheet_relations(parts[_WORKBOOK]):
        if part := part_names.get(relation):
            scanner = _scan_sheet(parts[part], limits, formats)
            scanner.builder.notes |= read_notes(parts, part)
            read_drawings(parts, part, scanner.builder)
            metadata = scanner.builder.build(title, cut_later=True)
            sheet_parts.append(SheetPart(title, part, metadata, tuple(scanner.cuts)))
    return sheet_parts


def _scan_sheet(part: bytes, limits: Limits, formats: TextFormats) -> _SheetScanner:
    """Scan a sheet part, without its plain cells; where formats matter, no cell is plain."""
    scanner = _SheetScanner(limits, formats)
    stripped = None if formats.has_any else strip_plain_cells(part, limits)
    if stripped is None:
        scanner.walk(part)
    else:
        scanner.add_formulas(part)
        scanner.walk(stripped, is_stripped=True)
    return scanner


def _has_split_value(part: bytes) -> bool:
    """Whether a stored number is written in pieces, of which calamine reads only the first.

    No office program writes that. Text results of formulas may have references.
    """
    for match in _SPLIT_VALUE.finditer(part):
        start = max(part.rfind(prefix, 0, match.start()) for prefix in (b"<c ", b":c "))
        cell = part[start : part.find(b">", start)]
        if match[0].endswith(b"<!") or not _TEXT_TYPE.search(cell):
            return True
    return False


def _sheet_relations(part: bytes) -> list[tuple[str, str]]:
    """Return title and relation of each sheet; each program chooses the relation's prefix."""
    return [
        (element["name"], value)
        for element in find_elements(part, "sheet")
        for key, value in element.items()
        if key.endswith(":id")
    ]


class _ElementHandlers(dict[str, Callable[[Attributes], None] | None]):
    """Handlers by element name; a name with a prefix is looked up once."""

    def __missing__(self, name: str) -> Callable[[Attributes], None] | None:
        self[name] = handler = self.get(local_name(name))
        return handler


class _SheetScanner:
    """Scans one sheet part. A cell is recorded when the next one begins."""

    def __init__(self, limits: Limits, formats: TextFormats) -> None:
        self.formats = formats
        self.builder = MetadataBuilder(limits)
        self.parser = create_parser()
        self.collector = RunCollector(self.parser)
        self.has_run_formats = bool(formats.run_fonts or formats.shared_runs)
        self.parser.StartElementHandler = self._start_element
        self.cuts: list[tuple[int, int]] = []
        self.row = self.cell_start = 0
        self.reference = ""
        self._begin_cell(None)
        self.handlers = _ElementHandlers(
            {
                "row": self._start_row,
                "c": self._start_cell,
                "f": self._start_formula,
                "v": self._start_stored_value,
                "is": self._start_value,
                "col": self._add_hidden_columns,
                "mergeCell": self._add_merge,
                "rFont": self._add_run_font,
            }
        )

    def add_formulas(self, part: bytes) -> None:
        """Record the formulas of a part that has plain cells only."""
        cells_end = end_of_last_tag(part, b"sheetData")
        has_any = part.find(b"<f", 0, cells_end) >= 0
        matches = _PLAIN_FORMULA.findall(part, 0, cells_end) if has_any else ()
        for cell, cell_type, value, text in matches:
            position = parse_position(cell.decode())
            self.builder.formulas.add(position)
            if not text.decode().strip() and not (value and cell_type == b"str"):
                self.builder.uncached.add(position)

    def walk(self, part: bytes, *, is_stripped: bool = False) -> None:
        """Walk over the part. UnreadableError R07 where a stored number is in pieces.

        After the cells merged ranges and what lies over the cells matter: other texts and formulas
        belong to no cell.
        """
        if _has_split_value(part):
            raise UnreadableError("R07")
        if not is_stripped and may_have_runs(part):
            self.handlers |= self.collector.handlers
        cells_end = end_of_last_tag(part, b"sheetData")
        has_merges = part.find(b"mergeCell", cells_end) >= 0
        merges_end = end_of_last_tag(part, b"mergeCell") if has_merges else cells_end
        view = memoryview(part)  # a part may be large
        self.parser.Parse(view[:cells_end], False)
        self._finish_cell()
        self.handlers = _ElementHandlers({"mergeCell": self._add_merge})
        self.parser.Parse(view[cells_end:merges_end], False)
        overlay = OverlayScanner(self.parser, self.builder)
        if is_stripped and (start := _VALIDATIONS_START.search(part, merges_end)):
            self.parser.Parse(view[merges_end : start.end()], False)
            merges_end = start.end()
            if not overlay.is_validation:
                merges_end = self._take_validations(part, merges_end)
        self.parser.Parse(view[merges_end:], True)

    def _take_validations(self, part: bytes, start: int) -> int:
        """Record the plain data validations that begin there; return where they end."""
        while match := _PLAIN_VALIDATION.match(part, start):
            words = match[1].split(b'"')  # the name of each attribute, then its value
            names = words[::2]
            cells = words[2 * names.index(b" sqref=") + 1] if b" sqref=" in names else b""
            if len(set(names)) < len(names) or b"&" in cells:
                break  # for the parser to refuse, or to read
            add_validated(self.builder, cells.decode())
            start = match.end()
        return start

    def _begin_cell(self, cell_type: str | None, style: str = "") -> None:
        self.cell_type, self.style = cell_type, style
        self.collector.begin()
        self.is_filled = self.has_formula = self.has_value = False
        self.formula_parts: list[str] = []
        self.value_parts: list[str] = []

    def _start_element(self, name: str, attributes: Attributes) -> None:
        if handler := self.handlers[name]:
            handler(attributes)

    def _start_row(self, attributes: Attributes) -> None:
        if self.reference:
            self._finish_cell()
            self._begin_cell(None)
            self.reference = ""
        self.row = int(attributes.get("r", self.row + 1))
        if _is_hidden(attributes, "ht", MIN_ROW_POINTS):
            self.builder.hidden_rows.add(self.row)

    def _start_cell(self, attributes: Attributes) -> None:
        if self._needs_check():
            self._finish_cell()
        self.reference = attributes.get("r") or self._next_reference()
        style = attributes.get("s", "0")
        if self.formats.cells.fonts and (font := self.formats.cells.fonts.get(style)):
            self.builder.fonts[parse_position(self.reference)] = font
        self._begin_cell(attributes.get("t"), style)
        self.cell_start = self.parser.CurrentByteIndex

    def _next_reference(self) -> str:
        """Return the cell right of the last one, for a cell without a reference."""
        return a1((self.row, parse_position(self.reference)[1] + 1 if self.reference else 1))

    def _mark_filled(self) -> None:
        if not self.is_filled:
            self.is_filled = True
            if not self.builder.add_filled(parse_position(self.reference)):
                self.parser.EndElementHandler = self._end_cut_cell

    def _start_formula(self, _: Attributes) -> None:
        self._mark_filled()
        self.has_formula = True
        self.parser.CharacterDataHandler = self.formula_parts.append

    def _start_value(self, _: Attributes) -> None:
        self._mark_filled()
        self.has_value = True
        if self._needs_check():
            self.parser.CharacterDataHandler = self.value_parts.append

    def _add_run_font(self, attributes: Attributes) -> None:
        """Record the font of a run in an inline text."""
        if font_encoding(font := attributes.get("val", "")):
            self.builder.fonts[parse_position(self.reference)] = font

    def _start_stored_value(self, attributes: Attributes) -> None:
        if self.cell_type == "inlineStr":  # calamine would read nothing there
            raise UnreadableError("R07")
        self._start_value(attributes)

    def _end_cut_cell(self, name: str) -> None:
        if local_name(name) == "c":
            self.cuts.append((self.cell_start, self.parser.CurrentByteIndex))
            self.parser.EndElementHandler = None

    def _add_hidden_columns(self, attributes: Attributes) -> None:
        if _is_hidden(attributes, "width", MIN_COLUMN_CHARACTERS):
            self.builder.hide_columns(int(attributes["min"]), int(attributes["max"]))

    def _add_merge(self, attributes: Attributes) -> None:
        self.builder.merges.append(parse_range(attributes["ref"]))

    def _needs_check(self) -> bool:
        """Whether the cell is a formula, an error, or may have formats that matter."""
        return (
            self.has_formula
            or self.cell_type == "e"
            or self.style in self.formats.cells.struck
            or self.style in self.formats.cells.unseen
            or self.style in self.formats.cells.number_formats
            or bool(self.collector.runs)
            or (self.cell_type == "s" and self.has_run_formats)
        )

    def _finish_cell(self) -> None:
        """Record the metadata of the cell that began last."""
        if not self._needs_check():
            return
        self.parser.CharacterDataHandler = None
        position: CellPosition = parse_position(self.reference)
        text = "".join(self.value_parts).strip() if self.has_value else ""
        self._record_formats(position, text)
        if self.cell_type == "e":
            self.builder.errors[position] = text
        elif self.has_formula and not text and not (self.has_value and self.cell_type == "str"):
            self.builder.uncached.add(position)
        if self.has_formula:
            self.builder.formulas.add(position)
            if _EXTERNAL_REFERENCE.search("".join(self.formula_parts)):
                self.builder.external_formulas.add(position)

    def _record_formats(self, position: CellPosition, text: str) -> None:
        """Record the formats that change what the cell says; `text` is its stored value."""
        if self.cell_type == "s" and text in self.formats.run_fonts:
            self.builder.fonts[position] = self.formats.run_fonts[text]
        if not self.is_filled:
            return
        if self.style in self.formats.cells.number_formats:
            self.builder.number_formats[position] = self.formats.cells.number_formats[self.style]
        shared_runs = self.formats.shared_runs.get(text, ()) if self.cell_type == "s" else ()
        self._record_runs(position, self.collector.runs or shared_runs)

    def _record_runs(self, position: CellPosition, runs: Sequence[TextRun]) -> None:
        """Record what is struck out or odd in the cell, or all of it where it has no runs."""
        cells = self.formats.cells
        is_struck, is_unseen = self.style in cells.struck, self.style in cells.unseen
        if not runs:
            if is_struck:
                self.builder.struck[position] = StruckText()
            if is_unseen:
                self.builder.odd_characters[position] = ""
            return
        parts = split_struck(runs, is_struck)
        if parts.struck.strip():
            self.builder.struck[position] = parts
        if odd := odd_characters(runs, cells.fills.get(self.style, WHITE), is_unseen):
            self.builder.odd_characters[position] = odd


def _is_hidden(attributes: Attributes, size: str, minimum: float) -> bool:
    """Whether a row or column is hidden, or too small to show anything."""
    try:
        is_small = 0 <= float(attributes.get(size, minimum)) < minimum
    except ValueError:  # other programs ignore such a size too
        is_small = False
    return is_small or attributes.get("hidden") in _TRUE


def strip_plain_cells(part: bytes, limits: Limits) -> bytes | None:
    """Remove plain cells and rows from the part; the rest is well-formed only if the whole is.

    None where a cell is not plain or may be beyond the limits, and where the XML needs a parser to
    tell.
    """
    within_limits = limits.rows >= _LAST_ROW and limits.columns >= _LAST_COLUMN
    if not within_limits or limits.cells < _LAST_ROW * _LAST_COLUMN:
        return None
    start = _START.match(part)
    if not start or not _is_utf_8(part):
        return None
    stripped = _PLAIN.sub(b"", part)
    return None if _has_other_cells(stripped, start.end()) else stripped


def end_of_last_tag(part: bytes, tag: bytes) -> int:
    """Return where the last tag of that name ends; the end of the part where there is none."""
    last = part.rfind(tag)
    return part.find(b">", last) + 1 if last >= 0 else len(part)


def _has_other_cells(stripped: bytes, start: int) -> bool:
    """Whether a cell, a row without a number, a comment, CDATA or an instruction is left."""
    has_markup = stripped.find(b"<!") >= 0 or stripped.find(b"<?", start) >= 0
    return (
        has_markup
        or _OTHER_CELL.search(stripped, 0, end_of_last_tag(stripped, b"sheetData")) is not None
    )


def _is_utf_8(part: bytes) -> bool:
    try:
        part.decode()
    except UnicodeDecodeError:
        return False
    return True
