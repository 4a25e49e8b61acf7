"""Reads YAML files to nodes and data; what is no YAML is said in the reader's words.

A description with ``extends: meeting-2018.yaml`` is that one with its own values in place of those
there (`inheritance.extend`). Every node knows the file and line where it is written.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import yaml

from mlay_batch.core.text import nearest
from mlay_batch.errors import Phrase, SchemaError, os_problem, raise_all
from mlay_batch.schema.inheritance import EXTENDS, duplicates, extend
from mlay_batch.schema.places import locate, written_at


class StrictLoader(yaml.CSafeLoader):
    """Loads YAML, reads only true/false as booleans, and every key as the word that is written."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Return the data of a mapping: a key such as 5 or 2025-11-03 is a word."""
        self.flatten_mapping(node)
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                key.tag = "tag:yaml.org,2002:str"
        return super().construct_mapping(node, deep)


# A choice or grade id such as `no` or `on` is a word, not a boolean.
StrictLoader.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in resolvers if tag != "tag:yaml.org,2002:bool"]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}

# What the library says (what it was about, then what is wrong), and the text ``yaml.<name>``.
_SYNTAX: Final[Sequence[tuple[re.Pattern[str], str]]] = tuple(
    (re.compile(pattern), name)
    for pattern, name in (
        (r"tab character", "tab"),
        (r"quoted scalar.*(end of stream|document indicator)", "quote"),
        (r"escape character|hexdecimal|escape code", "escape"),
        (r"',' or '[\]}]'|flow .*(expected node content|end of stream)", "bracket"),
        (r"mapping values|unexpected ':'", "colon"),
        (r"could not find expected ':'", "no_colon"),
        (r"cannot start any token", "character"),
        (r"undefined alias|duplicate anchor|scanning an a", "alias"),
        (r"tag|constructor|expected '!'|URI|base64|alphabetic", "tag"),
        (r"document|directive|stream", "documents"),
        (r"character|UTF-8|octet", "control"),
        (r"unhashable|unacceptable|mapping for merging|mappings for merging", "key"),
        (r"sequence entries|'-' indicator|expected key|mapping keys|node content", "indent"),
    )
)
_BLAMED_AT_BEGIN = frozenset({"quote", "bracket", "no_colon", "alias", "tag"})


class _Stream(io.StringIO):
    """A text with its file name, which YAML records with every line."""

    name = ""


def read_text(path: Path, display_name: str | None = None) -> str:
    """Return the text of a file; raises SchemaError with the line that is not UTF-8."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        file = display_name or path.name
        raise SchemaError("schema.unreadable", file=file, problem=os_problem(error)) from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise _syntax_error(display_name or path.name, line, 1, "encoding") from error


def compose(
    text: str,
    display_name: str,
    folders: Sequence[Path],
    errors: list[SchemaError],
    extended_by: tuple[str, ...] = (),
) -> yaml.Node | None:
    """Return the YAML nodes of `text` merged with the file it extends; None of an empty text.

    `extended_by` are the files extending it. Keys, ids and codes given twice are added to `errors`.
    Raises SchemaError for what is no YAML and for a file that cannot be extended.
    """
    stream = _Stream(text)
    stream.name = display_name
    try:
        node: yaml.Node | None = yaml.compose(stream, Loader=StrictLoader)
    except (yaml.YAMLError, RecursionError) as error:
        raise _explain(error, display_name, text) from error
    if node is None:
        return None
    errors.extend(duplicates(node))  # in this file alone, so that what it gives twice is found
    data = construct(node, display_name, text)
    if not isinstance(data, dict) or EXTENDS not in data:
        return node
    name, location = written_at(node, [EXTENDS]), locate(node, [EXTENDS])
    if not name:
        params = {"file": display_name, "line": location.line, "place": location.place}
        raise SchemaError("schema.empty", wanted=Phrase("wanted.file"), **params)
    candidates = [folder / name for folder in folders if Path(name).name == name]
    base_path = next((path for path in candidates if path.is_file()), None)
    if base_path is None or name in (*extended_by, display_name):
        files = {path.name for folder in folders for path in folder.glob("*.yaml")}
        params = {"name": name, "nearest": nearest(name, files - {display_name}) or ""}
        raise SchemaError("schema.extends", file=display_name, line=location.line, **params)
    base = compose(read_text(base_path), name, folders, errors, (*extended_by, display_name))
    return extend(base, node, errors) if base else node


def construct(node: yaml.Node, display_name: str, text: str = "") -> Any:
    """Return the data of a node; raises SchemaError for a value of no kind, such as 31 April."""
    try:
        return StrictLoader("").construct_document(node)
    except yaml.YAMLError as error:
        raise _explain(error, display_name, text) from error
    except (ValueError, ArithmeticError, RecursionError) as error:
        # The library says nothing of the place: the values are tried one by one.
        raise_all(_wrong_values(node))
        raise _syntax_error(display_name, 1, 1, "other") from error


def _wrong_values(node: yaml.Node) -> Iterator[SchemaError]:
    pending, visited = [node], set()
    while pending:
        current = pending.pop()
        if id(current) in visited:
            continue  # an alias of a node visited before, or of one it is part of
        visited.add(id(current))
        if isinstance(current, yaml.CollectionNode):
            items = (item if isinstance(item, tuple) else (item,) for item in current.value)
            pending += reversed([part for item in items for part in item])
            continue
        try:
            StrictLoader("").construct_document(current)
        except (yaml.YAMLError, ValueError, ArithmeticError):
            mark = current.start_mark
            yield _syntax_error(
                mark.name, mark.line + 1, mark.column + 1, "value", value=written_at(current, ())
            )


def _syntax_error(file: str, line: int, column: int, problem: str, **params: object) -> SchemaError:
    phrase = Phrase(f"yaml.{problem}", params)
    return SchemaError("schema.yaml", file=file, line=line, column=column, problem=phrase)


def _explain(error: Exception, file: str, text: str) -> SchemaError:
    """Return the error to show for one of the library's; its English stays behind."""
    mark = getattr(error, "problem_mark", None)
    if mark is None:  # a character that is none, of which the library knows the position alone
        begin_bytes = text.encode()[: getattr(error, "position", 0)]
        before = begin_bytes.decode(errors="ignore")
        is_character = isinstance(error, yaml.reader.ReaderError)
        column = len(before) - (before.rfind("\n") + 1) + 1
        name = "control" if is_character else "other"
        return _syntax_error(file, before.count("\n") + 1, column, name)
    begin = getattr(error, "context_mark", None) or mark
    words = f"{getattr(error, 'context', '')} {getattr(error, 'problem', '')}"
    name = next((name for pattern, name in _SYNTAX if pattern.search(words)), "other")
    lines = text.splitlines() or [""]
    line = lines[min(mark.line, len(lines) - 1)]
    name = _by_the_line(name, line, mark.column)
    blamed = begin if name in _BLAMED_AT_BEGIN else mark
    character = line[mark.column : mark.column + 1]
    return _syntax_error(
        file, min(blamed.line, len(lines) - 1) + 1, blamed.column + 1, name, character=character
    )


def _by_the_line(name: str, line: str, column: int) -> str:
    """Return what is wrong as the line itself shows it; the library names what it expected."""
    before = line[:column]
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return "tab"
    if name == "indent" and before.strip() not in ("", "-"):
        return "after"
    if name == "colon" and not re.search(r":\s", before):
        return "indent"
    return name
