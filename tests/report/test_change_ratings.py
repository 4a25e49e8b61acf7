"""The proof by change for what a scheme asks beside points, and for the yearly classification.

One town whose schemes use everything: a band that demands full marks, thematic points re-based,
grades of a year, years of three schemes under one heading, a cap. Marks, scores, counts and grades
are altered in the saved workbook; once recalculated, it is the workbook of the altered papers.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import cache
from random import Random
from typing import Any

import pytest
from builders import changes
from builders import figure_inputs as office
from builders.sheet_cells import Book, differences, load_sheets
from openpyxl import Workbook
from openpyxl.cell import Cell

from mlay_batch.figures import compute
from mlay_batch.figures.report_records import Figures, ReportInputs
from mlay_batch.model.records import AcceptedReturn
from mlay_batch.schema import Catalogue
from mlay_batch.schema.schemes import Demand

SCORES, YEARLY = "Dữ liệu chấm điểm", "Dữ liệu xếp loại các năm"
SHEETS = ("Xếp loại sinh hoạt", "Lũy kế năm", "Xếp loại năm")
TOWN = """
code | type        | parent | founded    | ended      | successor
TX   | office      |        |            |            |
DB1  | committee   | TX     |            |            |
DB2  | committee   | TX     |            |            |
CB1  | cell_direct | TX     |            |            |
CB2  | cell_direct | TX     | 2018-03-01 | 2020-06-01 | CB1
CB3  | cell_direct | TX     |            | 2019-09-01 |
A1   | cell        | DB1    |            |            |
"""
CELLS = ("CB1", "CB2", "CB3", "A1")
FULL = {
    "time": 5,
    "attendance": 5,
    "preparation": 10,
    "conduct": 40,
    "principles": 5,
    "result": 30,
    "closing": 5,
}
TITLES = {"time": "Thời gian", "conduct": "Tiến hành", "closing": "Kết thúc"}
GRADES = ("grade1", "grade2", "grade3", "grade4")
Papers = dict[Any, Any]


@cache
def catalogue() -> Catalogue:
    base = office.shipped()
    return replace(
        base,
        schemes=tuple(
            replace(
                scheme,
                rebase=True,
                demands=(Demand("good", ("time", "conduct"), "Bình Thuận"),),
                groups=tuple(replace(g, thematic=g.id == "closing") for g in scheme.groups),
                year_grades=tuple(replace(g, times=min(g.times, 2)) for g in office.year_grades()),
            )
            if scheme.bands
            else scheme
            for scheme in base.schemes
        ),
    )


def papers() -> Papers:
    """Scores by (cell, month, scorer) and group; yearly counts by (branch, year, section)."""
    draw, entries = Random(2019), {}
    for cell in CELLS:
        for month in range(1, 4):
            for scorer in ("own", "confirmed")[: 1 + month % 2]:
                entries[cell, month, scorer] = {
                    name: top - draw.choice((0, 0, 0, 1)) for name, top in FULL.items()
                }
    entries["CB2", 1, "confirmed"] |= {"conduct": 5}  # one poor meeting, and the year is not Tốt
    for branch in ("DB1", "DB2", "CB1", "CB2", "CB3"):
        for year in (2017, 2018, 2019):
            for section in ("cells", "members"):
                counts = {name: draw.randint(1, 30) for name in ("not_rated", *GRADES)}
                entries[branch, year, section] = counts | {"exempt": 3}
            entries[branch, year, "own"] = {"grade": draw.choice((*GRADES, "none"))}
    return entries


def facts(entries: Papers) -> ReportInputs:
    filed = [*_meetings(entries), *_yearly(entries)]
    return office.facts(office.register(TOWN), "2020-03", filed, catalogue=catalogue())


def _meetings(entries: Papers) -> list[AcceptedReturn]:
    """A return a month; in March the meeting is a thematic one too."""
    returns = []
    for cell in CELLS:
        for month in range(1, 4):
            day = date(2020, month, 3)
            kind = "both" if month == 3 else "regular"
            rows = [office.row("meetings", 20, {"held_on": day, "kind": kind})]
            for number, scorer in enumerate(("own", "confirmed"), 30):
                if marks := entries.get((cell, month, scorer)):
                    score = {"held_on": day, "scorer": scorer, "total": sum(marks.values())}
                    rows.append(office.row("scores", number, score | marks))
            returns.append(
                AcceptedReturn(office.delivery("meeting", cell, f"2020-{month:02}"), tuple(rows))
            )
    return returns


def _yearly(entries: Papers) -> list[AcceptedReturn]:
    returns = []
    for branch in ("DB1", "DB2", "CB1", "CB2", "CB3"):
        for year in (2017, 2018, 2019):
            rows = [office.row("own", 6, entries[branch, year, "own"])]
            for number, section in enumerate(("cells", "members"), 1):
                rows.append(
                    office.row(section, 10 * number, with_totals(entries[branch, year, section]))
                )
            received = "2020-03-03T01:00:00+00:00"  # in the period: else they have no sheets in it
            entry = office.delivery("classification", branch, str(year), received=received)
            returns.append(AcceptedReturn(entry, tuple(rows)))
    return returns


def with_totals(counts: dict[str, int]) -> dict[str, int]:
    rated = sum(counts[name] for name in GRADES)
    return counts | {"rated": rated, "total": rated + counts["not_rated"] + counts["exempt"]}


@cache
def write_unchanged() -> bytes:
    return changes.write_book(facts(papers()))


@cache
def before_and_after() -> tuple[Papers, Papers]:
    """The papers before and after twelve drawn changes."""
    before, draw = papers(), Random(7)
    after = {key: dict(values) for key, values in before.items()}
    scored = [
        key
        for key in after
        if key[2] in ("own", "confirmed") and isinstance(key[1], int) and key[1] < 13
    ]
    for key in draw.sample(scored, 6):
        for name in TITLES:
            after[key][name] = draw.choice((0, FULL[name]))
    yearly = [key for key in after if key[2] in ("cells", "members")]
    for key in draw.sample(yearly, 6):
        after[key][draw.choice(GRADES)] += draw.randint(1, 60)
    own_grades = [key for key in after if key[1] > 2000 and key[2] == "own"]
    for key in draw.sample(own_grades, 3):
        after[key]["grade"] = draw.choice((*GRADES, "none"))
    return before, after


def alter(book: changes.AlteredBook, before: Papers, after: Papers) -> None:
    """Write into the workbook's raw cells what the papers say otherwise."""
    for key, now in after.items():
        if now == before[key]:
            continue
        if key[2] in ("cells", "members"):
            titles = {f"grade{n}": f"Mức {n}" for n in range(1, 5)}
            titles |= {"rated": "Số được đánh giá", "total": "Tổng số tại thời điểm đánh giá"}
            values = {titles[name]: with_totals(now)[name] for name in titles}
            book.set(YEARLY, {"Mã đơn vị": key[0], "Năm": key[1], "Mã phần": key[2]}, values)
        elif key[1] > 2000:
            rank = GRADES.index(now["grade"]) + 1 if now["grade"] in GRADES else None
            book.set(
                YEARLY,
                {"Mã đơn vị": key[0], "Năm": key[1], "Mã phần": "own"},
                {"Mức của tổ chức": rank},
            )
        else:
            day = {"Mã đơn vị": key[0], "Ngày họp": date(2020, key[1], 3)}
            scorer = {"own": "Chi bộ tự chấm", "confirmed": "Cấp trên xác nhận"}[key[2]]
            book.set(
                SCORES,
                day | {"Người chấm": scorer},
                {title: now[name] for name, title in TITLES.items()}
                | {changes.TOTAL: sum(now.values())},
            )


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> tuple[Book, Book, Book]:
    """The workbook before, as altered and recalculated, and as written from the altered papers."""
    before, after = before_and_after()
    book = changes.AlteredBook(write_unchanged())
    alter(book, before, after)
    again = book.again(tmp_path_factory.mktemp("ratings"))
    return load_sheets(write_unchanged()), again, load_sheets(changes.write_book(facts(after)))


