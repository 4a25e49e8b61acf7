"""What the YAML of a rating scheme says, as frozen records; see `records`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mlay_batch.schema.records import Effective, Record, Text


@dataclass(frozen=True, slots=True)
class Band(Record):
    """A grade from `min` points up (to the next band)."""

    id: str
    title: Text
    min: float


@dataclass(frozen=True, slots=True)
class Group(Record):
    """A group of scoring criteria and its full marks; `id` is a field of the form's scores."""

    id: str
    title: Text
    max: float


@dataclass(frozen=True, slots=True)
class Grade(Record):
    """A grade of the annual classification; `id` is a count field of the form's sections."""

    id: str
    title: Text
    short: Text


@dataclass(frozen=True, slots=True)
class Line(Record):
    """A published line: the share of the summed `grades`, shown with `decimals`, and its limit.

    `limit_max`/`limit_min` are per cent of the share base.
    """

    id: str
    title: Text
    grades: tuple[str, ...]
    decimals: int = 1
    limit_max: float | None = None
    limit_min: float | None = None
    basis: str | None = None


@dataclass(frozen=True, slots=True)
class Cap(Record):
    """At most `per_cent` of `base` may bear `grade`, within each one of `scope`.

    `base` are the counts summed: ``[grade2]`` (HTT), ``[grade1, grade2]`` (HTT or better) or
    ``[rated]``. `scope`: every cell (only the returns of organisations that are one cell tell),
    every grassroots organisation, or the town. `rounding` is how the exact share becomes whole:
    20 % of 14 are 2.8, ``floor`` allows 2.
    """

    grade: str
    base: tuple[str, ...]
    per_cent: float
    scope: Literal["cell", "organisation", "town"]
    basis: str
    rounding: Literal["floor", "half_up", "ceiling"] = "floor"


@dataclass(frozen=True, slots=True)
class Part(Record):
    """What a classification scheme says of one kind of the rated: `section` of the form."""

    section: str
    title: Text
    grades: tuple[Grade, ...]
    lines: tuple[Line, ...] = ()
    caps: tuple[Cap, ...] = ()


@dataclass(frozen=True, slots=True)
class Scheme(Record):
    """A rating scheme: `bands`/`groups` of a meeting score, or `parts` of an annual classification.

    `share_base`: rated (= four grades), subject (rated + not yet rated) or all (with the exempt).
    `mean` over years: of the yearly shares, or pooled counts.
    """

    scheme: str
    version: str
    title: Text
    effective: Effective
    basis: tuple[str, ...]
    bands: tuple[Band, ...] = ()
    groups: tuple[Group, ...] = ()
    parts: tuple[Part, ...] = ()
    share_base: Literal["rated", "subject", "all"] = "rated"
    mean: Literal["shares", "pooled"] = "shares"
    note: Text | None = None

    def band(self, score: float) -> Band:
        """Return the band of a score: the highest whose `min` is not above it.

        >>> # bands 90/70/50/0: 90 is in the first, 89.99 in the second; nothing is rounded.
        """
        return max((b for b in self.bands if b.min <= score), key=lambda b: b.min)
