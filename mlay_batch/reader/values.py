"""Parses a raw cell into a typed value or a finding, by the rules of the Vietnamese office.

Nothing is coerced silently, nothing is guessed:

=====================  =================  ==========================================================
typed                  in a count         why
=====================  =================  ==========================================================
18 · "18" · "18,0"     18                 a number, or text that can only be that number
"1.142" · "1 142"      1142               a dot or blank before exactly three digits: thousands
"99,6"                 99.6 (number)      the decimal comma
"1.5" · "1,142"        C04                1,5 or 15? 1.142 or 1,142? Ask.
3.7                    C02                never truncated
"18/18"                C03                two numbers
03/9 (a date cell)     C05                Excel made a date of it
"-" · "–"              0, C27 (warning)   a dash for none, where the count is optional
=====================  =================  ==========================================================

Dates are day/month/year; a number such as 43772 in a date field is the serial number of a day
between 1990 and 2100: what a date pasted into an unformatted cell becomes.

Some programs write a day as a time with a zone. Midnight in the zone written is that very day; any
other time is told on the clock of Vietnam: 2019-11-06T17:00:00Z, where SheetJS writes midnight of
the 7th, is the 7th. What is then left of a time of day is reported (C23).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone
from itertools import chain

from mlay_batch.core.dates import YEARS, valid_day, written_day
from mlay_batch.core.findings import Param, Severity
from mlay_batch.core.mail_address import Fault, canonical, find_fault
from mlay_batch.core.period import EXCEL_DAY_ZERO, Period, day_number
from mlay_batch.core.text import (
    CONTROL,
    DASHES,
    clean,
    day_and_month,
    name_key,
    nearest,
    strip_accents,
)
from mlay_batch.model.records import Value
from mlay_batch.reader.grid import ErrorCell, RawValue
from mlay_batch.schema.model import Choice, Field, FieldType, Form

_PLAIN_NUMBER = re.compile(r"[+-]?[0-9]{1,15}")
_THOUSANDS = re.compile(r"([+-]?[1-9][0-9]{0,2}(?:[. ][0-9]{3})+)(?:,([0-9]+))?")
_DECIMAL = re.compile(r"([+-]?[0-9]{1,15}),([0-9]{1,15})")
_UNCLEAR_COMMA = re.compile(r"[+-]?[1-9][0-9]{0,2},[0-9]{3}")
_SEPARATED = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)+")
_FRACTION = re.compile(r"[0-9]+ ?/ ?[0-9]+")
_ISO_TIME = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:[T ](?P<time>[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,9})?)?))?"
    r" ?(?P<zone>Z|UTC|GMT|[+-][0-9]{2}(?::?[0-9]{2})?)?",
    re.IGNORECASE,
)
_VIETNAM = timezone(timedelta(hours=7))
_CODE_AND_NAME = re.compile(r"([A-Z][A-Z0-9-]*) [-–—] .+")

_SERIALS = range(day_number(date(1990, 1, 1)), day_number(date(2100, 1, 1)))


@dataclass(frozen=True, slots=True)
class CellValue:
    """What a cell says: a value, or a finding, or (a warning) both.

    Attributes:
        value: value of the field's type; None for a blank cell or one that could not be read.
        code: code of the finding; None without one.
        severity: of the finding.
        params: of the finding, for the gaps of its message.
    """

    value: Value = None
    code: str | None = None
    severity: Severity = Severity.ERROR
    params: Mapping[str, Param] = field(default_factory=dict)


def parse_cell(raw: RawValue, form_field: Field, form: Form, limit: int = 32_767) -> CellValue:
    """Parse `raw` as a value of `form_field`; a blank is None without a finding.

    `limit` is the longest accepted text, in characters.
    """
    if isinstance(raw, ErrorCell):
        params = {"error": raw.text}
        return CellValue(code="C12") if raw.text is None else CellValue(code="C11", params=params)
    if is_blank(raw):
        return CellValue()
    if isinstance(raw, str) and len(raw) > limit:
        return CellValue(code="C14", params={"limit": limit})
    if form_field.type == "integer" and not form_field.required and _is_dash(raw):
        return CellValue(0, "C27", Severity.WARNING, {"value": display_text(raw)})
    if form_field.type not in ("text", "ref", "choice"):
        raw = local_time(raw)
    if (
        form_field.type == "text" and form_field.locked
    ):  # the program's own words, whatever they are
        return CellValue(_text_lines(raw))
    if form_field.type == "choice":
        return _parse_choice(display_text(raw), form.choices[form_field.choices or ""])
    return _PARSERS[form_field.type](raw)


def _is_dash(raw: RawValue) -> bool:
    """Whether a cell has a bookkeeper's dash for none."""
    return isinstance(raw, str) and display_text(raw) in tuple(DASHES)


