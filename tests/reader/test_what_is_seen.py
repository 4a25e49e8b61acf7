"""What a person sees is what is read: struck-out values, hidden rows, and what lies over the cells.

An error only where a figure that counts is not the one seen; what lies over or beside the cells
warns; the template's own footers and comments are never told.
"""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from builders import libreoffice
from builders.filled_forms import check_forms, identity
from builders.reader_files import FORMS, MEETING, FormFile, codes_and_cells, repack, sheet_xml
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import Color, Font, GradientFill, PatternFill

from mlay_batch.checks.validate import validate
from mlay_batch.core.findings import Finding, Severity
from mlay_batch.core.messages import explain
from mlay_batch.core.period import Period
from mlay_batch.core.zip_rules import write_parts
from mlay_batch.demo.xlsx_patch import read_parts
from mlay_batch.model.records import Submission
from mlay_batch.reader import Limits, read
from mlay_batch.reader.cell_metadata import MAX_DRAWING_TEXT, MAX_DRAWINGS, MetadataBuilder
from mlay_batch.reader.xlsx import strip_plain_cells
from mlay_batch.template import TemplateContext, render

CONTEXT = TemplateContext(
    "CB-01", "Chi bộ Trường Tiểu học", "Thị ủy", Period(2019, 11), "Mường Lay"
)
SHEET = "xl/worksheets/sheet1.xml"
STRUCK, PLAIN = InlineFont(strike=True), InlineFont()


def meeting() -> FormFile:
    paper = FormFile().put("members.opening", 18).put("members.closing", 18)
    paper.put("meetings.held_on", date(2019, 11, 3)).put("meetings.kind", "Thường kỳ")
    return paper.put("meetings.content", "Nghị quyết tháng").put("meetings.present", 17)


def with_cells(paper: FormFile, **changes: Any) -> bytes:
    """The paper with cells typed again, by field of `meetings`.

    A `Font` only formats one; a pair is a value and its number format.
    """
    book = openpyxl.load_workbook(io.BytesIO(paper.save()))
    for name, change in changes.items():
        cell = book["Báo cáo"][paper.cell(f"meetings.{name}")]
        if isinstance(change, Font):
            cell.font = change
        elif isinstance(change, tuple):
            cell.value, cell.number_format = change
        else:
            cell.value = change
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def told(data: bytes) -> list[tuple[str, str]]:
    return codes_and_cells(read(data, "x.xlsx", FORMS))


def values(data: bytes) -> dict[str, Any]:
    (row,) = read(data, "x.xlsx", FORMS).section_rows("meetings")
    return dict(row.values)


def check(submission: Submission) -> tuple[Finding, ...]:
    checked = check_forms(submission, identity=identity(of=MEETING))
    return validate([checked], {"officers": {}}, FORMS)[0].findings


def test_a_digit_struck_out_is_no_figure() -> None:
    paper = meeting()
    data = with_cells(paper, present=CellRichText(TextBlock(STRUCK, "1"), "7"))
    (finding,) = read(data, "x.xlsx", FORMS).findings
    assert (finding.code, finding.place.cell) == ("C30", paper.cell("meetings.present"))
    assert (finding.severity, finding.params["struck"]) == (Severity.ERROR, "1")
    assert "“1”" in explain(finding, MEETING, "vi").what
    assert values(data)["present"] is None


@pytest.mark.parametrize(
    "run", ["<r><rPr><strike/></rPr><t>1</t></r>", "<r><rPr><strike val='1'/></rPr><t>1</t></r>"]
)
def test_a_digit_struck_out_in_a_shared_text(run: str) -> None:
    paper = meeting().put("meetings.present", "17")
    rich = f"<si>{run}<r><t>7</t></r><rPh sb='0' eb='1'><t>17</t></rPh></si>".encode()
    data = repack(paper.save(), lambda _, part: part.replace(b"<si><t>17</t></si>", rich))
    assert told(data) == [("C30", paper.cell("meetings.present"))]


@pytest.mark.parametrize(
    "text",
    [
        CellRichText(TextBlock(PLAIN, "1"), TextBlock(InlineFont(b=True), "7")),
        CellRichText(TextBlock(InlineFont(strike=False), "1"), "7"),
        CellRichText("17", TextBlock(STRUCK, "  ")),
    ],
    ids=["other formats", "switched off", "blanks only"],
)
def test_what_is_not_struck_out_is_read(text: CellRichText) -> None:
    data = with_cells(meeting(), present=text)
    assert told(data) == []
    assert values(data)["present"] == 17


