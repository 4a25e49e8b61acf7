"""What Excel itself holds a workbook to, read from the package: LibreOffice opens far more.

The figures are Microsoft's "Excel specifications and limits" and the schema of SpreadsheetML; what
breaks one of them is met with a repair prompt, or is lost silently.
"""

from __future__ import annotations

import io
import posixpath
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from xml.etree import ElementTree
from zipfile import ZipFile

from openpyxl.utils import range_boundaries

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
CHART = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
LINK = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
SPARK = "{http://schemas.microsoft.com/office/excel/2006/main}f"
# Functions of Excel 2007; a newer one needs a prefix, or Excel shows #NAME?.
FUNCTIONS = frozenset({
    "ABS", "AND", "AVERAGE", "AVERAGEIFS", "CEILING", "CONCATENATE", "COUNT", "COUNTA",
    "COUNTBLANK", "COUNTIF", "COUNTIFS", "DATE", "DATEDIF", "DAY", "EDATE", "EOMONTH",
    "FLOOR", "IF", "IFERROR", "INDEX", "INT", "ISBLANK", "ISERROR", "ISNUMBER", "LEFT", "LEN",
    "LOOKUP", "MATCH", "MAX", "MIN", "MOD", "MONTH", "N", "NOT", "OR", "RIGHT", "ROUND",
    "ROUNDDOWN", "ROUNDUP", "ROW", "ROWS", "SIGN", "SUM", "SUMIF", "SUMIFS", "SUMPRODUCT",
    "TEXT", "TRUNC", "VALUE", "VLOOKUP", "YEAR",
})  # fmt: skip
CALLED = re.compile(r"([A-Za-z_.][\w.]*)\(")
QUOTED = re.compile(r'"(?:[^"]|"")*"|\'(?:[^\']|\'\')*\'')
NAME = re.compile(r"[^\W\d][\w.]{0,254}")
CELL_LIKE = re.compile(r"[A-Za-z]{1,3}\d+|[RrCc]|[Rr]\d*[Cc]\d*")
Box = tuple[int, int, int, int]


@dataclass
class Package:
    """The parts of a workbook, parsed."""

    data: bytes
    parts: dict[str, bytes] = field(init=False)

    def __post_init__(self) -> None:
        with ZipFile(io.BytesIO(self.data)) as package:
            assert package.testzip() is None
            self.parts = {name: package.read(name) for name in package.namelist()}

    def xml(self, name: str) -> ElementTree.Element:
        return ElementTree.fromstring(self.parts[name])

    @cached_property
    def links(self) -> dict[str, dict[str, str]]:
        """The relations of each part: id to the part it leads to."""
        by_part: dict[str, dict[str, str]] = {}
        for name in self.parts:
            if name.endswith(".rels"):
                folder, _, base = name.rpartition("_rels/")
                links = (e for e in self.xml(name) if e.get("TargetMode") != "External")
                by_part[folder + base.removesuffix(".rels")] = {
                    str(e.get("Id")): _inside(folder, str(e.get("Target"))) for e in links
                }
        return by_part

    @cached_property
    def sheets(self) -> dict[str, ElementTree.Element]:
        """The worksheets by title, in their order."""
        links = self.links["xl/workbook.xml"]
        tabs = self.xml("xl/workbook.xml").iter(f"{MAIN}sheet")
        return {str(tab.get("name")): self.xml(links[str(tab.get(LINK))]) for tab in tabs}

    @cached_property
    def tables(self) -> dict[str, list[ElementTree.Element]]:
        """The tables on each sheet by its title."""
        links = self.links["xl/workbook.xml"]
        tabs = self.xml("xl/workbook.xml").iter(f"{MAIN}sheet")
        return {
            str(tab.get("name")): [
                self.xml(part)
                for part in self.links.get(links[str(tab.get(LINK))], {}).values()
                if part.startswith("xl/tables/")
            ]
            for tab in tabs
        }

    @cached_property
    def styles(self) -> ElementTree.Element:
        return self.xml("xl/styles.xml")

    @cached_property
    def strings(self) -> list[str]:
        root = self.xml("xl/sharedStrings.xml")
        return ["".join(t.text or "" for t in item.iter(f"{MAIN}t")) for item in root]


def problems(data: bytes) -> list[str]:
    """Return what Excel would not take, or would lose, of a workbook."""
    package = Package(data)
    return [problem for check in _CHECKS for problem in check(package)]


def _inside(folder: str, target: str) -> str:
    return posixpath.normpath(posixpath.join("/", folder, target))[1:]


def _box(ref: str) -> Box:
    left, top, right, bottom = range_boundaries(ref)
    return int(left or 1), int(top or 1), int(right or 1), int(bottom or 1)


def _meet(box: Box, other: Box) -> bool:
    apart = box[2] < other[0] or other[2] < box[0] or box[3] < other[1] or other[3] < box[1]
    return not apart


