"""What is new in a period, as sentences made from figures already computed.

A sentence is a declared rule: what makes it worth saying, its figures, how many names it may print,
and the sheet on which its figures stand. Its words lie in ``locale/news.yaml``. Names and words are
put in by the report; here are only figures and codes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from mlay_batch.core.findings import Severity
from mlay_batch.figures.period_totals import Totals
from mlay_batch.figures.report_records import (
    NOT_OWED,
    OPEN,
    SENT,
    SKETCH,
    CellRating,
    ExpectedReturn,
    Figures,
    QuotaLine,
    ReportInputs,
    Sitting,
)
from mlay_batch.figures.return_findings import explained_lines, return_findings
from mlay_batch.schema.ids import MEETING
from mlay_batch.schema.schemes import Band, Scheme

MAX_SENTENCES = 12
_OFTEN_FROM = 4  # scored meetings of a year from which on "half of them" says something
_SIGNS_BESIDE_GOOD_SCORE = 2

Amount = int | float | str | None


@dataclass(frozen=True, slots=True)
class NewsName:
    """What a sentence names.

    Attributes:
        key: which of the sentence's ways to write a name is used, such as ``name``.
        branch: code of the organisation, empty without one.
        officer: code of the officer, empty without one.
        amounts: figures and ids for the gaps of its text.
    """

    key: str = "name"
    branch: str = ""
    officer: str = ""
    amounts: Mapping[str, Amount] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Clause:
    """A part of a sentence.

    Attributes:
        key: of its text.
        amounts: figures and ids for the gaps of its text.
        names: what it names, in the order in which they are printed.
    """

    key: str
    amounts: Mapping[str, Amount] = field(default_factory=dict, hash=False)
    names: tuple[NewsName, ...] = ()


@dataclass(frozen=True, slots=True)
class News:
    """A sentence that has something to say."""

    rule: NewsRule
    clauses: tuple[Clause, ...]


@dataclass(frozen=True, slots=True)
class NewsRule:
    """A sentence that may be said.

    Attributes:
        id: unique; the keys of its texts begin with it.
        sheets: keys of the sheets on which its figures stand, the first sheet of all for those
            that come from other sentences.
        max_names: names printed in each clause; the rest is counted.
        clauses: what yields its clauses; without any it is not said.
    """

    id: str
    sheets: tuple[str, ...]
    max_names: int
    clauses: Callable[[Facts], Iterator[Clause]]


@dataclass(frozen=True, slots=True)
class Facts:
    """What a sentence is made from.

    Attributes:
        inputs: returns, register and descriptions.
        figures: the figures of the period.
        said: the clauses of the sentences before it, by key.
    """

    inputs: ReportInputs
    figures: Figures
    said: Mapping[str, Clause] = field(default_factory=dict, hash=False)

    def count(self, *keys: str) -> int:
        """Return the sum of what the clauses of these keys count."""
        counts = (self.said[key].amounts["count"] for key in keys if key in self.said)
        return sum(count for count in counts if isinstance(count, int))


def news(inputs: ReportInputs, figures: Figures) -> tuple[News, ...]:
    """Return the sentences that have something to say, in the order in which they are printed."""
    sentences: list[News] = []
    said: dict[str, Clause] = {}
    for rule in NEWS_RULES:
        if clauses := tuple(rule.clauses(Facts(inputs, figures, said))):
            sentences.append(News(rule, clauses))
            said |= {clause.key: clause for clause in clauses}
    return tuple(sentences)


def due_returns(figures: Figures) -> tuple[ExpectedReturn, ...]:
    """Return the returns owed for the period, those of its months included."""
    period = figures.period
    periods = {period, *period.months()}
    return tuple(
        cell
        for matrix in figures.completeness
        for (_, cell_period), cell in matrix.cells.items()
        if cell_period in periods and cell.state not in NOT_OWED
    )


def open_returns(figures: Figures) -> tuple[ExpectedReturn, ...]:
    """Return those of the period's returns that are not in."""
    return tuple(cell for cell in due_returns(figures) if cell.state in OPEN)


