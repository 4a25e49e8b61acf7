"""Every sentence of the news: a month in which it is said, and its twin in which it is not."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from typing import NamedTuple

import pytest
from builders.figure_inputs import facts, register, returns
from hypothesis import given
from hypothesis import strategies as st

from mlay_batch.figures import compute
from mlay_batch.figures.news import (
    MAX_SENTENCES,
    NEWS_RULES,
    News,
    low_bands,
    lowest_good_band,
    news,
)
from mlay_batch.figures.report_records import ReportInputs
from mlay_batch.model.records import AcceptedReturn
from mlay_batch.report.news_text import NewsText
from mlay_batch.report.report_context import ReportWords
from mlay_batch.schema.model import Text
from mlay_batch.schema.schemes import Band

ONE = """
code | type        | parent | name
TX   | office      |        | Đảng ủy xã
CB1  | cell_direct | TX     | Chi bộ Một
"""
TWO = ONE + "CB2  | cell_direct | TX     | Chi bộ Hai\n"
OFFICERS = """
code | name        | position   | own_cell
A    | Lò Văn An   | Bí thư     |
B    | Vừ A Bình   | Phó bí thư | CB2
"""
ASSIGNED = """
officer | branch | role            | from
A       | CB1    | office_official | 2019-01-01
"""


class Month(NamedTuple):
    """A month in short.

    Attributes:
        filed: the returns as a table.
        period: the period of the report.
        organisations: the register's organisations as a table.
        assignments: its assignments as a table.
        as_of: the day of the figures; else the tenth after the period.
        merged: the cells whose meetings were held together with those of the workplace.
    """

    filed: str
    period: str = "2019-03"
    organisations: str = ONE
    assignments: str = ""
    merged: tuple[str, ...] = ()
    as_of: date | None = None

    def inputs(self) -> ReportInputs:
        town = register(self.organisations, OFFICERS, self.assignments)
        filed = [
            with_merged(entry) if entry.entry.branch in self.merged else entry
            for entry in returns(self.filed)
        ]
        return facts(town, self.period, filed, as_of=self.as_of)

    def said(self) -> dict[str, News]:
        inputs = self.inputs()
        return {sentence.rule.id: sentence for sentence in news(inputs, compute(inputs))}

    def text(self, rule: str, lang: str = "vi") -> str:
        inputs = self.inputs()
        sentence = self.said()[rule]
        return NewsText(ReportWords(inputs, compute(inputs), lang)).sentence(sentence)


def with_merged(accepted: AcceptedReturn) -> AcceptedReturn:
    """The return with a meeting held together with that of the workplace."""
    changed = tuple(
        replace(line, values={**line.values, "merged": "yes"})
        if line.section == "meetings"
        else line
        for line in accepted.rows
    )
    return replace(accepted, rows=changed)


def scores(*points: float, branch: str = "CB1", first: int = 1) -> str:
    """A month's meeting with its score for each number."""
    lines = [
        f"{branch}|2019-{month:02}-05|regular|{score}" for month, score in enumerate(points, first)
    ]
    return "branch|day|kind|own\n" + "\n".join(lines)


HELD = "branch|day|kind|own\nCB1|2019-03-05|regular|95"
LATE = "branch|day|kind|own|received\nCB1|2019-03-05|regular|95|2019-05-20"
VISITED = "branch|day|kind|own|officer\nCB1|2019-01-05|regular|95|A"
THEME = "branch|day|kind|own\nCB1|2019-03-05|both|95"
LAST_YEAR = "branch|day|kind|own\nCB1|2018-03-05|regular|80\nCB1|2019-03-05|regular|95"

