"""What one stage hands to the next: frozen, picklable, free of any library's types."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum

from mlay_batch.core.findings import Finding, Place, has_errors
from mlay_batch.core.period import Period
from mlay_batch.schema.model import Form

Value = str | int | float | date | None

_JSON = json.JSONEncoder(ensure_ascii=False)

# Findings that hold a file until a person decides: who sent it is in doubt (`sender`).
SENDER_DOUBT_CODES = frozenset({"I20", "I21", "I22"})


@dataclass(frozen=True, slots=True)
class IncomingFile:
    """One file as it came in: a workbook or something else, never a container.

    `name` is for display only. `origin` identifies the delivery (path below the inbox, or mail and
    part), so that a file seen before is not received twice. `received` is an ISO time with its
    offset, as the town's clock shows it: its first ten characters are the day of receipt.
    `skip_reason` is the reason code why this is no return (a picture, a mail without a file).
    From a mail (`channel` "mail"): `sender` is the address in From, which proves nothing; `forged`
    whether the town's own mail server says it is not the sender's; `thread` the message ids a
    reply refers to, separated by blanks, the mail's own last; `subject` for display only.
    `kept_with` is the origin of the return beside which this signed copy came. `digest` is the hash
    of bytes that are held elsewhere: `data` is empty then.
    """

    name: str
    data: bytes = field(repr=False)
    origin: str
    received: str
    channel: str = "hand"
    sender: str | None = None
    skip_reason: str | None = None
    thread: str | None = None
    subject: str | None = None
    forged: bool = False
    kept_with: str | None = None
    digest: str | None = None

    @property
    def sha256(self) -> str:
        """Hash of the bytes, in hexadecimal."""
        return self.digest or hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True, slots=True)
class Stamp:
    """The hidden stamp of a workbook, as written by `template`; all texts, unchecked."""

    form: str
    version: str
    branch: str
    period: str


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table, or a whole card: typed values that know their cell.

    `number` is the Excel row (of a card: of its first field). `cells` gives the cell of every
    field of the section that was found, blank ones too; a field lacking there has no cell.
    """

    section: str
    sheet: str
    number: int
    values: Mapping[str, Value] = field(hash=False)
    cells: Mapping[str, str] = field(hash=False)

    def place(self, field_id: str) -> Place:
        """Return where that field stands (the file is named later)."""
        return Place("", self.sheet, self.cells.get(field_id, ""))


@dataclass(frozen=True, slots=True)
class HeaderValue:
    """A value of the visible heading (`branch`, `period`) and where it stands."""

    text: str
    place: Place


@dataclass(frozen=True, slots=True)
class Submission:
    """A workbook as read: nothing checked against the register or other returns yet.

    `form` and `version` are those of the form it was read as: the stamp's, or the one whose
    headings fit. Both None means: no form of ours, `findings` says why.
    """

    stamp: Stamp | None
    form: str | None
    version: str | None
    header: Mapping[str, HeaderValue] = field(default_factory=dict, hash=False)
    rows: tuple[Row, ...] = ()
    findings: tuple[Finding, ...] = ()

    def section_rows(self, section_id: str) -> tuple[Row, ...]:
        """Return the rows of that section, in their order on the sheet."""
        return tuple(row for row in self.rows if row.section == section_id)


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose return it is, of what form and period."""

    form: Form
    branch: str
    period: Period

    @property
    def key(self) -> tuple[str, str, str]:
        """Form, branch, period: at most one return per key counts."""
        return self.form.form, self.branch, str(self.period)


class Verdict(StrEnum):
    """What became of a leaf file; each gets exactly one."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    DUPLICATE = "duplicate"
    HELD = "held"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True)
class CompactRows:
    """The rows of a submission as the ledger keeps them, and the hash of their values."""

    values_hash: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """A file with what was learned from it and the register; rows that wait are `compact_rows`."""

    file: IncomingFile
    submission: Submission | None = None
    identity: Identity | None = None
    findings: tuple[Finding, ...] = ()
    compact_rows: CompactRows | None = None

    @property
    def values_hash(self) -> str:
        """Hash of the values (`values_hash`), be the rows packed or not."""
        rows = self.submission.rows if self.submission else ()
        return self.compact_rows.values_hash if self.compact_rows else values_hash(rows)

    @property
    def is_refused(self) -> bool:
        """Whether a finding refuses it."""
        return has_errors(self.findings)

    @property
    def sender_in_doubt(self) -> bool:
        """Whether a finding holds it, whatever else is found."""
        return any(finding.code in SENDER_DOUBT_CODES for finding in self.findings)

    def with_findings(self, *findings: Finding) -> CheckedFile:
        """Return the same with more findings."""
        return replace(self, findings=self.findings + findings)


