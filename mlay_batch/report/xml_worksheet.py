"""Sheets of XlsxWriter's that let go of their cells, and join those that another process wrote.

The cells of a sheet name texts and formats by numbers, which count through the whole workbook in
the order of first use.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO, StringIO
from types import MappingProxyType
from typing import Any

from xlsxwriter.packager import Packager
from xlsxwriter.sharedstrings import SharedStringTable
from xlsxwriter.utility import xl_rowcol_to_cell_fast
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import (
    CellBlankTuple,
    CellDatetimeTuple,
    CellFormulaTuple,
    CellNumberTuple,
    CellStringTuple,
    Worksheet,
)

# The start of a cell in a sheet's XML: nothing else has an unescaped bracket before its c.
_CELL = re.compile(rb'(<c r="[A-Z]+[0-9]+")(?: s="([0-9]+)")?(?: t="s"><v>([0-9]+))?')
_NOTHING = zlib.compress(b"")
_TEXTS_AT_ONCE = 1_000
_PIECE = 1 << 20  # bytes
# What belongs to the workbook a sheet is in.
_SHARED = ("str_table", "worksheet_meta", "workbook_add_format", "embedded_images")


@dataclass(frozen=True)
class Numbers:
    """The number in the whole workbook for each number in the sheets of one process.

    Attributes:
        strings: of the texts.
        formats: of the formats of cells.
        conditional: of the formats of conditional formats.
    """

    strings: Sequence[int]
    formats: Sequence[int]
    conditional: Sequence[int]

    def rows(self, xml: bytes) -> bytes:
        """Return the XML of rows with the numbers of the workbook.

        >>> shifted = Numbers([7, 8], [0, 5], [])
        >>> shifted.rows(b'<c r="B2" s="1" t="s"><v>1</v></c><c r="C2" s="1"><v>1</v></c>')
        b'<c r="B2" s="5" t="s"><v>8</v></c><c r="C2" s="5"><v>1</v></c>'
        """
        parts = _CELL.split(xml)  # what is between cells, the start of one, its two numbers, …
        parts[2::4] = map(self._format_attributes.__getitem__, parts[2::4])
        parts[3::4] = map(self._string_values.__getitem__, parts[3::4])
        return b"".join(parts)

    @cached_property
    def _format_attributes(self) -> Mapping[bytes | None, bytes]:
        return {
            None: b"",
            **{b"%d" % old: b' s="%d"' % new for old, new in enumerate(self.formats)},
        }

    @cached_property
    def _string_values(self) -> Mapping[bytes | None, bytes]:
        return {
            None: b"",
            **{b"%d" % old: b' t="s"><v>%d' % new for old, new in enumerate(self.strings)},
        }


class XmlWorksheet(Worksheet):  # type: ignore[misc]
    """A sheet whose formulas use no function newer than Excel 2007, and no dynamic array.

    Its cells are named by row and column alone: XlsxWriter's public methods ask at each call
    whether the row was a name such as A1.
    """

    fh: Any
    _rows: bytes | None = None  # their XML, packed: a big workbook's is 180 MB
    _links: bytes | None = None  # likewise
    _numbers: Numbers | None = None  # those of the whole workbook, where the rows have others
    _rows_at = 0  # characters of the sheet's XML before them
    write_string = Worksheet._write_string
    write_number = Worksheet._write_number
    write_blank = Worksheet._write_blank

    def settle(self) -> None:
        """Turn the rows into their XML. Nothing written on the sheet after that is seen."""
        if self._rows is None:
            self.fh = _Packed()
            if self.table:
                self._write_rows()
            self._rows, self.fh = self.fh.getvalue(), None

    def flush(self) -> None:
        """Settle the sheet and let go of what is kept for each cell.

        Nothing can be written on the sheet after that (KeyError), and no chart be put there.
        """
        self.settle()
        self.table: Mapping[int, Any] = MappingProxyType({})
        self.fh = _Packed()
        super()._write_hyperlinks()
        self._links, self.fh = self.fh.getvalue(), None
        for cache in (self.table_cells, self.row_info, self.row_sizes, self.hyperlinks):
            cache.clear()

    def renumber(self, numbers: Numbers) -> None:
        """Give texts and formats of a settled sheet the numbers of the whole workbook."""
        self._numbers = numbers
        for rules in self.cond_formats.values():
            for rule in rules:
                if rule.get("format") is not None:
                    rule["format"] = numbers.conditional[rule["format"]]

    def join(self, other: XmlWorksheet) -> None:
        """Take the place of `other` in its workbook."""
        self.__dict__.update({name: getattr(other, name) for name in _SHARED})
        self.table = MappingProxyType({})

    def __getstate__(self) -> dict[str, Any]:
        """Return what goes to another process: all but the cells, and what is the workbook's."""
        left = {*_SHARED, "table", "fh", "default_url_format"}
        return {name: value for name, value in self.__dict__.items() if name not in left}

    def _write_formula(
        self, row: int, col: int, formula: str, cell_format: Any = None, value: str | float = 0
    ) -> int:
        """Keep a formula as it is: XlsxWriter searches each for thirty newer functions (16 s)."""
        if self._check_dimensions(row, col):
            return -1
        self.table[row][col] = CellFormulaTuple(formula.removeprefix("="), cell_format, value)
        return 0

    write_formula = _write_formula

    def _write_rows(self) -> None:
        """Write the rows as XlsxWriter does, which looks for a cell at each place of the sheet."""
        if self._rows is not None:
            self._rows_at = self.fh.tell()
            return
        self._calculate_spans()
        for row in sorted(self.table.keys() | self.row_info.keys()):
            cells = self.table.get(row)
            self._write_row(row, self.row_spans.get(row // 16), self.row_info.get(row), not cells)
            if cells:
                self.fh.write(
                    "".join(self._cell(row, column, cells[column]) for column in sorted(cells))
                )
                self.fh.write("</row>")

    def _cell(self, row: int, column: int, cell: Any) -> str:
        """Return a cell as XlsxWriter writes it, which lists and joins the attributes of each.

        But an empty result of a formula is the text it is, as in Excel; XlsxWriter leaves out its
        type. Without it that is a number without digits, which Excel has to calculate.
        """
        name = f'<c r="{xl_rowcol_to_cell_fast(row, column)}"'
        start = f'{name} s="{cell.format._get_xf_index()}"' if cell.format else name
        match cell:
            case CellStringTuple():
                return f'{start} t="s"><v>{cell.string}</v></c>'
            case CellNumberTuple() | CellDatetimeTuple():
                return f"{start}><v>{cell.number:.16G}</v></c>"
            case CellFormulaTuple():
                formula, value = self._escape_data(cell.formula), cell.value
                if isinstance(value, str):
                    start, value = f'{start} t="str"', self._escape_data(value)
                return f"{start}><f>{formula}</f><v>{value}</v></c>"
            case CellBlankTuple():
                return f"{start}/>"
        raise TypeError(cell)  # no sheet of ours holds another kind

    def _calculate_spans(self) -> None:
        """Note from which column to which the cells of each 16 rows reach."""
        spans: dict[int, list[int]] = {}
        for row, cells in self.table.items():
            spans.setdefault(row // 16, []).extend(cells and (min(cells), max(cells)))
        self.row_spans = {
            x: f"{min(ends) + 1}:{max(ends) + 1}" for x, ends in spans.items() if ends
        }

    def _write_hyperlinks(self) -> None:
        if self._links is None:
            super()._write_hyperlinks()
        else:
            self.fh.write(zlib.decompress(self._links).decode())

    def getvalue(self) -> bytes:
        """Return the XML of a settled sheet, as the files of a package do, and let go of it."""
        xml, whole = StringIO(), BytesIO()
        self._set_xml_writer(xml)
        self._assemble_xml_file()
        around, rows = xml.getvalue(), self._rows or _NOTHING
        self.table, self._rows, self.fh = MappingProxyType({}), _NOTHING, None
        whole.write(around[: self._rows_at].encode())
        for piece in _unpack(rows):
            whole.write(self._numbers.rows(piece) if self._numbers else piece)
        whole.write(around[self._rows_at :].encode())
        return whole.getvalue()


class _Packed:
    """Keeps what is written packed, which is a tenth of it."""

    def __init__(self) -> None:
        self._packer = zlib.compressobj(1)
        self._texts: list[str] = []
        self._packed: list[bytes] = []

    def write(self, text: str) -> None:
        self._texts.append(text)
        if len(self._texts) == _TEXTS_AT_ONCE:
            self._pack()

    def _pack(self) -> None:
        self._packed.append(self._packer.compress("".join(self._texts).encode()))
        self._texts.clear()

    def getvalue(self) -> bytes:
        """Return all that was written, packed."""
        self._pack()
        return b"".join((*self._packed, self._packer.flush()))


def _unpack(packed: bytes) -> Iterator[bytes]:
    """Yield the XML of some rows after the other: all would be there several times over."""
    unpacker, rest = zlib.decompressobj(), b""
    while packed:
        rest += unpacker.decompress(packed, _PIECE)
        packed = unpacker.unconsumed_tail
        rows, end, rest = rest.rpartition(b"</row>")
        yield rows + end
    yield rest + unpacker.flush()


class XmlWorkbook(Workbook):  # type: ignore[misc]
    """A workbook of such sheets; the XML of one at a time is made while they are packed."""

    def _get_packager(self) -> Packager:
        return _OneByOne()


class _OneByOne(Packager):  # type: ignore[misc]
    def _write_worksheet_files(self) -> None:
        for number, sheet in enumerate(self.workbook.worksheets(), 1):
            self.filenames.append((sheet, f"xl/worksheets/sheet{number}.xml", True))


@dataclass(frozen=True)
class Part:
    """Sheets of a workbook as another process has written them, and what their numbers stand for.

    Attributes:
        sheets: the sheets.
        strings: the texts by number, those of the sheets before them too.
        string_count: how many cells of the sheets hold one.
        formats: XlsxWriter's formats that have a number.
    """

    sheets: tuple[XmlWorksheet, ...]
    strings: tuple[str, ...]
    string_count: int
    formats: tuple[Any, ...]

    @classmethod
    def of(cls, workbook: Workbook, sheets: Iterable[XmlWorksheet], string_count: int) -> Part:
        """Return the last sheets that were written; before, `string_count` cells held a text."""
        table = workbook.str_table
        numbered = (x for x in workbook.formats if x.xf_index or x.dxf_index is not None)
        return cls(
            tuple(sheets), tuple(table.string_table), table.count - string_count, tuple(numbered)
        )

    def join(self, workbook: Workbook) -> None:
        """Put the sheets in the place of those without cells in `workbook`.

        Both processes have begun with the same calls. What came after them in ours is numbered as
        if it had come after these sheets, so that the bytes are those of one process.
        """
        for sheet in workbook.worksheets_objs:
            sheet.settle()
        numbers = Numbers(
            self._join_strings(workbook.str_table),
            self._join_formats(workbook, "xf_index", workbook.xf_format_indices, 1),
            self._join_formats(workbook, "dxf_index", workbook.dxf_format_indices, 0),
        )
        workbook.formats += self.formats
        theirs = {sheet.index: sheet for sheet in self.sheets}
        for number, sheet in enumerate(workbook.worksheets_objs):
            if sheet.index in theirs:
                theirs[sheet.index].join(sheet)
                workbook.worksheets_objs[number] = theirs[sheet.index]
            else:
                sheet.renumber(numbers)

    def _join_strings(self, table: SharedStringTable) -> Sequence[int]:
        """Number our texts after theirs; return the new numbers."""
        joined = {text: number for number, text in enumerate(self.strings)}
        numbers = [joined.setdefault(text, len(joined)) for text in table.string_table]
        table.string_table, table.unique_count = joined, len(joined)
        table.count += self.string_count
        return numbers

    def _join_formats(
        self, workbook: Workbook, index: str, ours: dict[str, int], first: int
    ) -> Sequence[int]:
        """Number our formats after theirs, from `first` on; return the new numbers.

        `index` is XlsxWriter's name of a format's number, `ours` our numbers by what they are like.
        """
        theirs = {
            each._get_format_key(): number
            for each in self.formats
            if (number := getattr(each, index)) is not None
        }
        joined = dict(theirs)
        numbers = [*range(first), *(joined.setdefault(key, len(joined) + first) for key in ours)]
        for each in workbook.formats:
            number, key = getattr(each, index), each._get_format_key()
            if number is not None and number >= first:
                setattr(each, index, None if key in theirs else joined[key])
        ours.clear()
        ours.update(joined)
        return numbers
