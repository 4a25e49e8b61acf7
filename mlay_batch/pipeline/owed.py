"""Which files are owed an answer and who is to be reminded: `reply` writes it, `status` counts it.

A branch whose return was given back has that return in hand. It is not reminded until the day by
which the correction was asked for, and then of the correction: told in one letter what is wrong
with a return and in the next that none was received, nobody knows which of the two to believe.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from mlay_batch.figures.completeness import due
from mlay_batch.figures.records import Completeness
from mlay_batch.ledger import SentMail
from mlay_batch.period import Period
from mlay_batch.records import Delivery, Verdict
from mlay_batch.register import Register
from mlay_batch.schema import Catalogue, Form
from mlay_batch.schema.records import Due

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


@dataclass(frozen=True)
class Correction:
    """A file its branch was asked to send again, corrected, `until` that day inclusive.

    `until` may be the day a later period is due; what is missing of another period waits no longer
    than for the days a correction is given, `soonest`.
    """

    delivery: Delivery
    branch: str
    until: date
    soonest: date

    def is_in_hand(self, period: Period, as_of: date) -> bool:
        """Whether the branch has time left for it, seen from what is missing of `period`."""
        same = self.delivery.period in (None, str(period))
        return as_of <= (self.until if same else self.soonest)


@dataclass(frozen=True)
class Reminder:
    """A branch to be reminded of a return of `form`, or of the correction it still owes."""

    form: Form
    branch: str
    correction: Correction | None = None


def right_form(
    delivery: Delivery, branch: str, period: Period, register: Register, catalogue: Catalogue
) -> Form | None:
    """Return the form that holds in `period`: of the name read, else what the branch owes."""
    if delivery.form:
        return catalogue.form_for(delivery.form, period)
    type_ = register.by_code[branch].type
    names = dict.fromkeys(form.form for form in catalogue.forms)
    known = (catalogue.form_for(name, period) for name in names)
    return next((f for f in known if f and f.period == period.kind and type_ in f.reporters), None)


def correction(
    delivery: Delivery, branch: str, period: Period,
    register: Register, catalogue: Catalogue, asked: date,
) -> Correction:  # fmt: skip
    """Return until when a file answered with those of `period` is to be sent again: never before
    the day the return itself was due.

    Asked for on 3 December with 3 days for corrections, due on the 5th: until the 6th.
    """
    own = Period.parse(delivery.period) if delivery.period else None
    form = right_form(delivery, branch, own or period, register, catalogue)
    days = (form and form.due) or Due(0)
    soonest = asked + timedelta(days=days.correct)
    until = max(soonest, due(form, own)) if form and own else soonest
    return Correction(delivery, branch, until, soonest)


def corrections(
    deliveries: Sequence[Delivery], letters: Iterable[SentMail], period: Period,
    register: Register, catalogue: Catalogue, as_of: date,
) -> tuple[Correction, ...]:  # fmt: skip
    """Return what is to be sent again of the files answered with those of `period`.

    A file without a letter yet is asked for again with the next letters, those of the day `as_of`.
    """
    asked = _asked(letters)
    return tuple(
        correction(delivery, branch, period, register, catalogue, asked.get(delivery.id, as_of))
        for delivery in owed(deliveries, period, register)
        if delivery.verdict is not Verdict.ACCEPTED and (branch := branch_of(delivery, register))
    )


def _asked(letters: Iterable[SentMail]) -> dict[int, date]:
    """Return the date of the last letter about each delivery."""
    days: dict[int, date] = {}
    for letter in letters:
        for item in letter.items:
            if item.delivery is not None and letter.day:
                days[item.delivery] = max(letter.day, days.get(item.delivery, letter.day))
    return days


def not_in(entry: Completeness, period: Period, register: Register) -> Iterator[tuple[str, str]]:
    """Yield each branch of the register whose return of `period` is missing or refused, with that
    state.
    """
    for (branch, own), cell in entry.cells.items():
        if own == period and cell.state in ("missing", "rejected") and branch in register.by_code:
            yield branch, cell.state


def reminders(
    completeness: Iterable[Completeness], period: Period, due_again: Sequence[Correction],
    register: Register, catalogue: Catalogue, as_of: date,
) -> Iterator[Reminder]:  # fmt: skip
    """Yield who is to be reminded of `period` as of that day.

    Whoever hands in through a level between is reminded by that one. A file that a committee sent
    may hold the returns of its cells; one whose period nobody can tell may be the one missing.
    """
    for entry in completeness:
        form = catalogue.form_for(entry.form, period)
        if form is None:
            continue
        for branch, state in not_in(entry, period, register):
            alike = [one for one in due_again if one.delivery.form in (None, form.form)]
            at_work = [one for one in alike if register.within(branch, one.branch)]
            if any(one.is_in_hand(period, as_of) for one in at_work):
                continue
            own = [
                one for one in alike
                if one.branch == branch and one.delivery.period in (None, str(period))
            ]  # fmt: skip
            if own or state == "missing":
                yield Reminder(form, branch, own[-1] if own else None)
