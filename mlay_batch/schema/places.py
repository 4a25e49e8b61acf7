"""Says where something stands in a YAML file: file, line, and the way to it by ids and codes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import yaml

from mlay_batch.errors import Phrase

Place = tuple[str | Phrase, ...]
"""The way from the top of a file: ``section rows › field people › min``."""

# Lists whose items have a noun of their own (``place.<key>`` in locale/errors.yaml), with the keys
# by which an item is known; one without such a key is known by its number.
_NAME_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(
        ("sections", "fields", "choices", "switches", "bands", "groups", "levels", "year_grades",
         "grades", "distinctions", "lines", "conditions", "kinds"), ("id",)
    ),
    **dict.fromkeys(("rules", "entries"), ("code",)),
    "parts": ("id", "section"),
    "score_forms": ("section",),
    "demands": ("band",),
    "caps": ("grade",),
    "crosswalk": ("to",),
    **dict.fromkeys(("facts", "steps", "bounds"), ()),
}  # fmt: skip
_LONGEST = 60  # characters of a value in a message
_DEEPEST = 2  # lists in lists of a value in a message
_LIKE_A_NUMBER = re.compile(r"[-+.\d]+|true|false")  # whose quotes tell that it is a text
_NULL = "tag:yaml.org,2002:null"


@dataclass(frozen=True, slots=True)
class Location:
    """Where something stands: the line counts from 1."""

    file: str
    line: int
    place: Place

    @property
    def phrase(self) -> Phrase:
        """File and line, to name what something collides with."""
        return Phrase("place.other", {"file": self.file, "line": self.line})


class MergedNode(yaml.MappingNode):
    """A mapping that an extension changes; what it lacks is missing at `base_mark` already."""

    base_mark: Any = None


def locate(
    node: yaml.Node, path: Sequence[Any], name: str = "", *, is_missing: bool = False
) -> Location:
    """Return where `path` leads from the node of the whole file, or how far it leads.

    The line is that of `name` where a list or mapping that holds it stands there. What is missing
    (`is_missing`) is missing in the file that begins the mapping, not in one that extends it.
    """
    top, mark = node, node.start_mark
    for part in path:
        step = child(node, part)
        if step is None:
            break
        mark, node = step
    if is_missing and isinstance(node, MergedNode):
        mark = node.base_mark
    mark = next((item.start_mark for item in _scalars(node) if name and item.value == name), mark)
    return Location(mark.name, mark.line + 1, place_of(top, path))


def child(node: Any, part: Any) -> tuple[Any, Any] | None:
    """Return the place and the node under a key or at an index; None where there is none."""
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part].start_mark, node.value[part]
    if isinstance(node, yaml.MappingNode):
        for key, value in reversed(node.value):  # of a key given twice the last is read
            if key.value == str(part):
                return key.start_mark, value
    return None


def _scalars(node: Any) -> Iterator[yaml.Node]:
    """Yield the words of a list, or the keys of a mapping."""
    items = node.value if isinstance(node, yaml.CollectionNode) else []
    yield from (item[0] if isinstance(item, tuple) else item for item in items)


def place_of(node: Any, path: Sequence[Any]) -> Place:
    """Return the words for `path`: items of lists by id, code or number, all else by its key."""
    parts: list[str | Phrase] = []
    for index, part in enumerate(path):
        is_item = isinstance(part, int) and not isinstance(node, yaml.MappingNode)
        step = child(node, part)
        node = step[1] if step else None
        if is_item:
            of_choices = index > 1 and path[index - 2] == "choices"
            list_key = "choices" if of_choices else str(path[index - 1]) if index else ""
            if list_key in _NAME_KEYS and not of_choices:
                parts.pop()  # the noun says it
            parts.append(_item_phrase(node, list_key, part + 1))
        else:
            parts.append(shorten(str(part)))
    return tuple(parts) or (Phrase("place.top"),)


def _item_phrase(item: Any, list_key: str, number: int) -> Phrase:
    if list_key not in _NAME_KEYS:
        return Phrase("place.item", {"number": number})
    noun = Phrase(f"place.{list_key}")
    values = ((child(item, key) or (None, None))[1] for key in _NAME_KEYS[list_key])
    names = (value.value for value in values if isinstance(value, yaml.ScalarNode) and value.value)
    if name := next(names, ""):
        return Phrase("place.named", {"noun": noun, "name": shorten(name)})
    return Phrase("place.numbered", {"noun": noun, "number": number})


def follow(node: Any, path: Sequence[Any]) -> Any:
    """Return the node at `path`; None where there is none."""
    for part in path:
        step = child(node, part)
        node = step[1] if step else None
    return node


def item_name(item: Any) -> str:
    """Return the id or code of an item of a list; empty where it has none."""
    names = (follow(item, [key]) for key in ("id", "code"))
    return next((name.value for name in names if isinstance(name, yaml.ScalarNode)), "")


def written_at(node: Any, path: Sequence[Any]) -> str:
    """Return what stands at `path` as it is written, on one line; empty where nothing does."""
    return shorten(_written(follow(node, path), 0))


def shorten(text: str) -> str:
    """Return a text of the file as a message shows it: on one line, cut where it is long."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"


def _written(node: Any, depth: int) -> str:
    if isinstance(node, yaml.ScalarNode):
        is_text = node.style in ("'", '"') and _LIKE_A_NUMBER.fullmatch(node.value)
        return "" if node.tag == _NULL else f'"{node.value}"' if is_text else str(node.value)
    if node is None or depth > _DEEPEST:
        return "" if node is None else "…"
    if isinstance(node, yaml.SequenceNode):
        return f"[{', '.join(_written(item, depth + 1) for item in node.value)}]"
    pairs = (f"{_written(k, depth + 1)}: {_written(v, depth + 1)}" for k, v in node.value)
    return f"{{{', '.join(pairs)}}}"
