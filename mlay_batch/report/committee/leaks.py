"""Finds what a file for circulation must not hold: reads the written package again.

Nothing of how it was written is trusted. A part or an element of a sheet that is not expressly
allowed is a leak. What is only hard to see, such as white letters on white, is not looked for.
"""

from __future__ import annotations

import io
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal
from xml.parsers import expat
from zipfile import ZipFile

from mlay_batch.core.text import name_key
from mlay_batch.core.xml_parser import UnreadableError, create_parser, local_name, parse_part
from mlay_batch.core.zip_rules import ZIP_ERRORS
from mlay_batch.errors import MlayError
from mlay_batch.report.committee.circulation_copy import MAX_SHEETS

Kind = Literal[
    "hidden", "name", "comment", "link", "formula", "list", "object", "source", "property",
    "change", "path", "sheets", "word", "part",
]  # fmt: skip
_MOST_PLACES = 5  # of leaks that an error names


@dataclass(frozen=True, slots=True, order=True)
class Leak:
    """Something that must not go out.

    Attributes:
        kind: what it is; ``leak.<kind>`` is the error that names it.
        part: the part of the package that holds it.
        detail: the element, the property, the words.
    """

    kind: Kind
    part: str
    detail: str


@dataclass(frozen=True)
class _Rules:
    """What a package of one format may hold.

    Attributes:
        parts: the names of its parts.
        closed: the parts in which only `elements` may stand.
        elements: the names of elements of those parts.
        kinds: what elements are that may stand in no part.
    """

    parts: re.Pattern[str]
    closed: re.Pattern[str]
    elements: frozenset[str]
    kinds: Mapping[str, Kind]


def _by_element(elements: Mapping[Kind, str]) -> Mapping[str, Kind]:
    """Return the kind of each element; the names of a kind's elements stand in one text."""
    return {name: kind for kind, names in elements.items() for name in names.split()}


_PACKAGE = r"\[Content_Types\]\.xml|_rels/\.rels|docProps/core\.xml"
_SHEET_ELEMENTS = """
    workbook fileVersion workbookPr bookViews workbookView sheets sheet calcPr sst si t
    worksheet sheetPr pageSetUpPr dimension sheetViews sheetView pane selection sheetFormatPr
    cols col sheetData row c v mergeCells mergeCell printOptions pageMargins pageSetup
    headerFooter oddFooter
"""
_XLSX = _Rules(
    parts=re.compile(
        rf"{_PACKAGE}|docProps/app\.xml|xl/(workbook|styles|sharedStrings|theme/theme1)\.xml"
        r"|xl/_rels/workbook\.xml\.rels|xl/worksheets/sheet\d+\.xml"
    ),
    closed=re.compile(r"xl/(workbook|sharedStrings|worksheets/.*)\.xml"),
    elements=frozenset(_SHEET_ELEMENTS.split()),
    kinds=_by_element(
        {
            "name": "definedName customWorkbookView customSheetView tablePart protectedRange",
            "comment": "comment threadedComment legacyDrawing scenario",
            "link": "hyperlink hlinkClick",
            "formula": "f conditionalFormatting cfRule formula",
            "list": "dataValidation formula1 formula2",
            "object": "drawing picture oleObject control legacyDrawingHF",
            "source": "externalReference pivotCache",
            "property": "fileSharing",
            "path": "absPath",
        }
    ),
)
_DOCX = _Rules(
    parts=re.compile(
        rf"{_PACKAGE}|word/(document|styles|settings|header\d+)\.xml"
        r"|word/_rels/document\.xml\.rels"
    ),
    closed=re.compile(r"word/settings\.xml"),
    elements=frozenset(("settings", "compat", "compatSetting")),
    kinds=_by_element(
        {
            "change": """ins del moveFrom moveTo cellIns cellDel cellMerge rPrChange pPrChange
                sectPrChange tblPrChange tblGridChange trPrChange tcPrChange numberingChange""",
            "comment": "comment commentRangeStart commentReference",
            "link": "hyperlink hlinkClick attachedTemplate",
            "object": "object pict drawing OLEObject altChunk control subDoc",
            "source": "mailMerge dataBinding",
            "property": "docVar customXml smartTag sdt",
            "name": "bookmarkStart",
        }
    ),
)
# What a part is that no file for circulation has; the first that fits.
_PART_KINDS: tuple[tuple[re.Pattern[str], Kind], ...] = (
    (re.compile(r"comments|persons?/|people\.xml"), "comment"),
    (re.compile(r"drawing|media/|embeddings/|charts?/|activex|ctrlprops|afchunk"), "object"),
    (re.compile(r"externallinks|connections|querytables|pivot|/model/|xmlmaps"), "source"),
    (re.compile(r"docprops/|customxml"), "property"),
    (re.compile(r"tables/"), "name"),
    (re.compile(r"calcchain"), "formula"),
)
# Properties of a document that say nothing about who wrote it, where and with what.
_PLAIN_PROPERTIES = """
    title created modified revision language Application DocSecurity ScaleCrop LinksUpToDate
    SharedDoc HyperlinksChanged AppVersion lpstr i4
"""
_PROPERTY_PARTS = ("docProps/core.xml", "docProps/app.xml")
PATH = re.compile(
    r"[A-Za-z]:\\|(?<![A-Za-z])[A-Za-z]:/|\bfile:/|\\\\\w|"
    r"(?<![\w/.])/(?:home|Users|root|tmp|var|mnt|media|opt|srv|usr|etc|Volumes|private)/"
)
_INVISIBLE_NUMBER = re.compile(r";;;.*")
_CONTAINERS = frozenset(("p", "si", "is"))  # what is written in them in pieces is read as one
_BREAKS = frozenset(("tab", "br", "cr", "ptab"))
_FIELDS = frozenset(("", "PAGE"))  # what a field may show
_FALSE = frozenset(("0", "false", "off", "none"))
_LETTER = r"[\w\u0300-\u036f]"


