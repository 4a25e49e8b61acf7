"""Generates the monthly returns of a sample, as a careful secretary might fill them in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from mlay_batch.core.period import Period
from mlay_batch.demo.movements import (
    SampleMovement,
    SampleSitting,
    SampleVisit,
    movements,
    sittings,
    visits,
)
from mlay_batch.demo.sample import SampleOffice, SeededRandom
from mlay_batch.model.records import Row, Value
from mlay_batch.schema import Catalogue, Form
from mlay_batch.schema.ids import MEETING, MEETING_SCORE, MIXED_KIND
from mlay_batch.schema.switches import fields_asked, switches_on, with_switches

Values = dict[str, Value]

# By whether the committee met and whether documents were sent.
_PREPARATION = {
    (True, True): "both",
    (True, False): "met",
    (False, True): "sent",
    (False, False): "none",
}


@dataclass(frozen=True, slots=True)
class SampleReturn:
    """A return of a sample.

    Attributes:
        form: id of the form.
        version: version of the form it is written on.
        branch: code of the organisation.
        period: period it reports.
        rows: its values.
        received: time of receipt, ISO.
        name: name of its file.
    """

    form: str
    version: str
    branch: str
    period: Period
    rows: tuple[Row, ...]
    received: str
    name: str


def receipt_time(day: date) -> str:
    """Return ten o'clock of `day` in Vietnam as an ISO time."""
    return datetime.combine(day, time(10), ZoneInfo("Asia/Ho_Chi_Minh")).isoformat()


def file_name(office: SampleOffice, pattern: str, branch: str, period: Period) -> str:
    """Return the file name of a branch and period by `pattern`."""
    name = office.register.by_code[branch].name
    return pattern.format(code=branch, name=name, month=period.month, year=period.year)


def meeting_returns(office: SampleOffice, catalogue: Catalogue) -> Iterator[SampleReturn]:
    """Yield the monthly returns of all cells, month by month."""
    movement_by_month, visits_by_month = movements(office), visits(office)
    for month in office.months:
        form = catalogue.form_for(MEETING, month)
        scheme = catalogue.scheme_for(MEETING_SCORE, month)
        if form is None or scheme is None:
            raise LookupError(f"no form or scheme for {month}")
        marks = {group.id: group.max for group in scheme.groups}
        asked = fields_asked(with_switches(form, switches_on(form, office.register.asked)))
        for cell in office.cells:
            if office.has_return(month, cell.code):
                movement = movement_by_month[cell.code, month]
                cell_visits = visits_by_month.get((cell.code, month), ())
                monthly_return = _MonthlyReturn(
                    office, cell.code, month, movement, cell_visits, marks
                )
                yield from _as_sent(monthly_return, form, asked)


def _as_sent(monthly_return: _MonthlyReturn, form: Form, asked: Set[str]) -> Iterator[SampleReturn]:
    """Yield the cell's return as the office asks for it: after the month, or after each meeting.

    Of a second meeting it sends the return again, with both.
    """
    office, branch, month = monthly_return.office, monthly_return.branch, monthly_return.month
    due, meetings = form.due_in(month), monthly_return.sittings
    after_each = due.counted == "meeting" and meetings
    for count in range(1, len(meetings) + 1) if after_each else [len(meetings)]:
        counted_from = meetings[count - 1].held_on if after_each else month.end
        yield SampleReturn(
            MEETING,
            form.version,
            branch,
            month,
            _asked_rows(_spoil(office, month, branch, monthly_return.rows(count)), asked),
            _receipt_time(office, branch, month, counted_from, due.day),
            file_name(office, _pattern(office, branch), branch, month),
        )


def _spoil(office: SampleOffice, month: Period, branch: str, rows: Sequence[Row]) -> Sequence[Row]:
    """Return the rows with the mistakes that the sample plants in this return."""
    for entry in office.events("refused", month, branch):
        rows = [
            replace(row, values={**row.values, **entry["values"]})
            if row.section == entry["section"]
            else row
            for row in rows
        ]
    return rows


def _asked_rows(rows: Sequence[Row], asked: Set[str]) -> tuple[Row, ...]:
    """Return what the office's form asks for of these rows."""
    return tuple(
        replace(row, values={n: v for n, v in row.values.items() if f"{row.section}.{n}" in asked})
        for row in rows
        if row.section in asked
    )


def _pattern(office: SampleOffice, branch: str) -> str:
    """Return how the branch names its files; of a return on paper, how the office does."""
    on_paper = office.data.get("on_paper", {}).get(branch)
    return str(on_paper or office.rng("file name", branch).one_of(office.data["file_names"]))


def _receipt_time(
    office: SampleOffice, branch: str, month: Period, counted_from: date, due: int
) -> str:
    """Return when the return came: the day before it is due, or so many days late."""
    late = sum(entry["days"] for entry in office.events("late", month, branch))
    return receipt_time(counted_from + timedelta(days=due + late if late else due - 1))


