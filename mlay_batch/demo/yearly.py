"""The yearly classification returns of the sample town, spread so that the year's sums hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta

from mlay_batch.demo.meetings import SampleReturn, named, received_on
from mlay_batch.demo.town import Town
from mlay_batch.period import Period
from mlay_batch.records import Row
from mlay_batch.register import Organisation
from mlay_batch.schema import Catalogue
from mlay_batch.schema.ids import CLASSIFICATION

_NEW_CELL = timedelta(days=183)  # a cell founded less than six months before is not rated
Counts = dict[str, dict[str, int]]


def spread(total: int, weights: Mapping[str, int], most: Mapping[str, int]) -> dict[str, int]:
    """Return `total` shared out by weight, nobody getting more than `most`.

    Whole numbers by the largest remainder, ties in the order given: 10 over weights 3, 3, 1 is
    4, 4, 2 → exact parts 4.29, 4.29, 1.43: floors 4, 4, 1, the one left goes to the third.
    """
    whole = sum(weights.values()) or 1
    shares = {key: min(most[key], total * weight // whole) for key, weight in weights.items()}
    waiting = sorted(shares, key=lambda key: -(total * weights[key] % whole))
    left = total - sum(shares.values())
    while left:
        takers = [key for key in waiting if shares[key] < most[key]][:left]
        if not takers:
            raise ValueError(f"{left} of {total} find no place")
        for key in takers:
            shares[key] += 1
        left -= len(takers)
    return shares


def classification_returns(town: Town, catalogue: Catalogue) -> Iterator[SampleReturn]:
    """Yield the classification returns of all grassroots organisations, year by year."""
    for year in town.data["years"]:
        period = Period.parse(str(year))
        form = catalogue.form_for(CLASSIFICATION, period)
        if form is None:
            raise LookupError(f"no classification form for {year}")
        owing = town.register.reporters(form, period)
        cells, members = _cells(town, owing, period), _members(town, owing, period)
        for entry in owing:
            pattern = town.dice("year file", entry.code).one_of(town.data["year_file_names"])
            yield SampleReturn(
                CLASSIFICATION, form.version, entry.code, period,
                _rows(cells[entry.code], members[entry.code]),
                received_on(period.end + timedelta(days=15)),
                named(town, pattern, entry.code, period),
            )  # fmt: skip


def _rows(cells: Mapping[str, int], members: Mapping[str, int]) -> tuple[Row, ...]:
    grades = [name for name in cells if name.startswith("grade") and cells[name]]
    own = "none" if not cells["rated"] else grades[-1] if cells["rated"] == 1 else "grade1"
    return (
        Row("own", "", 1, {"grade": own}, {}),
        Row("cells", "", 1, dict(cells), {}),
        Row("members", "", 1, dict(members), {}),
    )


def _cells(town: Town, owing: Sequence[Organisation], period: Period) -> Counts:
    """Return the cells of each organisation by grade; the lesser grades fall by chance."""
    below = {
        entry.code: [c for c in town.cells if town.register.within(c.code, entry.code)]
        for entry in owing
    }
    alive = [(code, c) for code, cells in below.items() for c in cells if c.alive(period)]
    young = [code for code, cell in alive if _is_young(cell, period.end)]
    rated = [code for code, cell in alive if not _is_young(cell, period.end)]
    wanted = town.data["years"][period.year]["cells"]
    drawn = town.dice("cell grades", period).shuffled(rated)
    good, fair = drawn[: wanted["grade2"]], drawn[wanted["grade2"] :][: wanted["grade3"]]
    best = drawn[wanted["grade2"] + wanted["grade3"] :]
    return {
        code: {
            "total": sum(owner == code for owner, _ in alive),
            "not_rated": young.count(code),
            "rated": rated.count(code),
            "grade1": best.count(code),
            "grade2": good.count(code),
            "grade3": fair.count(code),
            "grade4": 0,
        }
        for code in below
    }


def _is_young(cell: Organisation, day: date) -> bool:
    return cell.founded is not None and cell.founded > day - _NEW_CELL


def _members(town: Town, owing: Sequence[Organisation], period: Period) -> Counts:
    """Return the members of each organisation by grade, so that the year's sums are those given."""
    wanted = town.data["years"][period.year]["members"]
    sizes = {entry.code: _size(town, entry.code, "members") for entry in owing}
    rest = spread(wanted["total"], sizes, dict.fromkeys(sizes, wanted["total"]))
    counts: Counts = {code: {"total": total} for code, total in rest.items()}

    def take(name: str, total: int, weights: Mapping[str, int]) -> None:
        for code, share in spread(total, weights, rest).items():
            counts[code][name] = share
            rest[code] -= share

    exempt = {entry.code: _size(town, entry.code, "exempt") for entry in owing}
    take("exempt", wanted["total"] - wanted["subject"], exempt)
    chosen = town.dice("members", period).shuffled(list(sizes))
    take("not_rated", wanted["not_rated"], {code: int(code == chosen[0]) for code in sizes})
    for code, left in rest.items():
        counts[code]["rated"] = left
    unworthy = set(chosen[1 : 1 + wanted["grade4"]])
    take("grade4", wanted["grade4"], {code: int(code in unworthy) for code in sizes})
    take("grade1", wanted["grade1"], dict(rest))
    take("grade2", wanted["grade2"], dict(rest))
    take("grade3", sum(rest.values()), dict(rest))
    return counts


def _size(town: Town, code: str, what: str) -> int:
    cells = (c for c in town.cells if c.ended is None and town.register.within(c.code, code))
    return sum(town.data["cells"][cell.code][what] for cell in cells)