def test_a_run_may_be_left_standing_in_a_struck_cell() -> None:
    paper = meeting().put("meetings.present", CellRichText())
    book = openpyxl.load_workbook(io.BytesIO(meeting().save()))
    cell = book["Báo cáo"][paper.cell("meetings.present")]
    cell.value, cell.font = CellRichText("1", TextBlock(PLAIN, "7")), Font(strike=True)
    buffer = io.BytesIO()
    book.save(buffer)
    (finding,) = read(buffer.getvalue(), "x.xlsx", FORMS).findings
    assert (finding.code, finding.params["struck"]) == ("C30", "1")


def test_the_styles_are_found_by_their_relation() -> None:
    """The part may bear any name."""
    paper = meeting()
    book = with_cells(paper, present=Font(strike=True))
    parts = dict(read_parts(book))
    moved = {
        name.replace("xl/styles.xml", "xl/looks.xml"): part.replace("styles.xml", "looks.xml")
        for name, part in parts.items()
    }
    assert told(write_parts(moved)) == [("C30", paper.cell("meetings.present"))]


def test_words_struck_out_are_left_out_of_a_text() -> None:
    paper = meeting()
    words = CellRichText("Nghị quyết\n", TextBlock(STRUCK, "tháng 10 "), "tháng 11")
    data = with_cells(paper, content=words)
    (finding,) = read(data, "x.xlsx", FORMS).findings
    assert (finding.code, finding.severity) == ("C31", Severity.WARNING)
    assert finding.params["struck"] == "tháng 10"
    assert values(data)["content"] == "Nghị quyết\ntháng 11"


def test_a_struck_out_cell_is_told_by_its_format() -> None:
    paper = meeting()
    data = with_cells(paper, present=Font(strike=True), excused=Font(strike=True))
    (finding,) = read(data, "x.xlsx", FORMS).findings  # the blank one says nothing
    assert (finding.code, finding.params["struck"]) == ("C30", "17")
    assert values(data)["present"] is None
    assert told(with_cells(paper, present=Font(strike=False))) == []
    text = with_cells(paper, content=Font(strike=True))
    assert told(text) == [("C31", paper.cell("meetings.content"))]
    assert values(text)["content"] is None


def test_headings_struck_out_are_nobodys_figures() -> None:
    paper = meeting()
    book = openpyxl.load_workbook(io.BytesIO(paper.save()))
    book["Báo cáo"].cell(*paper.find("Có mặt")).font = Font(strike=True)
    buffer = io.BytesIO()
    book.save(buffer)
    assert told(buffer.getvalue()) == []


def struck_row() -> tuple[FormFile, bytes]:
    paper = meeting()
    names = ("held_on", "kind", "content", "present")
    return paper, with_cells(paper, **dict.fromkeys(names, Font(strike=True)))


def test_a_struck_out_row_is_one_finding() -> None:
    paper, data = struck_row()
    (finding,) = read(data, "x.xlsx", FORMS).findings
    assert (finding.code, finding.place.cell) == ("C30", paper.cell("meetings.held_on"))
    assert finding.params["struck"] == "03/11/2019; Thường kỳ; Nghị quyết tháng; 17"
    assert finding.params["field"] == "meetings"
    findings = check(read(data, "x.xlsx", FORMS))
    row = paper.spot("meetings.held_on")[1][0]
    here = [f.code for f in findings if f.place.cell.endswith(str(row))]
    assert here == ["C30"]  # no rule, no missing field, no stray row besides


def test_the_row_goes_back_with_one_question_mark_and_may_be_emptied() -> None:
    _, data = struck_row()
    sent = read(data, "x.xlsx", FORMS)
    back = render(MEETING, CONTEXT, sent.rows, sent.findings)
    book = openpyxl.load_workbook(io.BytesIO(back))
    marks = [cell for row in book["Báo cáo"].iter_rows() for cell in row if cell.value == "?"]
    assert len(marks) == 1
    again = read(back, "x.xlsx", FORMS)
    assert [(f.code, f.params["value"]) for f in again.findings] == [("C06", "?")]
    marks[0].value = None
    buffer = io.BytesIO()
    book.save(buffer)
    emptied = read(buffer.getvalue(), "x.xlsx", FORMS)
    assert (emptied.section_rows("meetings"), [f for f in emptied.findings if f.is_error]) == (
        (),
        [],
    )


