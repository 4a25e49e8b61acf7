"""Which files are owed an answer: `reply` writes it, `status` counts it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from mlay_batch.period import Period
from mlay_batch.records import Delivery, Verdict
from mlay_batch.register import Register

# Nobody could open it, but whoever sent it believes to have sent the return: it is to be sent again
# in another way, not to be filled in anew.
UNOPENED = frozenset(
    {"N04", "N06", "N07", "N08", "N12", "N15", "R03", "R04", "R08", "R09"}
)  # fmt: skip


def owed(
    deliveries: Sequence[Delivery], period: Period, register: Register
) -> tuple[Delivery, ...]:
    """Return the files to be answered with those of `period`, in the order they were received.

    That is what belongs to it, and whatever else came in since it ended: a correction of September
    that arrives in December is answered with November's. Answered is every accepted return, and
    every refused one that no good one of its branch has overtaken, but for what a stranger sent in
    a branch's name; of files that are no returns those nobody could open, where the mail came from
    a registered address.
    """
    return tuple(d for d in deliveries if _of(d, period) and _asks(d, deliveries, register))


def unopened(delivery: Delivery) -> bool:
    """Whether a file is to be sent again because it could not be opened."""
    return any(found.code in UNOPENED for found in delivery.findings)


def _of(delivery: Delivery, period: Period) -> bool:
    came_since = delivery.received[:10] > period.end.isoformat()
    return delivery.period == str(period) or came_since


def _asks(delivery: Delivery, others: Sequence[Delivery], register: Register) -> bool:
    if delivery.verdict is Verdict.ACCEPTED:
        return True
    branch = branch_of(delivery, register)
    lost = delivery.verdict is Verdict.IGNORED and unopened(delivery) and bool(branch)
    refused = delivery.verdict is Verdict.REJECTED and not delivery.disowned
    if not refused and not lost:
        return False
    if delivery.key:
        return not delivery.overtaken(others)
    return not any(
        other.id > delivery.id and other.branch == branch and other.verdict is Verdict.ACCEPTED
        for other in others
    )


def branch_of(delivery: Delivery, register: Register) -> str | None:
    """Return whose file it is: as it says itself, else whose registered address it came from."""
    day = date.fromisoformat(delivery.received[:10])
    found = delivery.branch or register.owner(delivery.sender or "", day)
    return found if found in register.by_code else None
