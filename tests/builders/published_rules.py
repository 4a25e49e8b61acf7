"""Published yearly classifications with mistakes, as the returns that must have lain behind them.

What a report printed is kept as printed; what it left out (grades nobody published) is filled in so
that the sums hold, and no test looks at that. The organisations are spread evenly.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from mlay_batch.app.office import Office, open_office
from mlay_batch.app.workspace import Workspace
from mlay_batch.core.period import Period
from mlay_batch.model.records import Row, Value
from mlay_batch.schema import load_catalogue
from mlay_batch.template import TemplateContext, render

Counts = Mapping[str, int]
GRADES = ("grade1", "grade2", "grade3", "grade4")


@dataclass(frozen=True)
class District:
    """A district's year: its organisations by their own grade, its cells, its members."""

    name: str
    year: int
    organisations: Counts
    cells: Counts
    members: Counts
    single: int  # organisations that are one cell

    @property
    def period(self) -> Period:
        return Period(self.year, 1, 12)


# 41 organisations, 24 and 15 in the first two grades; 543 of 545 cells rated, 304 in the first;
# 8,159 members = 6,659 rated + 1,388 exempt + 112 not rated.
TAN_YEN = District(
    "Huyện ủy Tân Yên", 2015,
    organisations={"grade1": 24, "grade2": 15, "grade3": 2},
    cells={"not_rated": 2, "grade1": 304, "grade2": 200, "grade3": 38, "grade4": 1},
    members={"exempt": 1388, "not_rated": 112, "grade1": 800, "grade2": 4200, "grade3": 1600,
             "grade4": 59},
    single=12,
)  # fmt: skip
# 8 of 51 organisations and 28 of 147 cells in the first grade, 100 cells in the second;
# 2,993 members = 2,645 rated + 329 exempt + 19 not rated.
NAM_CAN = District(
    "Huyện ủy Năm Căn", 2018,
    organisations={"grade1": 8, "grade2": 36, "grade3": 7},
    cells={"not_rated": 0, "grade1": 28, "grade2": 100, "grade3": 19, "grade4": 0},
    members={"exempt": 329, "not_rated": 19, "grade1": 380, "grade2": 1900, "grade3": 357,
             "grade4": 8},
    single=30,
)  # fmt: skip


def spread(total: int, over: int) -> list[int]:
    """Share a count out evenly, the first ones getting the rest.

    >>> spread(7, 3)
    [3, 2, 2]
    """
    return [total // over + (place < total % over) for place in range(over)]


def own_grades(of: District) -> list[str]:
    """The organisations' own grades, one after another."""
    return [grade for grade, count in of.organisations.items() for _ in range(count)]


def returns(of: District) -> Iterator[tuple[str, tuple[Row, ...]]]:
    """Yield the return of every organisation; those of one cell come last, graded as that cell."""
    grades = own_grades(of)
    wide = len(grades) - of.single
    singles = [{grade: 1} for grade in grades[wide:]]
    left = {
        name: total - sum(single.get(name, 0) for single in singles)
        for name, total in of.cells.items()
    }
    below = {name: spread(total, wide) for name, total in left.items()}
    cells = [{name: counts[n] for name, counts in below.items()} for n in range(wide)]
    shares = {name: spread(total, len(grades)) for name, total in of.members.items()}
    for number, (grade, counted) in enumerate(zip(grades, [*cells, *singles], strict=True)):
        members = {name: counts[number] for name, counts in shares.items()}
        yield f"TC{number + 1:02}", paper(grade, counted, members)


def paper(
    grade: str, cells: Counts, members: Counts, wrong: Mapping[str, Counts] | None = None
) -> tuple[Row, ...]:
    """The rows of one return, added up; `wrong` counts are put over the right ones by section."""
    sections: dict[str, Mapping[str, Value]] = {"own": {"grade": grade}}
    for section, counts in (("cells", cells), ("members", members)):
        full = {name: counts.get(name, 0) for name in ("not_rated", *GRADES)}
        rated = sum(full[name] for name in GRADES)
        exempt = {"exempt": counts["exempt"]} if "exempt" in counts else {}
        total = rated + full["not_rated"] + counts.get("exempt", 0)
        printed = (wrong or {}).get(section, {})
        sections[section] = exempt | full | {"rated": rated, "total": total} | printed
    return tuple(Row(section, "", 0, values, {}) for section, values in sections.items())


def workspace(of: District, folder: Path, schemes: Mapping[str, str] | None = None) -> Office:
    """Make the district's workspace; `schemes` are YAML files of its own."""
    target = Workspace.create(folder)
    for name, text in (schemes or {}).items():
        (folder / "schemas" / name).write_text(text, encoding="utf-8")
    wide = len(own_grades(of)) - of.single
    entries: list[Mapping[str, Value]] = [{"code": "HU", "name": of.name, "type": "office"}]
    for number, _ in enumerate(own_grades(of)):
        kind = "committee" if number < wide else "cell_direct"
        code = f"TC{number + 1:02}"
        entries.append({"code": code, "name": f"Tổ chức {code}", "type": kind, "parent": "HU"})
    rows = [Row("organisations", "", 0, entry, {}) for entry in entries]
    context = TemplateContext("HU", of.name, "", None, "Nơi ký", {}, {})
    target.register.write_bytes(render(load_catalogue().register_form, context, rows))
    return open_office(target)


def book(town: Office, of: District, branch: str, rows: tuple[Row, ...]) -> bytes:
    """The workbook an organisation mails."""
    form = town.catalogue.form_for("classification", of.period)
    assert form
    entry = town.register.by_code[branch]
    context = TemplateContext(branch, entry.name, of.name, of.period, "Nơi ký", {}, {})
    return render(form, context, rows)


RECEIVED = "T09:00:00+07:00"


def as_of(of: District) -> date:
    """The day the district reports on: three weeks after the year."""
    return date(of.year + 1, 1, 21)
