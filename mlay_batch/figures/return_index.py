"""Returns as signs look at them: fields by the part they play, past months, other branches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeVar

from mlay_batch.core.period import Period
from mlay_batch.figures.indicator_hits import SourceCell
from mlay_batch.figures.report_records import ReportInputs
from mlay_batch.figures.return_access import ReturnsByKey, returns_of
from mlay_batch.model.records import AcceptedReturn, Row, Value
from mlay_batch.schema.indicators import IndicatorInput, IndicatorSet

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ReturnView:
    """One return of one month. `input_fields` say which field plays which part."""

    branch: str
    period: Period
    accepted: AcceptedReturn
    input_fields: Mapping[str, IndicatorInput] = field(hash=False)

    def values(self, role: str) -> Iterator[tuple[Value, Row]]:
        """Yield the values of that part with their rows, in the form's order; blanks are none."""
        input_field = self.input_fields[role]
        section, _, name = input_field.field.partition(".")
        for row in self.accepted.section_rows(section):
            value = row.values.get(name)
            if value is not None and all(
                row.values.get(k) in vs for k, vs in input_field.where.items()
            ):
                yield value, row

    def numbers(self, role: str) -> Iterator[tuple[float, Row]]:
        """Yield the numbers of that part, as `values` does."""
        for value, row in self.values(role):
            if isinstance(value, int | float):
                yield value, row

    def value_in(self, role: str, row: Row) -> Value:
        """Return what that part holds in `row`; None where it stands in another section."""
        section, _, name = self.input_fields[role].field.partition(".")
        return row.values.get(name) if section == row.section else None

    def source(self, role: str, row: Row) -> SourceCell:
        """Return where that part stands in `row`."""
        path = self.input_fields[role].field
        place = replace(row.place(path.partition(".")[2]), file=self.accepted.entry.name)
        return SourceCell(self.accepted.entry.id, path, row.number, place)


@dataclass(frozen=True)
class ReturnIndex:
    """All current returns of the form that `indicators` are looked for in."""

    inputs: ReportInputs
    indicators: IndicatorSet
    _memo: dict[tuple[object, ...], Any] = field(default_factory=dict, repr=False, compare=False)

    def memoize(self, key: tuple[object, ...], make: Callable[[], T]) -> T:
        """Return what `make` gives, made once for each `key`: texts are read for many months."""
        if key not in self._memo:
            self._memo[key] = make()
        result: T = self._memo[key]
        return result

    @cached_property
    def _returns(self) -> ReturnsByKey:
        return returns_of(self.inputs, self.indicators.of)

    @cached_property
    def _by_month(self) -> Mapping[Period, tuple[ReturnView, ...]]:
        by_month: dict[Period, list[ReturnView]] = {}
        for (branch, period), accepted in self._returns.items():
            view = ReturnView(branch, period, accepted, self.indicators.looks)
            by_month.setdefault(period, []).append(view)
        return {period: tuple(views) for period, views in by_month.items()}

    @cached_property
    def _by_branch(self) -> Mapping[str, tuple[ReturnView, ...]]:
        """The returns of each branch, the last one first."""
        by_branch: dict[str, list[ReturnView]] = {}
        for month in sorted(self._by_month, key=_month_number, reverse=True):
            for view in self._by_month[month]:
                by_branch.setdefault(view.branch, []).append(view)
        return {branch: tuple(views) for branch, views in by_branch.items()}

    @cached_property
    def _by_key(self) -> Mapping[tuple[str, Period], ReturnView]:
        return {(p.branch, p.period): p for views in self._by_month.values() for p in views}

    def month_returns(self, month: Period) -> tuple[ReturnView, ...]:
        """Return the returns of a month, in the register's order."""
        return self._by_month.get(month, ())

    def find(self, branch: str, month: Period) -> ReturnView | None:
        """Return the return of a branch for a month."""
        return self._by_key.get((branch, month))

    def earlier_returns(self, view: ReturnView, months: int) -> Iterator[ReturnView]:
        """Yield the branch's own returns of the `months` months before, the last one first."""
        current = _month_number(view.period)
        for earlier in self._by_branch[view.branch]:
            if current - months <= _month_number(earlier.period) < current:
                yield earlier

    def organisation_name(self, branch: str) -> str:
        """Return the name of an organisation, its code where the register has none."""
        organisation = self.inputs.register.by_code.get(branch)
        return organisation.name if organisation else branch


def _month_number(month: Period) -> int:
    """Return months counted on from year 0."""
    return month.year * 12 + month.month
