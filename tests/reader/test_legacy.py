"""TCVN3 and VNI: decided by the font, else over a whole column; proposed, never taken silently."""

import io
import re

import openpyxl
import pytest
from builders.reader_files import FORMS, MEETING, FormFile, codes_and_cells, repack
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.styles import Font

from mlay_batch.core.messages import explain
from mlay_batch.reader import read
from mlay_batch.reader.legacy_encodings import (
    _TCVN3,
    decode_legacy,
    font_encoding,
    propose_readings,
)

TEXTS = {
    "TCVN3": ["NghÞ quyÕt th¸ng 11", "B×nh bÇu ®¶ng viªn ­u tó", "ChuyÓn ®¶ng chÝnh thøc"],
    "VNI": ["Nghò quyeát thaùng 11", "Bình baàu ñaûng vieân öu tuù", "Chuyeån ñaûng chính thöùc"],
}
SAID = ["Nghị quyết tháng 11", "Bình bầu đảng viên ưu tú", "Chuyển đảng chính thức"]
UNICODE = st.sampled_from(
    ["Nghị quyết", "và là", "có lý do", "Đảng ủy", "Ðoàn", "café", "5 m²", "", "OK", "họp"]
)


def meetings(texts, font=None, sheet="Báo cáo"):
    """A return with a meeting a text, saved by openpyxl so that the cells have a font."""
    paper = FormFile().put("members.opening", 18).put("members.closing", 18)
    for record, text in enumerate(texts):
        paper.put("meetings.content", text, record)
    book = openpyxl.load_workbook(io.BytesIO(paper.save()))
    for record in range(len(texts) if font else 0):
        book[sheet][paper.cell("meetings.content", record)].font = Font(name=font)
    buffer = io.BytesIO()
    book.save(buffer)
    return read(buffer.getvalue(), "x.xlsx", FORMS), paper


@pytest.mark.parametrize(
    ("font", "encoding"),
    [(".VnTime", "TCVN3"), (".VnTimeH", "TCVN3"), ("VnTime", "TCVN3"), (".VnArial", "TCVN3"),
     ("VNI-Times", "VNI"), ("VNI-Helve", "VNI"), ("Times New Roman", None), ("Vnimono", None)],
)  # fmt: skip
def test_a_font_tells_its_encoding(font, encoding):
    assert font_encoding(font) == encoding


@pytest.mark.parametrize("encoding", TEXTS)
def test_both_tables(encoding):
    assert [decode_legacy(text, encoding) for text in TEXTS[encoding]] == SAID


def test_every_letter_of_tcvn3_once():
    assert len(set(_TCVN3.values())) == len(_TCVN3) == 74


@pytest.mark.parametrize("encoding", TEXTS)
@pytest.mark.parametrize("font", [True, False])
def test_old_letters_are_refused_with_what_they_say(encoding, font):
    name = {"TCVN3": ".VnTime", "VNI": "VNI-Times"}[encoding] if font else None
    submission, paper = meetings(TEXTS[encoding], name)
    wrong = [f for f in submission.findings if f.code == "C24"]
    cells = [paper.cell("meetings.content", record) for record in range(3)]
    assert [f.place.cell for f in wrong] == cells
    assert [f.params["value"] for f in wrong] == SAID
    assert all(f.is_error and f.params["encoding"] == encoding for f in wrong)
    assert [row.values["content"] for row in submission.section_rows("meetings")] == [None] * 3
    assert SAID[0] in str(explain(wrong[0], MEETING, "vi"))


def test_the_font_comes_first():
    """ "hoäp" is nothing in TCVN3, but the cell says it is."""
    submission, _ = meetings(["®· häp"], ".VnTime")
    assert [f.params["value"] for f in submission.findings if f.code == "C24"] == ["đã họp"]


@pytest.mark.parametrize("inline", [False, True])
def test_a_font_chosen_while_typing_is_that_of_a_run(inline):
    paper = FormFile().put("meetings.content", "baù")
    plain, runs = "<t>baù</t>", '<r><rPr><rFont val="VNI-Times"/></rPr><t>baù</t></r>'
    cell = paper.cell("meetings.content")

    def change(name, part):
        text = part.decode()
        if inline and name.endswith("sheet1.xml"):
            changed = re.sub(
                rf'<c r="{cell}"( s="\d+")? t="s">.*?</c>',
                rf'<c r="{cell}"\1 t="inlineStr"><is>{runs}</is></c>',
                text,
            )
            assert changed != text
            return changed.encode()
        if not inline and name.endswith("sharedStrings.xml"):
            assert plain in text
            return text.replace(plain, runs).encode()
        return part

    submission = read(repack(paper.save(), change), "x.xlsx", FORMS)
    assert [(f.place.cell, f.params["value"]) for f in submission.findings if f.code == "C24"] == [
        (cell, "bá")
    ]


def test_one_word_needs_its_column():
    """ "baù" alone could be Unicode; beside other VNI texts it is not."""
    assert propose_readings([("baù", "")]) == {}
    readings = propose_readings([("baù", ""), (TEXTS["VNI"][0], "")])
    assert readings[0].text == "bá"


def test_unicode_in_an_old_font_is_left_alone():
    submission, _ = meetings(["Nghị quyết tháng 11"], ".VnTime")
    assert "C24" not in [code for code, _ in codes_and_cells(submission)]
    assert submission.section_rows("meetings")[0].values["content"] == "Nghị quyết tháng 11"


def test_a_choice_in_old_letters():
    paper = FormFile().put("meetings.kind", "Th­êng kú").put("meetings.content", "NghÞ quyÕt")
    submission = paper.read()
    assert ("C24", paper.cell("meetings.kind")) in codes_and_cells(submission)
    assert not {"C09", "C10"} & {code for code, _ in codes_and_cells(submission)}


def test_an_officer_chosen_by_code_is_the_code():
    paper = FormFile().put("visits.officer", "CB07 – NguyÔn V¨n An")
    assert paper.read().section_rows("visits")[0].values["officer"] == "CB07"


@given(st.lists(UNICODE, max_size=8))
def test_what_is_typed_in_unicode_is_never_read_anew(texts):
    assert propose_readings([(text, "Times New Roman") for text in texts]) == {}


@pytest.mark.parametrize("encoding", ["TCVN3"])
@given(
    words=st.lists(
        st.sampled_from(["đã", "họp", "bộ", "trường", "tiểu", "ưu", "tú", "đảng"]),
        min_size=2,
        max_size=8,
        unique=True,
    )
)
def test_tcvn3_there_and_back(encoding, words):
    back = {meaning: typed for typed, meaning in _TCVN3.items()}
    text = "".join(back.get(letter, letter) for letter in " ".join(words))
    assert propose_readings([(text, ".VnTime")])[0].text == " ".join(words)
