"""Good returns, changed by chance, each with what must become of it.

The mutator knows how a workbook is built: it changes the package, the XML of a sheet, or one cell
somebody filled in. `Mutant.must` is the oracle:

    same      nothing of the return was touched: the same values, not one finding more
    touched   one cell was: its new value is read, or a finding names that cell; others as before
    refused   no office program writes such a file
    any       damaged somehow: refused, or read as an independent reader reads it
"""

from __future__ import annotations

import io
import random
import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from mlay_batch.model.records import Submission
from mlay_batch.schema.model import Form

Parts = dict[str, bytes]
Random = random.Random
_STORED = zipfile.ZIP_STORED
_CELL = r'<c r="{at}"( [^>]*?)?(/>|>.*?</c>)'
_EPOCH = date(1899, 12, 30)


@dataclass(frozen=True)
class Original:
    """A good return: its bytes, its parts, and what the reader says of it."""

    name: str
    data: bytes
    parts: Mapping[str, bytes]
    submission: Submission
    form: Form

    def part_of(self, title: str) -> str:
        """The part of the sheet of that title."""
        book = self.parts["xl/workbook.xml"].decode()
        relations = self.parts["xl/_rels/workbook.xml.rels"].decode()
        titles = re.findall(r'<sheet [^>]*?name="([^"]*)"[^>]*?r:id="([^"]*)"', book)
        reference = next(ref for name, ref in titles if name == title)
        entries = re.findall(r"<Relationship [^>]*>", relations)
        entry = next(relation for relation in entries if f'Id="{reference}"' in relation)
        return "xl/" + re.findall(r'Target="(?:/?xl/)?([^"]*)"', entry)[0]

    @property
    def sheet(self) -> str:
        """The part of the first sheet with values."""
        return self.part_of(self.submission.rows[0].sheet)


@dataclass(frozen=True)
class Mutant:
    """A changed return. `cell` is the one touched, `typed` what stands there now."""

    name: str
    how: str
    data: bytes
    must: str
    original: Original
    cell: str = ""
    typed: object = None


def pack(parts: Mapping[str, bytes], method: int = _STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method, compresslevel=1) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return buffer.getvalue()


def unpack(data: bytes) -> Parts:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {entry.filename: archive.read(entry) for entry in archive.infolist()}


# Nothing touched ---------------------------------------------------------------------------------


def _shuffle(rng: Random, parts: Parts, base: Original) -> Parts:
    names = list(parts)
    rng.shuffle(names)
    return {name: parts[name] for name in names}


def _more_parts(rng: Random, parts: Parts, base: Original) -> Parts:
    extra = {
        "docProps/thumbnail.jpeg": b"\xff\xd8" + rng.randbytes(500),
        "xl/media/image1.png": b"\x89PNG" + rng.randbytes(500),
        "customXml/item1.xml": b"<a>\xc4\x91</a>",
        "xl/printerSettings/printerSettings1.bin": rng.randbytes(300),
        "xl/calcChain.xml": b"<calcChain/>",
    }
    return parts | {name: extra[name] for name in rng.sample(sorted(extra), rng.randint(1, 5))}


def _fewer_parts(rng: Random, parts: Parts, base: Original) -> Parts:
    gone = rng.choice(["docProps/app.xml", "docProps/core.xml", "xl/theme/theme1.xml"])
    return {name: part for name, part in parts.items() if name != gone}


def _dimension(rng: Random, parts: Parts, base: Original) -> Parts:
    dimension = rng.choice([b"", b'<dimension ref="A1"/>', b'<dimension ref="A1:XFD1048576"/>'])
    return _each_sheet(parts, lambda xml: re.sub(rb"<dimension [^>]*/>", dimension, xml))


def _blanks(rng: Random, parts: Parts, base: Original) -> Parts:
    blank = rng.choice([b"\n", b"\r\n  ", b"<!-- x -->", b"\t"])
    return _each_sheet(parts, lambda xml: xml.replace(b"</row>", b"</row>" + blank))


def _prefix_tags(rng: Random, parts: Parts, base: Original) -> Parts:
    def prefix(xml: bytes) -> bytes:
        xml = re.sub(rb"<(/?)(?=[a-zA-Z])(?![\w]+:)", rb"<\1x:", xml)
        return xml.replace(b" xmlns=", b" xmlns:x=", 1)

    return _each_sheet(parts, prefix)


def _spare_cells(rng: Random, parts: Parts, base: Original) -> Parts:
    """Empty formatted cells far away, as a drag of the mouse leaves them."""
    row = rng.choice([500, 60_000, 1_048_576])
    cell = f'<row r="{row}"><c r="XFD{row}" s="0"/></row></sheetData>'.encode()
    return _each_sheet(parts, lambda xml: xml.replace(b"</sheetData>", cell))