def _returns(facts: Facts) -> Iterator[Clause]:
    """How many returns are in, which came late, which warnings in them were explained."""
    due = due_returns(facts.figures)
    if not due:
        return
    sent = [cell for cell in due if cell.state in SENT]
    late, listed = ([c.branch for c in sent if c.state == state] for state in ("late", SKETCH))
    amounts: dict[str, Amount] = {"sent": len(sent), "due": len(due)}
    amounts |= {"rate": 100 * len(sent) / len(due), "on_time": len(sent) - len(late) - len(listed)}
    yield Clause("returns", amounts)
    for key, branches in (("returns.late", late), ("returns.listed", listed)):
        if branches:
            names = tuple(NewsName(branch=branch) for branch in dict.fromkeys(branches))
            yield Clause(key, {"count": len(branches)}, names)
    inputs, figures = facts.inputs, facts.figures
    findings = return_findings(inputs, figures.period, figures.warnings)
    if lines := explained_lines(inputs, findings):
        explained, still_open = map(sum, zip(*lines.values(), strict=True))
        names = tuple(NewsName(branch=branch) for branch, (_, count) in lines.items() if count)
        key = "returns.unexplained" if still_open else "returns.explained"
        yield Clause(key, {"explained": explained, "count": still_open}, names)


def _outstanding(facts: Facts) -> Iterator[Clause]:
    """Which returns of the period are not in: by form, and how many are not due yet."""
    returns = open_returns(facts.figures)
    overdue = [cell for cell in returns if cell.state != "not_due"]
    for form in sorted({cell.form for cell in overdue}, key=lambda form: (form != MEETING, form)):
        states = Counter((cell.branch, cell.state) for cell in overdue if cell.form == form)
        names = tuple(
            NewsName("name_more" if count > 1 else "name", branch, amounts=_state(state, count))
            for (branch, state), count in states.items()
        )
        key = "outstanding" if form == MEETING else "outstanding.form"
        yield Clause(key, {"form": form, "count": states.total()}, names)
    if len(returns) > len(overdue):
        yield Clause("outstanding.not_due", {"count": len(returns) - len(overdue)})


def _state(state: str, count: int) -> Mapping[str, Amount]:
    return {"state": state, "count": count}


def _quality(facts: Facts) -> Iterator[Clause]:
    """How many meetings there were and how good they were; who reported that there was none."""
    totals, scheme = facts.figures.totals, facts.figures.score_scheme
    if totals and totals.held and totals.scored < totals.held:
        yield Clause("quality", {"held": totals.held})
    if totals and scheme and totals.mean is not None:
        names = tuple(
            NewsName(amounts={"band": band.id, "count": totals.bands.get(band.id, 0)})
            for band in scheme.bands_best_first()
        )
        key = "quality.all" if totals.scored == totals.held else "quality.bands"
        yield Clause(key, {"scored": totals.scored, "mean": totals.mean}, names)
    nil = [cell.branch for cell in due_returns(facts.figures) if cell.state == "nil"]
    if nil:
        names = tuple(NewsName("name_nil", branch) for branch in dict.fromkeys(nil))
        yield Clause("quality.nil", {"count": len(nil)}, names)


def _low(facts: Facts) -> Iterator[Clause]:
    """Which meetings of the period were rated low, and how often that was so in the year.

    Of a cell with several the one with the lowest score is named.
    """
    meetings = low_meetings(facts.figures)
    if not meetings:
        return
    lowest = {meeting.sitting.branch: meeting for meeting in reversed(meetings)}
    names = tuple(
        NewsName(
            branch=branch,
            amounts={
                "band": meeting.sitting.band,
                "score": meeting.sitting.score,
                "low": meeting.low_in_year,
                "scored": meeting.scored_in_year,
            },
        )
        for branch, meeting in sorted(lowest.items(), key=lambda item: meetings.index(item[1]))
    )
    band = lowest_good_band(facts.figures.score_scheme)
    yield Clause("low", {"count": len(meetings), "cells": len(names), "band": band}, names)


@dataclass(frozen=True, slots=True)
class LowMeeting:
    """A meeting of the period that was rated low.

    Attributes:
        sitting: the meeting.
        low_in_year: how many of its cell's meetings in the year to date were rated low.
        scored_in_year: how many of them were scored.
    """

    sitting: Sitting
    low_in_year: int
    scored_in_year: int


def low_meetings(figures: Figures) -> tuple[LowMeeting, ...]:
    """Return the meetings of the period in a low band, the lowest score first."""
    low_ids = {band.id for band in low_bands(figures.score_scheme)}
    meetings = (
        LowMeeting(sitting, _count_low(rating, low_ids), rating.scored_count)
        for rating in figures.ratings
        for sitting in rating.sittings
        if sitting.band in low_ids
    )
    return tuple(sorted(meetings, key=lambda meeting: meeting.sitting.score or 0))


