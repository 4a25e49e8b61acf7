"""What the ledger was told, it tells again; nothing more, nothing less."""

from __future__ import annotations

import os
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from builders.ledger_entries import RUN, WRONG, connection, decision, record_entries, row
from hypothesis import given
from hypothesis import strategies as st

from mlay_batch.core.messages import error_text
from mlay_batch.core.period import Period
from mlay_batch.errors import LedgerError
from mlay_batch.ledger import Ledger, Report, pack, store
from mlay_batch.model.records import (
    CheckedFile,
    Decision,
    IncomingFile,
    Submission,
    Verdict,
    values_hash,
)
from mlay_batch.schema.model import Effective

ACCEPTED, REJECTED, DUPLICATE, HELD, IGNORED = Verdict
KEY = ("meeting", "CB-01", "2019-11")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.create(tmp_path / "ledger.sqlite") as ledger:
        yield ledger


def test_values_come_back_as_they_went_in(ledger: Ledger) -> None:
    rows = (
        row(12, held_on=date(2019, 9, 3), kind="regular", present=18, score=95.0, note=None),
        row(14, held_on=date(2019, 9, 5), note='{"$d": "Ðồi Cao"}', score=0.1, present=0),
    )
    ledger.record(RUN, [decision(ACCEPTED, *rows)])

    (stored,) = ledger.returns()

    assert stored.rows == rows
    assert [r.values for r in stored.rows] == [r.values for r in rows]
    assert [r.cells for r in stored.rows] == [r.cells for r in rows]
    assert [type(v) for v in stored.rows[0].values.values()] == [date, str, int, float, type(None)]


def test_rows_that_waited_packed_are_kept_like_any_others(ledger: Ledger) -> None:
    rows = (
        row(held_on=date(2019, 11, 4), kind="thường kỳ", share=0.5),
        row(14, text='"é\n', n=None),
    )
    original = decision(ACCEPTED, *rows)
    assert original.checked.submission
    read = replace(original.checked.submission, rows=())
    packed = replace(
        original, checked=replace(original.checked, submission=read, compact_rows=pack(rows))
    )
    ledger.record(RUN, [packed])

    (stored,) = ledger.returns()

    assert stored.rows == rows
    assert stored.entry.values_hash == packed.checked.values_hash == original.checked.values_hash


def test_a_delivery_comes_back_with_all_that_is_known_of_it(ledger: Ledger) -> None:
    original = decision(REJECTED, row(present=1), findings=(WRONG,))
    assert ledger.record(RUN, [original]) == (1,)

    (entry,) = ledger.entries()

    assert (entry.id, entry.run, entry.as_of) == (1, 1, date(2019, 12, 6))
    assert (entry.name, entry.origin, entry.sender) == (
        "a.xlsx",
        "inbox/a.xlsx",
        "cb01@example.org",
    )
    assert (entry.sha256, entry.channel) == (original.checked.file.sha256, "hand")
    assert entry.received == "2019-12-06T01:00:00Z"
    assert (entry.verdict, entry.key, entry.version) == (REJECTED, KEY, "2018.1")
    assert entry.values_hash == values_hash([row(present=1)])
    assert entry.findings == (WRONG,)
    assert entry.findings[0].params == WRONG.params
    assert ledger.runs() == ((1, RUN),)
    assert ledger.returns() == ()  # a refused return has no values that count


@pytest.mark.parametrize(("channel", "who"), [("office", None), ("mail", "lan"), ("hand", "lan")])
def test_who_entered_a_file_stands_with_those_of_the_office_alone(
    ledger: Ledger, channel: str, who: str | None
) -> None:
    made = decision(REJECTED, row(present=1))
    file = replace(made.checked.file, channel=channel, entered_by=who)
    with pytest.raises(sqlite3.IntegrityError):
        ledger.record(RUN, [replace(made, checked=replace(made.checked, file=file))])


def test_what_could_not_be_told_stays_open(ledger: Ledger) -> None:
    leaf = IncomingFile("ảnh.png", b"x", "inbox/ảnh.png", "2019-12-06T01:00:00Z")
    strange = Decision(CheckedFile(leaf, Submission(None, None, None)), REJECTED, ())
    nobody = Decision(CheckedFile(leaf, Submission(None, "meeting", "2018.1")), REJECTED, ())
    picture, unread, unnamed = record_entries(ledger, [decision(IGNORED), strange, nobody])
    assert (picture.form, picture.key, picture.values_hash) == (None, None, None)
    assert (unread.form, unread.sender, unread.values_hash) == (None, None, None)
    assert (unnamed.form, unnamed.version, unnamed.key) == ("meeting", "2018.1", None)


