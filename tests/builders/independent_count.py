"""The figures once more, the long way round: days walked one by one, everything counted by hand.

Nothing of `mlay_batch.figures` is imported, so that a mistake there cannot be repeated here.
`recompute` and `program_figures` give the same shape: what ought to be, and what the program shows.
"""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from typing import Any


def recompute(facts: Any) -> dict[str, Any]:
    """Return quota, bands and classification shares, computed from returns and register alone."""
    return {
        "quota": quota(facts),
        "pairs": pairs(facts),
        "attended": attendances(facts),
        "bands": bands(facts),
        "years": years(facts),
        "shares": shares(facts),
    }


def program_figures(figures: Any) -> dict[str, Any]:
    """Return of the program's `Figures` what `recompute` computes, in the same shape."""
    cells = lambda line: line.branches[0].code if line.quota.per == "officer_cell" else None  # noqa: E731
    return {
        "quota": {
            (line.quota.quota, line.officer, cells(line)): (
                line.months,
                line.unsettled,
                _round_mean(line.served),
                _round_mean(line.served_year),
                _round_mean(line.owed),
                line.obligation,
                line.open_months,
                line.to_come,
                line.state,
            )
            for line in figures.quota
        },
        "pairs": {
            (pair.quota.quota, pair.officer, pair.branch.code): (
                pair.attended_count,
                pair.unsettled,
                pair.last_visit,
                _round_mean(pair.served),
                _round_mean(pair.served_year),
                pair.open_months,
                pair.to_come,
            )
            for pair in figures.quota_pairs
        },
        "attended": sorted(
            (a.quota, a.credited_officer, a.branch, a.held_on)
            for a in figures.attendances
            if a.counts
        ),
        "bands": {
            entry.branch.code: (
                {b: n for b, n in entry.bands.items() if n},
                _round_mean(entry.mean),
                entry.sitting_count,
                entry.owes,
            )
            for entry in figures.year_ratings
        },
        "years": {
            entry.branch.code: (entry.to_come, entry.grade) for entry in figures.year_ratings
        },
        "shares": {
            (year.year, part.section, share.line): (share.count, share.base, share.share)
            for year in figures.years
            for part in year.parts
            for share in part.shares
        },
    }


def _round_mean(mean: float | None) -> float | None:
    return None if mean is None else round(mean, 9)


# The calendar, by days.


def days_of(year: int, month: int) -> list[date]:
    day, days = date(year, month, 1), []
    while day.month == month:
        days.append(day)
        day += timedelta(days=1)
    return days


def lives(cell: Any, day: date) -> bool:
    return (cell.founded or day) <= day and (cell.ended is None or day < cell.ended)


def last_month(facts: Any) -> int:
    return int(facts.period.month + facts.period.length - 1)


# Who had to be where.


def covers(facts: Any, top: str, cell: str | None) -> bool:
    organisations = facts.register.by_code
    while cell is not None:
        if cell == top:
            return True
        cell = organisations[cell].parent if cell in organisations else None
    return False


def duties(facts: Any, officer: Any, role: str, month: int) -> list[tuple[date, str]]:
    """The days of that month and the codes the officer is assigned to on each."""
    days = days_of(facts.period.year, month)
    return [(day, top) for day in days for top in on_duty(facts, officer, role, day)]


def on_duty(facts: Any, officer: Any, role: str, day: date) -> list[str]:
    """Codes the officer is assigned to on that day in that role."""
    if (officer.from_ and day < officer.from_) or (officer.to and officer.to < day):
        return []
    return [
        entry.branch
        for entry in facts.register.assignments
        if entry.officer == officer.code
        and entry.role == role
        and entry.from_ <= day <= (entry.to or day)
    ]


def quotas(facts: Any) -> list[Any]:
    """Of each quota what says it on the last day of the report's period."""
    names = sorted({entry.quota for entry in facts.catalogue.quotas})
    versions = [quota_in_month(facts, name, facts.period.year, last_month(facts)) for name in names]
    return [entry for entry in versions if entry]


def quota_in_month(facts: Any, name: str, year: int, month: int) -> Any:
    """What says a quota in one month: of those that hold in it the one that began last."""
    written, version = f"{year}-{month:02}", None
    for entry in facts.catalogue.quotas:
        holds = entry.effective.from_ <= written <= (entry.effective.to or written)
        newer = version is None or entry.effective.from_ > version.effective.from_
        if entry.quota == name and holds and newer:
            version = entry
    return version


