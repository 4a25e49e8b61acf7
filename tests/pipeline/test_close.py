"""A period is closed, opened again for a reason, and both revisions stay."""

import io
from dataclasses import replace
from datetime import date
from zipfile import ZipFile

import pytest
from builders.sample_office import CELLS, REGISTER, MeetingReturn, create_office, put
from openpyxl import load_workbook

from mlay_batch.app import review
from mlay_batch.app.closing import close, reopen
from mlay_batch.app.consolidate import build, consolidate
from mlay_batch.app.ingest import ingest
from mlay_batch.app.reply import LetterSelection, reply_letters
from mlay_batch.app.review import ReviewOutcome
from mlay_batch.app.status import status
from mlay_batch.core.findings import Severity
from mlay_batch.core.messages import explain
from mlay_batch.core.period import Period
from mlay_batch.errors import UsageError
from mlay_batch.ledger import Archive, Closings, Ledger
from mlay_batch.model.office_rules import DeadlineRule, OfficeRules, in_force

pytestmark = pytest.mark.usefixtures("reading_here")

NOVEMBER = Period(2019, 11)
AS_OF = date(2019, 12, 6)
WHO = {"who": "Hòa", "holder": "test"}


def take_in(office, received="2019-12-03T09:00:00+07:00"):
    return ingest(office, as_of=AS_OF, received=received, who="test", holder="test")


@pytest.fixture
def office(tmp_path):
    town = create_office(tmp_path / "town")
    for branch in CELLS:
        put(town, f"{branch}.xlsx", MeetingReturn(branch).book())
    take_in(town)
    return town


def verdicts(done):
    return [d.verdict.value for d in done.decisions]


def codes(done):
    return {f.code for d in done.decisions for f in d.findings}


def test_closed_it_stays_what_it_was_whatever_comes(office):
    closed = close(office, NOVEMBER, as_of=AS_OF, **WHO)
    before = closed.path.read_bytes()
    put(office, "late.xlsx", MeetingReturn("DB1-1", score=80).book())
    late = take_in(office, "2019-12-08T09:00:00+07:00")
    assert (verdicts(late), "L12" in codes(late)) == (["held"], True)
    book = consolidate(office, NOVEMBER, as_of=date(2020, 1, 9), holder="test")
    assert (book.path.read_bytes(), book.closed_revision) == (before, 1)


def test_workbook_register_and_descriptions_lie_in_the_archive(office):
    closing = close(office, NOVEMBER, as_of=AS_OF, **WHO).closing
    archive = Archive(office.workspace.archive)
    assert archive.read(closing.register) == office.workspace.register.read_bytes()
    package = ZipFile(io.BytesIO(archive.read(closing.schemas)))
    assert set(package.namelist()) == {source.name for source in office.catalogue.sources}


def test_opened_again_a_held_return_counts_and_both_revisions_stay(office):
    first = close(office, NOVEMBER, as_of=AS_OF, **WHO)
    before = first.path.read_bytes()
    put(office, "late.xlsx", MeetingReturn("DB1-1", score=80).book())
    take_in(office, "2019-12-08T09:00:00+07:00")
    (late,) = review.list_undecided(office)
    at = "2019-12-08T10:00:00+07:00"
    yes = review.Review(late.id, ReviewOutcome.ACCEPT, WHO["who"], at, "sửa điểm", AS_OF)
    undecided = review.review_file(office, yes, WHO["holder"])
    assert undecided.decision.verdict.value == "held"

    reopen(office, NOVEMBER, as_of=date(2019, 12, 9), why="Chi bộ sửa điểm", **WHO)
    taken = review.review_file(office, yes, WHO["holder"])
    assert taken.decision.verdict.value == "accepted"
    second = close(office, NOVEMBER, as_of=date(2019, 12, 10), **WHO)
    assert second.closing.revision == 2
    assert first.path.read_bytes() == before != second.path.read_bytes()
    with Ledger.open(office.workspace.ledger) as ledger:
        past, present = Closings(ledger).all()
    assert (past.why, past.reopened, present.reopened) == (
        "Chi bộ sửa điểm",
        date(2019, 12, 9),
        None,
    )


def test_nobody_is_reminded_of_a_closed_period(tmp_path):
    """What came now would be held: no letter may ask for it. Opened again, it is owed again."""
    town = create_office(tmp_path / "other")
    put(town, "a.xlsx", MeetingReturn(CELLS[0]).book())
    take_in(town)
    close(town, NOVEMBER, as_of=AS_OF, allow_incomplete=True, **WHO)
    assert owed(town) == ({"answer"}, {"receipt"})
    reopen(town, NOVEMBER, as_of=AS_OF, why="Chi bộ gửi thêm", **WHO)
    assert owed(town) == ({"answer", "remind"}, {"receipt", "reminder"})


def owed(office) -> tuple[set[str], set[str]]:
    """What `status` says is to be done, and the kinds of letters to write."""
    with Ledger.open(office.workspace.ledger) as ledger:
        letters = reply_letters(office, ledger, LetterSelection(NOVEMBER, AS_OF))
    kinds = {letter.kind for letter in (*letters.letters, *letters.no_address)}
    return set(status(office, NOVEMBER, AS_OF).todo), kinds


