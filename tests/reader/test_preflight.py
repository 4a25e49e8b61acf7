"""Hostile and odd files: refused with their own code before any parser, or read all the same."""

from __future__ import annotations

import io
import re
import struct
import zipfile

import pytest
from builders.reader_files import (
    DAY,
    FORMS,
    FormFile,
    Formula,
    codes,
    codes_and_cells,
    repack,
    sheet_xml,
)
from hypothesis import given
from hypothesis import strategies as st

from mlay_batch.core.findings import Severity
from mlay_batch.reader import Limits, read
from mlay_batch.reader.workbook import cell_texts

SPREADSHEET = b"application/vnd.oasis.opendocument.spreadsheet"
TEXT = b"application/vnd.oasis.opendocument.text"

PARTS = [
    "xl/worksheets/sheet1.xml",
    "xl/workbook.xml",
    "xl/_rels/workbook.xml.rels",
    "xl/sharedStrings.xml",
]


def paper() -> FormFile:
    return FormFile().put("meetings.held_on", DAY).put("meetings.content", "Nghị quyết")


def read_bytes(data: bytes, **limits: int):
    return read(data, "x.xlsx", FORMS, Limits(**limits))


def make_zip(**parts: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return buffer.getvalue()


def same(name: str, part: bytes) -> bytes:
    return part


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "R01"),
        (bytes(9000), "R01"),
        (b"Ngay,So\n1,2\n", "R03"),
        (b"%PDF-1.7 ...", "R03"),
        (b"\xff\xd8\xff\xe0 a picture", "R03"),
        (b"\r\n <html><table><tr><td>1</td></tr></table>", "R08"),
        (b'\xef\xbb\xbf<?xml version="1.0"?><Workbook/>', "R08"),
        (make_zip(**{"word/document.xml": b"<a/>"}), "R03"),
        (make_zip(**{"xl/workbook.bin": b""}), "R08"),
        (make_zip(**{"mimetype": TEXT, "content.xml": b""}), "R03"),
        (make_zip(**{"mimetype": SPREADSHEET, "content.xml": b"<a>"}), "R05"),
        (make_zip(**{"mimetype": SPREADSHEET + b"-template", "content.xml": b"<a/>"}), "R08"),
        (b"PK\x03\x04 and then nothing", "R05"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and then nothing", "R05"),
    ],
)
def test_no_workbook(data, code):
    submission = read_bytes(data)
    assert (submission.stamp, submission.form, codes(submission)) == (None, None, [code])
    assert submission.findings[0].is_error


def test_a_file_too_large():
    assert codes(read_bytes(b"PK\x03\x04" + bytes(2 << 20), file_mb=1)) == ["R02"]