@pytest.mark.libreoffice
@pytest.mark.parametrize("sheet", SHEETS)
def test_the_sheet_follows_its_data(books: tuple[Book, Book, Book], sheet: str) -> None:
    before, again, expected = books
    assert differences(again, expected, [sheet]) == []
    assert differences(again, before, [sheet]), "it did not change"


@cache
def formulas() -> Workbook:
    return changes.load(write_unchanged())


LABELS = {"STT", "TT", "Năm", "Ngày họp chi bộ"}


@pytest.mark.parametrize("sheet", SHEETS)
def test_no_figure_is_a_bare_value(sheet: str) -> None:
    """Bare are numbers of rows and columns, years, days, and the full marks of the scheme."""
    page = formulas()[sheet]
    heads: dict[int, str] = {}
    plain_heads = set()
    for row in page.iter_rows(min_row=9):
        if row[0].value == "Điểm tối đa" or all(_is_numbered(cell) for cell in row if cell.value):
            continue
        for cell in row:
            if isinstance(cell.value, str) and cell.data_type == "s" and cell.font.bold:
                heads[cell.column] = cell.value
            elif cell.data_type in ("n", "d") and cell.value is not None:
                plain_heads.add(heads[cell.column])
    assert plain_heads <= LABELS


def _is_numbered(cell: Cell) -> bool:
    """Whether a cell is one of the row that numbers the columns."""
    return bool(cell.font.italic) and cell.font.size == 9


def figures() -> Figures:
    return compute(facts(papers()))


def test_the_town_uses_all_a_scheme_can_say() -> None:
    """Else the proof above would prove little."""
    result = figures()
    by_points = {s.band for s in result.sittings if s.score is not None and s.score >= 90}
    assert by_points == {"good", "fair"}  # some fell for want of full marks
    assert any(
        s.score and s.score != (s.own_score if s.confirmed_score is None else s.confirmed_score)
        for s in result.sittings
    )
    assert len({rating.grade for rating in result.year_ratings}) > 1
    assert [year.scheme.version for year in result.years] == ["2014", "2018", "2019"]
    assert {cap.is_kept for year in result.years for part in year.parts for cap in part.caps} == {
        True,
        False,
    }
