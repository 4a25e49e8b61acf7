"""Published reports with mistakes through the whole program: right figures, mistakes flagged.

Sources: the reports of Tân Yên on 2015 and of Năm Căn on 2018 (domain notes). Every organisation's
return is filled in, read, judged and consolidated like any other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from builders import published_rules
from builders.published_rules import NAM_CAN, TAN_YEN, District
from builders.sheet_cells import Book, Sheet, differences, load_sheets, recalculate

from mlay_batch.app.consolidate import consolidate
from mlay_batch.app.ingest import ingest
from mlay_batch.model.records import Decision, Row, Verdict

pytestmark = pytest.mark.usefixtures("reading_here")
FORMS, SERIES = "Xếp loại năm", "Xếp loại năm"
SUBJECT = {
    "scheme-tan-yen.yaml": """
extends: scheme-classification-2014.yaml
share_base: subject
"""
}
# 20 % of those one grade below, over the whole district: what 28 beside 100 is held against.
CAPPED = {"scheme-nam-can.yaml": """
extends: scheme-classification-2018.yaml
share_base: subject
parts:
  - section: cells
    caps:
      - {grade: grade1, base: [grade2], per_cent: 20, scope: office, confirmed: true, basis: "không quá 20% số hoàn thành tốt"}
"""}  # fmt: skip  # noqa: E501


@dataclass(frozen=True)
class Done:
    """The consolidated workbook, and what became of the return with the printed figures."""

    path: Path
    book: Book
    printed: Decision


def hand_in(
    of: District, folder: Path, printed: tuple[Row, ...], schemes: Mapping[str, str] | None = None
) -> Done:
    """Take in every organisation's return, and from the first one the `printed` figures before."""
    town = published_rules.workspace(of, folder, schemes)
    (first, _), *_ = papers = list(published_rules.returns(of))
    for name, (branch, rows) in {
        "000 như đã in": (first, printed),
        **dict(enumerate(papers)),
    }.items():
        data = published_rules.book(town, of, branch, rows)
        (town.workspace.inbox / f"{name}.xlsx").write_bytes(data)
    day = published_rules.as_of(of)
    received = f"{day.replace(day=15)}{published_rules.RECEIVED}"
    done = ingest(town, (), as_of=day, received=received, who="test", holder="test")
    wrong, *others = sorted(done.decisions, key=lambda d: "như đã in" not in d.checked.file.name)
    assert {decision.verdict for decision in others} == {Verdict.ACCEPTED}
    assert wrong.verdict is Verdict.REJECTED
    book = consolidate(town, of.period, as_of=day, holder="test")
    return Done(book.path, load_sheets(book.path), wrong)


def error(done: Done) -> tuple[str, object, object]:
    """Code, total and sum of the one error in the printed figures."""
    (finding,) = [entry for entry in done.printed.findings if entry.is_error]
    return finding.code, finding.params["total"], finding.params["sum"]


@pytest.fixture(scope="module")
def tan_yen(tmp_path_factory: pytest.TempPathFactory) -> Done:
    """Printed: 24, 15 and 22 of 41."""
    cells = {"grade1": 24, "grade2": 15, "grade3": 2}
    printed = published_rules.paper("grade1", cells, {"grade2": 40}, {"cells": {"grade3": 22}})
    return hand_in(TAN_YEN, tmp_path_factory.mktemp("tan-yen") / "district", printed, SUBJECT)


@pytest.fixture(scope="module")
def nam_can(tmp_path_factory: pytest.TempPathFactory) -> Done:
    """Printed as Hải Dương did for 2019: those of the second grade with those of the first."""
    members = {"grade1": 20, "grade2": 100, "grade3": 10}
    printed = published_rules.paper("grade1", {"grade1": 5}, members, {"members": {"grade2": 120}})
    return hand_in(NAM_CAN, tmp_path_factory.mktemp("nam-can") / "district", printed, CAPPED)


def totals(sheet: Sheet, form: str) -> list[object]:
    """The sums of a form of one year, from the total at the rating date on."""
    rows = sheet.rows[sheet.row_of("KẾT QUẢ ĐÁNH GIÁ, XẾP LOẠI TỔ CHỨC ĐẢNG (MẪU 7A)") :]
    start = next(n for n, row in enumerate(rows) if str(row[0]).startswith(form))
    total_row = next(row for row in rows[start:] if row[0] == "Tổng cộng")
    return [value for value in total_row[2:] if value is not None]


