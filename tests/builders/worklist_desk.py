"""A clerk who decides in worklists and runs the month, all in the process of the test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import partial
from itertools import count
from pathlib import Path
from unittest.mock import Mock

import pytest
from openpyxl import load_workbook

from builders.mail_office import send
from builders.sample_office import MeetingReturn, create_office, foreign_book, put
from builders.worklist_clerk import HEADS, SURE, Clerk
from mlay_batch import report
from mlay_batch.app import mail_run
from mlay_batch.app.archive_check import check_workspace
from mlay_batch.app.mail_run import MailRun
from mlay_batch.app.month import MonthResult, MonthRun, run_month
from mlay_batch.app.office import Office
from mlay_batch.app.worklist import obey
from mlay_batch.app.worklist.dispatch import Post
from mlay_batch.app.workspace import Workspace
from mlay_batch.cli import run
from mlay_batch.core.period import Period
from mlay_batch.figures.fingerprint import fingerprint
from mlay_batch.figures.report_records import Figures, ReportInputs
from mlay_batch.ledger import (
    Archive,
    Closing,
    Closings,
    Ledger,
    MailLog,
    ObeyedDecision,
    Rulings,
    SentMail,
    Worklists,
)
from mlay_batch.mail.smtp import ConnectionLostError, RateLimiter, RefusedError
from mlay_batch.model.records import LedgerEntry, Output
from mlay_batch.report.committee import outputs
from mlay_batch.report.writer import ReportWriter

DAY, NOVEMBER = "2019-12-06", Period(2019, 11)
HARMLESS = {"broken_off", "leftover", "strays", "doubtful"}
"""Defects that a run which broke off may leave: nothing is lost or wrong."""
STRANGER = "x@else.example"
_SAVED = count()


@dataclass
class Host:
    """A mail host that keeps what it takes."""

    mails: list[EmailMessage] = field(default_factory=list)
    to: list[tuple[str, ...]] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    """Addresses it does not know."""
    breaks_at: int | None = None
    """How many mails it takes before it hangs up, having taken the last one or not."""

    def deliver(self, to: tuple[str, ...], mail: bytes) -> tuple[str, ...]:
        if self.breaks_at == len(self.mails):
            raise ConnectionLostError("connection lost")
        unknown = tuple(address for address in to if address in self.refused)
        if len(unknown) == len(to):
            raise RefusedError("550 no such mailbox")
        self.mails.append(message_from_bytes(mail, policy=policy.default))
        self.to.append(to)
        return unknown


@contextmanager
def quick_reports() -> Iterator[None]:
    """Let a workbook hold no more than the fingerprint of its figures, so that it takes no time."""

    def write_sheets(inputs: ReportInputs, figures: Figures, *_: object) -> Mock:
        data = f"{figures.period} {fingerprint(figures)}".encode()
        return Mock(ReportWriter, **{"close.return_value": data})

    def write_outputs(inputs: ReportInputs, figures: Figures, _: str) -> dict[Output, bytes]:
        return {kind: f"{kind} {fingerprint(figures)}".encode() for kind in Output}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(report, "write_sheets", write_sheets)
        patch.setattr(outputs, "write_outputs", write_outputs)
        yield


def post_of(host: Host | None, at: str) -> Post:
    """How letters go out to a host at that time; to none, they are drafted."""
    return Post(
        partial(nullcontext, host) if host else None,
        lambda: RateLimiter(10**6, lambda: 0.0, lambda _: None),
        lambda: datetime.fromisoformat(at),
    )


def refusals(result: MonthResult) -> set[tuple[str, str, str]]:
    """Code, file and cell of every decision that was not obeyed because of a mistake in it."""
    found = {(f.code, f.place) for f in result.mistakes}
    found |= {
        (each.outcome.code.removeprefix("finding."), each.made.place)
        for each in result.results
        if each.outcome.code.startswith("finding.")
    }
    return {(code, place.file, f"{place.sheet}!{place.cell}") for code, place in found}


@dataclass
class Desk(Clerk):
    """A clerk with a town's workspace: decides, saves and runs the month without leaving."""

    town: Office = field(kw_only=True)
    host: Host | None = field(default_factory=Host, kw_only=True)
    file: str = field(default="viec-can-lam.xlsx", kw_only=True)
    typed: list[tuple[str, str, object]] = field(default_factory=list, kw_only=True)

    @classmethod
    def of(cls, folder: Path, **more: Host | None) -> Desk:
        return cls(folder, town=create_office(folder), **more)

    @classmethod
    def on_the_first_day(cls, folder: Path) -> Desk:
        """A town the day after the returns were due: one is accepted, one refused, one held."""
        desk = cls.of(folder)
        desk.hand_in("DB1-1")
        desk.hand_in("CB-01", present=11)
        desk.send_in(STRANGER, "DB1-2", "la")
        desk.sit()
        return desk

    @property
    def path(self) -> Path:
        return self.root / self.file

    def colleague(self, name: str, file: str) -> Desk:
        """Somebody else who takes a copy of the list under another name."""
        hers = replace(self, name=name, file=file, typed=[], steps=[])
        hers.path.write_bytes(self.path.read_bytes())
        return hers

    def moved_to(self, root: Path) -> Desk:
        """The same town and its past in another folder, with a mail host of its own."""
        shutil.copytree(self.root, root)
        workspace = replace(self.town.workspace, root=root)
        town = replace(self.town, workspace=workspace)
        return replace(self, root=root, town=town, host=Host(), typed=[])

    def reopened(self) -> Desk:
        """The same with the settings as they are now."""
        town = replace(self.town, workspace=Workspace.find(self.root))
        return replace(self, town=town)

    def named(self, name: str) -> Desk:
        """Somebody else at the same machine."""
        return replace(self, name=name, typed=[])

    def hand_in(self, branch: str = "DB1-1", name: str = "", **values: float) -> None:
        """Lay a return into the inbox."""
        put(self.town, name or f"{branch}.xlsx", MeetingReturn(branch, **values).book())

    def send_in(self, sender: str, branch: str, name: str, **values: float) -> None:
        """Send a return by mail."""
        send(self.town, name, sender, (f"{name}.xlsx", MeetingReturn(branch, **values).book()))

    def hand_in_nothing(self, name: str) -> None:
        """Lay a workbook into the inbox that is no form of ours: nobody knows whose it is."""
        put(self.town, name, foreign_book())

    def decide(self, sheet: str, *words: str, sure: bool = False, **typed: str) -> str:
        """Type into cells of a row, to be saved together; return the cell of the decision."""
        values = {**typed, **({"sure": SURE} if sure else {})}
        row = self.row(sheet, *words, heads=[HEADS[name] for name in values])
        for name, value in values.items():
            self.typed.append((sheet, row[HEADS[name]].coordinate, value))
        return row[HEADS["decision"]].coordinate if "decision" in values else ""

    def save(self, path: Path | None = None) -> None:
        """Save what was typed, as another program would: with other bytes."""
        book = load_workbook(self.path)
        for sheet, cell, value in self.typed:
            book[sheet][cell].value = value
        book.properties.revision = str(next(_SAVED))
        book.save(path or self.path)
        self.typed.clear()

    def sit(
        self, day: str = DAY, *, period: Period | None = None, lang: str = "vi", hour: int = 9
    ) -> MonthResult:
        """Save what was typed and run the month."""
        if self.typed:
            self.save()
        at = f"{day}T{hour:02}:00:00+07:00"
        clerk = obey.Clerk(self.name, at, date.fromisoformat(day), f"{self.name}@test")
        post = post_of(self.host, at)
        return run_month(MonthRun(self.town.workspace, clerk, lang, lambda _: post, period))

    def send_by_command(self, run: MailRun, at: str) -> None:
        """Send the letters of a run of mails."""
        post = post_of(self.host, at)
        assert post.connection
        mail_run.send(run, post.connection(), post.limiter(), post.clock)

    def run(self, *more: str, day: str = DAY) -> int:
        """Run the month by its command; return the exit code."""
        if self.typed:
            self.save()
        at = ["--as-of", day, "--received", f"{day}T09:00:00+07:00"]
        return run(["month", "--no-open", *at, *more, "-C", str(self.root)])

    # What the ledger says

    @contextmanager
    def ledger(self) -> Iterator[Ledger]:
        with Ledger.open(self.town.workspace.ledger, read_only=True) as ledger:
            yield ledger

    def entries(self) -> tuple[LedgerEntry, ...]:
        with self.ledger() as ledger:
            return ledger.entries()

    def rulings(self) -> list[tuple[int, str, str]]:
        """What people decided: number of the file, what, who."""
        with self.ledger() as ledger:
            all_rulings = Rulings(ledger).all()
        return [(each.delivery, each.outcome, each.who) for each in all_rulings]

    def closings(self) -> tuple[Closing, ...]:
        with self.ledger() as ledger:
            return Closings(ledger).all()

    def letters(self) -> tuple[SentMail, ...]:
        with self.ledger() as ledger:
            return MailLog(ledger).letters()

    def decisions(self) -> tuple[ObeyedDecision, ...]:
        with self.ledger() as ledger:
            return Worklists(ledger).decisions()

    def obeyed_lists(self) -> list[bytes]:
        """The lists that were obeyed, from the archive."""
        with self.ledger() as ledger:
            hashes = sorted(Worklists(ledger).hashes())
        return [Archive(self.town.workspace.archive).read(sha256) for sha256 in hashes]

    def defects(self, day: str = DAY) -> set[str]:
        """What the doctor finds, but what a broken run may leave."""
        found = check_workspace(
            self.town.workspace, today=date.fromisoformat(day), holder="test"
        ).defects
        return {defect.code for defect in found} - HARMLESS
