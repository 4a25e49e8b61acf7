"""Decides what a purge removes, from the ledger and the terms of keeping. Changes nothing.

Two things must hold: the term of its kind is over, and it is of the time that was named. A term
begins when the period ends, or on the day of receipt where that is later: a correction of December
that came in June is kept from June on. What names no period is of that of the return beside which
it came, else of the month before its day: the clerk works on December in January. A file that two
entries share stays while one of them needs it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property

from mlay_batch.app.office import Office
from mlay_batch.app.pending_replies import files_to_decide_on
from mlay_batch.app.purge_texts import PERSONAL_FIELDS, mask_row
from mlay_batch.app.settings import RETENTION, Retention
from mlay_batch.core.period import Period, month_before
from mlay_batch.ledger import AbsentFile, Closings, Ledger, PurgeLog
from mlay_batch.ledger.purging import MASK
from mlay_batch.model.records import (
    EMPTY_SHA256,
    AcceptedReturn,
    LedgerEntry,
    Output,
    Row,
)
from mlay_batch.model.rollup_form import section_id
from mlay_batch.schema.ids import ROLLUP
from mlay_batch.schema.model import Section

ORIGINALS, LETTERS, TEXTS, DECISIONS, NAMES = KINDS = tuple(RETENTION)
_MAILS = (".eml", ".msg", ".mbox")


@dataclass(frozen=True, slots=True)
class Item:
    """Something that the ledger knows, and the time it belongs to."""

    kind: str
    """Kind of data, a key of `RETENTION`."""
    period: Period | None
    """The period it is about; None: the month before its day."""
    day: date
    """When it came or was made."""
    sha256: str = ""
    """Its bytes in the archive, where it has any."""
    number: int = 0
    """Number of the row that records it."""

    @property
    def end(self) -> date:
        """The last day of the time it belongs to."""
        return (self.period or month_before(self.day)).end

    @property
    def since(self) -> date:
        """The day its term begins after."""
        return max(self.end, self.day)


@dataclass(frozen=True)
class KeptItems:
    """What a kind keeps although it is of the time that was named: its term is not over."""

    count: int
    until: date
    """The first day on which one of them may go."""


@dataclass(frozen=True)
class PurgePlan:
    """What a purge removes, and what it leaves for which reason.

    Attributes:
        before: the time that was named: what comes before this period.
        gone: what goes, by kind.
        kept: what is not past its term, by kind.
        files: the bytes that go from the archive, with their replacement where there is one.
        entry_files: number and hash of each entry.
        registers: hashes of the registers among them that get a copy without names.
        texts: the rows of returns without their texts, by the number of the entry.
        open_months: months not closed whose figures read those texts: these stay.
        undecided: numbers of the entries that wait for a decision: all of theirs stays.
    """

    before: Period
    as_of: date
    gone: Mapping[str, tuple[Item, ...]] = field(hash=False)
    kept: Mapping[str, KeptItems] = field(hash=False)
    files: tuple[AbsentFile, ...] = ()
    entry_files: tuple[tuple[int, str], ...] = ()
    registers: frozenset[str] = frozenset()
    texts: Mapping[int, tuple[Row, ...]] = field(default_factory=dict, hash=False)
    open_months: tuple[Period, ...] = ()
    undecided: tuple[int, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing goes from ledger and archive."""
        return not any(self.gone.values())

    def entries_of(self, hashes: Collection[str]) -> tuple[int, ...]:
        """Return the entries whose bytes have one of these hashes."""
        return tuple(entry_id for entry_id, sha256 in self.entry_files if sha256 in hashes)

    def numbers(self, kind: str, table: str) -> tuple[int, ...]:
        """Return the rows of a table that lose what is of that kind."""
        return tuple(
            item.number
            for item in self.gone[kind]
            if isinstance(item, LedgerRow) and item.table == table
        )


@dataclass(frozen=True, slots=True)
class LedgerRow(Item):
    """A row of the ledger that loses names, addresses or texts."""

    table: str = ""


@dataclass(frozen=True)
class Clock:
    """Which items go: those of the time named whose term is over."""

    before: Period
    as_of: date
    terms: Mapping[str, Retention] = field(hash=False)

    def is_named(self, item: Item) -> bool:
        """Whether it is of the time that was named."""
        return item.end < self.before.start

    def is_past(self, item: Item) -> bool:
        """Whether it goes."""
        return self.is_named(item) and self.terms[item.kind].is_over(item.since, self.as_of)