def row_of(paper: FormFile, record: int = 0) -> int:
    return paper.spot("meetings.present", record)[1][0]


def resized(paper: FormFile, row: int, size: str) -> bytes:
    return sheet_xml(paper.save(), f'<row r="{row}" ', f'<row r="{row}" {size} ')


@pytest.mark.parametrize("size", ['ht="0"', 'ht="0" customHeight="1"', 'ht="1.5"', 'hidden="1"'])
def test_figures_in_a_row_of_height_0(size: str) -> None:
    paper = meeting()
    (finding,) = read(resized(paper, row_of(paper), size), "x.xlsx", FORMS).findings
    assert (finding.code, finding.place.cell) == ("C17", paper.cell("meetings.held_on"))
    assert finding.severity is Severity.ERROR
    assert values(resized(paper, row_of(paper), size))["present"] == 17


def test_a_low_row_is_a_row() -> None:
    paper = meeting()
    assert told(resized(paper, row_of(paper), 'ht="3"')) == []
    assert told(resized(paper, row_of(paper), 'ht="none"')) == []


def test_a_hidden_row_goes_back_visible_and_is_accepted_as_it_is() -> None:
    paper = meeting()
    sent = read(resized(paper, row_of(paper), 'ht="0"'), "x.xlsx", FORMS)
    again = read(render(MEETING, CONTEXT, sent.rows, sent.findings), "x.xlsx", FORMS)
    assert again.findings == ()
    assert [row.values for row in again.rows] == [row.values for row in sent.rows]


def test_a_hidden_figure_is_held_to_the_rules_all_the_same() -> None:
    paper = meeting().put("meetings.held_on", date(2019, 12, 3))
    data = resized(paper, row_of(paper), 'ht="0"')
    cell = paper.cell("meetings.held_on")
    findings = check(read(data, "x.xlsx", FORMS))
    assert {f.code for f in findings if f.place.cell == cell} >= {"C17", "F04"}


def test_hidden_rows_without_figures_warn_once() -> None:
    paper = meeting()
    for record in (4, 5, 6):
        paper.hidden_rows.add((paper.first, row_of(paper, record)))
    (finding,) = paper.read().findings
    assert (finding.code, finding.place.cell, finding.severity) == (
        "C32", paper.cell("meetings.held_on", 4), Severity.WARNING,
    )  # fmt: skip
    assert finding.params == {"count": 3}


def test_a_column_of_width_0() -> None:
    paper = meeting()
    column = paper.spot("meetings.present")[1][1]
    col = f'<cols><col min="{column}" max="{column}" width="0" customWidth="1"/></cols>'
    data = sheet_xml(paper.save(), "<sheetData>", f"{col}<sheetData>")
    assert told(data) == [("C18", paper.cell("meetings.present"))]


def test_a_figure_below_a_merged_cell_is_not_seen() -> None:
    paper = meeting()
    first = paper.cell("meetings.expected")
    merge = f'<mergeCells><mergeCell ref="{first}:{paper.cell("meetings.present")}"/></mergeCells>'
    data = sheet_xml(paper.save(), "</sheetData>", f"</sheetData>{merge}")
    assert told(data) == [("C16", first)]


