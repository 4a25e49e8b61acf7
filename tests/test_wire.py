"""What a child tells comes back as it was, and nothing else comes back at all."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlay_batch import wire
from mlay_batch.findings import Finding, Place, Severity
from mlay_batch.records import Heading, Row, Stamp, Submission

TEXTS = st.text(st.characters(exclude_categories=()), max_size=9)  # half surrogates too
VALUES = st.none() | TEXTS | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
PLACES = st.builds(Place, TEXTS, TEXTS, TEXTS)
FINDINGS = st.builds(
    Finding, TEXTS, st.sampled_from(Severity), PLACES,
    st.dictionaries(TEXTS, VALUES | st.booleans(), max_size=2),
    st.lists(PLACES, max_size=2).map(tuple),
)  # fmt: skip
ROWS = st.builds(
    Row, TEXTS, TEXTS, st.integers(), st.dictionaries(TEXTS, VALUES | st.dates(), max_size=3),
    st.dictionaries(TEXTS, TEXTS, max_size=3),
)  # fmt: skip
SUBMISSIONS = st.builds(
    Submission, st.none() | st.builds(Stamp, TEXTS, TEXTS, TEXTS, TEXTS), st.none() | TEXTS,
    st.none() | TEXTS, st.dictionaries(TEXTS, st.builds(Heading, TEXTS, PLACES), max_size=2),
    st.lists(ROWS, max_size=2).map(tuple), st.lists(FINDINGS, max_size=2).map(tuple),
)  # fmt: skip


@dataclass(frozen=True)
class Parcel:
    files: tuple[tuple[str, bytes | None, bool], ...]


@given(SUBMISSIONS)
def test_there_and_back(told: Submission) -> None:
    found = wire.load(wire.dump(told), Submission)
    assert found == told
    assert repr(found) == repr(told)  # 5 is not 5.0, True is not 1


def test_bytes_there_and_back() -> None:
    parcel = Parcel((("a", bytes(range(256)), True), ("b", None, False)))
    assert wire.load(wire.dump(parcel), Parcel) == parcel


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=7) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(JSON)
def test_anything_else_is_refused(told: object) -> None:
    try:
        found = wire.load(json.dumps(told).encode(), Submission)
    except ValueError:
        return
    assert wire.load(wire.dump(found), Submission) == found


@pytest.mark.parametrize("told", [b"", b"{", b"[]", b"\xff", b"[" * 99999, b"1" * 9999])
def test_rubbish(told: bytes) -> None:
    with pytest.raises(ValueError):
        wire.load(told, Submission)


def test_a_date_is_a_date() -> None:
    row = Row("s", "", 1, {"d": date(2019, 11, 3), "t": "2019-11-03"}, {})
    assert wire.load(wire.dump(row), Row) == row
    with pytest.raises(ValueError, match="Invalid isoformat"):
        wire.load(wire.dump(row).replace(b"$d", b"$d", 1).replace(b"2019-11-03", b"x", 1), Row)
