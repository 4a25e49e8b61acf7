"""A form file: written from the layout's own plan, then typed into, cut up and saved."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import xlsxwriter

from mlay_batch.model.records import Submission
from mlay_batch.reader import read
from mlay_batch.reader.cell_metadata import a1
from mlay_batch.schema import load_catalogue
from mlay_batch.schema.layout import STAMP_SHEET, plan_sheets
from mlay_batch.schema.load import load_file
from mlay_batch.schema.model import Form


def table_form(name: str) -> Form:
    """Return a meeting form with a row a meeting."""
    form = load_file(Path(__file__).with_name(f"{name}.yaml"))
    assert isinstance(form, Form)
    return form


MEETING = table_form("table_form")
FORMS = (MEETING, *(form for form in load_catalogue().forms if form.form != "meeting"))
DAY = date(2019, 11, 3)

Spot = tuple[int, int]
_DEFLATED = zipfile.ZIP_DEFLATED
_CREATED = datetime(2019, 11, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Formula:
    """A formula and the value stored with it; an error such as #N/A is a value too."""

    text: str
    value: object


class FormFile:
    """One workbook; `cells` of each sheet by row and column, from 1."""

    def __init__(self, form: Form = MEETING, period: str = "2019-11", stamped: bool = True) -> None:
        self.form = form
        self.sheets: dict[str, dict[Spot, Any]] = {}
        self.places: dict[tuple[str, str, int], tuple[str, Spot]] = {}
        self.hidden_rows: set[tuple[str, int]] = set()
        self.hidden_columns: set[tuple[str, int]] = set()
        self.hidden_sheets: set[str] = set()
        self.is_validated = True
        self.merged: list[tuple[str, int, int, int, int]] = []
        for sheet in plan_sheets(form):
            cells = self.sheets.setdefault(sheet.title.vi, {})
            for cell in sheet.cells:
                spot = cell.row, cell.column
                text = getattr(cell.text, "vi", cell.text)
                if cell.role == "value":
                    self.places[cell.section, cell.field, cell.record] = sheet.title.vi, spot
                elif text is not None and cell.role not in ("heading", "subtitle"):
                    cells[spot] = text
        self.first = next(iter(self.sheets))
        self.stamp = [
            ("mark", "mlay-batch"), ("form", form.form), ("version", form.version),
            ("branch", "CB-01"), ("period", period),
            *(("switch", switch.id) for switch in form.switches),
        ] if stamped else []  # fmt: skip
        if ("head", "branch", 0) in self.places:
            self.put("head.branch", "CB-01 – Chi bộ Trường Tiểu học")
            self.put("head.period", "Tháng 11 năm 2019")

    def spot(self, path: str, record: int = 0) -> tuple[str, Spot]:
        """Return sheet and cell of ``section.field``."""
        section, _, name = path.partition(".")
        return self.places[section, name, record]

    def cell(self, path: str, record: int = 0) -> str:
        """Return where that field stands now, as people say it."""
        return a1(self.spot(path, record)[1])

    def put(self, path: str, value: object, record: int = 0) -> FormFile:
        """Type into a field."""
        sheet, spot = self.spot(path, record)
        self.sheets[sheet][spot] = value
        return self

    def write(self, cell: Spot, value: object, sheet: str = "") -> FormFile:
        """Type anywhere."""
        self.sheets.setdefault(sheet or self.first, {})[cell] = value
        return self

    def find(self, text: str) -> Spot:
        """Return where a text stands on the first sheet."""
        return next(spot for spot, value in self.sheets[self.first].items() if value == text)

    def move(self, to: Callable[[Spot], Spot | None], sheet: str = "") -> FormFile:
        """Move every cell of a sheet; those moved to None are gone."""
        title = sheet or self.first
        moved = {to(spot): value for spot, value in self.sheets[title].items()}
        self.sheets[title] = {spot: value for spot, value in moved.items() if spot}
        for key, (name, spot) in list(self.places.items()):
            if name == title and (target := to(spot)):
                self.places[key] = name, target
        return self

    def insert_row(self, row: int) -> FormFile:
        """Insert a row above `row`."""
        return self.move(lambda spot: (spot[0] + (spot[0] >= row), spot[1]))

    def swap_columns(self, first: int, other: int) -> FormFile:
        """Exchange two whole columns."""
        columns = {first: other, other: first}
        return self.move(lambda spot: (spot[0], columns.get(spot[1], spot[1])))

    def rename(self, title: str) -> FormFile:
        """Rename the first sheet."""
        names = {self.first: title}
        self.sheets = {names.get(name, name): cells for name, cells in self.sheets.items()}
        self.places = {k: (names.get(n, n), spot) for k, (n, spot) in self.places.items()}
        self.first = title
        return self

    def save(self) -> bytes:
        """Return the workbook."""
        buffer = io.BytesIO()
        with xlsxwriter.Workbook(buffer, {"default_date_format": "dd/mm/yyyy"}) as book:
            book.set_properties({"created": _CREATED})  # the same bytes every time
            for title, cells in self.sheets.items():
                sheet = book.add_worksheet(title)
                self._shape(sheet, title)
                if self.hidden_sheets:
                    (sheet.hide if title in self.hidden_sheets else sheet.activate)()
                self._validate(sheet, title)
                for spot, value in cells.items():
                    _write(sheet, spot, value)
            if self.stamp:
                hidden = book.add_worksheet(STAMP_SHEET)
                hidden.very_hidden()
                for row, pair in enumerate(self.stamp):
                    hidden.write_row(row, 0, pair)
        return buffer.getvalue()

    def _shape(self, sheet: Any, title: str) -> None:
        for name, *area in self.merged:
            if name == title:
                sheet.merge_range(*(n - 1 for n in area), "")
        for name, row in self.hidden_rows:
            if name == title:
                sheet.set_row(row - 1, None, None, {"hidden": True})
        for name, column in self.hidden_columns:
            if name == title:
                sheet.set_column(column - 1, column - 1, None, None, {"hidden": True})

    def _validate(self, sheet: Any, title: str) -> None:
        """Give every field a limit, as the template does: it moves along with the field."""
        spots = [spot for name, spot in self.places.values() if name == title]
        if spots and self.is_validated:
            limit = {"validate": "length", "criteria": "<=", "value": 2000}
            ranges = {"multi_range": " ".join(map(a1, spots))}
            sheet.data_validation(a1(spots[0]), {**limit, **ranges})

    def read(self) -> Submission:
        """Return what the reader makes of it."""
        return read(self.save(), "x.xlsx", FORMS if self.form in FORMS else [self.form])


