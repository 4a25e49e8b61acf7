"""Levels: returns and registers taken along from the consolidated workbooks of the level below.

A code of the level below is kept where this register knows it as the same organisation (below the
one that handed in the workbook) or the same officer (of the same name); any other is led by the
code of who handed it in: ``CB-01`` of ``TU-A`` is ``TU-A.CB-01`` here, so that two towns may both
have a CB-01. Of two workbooks that hold the same return the one received later counts, and a
return this office received itself before both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from typing import TypeVar

from mlay_batch import bundle
from mlay_batch.figures import compute
from mlay_batch.figures.records import Facts
from mlay_batch.findings import Finding, Place, Severity
from mlay_batch.names import name_key
from mlay_batch.period import Period
from mlay_batch.records import Delivery, Identity, Judged, Return, Row, Submission, Value, Verdict
from mlay_batch.register import Assignment, Officer, Organisation, Register, Waiver
from mlay_batch.schema import Catalogue
from mlay_batch.schema.families import families, fields, sections

T = TypeVar("T")
_SEPARATOR = "."  # no code of a register holds it


@dataclass(frozen=True)
class Below:
    """What the level below tells: its returns, its refused ones, and one register with ours."""

    returns: tuple[Return, ...]
    told: tuple[Delivery, ...]
    register: Register


def below(register: Register, catalogue: Catalogue, handed_in: Iterable[Return]) -> Below:
    """Return what the consolidated workbooks in force hold, in the codes of `register`."""
    known_here = (book for book in handed_in if book.delivery.branch in register.by_code)
    books = sorted(known_here, key=_received)
    newest = {book.delivery.branch: book for book in books}
    names = {
        code: _Names(register, code, register_of(newest[code]))
        for code in register.by_code  # in this order, whatever came first
        if code in newest
    }
    refs = _refs(catalogue)
    found: dict[tuple[str, str, str] | None, Return] = {}
    for book in books:
        known = names[book.delivery.branch or ""]
        for one in opened(book, catalogue):
            renamed = known.returned(one, refs)
            found[renamed.delivery.key] = renamed
    return Below(
        tuple(one for one in found.values() if one.delivery.verdict is Verdict.ACCEPTED),
        tuple(one.delivery for one in found.values()
              if one.delivery.verdict is not Verdict.ACCEPTED),
        _joined(register, names.values()),
    )  # fmt: skip


def months_covered(books: Iterable[Return]) -> tuple[Return, ...]:
    """Return, without rows, the workbook handed in for each month: a month without one of its own
    is covered by the first that came with the year up to a later month.
    """
    found: dict[tuple[str | None, Period], Return] = {}
    for book in sorted(books, key=_received):
        own = Period.parse(book.delivery.period or "")
        for month in own.year_to_date():
            key = book.delivery.branch, month
            if key not in found or month == own:
                delivery = replace(book.delivery, period=str(month))
                found[key] = Return(delivery, ())
    return tuple(found.values())


def _received(book: Return) -> tuple[datetime, int]:
    return datetime.fromisoformat(book.delivery.received), book.delivery.id


def register_of(book: Return | Submission) -> Register:
    """Return the register a consolidated workbook was counted by."""
    return Register.of(Submission(None, bundle.FORM, None, rows=book.rows))


def opened(book: Return, catalogue: Catalogue) -> Iterator[Return]:
    """Yield every return a consolidated workbook holds, in its own codes.

    Each is a delivery of the workbook, with the day its own first version came; one refused or
    held below has no rows.
    """
    rows = bundle.carried(book, catalogue)
    for entry in book.section(bundle.RETURNS):
        told = {name: str(value) for name, value in entry.values.items() if value is not None}
        delivery = replace(
            book.delivery, form=told["form"], version=told.get("version"), branch=told["branch"],
            period=told["period"], received=told["received"], findings=(),
            verdict=Verdict(told.get("state", Verdict.ACCEPTED)),
        )  # fmt: skip
        yield Return(delivery, rows[told["form"], told["branch"], told["period"]])


Refs = Mapping[tuple[str, str, str], str]


def _refs(catalogue: Catalogue) -> Refs:
    """Return the list each reference field names, by form, section and field."""
    return {
        (family[0].form, section.id, name): entry.ref
        for family in families(catalogue)
        for section in sections(family)
        for name, (_, entry) in fields(family, section.id).items()
        if entry.ref
    }


@dataclass(frozen=True)
class _Names:
    """What the codes of one workbook are called here: `top` handed it in, counted by `theirs`."""

    own: Register
    top: str
    theirs: Register

    def organisation(self, code: str) -> str:
        known = code in self.own.by_code and self.own.within(code, self.top)
        return code if known else self._led(code)

    def officer(self, code: str) -> str:
        ours, known = self.own.officer_by_code.get(code), self.theirs.officer_by_code.get(code)
        same = ours and known and name_key(ours.name) == name_key(known.name)
        return code if same else self._led(code)

    def _led(self, code: str) -> str:
        return f"{self.top}{_SEPARATOR}{code}"

    def _maybe(self, code: str | None) -> str | None:
        return self.organisation(code) if code else code

    def returned(self, one: Return, refs: Refs) -> Return:
        """Return a return with every code as it is called here."""
        delivery = replace(one.delivery, branch=self._maybe(one.delivery.branch))
        form = delivery.form or ""
        return Return(delivery, tuple(self._row(row, form, refs) for row in one.rows))

    def _row(self, row: Row, form: str, refs: Refs) -> Row:
        values: dict[str, Value] = dict(row.values)
        for name, value in row.values.items():
            ref = refs.get((form, row.section, name))
            if ref and isinstance(value, str) and value:
                values[name] = (self.officer if ref == "officers" else self.organisation)(value)
        return replace(row, values=values)

    @cached_property
    def organisations(self) -> tuple[Organisation, ...]:
        return tuple(
            replace(o, code=self.organisation(o.code), parent=self._maybe(o.parent),
                    successor=self._maybe(o.successor))
            for o in self.theirs.organisations
        )  # fmt: skip

    @cached_property
    def officers(self) -> tuple[Officer, ...]:
        return tuple(
            replace(o, code=self.officer(o.code), own_cell=self._maybe(o.own_cell))
            for o in self.theirs.officers
        )

    @cached_property
    def assignments(self) -> tuple[Assignment, ...]:
        return tuple(
            replace(a, officer=self.officer(a.officer), branch=self.organisation(a.branch))
            for a in self.theirs.assignments
        )

    @cached_property
    def waivers(self) -> tuple[Waiver, ...]:
        return tuple(replace(w, branch=self.organisation(w.branch)) for w in self.theirs.waivers)


def _joined(own: Register, names: Iterable[_Names]) -> Register:
    """Return our register with what is new in those of the level below; ours comes first."""
    theirs = tuple(names)
    added = (o for one in theirs for o in one.organisations if o.code not in own.by_code)
    serving = (o for one in theirs for o in one.officers if o.code not in own.officer_by_code)
    return replace(
        own,
        organisations=(*own.organisations, *added),
        officers=tuple({o.code: o for o in (*own.officers, *serving)}.values()),
        assignments=_all(own.assignments, (one.assignments for one in theirs)),
        waivers=_all(own.waivers, (one.waivers for one in theirs)),
    )


def _all(own: tuple[T, ...], others: Iterable[tuple[T, ...]]) -> tuple[T, ...]:
    return tuple(dict.fromkeys((*own, *(entry for other in others for entry in other))))


# What a workbook that comes in must show


def examined(judged: Judged, catalogue: Catalogue) -> Judged:
    """Return a consolidated workbook with what is wrong inside; any other file as it is.

    I30, I31: rows or lists are not those it was made with. I32 (a warning): the figures it was
    handed in with do not follow from its rows by the quotas and schemes in force here.
    """
    read, identity = judged.submission, judged.identity
    if read is None or identity is None or identity.form.form != bundle.FORM:
        return judged
    judged = judged.add(*bundle.altered(read, catalogue))
    if judged.refused or _sums(judged, read, identity, catalogue) == _made(read, "sums"):
        return judged
    return judged.add(Finding("I32", Severity.WARNING, Place(), {"branch": identity.branch}))


def _sums(judged: Judged, read: Submission, identity: Identity, catalogue: Catalogue) -> str:
    """Return the sums of the figures, computed anew from the rows and lists of the workbook."""
    from mlay_batch.figures.fingerprint import sums  # start-up: few hand in a workbook like ours

    leaf, day = judged.leaf, date.fromisoformat(_made(read, "as_of"))
    delivery = Delivery(
        0, 0, day, leaf.name, leaf.origin, leaf.sha256, leaf.channel, leaf.sender, leaf.received,
        Verdict.ACCEPTED, bundle.FORM, read.version, identity.branch, str(identity.period),
    )  # fmt: skip
    held = tuple(opened(Return(delivery, read.rows), catalogue))
    facts = Facts(
        catalogue, register_of(read), identity.period, day,
        tuple(one for one in held if one.delivery.verdict is Verdict.ACCEPTED), (),
        tuple(one.delivery for one in held if one.delivery.verdict is not Verdict.ACCEPTED),
    )  # fmt: skip
    return sums(compute(facts))


def _made(read: Submission, name: str) -> str:
    return str(next((row.values.get(name) for row in read.section(bundle.MADE)), ""))
