"""Reads cell metadata of an .ods package from its `content.xml` and `styles.xml`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from xml.parsers import expat

from mlay_batch.core.xml_parser import UnreadableError, create_parser, parse_part
from mlay_batch.reader.cell_metadata import (
    MAX_ROWS,
    MIN_COLUMN_CHARACTERS,
    MIN_ROW_POINTS,
    CellMetadata,
    CellPosition,
    Limits,
    MetadataBuilder,
    StruckText,
)
from mlay_batch.reader.legacy_encodings import font_encoding
from mlay_batch.reader.number_formats import infer_format
from mlay_batch.reader.text_runs import BLACK, MIN_POINTS, WHITE, Colour, Font, is_unseen
from mlay_batch.reader.xlsx_parts import Attributes

_ERROR = re.compile(r"#[A-Z/0-9]+[!?]?|Err:\d+")
_BETWEEN_TAGS = re.compile(rb">[ \t\r\n]+(?=</?table:)")
# A paragraph, whose blanks are text, or white space between other elements.
_LAYOUT = re.compile(rb"(<text:p(?:\s[^<>]*)?(?<!/)>.*?</text:p>)|(?<=>)[ \t\r\n]+(?=<)", re.DOTALL)
_LINE_BREAK = re.compile(rb"<text:line-break\s*(?:/>|>\s*</text:line-break>)")
_TAB = re.compile(rb"<text:tab(?:\s[^<>]*)?(?:/>|(?<=/)>|>\s*</text:tab>)")
_HIDDEN = ("collapse", "filter")
_FIGURES = ("float", "currency", "percentage", "date")
_LENGTH = re.compile(r"([0-9]+\.?[0-9]*|\.[0-9]+)(mm|cm|in|pt)")
_POINTS = {"mm": 72 / 25.4, "cm": 72 / 2.54, "in": 72.0, "pt": 1.0}
_POINTS_PER_CHARACTER = 6.0
_SHAPES = frozenset(
    f"draw:{shape}"
    for shape in (
        "frame", "custom-shape", "rect", "line", "connector", "ellipse", "circle", "path",
        "polygon", "polyline", "regular-polygon", "measure", "caption", "control", "g",
    )
)  # fmt: skip
_OBJECTS = ("draw:object", "draw:object-ole", "draw:plugin", "draw:control", "draw:floating-frame")
_PAGE_PARTS = frozenset(
    f"style:{part}{pages}" for part in ("header", "footer") for pages in ("", "-left", "-first")
)
_STRUCK = "style:text-line-through-style", "style:text-line-through-type"


def scan(content: bytes, limits: Limits, styles: bytes = b"") -> dict[str, CellMetadata]:
    """Return the metadata of each sheet by title.

    `styles` is the part `styles.xml`.

    UnreadableError R05 for broken XML, R07 for a DOCTYPE, R10 for a sheet that spans too much.
    """
    scanner = _ContentScanner(limits)
    try:
        if styles:
            scanner.page_texts = _read_page_texts(styles, scanner.styles)
        parse_part(scanner.parser, content)
    except (expat.ExpatError, LookupError, ValueError) as error:
        raise UnreadableError("R05") from error
    return scanner.sheets


def simplify(content: bytes) -> bytes:
    """Return the content without what calamine misreads, as Gnumeric and SheetJS write it.

    It takes a sheet with white space between its cells for damaged, and joins the words on both
    sides of a line break or a tab.
    """
    if _BETWEEN_TAGS.search(content):
        content = _LAYOUT.sub(rb"\1", content)
    return _TAB.sub(b"\t", _LINE_BREAK.sub(b"\n", content))


def _points(length: str) -> float | None:
    """Return a length such as ``0.5cm`` in points; None for anything else, as a share is."""
    match = _LENGTH.fullmatch(length)
    return float(match[1]) * _POINTS[match[2]] if match else None


def _is_small(length: str, minimum: float) -> bool:
    """Whether a row height or column width shows nothing; `minimum` is in points."""
    points = _points(length)
    return points is not None and points < minimum


def _is_raised(position: str) -> bool:
    """Whether a position such as ``super 58%`` or ``33% 58%`` is above or below the line."""
    return position.split(" ")[0] not in ("", "0%")


def _text_colour(attributes: Attributes, inherited: Colour | None) -> Colour | None:
    """Return the colour of a style's text; None for the automatic one."""
    if attributes.get("style:use-window-font-color") == "true":
        return None
    colour = attributes.get("fo:color", "")
    return Colour.parse(colour[1:]) if colour else inherited


