"""Sums up the meetings of the period by kind of unit, as the register states it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator

from mlay_batch.core.findings import Severity
from mlay_batch.figures.branch_records import KindFigures
from mlay_batch.figures.report_records import (
    OPEN,
    SENT,
    SKETCH,
    Completeness,
    IndicatorHit,
    ReportInputs,
    Sitting,
)
from mlay_batch.figures.return_access import mean

UNIT_KIND = "unit_kind"  # the list of choices of the register's form


def _kinds(inputs: ReportInputs) -> tuple[str, ...]:
    """Return the kinds in the order of the register's form, then those only a level below has."""
    choices = inputs.catalogue.register_form.choices.get(UNIT_KIND, ())
    entered = {o.kind for o in inputs.register.organisations if o.kind}
    return tuple(dict.fromkeys((*(choice.id for choice in choices), *sorted(entered))))


def kind_figures(
    inputs: ReportInputs,
    year_sittings: Iterable[Sitting],
    matrix: Completeness | None,
    hits: Iterable[IndicatorHit],
) -> tuple[KindFigures, ...]:
    """Return the figures of the period by kind of unit, those of cells without one last.

    A kind is there if a return of one of its cells is due in the period, or a meeting of one is
    reported. Each cell has one kind, so that sums over the kinds are those of all cells. Without a
    cell whose kind is stated there are none: 3 villages and a school without a kind give two.
    """
    period_figures = _PeriodFigures(inputs, year_sittings, matrix, hits)
    kinds: list[str | None] = [*_kinds(inputs), None]
    lines = tuple(
        period_figures.of_kind(kind) for kind in kinds if period_figures.has_figures(kind)
    )
    return lines if any(line.kind for line in lines) else ()


class _PeriodFigures:
    """What is reported for the period's months, to be taken apart by kind."""

    def __init__(
        self,
        inputs: ReportInputs,
        year_sittings: Iterable[Sitting],
        matrix: Completeness | None,
        hits: Iterable[IndicatorHit],
    ) -> None:
        self._months = set(inputs.period.months())
        self._kinds = {o.code: o.kind for o in inputs.register.organisations}
        cells = matrix.cells.values() if matrix else ()
        self._returns = [cell for cell in cells if cell.period in self._months]
        self._sittings = [sitting for sitting in year_sittings if sitting.period in self._months]
        self._hits = list(self._period_hits(hits))
        self._has_indicators = bool(inputs.catalogue.indicator_sets_for(inputs.period))

    def _period_hits(self, hits: Iterable[IndicatorHit]) -> Iterator[IndicatorHit]:
        """Yield those that the report shows, at cells of the register."""
        for hit in hits:
            is_shown = hit.indicator.severity is Severity.WARNING and hit.period in self._months
            if is_shown and hit.branch in self._kinds:
                yield hit

    def has_figures(self, kind: str | None) -> bool:
        """Whether a return of the kind is due, or a meeting reported."""
        is_due = any(
            self._is_of(cell.branch, kind) and cell.state in SENT + OPEN for cell in self._returns
        )
        return is_due or any(self._is_of(sitting.branch, kind) for sitting in self._sittings)

    def _is_of(self, branch: str, kind: str | None) -> bool:
        """Whether a cell is of a kind; what the register does not know is of none."""
        return self._kinds.get(branch) == kind

    def of_kind(self, kind: str | None) -> KindFigures:
        """Return the figures of a kind; what no return tells is None."""
        returns = [cell for cell in self._returns if self._is_of(cell.branch, kind)]
        due = [cell.branch for cell in returns if cell.state in SENT + OPEN]
        sent = [cell.branch for cell in returns if cell.state in SENT]
        own = [cell.branch for cell in returns if cell.state in SENT and cell.state != SKETCH]
        sittings = [sitting for sitting in self._sittings if self._is_of(sitting.branch, kind)]
        scores = [sitting.score for sitting in sittings if sitting.score is not None]
        hits = {
            (hit.indicator.code, hit.branch) for hit in self._hits if self._is_of(hit.branch, kind)
        }
        is_reported = bool(sent or sittings)
        is_told = is_reported and not _is_kind_untold(sittings)
        return KindFigures(
            kind=kind,
            cells=len(set(due)),
            due=len(due),
            sent=len(sent),
            held=len(sittings) if is_reported else None,
            regular=sum(s.regular for s in sittings) if is_told else None,
            thematic=sum(s.thematic for s in sittings) if is_told else None,
            scored=len(scores) if is_reported else None,
            mean=mean(scores),
            bands=dict(Counter(sitting.band for sitting in sittings if sitting.band)),
            reporting=len(set(own)),
            flagged=len({branch for _, branch in hits}) if own and self._has_indicators else None,
            flagged_by=dict(Counter(code for code, _ in sorted(hits))),
        )


def _is_kind_untold(sittings: Collection[Sitting]) -> bool:
    """Whether lists alone tell of meetings, and name the kind of none."""
    return bool(sittings) and not any(
        sitting.regular or sitting.thematic or not sitting.listed for sitting in sittings
    )
