"""The cap on the top grade, and its conditions, in the consolidated workbook: who breaks them."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from builders import figure_inputs, reports
from builders.sheet_cells import Book, differences, load_sheets, recalculate

from mlay_batch.core.period import Period
from mlay_batch.figures import compute
from mlay_batch.figures.classified import ClassificationCap
from mlay_batch.figures.report_records import ReportInputs
from mlay_batch.schema import Scheme
from mlay_batch.schema.schemes import Cap, Crosswalk

SHEET = "Xếp loại năm"
CAP = Cap("grade1", ("grade2",), 20, "organisation", "21-HD/BTCTW", confirmed=True)


@cache
def facts(*caps: Cap) -> ReportInputs:
    """The sample town, its year 2018 held against `caps` on the members."""
    inputs = reports.small()
    schemes = tuple(_cap_scheme(scheme, caps) for scheme in inputs.catalogue.schemes)
    return replace(inputs, catalogue=replace(inputs.catalogue, schemes=schemes))


def _cap_scheme(scheme: Scheme, caps: tuple[Cap, ...]) -> Scheme:
    if (scheme.scheme, scheme.version) != ("classification", "2018"):
        return scheme
    return replace(
        scheme,
        parts=tuple(
            replace(part, caps=caps) if part.section == "members" else part for part in scheme.parts
        ),
    )


def unit_caps(*caps: Cap) -> list[ClassificationCap]:
    return [cap for year in compute(facts(*caps)).years for part in year.parts for cap in part.caps]


def book(*caps: Cap) -> Book:
    return load_sheets(reports.write(facts(*caps)))


def test_every_unit_stands_with_what_it_may_give_and_gave() -> None:
    units = unit_caps(CAP)
    kept_count = sum(unit.is_kept for unit in units)
    assert 0 < kept_count < len(units)
    sheet = book(CAP)[SHEET]
    rule = "Năm 2018: HTXS không quá 20% của HTT, trong từng tổ chức cơ sở đảng"
    first = sheet.row_of(rule) + 2
    summary, *rows = (
        [sheet.at(first + line, column) for column in (1, 2, 5, 6, 7, 8)]
        for line in range(len(units) + 1)
    )
    base, given_count = sum(unit.base for unit in units), sum(unit.given_count for unit in units)
    allowed = sum(unit.allowed_count for unit in units)
    assert summary == [
        f"{kept_count}/{len(units)} đơn vị không vượt",
        None,
        base,
        allowed,
        given_count,
        "■ Vượt mức",
    ]
    names = {entry.code: entry.name for entry in facts(CAP).register.organisations}
    assert rows == [
        [
            n,
            names[str(unit.branch)],
            unit.base,
            unit.allowed_count,
            unit.given_count,
            "● Không vượt" if unit.is_kept else "■ Vượt mức",
        ]
        for n, unit in enumerate(units, 1)
    ]


def test_the_town_is_one_unit() -> None:
    cap = replace(CAP, scope="office", base=("rated",), per_cent=90)
    (unit,) = unit_caps(cap)
    assert unit.is_kept
    sheet = book(cap)[SHEET]
    row = sheet.row_of("Toàn đảng bộ")
    cells = [sheet.at(row, column) for column in (5, 6, 7, 8)]
    assert cells == [unit.base, unit.allowed_count, unit.given_count, "● Không vượt"]


def test_without_a_cap_there_is_no_table() -> None:
    texts = [str(value) for row in book()[SHEET].rows for value in row]
    assert texts and not [text for text in texts if text.startswith("Giới hạn tỷ lệ")]


# Conditions of the top grade: 21-HD/BTCTW asks 100 % of the cells (of a cell: of its members) to
# have completed and 80 % to be good. A committee and its twin of 10 cells, two cells of 25 members.
TOWN = """
code | type        | parent | name
TX   | office      |        | Thị ủy
DB1  | committee   | TX     | Đảng bộ một
DB2  | committee   | TX     | Đảng bộ hai
DB3  | committee   | TX     | Đảng bộ ba
CB1  | cell_direct | TX     | Chi bộ một
CB2  | cell_direct | TX     | Chi bộ hai
CB3  | cell_direct | TX     | Chi bộ ba
"""
YEARLY_2019 = """
branch|year|section|grade|total|exempt|not_rated|rated|grade1|grade2|grade3|grade4
DB1|2019|own|grade1
DB1|2019|cells||10||0|10|1|2|2|5
DB2|2019|own|grade1
DB2|2019|cells||10||0|10|1|7|2|0
DB3|2019|own|grade2
DB3|2019|cells||10||0|10|1|2|2|5
CB1|2019|own|grade1
CB1|2019|members||25|0|0|25|3|17|5|0
CB2|2019|own|grade1
CB2|2019|members||25|0|0|25|3|16|6|0
CB3|2019|own|grade1
CB3|2019|members||3|3|0|0|0|0|0|0
"""


@cache
def conditions_book() -> bytes:
    return reports.write(conditions_inputs())


def conditions_inputs(*, confirmed: bool = True) -> ReportInputs:
    catalogue = figure_inputs.shipped()
    schemes = tuple(
        replace(s, conditions=tuple(replace(c, confirmed=confirmed) for c in s.conditions))
        for s in catalogue.schemes
    )
    return figure_inputs.facts(
        figure_inputs.register(TOWN),
        "2020-01",
        figure_inputs.classification(YEARLY_2019),
        catalogue=replace(catalogue, schemes=schemes),
    )


def condition_rows(data: bytes) -> dict[str, list[object]]:
    """Need, report, need, report and the verdict of every organisation, by its name."""
    sheet = load_sheets(data)[SHEET]
    start = sheet.row_of("Điều kiện về tỷ lệ của mức “Hoàn thành xuất sắc nhiệm vụ”")
    names = {row[1]: row for row in sheet.rows[start:] if isinstance(row[0], float) and row[1]}
    return {str(name): [row[at] for at in (5, 6, 8, 9, 10)] for name, row in names.items()}


def test_a_committee_with_half_its_cells_failing_does_not_qualify() -> None:
    """21-HD/BTCTW: of 10 cells all must have completed (5 have) and 8 be good (3 are)."""
    broken = "■ Không đủ điều kiện hoàn thành xuất sắc nhiệm vụ, xem lại"
    assert condition_rows(conditions_book()) == {
        "Đảng bộ một": [10, 5, 8, 3, broken],
        "Đảng bộ hai": [10, 10, 8, 8, "● Đủ các tỷ lệ"],
        "Đảng bộ ba": [10, 5, 8, 3, "– Không xét"],  # it calls itself good, not excellent
        "Chi bộ một": [25, 25, 20, 20, "● Đủ các tỷ lệ"],  # exactly 80 % of 25
        "Chi bộ hai": [25, 25, 20, 19, broken],
        "Chi bộ ba": [0, 0, 0, 0, "▲ Mẫu số bằng 0, xem lại"],  # all are exempt
    }


def test_a_cap_on_nobody_is_not_kept(tmp_path: Path) -> None:
    """20 % of the good: DB1 2 of 2, CB1 3 of 17, CB2 3 of 16 keep it or not; CB3 rated nobody."""
    filed = figure_inputs.classification(YEARLY_2019)
    scheme = figure_inputs.shipped().scheme_for("classification", Period(2019, 1, 12))
    assert scheme
    schemes = [replace(scheme, parts=tuple(replace(p, caps=(CAP,)) for p in scheme.parts))]
    catalogue = replace(figure_inputs.shipped(), schemes=tuple(schemes))
    town = figure_inputs.register(TOWN)
    written = reports.write(figure_inputs.facts(town, "2020-01", filed, catalogue=catalogue))
    book = load_sheets(written)
    assert differences(book, recalculate(written, tmp_path)) == []
    sheet = book[SHEET]
    start = sheet.row_of("2/2 đơn vị không vượt")  # CB1 and CB2: 3 of 3
    rows = [(sheet.at(row, 2), sheet.at(row, 8)) for row in range(start + 1, start + 4)]
    assert ("Chi bộ ba", "– Mẫu số bằng 0") in rows
    assert sheet.at(start, 8) == "● Không vượt"


def test_a_mean_says_of_which_years_it_is(tmp_path: Path) -> None:
    """The committee's cells are known for 2019 alone: that is no mean; members for 2018, too."""
    earlier = (
        "CB1|2018|own|grade1\nCB1|2018|members||20|0|0|20|2|14|4|0\n"
        "DB1|2018|own|grade1\nDB1|2018|members||9|9|0|0|0|0|0|0\n"
    )
    filed = figure_inputs.classification(YEARLY_2019 + earlier)
    written = reports.write(figure_inputs.facts(figure_inputs.register(TOWN), "2020-01", filed))
    book = load_sheets(written)
    assert differences(book, recalculate(written, tmp_path)) == []
    labels = [str(row[0]) for row in book["Xếp loại năm"].rows if str(row[0]).startswith("Bình")]
    assert labels == [
        "Bình quân 2018–2019",
        "Bình quân là trung bình cộng tỷ lệ của các năm có số liệu.",
    ]
    overview = [str(row[0]) for row in book["Tổng quan"].rows]
    assert [text[-8:] for text in overview if text.startswith("Chi bộ thuộc")] == ["Năm 2019"] * 3


