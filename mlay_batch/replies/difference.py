"""What a correction changed: the return that counts beside the one it took the place of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import zip_longest

from mlay_batch.records import Row, Value
from mlay_batch.schema.records import Field, Form, Section

Values = Mapping[str, Value]
Shown = Callable[[Field, Value], str]
_BLANK = "(trống)"


def differences(
    form: Form, before: Sequence[Row], now: Sequence[Row], shown: Shown
) -> Iterator[str]:
    """Yield one line a field that differs, in the order of the form; `shown` writes a value.

    Of a table, lines that stand in both are left out wherever they stand; what is left is taken
    pair by pair in order, and a line without a partner was added or taken out.
    """
    for section in form.sections:
        old, new = (
            [row.values for row in rows if row.section == section.id] for rows in (before, now)
        )
        gone, came = _less(old, new), _less(new, old)
        for was, is_ in zip_longest(gone, came):
            yield from _line(section, was, is_, shown)


def _less(rows: Sequence[Values], others: Sequence[Values]) -> list[Values]:
    """Return the rows that are not among `others`; of rows alike, those beyond their number."""
    left = [_told(other) for other in others]
    found = []
    for row in rows:
        if _told(row) in left:
            left.remove(_told(row))
        else:
            found.append(row)
    return found


def _told(row: Values) -> dict[str, Value]:
    return {field: value for field, value in row.items() if value is not None}


def _line(
    section: Section,
    was: Values | None,
    is_: Values | None,
    shown: Shown,
) -> Iterator[str]:
    title = section.title.of("vi")
    if was is None or is_ is None:
        whole = was or is_ or {}
        held = (field for field in section.fields if whole.get(field.id) is not None)
        parts = [_named(field, whole[field.id], shown) for field in held]
        yield f"- {title}: {'bỏ' if is_ is None else 'thêm'} dòng {'; '.join(parts)}"
        return
    lead = _lead(section, is_, shown)
    for entry in section.fields:
        old, new = was.get(entry.id), is_.get(entry.id)
        if old != new:
            change = f"{_shown(entry, old, shown)} → {_shown(entry, new, shown)}"
            yield f"- {title}{lead}: {entry.title.of('vi')} {change}"


def _lead(section: Section, row: Values, shown: Shown) -> str:
    """Return what tells a line of a table from others: its first value."""
    if section.layout != "table":
        return ""
    first = next((field for field in section.fields if row.get(field.id) is not None), None)
    return f", {_named(first, row[first.id], shown)}" if first else ""


def _named(entry: Field, value: Value, shown: Shown) -> str:
    return f"{entry.title.of('vi')} {shown(entry, value)}"


def _shown(entry: Field, value: Value, shown: Shown) -> str:
    return _BLANK if value is None else shown(entry, value)
