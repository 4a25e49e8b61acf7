"""Writes a return in the lines of a letter: its figures, and what a correction changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from itertools import zip_longest

from mlay_batch.core.messages import show
from mlay_batch.core.text import begin_small
from mlay_batch.mail.mail_templates import one_line
from mlay_batch.model.records import Row, Value
from mlay_batch.model.register import Register
from mlay_batch.schema.model import Field, Form, Section
from mlay_batch.schema.switches import may_be_absent

_LANG = "vi"
_MAX_ROWS = 12
_MAX_SECTIONS = 3  # of which key figures are told
_MAX_RECORDS = 2  # whose key figures are told

Values = Mapping[str, Value]


def figure_lines(register: Register, form: Form, rows: Sequence[Row]) -> list[str]:
    """Return the figures of a return as lines: cards field by field, the others record by record.

    Free texts are left out, as are blanks, 0, the default values of a card and, in a record that
    hangs on another, what all records it may hang on have in common.
    """
    lines: list[str] = []
    for section in form.sections:
        section_rows = [row for row in rows if row.section == section.id]
        title, is_card = section.title.of(_LANG), section.layout == "card"
        if not is_card and (section_rows or not may_be_absent(form, section)):
            lines.append(f"- {title}: {_count_text(section, len(section_rows))}")
        common = _common_fields(section, rows)
        for row in section_rows[:_MAX_ROWS]:
            values = [
                f"{_field_title(section, row.values, field)}"
                f" {value_text(register, form, field, row.values[field.id])}"
                for field in section.fields
                if field.id not in common
                and _is_counted(field, row.values.get(field.id), is_card=is_card)
            ]
            if values:
                lines.append((f"- {title}: " if is_card else "  + ") + "; ".join(values))
    return [one_line(line) if line[0] == "-" else "  " + one_line(line) for line in lines]


def key_figures(register: Register, form: Form, rows: Sequence[Row]) -> str:
    """Return the figures of the form's headline in one line, records with their number.

    Of a form without a headline the numbers of records; empty if there are none.
    """
    texts: list[str] = []
    for section in form.sections:
        fields = [f for f in section.fields if f"{section.id}.{f.id}" in form.headline]
        section_rows = [row.values for row in rows if row.section == section.id]
        if not fields and (form.headline or not section_rows or section.layout == "card"):
            continue
        records = [
            ", ".join(
                f"{begin_small(_field_title(section, values, field))}"
                f" {value_text(register, form, field, values[field.id])}"
                for field in fields
                if values.get(field.id) is not None
            )
            for values in section_rows
        ]
        if section.layout != "card":
            more = ["…"] if len(records) > _MAX_RECORDS else []
            shown = "; ".join([*filter(None, records[:_MAX_RECORDS]), *more])
            records = [_count_text(section, len(section_rows)) + (f" ({shown})" if shown else "")]
        title, colon = section.title.of(_LANG), ":" if section.layout == "card" else ""
        texts += [f"{title}{colon} {record}" for record in records if record]
    return one_line("; ".join(texts[:_MAX_SECTIONS]))


def _count_text(section: Section, count: int) -> str:
    return f"{count} {_record_word(section)}" if count else "không có"


def _common_fields(section: Section, rows: Sequence[Row]) -> Set[str]:
    """Return the inherited fields that do not tell apart the records the section hangs on."""
    base = [row.values for row in rows if row.section == section.under]
    return {name for name in section.inherits if base and len({row.get(name) for row in base}) == 1}


def _is_counted(field: Field, value: Value, *, is_card: bool) -> bool:
    if field.type in ("text", "mail") or value in (None, 0):
        return False
    return not is_card or value != field.default


def _record_word(section: Section) -> str:
    """Return what one record of the section is called within a sentence."""
    if section.layout in ("columns", "list"):
        return section.record.of(_LANG).lower() if section.record else "mục"
    return "dòng"


def _field_title(section: Section, row: Values, field: Field) -> str:
    """Return the title of a field as it stands in the part of a column that the record is of."""
    for part in section.parts:
        if part.set_ and all(row.get(name) == value for name, value in part.set_.items()):
            title = part.lines.get(field.id)
            return title.of(_LANG) if title else field.title.of(_LANG)
    return field.title.of(_LANG)


def value_text(register: Register, form: Form, field: Field, value: Value) -> str:
    """Return a value as a letter shows it: the title of a choice, the name behind a code."""
    if field.type == "choice" and field.choices:
        titles = {c.id: c.title.of(_LANG) for c in form.choices[field.choices]}
        return titles.get(str(value), str(value))
    if field.type == "ref":
        code = str(value)
        record = register.officer_by_code.get(code) or register.by_code.get(code)
        return f"{record.name} ({code})" if record and record.name != code else code
    return show(value, _LANG)


# What a correction changed


ValueFormatter = Callable[[Field, Value], str]
_Change = tuple[str, Value, Value]  # field id, value before and after
_BLANK = "(trống)"


def differences(
    form: Form, before: Sequence[Row], after: Sequence[Row], show_value: ValueFormatter
) -> Iterator[str]:
    """Yield one line for each field that differs, in the order of the form.

    Rows that occur in both returns are left out wherever they stand. The remaining rows are
    compared in pairs, in order; a row without a partner was added or removed. A change that a
    record shares with the one it hangs on is told once. `show_value` formats a value.
    """
    changed: dict[str, set[_Change]] = {}
    for section in form.sections:
        old, new = (
            [row.values for row in rows if row.section == section.id] for rows in (before, after)
        )
        removed, added = _subtract(old, new), _subtract(new, old)
        known = changed.get(section.under or "", set())
        for old_row, new_row in zip_longest(removed, added):
            changes = _changes(section, old_row, new_row)
            changed.setdefault(section.id, set()).update(changes)
            yield from _change_lines(section, old_row, new_row, changes - known, show_value)


def _changes(section: Section, old_row: Values | None, new_row: Values | None) -> set[_Change]:
    """Return what differs between a row and its successor; nothing for a row without one.

    The band of points is left out: it says again what the points say.
    """
    if old_row is None or new_row is None:
        return set()
    return {
        (field.id, old_row.get(field.id), new_row.get(field.id))
        for field in section.fields
        if old_row.get(field.id) != new_row.get(field.id) and not field.is_band
    }


def _subtract(rows: Sequence[Values], others: Sequence[Values]) -> list[Values]:
    """Return the rows not among `others`; of equal rows, the surplus."""
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
    section: Section,
    old_row: Values | None,
    new_row: Values | None,
    changes: Set[_Change],
    show_value: ValueFormatter,
) -> Iterator[str]:
    title = section.title.of(_LANG)
    if old_row is None or new_row is None:
        single_row = old_row or new_row or {}
        filled = (f for f in section.fields if single_row.get(f.id) is not None and not f.is_band)
        text = "; ".join(_field_text(section, field, single_row, show_value) for field in filled)
        verb = "bỏ" if new_row is None else "thêm"
        yield f"{title}: {verb} {_record_word(section)} {text}"
        return
    label = _row_label(section, new_row, show_value)
    for field in section.fields:
        old, new = old_row.get(field.id), new_row.get(field.id)
        if (field.id, old, new) in changes:
            before = _text_or_blank(field, old, show_value)
            change = f"{before} → {_text_or_blank(field, new, show_value)}"
            yield f"{title}{label}: {_field_title(section, new_row, field)} {change}"


def _row_label(section: Section, row: Values, show_value: ValueFormatter) -> str:
    """Return the text that identifies a record: its first value, none in a card."""
    if section.layout == "card":
        return ""
    first = next((field for field in section.fields if row.get(field.id) is not None), None)
    return f", {_field_text(section, first, row, show_value)}" if first else ""


def _field_text(section: Section, field: Field, row: Values, show_value: ValueFormatter) -> str:
    return f"{_field_title(section, row, field)} {show_value(field, row[field.id])}"


def _text_or_blank(field: Field, value: Value, show_value: ValueFormatter) -> str:
    return _BLANK if value is None else show_value(field, value)
