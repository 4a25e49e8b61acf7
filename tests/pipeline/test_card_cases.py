"""The kinds of files that once failed, on a form whose records are columns.

The ones that Gnumeric saved are stored (``tests/cases/card-gnumeric.*``); the others are the same
form with the parts of a case file, or one cell of it typed anew.
"""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from builders.card_form import CONTEXT, FORM, hung, post, tour
from openpyxl import load_workbook
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont

from mlay_batch.app.check_file import CheckResult, check, render_returned
from mlay_batch.reader import read
from mlay_batch.schema import load_catalogue
from mlay_batch.schema.layout import plan_sheets
from mlay_batch.template import render

CASES = Path(__file__).resolve().parent.parent / "cases"
SHIPPED = load_catalogue()
CATALOGUE = replace(SHIPPED, forms=(FORM, *SHIPPED.forms))
AS_OF = date(2019, 12, 4)
ROWS = (
    post(),
    tour(5),
    tour(12, "night", went=6, shirked=1),
    hung("sightings", 5, species="Nai", count=3),
    hung("marks", 5, judge="own", total=92),
    hung("marks", 12, judge="own", total=70),
)
CARD = render(FORM, CONTEXT, ROWS)
SHEET = "xl/worksheets/sheet1.xml"


def cell(field: str, column: int = 0) -> str:
    """The cell of a line of the first section in a column."""
    (plan, *_) = plan_sheets(FORM)
    labels = [c for c in plan.cells if (c.section, c.role) == ("tours", "label")]
    (row,) = (c.row for c in labels if c.field == field)
    return f"{'CDE'[column]}{row}"


def rewritten(parts: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(CARD)) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            if name not in parts:
                new.writestr(name, old.read(name))
        for name, part in parts.items():
            new.writestr(name, part)
    return buffer.getvalue()


def part_of(name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(CARD)) as book:
        return book.read(name)


def with_parts_of(case: str) -> bytes:
    """The card with what lies over the cells of a case file: drawings, pictures, documents."""
    with zipfile.ZipFile(CASES / f"{case}.xlsx") as book:
        names = [n for n in book.namelist() if re.match(r"xl/(drawings|media|embeddings)/", n)]
        rels = [n for n in book.namelist() if n.endswith("_rels/sheet1.xml.rels")]
        parts = {name: book.read(name) for name in (*names, *rels)}
    kinds = part_of("[Content_Types].xml").replace(
        b"</Types>",
        b'<Default Extension="png" ContentType="image/png"/>'
        b'<Default Extension="docx" ContentType="application/vnd.openxmlformats-officedocument.'
        b'wordprocessingml.document"/><Override PartName="/xl/drawings/drawing1.xml" ContentType='
        b'"application/vnd.openxmlformats-officedocument.drawing+xml"/></Types>',
    )
    link = (
        b'<drawing r:id="rId1" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/'
        b'relationships"/></worksheet>'
    )
    sheet = part_of(SHEET).replace(b"</worksheet>", link) if rels else part_of(SHEET)
    return rewritten({**parts, "[Content_Types].xml": kinds, SHEET: sheet})


def with_cell(address: str, xml: str) -> bytes:
    """The card with a cell written as another program writes it."""
    pattern = rf'<c r="{address}"( s="\d+")[^>]*?(?:/>|>.*?</c>)'
    sheet, count = re.subn(pattern, xml, part_of(SHEET).decode())
    assert count == 1
    return rewritten({SHEET: sheet.encode()})


def judge(data: bytes, folder: Path, name: str = "card.xlsx") -> CheckResult:
    path = folder / name
    path.write_bytes(data)
    return check(path, CATALOGUE, None, AS_OF)


def told(result: CheckResult) -> list[str]:
    return [f"{f.code} {f.place.cell}".strip() for f in result.findings]


def values(data: bytes) -> list[object]:
    return [row.values for row in read(data, "x", (FORM,)).rows]


@pytest.mark.parametrize("kind", ["xlsx", "xls", "ods"])
def test_what_gnumeric_saves_is_read_as_it_is(kind: str, tmp_path: Path) -> None:
    data = (CASES / f"card-gnumeric.{kind}").read_bytes()
    assert told(judge(data, tmp_path, f"card.{kind}")) == told(judge(CARD, tmp_path)) == []
    assert values(data) == values(CARD)


@pytest.mark.parametrize(
    ("case", "code"),
    [("text-box-over-table", "C34"), ("picture-over-table", "R35"), ("embedded-document", "R36")],
)
def test_what_lies_over_the_columns_is_told(case: str, code: str, tmp_path: Path) -> None:
    result = judge(with_parts_of(case), tmp_path)
    assert [f.code for f in result.findings] == [code]
    assert not any(f.is_error for f in result.findings)


def test_words_in_the_footer_are_told(tmp_path: Path) -> None:
    footer = "<oddFooter>&amp;LBổ sung: đi 12 người</oddFooter>"
    sheet = re.sub("<oddFooter>.*?</oddFooter>", footer, part_of(SHEET).decode())
    assert told(judge(rewritten({SHEET: sheet.encode()}), tmp_path)) == ["R34"]


def test_a_count_with_noise_and_a_day_with_a_zone(tmp_path: Path) -> None:
    noisy = with_cell(cell("went"), rf'<c r="{cell("went")}"\1><v>7.000000000000001</v></c>')
    zoned = rf'<c r="{cell("day")}"\1 t="d"><v>2019-11-05T00:00:00Z</v></c>'
    for data in (noisy, with_cell(cell("day"), zoned)):
        assert told(judge(data, tmp_path)) == []
        assert values(data) == values(CARD)


def test_a_digit_struck_out_is_no_figure(tmp_path: Path) -> None:
    book = load_workbook(io.BytesIO(CARD), rich_text=True)
    struck = TextBlock(InlineFont(strike=True), "1")
    book["Báo cáo"][cell("went", 1)] = CellRichText(struck, TextBlock(InlineFont(), "6"))
    book.save(buffer := io.BytesIO())
    assert told(judge(buffer.getvalue(), tmp_path)) == [f"C30 {cell('went', 1)}"]


def test_days_of_last_month_stay_this_months_return(tmp_path: Path) -> None:
    october = [
        replace(row, values={**row.values, "day": row.values["day"].replace(month=10)})
        if "day" in row.values
        else row
        for row in ROWS
    ]
    result = judge(render(FORM, CONTEXT, october), tmp_path)
    assert told(result) == [f"F04 {cell('day')}", f"F04 {cell('day', 1)}"]
    assert result.checked_file and result.checked_file.identity
    assert str(result.checked_file.identity.period) == "2019-11"
    back = load_workbook(io.BytesIO(render_returned(result, CATALOGUE, None, "vi")))
    assert [back["Báo cáo"][cell("day", n)].value.month for n in (0, 1)] == [10, 10]


def test_lines_exchanged_over_their_ids_are_never_guessed(tmp_path: Path) -> None:
    book = load_workbook(io.BytesIO(CARD))
    sheet = book["Báo cáo"]
    one, other = (int(cell(name)[1:]) for name in ("went", "shirked"))
    for column in "BCD":
        here, there = sheet[f"{column}{one}"], sheet[f"{column}{other}"]
        here.value, there.value = there.value, here.value
    book.save(buffer := io.BytesIO())
    assert told(judge(buffer.getvalue(), tmp_path)) == [f"R32 B{one}", f"R32 B{other}"]
