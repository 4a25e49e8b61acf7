"""A short name of the figures themselves, printed below every page: the same figures, the same one.

It is taken over what was counted, not over when, by whom or from which file: a correction that
changes no figure keeps it, and so does the order in which the returns came. What is counted is
written as JSON, a part at a time: of a province that is a hundred megabytes. A record is written as
the list of its values, so that the program's own words for them may change.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from json.encoder import encode_basestring as quoted
from operator import attrgetter
from typing import Any

from mlay_batch import bundle
from mlay_batch.figures.records import Figures
from mlay_batch.figures.sign_records import Sighting
from mlay_batch.findings import Finding
from mlay_batch.period import Period
from mlay_batch.records import plain
from mlay_batch.register import Organisation
from mlay_batch.schema import Quota, Scheme, Text

# What a record tells beside its figures: time, source, and words.
_BESIDE = frozenset({"as_of", "place", "delivery", "name", "position", "title", "note"})
_SUMMED = frozenset({"attendances", "quota", "sittings", "year_ratings", "years"})
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # without I, L, O, U: read from paper, typed again
_GROUPS, _GROUP = 3, 4
_DIGITS = 12  # of a float; the last ones are noise of its binary form

Way = Callable[[Any], str]


def fingerprint(figures: Figures) -> str:
    """Return three groups of four letters and digits, 60 bits of a SHA-256 over all figures.

    It depends on no name, text, file or date of making; on numbers to 12 digits. Two reports with
    the same fingerprint show the same figures: a clash by chance would take a billion reports.
    """
    return fingerprint_and_sums(figures)[0]


def sums(figures: Figures) -> str:
    """Return the like of what the level above must find again in the rows alone.

    Quota, ratings, classification, who has reported; nothing that also looks at the year before,
    or at workbooks from a level further down.
    """
    return fingerprint_and_sums(figures)[1]


def fingerprint_and_sums(figures: Figures) -> tuple[str, str]:
    """Return both, for the price of one."""
    whole, summed = _Mark(), _Mark()
    for name in _counted(Figures):
        value = getattr(figures, name)
        if name == "warnings":
            value = [finding for _, finding in value]  # not the numbers of their deliveries
        if name == "completeness":
            texts = {entry.form: _text(entry) for entry in value}
            whole.add(_listed(texts.values()))
            own = (text for form, text in texts.items() if form != bundle.FORM)
            summed.add(_listed(own))
            continue
        text = _text(value)
        whole.add(text)
        if name in _SUMMED:
            summed.add(text)
    return whole.short(), summed.short()


class _Mark:
    """A hash over the items of one JSON list, added in their order."""

    def __init__(self) -> None:
        self._digest, self._before = hashlib.sha256(), "["

    def add(self, text: str) -> None:
        self._digest.update(self._before.encode())
        self._digest.update(text.encode())
        self._before = ","

    def short(self) -> str:
        self._digest.update(b"]")
        number = int.from_bytes(self._digest.digest()[:8])
        letters = "".join(_LETTERS[number >> 5 * place & 31] for place in range(_GROUPS * _GROUP))
        return "-".join(letters[at : at + _GROUP] for at in range(0, len(letters), _GROUP))


def _text(value: Any) -> str:
    return _WAYS[type(value)](value)


def _listed(texts: Iterable[str]) -> str:
    return f"[{','.join(texts)}]"


def _items(values: Iterable[object]) -> str:
    return _listed([_WAYS[type(value)](value) for value in values])


def _pairs(values: Mapping[Any, Any]) -> str:
    """Return a mapping as a list, by its keys: they may be tuples."""
    told = sorted((_text(key), key) for key in values)
    return _listed(f"[{text},{_text(values[key])}]" for text, key in told)


def _number(value: float) -> str:
    return repr(plain(float(f"{value:.{_DIGITS}g}")))


def _finding(found: Finding) -> str:
    """Return code and numbers of a finding; its words are names of things."""
    numbers = {key: value for key, value in found.params.items() if not isinstance(value, str)}
    return _items((found.code, numbers))


def _counted(kind: Any) -> list[str]:
    """Return the names of the fields of a record that are figures, in the order of its class."""
    return [field.name for field in fields(kind) if field.name not in _BESIDE]


def _record(kind: Any) -> Way:
    getters = [attrgetter(name) for name in _counted(kind)]

    def way(record: Any) -> str:
        return _listed([_WAYS[type(value := get(record))](value) for get in getters])

    return way


class _Ways(dict[type, Way]):
    """How values of a type are told as JSON: found once for each, for there may be millions."""

    def __missing__(self, kind: type) -> Way:
        found = next((self[base] for base in kind.__mro__ if base in self), None)
        if found is None and issubclass(kind, Mapping):
            found = _pairs
        self[kind] = found or (_record(kind) if is_dataclass(kind) else json.dumps)
        return self[kind]


# A record of the register or of a description is told by its id alone.
_WAYS = _Ways({
    str: quoted,
    bool: lambda value: "true" if value else "false",
    int: repr,
    float: _number,
    type(None): lambda _: "null",
    Period: lambda value: quoted(str(value)),
    date: lambda value: quoted(str(value)),
    tuple: _items,
    list: _items,
    Text: lambda _: "null",
    Organisation: lambda entry: quoted(entry.code),
    Quota: lambda quota: _items((quota.quota, quota.effective.from_, quota.times)),
    Scheme: lambda scheme: _items((scheme.scheme, scheme.version)),
    Sighting: lambda seen: _items((seen.sign.code, seen.branch, str(seen.period))),
    Finding: _finding,
})  # fmt: skip