def quota_all_year(facts: Any, quota: Any) -> dict[int, Any]:
    """What says the quota in each month of the report's year; None where nothing does."""
    year = facts.period.year
    return {month: quota_in_month(facts, quota.quota, year, month) for month in range(1, 13)}


def duties_of_year(facts: Any, officer: Any, quota: Any) -> dict[int, list[tuple[date, str]]]:
    """The days of duty of each month, in the role the quota asks of that month."""
    return {
        month: duties(facts, officer, version.role, month) if version else []
        for month, version in quota_all_year(facts, quota).items()
    }


def meeting_cells(facts: Any) -> list[Any]:
    """The organisations that owe a meeting return, dead or alive."""
    month = f"{facts.period.year}-{last_month(facts):02}"
    forms = [
        form
        for form in facts.catalogue.forms
        if form.form == "meeting" and form.effective.from_ <= month <= (form.effective.to or month)
    ]
    types = forms[-1].reporters if forms else ()
    return [entry for entry in facts.register.organisations if entry.type in types]


# What was reported.


def meeting_returns(facts: Any) -> list[Any]:
    first = f"{facts.period.year}-01"
    last = f"{facts.period.year}-{last_month(facts):02}"
    return [
        entry
        for entry in facts.returns
        if entry.entry.form == "meeting" and first <= entry.entry.period <= last
    ]


def attendances(facts: Any) -> list[tuple[str, str, str, date]]:
    """Every counted quota + officer + cell + day, each once."""
    return [visit[:4] for visit in certain_visits(facts)]


def certain_visits(facts: Any) -> list[tuple[str, str, str, date, int]]:
    """The same, each with in how many cells who came would count on that day.

    One that the office confirms is by itself; beside it the others are of no certainty: 0.
    """
    visits: dict[Any, Any] = {}
    for entry in meeting_returns(facts):
        kinds: dict[Any, set[Any]] = {}
        for row in entry.rows:
            if row.section == "meetings":
                kinds.setdefault(row.values["held_on"], set()).add(row.values["kind"])
        for visit in [row.values for row in entry.rows if row.section == "visits"]:
            day = visit["held_on"]
            kind = "both" if len(kinds.get(day, ())) > 1 else min(kinds.get(day, {""}))
            for quota in quotas(facts):
                version = quota_in_month(facts, quota.quota, day.year, day.month)
                if version and counts(facts, version, entry.entry.branch, kind, visit):
                    instead = visit.get("on_behalf_of")
                    key = quota.quota, instead or visit["officer"], entry.entry.branch, day
                    came = bool(instead), visit["officer"]
                    visits[key] = min(came, visits.get(key, came))
    who_came = [(quota, who, day, came) for (quota, who, _, day), (_, came) in visits.items()]
    confirmed = {key for key in visits if key[3].month in waiver_months(facts, key[2], "X02")}
    sure = {(*key[:2], key[3], visits[key][1]) for key in confirmed}
    result = []
    for key, (_, came) in visits.items():
        day_key = (*key[:2], key[3], came)
        among = 0 if day_key in sure else who_came.count(day_key)
        result.append((*key, 1 if key in confirmed else among))
    return sorted(result)


def counts(facts: Any, quota: Any, cell: str, kind: str, visit: Any) -> bool:
    """Whether that row of the table of visits counts under the quota, for whomever."""
    officers = {entry.code: entry for entry in facts.register.officers}
    came, instead_of = visit["officer"], visit.get("on_behalf_of")
    who = instead_of or came
    homes = [officers[code].own_cell for code in (came, who) if code in officers]
    if who not in officers or kind not in quota.counts.kinds:
        return False
    if (instead_of and not quota.counts.substitutes) or (
        cell in homes and not quota.counts.own_cell
    ):
        return False
    tops = on_duty(facts, officers[who], quota.role, visit["held_on"])
    matches = [entry for entry in facts.register.organisations if entry.code == cell]
    alive = all(lives(entry, visit["held_on"]) for entry in matches)
    return alive and any(covers(facts, top, cell) for top in tops)


def quota(facts: Any) -> dict[Any, Any]:
    result = {}
    counted, settled = certain_visits(facts), settled_months(facts)
    for quota in quotas(facts):
        for officer in facts.register.officers:
            cells = meeting_cells(facts) if quota.per == "officer_cell" else [None]
            for cell in cells:
                places = [cell] if cell else meeting_cells(facts)
                duty = days_on_duty(facts, officer, quota, places)
                visits = [
                    (day.month, Fraction(1, among) if among and not cell else Fraction(among == 1))
                    for name, who, where, day, among in counted
                    if (name, who) == (quota.quota, officer.code)
                    and (cell is None or where == cell.code)
                ]
                left = still_open(facts, quota, officer, places, settled)
                key = quota.quota, officer.code, cell.code if cell else None
                may_count = any(
                    days and not is_own(officer, place, version)
                    for place in places
                    for month, days in days_on_duty(facts, officer, quota, [place]).items()
                    if (version := quota_all_year(facts, quota)[month])
                )
                line = summary(facts, quota, visits, duty, left, may_count)
                if line[2] or visits:
                    result[key] = line
    return result


