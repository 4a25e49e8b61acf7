"""The facts the report's tests write from: the sample town in November 2019, with its troubles."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from datetime import date
from functools import cache
from hashlib import sha256

from openpyxl import Workbook, load_workbook
from openpyxl.cell import Cell
from openpyxl.worksheet.worksheet import Worksheet

from builders.sheet_cells import column_under
from mlay_batch import demo, report
from mlay_batch.core.findings import Finding, Place, Severity
from mlay_batch.core.period import Period
from mlay_batch.figures import compute
from mlay_batch.figures.fingerprint import fingerprint
from mlay_batch.figures.report_records import Figures, ReportInputs
from mlay_batch.model.records import AcceptedReturn, LedgerEntry, Verdict
from mlay_batch.schema import Catalogue, load_catalogue

NOVEMBER = Period(2019, 11)
AS_OF = date(2019, 12, 8)
SILENT = 3  # the last cells of the register that sent nothing for November
REFUSED = (
    Finding("D01", Severity.ERROR, Place("", "Báo cáo", "M40"), {"sum": 95, "bound": 90}),
    Finding("D01", Severity.ERROR, Place("", "Báo cáo", "M41"), {"sum": 95, "bound": 90}),
    Finding("D04", Severity.WARNING, Place("", "Báo cáo", "E25"), {"value": 60, "bound": 90}),
)


def table_column(book: Workbook, title: str) -> list[object]:
    """The values below the heading `title`, on whichever sheet has it in an Excel table."""
    for sheet in book:
        for table in sheet.tables.values():
            head, *rows = sheet[table.ref]
            titles = [cell.value for cell in head]
            if title in titles:
                return [row[titles.index(title)].value for row in rows]
    raise AssertionError(f"no table has a column {title}")


@cache
def catalogue() -> Catalogue:
    return load_catalogue(demo.load_sample().schemas)


def delivery(number: int, name: str, verdict: Verdict, **more: object) -> LedgerEntry:
    entry = LedgerEntry(
        number, 1, date(2019, 12, 6), name, f"inbox/{name}", sha256(name.encode()).hexdigest(),
        "hand", "vanthu@example.vn", "2019-12-03T02:15:00+00:00", verdict,
    )  # fmt: skip
    return replace(entry, **more)  # type: ignore[arg-type]


def facts(first_month: int = 1, period: Period = NOVEMBER, as_of: date = AS_OF) -> ReportInputs:
    """The year from `first_month` on; in November cells silent, one refused, one sent twice, and a
    yearly return that came only then: the sheets of the yearly classification are in the workbook.
    """
    town = demo.load_sample()
    samples = [s for s in _samples() if s.form != "meeting" or s.period.month >= first_month]
    dropped = [s for s in samples if s.form == "meeting" and s.period == NOVEMBER][-SILENT:]
    last_yearly = [s for s in samples if s.form == "classification"][-1]
    returns = [
        AcceptedReturn(
            delivery(number, s.name, Verdict.ACCEPTED, form=s.form, version=s.version,
                     branch=s.branch, period=str(s.period),
                     received="2019-12-02T09:00:00+07:00" if s is last_yearly else s.received,
                     incoming=f"{number}/2019"),
            s.rows,
        )
        for number, s in enumerate((s for s in samples if s not in dropped), 1)
    ]  # fmt: skip
    last, first = dropped[-1], returns[0].entry
    number = len(returns)
    others = (
        delivery(number + 1, last.name, Verdict.REJECTED, form=last.form, version=last.version,
                 branch=last.branch, period=str(last.period), findings=REFUSED),
        delivery(number + 2, first.name, Verdict.DUPLICATE, form=first.form,
                 version=first.version, branch=first.branch, period=first.period,
                 refers_to=first.id),
        delivery(number + 3, "ảnh chụp.jpg", Verdict.IGNORED),
    )  # fmt: skip
    deliveries = (*(entry.entry for entry in returns), *others)
    return ReportInputs(catalogue(), town.register, period, as_of, tuple(returns), deliveries)


@cache
def _samples() -> tuple[demo.SampleReturn, ...]:
    return tuple(demo.returns(demo.load_sample(), catalogue()))


def provenance(inputs: ReportInputs, figures: Figures | None = None) -> report.Provenance:
    mark = fingerprint(figures or compute(inputs))
    return report.Provenance(
        "0.1.0", inputs.as_of, "a" * 64, inputs.catalogue.sources, figures=mark
    )


def write(inputs: ReportInputs, lang: str = "vi") -> bytes:
    figures = compute(inputs)
    return report.write_sheets(inputs, figures, provenance(inputs, figures), lang).close()


@cache
def small() -> ReportInputs:
    """November and the yearly returns only: every kind of row, a fraction of the size."""
    return facts(11)


@cache
def figures() -> Figures:
    return compute(small())


@cache
def workbook() -> bytes:
    return write(small())


@cache
def sheets(cached: bool = True) -> Workbook:
    """The small workbook as read: its cached values, or its formulas; sheets for people only."""
    return for_people(load_workbook(io.BytesIO(workbook()), data_only=cached))


def for_people(book: Workbook) -> Workbook:
    for sheet in book.worksheets:
        if sheet.sheet_state != "visible":
            book.remove(sheet)
    return book


def charts(data: bytes) -> list[str]:
    """Return the parts of a workbook's charts; all of them stand on the overview."""
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        drawings = [name for name in package.namelist() if name.startswith("xl/drawings/drawing")]
        assert drawings == ["xl/drawings/drawing1.xml"]
        overview = package.read("xl/worksheets/_rels/sheet1.xml.rels").decode()
        assert "../drawings/drawing1.xml" in overview
        return [name for name in package.namelist() if name.startswith("xl/charts/chart")]


def find(sheet: Worksheet, text: str, nth: int = 1) -> Cell:
    """The nth cell whose text begins so, row by row."""
    cells = [
        cell for row in sheet.iter_rows() for cell in row if str(cell.value or "").startswith(text)
    ]
    assert len(cells) >= nth, f"{sheet.title}: no {text!r}"
    return cells[nth - 1]


def under(sheet: Worksheet, row: int, *headings: str, first: str = "STT") -> Cell:
    """Return the cell in a row under a heading, or under a group's heading and its own."""
    rows = tuple(sheet.iter_rows(max_row=row, values_only=True))
    return sheet.cell(row, column_under(rows, *headings, first=first))


def load() -> Workbook:
    """The small workbook to be changed: formulas, not values."""
    return load_workbook(io.BytesIO(workbook()))


def rows(sheet: Worksheet) -> list[dict[str, Cell]]:
    """The rows of a data sheet by its headings."""
    (table,) = sheet.tables.values()
    head, *rest = sheet[table.ref]
    heads = [str(cell.value) for cell in head]
    return [dict(zip(heads, row, strict=True)) for row in rest]
