"""A small town: registers and returns written as small tables.

A table's first line names its columns, cells are parted by ``|``. A blank cell is None, digits are
numbers, ``2019-05-10`` is a day; all else is text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import fields, replace
from datetime import date
from functools import cache
from typing import Any

from builders.filled_forms import ALL_ASKED
from mlay_batch.core.period import Period
from mlay_batch.demo import load_sample
from mlay_batch.figures.report_records import ReportInputs
from mlay_batch.model.records import AcceptedReturn, LedgerEntry, Row, Value, Verdict
from mlay_batch.model.register import Assignment, Officer, Organisation, Register, Waiver
from mlay_batch.schema import Catalogue, load_catalogue
from mlay_batch.schema.model import Text
from mlay_batch.schema.schemes import YearGrade

SHEET = "Báo cáo"
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
NUMBER = re.compile(r"-?\d+(\.\d+)?")
FIRST_ROW = {"members": 6, "meetings": 20, "scores": 30, "visits": 40}
COLUMNS = {
    "meetings": ("held_on", "kind"),
    "scores": ("held_on", "scorer", "explanation", "total"),
    "visits": ("held_on", "officer", "on_behalf_of"),
}
CARD = ("opening", "closing", "moved_in", "moved_out")
shipped = cache(load_catalogue)


@cache
def sample_town() -> Catalogue:
    """The descriptions of the sample town: its own base, targets and heading."""
    return load_catalogue(load_sample().schemas)


def value(text: str) -> Value:
    if not text:
        return None
    if DAY.fullmatch(text):
        return date.fromisoformat(text)
    if NUMBER.fullmatch(text):
        return float(text) if "." in text else int(text)
    return text


def table(text: str) -> list[dict[str, Any]]:
    lines = [line.split("|") for line in text.strip().splitlines() if line.strip()]
    if not lines:
        return []
    head = [cell.strip() for cell in lines[0]]
    cells = ([value(cell.strip()) for cell in line] for line in lines[1:])
    return [dict(zip(head, line, strict=False)) for line in cells]


def records(kind: type[Any], text: str, **defaults: Any) -> tuple[Any, ...]:
    """Records of a table; the columns are the fields' names (``from`` for ``from_``)."""
    names = {entry.name.rstrip("_"): entry.name for entry in fields(kind)}
    rows = ({names[key]: cell for key, cell in row.items()} for row in table(text))
    return tuple(kind(**(defaults | row)) for row in rows)


def register(
    organisations: str, officers: str = "", assignments: str = "", waivers: str = ""
) -> Register:
    named = [
        replace(entry, name=entry.name or entry.code)
        for entry in records(Organisation, organisations, name="")
    ]
    return Register(
        tuple(named),
        records(Officer, officers),
        records(Assignment, assignments),
        switches=ALL_ASKED,
        waivers=tuple(
            replace(waiver, period=str(waiver.period))
            for waiver in records(Waiver, waivers, reason="x", by="y", decided=date(2019, 1, 1))
        ),
    )


def row(section: str, number: int, values: dict[str, Value]) -> Row:
    names = COLUMNS.get(section)
    if names:  # a table: its fields stand beside one another from column C on
        cells = {name: f"{chr(ord('C') + at)}{number}" for at, name in enumerate(names)}
    else:  # a card: its fields stand below one another in column E
        cells = {name: f"E{number + at}" for at, name in enumerate(values)}
    return Row(section, SHEET, number, values, cells)


def delivery(form: str, branch: str, period: Period | str, **changes: Any) -> LedgerEntry:
    """A delivery received on the third day after its period, unless said otherwise."""
    span = Period.parse(str(period))
    received = span.next().start.replace(day=3).isoformat() + "T01:00:00+00:00"
    version = shipped().form_for(form, span)
    values = {
        "id": 0, "run": 1, "as_of": span.end, "name": f"{branch}-{span}.xlsx", "origin": "hand",
        "sha256": "", "channel": "hand", "sender": None, "received": received,
        "verdict": Verdict.ACCEPTED, "form": form, "version": version.version if version else "",
        "branch": branch, "period": str(span),
    }  # fmt: skip
    return LedgerEntry(**(values | changes))


def returns(text: str) -> list[AcceptedReturn]:
    """Meeting returns of a table; each line tells one thing, lines of a month are one return.

    Columns, all but the first two optional: branch, day (or a bare month), kind (a sitting of two
    kinds as ``regular+thematic``), officer, for (on behalf of), own, confirmed, note, opening,
    closing, moved_in, moved_out, nil, received.
    """
    by_return: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for line in table(text):
        by_return.setdefault((line["branch"], str(line["day"])[:7]), []).append(line)
    return [_return(branch, month, lines) for (branch, month), lines in by_return.items()]