def _row_inserted(rng: Random, parts: Parts, base: Original) -> Parts:
    """Blank rows inserted, everything below moved down; blank rows of a table do not count."""
    name, by = base.sheet, rng.randint(1, 5)
    first = rng.randint(1, max(row.number for row in base.submission.rows))

    def down(match: re.Match[bytes]) -> bytes:
        number = int(match[2])
        return match[1] + str(number + by if number >= first else number).encode() + match[3]

    xml = re.sub(rb'(<row r=")(\d+)(")', down, parts[name])
    xml = re.sub(rb'(<c r="[A-Z]+)(\d+)(")', down, xml)
    xml = re.sub(rb"<mergeCells.*?</mergeCells>", b"", xml, flags=re.DOTALL)
    ranges = re.compile(rb'(?<=<dataValidation sqref=")[^"]*')  # lists and limits move along
    assert ranges.search(xml)
    xml = ranges.sub(lambda sqref: re.sub(rb"([A-Z]+)(\d+)()", down, sqref[0]), xml)
    return parts | {name: xml}


def _share_strings(rng: Random, parts: Parts, base: Original) -> Parts:
    """Texts moved to the shared strings, as Excel does on saving."""
    texts: list[bytes] = []

    def move(match: re.Match[bytes]) -> bytes:
        texts.append(match[2])
        return match[1].replace(b'"inlineStr"', b'"s"') + b"<v>%d</v>" % (len(texts) - 1)

    if "xl/sharedStrings.xml" in parts:
        return parts
    moved = _each_sheet(
        parts, lambda xml: re.sub(rb"(<c [^>]*>)<is>(.*?)</is>", move, xml, flags=re.DOTALL)
    )
    space = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    items = b"".join(b"<si>" + text + b"</si>" for text in texts)
    relation = (
        b'<Relationship Id="rIdS" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
        b'relationships/sharedStrings" Target="sharedStrings.xml"/></Relationships>'
    )
    relations = "xl/_rels/workbook.xml.rels"
    moved[relations] = moved[relations].replace(b"</Relationships>", relation)
    kind = (
        b'<Override PartName="/xl/sharedStrings.xml" ContentType="application/vnd.openxmlformats-'
        b'officedocument.spreadsheetml.sharedStrings+xml"/></Types>'
    )
    moved["[Content_Types].xml"] = moved["[Content_Types].xml"].replace(b"</Types>", kind)
    return moved | {"xl/sharedStrings.xml": b"<sst " + space + b">" + items + b"</sst>"}


def _each_sheet(parts: Parts, change: Callable[[bytes], bytes]) -> Parts:
    return {
        name: change(part) if name.startswith("xl/worksheets/") and name.endswith(".xml") else part
        for name, part in parts.items()
    }


# No office program writes such a file ------------------------------------------------------------

_BOMB = bytes(4 << 20)


def _bomb(rng: Random, parts: Parts, base: Original) -> Parts:
    return parts | {f"xl/media/{rng.random()}.xml": _BOMB}


def _doctype(rng: Random, parts: Parts, base: Original) -> Parts:
    name = rng.choice([name for name in parts if name.endswith((".xml", ".rels"))])
    bomb = b'<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]>'
    return parts | {name: bomb + re.sub(rb"^<\?xml.*?\?>", b"", parts[name])}


def _leads_out(rng: Random, parts: Parts, base: Original) -> Parts:
    name = rng.choice(["../../evil.xml", "/evil.xml", "C:\\evil.xml", "xl\\..\\..\\evil"])
    return parts | {name: b"<a/>"}


def _twice(rng: Random, parts: Parts, base: Original) -> Parts:
    return parts | {rng.choice(list(parts)).swapcase(): b"<a/>"}


def _macro(rng: Random, parts: Parts, base: Original) -> Parts:
    return parts | {rng.choice(["xl/vbaProject.bin", "xl/macrosheets/sheet1.xml"]): b"code"}


def _lock(rng: Random, parts: Parts, base: Original) -> Parts:
    return parts  # the flag is set on the packed bytes


# Damaged -----------------------------------------------------------------------------------------

_JUNK = [b"", b"-1", b"0", b"99999999999", b"XFD1048576", b"A0", b"\xe1\xbb\x87", b"NaN", b"1e400",
         b"&#0;", b"&amp;", b"A" * 5000, b"true", b"D12", b"<", b"\x00"]  # fmt: skip