def _often_low(facts: Facts) -> Iterator[Clause]:
    """Which cells were rated low in half of the year's meetings, though not in this period."""
    low_ids = {band.id for band in low_bands(facts.figures.score_scheme)}
    ratings = [
        (_count_low(rating, low_ids), rating)
        for rating in facts.figures.ratings
        if rating.sittings
        and low_ids.isdisjoint(sitting.band for sitting in rating.sittings)
        and rating.scored_count >= _OFTEN_FROM
    ]
    often = sorted(
        ((low, rating) for low, rating in ratings if 2 * low >= rating.scored_count),
        key=lambda pair: -pair[0] / pair[1].scored_count,
    )
    if often:
        names = tuple(
            NewsName(branch=rating.branch.code, amounts={"low": low, "scored": rating.scored_count})
            for low, rating in often
        )
        yield Clause(
            "often_low",
            {"count": len(often), "band": lowest_good_band(facts.figures.score_scheme)},
            names,
        )


def _signs(facts: Facts) -> Iterator[Clause]:
    """Which signs of formality there are, and where they stand beside a good score."""
    signs = signs_by_branch(facts.figures)
    if not signs:
        return
    counts = Counter(code for codes in signs.values() for code in codes)
    names = tuple(
        NewsName(amounts={"sign": code, "count": count}) for code, count in counts.most_common()
    )
    yield Clause("signs", {"count": len(signs)}, names)
    if beside := tuple(_good_beside_signs(facts.figures, signs)):
        yield Clause("signs.good", {"least": _SIGNS_BESIDE_GOOD_SCORE}, beside)


def signs_by_branch(figures: Figures) -> Mapping[str, tuple[str, ...]]:
    """Return the codes of the different signs seen in the period at each branch."""
    months = set(figures.period.months())
    signs: dict[str, dict[str, None]] = {}
    for hit in figures.indicator_hits:
        if hit.indicator.severity is Severity.WARNING and hit.period in months:
            signs.setdefault(hit.branch, {})[hit.indicator.code] = None
    return {branch: tuple(codes) for branch, codes in signs.items()}


def _good_beside_signs(
    figures: Figures, signs: Mapping[str, tuple[str, ...]]
) -> Iterator[NewsName]:
    """Yield the cells with a meeting of the best band and several signs, most signs first."""
    scheme = figures.score_scheme
    best = scheme.bands_best_first()[0].id if scheme else None
    for rating in sorted(figures.ratings, key=lambda r: -len(signs.get(r.branch.code, ()))):
        code = rating.branch.code
        scores = [x.score for x in rating.sittings if x.band == best and x.score is not None]
        count = len(signs.get(code, ()))
        if scores and best and count >= _SIGNS_BESIDE_GOOD_SCORE:
            amounts: dict[str, Amount] = {"band": best, "score": max(scores), "count": count}
            yield NewsName("name_good", code, amounts=amounts)


def _quotas(facts: Facts) -> Iterator[Clause]:
    """Who has attended what he owes, who is behind, and who will hardly make it, by quota."""
    for _, group in groupby(facts.figures.quota, key=lambda line: line.quota.quota):
        lines = [line for line in group if line.state != "unrated"]
        if not lines:
            continue
        states = Counter(line.state for line in lines)
        title: dict[str, Amount] = {"quota": lines[0].quota.quota, "count": len(lines)}
        yield Clause("quotas", title | {"met": states["met"], "on_course": states["on_course"]})
        for state in ("not_met", "behind", "unsettled"):
            some = [line for line in lines if line.state == state]
            if some:
                yield Clause(f"quotas.{state}", {"count": len(some)}, _officers(some))
        if hard := [line for line in lines if quota_outlook(line) == "hard"]:
            yield Clause("quotas.hard", {"count": len(hard)}, _officers(hard, "name_alone"))


def quota_outlook(line: QuotaLine) -> str:
    """Return the state of a line; ``hard`` for one behind that will hardly make it."""
    return "hard" if line.state == "behind" and line.is_hardly_reachable else line.state


def _officers(lines: Sequence[QuotaLine], key: str = "name") -> tuple[NewsName, ...]:
    """Return the officers of the lines, those who lack most first."""
    return tuple(
        NewsName(
            key if line.quota.per == "officer" else "name_in_cell",
            "" if line.quota.per == "officer" else line.branches[0].code,
            line.officer,
            amounts={"attended": line.obligation - line.missing, "obligation": line.obligation},
        )
        for line in sorted(lines, key=lambda line: -line.missing)
    )


def _unvisited(facts: Facts) -> Iterator[Clause]:
    """Which cells nobody has attended this year, for which reason."""
    if not facts.figures.quota:
        return
    since = next(iter(facts.inputs.months_in_use), None)
    for state in ("unattended", "own", "unassigned", "unknown"):
        cells = [
            visits.branch.code for visits in facts.figures.cell_visits if visits.state == state
        ]
        if cells:
            amounts: dict[str, Amount] = {"count": len(cells), "since": str(since)}
            names = tuple(NewsName(branch=code) for code in cells)
            yield Clause(f"unvisited.{state}", amounts, names)


