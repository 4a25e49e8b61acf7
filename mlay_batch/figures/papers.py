"""Returns as signs look at them: fields by the part they play, past months, other branches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeVar

from mlay_batch.figures.records import Facts
from mlay_batch.figures.returns import Filed, returns_of
from mlay_batch.figures.sign_records import Source
from mlay_batch.period import Period
from mlay_batch.records import Return, Row, Value
from mlay_batch.schema.signs import Look, Signs

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Paper:
    """One return of one month. `looks` say which field plays which part."""

    branch: str
    period: Period
    entry: Return
    looks: Mapping[str, Look] = field(hash=False)

    def told(self, part: str) -> Iterator[tuple[Value, Row]]:
        """Yield the values of that part with their rows, in the form's order; blanks are none."""
        look = self.looks[part]
        section, _, name = look.field.partition(".")
        for row in self.entry.section(section):
            value = row.values.get(name)
            if value is not None and all(row.values.get(k) in vs for k, vs in look.where.items()):
                yield value, row

    def numbers(self, part: str) -> Iterator[tuple[float, Row]]:
        """Yield the numbers of that part, as `told` does."""
        for value, row in self.told(part):
            if isinstance(value, int | float):
                yield value, row

    def beside(self, part: str, row: Row) -> Value:
        """Return what that part holds in `row`; None where it stands in another section."""
        section, _, name = self.looks[part].field.partition(".")
        return row.values.get(name) if section == row.section else None

    def source(self, part: str, row: Row) -> Source:
        """Return where that part stands in `row`."""
        path = self.looks[part].field
        place = replace(row.place(path.partition(".")[2]), file=self.entry.delivery.name)
        return Source(self.entry.delivery.id, path, row.number, place)


@dataclass(frozen=True)
class Desk:
    """All current returns of the form that `signs` are looked for in."""

    facts: Facts
    signs: Signs
    _kept: dict[tuple[object, ...], Any] = field(default_factory=dict, repr=False, compare=False)

    def once(self, key: tuple[object, ...], make: Callable[[], T]) -> T:
        """Return what `make` gives, made once for each `key`: texts are read for many months."""
        if key not in self._kept:
            self._kept[key] = make()
        made: T = self._kept[key]
        return made

    @cached_property
    def _filed(self) -> Filed:
        return returns_of(self.facts, self.signs.of)

    @cached_property
    def _by_month(self) -> Mapping[Period, tuple[Paper, ...]]:
        found: dict[Period, list[Paper]] = {}
        for (branch, period), entry in self._filed.items():
            paper = Paper(branch, period, entry, self.signs.looks)
            found.setdefault(period, []).append(paper)
        return {period: tuple(papers) for period, papers in found.items()}

    @cached_property
    def _by_branch(self) -> Mapping[str, tuple[Paper, ...]]:
        """The returns of each branch, the last one first."""
        found: dict[str, list[Paper]] = {}
        for month in sorted(self._by_month, key=_number, reverse=True):
            for paper in self._by_month[month]:
                found.setdefault(paper.branch, []).append(paper)
        return {branch: tuple(papers) for branch, papers in found.items()}

    @cached_property
    def _by_key(self) -> Mapping[tuple[str, Period], Paper]:
        return {(p.branch, p.period): p for papers in self._by_month.values() for p in papers}

    def papers(self, month: Period) -> tuple[Paper, ...]:
        """Return the returns of a month, in the register's order."""
        return self._by_month.get(month, ())

    def of(self, branch: str, month: Period) -> Paper | None:
        """Return the return of a branch for a month."""
        return self._by_key.get((branch, month))

    def before(self, paper: Paper, months: int) -> Iterator[Paper]:
        """Yield the branch's own returns of the `months` months before, the last one first."""
        now = _number(paper.period)
        for earlier in self._by_branch[paper.branch]:
            if now - months <= _number(earlier.period) < now:
                yield earlier

    def name(self, branch: str) -> str:
        """Return the name of an organisation, its code where the register has none."""
        known = self.facts.register.by_code.get(branch)
        return known.name if known else branch


def _number(month: Period) -> int:
    """Return months counted on from year 0."""
    return month.year * 12 + month.month
