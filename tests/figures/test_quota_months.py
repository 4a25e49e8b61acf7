"""A quota that changes within the year: in each month the record applies that holds in it.

Worked by hand: 4 a year until June, 5 from July. Who serves all year owes 6 × 4 ÷ 12 + 5 × 5 ÷ 12
by November, 6 × 4 ÷ 12 + 6 × 5 ÷ 12 = 4.5 in the year, 5 when rounded half up.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from builders.figure_inputs import facts, register, returns, shipped

from mlay_batch.core.period import Period
from mlay_batch.figures import compute
from mlay_batch.figures.report_records import Figures, QuotaLine
from mlay_batch.schema import Catalogue, Quota, load_catalogue
from mlay_batch.schema.catalogue import shipped_folder as folder
from mlay_batch.schema.model import Effective
from mlay_batch.schema.quotas import QuotaCounting

TOWN = """
code | type        | parent
TX   | office      |
DB1  | committee   | TX
A1   | cell        | DB1
CB1  | cell_direct | TX
CB2  | cell_direct | TX
"""
NAM = "code | name | own_cell\nNAM | Lò Văn Nam | CB2"
ALL_YEAR = "officer | branch | role | from\nNAM | CB1 | office_official | 2018-07-01"
BOTH_CELLS = ALL_YEAR + "\nNAM | CB2 | office_official | 2018-07-01"
KINDS = ("regular", "thematic", "both")


def quota() -> Quota:
    return next(entry for entry in shipped().quotas if entry.quota == "office_official")


def with_change(since: str = "2019-07", old: Quota | None = None, **new: Any) -> Catalogue:
    """The shipped descriptions with a second record of the quota, 5 a year from `since` on."""
    record = replace(quota(), **({"times": 5} | new), effective=Effective(since))
    others = [entry for entry in shipped().quotas if entry.quota != "office_official"]
    return replace(shipped(), quotas=(old or quota(), record, *others))


def alone(since: str) -> Catalogue:
    """The shipped descriptions with a quota that begins with `since`."""
    begun = replace(quota(), effective=Effective(since))
    others = [entry for entry in shipped().quotas if entry.quota != "office_official"]
    return replace(shipped(), quotas=(begun, *others))


def figures_of(
    period: str,
    catalogue: Catalogue,
    visits: str = "branch | day | officer",
    duties: str = ALL_YEAR,
) -> Figures:
    town = register(TOWN, NAM, duties)
    return compute(facts(town, period, returns(visits), catalogue=catalogue))


def line(period: str, catalogue: Catalogue, **more: str) -> QuotaLine:
    (entry,) = figures_of(period, catalogue, **more).quota
    return entry


def test_the_newest_record_of_a_quota_is_the_only_one_that_applies() -> None:
    catalogue = with_change()
    for month, times in (("2019-06", 4), ("2019-07", 5), ("2019-Q3", 5), ("2019", 5)):
        applying = [q for q in catalogue.quotas_for(Period.parse(month)) if q.role == quota().role]
        assert [entry.times for entry in applying] == [times], month
    spans = catalogue.quota_spans("office_official", 2019)
    assert [(span.quota.times, span.first, span.last) for span in spans] == [(4, 1, 6), (5, 7, 12)]
    assert catalogue.quota_for("office_official", Period.parse("2018-06")) is None


@pytest.mark.parametrize(
    ("period", "owed", "obligation"),
    [
        ("2019-06", 2, 5),  # July to December are known already: 4.5 in the year
        ("2019-11", 49 / 12, 5),  # 4.0833…
        ("2019-Q3", 2 + 15 / 12, 5),
        ("2019", 4.5, 5),
        ("2018-12", 2, 2),  # the year before is as it was: July to December of 4
        ("2020-01", 5 / 12, 5),
    ],
)
def test_what_is_owed_goes_month_by_month(period: str, owed: float, obligation: int) -> None:
    entry = line(period, with_change())
    assert (entry.owed, entry.obligation) == (pytest.approx(owed), obligation)


def test_a_part_of_the_year_owes_what_its_months_ask() -> None:
    # 15 May to 1 August: 2 × 4 ÷ 12 + 1 × 5 ÷ 12 = 1.08, down to 1.
    duty = ALL_YEAR.replace("| from", "| from | to").replace("2018-07-01", "2019-05-15|2019-08-01")
    entry = line("2019-11", with_change(), duties=duty)
    assert (entry.served, entry.served_year) == (3, 3)
    assert (entry.owed, entry.obligation) == (13 / 12, 1)


def test_an_officer_and_cell_owe_month_by_month_too() -> None:
    catalogue = with_change(per="officer_cell")
    entries = figures_of("2019-11", catalogue, duties=BOTH_CELLS).quota
    assert [(entry.branches[0].code, entry.owed) for entry in entries] == [
        ("CB1", pytest.approx(49 / 12)),
        ("CB2", pytest.approx(49 / 12)),
    ]


def test_a_record_that_begins_within_the_year_owes_nothing_before() -> None:
    entry = line("2019-11", alone("2019-07"))
    assert (entry.served, entry.served_year) == (5, 6)
    assert (entry.owed, entry.obligation) == (pytest.approx(4 * 5 / 12), 2)
    assert figures_of("2019-06", alone("2019-07")).quota == ()
    visit = "branch | day | officer\nCB1 | 2019-06-04 | NAM"
    (seen,) = figures_of("2019-11", alone("2019-07"), visit).attendances
    assert (seen.quota, seen.counts, seen.reason) == (None, 0, "")  # assigned, no number yet


VISITS = """
branch | day        | kind     | officer | for
CB1    | 2019-06-04 | regular  | MAI     | NAM
CB1    | 2019-07-02 | regular  | MAI     | NAM
CB2    | 2019-06-05 | regular  | NAM     |
CB2    | 2019-07-03 | regular  | NAM     |
CB1    | 2019-06-20 | thematic | NAM     |
CB1    | 2019-07-20 | thematic | NAM     |
"""


def reasons(catalogue: Catalogue) -> list[tuple[str, str]]:
    seen = figures_of("2019-11", catalogue, VISITS, BOTH_CELLS).attendances
    return [(f"{visit.held_on:%m-%d}", visit.reason) for visit in seen]


@pytest.mark.parametrize(
    ("counts", "june", "july"),
    [
        ({"kinds": KINDS, "substitutes": True}, ["Q02", "Q03", ""], ["", "Q03", ""]),
        ({"kinds": KINDS, "own_cell": True}, ["Q02", "Q03", ""], ["Q02", "", ""]),
        ({"kinds": ("regular",)}, ["Q02", "Q03", ""], ["Q02", "Q03", "Q05"]),
    ],
)
def test_what_counts_is_what_the_record_of_the_month_says(
    counts: dict[str, Any], june: list[str], july: list[str]
) -> None:
    catalogue = with_change(counts=QuotaCounting(**counts))
    days = ["06-04", "06-05", "06-20", "07-02", "07-03", "07-20"]
    assert reasons(catalogue) == list(zip(days, june + july, strict=True))
    (entry,) = figures_of("2019-11", catalogue, VISITS, BOTH_CELLS).quota
    assert entry.attended == (june + july).count("")


def test_the_role_is_that_of_the_record_of_the_month() -> None:
    """From July members of committees owe it: NAM has served six months, one visit counts."""
    visits = "branch | day | officer\nCB1 | 2019-06-04 | NAM\nCB1 | 2019-07-02 | NAM"
    entry = line("2019-11", with_change(role="committee_member"), visits=visits)
    assert (entry.served, entry.served_year, entry.attended) == (6, 6, 1)
    assert (entry.owed, entry.obligation) == (2, 2)
    (pair,) = figures_of("2019-11", with_change(role="committee_member"), visits).quota_pairs
    assert (pair.served, pair.attended_count) == (6, 1)


def test_a_number_that_stays_the_same_changes_no_figure() -> None:
    same = with_change(times=4)
    for period in ("2019-06", "2019-11", "2019"):
        now, before = figures_of(period, same, VISITS), figures_of(period, shipped(), VISITS)
        assert [replace(entry, quota=quota()) for entry in now.quota] == list(before.quota)
        assert now.attendances == before.attendances


def test_a_second_file_in_a_workspace_counts_nobody_twice(tmp_path: Path) -> None:
    """As CONTRIBUTING says it: a changed number is a new file with its own months."""
    old = (folder("schemas") / "quota-office-official.yaml").read_text(encoding="utf-8")
    new = old.replace("{from: 2018-07}", "{from: 2019-07}").replace("times: 4", "times: 5")
    (tmp_path / "quota-2019.yaml").write_text(new, encoding="utf-8")
    entry = line("2019-11", load_catalogue(tmp_path))
    assert (entry.quota.times, entry.owed, entry.obligation) == (5, pytest.approx(49 / 12), 5)
