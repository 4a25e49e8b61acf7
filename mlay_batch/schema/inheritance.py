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
from mlay_batch.schema.places import Location, MergedNode, locate, place_of, shorten
from mlay_batch.schema.problem import KeyPath

EXTENDS = "extends"
_NAME_KEYS = ("id", "code", "section")  # keys that name an item of a list
_DEFINING_KEYS = ("check", "kind")  # the key of a new rule, of a new indicator
_REPEATABLE_LIST = "crosswalk"  # the one list in which several items may be of one section


def extend(base: yaml.Node, extension: yaml.Node, errors: list[SchemaError]) -> yaml.Node:
    """Return the nodes of `base` replaced by those of `extension`; each keeps its file and line.

    A new rule under the code of an existing one is added to `errors`.
    """
    errors.extend(_reused_codes(base, extension))
    return _merge(_without(base, EXTENDS), _without(extension, EXTENDS), key="")


def duplicates(top: yaml.Node) -> Iterator[SchemaError]:
    """Yield a key given twice in one mapping of a file, an id or code twice in one list.

    A loader would take the second key alone, `extend` the second item for a change of the first.
    """
    for path, node in _collections(top):
        seen: dict[str, yaml.Node] = {}
        for name, name_path, name_node in _names_in(node, path):
            first = seen.setdefault(name, name_node)
            if first is not name_node:
                is_key = isinstance(node, yaml.MappingNode)
                code = "schema.key_again" if is_key else "schema.again"
                yield _error(
                    code, name_node, other=_location(first).phrase, key=name_path[-1],
                    name=shorten(name), place=place_of(top, path if is_key else name_path),
                )  # fmt: skip


def _collections(top: yaml.Node) -> Iterator[tuple[KeyPath, yaml.Node]]:
    """Yield every mapping and list with its path, in the order of the file."""
    pending: list[tuple[KeyPath, yaml.Node]] = [((), top)]
    visited: set[int] = set()
    while pending:
        path, node = pending.pop()
        if id(node) in visited:
            continue  # an alias of a node visited before, or of one it is part of
        visited.add(id(node))
        yield path, node
        numbered = enumerate(_children(node))
        pending += reversed([((*path, key or index), item) for index, (key, item) in numbered])


def _names_in(node: yaml.Node, path: KeyPath) -> Iterator[tuple[str, KeyPath, yaml.Node]]:
    """Yield what may occur once: the keys of a mapping, the ids and codes of a list's items."""
    if isinstance(node, yaml.MappingNode):
        yield from ((str(key.value), (*path, str(key.value)), key) for key, _ in node.value)
    elif isinstance(node, yaml.SequenceNode) and path[-1:] != (_REPEATABLE_LIST,):
        for index, item in enumerate(node.value):
            if name := _name(item):
                key = _name_key(item)
                yield name, (*path, index, key.value), key


def _children(node: yaml.Node) -> Iterator[tuple[str, yaml.Node]]:
    if isinstance(node, yaml.MappingNode):
        yield from ((str(key.value), value) for key, value in node.value)
    elif isinstance(node, yaml.SequenceNode):
        yield from (("", item) for item in node.value)


def _reused_codes(base: yaml.Node, extension: yaml.Node) -> Iterator[SchemaError]:
    """Yield new rules and indicators with a code of `base`, in any section."""
    base_rules = {_name(item): item for _, item in _rules(base)}
    codes = base_rules.keys() | {_name(item) for _, item in _rules(extension)}
    for path, item in _rules(extension):
        code = _name(item)
        kind_key = _defining_key(item)
        if kind_key and code in base_rules:
            free = next_free_code(code[:1], codes)
            codes |= {free}
            other = _location(_name_key(base_rules[code])).phrase
            place = place_of(extension, path)
            yield _error(
                "schema.replaces", _name_key(item), name=code, key=kind_key, other=other,
                place=place, nearest=free,
            )  # fmt: skip


def _defining_key(item: yaml.Node) -> str | None:
    return next((key for key, _ in _children(item) if key in _DEFINING_KEYS), None)


def _rules(node: yaml.Node) -> Iterator[tuple[KeyPath, yaml.Node]]:
    """Yield every rule and every indicator that has a code, with its path."""
    for path, item in _collections(node):
        if path[:1] + path[2:-1] in (("entries",), ("sections", "rules")) and _name(item):
            yield path, item


def _name_key(item: yaml.Node) -> yaml.Node:
    """Return the key that names an item of a list."""
    names: dict[str, yaml.Node] = {key.value: key for key, _ in item.value}
    return next(names[name] for name in _NAME_KEYS if name in names)


def _error(code: str, node: yaml.Node, **params: object) -> SchemaError:
    location = _location(node)
    return SchemaError(code, **({"nearest": ""} | params), file=location.file, line=location.line)


def _location(node: yaml.Node) -> Location:
    return locate(node, ())


def _without(node: yaml.Node, name: str) -> yaml.Node:
    pairs = [pair for pair in node.value if pair[0].value != name]
    without = MergedNode(node.tag, pairs, node.start_mark, node.end_mark)
    without.base_mark = node.base_mark if isinstance(node, MergedNode) else node.start_mark
    return without


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
    node = MergedNode(extension.tag, list(pairs.values()), extension.start_mark, extension.end_mark)
    node.base_mark = base.base_mark if isinstance(base, MergedNode) else base.start_mark
    return node


def _merge_lists(base: yaml.SequenceNode, extension: yaml.SequenceNode) -> yaml.SequenceNode:
    items = {_name(item): item for item in base.value}
    for item in extension.value:
        base_item = None if _defining_key(item) else items.get(_name(item))
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
