"""Kinds of signs that show in a single return; `schema.signs.KINDS` names their parameters.

A blank is never a sign: what was not asked or not answered is not known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from typing import NamedTuple

from mlay_batch.figures.likeness import clauses, quote
from mlay_batch.figures.papers import Desk, Paper
from mlay_batch.figures.sign_records import Source
from mlay_batch.findings import Param
from mlay_batch.records import Row
from mlay_batch.schema.signs import Sign

_NOTHING: frozenset[str] = frozenset()


class Seen(NamedTuple):
    """What a sign saw in a return."""

    params: Mapping[str, Param]
    sources: tuple[Source, ...]


def day_of(row: Row) -> str:
    """Return the first day the row tells, as ISO; empty where it has none."""
    return next((str(value) for value in row.values.values() if isinstance(value, date)), "")


def below(sign: Sign, paper: Paper, desk: Desk) -> Iterator[Seen]:  # noqa: ARG001 - one signature
    """A number less than `bound`; just as much is no sign (90 of 90 minutes)."""
    part, bound = sign.params["value"], sign.params["bound"]
    for value, row in paper.numbers(part):
        if value < bound:
            params = {"value": value, "bound": bound, "day": day_of(row)}
            yield Seen(params, (paper.source(part, row),))


def answered(sign: Sign, paper: Paper, desk: Desk) -> Iterator[Seen]:  # noqa: ARG001
    """One of the `asked` fields of a row holds one of the `values`."""
    found: dict[int, list[tuple[str, Row]]] = {}
    for part in sign.params["asked"]:
        for value, row in paper.told(part):
            if value in sign.params["values"]:
                found.setdefault(row.number, []).append((part, row))
    for hits in found.values():
        paths = ", ".join(paper.looks[part].field for part, _ in hits)
        sources = tuple(paper.source(part, row) for part, row in hits)
        yield Seen({"fields": paths, "day": day_of(hits[0][1])}, sources)


def unheard(sign: Sign, paper: Paper, desk: Desk) -> Iterator[Seen]:  # noqa: ARG001
    """A count of 0 in every row that has one, and none of the `words` in a text beside it.

    A clause that denies ("không có ý kiến phê bình", "chưa phê bình") speaks of none.
    """
    part = sign.params["value"]
    told = list(paper.numbers(part))
    if told and not any(value or _speaks(sign, paper, row) for value, row in told):
        sources = tuple(paper.source(part, row) for _, row in told)
        yield Seen({"day": day_of(told[0][1])}, sources)


def _speaks(sign: Sign, paper: Paper, row: Row) -> bool:
    text = str(paper.beside(sign.params["text"], row) or "")
    words = [f" {clauses(word)[0]} " for word in sign.params["words"]]
    said = (f" {clause} " for clause in clauses(text))
    return any(word in clause for clause in said if not _denies(clause) for word in words)


_DENIALS = tuple(f" {clauses(word)[0]} " for word in ("không có", "không", "chưa", "chưa có"))


def _denies(clause: str) -> bool:
    return any(denial in clause for denial in _DENIALS)


def few(sign: Sign, paper: Paper, desk: Desk) -> Iterator[Seen]:  # noqa: ARG001
    """At most `most`, or less than `share` per cent, of a whole that is at least `whole_least`.

    Example (1, 10 %, 5): 1 of 6 and 2 of 21 are few; 2 of 20 and 1 of 4 are not.
    """
    params = sign.params
    for value, row in paper.numbers(params["value"]):
        whole = paper.beside(params["whole"], row)
        if not isinstance(whole, int | float) or whole < params["whole_least"]:
            continue
        if value <= params["most"] or 100 * value < params["share"] * whole:
            sources = (paper.source(params["value"], row), paper.source(params["whole"], row))
            told: dict[str, Param] = {"value": value, "whole": whole, "day": day_of(row)}
            yield Seen(told, sources)


def bare(sign: Sign, paper: Paper, desk: Desk) -> Iterator[Seen]:  # noqa: ARG001
    """Fewer than `least` words are left of a text without the `idle` ones; numbers are no words.

    Idle words go as they stand: without "kế hoạch" the words "thu hoạch" are still there.
    """
    part, idle = sign.params["text"], _phrases(tuple(sign.params["idle"]))
    for value, row in paper.told(part):
        left = idle.sub("", " ".join(clauses(str(value)))).split()
        if sum(not word.isdigit() for word in left) < sign.params["least"]:
            told = {"quote": quote(str(value), _NOTHING), "day": day_of(row)}
            yield Seen(told, (paper.source(part, row),))


@cache
def _phrases(phrases: tuple[str, ...]) -> re.Pattern[str]:
    """Return what finds any of the phrases as whole words, the longest first."""
    keys = sorted((" ".join(clauses(phrase)) for phrase in phrases), key=len, reverse=True)
    return re.compile(rf"(?<!\S)(?:{'|'.join(map(re.escape, keys))})(?!\S)")


def above(sign: Sign, paper: Paper, desk: Desk) -> Iterator[Seen]:  # noqa: ARG001
    """The figure exceeds the `other` one of the same day by `points` or more (8 are far apart)."""
    params = sign.params
    others = {
        paper.beside(params["on"], row): (n, row) for n, row in paper.numbers(params["other"])
    }
    for value, row in paper.numbers(params["value"]):
        known = others.get(paper.beside(params["on"], row))
        if known and value - known[0] >= params["points"]:
            told: dict[str, Param] = {"value": value, "other": known[0], "day": day_of(row)}
            told |= {"difference": round(value - known[0], 2)}
            sources = paper.source(params["value"], row), paper.source(params["other"], known[1])
            yield Seen(told, sources)