def _themes(facts: Facts) -> Iterator[Clause]:
    """Which cells still owe a thematic meeting in the window the period ends in."""
    thematic = facts.figures.thematic
    lines = [line for line in thematic.lines if line.obligation] if thematic else []
    if thematic is None or not lines:
        return
    months = thematic.window.months
    window: dict[str, Amount] = {"first": months[0], "last": months[-1]}
    has = sum(line.attended >= line.obligation for line in lines)
    yield Clause("themes", window | {"count": len(lines), "has": has})
    for state in ("on_course", "behind", "not_met"):
        owing = [line.branch.code for line in lines if line.state == state]
        if owing:
            names = tuple(NewsName(branch=code) for code in owing)
            yield Clause(f"themes.{state}", window | {"count": len(owing)}, names)


def _change_before(facts: Facts) -> Iterator[Clause]:
    """What changed against the period before."""
    yield from _change(facts.figures, facts.figures.before)


def _change_year(facts: Facts) -> Iterator[Clause]:
    """What changed against the same period of the year before."""
    yield from _change(facts.figures, facts.figures.year_before)


def _change(figures: Figures, before: Totals | None) -> Iterator[Clause]:
    now = figures.totals
    if now is None or before is None or not now.sent:
        return
    amounts: dict[str, Amount] = {"period": str(before.period)}
    for name in ("held", "visits", "rate", "mean"):
        amounts |= {name: getattr(now, name), f"{name}_before": getattr(before, name)}
    low = [band.id for band in low_bands(figures.score_scheme)]
    for suffix, totals in (("", now), ("_before", before)):
        amounts[f"low{suffix}"] = sum(totals.bands.get(band, 0) for band in low)
    yield Clause("change" if figures.quota else "change.held", amounts)
    if now.sent < now.due:
        yield Clause("change.partial", {"sent": now.sent, "due": now.due})
    if now.rate is not None and before.rate is not None:
        yield Clause("change.rate", amounts)
    if now.mean is not None and before.mean is not None:
        yield Clause("change.mean", amounts | {"band": lowest_good_band(figures.score_scheme)})


def _proposals(facts: Facts) -> Iterator[Clause]:
    """What is proposed to be decided, from the lists above: the decision is the office's."""
    out = {cell.branch for cell in open_returns(facts.figures) if cell.state != "not_due"}
    low = facts.said.get("low")
    counts = {
        "returns": len(out),
        "visits": facts.count("unvisited.unattended"),
        "assign_other": facts.count("unvisited.own"),
        "assign": facts.count("unvisited.unassigned"),
        "low": len(low.names) if low else 0,
        "themes": facts.count("themes.on_course", "themes.behind"),
        "themes_missed": facts.count("themes.not_met"),
        "signs": facts.count("signs"),
    }
    band = lowest_good_band(facts.figures.score_scheme)
    numbered = enumerate(((key, count) for key, count in counts.items() if count), 1)
    for number, (key, count) in numbered:
        yield Clause(f"proposals.{key}", {"number": number, "count": count, "band": band})


def low_bands(scheme: Scheme | None) -> tuple[Band, ...]:
    """Return the bands below the middle: of four the two lowest, of three the lowest."""
    bands = scheme.bands_best_first() if scheme else ()
    return bands[(len(bands) + 1) // 2 :]


def lowest_good_band(scheme: Scheme | None) -> str:
    """Return the id of the band below which a meeting is rated low; empty without a scheme."""
    bands = scheme.bands_best_first() if scheme else ()
    return bands[(len(bands) - 1) // 2].id if bands else ""


def _count_low(rating: CellRating, low_ids: set[str]) -> int:
    return sum(count for band, count in rating.bands.items() if band in low_ids)


NEWS_RULES = (
    NewsRule("returns", ("completeness", "errors"), 6, _returns),
    NewsRule("outstanding", ("completeness",), 12, _outstanding),
    NewsRule("quality", ("rating", "completeness"), 9, _quality),
    NewsRule("low", ("rating",), 8, _low),
    NewsRule("often_low", ("year",), 6, _often_low),
    NewsRule("signs", ("signs", "rating"), 4, _signs),
    NewsRule("quotas", ("quota",), 6, _quotas),
    NewsRule("unvisited", ("cells",), 15, _unvisited),
    NewsRule("themes", ("thematic",), 10, _themes),
    NewsRule("change", ("overview",), 0, _change_before),
    NewsRule("change_year", ("overview",), 0, _change_year),
    NewsRule("proposals", ("overview", "cells", "signs"), 0, _proposals),
)
"""The sentences in the order in which they are printed."""
