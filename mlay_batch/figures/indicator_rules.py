"""One function for each kind of indicator; `schema.indicators.KINDS` names their parameters.

The first group looks at one return, the second at earlier months and other branches. A blank is
never a hit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from itertools import islice
from statistics import median
from typing import NamedTuple

from mlay_batch.core.findings import Param
from mlay_batch.core.period import Period
from mlay_batch.figures.report_records import SourceCell
from mlay_batch.figures.return_access import ReturnIndex, ReturnView
from mlay_batch.figures.text_similarity import (
    Clauses,
    SimilarText,
    TextKey,
    boilerplate,
    clauses,
    own_words,
    quote,
    similar_texts,
    similarity,
)
from mlay_batch.figures.thematic import is_asked, owes
from mlay_batch.model.records import Row
from mlay_batch.schema.indicators import Indicator

_NO_CLAUSES: frozenset[str] = frozenset()
_DENIALS = tuple(f" {clauses(word)[0]} " for word in ("không có", "không", "chưa", "chưa có"))
_TO_SIGMA = 1.4826  # makes the median absolute deviation of a normal sample its standard deviation
_MAX_NAMES = 3  # branches named
OwnTexts = Mapping[str, tuple[tuple[str, Row], ...]]


class Observation(NamedTuple):
    """One match of an indicator in a return."""

    params: Mapping[str, Param]
    sources: tuple[SourceCell, ...]


def day_of(row: Row) -> str:
    """Return the first date in the row as ISO; empty if it has none."""
    return next((str(value) for value in row.values.values() if isinstance(value, date)), "")


def below_bound(indicator: Indicator, view: ReturnView, _: ReturnIndex) -> Iterator[Observation]:
    """A number less than `bound`; 90 minutes with a bound of 90 are no hit."""
    role, bound = indicator.params["value"], indicator.params["bound"]
    for value, row in view.numbers(role):
        if value < bound:
            params = {"value": value, "bound": bound, "day": day_of(row)}
            yield Observation(params, (view.source(role, row),))


def has_answer(indicator: Indicator, view: ReturnView, _: ReturnIndex) -> Iterator[Observation]:
    """One of the `asked` fields of a row holds one of the `values`."""
    by_row: dict[int, list[tuple[str, Row]]] = {}
    for role in indicator.params["asked"]:
        for value, row in view.values(role):
            if value in indicator.params["values"]:
                by_row.setdefault(row.number, []).append((role, row))
    for row_hits in by_row.values():
        paths = ", ".join(view.fields[role].path for role, _ in row_hits)
        sources = tuple(view.source(role, row) for role, row in row_hits)
        yield Observation({"fields": paths, "day": day_of(row_hits[0][1])}, sources)


def missing_mention(
    indicator: Indicator, view: ReturnView, _: ReturnIndex
) -> Iterator[Observation]:
    """A count of 0 in every row that has one, and none of the `words` in a text beside it.

    A clause with a denial ("không có ý kiến phê bình", "chưa phê bình") does not count.
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


def _is_denial(clause: str) -> bool:
    return any(denial in clause for denial in _DENIALS)


