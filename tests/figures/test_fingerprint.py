"""The fingerprint names the figures: nothing else changes it, every figure does."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import pytest
from builders.figure_inputs import facts, register, returns
from hypothesis import given
from hypothesis import strategies as st

from mlay_batch.figures import compute
from mlay_batch.figures.fingerprint import fingerprint
from mlay_batch.figures.report_records import ReportInputs

TOWN = """
code | name     | type        | parent
TX   | Thị ủy   | office      |
CB1  | Chi bộ 1 | cell_direct | TX
CB2  | Chi bộ 2 | cell_direct | TX
"""
OFFICERS = """
code | name | position
CB-A | Lò A | Ủy viên
"""
ASSIGNED = """
officer | branch | role          | from
CB-A    | CB1    | office_official | 2019-01-01
"""
SENT = """
branch | day        | own | officer | opening | closing
CB1    | 2019-10-03 | 90  | CB-A    | 18      | 18
CB1    | 2019-11-03 | 72  | CB-A    | 17      | 18
CB2    | 2019-11-04 | 55  |         | 9       | 9
"""


def town(sent: str = SENT) -> ReportInputs:
    return facts(register(TOWN, OFFICERS, ASSIGNED), "2019-11", returns(sent))


def of(sent: str = SENT) -> str:
    return fingerprint(compute(town(sent)))


def test_is_short_and_can_be_typed_from_paper() -> None:
    assert re.fullmatch(r"(?:[0-9A-HJKMNP-TV-Z]{4}-){2}[0-9A-HJKMNP-TV-Z]{4}", of())


def test_the_day_of_making_does_not_change_it() -> None:
    figures = compute(town())
    assert fingerprint(replace(figures, as_of=date(2020, 1, 1))) == fingerprint(figures)


@given(st.permutations(range(3)))
def test_neither_order_nor_numbers_nor_names_of_files_change_it(order: list[int]) -> None:
    inputs = town()
    shuffled = [inputs.returns[at] for at in order]
    renamed = tuple(
        replace(
            entry,
            entry=replace(entry.entry, id=number, name=f"{number}.xlsx"),
            rows=tuple(replace(row, number=row.number + number, cells={}) for row in entry.rows),
        )
        for number, entry in enumerate(shuffled, 100)
    )
    assert fingerprint(compute(replace(inputs, returns=renamed))) == of()


@pytest.mark.parametrize(("was", "now"), [
    ("| 90  | CB-A", "| 91  | CB-A"),
    ("2019-10-03 | 90  | CB-A", "2019-10-03 | 90  |     "),
    ("17      | 18", "18      | 18"),
    ("2019-11-04", "2019-11-05"),
    ("9       | 9", "9       | 10"),
])  # fmt: skip
def test_every_figure_changes_it(was: str, now: str) -> None:
    assert was in SENT
    assert of(SENT.replace(was, now, 1)) != of()
