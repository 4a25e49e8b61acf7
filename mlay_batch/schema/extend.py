"""A description that says only how it differs from another one: ``extends: meeting-2018.yaml``.

A later version of a form is mostly the earlier one. What it says replaces what that one says; in
lists of things with a name of their own (sections, fields, rules, choices, parts) only the things
named are changed, key by key, and new ones come after the others. The rest holds unchanged, so the
reference page, not the file, shows the whole.

Example: ``rules: [{code: D05, bound: 90}]`` under the section `meetings` leaves every other rule,
and of D05 everything but its bound. A rule with a `check` of its own is a new one: its code may not
be that of a rule that is there, which it would replace without a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml

from mlay_batch.errors import SchemaError

EXTENDS = "extends"
_NAMES = ("id", "code", "section")  # what a thing in a list is known by
_NEW = ("check", "kind")  # the key of a whole rule, of a whole sign
_MANY = "crosswalk"  # the one list in which several things may be of one section
_CODE = re.compile(r"([A-Z])(\d+)")


def extended(base: yaml.Node, own: yaml.Node) -> yaml.Node:
    """Return the nodes of `base` with those of `own` in their place; each keeps its line.

    Raises SchemaError for a new rule under the code of one that is there.
    """
    _refuse_replaced(base, own)
    return _merged(_without(base, EXTENDS), _without(own, EXTENDS), key="")


def refuse_twice(node: yaml.Node) -> None:
    """Raise SchemaError for an id or code that stands twice in one list of a file.

    `extended` would take the second for a change of the first.
    """
    ahead, walked = [("", node)], set()
    while ahead:
        key, here = ahead.pop()
        if id(here) in walked:
            continue  # an alias of what has been looked at, or of what it stands in
        walked.add(id(here))
        inner = list(_children(here))
        seen: set[str] = set()
        for _, item in inner if isinstance(here, yaml.SequenceNode) and key != _MANY else ():
            if (name := _name(item)) in seen:
                raise _error("schema.again", _name_key(item), key=_name_key(item).value, name=name)
            seen.update([name] if name else [])
        ahead += reversed(inner)


def _children(node: yaml.Node) -> Iterator[tuple[str, yaml.Node]]:
    if isinstance(node, yaml.MappingNode):
        yield from ((str(key.value), value) for key, value in node.value)
    elif isinstance(node, yaml.SequenceNode):
        yield from (("", item) for item in node.value)


def _refuse_replaced(base: yaml.Node, own: yaml.Node) -> None:
    """Raise SchemaError for a new rule or sign whose code one of `base` has, in whatever section:
    a code is one rule of the form.
    """
    known = {_name(item) for item in _rules(base)}
    codes = known | {_name(item) for item in _rules(own)}
    for item in _rules(own):
        code = _name(item)
        new = next((key for key, _ in _children(item) if key in _NEW), None)
        if new and code in known:
            free = _next_free(code, codes)
            raise _error("schema.replaces", _name_key(item), name=code, key=new, nearest=free)


def _rules(node: yaml.Node) -> Iterator[yaml.Node]:
    """Yield every rule and every sign that has a code."""
    for key, listed in _children(node):
        for _, item in _children(listed) if key in ("sections", "entries") else ():
            if key == "entries" and _name(item):
                yield item
            for inner, rules in _children(item) if key == "sections" else ():
                for _, rule in _children(rules) if inner == "rules" else ():
                    if _name(rule):
                        yield rule


def _next_free(code: str, used: set[str]) -> str:
    """Return the code after the last one of the same letter: other versions may use what lies
    between. After D01, D05 and D18 comes D19.
    """
    found = _CODE.fullmatch(code)
    if not found:
        return "–"
    alike = (other for name in used if (other := _CODE.fullmatch(name)) and other[1] == found[1])
    last = max(int(other[2]) for other in alike)
    return f"{found[1]}{last + 1:0{len(found[2])}}"


def _name_key(item: yaml.Node) -> yaml.Node:
    """Return the key under which a thing of a list has its name."""
    names: dict[str, yaml.Node] = {key.value: key for key, _ in item.value}
    return next(names[name] for name in _NAMES if name in names)


def _error(code: str, at: yaml.Node, **params: str) -> SchemaError:
    mark = at.start_mark
    return SchemaError(code, file=mark.name, line=mark.line + 1, **({"nearest": "–"} | params))


def _without(node: yaml.Node, name: str) -> yaml.Node:
    pairs = [pair for pair in node.value if pair[0].value != name]
    return yaml.MappingNode(node.tag, pairs, node.start_mark, node.end_mark)


def _merged(base: yaml.Node, own: yaml.Node, key: str) -> yaml.Node:
    """Return `own` put over `base`, both the value of `key` (``""`` for the whole)."""
    if isinstance(base, yaml.MappingNode) and isinstance(own, yaml.MappingNode):
        return _mapping(base, own) if key in ("", "choices") else own
    if isinstance(base, yaml.SequenceNode) and isinstance(own, yaml.SequenceNode):
        by_name = key != _MANY and all(map(_name, (*base.value, *own.value)))
        return _listed(base, own) if by_name else own
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
