"""Every sign shows on its sample and not on its twin; the text signs are right often enough."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from builders.indicator_samples import (
    CELL,
    NOVEMBER,
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
from mlay_batch.schema import indicators as described

SAMPLES = samples("signs.yaml")
MINUTES = samples("minutes.yaml")
ENTRIES = {sign.code: sign for signs in catalogue().indicator_sets for sign in signs.entries}
FORM = catalogue().form("meeting", "2018.1")


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
        "Buổi 05/11/2019 có 1 người phát biểu trên 9 người dự."
    )
    hit = next(
        iter(indicator_codes(year([{"month": "2019-10", "prepared": "no"}, {"documents": "no"}])))
    )
    assert explain_indicator(hit.indicator, hit.params, FORM, "vi").what == (
        "2 trong 3 tháng gần nhất chưa chuẩn bị; buổi 05/11/2019 ghi “Không” ở: Gửi trước tài liệu."
    )
    assert [source.path for source in hit.sources] == ["meetings.documents"]


def test_order_of_receipt_does_not_matter() -> None:
    returns = year(SAMPLES["H02"]["seen"])
    assert indicator_hits(facts(returns)) == indicator_hits(facts(reversed(returns)))


def test_a_blank_is_never_a_sign() -> None:
    """Returns from before a field was asked for say nothing about it."""
    blank = {"duration", "speakers", "criticism", "prepared", "documents", "merged", "own"}
    assert codes([{"from": "2019-01", **dict.fromkeys(blank)}]) == []


def test_signs_of_a_version_hold_in_its_months_only() -> None:
    (indicator_set,) = catalogue().indicator_sets
    ended = replace(indicator_set, effective=replace(indicator_set.effective, to="2019-10"))
    later = facts(
        year([{"merged": "yes"}]), descriptions=replace(catalogue(), indicator_sets=(ended,))
    )
    assert indicator_hits(later) == ()


def test_no_sign_is_an_error() -> None:
    assert {sign.severity for sign in ENTRIES.values()} <= {Severity.WARNING, Severity.TRIAL}


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
