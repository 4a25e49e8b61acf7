"""Every kind of leak is planted in a file for circulation and seen there; a clean one has none."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from functools import cache
from typing import Any, get_args
from zipfile import ZipFile

import pytest
import yaml
from builders import committee_reports
from docx import Document
from docx.document import Document as Paper
from xlsxwriter import Workbook

from mlay_batch.core import messages
from mlay_batch.core.zip_rules import write_parts
from mlay_batch.errors import MlayError
from mlay_batch.report.committee.circulation_copy import write_circulation
from mlay_batch.report.committee.docx_report import write_docx
from mlay_batch.report.committee.leaks import (
    Kind,
    Leak,
    find_docx_leaks,
    find_leaks,
    refuse_leaks,
)
from mlay_batch.report.committee.paper_layout import layout_on

REPORT = committee_reports.town()
SHEET, BOOK, STRINGS = "xl/worksheets/sheet2.xml", "xl/workbook.xml", "xl/sharedStrings.xml"
CORE, APP, STYLES = "docProps/core.xml", "docProps/app.xml", "xl/styles.xml"
RELS = "xl/_rels/workbook.xml.rels"
DOCUMENT, SETTINGS = "word/document.xml", "word/settings.xml"
PAPER_RELS = "word/_rels/document.xml.rels"
EXTERNAL = (
    '<Relationship Id="rId99" Type="urn:x" Target="Normal.dotm" TargetMode="External"/>'
    "</Relationships>"
)
Edit = tuple[str, str, str]  # the part, what stands there, what stands there instead


@cache
def clean_copy() -> bytes:
    return write_circulation(REPORT)


@cache
def clean_paper() -> bytes:
    return write_docx(REPORT, layout_on(REPORT.as_of))


def edited(data: bytes, *edits: Edit, **added: str) -> bytes:
    """The file with texts of its parts replaced, and parts added (``__`` stands for a slash)."""
    with ZipFile(io.BytesIO(data)) as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()}
    for part, old, new in edits:
        assert old in parts[part], f"{old} is not in {part}"
        parts[part] = parts[part].replace(old, new, 1)
    return write_parts({**parts, **{name.replace("__", "/"): text for name, text in added.items()}})


def kinds(leaks: tuple[Leak, ...]) -> set[str]:
    return {leak.kind for leak in leaks}


def in_book(xml: str) -> Edit:
    return BOOK, "<calcPr", f"{xml}<calcPr"


def in_sheet(xml: str) -> Edit:
    return SHEET, "<printOptions", f"{xml}<printOptions"


def in_cell(text: str) -> Edit:
    return STRINGS, "Hạt Kiểm lâm thị xã", text


SHEET_EDITS: Mapping[str, tuple[Kind, Edit]] = {
    "hidden sheet": ("hidden", (BOOK, ' sheetId="2"', ' sheetId="2" state="hidden"')),
    "very hidden sheet": ("hidden", (BOOK, ' sheetId="2"', ' sheetId="2" state="veryHidden"')),
    "hidden window": ("hidden", (BOOK, "<workbookView ", '<workbookView visibility="hidden" ')),
    "no tabs": ("hidden", (BOOK, "<workbookView ", '<workbookView showSheetTabs="0" ')),
    "hidden row": ("hidden", (SHEET, '<row r="4"', '<row r="4" hidden="1"')),
    "hidden column": ("hidden", (SHEET, "<col ", '<col hidden="true" ')),
    "collapsed rows": ("hidden", (SHEET, '<row r="4"', '<row r="4" collapsed="1"')),
    "row without height": ("hidden", (SHEET, ' ht="15.75"', ' ht="0"')),
    "rows hidden as a rule": ("hidden", (SHEET, "<sheetFormatPr", '<sheetFormatPr zeroHeight="1"')),
    "invisible number": ("hidden", (STYLES, 'formatCode="#,##0.0"', 'formatCode=";;;"')),
    "name": ("name", in_book("<definedNames><definedName>B1</definedName></definedNames>")),
    "view": ("name", in_book("<customWorkbookViews><customWorkbookView/></customWorkbookViews>")),
    "formula": ("formula", (SHEET, "<v>69</v>", "<f>60+9</f><v>69</v>")),
    "conditional format": ("formula", in_sheet(
        "<conditionalFormatting><cfRule><formula>A1</formula></cfRule></conditionalFormatting>")),
    "list": ("list", in_sheet(
        "<dataValidations><dataValidation><formula1>1</formula1></dataValidation></dataValidations>")),
    "hyperlink": ("link", in_sheet('<hyperlinks><hyperlink ref="A4"/></hyperlinks>')),
    "external relation": ("link", (RELS, "</Relationships>", EXTERNAL)),
    "external link": ("source", in_book(
        '<externalReferences><externalReference r:id="rId9"/></externalReferences>')),
    "pivot cache": ("source", in_book("<pivotCaches><pivotCache/></pivotCaches>")),
    "note": ("comment", in_sheet('<legacyDrawing r:id="rId1"/>')),
    "XML comment": ("comment", in_sheet("<!-- Lê Thị Vân -->")),
    "drawing": ("object", in_sheet('<drawing r:id="rId1"/>')),
    "embedded object": ("object", in_sheet('<oleObjects><oleObject r:id="rId1"/></oleObjects>')),
    "author": ("property", (CORE, "<dc:creator>", "<dc:creator>Hòa")),
    "last modified by": ("property", (CORE, "<cp:lastModifiedBy>", "<cp:lastModifiedBy>Hòa")),
    "company": ("property", (APP, "<Company>", "<Company>Thị ủy")),
    "manager": ("property", (APP, "<Company>", "<Manager>Vân</Manager><Company>")),
    "who reserved it": ("property", in_book('<fileSharing userName="hoa"/>')),
    "folder of the file": ("path", in_book('<x:absPath xmlns:x="urn:x" url="x"/>')),
    "Windows path": ("path", in_cell("xem C:\\Users\\hoa\\tong-hop.xlsx")),
    "glued path": ("path", in_cell("tệpD:\\a.xlsx")),
    "Windows path with slashes": ("path", in_cell("D:/bao-cao/a.xlsx")),
    "Unix path": ("path", in_cell("xem /home/hoa/mlay")),
    "address of a file": ("path", in_cell("file:///D:/a.xlsx")),
    "path of a network": ("path", in_cell("\\\\may-chu\\chung")),
    "path in a property": ("path", (CORE, "<dc:title>", "<dc:title>D:\\a ")),
    "unknown element": ("part", in_sheet("<extLst><ext/></extLst>")),
    "hidden reading": ("part", (STRINGS, "</t></si>", "</t><rPh><t>Vân</t></rPh></si>")),
    "filter": ("part", in_sheet('<autoFilter ref="A3:C6"/>')),
    "instruction": ("part", in_sheet("<?mso-contentType v1?>")),
    "DOCTYPE": ("part", (SHEET, "<worksheet ", "<!DOCTYPE a><worksheet ")),
    "damaged part": ("part", (SHEET, "</worksheet>", "")),
}  # fmt: skip
PARTS: Mapping[str, Kind] = {
    "xl/comments1.xml": "comment",
    "xl/threadedComments/threadedComment1.xml": "comment",
    "xl/persons/person.xml": "comment",
    "xl/drawings/drawing1.xml": "object",
    "xl/drawings/vmlDrawing1.vml": "object",
    "xl/media/image1.png": "object",
    "xl/charts/chart1.xml": "object",
    "xl/embeddings/oleObject1.bin": "object",
    "xl/activeX/activeX1.bin": "object",
    "xl/externalLinks/externalLink1.xml": "source",
    "xl/connections.xml": "source",
    "xl/queryTables/queryTable1.xml": "source",
    "xl/pivotCache/pivotCacheDefinition1.xml": "source",
    "xl/model/item.data": "source",
    "xl/tables/table1.xml": "name",
    "xl/calcChain.xml": "formula",
    "docProps/custom.xml": "property",
    "docProps/thumbnail.jpeg": "property",
    "customXml/item1.xml": "property",
    "xl/printerSettings/printerSettings1.bin": "part",
    "xl/vbaProject.bin": "part",
    "xl/worksheets/_rels/sheet2.xml.rels": "part",
    "anything.bin": "part",
}


class TestTheCopy:
    def test_is_clean(self) -> None:
        assert find_leaks(clean_copy()) == ()

    @pytest.mark.parametrize("name", SHEET_EDITS)
    def test_with_a_leak_in_its_xml(self, name: str) -> None:
        kind, edit = SHEET_EDITS[name]
        leaks = find_leaks(edited(clean_copy(), edit))
        assert kinds(leaks) == {kind}
        assert {leak.part for leak in leaks} == {edit[0]}

    @pytest.mark.parametrize("name", PARTS)
    def test_with_a_part_too_many(self, name: str) -> None:
        leaks = find_leaks(edited(clean_copy(), **{name.replace("/", "__"): "<a/>"}))
        assert leaks == (Leak(PARTS[name], name, "part"),)

    def test_with_a_tenth_sheet(self) -> None:
        many = "".join(f'<sheet name="S{n}" sheetId="{n}"/>' for n in range(6, 11))
        leaks = find_leaks(edited(clean_copy(), (BOOK, "</sheets>", many + "</sheets>")))
        assert leaks == (Leak("sheets", BOOK, "10"),)

    def test_that_is_no_package(self) -> None:
        assert kinds(find_leaks(b"no zip")) == {"part"}
        assert kinds(find_leaks(clean_copy()[:-30])) == {"part"}

    def test_with_a_comment_of_the_zip(self) -> None:
        buffer = io.BytesIO(clean_copy())
        with ZipFile(buffer, "a") as archive:
            archive.comment = "máy của Hòa".encode()
        assert find_leaks(buffer.getvalue()) == (Leak("comment", "", "máy của Hòa"),)

    def test_with_two_parts_of_one_name(self) -> None:
        buffer = io.BytesIO(clean_copy())
        with pytest.warns(UserWarning, match="Duplicate"), ZipFile(buffer, "a") as archive:
            archive.writestr(SHEET, archive.read(SHEET))
        assert kinds(find_leaks(buffer.getvalue())) == {"part"}


def _planted(plant: Callable[[Workbook, Any], object]) -> set[str]:
    """The kinds of leak in a workbook of XlsxWriter on which `plant` has done something."""
    buffer = io.BytesIO()
    with Workbook(buffer, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_string(0, 0, "a")
        plant(book, sheet)
    return kinds(find_leaks(buffer.getvalue()))


class TestAWorkbookOfAnotherWriter:
    """The same leaks as a program really writes them."""

    def test_is_clean_without_any(self) -> None:
        assert _planted(lambda book, sheet: None) == set()

    @pytest.mark.parametrize(
        ("kind", "plant"),
        [
            ("hidden", lambda book, sheet: book.add_worksheet().hide()),
            ("hidden", lambda book, sheet: book.add_worksheet().very_hidden()),
            ("hidden", lambda book, sheet: sheet.set_row(3, None, None, {"hidden": True})),
            ("hidden", lambda book, sheet: sheet.set_column(3, 3, None, None, {"hidden": True})),
            ("hidden", lambda book, sheet: sheet.set_row(3, None, None, {"collapsed": True})),
            ("hidden", lambda book, sheet: sheet.set_column(3, 3, 0)),
            ("name", lambda book, sheet: book.define_name("Tổng", "=Sheet1!$A$1")),
            ("name", lambda book, sheet: sheet.repeat_rows(0)),
            ("name", lambda book, sheet: sheet.print_area(0, 0, 3, 3)),
            ("name", lambda book, sheet: sheet.add_table(3, 0, 5, 1)),
            ("comment", lambda book, sheet: sheet.write_comment(0, 0, "hỏi lại", {"author": "H"})),
            ("link", lambda book, sheet: sheet.write_url(3, 0, "http://example.org")),
            ("link", lambda book, sheet: sheet.write_url(3, 0, "internal:Sheet1!A1")),
            ("formula", lambda book, sheet: sheet.write_formula(3, 0, "=1+1", None, 2)),
            ("formula", lambda book, sheet: sheet.conditional_format(
                0, 0, 1, 1, {"type": "formula", "criteria": "=A1>1", "format": book.add_format()})),
            ("list", lambda book, sheet: sheet.data_validation(
                3, 0, 3, 0, {"validate": "list", "source": ["a", "b"]})),
            ("object", lambda book, sheet: sheet.insert_textbox(3, 0, "ghi")),
            ("property", lambda book, sheet: book.set_properties({"author": "Hòa"})),
            ("property", lambda book, sheet: book.set_properties({"company": "Thị ủy"})),
            ("property", lambda book, sheet: book.set_properties({"keywords": "mật"})),
            ("property", lambda book, sheet: book.set_custom_property("Máy", "PC-01")),
            ("path", lambda book, sheet: sheet.write_string(3, 0, "D:\\bao-cao\\a.xlsx")),
            ("sheets", lambda book, sheet: [book.add_worksheet() for _ in range(9)]),
        ],
    )  # fmt: skip
    def test_is_caught(self, kind: str, plant: Callable[[Workbook, Any], object]) -> None:
        assert kind in _planted(plant)


class TestForbiddenWords:
    @pytest.mark.parametrize(
        "word", ["Lò Văn Thắng", "LÒ VĂN THẮNG", "Lò  Văn\u00a0Thắng", "Lo\u0300 Va\u0306n Thắng"]
    )
    def test_a_name_is_seen_however_it_is_written(self, word: str) -> None:
        (leak,) = find_leaks(clean_copy(), [word])
        assert (leak.kind, leak.part, leak.detail) == ("word", STRINGS, word)

    @pytest.mark.parametrize("word", ["Lò Văn Thắ", "ò Văn Thắng", "Lo Van Thang", "", " "])
    def test_another_name_is_not(self, word: str) -> None:
        assert find_leaks(clean_copy(), [word]) == ()

    @pytest.mark.parametrize(
        "edit",
        [
            (STRINGS, "Hạt Kiểm lâm thị xã</t>", "Quàng</t><t xml:space='preserve'> Văn Sơn</t>"),
            (BOOK, 'name="Chỉ tiêu dự"', 'name="Quàng Văn Sơn"'),
            (SHEET, "<oddFooter>", "<oddFooter>Quàng Văn Sơn"),
            (CORE, "<dc:title>", "<dc:title>Quàng Văn Sơn: "),
        ],
        ids=["in pieces", "name of a sheet", "footer", "title"],
    )
    def test_a_name_is_seen_wherever_it_stands(self, edit: Edit) -> None:
        leaks = find_leaks(edited(clean_copy(), edit), ["Quàng Văn Sơn"])
        assert leaks == (Leak("word", edit[0], "Quàng Văn Sơn"),)

    def test_parts_of_two_cells_are_no_name(self) -> None:
        columns = REPORT.annexes[0].columns
        annex = replace(REPORT.annexes[0], rows=((1, "Quàng", 1, 2, "Văn Sơn"),), columns=columns)
        data = write_circulation(replace(REPORT, annexes=(annex,)))
        assert find_leaks(data, ["Quàng Văn Sơn", "Quàng 1"]) == ()

    def test_a_name_in_a_document_is_seen_across_its_runs(self) -> None:
        document = Document(io.BytesIO(clean_paper()))
        paragraph = document.add_paragraph("Đồng chí Quàng")
        paragraph.add_run(" Văn ").bold = True
        paragraph.add_run("Sơn.")
        leaks = find_docx_leaks(_saved(document), ["Quàng Văn Sơn"])
        assert leaks == (Leak("word", DOCUMENT, "Quàng Văn Sơn"),)


def _saved(document: Paper) -> bytes:
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def in_paragraph(xml: str) -> Edit:
    return DOCUMENT, "</w:p>", f"{xml}</w:p>"


def in_run(xml: str) -> Edit:
    return in_paragraph(f"<w:r>{xml}</w:r>")


def in_settings(xml: str) -> Edit:
    return SETTINGS, "<w:compat>", f"{xml}<w:compat>"


DOCUMENT_EDITS: Mapping[str, tuple[Kind, Edit]] = {
    "hidden text": ("hidden", in_run("<w:rPr><w:vanish/></w:rPr><w:t>Vân</w:t>")),
    "inserted text": ("change", in_paragraph('<w:ins w:id="1"><w:r/></w:ins>')),
    "deleted text": ("change", in_paragraph("<w:del><w:r><w:delText>a</w:delText></w:r></w:del>")),
    "changed look": ("change", in_run("<w:rPr><w:rPrChange/></w:rPr>")),
    "comment": ("comment", in_run('<w:commentReference w:id="0"/>')),
    "bookmark": ("name", in_paragraph('<w:bookmarkStart w:id="0" w:name="Vân"/>')),
    "hyperlink": ("link", in_paragraph('<w:hyperlink w:anchor="a"/>')),
    "picture": ("object", in_run("<w:drawing/>")),
    "embedded object": ("object", in_run("<w:object/>")),
    "field": ("formula", in_run("<w:instrText>FILENAME \\p</w:instrText>")),
    "short field": ("formula", in_paragraph('<w:fldSimple w:instr="AUTHOR"/>')),
    "content control": ("property", in_paragraph("<w:sdt/>")),
    "who changed it": ("property", in_run('<w:rPr w:author="Hòa"/>')),
    "author": ("property", (CORE, "<dc:creator>", "<dc:creator>Hòa")),
    "description": ("property", (CORE, "<dc:description>", "<dc:description>python-docx")),
    "template": ("link", in_settings('<w:attachedTemplate r:id="rId1"/>')),
    "variable": ("property", in_settings('<w:docVars><w:docVar w:name="a"/></w:docVars>')),
    "unknown setting": ("part", in_settings("<w:rsids/>")),
    "external relation": ("link", (PAPER_RELS, "</Relationships>", EXTERNAL)),
    "path": ("path", in_run("<w:t>C:\\Users\\hoa</w:t>")),
}
DOCUMENT_PARTS: Mapping[str, Kind] = {
    "word/comments.xml": "comment",
    "word/people.xml": "comment",
    "word/media/image1.png": "object",
    "word/embeddings/a.xlsx": "object",
    "word/footnotes.xml": "part",
    "word/vbaProject.bin": "part",
    "docProps/app.xml": "property",
    "docProps/thumbnail.jpeg": "property",
    "customXml/item1.xml": "property",
}


class TestTheDocument:
    def test_is_clean(self) -> None:
        assert find_docx_leaks(clean_paper()) == ()

    @pytest.mark.parametrize("name", DOCUMENT_EDITS)
    def test_with_a_leak_in_its_xml(self, name: str) -> None:
        kind, edit = DOCUMENT_EDITS[name]
        assert kinds(find_docx_leaks(edited(clean_paper(), edit))) == {kind}

    @pytest.mark.parametrize("name", DOCUMENT_PARTS)
    def test_with_a_part_too_many(self, name: str) -> None:
        leaks = find_docx_leaks(edited(clean_paper(), **{name.replace("/", "__"): "<a/>"}))
        assert leaks == (Leak(DOCUMENT_PARTS[name], name, "part"),)

    def test_of_a_template_as_it_comes(self) -> None:
        """What python-docx makes of itself has an author, a thumbnail, themes and more."""
        leaks = find_docx_leaks(_saved(Document()))
        assert {"property", "part"} <= kinds(leaks)
        assert ("docProps/core.xml", "creator: python-docx") in {(x.part, x.detail) for x in leaks}


class TestTheError:
    def test_a_clean_file_raises_none(self) -> None:
        refuse_leaks((), "bao-cao.xlsx")

    @pytest.mark.parametrize("lang", ["vi", "en"])
    @pytest.mark.parametrize("kind", get_args(Kind))
    def test_names_file_what_and_where(self, kind: Kind, lang: str) -> None:
        with pytest.raises(MlayError) as caught:
            refuse_leaks((Leak(kind, SHEET, "hàng 4"), Leak(kind, SHEET, "hàng 5")), "a.xlsx")
        text = messages.error_text(caught.value, lang)
        assert all(word in text for word in ("a.xlsx", SHEET, "hàng 4", "hàng 5"))
        assert "{" not in text

    def test_every_text_belongs_to_a_kind(self) -> None:
        texts = yaml.safe_load((messages.locale_folder() / "errors.yaml").read_text("utf-8"))
        codes = {key.partition(".")[2] for key in texts if key.startswith("leak.")}
        assert codes == set(get_args(Kind))


def test_the_day_of_writing_is_that_of_the_figures() -> None:
    report = replace(REPORT, as_of=date(2026, 2, 3))
    for data in (write_circulation(report), write_docx(report, layout_on(report.as_of))):
        with ZipFile(io.BytesIO(data)) as archive:
            core = archive.read(CORE).decode()
        assert core.count("2026-02-03T00:00:00Z") == 2
