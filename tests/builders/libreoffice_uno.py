"""Does one job in a running soffice; the job is JSON on standard input (see `office`).

Runs under the interpreter that has the UNO bridge, so it imports nothing but that and the
standard library.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from datetime import date
from typing import Any

import uno
from com.sun.star.awt.PosSize import POSSIZE
from com.sun.star.beans import PropertyValue
from com.sun.star.connection import NoConnectException

FILTERS = {
    "xlsx": "Calc MS Excel 2007 XML",
    "xls": "MS Excel 97",
    "ods": "calc8",
    "pdf": "calc_pdf_Export",
    "text pdf": "writer_pdf_Export",
}
# Cells far right of everything, for the first half of an exchange.
ASIDE = 200


def connect(pipe: str, seconds: float = 60) -> Any:
    """Return the services of the soffice listening on `pipe`, waiting until it listens."""
    local = uno.getComponentContext()
    resolver = local.ServiceManager.createInstance("com.sun.star.bridge.UnoUrlResolver")
    end = time.monotonic() + seconds
    while True:
        try:
            context = resolver.resolve(f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext")
            return context.ServiceManager
        except NoConnectException:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


def prop(name: str, value: object) -> PropertyValue:
    """Return a named argument of the API."""
    argument = PropertyValue()
    argument.Name, argument.Value = name, value
    return argument


def sheet_of(book: Any, title: str) -> Any:
    """Return the sheet of that title, or the first visible one."""
    if title:
        return book.Sheets.getByName(title)
    return next(s for s in (book.Sheets[i] for i in range(book.Sheets.Count)) if s.IsVisible)


def cell_at(book: Any, step: dict[str, Any]) -> Any:
    """Return the one cell a step is about; complains when the sheet's protection locks it."""
    sheet = sheet_of(book, step["sheet"])
    cell = sheet.getCellRangeByName(step["at"]).getCellByPosition(0, 0)
    if sheet.isProtected() and cell.CellProtection.IsLocked:
        raise ValueError(f"{step['at']} is locked")
    return cell


def put(book: Any, step: dict[str, Any]) -> None:
    """Store a text or a number; None empties."""
    cell, value = cell_at(book, step), step["value"]
    if isinstance(value, str):
        cell.setString(value)
    elif value is None:
        cell.clearContents(1 | 2 | 4 | 16)  # numbers, dates, texts, formulas; not the format
    else:
        cell.setValue(value)


def put_date(book: Any, step: dict[str, Any]) -> None:
    """Store a day as the program does when one is typed: its number, in a date's format."""
    cell = cell_at(book, step)
    cell.setValue((date.fromisoformat(step["value"]) - date(1899, 12, 30)).days)
    kind = book.NumberFormats.getByKey(cell.NumberFormat).Type
    if not kind & 2:  # com.sun.star.util.NumberFormat.DATE
        locale = uno.createUnoStruct("com.sun.star.lang.Locale")
        cell.NumberFormat = book.NumberFormats.getStandardFormat(2, locale)


def type_in(book: Any, step: dict[str, Any]) -> None:
    """Type, in the locale of the program."""
    cell_at(book, step).FormulaLocal = step["value"]


def insert_rows(book: Any, step: dict[str, Any]) -> None:
    """Insert rows; the program copies the formats of the row above."""
    sheet_of(book, step["sheet"]).Rows.insertByIndex(int(step["at"]) - 1, step["count"])


def delete_rows(book: Any, step: dict[str, Any]) -> None:
    """Delete rows."""
    sheet_of(book, step["sheet"]).Rows.removeByIndex(int(step["at"]) - 1, step["count"])


def hide_row(book: Any, step: dict[str, Any]) -> None:
    """Hide one row."""
    sheet_of(book, step["sheet"]).Rows.getByIndex(int(step["at"]) - 1).IsVisible = False


def insert_columns(book: Any, step: dict[str, Any]) -> None:
    """Insert columns."""
    sheet = sheet_of(book, step["sheet"])
    at = sheet.getCellRangeByName(f"{step['at']}1").RangeAddress.StartColumn
    sheet.Columns.insertByIndex(at, step["count"])


