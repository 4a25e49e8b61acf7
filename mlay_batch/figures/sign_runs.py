"""Kinds of signs that show only beside other months, or beside other branches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from statistics import median

from mlay_batch.figures.likeness import (
    Alike,
    Clauses,
    Key,
    clauses,
    handed_down,
    likeness,
    look_alikes,
    own_words,
    quote,
)
from mlay_batch.figures.papers import Desk, Paper
from mlay_batch.figures.sign_kinds import Seen, day_of
from mlay_batch.figures.sign_records import Source
from mlay_batch.findings import Param
from mlay_batch.period import Period
from mlay_batch.records import Row
from mlay_batch.schema.signs import Sign

_TO_SIGMA = 1.4826  # makes the median absolute deviation of a normal sample its standard deviation

_NAMED = 3  # branches named

Own = Mapping[str, tuple[tuple[str, Row], ...]]


def none_in_quarter(sign: Sign, paper: Paper, desk: Desk) -> Iterator[Seen]:
    """No value in a whole quarter; told in its last month, if every month was reported."""
    quarter = Period.of("quarter", paper.period.start)
    if quarter.end != paper.period.end:
        return
    papers = [desk.of(paper.branch, month) for month in quarter.months()]
    if all(one and not any(one.told(sign.params["value"])) for one in papers):
        yield Seen({"quarter": str(quarter)}, ())


def still(sign: Sign, paper: Paper, desk: Desk) -> Iterator[Seen]:
    """The last `least` figures, this month's among them, differ by no more than `spread`.

    Counted is how far back it goes on so, up to two years: "11 meetings running".
    """
    part, least = sign.params["value"], sign.params["least"]
    told = [(value, one, row) for one in (paper, *desk.before(paper, 23))
            for value, row in reversed(list(one.numbers(part)))]  # fmt: skip
    newest = next(iter(paper.numbers(part)), None)
    if newest is None or len(told) < least:
        return
    alike = 1
    while (
        alike < len(told) and _range([v for v, _, _ in told[: alike + 1]]) <= sign.params["spread"]
    ):
        alike += 1
    if alike >= least:
        sources = tuple(one.source(part, row) for _, one, row in islice(told, alike))
        params: dict[str, Param] = {"value": told[0][0], "count": alike, "day": day_of(told[0][2])}
        yield Seen(params, sources)


def _range(values: list[float]) -> float:
    return max(values) - min(values)


def far(sign: Sign, paper: Paper, desk: Desk) -> Iterator[Seen]:
    """A figure further from the median of the earlier ones than `deviations` robust deviations.

    The deviation is the median absolute deviation × 1.4826, but no less than what is named beside
    the figure: a branch that always met for 100 minutes is not odd with 105. With less than `least`
    earlier figures nothing is odd. Example: 100, 95, 105, 100, 110, 100 and then 600 minutes.
    """
    earlier = list(desk.before(paper, int(sign.params["back"])))
    for part, floor in sign.params["figures"].items():
        known = [value for one in earlier for value, _ in one.numbers(part)]
        if len(known) < sign.params["least"]:
            continue
        usual = median(known)
        spread = _TO_SIGMA * median(abs(value - usual) for value in known)
        for value, row in paper.numbers(part):
            if abs(value - usual) > sign.params["deviations"] * max(spread, floor):
                yield Seen(
                    {"field": paper.looks[part].field, "value": value, "usual": usual,
                     "count": len(known), "day": day_of(row)},
                    (paper.source(part, row),),
                )  # fmt: skip


def repeated(sign: Sign, paper: Paper, desk: Desk) -> Iterator[Seen]:
    """The branch's own words are like those of one of its last `back` months; the likest is told,
    of equals the latest.
    """
    least = sign.params["likeness"]
    earlier = list(desk.before(paper, int(sign.params["back"])))
    for words, row in _own(sign, desk, paper.period).get(paper.branch, ()):
        found = [
            (likeness(words, other, least), one, old)
            for one in earlier
            for other, old in _own(sign, desk, one.period).get(one.branch, ())
        ]
        best = max(found, key=lambda hit: hit[0], default=None)
        if best and best[0]:
            alike, one, old = best
            part = sign.params["text"]
            told: dict[str, Param] = {"likeness": alike, "earlier": str(one.period)}
            told |= _told(sign, desk, paper.period, row)
            yield Seen(told, (paper.source(part, row), one.source(part, old)))


def copied(sign: Sign, paper: Paper, desk: Desk) -> Iterator[Seen]:
    """The branch's own words are like those of others in the same month, at most three named."""
    part, month = sign.params["text"], paper.period
    alikes = desk.once((copied, sign.code, month), lambda: _alikes(sign, desk, month))
    for number, (_, row) in enumerate(_own(sign, desk, month).get(paper.branch, ())):
        alike = alikes.get((paper.branch, number), ())
        if others := [one for one in alike if one.other[0] != paper.branch]:
            codes = list(dict.fromkeys(one.other[0] for one in others))
            names = ", ".join(map(desk.name, codes[:_NAMED])) + (", …" if codes[_NAMED:] else "")
            told: dict[str, Param] = {"likeness": others[0].likeness, "branches": names}
            told |= _told(sign, desk, month, row)
            elsewhere = (_there(sign, desk, month, one.other) for one in others[:_NAMED])
            yield Seen(told, (paper.source(part, row), *elsewhere))


