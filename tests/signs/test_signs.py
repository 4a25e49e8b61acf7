"""Every sign shows on its sample and not on its twin; the text signs are right often enough."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from builders.indicator_samples import (
    CELL,
    NOVEMBER,
    WAYS,
    WORKS,
    catalogue,
    facts,
    indicator_codes,
    samples,
    write_rows,
    year,
)

from mlay_batch.core.findings import Severity
from mlay_batch.core.messages import explain_indicator
from mlay_batch.core.period import Period
from mlay_batch.figures.indicator_search import KINDS, indicator_hits
from mlay_batch.model.records import AcceptedReturn
from mlay_batch.schema import Catalogue
from mlay_batch.schema import indicators as described

SAMPLES = samples("signs.yaml")
MINUTES = samples("minutes.yaml")
SET_2018, SET_2025 = catalogue().indicator_sets
ENTRIES = {sign.code: sign for sign in SET_2018.entries}
FORM = catalogue().form("meeting", "2018.1")
TRENCH = "Nạo vét mương nội đồng dài 1,2 km, mỗi đảng viên phụ trách bốn hộ chưa góp công"


def codes(lines: list[dict[str, Any]], at: str = "2019-11") -> list[str]:
    return sorted(
        hit.indicator.code
        for hit in indicator_codes(year(lines), Period.parse(at))
        if hit.branch == CELL
    )


def test_a_good_year_shows_nothing() -> None:
    assert indicator_hits(facts(year([{}, {"branch": "CB-02"}]))) == ()


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sign_shows_on_its_sample_and_not_on_its_twin(name: str) -> None:
    sample, code = SAMPLES[name], name.partition(" ")[0]
    at = sample.get("at", "2019-11")
    assert codes(sample["seen"], at) == [code]
    assert codes(sample["twin"], at) == []


def test_every_sign_has_a_sample_and_every_kind_a_sign() -> None:
    assert {name.partition(" ")[0] for name in SAMPLES} == set(ENTRIES)
    assert {sign.kind for sign in ENTRIES.values()} == set(KINDS) == set(described.KINDS)
    assert {sign.code for sign in SET_2025.entries} - set(ENTRIES) == {"H14"}  # `TestBorder`


@pytest.mark.parametrize("name", SAMPLES)
def test_what_is_said_has_no_gaps_and_names_its_cell(name: str) -> None:
    sample = SAMPLES[name]
    at = Period.parse(sample.get("at", "2019-11"))
    hit = next(hit for hit in indicator_codes(year(sample["seen"]), at) if hit.branch == CELL)
    for lang in ("vi", "en"):
        message = explain_indicator(hit.indicator, hit.params, FORM, lang)
        assert "{" not in str(message) and "meetings." not in str(message)
        assert message.what and message.fix
    at_hand = [source for source in hit.sources if source.delivery == hit.delivery]
    assert at_hand or hit.indicator.kind == "none_in_quarter"
    assert all(source.place.cell and source.place.file for source in hit.sources)


def test_a_sign_says_what_it_saw() -> None:
    hit = next(iter(indicator_codes(year([{"speakers": 1, "present": 9, "expected": 9}]))))
    assert explain_indicator(hit.indicator, hit.params, FORM, "vi").what == (
        "Buổi 05/11/2019: 1 trong số 9 người dự phát biểu."
    )
    hit = next(
        iter(
            indicator_codes(
                year([{"month": "2019-10", "preparation": "none"}, {"preparation": "met"}])
            )
        )
    )
    assert explain_indicator(hit.indicator, hit.params, FORM, "vi").what == (
        "2 trong 3 tháng gần nhất có buổi chưa chuẩn bị đủ, gần nhất là buổi 05/11/2019."
    )
    assert [source.path for source in hit.sources] == ["meetings.preparation"]


def test_order_of_receipt_does_not_matter() -> None:
    returns = year(SAMPLES["H02"]["seen"])
    assert indicator_hits(facts(returns)) == indicator_hits(facts(reversed(returns)))


def test_a_blank_is_never_a_sign() -> None:
    """Returns from before a field was asked for say nothing about it."""
    blank = {"duration", "speakers", "criticism", "preparation", "merged", "own"}
    assert codes([{"from": "2019-01", **dict.fromkeys(blank)}]) == []


def test_signs_of_a_version_hold_in_its_months_only() -> None:
    ended = replace(SET_2018, effective=replace(SET_2018.effective, to="2019-10"))
    later = facts(
        year([{"merged": "yes"}]), descriptions=replace(catalogue(), indicator_sets=(ended,))
    )
    assert indicator_hits(later) == ()


def test_no_sign_is_an_error() -> None:
    assert {sign.severity for sign in ENTRIES.values()} <= {Severity.WARNING, Severity.TRIAL}


def statement(lines: list[dict[str, Any]], code: str) -> str:
    """What a sign says of November."""
    (hit,) = [hit for hit in indicator_codes(year(lines)) if hit.indicator.code == code]
    return explain_indicator(hit.indicator, hit.params, FORM, "vi").what


@pytest.mark.parametrize(("since", "months"), [("2019-09", 3), ("2019-08", 4), ("2019-07", 5)])
def test_months_running_are_as_many_as_there_are(since: str, months: int) -> None:
    assert statement([{"from": since, "criticism": 0}], "H05") == (
        f"Đến buổi 05/11/2019, {months} tháng liền không ghi ý kiến phê bình, tự phê bình nào."
    )


@pytest.mark.parametrize(
    "july", [{"absent": True}, {"criticism": 1}, {"criticism": None}, {"kind": "thematic"}]
)
def test_a_month_that_does_not_show_it_ends_the_run(july: dict[str, Any]) -> None:
    """Without criticism from January on; in July there is no return, criticism, a blank, or no
    regular meeting."""
    lines = [{"from": "2019-01", "criticism": 0}, {"month": "2019-07"} | july]
    assert statement(lines, "H05").startswith("Đến buổi 05/11/2019, 4 tháng liền")


def test_scores_that_never_move_are_counted_where_there_are_scores() -> None:
    """A month without a return lies between: no "11 meetings running", but the last 10 scored."""
    lines = [{"from": "2019-01", "own": 95}, {"month": "2019-04", "absent": True}]
    assert statement(lines, "H10") == (
        "Đến buổi 05/11/2019, 10 buổi gần nhất có điểm tự chấm đều đúng 95 điểm."
    )


def test_a_run_says_how_long_it_is() -> None:
    """ "3 months running" in the words of a sign is what it is set to, not what was found."""
    for sign in (*SET_2018.entries, *SET_2025.entries):
        for text in (sign.says.vi, sign.ask.vi):
            assert "liền" not in text or "{running}" in text, sign.code


BAD_MEETING = {
    "content": "Họp thường kỳ tháng", "duration": 30, "present": 9, "expected": 20, "speakers": 0,
    "criticism": 0, "preparation": "none", "merged": "yes",
}  # fmt: skip


def test_thematic_meetings_are_not_held_to_the_frame_of_regular_ones() -> None:
    """12-HD/BTCTW: its frame is that of "sinh hoạt chi bộ thường kỳ"."""
    assert codes([{"from": "2019-09", "kind": "thematic"} | BAD_MEETING]) == []


@pytest.mark.parametrize("kind", ["regular", "both"])
def test_regular_ones_are_and_so_is_a_sitting_of_both(kind: str) -> None:
    seen = codes([{"from": "2019-09", "kind": kind} | BAD_MEETING])
    assert {"H03", "H04", "H05", "H06", "H07", "H13"} <= set(seen)


OCTOBER_2025, NOVEMBER_2025 = Period(2025, 10), Period(2025, 11)


def autumn_2025(lines: Mapping[int, dict[str, Any]]) -> list[AcceptedReturn]:
    """Returns of the months of 2025 that are named, each with its own good content."""
    return [
        write_rows(
            CELL,
            Period(2025, month),
            {"content": WAYS[CELL].format(WORKS[month - 2], month)} | line,
        )
        for month, line in lines.items()
    ]


def hits_2025(
    lines: Mapping[int, dict[str, Any]], descriptions: Catalogue | None = None
) -> list[tuple[str, str]]:
    """Month and code of every hit in one report of the year."""
    period = Period(2025, max(lines))
    inputs = facts(autumn_2025(lines), period, descriptions)
    return [(str(hit.period)[5:], hit.indicator.code) for hit in indicator_hits(inputs)]


class TestBorder:
    """12-HD/BTCTW to October 2025, 42-HD/BTCTW of 28/10/2025 from November on."""

    @pytest.mark.parametrize(
        ("line", "october", "november"),
        [
            ({"kind": "regular", "duration": 90}, [], []),
            ({"kind": "regular", "duration": 89}, ["H03"], ["H03"]),
            ({"kind": "both", "duration": 120}, [], []),
            ({"kind": "both", "duration": 119}, [], ["H14"]),  # at least 120 in one sitting
            ({"kind": "both", "duration": 89}, ["H03"], ["H14"]),  # said once, not twice
            ({"kind": "thematic", "duration": 60}, [], []),
        ],
    )
    def test_each_month_is_held_to_its_own_document(
        self, line: dict[str, Any], october: list[str], november: list[str]
    ) -> None:
        expected = [("10", code) for code in october] + [("11", code) for code in november]
        assert hits_2025({10: line, 11: line}) == expected

    def test_and_names_it(self) -> None:
        inputs = facts(autumn_2025({10: {"duration": 60}, 11: {"duration": 60}}), NOVEMBER_2025)
        october, november = (hit.indicator.basis for hit in indicator_hits(inputs))
        assert october == "12-HD/BTCTW (sinh hoạt thường kỳ, tối thiểu 90 phút)"
        assert november == (  # whose meeting is one of both kinds
            "42-HD/BTCTW ngày 28/10/2025 "
            "(thường kỳ và chuyên đề trong một buổi, tối thiểu 120 phút)"
        )

    @pytest.mark.parametrize(
        ("code", "bad", "twin"),
        [
            ("H05", {9: {"criticism": 0}, 10: {"criticism": 0}, 11: {"criticism": 0}}, 9),
            ("H07", {9: {}, 10: {"preparation": "sent"}, 11: {"preparation": "met"}}, 10),
            ("H10", {month: {"own": 95} for month in range(6, 12)}, 6),
            ("H01", {8: {"content": TRENCH}, 9: {}, 10: {}, 11: {"content": TRENCH}}, 8),
        ],
    )
    def test_what_looks_back_sees_the_months_before(
        self, code: str, bad: dict[int, dict[str, Any]], twin: int
    ) -> None:
        meeting = {"duration": 125}
        bad = {month: meeting | line for month, line in bad.items()}
        assert hits_2025(bad) == [("11", code)]
        assert hits_2025(bad | {twin: meeting}) == []

    def test_a_quarter_of_both_documents(self) -> None:
        """October under 12-HD, November and December under 42-HD: none in the whole quarter."""
        regular = {"kind": "regular"}
        assert hits_2025({10: regular, 11: regular, 12: regular}) == [("12", "H08")]
        assert hits_2025({10: {"kind": "both"}, 11: regular, 12: regular}) == []

    def test_a_habit_counts_what_was_asked_in_its_month(self) -> None:
        """100 minutes for both kinds: enough in October, not in November; two months only then."""
        entries = [
            replace(sign, months=2, times=2) if sign.code == "H14" else sign
            for sign in SET_2025.entries
        ]
        own = replace(
            catalogue(),
            indicator_sets=(SET_2018, replace(SET_2025, entries=tuple(entries))),
        )
        short = {"kind": "both", "duration": 100}
        assert hits_2025({10: short, 11: short}, own) == []
        assert hits_2025({10: short, 11: short, 12: short}, own) == [("12", "H14")]


class TestPrecision:
    """The labelled minutes: how many of those called alike are so, and of those alike are found."""

    def test_copied_minutes(self) -> None:
        """24 minutes, 7 of them copied; among them numbers changed, sentences added or moved."""
        cells = MINUTES["month"]
        returns = [
            write_rows(code, NOVEMBER, {"content": entry["text"]}) for code, entry in cells.items()
        ]
        hits = {
            entry.branch for entry in indicator_codes(returns) if entry.indicator.kind == "copied"
        }
        right = {code for code, entry in cells.items() if "like" in entry}
        assert sorted(hits - right) == []
        assert sorted(right - hits) == []
        assert (len(hits), len(cells)) == (7, 24)

    def test_who_was_copied_is_named(self) -> None:
        cells = MINUTES["month"]
        returns = [
            write_rows(code, NOVEMBER, {"content": entry["text"]}) for code, entry in cells.items()
        ]
        named = {
            entry.branch: entry.params["branches"]
            for entry in indicator_codes(returns)
            if entry.indicator.code == "H02"
        }
        for code, others in named.items():
            assert set(str(others).replace("Chi bộ ", "").split(", ")) == set(cells[code]["like"])

    def test_repeated_minutes(self) -> None:
        hits, right = set(), set()
        for cell, entries in MINUTES["cells"].items():
            months = [Period(2019, 8 + at) for at in range(len(entries))]
            pairs = list(zip(months, entries, strict=True))
            returns = [
                write_rows(cell, month, {"content": entry["text"]}) for month, entry in pairs
            ]
            right |= {(cell, month) for month, entry in pairs if "like" in entry}
            kinds = {
                month: {entry.indicator.kind for entry in indicator_codes(returns, month)}
                for month in months
            }
            hits |= {(cell, month) for month in months if "repeated" in kinds[month]}
        assert precision(hits, right) == recall(hits, right) == 1

    @pytest.mark.parametrize(("listed", "at_least"), [("topics", 0.9), ("contents", 0.9)])
    def test_words_that_say_nothing(self, listed: str, at_least: float) -> None:
        by_text = {entry["text"]: listing(listed, entry["text"]) for entry in MINUTES[listed]}
        empty = {
            text
            for text, entry in by_text.items()
            if "bare" in {s.indicator.kind for s in indicator_codes([entry])}
        }
        right = {entry["text"] for entry in MINUTES[listed] if entry.get("bare")}
        assert sorted(empty - right) == []
        assert precision(empty, right) >= at_least and recall(empty, right) >= at_least


def listing(listed: str, text: str) -> AcceptedReturn:
    """A return with `text` as topic or as content."""
    content = "Bàn thu hoạch lúa mùa ở ba tổ và chống rét cho đàn trâu bò"
    values = {"topic": text, "kind": "both"} if listed == "topics" else {}
    return write_rows(
        CELL, NOVEMBER, {"content": text} | values | ({"content": content} if values else {})
    )


def precision(hits: set[Any], right: set[Any]) -> float:
    """The share of those found that are right."""
    return len(hits & right) / len(hits)


def recall(hits: set[Any], right: set[Any]) -> float:
    """The share of the right ones that were found."""
    return len(hits & right) / len(right)