def _parts(package: Package) -> Iterator[str]:
    """Every relation leads to a part, and every part is of a declared type."""
    for source, links in package.links.items():
        yield from (f"{source}: no {part}" for part in links.values() if part not in package.parts)
    types = package.xml("[Content_Types].xml")
    declared = {str(e.get("PartName"))[1:] for e in types if e.get("PartName")}
    endings = {str(e.get("Extension")) for e in types if e.get("Extension")}
    for name in package.parts:
        if name not in declared and name.rpartition(".")[2] not in endings:
            yield f"{name}: of no declared type"


def _titles(package: Package) -> Iterator[str]:
    titles = list(package.sheets)
    for title in titles:
        if not 0 < len(title) <= 31 or set(title) & set("[]:*?/\\") or title.strip("'") != title:
            yield f"sheet {title!r}: not a name"
    if len({title.casefold() for title in titles}) < len(titles) or not titles:
        yield "two sheets of one name"


def _styles(package: Package) -> Iterator[str]:
    for name, most in (
        ("cellXfs", 64_000),
        ("fonts", 512),
        ("fills", 4_000),
        ("borders", 4_000),
        ("numFmts", 200),
        ("dxfs", 4_000),
    ):
        group = package.styles.find(f"{MAIN}{name}")
        if group is not None and len(group) > most:
            yield f"{len(group)} {name}"
    for shape in package.styles.iter(f"{MAIN}numFmt"):
        if len(str(shape.get("formatCode"))) > 255:
            yield "a number format of more than 255 characters"


def _texts(package: Package) -> Iterator[str]:
    yield from (f"text of {len(s)}: {s[:30]}" for s in package.strings if len(s) > 32_767)


def _cells(package: Package) -> Iterator[str]:
    formats = package.styles.find(f"{MAIN}cellXfs")
    styles = len(formats) if formats is not None else 0
    for title, sheet in package.sheets.items():
        seen: set[str] = set()
        for cell in sheet.iter(f"{MAIN}c"):
            place = str(cell.get("r"))
            column, row, _, _ = _box(place)
            if column > 16_384 or row > 1_048_576 or place in seen:
                yield f"{title}!{place}: outside or twice"
            if int(cell.get("s", 0)) >= styles:
                yield f"{title}!{place}: no such style"
            seen.add(place)


def _sizes(package: Package) -> Iterator[str]:
    for title, sheet in package.sheets.items():
        for row in sheet.iter(f"{MAIN}row"):
            if float(row.get("ht", 0)) > 409.5:
                yield f"{title}: row {row.get('r')} too high"
        for column in sheet.iter(f"{MAIN}col"):
            if float(column.get("width", 0)) > 255:
                yield f"{title}: column {column.get('min')} too wide"


def _formulas(package: Package) -> Iterator[str]:
    for title, sheet in package.sheets.items():
        texts = [str(f.text) for f in sheet.iter(f"{MAIN}f")]
        texts += [str(f.text) for f in sheet.iter(f"{MAIN}formula")]
        for text in dict.fromkeys(texts):
            plain = QUOTED.sub("", text)
            strange = {name.upper() for name in CALLED.findall(plain)} - FUNCTIONS
            if len(text) > 8_192 or strange or _depth(plain) > 64:
                yield f"{title}: {sorted(strange)} {len(text)} {text[:60]}"
            if any(len(quoted) > 257 for quoted in re.findall(r'"[^"]*"', text)):
                yield f"{title}: a text of more than 255 characters in {text[:60]}"


def _depth(formula: str) -> int:
    deepest = now = 0
    for letter in formula:
        now += (letter == "(") - (letter == ")")
        deepest = max(deepest, now)
    return deepest


def calculation(package: Package) -> Iterator[str]:
    """Excel need not calculate on opening: no result is missing or older than itself.

    Otherwise it asks on closing whether to save.
    """
    for settings in package.xml("xl/workbook.xml").iter(f"{MAIN}calcPr"):
        if settings.get("fullCalcOnLoad", "0") != "0" or int(settings.get("calcId", 0)) < 191_029:
            yield f"calculated on opening: {settings.attrib}"
    for title, sheet in package.sheets.items():
        for cell in sheet.iter(f"{MAIN}c"):
            value = cell.findtext(f"{MAIN}v")
            if cell.find(f"{MAIN}f") is not None and not value and cell.get("t") != "str":
                yield f"{title}!{cell.get('r')}: a formula without its result"


def _ranges(package: Package) -> Iterator[str]:
    """Merged cells do not meet one another, nor a table; tables and filters do not meet."""
    for title, sheet in package.sheets.items():
        merged = [_box(str(m.get("ref"))) for m in sheet.iter(f"{MAIN}mergeCell")]
        merged.sort(key=lambda box: box[1])
        tables = [_box(str(t.get("ref"))) for t in package.tables[title]]
        for number, area in enumerate(merged):
            near = (other for other in merged[number + 1 : number + 40])
            if any(_meet(area, other) for other in (*near, *tables)):
                yield f"{title}: merged cells {area} meet others"
        filters = [_box(str(f.get("ref"))) for f in sheet.findall(f"{MAIN}autoFilter")]
        for area, other in combinations([*tables, *filters], 2):
            if _meet(area, other):
                yield f"{title}: tables or filters meet"


