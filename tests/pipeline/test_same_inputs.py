"""The same inputs are not computed twice; any other input is: no old workbook for new figures."""

import importlib
import sqlite3
import subprocess
import sys
from dataclasses import replace
from datetime import date
from shutil import copytree

import pytest
from builders.ledger_entries import connection
from builders.sample_office import (
    CELLS,
    REGISTER,
    MeetingReturn,
    catalogue,
    create_office,
    put,
    rows,
)

from mlay_batch.app import build_report, cache, review
from mlay_batch.app.cache import program_files, report_key
from mlay_batch.app.closing import reopen
from mlay_batch.app.consolidate import consolidate
from mlay_batch.app.ingest import ingest
from mlay_batch.app.load_inputs import load_inputs
from mlay_batch.app.office import open_office
from mlay_batch.app.review import ReviewOutcome
from mlay_batch.app.workspace import Workspace
from mlay_batch.core.period import Period
from mlay_batch.ledger import (
    Archive,
    Closing,
    Closings,
    Ledger,
    MailLog,
    MailState,
    SentMail,
)
from mlay_batch.model.records import Verdict
from mlay_batch.template import TemplateContext, render

pytestmark = pytest.mark.usefixtures("reading_here")

NOVEMBER = Period(2019, 11)
AS_OF = date(2019, 12, 6)


def take_in(office, received="2019-12-03T09:00:00+07:00"):
    return ingest(office, as_of=AS_OF, received=received, who="test", holder="test")


def inputs_of(office, period=NOVEMBER, as_of=AS_OF, lang="vi"):
    with Ledger.open(office.workspace.ledger) as ledger:
        return report_key(office, ledger, period, as_of, lang)


def again(office, **more):
    return consolidate(office, NOVEMBER, as_of=AS_OF, holder="test", **more)


@pytest.fixture(scope="module")
def small_town(tmp_path_factory):
    """The small town's folder with two of its three returns taken in."""
    town = create_office(tmp_path_factory.mktemp("inputs") / "town")
    for branch in CELLS[:2]:
        put(town, f"{branch}.xlsx", MeetingReturn(branch).book())
    take_in(town)
    return town.workspace.root


@pytest.fixture
def office(small_town, tmp_path):
    return open_office(Workspace.find(copytree(small_town, tmp_path / "town")))


@pytest.fixture
def workbooks_made(monkeypatch):
    """Count the workbooks made."""
    counted, real = [], build_report.build_files
    monkeypatch.setattr(
        build_report, "build_files", lambda *a, **k: counted.append(a) or real(*a, **k)
    )
    return counted


def test_what_was_made_is_not_made_again(office, workbooks_made):
    first = again(office)
    data = first.path.read_bytes()
    assert (first.written, first.provisional, len(workbooks_made)) == (True, True, 1)

    assert again(office) == replace(first, changed=())
    first.path.write_bytes(b"spoilt")
    assert again(office) == replace(first, changed=(first.path,))
    assert (first.path.read_bytes(), len(workbooks_made)) == (data, 1)

    assert again(office, force=True) == replace(first, changed=())
    assert len(workbooks_made) == 2


def test_a_second_run_of_a_month_needs_nothing_that_reads_checks_or_writes_workbooks(office):
    again(office)
    code = "import sys; from mlay_batch.cli import run; run(sys.argv[1:]); print(*sys.modules)"
    words = ("run", "-C", office.workspace.root, "--period", "2019-11", "--as-of", "2019-12-06")
    done = subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, check=True
    )
    assert "tong-hop-2019-11.xlsx" in done.stdout
    costly = {"pandera", "pandas", "pydantic", "xlsxwriter", "openpyxl", "mlay_batch.reader"}
    assert not costly & set(done.stdout.split())


def test_what_the_archive_lost_is_made_again_and_archived_again(office, workbooks_made):
    data = again(office).path.read_bytes()
    archive = Archive(office.workspace.archive)
    for path in office.workspace.archive.rglob("*"):
        if path.is_file() and path.read_bytes() == data:
            path.write_bytes(b"damaged")
    assert not again(office).written
    assert len(workbooks_made) == 2
    with Ledger.open(office.workspace.ledger) as ledger:
        (report,) = ledger.reports()
    assert archive.read(report.sha256) == data


def test_a_dry_run_remembers_nothing(office, workbooks_made):
    again(office, dry_run=True)
    again(office)
    assert len(workbooks_made) == 2


def test_a_new_return_is_counted(office, workbooks_made):
    assert again(office).provisional
    put(office, "CB-01.xlsx", MeetingReturn("CB-01").book())
    take_in(office)
    complete = again(office)
    assert (complete.written, complete.provisional, len(workbooks_made)) == (True, False, 2)