def move(book: Any, step: dict[str, Any]) -> None:
    """Cut and paste a block."""
    sheet = sheet_of(book, step["sheet"])
    target = sheet.getCellRangeByName(step["to"]).getCellByPosition(0, 0).CellAddress
    sheet.moveRange(target, sheet.getCellRangeByName(step["at"]).RangeAddress)


def swap(book: Any, step: dict[str, Any]) -> None:
    """Exchange two blocks by way of cells far to the right."""
    sheet = sheet_of(book, step["sheet"])
    first, second = (sheet.getCellRangeByName(step[key]).RangeAddress for key in ("at", "to"))
    width, height = first.EndColumn - first.StartColumn, first.EndRow - first.StartRow
    if (width, height) != (second.EndColumn - second.StartColumn, second.EndRow - second.StartRow):
        raise ValueError(f"{step['at']} and {step['to']} are not of one size")
    aside = sheet.getCellRangeByPosition(
        ASIDE, first.StartRow, ASIDE + width, first.StartRow + height
    )
    for source, target in ((first, aside.RangeAddress), (second, first)):
        sheet.moveRange(corner(sheet, target), source)
    sheet.moveRange(corner(sheet, second), aside.RangeAddress)


def corner(sheet: Any, block: Any) -> Any:
    """Return the address of the upper left cell of a block."""
    return sheet.getCellByPosition(block.StartColumn, block.StartRow).CellAddress


def rename(book: Any, step: dict[str, Any]) -> None:
    """Rename a tab."""
    sheet_of(book, step["sheet"]).Name = step["to"]


def unprotect(book: Any, step: dict[str, Any]) -> None:
    """Take protection off, workbook and sheets."""
    for thing in (book, *(book.Sheets[i] for i in range(book.Sheets.Count))):
        if thing.isProtected():
            thing.unprotect("")
        if thing.isProtected():
            raise ValueError(f"a password protects {step['sheet'] or 'the workbook'}")


STEPS = {
    "put": put,
    "date": put_date,
    "type": type_in,
    "insert_rows": insert_rows,
    "delete_rows": delete_rows,
    "hide_row": hide_row,
    "insert_columns": insert_columns,
    "move": move,
    "swap": swap,
    "rename": rename,
    "unprotect": unprotect,
}


def main() -> None:
    """Open a workbook; do every step and save, or show it."""
    job = json.load(sys.stdin)
    services = connect(job["pipe"])
    desktop = services.createInstance("com.sun.star.frame.Desktop")
    view = job.get("view")
    hidden = prop("Hidden", view is None)
    book = desktop.loadComponentFromURL(job["open"], "_blank", 0, (hidden,))
    if book is None:
        raise ValueError(f"cannot open {job['open']}")
    try:
        if view:
            show(book, view, services.createInstance("com.sun.star.frame.DispatchHelper"))
            picture = uno.fileUrlToSystemPath(job["save"])
            subprocess.run(["import", "-window", "root", "-depth", "8", picture], check=True)
        else:
            change(book, job)
    finally:
        book.close(True)


def change(book: Any, job: dict[str, Any]) -> None:
    """Do every step, save."""
    for number, step in enumerate(job["steps"], 1):
        try:
            STEPS[step["do"]](book, step)
        except Exception as error:
            raise ValueError(f"step {number}, {step}: {error}") from error
    kind = re.sub(r".*\.", "", job["save"])
    if book.supportsService("com.sun.star.text.TextDocument"):
        kind = f"text {kind}"
    book.storeToURL(job["save"], (prop("FilterName", FILTERS[kind]),))


def show(book: Any, view: dict[str, Any], dispatcher: Any) -> None:
    """Bring a cell before the eyes, in a window of the size wanted."""
    controller, sheet = book.CurrentController, sheet_of(book, view["sheet"])
    controller.Frame.ContainerWindow.setPosSize(0, 0, view["width"], view["height"], POSSIZE)
    controller.Sidebar.setVisible(False)
    controller.setActiveSheet(sheet)
    commands = [(".uno:GoToCell", (prop("ToPoint", view["at"]),))]
    if view["choices"]:
        commands.append((".uno:DataSelect", ()))
    for command, arguments in commands:
        dispatcher.executeDispatch(controller.Frame, command, "", 0, arguments)
        time.sleep(1)


if __name__ == "__main__":
    main()
