"""Says by whose word the visits of which months count, where officers fill in slips."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from mlay_batch.model.office_rules import NO_SLIPS
from mlay_batch.report.report_context import ReportContext


def slip_notes(ctx: ReportContext) -> Iterator[str]:
    """Yield a sentence for each choice in force in the year so far; none without slips."""
    if ctx.figures.slips is None:
        return
    rules, months = ctx.inputs.register.rules, ctx.figures.period.year_to_date()
    for choice, group in groupby(months, key=rules.slip_rule):
        numbers = [month.month for month in group]
        if choice != NO_SLIPS:
            first, last = numbers[0], numbers[-1]
            key = "one" if first == last else "several"
            span = ctx.t(f"visits/by.months.{key}", first=first, last=last)
            yield ctx.t(f"visits/by.{choice}", months=span)