class _Styles:
    """Styles that change what is read or seen, by name."""

    def __init__(self) -> None:
        self.name = ""
        self.legacy_fonts: dict[str, str] = {}
        self.fonts: dict[str, Font] = {}
        self.fills: dict[str, Colour | None] = {}
        self.has_marks = False
        """Whether any text may be struck out, raised, lowered or unseen."""
        self.flat: set[str] = set()
        """Of rows and columns that are too small to show anything."""
        self.master_pages: dict[str, str] = {}
        """The master page of a table style."""
        self.handlers: dict[str, Callable[[Attributes], None]] = {
            "style:style": self._start_style,
            "style:text-properties": self._add_text_style,
            "style:table-cell-properties": self._add_fill,
            "style:table-row-properties": self._add_row_style,
            "style:table-column-properties": self._add_column_style,
        }

    def _start_style(self, attributes: Attributes) -> None:
        self.name = attributes.get("style:name", "")
        parent = attributes.get("style:parent-style-name", "")
        self.fonts[self.name] = self.font(parent)
        self.fills[self.name] = self.fills.get(parent, WHITE)
        if page := attributes.get("style:master-page-name"):
            self.master_pages[self.name] = page

    def font(self, style: str) -> Font:
        """Return the font of a style; without one its colour is automatic, which is always seen."""
        return self.fonts.get(style, Font(colour=None))

    def _add_text_style(self, attributes: Attributes) -> None:
        """Record what a style says of its font, and one from before Unicode."""
        name = attributes.get("style:font-name") or attributes.get("fo:font-family", "")
        if font_encoding(name):
            self.legacy_fonts[self.name] = name
        font = self.font(self.name)
        lines = {attributes[key] for key in _STRUCK if key in attributes}
        self.fonts[self.name] = font = Font(
            is_struck=bool(lines - {"none"}) if lines else font.is_struck,
            colour=_text_colour(attributes, font.colour),
            points=_points(attributes.get("fo:font-size", "")) or font.points,
            is_raised=_is_raised(attributes.get("style:text-position", "")) or font.is_raised,
        )
        self.has_marks |= bool(
            font.is_struck
            or font.is_raised
            or font.colour not in (None, BLACK)
            or font.points <= MIN_POINTS
        )

    def _add_fill(self, attributes: Attributes) -> None:
        fill = attributes.get("fo:background-color", "")
        if fill and fill != "transparent":
            self.fills[self.name] = Colour.parse(fill[1:])

    def is_unseen(self, style: str, span: str = "") -> bool:
        """Whether nobody sees a cell's text, or a span in it."""
        return is_unseen(self.font(span or style), self.fills.get(style, WHITE))

    def _add_row_style(self, attributes: Attributes) -> None:
        if _is_small(attributes.get("style:row-height", ""), MIN_ROW_POINTS):
            self.flat.add(self.name)

    def _add_column_style(self, attributes: Attributes) -> None:
        minimum = MIN_COLUMN_CHARACTERS * _POINTS_PER_CHARACTER
        if _is_small(attributes.get("style:column-width", ""), minimum):
            self.flat.add(self.name)


