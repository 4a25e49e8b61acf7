"""The checks a rule may name: their parameters, their gaps, the types of field they reckon with.

`checks.row_rules` implements them for pandera; a test holds the two equal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

ParamKind = Literal["field", "fields", "other", "others", "number", "texts", "given", "fits"]

REPORTER = "@reporter"
"""Names the type of the organisation whose return it is; unknown without a register."""

_NUMBERS = frozenset({"integer", "number"})
_DATES = frozenset({"date"})
_REFS = frozenset({"ref"})


@dataclass(frozen=True)
class CheckSpec:
    """What a rule says to a check, and what the check says to the rule.

    Attributes:
        params: the kind of each parameter. ``field`` and ``fields`` name fields of the same section
            (``other`` and ``others`` of another, ``section.field``), ``number`` and ``texts`` are
            plain values, ``given`` maps fields of the row or of a card (``section.field``), or
            `REPORTER`, to values of which each must hold one, ``fits`` values of `when`, or without
            it of `value`, to values of `value`.
        optional: the parameters that may be left out.
        gaps: what `says` and `fix` of a rule may put into their gaps: the figures its check
            provides. All provide ``field``, the title of the first marked field.
        types: field types the check can reckon with; any where there are none.
        param_types: field types that single parameters want instead.
    """

    params: Mapping[str, ParamKind]
    optional: frozenset[str] = frozenset()
    gaps: tuple[str, ...] = ()
    types: frozenset[str] = frozenset()
    param_types: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def gap_names(self) -> frozenset[str]:
        """Return the names of all gaps that the check can fill."""
        return frozenset({"field", *self.gaps})

    def types_of(self, param: str) -> frozenset[str]:
        """Return the field types that a parameter may name; any where there are none."""
        return self.param_types.get(param) or (self.types if param != "when" else frozenset())


_GIVEN = frozenset({"given"})

CHECKS: Mapping[str, CheckSpec] = {
    # total = sum of parts (− sum of less)
    "sum_equals": CheckSpec(
        {"parts": "fields", "total": "field", "less": "fields"},
        frozenset({"less"}),
        ("total", "sum"),
        _NUMBERS,
    ),
    # value ≥ bound / value ≤ bound, bound a number
    "at_least": CheckSpec(
        {"value": "field", "bound": "number", "given": "given"},
        _GIVEN,
        ("value", "bound"),
        _NUMBERS,
    ),
    "at_most": CheckSpec(
        {"value": "field", "bound": "number", "given": "given"},
        _GIVEN,
        ("value", "bound"),
        _NUMBERS,
    ),
    # value ≤ another field of the row
    "not_above": CheckSpec(
        {"value": "field", "bound_field": "field"}, gaps=("value", "bound"), types=_NUMBERS
    ),
    # 100 × part / whole above (not at) the bound, in per cent
    "share_above": CheckSpec(
        {"part": "field", "whole": "field", "bound": "number", "given": "given"},
        _GIVEN,
        ("part", "whole", "bound"),
        _NUMBERS,
    ),
    # sum of parts ≤ another field of the row
    "sum_not_above": CheckSpec(
        {"parts": "fields", "bound_field": "field"}, gaps=("sum", "bound"), types=_NUMBERS
    ),
    # 100 × sum of parts / sum of whole at least / at most the bound, in per cent
    "share_at_least": CheckSpec(
        {"parts": "fields", "whole": "fields", "bound": "number", "given": "given"},
        _GIVEN,
        ("part", "whole", "bound"),
        _NUMBERS,
    ),
    "share_at_most": CheckSpec(
        {"parts": "fields", "whole": "fields", "bound": "number", "given": "given"},
        _GIVEN,
        ("part", "whole", "bound", "allowed"),
        _NUMBERS,
    ),
    # the field must be filled when another holds one of the values
    "required_if": CheckSpec({"value": "field", "when": "field", "values": "texts"}),
    # ... when another one is filled / a number stands below the bound
    "required_with": CheckSpec({"value": "field", "filled": "field"}),
    "required_below": CheckSpec(
        {"value": "field", "number": "field", "bound": "number"},
        gaps=("number", "bound"),
        param_types={"number": _NUMBERS},
    ),
    # the field must be blank unless another holds one of the values
    "blank_unless": CheckSpec(
        {"value": "field", "when": "field", "values": "texts"}, gaps=("value",)
    ),
    # the field is not the same as another one
    "differs": CheckSpec({"value": "field", "other": "field"}, gaps=("value",)),
    # no two rows of one return alike in these fields; `row` is the Excel row of the first of them
    "unique_rows": CheckSpec({"fields": "fields"}, gaps=("row",)),
    # the value stands in that field of another section of the same return, over the same columns in
    # the same column
    # (asked only of rows where `when` holds one of the values, if that is given; only rows of the
    # other section count in which `among` holds)
    "exists_in": CheckSpec(
        {"value": "field", "target": "other", "when": "field", "values": "texts", "among": "given"},
        frozenset({"when", "values", "among"}),
        ("value",),
    ),
    # the row of this section that `ref` names by its `key` holds, in the field `value`, one of the
    # values that `fits` lists for this row's own value
    "ref_fits": CheckSpec(
        {"ref": "field", "key": "field", "value": "field", "fits": "fits"},
        gaps=("ref",),
        param_types={"ref": _REFS},
    ),
    # the value is one of those that `fits` lists for what `when` holds; there is none where it
    # lists nothing
    "fits_with": CheckSpec({"value": "field", "when": "field", "fits": "fits"}),
    # the dates lie from start to end of the row that `ref` names by the field `target`
    "within_ref": CheckSpec(
        {"dates": "fields", "ref": "field", "target": "other", "start": "other", "end": "other"},
        gaps=("ref", "start", "end"),
        param_types={"dates": _DATES, "start": _DATES, "end": _DATES, "ref": _REFS},
    ),
    # at least / at most so many rows of one return hold one of the values
    "rows_at_least": CheckSpec(
        {"when": "field", "values": "texts", "bound": "number"}, gaps=("count", "bound")
    ),
    "rows_at_most": CheckSpec(
        {"when": "field", "values": "texts", "bound": "number"}, gaps=("count", "bound")
    ),
    # the value = sum of `plus` − sum of `less`, fields of a card section of the same return, or the
    # same with `or_plus`
    "sum_equals_card": CheckSpec(
        {
            "value": "field",
            "plus": "others",
            "less": "others",
            "or_plus": "others",
            "given": "given",
        },
        frozenset({"less", "or_plus", "given"}),
        ("value", "sum"),
        _NUMBERS,
    ),
    # the choice is the band that the points reach in the scheme of the period
    "is_band": CheckSpec(
        {"value": "field", "number": "field"},
        gaps=("number",),
        param_types={"value": frozenset({"choice"}), "number": _NUMBERS},
    ),
    # end not before start
    "not_before": CheckSpec(
        {"value": "field", "start": "field"}, gaps=("value", "start"), types=_DATES
    ),
}