def test_a_file_name_that_is_no_text_is_kept_and_known_again(ledger: Ledger) -> None:
    name = os.fsdecode(b"b\xe1o c\xe1o.xlsx")
    wrong = replace(WRONG, params={"name": name}).in_file(name)
    original = decision(REJECTED, name=name, findings=(wrong,))
    leaf = original.checked.file

    (entry,) = record_entries(ledger, [original])

    assert entry.name == entry.findings[0].place.file == "b\\udce1o c\\udce1o.xlsx"
    assert entry.findings[0].params == {"name": name}
    assert ledger.find_recorded([(leaf.origin, leaf.sha256)]) == {(leaf.origin, leaf.sha256)}


def test_seen_is_the_same_bytes_at_the_same_place(ledger: Ledger) -> None:
    leaf = decision().checked.file
    ledger.record(RUN, [decision()])
    pairs = [
        (leaf.origin, leaf.sha256),
        ("inbox/b.xlsx", leaf.sha256),
        (leaf.origin, "0" * 64),
    ]
    assert ledger.find_recorded(pairs) == {pairs[0]}


def test_a_run_that_changed_nothing_is_remembered(ledger: Ledger) -> None:
    assert ledger.record(RUN, []) == ()
    assert ledger.last_run(RUN.command) == RUN
    assert ledger.entries() == ()


def test_a_correction_supersedes_and_history_stays(ledger: Ledger) -> None:
    ledger.record(RUN, [decision(ACCEPTED, row(present=17), data=b"1")])
    ledger.record(RUN, [decision(ACCEPTED, row(present=18), data=b"2", refers_to=1)])
    (third,) = record_entries(ledger, [decision(ACCEPTED, row(present=19), data=b"3", refers_to=2)])

    history = ledger.entries()

    assert [d.superseded_by for d in history] == [2, 3, None]
    assert [d.refers_to for d in history] == [None, 1, 2]
    assert [d.is_current for d in history] == [False, False, True]
    assert ledger.returns() == ledger.returns("meeting")
    assert [(r.entry, r.rows[0].values["present"]) for r in ledger.returns()] == [(third, 19)]
    assert ledger.returns("classification") == ()


def test_a_correction_in_the_same_batch_supersedes(ledger: Ledger) -> None:
    batch = [decision(ACCEPTED, row(present=n), data=b"%d" % n) for n in (17, 18)]
    first, second = record_entries(ledger, batch)
    assert (first.superseded_by, second.refers_to) == (2, 1)


def test_other_branch_or_period_supersedes_nothing(ledger: Ledger) -> None:
    ledger.record(RUN, [decision(), decision(branch="CB-02"), decision(period="2019-10")])
    assert all(d.is_current for d in ledger.entries())
    assert len(ledger.returns("meeting")) == 3


def test_a_duplicate_of_the_same_batch_is_led_to_what_it_repeats(ledger: Ledger) -> None:
    batch = [
        decision(ACCEPTED, row(present=18), data=b"1"),
        decision(DUPLICATE, row(present=18), data=b"1", name="copy.xlsx"),
        decision(DUPLICATE, row(present=18), data=b"re-saved"),
        decision(DUPLICATE, row(present=18), data=b"re-saved", name="copy of copy.xlsx"),
        decision(ACCEPTED, row(present=17), data=b"2"),
        decision(HELD, row(present=18), data=b"1", name="again.xlsx"),
        decision(HELD, row(present=5), data=b"never seen"),
    ]
    assert [d.refers_to for d in record_entries(ledger, batch)] == [None, 1, 1, 1, 1, 1, None]


def test_a_refers_to_that_is_given_stands(ledger: Ledger) -> None:
    ledger.record(RUN, [decision(REJECTED, data=b"1"), decision(REJECTED, data=b"1")])
    (entry,) = record_entries(ledger, [decision(DUPLICATE, data=b"1", refers_to=1)])
    assert entry.refers_to == 1


def test_known_gives_earlier_deliveries_oldest_first(ledger: Ledger) -> None:
    ledger.record(
        RUN,
        [
            decision(REJECTED, data=b"1", findings=(WRONG,)),
            decision(ACCEPTED, row(present=1), data=b"2"),
            decision(ACCEPTED, row(present=2), data=b"3"),
        ],
    )
    every = ledger.entries()
    shas = [d.sha256 for d in every]

    snapshot = ledger.snapshot_for([shas[0], "0" * 64], [KEY, ("meeting", "CB-99", "2019-11")])

    assert snapshot.by_content == {(shas[0], None): every[:1]}
    assert snapshot.by_content[shas[0], None][0].findings == (WRONG,)
    assert snapshot.by_key == {KEY: every[1:]}


