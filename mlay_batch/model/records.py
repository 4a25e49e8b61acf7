"""Records the stages hand to one another: frozen, picklable, free of any library's types."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date
from enum import StrEnum
from typing import Any, TypeVar

from mlay_batch.core.findings import Answer, Finding, Place, has_errors
from mlay_batch.core.period import Period
from mlay_batch.core.signature import Signature
from mlay_batch.schema.model import Form

R = TypeVar("R")
Value = str | int | float | date | None

_JSON = json.JSONEncoder(ensure_ascii=False)
EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()  # of an empty file, and of one that was not read

# Findings that hold a file until a person decides: who sent it is in doubt (`sender`).
SENDER_DOUBT_CODES = frozenset({"I20", "I21", "I22"})
UNSURE = "I41"  # a list names a branch that is none, or several, of the register
FOREIGN = "I28"  # a stranger's workbook that is no form of ours
ASSIGNED = "I29"  # a person named the branch
DISMISSED = "L16"  # a person decided that nobody is answered


def has_sender_doubt(findings: Iterable[Finding]) -> bool:
    """Whether a finding says that somebody else may have sent the file."""
    return any(finding.code in SENDER_DOUBT_CODES for finding in findings)


@dataclass(frozen=True, slots=True)
class IncomingFile:
    """One file as it came in: a workbook or something else, never a container."""

    name: str
    """For display only."""
    data: bytes = field(repr=False)
    """The content; empty where `digest` is given."""
    origin: str
    """Path below the inbox, or mail and part: with the hash it tells whether a file was received
    before."""
    received: str
    """ISO time with offset, by the office's clock; the first ten characters are the day."""
    channel: str = "hand"
    """``hand``; ``office`` where the office entered it on a branch's behalf; or ``mail``, which
    fills the fields from `sender` to `forged`."""
    sender: str | None = None
    """The address in From, which proves nothing."""
    skip_reason: str | None = None
    """Finding code why this is no return (a picture, a mail without a file)."""
    thread: str | None = None
    """Message ids a reply refers to, separated by blanks, the mail's own last."""
    subject: str | None = None
    """For display only."""
    forged: bool = False
    """Whether the office's own mail server says that the mail is not the sender's."""
    kept_with: str | None = None
    """Origin of the return beside which this signed copy came."""
    undelivered: str | None = None
    """The addresses that a bounce is about."""
    digest: str | None = None
    """SHA-256 of content that lies in the archive."""
    entry_id: int | None = None
    """Number of its ledger entry where it is judged anew; None for a new file."""
    vouched_for: bool = False
    """Whether a person has confirmed its sender."""
    assigned: str | None = None
    """Code of the branch that a person named, of a file that does not say itself whose it is."""
    entered_by: str | None = None
    """Who took in what the office entered on a branch's behalf; None on the other channels."""
    signature: Signature = Signature.NONE
    """What of it carries a digital signature."""
    part: str | None = None
    """Of a list, which rows this is, such as ``1!7-8``; None for a whole file."""

    @property
    def label(self) -> str:
        """Its name for display, with the rows where it is a part of a list."""
        return f"{self.name} ({self.part})" if self.part else self.name

    @property
    def content_key(self) -> tuple[str, str | None]:
        """What is equal for the same content: the hash, and the rows of a list."""
        return self.sha256, self.part

    @property
    def has_content(self) -> bool:
        """Whether there are bytes that could be compared: neither empty nor left unread."""
        return self.sha256 != EMPTY_SHA256

    @property
    def sha256(self) -> str:
        """Hash of the bytes, in hexadecimal."""
        return self.digest or hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True, slots=True)