ANCHOR = (
    "<xdr:{kind}><xdr:from><xdr:col>3</xdr:col><xdr:colOff>0</xdr:colOff><xdr:row>19</xdr:row>"
    "</xdr:from><xdr:to><xdr:col>5</xdr:col><xdr:row>29</xdr:row></xdr:to>{inside}"
    "<xdr:clientData/></xdr:{kind}>"
)
BOX = (
    '<xdr:sp><xdr:nvSpPr><xdr:cNvPr id="2" name="TextBox 1"{hidden}/></xdr:nvSpPr><xdr:txBody>'
    "<a:p><a:r><a:t>Có mặt</a:t></a:r><a:r><a:t> 12</a:t></a:r></a:p><a:p><a:r><a:t>&amp; 1</a:t>"
    "</a:r></a:p></xdr:txBody></xdr:sp>"
)
PICTURE = "<xdr:pic><xdr:blipFill/></xdr:pic>"
LINE = '<xdr:cxnSp><xdr:nvCxnSpPr><xdr:cNvPr id="3" name="Line"/></xdr:nvCxnSpPr></xdr:cxnSp>'
CHART = "<xdr:graphicFrame><a:graphic/></xdr:graphicFrame>"
ODD = (
    "<mc:AlternateContent><mc:Choice>{0}</mc:Choice><mc:Fallback>{0}</mc:Fallback>"
    "</mc:AlternateContent>"
)
NAMES = 'xmlns:xdr="http://x/d" xmlns:a="http://x/a" xmlns:mc="http://x/mc" xmlns:r="http://x/r"'
RELATIONS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="rId9" Type="http://x/relationships/drawing" '
    'Target="../drawings/drawing1.xml"/></Relationships>'
)


def with_drawing(*inside: str, kind: str = "twoCellAnchor", paper: FormFile | None = None) -> bytes:
    anchors = "".join(ANCHOR.format(kind=kind, inside=one) for one in inside)
    part = f"<xdr:wsDr {NAMES}>{anchors}</xdr:wsDr>".encode()
    more = {
        "xl/drawings/drawing1.xml": part,
        "xl/worksheets/_rels/sheet1.xml.rels": RELATIONS.encode(),
    }
    return repack((paper or meeting()).save(), lambda _, old: old, **more)


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        (BOX.format(hidden=""), [("C34", "D20")]),
        (ODD.format(BOX.format(hidden="")), [("C34", "D20")]),
        (BOX.format(hidden=' hidden="1"'), []),
        (f"<xdr:grpSp>{PICTURE}{BOX.format(hidden='')}</xdr:grpSp>", [("C34", "D20")]),
        (PICTURE, [("R35", "D20")]),
        (LINE, [("R35", "D20")]),
        (CHART, [("R36", "D20")]),
    ],
    ids=["text box", "twice for old programs", "hidden", "a group", "picture", "line", "chart"],
)
def test_what_lies_over_the_cells(inside: str, expected: list[tuple[str, str]]) -> None:
    submission = read(with_drawing(inside), "x.xlsx", FORMS)
    assert codes_and_cells(submission) == expected
    assert {f.severity for f in submission.findings} <= {Severity.WARNING}
    words = [f.params["value"] for f in submission.findings if f.code == "C34"]
    assert words == ["Có mặt 12 & 1"] * len(words)


def test_drawings_of_one_kind_are_told_once() -> None:
    (finding,) = read(with_drawing(*[LINE] * 30), "x.xlsx", FORMS).findings
    assert (finding.code, finding.params) == ("R35", {"count": 30})


def test_a_damaged_drawing_is_no_damaged_file() -> None:
    drawing = with_drawing(BOX.format(hidden=""))
    data = repack(drawing, lambda _, part: part.replace(b"</xdr:wsDr>", b"</x>"))
    assert told(data) == [("C34", "D20")]  # all that stands before the damage


def test_of_very_many_drawings_the_first_are_kept() -> None:
    builder = MetadataBuilder(Limits())
    for row in range(MAX_DRAWINGS + 9):
        builder.add_drawing((row + 1, 1), "x" * 100_000)
    drawings = builder.build("x").drawings
    assert (len(drawings), len(drawings[0].text)) == (MAX_DRAWINGS, MAX_DRAWING_TEXT)


def test_a_drawing_at_no_cell_of_excels_has_its_sheet_only() -> None:
    part = with_drawing(PICTURE)
    data = repack(part, lambda _, old: old.replace(b"<xdr:col>3<", b"<xdr:col>-3<"))
    (finding,) = read(data, "x.xlsx", FORMS).findings
    assert (finding.code, finding.place.sheet, finding.place.cell) == ("R35", "Báo cáo", "")


def test_a_drawing_anchored_to_the_page_has_its_sheet_only() -> None:
    part = with_drawing(PICTURE, kind="absoluteAnchor")
    data = repack(part, lambda _, old: old.replace(b"xdr:from", b"xdr:pos"))
    (finding,) = read(data, "x.xlsx", FORMS).findings
    assert (finding.code, finding.place.sheet, finding.place.cell) == ("R35", "Báo cáo", "")


