"""What the printed workbook must mean, computed once more from the raw files.

Written from the domain notes, the documents and the forms by somebody who has not read the
program's figures; nothing of the program is imported. Returned forms are read from their XML
(openpyxl takes ten times as long, and a year has 875), the register by openpyxl.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction
from functools import cached_property
from math import floor
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree
from zipfile import ZipFile

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter

if TYPE_CHECKING:
    from printed import Printed

Fields = dict[str, Any]
Sitting = tuple[str, date]
NS = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
DATES = {"held_on", "founded", "ended", "from", "to", "decided", "until"}
CODES = {"officer", "on_behalf_of", "branch", "parent", "successor", "own_cell"}
GRADES = ("grade1", "grade2", "grade3", "grade4")
# The town's article of 04/12/2019: at least 4 a year for officials, 6 for committee members.
YEARLY = {"Cán bộ, chuyên viên": 4, "Cấp ủy viên": 6}
BANDS = {"Tốt": 90, "Khá": 70, "Trung bình": 50, "Kém": 0}  # forms of four provinces agree
GOOD_A_YEAR = 7  # Phú Thọ: Tốt = every regular meeting Khá or better, and 7 of the year's 12 Tốt
LEAST_MONTHS = 6  # founded less than 6 months ago: not rated


# The raw files.


def sections(rows: Iterable[Fields]) -> dict[str, list[Fields]]:
    """Return the filled-in lines by section; column A of a form tells what a row is."""
    result: dict[str, list[Fields]] = {}
    name, names = "", dict[str, str]()
    meetings: list[str] = []  # the columns of the meetings
    heads: dict[str, Fields] = {"held_on": {}, "kind": {}}  # of the meetings, by column
    for row in rows:
        mark, _, part = str(row.pop("A", None) or "").partition(":")
        if part in ("start", "end"):
            name = mark if part == "start" else ""
            names = {column: str(title) for column, title in row.items() if title}
            if "record" in names.values():
                meetings = [column for column, title in names.items() if title == "record"]
            result.setdefault(mark, [])
        elif name and not part and (not names or "record" in names.values()):
            heads |= {mark: row} if mark in heads else {}
            note_line(result[name], mark, {c: row.get(c) for c in meetings}, heads)
        elif name and not part:
            line = {names[c]: v for c, v in row.items() if c in names and v not in (None, "")}
            if "value" in names.values():  # a card: one field a row
                result[name] = [dict(*result[name]) | {mark: line.get("value")}]
            elif line:
                result[name].append({key: plain(key, value) for key, value in line.items()})
    return result


def note_line(lines: list[Fields], mark: str, values: Fields, heads: Mapping[str, Fields]) -> None:
    """Note a line of the form, whose columns are the meetings of those days and kinds."""
    for column, value in values.items():
        if column in heads["held_on"] and value not in (None, ""):
            day, kind = plain("held_on", heads["held_on"][column]), heads["kind"].get(column)
            note(lines, {"column": column, "held_on": day}, mark, value)["kind"] = kind


def note(lines: list[Fields], meeting: Fields, mark: str, value: Any) -> Fields:
    """Note what stands in the line ``own.total`` of a meeting."""
    whose, _, field = mark.rpartition(".")
    if field == "band":
        return {}
    scorer = {"own": "Chi bộ tự chấm", "confirmed": "Cấp trên xác nhận"}.get(whose)
    key = {**meeting, "whose": whose} | ({"scorer": scorer} if scorer else {})
    line = next((line for line in lines if key.items() <= line.items()), None)
    if line is None:
        line = dict(key)
        lines.append(line)
    line[field] = plain(field, value)
    return line


def plain(name: str, value: Any) -> Any:
    """Return a day as a date, and "CB-01 – Chi bộ …" as its code."""
    if name in DATES and isinstance(value, int | float):
        return date(1899, 12, 30) + timedelta(days=int(value))
    if name in DATES and isinstance(value, datetime):
        return value.date()
    return str(value).partition(" – ")[0] if name in CODES else value


def form_rows(path: Path) -> Iterator[Fields]:
    """Yield the rows of a form's first sheet by column letter."""
    with ZipFile(path) as parts:
        strings: list[str] = []
        if "xl/sharedStrings.xml" in parts.namelist():
            items = ElementTree.fromstring(parts.read("xl/sharedStrings.xml")).iter(NS + "si")
            strings = ["".join(item.itertext()) for item in items]
        sheet = ElementTree.fromstring(parts.read("xl/worksheets/sheet1.xml"))
    for row in sheet.iter(NS + "row"):
        values: Fields = {}
        for cell in row:
            stored = [part for part in cell if part.tag != NS + "f"]
            text, kind = "".join(t for part in stored for t in part.itertext()), cell.get("t", "n")
            text = strings[int(text)] if kind == "s" else text
            if text:
                column = str(cell.get("r")).rstrip("0123456789")
                values[column] = float(text) if kind == "n" else text
        yield values