# rule: the month in which it is said, what it then says, and the twin in which it is not
CASES: dict[str, tuple[Month, str, Month]] = {
    "returns": (
        Month(HELD, organisations=TWO),
        "Đã nhận 1 trong 2 báo cáo phải nộp (50%), 1 đúng hạn.",
        Month("branch|day", organisations="code|type|parent|name\nTX|office||Đảng ủy xã"),
    ),
    "outstanding": (
        Month(HELD, organisations=TWO),
        "Còn 1 báo cáo chưa có: Hai (chưa nộp).",
        Month(HELD),
    ),
    "quality": (
        Month(scores(95, 60, 80)),
        (
            "Các chi bộ đã họp 1 buổi, đều được chấm điểm, bình quân 80 điểm: "
            "Tốt 0; Khá 1; Trung bình 0; Kém 0."
        ),
        Month("branch|day"),
    ),
    "low": (
        Month(scores(95, 60, 69.5)),
        "1 buổi dưới mức Khá: Một 69,5 điểm, Trung bình (từ đầu năm 2/3 buổi).",
        Month(scores(95, 60, 70)),
    ),
    "often_low": (
        Month(scores(60, 60, 95, 95), "2019-04"),
        "Kỳ này từ Khá trở lên, nhưng nửa số buổi từ đầu năm trở lên là dưới Khá: Một (2/4 buổi).",
        Month(scores(60, 90, 95, 95), "2019-04"),
    ),
    "signs": (
        Month(HELD, merged=("CB1",)),
        "1 chi bộ có biểu hiện cần trao đổi, chưa phải kết luận: Lồng ghép họp cơ quan (1).",
        Month(HELD),
    ),
    "quotas": (
        Month(VISITED, "2019-12", assignments=ASSIGNED),
        (
            "Cán bộ, chuyên viên cơ quan (4 buổi mỗi năm): 0 trong 1 đã đạt, 0 đúng tiến độ. "
            "Chậm tiến độ: Lò Văn An 1/4."
        ),
        Month(HELD),
    ),
    "unvisited": (
        Month(HELD.replace("03-05", "01-05"), "2019-01", assignments=ASSIGNED),
        "Từ tháng 01 năm 2019, 1 chi bộ chưa có cấp trên nào dự: Một.",
        Month(VISITED, "2019-01", assignments=ASSIGNED),
    ),
    "themes": (
        Month(HELD),
        "Sinh hoạt chuyên đề quý I năm 2019: 0 trong 1 chi bộ đã đủ.",
        Month("branch|day", organisations="code|type|parent|name\nTX|office||Đảng ủy xã"),
    ),
    "change": (
        Month(scores(95, 60, 80)),
        (
            "So với tháng 02 năm 2019: 1 buổi (trước: 1). "
            "Báo cáo đã nhận 100% (trước: 100%). "
            "Điểm bình quân 80 (trước: 60); dưới Khá 0 buổi (trước: 1)."
        ),
        Month(scores(80, first=3)),
    ),
    "change_year": (
        Month(LAST_YEAR),
        "So với tháng 3 năm 2018: 1 buổi (trước: 1).",
        Month(HELD),
    ),
    "proposals": (
        Month(HELD, organisations=TWO),
        "(1) Yêu cầu 1 tổ chức chưa có báo cáo nộp hoặc sửa, nộp lại.",
        Month(THEME.replace("03-05", "01-05"), "2019-01"),
    ),
}


def test_every_rule_has_a_case_and_a_twin() -> None:
    assert list(CASES) == [rule.id for rule in NEWS_RULES]
    assert len(NEWS_RULES) <= MAX_SENTENCES


@pytest.mark.parametrize("rule", CASES)
def test_a_sentence_is_said_where_it_holds(rule: str) -> None:
    month, text, _ = CASES[rule]
    assert month.text(rule).startswith(text)


@pytest.mark.parametrize("rule", CASES)
def test_and_not_where_it_does_not(rule: str) -> None:
    assert rule not in CASES[rule][2].said()


@pytest.mark.parametrize("lang", ["vi", "en"])
@pytest.mark.parametrize("rule", CASES)
def test_no_gap_is_left_open(rule: str, lang: str) -> None:
    assert not re.search(r"[{}]", CASES[rule][0].text(rule, lang))


