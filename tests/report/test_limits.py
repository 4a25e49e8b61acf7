"""The package keeps to Excel's own limits; each of the checks sees what it is there for."""

from __future__ import annotations

import io
import re
from zipfile import ZipFile

import pytest
from builders import reports
from builders.excel_limits import Package, calculation, problems
from builders.small_form import CONTEXT, REGISTER, small_form
from xlsxwriter import Workbook

from mlay_batch.core.findings import Finding, Place, Severity
from mlay_batch.schema import load_catalogue
from mlay_batch.template import render

REGISTER_FORM = load_catalogue().register_form


def test_the_consolidated_workbook_keeps_to_all_limits() -> None:
    assert problems(reports.workbook()) == []


@pytest.mark.parametrize("findings", [(), (Finding("C01", Severity.ERROR, Place("", "", "C31")),)])
def test_no_form_is_calculated_on_opening(findings: tuple[Finding, ...]) -> None:
    """A form to fill in, one given back and the register; the workbook of figures is above."""
    form = small_form()
    for data in (render(form, CONTEXT, findings=findings), render(REGISTER_FORM, REGISTER)):
        assert list(calculation(Package(data))) == []


@pytest.fixture(scope="module")
def good() -> bytes:
    """A small workbook with one of everything the checks look at."""
    buffer = io.BytesIO()
    with Workbook(buffer, {"in_memory": True}) as book:
        book.set_calc_mode("auto", 191_029)
        book.calc_on_load = False
        sheet = book.add_worksheet("Trang")
        sheet.add_table(
            0, 0, 2, 1, {"name": "DuHop", "columns": [{"header": "A"}, {"header": "B"}]}
        )
        sheet.write_formula(4, 0, "=SUM(1,2)", None, 3)
        sheet.merge_range(5, 0, 5, 1, "x")
        sheet.merge_range(6, 0, 6, 1, "y")
        sheet.write_url(7, 0, "internal:'Trang'!A1")
        sheet.data_validation(8, 0, 8, 0, {"validate": "list", "source": ["a", "b"]})
        sheet.conditional_format(9, 0, 9, 0, {
            "type": "formula", "criteria": "=A10>1", "format": book.add_format({"bold": True}),
        })  # fmt: skip
        sheet.set_footer("&Ltrang")
        sheet.print_area(0, 0, 9, 1)
        chart = book.add_chart({"type": "column"})
        chart.add_series({"values": ["Trang", 1, 0, 2, 0]})
        sheet.insert_chart(10, 0, chart)
    return buffer.getvalue()


SHEET = "xl/worksheets/sheet1.xml"


@pytest.mark.parametrize(("part", "was", "now", "expected"), [
    ("xl/workbook.xml", 'name="Trang"', f'name="{"T" * 32}"', "not a name"),
    ("xl/sharedStrings.xml", "<t>x</t>", f"<t>{'x' * 32_768}</t>", "text of 32768"),
    (SHEET, '<c r="A5"', '<c r="XFE5"', "outside or twice"),
    (SHEET, "SUM(1,2)", "CONCAT(1,2)", "CONCAT"),
    (SHEET, "SUM(1,2)", "SUM(" + "1," * 5_000 + "2)", "10006"),
    (SHEET, "SUM(1,2)", f'SUM(&quot;{"x" * 256}&quot;)', "more than 255"),
    (SHEET, 'ref="A7:B7"', 'ref="A6:B7"', "meet others"),
    (SHEET, 'ref="A7:B7"', 'ref="B2:B3"', "meet others"),
    (SHEET, "'Trang'!A1", "'Khác'!A1", "link to"),
    (SHEET, '"a,b"', f'"{"a" * 256}"', "a list of 258"),
    (SHEET, 'dxfId="0"', 'dxfId="7"', "conditional format"),
    (SHEET, "&amp;Ltrang", "t" * 256, "footer of 256"),
    ("xl/tables/table1.xml", 'name="DuHop"', 'name="R1C1"', "not a name"),
    ("xl/tables/table1.xml", 'name="B"', 'name="C"', "differ from the cells"),
    ("xl/tables/table1.xml", 'name="B"', 'name="a"', "alike"),
    ("xl/charts/chart1.xml", "Trang!", "Khac!", "chart1.xml: Khac!"),
    ("xl/workbook.xml", "191029", "124519", "calculated on opening"),
    ("xl/workbook.xml", '"191029"', '"191029" fullCalcOnLoad="1"', "calculated on opening"),
    (SHEET, "<v>3</v>", "<v></v>", "Trang!A5: a formula without its result"),
    ("xl/_rels/workbook.xml.rels", "styles.xml", "style.xml", "no xl/style.xml"),
])  # fmt: skip
def test_a_package_beyond_a_limit_is_seen(
    good: bytes, part: str, was: str, now: str, expected: str
) -> None:
    assert problems(good) == []
    report = " | ".join(problems(_alter(good, part, was, now)))
    assert expected in report


def _alter(data: bytes, part: str, was: str, now: str) -> bytes:
    buffer = io.BytesIO()
    with ZipFile(io.BytesIO(data)) as old, ZipFile(buffer, "w") as new:
        for name in old.namelist():
            text = old.read(name).decode() if name == part else None
            assert text is None or was in text, re.findall(r"<[^>]{0,60}", text or "")[:40]
            new.writestr(name, old.read(name) if text is None else text.replace(was, now, 1))
    return buffer.getvalue()