def test_a_line_that_a_year_lacks_names_its_own_years() -> None:
    """Of 2018 no grade is to be read as the lowest of 2019: that line is of 2019 alone."""
    filed = figure_inputs.classification(
        YEARLY_2019 + "CB1|2018|own|grade1\nCB1|2018|members||20|0|0|20|2|14|4|0\n"
    )
    same = {grade: grade for grade in ("grade1", "grade2", "grade3")}
    catalogue = figure_inputs.shipped()
    schemes = tuple(
        replace(scheme, crosswalk=(Crosswalk("2019", "members", same),))
        if (scheme.scheme, scheme.version) == ("classification", "2018")
        else scheme
        for scheme in catalogue.schemes
    )
    inputs = figure_inputs.facts(
        figure_inputs.register(TOWN),
        "2020-01",
        filed,
        catalogue=replace(catalogue, schemes=schemes),
    )
    book = load_sheets(reports.write(inputs))
    notes = [str(row[0]) for row in book["Xếp loại năm"].rows if "(trên số" in str(row[0])]
    line = "Đảng viên không hoàn thành nhiệm vụ (trên số được đánh giá)"
    assert notes == [f"{line}: Năm 2019."]
    assert book["Tổng quan"].find(f"{line} – Năm 2019")


def test_what_is_not_confirmed_is_no_verdict() -> None:
    rows = condition_rows(reports.write(conditions_inputs(confirmed=False)))
    assert rows["Đảng bộ một"][-1] == "Chưa đủ (để tham khảo, chưa xác nhận)"
    assert rows["Đảng bộ hai"][-1] == "Đủ (để tham khảo, chưa xác nhận)"


def test_an_unconfirmed_cap_is_no_verdict() -> None:
    sheet = book(replace(CAP, confirmed=False))[SHEET]
    texts = {str(cell) for row in sheet.rows for cell in row}
    assert {"Vượt (để tham khảo)", "Không vượt (để tham khảo)"} <= texts
    assert not {"■ Vượt mức", "● Không vượt"} & texts
    assert sheet.find("Năm 2018: HTXS không quá 20% của HTT")


@pytest.mark.libreoffice
def test_conditions_recalculate_to_the_same(tmp_path: Path) -> None:
    written = conditions_book()
    assert differences(load_sheets(written), recalculate(written, tmp_path)) == []


@pytest.mark.libreoffice
def test_a_recalculation_changes_no_cell(tmp_path: Path) -> None:
    caps = (
        CAP,
        replace(CAP, base=("grade1", "grade2"), rounding="half_up"),
        replace(CAP, scope="office", base=("rated",), rounding="ceiling", per_cent=12.5),
        replace(CAP, scope="cell"),
    )
    written = reports.write(facts(*caps))
    assert differences(load_sheets(written), recalculate(written, tmp_path)) == []