def low_share(indicator: Indicator, view: ReturnView, _: ReturnIndex) -> Iterator[Observation]:
    """At most `most`, or less than `share` per cent, of a whole of at least `whole_least`.

    Example (1, 10 %, 5): 1 of 6 and 2 of 21 are hits; 2 of 20 and 1 of 4 are not.
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


def too_short(indicator: Indicator, view: ReturnView, _: ReturnIndex) -> Iterator[Observation]:
    """A text with fewer than `least` words besides the `idle` ones; numbers are not counted.

    Idle words are removed as whole phrases: "kế hoạch" leaves "thu hoạch" alone.
    """
    role, idle = indicator.params["text"], _phrases(tuple(indicator.params["idle"]))
    for value, row in view.values(role):
        remaining = idle.sub("", " ".join(clauses(str(value)))).split()
        if sum(not word.isdigit() for word in remaining) < indicator.params["least"]:
            hit_params = {"quote": quote(str(value), _NO_CLAUSES), "day": day_of(row)}
            yield Observation(hit_params, (view.source(role, row),))


@cache
def _phrases(phrases: tuple[str, ...]) -> re.Pattern[str]:
    """Return a pattern that matches any of the phrases as whole words, the longest first."""
    keys = sorted((" ".join(clauses(phrase)) for phrase in phrases), key=len, reverse=True)
    return re.compile(rf"(?<!\S)(?:{'|'.join(map(re.escape, keys))})(?!\S)")


def above_other(indicator: Indicator, view: ReturnView, _: ReturnIndex) -> Iterator[Observation]:
    """A figure that exceeds the `other` one of the same day by `points` or more."""
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


def none_in_quarter(
    indicator: Indicator, view: ReturnView, index: ReturnIndex
) -> Iterator[Observation]:
    """No value in a whole quarter: a hit in its last month, if every month owed was reported.

    A cell that owed too few months to be asked for a theme is no hit.
    """
    quarter, inputs = Period.of("quarter", view.period.start), index.inputs
    branch = inputs.register.by_code.get(view.branch)
    views = {month: index.find(view.branch, month) for month in quarter.months()}
    sent = [month_view for month_view in views.values() if month_view]
    if branch is None or sent[-1].period != view.period:
        return
    is_out = any(owes(inputs, branch, month) for month in views if not views[month])
    owed = sum(branch.is_active(month_view.period) for month_view in sent)
    has_value = any(any(other.values(indicator.params["value"])) for other in sent)
    if not is_out and is_asked(inputs, view.period, owed) and not has_value:
        yield Observation({"quarter": str(quarter)}, ())


def unvarying(indicator: Indicator, view: ReturnView, index: ReturnIndex) -> Iterator[Observation]:
    """The last `least` figures or more, this month's included, differ by no more than `spread`.

    The length of the run is counted back up to two years: "11 meetings running".
    """
    role, least = indicator.params["value"], indicator.params["least"]
    figures = [
        (value, month_view, row)
        for month_view in (view, *index.earlier_returns(view, 23))
        for value, row in reversed(month_view.numbers(role))
    ]
    newest = next(iter(view.numbers(role)), None)
    if newest is None or len(figures) < least:
        return
    run_length = 1
    while (
        run_length < len(figures)
        and _range([v for v, _, _ in figures[: run_length + 1]]) <= indicator.params["spread"]
    ):
        run_length += 1
    if run_length >= least:
        sources = tuple(
            month_view.source(role, row) for _, month_view, row in islice(figures, run_length)
        )
        params: dict[str, Param] = {
            "value": figures[0][0],
            "count": run_length,
            "day": day_of(figures[0][2]),
        }
        yield Observation(params, sources)


def _range(values: list[float]) -> float:
    return max(values) - min(values)


def outlier(indicator: Indicator, view: ReturnView, index: ReturnIndex) -> Iterator[Observation]:
    """A figure further from the median of the earlier ones than `deviations` robust deviations.

    The deviation is the median absolute deviation × 1.4826, but at least the floor given with the
    figure: after meetings of 100 minutes 105 is no hit. At least `least` earlier figures are
    needed. Example of a hit: 100, 95, 105, 100, 110, 100 and then 600 minutes.
    """
    earlier_views = list(index.earlier_returns(view, int(indicator.params["back"])))
    for role, floor in indicator.params["figures"].items():
        earlier_values = [
            value for month_view in earlier_views for value, _ in month_view.numbers(role)
        ]
        if len(earlier_values) < indicator.params["least"]:
            continue
        usual = median(earlier_values)
        spread = _TO_SIGMA * median(abs(value - usual) for value in earlier_values)
        for value, row in view.numbers(role):
            if abs(value - usual) > indicator.params["deviations"] * max(spread, floor):
                yield Observation(
                    {
                        "field": view.fields[role].path,
                        "value": value,
                        "usual": usual,
                        "count": len(earlier_values),
                        "day": day_of(row),
                    },
                    (view.source(role, row),),
                )


def similar_to_earlier(
    indicator: Indicator, view: ReturnView, index: ReturnIndex
) -> Iterator[Observation]:
    """The branch's own words resemble those of one of its last `back` months.

    The hit names the most similar month, of equals the latest.
    """
    least = indicator.params["likeness"]
    earlier_views = list(index.earlier_returns(view, int(indicator.params["back"])))
    for words, row in _own_texts(indicator, index, view.period).get(view.branch, ()):
        candidates = [
            (similarity(words, other_words, least), month_view, other_row)
            for month_view in earlier_views
            for other_words, other_row in _own_texts(indicator, index, month_view.period).get(
                month_view.branch, ()
            )
        ]
        best = max(candidates, key=lambda hit: hit[0], default=None)
        if best and best[0]:
            score, month_view, other_row = best
            role = indicator.params["text"]
            params: dict[str, Param] = {"likeness": score, "earlier": str(month_view.period)}
            params |= _quote_params(indicator, index, view.period, row)
            yield Observation(params, (view.source(role, row), month_view.source(role, other_row)))


def similar_to_others(
    indicator: Indicator, view: ReturnView, index: ReturnIndex
) -> Iterator[Observation]:
    """The branch's own words resemble those of others in the same month; up to three are named."""
    role, month = indicator.params["text"], view.period
    similar = index.memoize(
        (similar_to_others, indicator.code, month), lambda: _similar_texts(indicator, index, month)
    )
    for number, (_, row) in enumerate(_own_texts(indicator, index, month).get(view.branch, ())):
        matches = similar.get((view.branch, number), ())
        if foreign := [match for match in matches if match.key[0] != view.branch]:
            codes = list(dict.fromkeys(match.key[0] for match in foreign))
            names = ", ".join(map(index.organisation_name, codes[:_MAX_NAMES])) + (
                ", …" if codes[_MAX_NAMES:] else ""
            )
            params: dict[str, Param] = {"likeness": foreign[0].similarity, "branches": names}
            params |= _quote_params(indicator, index, month, row)
            other_sources = (
                _other_source(indicator, index, month, match.key) for match in foreign[:_MAX_NAMES]
            )
            yield Observation(params, (view.source(role, row), *other_sources))