def test_day_period_and_language_are_inputs(office):
    variants = [
        {},
        {"as_of": date(2019, 12, 7)},
        {"period": Period(2019, 10)},
        {"lang": "en"},
        {"period": Period(2019, 10, 3)},
    ]
    assert len({inputs_of(office, **variant) for variant in variants}) == len(variants)


def test_a_refused_file_is_an_input(office):
    before = inputs_of(office)
    put(office, "new.xlsx", MeetingReturn("DB1-1", present=11).book())
    (decision,) = take_in(office).decisions
    assert (decision.verdict.value, inputs_of(office) != before) == ("rejected", True)


def test_a_ruling_is_an_input(office):
    with Ledger.open(office.workspace.ledger) as ledger:
        Closings(ledger).close(Closing(NOVEMBER, 1, AS_OF, "Hòa", "", "", ""))
    put(office, "late.xlsx", MeetingReturn("CB-01").book())
    assert take_in(office).counts[Verdict.HELD] == 1
    reopen(office, NOVEMBER, as_of=AS_OF, who="Hòa", why="Bổ sung", holder="test")
    before = inputs_of(office)
    at = "2019-12-06T10:00:00+07:00"
    refusal = review.Review(3, ReviewOutcome.REFUSE, "Hòa", at, "Nộp nhầm", AS_OF)
    review.review_file(office, refusal, "test")
    assert inputs_of(office) != before


def test_a_value_changed_by_hand_in_the_ledger_is_an_input(office):
    before = inputs_of(office)
    with sqlite3.connect(office.workspace.ledger) as db:
        db.execute("UPDATE returned_row SET content = replace(content, '95', '96')")
    db.close()
    assert inputs_of(office) != before


def test_a_waiver_in_the_register_is_an_input(office):
    before = inputs_of(office)
    waiver = {
        "branch": "CB-01",
        "form": "meeting",
        "period": "2019-11",
        "reason": "Bão lũ",
        "by": "Thường trực",
        "decided": date(2019, 12, 1),
    }
    written = [r for name, entries in REGISTER.items() for r in rows(name, *entries)]
    context = TemplateContext("TU", "Thị ủy Mường Lay", "", None, "Mường Lay", {}, {})
    form = catalogue().register_form
    book = render(form, context, [*written, *rows("waivers", waiver)])
    office.workspace.register.write_bytes(book)
    assert inputs_of(open_office(office.workspace)) != before


def test_a_description_of_the_town_is_an_input(office):
    before = inputs_of(office)
    (office.workspace.schemas / "quota-own.yaml").write_text(
        "quota: own\nrole: office_official\ntitle: {vi: Riêng, en: Own}\n"
        'effective: {from: "2018-01"}\nbasis: [Quy định]\ntimes: 5\n',
        encoding="utf-8",
    )
    assert inputs_of(open_office(office.workspace)) != before


def test_a_setting_is_an_input(office):
    before = inputs_of(office)
    with (office.workspace.root / "mlay.toml").open("a", encoding="utf-8") as file:
        file.write('\n[consolidated]\nfrom = ["committee"]\n')
    assert inputs_of(open_office(Workspace.find(office.workspace.root))) != before


@pytest.mark.parametrize("name", ["sheet.py", "deep/words.yaml"])
def test_the_program_itself_is_an_input(tmp_path, monkeypatch, name):
    for path in (tmp_path / "own" / "__init__.py", tmp_path / "own" / name):
        path.parent.mkdir(exist_ok=True)
        path.write_text("1", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    before = program_files(("own",))
    assert program_files(("own",)) == before
    path.write_text("2", encoding="utf-8")
    changed = program_files(("own",))
    monkeypatch.setattr(cache, "__version__", "9")
    assert len({before, changed, program_files(("own",))}) == 3


def test_letters_and_workbooks_given_out_are_no_inputs(office):
    before = inputs_of(office)
    again(office)
    with Ledger.open(office.workspace.ledger) as ledger:
        MailLog(ledger).put(SentMail("receipt", "<1@x>", ("a@x",), "0", MailState.SENT, "2019"))
    assert inputs_of(office) == before


def test_figures_are_computed_from_no_table_that_is_not_an_input(office):
    read: set[str] = set()

    def note(action, table, *_):
        if action == sqlite3.SQLITE_READ:
            read.add(table)
        return sqlite3.SQLITE_OK

    with Ledger.open(office.workspace.ledger) as ledger:
        db = connection(ledger)
        db.set_authorizer(note)
        ledger.content_hash()
        hashed = frozenset(read)
        read.clear()
        load_inputs(office, ledger, NOVEMBER, AS_OF)
        db.set_authorizer(None)
    assert read == hashed