OBJECT = (
    '<oleObjects><mc:AlternateContent xmlns:mc="http://x/mc"><mc:Choice Requires="x14"><oleObject '
    'progId="Word.Document.12" shapeId="1025"><objectPr><anchor><from><xdr:col xmlns:xdr="http://x">'
    '4</xdr:col><xdr:row xmlns:xdr="http://x">8</xdr:row></from></anchor></objectPr></oleObject>'
    '</mc:Choice><mc:Fallback><oleObject progId="Word.Document.12" shapeId="1025"/></mc:Fallback>'
    "</mc:AlternateContent></oleObjects>"
)


def test_an_embedded_object_is_told_with_its_cell() -> None:
    """Once: also where its bytes lie in the package."""
    data = sheet_xml(meeting().save(), "</worksheet>", f"{OBJECT}</worksheet>")
    data = repack(data, lambda _, part: part, **{"xl/embeddings/a.docx": b"PK"})
    (finding,) = read(data, "x.xlsx", FORMS).findings
    assert (finding.code, finding.place.cell, finding.params) == ("R36", "E9", {"count": 1})


def with_footer(words: str, tag: str = "oddFooter") -> bytes:
    footer = f"<headerFooter><{tag}>{words}</{tag}></headerFooter></worksheet>"
    return sheet_xml(meeting().save(), "</worksheet>", footer)


@pytest.mark.parametrize("tag", ["oddFooter", "evenHeader", "firstFooter"])
def test_words_in_header_or_footer_are_told(tag: str) -> None:
    words = '&amp;L&amp;"Times New Roman,Italic"&amp;9 Bổ sung: có mặt 12&amp;R&amp;P/&amp;N'
    (finding,) = read(with_footer(words, tag), "x.xlsx", FORMS).findings
    assert (finding.code, finding.place.sheet, finding.place.cell) == ("R34", "Báo cáo", "")
    assert (finding.severity, finding.params) == (
        Severity.WARNING,
        {"value": "Bổ sung: có mặt 12"},
    )


@pytest.mark.parametrize(
    "words",
    [
        "&amp;CTrang &amp;P/&amp;N", "&amp;CPage &amp;P of &amp;N", "&amp;C&amp;A", "&amp;LBáo cáo",
        "&amp;K000000&amp;10&amp;BTrang 1", "Mẫu meeting 2018.1 · CB-09 · Tháng 11 năm 2019",
        "Form meeting 2018.1 · CB-09 · 2019-11", "Mẫu meeting 2018.1",
        "Mẫu meeting 2018.1 · CB-09 · 6 tháng đầu năm 2019",
        "THÁNG 11 NĂM 2019",
    ],
)  # fmt: skip
def test_page_numbers_and_the_forms_own_words_are_not(words: str) -> None:
    paper = meeting()
    paper.stamp.append(("static", "Tháng 11 năm 2019"))
    footer = f"<headerFooter><oddFooter>{words}</oddFooter></headerFooter></worksheet>"
    assert told(sheet_xml(paper.save(), "</worksheet>", footer)) == []


@pytest.mark.parametrize(
    "words", ["Mẫu meeting 2018.1 · CB-09 · có mặt 12", "Mẫu meeting 2018.1 · CB-09: 12"]
)
def test_words_added_to_the_forms_own_are_told(words: str) -> None:
    assert told(with_footer(words)) == [("R34", "")]


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_a_form_of_the_programs_own_is_read_in_the_fast_way_and_nothing_is_told(lang: str) -> None:
    data = render(MEETING, CONTEXT, lang=lang)
    assert read(data, "x.xlsx", FORMS).findings == ()
    parts: dict[str, bytes] = {}
    repack(data, lambda name, part: parts.setdefault(name, part))
    assert strip_plain_cells(parts[SHEET], Limits()) is not None


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Submission]:
    """A form with everything and a form given back, as LibreOffice saves them."""
    folder = tmp_path_factory.mktemp("seen")
    (folder / "a.xlsx").write_bytes(everything())
    first = read(meeting().save(), "x.xlsx", FORMS)
    (row,) = first.section_rows("meetings")
    wrong = Finding("D01", Severity.ERROR, row.place("present"), {"total": 18, "sum": 17})
    (folder / "b.xlsx").write_bytes(render(MEETING, CONTEXT, first.rows, [wrong]))
    submissions = {}
    for name in ("a", "b"):
        for kind in ("ods", "xls", "xlsx"):
            path = libreoffice.convert(folder / f"{name}.xlsx", kind, folder / kind)
            submissions[f"{name} {kind}"] = read(Path(path).read_bytes(), name, FORMS)
    return submissions


