"""Merges a description with the one it extends: ``extends: meeting-2018.yaml``.

A later version of a form states only its changes. Its values replace those of the earlier version.
In lists of items with an id or code (sections, fields, rules, choices, parts) only the items listed
change, key by key; new ones follow the others. The reference page shows the merged whole.

Example: ``rules: [{code: D05, bound: 90}]`` under the section `meetings` leaves every other rule,
and everything of D05 but its bound, unchanged. A rule with a `check` is a new one: its code may not
be that of an existing rule, which it would silently replace.
"""

from __future__ import annotations

from collections.abc import Iterator

import yaml

from mlay_batch.errors import SchemaError
from mlay_batch.schema.ids import next_free_code

EXTENDS = "extends"
_NAME_KEYS = ("id", "code", "section")  # keys that name an item of a list
_DEFINING_KEYS = ("check", "kind")  # the key of a new rule, of a new indicator
_REPEATABLE_LIST = "crosswalk"  # the one list in which several items may be of one section


def extend(base: yaml.Node, extension: yaml.Node) -> yaml.Node:
    """Return the nodes of `base` replaced by those of `extension`; each keeps its file and line.

    Raises SchemaError for a new rule under the code of an existing one.
    """
    _refuse_reused_codes(base, extension)
    return _merge(_without(base, EXTENDS), _without(extension, EXTENDS), key="")


def refuse_duplicates(node: yaml.Node) -> None:
    """Raise SchemaError for an id or code given twice in one list of a file.

    `extend` would take the second for a change of the first.
    """
    pending, visited = [("", node)], set()
    while pending:
        key, current = pending.pop()
        if id(current) in visited:
            continue  # an alias of a node visited before, or of one it is part of
        visited.add(id(current))
        children = list(_children(current))
        seen: set[str] = set()
        for _, item in (
            children if isinstance(current, yaml.SequenceNode) and key != _REPEATABLE_LIST else ()
        ):
            if (name := _name(item)) in seen:
                raise _error("schema.again", _name_key(item), key=_name_key(item).value, name=name)
            seen.update([name] if name else [])
        pending += reversed(children)


def _children(node: yaml.Node) -> Iterator[tuple[str, yaml.Node]]:
    if isinstance(node, yaml.MappingNode):
        yield from ((str(key.value), value) for key, value in node.value)
    elif isinstance(node, yaml.SequenceNode):
        yield from (("", item) for item in node.value)


def _refuse_reused_codes(base: yaml.Node, extension: yaml.Node) -> None:
    """Raise SchemaError for a new rule or indicator with a code of `base`, in any section."""
    base_files = {_name(item): item.start_mark.name for item in _rules(base)}
    codes = base_files.keys() | {_name(item) for item in _rules(extension)}
    for item in _rules(extension):
        code = _name(item)
        kind_key = next((key for key, _ in _children(item) if key in _DEFINING_KEYS), None)
        if kind_key and code in base_files:
            params = {"name": code, "key": kind_key, "other": base_files[code]}
            free = next_free_code(code[:1], codes)
            raise _error("schema.replaces", _name_key(item), nearest=free, **params)


def _rules(node: yaml.Node) -> Iterator[yaml.Node]:
    """Yield every rule and every indicator that has a code."""
    for key, value in _children(node):
        for _, item in _children(value) if key in ("sections", "entries") else ():
            if key == "entries" and _name(item):
                yield item
            for inner_key, rules in _children(item) if key == "sections" else ():
                for _, rule in _children(rules) if inner_key == "rules" else ():
                    if _name(rule):
                        yield rule


def _name_key(item: yaml.Node) -> yaml.Node:
    """Return the key that names an item of a list."""
    names: dict[str, yaml.Node] = {key.value: key for key, _ in item.value}
    return next(names[name] for name in _NAME_KEYS if name in names)


def _error(code: str, node: yaml.Node, **params: str) -> SchemaError:
    mark = node.start_mark
    return SchemaError(code, file=mark.name, line=mark.line + 1, **({"nearest": ""} | params))


def _without(node: yaml.Node, name: str) -> yaml.Node:
    pairs = [pair for pair in node.value if pair[0].value != name]
    return yaml.MappingNode(node.tag, pairs, node.start_mark, node.end_mark)


def _merge(base: yaml.Node, extension: yaml.Node, key: str) -> yaml.Node:
    """Return `extension` put over `base`, both the value of `key` (``""`` for the whole)."""
    if isinstance(base, yaml.MappingNode) and isinstance(extension, yaml.MappingNode):
        return _merge_mappings(base, extension) if key in ("", "choices", "looks") else extension
    if isinstance(base, yaml.SequenceNode) and isinstance(extension, yaml.SequenceNode):
        by_name = key != _REPEATABLE_LIST and all(map(_name, (*base.value, *extension.value)))
        return _merge_lists(base, extension) if by_name else extension
    return extension


def _merge_mappings(base: yaml.MappingNode, extension: yaml.MappingNode) -> yaml.MappingNode:
    """Return the keys of `base`, then new ones; values of `extension` replace those of `base`."""
    pairs = {name.value: (name, value) for name, value in base.value}
    for name, value in extension.value:
        base_pair = pairs.get(name.value)
        pairs[name.value] = (name, _merge(base_pair[1], value, name.value) if base_pair else value)
    return yaml.MappingNode(
        extension.tag, list(pairs.values()), extension.start_mark, extension.end_mark
    )


def _merge_lists(base: yaml.SequenceNode, extension: yaml.SequenceNode) -> yaml.SequenceNode:
    items = {_name(item): item for item in base.value}
    for item in extension.value:
        base_item = items.get(_name(item))
        items[_name(item)] = _merge_mappings(base_item, item) if base_item is not None else item
    return yaml.SequenceNode(
        extension.tag, list(items.values()), extension.start_mark, extension.end_mark
    )


def _name(item: yaml.Node) -> str:
    """Return the name of an item of a list, empty where it has none."""
    if not isinstance(item, yaml.MappingNode):
        return ""
    values = {key.value: value.value for key, value in item.value}
    return next((str(values[name]) for name in _NAME_KEYS if name in values), "")