def _attribute(rng: Random, xml: bytes) -> bytes:
    places = list(re.finditer(rb'="([^"]*)"', xml))
    at = rng.choice(places) if places else None
    return xml[: at.start(1)] + rng.choice(_JUNK) + xml[at.end(1) :] if at else xml


def _tag(rng: Random, xml: bytes) -> bytes:
    places = list(re.finditer(rb"<[^>]*>", xml))
    at = rng.choice(places) if places else None
    if at is None:
        return xml
    change = rng.choice([b"", at[0] * 2, b"<x>" + at[0], at[0] + b"&undefined;", b"<![CDATA[x]]>"])
    return xml[: at.start()] + change + xml[at.end() :]


def _cell_twice(rng: Random, xml: bytes) -> bytes:
    places = list(re.finditer(rb"<c [^>]*>.{0,80}?</c>", xml))
    if not places:
        return xml
    first, other = rng.choice(places), rng.choice(places)
    return xml[: first.end()] + other[0] + xml[first.end() :]


def _rows_swapped(rng: Random, xml: bytes) -> bytes:
    rows = re.findall(rb"<row [^>]*>.*?</row>", xml, flags=re.DOTALL)
    if len(rows) < 2:
        return xml
    first, other = rng.sample(rows, 2)
    return xml.replace(first, b"\0").replace(other, first).replace(b"\0", other)


def _number(rng: Random, xml: bytes) -> bytes:
    places = list(re.finditer(rb"<v>([^<]*)</v>", xml))
    at = rng.choice(places) if places else None
    return xml[: at.start(1)] + rng.choice(_JUNK) + xml[at.end(1) :] if at else xml


def _deep(rng: Random, xml: bytes) -> bytes:
    rows = b"<row>" * rng.choice([10, 10_000, 100_000])
    return xml.replace(b"<sheetData>", b"<sheetData>" + rows)


def _encoding(rng: Random, xml: bytes) -> bytes:
    text = xml.decode("utf-8", "replace")
    declared = rng.choice(["utf-16", "utf-8", "cp1258", "utf-7", "ascii", "no-such"])
    wrote = rng.choice(["utf-16", "utf-16-be", "utf-8-sig"])
    return f'<?xml version="1.0" encoding="{declared}"?>'.encode() + text.encode(wrote)


def _cut(rng: Random, xml: bytes) -> bytes:
    return xml[: rng.randrange(len(xml))] if xml else xml


def _flip(rng: Random, xml: bytes) -> bytes:
    changed = bytearray(xml)
    for _ in range(rng.choice([1, 3, 20])):
        if changed:
            changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def _long(rng: Random, xml: bytes) -> bytes:
    return xml.replace(b"<t>", b"<t>" + b"x" * rng.choice([32_767, 32_768, 300_000]), 1)


def _kinds(rng: Random, xml: bytes) -> bytes:
    """Cells that claim another type: a shared string beyond the list, a boolean, a date."""
    kind = rng.choice([b"s", b"b", b"e", b"d", b"str", b"inlineStr", b"n", b"zz"])
    places = list(re.finditer(rb'<c r="[A-Z]+\d+"[^>]*? t="(\w+)"', xml))
    at = rng.choice(places) if places else None
    return xml[: at.start(1)] + kind + xml[at.end(1) :] if at else xml


_DAMAGES = (
    _attribute, _tag, _cell_twice, _rows_swapped, _number, _deep, _encoding, _cut, _flip, _long,
    _kinds,
)  # fmt: skip


def _damage(rng: Random, parts: Parts, base: Original) -> tuple[str, Parts]:
    changed = dict(parts)
    names = [name for name in parts if name.endswith((".xml", ".rels"))]
    how = []
    for _ in range(rng.choice([1, 1, 2, 5])):
        name = rng.choice([base.sheet, base.sheet, *names])
        damage = rng.choice(_DAMAGES)
        changed[name] = damage(rng, changed[name])
        how.append(f"{damage.__name__[1:]}:{name.rpartition('/')[2]}")
    if rng.random() < 0.1:
        first, other = rng.sample(names, 2)
        changed[first], changed[other] = changed[other], changed[first]
        how.append("swapped")
    if rng.random() < 0.05:
        del changed[rng.choice(list(changed))]
        how.append("dropped")
    return "+".join(how), changed


def _bytes_damaged(rng: Random, data: bytes) -> tuple[str, bytes]:
    how = rng.choice(["flip", "cut", "twice", "middle", "zeroed"])
    at, length = rng.randrange(len(data)), rng.randrange(1, 2000)
    change: dict[str, Callable[[], bytes]] = {
        "flip": lambda: _flip(rng, data),
        "cut": lambda: data[:at],
        "twice": lambda: data + data[at:],
        "middle": lambda: data[:at] + data[at + length :],
        "zeroed": lambda: data[:at] + bytes(length) + data[at + length :],
    }
    return f"bytes:{how}", change[how]()