Sections = dict[str, list[dict[str, Any]]]


def _return(branch: str, month: str, lines: list[dict[str, Any]]) -> AcceptedReturn:
    sections: Sections = {"meetings": [], "scores": [], "visits": []}
    card: dict[str, Any] = {}
    received = f"{month}-28"
    for line in lines:
        cells = {key: cell for key, cell in line.items() if cell is not None}
        card |= {key: cells[key] for key in CARD if key in cells}
        card |= {"no_meeting": cells["nil"]} if "nil" in cells else {}
        received = str(cells.get("received", received))
        if isinstance(cells["day"], date):
            _tell(sections, cells["day"], cells)
    rows = [row("members", FIRST_ROW["members"], card)] if card else []
    for section, entries in sections.items():
        rows += [row(section, FIRST_ROW[section] + at, values) for at, values in enumerate(entries)]
    when = delivery("meeting", branch, month, received=f"{received}T01:00:00+00:00")
    return AcceptedReturn(when, tuple(rows))


def _tell(sections: Sections, day: date, line: dict[str, Any]) -> None:
    """Add the rows of one line; what the form holds unique is not added twice."""
    kinds = str(line.get("kind", "regular")).split("+")
    for kind in kinds:
        if {"held_on": day, "kind": kind} not in sections["meetings"]:
            sections["meetings"].append({"held_on": day, "kind": kind})
    scored = {(entry["held_on"], entry["kind"], entry["scorer"]) for entry in sections["scores"]}
    for scorer in ("own", "confirmed"):
        if scorer in line and (day, kinds[0], scorer) not in scored:
            score = {"held_on": day, "kind": kinds[0], "scorer": scorer, "total": line[scorer]}
            sections["scores"].append(score | {"explanation": line.get("note")})
    if "officer" in line:
        visit = {"held_on": day, "officer": line["officer"], "on_behalf_of": line.get("for")}
        sections["visits"].append(visit)


def classification(text: str) -> list[AcceptedReturn]:
    """Classification returns of a table: branch, year, section, then the fields of that section."""
    by_return: dict[tuple[str, int], list[Row]] = {}
    for line in table(text):
        key = line.pop("branch"), line.pop("year")
        section = line.pop("section")
        by_return.setdefault(key, []).append(row(section, 6, line))
    return [
        AcceptedReturn(delivery("classification", branch, str(year)), tuple(rows))
        for (branch, year), rows in by_return.items()
    ]


def facts(
    town: Register,
    period: str,
    filed: Iterable[AcceptedReturn] = (),
    *,
    as_of: date | None = None,
    refused: Iterable[LedgerEntry] = (),
    catalogue: Catalogue | None = None,
) -> ReportInputs:
    """Facts as of the tenth day after the period, deliveries numbered as they come."""
    span = Period.parse(period)
    numbered = [
        replace(entry, entry=replace(entry.entry, id=number))
        for number, entry in enumerate(filed, 1)
    ]
    others = [replace(entry, id=len(numbered) + at) for at, entry in enumerate(refused, 1)]
    return ReportInputs(
        catalogue or shipped(),
        town,
        span,
        as_of or span.next().start.replace(day=10),
        tuple(numbered),
        (*(entry.entry for entry in numbered), *others),
    )


def with_quota(quota: str, counts: dict[str, Any] | None = None, **changes: Any) -> Catalogue:
    """The shipped descriptions with one quota changed."""
    catalogue = shipped()
    return replace(
        catalogue,
        quotas=tuple(
            replace(entry, **changes, counts=replace(entry.counts, **(counts or {})))
            if entry.quota == quota
            else entry
            for entry in catalogue.quotas
        ),
    )


def with_scheme(scheme: str, **changes: Any) -> Catalogue:
    """The shipped descriptions with every version of one scheme changed."""
    catalogue = shipped()
    schemes = (replace(s, **changes) if s.scheme == scheme else s for s in catalogue.schemes)
    return replace(catalogue, schemes=tuple(schemes))


def year_grades(*without_basis: str) -> tuple[YearGrade, ...]:
    """The four grades of a year as an office adopts them, but for those that name no document."""
    grades = records(
        YearGrade,
        """
        id      | every   | least   | times
        good    | fair    | good    | 7
        fair    | average | fair    | 7
        average |         | average | 7
        poor    |         |         |
        """,
        title=Text("", ""),
    )
    titles = {"good": "Tốt", "fair": "Khá", "average": "Trung bình", "poor": "Kém"}
    return tuple(
        replace(
            grade,
            title=Text(titles[grade.id], grade.id),
            times=grade.times or 0,
            basis=None if grade.id in without_basis else "Quy định số 12-QĐ/TU",
        )
        for grade in grades
    )
