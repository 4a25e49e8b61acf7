"""The floor of writing: the cells of a workbook of ours by bare XlsxWriter calls.

``python bare_book.py take WORKBOOK CELLS`` notes the cells of a finished workbook as JSON;
``python bare_book.py write CELLS RESULT.xlsx`` writes the same values and formulas, each in one
plain format, with nothing measured, linked, drawn or coloured.
"""

from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path

import xlsxwriter


def take(workbook: Path, cells: Path) -> None:
    """Note every cell of `workbook`: row, column, value or formula."""
    import openpyxl  # not paid for by what is measured
    from openpyxl.cell.read_only import EmptyCell  # likewise

    book = openpyxl.load_workbook(workbook, read_only=True)
    sheets = [
        [
            (cell.row - 1, cell.column - 1, _plain(cell.value))
            for row in sheet.iter_rows()
            for cell in row
            if not isinstance(cell, EmptyCell)
        ]
        for sheet in book.worksheets
    ]
    book.close()
    cells.write_text(json.dumps(sheets), encoding="utf-8")


def _plain(value: object) -> str | float | None:
    if isinstance(value, date):
        return (value.toordinal() - 693594) / 1.0
    return value if isinstance(value, str | int | float) else None


def write(cells: Path, result: Path) -> None:
    """Write them again."""
    with xlsxwriter.Workbook(result, {"strings_to_urls": False}) as book:
        style = book.add_format({"font_name": "Times New Roman", "text_wrap": True, "border": 1})
        for rows in json.loads(cells.read_text(encoding="utf-8")):
            sheet = book.add_worksheet()
            for row, column, value in rows:
                match value:
                    case None:
                        sheet.write_blank(row, column, None, style)
                    case str() if value.startswith("="):
                        sheet.write_formula(row, column, value, style, 1)
                    case str():
                        sheet.write_string(row, column, value, style)
                    case _:
                        sheet.write_number(row, column, value, style)


if __name__ == "__main__":
    {"take": take, "write": write}[sys.argv[1]](Path(sys.argv[2]), Path(sys.argv[3]))
