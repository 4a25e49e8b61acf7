"""Writes the register of incoming papers (sổ đăng ký văn bản đến) of a period."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from mlay_batch.app.judge_anew import period_of
from mlay_batch.app.load_inputs import load_inputs
from mlay_batch.app.office import Office
from mlay_batch.app.pending_replies import branch_of
from mlay_batch.app.settings import CONFIG_NAME
from mlay_batch.app.workspace import Workspace
from mlay_batch.core.files import write_atomically
from mlay_batch.core.period import Period
from mlay_batch.errors import UsageError
from mlay_batch.figures import compute
from mlay_batch.ledger import Ledger, MailLog, MailState, SentMail
from mlay_batch.model.office_rules import Profile
from mlay_batch.model.records import LedgerEntry, Verdict, has_sender_doubt
from mlay_batch.model.register import Register
from mlay_batch.model.signatures import SignatureState, signature_states
from mlay_batch.report.sheets.incoming_sheet import IncomingFileRow, write_incoming

_ANSWERED = (MailState.SENT, MailState.HANDED)


@dataclass(frozen=True)
class IncomingRegister:
    """The register of a period."""

    path: Path
    rows: tuple[IncomingFileRow, ...]
    """A file each, in order of receipt."""
    signatures: Mapping[int, SignatureState]
    """What is known of the signature of each ledger entry."""
    profile: Profile
    """What the office says of itself: whether it demands signatures."""
    written: bool
    """False where nothing was to be written, or the same bytes were there already."""

    @property
    def counts(self) -> Mapping[Verdict, int]:
        """Number of files of each verdict; they add up to the rows."""
        counter = Counter(row.entry.verdict for row in self.rows)
        return {verdict: counter[verdict] for verdict in Verdict}


def write_register(
    office: Office,
    period: Period,
    *,
    as_of: date,
    path: Path | None = None,
    lang: str = "vi",
    dry_run: bool = False,
) -> IncomingRegister:
    """Write ``reports/<period>/so-van-ban-den-<period>.xlsx``, or the file `path`.

    Each file ever received stands in the register of one month, so that those of all months add up
    to all files: see `_month_of`. A longer period has the files of its months.
    Raises UsageError ``incoming.out`` for a file of the office's own, LedgerError, OutputBusyError.
    """
    if path and _is_office_file(office.workspace, path.resolve()):
        raise UsageError("incoming.out", path=str(path))
    with Ledger.open(office.workspace.ledger, read_only=True) as ledger:
        inputs = load_inputs(office, ledger, period, as_of)
        letters = MailLog(ledger).letters()
    rows = tuple(_rows(inputs.ledger_entries, letters, period, office.register))
    time_zone = office.workspace.settings.time_zone
    data = write_incoming(inputs, compute(inputs), rows, time_zone, lang)
    name = f"so-van-ban-den-{period}.xlsx"
    target = path or office.workspace.reports / str(period) / name
    is_new = not (target.is_file() and target.read_bytes() == data)
    if is_new and not dry_run:
        write_atomically(target, data)
    signatures = signature_states(inputs.ledger_entries)
    profile = office.register.rules.profile
    return IncomingRegister(target, rows, signatures, profile, written=is_new and not dry_run)


def _is_office_file(workspace: Workspace, path: Path) -> bool:
    """Whether a file is one that the office works with, or that it has received."""
    files = (workspace.register, workspace.ledger, workspace.root / CONFIG_NAME)
    folders = (workspace.archive, workspace.inbox, workspace.schemas)
    return path in (*files, *workspace.worklists) or any(map(path.is_relative_to, folders))


def _rows(
    entries: tuple[LedgerEntry, ...],
    letters: tuple[SentMail, ...],
    period: Period,
    register: Register,
) -> Iterator[IncomingFileRow]:
    """Yield the files of a period, in order of receipt."""
    by_id, months = {entry.id: entry for entry in entries}, frozenset(period.months())
    answers = {
        topic.key: letter
        for letter in letters
        if letter.state in _ANSWERED
        for topic in letter.topics
    }
    for entry in sorted(entries, key=lambda e: (datetime.fromisoformat(e.received), e.id)):
        owner = by_id.get(entry.kept_with or 0, entry)
        if _month_of(owner) not in months:
            continue
        answer = answers.get(entry.answer_key)
        yield IncomingFileRow(
            entry,
            _sending_branch(owner, register),
            answer.at if answer else None,
            answer is not None and answer.state is MailState.HANDED,
        )


def _sending_branch(entry: LedgerEntry, register: Register) -> str | None:
    """Return the branch a file comes from; None where its sender is in doubt."""
    in_doubt = has_sender_doubt(entry.findings)
    return None if in_doubt and not entry.vouched_for else branch_of(entry, register)


def _month_of(entry: LedgerEntry) -> Period:
    """Return the month in whose register a file stands: the last one of its period."""
    return period_of(entry).months()[-1]
