"""One raw cell to one typed value or one finding, by the rules of the Vietnamese office.

Nothing is coerced silently and nothing is guessed:

=====================  =================  ==========================================================
typed                  in a count         why
=====================  =================  ==========================================================
18 · "18" · "18,0"     18                 a number, or text that can only be that number
"1.142" · "1 142"      1142               a dot (blank) before exactly three digits parts thousands
"99,6"                 99.6 (number)      the comma parts decimals
"1.5" · "1,142"        C04                1,5 or 15? 1.142 or 1,142? Ask.
3.7                    C02                never truncated
"18/18"                C03                two numbers
03/9 (a date cell)     C05                Excel made a date of it
"-" · "–"              0, C27 (warning)   a dash for none, where the count may be left out
=====================  =================  ==========================================================

Dates are day/month/year; a bare number such as 43772 in a date field is the serial number of a day
between 1990 and 2100, which is what a date pasted into an unformatted cell becomes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from mlay_batch.findings import Param, Severity
from mlay_batch.names import DASHES, clean, day_and_month, name_key, nearest
from mlay_batch.period import EXCEL_DAY_ZERO, Period, day_number
from mlay_batch.reader.grid import Fault, Raw
from mlay_batch.records import Value
from mlay_batch.schema.records import Choice, Field, FieldType, Form

_PLAIN = re.compile(r"[+-]?[0-9]{1,15}")
_THOUSANDS = re.compile(r"([+-]?[1-9][0-9]{0,2}(?:[. ][0-9]{3})+)(?:,([0-9]+))?")
_DECIMAL = re.compile(r"([+-]?[0-9]{1,15}),([0-9]{1,15})")
_UNCLEAR_COMMA = re.compile(r"[+-]?[1-9][0-9]{0,2},[0-9]{3}")
_SEPARATED = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)+")
_FRACTION = re.compile(r"[0-9]+ ?/ ?[0-9]+")
_DMY = re.compile(r"([0-9]{1,2}) ?[/.-] ?([0-9]{1,2}) ?[/.-] ?([0-9]{4})")
_YMD = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})")
_SPOKEN = re.compile(r"(?:ngày )?([0-9]{1,2}) tháng ([0-9]{1,2}) năm ([0-9]{4})")
_CODE_AND_NAME = re.compile(r"([A-Z][A-Z0-9-]*) [-–—] .+")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")

_SERIALS = range(day_number(date(1990, 1, 1)), day_number(date(2100, 1, 1)))
_YEARS = range(1900, 2200)


@dataclass(frozen=True, slots=True)
class Typed:
    """What a cell says: a value, or the code of a finding, or (a warning) both."""

    value: Value = None
    code: str | None = None
    severity: Severity = Severity.ERROR
    params: Mapping[str, Param] = field(default_factory=dict)


def typed(raw: Raw, entry: Field, form: Form, limit: int = 32_767) -> Typed:
    """Return what `raw` means in the field `entry`; blanks are None without a finding.

    `limit` is the longest text accepted, in characters.
    """
    if isinstance(raw, Fault):
        params = {"error": raw.text}
        return Typed(code="C12") if raw.text is None else Typed(code="C11", params=params)
    if is_blank(raw):
        return Typed()
    if isinstance(raw, str) and len(raw) > limit:
        return Typed(code="C14", params={"limit": limit})
    if entry.type == "integer" and not entry.required and _is_dash(raw):
        return Typed(0, "C27", Severity.WARNING, {"value": shown(raw)})
    if entry.type == "choice":
        return _choice(shown(raw), form.choices[entry.choices or ""])
    return _TYPES[entry.type](raw)


def _is_dash(raw: Raw) -> bool:
    """Whether it is a bookkeeper's dash; a required count is asked for all the same."""
    return isinstance(raw, str) and shown(raw) in tuple(DASHES)


def is_blank(raw: Raw) -> bool:
    """Return whether nothing can be seen in the cell."""
    if not isinstance(raw, str):
        return False
    return not raw or not (raw[0].isalnum() or clean(_CONTROL.sub("", raw)))


def shown(raw: Raw) -> str:
    """Return a cell as its author reads it: 12, 0,5, 3/9/2019, TRUE; single blanks.

    >>> shown(12.0), shown(0.5), shown(date(2019, 9, 3))
    ('12', '0,5', '03/9/2019')
    """
    if isinstance(raw, Fault):
        return raw.text or ""
    if isinstance(raw, bool):
        return str(raw).upper()
    if isinstance(raw, int | float):
        return f"{raw:.15g}".replace(".", ",")
    if isinstance(raw, datetime) and raw.time() != time():
        return f"{day_and_month(raw)}/{raw.year} {raw:%H:%M}"
    if isinstance(raw, date):
        return f"{day_and_month(raw)}/{raw.year}"
    return clean(_CONTROL.sub("", str(raw)))