@pytest.mark.parametrize(
    ("as_of", "code"), [(date(2019, 11, 30), "period.running"), (AS_OF, "period.open")]
)
def test_a_period_still_open_is_not_closed(tmp_path, as_of, code):
    town = create_office(tmp_path / "town")
    with pytest.raises(UsageError) as stop:
        close(town, NOVEMBER, as_of=as_of, **WHO)
    assert stop.value.code == code


def test_closing_twice_and_opening_what_is_open_are_refused(office):
    close(office, NOVEMBER, as_of=AS_OF, **WHO)
    with pytest.raises(UsageError, match=r"period\.closed"):
        close(office, NOVEMBER, as_of=AS_OF, **WHO)
    with pytest.raises(UsageError, match=r"period\.not_closed"):
        reopen(office, Period(2019, 10), as_of=AS_OF, why="thử", **WHO)
    with pytest.raises(UsageError, match=r"usage\.why"):
        reopen(office, NOVEMBER, as_of=AS_OF, why=" ", **WHO)


def test_after_the_lock_day_a_return_is_held_and_a_person_may_take_it(tmp_path):
    town = create_office(tmp_path / "town")
    rules = OfficeRules(deadlines=(DeadlineRule("meeting", "2019-01", due=5, lock=20),))
    office = replace(town, catalogue=in_force(town.catalogue, rules, "Thị ủy"))
    put(office, "in time.xlsx", MeetingReturn("DB1-1").book())
    assert verdicts(take_in(office, "2019-12-20T23:00:00+07:00")) == ["accepted"]
    put(office, "late.xlsx", MeetingReturn("DB1-2").book())
    late = take_in(office, "2019-12-21T08:00:00+07:00")
    assert (verdicts(late), "L13" in codes(late)) == (["held"], True)
    (waiting,) = review.list_undecided(office)
    at, day = "2019-12-21T09:00:00+07:00", date(2019, 12, 21)
    yes = review.Review(waiting.id, ReviewOutcome.ACCEPT, WHO["who"], at, "mất điện", day)
    done = review.review_file(office, yes, WHO["holder"])
    assert done.decision.verdict.value == "accepted"
    # the receipt and the screen do not ask for the decision that was just made
    assert [finding.code for finding in done.entry.findings] == ["L10"]


WAIVER = {
    "branch": "CB-01", "form": "meeting", "period": "2019-11", "rule": "D01", "reason": "thiên tai",
    "by": "Thường trực Thị ủy", "decided": date(2019, 12, 1),
}  # fmt: skip


@pytest.mark.parametrize(
    ("waiver", "verdict"),
    [
        (WAIVER, "accepted"),
        ({**WAIVER, "period": "2019"}, "accepted"),
        ({**WAIVER, "period": "2019-10"}, "rejected"),
        ({**WAIVER, "until": date(2019, 12, 2)}, "rejected"),
        ({**WAIVER, "branch": "DB1-1"}, "rejected"),
        ({**WAIVER, "rule": "D02"}, "rejected"),
    ],
)
def test_a_waived_rule_is_told_but_does_not_refuse(tmp_path, monkeypatch, waiver, verdict):
    monkeypatch.setitem(REGISTER, "waivers", [waiver])
    office = create_office(tmp_path / "town")
    put(office, "b.xlsx", MeetingReturn("CB-01", present=11).book())
    (decision,) = take_in(office).decisions
    assert decision.verdict.value == verdict
    (finding,) = (f for f in decision.findings if f.code == "D01")
    form = office.catalogue.form_for("meeting", NOVEMBER)
    assert (finding.severity is Severity.WARNING) == (verdict == "accepted")
    assert ("Thường trực Thị ủy" in str(explain(finding, form, "vi"))) == (verdict == "accepted")


def test_the_report_says_how_often_a_waived_rule_was_broken(tmp_path, monkeypatch):
    monkeypatch.setitem(REGISTER, "waivers", [WAIVER, {**WAIVER, "rule": "D02"}])
    office = create_office(tmp_path / "town")
    put(office, "b.xlsx", MeetingReturn("CB-01", present=11).book())
    take_in(office)
    with Ledger.open(office.workspace.ledger) as ledger:
        data = build(office, ledger, NOVEMBER, date(2019, 12, 6)).files.workbook
    sheet = load_workbook(io.BytesIO(data))["Nguồn gốc"]
    lines = [str(row[3]) for row in sheet.iter_rows(values_only=True) if "thiên tai" in str(row[3])]
    assert [(line.split("; ")[1], line.split("; ")[-1]) for line in lines] == [
        ("D01", "đã áp dụng 1 lần"),
        ("D02", "đã áp dụng 0 lần"),
    ]


def test_status_says_what_to_do_next(office):
    assert status(office, NOVEMBER, AS_OF).todo == {"answer": 3, "close": 1}
    close(office, NOVEMBER, as_of=AS_OF, **WHO)
    closed = status(office, NOVEMBER, AS_OF)
    assert closed.closing
    assert "close" not in closed.todo
    put(office, "late.xlsx", MeetingReturn("DB1-1", score=80).book())
    take_in(office, "2019-12-08T09:00:00+07:00")
    assert status(office, NOVEMBER, AS_OF).todo["decide"] == 1
