"""What the signs of meetings held for form's sake have seen: records for `report`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mlay_batch.findings import Param, Place
from mlay_batch.period import Period
from mlay_batch.schema.signs import Sign


@dataclass(frozen=True)
class Source:
    """A cell something was seen in: `path` is ``section.field``, `number` the row of the form."""

    delivery: int
    path: str
    number: int
    place: Place


@dataclass(frozen=True)
class Sighting:
    """A sign seen in the return of a branch for one month.

    `form` is the form it stands in; `params` fill the gaps of the sign's words; `sources` are the
    cells it was seen in, the first one in the return itself.
    """

    sign: Sign
    form: str
    branch: str
    period: Period
    delivery: int
    params: Mapping[str, Param] = field(hash=False)
    sources: tuple[Source, ...]
