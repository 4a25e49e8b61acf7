"""The checks a rule may name, and the parameters of each.

`validation.checks` implements them for pandera; a test holds the two lists equal. The kinds of
parameter: ``field`` and ``fields`` name fields of the same section (``other`` of another,
``section.field``), ``number`` and ``texts`` are plain values; those in `OPTIONAL` may be left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

ParamKind = Literal["field", "fields", "other", "others", "number", "texts"]

CHECKS: Mapping[str, Mapping[str, ParamKind]] = {
    # total = sum of parts (− sum of less)
    "sum_equals": {"parts": "fields", "total": "field", "less": "fields"},
    # value ≥ bound / value ≤ bound, bound a number
    "at_least": {"value": "field", "bound": "number"},
    "at_most": {"value": "field", "bound": "number"},
    # value ≤ another field of the row
    "not_above": {"value": "field", "bound_field": "field"},
    # 100 × part / whole above (not at) the bound, in per cent
    "share_above": {"part": "field", "whole": "field", "bound": "number"},
    # the field must be filled when another holds one of the values
    "required_if": {"value": "field", "when": "field", "values": "texts"},
    # no two rows of one return alike in these fields
    "unique_rows": {"fields": "fields"},
    # the value stands in that field of another section of the same return
    # (asked only of rows where `when` holds one of the values, if that is given)
    "exists_in": {"value": "field", "target": "other", "when": "field", "values": "texts"},
    # at least / at most so many rows of one return hold one of the values
    "rows_at_least": {"when": "field", "values": "texts", "bound": "number"},
    "rows_at_most": {"when": "field", "values": "texts", "bound": "number"},
    # the value = sum of `plus` − sum of `less`, fields of a card section of the same return
    "sum_equals_card": {"value": "field", "plus": "others", "less": "others"},
    # end not before start
    "not_before": {"value": "field", "start": "field"},
}

OPTIONAL: frozenset[tuple[str, str]] = frozenset(
    {
        ("sum_equals", "less"),
        ("sum_equals_card", "less"),
        ("exists_in", "when"),
        ("exists_in", "values"),
    }
)

GAPS: Mapping[str, frozenset[str]] = {
    name: frozenset({"field", *gaps})
    for name, gaps in {
        "sum_equals": ("total", "sum"),
        "sum_equals_card": ("value", "sum"),
        "at_least": ("value", "bound"),
        "at_most": ("value", "bound"),
        "not_above": ("value", "bound"),
        "share_above": ("part", "whole", "bound"),
        "required_if": (),
        "unique_rows": ("row",),
        "exists_in": ("value",),
        "rows_at_least": ("count", "bound"),
        "rows_at_most": ("count", "bound"),
        "not_before": ("value", "start"),
    }.items()
}
"""What `says` and `fix` of a rule may put into their gaps: the figures its check provides.

``field`` is the title of the first marked field, ``row`` the Excel row of the first of several
alike."""

_NUMBERS = frozenset({"integer", "number"})

TYPES: Mapping[str, frozenset[str]] = {
    "sum_equals": _NUMBERS,
    "sum_equals_card": _NUMBERS,
    "at_least": _NUMBERS,
    "at_most": _NUMBERS,
    "not_above": _NUMBERS,
    "share_above": _NUMBERS,
    "not_before": frozenset({"date"}),
}
"""Field types a check can reckon with; one that is not listed takes any."""
