"""The period by kind of unit: worked by hand, and sums over the kinds that are those of all."""

from __future__ import annotations

from dataclasses import replace

from builders.figure_inputs import facts, register, returns
from hypothesis import given, settings
from hypothesis import strategies as st

from mlay_batch.core.findings import Severity
from mlay_batch.figures import compute
from mlay_batch.figures.branch_records import KindFigures
from mlay_batch.figures.fingerprint import both_fingerprints
from mlay_batch.figures.report_records import ReportInputs

OFFICE = """
code | type        | parent | kind           | ended
TX   | office      |        |                |
DB1  | committee   | TX     |                |
V1   | cell        | DB1    | village        |
V2   | cell        | DB1    | village        |
S1   | cell_direct | TX     | school         |
A1   | cell_direct | TX     | administrative |
A2   | cell_direct | TX     | administrative | 2019-02-20
X1   | cell_direct | TX     |                |
"""
# V1 meets twice, once on a theme; V2 has sent nothing; S1 is not scored, and nothing came of A1.
MARCH = """
branch | day        | kind             | own | confirmed
V1     | 2019-03-05 | regular          | 92  |
V1     | 2019-03-19 | thematic         | 80  | 66
S1     | 2019-03-05 | regular+thematic |     |
X1     | 2019-03-05 | regular          | 95  |
A1     | 2019-02-05 | regular          | 90  |
"""
CELLS = ("V1", "V2", "S1", "A1", "A2", "X1")


def office(period: str = "2019-03", filed: str = MARCH, cells: str = OFFICE) -> ReportInputs:
    return facts(register(cells), period, returns(filed))


def by_kind(inputs: ReportInputs) -> dict[str | None, KindFigures]:
    return {line.kind: line for line in compute(inputs).unit_kinds}


def test_a_month_by_hand() -> None:
    lines = by_kind(office())
    assert list(lines) == ["administrative", "village", "school", None]
    village = lines["village"]
    assert (village.cells, village.due, village.sent, village.reporting) == (2, 2, 1, 1)
    assert (village.held, village.regular, village.thematic, village.scored) == (2, 1, 1, 2)
    assert (village.mean, village.bands) == (79, {"good": 1, "average": 1})  # (92 + 66) / 2
    unstated = lines[None]
    assert (unstated.cells, unstated.sent, unstated.held, unstated.mean) == (1, 1, 1, 95)


def test_what_nobody_reported_is_not_nought() -> None:
    lines = by_kind(office())
    silent, unscored = lines["administrative"], lines["school"]
    assert (silent.cells, silent.due, silent.sent, silent.reporting) == (1, 1, 0, 0)
    assert (silent.held, silent.regular, silent.thematic, silent.scored) == (None,) * 4
    assert (silent.mean, silent.flagged, silent.share(silent.flagged)) == (None,) * 3
    assert (unscored.held, unscored.thematic, unscored.scored, unscored.mean) == (2, 1, 0, None)


def test_a_cell_counts_once_in_a_quarter_its_returns_each() -> None:
    """A2 ended in February, whose return it does not owe."""
    line = by_kind(office("2019-Q1"))["administrative"]
    assert (line.cells, line.due, line.sent, line.reporting, line.held) == (2, 4, 1, 1, 1)


def test_without_a_kind_there_is_nothing() -> None:
    plain = register(OFFICE)
    organisations = tuple(replace(o, kind=None) for o in plain.organisations)
    inputs = replace(office(), register=replace(plain, organisations=organisations))
    assert compute(inputs).unit_kinds == ()


def test_a_kind_of_a_committee_alone_is_none() -> None:
    cells = "code|type|parent|kind\nTX|office||\nDB1|committee|TX|force\nC1|cell|DB1|"
    assert by_kind(facts(register(cells), "2019-03", returns("branch|day\nC1|2019-03-05"))) == {}


