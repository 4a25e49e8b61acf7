"""What officers' slips say, beside what the returns of the cells say of the same visits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from mlay_batch.core.findings import Place
from mlay_batch.core.period import Period

UNKNOWN_KIND = "unknown"
"""The kind of a sitting that a slip tells of, and whose kind no return names."""
BOTH_SAY, DIFFER, ONLY_CELL, ONLY_OFFICER, CELL_OPEN, SLIP_OPEN = CHECK_STATES = (
    "both",
    "scores_differ",
    "only_cell",
    "only_officer",
    "cell_open",
    "slip_open",
)
"""States of a `VisitCheck`."""

VisitKey = tuple[str, str | None, str, date]  # officer, whom he stood in for, cell, day


@dataclass(frozen=True, slots=True)
class SlipRow:
    """A row of an officer's slip.

    Attributes:
        officer: code of the officer whose slip it is.
        on_behalf_of: code of the officer who was represented; None for a visit of his own.
        branch: code of the cell.
        held_on: day of the meeting.
        points: the score he confirms; None if he gave none.
        directed: what he remarked, and asked the cell to do; empty for nothing.
        place: where the cell attended stands in the file.
        delivery: ledger entry of the slip.
    """

    officer: str
    on_behalf_of: str | None
    branch: str
    held_on: date
    points: float | None
    directed: str
    place: Place
    delivery: int

    @property
    def key(self) -> VisitKey:
        """What tells one visit from another."""
        return self.officer, self.on_behalf_of, self.branch, self.held_on


@dataclass(frozen=True, slots=True)
class SlipState:
    """What came in of an officer's slip for a month; nobody owes one.

    Attributes:
        officer: code of the officer.
        period: the month.
        state: ``reported``, ``rejected`` or ``held``.
        delivery: ledger entry of the slip, or of the last one that is open.
        counts: whether visits of the month need a slip to count.
    """

    officer: str
    period: Period
    state: str
    delivery: int
    counts: bool

    @property
    def is_open(self) -> bool:
        """Whether a slip came in that says nothing yet."""
        return self.state != "reported"


@dataclass(frozen=True, slots=True)
class VisitCheck:
    """One visit as the cell and as the officer tell it.

    Attributes:
        officer: code of the officer who came.
        on_behalf_of: code of the officer who was represented, or None.
        branch: code of the cell.
        held_on: day of the meeting.
        state: ``both`` say so; ``scores_differ``: and confirm other points; ``only_cell``,
            ``only_officer``; ``cell_open``: only the officer, while the cell's return is out;
            ``slip_open``: only the cell, while a slip of his is refused or held.
        cell_points: mean of the confirmed scores of that day in the return; None without any.
        slip_points: the score the officer confirms; None without one.
        cell_place: where the return says so, None where it does not.
        cell_delivery: ledger entry of the return.
        slip_place: where the slip says so, None where it does not.
        slip_delivery: ledger entry of the slip.
    """

    officer: str
    on_behalf_of: str | None
    branch: str
    held_on: date
    state: str
    cell_points: float | None
    slip_points: float | None
    cell_place: Place | None
    cell_delivery: int | None
    slip_place: Place | None
    slip_delivery: int | None


@dataclass(frozen=True, slots=True)
class SlipFigures:
    """What the slips of the year so far give, where the office uses them.

    Attributes:
        rows: their rows, by day, cell and officer.
        states: what came in, by month and officer.
        checks: every visit, as cell and officer tell it.
    """

    rows: tuple[SlipRow, ...]
    states: tuple[SlipState, ...]
    checks: tuple[VisitCheck, ...]