# One cell touched --------------------------------------------------------------------------------

_TEXTS = [
    "=cmd|'/c calc'!A1", "+1+1", "@SUM(A1)", "<b>", "&lt;", "_x000D_", "x" * 32_767, "18/18",
    "\u202e12\u202c", "1\u200b8", "\U0001f600", "[red]a[/]", "{value}", "a\nb", "\u00d0\u1ed3i",
    "1.142", "99,6", "N/A", "-", "không", "\u1ed3 l\u1ea1", "31/11/2019", "31/12/1899", "\x7f",
]  # fmt: skip


def _content(rng: Random) -> tuple[str, str, object]:
    """Return a cell's type, its inner XML, and what stands there then (None: no usable value)."""
    kind = rng.choice(["number", "text", "text", "error", "uncached", "formula", "bool", "empty"])
    if kind == "number":
        value = rng.choice([0, 1, 7, 12, 93, 10**6, -3, 2.5, 43_790, 43_785.0, 1e300])
        return "n", f"<v>{value!r}</v>", value
    if kind == "text":
        text = rng.choice(_TEXTS)
        return "inlineStr", f'<is><t xml:space="preserve">{_escape(text)}</t></is>', text
    if kind == "error":
        return "e", f"<v>{rng.choice(['#N/A', '#REF!', '#DIV/0!'])}</v>", None
    if kind == "uncached":
        return "n", "<f>1+1</f>", None
    if kind == "formula":
        return "n", "<f>5+3</f><v>8</v>", 8
    return ("b", "<v>1</v>", True) if kind == "bool" else ("n", "", "")


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


def _touch(rng: Random, base: Original, name: str) -> Mutant:
    rows = [row for row in base.submission.rows if row.cells]
    row = rng.choice(rows)
    field_id = rng.choice(sorted(row.cells))
    section = next(s for s in base.form.sections if s.id == row.section)
    entry = next(f for f in section.fields if f.id == field_id)
    kind, inner, typed = _content(rng)
    cell, part = row.cells[field_id], base.part_of(row.sheet)
    written = f'<c r="{cell}" t="{kind}">{inner}</c>'
    pattern = re.compile(_CELL.format(at=cell), re.DOTALL)
    xml, count = pattern.subn(lambda _: written, base.parts[part].decode(), count=1)
    data = pack(dict(base.parts) | {part: xml.encode()})
    must = "touched" if count else "same"
    return Mutant(name, f"touched:{entry.type}:{kind}", data, must, base, cell, typed)


_SAME = (_shuffle, _more_parts, _fewer_parts, _dimension, _blanks, _prefix_tags, _spare_cells,
         _row_inserted, _share_strings)  # fmt: skip
_REFUSED = (_bomb, _doctype, _leads_out, _twice, _macro, _lock)


def mutant(seed: int, number: int, originals: list[Original], legacy: list[Original]) -> Mutant:
    """Return the mutant of that number: the same for the same seed, whatever else was made."""
    rng = random.Random(f"{seed}/{number}")
    name = f"{number}.xlsx"
    base = rng.choice(originals)
    share = rng.random()
    if share < 0.25:
        changes = rng.sample(_SAME, rng.randint(1, 3))
        parts = dict(base.parts)
        for change in sorted(changes, key=lambda c: c is _prefix_tags):
            parts = change(rng, parts, base)
        how = "+".join(change.__name__[1:] for change in changes)
        return Mutant(name, how, pack(parts, rng.choice([_STORED, 8])), "same", base)
    if share < 0.55:
        return _touch(rng, base, name)
    if share < 0.60:
        change = rng.choice(_REFUSED)
        data = pack(change(rng, dict(base.parts), base), 8 if change is _bomb else _STORED)
        if change is _lock:
            at = data.index(b"PK\x01\x02")
            data = data[: at + 8] + bytes([data[at + 8] | 1]) + data[at + 9 :]
        return Mutant(name, change.__name__[1:], data, "refused", base)
    if share < 0.85:
        how, parts = _damage(rng, dict(base.parts), base)
        return Mutant(name, how, pack(parts), "any", base)
    base = rng.choice([*originals, *legacy])
    how, data = _bytes_damaged(rng, base.data)
    return replace(Mutant(name, how, data, "any", base), name=f"{number}{base.name[-5:]}")
