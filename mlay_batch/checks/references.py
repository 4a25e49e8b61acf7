"""Resolves the text of a `ref` field to a code of the register.

People choose "CB-01 – Chi bộ Trường Tiểu học" from the list, or type the code, or only the name.
A code decides; a name alone, or its last words, are accepted only if unique, with a warning.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache

from mlay_batch.core.findings import Finding, Severity
from mlay_batch.core.text import clean, name_key, nearest
from mlay_batch.model.records import Row, Value
from mlay_batch.schema.layout import CODE_SEPARATOR
from mlay_batch.schema.model import Field, Section

Lists = Mapping[str, Mapping[str, str]]
_SEPARATOR = re.compile(r"\s[–—-]\s")


@dataclass(frozen=True)
class Meaning:
    """What the text of a `ref` field means."""

    code: str | None
    """None where it is not certain."""
    finding_code: str | None = None
    candidates: tuple[str, ...] = ()
    """Code and name of the entries it may mean."""


class Resolver:
    """Finds the code for a text in one list of codes and names."""

    def __init__(self, names_by_code: Mapping[str, str]) -> None:
        self._names_by_code = names_by_code
        self._codes = {code.casefold(): code for code in names_by_code}
        self._codes_by_name: dict[str, tuple[str, ...]] = {}
        self._codes_by_end: dict[str, tuple[str, ...]] = {}
        for code, name in names_by_code.items():
            words = name_key(name).split(" ")
            _add(self._codes_by_name, " ".join(words), code)
            for first in range(1, len(words)):
                _add(self._codes_by_end, " ".join(words[first:]), code)
        self.meaning = cache(self._meaning)

    def _meaning(self, text: str) -> Meaning:
        """Return what `text` means.

        "CB-01 – Chi bộ A" is CB-01, unless another organisation has that name. With a name nobody
        has (an old one, a mistyped one) the code counts, with a warning. A name that several have
        is ambiguous.
        """
        cleaned = clean(text)
        head, name = _split(cleaned)
        code = self._codes.get(head.casefold()) or self._codes.get(cleaned.casefold())
        matches = self._codes_by_name.get(name_key(name), ())
        if code:
            return self._with_name(code, name, matches)
        matches = matches or self._codes_by_name.get(name_key(cleaned), ())
        matches = matches or self._codes_by_end.get(name_key(cleaned), ())
        if len(matches) == 1:
            return Meaning(matches[0], "F11", self._labels(*matches))
        if matches:
            return Meaning(None, "F10", self._labels(*matches))
        candidates = self._nearest_labels(head, name)
        return Meaning(None, "F16" if candidates else "F09", candidates)

    def _with_name(self, code: str, name: str, name_codes: tuple[str, ...]) -> Meaning:
        if code in name_codes or not name:
            return Meaning(code)
        if name_codes:
            return Meaning(None, "F10", self._labels(code, *name_codes))
        return Meaning(code, "F15", self._labels(code))

    def _labels(self, *codes: str) -> tuple[str, ...]:
        return tuple(f"{code}{CODE_SEPARATOR}{self._names_by_code[code]}" for code in codes)

    def _nearest_labels(self, head: str, name: str) -> tuple[str, ...]:
        """Return the entries nearest to the text: by its name if it has one, else by its code.

        A code with one wrong digit may be another branch's; the name beside it is not.
        """
        if not name and (code := nearest(head, self._names_by_code)):
            return self._labels(code)
        nearest_name = nearest(name or head, self._names_by_code.values())
        return self._labels(*self._codes_by_name[name_key(nearest_name)]) if nearest_name else ()


def _add(codes: dict[str, tuple[str, ...]], key: str, code: str) -> None:
    codes[key] = (*codes.get(key, ()), code)


def _split(text: str) -> tuple[str, str]:
    """Return code and name of "CB-01 – Chi bộ …"; without a separator all of it is the code."""
    head, _, name = _SEPARATOR.sub("\0", text, count=1).partition("\0")
    return head, name


def resolvers(lists: Lists) -> Mapping[str, Resolver]:
    """Return a resolver for each list."""
    return {name: Resolver(names_by_code) for name, names_by_code in lists.items()}


def resolve_refs(
    row: Row, section: Section, by_list: Mapping[str, Resolver]
) -> tuple[Row, tuple[Finding, ...]]:
    """Return the row with codes in its `ref` fields, and the findings about them.

    A value that means no code stays as written, since the branch sent it. Without the list itself
    (a check without a register) the code is taken unchecked.
    """
    values: dict[str, Value] = dict(row.values)
    findings: list[Finding] = []
    for field, text in _ref_texts(row, section):
        resolver = by_list.get(field.ref or "")
        if resolver is None:
            values[field.id] = _split(clean(text))[0]
            continue
        meaning = resolver.meaning(text)
        values[field.id] = meaning.code or text
        if meaning.finding_code:
            findings.append(_finding(meaning, row, section, field, text))
    return (replace(row, values=values) if values != row.values else row), tuple(findings)


def _ref_texts(row: Row, section: Section) -> Iterator[tuple[Field, str]]:
    for field in section.fields:
        text = row.values.get(field.id)
        if field.ref and isinstance(text, str) and text:
            yield field, text


def _finding(meaning: Meaning, row: Row, section: Section, field: Field, text: str) -> Finding:
    return Finding(
        str(meaning.finding_code),
        Severity.ERROR if meaning.code is None else Severity.WARNING,
        row.place(field.id),
        {
            "field": f"{section.id}.{field.id}",
            "value": text,
            "nearest": "; ".join(meaning.candidates),
        },
    )
