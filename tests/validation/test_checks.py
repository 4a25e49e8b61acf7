"""Each check of the form language: what it refuses, what it lets pass, the figures it tells."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pandera.pandas as pa
import pytest
from builders.filled_forms import check_forms, finding_lines, identity, submission
from hypothesis import given, settings
from hypothesis import strategies as st

from mlay_batch.checks.row_rules import RULES
from mlay_batch.checks.validate import validate
from mlay_batch.core.findings import Severity
from mlay_batch.core.messages import explain
from mlay_batch.schema import Form
from mlay_batch.schema.checks import CHECKS
from mlay_batch.schema.load import load_text

FORM = """
form: trial
version: "1"
period: month
effective: {{from: 2019-01}}
basis: [QĐ 1]
title: {{vi: Phiếu, en: Form}}
sheet: {{vi: Phiếu, en: Form}}
choices:
  kinds: [{{id: one, title: {{vi: Một, en: One}}}}, {{id: two, title: {{vi: Hai, en: Two}}}}]
sections:
  - id: card
    layout: card
    title: {{vi: Chung, en: General}}
    fields:
      - {{id: all, type: number, title: {{vi: Tất cả, en: All}}}}
      - {{id: off, type: number, title: {{vi: Trừ, en: Off}}}}
  - id: days
    layout: table
    title: {{vi: Ngày, en: Days}}
    fields:
      - {{id: day, type: date, title: {{vi: Ngày, en: Day}}}}
      - {{id: until, type: date, title: {{vi: Đến, en: Until}}}}
      - {{id: name, type: text, title: {{vi: Tên, en: Name}}}}
  - id: rows
    layout: table
    title: {{vi: Bảng, en: Rows}}
    fields:
      - {{id: a, type: number, title: {{vi: A, en: A}}}}
      - {{id: b, type: number, title: {{vi: B, en: B}}}}
      - {{id: c, type: integer, title: {{vi: C, en: C}}}}
      - {{id: day, type: date, title: {{vi: Ngày, en: Day}}}}
      - {{id: end, type: date, title: {{vi: Hết, en: End}}}}
      - {{id: kind, type: choice, choices: kinds, title: {{vi: Loại, en: Kind}}}}
      - {{id: word, type: text, title: {{vi: Chữ, en: Word}}}}
      - {{id: up, type: ref, ref: organisations, title: {{vi: Trên, en: Up}}}}
    rules:
      - code: Z01
        check: {check}
        mark: [{mark}]
        basis: QĐ 1
        says: {{vi: "{gaps}", en: "{gaps}"}}
        fix: {{vi: Sửa., en: Correct.}}
