"""Signs of meetings held for form's sake, found anew at every consolidation.

A sign is a question for the committee to ask. It refuses nothing and changes no figure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from mlay_batch.figures.papers import Desk, Paper
from mlay_batch.figures.records import Facts
from mlay_batch.figures.sign_kinds import Seen, above, answered, bare, below, few, unheard
from mlay_batch.figures.sign_records import Sighting
from mlay_batch.figures.sign_runs import copied, far, none_in_quarter, repeated, still
from mlay_batch.period import Period
from mlay_batch.schema.signs import Sign

Kind = Callable[[Sign, Paper, Desk], Iterator[Seen]]

KINDS: Mapping[str, Kind] = {
    "repeated": repeated,
    "copied": copied,
    "bare": bare,
    "below": below,
    "answered": answered,
    "unheard": unheard,
    "few": few,
    "none_in_quarter": none_in_quarter,
    "still": still,
    "above": above,
    "far": far,
}
"""Every kind a sign may name, as `schema.signs.KINDS` describes it."""


def signs(facts: Facts) -> tuple[Sighting, ...]:
    """Return what was seen in the year to date: by month, then in the register's order, by code."""
    desks: dict[tuple[str, str], Desk] = {}
    found: list[Sighting] = []
    for month in facts.period.year_to_date():
        for known in facts.catalogue.signs_for(month):
            desk = desks.setdefault((known.signs, known.version), Desk(facts, known))
            found.extend(_of_month(desk, month))
    return tuple(found)


def _of_month(desk: Desk, month: Period) -> Iterator[Sighting]:
    for paper in desk.papers(month):
        for sign in desk.signs.entries:
            if seen := _seen(sign, paper, desk):
                times = _times(sign, paper, desk)
                if times >= sign.times:
                    yield from (_sighting(sign, paper, desk, one, times) for one in seen)


def _seen(sign: Sign, paper: Paper, desk: Desk) -> tuple[Seen, ...]:
    def look() -> tuple[Seen, ...]:
        return tuple(KINDS[sign.kind](sign, paper, desk))

    if sign.months == 1:
        return look()  # nobody asks again
    return desk.once((sign.code, paper.branch, paper.period), look)


def _times(sign: Sign, paper: Paper, desk: Desk) -> int:
    """Return in how many of the last `sign.months` months it was seen; it was in this one."""
    if sign.months == 1:
        return 1
    lately = (paper, *desk.before(paper, sign.months - 1))
    return sum(bool(_seen(sign, one, desk)) for one in lately)


def _sighting(sign: Sign, paper: Paper, desk: Desk, seen: Seen, times: int) -> Sighting:
    params = {**seen.params, "times": times, "months": sign.months}
    delivery = paper.entry.delivery.id
    return Sighting(sign, desk.signs.of, paper.branch, paper.period, delivery, params, seen.sources)