def test_the_last_return_is_of_the_latest_period_before(ledger: Ledger) -> None:
    months = ["2019-08", "2019-10", "2019-09", "2019-11"]
    ledger.record(RUN, [decision(ACCEPTED, row(n=m), period=m) for m in months])
    ledger.record(RUN, [decision(ACCEPTED, row(n="corrected"), period="2019-10", data=b"2")])

    last = ledger.last_return("meeting", "CB-01", Period.parse("2019-11"))

    assert last
    assert last.entry.period == "2019-10"
    assert last.rows[0].values == {"n": "corrected"}
    assert ledger.last_return("meeting", "CB-01", Period.parse("2019-08")) is None
    assert ledger.last_return("meeting", "CB-02", Period.parse("2019-11")) is None


def test_last_year_is_over_before_january_begins(ledger: Ledger) -> None:
    yearly = replace(
        decision().checked.identity.form, period="year", effective=Effective("2014-01")
    )
    original = decision(period="2018")
    judged = replace(original.checked, identity=replace(original.checked.identity, form=yearly))
    ledger.record(RUN, [replace(original, checked=judged)])
    assert ledger.last_return("meeting", "CB-01", Period.parse("2019"))
    assert ledger.last_return("meeting", "CB-01", Period.parse("2018")) is None


def test_a_report_is_noted_once(ledger: Ledger) -> None:
    november = Period.parse("2019-11")
    for _ in range(2):
        ledger.record_report(november, date(2019, 12, 6), "a" * 64, "f")
    ledger.record_report(november, date(2019, 12, 7), "b" * 64, "f")
    assert ledger.reports() == (
        Report(november, date(2019, 12, 6), "a" * 64, "f"),
        Report(november, date(2019, 12, 7), "b" * 64, "f"),
    )


VERDICTS = st.sampled_from(list(Verdict))
BATCHES = st.lists(
    st.lists(
        st.tuples(
            VERDICTS,
            st.sampled_from("AB"),
            st.sampled_from(["2019-10", "2019-11"]),
            st.integers(0, 3),
        ),
        max_size=6,
    ),
    max_size=4,
)


@given(BATCHES)
def test_whatever_is_decided_the_counts_add_up(
    tmp_path_factory: pytest.TempPathFactory, batches: list[list[tuple[Verdict, str, str, int]]]
) -> None:
    """received = accepted + rejected + duplicate + held + ignored; one current return a key."""
    path = tmp_path_factory.mktemp("ledger") / "ledger.sqlite"
    with Ledger.create(path) as ledger:
        for batch in batches:
            ledger.record(
                RUN,
                [
                    decision(verdict, row(n=n), data=b"%d" % n, branch=branch, period=period)
                    for verdict, branch, period, n in batch
                ],
            )
        items = [item for batch in batches for item in batch]
        deliveries = ledger.entries()
        assert [d.id for d in deliveries] == list(range(1, len(items) + 1))
        assert ledger.counts() == {v: Counter(item[0] for item in items)[v] for v in Verdict}
        assert sum(ledger.counts().values()) == len(items)
        # The current return of a key is the last one accepted for it, with its values.
        last = {(b, p): n for verdict, b, p, n in items if verdict is ACCEPTED}
        current = {
            (r.entry.branch, r.entry.period): r.rows[0].values["n"] for r in ledger.returns()
        }
        assert current == last
        assert len(ledger.returns()) == len(last)
        assert all(d.superseded_by is None or d.superseded_by > d.id for d in deliveries)
        assert all(d.refers_to is None or d.refers_to < d.id for d in deliveries)


FLOATS = st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.one_of(st.none(), st.text(), st.dates(), st.integers(), FLOATS)


@given(st.lists(st.dictionaries(st.text(min_size=1, max_size=5), VALUES, max_size=4), max_size=3))
def test_any_value_survives_with_its_type(
    tmp_path_factory: pytest.TempPathFactory, tables: list[dict[str, object]]
) -> None:
    with Ledger.create(tmp_path_factory.mktemp("ledger") / "ledger.sqlite") as ledger:
        rows = [replace(row(), values=values) for values in tables]
        ledger.record(RUN, [decision(ACCEPTED, *rows)])
        (stored,) = ledger.returns()
    assert [repr(r.values) for r in stored.rows] == [repr(values) for values in tables]


def test_read_only_reads_and_never_records(tmp_path: Path) -> None:
    path = tmp_path / "sổ cái #1.sqlite"
    with Ledger.create(path) as ledger:
        ledger.record(RUN, [decision()])
    with Ledger.open(path, read_only=True) as ledger:
        assert ledger.counts()[ACCEPTED] == 1
        with pytest.raises(LedgerError, match=r"ledger\.unwritable"):
            ledger.record(RUN, [decision(period="2019-12")])
        assert len(ledger.entries()) == 1


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")
def test_the_ledger_is_for_its_owner_only(tmp_path: Path) -> None:
    Ledger.create(tmp_path / "ledger.sqlite").close()
    assert (tmp_path / "ledger.sqlite").stat().st_mode & 0o777 == 0o600