def test_a_file_cut_off_in_the_mail():
    data = paper().save()
    assert codes(read_bytes(data[: len(data) // 2])) == ["R05"]


def test_a_bomb_is_not_unpacked():
    data = repack(paper().save(), same, **{"xl/media/x.xml": bytes(30 << 20)})
    assert codes(read_bytes(data)) == ["R06"]


def test_a_bomb_that_lies_about_its_size():
    data = bytearray(make_zip(**{"xl/workbook.xml": bytes(30 << 20)}))
    size = struct.pack("<I", 30 << 20)
    while (at := data.find(size)) >= 0:
        data[at : at + 4] = struct.pack("<I", 10)
    assert codes(read_bytes(bytes(data))) == ["R05"]


def test_too_much_in_all():
    parts = {f"x{n}": bytes(range(256)) * 500 for n in range(12)}
    data = repack(paper().save(), same, **parts)
    assert codes(read_bytes(data, inflated_mb=1, ratio=10**6)) == ["R06"]


def test_too_many_entries():
    data = repack(paper().save(), same, **{f"x{n}": b"" for n in range(20)})
    assert codes(read_bytes(data, entries=20)) == ["R06"]


@pytest.mark.parametrize("name", ["../evil.xml", "/etc/x.xml", "C:\\x.xml", "a\\..\\..\\x.xml"])
def test_names_that_lead_out(name):
    assert codes(read_bytes(repack(paper().save(), same, **{name: b"<a/>"}))) == ["R07"]


@pytest.mark.parametrize("name", ["xl/workbook.xml", "XL/Workbook.xml"])
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_entries_of_one_name(name):
    assert codes(read_bytes(repack(paper().save(), same, **{name: b"<a/>"}))) == ["R07"]


def test_overlapping_entries():
    """Two names for the same packed bytes, as in a quoted-overlap bomb."""
    first, second = b"xl/workbook.xml", b"xl/workbook2.xml"
    data = make_zip(**{first.decode(): b"<a/>" * 99, second.decode(): b"<b/>" * 99})
    at = data.index(b"PK\x01\x02", data.index(b"PK\x01\x02") + 4)
    data = data[: at + 42] + struct.pack("<I", 0) + data[at + 46 :]
    assert codes(read_bytes(data)) == ["R07"]


def test_an_encrypted_entry():
    data = bytearray(paper().save())
    at = data.index(b"PK\x01\x02")
    data[at + 8] |= 1
    assert codes(read_bytes(bytes(data))) == ["R04"]


def test_an_encrypted_ods():
    manifest = b"<manifest><encryption-data/></manifest>"
    parts = {"mimetype": SPREADSHEET, "content.xml": b"\x00", "META-INF/manifest.xml": manifest}
    assert codes(read_bytes(make_zip(**parts))) == ["R04"]


@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/styles.xml"])
def test_a_doctype_anywhere(part):
    bomb = b'<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]>'

    def change(name: str, xml: bytes) -> bytes:
        return xml.replace(b"?>", b"?>" + bomb, 1) if name == part else xml

    assert codes(read_bytes(repack(paper().save(), change))) == ["R07"]


def test_a_doctype_hidden_by_its_encoding():
    def change(name: str, xml: bytes) -> bytes:
        if name != "xl/worksheets/sheet1.xml":
            return xml
        text = xml.decode().replace("UTF-8", "UTF-16").replace("?>", "?><!DOCTYPE a []>", 1)
        return text.encode("utf-16")

    assert codes(read_bytes(repack(paper().save(), change))) == ["R07"]


def test_macros_are_refused_and_everything_else_is_still_told():
    book = paper().put("meetings.present", "18/18").save()
    submission = read_bytes(repack(book, same, **{"xl/vbaProject.bin": b"code"}))
    assert codes(submission) == ["R09", "C03"]
    assert submission.findings[0].is_error
    assert submission.section_rows("meetings")


def test_the_name_alone_makes_no_macro_file():
    assert read(paper().save(), "báo cáo.xlsm", FORMS).findings == ()


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/_rels/workbook.xml.rels"])
def test_a_part_that_is_missing(part):
    data = repack(paper().save(), lambda name, xml: None if name == part else xml)
    assert codes(read_bytes(data)) in (["R03"], ["R05"])


def test_a_sheet_that_leads_nowhere():
    def change(name: str, xml: bytes) -> bytes:
        return xml.replace(b"r:id=", b"rid=", 1) if name == "xl/workbook.xml" else xml

    assert codes(read_bytes(repack(paper().save(), change))) == ["R05"]


# Cells where calamine would die ------------------------------------------------------------------


def with_rows(rows: str) -> bytes:
    return sheet_xml(paper().save(), "</sheetData>", f"{rows}</sheetData>")


def test_a_cell_at_the_far_end_is_left_out_and_told():
    data = with_rows('<row r="1048576"><c r="A1048576" s="1"/><c r="XFD1048576"><v>1</v></c></row>')
    submission = read_bytes(data)
    assert codes_and_cells(submission) == [("R11", "XFD1048576")]
    assert submission.findings[0].severity is Severity.WARNING
    assert submission.section_rows("meetings")[0].values["content"] == "Nghị quyết"


def test_far_cells_are_cut_out_and_no_others():
    data = with_rows(
        '<row r="200000"><c r="A200000" t="inlineStr"><is><t>xa</t></is></c><c r="B200000"><f>1</f>'
        '<v>1</v></c><c r="C200000" s="0"/></row><row r="200001"/>'
    )
    (finding,) = read_bytes(data).findings
    assert (finding.code, finding.place.cell, finding.params["count"]) == ("R11", "A200000", 2)


def test_far_styled_blanks_do_not_matter():
    data = with_rows('<row r="1048576"><c r="XFD1048576" s="0"/></row>')
    assert read_bytes(data).findings == ()


def test_a_sheet_that_spans_too_much():
    book = paper().write((90_000, 400), "xa").save()
    assert codes_and_cells(read_bytes(book)) == [("R10", "OJ90000")]


@pytest.mark.parametrize("reference", ["A0", "AAAA1", "XFE1", "A1048577", "1A", "A99999999999"])
def test_cells_no_program_has(reference):
    row = f'<row r="999"><c r="{reference}"><v>1</v></c></row></sheetData>'
    assert codes(read_bytes(sheet_xml(paper().save(), "</sheetData>", row))) == ["R05"]


# How other programs write ------------------------------------------------------------------------


def test_elements_with_a_prefix():
    """As the Open XML SDK writes them."""
    book = paper().put("meetings.present", Formula("=1/0", "#DIV/0!")).save()

    def change(name: str, xml: bytes) -> bytes:
        if name != "xl/worksheets/sheet1.xml":
            return xml
        text = xml.decode().replace("<", "<x:").replace("<x:/", "</x:").replace("<x:?", "<?")
        return text.replace("xmlns=", "xmlns:x=").encode()

    assert codes(read_bytes(repack(book, change))) == ["C11"]


def _renamed(name: str) -> str:
    return name.replace("xl/workbook.xml", "xl/workbook22.xml").replace(
        "xl/_rels/workbook.xml.rels", "xl/_rels/workbook22.xml.rels"
    )


@pytest.mark.parametrize(
    "place",
    [
        lambda name: name.replace("/", "\\"),
        lambda name: name.replace("xl/", "excel/"),
        lambda name: name.replace("xl/_rels/", "_rels/").replace("xl/", ""),
        _renamed,
    ],
)
def test_a_workbook_in_another_place(place):
    """Legal, or usual: .NET wrote backslashes; the package says where its workbook is."""
    data = paper().put("meetings.present", Formula("=1/0", "#DIV/0!")).save()
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            part = old.read(name)
            if name.endswith(".rels") and "\\" not in place("a/b"):
                part = re.sub(
                    rb'(?<=Target=")[^"]+', lambda target: place(target[0].decode()).encode(), part
                )
            new.writestr(place(name), part)
    submission = read_bytes(buffer.getvalue())
    assert submission.rows == read_bytes(data).rows
    assert codes(submission) == ["C11"]


def test_two_workbooks_in_one_package():
    """Programs would differ on which one it is."""

    def change(name: str, part: bytes) -> bytes:
        return part.replace(b"xl/workbook.xml", b"x/y.xml") if name == "_rels/.rels" else part

    other = {"x/y.xml": b"<workbook/>"}
    assert codes(read_bytes(repack(paper().save(), change, **other))) == ["R07"]


@pytest.mark.parametrize("target", ["word/document.xml", "xl/workbook.bin", "xl/gone.xml"])
def test_a_package_whose_main_part_is_no_workbook(target):
    def change(name: str, part: bytes) -> bytes:
        return part.replace(b"xl/workbook.xml", target.encode()) if name == "_rels/.rels" else part

    parts = {"word/document.xml": b"<w:document/>", "xl/workbook2.bin": b""}
    code = "R08" if target.endswith(".bin") else "R03"
    assert codes(read_bytes(repack(paper().save(), change, **parts))) == [code]


def test_an_ods_with_blanks_between_its_cells():
    """As Gnumeric and SheetJS write it; calamine joined the words around a line break."""
    namespace = "urn:oasis:names:tc:opendocument:xmlns:"
    prefixes = "".join(f' xmlns:{p}="{namespace}{p}:1.0"' for p in ("office", "table", "text"))
    string = 'table:table-cell office:value-type="string"'
    content = f"""<office:document-content{prefixes}>
      <office:body> <office:spreadsheet>
        <table:table table:name="S">
          <table:table-row>
            <{string}>
              <text:p>Nghị<text:line-break/>quyết<text:tab/>số</text:p>
            </table:table-cell>
            <{string}><text:p><text:span>một</text:span> <text:span>hai</text:span></text:p>
              <text:p/> <text:p>ba</text:p></table:table-cell>
          </table:table-row>
        </table:table>
      </office:spreadsheet> </office:body>
    </office:document-content>"""
    parts = {"mimetype": SPREADSHEET, "content.xml": content.encode()}
    parts["META-INF/manifest.xml"] = b"<manifest/>"
    assert cell_texts(make_zip(**parts), Limits()) == {
        "S": {"A1": "Nghị quyết số", "B1": "một hai ba"}
    }


def test_cells_without_references():
    row = (
        '<row r="990"><c r="AC990"><v>1</v></c><c t="e"><f>1/0</f><v>#DIV/0!</v></c></row>'
        "<row><c><f>1</f></c></row></sheetData>"
    )
    submission = read_bytes(sheet_xml(paper().save(), "</sheetData>", row))
    assert codes_and_cells(submission) == [("C20", "AC990"), ("C20", "AD990"), ("C20", "A991")]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("<f>1+1</f>", ["C20"]),
        ("<f>1+1</f><v/>", ["C20"]),
        ("<f>1+1</f><v></v>", ["C20"]),
    ],
)
def test_formulas_without_a_result_are_not_blank(cell, expected):
    row = f'<row r="990"><c r="C990">{cell}</c></row></sheetData>'
    assert codes(read_bytes(sheet_xml(paper().save(), "</sheetData>", row))) == expected


def test_a_formula_that_gives_an_empty_text_is_blank():
    row = '<row r="990"><c r="C990" t="str"><f>""</f><v></v></c></row></sheetData>'
    assert read_bytes(sheet_xml(paper().save(), "</sheetData>", row)).findings == ()


def test_a_dimension_that_lies_does_not_matter():
    book = paper().save()
    expected = read_bytes(book).rows

    def change(name: str, xml: bytes) -> bytes:
        return re.sub(rb'<dimension ref="[^"]*"/>', b'<dimension ref="A1"/>', xml)

    assert read_bytes(repack(book, change)).rows == expected


def test_blanks_between_runs_of_rich_text_stay():
    """Older versions of calamine dropped them."""
    rich = (
        '<row r="990"><c r="C990" t="inlineStr"><is><r><t>Rich</t></r>'
        '<r><t xml:space="preserve"> đậm</t></r></is></c></row></sheetData>'
    )
    (finding,) = read_bytes(sheet_xml(paper().save(), "</sheetData>", rich)).findings
    assert finding.params["value"] == "Rich đậm"


@given(st.data())
def test_damaged_bytes_never_raise(data):
    damaged = bytearray(paper().save())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(damaged) - 1))
        damaged[at] = data.draw(st.integers(0, 255))
    submission = read_bytes(bytes(damaged))
    assert submission.form == "meeting" or submission.findings


