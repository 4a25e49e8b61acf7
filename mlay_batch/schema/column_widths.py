"""Reckons where the columns of a sheet stand and how wide they are, in characters."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from math import ceil

from mlay_batch.schema.model import Field, Form, Section, Text

FIRST_COLUMN = 2  # B; its column A is hidden
LABEL_WIDTH = 40  # least width of a card's label
NAME_ENDING = ".name"  # of the column that shows the name of a code, after the field's id

_NUMBER_WIDTH, _NAME_WIDTH, _OWN_NAME_WIDTH = 5, 30, 24
_LIST_WIDTH = 0.85  # of a column of small letters, to that of the same text in the usual ones
# On a sheet with columns: 161 mm, within the margins of a letter; label and one record 400 pixels.
_LABEL_COLUMN_WIDTH, _RECORD_WIDTH, _MARGIN_WIDTH = 23, 26, 1
_CARD_ONLY_WIDTHS = {2: 5, 3: 12, 4: 39, 5: 12, 6: 14, 7: 28}  # column: width, without tables


def table_columns(form: Form, section: Section) -> Iterator[tuple[int, Field]]:
    """Yield column and field of each column of a table.

    The first column has the running numbers, but in a list, whose rows have codes. There the name
    of the row that a code means is shown beside it, as a field whose id ends in ``.name``.
    """
    column = FIRST_COLUMN + (not form.is_list)
    for field in section.fields:
        yield column, field
        column += 1
        if form.is_list and form.has_rows_named_by(field):
            yield column, _name_field(section, field)
            column += 1


def hidden_columns(form: Form, sections: Collection[Section]) -> frozenset[int]:
    """Return the columns of a sheet in which no table shows anything; beside a card none."""
    tables = [dict(table_columns(form, s)) for s in sections if s.layout == "table"]
    if len(tables) < len(sections):
        return frozenset()
    columns = set[int]().union(*tables)
    return frozenset(c for c in columns if all(t[c].hidden for t in tables if c in t))


def is_name(field: Field) -> bool:
    """Whether the field is the name of a code, which is looked up and not read."""
    return field.id.endswith(NAME_ENDING)


def _name_field(section: Section, field: Field) -> Field:
    title = Text(f"{field.title.vi}: tên", f"{field.title.en}: name")
    width = _OWN_NAME_WIDTH if field.ref == section.id else _NAME_WIDTH
    return Field(f"{field.id}{NAME_ENDING}", "text", title, width=width, group=field.group)


def column_widths(
    form: Form, sections: Sequence[Section], rows: Mapping[str, int]
) -> dict[int, int]:
    """Return the width of each column in characters: the largest that a table asks for.

    If the sheet also has a card, columns are added until 40 characters are free beside its labels.
    A list has small letters, and so narrow columns. On a sheet with columns of records all these
    are equally wide; a margin follows them.
    """
    counts = [
        max(s.rows, rows.get(s.id, 0))
        for s in sections
        if s.layout == "columns" and s.under is None
    ]
    if counts:
        last = FIRST_COLUMN + max(counts)
        records = dict.fromkeys(range(FIRST_COLUMN + 1, last + 1), _RECORD_WIDTH)
        return {FIRST_COLUMN: _LABEL_COLUMN_WIDTH, **records, last + 1: _MARGIN_WIDTH}
    tables = [section for section in sections if section.layout == "table"]
    if not tables:
        return dict(_CARD_ONLY_WIDTHS)
    widths = {} if form.is_list else {FIRST_COLUMN: _NUMBER_WIDTH}
    for section in tables:
        for column, field in table_columns(form, section):
            width = field.width or 14
            width = ceil(width * _LIST_WIDTH) if form.is_list else width
            widths[column] = max(widths.get(column, 0), width)
    label_width = LABEL_WIDTH if len(tables) < len(sections) else 0
    while (
        len(widths) < 3
        or sum(widths[c] for c in _columns_after_label(widths, label_width)) < label_width
    ):
        widths[max(widths) + 1] = 14
    return widths


def _columns_after_label(widths: Mapping[int, int], label_width: int) -> range:
    """Return the columns right of a card's labels, which take `label_width` characters."""
    return range(last_column_within(widths, FIRST_COLUMN, label_width) + 1, max(widths) + 1)


def last_column_within(widths: Mapping[int, int], first: int, width: int) -> int:
    """Return the last of the columns from `first` that together reach `width` characters.

    That is the sheet's last column if all together do not reach it.
    """
    column, total = first, widths[first]
    while total < width and column < max(widths):
        column += 1
        total += widths[column]
    return column