class Stamp:
    """The hidden stamp of a workbook, as written by `template`.

    All are unchecked texts, empty where the stamp lacks them.

    Attributes:
        form: id of the form.
        version: version of the form's description.
        branch: code of the organisation that the workbook was made for.
        period: period in canonical form, such as ``2019-11``.
        switches: what the office had switched on when it was written.
    """

    form: str
    version: str
    branch: str
    period: str
    switches: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table, a card, or a record of a column: typed values that know their cell."""

    section: str
    sheet: str
    number: int
    """Excel row; of a card that of its first field, of a record of a column that column, from 1."""
    values: Mapping[str, Value] = field(hash=False)
    cells: Mapping[str, str] = field(hash=False)
    """Cell of every field found in the section, blank ones too."""

    def place(self, field_id: str) -> Place:
        """Return where that field stands (the file is named later)."""
        return Place("", self.sheet, self.cells.get(field_id, ""))

    @property
    def span(self) -> Place:
        """Its first and last cell: of a table ``C32:O32``, of a card ``F9:F19``."""
        cells = list(self.cells.values())
        return Place("", self.sheet, ":".join(dict.fromkeys((*cells[:1], *cells[-1:]))))


@dataclass(frozen=True, slots=True)
class HeaderValue:
    """A value of the visible heading (`branch`, `period`).

    Attributes:
        text: what the cell displays, not yet compared with the register.
        place: sheet and cell of the value.
    """

    text: str
    place: Place


@dataclass(frozen=True, slots=True)
class Submission:
    """A workbook as read, not yet checked against the register or other returns."""

    stamp: Stamp | None
    form: str | None
    """The form it was read as: the stamp's, or the one whose headings fit. None: no form of ours,
    `findings` says why."""
    version: str | None
    header: Mapping[str, HeaderValue] = field(default_factory=dict, hash=False)
    rows: tuple[Row, ...] = ()
    findings: tuple[Finding, ...] = ()
    answers: tuple[Answer, ...] = ()
    part: str = ""
    """Which rows of a list it is, such as ``1!7-8``; empty for a whole file."""
    members: tuple[Submission, ...] = ()
    """The submissions of a list, which is nothing else itself."""

    def section_rows(self, section_id: str) -> tuple[Row, ...]:
        """Return the rows of that section, in their order on the sheet."""
        return tuple([row for row in self.rows if row.section == section_id])

    def records(self, section_id: str, kind: type[R]) -> tuple[R, ...]:
        """Return the rows of that section as dataclasses whose fields are named as the form's.

        A field `from_` is the form's ``from``; `cell` is the place of the field ``held_on``.
        """
        names = {f.name: f.name.rstrip("_") for f in fields(kind)}  # type: ignore[arg-type]
        found = []
        for row in self.section_rows(section_id):
            values: dict[str, Any] = {name: row.values.get(key) for name, key in names.items()}
            if "cell" in names:
                values["cell"] = f"{row.sheet}!{row.cells['held_on']}" if row.cells else ""
            found.append(kind(**values))
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose return it is, of what form and period.

    Attributes:
        form: description of the form, in the version that the return is checked by.
        branch: code of the organisation.
        period: period of the form's kind.
        reporter: type of the organisation; None without a register.
    """

    form: Form
    branch: str
    period: Period
    reporter: str | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """Form, branch, period: at most one return per key counts."""
        return self.form.form, self.branch, str(self.period)


