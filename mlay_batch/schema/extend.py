"""A description that says only how it differs from another one: ``extends: meeting-2018.yaml``.

A later version of a form is mostly the earlier one. What it says replaces what that one says; in
lists of things with a name of their own (sections, fields, rules, choices, parts) only the things
named are changed, key by key, and new ones come after the others. The rest holds unchanged, so the
reference page, not the file, shows the whole.

Example: ``rules: [{code: D05, bound: 90}]`` under the section `meetings` leaves every other rule,
and of D05 everything but its bound.
"""

from __future__ import annotations

import yaml

EXTENDS = "extends"
_NAMES = ("id", "code", "section")  # what a thing in a list is known by


def extended(base: yaml.Node, own: yaml.Node) -> yaml.Node:
    """Return the nodes of `base` with those of `own` in their place; each keeps its line."""
    return _merged(_without(base, EXTENDS), _without(own, EXTENDS), key="")


def _without(node: yaml.Node, name: str) -> yaml.Node:
    pairs = [pair for pair in node.value if pair[0].value != name]
    return yaml.MappingNode(node.tag, pairs, node.start_mark, node.end_mark)


def _merged(base: yaml.Node, own: yaml.Node, key: str) -> yaml.Node:
    """Return `own` put over `base`, both the value of `key` (``""`` for the whole)."""
    if isinstance(base, yaml.MappingNode) and isinstance(own, yaml.MappingNode):
        return _mapping(base, own) if key in ("", "choices") else own
    if isinstance(base, yaml.SequenceNode) and isinstance(own, yaml.SequenceNode):
        return _listed(base, own) if all(map(_name, (*base.value, *own.value))) else own
    return own


def _mapping(base: yaml.MappingNode, own: yaml.MappingNode) -> yaml.MappingNode:
    """Return the keys of `base`, then the new ones, each with the value `own` gives it if any."""
    pairs = {name.value: (name, value) for name, value in base.value}
    for name, value in own.value:
        known = pairs.get(name.value)
        pairs[name.value] = (name, _merged(known[1], value, name.value) if known else value)
    return yaml.MappingNode(own.tag, list(pairs.values()), own.start_mark, own.end_mark)


def _listed(base: yaml.SequenceNode, own: yaml.SequenceNode) -> yaml.SequenceNode:
    items = {_name(item): item for item in base.value}
    for item in own.value:
        known = items.get(_name(item))
        items[_name(item)] = _mapping(known, item) if known is not None else item
    return yaml.SequenceNode(own.tag, list(items.values()), own.start_mark, own.end_mark)


def _name(item: yaml.Node) -> str:
    """Return the name of a thing in a list, empty where it has none."""
    if not isinstance(item, yaml.MappingNode):
        return ""
    named = {key.value: value.value for key, value in item.value}
    return next((str(named[name]) for name in _NAMES if name in named), "")