def plan_purge(office: Office, ledger: Ledger, before: Period, as_of: date) -> PurgePlan:
    """Return what a purge of all before `before` removes on `as_of`."""
    return _Planner(
        office, ledger, Clock(before, as_of, office.workspace.settings.retention)
    ).plan()


@dataclass(frozen=True)
class _Planner:
    office: Office
    ledger: Ledger
    clock: Clock

    @cached_property
    def _log(self) -> PurgeLog:
        return PurgeLog(self.ledger)

    @cached_property
    def _entries(self) -> tuple[LedgerEntry, ...]:
        return self.ledger.entries()

    @cached_property
    def _undecided(self) -> frozenset[int]:
        return frozenset(
            entry.id for entry in files_to_decide_on(self._entries, self.office.register)
        )

    def plan(self) -> PurgePlan:
        files = self._files()
        texts, open_months = self._texts()
        items = (*files, *texts, *self._records())
        gone_files = self._gone_files(files)
        gone = {kind: tuple(_gone(self.clock, items, kind, gone_files)) for kind in KINDS}
        text_ids = {item.number for item in gone[TEXTS]}
        rows = {
            accepted.entry.id: self._without_texts(accepted)
            for accepted in map(self.ledger.return_of, sorted(text_ids))
        }
        return PurgePlan(
            self.clock.before,
            self.clock.as_of,
            gone,
            _kept(self.clock, items, gone_files),
            tuple(gone_files.values()),
            tuple((entry.id, entry.sha256) for entry in self._entries),
            frozenset(c.register for c in Closings(self.ledger).all()) & gone_files.keys(),
            rows,
            open_months,
            tuple(sorted(n for n in self._undecided if self._is_named(n))),
        )

    def _is_named(self, number: int) -> bool:
        entry = self._entries[number - 1]
        return self.clock.is_named(self._item_of(ORIGINALS, entry))

    def _item_of(self, kind: str, entry: LedgerEntry) -> Item:
        day = date.fromisoformat(entry.received[:10])
        return Item(kind, period_about(entry, self._entries), day, number=entry.id)

    def _record_of(self, kind: str, entry: LedgerEntry) -> LedgerRow:
        item = self._item_of(kind, entry)
        return LedgerRow(kind, item.period, item.day, number=entry.id, table="delivery")

    # Files

    def _files(self) -> tuple[Item, ...]:
        """Return what refers to the files of the archive that may go; a file may have several."""
        absent = self._log.absent_files()
        references = (
            *self._originals(),
            *self._letter_files(),
            *self._worklist_files(),
            *self._report_files(),
        )
        return tuple(item for item in references if item.sha256 not in absent)

    def _originals(self) -> Iterator[Item]:
        for entry in self._entries:
            if entry.sha256 != EMPTY_SHA256:
                kind = LETTERS if _is_mail(entry) else ORIGINALS
                yield replace(self._item_of(kind, entry), sha256=entry.sha256)

    def _letter_files(self) -> Iterator[Item]:
        for item, sha256 in self._letters():
            yield Item(LETTERS, item.period, item.day, sha256)

    def _letters(self) -> Iterator[tuple[LedgerRow, str]]:
        """Yield each letter that went out, or was drafted, with the hash of its bytes."""
        for row in self.ledger.query(
            "SELECT id, sha256, coalesce(day, at) AS day, (SELECT max(period) FROM outgoing_item"
            " WHERE outgoing = id) AS period FROM outgoing WHERE state <> 'queued' ORDER BY id"
        ):
            period = Period.parse(row["period"]) if row["period"] else None
            day = date.fromisoformat(row["day"][:10])
            yield LedgerRow(LETTERS, period, day, number=row["id"], table="outgoing"), row["sha256"]

    def _worklist_files(self) -> Iterator[Item]:
        for row in self.ledger.query("SELECT sha256, at FROM worklist ORDER BY id"):
            yield Item(DECISIONS, None, date.fromisoformat(row["at"][:10]), row["sha256"])

    def _report_files(self) -> Iterator[Item]:
        """Yield the workbooks given out, what lay beside them, and the registers of closings."""
        closings = Closings(self.ledger).all()
        closed = {closing.workbook for closing in closings}
        for report in self.ledger.reports():
            yield Item(NAMES, report.period, report.as_of, report.sha256)
            for kind, sha256 in self.ledger.outputs(report.sha256).items():
                # without names, and of a closed period: they are what stays
                if report.sha256 not in closed or kind in (Output.REPORT, Output.CIRCULATION):
                    yield Item(NAMES, report.period, report.as_of, sha256)
        for closing in closings:
            yield Item(NAMES, closing.period, closing.as_of, closing.register)

    def _gone_files(self, files: Iterable[Item]) -> Mapping[str, AbsentFile]:
        """Return the files that nothing needs any more, by hash."""
        references: dict[str, list[Item]] = defaultdict(list)
        for item in files:
            references[item.sha256].append(item)
        lasting = {
            sha256
            for closing in Closings(self.ledger).all()
            for sha256 in (closing.schemas, *self._lasting_outputs(closing.workbook))
        }
        replacements = self._replacements()
        return {
            sha256: AbsentFile(sha256, items[0].kind, replacements.get(sha256))
            for sha256, items in references.items()
            if sha256 not in lasting and all(map(self._goes, items))
        }

    def _goes(self, item: Item) -> bool:
        is_entry = item.kind in (ORIGINALS, LETTERS) and item.number
        return self.clock.is_past(item) and not (is_entry and item.number in self._undecided)

    def _lasting_outputs(self, workbook: str) -> list[str]:
        outputs = self.ledger.outputs(workbook)
        return [outputs[kind] for kind in (Output.UNNAMED, Output.MESSAGE) if kind in outputs]

    def _replacements(self) -> Mapping[str, str]:
        """Return the copy without names that stands for each file of a closed period."""
        replacements: dict[str, str] = {}
        for closing in Closings(self.ledger).all():
            outputs = self.ledger.outputs(closing.workbook)
            if unnamed := outputs.get(Output.UNNAMED):
                for kind in (Output.REPORT, Output.CIRCULATION):
                    replacements[outputs.get(kind, "")] = unnamed
                replacements[closing.workbook] = unnamed
        return replacements

    # Rows

    def _records(self) -> Iterator[Item]:
        """Yield the rows of the ledger that have names, addresses or reasons still."""
        explained = self.ledger.query("SELECT delivery FROM answer WHERE words <> ''")
        # explained since then: the words go, too
        without_sender = self._log.entries("letters") - {row["delivery"] for row in explained}
        for entry in self._entries:
            if entry.id not in without_sender and entry.id not in self._undecided:
                yield replace(self._record_of(LETTERS, entry), table="delivery")
        yield from (
            item
            for item, _ in self._letters()
            if self.ledger.query(
                "SELECT 1 FROM outgoing WHERE id = ? AND recipients <> ''", item.number
            )
        )
        yield from self._rulings()
        yield from self._closing_records()
        for row in self.ledger.query("SELECT id, at FROM worklist WHERE who <> ?", MASK):
            day = date.fromisoformat(row["at"][:10])
            yield LedgerRow(DECISIONS, None, day, number=row["id"], table="worklist")

    def _rulings(self) -> Iterator[Item]:
        """Yield the entries that people decided on or entered, dated by the last decision."""
        for row in self.ledger.query(
            "SELECT d.id, max(coalesce(r.day, ''), d.received) AS day FROM delivery AS d"
            " LEFT JOIN (SELECT delivery, max(as_of) AS day, max(who <> ?1) AS is_named"
            " FROM decision JOIN run ON run.id = run WHERE outcome <> 'anew' GROUP BY delivery)"
            " AS r ON r.delivery = d.id WHERE r.is_named OR d.entered_by <> ?1 ORDER BY d.id",
            MASK,
        ):
            if row["id"] not in self._undecided:
                item = self._record_of(DECISIONS, self._entries[row["id"] - 1])
                day = date.fromisoformat(row["day"][:10])
                yield replace(item, day=day, table="decision")

    def _closing_records(self) -> Iterator[Item]:
        for row in self.ledger.query(
            "SELECT id, period, coalesce(reopened, as_of) AS day FROM closing"
            " WHERE closed_by <> ?1 OR reopened_by <> ?1",
            MASK,
        ):
            period, day = Period.parse(row["period"]), date.fromisoformat(row["day"])
            yield LedgerRow(DECISIONS, period, day, number=row["id"], table="closing")

    # Texts

    def _texts(self) -> tuple[tuple[Item, ...], tuple[Period, ...]]:
        """Return the returns with texts that no open figure reads, and the open months that do."""
        done = self._log.entries("texts") - self._rollups_with_names()
        items = [
            self._record_of(TEXTS, entry)
            for entry in self._entries
            if entry.values_hash and entry.verdict == "accepted" and entry.id not in done
        ]
        closed = {month for period in Closings(self.ledger).in_force() for month in period.months()}
        reported = {
            month
            for entry in self._entries
            if entry.period and entry.verdict == "accepted"
            for month in Period.parse(entry.period).months()
            if Period.parse(entry.period).length == 1
        }
        reach = _text_reach(self.office)
        free, blocking = [], set()
        for item in items:
            readers = {
                month
                for month in reported - closed
                if item.period and _reads_texts(month, item.period, reach)
            }
            if not readers:
                free.append(item)
            elif self.clock.is_past(item):
                blocking |= readers
        return tuple(free), tuple(sorted(blocking))

    def _rollups_with_names(self) -> frozenset[int]:
        """Return the consolidated workbooks whose register was read still when they were purged."""
        return frozenset(
            entry.id
            for entry in self._entries
            if entry.form == ROLLUP and entry.verdict == "accepted"
            for accepted in [self.ledger.return_of(entry.id)]
            if self._without_texts(accepted) != accepted.rows
        )

    def _without_texts(self, accepted: AcceptedReturn) -> tuple[Row, ...]:
        entry = accepted.entry
        if entry.form == ROLLUP:
            sections = self._rollup_sections
            peers = (o for o in self._entries if o.is_current and o.form == ROLLUP)
            newest = max((o.id for o in peers if o.branch == entry.branch), default=0)
            lists = (
                PERSONAL_FIELDS if entry.id != newest else {}
            )  # its codes are read by the newest
        else:
            forms = self.office.catalogue.readable_forms
            described = [f for f in forms if (f.form, f.version) == (entry.form, entry.version)]
            sections = {section.id: (section,) for form in described for section in form.sections}
            lists = {}
        titles = {
            text for form in self.office.catalogue.forms for text in (form.sheet.vi, form.sheet.en)
        }
        return tuple(
            mask_row(row, sections.get(row.section, ()), lists.get(row.section), titles)
            if entry.form != ROLLUP or row.section in sections or row.section in lists
            else row
            for row in accepted.rows
        )

    @cached_property
    def _rollup_sections(self) -> Mapping[str, tuple[Section, ...]]:
        """The sections of the returns in a consolidated workbook, in all their versions."""
        sections: dict[str, tuple[Section, ...]] = {}
        for form in self.office.catalogue.forms:
            for section in form.sections:
                name = section_id(form.form, section.id)
                sections[name] = (*sections.get(name, ()), section)
        return sections


