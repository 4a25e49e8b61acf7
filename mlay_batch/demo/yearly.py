"""Generates the yearly classification returns of a sample; they add up to published sums."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta

from mlay_batch.core.period import Period
from mlay_batch.demo.sample import SampleOffice
from mlay_batch.demo.sample_meetings import SampleReturn, file_name, receipt_time
from mlay_batch.model.records import Row
from mlay_batch.model.register import Organisation
from mlay_batch.schema import Catalogue
from mlay_batch.schema.ids import CLASSIFICATION

_NEW_CELL = timedelta(days=183)  # a cell founded within the last six months is not rated
Counts = dict[str, dict[str, int]]


def spread(total: int, weights: Mapping[str, int], maximum: Mapping[str, int]) -> dict[str, int]:
    """Distribute `total` by weight in whole numbers, each share at most its `maximum`.

    Uses the largest remainder, ties in the order given: 10 over weights 3, 3, 1 is 4, 4, 2 (exact
    parts 4.29, 4.29, 1.43; floors 4, 4, 1; the remaining one goes to the third). Raises ValueError
    if the maxima leave no room.
    """
    weight_sum = sum(weights.values()) or 1
    shares = {
        key: min(maximum[key], total * weight // weight_sum) for key, weight in weights.items()
    }
    by_remainder = sorted(shares, key=lambda key: -(total * weights[key] % weight_sum))
    remaining = total - sum(shares.values())
    while remaining:
        receivers = [key for key in by_remainder if shares[key] < maximum[key]][:remaining]
        if not receivers:
            raise ValueError(f"{remaining} of {total} find no place")
        for key in receivers:
            shares[key] += 1
        remaining -= len(receivers)
    return shares


def classification_returns(office: SampleOffice, catalogue: Catalogue) -> Iterator[SampleReturn]:
    """Yield the classification returns of all grassroots organisations, year by year."""
    for year in office.data.get("years", ()):
        period = Period.parse(str(year))
        form = catalogue.form_for(CLASSIFICATION, period)
        if form is None:
            raise LookupError(f"no classification form for {year}")
        reporters = office.register.reporters(form, period)
        cells, members = _cells(office, reporters, period), _members(office, reporters, period)
        for organisation in reporters:
            pattern = office.rng("year file", organisation.code).one_of(
                office.data["year_file_names"]
            )
            yield SampleReturn(
                CLASSIFICATION,
                form.version,
                organisation.code,
                period,
                _rows(cells[organisation.code], members[organisation.code]),
                receipt_time(period.end + timedelta(days=15)),
                file_name(office, pattern, organisation.code, period),
            )


def _rows(cells: Mapping[str, int], members: Mapping[str, int]) -> tuple[Row, ...]:
    grades = [name for name in cells if name.startswith("grade") and cells[name]]
    own_grade = "none" if not cells["rated"] else grades[-1] if cells["rated"] == 1 else "grade1"
    return (
        Row("own", "", 1, {"grade": own_grade}, {}),
        Row("cells", "", 1, dict(cells), {}),
        Row("members", "", 1, dict(members), {}),
    )


def _cells(office: SampleOffice, reporters: Sequence[Organisation], period: Period) -> Counts:
    """Return the cells of each organisation by grade; lower grades are drawn at random."""
    cells_by_branch = {
        organisation.code: [
            cell for cell in office.cells if office.register.is_within(cell.code, organisation.code)
        ]
        for organisation in reporters
    }
    alive = [
        (code, cell)
        for code, cells in cells_by_branch.items()
        for cell in cells
        if cell.is_active(period)
    ]
    young = [code for code, cell in alive if _is_young(cell, period.end)]
    rated = [code for code, cell in alive if not _is_young(cell, period.end)]
    targets = office.data["years"][period.year]["cells"]
    shuffled = office.rng("cell grades", period).shuffle(rated)
    good, fair = shuffled[: targets["grade2"]], shuffled[targets["grade2"] :][: targets["grade3"]]
    best = shuffled[targets["grade2"] + targets["grade3"] :]
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
        for code in cells_by_branch
    }


def _is_young(cell: Organisation, day: date) -> bool:
    return cell.founded is not None and cell.founded > day - _NEW_CELL


def _members(office: SampleOffice, reporters: Sequence[Organisation], period: Period) -> Counts:
    """Return the members of each organisation by grade; they add up to the year's sums."""
    targets = office.data["years"][period.year]["members"]
    codes = [organisation.code for organisation in reporters]
    sizes = {code: _size(office, code, "members") for code in codes}
    remaining = spread(targets["total"], sizes, dict.fromkeys(sizes, targets["total"]))
    counts: Counts = {code: {"total": total} for code, total in remaining.items()}

    def take(name: str, total: int, weights: Mapping[str, int]) -> None:
        for code, share in spread(total, weights, remaining).items():
            counts[code][name] = share
            remaining[code] -= share

    exempt = {code: _size(office, code, "exempt") for code in codes}
    take("exempt", targets["total"] - targets["subject"], exempt)
    shuffled = office.rng("members", period).shuffle(codes)
    take("not_rated", targets["not_rated"], {code: int(code == shuffled[0]) for code in sizes})
    for code, count in remaining.items():
        counts[code]["rated"] = count
    unworthy = set(shuffled[1 : 1 + targets["grade4"]])
    take("grade4", targets["grade4"], {code: int(code in unworthy) for code in sizes})
    take("grade1", targets["grade1"], dict(remaining))
    take("grade2", targets["grade2"], dict(remaining))
    take("grade3", sum(remaining.values()), dict(remaining))
    return counts


def _size(office: SampleOffice, code: str, key: str) -> int:
    cells = (c for c in office.cells if c.ended is None and office.register.is_within(c.code, code))
    return sum(office.data["cells"][cell.code][key] for cell in cells)
