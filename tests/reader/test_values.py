"""What people type into a cell, and what is made of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlay_batch.core.findings import Severity
from mlay_batch.reader.grid import ErrorCell
from mlay_batch.reader.values import CellValue, display_text, parse_cell
from mlay_batch.schema.model import Choice, Effective, Field, Form, Text

KIND = (
    Choice("regular", Text("Thường kỳ", "Regular"), ("định kỳ", "ck")),
    Choice("thematic", Text("Chuyên đề", "Thematic")),
)
FORM = Form(
    "x", "1", "month", Effective("2018-07"), (), Text("x", "x"), Text("x", "x"), (),
    choices={"kind": KIND},
)  # fmt: skip


def at(*parts):
    return datetime(*parts)  # noqa: DTZ001 - a cell knows no time zone


def parse(kind, raw):
    entry = Field("x", kind, Text("x", "x"), choices="kind")
    return parse_cell(raw, entry, FORM)


@pytest.mark.parametrize("dash", ["-", "–", " — "])
def test_a_dash_for_none(dash):
    entry = Field("x", "integer", Text("x", "x"))
    parsed = parse_cell(dash, entry, FORM)
    assert (parsed.value, parsed.code, parsed.severity) == (0, "C27", Severity.WARNING)
    assert parse_cell(dash, replace(entry, required=True), FORM).code == "C01"
    assert parse_cell(dash, replace(entry, type="number"), FORM).code == "C01"


def value(kind, raw):
    parsed = parse(kind, raw)
    assert parsed.code is None, parsed
    return parsed.value


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (18.0, 18), (0.0, 0), (-3.0, -3), ("18", 18), (" 18\u00a0", 18), ("+18", 18), ("007", 7),
        ("1.142", 1142), ("1.234.567", 1234567), ("1 142", 1142), ("1\u00a0142", 1142),
        ("18,0", 18), ("1.142,0", 1142), ("\u200b18", 18),
    ],
)  # fmt: skip
def test_a_count(raw, expected):
    number = value("integer", raw)
    assert (number, type(number)) == (expected, int)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [(99.6, 99.6), ("99,6", 99.6), ("1.142,5", 1142.5), ("0,125", 0.125), ("1.142", 1142), (4, 4)],
)
def test_a_number(raw, expected):
    assert value("number", raw) == expected


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("18/18", "C03"), ("18 / 18", "C03"),
        (3.7, "C02"), ("3,7", "C02"), (2.9999999999, "C02"),
        ("1.5", "C04"), ("1,142", "C04"), ("1.14", "C04"), ("0.125", "C04"), ("1,234,567", "C04"),
        ("1.1424", "C04"), ("1.142.5", "C04"),
        ("mười tám", "C01"), ("18 người", "C01"), ("85%", "C01"), (True, "C01"),
        (float("inf"), "C01"), (float("nan"), "C01"), ("١٨", "C01"), ("1e5", "C01"),
        ("9" * 400, "C01"),
        (date(2019, 9, 3), "C05"), (at(2019, 9, 3), "C05"), (time(7, 30), "C05"),
        (timedelta(hours=30), "C05"), ("2019-09-02T17:00:00Z", "C05"),
        (ErrorCell("#N/A"), "C11"), (ErrorCell(), "C12"),
    ],
)  # fmt: skip
def test_no_count(raw, code):
    parsed = parse("integer", raw)
    assert (parsed.code, parsed.value, parsed.severity) == (code, None, Severity.ERROR)


@pytest.mark.parametrize(
    "raw",
    [
        date(2019, 9, 3), at(2019, 9, 3), "3/9/2019", "03/09/2019", "3-9-2019", "03.09.2019",
        "3 / 9 / 2019", "2019-09-03", "ngày 03 tháng 9 năm 2019", "03 Tháng 09 Năm 2019",
        43711.0, 43711, "03/9/2019\u00a0",
        # midnight of the 3rd in Vietnam, as SheetJS writes it; midnight in the zone written
        "2019-09-02T17:00:00.000Z", "2019-09-03T00:00:00.000Z", "2019-09-03T00:00:00+07:00",
        "2019-09-03T00:00:00-0800", "2019-09-03T00:00", "2019-09-03 00:00:00",
        "2019-09-03Z", "2019-09-03+07:00", "2019-09-03 00:00:00+07", "2019-09-03 00:00:00 UTC",
        "2019-09-03t00:00:00z", "2019-09-02T17:00:00 Z",
    ],
)  # fmt: skip
def test_a_date(raw):
    assert value("date", raw) == date(2019, 9, 3)


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("31/11/2019", "C07"), ("29/02/2019", "C07"), ("31/13/2019", "C07"), ("09/25/2019", "C08"),
        ("3/9/19", "C06"), ("hôm qua", "C06"), (2019.0, "C06"), (3.9, "C06"), (20190903.0, "C06"),
        (True, "C06"), (time(7, 0), "C06"), (float("nan"), "C06"), (43711.5, "C06"),
        ("2019-09-31T00:00:00Z", "C06"), ("2019-09-03T00:00:00  Z", "C06"),
        (date(1899, 12, 31), "C06"), (at(9999, 1, 1), "C06"), ("3/9/1800", "C07"),
    ],
)  # fmt: skip
def test_no_date(raw, code):
    assert parse("date", raw).code == code


def test_swapped_days_and_months_are_asked_back():
    assert parse("date", "09/25/2019").params == {"value": "09/25/2019", "swapped": "2019-09-25"}


def test_a_date_with_a_time_keeps_the_day_and_says_so():
    for raw in (at(2019, 9, 3, 19, 30), "2019-09-03T12:30:00.000Z", "2019-09-03T19:30:00+07:00"):
        _says_the_time(parse("date", raw))


def _says_the_time(parsed):
    assert (parsed.value, parsed.code, parsed.severity) == (
        date(2019, 9, 3),
        "C23",
        Severity.WARNING,
    )
    assert parsed.params["value"] == "03/9/2019 19:30"


@pytest.mark.parametrize(
    "raw",
    ["Chuyên đề", "CHUYÊN  ĐỀ", "chuyên đề ", "Chuyên Ðề", "Chuye\u0302n \u0111e\u0302\u0300",
     "Thematic", "thematic"],
)  # fmt: skip
def test_a_choice(raw):
    assert value("choice", raw) == "thematic"


@pytest.mark.parametrize("raw", ["chuyen de", "c", "Chuyên", "CĐ", "cd"])
def test_a_choice_typed_on_a_telephone(raw):
    assert value("choice", raw) == "thematic"


@pytest.mark.parametrize("raw", ["tk", "CK", "Định kỳ", "thường"])
def test_a_choice_has_initials_and_other_names(raw):
    assert value("choice", raw) == "regular"


def test_what_may_mean_two_choices_means_none():
    both = Choice("both", Text("Thường kỳ và chuyên đề", "Both"))
    form = replace(FORM, choices={"kind": (*KIND, both)})
    entry = Field("x", "choice", Text("x", "x"), choices="kind")
    parsed = [parse_cell(raw, entry, form).value for raw in ("thường", "thuong ky", "thuong ky va")]
    assert parsed == [None, "regular", "both"]


def test_no_choice():
    assert parse("choice", "chuyne đề").code == "C10"
    assert parse("choice", "chuyne đề").params["nearest"] == "Chuyên đề"
    assert parse("choice", "xyz").code == "C09"
    assert parse("choice", 1.0).code == "C09"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("  Nguyễn   Văn\u00a0An ", "Nguyễn Văn An"), ("dòng 1\r\n\n dòng 2 ", "dòng 1\ndòng 2"),
        ("a\x07b", "ab"), ("=1+1", "=1+1"),
    ],
)  # fmt: skip
def test_a_text(raw, expected):
    assert value("text", raw) == expected


@pytest.mark.parametrize(
    ("raw", "read"),
    [(12.0, "12"), (0.5, "0,5"), (True, "TRUE"), (date(2019, 9, 3), "03/9/2019"), (" 12 ", "12")],
)
def test_a_bare_number_or_date_in_a_text_is_told(raw, read):
    """Excel makes a date of "3/9", and a figure typed one column too far lands here."""
    parsed = parse("text", raw)
    assert (parsed.value, parsed.code, parsed.severity) == (read, "C33", Severity.WARNING)
    assert parsed.params == {"value": read}


def test_a_text_longer_than_excel_has_them():
    assert parse("text", "a" * 32_768).code == "C14"
    assert value("text", "a" * 32_767) == "a" * 32_767


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("CB-01  – Chi bộ", "CB-01 – Chi bộ"), ("CB-01", "CB-01"), ("cb-01", "cb-01"),
        ("Nguyễn Văn An", "Nguyễn Văn An"), ("CB-01-Chi bộ", "CB-01-Chi bộ"),
    ],
)  # fmt: skip
def test_a_reference(raw, expected):
    assert value("ref", raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("2019-02", "2019-02"), ("Tháng 02 năm 2019", "2019-02"), (date(2019, 2, 1), "2019-02"),
        (at(2019, 2, 1), "2019-02"), (2019.0, "2019"), ("Quý IV/2019", "2019-Q4"),
    ],
)  # fmt: skip
def test_a_period(raw, expected):
    assert value("period", raw) == expected


@pytest.mark.parametrize("raw", ["mai", date(2019, 2, 2), 2.0, True])
def test_no_period(raw):
    assert parse("period", raw).code == "C15"


@pytest.mark.parametrize("kind", ["date", "integer", "number", "text", "choice", "ref", "period"])
@pytest.mark.parametrize("raw", ["", " ", "\u00a0", "\u200b", "\n", "\x07"])
def test_a_blank_is_no_value_and_no_finding(kind, raw):
    assert parse(kind, raw) == CellValue()


anything = st.one_of(
    st.text(max_size=12),
    st.floats(),
    st.integers(),
    st.booleans(),
    st.dates(),
    st.datetimes(),
    st.times(),
    st.timedeltas(),
    st.from_regex(r"[0-9]{1,4}([./, -][0-9]{1,4}){0,3}", fullmatch=True),
)


@pytest.mark.parametrize("kind", ["date", "integer", "number", "text", "choice", "ref", "period"])
@given(raw=anything)
def test_whatever_is_typed_becomes_a_value_or_a_finding(kind, raw):
    types = {"date": date, "integer": int, "number": float}
    parsed = parse(kind, raw)
    if parsed.code is None and parsed.value is not None:
        assert isinstance(parsed.value, types.get(kind, str))
        assert type(parsed.value) is not bool
    elif parsed.code is None:
        assert not display_text(raw)


@given(st.integers(-(10**9), 10**9))
def test_thousands_written_as_in_offices(number):
    written = f"{number:,}".replace(",", ".")
    assert value("integer", written) == number


@given(st.decimals(-(10**6), 10**6, places=2, allow_nan=False))
def test_decimals_written_as_in_offices(number):
    written = f"{number:,}".translate(str.maketrans(",.", ".,"))
    assert value("number", written) == float(number)


@given(st.dates(date(1900, 1, 1), date(2199, 12, 31)))
def test_a_date_is_read_back_as_it_is_shown(day):
    assert value("date", display_text(day)) == day