def _tables(package: Package) -> Iterator[str]:
    names = [str(t.get("name")) for tables in package.tables.values() for t in tables]
    defined = package.xml("xl/workbook.xml").iter(f"{MAIN}definedName")
    names += [str(d.get("name")) for d in defined if not str(d.get("name")).startswith("_xlnm.")]
    for name in names:
        if not NAME.fullmatch(name) or CELL_LIKE.fullmatch(name):
            yield f"table {name}: not a name"
    if max(Counter(name.casefold() for name in names).values(), default=1) > 1:
        yield "two tables of one name"
    for title, tables in package.tables.items():
        for table in tables:
            yield from (f"{title}: {problem}" for problem in _headings(package, title, table))


def _headings(package: Package, title: str, table: ElementTree.Element) -> Iterator[str]:
    """A table's headings are texts, in the cells as in its list, unlike, at most 255 long."""
    left, top, right, bottom = _box(str(table.get("ref")))
    heads = [str(column.get("name")) for column in table.iter(f"{MAIN}tableColumn")]
    if len(heads) != right - left + 1 or bottom <= top:
        yield f"table {table.get('name')}: {len(heads)} headings, rows {top} to {bottom}"
    if len({head.casefold() for head in heads}) < len(heads) or max(map(len, heads)) > 255:
        yield f"table {table.get('name')}: headings alike or too long"
    row = next(r for r in package.sheets[title].iter(f"{MAIN}row") if r.get("r") == str(top))
    cells = {
        _box(str(cell.get("r")))[0]: package.strings[int(cell.findtext(f"{MAIN}v") or 0)]
        for cell in row
        if cell.get("t") == "s"
    }
    if [cells.get(column) for column in range(left, right + 1)] != heads:
        yield f"table {table.get('name')}: headings differ from the cells"


def _jumps(package: Package) -> Iterator[str]:
    for title, sheet in package.sheets.items():
        jumps = list(sheet.iter(f"{MAIN}hyperlink"))
        if len(jumps) > 65_530:
            yield f"{title}: {len(jumps)} links"
        for jump in jumps:
            target, _, cell = str(jump.get("location")).rpartition("!")
            if target.strip("'").replace("''", "'") not in package.sheets or not cell:
                yield f"{title}: link to {jump.get('location')}"


def _rules(package: Package) -> Iterator[str]:
    """Conditional formats lead to a format; lists of choices are short or a range."""
    group = package.styles.find(f"{MAIN}dxfs")
    count = len(group) if group is not None else 0
    for title, sheet in package.sheets.items():
        for rule in sheet.iter(f"{MAIN}cfRule"):
            if int(rule.get("dxfId", 0)) >= count or len(rule) > 3:
                yield f"{title}: conditional format {rule.attrib}"
        for choice in sheet.iter(f"{MAIN}dataValidation"):
            listed = choice.findtext(f"{MAIN}formula1") or ""
            if listed.startswith('"') and len(listed) > 257:
                yield f"{title}: a list of {len(listed)} characters"


def _pages(package: Package) -> Iterator[str]:
    for title, sheet in package.sheets.items():
        for footer in sheet.iter(f"{MAIN}oddFooter"):
            if len(footer.text or "") > 255:
                yield f"{title}: footer of {len(footer.text or '')} characters"
        for setup in sheet.iter(f"{MAIN}pageSetup"):
            if not 10 <= int(setup.get("scale", 100)) <= 400:
                yield f"{title}: printed at {setup.get('scale')} %"
        if len(list(sheet.iter(f"{MAIN}brk"))) > 1_026:
            yield f"{title}: too many page breaks"


def _small_bars(package: Package) -> Iterator[str]:
    for title, sheet in package.sheets.items():
        for line in sheet.iter(SPARK):
            if str(line.text).rpartition("!")[0].strip("'") not in package.sheets:
                yield f"{title}: small bars of {line.text}"


def _names(package: Package) -> Iterator[str]:
    """Defined names stand once for each sheet, and lead to sheets that are there."""
    names = list(package.xml("xl/workbook.xml").iter(f"{MAIN}definedName"))
    keys = Counter((name.get("name"), name.get("localSheetId")) for name in names)
    yield from (f"name {key} twice" for key, count in keys.items() if count > 1)
    for name in names:
        for title in re.findall(r"'((?:[^']|'')+)'!", str(name.text)):
            if title.replace("''", "'") not in package.sheets:
                yield f"name {name.get('name')} of {title}"


def _charts(package: Package) -> Iterator[str]:
    for part in (name for name in package.parts if name.startswith("xl/charts/chart")):
        chart = package.xml(part)
        if not 0 < len(list(chart.iter(f"{CHART}ser"))) <= 255:
            yield f"{part}: number of series"
        for area in chart.iter(f"{CHART}f"):
            title = str(area.text).rpartition("!")[0].strip("'").replace("''", "'")
            if title not in package.sheets:
                yield f"{part}: {area.text}"


_CHECKS: Iterable[Callable[[Package], Iterator[str]]] = (
    _parts, _titles, _styles, _texts, _cells, _sizes, _formulas, _ranges, _tables, _jumps, _rules,
    _pages, _small_bars, _names, _charts, calculation,
)  # fmt: skip