def everything() -> bytes:
    """Struck-out cells, a row of height 0, a text box, a picture, a chart, a footer; no lists."""
    paper, buffer = meeting(), io.BytesIO()
    paper.put("meetings.held_on", date(2019, 11, 9), 1).put("meetings.present", 12, 1)
    with xlsxwriter.Workbook(buffer, {"default_date_format": "dd/mm/yyyy"}) as book:
        struck, bold = book.add_format({"font_strikeout": True}), book.add_format({"bold": True})
        sheet = book.add_worksheet("Báo cáo")
        for (row, column), value in paper.sheets["Báo cáo"].items():
            sheet.write(row - 1, column - 1, value)
        row, column = (n - 1 for n in paper.spot("meetings.present")[1])
        sheet.write(row, column, 17, struck)
        row, column = (n - 1 for n in paper.spot("meetings.content")[1])
        sheet.write_rich_string(row, column, bold, "Nghị ", struck, "quyết", bold, " tháng")
        sheet.set_row(row + 1, 0)
        sheet.insert_textbox("H3", "Có mặt 12")
        sheet.insert_image("D5", "x.png", {"image_data": io.BytesIO(PNG)})
        chart = book.add_chart({"type": "line"})
        chart.add_series({"values": "='Báo cáo'!$D$3:$D$5"})
        sheet.insert_chart("H40", chart)
        sheet.set_footer("&LBổ sung: có mặt 12&RTrang &P")
        stamp = book.add_worksheet("_mlay")
        stamp.very_hidden()
        for number, pair in enumerate(paper.stamp):
            stamp.write_row(number, 0, pair)
    return buffer.getvalue()


PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360"
    "6060f80f00010401005fe5c34b0000000049454e44ae426082"
)
SUPER, SUB = InlineFont(vertAlign="superscript"), InlineFont(vertAlign="subscript")
WHITE, TINY = InlineFont(color="FFFFFFFF"), InlineFont(sz=1)
THEME_WHITE = InlineFont(color=Color(theme=0))
AUTOMATIC_FILL = PatternFill("solid", fgColor=Color(indexed=64))
WHITE_FILL = PatternFill("solid", fgColor="FFFFFFFF")
DARK = PatternFill("solid", fgColor="FF204060")


def rich(*runs: tuple[InlineFont, str]) -> CellRichText:
    return CellRichText(*(TextBlock(font, text) for font, text in runs))


ODD = {
    # case: what the cell holds, its font, its fill → what is told, what is read
    "45²": (rich((PLAIN, "1"), (SUPER, "7")), None, None, "7", None),
    "45₂": (rich((PLAIN, "1"), (SUB, "7")), None, None, "7", None),
    "a white digit": (rich((WHITE, "1"), (PLAIN, "7")), None, None, "1", None),
    "white by the theme": (rich((THEME_WHITE, "1"), (PLAIN, "7")), None, None, "1", None),
    "a tiny digit": (rich((PLAIN, "1"), (TINY, "7")), None, None, "7", None),
    "two kinds": (rich((WHITE, "1"), (PLAIN, "2"), (SUPER, "7")), None, None, "17", None),
    "a white cell": (17, Font(color="FFFFFFFF"), None, "17", None),
    "nearly white": (17, Font(color="FFF0F8FF"), None, "17", None),
    "a tiny cell": (17, Font(sz=2), None, "17", None),
    "white on white": (17, Font(color="FFFFFFFF"), WHITE_FILL, "17", None),
    "dark on dark": (17, Font(color="FF204060"), DARK, "17", None),
    "white on dark": (17, Font(color="FFFFFFFF"), DARK, "", 17),
    "white run on dark": (rich((WHITE, "1"), (WHITE, "7")), None, DARK, "", 17),
    "all raised": (rich((SUPER, "17"),), None, None, "", 17),
    "a raised cell": (17, Font(vertAlign="superscript"), None, "", 17),
    "a raised blank": (rich((PLAIN, "17"), (SUPER, " ")), None, None, "", 17),
    "small, yet seen": (17, Font(sz=6), None, "", 17),
    "an automatic fill": (17, None, AUTOMATIC_FILL, "", 17),
    "yellow": (17, Font(color="FFFFFF00"), None, "", 17),
    "grey": (17, Font(color="FF9A9A9A"), None, "", 17),
    "black runs in a white cell": (
        rich((InlineFont(color="FF000000"), "17"),), Font(color="FFFFFFFF"), None, "", 17,
    ),
}  # fmt: skip