def is_own(officer: Any, cell: Any, version: Any) -> bool:
    """Whether visits to the cell do not count because the officer belongs to it."""
    return cell.code == officer.own_cell and not version.counts.own_cell


def days_on_duty(facts: Any, officer: Any, quota: Any, places: list[Any]) -> dict[int, set[date]]:
    """The days of each month on which the officer has one of these cells to attend."""
    return {
        month: {
            day
            for day, top in there
            if any(lives(cell, day) and covers(facts, top, cell.code) for cell in places)
        }
        for month, there in duties_of_year(facts, officer, quota).items()
    }


def part_owed(facts: Any, quota: Any, month: int, on_duty: set[date]) -> Fraction:
    """How much of a month is owed: by its 15th, or by the days."""
    version = quota_in_month(facts, quota.quota, facts.period.year, month)
    if version and version.months_by == "days":
        return Fraction(len(on_duty), len(days_of(facts.period.year, month)))
    return Fraction(date(facts.period.year, month, 15) in on_duty)


def still_open(
    facts: Any, quota: Any, officer: Any, places: list[Any], settled: set[tuple[str, int]]
) -> tuple[int, int]:
    """The months of these cells whose return is out, and those still to come."""
    out, to_come, until = 0, 0, last_month(facts)
    for cell in places:
        for month, version in quota_all_year(facts, quota).items():
            on_duty = days_on_duty(facts, officer, quota, [cell])[month]
            if not version or is_own(officer, cell, version) or not on_duty:
                continue
            to_come += month > until
            lives_on = lives(cell, days_of(facts.period.year, month)[-1])
            out += month <= until and lives_on and (cell.code, month) not in settled
    return out, to_come


def pairs(facts: Any) -> dict[Any, Any]:
    """Every officer in every cell: sittings attended, the last, months served, months open."""
    result = {}
    counted, settled = certain_visits(facts), settled_months(facts)
    for quota in quotas(facts):
        for officer in facts.register.officers:
            for cell in meeting_cells(facts):
                duty = days_on_duty(facts, officer, quota, [cell])
                served = {m: part_owed(facts, quota, m, days) for m, days in duty.items()}
                visits = [
                    (day, among)
                    for name, who, where, day, among in counted
                    if (name, who, where) == (quota.quota, officer.code, cell.code)
                ]
                if any(duty.values()) or visits:
                    result[quota.quota, officer.code, cell.code] = (
                        len([day for day, among in visits if among == 1]),
                        len([day for day, among in visits if among != 1]),
                        max((day for day, _ in visits), default=None),
                        _round_mean(
                            float(sum(p for m, p in served.items() if m <= last_month(facts)))
                        ),
                        _round_mean(float(sum(served.values()))),
                        *still_open(facts, quota, officer, [cell], settled),
                    )
    return result


def settled_months(facts: Any) -> set[tuple[str, int]]:
    """The cells and months of which nothing more is to come: a return is in, or none is asked."""
    settled = {
        (entry.entry.branch, int(entry.entry.period[5:])) for entry in meeting_returns(facts)
    }
    for cell in facts.register.organisations:
        settled |= {(cell.code, month) for month in waiver_months(facts, cell.code)}
    return settled


