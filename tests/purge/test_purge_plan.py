"""What goes and what stays: terms, the time named, shared files, open months, open decisions."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from builders.in_process import here
from builders.ledger_entries import decision, record_entries, row
from builders.mail_office import mail, send, take_in
from builders.mails import PHOTO
from builders.sample_office import MeetingReturn, create_office, put, rows

from mlay_batch.app.purge import forecast_purge, purge
from mlay_batch.app.purge_plan import DECISIONS, LETTERS, ORIGINALS, TEXTS, PurgePlan, plan_purge
from mlay_batch.app.purge_texts import mask_row, without_names
from mlay_batch.app.settings import Retention, Settings
from mlay_batch.core.findings import Answer, Finding, Place, Severity
from mlay_batch.core.period import Period
from mlay_batch.errors import OutputBusyError, UsageError
from mlay_batch.ledger import Answers, Closing, Closings, Ledger, Purge, PurgeLog, Worklists
from mlay_batch.ledger.purging import MASK
from mlay_batch.model.records import Decision, Row, Verdict
from mlay_batch.schema.ids import ROLLUP

LATE = date(2031, 1, 1)


@pytest.fixture
def office(tmp_path):
    with here():
        yield create_office(tmp_path / "town")


def received(on: str, made: Decision) -> Decision:
    file = replace(made.checked.file, received=f"{on}T08:00:00+07:00", origin=f"{on}.xlsx")
    return replace(made, checked=replace(made.checked, file=file))


def closed(ledger: Ledger, *months: str) -> None:
    for month in months:
        closing = Closing(Period.parse(month), 1, LATE, "an", "w" * 64, "r" * 64, "s" * 64)
        Closings(ledger).close(closing)


def plan(office, decisions, before: str = "2024", as_of: date = LATE, closings=()) -> PurgePlan:
    with Ledger.open(office.workspace.ledger) as ledger:
        record_entries(ledger, decisions)
        closed(ledger, *closings)
        return plan_purge(office, ledger, Period.parse(before), as_of)


def numbers(made: PurgePlan, kind: str) -> list[int]:
    return [item.number for item in made.gone[kind] if item.number]


NOVEMBER = received("2019-12-03", decision(Verdict.ACCEPTED, row(content="Bàn"), data=b"1"))
CORRECTION = received(
    "2030-06-01", decision(Verdict.ACCEPTED, row(content="Bàn lại"), data=b"2", name="b.xlsx")
)
AFTER = received(
    "2024-02-02", decision(Verdict.ACCEPTED, row(content="Học"), data=b"3", period="2024-01")
)
SAME_BYTES = received("2024-02-03", decision(Verdict.DUPLICATE, data=b"1", period="2024-01"))
NO_PERIOD = received("2019-12-04", decision(Verdict.IGNORED, data=b"4"))


@pytest.mark.parametrize(
    ("decisions", "as_of", "originals", "first"),
    [
        ([NOVEMBER], LATE, [1], None),
        ([NOVEMBER], date(2024, 12, 4), [1], None),  # five years after the day of receipt
        ([NOVEMBER], date(2024, 12, 3), [], date(2024, 12, 4)),
        ([NOVEMBER, CORRECTION], LATE, [1], date(2035, 6, 2)),  # of that time, but it came late
        ([NOVEMBER, SAME_BYTES], LATE, [], None),  # the later entry needs the same bytes
        ([AFTER], LATE, [], None),  # past its term, and not of the time named
        ([NO_PERIOD], LATE, [1], None),  # is of the month before it came
        ([received("2024-01-31", NO_PERIOD)], LATE, [1], None),
        ([received("2024-02-01", NO_PERIOD)], LATE, [], None),
    ],
)
def test_originals(office, decisions, as_of, originals, first):
    made = plan(office, decisions, as_of=as_of)
    assert numbers(made, ORIGINALS) == originals
    kept = made.kept.get(ORIGINALS)
    assert (kept.until if kept else None) == first


@pytest.mark.parametrize(
    ("decisions", "closings", "texts", "open_months"),
    [
        ([NOVEMBER], [], [], ["2019-11"]),
        ([NOVEMBER], ["2019-11"], [1], []),
        ([NOVEMBER, AFTER], ["2019-11"], [1], []),  # four years later nobody reads them
        (
            [NOVEMBER, received("2020-05-02", decision(period="2020-04", data=b"5"))],
            ["2019-11"],
            [],
            ["2020-04"],  # compares its texts with those of half a year before
        ),
    ],
)
def test_texts_stay_while_an_open_month_reads_them(office, decisions, closings, texts, open_months):
    made = plan(office, decisions, closings=closings)
    assert numbers(made, TEXTS) == texts
    assert [str(month) for month in made.open_months] == open_months


def test_what_a_warning_was_about_stays_as_a_hash(office):
    """The answer to it still counts, though its words are gone."""
    finding = Finding("D05", Severity.WARNING, Place("a.xlsx"), {"title": "Bàn", "question": "6e2"})
    with Ledger.open(office.workspace.ledger) as ledger:
        record_entries(ledger, [decision(Verdict.ACCEPTED, row(), findings=(finding,))])
        PurgeLog(ledger).record(Purge(LATE, "an", "2024", {}, senders=(1,)))
        (left,) = ledger.entry(1).findings
    assert left.params == {"title": MASK, "question": "6e2"}


def test_a_mail_without_files_is_a_letter_in_the_inbox_too(office):
    put(office, "mail/a.eml", mail("x@else.example"))
    take_in(office)
    with Ledger.open(office.workspace.ledger, read_only=True) as ledger:
        forecast = forecast_purge(office, ledger, Period.parse("2020"), date(2022, 6, 1))
    assert {file.kind for file in forecast.folder_files} == {LETTERS}


def test_what_waits_for_a_decision_stays_whole(office):
    doubt = Finding("I20", Severity.WARNING, Place("a.xlsx"), {"sender": "x@y.example"})
    made = plan(office, [received("2019-12-03", decision(Verdict.HELD, findings=(doubt,)))])
    assert made.undecided == (1,)
    assert made.is_empty


def test_a_worklist_is_of_the_month_before_its_day(office):
    with Ledger.open(office.workspace.ledger) as ledger:
        for day in ("2019-12-06", "2024-01-02", "2024-02-02"):
            Worklists(ledger).begin(1, day[:7].ljust(64, "0"), "an", f"{day}T09:00:00+07:00")
        made = plan_purge(office, ledger, Period.parse("2024"), LATE)
    files = [item.sha256[:7] for item in made.gone[DECISIONS] if item.sha256]
    assert files == ["2019-12", "2024-01"]


def test_officers_below_go_once_a_newer_workbook_names_them(office):
    """The register in the newest workbook of the level below is read for every month."""

    def rollup(on: str, period: str) -> Decision:
        officer = Row("officers", "Cán bộ", 2, {"code": "X-1", "name": "Lò Văn Cựu"}, {})
        made = received(on, decision(Verdict.ACCEPTED, officer, data=on.encode(), period=period))
        form = replace(made.checked.identity.form, form=ROLLUP)
        submission = replace(made.checked.submission, form=ROLLUP)
        identity = replace(made.checked.identity, form=form)
        return replace(
            made, checked=replace(made.checked, submission=submission, identity=identity)
        )

    def forget(ledger: Ledger) -> dict[int, object]:
        made = plan_purge(office, ledger, Period.parse("2024"), LATE)
        PurgeLog(ledger).record(Purge(LATE, "an", "2024", {}, texts=made.texts))
        return {number: rows[0].values["name"] for number, rows in made.texts.items()}

    with Ledger.open(office.workspace.ledger) as ledger:
        record_entries(ledger, [rollup("2019-12-03", "2019-11")])
        closed(ledger, "2019-11")
        assert forget(ledger) == {1: "Lò Văn Cựu"}
        record_entries(ledger, [rollup("2026-02-03", "2026-01")])
        assert forget(ledger) == {1: MASK}
        assert forget(ledger) == {}


def test_what_was_said_since_the_last_purge_goes_too(office):
    """Letters and decisions go first; the texts are there still, so that people go on."""
    gone = Purge(LATE, "an", "2024", {}, senders=(1,), rulings=(1,), closings=(1,))
    with Ledger.open(office.workspace.ledger) as ledger:
        record_entries(ledger, [NOVEMBER])
        closed(ledger, "2019-11")
        PurgeLog(ledger).record(gone)
        assert plan_purge(office, ledger, Period.parse("2024"), LATE).gone[DECISIONS] == ()
        Closings(ledger).reopen(Period.parse("2019-11"), date(2027, 5, 6), "bình", "bà Quàng xin")
        answers = [Answer("D05", "q", "hai bà đi chợ")]
        Answers(ledger).give(ledger.entry(1), answers, "bình", "2030-01-01T08:00:00+07:00")
        made = plan_purge(office, ledger, Period.parse("2024"), LATE)
    assert made.numbers(DECISIONS, "closing") == (1,)
    assert made.numbers(LETTERS, "delivery") == (1,)


def test_a_picture_goes_with_the_return_beside_which_it_came(office):
    files = ("a.xlsx", MeetingReturn("DB1-1").book()), ("anh.jpg", PHOTO)
    send(office, "december", "hocang@town.example", *files)
    take_in(office, received="2024-03-05T09:00:00+07:00")
    with Ledger.open(office.workspace.ledger, read_only=True) as ledger:
        made = plan_purge(office, ledger, Period.parse("2020"), LATE)
        picture = next(entry for entry in ledger.entries() if entry.kept_with)
    assert picture.period is None
    assert picture.id in numbers(made, LETTERS)


def test_what_was_handed_over_goes_by_what_it_is_about(office):
    """In January the office answered what came late for December."""
    names = (
        "CB-01_bao-cao_2019-12.xlsx",
        "CB-01_phieu-nhan_1-2020.txt",
        "CB-01_bao-cao_2020-01.xlsx",
    )
    folder = office.workspace.outbox / "2020-01"
    folder.mkdir()
    for name in names:
        (folder / name).write_bytes(name.encode())
    late = received("2020-01-09", decision(Verdict.ACCEPTED, row(), period="2019-12"))
    with Ledger.open(office.workspace.ledger) as ledger:
        record_entries(ledger, [late])
        forecast = forecast_purge(office, ledger, Period.parse("2020"), LATE)
    assert {file.path.name for file in forecast.folder_files} == set(names[:2])


@pytest.mark.parametrize("lock_name", ["~$CB-01.xlsx", None])
def test_a_file_that_is_open_is_named(office, monkeypatch, lock_name):
    """Excel says so by a file beside it, or Windows once it is to go."""
    folder = office.workspace.outbox / "2019-11"
    folder.mkdir()
    (folder / "CB-01.xlsx").write_bytes(b"x")
    if lock_name:
        (folder / lock_name).write_bytes(b"")
    ask = {"as_of": LATE, "who": "an", "holder": "an", "confirm": lambda _: True}
    with monkeypatch.context() as patch:
        if not lock_name:
            patch.setattr(Path, "unlink", refuse_workbook)
        with pytest.raises(OutputBusyError, match=r"purge\.busy"):
            purge(office, Period.parse("2020"), **ask)
    with Ledger.open(office.workspace.ledger, read_only=True) as ledger:
        assert PurgeLog(ledger).is_unfinished() is (lock_name is None)
    if not lock_name:
        assert purge(office, Period.parse("2020"), **ask)
        assert not folder.exists()


UNLINK = Path.unlink


def refuse_workbook(path: Path, **more: bool) -> None:
    if path.suffix == ".xlsx":
        raise PermissionError(13, "Permission denied", str(path))
    UNLINK(path, **more)


def test_a_backup_is_said_to_be_there_if_it_is(office, tmp_path):
    here_still, gone = tmp_path / "a.zip", tmp_path / "b.zip"
    here_still.write_bytes(b"x")
    with Ledger.open(office.workspace.ledger) as ledger:
        for path in (here_still, gone):
            PurgeLog(ledger).record_backup(path, LATE)
        forecast = forecast_purge(office, ledger, Period.parse("2024"), LATE)
    assert [is_there for _, _, is_there in forecast.backups] == [True, False]


def test_a_worklist_that_nobody_obeyed_is_named(office):
    """It was written before, from letters and mails that go."""
    path = office.workspace.root / "viec-can-lam (cũ).xlsx"
    path.write_bytes(b"x")
    with Ledger.open(office.workspace.ledger) as ledger:
        before = Period.parse("2024")
        assert forecast_purge(office, ledger, before, LATE).worklists == ()  # nothing goes
        record_entries(ledger, [NOVEMBER])
        assert forecast_purge(office, ledger, before, LATE).worklists == (path,)


def test_letters_go_before_originals(office):
    made = plan(office, [NOVEMBER], as_of=date(2022, 1, 1))
    assert (numbers(made, LETTERS), numbers(made, ORIGINALS)) == ([1], [])


def test_texts_of_a_row_are_masked_and_all_else_stays(office):
    form = office.catalogue.form("meeting", "2018.1")
    (meeting,) = rows(
        "meetings",
        {"held_on": date(2019, 11, 3), "kind": "regular", "content": "Bàn", "present": 9},
    )
    masked = mask_row(meeting, [form.section("meetings")]).values
    assert masked == {**meeting.values, "content": MASK}
    assert mask_row(meeting, []).values == {**masked, "kind": MASK}  # nobody describes it
    (officer,) = rows("officers", {"code": "TU-1", "name": "Lê Thị Bình", "position": None})
    assert without_names(officer).values == {"code": "TU-1", "name": MASK, "position": None}


def test_terms_are_the_offices_to_set():
    settings = Settings.parse('[retention.texts]\nyears = 1\nbasis = "Quyết định số 5"\n')
    assert settings.retention["texts"] == Retention(1, None, "Quyết định số 5")
    assert settings.retention["letters"].years == 2
    for text, key in (
        ("[retention.text]\nyears = 1", "retention.text"),
        ("[retention.texts]\nyear = 1", "retention.texts.year"),
        ("[retention.texts]\nyears = 0", "retention.texts.years"),
        ("[retention]\ntexts = 1", "retention.texts"),
    ):
        with pytest.raises(UsageError) as error:
            Settings.parse(text)
        assert error.value.params["key"] == key


@pytest.mark.parametrize(
    ("since", "ends"),
    [
        (date(2019, 12, 31), date(2025, 1, 1)),
        (date(2019, 11, 30), date(2024, 12, 1)),
        (date(2020, 2, 28), date(2025, 2, 28)),  # the day after is 29 February
    ],
)
def test_when_a_term_ends(since, ends):
    term = Retention(5)
    assert term.ends(since) == ends
    assert term.is_over(since, ends)