@given(st.data())
def test_damaged_parts_never_raise(data):
    def change(name: str, xml: bytes) -> bytes:
        if name != part:
            return xml
        at = data.draw(st.integers(0, len(xml) - 1))
        return xml[:at] + data.draw(st.binary(max_size=3)) + xml[at + 1 :]

    part = data.draw(st.sampled_from(PARTS))
    submission = read_bytes(repack(paper().save(), change))
    assert submission.form == "meeting" or submission.findings


@pytest.mark.parametrize(
    "cell",
    [
        "<v>1&#50;</v>", "<v>1<!-- -->2</v>", "<v><![CDATA[12]]></v>", "<f>1</f><v>&amp;</v>",
        '<v xml:space="preserve">1&#50;</v>',
    ],
)  # fmt: skip
def test_a_number_written_in_pieces_which_readers_take_for_different_ones(cell):
    row = f'<row r="990"><c r="C990">{cell}</c></row></sheetData>'
    assert codes(read_bytes(sheet_xml(paper().save(), "</sheetData>", row))) == ["R07"]


def test_a_value_where_a_text_belongs_is_not_lost():
    row = '<row r="990"><c r="C990" t="inlineStr"><v>5</v></c></row></sheetData>'
    assert codes(read_bytes(sheet_xml(paper().save(), "</sheetData>", row))) == ["R07"]


def test_a_text_that_a_formula_gives_may_hold_references():
    row = '<row r="990"><c r="C990" t="str"><f>1</f><v>A &amp; B</v></c></row></sheetData>'
    (finding,) = read_bytes(sheet_xml(paper().save(), "</sheetData>", row)).findings
    assert finding.params["value"] == "A & B"
