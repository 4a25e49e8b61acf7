"""What the figures of one run are held to, and what bare calls of the libraries would give there.

The names are those of `__main__`; a target whose figures were not measured is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from benchmarks.process import Cost

Costs = Mapping[str, Cost]


@dataclass(frozen=True, slots=True)
class Target:
    """A ratio, or megabytes: `measured` must be at most (`upper`) or at least `limit`.

    `bare` is the same with bare library calls in the place of ours: nobody gets beyond that. None
    where it says nothing.
    """

    says: str
    measured: float
    limit: float
    bare: float | None = None
    upper: bool = True

    @property
    def is_met(self) -> bool:
        """Whether the limit is kept."""
        return self.measured <= self.limit if self.upper else self.measured >= self.limit


def targets(costs: Costs) -> Iterator[Target]:
    """Yield every target the measured sizes allow to judge."""
    floors = map(_to_floor, (1000, 10_000))
    for rule in (_help, _peer, *floors, _nothing, _one_more, _cold, _memory, _time):
        try:
            yield rule(costs)
        except KeyError:
            continue


def _help(costs: Costs) -> Target:
    ratio = costs["mlay --help"].wall / costs["import click"].wall
    return Target("mlay --help : import click", ratio, 2)


def _peer(costs: Costs) -> Target:
    peer, ours = costs["1000 b peer"].wall, costs["1000 c mlay"].wall
    return Target("1000: (b) : (c)", peer / ours, 10, peer / _bare(costs, 1000), upper=False)


def _to_floor(size: int) -> Callable[[Costs], Target]:
    def rule(costs: Costs) -> Target:
        floor, ours = costs[f"{size} a floor"].wall, costs[f"{size} c mlay"].wall
        return Target(f"{size}: (c) : (a)", ours / floor, 5, _bare(costs, size) / floor)

    return rule


def _bare(costs: Costs, size: int) -> float:
    """Return the seconds of (a) and of the workbook's cells by bare calls in two processes."""
    return costs[f"{size} a floor"].wall + costs[f"{size} bare XlsxWriter"].wall / 2


def _nothing(costs: Costs) -> Target:
    ratio = costs["70 c nothing new"].wall / costs["70 c status"].wall
    return Target("70: nothing new : status", ratio, 1.2)


def _one_more(costs: Costs) -> Target:
    """Bare: a status, the imports that a check and a workbook need, the workbook's cells."""
    status, imports = costs["70 c status"].wall, costs["import pandera, xlsxwriter"].wall
    bare = (status + imports + costs["70 bare XlsxWriter"].wall / 2) / status
    return Target("70: one more return : status", costs["70 c one more"].wall / status, 4, bare)


def _cold(costs: Costs) -> Target:
    paid = costs["import pandera, xlsxwriter"].wall + costs["70 a floor"].wall
    bare = (paid + costs["70 bare XlsxWriter"].wall / 2) / paid
    return Target("70: a cold month : imports and (a)", costs["70 c mlay"].wall / paid, 2.4, bare)


def _memory(costs: Costs) -> Target:
    bare = costs["10000 bare XlsxWriter"].parent_mb
    return Target("10000: parent's peak, MB", costs["10000 c mlay"].parent_mb, 600, bare)


def _time(costs: Costs) -> Target:
    ratio = costs["10000 c mlay"].wall / costs["1000 c mlay"].wall
    return Target("10000 : 1000, time", ratio, 10.5)