@dataclass(frozen=True, slots=True)
class Decision:
    """The verdict on one leaf. `refers_to` is the delivery it repeats or supersedes."""

    checked: CheckedFile
    verdict: Verdict
    findings: tuple[Finding, ...]
    refers_to: int | None = None


def json_value(value: Value) -> str | int | float | None:
    """Return `value` as JSON holds it: dates as ``2019-09-03``, whole floats as integers."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def values_hash(rows: Sequence[Row]) -> str:
    """Return a hash of the values alone: re-saved, moved or reordered rows give the same.

    Rows are sorted, blanks (None) left out, so that an added optional field changes nothing.
    """
    texts = sorted(
        _JSON.encode(
            [
                row.section,
                {k: json_value(v) for k, v in sorted(row.values.items()) if v is not None},
            ]
        )
        for row in rows
    )
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One leaf file as the ledger remembers it. `id` counts up in the order of recording.

    `superseded_by` is set on an accepted return that a later one replaced. `run` is the run that
    recorded it; `as_of` that run's date. `thread` and `subject` are those of its mail (see
    `IncomingFile`); `kept_with` is the return beside which this signed copy came.
    """

    id: int
    run: int
    as_of: date
    name: str
    origin: str
    sha256: str
    channel: str
    sender: str | None
    received: str
    verdict: Verdict
    form: str | None = None
    version: str | None = None
    branch: str | None = None
    period: str | None = None
    values_hash: str | None = None
    refers_to: int | None = None
    superseded_by: int | None = None
    thread: str | None = None
    subject: str | None = None
    kept_with: int | None = None
    findings: tuple[Finding, ...] = field(default=(), hash=False)

    @property
    def key(self) -> tuple[str, str, str] | None:
        """Form, branch, period, or None where the file could not be told."""
        if self.form and self.branch and self.period:
            return self.form, self.branch, self.period
        return None

    @property
    def is_current(self) -> bool:
        """Whether this is the return that counts for its key."""
        return self.verdict is Verdict.ACCEPTED and self.superseded_by is None

    def as_file(self) -> IncomingFile:
        """Return the file as it came in, its bytes named by their hash."""
        return IncomingFile(
            self.name,
            b"",
            self.origin,
            self.received,
            self.channel,
            self.sender,
            thread=self.thread,
            subject=self.subject,
            digest=self.sha256,
        )

    @property
    def is_from_stranger(self) -> bool:
        """Whether a person refused it as a stranger's: it is no return of its branch at all."""
        return self.verdict is Verdict.REJECTED and any(
            f.code in SENDER_DOUBT_CODES for f in self.findings
        )

    def has_later_acceptance(self, entries: Iterable[LedgerEntry]) -> bool:
        """Whether a good return for the same key came since: that one's receipt is the answer."""
        later_entries = (entry for entry in entries if entry.id > self.id and entry.key == self.key)
        return bool(self.key) and any(entry.verdict is Verdict.ACCEPTED for entry in later_entries)


@dataclass(frozen=True, slots=True)
class AcceptedReturn:
    """A current accepted return with its values."""

    entry: LedgerEntry
    rows: tuple[Row, ...] = field(hash=False)

    def section_rows(self, section_id: str) -> tuple[Row, ...]:
        """Return the rows of that section."""
        return tuple(row for row in self.rows if row.section == section_id)


@dataclass(frozen=True, slots=True)
class Run:
    """What one ingest was given: the date it was run as of, and by which register and program."""

    as_of: date
    command: str
    program: str
    register_sha256: str
    schemas_sha256: str


@dataclass(frozen=True, slots=True)
class LedgerSnapshot:
    """What the ledger already knows about a batch, for `verdict`.

    `by_sha` maps the hash of a file to every earlier delivery of those bytes, oldest first;
    `by_key` maps (form, branch, period) to its accepted returns, superseded ones too, oldest first.
    """

    by_sha: Mapping[str, tuple[LedgerEntry, ...]] = field(default_factory=dict, hash=False)
    by_key: Mapping[tuple[str, str, str], tuple[LedgerEntry, ...]] = field(
        default_factory=dict, hash=False
    )