def find_leaks(data: bytes, forbidden_words: Collection[str] = ()) -> tuple[Leak, ...]:
    """Return what must not go out with a workbook, in order.

    `forbidden_words` are names or codes that nothing in it may hold, however they are written.
    """
    return tuple(sorted({*_package_leaks(data, _XLSX, forbidden_words)}))


def find_docx_leaks(data: bytes, forbidden_words: Collection[str] = ()) -> tuple[Leak, ...]:
    """Return what must not go out with a document, in order; see `find_leaks`."""
    return tuple(sorted({*_package_leaks(data, _DOCX, forbidden_words)}))


def refuse_leaks(leaks: Collection[Leak], file: str) -> None:
    """Raise MlayError that names the first kind of leak in `file`, and where it is."""
    for leak in leaks:
        places = [f"{other.part}: {other.detail}" for other in leaks if other.kind == leak.kind]
        where = "; ".join(places[:_MOST_PLACES])
        raise MlayError(f"leak.{leak.kind}", file=file, where=where)


def _package_leaks(data: bytes, rules: _Rules, forbidden_words: Collection[str]) -> Iterator[Leak]:
    words = {word: _word_pattern(word) for word in forbidden_words if word.strip()}
    try:
        with ZipFile(io.BytesIO(data)) as archive:
            names, comment = archive.namelist(), archive.comment
            parts = {name: archive.read(name) for name in names}
    except ZIP_ERRORS as error:
        yield Leak("part", "", f"unreadable: {error}")
        return
    if comment:
        yield Leak("comment", "", comment.decode("utf-8", "replace"))
    if len(parts) < len(names):
        yield Leak("part", "", "two parts of one name")
    for name, part in parts.items():
        if not rules.parts.fullmatch(name):
            yield Leak(_part_kind(name), name, "part")
        if name.endswith((".xml", ".rels", ".vml")):
            yield from _part_leaks(name, part, rules, words)


def _part_kind(name: str) -> Kind:
    folded = name.lower()
    return next((kind for pattern, kind in _PART_KINDS if pattern.search(folded)), "part")


def _word_pattern(word: str) -> re.Pattern[str]:
    """Return what finds a word in a `name_key`, but not as the beginning of a longer one."""
    return re.compile(f"(?<!{_LETTER}){re.escape(name_key(word))}(?!{_LETTER})")


def _part_leaks(
    name: str, part: bytes, rules: _Rules, words: Mapping[str, re.Pattern[str]]
) -> Iterator[Leak]:
    """Yield the leaks in an XML part."""
    scanner = _PartScanner(name, rules)
    try:
        scanner.scan(part)
    except (expat.ExpatError, UnreadableError) as error:
        yield Leak("part", name, f"unreadable: {error}")
    yield from scanner.leaks
    if scanner.sheets > MAX_SHEETS:
        yield Leak("sheets", name, str(scanner.sheets))
    for text in scanner.texts:
        if match := PATH.search(text):
            yield Leak("path", name, text[match.start() :][:80])
        if not words:
            continue
        key = name_key(text)
        yield from (Leak("word", name, word) for word, found in words.items() if found.search(key))