def odd_form(case: str) -> bytes:
    value, font, fill, _, _ = ODD[case]
    book = openpyxl.load_workbook(io.BytesIO(meeting().save()))
    cell = book["Báo cáo"][meeting().cell("meetings.present")]
    cell.value, cell.font, cell.fill = value, font or Font(), fill or PatternFill()
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def check_odd(data: bytes, case: str) -> None:
    *_, odd, expected = ODD[case]
    findings = [f for f in read(data, "x", FORMS).findings if f.code.startswith("C")]
    assert [f.params["odd"] for f in findings if f.code == "C38"] == ([odd] if odd else [])
    assert values(data)["present"] == expected


@pytest.mark.parametrize("case", ODD)
def test_a_character_that_people_see_otherwise_or_not_at_all(case: str) -> None:
    check_odd(odd_form(case), case)


@pytest.mark.parametrize(
    "fill",
    [
        DARK,
        PatternFill("solid", fgColor=Color(theme=4)),
        PatternFill("darkGray", fgColor="FFFFFFFF", bgColor="FF000000"),
        GradientFill(stop=("FF000080", "FF0000FF")),
    ],
    ids=["dark", "of the theme", "hatched", "gradient"],
)
def test_the_fill_of_a_conditional_format_is_not_the_cells(
    fill: PatternFill | GradientFill,
) -> None:
    book = openpyxl.load_workbook(io.BytesIO(meeting().save()))
    cell = book["Báo cáo"][meeting().cell("meetings.present")]
    cell.font, cell.fill = Font(color="FFFFFFFF"), fill
    red = CellIsRule("lessThan", ["0"], fill=PatternFill(bgColor="FFFF0000"))
    book["Báo cáo"].conditional_formatting.add(cell.coordinate, red)
    buffer = io.BytesIO()
    book.save(buffer)
    assert told(buffer.getvalue()) == []


@pytest.mark.parametrize("suffix", ["ods", "xls"])
def test_odd_characters_in_files_of_other_programs(suffix: str, tmp_path: Path) -> None:
    if not libreoffice.available():
        pytest.skip("no LibreOffice")
    told_by_xlsx_alone = {"dark on dark"} if suffix == "xls" else set()  # only white is looked for
    for number, case in enumerate(ODD.keys() - told_by_xlsx_alone):
        path = tmp_path / f"{number}.xlsx"
        path.write_bytes(odd_form(case))
        check_odd(libreoffice.convert(path, suffix, tmp_path).read_bytes(), case)


def test_a_raised_character_of_a_text_is_part_of_it() -> None:
    data = with_cells(meeting(), content=rich((PLAIN, "Vườn 200 m"), (SUPER, "2")))
    assert told(data) == []
    assert values(data)["content"] == "Vườn 200 m2"


EVERYTHING = ["C17", "C30", "C31", "C34", "R34", "R35", "R36", "R46"]


def test_everything_in_one_file() -> None:
    assert sorted(code for code, _ in told(everything())) == EVERYTHING


@pytest.mark.libreoffice
@pytest.mark.parametrize("kind", ["ods", "xls", "xlsx"])
def test_every_kind_of_file(saved: dict[str, Submission], kind: str) -> None:
    paper, submission = meeting(), saved[f"a {kind}"]
    assert sorted(f.code for f in submission.findings) == EVERYTHING
    cells = {f.code: f.place.cell for f in submission.findings}
    assert (cells["C30"], cells["C31"]) == (
        paper.cell("meetings.present"), paper.cell("meetings.content"),
    )  # fmt: skip
    assert (cells["C17"], cells["C34"], cells["R35"]) == (
        paper.cell("meetings.held_on", 1), "H3", "D5",
    )  # fmt: skip
    words = {f.code: f.params.get("value") for f in submission.findings}
    assert (words["C34"], words["R34"]) == ("Có mặt 12", "Bổ sung: có mặt 12")
    assert submission.section_rows("meetings")[0].values["content"] == "Nghị tháng"
    assert saved[f"b {kind}"].findings == ()