def _refusal(path: Path) -> str:
    with pytest.raises(LedgerError) as caught:
        Ledger.open(path)
    for lang in ("vi", "en"):
        message = error_text(caught.value, lang)
        assert str(path) in message
        assert "{" not in message  # every gap is filled
    return caught.value.code


def test_a_ledger_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    Ledger.create(path).close()
    with pytest.raises(LedgerError, match=r"ledger\.exists"):
        Ledger.create(path)
    path.rename(tmp_path / "moved.sqlite")
    (tmp_path / "ledger.sqlite-journal").write_bytes(b"left by a crash")
    with pytest.raises(LedgerError, match=r"ledger\.exists"):
        Ledger.create(path)


def test_missing(tmp_path: Path) -> None:
    assert _refusal(tmp_path / "ledger.sqlite") == "ledger.missing"
    assert list(tmp_path.iterdir()) == []


def test_foreign(tmp_path: Path) -> None:
    path = tmp_path / "browser.sqlite"
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE cookies (name)")
        db.commit()
    before = path.read_bytes()
    assert _refusal(path) == "ledger.foreign"
    assert path.read_bytes() == before


def test_written_by_a_newer_program(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    Ledger.create(path).close()
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version = {len(store.STEPS) + 1}")
    assert _refusal(path) == "ledger.newer"


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: b"PK\3\4 not a database at all" * 100,
        lambda data: data[: len(data) // 2],
        lambda data: data[:4096] + b"\xff" * 4096 + data[8192:],
        lambda data: data[:-4096] + bytes(4096),
    ],
    ids=["empty", "something else", "cut off", "page overwritten", "page of zeros"],
)
def test_damaged(tmp_path: Path, damage: object) -> None:
    path = tmp_path / "ledger.sqlite"
    with Ledger.create(path) as ledger:
        for n in range(40):
            ledger.record(RUN, [decision(ACCEPTED, *[row(note="x" * 200)] * 9, branch=f"CB-{n}")])
    path.write_bytes(damage(path.read_bytes()))
    assert _refusal(path) == "ledger.damaged"


def test_open_in_another_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "ledger.sqlite"
    with Ledger.create(path) as ledger, closing(sqlite3.connect(path)) as other:
        connection(ledger).execute(
            "PRAGMA busy_timeout = 10"
        )  # the test need not wait five seconds
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(LedgerError, match=r"ledger\.busy"):
            ledger.record(RUN, [decision()])
        other.rollback()
        assert len(ledger.record(RUN, [decision()])) == 1


def test_an_older_ledger_is_brought_up_to_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "ledger.sqlite"
    with Ledger.create(path) as ledger:
        ledger.record(RUN, [decision()])
    step = tmp_path / "0002.sql"
    step.write_text(
        "ALTER TABLE delivery ADD COLUMN number TEXT;\n-- a remark; no statement\n"
        "CREATE TABLE later (id INTEGER) STRICT;",
        encoding="utf-8",
    )
    monkeypatch.setattr(store, "STEPS", (*store.STEPS, step))
    for _ in range(2):
        with Ledger.open(path) as ledger:
            assert store.schema_version(connection(ledger)) == len(store.STEPS)
            assert len(ledger.entries()) == 1


def test_a_step_that_fails_leaves_the_ledger_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "ledger.sqlite"
    Ledger.create(path).close()
    before = path.read_bytes()
    step = tmp_path / "0002.sql"
    step.write_text("CREATE TABLE later (id INTEGER) STRICT;\n" * 2, encoding="utf-8")
    with monkeypatch.context() as patch:
        patch.setattr(store, "STEPS", (*store.STEPS, step))
        with pytest.raises(sqlite3.OperationalError):
            Ledger.open(path)
    assert path.read_bytes() == before
    with Ledger.open(path) as ledger:
        assert ledger.entries() == ()


def test_connection_keeps_what_is_written_through_a_power_cut(ledger: Ledger) -> None:
    def pragma(name: str) -> object:
        return ledger.query(f"PRAGMA {name}")[0][0]

    assert (pragma("journal_mode"), pragma("synchronous"), pragma("foreign_keys")) == (
        "delete",
        3,
        1,
    )
    tables = ledger.query("PRAGMA table_list")
    assert all(
        strict
        for _, name, kind, *_, strict in tables
        if kind == "table" and not name.startswith("sqlite_")
    )
