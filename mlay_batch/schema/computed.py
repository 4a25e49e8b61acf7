"""Reckons the values that follow from others, for the template and for what was read.

A blank with a default counts that; any other blank leaves the result blank.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
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
    return field.is_band or any(name in present for name in computed.sum)


def computed_number(
    computed: Computed, section: Section, values: Mapping[str, Value]
) -> int | float | None:
    """Return the sum of the record's `values` without those that are taken off; None if unknown.

    A field that is not in `values` is not asked for and counts nothing.
    """

    def number_of(name: str) -> Value:
        value = values.get(name, 0)
        return section.field(name).default if value is None else value

    return signed_sum(computed, number_of)


def signed_sum(computed: Computed, value_of: Callable[[str], Value]) -> int | float | None:
    """Return the sum of the named values without those taken off; None if one is no number."""
    total: int | float = 0
    for sign, names in ((1, computed.sum), (-1, computed.less)):
        for name in names:
            number = value_of(name)
            if not isinstance(number, int | float):
                return None
            total += sign * number
    return total


def with_computed(section: Section, values: Mapping[str, Value]) -> dict[str, Value]:
    """Return the record's values with the computed ones in place of what was read there."""
    result = dict(values)
    for field in section.fields:
        if field.id in values and field.compute and is_computed(field, values):
            number = computed_number(field.compute, section, result)
            result[field.id] = None if field.is_band else number
    return result
