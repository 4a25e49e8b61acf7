"""The light of a published share: whether it keeps its limits."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from mlay_batch.report.book import Live
from mlay_batch.report.context import Context
from mlay_batch.schema.schemes import Line


def light(ctx: Context, line: Line, cell: str, share: float | None) -> Live | None:
    """Return whether the share in `cell` keeps the line's limits, None where it has none.

    The exact share is held against them; on the limit it keeps it: 1 of 100 keeps "≤ 1 %".
    """
    bounds = ((">=", "≥", line.limit_min), ("<=", "≤", line.limit_max))
    given = [(sign, shown, bound) for sign, shown, bound in bounds if bound is not None]
    if not given:
        return None
    said = ", ".join(f"{shown} {ctx.book.show(bound)} %" for _, shown, bound in given)
    kept, broken = (ctx.t(f"limit.{state}", limit=said) for state in ("kept", "broken"))
    test = ",".join(f"{cell}{sign}{bound:g}" for sign, _, bound in given)
    value = "" if share is None else kept if _keeps(line, share) else broken
    return Live(f'=IF({cell}="","",IF(AND({test}),"{kept}","{broken}"))', value)


def _keeps(line: Line, share: float) -> bool:
    above = line.limit_max is not None and share > line.limit_max
    below = line.limit_min is not None and share < line.limit_min
    return not (above or below)


def printed(share: float | None, decimals: int) -> Decimal | None:
    """Return a share as printed: rounded half up, as a spreadsheet does.

    >>> printed(19.047619, 2), printed(0.125, 2)
    (Decimal('19.05'), Decimal('0.13'))
    """
    if share is None:
        return None
    return Decimal(repr(share)).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
