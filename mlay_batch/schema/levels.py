"""Frozen records of the points that follow from facts in the same return: `levels` of a scheme.

A level is a table for one criteria group: which fact gives how many points. It never gives points;
it says what a cell may at most award itself by its own figures.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from mlay_batch.schema.model import Text
from mlay_batch.schema.problem import Record

FactKind = Literal["minimum", "share", "count", "days_before", "days_after"]
Given = Mapping[str, tuple[str, ...]]

STEP_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "minimum": ("short", "share"),
    "share": ("above", "from_"),
    "count": ("from_", "to"),
    "days_before": ("from_",),
    "days_after": ("to",),
}
"""Which bound a step of each kind may have."""


@dataclass(frozen=True, slots=True)
class Step(Record):
    """A line of a table: its points, and the one bound up to which they are given.

    Attributes:
        points: at most so many; the last step has no bound and stands for all the rest.
        from_: at least so much: per cent of a share, a count, days before.
        above: more than so much, of a share in per cent.
        to: at most so much: a count, days after.
        short: at most so much short of the minimum; 0 is the whole minimum.
        share: at least so many per cent of the minimum.
    """

    points: float
    from_: float | None = None
    above: float | None = None
    to: float | None = None
    short: float | None = None
    share: float | None = None

    def bounds(self) -> Mapping[str, float]:
        """Return the bounds that are set, by key; a valid step has one, the last none."""
        keys = ("from_", "above", "to", "short", "share")
        values = {key: getattr(self, key) for key in keys}
        return {key: value for key, value in values.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Bound(Record):
    """A minimum, and when it is asked; of several the first whose conditions hold applies.

    Attributes:
        least: the minimum.
        given: ``section.field``, or ``@reporter`` for the type of the organisation in the register,
            to values of which each must hold one.
        number: ``section.field`` of a number that must be at least `from_`, such as the members.
        from_: that least number.
    """

    least: float
    given: Given = field(default_factory=dict, hash=False)
    number: str | None = None
    from_: float | None = None

    @property
    def is_conditional(self) -> bool:
        """Whether it is asked of some returns only."""
        return bool(self.given) or self.number is not None


@dataclass(frozen=True, slots=True)
class Fact(Record):
    """What of a return is looked at, and the points it gives, best first.

    Attributes:
        kind: ``minimum`` (a number against `bounds`), ``share`` (`value` in per cent of `of`),
            ``count`` (the number itself), ``days_before`` and ``days_after`` (from the date `value`
            to the date `of`, or back).
        value: ``section.field``.
        of: ``section.field`` of the whole of a share, or of the day that days are counted from.
        bounds: minimums; the last has no condition.
        steps: points, the best first; the first that holds is given.
    """

    kind: FactKind
    value: str
    steps: tuple[Step, ...]
    of: str | None = None
    bounds: tuple[Bound, ...] = ()

    def paths(self) -> Iterator[str]:
        """Yield the fields whose values decide, without those of conditions on other things."""
        yield from (path for path in (self.value, self.of) if path)
        yield from (bound.number for bound in self.bounds if bound.number)


@dataclass(frozen=True, slots=True)
class Level(Record):
    """A table of points for a criteria group, or for some of its points.

    What the table does not speak of counts in full: a group of 5 points with a table of 4 has at
    most 4 where the table gives 3.

    Attributes:
        id: unique in the scheme.
        group: id of the criteria group.
        title: what the table is about, such as "Thời lượng buổi họp".
        facts: what it looks at; of several the one with the fewest points decides.
        given: what must hold for the table to be used, as of `Bound`.
        basis: document that sets it; a level needs one.
        confirmed: whether that document was seen; otherwise the finding says that it was not.
    """

    id: str
    group: str
    title: Text
    facts: tuple[Fact, ...]
    given: Given = field(default_factory=dict, hash=False)
    basis: str = ""
    confirmed: bool = False

    @property
    def best(self) -> float:
        """The points of its best step."""
        return max((step.points for fact in self.facts for step in fact.steps), default=0)
