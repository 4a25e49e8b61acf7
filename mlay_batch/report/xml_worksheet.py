"""XlsxWriter's sheet without what this report never needs: the same bytes in less time and memory.

These are its private methods, for nothing public switches the searches off. Each does what the
library's own does for the cells written here; the figures are of 1,000 returns, 400,000 cells.
"""

from __future__ import annotations

from collections.abc import Mapping
from io import StringIO
from types import MappingProxyType
from typing import Any

from xlsxwriter.worksheet import CellFormulaTuple, Worksheet


class XmlWorksheet(Worksheet):  # type: ignore[misc]
    """A sheet whose formulas use no function newer than Excel 2007, and no dynamic array."""

    fh: Any
    _rows_xml: bytes | None = None

    def flush(self) -> None:
        """Turn the rows into their XML, and let go of what is kept for each cell.

        Nothing can be written on the sheet after that (KeyError), no chart finds values on it.
        """
        rows = StringIO()
        self._set_xml_writer(rows)
        if self.table:
            self._write_rows()
        self._rows_xml = rows.getvalue().encode()
        self.fh = None
        self.table: Mapping[int, Any] = MappingProxyType({})
        for cache in (self.table_cells, self.row_info, self.row_sizes):
            cache.clear()

    def _write_formula(
        self, row: int, col: int, formula: str, cell_format: Any = None, value: str | float = 0
    ) -> int:
        """Keep a formula as it is: XlsxWriter searches each for thirty newer functions (16 s)."""
        if self._check_dimensions(row, col):
            return -1
        self.table[row][col] = CellFormulaTuple(formula.removeprefix("="), cell_format, value)
        return 0

    def _escape_attributes(self, attribute: object) -> object:
        """Leave names of cells and numbers of formats alone: nothing in them is escaped (0.5 s)."""
        if isinstance(attribute, str) and not attribute.isalnum():
            return super()._escape_attributes(attribute)
        return attribute

    def _write_rows(self) -> None:
        if self._rows_xml is None:
            super()._write_rows()
        else:
            self.fh.write(self._rows_xml.decode())

    def _assemble_xml_file(self) -> None:
        """Write the sheet, and let go of what was on it: the next sheets take its place."""
        super()._assemble_xml_file()
        self.table, self._rows_xml, self.fh = MappingProxyType({}), b"", None
