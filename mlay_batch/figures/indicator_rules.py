"""Kinds of signs that show in a single return; `schema.indicators.KINDS` names their parameters.

A blank is never a sign: what was not asked or not answered is not known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from typing import NamedTuple

from mlay_batch.core.findings import Param
from mlay_batch.figures.indicator_hits import SourceCell
from mlay_batch.figures.return_index import ReturnIndex, ReturnView
from mlay_batch.figures.text_similarity import clauses, quote
from mlay_batch.model.records import Row
from mlay_batch.schema.indicators import Indicator

_NO_CLAUSES: frozenset[str] = frozenset()


class Observation(NamedTuple):
    """What a sign saw in a return."""

    params: Mapping[str, Param]
    sources: tuple[SourceCell, ...]


def day_of(row: Row) -> str:
    """Return the first day the row tells, as ISO; empty where it has none."""
    return next((str(value) for value in row.values.values() if isinstance(value, date)), "")


def below_bound(
    indicator: Indicator,
    view: ReturnView,
    index: ReturnIndex,  # noqa: ARG001 - one signature for all kinds
) -> Iterator[Observation]:
    """A number less than `bound`; just as much is no sign (90 of 90 minutes)."""
    role, bound = indicator.params["value"], indicator.params["bound"]
    for value, row in view.numbers(role):
        if value < bound:
            params = {"value": value, "bound": bound, "day": day_of(row)}
            yield Observation(params, (view.source(role, row),))


def has_answer(indicator: Indicator, view: ReturnView, index: ReturnIndex) -> Iterator[Observation]:  # noqa: ARG001
    """One of the `asked` fields of a row holds one of the `values`."""
    by_row: dict[int, list[tuple[str, Row]]] = {}
    for role in indicator.params["asked"]:
        for value, row in view.values(role):
            if value in indicator.params["values"]:
                by_row.setdefault(row.number, []).append((role, row))
    for row_hits in by_row.values():
        paths = ", ".join(view.input_fields[role].field for role, _ in row_hits)
        sources = tuple(view.source(role, row) for role, row in row_hits)
        yield Observation({"fields": paths, "day": day_of(row_hits[0][1])}, sources)


def missing_mention(
    indicator: Indicator,
    view: ReturnView,
    index: ReturnIndex,  # noqa: ARG001 - one signature for all kinds
) -> Iterator[Observation]:
    """A count of 0 in every row that has one, and none of the `words` in a text beside it.

    A clause that denies ("không có ý kiến phê bình", "chưa phê bình") speaks of none.
    """
    role = indicator.params["value"]
    counts = list(view.numbers(role))
    if counts and not any(value or _mentions(indicator, view, row) for value, row in counts):
        sources = tuple(view.source(role, row) for _, row in counts)
        yield Observation({"day": day_of(counts[0][1])}, sources)


def _mentions(indicator: Indicator, view: ReturnView, row: Row) -> bool:
    text = str(view.value_in(indicator.params["text"], row) or "")
    words = [f" {clauses(word)[0]} " for word in indicator.params["words"]]
    padded_clauses = (f" {clause} " for clause in clauses(text))
    return any(
        word in clause for clause in padded_clauses if not _is_denial(clause) for word in words
    )


_DENIALS = tuple(f" {clauses(word)[0]} " for word in ("không có", "không", "chưa", "chưa có"))


def _is_denial(clause: str) -> bool:
    return any(denial in clause for denial in _DENIALS)


def low_share(indicator: Indicator, view: ReturnView, index: ReturnIndex) -> Iterator[Observation]:  # noqa: ARG001
    """At most `most`, or less than `share` per cent, of a whole that is at least `whole_least`.

    Example (1, 10 %, 5): 1 of 6 and 2 of 21 are few; 2 of 20 and 1 of 4 are not.
    """
    params = indicator.params
    for value, row in view.numbers(params["value"]):
        total = view.value_in(params["whole"], row)
        if not isinstance(total, int | float) or total < params["whole_least"]:
            continue
        if value <= params["most"] or 100 * value < params["share"] * total:
            sources = (view.source(params["value"], row), view.source(params["whole"], row))
            hit_params: dict[str, Param] = {"value": value, "whole": total, "day": day_of(row)}
            yield Observation(hit_params, sources)


def too_short(indicator: Indicator, view: ReturnView, index: ReturnIndex) -> Iterator[Observation]:  # noqa: ARG001
    """Fewer than `least` words are left of a text without the `idle` ones; numbers are no words.

    Idle words go as they stand: without "kế hoạch" the words "thu hoạch" are still there.
    """
    role, idle = indicator.params["text"], _phrases(tuple(indicator.params["idle"]))
    for value, row in view.values(role):
        remaining = idle.sub("", " ".join(clauses(str(value)))).split()
        if sum(not word.isdigit() for word in remaining) < indicator.params["least"]:
            hit_params = {"quote": quote(str(value), _NO_CLAUSES), "day": day_of(row)}
            yield Observation(hit_params, (view.source(role, row),))


@cache
def _phrases(phrases: tuple[str, ...]) -> re.Pattern[str]:
    """Return what finds any of the phrases as whole words, the longest first."""
    keys = sorted((" ".join(clauses(phrase)) for phrase in phrases), key=len, reverse=True)
    return re.compile(rf"(?<!\S)(?:{'|'.join(map(re.escape, keys))})(?!\S)")


def above_other(
    indicator: Indicator,
    view: ReturnView,
    index: ReturnIndex,  # noqa: ARG001 - one signature for all kinds
) -> Iterator[Observation]:
    """The figure exceeds the `other` one of the same day by `points` or more (8 are far apart)."""
    params = indicator.params
    by_day = {
        view.value_in(params["on"], row): (n, row) for n, row in view.numbers(params["other"])
    }
    for value, row in view.numbers(params["value"]):
        counterpart = by_day.get(view.value_in(params["on"], row))
        if counterpart and value - counterpart[0] >= params["points"]:
            hit_params: dict[str, Param] = {
                "value": value,
                "other": counterpart[0],
                "day": day_of(row),
            }
            hit_params |= {"difference": round(value - counterpart[0], 2)}
            sources = (
                view.source(params["value"], row),
                view.source(params["other"], counterpart[1]),
            )
            yield Observation(hit_params, sources)