def _gone(
    clock: Clock, items: Iterable[Item], kind: str, gone_files: Mapping[str, AbsentFile]
) -> Iterator[Item]:
    """Yield what goes of a kind: each file once, and the rows."""
    seen: set[str] = set()
    for item in items:
        if item.kind != kind:
            continue
        if not item.sha256:
            if clock.is_past(item):
                yield item
        elif item.sha256 in gone_files and item.sha256 not in seen:
            seen.add(item.sha256)
            yield item


def _kept(
    clock: Clock, items: Iterable[Item], gone_files: Mapping[str, AbsentFile]
) -> Mapping[str, KeptItems]:
    """Return by kind what is of the time named and not past its term."""
    days: dict[str, list[date]] = defaultdict(list)
    for item in items:
        if clock.is_named(item) and item.sha256 not in gone_files and not clock.is_past(item):
            days[item.kind].append(clock.terms[item.kind].ends(item.since))
    return {kind: KeptItems(len(days[kind]), min(days[kind])) for kind in KINDS if days[kind]}


def period_about(entry: LedgerEntry, entries: Sequence[LedgerEntry]) -> Period | None:
    """Return the period of an entry, or of the return among `entries` beside which it came."""
    owner = entries[entry.kept_with - 1] if entry.kept_with else entry
    try:
        return Period.parse(owner.period) if owner.period else None
    except ValueError:
        return None


def _is_mail(entry: LedgerEntry) -> bool:
    """Whether an entry's bytes are a whole mail, with its addresses."""
    return entry.name.lower().endswith(_MAILS) or (
        entry.channel == "mail" and "!" not in entry.origin
    )


def _text_reach(office: Office) -> int:
    """Return how many months back an indicator reads texts."""
    return max(
        (
            int(indicator.params["back"])
            for indicators in office.catalogue.indicator_sets
            for indicator in indicators.entries
            if "text" in indicator.params and "back" in indicator.params
        ),
        default=0,
    )


def _reads_texts(month: Period, period: Period, reach: int) -> bool:
    """Whether the figures of `month` read the texts of `period`: its year so far, and `reach`."""
    if period.start > month.end:
        return False
    distance = 12 * (month.year - period.year) + month.month - (period.month + period.length - 1)
    return month.year == period.year or distance <= reach
