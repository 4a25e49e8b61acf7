"""Numbers the records of a form: which column of the fresh form a row of values goes to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from mlay_batch.model.records import Row
from mlay_batch.schema.layout import record_number, sections_of
from mlay_batch.schema.model import Form, Section

NOWHERE = -1
"""Number of a row for which the form has no place."""


def record_numbers(form: Form, rows: Sequence[Row]) -> Mapping[str, list[int]]:
    """Return the number of each row within its section, as `CellPlan.record` counts, by section.

    A row of a section under columns goes to the column whose cells it was read from, or else to the
    one with the values it inherits.
    """
    by_section: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_section[row.section].append(row)
    return {
        section.id: _numbers(section, by_section[section.id], by_section[section.under])
        if section.under
        else list(range(len(by_section[section.id])))
        for section in sections_of(form)
    }


def used_switches(form: Form, rows: Sequence[Row]) -> set[str]:
    """Return the switches of what `rows` have: values that came are shown, whatever is on now."""
    numbers = record_numbers(form, rows)
    used: set[str | None] = set()
    for section in form.sections:
        section_rows = (row for row in rows if row.section == section.id)
        for number, row in zip(numbers[section.id], section_rows, strict=True):
            filled = [field for field in section.fields if row.values.get(field.id) is not None]
            used.update(field.switch for field in filled)
            used.update(
                choice.switch
                for field in filled
                for choice in form.choices.get(field.choices or "", ())
                if choice.id == row.values[field.id]
            )
            if section.layout == "columns" and number != NOWHERE:
                parts = section.column_parts()
                part = parts[number % len(parts)]
                used.update(switch for field in filled for switch in part.switches_of(field.id))
            used.add(section.switch if filled else None)
    return {switch for switch in used if switch}


def _numbers(section: Section, rows: Sequence[Row], base_rows: Sequence[Row]) -> list[int]:
    numbers: list[int] = []
    for row in rows:
        free = (
            number
            for column, base_row in enumerate(base_rows)
            if _is_of(row, base_row, section.inherits)
            for index, part in enumerate(section.column_parts())
            if all(row.values.get(name) == value for name, value in part.set_.items())
            if (number := record_number(section, column, index)) not in numbers
        )
        numbers.append(next(free, NOWHERE))
    return numbers


def _is_of(row: Row, base_row: Row, names: Sequence[str]) -> bool:
    """Whether a row belongs to a column: by the cells both were read from, else by its values."""
    if any(name in row.cells for name in names):
        return all(row.cells.get(name) == base_row.cells.get(name) for name in names)
    return all(row.values.get(n, base_row.values.get(n)) == base_row.values.get(n) for n in names)