def local_time(raw: RawValue) -> RawValue:
    """Return a time written as a text (ISO 8601) without its zone, other cells as they are.

    >>> local_time("2019-11-06T17:00:00.000Z"), local_time("2019-11-07T00:00:00Z")
    (datetime.datetime(2019, 11, 7, 0, 0), datetime.datetime(2019, 11, 7, 0, 0))
    """
    match = _ISO_TIME.fullmatch(raw.strip()) if isinstance(raw, str) else None
    if match is None or not (match["time"] or match["zone"]):
        return raw
    zone = (match["zone"] or "").upper()
    try:
        zone = "Z" if zone in ("UTC", "GMT") else zone
        moment = datetime.fromisoformat(f"{match['day']}T{match['time'] or '00:00'}{zone}")
        if moment.tzinfo and moment.time() != time():
            moment = moment.astimezone(_VIETNAM)
    except (ValueError, OverflowError):  # no such day
        return raw
    return moment.replace(tzinfo=None)


def is_blank(raw: RawValue) -> bool:
    """Whether a cell has nothing visible."""
    if not isinstance(raw, str):
        return False
    return not raw or not (raw[0].isalnum() or clean(CONTROL.sub("", raw)))


def display_text(raw: RawValue) -> str:
    """Return a cell's text as its author reads it: 12, 0,5, 3/9/2019, TRUE; single blanks.

    >>> display_text(12.0), display_text(0.5), display_text(date(2019, 9, 3))
    ('12', '0,5', '03/9/2019')
    """
    if isinstance(raw, ErrorCell):
        return raw.text or ""
    if isinstance(raw, bool):
        return str(raw).upper()
    if isinstance(raw, int | float):
        return f"{raw:.15g}".replace(".", ",")
    if isinstance(raw, datetime) and raw.time() != time():
        return f"{day_and_month(raw)}/{raw.year} {raw:%H:%M}"
    if isinstance(raw, date):
        return f"{day_and_month(raw)}/{raw.year}"
    return clean(CONTROL.sub("", str(raw)))


def _parse_text(raw: RawValue) -> CellValue:
    """Return the lines of a text.

    A bare number or a date, which Excel may have made of words such as "3/9", with a warning C33.
    """
    if not isinstance(raw, str) or _PLAIN_NUMBER.fullmatch(raw.strip()):
        text = display_text(raw)
        return CellValue(text, "C33", Severity.WARNING, {"value": text})
    text = _text_lines(raw)
    if not text.strip("?"):  # the mark in a form given back where the value is unknown
        return CellValue(code="C29", params={"value": text})
    return CellValue(text)


def _text_lines(raw: RawValue) -> str:
    """Return the lines of a text, each cleaned, without blank ones."""
    words = raw if isinstance(raw, str) else display_text(raw)
    lines = (clean(line) for line in CONTROL.sub("", words).splitlines())
    return "\n".join(line for line in lines if line)


def _parse_ref(raw: RawValue) -> CellValue:
    """Return "CB-01 – Chi bộ Trường Tiểu học" whole; a later check compares code and name."""
    return CellValue(display_text(raw))


def code_of(text: str) -> str:
    """Return the code of "CB-01 – Chi bộ Trường Tiểu học", other texts as they are."""
    match = _CODE_AND_NAME.fullmatch(text)
    return match[1] if match else text


_MAIL_CODES: Mapping[Fault, str] = {
    "around": "I23",
    "several": "I24",
    "letters": "I25",
    "no_at": "I26",
    "shape": "I27",
}


def _parse_mail(raw: RawValue) -> CellValue:
    """Return an address in its canonical form; what is wrong with one is told, not repaired."""
    address = canonical(display_text(raw))
    fault = find_fault(address)
    if fault is None:
        return CellValue(address)
    params = {"value": display_text(raw), "nearest": fault.nearest}
    return CellValue(code=_MAIL_CODES[fault.kind], params=params)


def _parse_period(raw: RawValue) -> CellValue:
    """Parse "Tháng 9 năm 2019" or "2019-09", of which Excel makes a date."""
    if isinstance(raw, date) and raw.day == 1:
        return CellValue(str(Period.of("month", raw)))
    text = display_text(raw)
    period = Period.parse_informal(text)
    return CellValue(str(period)) if period else CellValue(code="C15", params={"value": text})


