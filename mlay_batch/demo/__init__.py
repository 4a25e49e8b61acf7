"""The sample town of Mường Lay: invented returns, good and bad, made the same way every time."""

from __future__ import annotations

from collections.abc import Iterator

from mlay_batch.demo.meetings import SampleReturn, meeting_returns
from mlay_batch.demo.town import Town, register_rows, town
from mlay_batch.demo.yearly import classification_returns
from mlay_batch.schema import Catalogue

__all__ = ["SampleReturn", "Town", "register_rows", "returns", "town"]


def returns(town: Town, catalogue: Catalogue) -> Iterator[SampleReturn]:
    """Yield every return of the sample town: the years 2016-2018, then the months of 2019."""
    yield from classification_returns(town, catalogue)
    yield from meeting_returns(town, catalogue)