"""
COLUMNS = dict(zip(("a", "b", "c", "day", "end", "kind", "word", "up"), "CDEFGHIJ", strict=True))
NOV5, NOV6 = date(2019, 11, 5), date(2019, 11, 6)


def trial(check: str, mark: str = "a", **params: Any) -> Form:
    gaps = " ".join(f"{{{gap}}}" for gap in sorted(CHECKS[check].gap_names()))
    text = FORM.format(check=check, mark=mark, gaps=gaps)
    for key, value in params.items():
        text += f"        {key}: {value}\n"
    form = load_text(text, "trial.yaml")
    assert isinstance(form, Form)
    return form


def broken_cells(
    form: Form, *rows: dict[str, Any], **other: Any
) -> list[tuple[str, dict[str, Any]]]:
    """Cell and figures of every finding; cards fill rows 1-2, the table begins after `days`."""
    read = submission({"rows": rows, **other}, of=form)
    (checked,) = validate([check_forms(read, identity=identity(of=form))], {})
    for finding in checked.findings:
        assert (finding.code, finding.severity) == ("Z01", Severity.ERROR)
        assert "{" not in str(explain(finding, form, "vi"))  # the check fills every gap it promises
        assert finding.place in finding.marks
    return [
        (f.place.cell, {k: v for k, v in f.params.items() if k != "field"})
        for f in checked.findings
    ]


def test_every_check_of_the_language_is_there_and_no_other() -> None:
    registered = {name for name in CHECKS if hasattr(pa.Check, name)}
    assert set(RULES) == set(CHECKS) == registered


def test_sum_equals() -> None:
    form = trial("sum_equals", parts="[a, b]", total="c", mark="c, a, b")
    assert broken_cells(form, {"a": 2, "b": 3, "c": 5}) == []
    assert broken_cells(form, {"a": 2, "b": 3, "c": 6}) == [("E1", {"total": 6, "sum": 5})]
    assert broken_cells(form, {"a": 5, "c": 5}, {"a": 2, "b": 3}, {"c": 0}) == []  # blanks
    assert broken_cells(form, {"c": 4}) == [("E1", {"total": 4, "sum": 0})]
    assert broken_cells(
        trial("sum_equals", parts="[a]", less="[b]", total="c"),
        {"a": 5, "b": 2, "c": 3},
        {"a": 5, "b": 2, "c": 7},
    ) == [("C2", {"total": 7, "sum": 3})]


def test_sum_equals_takes_no_offence_at_binary_fractions() -> None:
    form = trial("sum_equals", parts="[a, b]", total="b", less="[b]", mark="a")
    assert 0.1 + 0.2 != 0.3
    assert broken_cells(form, {"a": 0.1 + 0.2, "b": 0.3}) == []
    assert broken_cells(form, {"a": 0.31, "b": 0.3}) == [("C1", {"total": 0.3, "sum": 0.31})]


def test_sum_equals_card() -> None:
    form = trial("sum_equals_card", value="c", plus="[card.all]", less="[card.off]", mark="c")
    card = {"all": 18, "off": 2}
    assert broken_cells(form, {"c": 16}, {}, card=card) == []
    assert broken_cells(form, {"c": 18}, {"c": 18}, card=card) == [
        ("E3", {"value": 18, "sum": 16}),
        ("E4", {"value": 18, "sum": 16}),
    ]
    assert broken_cells(form, {"c": 18}, card={"all": 18}) == []
    asked = trial("sum_equals_card", value="c", plus="[card.all]", mark="c", given="{kind: [one]}")
    assert len(broken_cells(asked, {"c": 17, "kind": "one"}, card={"all": 18})) == 1
    assert broken_cells(asked, {"c": 17, "kind": "two"}, card={"all": 18}) == []
    assert (
        broken_cells(form, {"c": 18}) == []
    )  # no card: nothing to compare with, the reader says so


@pytest.mark.parametrize(
    ("check", "bound", "good", "bad"),
    [("at_least", 90, [90, 91.5, None], 89.5), ("at_most", 0, [0, -1, None], 1)],
)
def test_bounds(check: str, bound: int, good: list[Any], bad: float) -> None:
    form = trial(check, value="a", bound=bound)
    assert broken_cells(form, *({"a": value, "word": "x"} for value in good)) == []
    assert broken_cells(form, {"a": bad}) == [("C1", {"value": bad, "bound": bound})]


def test_not_above() -> None:
    form = trial("not_above", value="a", bound_field="c")
    assert broken_cells(form, {"a": 3, "c": 3}, {"a": 9}, {"c": 1}) == []
    assert broken_cells(form, {"a": 4, "c": 3}) == [("C1", {"value": 4, "bound": 3})]


def test_share_above() -> None:
    """Above, not at: 17 of 20 are exactly 85 %."""
    form = trial("share_above", part="a", whole="c", bound=85)
    assert broken_cells(form, {"a": 18, "c": 20}, {"a": 0, "c": 0}, {"a": 1}, {"c": 20}) == []
    assert broken_cells(form, {"a": 17, "c": 20}) == [
        ("C1", {"part": 17, "whole": 20, "bound": 85})
    ]
    asked = trial("share_above", part="a", whole="c", bound=85, given="{kind: [one]}")
    low = {"a": 17, "c": 20}
    assert len(broken_cells(asked, {**low, "kind": "one"})) == 1
    assert broken_cells(asked, {**low, "kind": "two"}, low) == []


def test_required_if() -> None:
    form = trial("required_if", value="word", when="kind", values="[one]", mark="word")
    assert broken_cells(form, {"kind": "one", "word": "x"}, {"kind": "two"}, {"a": 1}) == []
    assert broken_cells(form, {"kind": "one"}) == [("I1", {})]


def test_unique_rows() -> None:
    form = trial("unique_rows", fields="[day, kind]", mark="day, kind")
    twice = {"day": NOV5, "kind": "one"}
    assert (
        broken_cells(form, twice, {"day": NOV5, "kind": "two"}, {"day": NOV5}, {"day": NOV5}) == []
    )
    assert broken_cells(form, {"a": 1}, twice, twice, twice) == [
        ("F3", {"row": 2}),
        ("F4", {"row": 2}),
    ]


def test_exists_in() -> None:
    form = trial("exists_in", value="day", target="days.day", mark="day")
    assert broken_cells(form, {"day": NOV5}, {"a": 1}, days=[{"day": NOV5}]) == []
    assert broken_cells(form, {"day": NOV6}, days=[{"day": NOV5}]) == [
        ("F2", {"value": "2019-11-06"})
    ]
    assert broken_cells(form, {"day": NOV6}) == [("F1", {"value": "2019-11-06"})]
    only = trial("exists_in", value="day", target="days.day", when="kind", values="[two]")
    assert broken_cells(only, {"day": NOV6, "kind": "one"}, {"day": NOV6}) == []
    assert len(broken_cells(only, {"day": NOV6, "kind": "two"})) == 1


def test_rows_at_most() -> None:
    form = trial("rows_at_most", when="kind", values="[one]", bound=1, mark="kind")
    first, second = {"kind": "one"}, {"kind": "two"}
    assert broken_cells(form, first, second, second) == []
    figures = {"count": 3, "bound": 1}
    assert broken_cells(form, first, second, first, first) == [("H3", figures), ("H4", figures)]


def test_rows_at_least() -> None:
    form = trial("rows_at_least", when="kind", values="[one]", bound=2, mark="kind")
    first, second = {"kind": "one"}, {"kind": "two"}
    assert broken_cells(form, second, first, first) == []
    assert broken_cells(form, second, first) == [("H1", {"count": 1, "bound": 2})]
    assert broken_cells(form) == []  # whether there may be no row at all is said by `nil`


def test_not_before() -> None:
    form = trial("not_before", value="end", start="day", mark="end, day")
    assert broken_cells(form, {"day": NOV5, "end": NOV5}, {"day": NOV5}, {"end": NOV5}) == []
    assert broken_cells(form, {"day": NOV6, "end": NOV5}) == [
        ("G1", {"value": "2019-11-05", "start": "2019-11-06"})
    ]


def test_exists_in_among_some_rows_only() -> None:
    form = trial("exists_in", value="day", target="days.day", among="{days.name: [x]}", mark="day")
    days = [{"day": NOV5, "name": "x"}, {"day": NOV6, "name": "y"}, {"day": NOV6}]
    assert broken_cells(form, {"day": NOV5}, {"day": NOV6}, days=days) == [
        ("F5", {"value": "2019-11-06"})
    ]


def test_bounds_of_some_rows_only() -> None:
    """A rule with `given` is asked only where every field holds a value of its list."""
    form = trial("at_least", value="a", bound=90, given="{kind: [one], card.all: [1, 2]}")
    bounded, low = {"a": 90, "kind": "one"}, {"a": 89, "kind": "one"}
    assert broken_cells(form, bounded, {"a": 1, "kind": "two"}, {"a": 1}, card={"all": 1}) == []
    assert broken_cells(form, low, card={"all": 2}) == [("C3", {"value": 89, "bound": 90})]
    assert broken_cells(form, low, card={"all": 3}) == broken_cells(form, low, card={}) == []


def test_sum_not_above() -> None:
    form = trial("sum_not_above", parts="[a, b]", bound_field="c")
    assert broken_cells(form, {"a": 2, "b": 1, "c": 3}, {"a": 3, "c": 3}, {"a": 9}) == []
    assert broken_cells(form, {"a": 2, "b": 2, "c": 3}) == [("C1", {"sum": 4, "bound": 3})]


def test_share_at_least() -> None:
    """8 of 10 are 80 %; nothing is rounded, of nothing there is no share."""
    form = trial("share_at_least", parts="[a]", whole="[a, b]", bound=80)
    assert broken_cells(form, {"a": 8, "b": 2}, {"a": 0, "b": 0}, {}) == []
    assert broken_cells(form, {"a": 7.99, "b": 2.01}) == [
        ("C1", {"part": 7.99, "whole": 10, "bound": 80})
    ]


@pytest.mark.parametrize(("whole", "allowed"), [(100, 20), (14, 2), (15, 3), (4, 0), (0, 0)])
def test_share_at_most_rounds_down(whole: int, allowed: int) -> None:
    form = trial("share_at_most", parts="[a]", whole="[b]", bound=20)
    assert broken_cells(form, {"a": allowed, "b": whole}) == []
    assert broken_cells(form, {"a": allowed + 1, "b": whole}) == [
        ("C1", {"part": allowed + 1, "whole": whole, "bound": 20, "allowed": allowed})
    ]


def test_required_with_and_below() -> None:
    form = trial("required_with", value="word", filled="kind", mark="word")
    assert broken_cells(form, {"word": "x", "kind": "one"}, {"word": "x"}, {"a": 1}) == []
    assert broken_cells(form, {"kind": "one"}) == [("I1", {})]
    below = trial("required_below", value="word", number="a", bound=100, mark="word")
    assert broken_cells(below, {"a": 100}, {"a": 99, "word": "x"}, {"b": 1}) == []
    assert broken_cells(below, {"a": 99.5}) == [("I1", {"number": 99.5, "bound": 100})]


def test_blank_unless() -> None:
    form = trial("blank_unless", value="word", when="kind", values="[one]", mark="word")
    assert broken_cells(form, {"word": "x", "kind": "one"}, {"kind": "two"}, {"a": 1}) == []
    assert broken_cells(form, {"word": "x", "kind": "two"}, {"word": "y"}) == [
        ("I1", {"value": "x"}),
        ("I2", {"value": "y"}),
    ]


def test_differs() -> None:
    differs = trial("differs", value="a", other="b")
    assert broken_cells(differs, {"a": 1, "b": 2}, {"a": 1}, {"b": 1}, {"word": "x"}) == []
    assert broken_cells(differs, {"a": 1, "b": 1}) == [("C1", {"value": 1})]


def test_ref_fits() -> None:
    """What hangs under what: `two` under `one` only, `one` under nothing."""
    form = trial(
        "ref_fits",
        ref="up",
        key="word",
        value="kind",
        fits="{two: [one], one: []}",
        mark="up, kind",
    )
    top, middle = {"word": "A", "kind": "one"}, {"word": "B", "kind": "two", "up": "A"}
    assert (
        broken_cells(form, middle, top, {"word": "C", "up": "A"}, {"kind": "two", "up": "Z"}) == []
    )
    assert broken_cells(form, top, middle, {"word": "C", "kind": "two", "up": "B"}) == [
        ("J3", {"ref": "B"})
    ]
    assert broken_cells(form, {**top, "up": "B"}, middle) == [("J1", {"ref": "B"})]


def test_fits_with() -> None:
    """What may be chosen beside what: `one` beside x, nothing beside y or what is not listed."""
    form = trial("fits_with", value="kind", when="word", fits="{x: [one], y: []}", mark="kind")
    good = {"word": "x", "kind": "one"}
    assert broken_cells(form, good, {"word": "y"}, {"word": "z"}, {"kind": "two"}) == []
    assert broken_cells(form, {"word": "x", "kind": "two"}, good, {"word": "y", "kind": "one"}) == [
        ("H1", {}),
        ("H3", {}),
    ]
    assert broken_cells(form, {"word": "z", "kind": "one"}) == [("H1", {})]


def test_within_ref() -> None:
    form = trial("within_ref", dates="[day, end]", ref="up", target="days.name",
                 start="days.day", end="days.until", mark="day, end")  # fmt: skip
    days = [{"name": "A", "day": NOV5, "until": NOV6}, {"name": "B"}]
    good = [
        {"up": "A", "day": NOV5, "end": NOV6},
        {"up": "A"},
        {"up": "B", "day": NOV5},
        {"up": "Z", "day": NOV5},
        {"day": NOV5},
    ]
    assert broken_cells(form, *good, days=days) == []
    out = {"up": "A", "day": NOV5, "end": date(2019, 11, 7)}
    assert broken_cells(form, out, days=days) == [
        ("F3", {"ref": "A", "start": "2019-11-05", "end": "2019-11-06"})
    ]


def test_returns_of_one_batch_do_not_see_one_another() -> None:
    """Uniqueness, counts, cards and days of another return are none of mine."""
    day = {"day": NOV5, "kind": "one"}
    for check, params in [
        ("unique_rows", {"fields": "[day]"}),
        ("rows_at_most", {"when": "kind", "values": "[one]", "bound": 1}),
        ("rows_at_least", {"when": "kind", "values": "[one]", "bound": 1}),
        ("exists_in", {"value": "day", "target": "days.day"}),
        ("sum_equals_card", {"value": "c", "plus": "[card.all]"}),
    ]:
        form = trial(check, mark="day", **params)
        papers = [
            {"rows": [{**day, "c": 5}], "days": [{"day": NOV5}], "card": {"all": 5}},
            {"rows": [{"kind": "two", "c": 7}], "days": [{"day": NOV6}], "card": {"all": 7}},
            {"rows": [{**day, "c": 9}], "card": {"all": 9}},
        ]
        read = [
            check_forms(submission(paper, of=form), identity=identity(of=form)) for paper in papers
        ]
        lines = [finding_lines(checked.findings) for checked in validate(read, {})]
        wrong = {"rows_at_least": [[], ["Z01 F4"], []], "exists_in": [[], [], ["Z01 F3"]]}
        assert lines == wrong.get(check, [[], [], []])


NUMBERS = st.none() | st.integers(-(10**20), 10**20) | st.floats(allow_nan=True)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "a": NUMBERS,
            "b": NUMBERS,
            "c": st.none() | st.integers(-(10**20), 10**20),
            "day": st.none() | st.dates(),
            "end": st.none() | st.dates(),
            "kind": st.sampled_from([None, "one", "two"]),
            "word": st.none() | st.text(max_size=3),
            "up": st.none() | st.text(max_size=3),
        }
    ),
    max_size=4,
)
ANY = {
    "sum_equals": {"parts": "[a, b]", "total": "c"},
    "sum_equals_card": {"value": "c", "plus": "[card.all]"},
    "at_least": {"value": "a", "bound": 1},
    "at_most": {"value": "a", "bound": 1},
    "not_above": {"value": "a", "bound_field": "b"},
    "share_above": {"part": "a", "whole": "b", "bound": 50},
    "required_if": {"value": "word", "when": "kind", "values": "[one]"},
    "unique_rows": {"fields": "[day, word]"},
    "exists_in": {"value": "day", "target": "days.day"},
    "rows_at_least": {"when": "kind", "values": "[one]", "bound": 1},
    "rows_at_most": {"when": "kind", "values": "[one]", "bound": 1},
    "not_before": {"value": "end", "start": "day"},
    "sum_not_above": {"parts": "[a, b]", "bound_field": "c"},
    "share_at_least": {"parts": "[a]", "whole": "[a, b]", "bound": 80, "given": "{card.all: [1]}"},
    "share_at_most": {"parts": "[a]", "whole": "[b]", "bound": 20},
    "required_with": {"value": "word", "filled": "kind"},
    "required_below": {"value": "word", "number": "a", "bound": 100},
    "blank_unless": {"value": "word", "when": "kind", "values": "[one]"},
    "differs": {"value": "a", "other": "b"},
    "ref_fits": {"ref": "up", "key": "word", "value": "kind", "fits": "{two: [one]}"},
    "fits_with": {"value": "kind", "when": "word", "fits": "{x: [one]}"},
    "is_band": {"value": "kind", "number": "a"},
    "within_ref": {
        "dates": "[day, end]",
        "ref": "up",
        "target": "days.name",
        "start": "days.day",
        "end": "days.until",
    },
}


def every_check() -> Form:
    """One form with a rule of every check, Z01, Z02…"""
    forms = [trial(check, **params) for check, params in ANY.items()]
    rules = [
        replace(form.section("rows").rules[0], code=f"Z{number:02}")
        for number, form in enumerate(forms, 1)
    ]
    *others, table = forms[0].sections
    return replace(forms[0], sections=(*others, replace(table, rules=tuple(rules))))


@given(st.lists(st.tuples(ROWS, NUMBERS), max_size=5))
@settings(max_examples=settings.default.max_examples // 5)
def test_no_check_ever_raises(papers: list[tuple[list[dict[str, Any]], Any]]) -> None:
    form = every_check()
    assert {rule.check for _, rule in form.rules()} == set(CHECKS)
    batch = [
        submission({"rows": rows, "card": {"all": card}, "days": [{"day": NOV5}]}, of=form)
        for rows, card in papers
    ]
    for checked in validate([check_forms(read, identity=identity(of=form)) for read in batch], {}):
        assert {finding.code[0] for finding in checked.findings} <= {"Z", "F"}
        assert all(finding.place.cell for finding in checked.findings)
