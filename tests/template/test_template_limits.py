"""Excel's limits, looked for in the package itself: LibreOffice opens what Excel "repairs"."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import replace
from zipfile import ZipFile

import pytest
from builders.small_form import CONTEXT, REGISTER, meeting, small_form

from mlay_batch.core.findings import Finding, Place, Severity
from mlay_batch.schema import Field, Form, Text, load_catalogue
from mlay_batch.template import render

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
OFFICERS = tuple((f"CB{n:03}", "Nguyễn Thị Tên Rất Dài " * 4) for n in range(300))
FULL = replace(CONTEXT, lists={"officers": OFFICERS, "organisations": OFFICERS})
LONG = Text("Tên rất dài của một ô cần điền trong mẫu báo cáo hằng tháng " * 3, "Long title " * 12)


def wordy(form: Form) -> Form:
    """The form with a title and a help longer than anybody would write on every field."""

    def longer(entry: Field) -> Field:
        return replace(entry, title=LONG, help=Text(LONG.vi * 3, LONG.en * 3), example="x" * 90)

    sections = (
        replace(section, fields=tuple(longer(entry) for entry in section.fields))
        for section in form.sections
    )
    return replace(form, sections=tuple(sections))


FORMS = [*load_catalogue().forms, wordy(small_form())]


@pytest.fixture(
    params=[(form, lang) for form in FORMS for lang in ("vi", "en")],
    ids=lambda case: f"{case[0].form}-{case[0].version}-{case[1]}",
    scope="module",
)
def package(request) -> ZipFile:
    form, lang = request.param
    context = replace(REGISTER, lists=FULL.lists) if form.period == "none" else FULL
    return ZipFile(io.BytesIO(render(form, context, lang=lang)))


def sheets(package: ZipFile) -> Iterator[ET.Element]:
    for name in package.namelist():
        if name.startswith("xl/worksheets/sheet"):
            yield ET.fromstring(package.read(name))


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def test_hints_and_messages_fit(package):
    limits = {"promptTitle": 32, "errorTitle": 32, "prompt": 255, "error": 255}
    for sheet in sheets(package):
        for check in sheet.iter(f"{MAIN}dataValidation"):
            for name, most in limits.items():
                assert units(check.get(name, "")) <= most
            assert check.get("showErrorMessage") == "1"


def test_lists_are_ranges_and_formulas_short(package):
    for sheet in sheets(package):
        for check in sheet.iter(f"{MAIN}dataValidation"):
            formula = check.findtext(f"{MAIN}formula1", "")
            assert units(formula) <= 255
            if check.get("type") == "list":
                assert re.fullmatch(r".+!\$[A-Z]+\$\d+:\$[A-Z]+\$\d+", formula)
        for formula in sheet.iter(f"{MAIN}formula"):
            assert units(formula.text or "") <= 8192


def test_sheets_and_names_are_such_as_excel_takes(package):
    book = ET.fromstring(package.read("xl/workbook.xml"))
    names = [sheet.get("name", "") for sheet in book.iter(f"{MAIN}sheet")]
    assert len({name.casefold() for name in names}) == len(names)
    assert all(0 < units(name) <= 31 and not set("[]:*?/\\") & set(name) for name in names)
    defined = {name.get("name", "") for name in book.iter(f"{MAIN}definedName")}
    assert defined <= {"_xlnm.Print_Area", "_xlnm.Print_Titles"}


def test_only_computed_cells_hold_a_formula_and_no_cell_too_much(package):
    for sheet in sheets(package):
        formulas = [cell for cell in sheet.iter(f"{MAIN}c") if cell.find(f"{MAIN}f") is not None]
        # none that looks outside or changes by itself
        functions = {"SUM", "IF", "COUNT", "LOOKUP", "IFERROR", "INDEX", "MATCH", "LEFT", "FIND"}
        for cell in formulas:
            words = set(re.findall(r"[A-Z.]{2,}(?=\()", cell.findtext(f"{MAIN}f", "")))
            assert words <= functions and cell.find(f"{MAIN}v") is not None
        texts = (text.text or "" for text in sheet.iter(f"{MAIN}t"))
        assert max(map(units, texts)) <= 32_767


def test_rows_merges_and_styles_are_within_bounds(package):
    for sheet in sheets(package):
        heights = [float(row.get("ht", 0)) for row in sheet.iter(f"{MAIN}row")]
        assert max(heights) <= 409  # points, the highest row Excel shows
        footer = sheet.findtext(f".//{MAIN}oddFooter", "")
        assert units(footer) <= 255
        breaks = [int(at.get("id", 0)) for at in sheet.iter(f"{MAIN}brk")]
        assert breaks == sorted(set(breaks))
        covered = [spot for merge in sheet.iter(f"{MAIN}mergeCell") for spot in cells(merge)]
        assert len(covered) == len(set(covered))


def cells(merge: ET.Element) -> Iterator[tuple[str, str]]:
    from openpyxl.utils import range_boundaries

    left, top, right, bottom = range_boundaries(merge.get("ref", ""))
    yield from ((row, c) for row in range(top, bottom + 1) for c in range(left, right + 1))


def test_a_returned_form_with_long_notes_keeps_within_them_too():
    long = "rất dài " * 4000
    marks = [
        Finding("C01", Severity.ERROR, Place("a", "Báo cáo", "E20"), {"value": long, "n": n})
        for n in range(3)
    ]
    package = ZipFile(io.BytesIO(render(small_form(), CONTEXT, [meeting(20)], marks)))
    for sheet in sheets(package):
        assert max(units(text.text or "") for text in sheet.iter(f"{MAIN}t")) <= 32_767
        assert max(float(row.get("ht", 0)) for row in sheet.iter(f"{MAIN}row")) <= 409