def _write(sheet: Any, spot: Spot, value: Any) -> None:
    row, column = spot[0] - 1, spot[1] - 1
    if isinstance(value, Formula):
        sheet.write_formula(row, column, value.text, None, value.value)
    elif isinstance(value, str):
        sheet.write_string(row, column, value)
    else:
        sheet.write(row, column, value)


def codes_and_cells(submission: Submission) -> list[tuple[str, str]]:
    """Return code and cell of every finding."""
    return [(finding.code, finding.place.cell) for finding in submission.findings]


def codes(submission: Submission) -> list[str]:
    """Return the codes of the findings."""
    return [finding.code for finding in submission.findings]


def repack(data: bytes, change: Callable[[str, bytes], bytes | None], **more: bytes) -> bytes:
    """Return a package with its parts changed; None drops one, `more` adds some."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w", _DEFLATED) as new:
        for entry in old.infolist():
            part = change(entry.filename, old.read(entry))
            if part is not None:
                new.writestr(entry.filename, part)
        for name, part in more.items():
            new.writestr(name, part)
    return buffer.getvalue()


def sheet_xml(data: bytes, old: str, new: str) -> bytes:
    """Return a package with a text of its first sheet's XML replaced; it must stand there."""

    def change(name: str, part: bytes) -> bytes:
        if name != "xl/worksheets/sheet1.xml":
            return part
        assert old.encode() in part
        return part.replace(old.encode(), new.encode(), 1)

    return repack(data, change)
