"""What the figures of a period are computed from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from mlay_batch.bundle import FORM
from mlay_batch.figures.records import Facts
from mlay_batch.ledger import Ledger
from mlay_batch.period import Period
from mlay_batch.pipeline.carry import to_newest
from mlay_batch.pipeline.levels import below, months_covered
from mlay_batch.pipeline.town import Town
from mlay_batch.records import Delivery, Return


def gather(town: Town, ledger: Ledger, period: Period, as_of: date) -> Facts:
    """Return everything the figures of `period` are computed from."""
    return facts_of(town, ledger.returns(), ledger.deliveries(), period, as_of)


def facts_of(
    town: Town,
    current: Sequence[Return],
    deliveries: tuple[Delivery, ...],
    period: Period,
    as_of: date,
) -> Facts:
    """Return what figures are computed from, of the returns that count and all ever received.

    What came straight here counts before the same return in a consolidated workbook.
    """
    books = [found for found in current if found.delivery.form == FORM]
    direct = to_newest(town.catalogue, [one for one in current if one.delivery.form != FORM])
    taken = below(town.register, town.catalogue, books)
    keys = {found.delivery.key for found in direct}
    carried = (one for one in taken.returns if one.delivery.key not in keys)
    returns = (*direct, *carried, *months_covered(books))
    return Facts(town.counting, taken.register, period, as_of, returns, deliveries, taken.told)
