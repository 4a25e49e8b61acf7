"""Access to the current returns of a form: by branch and period, and for indicators by role."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import fsum
from typing import Any, NamedTuple, TypeVar

from mlay_batch.core.period import Period
from mlay_batch.figures.report_records import ReportInputs, SourceCell
from mlay_batch.model.records import AcceptedReturn, Row, Value
from mlay_batch.schema.indicators import IndicatorInput, IndicatorSet

ReturnsByKey = Mapping[tuple[str, Period], AcceptedReturn]
T = TypeVar("T")


def returns_of(inputs: ReportInputs, form: str, *, lists: bool = False) -> ReturnsByKey:
    """Return the current returns of `form` by (branch, period), with `lists` also those of lists.

    A list says so little of a branch that only what reckons with that asks for it. They are sorted
    by period, then in register order: figures must not depend on the order of receipt.
    """
    organisations = inputs.register.organisations
    order = {organisation.code: number for number, organisation in enumerate(organisations)}
    by_key = {
        (key[1], Period.parse(key[2])): accepted
        for accepted in inputs.returns
        if (key := accepted.entry.key) and key[0] == form
        if lists or not accepted.entry.is_sketch
    }
    ranked = sorted(by_key, key=lambda key: (key[1], order.get(key[0], len(order)), key[0]))
    return {key: by_key[key] for key in ranked}


def year_to_date(returns: ReturnsByKey, period: Period) -> ReturnsByKey:
    """Return the monthly returns in the year of `period`, up to its end."""
    months = set(period.year_to_date())
    return {key: accepted for key, accepted in returns.items() if key[1] in months}


def card(accepted: AcceptedReturn, section: str) -> Row | None:
    """Return the row of a card section, None if the return lacks it."""
    return next(iter(accepted.section_rows(section)), None)


def count(row: Row, name: str) -> int:
    """Return a count of the row; a blank or a text counts 0."""
    return int(number(row.values.get(name)) or 0)


def mean(values: Iterable[float | None]) -> float | None:
    """Return the mean of the values that are not None, None without any.

    >>> mean([4.0, None, 5.0]), mean([None])
    (4.5, None)
    """
    present = [value for value in values if value is not None]
    return fsum(present) / len(present) if present else None


def number(value: Value) -> float | None:
    """Return a count or score as a float; a blank, text or date is None."""
    return float(value) if isinstance(value, int | float) else None


class RoleField(NamedTuple):
    """The field of a role.

    Attributes:
        path: ``section.name``.
        section: the section.
        name: the field in it.
        where: fields of the section to the values of which a row must hold one.
    """

    path: str
    section: str
    name: str
    where: Mapping[str, tuple[str, ...]]


def _role_field(input_field: IndicatorInput) -> RoleField:
    section, _, name = input_field.field.partition(".")
    return RoleField(input_field.field, section, name, input_field.where)


@dataclass(frozen=True, slots=True)
class ReturnView:
    """One return of one month, read by the roles of an indicator set.

    Attributes:
        branch: code of the organisation.
        period: the month.
        accepted: the return.
        fields: field of each role.
    """

    branch: str
    period: Period
    accepted: AcceptedReturn
    fields: Mapping[str, RoleField] = field(hash=False)
    _numbers: dict[str, tuple[tuple[float, Row], ...]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def values(self, role: str) -> Iterator[tuple[Value, Row]]:
        """Yield the role's values with their rows, in the form's order, without blanks."""
        _, section, name, where = self.fields[role]
        for row in self.accepted.rows:
            value = row.values.get(name) if row.section == section else None
            if value is not None and (
                not where or all(row.values.get(key) in held for key, held in where.items())
            ):
                yield value, row

    def numbers(self, role: str) -> tuple[tuple[float, Row], ...]:
        """Return the role's numbers with their rows, as `values` yields them."""
        if role not in self._numbers:  # each later month asks for them
            pairs = self.values(role)
            self._numbers[role] = tuple((v, row) for v, row in pairs if isinstance(v, int | float))
        return self._numbers[role]

    def value_in(self, role: str, row: Row) -> Value:
        """Return the role's value in `row`; None if its field is in another section."""
        field_of_role = self.fields[role]
        return row.values.get(field_of_role.name) if field_of_role.section == row.section else None

    def source(self, role: str, row: Row) -> SourceCell:
        """Return the cell of the role in `row`."""
        path, _, name, _ = self.fields[role]
        place = replace(row.place(name), file=self.accepted.entry.name)
        return SourceCell(self.accepted.entry.id, path, row.span, place)


@dataclass(frozen=True)
class ReturnIndex:
    """All current returns of the form that a set of indicators applies to.

    Attributes:
        inputs: returns, register and descriptions.
        indicators: the set, whose `looks` give the fields of each role.
    """

    inputs: ReportInputs
    indicators: IndicatorSet
    _memo: dict[tuple[object, ...], Any] = field(default_factory=dict, repr=False, compare=False)

    def memoize(self, key: tuple[object, ...], make: Callable[[], T]) -> T:
        """Return the result of `make`, called once for each `key`: texts are compared often."""
        if key not in self._memo:
            self._memo[key] = make()
        result: T = self._memo[key]
        return result

    @cached_property
    def _returns(self) -> ReturnsByKey:
        return returns_of(self.inputs, self.indicators.of)

    @cached_property
    def _by_month(self) -> Mapping[Period, tuple[ReturnView, ...]]:
        fields = {role: _role_field(look) for role, look in self.indicators.looks.items()}
        by_month: dict[Period, list[ReturnView]] = {}
        for (branch, period), accepted in self._returns.items():
            view = ReturnView(branch, period, accepted, fields)
            by_month.setdefault(period, []).append(view)
        return {period: tuple(views) for period, views in by_month.items()}

    @cached_property
    def _by_branch(self) -> Mapping[str, tuple[ReturnView, ...]]:
        """The returns of each branch, the latest first."""
        by_branch: dict[str, list[ReturnView]] = {}
        for month in sorted(self._by_month, key=_month_number, reverse=True):
            for view in self._by_month[month]:
                by_branch.setdefault(view.branch, []).append(view)
        return {branch: tuple(views) for branch, views in by_branch.items()}

    @cached_property
    def _by_key(self) -> Mapping[tuple[str, Period], ReturnView]:
        return {(v.branch, v.period): v for views in self._by_month.values() for v in views}

    def month_returns(self, month: Period) -> tuple[ReturnView, ...]:
        """Return the returns of a month in register order."""
        return self._by_month.get(month, ())

    def find(self, branch: str, month: Period) -> ReturnView | None:
        """Return the return of a branch for a month."""
        return self._by_key.get((branch, month))

    def earlier_returns(self, view: ReturnView, months: int) -> Iterator[ReturnView]:
        """Yield the branch's returns of the `months` months before, the latest first."""
        current = _month_number(view.period)
        for earlier in self._by_branch[view.branch]:
            if current - months <= _month_number(earlier.period) < current:
                yield earlier

    def organisation_name(self, branch: str) -> str:
        """Return the name of an organisation, its code if it is not in the register."""
        organisation = self.inputs.register.by_code.get(branch)
        return organisation.name if organisation else branch


def _month_number(month: Period) -> int:
    """Return the number of months since year 0."""
    return month.year * 12 + month.month
