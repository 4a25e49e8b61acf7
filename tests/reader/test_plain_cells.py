"""A sheet without its plain cells tells the same facts as the whole sheet."""

from __future__ import annotations

import pytest
from builders.reader_files import FORMS, MEETING, FormFile, codes_and_cells, repack
from hypothesis import example, given
from hypothesis import strategies as st

from mlay_batch.core.xml_parser import UnreadableError
from mlay_batch.reader import Limits, read, xlsx
from mlay_batch.reader.xlsx import strip_plain_cells

LIMITS = Limits(rows=10_000, columns=80, cells=800_000)
PARTS = {
    "xl/workbook.xml": b'<workbook><sheet name="S" r:id="r1"/></workbook>',
    "xl/_rels/workbook.xml.rels": b'<Relationships><Relationship Id="r1" Type="x/worksheet" '
    b'Target="worksheets/sheet1.xml"/></Relationships>',
}

PLAIN = [
    '<c r="A1"/>', '<c r="C1" t="inlineStr" />', '<c r="B2" s="3" />', '<c r="C3" t="n"></c>',
    '<c r="D4" t="s"><v>0</v></c>',
    '<c r="B2" s="1"><v>18</v></c>', '<c r="E5" t="str"><v>Chi bộ</v></c>',
    '<c r="F6" s="2" t="inlineStr"><is><t>Đảng &amp; dân</t></is></c>',
    '<c r="G7" t="inlineStr"><is><t xml:space="preserve"> a\n</t></is></c>', '<c r="CC1"/>',
    '<c r="XFD1048576" s="4"/>', '<c r="A99999"></c>', '<row r="99999"><c r="A99999"/></row>',
    '<c r="CC1"><v>1</v></c>', '<c r="A10001"><v>1</v></c>', '<c r="BZ9999"><v>1</v></c>',
    '<row r="3" ht="20" customHeight="1"><c r="A3"/><c r="B3"><v>1</v></c></row>',
    '<row r="4" spans="1:3"/>', '<row r="5" hidden="1"><c r="A5"/></row>',
    '<row r="6" hidden="false"></row>', '<row r="7"><c r="A7"><f>1</f></c></row>',
]  # fmt: skip
ODD = [
    '<row hidden="1"><c r="A1"/></row>', '<row r="3" s="1" s="2"></row>', '<row r="x"></row>',
    "<c/>", "<c><v>7</v></c>", '<c r="B3"><f>SUM(A1)</f><v>1</v></c>', '<c r="B4"><f>1</f></c>',
    '<c r="B3" s="2" t="str"><f>A1&amp;1</f><v></v></c>', '<c r="C3"><f>1</f><v/></c>', "text",
    '<c r="D3" t="str"><f aca="false">1</f><v /></c>', '<c r="E3"><f>1</f><v>\u00a0</v></c>',
    '<c r="F3"><f>[1]S!A1</f><v>1</v></c>', '<c r="CC3"><f>1</f></c>', "<sheetData/>",
    '<c r="B4"><f>', "</f></c>",
    '<c r="C4" t="e"><v>#N/A</v></c>', '<c t="e" r="C5"><v>#REF!</v></c>', '<x:c r="D5"/>',
    '<c r="B6" t="inlineStr"><v>1</v></c>', '<c r="B7"><v>1&#50;</v></c>',
    '<c r="B8"><v>1<![CDATA[2]]></v></c>', '<c r="B9" t="n"><v>1</v>', "</c>", '<c r="B2">',
    '<c r="B1" t="inlineStr"><is><t>]]></t></is></c>', '<c r="A9"><v>\x01</v></c>',
    '<c r="A9" t="inlineStr"><is><t>&no;</t></is></c>', '<c r="AAAA1"/>', '<c r="A2"><v/></c>',
    "<row>", "</row>", '<row r="9" hidden="1">', '<row r="8" note="', '">', "<!--", "-->", "<?a ?>",
    "<f>1</f>", "\ufffe", "\n",
]  # fmt: skip
VALIDATION = '<dataValidation sqref="A1:B2 D4" prompt="&amp;&#10;" x:u="{}"><formula1>1</formula1>'
AFTER = [
    f'<dataValidations count="1">{VALIDATION}</dataValidation></dataValidations>',
    '<dataValidations><dataValidation sqref="C3"/><dataValidation type="list" /></dataValidations>',
    '<dataValidations><dataValidation sqref="A1" sqref="A2"/></dataValidations>',
    '<dataValidations><dataValidation sqref="A1&#10;A2"/></dataValidations>',
    '<dataValidations><dataValidation sqref="XYZ"/></dataValidations>',
    "<dataValidations></dataValidations>",
    "<dataValidation>", "</dataValidation>", "<dataValidations>", "</dataValidations>",
    '<dataValidation sqref="E5"/>', "<x:sqref>F6</x:sqref>", "<oddFooter>a", "b</oddFooter>",
    '<row r="8" note="', '">', "c", "<oleObject><from><row>2</row><col>3</col></from><t>d</t>",
    "</oleObject>", "<!--", "-->", "<mc:Fallback>", "</mc:Fallback>", "<oddHeader>e</oddHeader>",
]  # fmt: skip
ROOT = ("<worksheet>", "</worksheet>")
SHEET = ("<worksheet><sheetData>", "</sheetData></worksheet>")
AROUND = st.sampled_from([
    ("<worksheet><cols><col min='2' max='3' hidden='1'/></cols><sheetData>",
     ('</sheetData><mergeCells><mergeCell ref="A1:B2"/></mergeCells><extLst><x:f>A1</x:f></extLst>'
     "</worksheet>")),
    ('<?xml version="1.0" encoding="UTF-8"?>\n<worksheet><sheetData>', "</sheetData></worksheet>"),
    ('<?xml version="1.0" encoding="latin-1"?><worksheet><sheetData>', "</sheetData></worksheet>"),
    ('<?xml version="1.0"?><worksheet><sheetData>', "</sheetData></worksheet>"),
    ("", "<worksheet/>"), ("<worksheet>", ""),
])  # fmt: skip