def _parse_choice(text: str, choices: tuple[Choice, ...]) -> CellValue:
    """Return the id of the choice that is meant: programs on telephones drop the lists.

    That is the one with this title, id or other name; or else the only one whose title is so
    without accents, begins so, or has these initials.
    """
    key = name_key(text)
    own_names = ((c.id, (c.title.vi, c.title.en, c.id)) for c in choices)
    for choice_id, names in chain(own_names, ((c.id, c.names) for c in choices)):
        if key in map(name_key, names):
            return CellValue(choice_id)
    plain = _plain(text)
    for is_meant in (str.__eq__, str.startswith, _has_initials):
        meant = [choice.id for choice in choices if is_meant(_plain(choice.title.vi), plain)]
        if plain and len(meant) == 1:
            return CellValue(meant[0])
    nearest_title = nearest(text, [choice.title.vi for choice in choices])
    params = {"value": text, "nearest": nearest_title}
    return CellValue(code="C10" if nearest_title else "C09", params=params)


def _plain(text: str) -> str:
    return strip_accents(text).casefold()


def _has_initials(title: str, text: str) -> bool:
    return "".join(re.findall(r"\b\w", title)) == text


def _parse_date(raw: RawValue) -> CellValue:
    if isinstance(raw, datetime):
        has_time = raw.time() != time()
        value = raw.date()
        if value.year not in YEARS:
            return _not_a_date(raw)
        params = {"value": display_text(raw)}
        return CellValue(value, "C23", Severity.WARNING, params) if has_time else CellValue(value)
    if isinstance(raw, date):
        return CellValue(raw) if raw.year in YEARS else _not_a_date(raw)
    if isinstance(raw, int | float) and not isinstance(raw, bool):
        is_serial = math.isfinite(raw) and raw == int(raw) and int(raw) in _SERIALS
        return (
            CellValue(EXCEL_DAY_ZERO + timedelta(days=int(raw))) if is_serial else _not_a_date(raw)
        )
    return _parse_date_text(display_text(raw)) if isinstance(raw, str) else _not_a_date(raw)


def _not_a_date(raw: RawValue) -> CellValue:
    return CellValue(code="C06", params={"value": display_text(raw)})


def _parse_date_text(text: str) -> CellValue:
    parts = written_day(text)
    if parts is None:
        return _not_a_date(text)
    year, month, day = parts
    if value := valid_day(year, month, day):
        return CellValue(value)
    if swapped := valid_day(year, day, month):
        return CellValue(code="C08", params={"value": text, "swapped": swapped.isoformat()})
    return CellValue(code="C07", params={"value": text})


def _parse_number(raw: RawValue) -> CellValue:
    if isinstance(raw, int | float) and not isinstance(raw, bool):
        if math.isfinite(raw):
            return CellValue(float(raw))
    elif isinstance(raw, date | time | timedelta):
        return CellValue(code="C05", params={"value": display_text(raw)})
    elif isinstance(raw, str):
        return _parse_number_text(display_text(raw))
    return CellValue(code="C01", params={"value": display_text(raw)})


def _parse_number_text(text: str) -> CellValue:
    if _PLAIN_NUMBER.fullmatch(text):
        return CellValue(float(text))
    if match := _THOUSANDS.fullmatch(text):
        whole = match[1].replace(".", "").replace(" ", "")
        return CellValue(float(f"{whole}.{match[2] or 0}"))
    if (match := _DECIMAL.fullmatch(text)) and not _UNCLEAR_COMMA.fullmatch(text):
        return CellValue(float(f"{match[1]}.{match[2]}"))
    if _FRACTION.fullmatch(text):
        return CellValue(code="C03", params={"value": text})
    return CellValue(code="C04" if _SEPARATED.fullmatch(text) else "C01", params={"value": text})


def _parse_integer(raw: RawValue) -> CellValue:
    number = _parse_number(raw)
    if not isinstance(number.value, float):
        return number
    if not number.value.is_integer():
        return CellValue(code="C02", params={"value": display_text(raw)})
    return CellValue(int(number.value))


_PARSERS: Mapping[FieldType, Callable[[RawValue], CellValue]] = {
    "text": _parse_text,
    "ref": _parse_ref,
    "mail": _parse_mail,
    "period": _parse_period,
    "date": _parse_date,
    "number": _parse_number,
    "integer": _parse_integer,
}