@dataclass(frozen=True)
class _MonthlyReturn:
    """Generates the rows of one cell's return for one month."""

    office: SampleOffice
    branch: str
    month: Period
    movement: SampleMovement
    visits: tuple[SampleVisit, ...]
    marks: Mapping[str, float]

    @cached_property
    def sittings(self) -> tuple[SampleSitting, ...]:
        """All meetings of the month."""
        return sittings(self.office, self.branch, self.month)

    def rows(self, count: int) -> tuple[Row, ...]:
        """Return the rows of the return after `count` meetings."""
        month_sittings = self.sittings[:count]
        days = {sitting.held_on for sitting in month_sittings}
        card = self._members()
        meetings = [self._meeting(sitting, card) for sitting in month_sittings]
        tables: Mapping[str, Sequence[Values]] = {
            "members": [card],
            "meetings": meetings,
            "thematic": [
                self._thematic(sitting) for sitting in month_sittings if sitting.kind != "regular"
            ],
            "scores": [score for meeting in meetings for score in self._scores(meeting)],
            "visits": [_visit(visit, meetings) for visit in self.visits if visit.held_on in days],
            "activities": list(self._activities(month_sittings)),
        }
        return tuple(
            Row(section, "", number, values, {})
            for section, records in tables.items()
            for number, values in enumerate(records, 1)
        )

    def _rng(self, *purpose: object) -> SeededRandom:
        return self.office.rng(*purpose, self.branch, self.month)

    def _members(self) -> Values:
        movement = self.movement
        names = ("admitted", "moved_in", "restored", "died", "expelled", "moved_out")
        declared = self.office.events("no_meeting", self.month, self.branch)
        values: Values = {"opening": movement.opening}
        values |= {name: movement.changes.get(name, 0) for name in names}
        values |= {
            "closing": movement.closing,
            "exempt": self.office.data["cells"][self.branch]["exempt"],
            "away": int(self._rng("away").happens(0.04)),
            "no_meeting": "yes" if declared else "no",
        }
        return values | ({"reason": declared[0]["reason"]} if declared else {})

    def _meeting(self, sitting: SampleSitting, card: Mapping[str, Any]) -> Values:
        rng = self._rng("meeting", sitting.held_on)
        expected = card["closing"] - card["exempt"] - card["away"]
        excused, unexcused = _absences(rng, expected, self.office.data["absent"])
        present = expected - excused - unexcused
        is_short = rng.happens(0.04)
        duration = 75 + 5 * rng.below(3) if is_short else 90 + 5 * rng.below(8)
        has_theme = sitting.kind == MIXED_KIND
        values: Values = {
            "held_on": sitting.held_on,
            "kind": sitting.kind,
            "content": content(self.office, self.branch, self.month, sitting),
            "duration": duration + (self.office.data["theme_minutes"] if has_theme else 0),
            "expected": expected,
            "present": present,
            "excused": excused,
            "unexcused": unexcused,
            "speakers": min(present, 2 + rng.below(max(1, present // 2))),
            "criticism": 1 + rng.below(4),
            "preparation": _PREPARATION[
                rng.happens(0.99 - 0.3 * self._weakness), rng.happens(0.995 - 0.25 * self._weakness)
            ],
            "merged": "yes" if rng.happens(0.1 * self._weakness) else "no",
        }
        return values | self._handbook_days(sitting.held_on) | self._by_habit()

    def _handbook_days(self, held_on: date) -> Values:
        """Return when documents and minutes were posted; nothing for a cell without a computer."""
        if self.branch in self.office.data.get("on_paper", {}):
            return {}
        rng = self._rng("handbook", held_on)
        days_before = 0 if rng.happens(0.3 * self._weakness) else 1 + rng.below(3)
        return {
            "posted_on": held_on - timedelta(days=days_before),
            "minutes_on": held_on + timedelta(days=rng.below(2)),
        }

    @cached_property
    def _weakness(self) -> float:
        """The cell's weakness from 0 to 1; most are near 0."""
        return self.office.rng("weakness", self.branch).fraction() ** 3

    def _by_habit(self) -> Values:
        """Return the values that the cell's habits replace."""
        habits = self.office.habits(self.branch, self.month)
        values_by_habit: Mapping[str, Values] = {
            "silent": {"criticism": 0},
            "one_speaker": {"speakers": 1},
            "office": {"merged": "yes"},
            "slip": {"duration": 600},
        }
        matches = (values for name, values in values_by_habit.items() if name in habits)
        return {name: value for values in matches for name, value in values.items()}

    def _thematic(self, sitting: SampleSitting) -> Values:
        name = topic(self.office, self.branch, self.month)
        return {"held_on": sitting.held_on, "kind": sitting.kind, "topic": name}

    def _scores(self, meeting: Mapping[str, Any]) -> Iterator[Values]:
        """Yield the cell's own score, then the confirmed score if an officer gave one."""
        rng = self._rng("score", meeting["held_on"])
        points_off = _points_off(rng, self._weakness, meeting, self.office.data["absent"])
        habits = self.office.habits(self.branch, self.month)
        if "still" in habits:
            points_off = dict.fromkeys(points_off, 0.0) | {"conduct": 2, "result": 2}
        yield self._score(meeting, "own", points_off)
        was_visited = any(visit.held_on == meeting["held_on"] for visit in self.visits)
        if was_visited and rng.happens(0.6):
            extra = 9 if "generous" in habits else rng.below(4)
            stricter = {
                "conduct": points_off["conduct"] + extra,
                "result": points_off["result"] + 1,
            }
            yield self._score(meeting, "confirmed", {**points_off, **stricter})

    def _score(
        self, meeting: Mapping[str, Any], scorer: str, points_off: Mapping[str, float]
    ) -> Values:
        points = {name: max_points - points_off[name] for name, max_points in self.marks.items()}
        reasons = self.office.data["phrases"]["points_off"]
        deductions = [
            f"{reasons[n]} (-{points_off[n]:g})".replace(".", ",") for n in points if points_off[n]
        ]
        score: Values = {name: meeting[name] for name in ("held_on", "kind")} | {"scorer": scorer}
        if deductions and scorer == "own":
            score["explanation"] = "; ".join(deductions) + "."
        return score | points | {"total": sum(points.values())}

    def _activities(self, month_sittings: Sequence[SampleSitting]) -> Iterator[Values]:
        rng = self._rng("activity")
        if month_sittings and rng.happens(0.15):
            words = self.office.data["phrases"]["activity"]
            kind = rng.one_of(sorted(words))
            yield {
                "held_on": self.month.start.replace(day=10 + rng.below(15)),
                "kind": kind,
                "content": rng.one_of(words[kind]),
                "participants": 1 + rng.below(5),
            }


def _absences(rng: SeededRandom, expected: int, percent: int) -> tuple[int, int]:
    """Return how many were absent with and without reason, mostly fewer than so many per cent."""
    tolerated = max(0, (expected * percent - 1) // 100)
    if rng.happens(0.03):
        return tolerated + 1, 0
    excused = min(tolerated, rng.below(4))
    unexcused = int(excused < tolerated and rng.happens(0.02))
    return excused, unexcused


def _points_off(
    rng: SeededRandom, weakness: float, meeting: Mapping[str, Any], absent: int
) -> Mapping[str, float]:
    """Return the points lost in each group; `weakness` is from 0 to 1, `absent` in per cent."""
    is_full = 100 * meeting["present"] > (100 - absent) * meeting["expected"]
    return {
        "time": 0 if meeting["duration"] >= 90 else 2,
        "attendance": 0 if is_full and not meeting["unexcused"] else 2,
        "preparation": rng.below(3) if meeting["preparation"] in ("both", "met") else 4,
        "conduct": rng.below(5) + int(16 * weakness) + (0.5 if rng.happens(0.15) else 0),
        "principles": rng.below(2),
        "result": rng.below(4) + int(12 * weakness),
        "closing": rng.below(2),
    }


def _visit(visit: SampleVisit, meetings: Sequence[Values]) -> Values:
    kind = next(m["kind"] for m in meetings if m["held_on"] == visit.held_on)
    values: Values = {"held_on": visit.held_on, "kind": kind, "officer": visit.officer}
    return values | ({"on_behalf_of": visit.on_behalf_of} if visit.on_behalf_of else {})


def content(office: SampleOffice, branch: str, month: Period, sitting: SampleSitting) -> str:
    """Return the minutes of a sitting: an earlier or another cell's text if that is a habit."""
    habits = office.habits(branch, month)
    theme = f"Sinh hoạt chuyên đề: {topic(office, branch, month)}"
    rng = office.rng("content", branch, month)
    if sitting.kind == "thematic":
        return f"{theme}; {rng.one_of(office.data['phrases']['decision'])}."
    if "same_text" in habits:
        month = Period.parse(habits["same_text"]["from"])
    if "copies" in habits:
        branch = habits["copies"]["of"]
    return _regular(office, branch, month) + (f" {theme}." if sitting.kind == MIXED_KIND else "")


def _regular(office: SampleOffice, branch: str, month: Period) -> str:
    words, rng = office.data["phrases"], office.rng("content", branch, month)
    work = words["work"][office.data["cells"][branch]["kind"]]
    parts = [
        rng.one_of(words["opening"]),
        *(
            _piece(rng, words["verb"], matter, work["detail"])
            for matter in rng.shuffle(work["matter"])[:2]
        ),
        words["month"][month.month],
        rng.one_of(words["decision"]),
    ]
    return "; ".join(parts) + "."


def _piece(rng: SeededRandom, verbs: list[str], matter: str, details: list[str]) -> str:
    detail = rng.one_of(details).format(n=2 + rng.below(28))
    return f"{rng.one_of(verbs)} {matter}, {detail}"


def topic(office: SampleOffice, branch: str, month: Period) -> str:
    """Return the topic of the month's thematic meeting; without a subject if that is a habit."""
    if "bare_topic" in office.habits(branch, month):
        return "Sinh hoạt chuyên đề quý " + ("I", "II", "III", "IV")[(month.month - 1) // 3]
    return str(office.rng("topic", branch, month).one_of(office.data["phrases"]["topic"]))
