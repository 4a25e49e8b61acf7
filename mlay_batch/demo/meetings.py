"""The monthly returns of the sample town: values that a careful secretary might have typed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import Any

from mlay_batch.demo.minutes import content, topic
from mlay_batch.demo.months import Movement, Sitting, Visit, movements, sittings, visits
from mlay_batch.demo.town import Dice, Town
from mlay_batch.period import Period
from mlay_batch.records import Row, Value
from mlay_batch.schema import Catalogue
from mlay_batch.schema.ids import BOTH, MEETING, MEETING_SCORE

Values = dict[str, Value]


@dataclass(frozen=True, slots=True)
class SampleReturn:
    """A return somebody sent: whose, when received (ISO, UTC), and as which file name."""

    form: str
    version: str
    branch: str
    period: Period
    rows: tuple[Row, ...]
    received: str
    name: str


def received_on(day: date) -> str:
    """Return ten o'clock of that day in Vietnam as the ISO time in UTC."""
    return datetime.combine(day, time(3), UTC).isoformat()


def named(town: Town, pattern: str, branch: str, period: Period) -> str:
    """Return the file name that pattern makes."""
    name = town.register.by_code[branch].name
    return pattern.format(code=branch, name=name, month=period.month, year=period.year)


def meeting_returns(town: Town, catalogue: Catalogue) -> Iterator[SampleReturn]:
    """Yield the monthly returns of all cells, month by month."""
    moved, seen = movements(town), visits(town)
    for month in town.months:
        form = catalogue.form_for(MEETING, month)
        scheme = catalogue.scheme_for(MEETING_SCORE, month)
        if form is None or scheme is None:
            raise LookupError(f"no form or scheme for {month}")
        marks = {group.id: group.max for group in scheme.groups}
        for cell in town.cells:
            if town.reports(month, cell.code):
                movement = moved[cell.code, month]
                attended = seen.get((cell.code, month), ())
                desk = _Desk(town, cell.code, month, movement, attended, marks)
                yield SampleReturn(
                    MEETING, form.version, cell.code, month, desk.rows(),
                    _received(town, cell.code, month),
                    named(town, _pattern(town, cell.code), cell.code, month),
                )  # fmt: skip


def _pattern(town: Town, branch: str) -> str:
    return str(town.dice("file name", branch).one_of(town.data["file_names"]))


def _received(town: Town, branch: str, month: Period) -> str:
    late = sum(entry["days"] for entry in town.events("late", month, branch))
    return received_on(month.end + timedelta(days=5 + late if late else 4))


