"""Every figure of a report, computed from the ledger's current returns by pure functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlay_batch.figures.report_records import Figures, ReportInputs

__all__ = ["compute"]


def compute(inputs: ReportInputs) -> Figures:
    """Return every figure of the report on `inputs.period`, as known on `inputs.as_of`.

    The order in which the returns were received makes no difference.
    """
    from mlay_batch.figures import all_figures  # start-up: a user of one figure needs not all

    return all_figures.compute(inputs)
