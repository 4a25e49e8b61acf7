"""The checks a rule may name, and the parameters of each.

`checks.row_rules` implements them for pandera; a test holds the two lists equal. The kinds of
parameter: ``field`` and ``fields`` name fields of the same section (``other`` of another,
``section.field``), ``number`` and ``texts`` are plain values, ``given`` maps fields of the row or
of a card (``section.field``) to values of which each must hold one; those in `OPTIONAL` may be left
out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

ParamKind = Literal["field", "fields", "other", "others", "number", "texts", "given", "fits"]

CHECKS: Mapping[str, Mapping[str, ParamKind]] = {
    # total = sum of parts (− sum of less)
    "sum_equals": {"parts": "fields", "total": "field", "less": "fields"},
    # value ≥ bound / value ≤ bound, bound a number
    "at_least": {"value": "field", "bound": "number", "given": "given"},
    "at_most": {"value": "field", "bound": "number", "given": "given"},
    # value ≤ another field of the row
    "not_above": {"value": "field", "bound_field": "field"},
    # 100 × part / whole above (not at) the bound, in per cent
    "share_above": {"part": "field", "whole": "field", "bound": "number"},
    # sum of parts ≤ another field of the row
    "sum_not_above": {"parts": "fields", "bound_field": "field"},
    # 100 × sum of parts / sum of whole at least / at most the bound, in per cent
    "share_at_least": {"parts": "fields", "whole": "fields", "bound": "number", "given": "given"},
    "share_at_most": {"parts": "fields", "whole": "fields", "bound": "number", "given": "given"},
    # the field must be filled when another holds one of the values
    "required_if": {"value": "field", "when": "field", "values": "texts"},
    # ... when another one is filled / a number stands below the bound
    "required_with": {"value": "field", "filled": "field"},
    "required_below": {"value": "field", "number": "field", "bound": "number"},
    # the field must be blank unless another holds one of the values
    "blank_unless": {"value": "field", "when": "field", "values": "texts"},
    # the field is not the same as another one
    "differs": {"value": "field", "other": "field"},
    # no two rows of one return alike in these fields
    "unique_rows": {"fields": "fields"},
    # the value stands in that field of another section of the same return
    # (asked only of rows where `when` holds one of the values, if that is given; only rows of the
    # other section count in which `among` holds)
    "exists_in": {
        "value": "field",
        "target": "other",
        "when": "field",
        "values": "texts",
        "among": "given",
    },
    # the row of this section that `ref` names by its `key` holds, in the field `value`, one of the
    # values that `fits` lists for this row's own value
    "ref_fits": {"ref": "field", "key": "field", "value": "field", "fits": "fits"},
    # the dates lie from start to end of the row that `ref` names by the field `target`
    "within_ref": {
        "dates": "fields",
        "ref": "field",
        "target": "other",
        "start": "other",
        "end": "other",
    },
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
        ("exists_in", "among"),
        ("at_least", "given"),
        ("at_most", "given"),
        ("share_at_least", "given"),
        ("share_at_most", "given"),
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
        "sum_not_above": ("sum", "bound"),
        "share_at_least": ("part", "whole", "bound"),
        "share_at_most": ("part", "whole", "bound", "allowed"),
        "required_if": (),
        "required_with": (),
        "required_below": ("number", "bound"),
        "blank_unless": ("value",),
        "differs": ("value",),
        "ref_fits": ("ref",),
        "within_ref": ("ref", "start", "end"),
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
    "sum_not_above": _NUMBERS,
    "share_at_least": _NUMBERS,
    "share_at_most": _NUMBERS,
    "not_before": frozenset({"date"}),
}
"""Field types a check can reckon with; one that is not listed takes any."""

TYPED: Mapping[tuple[str, str], frozenset[str]] = {
    ("required_below", "number"): _NUMBERS,
    ("within_ref", "dates"): frozenset({"date"}),
    ("within_ref", "start"): frozenset({"date"}),
    ("within_ref", "end"): frozenset({"date"}),
    ("within_ref", "ref"): frozenset({"ref"}),
    ("ref_fits", "ref"): frozenset({"ref"}),
}
"""Field types that single parameters of a check want."""
