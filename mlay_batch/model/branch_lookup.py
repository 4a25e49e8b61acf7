"""Finds the organisation or officer that somebody at the command line names, by code or by name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from unicodedata import combining, normalize

from mlay_batch.core.text import (
    bare_name_key,
    clean,
    name_key,
    nearest_names,
    plain_key,
)
from mlay_batch.errors import UsageError
from mlay_batch.model.register import Organisation

_MOST = 5  # names that are proposed
_NO_SEPARATOR = re.compile(r"[^\W_]+")
_KIND = re.compile(r"(?:chi bo|cb) ")


def find_branch(text: str, organisations: Iterable[Organisation]) -> str:
    """Return the code of the one that is meant.

    That is the one with this code, also written "cb02" or "CB 02"; else with this name or other
    name, also without accents or "Chi bộ". Of several with one name those count that still are.
    Raises UsageError ``usage.unit`` where there is none, with the names most like it;
    ``usage.units`` where several may be meant, with all of them.
    """
    known, text = tuple(organisations), normalize("NFKC", text)
    for key, texts in _WAYS:
        key_text = key(text)
        named = [
            (o, name) for o in known for name in texts(o) if key_text and key(name) == key_text
        ]
        matches = list(dict.fromkeys(o for o, name in named if _may_be(text, name)))
        matches = [o for o in matches if not o.ended] or matches
        if len(matches) == 1:
            return matches[0].code
        if matches:
            names = "; ".join(o.title for o in matches)
            raise UsageError("usage.units", branch=clean(text), names=names)
    raise UsageError("usage.unit", branch=clean(text), nearest="; ".join(_alike(text, known)))


def _may_be(text: str, name: str) -> bool:
    """Whether no word of a text has a mark that the same word of a name has not.

    "Na Ma" and "Nà Ma" may be the village Nà Mạ, "Nà Má" is another one.
    """
    words = zip(reversed(_marks(text)), reversed(_marks(name)), strict=False)
    return all(typed <= marks for typed, marks in words)


def _marks(text: str) -> list[set[str]]:
    """Return the marks of each word's letters, that of đ among them."""
    words = normalize("NFD", name_key(text).replace("đ", "d\u0335")).split()
    return [set(filter(combining, word)) for word in words]


def _exact(text: str) -> str:
    return clean(text).casefold()


def _loose(code: str) -> str:
    """Return a code without what parts it: "CB 02" is cb02; cb2 may be a slip for CB-12."""
    return "".join(_NO_SEPARATOR.findall(_exact(code)))


def _plain(name: str) -> str:
    return _KIND.sub("", plain_key(name), count=1)


def _code(organisation: Organisation) -> Iterator[str]:
    yield organisation.code


def _titles(organisation: Organisation) -> Iterator[str]:
    """Yield code and name as programs print them together."""
    yield organisation.title
    yield from (f"{organisation.code}{sep}{organisation.name}" for sep in (" ", " – ", " - "))


def _names(organisation: Organisation) -> Iterator[str]:
    yield organisation.name
    yield from (organisation.also or "").split(";")


_WAYS: tuple[tuple[Callable[[str], str], Callable[[Organisation], Iterator[str]]], ...] = (
    (_exact, _code),
    (_loose, _code),
    (_exact, _titles),
    (bare_name_key, _names),
    (_plain, _names),
)


def _alike(text: str, known: Iterable[Organisation]) -> list[str]:
    """Return the titles most like a text: first those that hold it."""
    titles = {name: o.title for o in known for name in (o.name, o.code)}
    plain = _plain(text)
    is_name = len(plain) > 2 and not plain.isdecimal()
    holding = [name for name in titles if is_name and plain in plain_key(name)]
    near = nearest_names(text, titles, _MOST)
    return list(dict.fromkeys(titles[name] for name in (*holding, *near)))[:_MOST]
