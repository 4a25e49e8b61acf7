"""Sittings of the cells with their scores, and the ten-column list of meeting ratings.

A sitting is a cell and a day: two rows of the table of meetings on one day (a regular and a
thematic one) are one sitting of both kinds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from statistics import fmean

from mlay_batch.figures.completeness import gravest
from mlay_batch.figures.records import CellRating, Completeness, Facts, Sitting
from mlay_batch.figures.returns import MEETING, card, number, returns_of, year_to_date
from mlay_batch.period import Period
from mlay_batch.records import Return, Row
from mlay_batch.register import Organisation
from mlay_batch.schema import Scheme

SCORE_SCHEME = "meeting_score"


def sittings(facts: Facts) -> tuple[Sitting, ...]:
    """Return every sitting of the year to date, by month, cell (register order) and day."""
    filed = year_to_date(returns_of(facts, MEETING), facts.period)
    return tuple(
        sitting
        for (branch, period), entry in filed.items()
        for sitting in _of_return(branch, period, entry, _scheme(facts, period))
    )


def _scheme(facts: Facts, period: Period) -> Scheme | None:
    return facts.catalogue.scheme_for(SCORE_SCHEME, period)


def _of_return(
    branch: str, period: Period, entry: Return, scheme: Scheme | None
) -> Iterable[Sitting]:
    members = card(entry, "members")
    closing = number(members.values.get("closing")) if members else None
    scores = _by_day(entry.section("scores"))
    for day, rows in sorted(_by_day(entry.section("meetings")).items()):
        scored = scores.get(day, [])
        own, confirmed = _score(scored, "own"), _score(scored, "confirmed")
        score = own if confirmed is None else confirmed
        yield Sitting(
            branch=branch,
            period=period,
            held_on=day,
            kinds=tuple(dict.fromkeys(str(row.values.get("kind") or "") for row in rows)),
            members=None if closing is None else int(closing),
            own=own,
            confirmed=confirmed,
            score=score,
            band=band_of(scheme, score),
            note=_note(scored, "own" if confirmed is None else "confirmed"),
            place=replace(rows[0].place("held_on"), file=entry.delivery.name),
            delivery=entry.delivery.id,
        )


def _by_day(rows: Iterable[Row]) -> dict[date, list[Row]]:
    found: dict[date, list[Row]] = {}
    for row in rows:
        if isinstance(day := row.values.get("held_on"), date):
            found.setdefault(day, []).append(row)
    return found


def _score(rows: Iterable[Row], scorer: str) -> float | None:
    totals = (number(row.values.get("total")) for row in rows if row.values.get("scorer") == scorer)
    return next(totals, None)


def _note(rows: Iterable[Row], scorer: str) -> str:
    """Return the explanation of the score that counts, not that of the other scorer."""
    notes = (row.values.get("explanation") for row in rows if row.values.get("scorer") == scorer)
    return next((str(note) for note in notes if note), "")


def band_of(scheme: Scheme | None, score: float | None) -> str | None:
    """Return the id of the score's band; None without a score, a scheme or a band that low.

    Nothing is rounded first: with bands from 90, 70 and 50, a score of 89.99 is in the second and
    90 in the first.
    """
    if scheme is None or score is None or all(band.min > score for band in scheme.bands):
        return None
    return scheme.band(score).id


def ratings(
    facts: Facts, held: tuple[Sitting, ...], returned: Completeness | None
) -> tuple[CellRating, ...]:
    """Return one line for each cell that owes a return in the period or met in the year to date.

    They stand in the register's order. A cell that owes and sent nothing has its line too, with the
    state that says why. A cell merged in August keeps what it reported until July: the sum of all
    lines is that of `held`. The year to date holds every sitting from January: 95, 90, 60 and one
    unscored give {good: 2, average: 1}, 4 held, 3 scored, mean 81.67 (shown exact).
    """
    by_branch: dict[str, list[Sitting]] = {}
    for sitting in held:
        by_branch.setdefault(sitting.branch, []).append(sitting)
    scheme = _scheme(facts, facts.period)
    owing = _owing(facts)
    known = [b for b in facts.register.organisations if b.code in owing or b.code in by_branch]
    unknown = (code for code in by_branch if code not in facts.register.by_code)
    return tuple(
        replace(
            _rating(facts.period, branch, by_branch.get(branch.code, []), scheme, returned),
            owes=branch.code in owing,
        )
        for branch in (*known, *(Organisation(code, code, "") for code in unknown))
    )


def _owing(facts: Facts) -> set[str]:
    """Return who owes a return for a month of the period, even if not for its last one."""
    return {
        branch.code
        for month in facts.period.months()
        if (form := facts.catalogue.form_for(MEETING, month))
        for branch in facts.register.reporters(form, month)
    }


def _rating(
    period: Period,
    branch: Organisation,
    held: list[Sitting],
    scheme: Scheme | None,
    returned: Completeness | None,
) -> CellRating:
    scores = [sitting.score for sitting in held if sitting.score is not None]
    return CellRating(
        branch=branch,
        state=gravest(period, branch.code, returned),
        sittings=tuple(sitting for sitting in held if sitting.period in period.months()),
        bands=_bands(scheme, held),
        scored=len(scores),
        mean=fmean(scores) if scores else None,
        held=len(held),
    )


def _bands(scheme: Scheme | None, held: Iterable[Sitting]) -> Mapping[str, int]:
    """Count sittings by band; a band without any is there with 0."""
    counts = Counter(sitting.band for sitting in held if sitting.band is not None)
    names = [band.id for band in scheme.bands] if scheme else []
    return {name: counts[name] for name in dict.fromkeys([*names, *counts])}