def outcome(part: bytes):
    try:
        return xlsx.scan(PARTS | {"xl/worksheets/sheet1.xml": part}, LIMITS)
    except UnreadableError as error:
        return error.code, error.cell


def whole(part: bytes):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(xlsx, "strip_plain_cells", lambda *_: None)
        return outcome(part)


@given(
    AROUND,
    st.lists(st.sampled_from(PLAIN * 3 + ODD), max_size=8),
    st.lists(st.sampled_from(AFTER), max_size=4),
)
@example(ROOT, ['<row r="8" note="', PLAIN[0], PLAIN[1], '">', "</row>"], [])
@example(ROOT, ["<!--", PLAIN[0], ODD[2], "-->"], [])
@example(ROOT, ['<row r="1">', PLAIN[0], "<c/>", "</row>"], [])
@example(ROOT, ['<c r="B4"><f>', PLAIN[5], "</f></c>"], [])
@example(SHEET, [], [*AFTER[:2], "<oddHeader>e</oddHeader>"])
@example(SHEET, ODD[8:12:2], AFTER[:1])
@example(SHEET, ODD[11:12], [])
@example(SHEET, [], AFTER[2:3])
@example(SHEET, [], AFTER[3:4])
@example(SHEET, [], ["<oddFooter>a", AFTER[1], "b</oddFooter>"])
@example(SHEET, [], ["<dataValidation>", AFTER[1], "<x:sqref>F6</x:sqref>", "</dataValidation>"])
def test_the_same_facts_as_of_the_whole_sheet(around, cells, after):
    start, end = around
    end = end.replace("</worksheet>", "".join((*after, "</worksheet>")))
    part = "".join((start, *cells, end)).encode()
    assert outcome(part) == whole(part)


def test_every_cell_of_a_form_is_plain():
    for cells in (*PLAIN[:9], f'<row r="9">{"".join(PLAIN[:9])}</row>'):
        part = f"<worksheet><sheetData>{cells}</sheetData></worksheet>".encode()
        assert strip_plain_cells(part, LIMITS) == b"<worksheet><sheetData></sheetData></worksheet>"
    assert strip_plain_cells(part, Limits(cells=700_000)) is None


def test_a_million_formatted_empty_rows_are_plain():
    """Whoever formats whole columns gets a row, often a cell, for every row of the sheet."""
    blank = "".join(
        f'<row r="{n}" s="1" customFormat="1" ht="15" customHeight="1"/>'
        f'<row r="{n + 1}"><c r="A{n + 1}" s="1"/><c r="XFD{n + 1}" s="1"/></row>'
        for n in range(900_000, 1_040_000, 2)
    )
    part = f"<worksheet><sheetData>{blank}</sheetData></worksheet>".encode()
    assert strip_plain_cells(part, LIMITS) == b"<worksheet><sheetData></sheetData></worksheet>"
    assert len(part) > 8 << 20


def test_formulas_behind_the_cells_are_no_cell_s():
    """Excel writes a list on another sheet so; its formula once was taken for the last cell's."""
    behind = b'</sheetData><extLst><ext xmlns:xm="x"><xm:f>_lists!$A$2</xm:f></ext></extLst>'
    data = repack(
        FormFile(MEETING).save(),
        lambda name, part: part.replace(b"</sheetData>", behind) if "sheet1" in name else part,
    )
    assert codes_and_cells(read(data, "", FORMS)) == []
