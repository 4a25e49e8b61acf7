"""What changed between two versions of a form, as values; the words come at the edge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Literal

from mlay_batch.findings import Severity
from mlay_batch.messages import has, text
from mlay_batch.schema.records import Effective, Form, Text

Part = Literal["form", "section", "field", "rule", "choice"]
Turn = Literal["added", "removed", "changed"]
_FORM = ("version", "period", "effective", "basis", "title", "reporters", "due")
_SECTION = ("layout", "title", "rows", "sheet", "nil", "unique")


@dataclass(frozen=True, slots=True)
class Change:
    """One part added, removed or changed: `path` names it, `title` is what people call it.

    A changed part names the YAML key with its old and new value.
    """

    part: Part
    turn: Turn
    path: str
    title: str
    key: str = ""
    old: str = ""
    new: str = ""


def changes(old: Form, new: Form, lang: str = "vi") -> tuple[Change, ...]:
    """Return every change from `old` to `new`, form first, then section by section.

    A field that was carried over under another id (``carries`` of `new`) is a field changed in its
    id; order alone is no change.
    """
    parts = [
        *_parts("form", {new.form: _only(old, _FORM)}, {new.form: _only(new, _FORM)}, lang),
        *_parts("section", _sections(old), _sections(new), lang),
        *_parts("field", _fields(old, new.carries.fields if new.carries else None),
                _fields(new), lang),
        *_parts("rule", _rules(old), _rules(new), lang),
        *_parts("choice", _choices(old), _choices(new), lang),
    ]  # fmt: skip
    return tuple(parts)


Named = Mapping[str, Mapping[str, Any]]


def _parts(part: Part, old: Named, new: Named, lang: str) -> Iterator[Change]:
    for path in [*new, *(path for path in old if path not in new)]:
        now = new.get(path) or old[path]
        title = _shown(now.get("title") or now.get("says"), lang)
        if path not in old:
            yield Change(part, "added", path, title)
        elif path not in new:
            yield Change(part, "removed", path, title)
        else:
            yield from _changed(part, path, title, old[path], new[path], lang)


def _changed(part: Part, path: str, title: str, old: Mapping[str, Any], new: Mapping[str, Any],
             lang: str) -> Iterator[Change]:  # fmt: skip
    for key in dict.fromkeys((*new, *old)):
        before, after = old.get(key), new.get(key)
        if before != after:
            told = _shown(before, lang), _shown(after, lang)
            yield Change(part, "changed", path, title, key.rstrip("_"), *told)


def _only(record: Any, keys: tuple[str, ...]) -> dict[str, Any]:
    return {key: getattr(record, key) for key in keys}


def _sections(form: Form) -> Named:
    return {section.id: _only(section, _SECTION) for section in form.sections}


def _fields(form: Form, renamed: Mapping[str, str] | None = None) -> Named:
    """Return the fields by path; an older version's by the path they are carried to."""
    found = {}
    for section in form.sections:
        for entry in section.fields:
            path = f"{section.id}.{entry.id}"
            values = {one.name: getattr(entry, one.name) for one in fields(entry)}
            found[(renamed or {}).get(path, path)] = values
    return found


def _rules(form: Form) -> Named:
    found = {}
    for section, rule in form.rules():
        values = {one.name: getattr(rule, one.name) for one in fields(rule)}
        told = {"section": section.id, **values, **rule.params}
        found[rule.code] = {key: value for key, value in told.items() if key != "params"}
    return found


def _choices(form: Form) -> Named:
    return {
        f"{name}.{choice.id}": {"title": choice.title}
        for name, choices in form.choices.items()
        for choice in choices
    }


def _shown(value: Any, lang: str) -> str:
    """Return a value as a line of text; nothing for None."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_shown(one, lang)}" for name, one in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_shown(one, lang) for one in value)
    if is_dataclass(value) and not isinstance(value, Text | Effective):
        told = ((one.name.rstrip("_"), getattr(value, one.name)) for one in fields(value))
        return ", ".join(f"{name} {_shown(one, lang)}" for name, one in told if one is not None)
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


def called(key: str, lang: str) -> str:
    """Return what people call a YAML key; a parameter of a check keeps its own name."""
    return text("reference", f"key.{key}", lang) if has("reference", f"key.{key}") else f"`{key}`"
