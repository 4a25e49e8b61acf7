"""The report composed from real figures: complete, of few pages, nobody named where it goes out."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date, datetime
from functools import cache
from pathlib import Path

import pytest
from builders import libreoffice, printed_pages, reports
from builders.figure_inputs import facts, register, returns
from docx import Document
from openpyxl import load_workbook

from mlay_batch.core.period import Period
from mlay_batch.core.text import name_key
from mlay_batch.figures import compute
from mlay_batch.figures.report_records import ReportInputs
from mlay_batch.model.office_rules import Profile
from mlay_batch.model.records import Output
from mlay_batch.model.register import Decision
from mlay_batch.report.committee.committee_report import CommitteeReport
from mlay_batch.report.committee.compose import MAX_CHAT_LINES, chat_message, compose_report
from mlay_batch.report.committee.docx_report import show_value
from mlay_batch.report.committee.leaks import find_leaks
from mlay_batch.report.committee.masking import mask_names
from mlay_batch.report.committee.outputs import write_outputs
from mlay_batch.report.report_context import ReportWords

ONE_CELL = """
code | type        | parent | name
TX   | office      |        | Đảng ủy xã Nậm Sương
CB1  | cell_direct | TX     | Chi bộ Một
"""
OFFICERS = "code|name|position\nA|Lò Văn An|Bí thư"
ASSIGNED = "officer|branch|role|from\nA|CB1|office_official|2019-01-01"
HELD = "branch|day|kind|own\nCB1|2019-03-05|regular|95"


def words(inputs: ReportInputs, lang: str = "vi", *, has_names: bool = True) -> ReportWords:
    return ReportWords(inputs, compute(inputs), lang, has_names)


@cache
def november() -> ReportWords:
    return words(reports.facts())


def all_text(report: CommitteeReport) -> str:
    """Every text of a report."""
    tables = [*(table for part in report.sections for table in part.tables), *report.annexes]
    cells = (str(value) for table in tables for row in table.rows for value in row)
    sentences = (sentence for part in report.sections for sentence in part.sentences)
    signatures = (report.prepared.name, report.signed.name)
    return "\n".join([*sentences, *cells, *signatures, *report.recipients])


def hand_made(filed: str, period: str = "2019-03", assigned: str = ASSIGNED) -> ReportInputs:
    return facts(register(ONE_CELL, OFFICERS, assigned), period, returns(filed))


MONTHS = {
    "nothing reported": hand_made("branch|day"),
    "all reported": hand_made(HELD),
    "December": hand_made(HELD, "2019-12"),
    "a year": hand_made(HELD, "2019"),
    "a quarter": hand_made(HELD, "2019-Q1"),
    "no cell at all": facts(register("code|type|parent|name\nTX|office||Đảng ủy"), "2019-03"),
}


@pytest.mark.parametrize("lang", ["vi", "en"])
@pytest.mark.parametrize("month", MONTHS)
def test_every_month_gives_all_outputs(month: str, lang: str) -> None:
    inputs = MONTHS[month]
    outputs = write_outputs(inputs, compute(inputs), lang)
    assert set(outputs) == set(Output)
    assert outputs == write_outputs(inputs, compute(inputs), lang)
    text = all_text(compose_report(words(inputs, lang)))
    assert not {"{", "}"} & set(text)
    assert 1 < len(outputs[Output.MESSAGE].decode().splitlines()) <= MAX_CHAT_LINES


def test_nothing_to_say_is_said() -> None:
    inputs = MONTHS["no cell at all"]
    (section,) = compose_report(words(inputs)).sections
    assert section.sentences == ("Trong kỳ không có việc gì cần nêu.",)
    assert "không có việc gì cần nêu" in chat_message(words(inputs))


def test_the_message_of_the_sample_town_is_short_and_names_no_officer() -> None:
    message = chat_message(november())
    assert len(message.splitlines()) <= MAX_CHAT_LINES
    assert max(map(len, message.splitlines())) < 250
    key = name_key(message)
    register_ = november().inputs.register
    assert not [officer.name for officer in register_.officers if name_key(officer.name) in key]


def people(inputs: ReportInputs) -> set[str]:
    named = (*inputs.register.officers, *inputs.register.signatories)
    return {person.name for person in named}


def texts_by_sheet(data: bytes) -> dict[str, str]:
    book = load_workbook(io.BytesIO(data))
    return {
        sheet.title: "\n".join(str(cell.value) for row in sheet.iter_rows() for cell in row)
        for sheet in book
    }


def with_decision(content: str, recipients: str = "") -> ReportInputs:
    inputs = reports.facts()
    rules = inputs.register.rules
    rules = replace(rules, profile=replace(rules.profile, recipients=recipients))
    decided = (Decision("2019-11", content),)
    return replace(inputs, register=replace(inputs.register, decisions=decided, rules=rules))


def test_officers_are_named_only_where_the_table_is_about_them() -> None:
    inputs = with_decision(
        "Giao đồng chí CÀ THỊ  NGUYỆT dự hai chi bộ; Lò Văn Thắng dự một.", "Đ/c Cà Thị Nguyệt"
    )
    outputs = write_outputs(inputs, compute(inputs), "vi")
    named = {
        sheet
        for sheet, text in texts_by_sheet(outputs[Output.CIRCULATION]).items()
        if any(name_key(name) in name_key(text) for name in people(inputs))
    }
    assert named == {"Chỉ tiêu dự"}
    text = texts_by_sheet(outputs[Output.CIRCULATION])["Báo cáo"]
    assert "Giao đồng chí Phó Bí thư Đảng ủy Trung tâm Y tế dự hai chi bộ" in text
    assert "một cán bộ dự một" in text  # two officers bear this name
    assert find_leaks(outputs[Output.UNNAMED], people(inputs)) == ()
    assert find_leaks(outputs[Output.CIRCULATION]) == ()


def test_a_longer_name_is_not_cut_by_a_shorter_one() -> None:
    town = register(ONE_CELL, OFFICERS + "\nB|Lò Văn Anh|Trưởng ban", ASSIGNED)
    unnamed = words(facts(town, "2019-03"), has_names=False)
    assert mask_names(unnamed, "Lò Văn Anh và Lò Văn An") == "Trưởng ban và Bí thư"


@pytest.mark.parametrize("path", [r"D:\Bao cao\t3.docx", "C:/5", r"\\maychu\chung", "/home/an/x"])
def test_a_path_that_somebody_wrote_is_masked_and_breaks_nothing(path: str) -> None:
    town = register(ONE_CELL.replace("Chi bộ Một", f"Chi bộ {path}"), OFFICERS, ASSIGNED)
    filed = returns(f"branch|day|kind|own|note\nCB1|2019-03-05|regular|65|Xem tệp {path}")
    inputs = facts(town, "2019-03", filed)
    write_outputs(inputs, compute(inputs), "vi")
    text = all_text(compose_report(words(inputs)))
    assert path not in text
    assert "Xem tệp …" in text


def test_words_of_the_cells_do_not_circulate() -> None:
    note = next(
        sitting.note for rating in november().figures.ratings for sitting in rating.sittings
        if sitting.note
    )  # fmt: skip
    assert note in all_text(compose_report(november()))
    assert note not in all_text(compose_report(november(), circulates=True))


def test_what_was_decided_is_printed_and_recalled() -> None:
    decisions = (Decision("2019-03", "Họp lại."), Decision("2019-02", "Nhắc chi bộ Một."))
    inputs = MONTHS["all reported"]
    inputs = replace(inputs, register=replace(inputs.register, decisions=decisions))
    text = all_text(compose_report(words(inputs)))
    assert "Kết luận: Họp lại." in text
    assert "Việc đã giao sau báo cáo tháng 02 năm 2019: Nhắc chi bộ Một." in text
    assert "Kết luận" not in all_text(compose_report(words(MONTHS["all reported"])))


def test_the_head_is_that_of_the_register() -> None:
    profile = Profile(
        parent="Tỉnh ủy", place="Nậm Sương", symbol="BC/ĐU", recipients="Tỉnh ủy; Lưu"
    )
    inputs = MONTHS["all reported"]
    rules = replace(inputs.register.rules, profile=profile)
    report = compose_report(words(replace(inputs, register=replace(inputs.register, rules=rules))))
    assert (report.superior, report.number.split()) == ("Tỉnh ủy", ["Số", "-BC/ĐU"])
    assert report.recipients == ("- Tỉnh ủy,", "- Lưu.")
    assert report.place_and_day == "Nậm Sương, ngày 10 tháng 4 năm 2019"
    assert compose_report(words(inputs)).recipients == ()


def test_the_classification_stands_in_the_report_of_a_year() -> None:
    year = compose_report(words(reports.facts(11, Period(2019, 1, 12), date(2020, 1, 31))))
    (table,) = (t for s in year.sections if s.title == "Đánh giá, xếp loại năm" for t in s.tables)
    shares = {str(row[0]): row[-1] for row in table.rows}
    assert "99,6%" in shares.values()
    assert "0,28%" in shares.values()
    assert not [s for s in compose_report(november()).sections if "xếp loại năm" in s.title]


@pytest.mark.libreoffice
def test_the_report_has_two_to_four_pages_before_its_annexes(tmp_path: Path) -> None:
    inputs = november().inputs
    path = tmp_path / "bao-cao.docx"
    path.write_bytes(write_outputs(inputs, november().figures, "vi")[Output.REPORT])
    pages = printed_pages.page_texts(libreoffice.convert(path, "pdf", tmp_path))
    first_annex = next(number for number, page in enumerate(pages) if "PHỤ LỤC 1" in page)
    assert 2 <= first_annex <= 4
    assert "T/M BAN THƯỜNG VỤ" in pages[first_annex - 1]
    assert len(pages) <= 16


def test_report_copy_and_message_say_the_same() -> None:
    """Every table of the copy is that of the report, and so is every sentence without a name."""
    report, copy = compose_report(november()), compose_report(november(), circulates=True)
    assert report.sections == copy.sections
    outputs = write_outputs(november().inputs, november().figures, "vi")
    document = Document(io.BytesIO(outputs[Output.REPORT]))
    on_paper = [[[c.text for c in row.cells] for row in table.rows] for table in document.tables]
    book = load_workbook(io.BytesIO(outputs[Output.CIRCULATION]))
    sections = [table for section in copy.sections for table in section.tables]
    for table in (*sections, copy.annexes[0]):
        titles, count = [column.title for column in table.columns], len(table.rows)
        rows = next(rows for rows in on_paper if rows[0][: len(titles)] == titles)
        printed = [row[: len(titles)] for row in rows[1 : 1 + count]]
        decimals = [column.decimals for column in table.columns]
        assert printed == [
            [show_value(value, places, "vi") for value, places in zip(row, decimals, strict=True)]
            for row in table.rows
        ]
        lines = [[cell.value for cell in line] for line in book[table.sheet].iter_rows()]
        first = lines.index(titles) + 1
        assert [tuple(map(_day, line)) for line in lines[first : first + count]] == [*table.rows]


def _day(value: object) -> object:
    return value.date() if isinstance(value, datetime) else value
