"""Quota, rating, completeness and warnings: pure functions of the ledger's current returns."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlay_batch.figures.report_records import Figures, ReportInputs

__all__ = ["compute"]


def compute(inputs: ReportInputs) -> Figures:
    """Return every figure of the report on `inputs.period`, as known on `inputs.as_of`.

    The same facts give the same figures, in whatever order the returns were received.
    """
    from mlay_batch.figures import all_figures  # start-up: who looks at one figure needs not all

    return all_figures.compute(inputs)