def summary(
    facts: Any,
    quota: Any,
    visits: list[tuple[int, Fraction]],
    duty: dict[int, set[date]],
    left: tuple[int, int],
    may_count: bool,
) -> Any:
    until = last_month(facts)
    served = {month: part_owed(facts, quota, month, days) for month, days in duty.items()}
    times = {m: version.times for m, version in quota_all_year(facts, quota).items() if version}
    owes = {month: part * times[month] / 12 for month, part in served.items() if part}
    owed = sum((part for month, part in owes.items() if month <= until), Fraction(0))
    planned = sum(owes.values(), Fraction(0))
    obligation = planned.numerator // planned.denominator
    rest = planned - obligation
    up = {"half_up": rest >= Fraction(1, 2), "floor": False, "ceiling": rest > 0}
    obligation += up[quota.rounding]
    months = tuple(
        sum((share for m, share in visits if m == month), Fraction(0)) if month <= until else None
        for month in range(1, 13)
    )
    certain = sum((share for _, share in visits), Fraction(0))
    out, to_come = left
    due = owed.numerator // owed.denominator if to_come else obligation
    if not obligation or (certain < obligation and not may_count):
        state = "unrated"
    elif certain >= obligation:
        state = "met"
    elif certain >= due:
        state = "on_course"
    elif len(visits) >= due:
        state = "unsettled"
    else:
        state = "behind" if out or to_come else "not_met"
    past = sum((part for month, part in served.items() if month <= until), Fraction(0))
    return (
        months,
        len(visits) - certain,
        _round_mean(float(past)),
        _round_mean(float(sum(served.values()))),
        _round_mean(float(owed)),
        obligation,
        out,
        to_come,
        state,
    )


# Ratings.


def bands(facts: Any) -> dict[str, Any]:
    """Of every organisation that owes in the period or met in the year, dead or alive."""
    result = {}
    first, last = facts.period.month, last_month(facts)
    ends = [days_of(facts.period.year, month)[-1] for month in range(first, last + 1)]
    owing = {c.code for c in meeting_cells(facts) if any(lives(c, end) for end in ends)}
    for code in owing | {entry.entry.branch for entry in meeting_returns(facts)}:
        counts: dict[str, int] = {}
        scores, meeting_count = [], 0
        for entry in meeting_returns(facts):
            if entry.entry.branch != code:
                continue
            met = [r.values for r in entry.rows if r.section == "meetings"]
            for sitting in {(values["held_on"], values["kind"]) for values in met}:
                meeting_count += 1
                points = points_of(entry.rows, sitting)
                if points:
                    score = points.get("confirmed", points.get("own"))
                    scores.append(Fraction(score))
                    name = band(facts, entry.entry.period, score)
                    counts[name] = counts.get(name, 0) + 1
        mean = round(float(sum(scores) / len(scores)), 9) if scores else None
        if meeting_count or code in owing:
            result[code] = counts, mean, meeting_count, code in owing
    return result


def years(facts: Any) -> dict[str, Any]:
    """What may still come in the year, and the best grade the regular meetings still allow.

    A cell's year is that of all cells merged into it as well. A month may bring meetings if it is
    over without a return, or if the cell lives on its last day; then their number is no bar.
    """
    everyone = {entry.code: entry for entry in facts.register.organisations}
    result = {}
    for code in bands(facts):
        kin = family(facts, code)
        owed = {name: owed_days(facts, name) for name in kin if name in everyone}
        months = sum(len(days) for days in owed.values())
        to_come = sum(is_open(facts, name, month) for name in owed for month in owed[name])
        bands_held = [name for member in kin for name in regular_bands(facts, member)]
        rated = bands_held or to_come
        is_graded = code in everyone and rated and not is_merged(facts, code) and is_old(facts, kin)
        result[code] = to_come, grade(bands_held, months, to_come) if is_graded else None
    return result


def is_merged(facts: Any, code: str) -> bool:
    """Whether the cell went into another one until the end of the year."""
    entry = next(entry for entry in facts.register.organisations if entry.code == code)
    return bool(entry.successor and entry.ended and entry.ended.year <= facts.period.year)


def family(facts: Any, code: str) -> list[str]:
    """The cell, then the cells merged into it or into one of these."""
    merged = [
        entry.code
        for entry in facts.register.organisations
        if entry.successor == code and is_merged(facts, entry.code)
    ]
    return [code, *(member for name in merged for member in family(facts, name))]


def owed_days(facts: Any, code: str) -> list[int]:
    """The months of the year at whose end the cell lives, but for those it is excused from."""
    entry = next(entry for entry in facts.register.organisations if entry.code == code)
    ends = {month: days_of(facts.period.year, month)[-1] for month in range(1, 13)}
    excused = waived_months(facts, code)
    return [month for month, day in ends.items() if lives(entry, day) and month not in excused]


def is_open(facts: Any, code: str, month: int) -> bool:
    return month > last_month(facts) or (code, month) not in settled_months(facts)


