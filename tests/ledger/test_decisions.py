"""Rulings on held files, signed copies, threads."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from builders.ledger_entries import RUN, WRONG, decision, record_entries, row

from mlay_batch.errors import LedgerError
from mlay_batch.ledger import Ledger, Ruling, Rulings
from mlay_batch.model.records import Decision, Verdict

HELD, ACCEPTED, REJECTED = Verdict.HELD, Verdict.ACCEPTED, Verdict.REJECTED


def ruling(number: int, outcome: str = "accept") -> Ruling:
    decided = "2019-12-06T10:00:00+07:00"
    return Ruling(number, outcome, "lan", decided, "đã gọi hỏi", HELD, ("I20", "F03"))


@pytest.fixture
def ledger(tmp_path: Path):
    with Ledger.create(tmp_path / "ledger.sqlite") as store:
        yield store


def with_file(source: Decision, **leaf: object) -> Decision:
    return replace(
        source, checked=replace(source.checked, file=replace(source.checked.file, **leaf))
    )


def test_a_ruling_settles_a_held_file_and_keeps_its_number(ledger: Ledger) -> None:
    ledger.record(RUN, [decision(ACCEPTED, row(present=1), data=b"1")])
    ledger.record(RUN, [decision(HELD, row(present=2), data=b"2", findings=(WRONG,))])
    settled = Rulings(ledger).record(
        replace(RUN, command="accept"), ruling(2), decision(ACCEPTED, row(present=2), data=b"2")
    )
    assert (settled.id, settled.run, settled.verdict, settled.findings) == (2, 2, ACCEPTED, ())
    assert settled.refers_to == 1
    (current,) = ledger.returns()
    assert (current.entry.id, current.rows[0].values) == (2, {"present": 2})
    assert ledger.entries()[0].superseded_by == 2
    assert Rulings(ledger).all() == (ruling(2),)
    assert sum(ledger.counts().values()) == 2
    assert [run.command for _, run in ledger.runs()] == ["ingest", "ingest", "accept"]


def test_a_refusal_says_why_and_counts_nothing(ledger: Ledger) -> None:
    ledger.record(RUN, [decision(HELD, row(present=2))])
    settled = Rulings(ledger).record(
        RUN, ruling(1, "refuse"), decision(REJECTED, findings=(WRONG,))
    )
    assert (settled.verdict, settled.findings) == (REJECTED, (WRONG,))
    assert ledger.returns() == ()


@pytest.mark.parametrize("number", [1, 7])
def test_only_what_is_held_is_settled(ledger: Ledger, number: int) -> None:
    ledger.record(RUN, [decision(ACCEPTED, row(present=1))])
    with pytest.raises(LedgerError, match="not_held"):
        Rulings(ledger).record(RUN, ruling(number), decision())
    assert Rulings(ledger).all() == ()
    assert len(ledger.runs()) == 1


def test_a_ruling_that_cannot_be_kept_settles_nothing(ledger: Ledger) -> None:
    ledger.record(RUN, [decision(HELD, row(present=2))])
    with pytest.raises(Exception, match="CHECK"):
        Rulings(ledger).record(RUN, replace(ruling(1), why=""), decision(ACCEPTED, row(present=2)))
    assert ledger.entries()[0].verdict is HELD
    assert ledger.returns() == ()


def test_a_copy_is_kept_with_the_return_it_came_with(ledger: Ledger) -> None:
    copy = with_file(decision(Verdict.IGNORED, data=b"pdf", name="a.pdf"), kept_with="inbox/a.xlsx")
    first, second = record_entries(ledger, [copy, decision(ACCEPTED, row(present=1))])
    assert (first.kept_with, second.kept_with) == (second.id, None)
    late = with_file(copy, data=b"later", origin="inbox/b.pdf")
    assert record_entries(ledger, [late])[0].kept_with == second.id


def test_thread_and_subject_come_back(ledger: Ledger) -> None:
    mailed = with_file(
        decision(ACCEPTED, row(present=1)), thread="<1@x> <2@x>", subject="Báo cáo", channel="mail"
    )
    (entry,) = record_entries(ledger, [mailed])
    assert (entry.thread, entry.subject, entry.channel) == ("<1@x> <2@x>", "Báo cáo", "mail")
