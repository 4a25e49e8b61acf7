"""Meetings, scores and visits stand once: as sent, and beside it what figures make of each row."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from builders import changes, reports
from builders import figure_inputs as office
from builders.sheet_cells import Book, Sheet, differences, load_sheets, recalculate
from openpyxl import load_workbook

from mlay_batch.core.period import Period
from mlay_batch.figures import compute
from mlay_batch.figures.report_records import ReportInputs
from mlay_batch.model.records import AcceptedReturn, Row
from mlay_batch.report.data.data_sheets import number_alike
from mlay_batch.report.report_context import ReportContext
from mlay_batch.report.tables import DataTable
from mlay_batch.report.writer import ReportWriter
from mlay_batch.schema.model import Field, Text

MEETINGS, SCORES, VISITS = "Dữ liệu buổi họp", "Dữ liệu chấm điểm", "Dữ liệu cấp trên dự"
FRONT = ("Xếp loại sinh hoạt", "Lũy kế năm", "Chi bộ được dự")
TABLE = re.compile(r"([A-Za-z_]\w*)\[")
TOWN = "code | type | parent\nTX | office |\nCB1 | cell_direct | TX"
OFFICERS = "code | name\nTU1 | A"
DUTIES = "officer | branch | role | from\nTU1 | CB1 | office_official | 2019-01-01"
DAY = date(2019, 3, 5)


def score(number: int, scorer: str, total: float, kind: str | None = "regular") -> Row:
    """A score of the day; the group of the time has a tenth of it."""
    values = {"held_on": DAY, "kind": kind, "scorer": scorer, "total": total, "time": total / 10}
    return office.row("scores", number, values)


def twice_a_day(*scores: Row) -> ReportInputs:
    """Two regular meetings of one day, both attended: one sitting; and a thematic one."""
    rows = [
        office.row("meetings", 20, {"held_on": DAY, "kind": "regular", "content": "Sáng"}),
        office.row("meetings", 21, {"held_on": DAY, "kind": "regular", "content": "Chiều"}),
        office.row("meetings", 22, {"held_on": DAY, "kind": "thematic", "content": "Tối"}),
        *scores,
        office.row("visits", 40, {"held_on": DAY, "kind": "regular", "officer": "TU1"}),
        office.row("visits", 41, {"held_on": DAY, "kind": "regular", "officer": "TU1"}),
    ]
    filed = AcceptedReturn(office.delivery("meeting", "CB1", "2019-03"), tuple(rows))
    return office.facts(office.register(TOWN, OFFICERS, DUTIES), "2019-Q1", [filed])


def lines(book: Book, title: str) -> list[dict[object, object]]:
    """The rows of a data sheet by its headings."""
    page = book[title]
    at = next(number for number, row in enumerate(page.rows) if "Mã đơn vị" in row)
    return [dict(zip(page.rows[at], row, strict=True)) for row in page.rows[at + 1 :] if row[0]]


def column(book: Book, title: str, heading: str) -> list[object]:
    return [line[heading] for line in lines(book, title)]


def total_of(page: Sheet, *headings: str) -> object:
    return page.under(page.row_of("Tổng cộng"), *headings)


INPUTS = twice_a_day(
    score(30, "own", 80), score(31, "own", 60), score(32, "confirmed", 70, "thematic")
)


@pytest.fixture(scope="module")
def book() -> Book:
    return load_sheets(reports.write(INPUTS))


class TestTwoRowsOfOneSitting:
    """The sitting is counted in the first of its rows; sums are those of the figures."""

    def test_the_first_is_counted_and_the_other_says_that_it_is_not(self, book: Book) -> None:
        assert column(book, MEETINGS, "Nội dung chính") == ["Sáng", "Chiều", "Tối"]
        assert column(book, MEETINGS, "Số buổi họp") == [1, None, 1]
        assert column(book, MEETINGS, "Điểm") == [80, None, 70]
        remark = "Không tính là một buổi riêng."
        assert column(book, MEETINGS, "Ghi chú") == [None, remark, None]

    def test_of_two_scores_by_one_scorer_the_first_counts(self, book: Book) -> None:
        assert column(book, SCORES, "Có tính") == [1, None, 1]
        means = book["Lũy kế năm"]
        own = means.row_of("CB1", 3)
        assert means.under(own, "Điểm bình quân theo nhóm tiêu chí", "Thời gian") == 8

    def test_of_two_visits_the_first_counts(self, book: Book) -> None:
        assert column(book, VISITS, "Có tính") == [1, 0]
        assert column(book, VISITS, "Mã lý do") == [None, "Q04"]
        assert column(book, VISITS, "Ô ghi người dự") == ["Báo cáo!D40", "Báo cáo!D41"]

    def test_sums_are_those_of_the_figures(self, book: Book) -> None:
        (rating,) = compute(INPUTS).year_ratings
        assert rating.sitting_count == 2
        assert total_of(book["Lũy kế năm"], "Số buổi họp") == 2
        assert total_of(book["Chi bộ được dự"], "Số buổi họp") == 2
        assert total_of(book["Lũy kế năm"], "Điểm bình quân") == rating.mean == 75

    @pytest.mark.libreoffice
    def test_a_recalculation_says_the_same(self, book: Book, tmp_path: Path) -> None:
        again = recalculate(reports.write(INPUTS), tmp_path)
        assert differences(book, again) == []


def test_scores_without_a_kind_are_those_of_the_first_meeting_of_the_day() -> None:
    book = load_sheets(reports.write(twice_a_day(score(30, "own", 80, kind=None))))
    assert column(book, MEETINGS, "Điểm") == [80, None, None]
    assert column(book, SCORES, "Loại buổi họp") == ["Thường kỳ"]


def test_a_choice_only_an_older_version_has_is_printed_in_words() -> None:
    inputs = twice_a_day()
    (filed,) = inputs.returns
    rows = tuple(
        replace(row, values={**row.values, "preparation": "met"})
        if row.section == "meetings"
        else row
        for row in filed.rows
    )
    newest = inputs.catalogue.form("meeting", "2025.1")
    assert newest
    left = tuple(choice for choice in newest.choices["preparation"] if choice.id != "met")
    changed = replace(newest, choices={**newest.choices, "preparation": left})
    forms = tuple(changed if form is newest else form for form in inputs.catalogue.forms)
    catalogue = replace(inputs.catalogue, forms=forms)
    book = load_sheets(
        reports.write(replace(inputs, catalogue=catalogue, returns=(replace(filed, rows=rows),)))
    )
    words = {"Chi ủy họp, chưa gửi tài liệu"}
    assert set(column(book, MEETINGS, "Chuẩn bị trước")) == words


def test_every_row_names_its_file_and_its_cells() -> None:
    book = changes.load(changes.unchanged_book())
    for title in (MEETINGS, SCORES, VISITS):
        for row in reports.rows(book[title]):
            assert re.fullmatch(r"Báo cáo!\w+(:\w+)?", str(row["Ô trong báo cáo"].value))
            assert row["Số đến"].hyperlink.location.startswith("'Nguồn gốc'!")


def test_each_section_of_the_form_stands_on_one_sheet() -> None:
    """The meetings' days and contents, the scores' points and the visitors: nowhere twice."""
    book = reports.load()
    heads = [
        {str(cell.value) for cell in page[table.ref][0]}
        for page in book
        for table in page.tables.values()
    ]
    for heading in ("Nội dung chính", "Kết quả nghị quyết", "Cấp trên dự", "Dự thay cho"):
        assert sum(heading in head for head in heads) == 1, heading


class TestFieldsOfAnOffice:
    """An office may call a field of its form what the program calls a counted column."""

    NAMES = ("score", "rank", "members", "held", "branch", "month", "own", "remark")

    def inputs(self) -> ReportInputs:
        inputs = changes.facts(changes.papers())
        more = tuple(Field(name, "integer", Text(f"Ô {name}", name)) for name in self.NAMES)
        forms = tuple(
            replace(
                form,
                sections=tuple(
                    replace(section, fields=(*section.fields, *more))
                    if section.id == "meetings"
                    else section
                    for section in form.sections
                ),
            )
            if form.form == "meeting"
            else form
            for form in inputs.catalogue.forms
        )
        return replace(
            inputs,
            catalogue=replace(inputs.catalogue, forms=forms),
            returns=tuple(map(self.filled, inputs.returns)),
        )

    def filled(self, accepted: AcceptedReturn) -> AcceptedReturn:
        rows = tuple(
            replace(row, values={**row.values, **dict.fromkeys(self.NAMES, 4711)})
            if row.section == "meetings"
            else row
            for row in accepted.rows
        )
        return replace(accepted, rows=rows)

    @pytest.mark.libreoffice
    def test_figures_are_of_the_counted_ones(self, tmp_path: Path) -> None:
        written = reports.write(self.inputs())
        book = load_sheets(written)
        assert set(column(book, MEETINGS, "Ô score")) == {4711}
        again = recalculate(written, tmp_path)
        assert differences(book, again) == []
        plain = load_sheets(changes.unchanged_book())
        assert differences(again, plain, FRONT) == []


class TestSheetsThatAreLeftOut:
    def tables(self, inputs: ReportInputs) -> tuple[Mapping[str, int], set[str]]:
        """Return how many rows each table has, and the tables that formulas name."""
        book = load_workbook(io.BytesIO(reports.write(inputs)))
        rows, named = {}, set[str]()
        for page in book:
            for table in page.tables.values():
                rows[table.name] = sum(any(c.value for c in row) for row in page[table.ref]) - 1
            cells = (cell for row in page.iter_rows() for cell in row if cell.data_type == "f")
            for cell in cells:
                named |= set(TABLE.findall(re.sub('"[^"]*"', "", str(cell.value))))
        return rows, named

    def without_officers(self) -> ReportInputs:
        register = office.register(TOWN)
        filed = office.returns("branch | day | own\nCB1 | 2019-03-05 | 91")
        return office.facts(register, "2019-Q1", filed)

    def without_returns(self) -> ReportInputs:
        return replace(reports.small(), returns=(), ledger_entries=())

    def before_all_forms(self) -> ReportInputs:
        return reports.facts(11, Period(2016, 1, 12), date(2019, 12, 10))

    @pytest.mark.parametrize("name", ["without_officers", "without_returns", "before_all_forms"])
    def test_an_empty_table_is_there_only_if_a_formula_names_it(self, name: str) -> None:
        rows, named = self.tables(getattr(self, name)())
        assert named <= rows.keys()
        empty = {table for table, count in rows.items() if not count}
        sheets_for_people = {"BuoiHop", "DuHop", "NopBaoCao", "PhamVi"}
        sheets_for_people |= {"meeting_members", "meeting_activities", "TheoDonVi"}
        assert empty - named <= sheets_for_people

    def test_nobody_is_assigned_where_the_register_has_no_officer(self) -> None:
        rows, _ = self.tables(self.without_officers())
        assert {"CanBo", "PhanCong", "meeting_thematic"}.isdisjoint(rows)


def titles_of(*titles: str) -> list[str]:
    inputs = reports.small()
    ctx = ReportContext.of(ReportWriter("vi", inputs.as_of), inputs, reports.figures())
    tables = (DataTable(f"T{number}", title, "", ()) for number, title in enumerate(titles))
    return [table.title for table in number_alike(ctx, tables)]


def test_no_two_sheets_begin_alike() -> None:
    assert titles_of(
        "Dữ liệu chấm điểm",
        "Dữ liệu chấm điểm chuyên đề",
        "Dữ liệu chuyên đề",
        "Dữ liệu Chấm",
        "Dữ liệu chuyên môn",
    ) == [
        "Dữ liệu chấm điểm",
        "Dữ liệu 2 – chấm điểm chuyên đề",
        "Dữ liệu chuyên đề",
        "Dữ liệu 3 – Chấm",
        "Dữ liệu chuyên môn",
    ]


def test_tabs_of_data_findings_and_provenance_are_grey_and_no_others() -> None:
    pages = reports.sheets().worksheets
    titles = [page.title for page in pages]
    colours = [page.sheet_properties.tabColor.rgb for page in pages]
    first = titles.index("Lỗi")
    assert set(colours[first:]) == {"FFBFBFBF"}
    assert "FFBFBFBF" not in colours[:first]


def test_the_data_sheets_of_the_sample_begin_each_in_its_own_way() -> None:
    titles = [t for t in reports.sheets().sheetnames if t.startswith("Dữ liệu ")]
    starts = [tuple(title.casefold().split()[2:4]) for title in titles]
    assert len(starts) == len(set(starts)) > 15