def is_old(facts: Any, kin: list[str]) -> bool:
    """Whether the oldest cell has six full months at the end of the year, or of the first cell."""
    entries = [
        entry for code in kin for entry in facts.register.organisations if entry.code == code
    ]
    founded = [entry.founded for entry in entries]
    if None in founded:
        return True
    half_a_year_on = min(founded).replace(day=1)
    for _ in range(6):
        half_a_year_on = (half_a_year_on + timedelta(days=31)).replace(day=1)
    last = days_of(half_a_year_on.year, half_a_year_on.month)[-1]
    day = last.replace(day=min(last.day, min(founded).day))
    end = date(facts.period.year + 1, 1, 1)
    return day <= min(end, entries[0].ended or end)


def waived_months(facts: Any, code: str) -> set[int]:
    """The months up to the period of which the cell is excused altogether, and sent nothing."""
    sent = {
        int(entry.entry.period[5:])
        for entry in meeting_returns(facts)
        if entry.entry.branch == code
    }
    excused = waiver_months(facts, code)
    return {month for month in excused if month <= last_month(facts)} - sent


def waiver_months(facts: Any, code: str, rule: str | None = None) -> set[int]:
    """The months of the year for which a waiver of the rule holds; without one, of the return."""
    months: set[int] = set()
    for waiver in facts.register.waivers:
        forever = waiver.until is None or facts.as_of <= waiver.until
        if (waiver.branch, waiver.form, waiver.rule) == (code, "meeting", rule) and forever:
            year, _, month = str(waiver.period).partition("-")
            if int(year) == facts.period.year:
                months |= {int(month)} if month else set(range(1, 13))
    return months


def points_of(rows: Any, sitting: tuple[date, str]) -> dict[str, Any]:
    """The points of the meeting of that day and kind, by who gave them."""
    scores = (row.values for row in rows if row.section == "scores")
    return {
        values["scorer"]: values["total"]
        for values in scores
        if (values["held_on"], values["kind"]) == sitting
    }


def regular_bands(facts: Any, code: str) -> list[str]:
    """The bands of the cell's scored regular meetings, the own score where none is confirmed."""
    result = []
    for entry in meeting_returns(facts):
        rows = entry.rows if entry.entry.branch == code else ()
        met = [row.values for row in rows if row.section == "meetings"]
        held = {(values["held_on"], values["kind"]) for values in met}
        for sitting in held:
            points = points_of(rows, sitting) if sitting[1] in ("regular", "both") else {}
            if points:
                score = points.get("confirmed", points.get("own"))
                result.append(band(facts, entry.entry.period, score))
    return result


def grade(bands_held: list[str], months: int, to_come: int) -> str | None:
    """Phú Thọ: Tốt = none below Khá and 7 Tốt in twelve months; nothing was seen of others."""
    good = bands_held.count("good")
    fair = good + bands_held.count("fair")
    enough = to_come or 12 * good >= 7 * months
    return "good" if fair == len(bands_held) and enough else None


def band(facts: Any, month: str, score: float) -> str:
    name = ""
    for scheme in facts.catalogue.schemes:
        effective = scheme.effective
        if scheme.scheme == "meeting_score" and (
            effective.from_ <= month <= (effective.to or month)
        ):
            for entry in sorted(scheme.bands, key=lambda entry: float(entry.min)):
                if score >= entry.min:
                    name = entry.id
    return name


# Classification.


def shares(facts: Any) -> dict[Any, Any]:
    result = {}
    types = {entry.code: entry.type for entry in facts.register.organisations}
    for year in sorted({r.entry.period for r in facts.returns if r.entry.form == "classification"}):
        if int(year) > facts.period.year:
            continue
        for scheme in facts.catalogue.schemes:
            first, last = scheme.effective.from_[:4], (scheme.effective.to or "9999")[:4]
            if scheme.scheme == "classification" and first <= year <= last:
                wholes = [(part, "", part.section) for part in scheme.parts]
                kinds = [
                    (part, kind.id, f"{part.section}/{kind.id}")
                    for part in scheme.parts
                    for kind in part.kinds
                ]
                for part, kind, name in [*wholes, *kinds]:
                    rows = [
                        row.values
                        for entry in facts.returns
                        if (entry.entry.form, entry.entry.period) == ("classification", year)
                        if not kind or types.get(entry.entry.branch) == kind
                        for row in entry.rows
                        if row.section == part.section
                    ]
                    total = {
                        "rated": ("rated",),
                        "subject": ("rated", "not_rated"),
                        "all": ("total",),
                    }[scheme.share_base]
                    base = sum(values.get(field) or 0 for values in rows for field in total)
                    for line in part.lines:
                        count = sum(values.get(g) or 0 for values in rows for g in line.grades)
                        share = float(Fraction(count) * 100 / Fraction(base)) if base else None
                        result[int(year), name, line.id] = count, base, share
    return result
