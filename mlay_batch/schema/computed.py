"""Reckons the values that follow from others, for the template and for what was read.

A blank with a default counts that; any other blank leaves the result blank.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date

from mlay_batch.schema.model import Computed, Field, Section

Value = str | int | float | date | None


def is_computed(field: Field, present: Collection[str]) -> bool:
    """Whether a field is computed in a record that has the fields `present`.

    A sum of which the form at hand has no part is typed.
    """
    computed = field.compute
    if computed is None:
        return False
    return computed.band is not None or any(name in present for name in computed.sum)


def computed_number(
    computed: Computed, section: Section, values: Mapping[str, Value]
) -> int | float | None:
    """Return the sum of the record's `values` without those that are taken off; None if unknown.

    A field that is not in `values` is not asked for and counts nothing.
    """
    total: int | float = 0
    for sign, names in ((1, computed.sum), (-1, computed.less)):
        for name in names:
            if name not in values:
                continue
            value = values[name]
            number = section.field(name).default if value is None else value
            if isinstance(number, bool) or not isinstance(number, int | float):
                return None
            total += sign * number
    return total


def with_computed(section: Section, values: Mapping[str, Value]) -> dict[str, Value]:
    """Return the record's values with the computed ones in place of what was read there."""
    result = dict(values)
    for field in section.fields:
        if field.id in values and field.compute and is_computed(field, values):
            in_band = field.compute.band is not None
            result[field.id] = None if in_band else computed_number(field.compute, section, result)
    return result
