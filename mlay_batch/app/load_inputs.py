"""Loads the inputs of a period's figures, and the figures that letters and worklist need."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import cache, cached_property

from mlay_batch.app.office import Office
from mlay_batch.app.rollup import merge_subordinates, months_covered
from mlay_batch.app.version_migration import to_newest
from mlay_batch.core.findings import Finding
from mlay_batch.core.period import Period
from mlay_batch.figures.completeness import completeness
from mlay_batch.figures.report_records import Completeness, ReportInputs
from mlay_batch.ledger import Answers, Ledger
from mlay_batch.model.records import AcceptedReturn, LedgerEntry
from mlay_batch.schema.ids import ROLLUP


def load_inputs(office: Office, ledger: Ledger, period: Period, as_of: date) -> ReportInputs:
    """Return all inputs of the figures of `period`."""
    inputs = build_inputs(office, *ledger.returns_and_entries(), period, as_of)
    return replace(inputs, answers=Answers(ledger).in_force())


class PeriodFacts:
    """Inputs, completeness and warnings of periods, each loaded or computed once.

    The ledger stays as it is meanwhile.
    """

    def __init__(self, office: Office, ledger: Ledger, as_of: date) -> None:
        self._office, self._ledger, self._as_of = office, ledger, as_of
        self.completeness = cache(self._complete)
        self.warnings = cache(self._warn)

    @cached_property
    def entries(self) -> tuple[LedgerEntry, ...]:
        """All ledger entries."""
        return self._ledger.entries()

    @cached_property
    def _inputs(self) -> ReportInputs:
        """The inputs of some period: of another one all but the period are the same."""
        month = Period.of("month", self._as_of)
        return load_inputs(self._office, self._ledger, month, self._as_of)

    def inputs(self, period: Period) -> ReportInputs:
        """Return the inputs of the figures of `period`."""
        return replace(self._inputs, period=period)

    def _complete(self, period: Period) -> tuple[Completeness, ...]:
        return completeness(self.inputs(period))

    def _warn(self, period: Period) -> Mapping[int, Sequence[Finding]]:
        """Return the warnings across returns of the year to date, by ledger entry."""
        from mlay_batch.figures.all_figures import return_warnings  # start-up: not for a status

        by_entry: defaultdict[int, list[Finding]] = defaultdict(list)
        for entry_id, finding in return_warnings(self.inputs(period)):
            by_entry[entry_id].append(finding)
        return by_entry


def build_inputs(
    office: Office,
    current: Sequence[AcceptedReturn],
    entries: tuple[LedgerEntry, ...],
    period: Period,
    as_of: date,
) -> ReportInputs:
    """Return the inputs of figures, from the returns in force and all ledger entries.

    A return received directly supersedes the same return of a consolidated workbook.
    """
    rollups = [accepted for accepted in current if accepted.entry.form == ROLLUP]
    direct_returns = to_newest(
        office.catalogue, [candidate for candidate in current if candidate.entry.form != ROLLUP]
    )
    subordinate = merge_subordinates(office.register, office.catalogue, rollups)
    keys = {accepted.entry.key for accepted in direct_returns}
    rollup_returns = (
        candidate for candidate in subordinate.returns if candidate.entry.key not in keys
    )
    returns = (*direct_returns, *rollup_returns, *months_covered(rollups))
    return ReportInputs(
        office.figures_catalogue,
        subordinate.register,
        period,
        as_of,
        returns,
        entries,
        subordinate.refused,
    )