def _alikes(sign: Sign, desk: Desk, month: Period) -> Mapping[Key, tuple[Alike, ...]]:
    texts = {
        (branch, number): words
        for branch, own in _own(sign, desk, month).items()
        for number, (words, _) in enumerate(own)
    }
    return look_alikes(texts, sign.params["likeness"])


def _there(sign: Sign, desk: Desk, month: Period, key: Key) -> Source:
    branch, number = key
    _, row = _own(sign, desk, month)[branch][number]
    paper = desk.of(branch, month)
    assert paper  # what is compared comes from a return of that month  # noqa: S101
    return paper.source(sign.params["text"], row)


def _told(sign: Sign, desk: Desk, month: Period, row: Row) -> dict[str, Param]:
    name = desk.signs.looks[sign.params["text"]].field.partition(".")[2]
    text = str(row.values.get(name) or "")
    return {"quote": quote(text, _common(sign, desk, month)), "day": day_of(row)}


def _own(sign: Sign, desk: Desk, month: Period) -> Own:
    """Return what each branch wrote in a month that is its own, where it is long enough to tell."""

    def made() -> Own:
        common = _common(sign, desk, month)
        return {
            branch: tuple(
                (words, row) for text, row in told
                if len(words := own_words(text, common)) >= sign.params["shortest"]
            )
            for branch, told in _written(sign, desk, month).items()
        }  # fmt: skip

    return desk.once((_own, *_how(sign), sign.params["shortest"], month), made)


def _common(sign: Sign, desk: Desk, month: Period) -> frozenset[str]:
    def made() -> frozenset[str]:
        by_branch = _written(sign, desk, month).values()
        texts = (tuple(clause for text, _ in told for clause in text) for told in by_branch)
        return handed_down(texts, sign.params["handed_down"], sign.params["handed_down_share"])

    return desk.once((_common, *_how(sign), month), made)


def _written(
    sign: Sign, desk: Desk, month: Period
) -> Mapping[str, tuple[tuple[Clauses, Row], ...]]:
    part = sign.params["text"]
    return desk.once((_written, part, month), lambda: {
        paper.branch: tuple((clauses(str(text)), row) for text, row in paper.told(part))
        for paper in desk.papers(month)
    })  # fmt: skip


def _how(sign: Sign) -> tuple[str, float, float]:
    params = sign.params
    return params["text"], params["handed_down"], params["handed_down_share"]