def _read_page_texts(part: bytes, styles: _Styles) -> dict[str, list[str]]:
    """Return the words in header and footer by master page; add the part's styles to `styles`.

    Fields, such as the number of the page, are no words.
    """
    texts_by_page: dict[str, list[str]] = {}
    texts: list[str] = []
    path: list[str] = []
    page = ""

    def start(name: str, attributes: Attributes) -> None:
        nonlocal page
        path.append(name)
        if name == "style:master-page":
            page = attributes.get("style:name", "")
        elif handler := styles.handlers.get(name):
            handler(attributes)
        is_word = name in ("text:p", "text:span", "text:a") and not _PAGE_PARTS.isdisjoint(path)
        xml_parser.CharacterDataHandler = texts.append if is_word else None

    def end(name: str) -> None:
        path.pop()
        is_word = bool(path) and path[-1] in ("text:p", "text:span", "text:a")
        if name == "text:p":
            texts_by_page.setdefault(page, []).append("".join(texts))
            texts.clear()
        xml_parser.CharacterDataHandler = texts.append if is_word and name != "text:p" else None

    xml_parser = create_parser()
    xml_parser.StartElementHandler, xml_parser.EndElementHandler = start, end
    parse_part(xml_parser, part)
    return texts_by_page


class _ContentScanner:
    """Walks over the tables; one element may stand for many equal rows or cells."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.sheets: dict[str, CellMetadata] = {}
        self.styles = _Styles()
        self.page_texts: Mapping[str, list[str]] = {}
        self.parser = create_parser()
        self.parser.StartElementHandler = self._start_element
        self.parser.EndElementHandler = self._end_element
        self.is_in_marked_span = False
        self._start_table({"table:name": ""})
        self.handlers = {
            "table:table": self._start_table,
            "table:table-column": self._start_columns,
            "table:table-row": self._start_row,
            "table:table-cell": self._start_cell,
            "table:covered-table-cell": self._start_cell,
            "office:annotation": self._start_note,
            "text:p": self._start_paragraph,
            "text:span": self._start_span,
            **dict.fromkeys(_SHAPES, self._start_shape),
            **self.styles.handlers,
        }

    def _start_element(self, name: str, attributes: Attributes) -> None:
        if handler := self.handlers.get(name):
            handler(attributes)
        if self.shape_depth and name in _OBJECTS:
            self.is_object = True

    def _end_element(self, name: str) -> None:
        if name in ("table:table-cell", "table:covered-table-cell"):
            self._close_cell()
        elif name == "table:table-row":
            self.row += self.row_repeat
        elif name == "table:table":
            self.sheets[self.title] = self.builder.build(self.title)
        elif name == "office:annotation":
            self._close_note()
        elif name in _SHAPES:
            self._close_shape()
        elif name == "text:p":
            self._close_paragraph()
        elif name == "text:span" and self.is_in_marked_span:
            self.is_in_marked_span = False
            self._start_paragraph({})

    def _start_table(self, attributes: Attributes) -> None:
        self.title = attributes["table:name"]
        self.builder = MetadataBuilder(self.limits)
        self.row, self.row_repeat, self.column, self.next_column = 1, 1, 1, 1
        self.cell: Attributes = {}
        self.texts: list[str] = []
        self.note: list[str] | None = None
        self.shape_depth, self.is_object = 0, False
        self.shape_texts: list[str] = []
        self.row_style, self.column_styles = "", dict[int, str]()
        self.seen_texts: list[str] = []
        self.struck_texts: list[str] = []
        self.odd_texts: list[str] = []
        self.has_unseen = self.has_seen_span = False
        self.is_in_marked_span = False
        self.is_in_cell = self.has_text = False
        page = self.styles.master_pages.get(attributes.get("table:style-name", ""), "")
        for words in self.page_texts.get(page, ()):
            self.builder.add_page_text(words)

    def _start_columns(self, attributes: Attributes) -> None:
        repeat = int(attributes.get("table:number-columns-repeated", 1))
        last = self.next_column + repeat - 1
        if self._is_hidden(attributes):
            self.builder.hide_columns(self.next_column, last)
        style = attributes.get("table:default-cell-style-name", "")
        if self.styles.font(style).is_struck or self.styles.is_unseen(style):
            columns = range(self.next_column, min(last, self.limits.columns) + 1)
            self.column_styles |= dict.fromkeys(columns, style)
        self.next_column += repeat

    def _start_row(self, attributes: Attributes) -> None:
        self.column = 1
        self.row_style = attributes.get("table:default-cell-style-name", "")
        self.row_repeat = int(attributes.get("table:number-rows-repeated", 1))
        if self.row + self.row_repeat - 1 > MAX_ROWS:
            raise ValueError("more rows than any program has")
        if self._is_hidden(attributes):
            last = min(self.row + self.row_repeat - 1, self.limits.rows)
            self.builder.hidden_rows.update(range(self.row, last + 1))

    def _is_hidden(self, attributes: Attributes) -> bool:
        is_flat = attributes.get("table:style-name") in self.styles.flat
        return is_flat or attributes.get("table:visibility") in _HIDDEN

    def _start_cell(self, attributes: Attributes) -> None:
        self.cell, self.texts = attributes, []
        self.seen_texts, self.struck_texts, self.odd_texts = [], [], []
        self.has_unseen = self.has_seen_span = False
        self.is_in_cell, self.has_text = True, False
        self._collect_text()

    def _has_result(self) -> bool:
        """Whether it is a formula or an error cell."""
        return "table:formula" in self.cell or self.cell.get("calcext:value-type") == "error"

    def _collect_text(self) -> None:
        """Collect the text of a formula or an error cell."""
        if self._has_result():
            self.parser.CharacterDataHandler = self.texts.append

    def _start_note(self, _: Attributes) -> None:
        self.note = []
        self.parser.CharacterDataHandler = None

    def _start_paragraph(self, _: Attributes) -> None:
        if self.note is not None:
            self.parser.CharacterDataHandler = self.note.append
        elif self.shape_depth:
            self.parser.CharacterDataHandler = self.shape_texts.append
        else:
            self._start_cell_text()

    def _start_cell_text(self) -> None:
        self.has_text = True
        if not self._has_result() and (
            self.styles.has_marks or self.cell.get("office:value-type") in _FIGURES
        ):
            self.parser.CharacterDataHandler = self.seen_texts.append

    def _close_paragraph(self) -> None:
        if self.note is not None:
            self.note.append("\n")
            self.parser.CharacterDataHandler = None
        elif self.shape_depth:
            self.shape_texts.append(" ")
            self.parser.CharacterDataHandler = None
        elif self.styles.has_marks and not self._has_result():
            self.seen_texts.append("\n")
            self.parser.CharacterDataHandler = None

    def _start_span(self, attributes: Attributes) -> None:
        if self.note is not None or self.shape_depth or self._has_result():
            return
        span = attributes.get("text:style-name", "")
        is_struck = self.styles.font(span).is_struck
        is_unseen_span = self.styles.is_unseen(self._cell_style(), span)
        self.has_seen_span |= not is_unseen_span
        if is_struck or is_unseen_span or self.styles.font(span).is_raised:
            self.is_in_marked_span = True
            self.has_unseen |= is_unseen_span and not is_struck
            add = self.struck_texts.append if is_struck else self._add_odd_text
            self.parser.CharacterDataHandler = add

    def _add_odd_text(self, text: str) -> None:
        self.seen_texts.append(text)
        self.odd_texts.append(text)

    def _start_shape(self, _: Attributes) -> None:
        if self.note is None:
            if not self.shape_depth:
                self.shape_texts, self.is_object = [], False
            self.shape_depth += 1

    def _close_shape(self) -> None:
        if self.note is not None or not self.shape_depth:
            return
        self.shape_depth -= 1
        if not self.shape_depth:
            position = (self.row, self.column) if self.is_in_cell else None
            text = "".join(self.shape_texts)
            self.builder.add_drawing(position, text, is_object=self.is_object)
            self._collect_text()

    def _close_note(self) -> None:
        self.builder.notes[self.row, self.column] = "".join(self.note or ())
        self.note = None
        self._collect_text()

    def _close_cell(self) -> None:
        self.parser.CharacterDataHandler = None
        repeat = int(self.cell.get("table:number-columns-repeated", 1))
        if "office:value-type" in self.cell or "table:formula" in self.cell:
            self._add_filled(repeat)
        if "table:content-validation-name" in self.cell:
            last = self.row + self.row_repeat - 1, self.column + repeat - 1
            self.builder.add_validated([(self.row, self.column, *last)])
        self._add_merge()
        self.column += repeat
        self.cell, self.is_in_cell = {}, False

    def _add_filled(self, repeat: int) -> None:
        last_position = self.row + self.row_repeat - 1, self.column + repeat - 1
        within_limits = self.builder.add_filled(last_position)
        if (
            not within_limits
            or self.builder.last_row * self.builder.last_column > self.limits.cells
        ):
            return  # refused when the table ends
        self._record_formats(repeat)
        text = "".join(self.texts)
        is_error = self.cell.get("calcext:value-type") == "error" or _ERROR.fullmatch(text)
        for position in (
            self._positions(repeat) if self.texts or "table:formula" in self.cell else ()
        ):
            if "table:formula" in self.cell:
                self.builder.formulas.add(position)
            if is_error:
                self.builder.errors[position] = text
            elif "office:value-type" not in self.cell:
                self.builder.uncached.add(position)

    def _record_formats(self, repeat: int) -> None:
        """Record the formats that change what the cell says."""
        if font := self.styles.legacy_fonts.get(self.cell.get("table:style-name", "")):
            self.builder.fonts |= dict.fromkeys(self._positions(repeat), font)
        if self.cell.get("office:value-type") in _FIGURES and (code := self._shown_format()):
            self.builder.number_formats |= dict.fromkeys(self._positions(repeat), code)
        if struck := self._struck_text():
            self.builder.struck |= dict.fromkeys(self._positions(repeat), struck)
        is_cell_unseen = self.styles.is_unseen(self._cell_style())
        if is_cell_unseen and not (self.odd_texts or self.has_seen_span):
            self.builder.odd_characters |= dict.fromkeys(self._positions(repeat), "")
        elif odd := self._odd_characters():
            self.builder.odd_characters |= dict.fromkeys(self._positions(repeat), odd)

    def _odd_characters(self) -> str:
        """Return what is unseen, or raised or lowered beside other characters."""
        odd = "".join(self.odd_texts).strip()
        return odd if self.has_unseen or odd != "".join(self.seen_texts).strip() else ""

    def _cell_style(self) -> str:
        style = self.cell.get("table:style-name") or self.row_style
        return style or self.column_styles.get(self.column, "")

    def _shown_format(self) -> str:
        if not self.has_text:  # some programs write the value alone
            return ""
        value = self.cell.get("office:value") or self.cell.get("office:date-value", "")
        shown = "".join((*self.texts, *self.seen_texts, *self.struck_texts))
        return infer_format(shown, value)

    def _struck_text(self) -> StruckText | None:
        if self.styles.font(self._cell_style()).is_struck:
            return StruckText()
        struck = "".join(self.struck_texts)
        return StruckText("".join(self.seen_texts), struck) if struck.strip() else None

    def _positions(self, repeat: int) -> Iterator[CellPosition]:
        for row in range(self.row, self.row + self.row_repeat):
            for column in range(self.column, self.column + repeat):
                yield row, column

    def _add_merge(self) -> None:
        height = int(self.cell.get("table:number-rows-spanned", 1))
        width = int(self.cell.get("table:number-columns-spanned", 1))
        if height > 1 or width > 1:
            last = self.row + height - 1, self.column + width - 1
            self.builder.merges.append((self.row, self.column, *last))