class Verdict(StrEnum):
    """What became of a file; each gets exactly one."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    DUPLICATE = "duplicate"
    HELD = "held"
    IGNORED = "ignored"


class Output(StrEnum):
    """What is given out beside a consolidated workbook."""

    REPORT = "report"  # the report to read and sign
    CIRCULATION = "circulation"  # the same as values alone, to pass on
    UNNAMED = "unnamed"  # likewise, without officers' names
    MESSAGE = "message"  # its text for a chat


@dataclass(frozen=True, slots=True)
class CompactRows:
    """The rows of a submission as the ledger stores them.

    Attributes:
        values_hash: hash of the values alone, by `values_hash`.
        data: rows as JSON, compressed by zlib (`ledger.rows.pack`).
    """

    values_hash: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """A file with what it says, whose return it is, and its findings."""

    file: IncomingFile
    submission: Submission | None = None
    identity: Identity | None = None
    findings: tuple[Finding, ...] = ()
    gist: tuple[str, ...] = ()
    """What a list of meetings might say of it too (`sketches.gist_of`)."""
    compact_rows: CompactRows | None = None
    """The rows while the rest of the batch is read; those of `submission` are dropped then."""

    @property
    def values_hash(self) -> str:
        """Hash of the values, from the rows or the compact rows."""
        rows = self.submission.rows if self.submission else ()
        return self.compact_rows.values_hash if self.compact_rows else values_hash(rows)

    @property
    def is_sketch(self) -> bool:
        """Whether it is of a list, which says less than a return of its own."""
        return self.identity is not None and self.identity.form.is_sketch

    @property
    def is_refused(self) -> bool:
        """Whether a finding refuses it."""
        return has_errors(self.findings)

    @property
    def sender_in_doubt(self) -> bool:
        """Whether a finding holds it, whatever else is found."""
        return has_sender_doubt(self.findings)

    def with_findings(self, *findings: Finding) -> CheckedFile:
        """Return the same with more findings."""
        return replace(self, findings=self.findings + findings)


@dataclass(frozen=True, slots=True)
class Decision:
    """The verdict on one file.

    Attributes:
        checked: the file with what was read from it.
        verdict: what becomes of it.
        findings: those of `checked` and those that give the reason of the verdict.
        refers_to: number of the ledger entry that the file repeats or supersedes; None without
            one, or where that file is of the same run and has no number yet.
    """

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
    """A received file as the ledger records it; unexplained fields are those of `IncomingFile`."""

    id: int
    """Counts up in the order of recording."""
    run: int
    """The run that recorded it."""
    as_of: date
    """Date of that run."""
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
    """The entry it repeats or supersedes."""
    superseded_by: int | None = None
    """The later return that replaced this accepted one."""
    thread: str | None = None
    subject: str | None = None
    kept_with: int | None = None
    """The return beside which this signed copy came."""
    incoming: str | None = None
    """Its incoming number (số đến) once it was accepted: ``793/2019``."""
    vouched_for: bool = False
    """Whether a person has accepted it, and so confirmed its sender."""
    assigned: str | None = None
    entered_by: str | None = None
    signature: Signature = Signature.NONE
    part: str | None = None
    gist: tuple[str, ...] = field(default=(), hash=False)
    times_judged_anew: int = 0
    """How often its verdict changed because what it rested on had changed."""
    is_purged: bool = False
    """Whether its sender, subject and file name were removed, their term over."""
    findings: tuple[Finding, ...] = field(default=(), hash=False)

    @property
    def key(self) -> tuple[str, str, str] | None:
        """Form, branch, period; None where the file does not say."""
        if self.form and self.branch and self.period:
            return self.form, self.branch, self.period
        return None

    @property
    def content_key(self) -> tuple[str, str | None]:
        """As of `IncomingFile`."""
        return self.sha256, self.part

    @property
    def is_sketch(self) -> bool:
        """Whether it is of a list, which says less than a return of its own."""
        return self.part is not None

    @property
    def label(self) -> str:
        """Its name for display, with the rows where it is a part of a list."""
        return f"{self.name} ({self.part})" if self.part else self.name

    @property
    def is_current(self) -> bool:
        """Whether this is the return that counts for its key."""
        return self.verdict is Verdict.ACCEPTED and self.superseded_by is None

    def as_file(self) -> IncomingFile:
        """Return the file as it came in, its content named by its hash."""
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
            entry_id=self.id,
            vouched_for=self.vouched_for,
            assigned=self.assigned,
            entered_by=self.entered_by,
            signature=self.signature,
            part=self.part,
        )

    @property
    def verdict_key(self) -> str:
        """Key of its present verdict: ``17``, after it was judged anew once ``17.1``."""
        return f"{self.id}.{self.times_judged_anew}" if self.times_judged_anew else str(self.id)

    @property
    def answer_key(self) -> str:
        """Key of the letter that tells its present verdict."""
        return f"answer/{self.verdict_key}"

    @property
    def is_from_stranger(self) -> bool:
        """Whether a person refused it because its sender was not the branch."""
        return self.verdict is Verdict.REJECTED and has_sender_doubt(self.findings)

    @property
    def is_dismissed(self) -> bool:
        """Whether a person decided that nobody is answered for it."""
        return any(finding.code == DISMISSED for finding in self.findings)

    def has_later_acceptance(self, entries: Iterable[LedgerEntry]) -> bool:
        """Whether a later return for the same key was accepted: its receipt is the answer then."""
        later_entries = (entry for entry in entries if entry.id > self.id and entry.key == self.key)
        return bool(self.key) and any(entry.verdict is Verdict.ACCEPTED for entry in later_entries)


@dataclass(frozen=True, slots=True)
class AcceptedReturn:
    """A current accepted return with its values.

    Attributes:
        entry: its ledger entry.
        rows: rows of all sections, in the order of the sheet.
    """

    entry: LedgerEntry
    rows: tuple[Row, ...] = field(hash=False)

    def section_rows(self, section_id: str) -> tuple[Row, ...]:
        """Return the rows of that section."""
        return tuple([row for row in self.rows if row.section == section_id])


@dataclass(frozen=True, slots=True)
class Run:
    """One command that recorded something in the ledger.

    Attributes:
        as_of: day for which the command was run.
        command: ``ingest``, or the ruling on a held file: ``accept`` or ``refuse``.
        program: version of this program.
        register_sha256: SHA-256 of the register's workbook.
        schemas_sha256: one hash over all descriptions, limits and days (`app.office.Office`).
    """

    as_of: date
    command: str
    program: str
    register_sha256: str
    schemas_sha256: str


@dataclass(frozen=True, slots=True)
class LedgerSnapshot:
    """The ledger entries that matter for the verdicts on a batch."""

    by_content: Mapping[tuple[str, str | None], tuple[LedgerEntry, ...]] = field(
        default_factory=dict, hash=False
    )
    """`content_key` → earlier entries of the same content, oldest first."""
    by_key: Mapping[tuple[str, str, str], tuple[LedgerEntry, ...]] = field(
        default_factory=dict, hash=False
    )
    """(form, branch, period) → accepted returns, superseded ones too, oldest first."""