def _text(raw: Raw) -> Typed:
    """Keep the lines of a text, each cleaned."""
    if not isinstance(raw, str):
        return Typed(shown(raw))
    lines = (clean(line) for line in _CONTROL.sub("", raw).splitlines())
    text = "\n".join(line for line in lines if line)
    if not text.strip("?"):  # as a form given back has it where nobody knows what belongs there
        return Typed(code="C29", params={"value": text})
    return Typed(text)


def _ref(raw: Raw) -> Typed:
    """Take "CB-01 – Chi bộ Trường Tiểu học" whole: whether code and name agree is checked later."""
    return Typed(shown(raw))


def code_of(text: str) -> str:
    """Return the code of "CB-01 – Chi bộ Trường Tiểu học", other texts as they are."""
    found = _CODE_AND_NAME.fullmatch(text)
    return found[1] if found else text


def _period(raw: Raw) -> Typed:
    """Take "Tháng 9 năm 2019" or "2019-09"; Excel makes a date of the latter while typing."""
    if isinstance(raw, date) and raw.day == 1:
        return Typed(str(Period.of("month", raw)))
    text = shown(raw)
    period = Period.spoken(text)
    return Typed(str(period)) if period else Typed(code="C15", params={"value": text})


def _choice(text: str, choices: tuple[Choice, ...]) -> Typed:
    key = name_key(text)
    for choice in choices:
        if key in (name_key(choice.title.vi), name_key(choice.title.en), name_key(choice.id)):
            return Typed(choice.id)
    near = nearest(text, [choice.title.vi for choice in choices])
    params = {"value": text, "nearest": near}
    return Typed(code="C10" if near else "C09", params=params)


def _date(raw: Raw) -> Typed:
    if isinstance(raw, datetime):
        timed = raw.time() != time()
        value = raw.date()
        if value.year not in _YEARS:
            return _no_date(raw)
        params = {"value": shown(raw)}
        return Typed(value, "C23", Severity.WARNING, params) if timed else Typed(value)
    if isinstance(raw, date):
        return Typed(raw) if raw.year in _YEARS else _no_date(raw)
    if isinstance(raw, int | float) and not isinstance(raw, bool):
        serial = math.isfinite(raw) and raw == int(raw) and int(raw) in _SERIALS
        return Typed(EXCEL_DAY_ZERO + timedelta(days=int(raw))) if serial else _no_date(raw)
    return _date_text(shown(raw)) if isinstance(raw, str) else _no_date(raw)


def _no_date(raw: Raw) -> Typed:
    return Typed(code="C06", params={"value": shown(raw)})


def _date_text(text: str) -> Typed:
    if found := _YMD.fullmatch(text):
        year, month, day = map(int, found.groups())
    elif found := _DMY.fullmatch(text) or _SPOKEN.fullmatch(text.casefold()):
        day, month, year = map(int, found.groups())
    else:
        return _no_date(text)
    if value := _calendar(year, month, day):
        return Typed(value)
    if swapped := _calendar(year, day, month):
        return Typed(code="C08", params={"value": text, "swapped": swapped.isoformat()})
    return Typed(code="C07", params={"value": text})


def _calendar(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day) if year in _YEARS else None
    except ValueError:
        return None


def _number(raw: Raw) -> Typed:
    if isinstance(raw, int | float) and not isinstance(raw, bool):
        if math.isfinite(raw):
            return Typed(float(raw))
    elif isinstance(raw, date | time | timedelta):
        return Typed(code="C05", params={"value": shown(raw)})
    elif isinstance(raw, str):
        return _number_text(shown(raw))
    return Typed(code="C01", params={"value": shown(raw)})


def _number_text(text: str) -> Typed:
    if _PLAIN.fullmatch(text):
        return Typed(float(text))
    if found := _THOUSANDS.fullmatch(text):
        whole = found[1].replace(".", "").replace(" ", "")
        return Typed(float(f"{whole}.{found[2] or 0}"))
    if (found := _DECIMAL.fullmatch(text)) and not _UNCLEAR_COMMA.fullmatch(text):
        return Typed(float(f"{found[1]}.{found[2]}"))
    if _FRACTION.fullmatch(text):
        return Typed(code="C03", params={"value": text})
    return Typed(code="C04" if _SEPARATED.fullmatch(text) else "C01", params={"value": text})


def _integer(raw: Raw) -> Typed:
    found = _number(raw)
    if not isinstance(found.value, float):
        return found
    if not found.value.is_integer():
        return Typed(code="C02", params={"value": shown(raw)})
    return Typed(int(found.value))


_TYPES: Mapping[FieldType, Callable[[Raw], Typed]] = {
    "text": _text, "ref": _ref, "period": _period,
    "date": _date, "number": _number, "integer": _integer,
}  # fmt: skip