def with_format(code: str, value: object, name: str = "present") -> bytes:
    """The paper with a value of `meetings` in a cell of that number format."""
    return with_cells(meeting(), **{name: (value, code)})


@pytest.mark.parametrize(
    ("code", "value", "expected"),
    [
        # format, what the cell holds → what is said of it
        ("0%", 0.95, "C02"),
        ("0%", 1, "C36"),  # shown as 100%
        ("0,", 2000, "C36"),  # shown as 2
        (";;;", 17, "C36"),  # shown as nothing
        ('"28"', 17, "C36"),
        ('"1"0', 17, "C36"),
        ("\\10", 17, "C36"),
        ('0"0"', 17, "C36"),
        ("00.00", 17, ""),
        ('0" m2"', 17, ""),
        ("0;-0;;@", 0, ""),  # zero is hidden, as a blank says it too
        ('_-* #,##0_-;-* #,##0_-;_-* "-"_-;_-@_-', 0, ""),
        ('[=0]"";General', 17, ""),
        ("[<100]0;0%", 17, ""),
        ('[Red]0"%"', 17, ""),  # a unit, not a share
        ('0 "người"', 17, ""),
        ("#,##0", 1017, ""),
        ("0.0", 17, ""),
        ('0"."0', 17, "C36"),  # shown as 1.7
        ("0\\,00", 17, "C36"),
        ('#"."##0', 1017, ""),  # thousands
        ("General", 17, ""),
        ("@", 17, ""),
    ],
)
def test_a_number_shown_as_another_one(code: str, value: float, expected: str) -> None:
    data = with_format(code, value)
    assert "".join(code for code, _ in told(data)) == expected
    assert values(data)["present"] == (None if expected else value)


@pytest.mark.parametrize(
    ("code", "day", "expected"),
    [
        ("dd/mm/yyyy", 3, ""),
        ("yyyy-mm-dd", 3, ""),
        ("d mmmm yyyy", 3, ""),
        ('"ngày "d" tháng "m" năm "yyyy', 3, ""),
        ("mm/dd/yyyy", 3, "C37"),  # shown as 11/03/2019
        ("mm/dd/yyyy", 20, ""),  # 11/20/2019 can be no other day
        ("mmmm d, yyyy", 3, ""),
        ("yyyy/dd/mm", 3, "C37"),
        ("yyyy/mm/dd", 3, ""),
        ("dd/mm", 3, ""),
        ("mm/yyyy", 3, "C37"),
        ('"Tháng 10"', 3, "C37"),
        ("General", 3, ""),
    ],
)
def test_a_day_shown_as_another_one(code: str, day: int, expected: str) -> None:
    data = with_format(code, date(2019, 11, day), "held_on")
    assert "".join(code for code, _ in told(data)) == expected
    assert values(data)["held_on"] == date(2019, 11, day)


@pytest.mark.parametrize("suffix", ["ods", "xls"])
@pytest.mark.parametrize(
    ("code", "value", "name", "expected"),
    [
        ("0%", 1, "present", "C36"),
        (";;;", 17, "present", "C36"),
        ("0;-0;;@", 0, "present", ""),
        ("0", 17, "present", ""),
        ("mm/dd/yyyy", date(2019, 11, 3), "held_on", "C37"),
        ("dd/mm/yyyy", date(2019, 11, 3), "held_on", ""),
    ],
)
def test_formats_in_files_of_other_programs(
    suffix: str, code: str, value: object, name: str, expected: str, tmp_path: Path
) -> None:
    if not libreoffice.available():
        pytest.skip("no LibreOffice")
    path = tmp_path / "paper.xlsx"
    path.write_bytes(with_format(code, value, name))
    data = libreoffice.convert(path, suffix, tmp_path).read_bytes()
    assert "".join(found for found, _ in told(data) if found[0] == "C") == expected