def _similar_texts(
    indicator: Indicator, index: ReturnIndex, month: Period
) -> Mapping[TextKey, tuple[SimilarText, ...]]:
    texts = {
        (branch, number): words
        for branch, branch_texts in _own_texts(indicator, index, month).items()
        for number, (words, _) in enumerate(branch_texts)
    }
    return similar_texts(texts, indicator.params["likeness"])


def _other_source(
    indicator: Indicator, index: ReturnIndex, month: Period, key: TextKey
) -> SourceCell:
    branch, number = key
    _, row = _own_texts(indicator, index, month)[branch][number]
    view = index.find(branch, month)
    assert view  # the texts compared are those of returns of that month  # noqa: S101
    return view.source(indicator.params["text"], row)


def _quote_params(
    indicator: Indicator, index: ReturnIndex, month: Period, row: Row
) -> dict[str, Param]:
    name = index.indicators.looks[indicator.params["text"]].field.partition(".")[2]
    text = str(row.values.get(name) or "")
    return {"quote": quote(text, _boilerplate(indicator, index, month)), "day": day_of(row)}


def _own_texts(indicator: Indicator, index: ReturnIndex, month: Period) -> OwnTexts:
    """Return each branch's texts of a month without boilerplate, if at least `shortest` long."""

    def extract() -> OwnTexts:
        common = _boilerplate(indicator, index, month)
        return {
            branch: tuple(
                (words, row)
                for text, row in branch_texts
                if len(words := own_words(text, common)) >= indicator.params["shortest"]
            )
            for branch, branch_texts in _texts_by_branch(indicator, index, month).items()
        }

    return index.memoize(
        (_own_texts, *_boilerplate_key(indicator), indicator.params["shortest"], month), extract
    )


def _boilerplate(indicator: Indicator, index: ReturnIndex, month: Period) -> frozenset[str]:
    def find() -> frozenset[str]:
        by_branch = _texts_by_branch(indicator, index, month).values()
        texts = (
            tuple(clause for text, _ in branch_texts for clause in text)
            for branch_texts in by_branch
        )
        return boilerplate(
            texts, indicator.params["handed_down"], indicator.params["handed_down_share"]
        )

    return index.memoize((_boilerplate, *_boilerplate_key(indicator), month), find)


def _texts_by_branch(
    indicator: Indicator, index: ReturnIndex, month: Period
) -> Mapping[str, tuple[tuple[Clauses, Row], ...]]:
    role = indicator.params["text"]
    return index.memoize(
        (_texts_by_branch, role, month),
        lambda: {
            view.branch: tuple((clauses(str(text)), row) for text, row in view.values(role))
            for view in index.month_returns(month)
        },
    )


def _boilerplate_key(indicator: Indicator) -> tuple[str, float, float]:
    params = indicator.params
    return params["text"], params["handed_down"], params["handed_down_share"]