def read_register(path: Path) -> dict[str, list[Fields]]:
    """Return the lists of the office's register."""
    result: dict[str, list[Fields]] = {}
    book = load_workbook(path, data_only=True, read_only=True)
    for sheet in book.worksheets:
        lines = sheet.iter_rows(values_only=True)
        result |= sections(
            {get_column_letter(n): value for n, value in enumerate(line, 1)} for line in lines
        )
    book.close()
    return result


@dataclass(frozen=True)
class Return:
    """An accepted return; `month` is None for a yearly one."""

    branch: str
    year: int
    month: int | None
    received: date
    parts: Mapping[str, list[Fields]]

    @classmethod
    def read(cls, path: Path, received: date) -> Return:
        parts = sections(form_rows(path))
        (head,) = parts["head"]
        *month, year = map(int, re.findall(r"\d+", head["period"]))
        branch = plain("branch", head["branch"])
        return cls(branch, year, month[0] if month else None, received, parts)

    def lines(self, section: str) -> list[Fields]:
        return self.parts.get(section, [])

    def card(self, section: str) -> Fields:
        return {name: value or 0 for name, value in self.parts[section][0].items()}


# What they mean.


@dataclass(frozen=True)
class Evidence:
    """The register and the accepted returns of an office, read for one year up to a month."""

    lists: Mapping[str, list[Fields]]
    returns: tuple[Return, ...]
    refused: frozenset[tuple[Any, ...]]  # branch, month, year
    year: int
    until: int
    quota_from: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def read(cls, root: Path, book: Printed, year: int, until: int, **more: Any) -> Evidence:
        """Read the files the workbook calls accepted; of one branch and period the last counts."""
        latest: dict[tuple[str, int, int | None], Return] = {}
        refused: set[tuple[Any, ...]] = set()
        for line in book.deliveries():
            if line["accepted"]:
                path = root / "archive" / line["sha256"][:2] / line["sha256"]
                entry = Return.read(path, line["received"])
                latest[entry.branch, entry.year, entry.month] = entry
            elif line["refused"]:
                refused.add((line["branch"], *line["period"]))
        lists = read_register(root / "register.xlsx")
        return cls(lists, tuple(latest.values()), frozenset(refused), year, until, **more)

    @cached_property
    def organisations(self) -> dict[str, Fields]:
        return {line["code"]: line for line in self.lists["organisations"]}

    @cached_property
    def cells(self) -> list[str]:
        return [c for c, line in self.organisations.items() if "Chi bộ" in line["type"]]

    @cached_property
    def monthly(self) -> dict[tuple[str, int], Return]:
        return {
            (entry.branch, entry.month): entry
            for entry in sorted(self.returns, key=lambda entry: entry.month or 0)
            if entry.year == self.year and entry.month and entry.month <= self.until
        }

    def of(self, cell: str) -> list[Return]:
        return [entry for (branch, _), entry in self.monthly.items() if branch == cell]

    def lives(self, cell: str, day: date) -> bool:
        line = self.organisations[cell]
        return bool(line.get("founded", day) <= day < line.get("ended", date.max))

    def owes(self, cell: str, month: int) -> bool:
        """Whether the cell lives on the month's last day: then it owes a return of it."""
        return self.lives(cell, last_day(self.year, month)) and not self.waived(cell, month)

    def waived(self, cell: str, month: int) -> bool:
        wanted = {str(self.year), f"{self.year}-{month:02}"}
        lines = [w for w in self.lists["waivers"] if w["branch"] == cell and "rule" not in w]
        form = "Báo cáo sinh hoạt chi bộ"
        return any(str(w["period"]) in wanted and w["form"] == form for w in lines)

    def missing(self, cell: str) -> list[int]:
        owed = [month for month in range(1, self.until + 1) if self.owes(cell, month)]
        return [month for month in owed if (cell, month) not in self.monthly]

    # 1. Quotas.

    def duty(self, officer: str, role: str, day: date) -> set[str]:
        """The living cells an officer in office is assigned to on that day."""
        (person,) = [line for line in self.lists["officers"] if line["code"] == officer]
        if day.month < self.quota_from.get(role, 1) or not within(person, day):
            return set()
        return {
            cell
            for line in self.lists["assignments"]
            if (line["officer"], line["role"].startswith(role)) == (officer, True)
            and within(line, day)
            for cell in self.cells
            if line["branch"] in (cell, self.organisations[cell]["parent"])
            and self.lives(cell, day)
        }

    def duty_months(self, officer: str, role: str, cell: str | None = None) -> tuple[int, int]:
        """Months to date and of the year; a month belongs to who serves on its 15th."""
        duties = {m: self.duty(officer, role, date(self.year, m, 15)) for m in range(1, 13)}
        months = [m for m, on in duties.items() if (cell in on if cell else on)]
        return sum(month <= self.until for month in months), len(months)

    def attended(self, officer: str, role: str) -> set[Sitting]:
        """Distinct cell and day: in person, on duty there, not the officer's own cell."""
        (person,) = [line for line in self.lists["officers"] if line["code"] == officer]
        return {
            (branch, visit["held_on"])
            for (branch, _), entry in self.monthly.items()
            for visit in entry.lines("visits")
            if visit["officer"] == officer
            and not visit.get("on_behalf_of")
            and branch != person.get("own_cell")
            and branch in self.duty(officer, role, visit["held_on"])
        }

    def quotas(self) -> dict[tuple[str, str], Fields]:
        """Of every officer and role that has a duty by now: what is owed and attended."""
        result = {}
        for officer in [line["code"] for line in self.lists["officers"]]:
            for role, times in YEARLY.items():
                served, all_year = self.duty_months(officer, role)
                if served:
                    sittings = self.attended(officer, role)
                    low, high = len({day for _, day in sittings}), len(sittings)
                    result[officer, role] = {
                        "months": (served, all_year),
                        "attended": (low, high),
                        "owed": Fraction(times * served, 12),
                        "obligation": floor(Fraction(times * all_year, 12) + Fraction(1, 2)),
                    }
        return result

    def state(self, line: Fields) -> str | None:
        """● met, ▲ behind, ○ on course; None where a doubtful day decides, or the year's end."""
        obligation, owed = line["obligation"], floor(line["owed"])
        signs = {"●" if n >= obligation else "▲" if n < owed else "○" for n in line["attended"]}
        return signs.pop() if len(signs) == 1 and self.until < 12 else None

    # 2. Cells nobody visited.

    def visits(self) -> dict[str, str]:
        """Per cell: visited, dissolved, own (assigned are its own members), unknown, nobody."""
        result = {}
        for cell in self.cells:
            if self.organisations[cell].get("founded", date.min) > last_day(self.year, self.until):
                continue
            if any(entry.lines("visits") for entry in self.of(cell)):
                result[cell] = "visited"
            elif not self.lives(cell, last_day(self.year, self.until)):
                result[cell] = "dissolved"
            elif (who := self.assigned(cell)) and who <= self.members(cell):
                result[cell] = "own"
            else:
                result[cell] = "unknown" if self.missing(cell) else "nobody"
        return result

    def assigned(self, cell: str) -> set[str]:
        day = last_day(self.year, self.until)
        codes = {line["officer"] for line in self.lists["assignments"]}
        return {code for code in codes for role in YEARLY if cell in self.duty(code, role, day)}

    def members(self, cell: str) -> set[str]:
        return {line["code"] for line in self.lists["officers"] if line.get("own_cell") == cell}

    # 3. Members.

    def movement(self) -> dict[str, Fields]:
        """The year of every cell: opening, in, out, merged, closing.

        A cell founded in the year opens at 0; a merged one hands over what it closed with.
        """
        cards = {cell: [entry.card("members") for entry in self.of(cell)] for cell in self.cells}
        merged: Counter[str] = Counter()
        for cell in cards:
            heir = self.organisations[cell].get("successor")
            if heir and cards[cell] and not self.lives(cell, last_day(self.year, self.until)):
                merged[heir] += cards[cell][-1]["closing"]
                merged[cell] -= cards[cell][-1]["closing"]
        return {
            cell: {
                "opening": (
                    opening := card[0]["opening"] * self.lives(cell, date(self.year, 1, 1))
                ),
                "in": (came := total(card, "admitted", "moved_in", "restored")),
                "out": (left := total(card, "died", "expelled", "moved_out")),
                "merged": merged[cell],
                "closing": opening + came - left + merged[cell],
            }
            for cell, card in cards.items()
            if card
        }

    # 4., 7. Meetings, their bands, the grade of the year.

    def sittings(self, cell: str) -> dict[tuple[date, str], Fraction | None]:
        """The score of every sitting by day and kind; the confirmed one goes before the own."""
        result = {}
        for entry in self.of(cell):
            for line in entry.lines("meetings"):
                key = line["held_on"], line["kind"].lower()
                scores = {
                    score["scorer"].startswith("Cấp trên"): Fraction(score["total"])
                    for score in entry.lines("scores")
                    if (score["held_on"], score["kind"].lower()) == key
                }
                result[key] = scores.get(True, scores.get(False))
        return result

    def bands(self, cells: Iterable[str], month: int | None = None) -> Fields:
        """Sittings, scored ones by band, and their mean; of one month or of the year."""
        sittings = [sitting for cell in cells for sitting in self.sittings(cell).items()]
        held = [score for (day, _), score in sittings if month in (None, day.month)]
        scores = [score for score in held if score is not None]
        counts = Counter(next(n for n, least in BANDS.items() if s >= least) for s in scores)
        mean = float(sum(scores) / len(scores)) if scores else None
        return {"held": len(held), "mean": mean} | {name: counts[name] for name in BANDS}

    def line_of(self, cell: str) -> list[str]:
        """The cell and those merged into it."""
        merged = [c for c in self.cells if self.organisations[c].get("successor") == cell]
        return [cell, *(part for code in merged for part in self.line_of(code))]

    def year_grades(self, cell: str) -> set[str]:
        """What may be printed: "Tốt", or "" since no other grade has a published rule.

        Asked pro rata to the months owed, those of merged cells among them. While months are to
        come there is no telling how many meetings they bring.
        """
        parts = self.line_of(cell)
        owed = sum(self.owes(part, month) for part in parts for month in range(1, 13))
        held = [sitting for part in parts for sitting in self.sittings(part).items()]
        scores = [s for (_, kind), s in held if "thường kỳ" in kind and s is not None]
        good = sum(score >= BANDS["Tốt"] for score in scores)
        if owed < LEAST_MONTHS or any(score < BANDS["Khá"] for score in scores):
            return {""}
        if good * 12 >= GOOD_A_YEAR * owed:
            return {"Tốt"}
        return {"", "Tốt"} if self.until < 12 or any(map(self.missing, parts)) else {""}

    # 5. Themes.

    def themes(self, cell: str) -> list[int | None]:
        """Thematic sittings by quarter, None where the cell did not live."""
        months = [day.month for day, kind in self.sittings(cell) if "chuyên đề" in kind]
        return [
            sum((month - 1) // 3 == quarter for month in months) if lived else None
            for quarter in range((self.until + 2) // 3)
            for lived in [self.lived_months(cell, quarter)]
        ]

    def lived_months(self, cell: str, quarter: int) -> int:
        months = range(3 * quarter + 1, 3 * quarter + 4)
        return sum(any(self.lives(cell, day) for day in days(self.year, month)) for month in months)

    def blamed(self, cell: str, quarter: int) -> bool:
        """Without a theme in a quarter it lived in longer than a month, all its returns in."""
        is_over = self.until >= 3 * quarter + 3
        is_open = any((month - 1) // 3 == quarter for month in self.missing(cell))
        without = self.themes(cell)[quarter] == 0 and self.lived_months(cell, quarter) > 1
        return without and is_over and not is_open

    # 6. The yearly classification.

    def yearly(self, year: int) -> dict[str, Return]:
        return {e.branch: e for e in self.returns if (e.year, e.month) == (year, None)}

    def graded(self, year: int, section: str, *, direct: bool | None = None) -> Counter[str]:
        """Counts of a year; of cells that are organisations themselves, or of those below one."""
        counts: Counter[str] = Counter()
        for branch, entry in self.yearly(year).items():
            if direct in (None, branch in self.cells):
                counts.update({k: int(v) for k, v in entry.card(section).items()})
        return counts

    def caps(self, year: int) -> dict[str, tuple[int, int, int]]:
        """21-HD: HTXS at most 20 % of HTT in each organisation: HTT, how many may, how many are."""
        cards = {branch: entry.card("members") for branch, entry in self.yearly(year).items()}
        counts = {b: (int(card["grade2"]), int(card["grade1"])) for b, card in cards.items()}
        return {branch: (good, good // 5, best) for branch, (good, best) in counts.items()}

    def unfit(self, year: int) -> set[str]:
        """21-HD: HTXS only with 100 % completed or better, 80 % good or better.

        Of a cell its members are asked, of a committee its cells.
        """
        result = set()
        for branch, entry in self.yearly(year).items():
            below = entry.card("members" if branch in self.cells else "cells")
            good = below["grade1"] + below["grade2"]
            if str(entry.card("own")["grade"]).startswith("Hoàn thành xuất sắc") and (
                below["grade4"] or good * 100 < 80 * below["rated"]
            ):
                result.add(branch)
        return result

    # 7. Who has reported.

    def reported(self, cell: str, month: int) -> str:
        """The sign of a month: ● in time, ▲ late (owed by the 5th), ○ no meeting, and so on."""
        entry = self.monthly.get((cell, month))
        if entry is None:
            if not self.lives(cell, last_day(self.year, month)):
                return ""
            refused = (cell, month, self.year) in self.refused
            return "–" if self.waived(cell, month) else "×" if refused else "■"
        due = last_day(self.year, month) + timedelta(days=5)
        if entry.received > due and self.owes(cell, month):
            return "▲"
        return "○" if entry.card("members").get("no_meeting") == "Có" else "●"


def within(line: Fields, day: date) -> bool:
    return bool(line.get("from", day) <= day <= line.get("to", day))


def days(year: int, month: int) -> list[date]:
    return [d for n in range(31) if (d := date(year, month, 1) + timedelta(n)).month == month]


def last_day(year: int, month: int) -> date:
    return days(year, month)[-1]


def total(cards: list[Fields], *names: str) -> int:
    return int(sum(card[name] for card in cards for name in names))


def share(counts: Mapping[str, int], grades: Iterable[str], base: Iterable[str]) -> float:
    return float(Fraction(100 * sum(counts[g] for g in grades), sum(counts[b] for b in base)))