@dataclass(frozen=True)
class _Desk:
    """One secretary filling in one month."""

    town: Town
    branch: str
    month: Period
    movement: Movement
    visits: tuple[Visit, ...]
    marks: Mapping[str, float]

    def rows(self) -> tuple[Row, ...]:
        held = sittings(self.town, self.branch, self.month)
        card = self._members()
        meetings = [self._meeting(sitting, card) for sitting in held]
        tables: Mapping[str, Sequence[Values]] = {
            "members": [card],
            "meetings": meetings,
            "thematic": [self._thematic(s, m) for s, m in zip(held, meetings, strict=True)
                         if s.kind != "regular"],
            "scores": [score for meeting in meetings for score in self._scores(meeting)],
            "visits": [_visit(visit) for visit in self.visits],
            "activities": list(self._activities(held)),
        }  # fmt: skip
        return tuple(
            Row(section, "", number, values, {})
            for section, records in tables.items()
            for number, values in enumerate(records, 1)
        )

    def _dice(self, *purpose: object) -> Dice:
        return self.town.dice(*purpose, self.branch, self.month)

    def _members(self) -> Values:
        movement = self.movement
        names = ("admitted", "moved_in", "restored", "died", "expelled", "moved_out")
        declared = self.town.events("no_meeting", self.month, self.branch)
        values: Values = {"opening": movement.opening}
        values |= {name: movement.changes.get(name, 0) for name in names}
        values |= {
            "closing": movement.closing,
            "exempt": self.town.data["cells"][self.branch]["exempt"],
            "away": int(self._dice("away").happens(0.04)),
            "no_meeting": "yes" if declared else "no",
        }
        return values | ({"reason": declared[0]["reason"]} if declared else {})

    def _meeting(self, sitting: Sitting, card: Mapping[str, Any]) -> Values:
        dice = self._dice("meeting", sitting.held_on)
        expected = card["closing"] - card["exempt"] - card["away"]
        excused, unexcused = _absent(dice, expected)
        present = expected - excused - unexcused
        short = dice.happens(0.04)
        duration = 75 + 5 * dice.below(3) if short else 90 + 5 * dice.below(8)
        said: Values = {
            "held_on": sitting.held_on,
            "kind": sitting.kind,
            "content": content(self.town, self.branch, self.month, sitting),
            "duration": duration + (20 if sitting.kind == BOTH else 0),
            "expected": expected,
            "present": present,
            "excused": excused,
            "unexcused": unexcused,
            "speakers": min(present, 2 + dice.below(max(1, present // 2))),
            "criticism": 1 + dice.below(4),
            "prepared": "yes" if dice.happens(0.99 - 0.3 * self._weakness) else "no",
            "documents": "yes" if dice.happens(0.995 - 0.25 * self._weakness) else "no",
            "merged": "yes" if dice.happens(0.1 * self._weakness) else "no",
        }
        return said | self._by_habit()

    @cached_property
    def _weakness(self) -> float:
        """How weak the cell is, from 0 up to 1; most are hardly so."""
        return self.town.dice("weakness", self.branch).share() ** 3

    def _by_habit(self) -> Values:
        """Return what a cell held for form's sake writes instead."""
        known = self.town.habits(self.branch, self.month)
        told: Mapping[str, Values] = {
            "silent": {"criticism": 0},
            "one_speaker": {"speakers": 1},
            "office": {"merged": "yes"},
            "slip": {"duration": 600},
        }
        found = (values for name, values in told.items() if name in known)
        return {name: value for values in found for name, value in values.items()}

    def _thematic(self, sitting: Sitting, meeting: Mapping[str, Any]) -> Values:
        dice = self._dice("thematic")
        return {
            "held_on": sitting.held_on,
            "prepared_by": dice.one_of(self.town.data["phrases"]["prepared_by"]),
            "topic": topic(self.town, self.branch, self.month),
            "speakers": meeting["speakers"],
        }

    def _scores(self, meeting: Mapping[str, Any]) -> Iterator[Values]:
        """Yield the cell's own score, and below it that of the officer who confirmed it."""
        dice = self._dice("score", meeting["held_on"])
        off = _points_off(dice, self._weakness, meeting)
        known = self.town.habits(self.branch, self.month)
        if "still" in known:
            off = dict.fromkeys(off, 0.0) | {"conduct": 2, "result": 2}
        yield self._score(meeting["held_on"], "own", off)
        watched = any(visit.held_on == meeting["held_on"] for visit in self.visits)
        if watched and dice.happens(0.6):
            further = 9 if "generous" in known else dice.below(4)
            stricter = {"conduct": off["conduct"] + further, "result": off["result"] + 1}
            yield self._score(meeting["held_on"], "confirmed", {**off, **stricter})

    def _score(self, held_on: date, scorer: str, off: Mapping[str, float]) -> Values:
        points = {name: most - off[name] for name, most in self.marks.items()}
        reasons = self.town.data["phrases"]["points_off"]
        lost = [f"{reasons[n]} (-{off[n]:g})".replace(".", ",") for n in points if off[n]]
        score: Values = {"held_on": held_on, "scorer": scorer}
        if lost:
            score["explanation"] = "; ".join(lost) + "."
        return score | points | {"total": sum(points.values())}

    def _activities(self, held: Sequence[Sitting]) -> Iterator[Values]:
        dice = self._dice("activity")
        if held and dice.happens(0.15):
            words = self.town.data["phrases"]["activity"]
            kind = dice.one_of(sorted(words))
            yield {
                "held_on": self.month.start.replace(day=10 + dice.below(15)),
                "kind": kind,
                "content": dice.one_of(words[kind]),
                "participants": 1 + dice.below(5),
            }


def _absent(dice: Dice, expected: int) -> tuple[int, int]:
    """Return how many were absent with and without reason: mostly fewer than 15 of 100."""
    tolerated = max(0, (expected * 15 - 1) // 100)
    if dice.happens(0.03):
        return tolerated + 1, 0
    excused = min(tolerated, dice.below(4))
    unexcused = int(excused < tolerated and dice.happens(0.02))
    return excused, unexcused


def _points_off(dice: Dice, weakness: float, meeting: Mapping[str, Any]) -> Mapping[str, float]:
    """Return the points lost in each group; `weakness` of a cell goes from 0 up to 1."""
    full_house = 100 * meeting["present"] > 85 * meeting["expected"] and not meeting["unexcused"]
    return {
        "time": 0 if meeting["duration"] >= 90 else 2,
        "attendance": 0 if full_house else 2,
        "preparation": dice.below(3) if meeting["prepared"] == "yes" else 4,
        "conduct": dice.below(5) + int(16 * weakness) + (0.5 if dice.happens(0.15) else 0),
        "principles": dice.below(2),
        "result": dice.below(4) + int(12 * weakness),
        "closing": dice.below(2),
    }


def _visit(visit: Visit) -> Values:
    values: Values = {"held_on": visit.held_on, "officer": visit.officer}
    return values | ({"on_behalf_of": visit.on_behalf_of} if visit.on_behalf_of else {})
