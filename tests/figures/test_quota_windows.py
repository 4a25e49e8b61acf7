"""Quotas of a quarter and of a month: what is missing in one is not made up in another."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from builders import reports
from builders.figure_inputs import facts, register, returns, shipped
from builders.sheet_cells import differences, load_sheets, recalculate
from hypothesis import given
from hypothesis import strategies as st

from mlay_batch.figures import compute
from mlay_batch.figures.report_records import QuotaLine, ReportInputs
from mlay_batch.model.office_rules import OfficeRules, QuotaRule, in_force
from mlay_batch.schema import Catalogue

TOWN = """
code | type        | parent
TX   | office      |
CB1  | cell_direct | TX
CB2  | cell_direct | TX
CB3  | cell_direct | TX
"""
OFFICERS = "code | name | own_cell\nNAM | Lò Văn Nam | CB2\nMAI | Lò Thị Mai | CB1"
NAM_ALONE = "officer | branch | role | from\nNAM | CB1 | office_official | 2018-07-01"


def ruled(*quotas: QuotaRule) -> Catalogue:
    return in_force(shipped(), OfficeRules(quotas=quotas))


def rule(times: int, window: str, since: str = "2019-01", **more: str) -> QuotaRule:
    return QuotaRule("office_official", since, times, window=window, **more)  # type: ignore[arg-type]


def inputs(
    period: str, catalogue: Catalogue, days: dict[str, list[str]], duties: str = NAM_ALONE
) -> ReportInputs:
    """A year in which every cell met on the 5th of each month, with visits of NAM besides."""
    last = int(period[-2:])
    lines = ["branch | day | officer"]
    for branch in ("CB1", "CB2", "CB3"):
        visited = days.get(branch, [])
        lines += [f"{branch} | 2019-{day} | NAM" for day in visited]
        months = {day[:2] for day in visited}
        lines += [
            f"{branch} | 2019-{m:02}-05 |" for m in range(1, last + 1) if f"{m:02}" not in months
        ]
    filed = returns("\n".join(lines))
    return facts(register(TOWN, OFFICERS, duties), period, filed, catalogue=catalogue)


def line(period: str, catalogue: Catalogue, days: list[str], duties: str = NAM_ALONE) -> QuotaLine:
    (found,) = compute(inputs(period, catalogue, {"CB1": days}, duties)).quota
    return found


MONTHLY = ruled(rule(1, "month"))
QUARTERLY = ruled(rule(2, "quarter"))


@pytest.mark.parametrize(
    ("period", "days", "owed", "missing", "state"),
    [
        # one a month: 12 in the year, 3 by March; twice in January makes up for no other month
        ("2019-03", ["01-05", "02-05", "03-05"], 3, 9, "on_course"),
        ("2019-03", ["01-05", "01-12", "03-05"], 3, 10, "not_met"),
        ("2019-12", [f"{m:02}-05" for m in range(1, 13)], 12, 0, "met"),
        ("2019-12", [f"{m:02}-05" for m in range(1, 12)] + ["11-12"], 12, 1, "not_met"),
    ],
)
def test_a_meeting_a_month(
    period: str, days: list[str], owed: float, missing: int, state: str
) -> None:
    found = line(period, MONTHLY, days)
    assert (found.owed, found.obligation) == (owed, 12)
    assert (found.missing, found.state) == (missing, state)


@pytest.mark.parametrize(
    ("period", "days", "owed", "missing", "state"),
    [
        # two a quarter: 8 in the year; in the quarter's second month 1.33 are owed, 1 is on course
        ("2019-03", ["01-05", "03-05"], 2, 6, "on_course"),
        ("2019-03", ["01-05"], 2, 7, "not_met"),
        ("2019-05", ["01-05", "03-05", "05-05"], 10 / 3, 5, "on_course"),
        ("2019-05", ["01-05", "02-05", "03-05"], 10 / 3, 6, "behind"),
        ("2019-06", ["01-05", "02-05", "03-05", "03-12"], 4, 6, "not_met"),
    ],
)
def test_two_meetings_a_quarter(
    period: str, days: list[str], owed: float, missing: int, state: str
) -> None:
    found = line(period, QUARTERLY, days)
    assert (found.owed, found.obligation) == (pytest.approx(owed), 8)
    assert (found.missing, found.state) == (missing, state)


@pytest.mark.parametrize(("period", "due"), [
    ("2019-02", 1),  # 1.33 of the 2 of the first quarter
    ("2019-03", 2),
    ("2019-05", 3),  # and 1.33 of those of the second
    ("2019-12", 8),
])  # fmt: skip
def test_what_is_due_is_whole_in_each_quarter(period: str, due: int) -> None:
    assert line(period, QUARTERLY, []).due == due


def test_a_return_that_is_out_leaves_its_quarter_open() -> None:
    complete = inputs("2019-03", QUARTERLY, {"CB1": ["01-05"]})
    is_march = [r.entry.branch == "CB1" and r.entry.period == "2019-03" for r in complete.returns]
    out = replace(
        complete,
        returns=tuple(r for r, leave in zip(complete.returns, is_march, strict=True) if not leave),
        ledger_entries=(),
    )
    (found,) = compute(out).quota
    assert (found.state, found.windows[0].open_months) == ("behind", 1)


def test_the_number_may_change_within_a_quarter() -> None:
    """3 a quarter, 6 from August: 1 + 2 + 2 = 5 in the third, rounded once."""
    found = line("2019-09", ruled(rule(3, "quarter"), rule(6, "quarter", "2019-08")), [])
    assert [window.obligation for window in found.windows] == [3, 3, 5, 6]


def test_from_the_year_to_the_month_within_a_year() -> None:
    """4 a year until June are 2, by whatever months; then one in each month."""
    changed = ruled(rule(4, "year"), rule(1, "month", "2019-07"))
    found = line("2019-08", changed, ["02-05", "03-05", "07-05", "08-05"])
    assert [(w.window.first, w.window.last, w.obligation) for w in found.windows][:3] == [
        (1, 6, 2),
        (7, 7, 1),
        (8, 8, 1),
    ]
    assert (found.obligation, found.missing, found.state) == (8, 4, "on_course")


def test_a_quota_of_the_year_is_one_window_and_says_none() -> None:
    found = line("2019-06", ruled(rule(4, "year"), rule(5, "year", "2019-07")), [])
    assert (found.windows, found.obligation) == ((), 5)


@given(
    times=st.integers(1, 4),
    window=st.sampled_from(["quarter", "month"]),
    until=st.integers(1, 12),
    visited=st.lists(st.integers(1, 12), max_size=14),
)
def test_every_window_is_counted_by_itself(
    times: int, window: str, until: int, visited: list[int]
) -> None:
    """Recounted with plain loops: every return is in, NAM serves all year."""
    days = [f"{m:02}-{5 + 7 * n:02}" for m in set(visited) if m <= until
            for n in range(min(3, visited.count(m)))]  # fmt: skip
    found = line(f"2019-{until:02}", ruled(rule(times, window)), days)
    length = 3 if window == "quarter" else 1
    missing, states = 0, set()
    for first in range(1, 13, length):
        months = range(first, first + length)
        seen = sum(int(day[:2]) in months for day in days)
        missing += max(0, times - seen)
        past = sum(month <= until for month in months)
        due = times if past == length else times * past // length
        if seen < due:
            states.add("not_met" if past == length else "behind")
    state = "met" if not missing else next(
        (s for s in ("not_met", "behind") if s in states), "on_course"
    )  # fmt: skip
    assert (found.missing, found.state, found.obligation) == (missing, state, times * 12 // length)


TWO_CELLS = (
    NAM_ALONE
    + "\nNAM | CB3 | office_official | 2019-02-20\nMAI | CB1 | office_official | 2019-01-01"
)


@pytest.mark.libreoffice
@pytest.mark.parametrize(
    ("period", "rules"),
    [
        ("2019-05", [rule(1, "month")]),
        ("2019-05", [rule(2, "quarter", per="officer_cell")]),
        ("2019-08", [rule(4, "year"), rule(3, "quarter", "2019-04"), rule(1, "month", "2019-08")]),
        ("2019-12", [rule(3, "quarter"), rule(6, "quarter", "2019-08")]),
    ],
)
def test_an_independent_program_calculates_windows_alike(
    period: str, rules: list[QuotaRule], tmp_path: Path
) -> None:
    """With months out, a duty from the middle of February, one in the own cell, two on a day."""
    seen = {"CB1": ["01-05", "03-05", "03-12", "05-05"], "CB3": ["03-05", "04-05"]}
    seen = {cell: [d for d in days if d[:2] <= period[-2:]] for cell, days in seen.items()}
    whole = inputs(period, ruled(*rules), seen, TWO_CELLS)
    kept = tuple(r for r in whole.returns if (r.entry.branch, r.entry.period) != ("CB1", "2019-02"))
    written = reports.write(replace(whole, returns=kept))
    book = load_sheets(written)
    assert "Dữ liệu chỉ tiêu quý, tháng" in book
    assert differences(book, recalculate(written, tmp_path)) == []