def shares(sheet: Sheet, part: str, year: int) -> dict[str, object]:
    """A year of the series: by the heading of its column, ``12`` being the base of shares."""
    rows = sheet.rows
    start = next(n for n, row in enumerate(rows) if str(row[0]).startswith(part))
    heads = rows[start + 1], rows[start + 2]
    year_row = next(row for row in rows[start:] if row[0] == year)
    named: dict[str, object] = {}
    over = ""
    for column, value in enumerate(year_row):
        over = str(heads[0][column] or over)
        under = heads[1][column]
        named.setdefault(f"{over}: {under}" if under else over, value)
    return named


class TestTanYen2015:
    def test_of_41_organisations_2_are_in_the_third_grade(self, tan_yen: Done) -> None:
        """Printed: 22 of them, where 41 − 24 − 15 = 2."""
        counted = totals(tan_yen.book[FORMS], "Tổ chức cơ sở đảng")
        assert counted[:2] + counted[2::2] == [41, 0, 41, 24, 15, 2, 0, "● Khớp"]

    def test_the_share_of_the_first_grade_is_of_the_rated(self, tan_yen: Done) -> None:
        """Printed: 55,8 %, which is of 545 cells; of the 543 rated it is 56,0 %."""
        counted = totals(tan_yen.book[FORMS], "Chi bộ")
        assert counted[:3] == [545, 2, 543]
        assert counted[4] == 304
        assert f"{counted[5]:.1f}" == "56.0"

    def test_the_series_shows_both_bases_and_that_they_differ(self, tan_yen: Done) -> None:
        """The 304 are all below committees: of 533 cells there, 531 of them rated."""
        year = shares(tan_yen.book[SERIES], "Chi bộ thuộc", 2015)
        printed, right = (
            year[f"Tỷ lệ Trong sạch vững mạnh: {base}"]
            for base in ("Trên số thuộc diện đánh giá", "Trên số được đánh giá")
        )
        assert (f"{printed:.1f}", f"{right:.1f}") == ("57.0", "57.3")
        assert year["So sánh hai mẫu số"] == "▲ Khác nhau"

    def test_members_close(self, tan_yen: Done) -> None:
        counted = totals(tan_yen.book[FORMS], "Đảng viên")
        assert counted[:4] == [8159, 1388, 112, 6659]
        assert counted[-1] == "● Khớp"

    def test_a_return_with_the_printed_22_goes_back(self, tan_yen: Done) -> None:
        """The grades add up to 61 of 41."""
        assert error(tan_yen) == ("K02", 41, 61)


class TestNamCan2018:
    def test_shares_are_rounded_not_cut(self, nam_can: Done) -> None:
        """Printed: 28 of 147 as 19,04, and 8 of 51 as 15,67 and 15,68; right: 19,05 and 15,69."""
        cells, organisations = (
            totals(nam_can.book[FORMS], name) for name in ("Chi bộ", "Tổ chức cơ sở")
        )
        assert (cells[2], cells[4], f"{cells[5]:.2f}") == (147, 28, "19.05")
        assert (organisations[2], organisations[4], f"{organisations[5]:.2f}") == (51, 8, "15.69")

    def test_every_share_names_its_base(self, nam_can: Done) -> None:
        """Printed: 19 of 2.645 beside 329 of 2.993. They are parts of one whole of 2.993."""
        counted = totals(nam_can.book[FORMS], "Đảng viên")
        assert counted[:4] == [2993, 329, 19, 2645]
        assert f"{counted[4]:.2f}" == f"{100 * 2645 / 2993:.2f}"
        year = shares(nam_can.book[SERIES], "Đảng viên", 2018)
        assert (year["Mẫu số tính tỷ lệ"], year["So sánh hai mẫu số"]) == (2664, "▲ Khác nhau")

    def test_28_beside_100_breaks_a_cap_of_20_per_cent(self, nam_can: Done) -> None:
        sheet = nam_can.book[FORMS]
        (row,) = (row for row in sheet.rows if row[1] == "Toàn đảng bộ")
        assert [value for value in row[2:] if value is not None] == [100, 20, 28, "■ Vượt mức"]

    def test_a_second_grade_that_holds_the_first_goes_back(self, nam_can: Done) -> None:
        """Hải Dương 2019: the grades add up to 150 of 130."""
        assert error(nam_can) == ("B02", 130, 150)

    @pytest.mark.libreoffice
    def test_an_independent_program_calculates_the_same(
        self, nam_can: Done, tmp_path: Path
    ) -> None:
        again = recalculate(nam_can.path.read_bytes(), tmp_path)
        assert differences(nam_can.book, again, (FORMS, SERIES)) == []
