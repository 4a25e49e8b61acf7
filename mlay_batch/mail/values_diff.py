"""What a correction changed: the return that counts beside the one it took the place of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import zip_longest

from mlay_batch.model.records import Row, Value
from mlay_batch.schema.model import Field, Form, Section

Values = Mapping[str, Value]
ValueFormatter = Callable[[Field, Value], str]
_BLANK = "(trống)"


def differences(
    form: Form, before: Sequence[Row], after: Sequence[Row], show_value: ValueFormatter
) -> Iterator[str]:
    """Yield one line a field that differs, in the order of the form; `show_value` writes a value.

    Of a table, lines that stand in both are left out wherever they stand; what is left is taken
    pair by pair in order, and a line without a partner was added or taken out.
    """
    for section in form.sections:
        old, new = (
            [row.values for row in rows if row.section == section.id] for rows in (before, after)
        )
        removed, added = _subtract(old, new), _subtract(new, old)
        for old_row, new_row in zip_longest(removed, added):
            yield from _change_lines(section, old_row, new_row, show_value)


def _subtract(rows: Sequence[Values], others: Sequence[Values]) -> list[Values]:
    """Return the rows that are not among `others`; of rows alike, those beyond their number."""
    remaining = [_without_blanks(other) for other in others]
    result = []
    for row in rows:
        if _without_blanks(row) in remaining:
            remaining.remove(_without_blanks(row))
        else:
            result.append(row)
    return result


def _without_blanks(row: Values) -> dict[str, Value]:
    return {field: value for field, value in row.items() if value is not None}


def _change_lines(
    section: Section, old_row: Values | None, new_row: Values | None, show_value: ValueFormatter
) -> Iterator[str]:
    title = section.title.of("vi")
    if old_row is None or new_row is None:
        single_row = old_row or new_row or {}
        fields = (field for field in section.fields if single_row.get(field.id) is not None)
        parts = [_field_text(field, single_row[field.id], show_value) for field in fields]
        yield f"- {title}: {'bỏ' if new_row is None else 'thêm'} dòng {'; '.join(parts)}"
        return
    label = _row_label(section, new_row, show_value)
    for form_field in section.fields:
        old, new = old_row.get(form_field.id), new_row.get(form_field.id)
        if old != new:
            before = _text_or_blank(form_field, old, show_value)
            change = f"{before} → {_text_or_blank(form_field, new, show_value)}"
            yield f"- {title}{label}: {form_field.title.of('vi')} {change}"


def _row_label(section: Section, row: Values, show_value: ValueFormatter) -> str:
    """Return what tells a line of a table from others: its first value."""
    if section.layout != "table":
        return ""
    first = next((field for field in section.fields if row.get(field.id) is not None), None)
    return f", {_field_text(first, row[first.id], show_value)}" if first else ""


def _field_text(field: Field, value: Value, show_value: ValueFormatter) -> str:
    return f"{field.title.of('vi')} {show_value(field, value)}"


def _text_or_blank(field: Field, value: Value, show_value: ValueFormatter) -> str:
    return _BLANK if value is None else show_value(field, value)
