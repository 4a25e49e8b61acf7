"""What was written into a `ref` field to the code it means.

People choose "CB-01 – Chi bộ Trường Tiểu học" from the list, or type the code, or only the name.
A code decides; a name alone is taken only where nobody else bears it, and then with a warning.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache

from mlay_batch.findings import Finding, Severity
from mlay_batch.layout import CODE_SEPARATOR
from mlay_batch.names import clean, name_key, nearest
from mlay_batch.records import Row, Value
from mlay_batch.schema.records import Field, Section

Lists = Mapping[str, Mapping[str, str]]
_SEPARATOR = re.compile(r"\s[–—-]\s")


@dataclass(frozen=True)
class Meaning:
    """The code meant (None: not certain), what is wrong (a code of ours), what it may be."""

    code: str | None
    wrong: str | None = None
    may_be: tuple[str, ...] = ()


class Resolver:
    """Finds the code for what was written; `known` maps the codes of one list to their names."""

    def __init__(self, known: Mapping[str, str]) -> None:
        self._known = known
        self._codes = {code.casefold(): code for code in known}
        self._named: dict[str, tuple[str, ...]] = {}
        for code, name in known.items():
            self._named[name_key(name)] = (*self._named.get(name_key(name), ()), code)
        self.meaning = cache(self._meaning)

    def _meaning(self, text: str) -> Meaning:
        """Return what `text` means.

        "CB-01 – Chi bộ A" is CB-01, unless another organisation bears that name; for a name that
        nobody bears (an old one, a mistyped one) the code counts, with a warning. Two of one name
        are never told apart.
        """
        written = clean(text)
        head, name = _split(written)
        code = self._codes.get(head.casefold()) or self._codes.get(written.casefold())
        named = self._named.get(name_key(name), ())
        if code:
            return self._with_name(code, name, named)
        named = named or self._named.get(name_key(written), ())
        if len(named) == 1:
            return Meaning(named[0], "F11", self._shown(*named))
        if named:
            return Meaning(None, "F10", self._shown(*named))
        near = self._near(head, name)
        return Meaning(None, "F16" if near else "F09", near)

    def _with_name(self, code: str, name: str, named: tuple[str, ...]) -> Meaning:
        if code in named or not name:
            return Meaning(code)
        if named:
            return Meaning(None, "F10", self._shown(code, *named))
        return Meaning(code, "F15", self._shown(code))

    def _shown(self, *codes: str) -> tuple[str, ...]:
        return tuple(f"{code}{CODE_SEPARATOR}{self._known[code]}" for code in codes)

    def _near(self, head: str, name: str) -> tuple[str, ...]:
        """Return the entries most like what was written: where a name was, those of a like name.

        A code mistyped by one figure is somebody else's as well; the name beside it is not.
        """
        if not name and (code := nearest(head, self._known)):
            return self._shown(code)
        found = nearest(name or head, self._known.values())
        return self._shown(*self._named[name_key(found)]) if found else ()


def _split(written: str) -> tuple[str, str]:
    """Return code and name of "CB-01 – Chi bộ …"; without a separator all of it is the code."""
    head, _, name = _SEPARATOR.sub("\0", written, count=1).partition("\0")
    return head, name


def resolvers(lists: Lists) -> Mapping[str, Resolver]:
    """Return a resolver for each list."""
    return {name: Resolver(known) for name, known in lists.items()}


def resolved(
    row: Row, section: Section, by_list: Mapping[str, Resolver]
) -> tuple[Row, tuple[Finding, ...]]:
    """Return the row with codes in its `ref` fields, and what is wrong with them.

    A value that means no code is kept as it was written: it is part of what the branch sent.
    Where the list itself is not known (a check without a register) nothing is asked of it.
    """
    values: dict[str, Value] = dict(row.values)
    found: list[Finding] = []
    for field, text in _written(row, section):
        resolver = by_list.get(field.ref or "")
        if resolver is None:
            values[field.id] = _split(clean(text))[0]
            continue
        meaning = resolver.meaning(text)
        values[field.id] = meaning.code or text
        if meaning.wrong:
            found.append(_finding(meaning, row, section, field, text))
    return (replace(row, values=values) if values != row.values else row), tuple(found)


def _written(row: Row, section: Section) -> Iterator[tuple[Field, str]]:
    for field in section.fields:
        text = row.values.get(field.id)
        if field.ref and isinstance(text, str) and text:
            yield field, text


def _finding(meaning: Meaning, row: Row, section: Section, field: Field, text: str) -> Finding:
    return Finding(
        str(meaning.wrong),
        Severity.ERROR if meaning.code is None else Severity.WARNING,
        row.place(field.id),
        {
            "field": f"{section.id}.{field.id}",
            "value": text,
            "nearest": "; ".join(meaning.may_be),
        },
    )