def test_a_kind_that_the_form_does_not_have_is_not_lost() -> None:
    """As one of a level below, whose own description has more kinds."""
    lines = by_kind(office(cells=OFFICE.replace("school ", "market ")))
    assert list(lines) == ["administrative", "village", "market", None]


def test_a_cell_that_the_register_lost_has_no_kind() -> None:
    lines = by_kind(office(filed=MARCH + "GONE | 2019-03-05 | regular | 50 |"))
    unstated = lines[None]
    assert (unstated.cells, unstated.sent, unstated.held, unstated.mean) == (1, 1, 2, 72.5)


def test_a_changed_kind_moves_figures_and_their_fingerprint() -> None:
    entered = "V1   | cell        | DB1    | village"
    inputs, moved = office(), office(cells=OFFICE.replace(entered, "V1|cell|DB1|school"))
    assert by_kind(moved)["village"].held is None
    assert by_kind(moved)["school"].held == 4
    (before, rows), (after, same_rows) = (both_fingerprints(compute(i)) for i in (inputs, moved))
    assert before != after
    assert rows == same_rows


def test_each_cell_counts_once_for_a_sign() -> None:
    """However often and in whatever months; those on trial are the clerk's alone."""
    figures = compute(office())
    hits = [hit for hit in figures.indicator_hits if hit.indicator.severity is Severity.WARNING]
    hits = [hit for hit in hits if str(hit.period) == "2019-03"]
    assert hits
    for line in figures.unit_kinds:
        cells = {
            hit.branch for hit in hits if office().register.by_code[hit.branch].kind == line.kind
        }
        assert line.flagged == (len(cells) if line.sent else None)
        assert all(0 < count <= len(cells) for count in line.flagged_by.values())


kinds = st.lists(
    st.sampled_from([None, "village", "school", "force", "market"]), min_size=6, max_size=6
)
days = st.lists(
    st.tuples(
        st.sampled_from(CELLS[:4] + CELLS[5:]),
        st.integers(1, 4),
        st.integers(1, 28),
        st.sampled_from(["regular", "thematic", "regular+thematic"]),
        st.one_of(st.none(), st.integers(0, 100)),
    ),
    max_size=12,
)


@settings(deadline=None)
@given(kinds, days, st.sampled_from(["2019-02", "2019-Q1", "2019-04", "2019"]))
def test_sums_over_the_kinds_are_those_of_all(
    cell_kinds: list[str | None], meetings: list[tuple[str, int, int, str, int | None]], period: str
) -> None:
    lines = [
        f"{cell}|2019-{month:02}-{day:02}|{kind}|{'' if score is None else score}"
        for cell, month, day, kind, score in meetings
    ]
    town = register(OFFICE)
    of_cell = dict(zip(CELLS, cell_kinds, strict=True))
    organisations = tuple(replace(o, kind=of_cell.get(o.code)) for o in town.organisations)
    filed = returns("\n".join(["branch|day|kind|own", *lines]))
    figures = compute(facts(replace(town, organisations=organisations), period, filed))
    totals, parts = figures.totals, figures.unit_kinds
    assert totals
    due = [cell for cell in CELLS if cell != "A2" or period in ("2019-Q1", "2019")]
    assert bool(parts) == any(of_cell[cell] for cell in due)
    if not parts:
        return
    for name in ("due", "sent", "held", "regular", "thematic", "scored"):
        assert sum(getattr(part, name) or 0 for part in parts) == getattr(totals, name)
    points = sum((part.mean or 0) * (part.scored or 0) for part in parts)
    assert abs(points - (totals.mean or 0) * totals.scored) < 1e-6
    for band in totals.bands:
        assert sum(part.bands.get(band, 0) for part in parts) == totals.bands[band]
    flagged = {
        hit.branch
        for hit in figures.indicator_hits
        if hit.indicator.severity is Severity.WARNING and hit.period in figures.period.months()
    }
    assert sum(part.flagged or 0 for part in parts) == len(flagged)
