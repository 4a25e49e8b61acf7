"""Random decisions on fresh and stale lists: each is applied at most once, nothing is lost.

What must come of those on files and periods is reckoned by `builders/worklist_model.py`.
"""

from __future__ import annotations

import hashlib
import os
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import pytest
from builders.mail_office import send
from builders.sample_office import CELLS, MeetingReturn, foreign_book, put
from builders.worklist_clerk import LETTERS, PERIODS, SURE, TODO
from builders.worklist_desk import NOVEMBER, STRANGER, Desk
from builders.worklist_model import (
    DECISIONS,
    ListRow,
    ModelFile,
    Town,
    contradictory,
    read_rows,
)
from openpyxl import load_workbook

from mlay_batch.app import closing, mail_run, reply
from mlay_batch.app.month import MonthResult
from mlay_batch.app.review import Review, ReviewOutcome, review_file
from mlay_batch.ledger import MailState
from mlay_batch.mail.mime import short_id

RUNS = 12
SEEDS = range(100 if os.environ.get("HYPOTHESIS_PROFILE") == "thorough" else 2)
MAIN = "viec-can-lam.xlsx"
GONE = (MailState.SENT, MailState.HANDED, MailState.QUEUED)
SENDERS = dict(zip(CELLS, ("hocang", "db1", "cb01"), strict=True))
List = tuple[list[ListRow], dict[str, object]]