@pytest.mark.parametrize(
    ("month", "text"),
    [
        (Month(LATE), "0 đúng hạn. Nộp muộn: Một."),
        # one meeting in each of the four cell-months left is not enough for five
        (
            Month(HELD, "2019-11", assignments=ASSIGNED),
            "0 trong 1 đã đạt, 0 đúng tiến độ. Chậm tiến độ: Lò Văn An 0/4.",
        ),
        (
            Month(scores(*[95] * 11), "2019-11", assignments=ASSIGNED),
            "Trong đó khó đạt (mỗi báo cáo còn lại một buổi dự thì không đủ): Lò Văn An.",
        ),
        (Month(scores(*[95] * 12), "2019-12", assignments=ASSIGNED), "Không đạt: Lò Văn An 0/4."),
        (
            Month(HELD, organisations=TWO, assignments=ASSIGNED),
            "1 chi bộ không giao cho ai dự: Hai.",
        ),
        (
            Month(
                HELD,
                organisations=TWO,
                assignments=ASSIGNED + "B|CB2|office_official|2019-01-01",
            ),
            "1 chi bộ chỉ được giao cho người sinh hoạt tại đó, lượt dự không tính: Hai.",
        ),
        (
            Month(HELD),
            "1 chi bộ chưa đủ, còn tháng chưa có báo cáo hoặc chưa đến: Một.",
        ),
        (
            Month(HELD, "2019-01"),
            "Còn 1 chi bộ phải sinh hoạt chuyên đề trước khi hết quý I năm 2019: Một.",
        ),
    ],
)
def test_the_parts_of_a_sentence(month: Month, text: str) -> None:
    texts = [month.text(rule) for rule in month.said()]
    assert any(text in sentence for sentence in texts), texts


def test_what_is_not_due_yet_is_neither_named_nor_asked_for() -> None:
    month = Month("branch|day", as_of=date(2019, 4, 1))
    assert month.text("outstanding") == "1 báo cáo chưa đến hạn nộp."
    assert "proposals" not in month.said() or "(1) Yêu cầu" not in month.text("proposals")


def test_other_forms_are_named_apart() -> None:
    text = Month("branch|day", "2019", as_of=date(2021, 1, 1)).text("outstanding")
    assert text.startswith("Còn 12 báo cáo chưa có: Một (chưa nộp: 12).")
    assert "Kết quả đánh giá, xếp loại" in text
    assert text.endswith("còn 1 báo cáo chưa có: Một (chưa nộp).")


def test_a_month_without_a_return_is_not_compared() -> None:
    assert "change" not in Month(scores(95, 60), "2019-03").said()


def test_january_is_compared_with_december() -> None:
    month = Month(
        "branch|day|kind|own\nCB1|2018-12-05|regular|70\nCB1|2019-01-05|regular|95", "2019-01"
    )
    assert "So với tháng 12 năm 2018: 1 buổi (trước: 1)" in month.text("change")


def test_a_year_is_compared_once() -> None:
    said = Month(LAST_YEAR, "2019").said()
    assert "change_year" in said
    assert "change" not in said


@pytest.mark.parametrize("count", range(1, 7))
def test_low_are_the_bands_below_the_middle(count: int) -> None:
    scheme = next(s for s in Month(HELD).inputs().catalogue.schemes if s.bands)
    bands = tuple(Band(f"b{n}", Text("", ""), 10.0 * n) for n in range(count))
    low = [band.id for band in low_bands(replace(scheme, bands=bands))]
    lowest_good = lowest_good_band(replace(scheme, bands=bands))
    assert len(low) == count // 2
    assert [f"b{n}" for n in reversed(range(count))] == [
        f"b{n}" for n in reversed(range(count)) if n > int(lowest_good[1:])
    ] + [lowest_good, *low]


@given(st.integers(1, 40))
def test_names_beyond_the_limit_are_counted(cells: int) -> None:
    organisations = ONE.splitlines()[1:3] + [
        f"C{number}  | cell_direct | TX | Chi bộ {number}" for number in range(cells)
    ]
    month = Month("branch|day", organisations="\n".join(organisations))
    text = month.text("outstanding")
    limit = next(rule.max_names for rule in NEWS_RULES if rule.id == "outstanding")
    rest = re.search(r"; và (\d+) nữa", text)
    assert text.count("(chưa nộp)") == min(cells, limit)
    assert (int(rest[1]) if rest else 0) == max(0, cells - limit)
    assert len(list(NewsText(words(month)).cut_names(month.said()["outstanding"]))) == (
        cells if cells > limit else 0
    )


def words(month: Month) -> ReportWords:
    inputs = month.inputs()
    return ReportWords(inputs, compute(inputs), "vi")


def test_without_names_an_officer_is_his_post() -> None:
    month, _, _ = CASES["quotas"]
    unnamed = replace(words(month), has_names=False)
    text = NewsText(unnamed).sentence(month.said()["quotas"])
    assert "Bí thư 1/4" in text
    assert "Lò Văn An" not in text
