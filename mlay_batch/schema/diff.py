"""Compares two versions of a form; the command line words the changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Literal

from mlay_batch.core.findings import Severity
from mlay_batch.core.messages import has_text, text
from mlay_batch.schema.model import Effective, Form, Text

Part = Literal["form", "section", "field", "rule", "choice"]
Turn = Literal["added", "removed", "changed"]
_FORM_KEYS = ("version", "period", "effective", "basis", "title", "reporters", "due", "switches")
_SECTION_KEYS = (
    "layout", "title", "rows", "fixed", "record", "under", "inherits", "parts", "switch", "sheet",
    "nil", "unique",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class FormChange:
    """One part of a form that was added, removed or changed.

    Attributes:
        part: kind of the part.
        turn: what happened to it.
        path: id of a form or section, ``section.field``, code of a rule or ``list.choice``.
        title: what people call it; of a rule what it says.
        key: YAML key whose value changed; empty unless the part was changed.
        old: value before, as a line of text; empty for none.
        new: value after, likewise.
    """

    part: Part
    turn: Turn
    path: str
    title: str
    key: str = ""
    old: str = ""
    new: str = ""


def changes(old: Form, new: Form, lang: str = "vi") -> tuple[FormChange, ...]:
    """Return every change from `old` to `new`, form first, then section by section.

    A field that was carried over under another id (``carries`` of `new`) is a field changed in its
    id; order alone is no change.
    """
    parts = [
        *_parts(
            "form", {new.form: _pick(old, _FORM_KEYS)}, {new.form: _pick(new, _FORM_KEYS)}, lang
        ),
        *_parts("section", _sections(old), _sections(new), lang),
        *_parts(
            "field", _fields(old, new.carries.fields if new.carries else None), _fields(new), lang
        ),
        *_parts("rule", _rules(old), _rules(new), lang),
        *_parts("choice", _choices(old), _choices(new), lang),
    ]
    return tuple(parts)


PartValues = Mapping[str, Mapping[str, Any]]


def _parts(part: Part, old: PartValues, new: PartValues, lang: str) -> Iterator[FormChange]:
    for path in [*new, *(path for path in old if path not in new)]:
        values = new.get(path) or old[path]
        title = _value_text(values.get("title") or values.get("says"), lang)
        if path not in old:
            yield FormChange(part, "added", path, title)
        elif path not in new:
            yield FormChange(part, "removed", path, title)
        else:
            yield from _key_changes(part, path, title, old[path], new[path], lang)


def _key_changes(
    part: Part, path: str, title: str, old: Mapping[str, Any], new: Mapping[str, Any], lang: str
) -> Iterator[FormChange]:
    for key in dict.fromkeys((*new, *old)):
        before, after = old.get(key), new.get(key)
        if before != after:
            texts = _value_text(before, lang), _value_text(after, lang)
            yield FormChange(part, "changed", path, title, key.rstrip("_"), *texts)


def _pick(record: Any, keys: tuple[str, ...]) -> dict[str, Any]:
    return {key: getattr(record, key) for key in keys}


def _sections(form: Form) -> PartValues:
    return {section.id: _pick(section, _SECTION_KEYS) for section in form.sections}


def _fields(form: Form, new_paths: Mapping[str, str] | None = None) -> PartValues:
    """Return the fields by path; an older version's by the path they are carried to."""
    by_path = {}
    for section in form.sections:
        for field in section.fields:
            path = f"{section.id}.{field.id}"
            values = {attribute.name: getattr(field, attribute.name) for attribute in fields(field)}
            by_path[(new_paths or {}).get(path, path)] = values
    return by_path


def _rules(form: Form) -> PartValues:
    by_code = {}
    for section, rule in form.rules():
        values = {attribute.name: getattr(rule, attribute.name) for attribute in fields(rule)}
        content = {"section": section.id, **values, **rule.params}
        by_code[rule.code] = {key: value for key, value in content.items() if key != "params"}
    return by_code


def _choices(form: Form) -> PartValues:
    return {
        f"{name}.{choice.id}": {"title": choice.title, "also": choice.also}
        for name, choices in form.choices.items()
        for choice in choices
    }


def _value_text(value: Any, lang: str) -> str:
    """Return a value as a line of text; nothing for None."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_value_text(item, lang)}" for name, item in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_value_text(item, lang) for item in value)
    if is_dataclass(value) and not isinstance(value, Text | Effective):
        pairs = ((item.name.rstrip("_"), getattr(value, item.name)) for item in fields(value))
        return ", ".join(
            f"{name} {_value_text(item, lang)}" for name, item in pairs if item is not None
        )
    return _word(value, lang)


def _word(value: Any, lang: str) -> str:
    if value is None:
        return ""
    if isinstance(value, Text):
        return value.of(lang)
    if isinstance(value, bool):
        return text("reference", "answered.yes" if value else "answered.no", lang)
    if isinstance(value, Severity):
        return text("reference", f"severity.{value}", lang)
    if isinstance(value, Effective):
        return f"{value.from_} – {value.to or '…'}"
    return f"{value:g}" if isinstance(value, float) else str(value)


def key_title(key: str, lang: str) -> str:
    """Return what people call a YAML key; a parameter of a check keeps its own name."""
    return (
        text("reference", f"key.{key}", lang) if has_text("reference", f"key.{key}") else f"`{key}`"
    )
