"""What a record says comes back as it was, and nothing else comes back at all."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlay_batch.core import codec
from mlay_batch.core.findings import Finding, Place, Severity
from mlay_batch.model.records import HeaderValue, Row, Stamp, Submission
from mlay_batch.schema import Catalogue, Form, load_catalogue
from mlay_batch.schema.model import Rule

TEXTS = st.text(st.characters(exclude_categories=()), max_size=9)  # half surrogates too
VALUES = st.none() | TEXTS | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
PLACES = st.builds(Place, TEXTS, TEXTS, TEXTS)
FINDINGS = st.builds(
    Finding,
    TEXTS,
    st.sampled_from(Severity),
    PLACES,
    st.dictionaries(TEXTS, VALUES | st.booleans(), max_size=2),
    st.lists(PLACES, max_size=2).map(tuple),
)
ROWS = st.builds(
    Row,
    TEXTS,
    TEXTS,
    st.integers(),
    st.dictionaries(TEXTS, VALUES | st.dates(), max_size=3),
    st.dictionaries(TEXTS, TEXTS, max_size=3),
)
SUBMISSIONS = st.builds(
    Submission,
    st.none() | st.builds(Stamp, TEXTS, TEXTS, TEXTS, TEXTS),
    st.none() | TEXTS,
    st.none() | TEXTS,
    st.dictionaries(TEXTS, st.builds(HeaderValue, TEXTS, PLACES), max_size=2),
    st.lists(ROWS, max_size=2).map(tuple),
    st.lists(FINDINGS, max_size=2).map(tuple),
)


@dataclass(frozen=True)
class Parcel:
    files: tuple[tuple[str, bytes | None, bool], ...]


@given(SUBMISSIONS)
def test_there_and_back(data: Submission) -> None:
    loaded = codec.load(codec.dump(data), Submission)
    assert loaded == data
    assert repr(loaded) == repr(data)  # 5 is not 5.0, True is not 1


def test_bytes_there_and_back() -> None:
    parcel = Parcel((("a", bytes(range(256)), True), ("b", None, False)))
    assert codec.load(codec.dump(parcel), Parcel) == parcel


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=7) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(JSON)
def test_anything_else_is_refused(data: object) -> None:
    try:
        loaded = codec.load(json.dumps(data).encode(), Submission)
    except ValueError:
        return
    assert codec.load(codec.dump(loaded), Submission) == loaded


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"\xff", b"[" * 99999, b"1" * 9999])
def test_rubbish(data: bytes) -> None:
    with pytest.raises(ValueError):
        codec.load(data, Submission)


def test_a_date_is_a_date() -> None:
    row = Row("s", "", 1, {"d": date(2019, 11, 3), "t": "2019-11-03"}, {})
    assert codec.load(codec.dump(row), Row) == row
    with pytest.raises(ValueError, match="Invalid isoformat"):
        codec.load(codec.dump(row).replace(b"$d", b"$d", 1).replace(b"2019-11-03", b"x", 1), Row)


def test_a_number_that_is_none_neither_goes_nor_comes() -> None:
    row = Row("s", "", 1, {"n": 0.5}, {})
    with pytest.raises(ValueError, match="Out of range"):
        codec.dump(Row("s", "", 1, {"n": float("inf")}, {}))
    for number in (b"1e999", b"NaN", b"-Infinity"):
        with pytest.raises(ValueError, match="not expected"):
            codec.load(codec.dump(row).replace(b"0.5", number), Row)


def test_a_catalogue_comes_back_as_it_was() -> None:
    catalogue = load_catalogue()
    again = codec.load(codec.dump(catalogue), Catalogue)
    assert again == catalogue
    assert repr(again) == repr(catalogue)  # also tells 5 from 5.0, a severity from its text


@pytest.mark.parametrize("value", [b"null", b"[]", b"{}", b'{"os.system": ["ls"]}', b"[[[1]]]"])
def test_no_other_catalogue_comes_back(value: bytes) -> None:
    with pytest.raises(ValueError):
        codec.load(value, Catalogue)


@pytest.mark.parametrize("params", [{"d": date(2019, 1, 1)}, {"d": [b"x"]}])
def test_params_that_json_does_not_hold_do_not_come_back_as_others(params: object) -> None:
    section = next(s for form in load_catalogue().forms for s in form.sections if s.rules)
    rule = replace(section.rules[0], params={"bound": params})
    with pytest.raises(ValueError, match="not expected"):
        codec.load(codec.dump(rule), Rule)


def test_a_choice_is_one_of_its_texts() -> None:
    form = load_catalogue().forms[0]
    for other in (b'"weekly"', b"1", b"[]"):
        with pytest.raises(ValueError):
            codec.load(codec.dump(replace(form, period="month")).replace(b'"month"', other), Form)
