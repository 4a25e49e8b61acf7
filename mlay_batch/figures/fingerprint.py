"""A short name of the figures themselves, printed below every page: the same figures, the same one.

It is taken over what was counted, not over when, by whom or from which file: a correction that
changes no figure keeps it, and so does the order in which the returns came.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
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
_SUMMED = ("attendances", "quota", "sittings", "year_ratings", "years")
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # without I, L, O, U: read from paper, typed again
_GROUPS, _GROUP = 3, 4
_DIGITS = 12  # of a float; the last ones are noise of its binary form


def fingerprint(figures: Figures) -> str:
    """Return three groups of four letters and digits, 60 bits of a SHA-256 over all figures.

    It depends on no name, text, file or date of making; on numbers to 12 digits. Two reports with
    the same fingerprint show the same figures: a clash by chance would take a billion reports.
    """
    warned = [finding for _, finding in figures.warnings]  # not the numbers of their deliveries
    told = _record(figures) | {"warnings": _told(warned)}
    return _short(told)


def sums(figures: Figures) -> str:
    """Return the like of what the level above must find again in the rows alone.

    Quota, ratings, classification, who has reported; nothing that also looks at the year before,
    or at workbooks from a level further down.
    """
    own = tuple(entry for entry in figures.completeness if entry.form != bundle.FORM)
    summed = {name: _told(getattr(figures, name)) for name in _SUMMED}
    return _short(summed | {"completeness": _told(own)})


def _short(told: Mapping[str, Any]) -> str:
    said = json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    number = int.from_bytes(hashlib.sha256(said.encode()).digest()[:8])
    letters = "".join(_LETTERS[number >> 5 * place & 31] for place in range(_GROUPS * _GROUP))
    return "-".join(letters[at : at + _GROUP] for at in range(0, len(letters), _GROUP))


def _told(value: Any) -> Any:
    """Return `value` as JSON holds it; mappings as lists, for their keys may be tuples."""
    match value:
        case Period() | date():
            return str(value)
        case float():
            return plain(float(f"{value:.{_DIGITS}g}"))
        case Mapping():
            return sorted(([_told(key), _told(entry)] for key, entry in value.items()), key=repr)
        case tuple() | list():
            return [_told(entry) for entry in value]
    return _named(value) if is_dataclass(value) else value


def _named(value: Any) -> Any:
    """Return a record; one of the register or of a description by its id alone."""
    match value:
        case Text():
            return None
        case Organisation():
            return value.code
        case Quota():
            return [value.quota, value.effective.from_, value.times]
        case Scheme():
            return [value.scheme, value.version]
        case Sighting():
            return [value.sign.code, value.branch, str(value.period)]
        case Finding():
            numbers = {k: v for k, v in value.params.items() if not isinstance(v, str)}
            return [value.code, _told(numbers)]
    return _record(value)


def _record(value: Any) -> dict[str, Any]:
    names = (field.name for field in fields(value))
    return {name: _told(getattr(value, name)) for name in names if name not in _BESIDE}