@dataclass
class _PartScanner:
    """Collects the leaks and all texts of a part, in one pass of expat.

    Attributes:
        name: the part's name.
        rules: what its package may hold.
        leaks: what must not go out.
        texts: the values of attributes, and the texts, those in pieces as one; each once.
        sheets: how many sheets it lists.
    """

    name: str
    rules: _Rules
    leaks: list[Leak] = field(default_factory=list)
    texts: dict[str, None] = field(default_factory=dict)
    sheets: int = 0
    _pieces: list[str] = field(default_factory=list)
    _checked: set[tuple[str, ...]] = field(default_factory=set)
    _open_containers: int = 0

    def scan(self, part: bytes) -> None:
        """Read the part. Raises ExpatError, and UnreadableError where it has a DOCTYPE."""
        xml_parser = create_parser()
        xml_parser.ordered_attributes = True
        xml_parser.StartElementHandler, xml_parser.EndElementHandler = self._start, self._end
        xml_parser.CharacterDataHandler = self._pieces.append
        xml_parser.CommentHandler = lambda text: self._add("comment", text)
        xml_parser.ProcessingInstructionHandler = lambda target, _: self._add("part", target)
        parse_part(xml_parser, part)

    def _add(self, kind: Kind, detail: str) -> None:
        self.leaks.append(Leak(kind, self.name, detail))

    def _start(self, name: str, attributes: list[str]) -> None:
        element = local_name(name)
        self.sheets += element == "sheet"
        self._open_containers += element in _CONTAINERS
        if element in _BREAKS:
            self._pieces.append(" ")
        if (start_tag := (element, *attributes)) in self._checked:
            return  # most cells of a document begin alike
        self._checked.add(start_tag)
        values = dict(zip(map(local_name, attributes[::2]), attributes[1::2], strict=True))
        self.texts.update(dict.fromkeys(values.values()))
        self._check_element(element, values)
        if reason := _hidden_by(element, values):
            self._add("hidden", reason)

    def _check_element(self, element: str, values: Mapping[str, str]) -> None:
        """Record an element that may not stand here, or that leads out of the package."""
        if element in self.rules.kinds:
            detail = values.get("name") or values.get("ref") or values.get("r") or element
            self._add(self.rules.kinds[element], detail)
        elif not self._is_allowed(element):
            self._add("part", element)
        if values.get("TargetMode") == "External":
            self._add("link", values.get("Target", ""))
        if "author" in values or "userName" in values:
            self._add("property", values.get("author") or values.get("userName", ""))
        if values.get("instr", "").strip() not in _FIELDS:
            self._add("formula", values["instr"].strip())

    def _is_allowed(self, element: str) -> bool:
        """Return whether an element may stand here; a list of leaks is told by its entries."""
        if not self.rules.closed.fullmatch(self.name):
            return True
        return element in self.rules.elements or element.removesuffix("s") in self.rules.kinds

    def _end(self, name: str) -> None:
        element = local_name(name)
        if (
            element == "instrText"
            and (field_code := "".join(self._pieces[-1:])).strip() not in _FIELDS
        ):
            self._add("formula", field_code.strip())
        self._open_containers -= element in _CONTAINERS
        if self._open_containers or not self._pieces:
            return
        text = "".join(self._pieces).strip()
        self._pieces.clear()
        if not text:
            return
        self.texts[text] = None
        if self.name in _PROPERTY_PARTS and element not in _PLAIN_PROPERTIES.split():
            self._add("property", f"{element}: {text}")


def _hidden_by(element: str, values: Mapping[str, str]) -> str:
    """Return what hides a sheet, row, column or text; empty where nothing hides it."""
    switches = ("hidden", "collapsed", "zeroHeight")
    if any(values.get(switch, "0") not in _FALSE for switch in switches):
        return element
    if {values.get("state"), values.get("visibility")} & {"hidden", "veryHidden"}:
        return values.get("name", element)
    if values.get("showSheetTabs", "1") in _FALSE:
        return element
    if element in ("vanish", "specVanish", "webHidden") and values.get("val", "1") not in _FALSE:
        return element
    if element in ("row", "col") and {values.get("ht"), values.get("width")} & {"0", "0.0"}:
        return element
    if element == "numFmt" and _INVISIBLE_NUMBER.fullmatch(values.get("formatCode", "")):
        return element
    return ""
