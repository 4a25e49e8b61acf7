"""Short hash of the computed figures, printed on every page.

It ignores file names, order of receipt and authors, so a correction that changes no figure keeps
it. The figures are hashed as JSON part by part (a province's are a hundred megabytes). A record is
encoded as the list of its values, so attributes may be renamed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from fractions import Fraction
from functools import lru_cache
from json.encoder import encode_basestring as quote
from operator import attrgetter, itemgetter
from typing import Any

from mlay_batch.core.findings import Finding
from mlay_batch.core.period import Period
from mlay_batch.figures.report_records import Figures, IndicatorHit
from mlay_batch.model.records import json_value
from mlay_batch.model.register import Organisation
from mlay_batch.schema import Quota, Scheme, Text
from mlay_batch.schema.ids import ROLLUP

# Attributes that are not figures: time, source and texts.
_EXCLUDED = frozenset(
    {"as_of", "place", "delivery", "name", "position", "title", "note", "listed"}
    | {
        "by_return",
        "slip",
        "directed",
        "cell_place",
        "cell_delivery",
        "slip_place",
        "slip_delivery",
    }
)
_OPTIONAL = frozenset({"slips"})  # figures that an office without them has the same hash without
_ROW_FIGURES = frozenset({"attendances", "quota", "sittings", "year_ratings", "years"})
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # without I, L, O, U: people type it from paper
_GROUP_COUNT, _GROUP_SIZE = 3, 4
_DIGITS = 12  # of a float; the last ones are noise of its binary form

Encoder = Callable[[Any], str]


def fingerprint(figures: Figures) -> str:
    """Return three groups of four letters and digits, 60 bits of a SHA-256 over all figures.

    Names, texts, files and dates of making are left out, numbers are taken to 12 digits. A clash by
    chance would take a billion reports.
    """
    return both_fingerprints(figures)[0]


def rows_fingerprint(figures: Figures) -> str:
    """Return the fingerprint of the figures that the level above can compute from the rows alone.

    Quota, ratings, classification and completeness; nothing that depends on the year before or on
    workbooks from a level further down.
    """
    return both_fingerprints(figures)[1]


def both_fingerprints(figures: Figures) -> tuple[str, str]:
    """Return `fingerprint` and `rows_fingerprint`; encodes the figures once."""
    all_hash, rows_hash = _ListHash(), _ListHash()
    for name in _figure_names(Figures):
        value = getattr(figures, name)
        if name in _OPTIONAL and value is None:
            continue
        if name == "warnings":
            value = [finding for _, finding in value]  # without the ids of ledger entries
        if name == "completeness":
            texts = {matrix.form: _encode(matrix) for matrix in value}
            all_hash.add(_join_list(texts.values()))
            own_texts = (text for form, text in texts.items() if form != ROLLUP)
            rows_hash.add(_join_list(own_texts))
            continue
        text = _encode(value)
        all_hash.add(text)
        if name in _ROW_FIGURES:
            rows_hash.add(text)
    return all_hash.short_code(), rows_hash.short_code()


class _ListHash:
    """A hash over the items of one JSON list, added in their order."""

    def __init__(self) -> None:
        self._digest, self._separator = hashlib.sha256(), "["

    def add(self, text: str) -> None:
        self._digest.update(self._separator.encode())
        self._digest.update(text.encode())
        self._separator = ","

    def short_code(self) -> str:
        self._digest.update(b"]")
        number = int.from_bytes(self._digest.digest()[:8])
        letters = "".join(
            _LETTERS[number >> 5 * digit & 31] for digit in range(_GROUP_COUNT * _GROUP_SIZE)
        )
        return "-".join(
            letters[start : start + _GROUP_SIZE] for start in range(0, len(letters), _GROUP_SIZE)
        )


def _encode(value: Any) -> str:
    return _ENCODERS[type(value)](value)


def _join_list(texts: Iterable[str]) -> str:
    return f"[{','.join(texts)}]"


def _encode_items(values: Iterable[object]) -> str:
    return _join_list([_ENCODERS[type(value)](value) for value in values])


def _encode_mapping(values: Mapping[Any, Any]) -> str:
    """Return a mapping as a list of pairs sorted by key; keys may be tuples."""
    items = sorted([(_encode(key), value) for key, value in values.items()], key=itemgetter(0))
    return _join_list([f"[{text},{_encode(value)}]" for text, value in items])


@lru_cache(maxsize=4096)  # points and shares are much the same
def _encode_number(value: float) -> str:
    return repr(json_value(float(f"{value:.{_DIGITS}g}")))


def _encode_finding(finding: Finding) -> str:
    """Return the code and the numbers of a finding, without its texts."""
    numbers = {key: value for key, value in finding.params.items() if not isinstance(value, str)}
    return _encode_items((finding.code, numbers))


def _figure_names(record_type: Any) -> list[str]:
    """Return the names of a record's attributes that are figures, in the order of its class."""
    return [field.name for field in fields(record_type) if field.name not in _EXCLUDED]


def _record_encoder(record_type: Any) -> Encoder:
    values_of = attrgetter(*_figure_names(record_type), "__class__")  # several: always a tuple
    return lambda record: _encode_items(values_of(record)[:-1])


class _Encoders(dict[type, Encoder]):
    """JSON encoders by type; each is looked up once, because there may be millions of values."""

    def __missing__(self, value_type: type) -> Encoder:
        encoder = next((self[base] for base in value_type.__mro__ if base in self), None)
        if encoder is None and issubclass(value_type, Mapping):
            encoder = _encode_mapping
        self[value_type] = encoder or (
            _record_encoder(value_type) if is_dataclass(value_type) else json.dumps
        )
        return self[value_type]


# Records of the register and of descriptions are encoded by their ids alone.
_ENCODERS = _Encoders(
    {
        str: quote,
        bool: lambda value: "true" if value else "false",
        int: repr,
        float: _encode_number,
        Fraction: lambda share: _encode_number(float(share)),
        type(None): lambda _: "null",
        Period: lambda value: quote(str(value)),
        date: lambda value: quote(str(value)),
        tuple: _encode_items,
        list: _encode_items,
        Text: lambda _: "null",
        Organisation: lambda organisation: quote(organisation.code),
        Quota: lambda quota: _encode_items((quota.quota, quota.effective.from_, quota.times)),
        Scheme: lambda scheme: _encode_items((scheme.scheme, scheme.version)),
        IndicatorHit: lambda hit: _encode_items((hit.indicator.code, hit.branch, str(hit.period))),
        Finding: _encode_finding,
    }
)
