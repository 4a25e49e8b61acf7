"""The year of cells whose life is short, and what an office adopts, from files to workbook.

HEIR was founded on 1 August 2019 when ONE and TWO, which met each month until July, were merged;
the other cells were founded on the same day without forerunners.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from builders import sample_office
from builders.sample_office import MeetingReturn, create_office, put
from builders.sheet_cells import Sheet, load_sheets

from mlay_batch.app.consolidate import consolidate
from mlay_batch.app.ingest import ingest
from mlay_batch.app.office import Office, open_office
from mlay_batch.core.period import Period
from mlay_batch.model.records import Verdict

pytestmark = pytest.mark.usefixtures("reading_here")
AUGUST = date(2019, 8, 1)
NEW = ("HEIR", "AUG", "KHA", "TB", "KEM")
AS_OF, YEAR = date(2020, 1, 6), Period(2019, 1, 12)
ORGANISATIONS = [
    {"code": "TU", "name": "Thị ủy Mường Lay", "type": "office"},
    *({"code": code, "name": f"Chi bộ {code}", "type": "cell_direct", "parent": "TU",
       "founded": AUGUST} for code in NEW),
    *({"code": code, "name": f"Chi bộ {code}", "type": "cell_direct", "parent": "TU",
       "ended": AUGUST, "successor": "HEIR"} for code in ("ONE", "TWO")),
]  # fmt: skip
SCORES = {
    "HEIR": dict.fromkeys(range(8, 13), 95),
    "ONE": dict.fromkeys(range(1, 8), 95),
    "TWO": {month: 95 if month < 7 else 75 for month in range(1, 8)},  # 18 Tốt of 19
    "AUG": {8: 95, 9: 95, 10: 95, 11: 75, 12: 75},
    "KHA": {8: 95, 9: 95, 10: 75, 11: 75, 12: 75},
    "TB": dict.fromkeys(range(8, 13), 66),
    "KEM": dict.fromkeys(range(8, 13), 60),
}
OWN = """
extends: scheme-meeting-score-2018.yaml
bands: [{id: average, min: 65}]
least_age: null
year_grades:
  - {id: good, basis: "Quy định số 12-QĐ/TU, điều 5"}
  - {id: fair, title: {vi: Khá, en: Fair}, every: average, least: fair, times: 7, basis: "Quy định số 12-QĐ/TU, điều 6"}
  - {id: average, title: {vi: Trung bình, en: Average}, least: average, times: 7, basis: "Quy định số 12-QĐ/TU, điều 7"}
  - {id: poor, title: {vi: Kém, en: Poor}, basis: "Quy định số 12-QĐ/TU, điều 8"}
"""  # noqa: E501


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """The office with the returns of the year."""
    register = {"organisations": ORGANISATIONS, "officers": [], "assignments": []}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sample_office, "REGISTER", register)
        sample_office.register.cache_clear()
        office = create_office(tmp_path_factory.mktemp("year") / "town")
        for branch, scores in SCORES.items():
            for month, score in scores.items():
                data = MeetingReturn(branch, month=month, score=score).book()
                put(office, f"{branch}-{month}.xlsx", data)
        yield office
    sample_office.register.cache_clear()


def year_sheet(office: Office) -> Sheet:
    return load_sheets(consolidate(office, YEAR, as_of=AS_OF, holder="test").path)["Lũy kế năm"]


def grades(sheet: Sheet) -> dict[str, object]:
    column = sheet.find("Xếp loại năm")[1]
    return {code: sheet.at(sheet.row_of(code), column) for code in SCORES}


def test_the_year_of_young_and_merged_cells(town: Office) -> None:
    """21-HD: under six months not rated. 18 Tốt of 19: 18 × 12 ≥ 7 × 19 months."""
    received = "2020-01-03T09:00:00+07:00"
    done = ingest(town, (), as_of=AS_OF, received=received, who="test", holder="test")
    assert {decision.verdict for decision in done.decisions} == {Verdict.ACCEPTED}
    sheet = year_sheet(town)
    young = dict.fromkeys(NEW[1:], "Chưa xếp loại (thành lập chưa đủ 6 tháng)")
    merged = dict.fromkeys(("ONE", "TWO"), "Xem đơn vị kế tiếp")
    assert grades(sheet) == {"HEIR": "Tốt"} | merged | young
    months = sheet.find("Số tháng tính xếp loại")[1]
    assert [sheet.at(sheet.row_of(code), months) for code in ("HEIR", "ONE", "AUG")] == [19, 7, 5]


def test_an_office_that_names_its_documents_gets_all_grades(town: Office) -> None:
    """In 5 months 7 × 5 ÷ 12 = 2.92 meetings, 3, are asked: AUG has three Tốt, KHA two."""
    (town.workspace.schemas / "scheme-own.yaml").write_text(OWN, encoding="utf-8")
    sheet = year_sheet(open_office(town.workspace))
    merged = dict.fromkeys(("ONE", "TWO"), "Xem đơn vị kế tiếp")
    own = {"HEIR": "Tốt", "AUG": "Tốt", "KHA": "Khá", "TB": "Trung bình", "KEM": "Kém"}
    assert grades(sheet) == own | merged
    assert str(sheet.at(*sheet.find("Khá: "))).endswith("Căn cứ: Quy định số 12-QĐ/TU, điều 6.")
