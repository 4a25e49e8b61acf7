"""What the figures of one run are held to: each target a ratio of two of them, or the floor shown.

The names are those of `__main__`; a target whose figures were not measured is left out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from benchmarks.process import Cost

Costs = Mapping[str, Cost]


@dataclass(frozen=True, slots=True)
class Target:
    """A ratio: `measured` must be at most (`upper`) or at least `limit`."""

    says: str
    measured: float
    limit: float
    upper: bool = True

    @property
    def is_met(self) -> bool:
        """Whether the ratio keeps its limit."""
        return self.measured <= self.limit if self.upper else self.measured >= self.limit


def targets(costs: Costs) -> Iterator[Target]:
    """Yield every target the measured sizes allow to judge."""
    sizes = sorted({int(name.split()[0]) for name in costs if name.split()[0].isdigit()})
    for rule in (_help, _town, _floor, _peer, _time, _memory):
        try:
            yield rule(costs, sizes)
        except (KeyError, IndexError):
            continue
    if 70 in sizes:
        again, status = costs["70 c nothing new"], costs["70 c status"]
        yield Target("70: nothing new : status", again.wall / status.wall, 1.5)


def _help(costs: Costs, _: list[int]) -> Target:
    ratio = costs["mlay --help"].wall / costs["import click"].wall
    return Target("mlay --help : import click", ratio, 2)


def _town(costs: Costs, _: list[int]) -> Target:
    paid = costs["import pandera, xlsxwriter"].wall + costs["70 a floor"].wall
    return Target("70: a cold month : imports and (a)", costs["70 c mlay"].wall / paid, 2)


def _floor(costs: Costs, sizes: list[int]) -> Target:
    most = sizes[-1]
    ratio = costs[f"{most} c mlay"].wall / costs[f"{most} a floor"].wall
    return Target(f"{most}: (c) : (a)", ratio, 1.5)


def _peer(costs: Costs, sizes: list[int]) -> Target:
    most = [size for size in sizes if f"{size} b peer" in costs][-1]
    ratio = costs[f"{most} b peer"].wall / costs[f"{most} c mlay"].wall
    return Target(f"{most}: (b) : (c)", ratio, 10, upper=False)


def _time(costs: Costs, sizes: list[int]) -> Target:
    """Ten times the files in at most 10.5 times the time."""
    return _growth(costs, sizes, "time", lambda cost: cost.wall, 10.5)


def _memory(costs: Costs, sizes: list[int]) -> Target:
    """Ten times the files in at most 1.5 times the memory."""
    return _growth(costs, sizes, "parent's peak", lambda cost: cost.parent_mb, 1.5)


def _growth(
    costs: Costs, sizes: list[int], what: str, of: Callable[[Cost], float], tenfold: float
) -> Target:
    """Return how (c) grew between the two largest sizes; `tenfold` is allowed for ten times."""
    smaller, larger = sizes[-2], sizes[-1]
    ratio = of(costs[f"{larger} c mlay"]) / of(costs[f"{smaller} c mlay"])
    return Target(f"{larger} : {smaller}, {what}", ratio, tenfold ** math.log10(larger / smaller))
