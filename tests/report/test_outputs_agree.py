"""Workbook, report, copy and message say the same: each figure of a sentence stands on a sheet.

The workbook is read as people see it; nothing is taken from the figures but what sentences name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime
from functools import cache

import pytest
from builders import reports
from builders.figure_inputs import facts, register
from builders.news_sheets import amounts_not_on_sheets, sheets_of
from builders.sheet_cells import Book, Sheet, load_sheets

from mlay_batch.core.period import Period
from mlay_batch.figures import compute
from mlay_batch.figures.news import NEWS_RULES, News, news
from mlay_batch.figures.report_records import Figures, ReportInputs
from mlay_batch.report.committee.committee_report import ReportTable
from mlay_batch.report.committee.compose import chat_message, compose_report
from mlay_batch.report.news_text import NewsText
from mlay_batch.report.report_context import ReportWords

NUMBER = re.compile(r"(?<![\w/])\d+(?:,\d+)?(?![\w/])")


@cache
def inputs() -> ReportInputs:
    return reports.facts()


@cache
def figures() -> Figures:
    return compute(inputs())


@cache
def workbook() -> Book:
    return load_sheets(reports.write(inputs()))


def words() -> ReportWords:
    return ReportWords(inputs(), figures(), "vi")


def sentences() -> tuple[News, ...]:
    return news(inputs(), figures())


def test_the_sample_town_says_all_but_what_needs_a_year_before() -> None:
    said = {sentence.rule.id for sentence in sentences()}
    assert said == {rule.id for rule in NEWS_RULES} - {"change_year"}


@pytest.mark.parametrize("rule", [rule.id for rule in NEWS_RULES if rule.id != "change_year"])
def test_every_figure_of_a_sentence_stands_on_its_sheet(rule: str) -> None:
    (sentence,) = (s for s in sentences() if s.rule.id == rule)
    assert list(amounts_not_on_sheets(sentence, workbook())) == []


@pytest.mark.parametrize("rule", [rule.id for rule in NEWS_RULES if rule.id != "change_year"])
def test_every_unit_of_a_sentence_stands_on_its_sheet(rule: str) -> None:
    (sentence,) = (s for s in sentences() if s.rule.id == rule)
    rows = (row for sheet in sheets_of(sentence, workbook()) for row in sheet.rows)
    texts = " ".join(str(value) for row in rows for value in row if value)
    branches = {name.branch for clause in sentence.clauses for name in clause.names}
    assert not [code for code in branches if words().name(code) not in texts]


def test_the_first_page_prints_every_sentence() -> None:
    overview = {str(value) for row in workbook()["Tổng quan"].rows for value in row if value}
    text = NewsText(words())
    assert not [s.rule.id for s in sentences() if text.sentence(s) not in overview]


def rows_of(sheet: Sheet, *titles: str, first: str = "STT") -> Iterator[tuple[object, ...]]:
    """The cells under these headings in each row that has the first of them."""
    places: list[int] = []
    for row in sheet.rows:
        if row[0] == first and all(title in row for title in titles):
            places = [row.index(title) for title in titles]
        elif places and row[places[0]] not in (None, ""):
            yield tuple(row[place] for place in places)


def table(title: str) -> ReportTable:
    report = compose_report(words())
    tables = [t for section in report.sections for t in section.tables] + list(report.annexes)
    return next(t for t in tables if t.sheet == title)


def test_the_table_of_returns_sums_up_to_the_sheet() -> None:
    sheet = workbook()["Tổng quan"]
    row = sheet.rows[sheet.row_of("BÁO CÁO SINH HOẠT") - 1]
    due, sent, out = [value for value in row if isinstance(value, float)][:3]
    _, *totals = table("Nộp báo cáo").totals
    assert (totals[0], totals[1], totals[3]) == (due, sent, out)


def test_every_meeting_of_the_annex_stands_on_the_list_of_ratings() -> None:
    sheet = workbook()["Xếp loại sinh hoạt"]
    head = next(number for number, row in enumerate(sheet.rows) if row[0] == "STT")
    unit, day = (sheet.rows[head].index(title) for title in ("Tên đơn vị", "Ngày họp chi bộ"))
    points = sheet.rows[head + 1].index("KQ số điểm")
    listed = {
        (row[unit], _day(row[day]), row[points])
        for row in sheet.rows[head + 2 :]
        if _day(row[day]) is not None
    }
    annex = {(row[1], row[3], row[4]) for row in table("Xếp loại sinh hoạt").rows if row[3]}
    assert annex == listed
    assert len(annex) > 60
    assert {(row[0], row[1], row[2]) for row in table("Xếp loại thấp").rows} <= annex


def _day(value: object) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    return value if isinstance(value, date) else None


def test_every_officer_of_the_table_stands_so_on_the_sheet_of_quotas() -> None:
    sheet = workbook()["Chỉ tiêu dự sinh hoạt"]
    states = {
        "Chậm, khó đạt": "Chậm tiến độ"
    }  # what the paper says of those who will hardly make it
    listed = {
        (name, post, missing, str(state).partition(" ")[2])
        for name, post, missing, state in rows_of(
            sheet, "Họ và tên", "Chức vụ", "Còn thiếu", "Kết quả"
        )
    }
    rows = table("Chỉ tiêu dự").rows
    assert rows
    for name, post, _, _, missing, state in rows:
        assert (name, post, missing, states.get(str(state), state)) in listed


def test_every_number_of_the_message_stands_in_the_report_or_on_the_first_page() -> None:
    report = compose_report(words())
    text = " ".join(s for section in report.sections for s in section.sentences)
    text += " ".join(str(value) for row in workbook()["Tổng quan"].rows for value in row if value)
    known = set(NUMBER.findall(text.replace(".0", "")))
    _, *lines = chat_message(words()).splitlines()
    assert not [number for line in lines for number in NUMBER.findall(line) if number not in known]


def test_a_year_s_classification_is_that_of_the_first_page() -> None:
    year = reports.facts(11, Period(2019, 1, 12), date(2020, 1, 31))
    report = compose_report(ReportWords(year, compute(year), "vi"))
    (shares,) = (t for s in report.sections for t in s.tables if t.sheet == "Xếp loại năm")
    sheet = load_sheets(reports.write(year))["Tổng quan"]
    assert len(shares.rows) == 8
    for title, *_, mean in shares.rows:
        line = sheet.rows[sheet.row_of(str(title)) - 1]
        (share,) = [value for value in line if isinstance(value, float)]
        decimals = 2 if share < 1 else 1
        assert mean == (f"{share:.{decimals}f}%".replace(".", ",") if share else "0%")


def test_an_office_without_a_cell_has_its_workbook_and_report() -> None:
    """As after `mlay init`, before the register is filled in."""
    empty = facts(register("code|type|parent|name\nTX|office||Đảng ủy xã"), "2019-03")
    sheet = load_sheets(reports.write(empty))["Tổng quan"]
    assert sheet.find("Trong kỳ không có việc gì cần nêu.")
    assert compose_report(ReportWords(empty, compute(empty), "vi")).sections