@dataclass
class Walk:
    """A clerk, a colleague, branches and strangers, who do what the dice say."""

    desk: Desk
    dice: random.Random
    town: Town = field(default_factory=lambda: Town(CELLS))
    day: date = date(2019, 12, 6)
    hour: int = 8
    count: int = 0
    arrivals: list[tuple[str, ModelFile]] = field(default_factory=list)
    written: dict[str, dict[str, object]] = field(default_factory=dict)
    """The versions each list on disk was written for, by its name."""
    old: list[tuple[bytes, dict[str, object]]] = field(default_factory=list)
    """Lists of before, whatever was decided in them."""

    def chance(self, part: float) -> bool:
        return self.dice.random() < part

    @property
    def moment(self) -> str:
        return f"{self.day}T{self.hour:02}:00:00+07:00"

    # What others do

    def files_come(self) -> None:
        for branch in CELLS:
            for kind, part in (("good", 0.2), ("wrong", 0.1), ("stranger", 0.25)):
                if self.chance(part):
                    self.come(kind, branch)
        if self.chance(0.3):
            self.come("nobody", "")

    def come(self, kind: str, branch: str) -> None:
        self.count += 1
        name = f"{self.count:03}-{kind}.xlsx"
        period = "" if kind == "nobody" else str(NOVEMBER)
        self.arrivals.append((name, ModelFile(kind, branch, period, "")))
        if kind == "nobody":
            put(self.desk.town, name, foreign_book(f"Bảng {self.count}"))
            return
        present = {"present": 10 + self.count} if kind == "wrong" else {}
        day, score = 1 + self.count % 28, 60 + self.count % 37
        data = MeetingReturn(branch, day=day, score=score, **present).book()
        if kind == "stranger" or self.chance(0.5):
            sender = STRANGER if kind == "stranger" else f"{SENDERS[branch]}@town.example"
            send(self.desk.town, name, sender, (name, data))
        else:
            put(self.desk.town, name, data)

    def colleague_commands(self) -> None:
        """Decide, close, reopen or answer by commands: the list is then older than the state."""
        town, office = self.town, self.desk.town
        undecided = [number for number, file in town.files.items() if file.is_undecided]
        if undecided and self.chance(0.25):
            number = self.dice.choice(undecided)
            decision = self.dice.choice(["nhận", "không nhận"])
            if town.files[number].kind == "nobody":
                decision = "không nhận"
            outcome = ReviewOutcome.ACCEPT if decision == "nhận" else ReviewOutcome.REFUSE
            review = Review(number, outcome, "lan", self.moment, "theo lệnh", self.day)
            review_file(office, review, "lan")
            assert town.review(number, decision, "lan")
        november, by = str(NOVEMBER), {"as_of": self.day, "who": "lan", "holder": "lan"}
        if self.chance(0.15):
            if town.reopen(november):
                closing.reopen(office, NOVEMBER, why="theo lệnh", **by)
            else:
                assert town.close(november, "theo lệnh")
                closing.close(office, NOVEMBER, allow_incomplete=True, **by)
        if self.chance(0.1):
            self.desk.host.breaks_at = None
            run = mail_run.MailRun(
                office, lambda *args: reply.reply_letters(office, *args), NOVEMBER, self.day, "lan"
            )
            self.desk.send_by_command(run, self.moment)

    # What clerks decide

    def decide(self, path: Path) -> None:
        """Choose and type into some rows of a list."""
        book = load_workbook(path)
        for row in self.some_rows(path):
            typed: dict[str, str | None] = {}
            offered = row.offered if self.chance(0.9) else DECISIONS
            typed["decision"] = self.dice.choice(offered) if offered and self.chance(0.95) else None
            typed["why"] = f"lý do {self.dice.randrange(99)}" if self.chance(0.85) else None
            typed["sure"] = SURE if self.chance(0.8) else None
            is_assigned = self.chance(0.9 if typed["decision"] == "gán cho chi bộ" else 0.03)
            typed["assign_to"] = self.dice.choice(CELLS) if is_assigned else None
            for name in typed.keys() & row.cells.keys():
                book[row.sheet][row.cells[name]].value = typed[name]
        book.properties.revision = str(self.count * 1000 + self.hour)
        book.save(path)

    def some_rows(self, path: Path) -> Iterator[ListRow]:
        by_sheet: dict[str, list[ListRow]] = {TODO: [], LETTERS: [], PERIODS: []}
        for row in read_rows(path):
            if row.sheet != PERIODS or row.subject.endswith(("2019-10", "2019-11")):
                by_sheet[row.sheet].append(row)
        for sheet, most in ((TODO, 5), (LETTERS, 3), (PERIODS, 1)):
            rows = by_sheet[sheet]
            yield from self.dice.sample(rows, self.dice.randint(0, min(most, len(rows))))

    def lists_are_filled_in(self) -> None:
        root, main = self.desk.root, self.desk.path
        if main.exists():
            self.old.append((main.read_bytes(), self.written[MAIN]))
            if self.chance(0.85):
                self.decide(main)
                self.old.append((main.read_bytes(), self.written[MAIN]))
        for number in range(self.dice.choice([0, 0, 1, 1, 2]) if self.old else 0):
            name = MAIN if self.chance(0.1) else f"viec-can-lam ({number}).xlsx"
            data, versions = self.dice.choice(self.old[-8:])
            (root / name).write_bytes(data)
            self.written[name] = versions
            if self.chance(0.6):
                self.decide(root / name)

    def lists(self) -> dict[str, List]:
        """The lists on disk, in the order in which they are read."""
        paths = sorted(self.desk.root.glob("viec-can-lam*.xlsx"), key=lambda p: (p.name == MAIN, p))
        return {path.name: (read_rows(path), self.written[path.name]) for path in paths}

    # A run, and what must hold after it

    def step(self) -> None:
        self.files_come()
        self.colleague_commands()
        self.lists_are_filled_in()
        self.pass_time()
        self.desk.host.breaks_at = len(self.desk.host.mails) + 1 if self.chance(0.15) else None
        lists = self.lists()
        data = {name: (self.desk.root / name).read_bytes() for name in lists}
        letters = {mail.message_id: mail for mail in self.desk.letters() if mail.state in GONE}
        done = self.town.obey(lists, "hoa")
        result = self.desk.sit(str(self.day), hour=self.hour)
        self.take_in()
        assert self.claims(result) == sorted(done)
        self.state_is_the_reckoned_one()
        self.letters_went_as_decided(lists, letters)
        self.nothing_typed_is_lost(lists, data)
        assert self.desk.defects(str(self.day)) == set()
        self.written[MAIN] = self.town.versions(read_rows(self.desk.path))

    def pass_time(self) -> None:
        self.hour += 1
        if self.hour > 20 or self.chance(0.25):
            self.day, self.hour = self.day + timedelta(1), 8

    def take_in(self) -> None:
        numbers = {entry.name: entry.id for entry in self.desk.entries()}
        for _, file in self.arrivals:
            file.time = self.moment
        self.town.take_in({numbers[name]: file for name, file in self.arrivals}, str(self.day))
        self.arrivals.clear()

    def claims(self, result: MonthResult) -> list[tuple[str, str]]:
        """What the run says it did on files and periods."""
        return sorted(
            (each.made.place.file, each.made.subject)
            for each in result.results
            if each.is_done
            and each.made.subject.startswith(("file/", "period/"))
            and each.made.decision != "later"
        )

    def state_is_the_reckoned_one(self) -> None:
        desk, town = self.desk, self.town
        entries = desk.entries()
        assert len(entries) == self.count == sum(town_counts(desk).values())
        assert {e.id: e.verdict.value for e in entries} == {
            number: file.verdict for number, file in town.files.items()
        }
        assert {(e.branch, e.period): e.id for e in entries if e.is_current} == town.current
        assert [each for each in desk.rulings() if each[1] != "anew"] == town.rulings
        closings = Counter(str(each.period) for each in desk.closings())
        in_force = {str(each.period) for each in desk.closings() if each.reopened is None}
        assert closings == {name: p.times for name, p in town.periods.items() if p.times}
        assert in_force == {name for name, p in town.periods.items() if p.state == "closed"}

    def letters_went_as_decided(self, lists: dict[str, List], before: dict[str, object]) -> None:
        desk = self.desk
        assert max(Counter(mail["Message-ID"] for mail in desk.host.mails).values(), default=1) == 1
        gone = [mail for mail in desk.letters() if mail.state in GONE]
        topics = Counter(topic.key for mail in gone for topic in mail.topics)
        assert max(topics.values(), default=1) == 1
        against = contradictory(lists)
        decided = {
            row.subject
            for name, (rows, _) in lists.items()
            for row in rows
            if row.is_sound and row.decision != "để sau" and (name, row) not in against
        }
        for mail in gone:
            if mail.message_id not in before:
                asked = {f"letter/{short_id(mail.message_id)}", "letters/all"}
                keys = [topic.key for topic in mail.topics]
                asked |= {x for x in decided if any(is_of(key, x) for key in keys)}
                assert asked & decided, mail

    def nothing_typed_is_lost(self, lists: dict[str, List], data: dict[str, bytes]) -> None:
        desk, against = self.desk, contradictory(lists)
        kept = {hashlib.sha256(each).hexdigest() for each in desk.obeyed_lists()}
        now = {(row.sheet, row.key): row for row in read_rows(desk.path)}
        for name, (rows, _) in lists.items():
            path, sha256 = desk.root / name, hashlib.sha256(data[name]).hexdigest()
            if path.exists() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256:
                continue
            # A letter's own row may contradict another list's row of all letters.
            others = (row for row in rows if row.sheet != LETTERS)
            if any(row.is_sound and (name, row) not in against for row in others):
                assert sha256 in kept, name
            for row in rows:
                # Two that decide otherwise on all letters may have no letter in common.
                is_against = (name, row) in against and row.subject != "letters/all"
                is_wrong = row.typed and (not row.is_sound or is_against)
                if is_wrong and (row.sheet, row.key) in now:
                    assert now[row.sheet, row.key].typed == row.typed, (name, row)


def town_counts(desk: Desk) -> dict[object, int]:
    with desk.ledger() as ledger:
        return dict(ledger.counts())


def is_of(key: str, subject: str) -> bool:
    """Whether a letter's topic is what a matter asks for."""
    if subject.startswith("forms/"):
        _, form, month = subject.split("/")
        return key.startswith(f"form/{form}/") and key.endswith(f"/{month}")
    return key == subject or key.startswith(f"{subject}/")


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_every_decision_is_applied_at_most_once(seed: int, tmp_path: Path) -> None:
    walk = Walk(Desk.of(tmp_path / "town"), random.Random(seed))
    for _ in range(RUNS):
        walk.step()
    desk = walk.desk
    desk.host.breaks_at = None
    for path in desk.root.glob("viec-can-lam*.xlsx"):
        path.unlink()
    lists = []
    for _ in range(3):  # the first says what it judged anew
        desk.sit(str(walk.day), hour=22)
        lists.append(desk.path.read_bytes())
    assert lists[1] == lists[2]
