"""YAML text to records, strictly: every mistake names file, line, key and the nearest valid key."""

from __future__ import annotations

import difflib
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import fields as record_fields
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter, ValidationError

from mlay_batch.errors import SchemaError
from mlay_batch.schema.checks import CHECKS, OPTIONAL
from mlay_batch.schema.records import Form, Quota, Rule, Scheme

_KINDS: Mapping[str, type] = {"form": Form, "quota": Quota, "scheme": Scheme}
_RULE_KEYS = frozenset(entry.name for entry in record_fields(Rule)) - {"params"}


class _StrictLoader(yaml.CSafeLoader):
    """YAML that refuses a key given twice, and takes only true/false for truth."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"duplicate key {key.value!r}", problem_mark=key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)


# A choice or grade id such as `no` or `on` is a word, not a truth value.
_StrictLoader.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in resolvers if tag != "tag:yaml.org,2002:bool"]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


@cache
def _adapter(kind: str) -> TypeAdapter[Any]:
    return TypeAdapter(_KINDS[kind])


def load_file(path: Path, shown: str | None = None) -> Form | Quota | Scheme:
    """Return the record a YAML file describes; `shown` is its name in messages.

    Raises SchemaError naming file, line, key and the nearest valid key.
    """
    return load_text(path.read_text(encoding="utf-8-sig"), shown or path.name)


def load_text(text: str, shown: str) -> Form | Quota | Scheme:
    """Return the record that YAML `text` describes; see `load_file`."""
    try:
        data = yaml.load(text, Loader=_StrictLoader)  # noqa: S506 - a SafeLoader
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise SchemaError("schema.yaml", file=shown, line=line, problem=error.problem) from error
    except yaml.YAMLError as error:
        raise SchemaError("schema.yaml", file=shown, line=1, problem=str(error)) from error
    kind = next((k for k in _KINDS if isinstance(data, dict) and k in data), None)
    if kind is None:
        raise SchemaError("schema.kind", file=shown, line=1, kinds=", ".join(_KINDS))
    try:
        _gather_params(data)
        record: Form | Quota | Scheme = _adapter(kind).validate_python(data)
    except ValidationError as error:
        raise _explain(error, text, shown, data) from error
    _check_meaning(record, text, shown)
    return record


def _gather_params(data: Any) -> None:
    """Move a rule's parameters, written beside its other keys, into its `params`."""
    for section in data.get("sections") or [] if isinstance(data, dict) else []:
        for rule in section.get("rules") or [] if isinstance(section, dict) else []:
            if not isinstance(rule, dict) or rule.get("check") not in CHECKS:
                continue
            known = CHECKS[rule["check"]]
            rule["params"] = {key: rule.pop(key) for key in list(rule) if key in known}


def _explain(error: ValidationError, text: str, shown: str, data: Any) -> SchemaError:
    first = error.errors()[0]
    path = [part for part in first["loc"] if not (isinstance(part, str) and "[" in part)]
    key = str(path[-1]) if path else ""
    unknown = first["type"] == "unexpected_keyword_argument"
    near = _nearest_key(key, path, data) if unknown else None
    return SchemaError(
        "schema.key" if unknown else "schema.value",
        file=shown,
        line=line_of(text, path),
        key=".".join(str(part) for part in path),
        problem=first["msg"],
        nearest=near or "",
    )


def _nearest_key(key: str, path: list[Any], data: Any) -> str | None:
    """Return the allowed key most like `key`: those of all records, and the rule's own check."""
    known = {name.rstrip("_") for kind in _all_records() for name in kind}
    holder = data
    for part in path[:-1]:
        holder = holder[part] if isinstance(holder, (dict, list)) else {}
    if isinstance(holder, dict):
        known |= set(CHECKS.get(str(holder.get("check")), {}))
        known -= set(holder)
    found = difflib.get_close_matches(key, sorted(known), n=1, cutoff=0.5)
    return found[0] if found else None


@cache
def _all_records() -> tuple[tuple[str, ...], ...]:
    from mlay_batch.schema import records  # the names of every record, needed for a hint only

    found = (getattr(records, name) for name in dir(records))
    return tuple(
        tuple(entry.name for entry in record_fields(record) if entry.name != "params")
        for record in found
        if isinstance(record, type) and hasattr(record, "__dataclass_fields__")
    )


def line_of(text: str, path: list[Any]) -> int:
    """Return the line (from 1) of the YAML node at `path`, or of its nearest ancestor."""
    node = yaml.compose(text, Loader=_StrictLoader)
    line = 1
    for part in path:
        step = _child(node, part)
        if step is None:
            break
        line, node = step
    return line


def _child(node: Any, part: Any) -> tuple[int, Any] | None:
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part].start_mark.line + 1, node.value[part]
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(part):
                return key.start_mark.line + 1, value
    return None


def _check_meaning(record: Form | Quota | Scheme, text: str, shown: str) -> None:
    """Refuse names that lead nowhere: fields, sections, choice lists, checks and parameters."""
    if not isinstance(record, Form):
        return
    for path, key, wrong, known in _dangling(record):
        near = difflib.get_close_matches(wrong, sorted(known), n=1, cutoff=0.4)
        raise SchemaError(
            "schema.name",
            file=shown,
            line=line_of(text, path),
            key=key,
            name=wrong,
            nearest=near[0] if near else "",
        )


Dangling = tuple[list[Any], str, str, set[str]]


def _dangling(form: Form) -> Iterator[Dangling]:
    paths = {f"{s.id}.{f.id}" for s in form.sections for f in s.fields}
    for i, section in enumerate(form.sections):
        here = {entry.id for entry in section.fields}
        at: list[Any] = ["sections", i]
        if section.nil and section.nil not in paths:
            yield [*at, "nil"], "nil", section.nil, paths
        for name in section.unique:
            if name not in here:
                yield [*at, "unique"], "unique", name, here
        for j, entry in enumerate(section.fields):
            if entry.type == "choice" and entry.choices not in form.choices:
                known = set(form.choices)
                yield [*at, "fields", j, "choices"], "choices", str(entry.choices), known
        for j, rule in enumerate(section.rules):
            yield from _dangling_rule(rule, [*at, "rules", j], here, paths)


def _dangling_rule(
    rule: Rule, at: list[Any], here: set[str], paths: set[str]
) -> Iterator[Dangling]:
    if rule.check not in CHECKS:
        yield [*at, "check"], "check", rule.check, set(CHECKS)
        return
    yield from _unknown(rule.mark, [*at, "mark"], here)
    for key, kind in CHECKS[rule.check].items():
        if key in rule.params:
            known = {"field": here, "fields": here, "other": paths, "others": paths}.get(kind)
            value = rule.params[key]
            if known is not None:
                yield from _unknown(
                    value if isinstance(value, list) else [value], [*at, key], known
                )
        elif (rule.check, key) not in OPTIONAL:
            yield at, key, "", {key}


def _unknown(names: Iterable[str], at: list[Any], known: set[str]) -> Iterator[Dangling]:
    for name in names:
        if name not in known:
            yield at, at[-1], str(name), known
