"""What the office enters for a branch that telephones: who took it in and when, and all checks."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path
from zipfile import ZipFile

import pytest
from builders.mail_office import AS_OF, MORNING, attachment, mail, send, verdicts_and_codes
from builders.sample_office import MeetingReturn, create_office, put
from builders.sheet_cells import load_sheets

from mlay_batch.app.closing import close
from mlay_batch.app.consolidate import consolidate
from mlay_batch.app.ingest import IngestResult, ingest
from mlay_batch.app.office import Office
from mlay_batch.core.period import Period
from mlay_batch.ledger import Ledger
from mlay_batch.model.records import LedgerEntry, Verdict

pytestmark = pytest.mark.usefixtures("reading_here")

NOVEMBER = Period(2019, 11)
LATER = "2019-12-04T09:00:00+07:00"
CLERK = "vanthu.nga"
FORM = MeetingReturn("CB-01")
WRONG = FORM.but(present=11)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return create_office(tmp_path / "town")


def take_in(
    office: Office, *paths: Path, received: str = MORNING, who: str = CLERK, as_of: date = AS_OF
) -> IngestResult:
    return ingest(office, paths, as_of=as_of, received=received, who=who, holder="test")


def entries(office: Office) -> tuple[LedgerEntry, ...]:
    with Ledger.open(office.workspace.ledger) as ledger:
        return ledger.entries()


def channels(office: Office) -> dict[str, tuple[str, str | None]]:
    """Channel of each file, and who entered it, by its origin."""
    return {entry.origin: (entry.channel, entry.entered_by) for entry in entries(office)}


def pack(**files: bytes) -> bytes:
    with ZipFile(buffer := io.BytesIO(), "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def test_a_form_put_there_counts_as_entered_by_who_takes_it_in(office: Office) -> None:
    assert office.workspace.office_inbox == office.workspace.inbox / "nhap-thay"
    assert office.workspace.office_inbox.is_dir(), "made with the workspace"
    put(office, "nhap-thay/a.xlsx", FORM.book())
    assert verdicts_and_codes(take_in(office)) == {"a.xlsx": ("accepted",)}
    (entry,) = entries(office)
    assert (entry.channel, entry.entered_by, entry.sender) == ("office", CLERK, None)
    assert (entry.received, entry.branch, entry.incoming) == (MORNING, "CB-01", "1/2019")
    assert take_in(office, received=LATER, who="người khác").seen_count == 1
    assert entries(office) == (entry,)


def test_what_a_zip_or_a_folder_in_it_holds_counts_too(office: Office) -> None:
    put(office, "nhap-thay/hôm nay.zip", pack(**{"a.xlsx": FORM.book(), "ký.pdf": b"%PDF-1"}))
    put(office, "nhap-thay/Đảng bộ 1/b.xlsx", MeetingReturn("DB1-1").book())
    take_in(office)
    assert channels(office) == dict.fromkeys(
        (
            "nhap-thay/hôm nay.zip!a.xlsx",
            "nhap-thay/hôm nay.zip!ký.pdf",
            "nhap-thay/Đảng bộ 1/b.xlsx",
        ),
        ("office", CLERK),
    )


def test_a_mail_put_there_stays_a_mail_with_its_own_sender(office: Office) -> None:
    """Nobody's word replaces the sender's, not even of a mail in a zip."""
    files = [attachment("a.xlsx", FORM.book())], [attachment("b.xlsx", WRONG.book())]
    put(office, "nhap-thay/1.eml", mail("stranger@example.org", *files[0]))
    put(office, "nhap-thay/2.zip", pack(**{"m.eml": mail("cb01@town.example", *files[1])}))
    assert verdicts_and_codes(take_in(office)) == {
        "a.xlsx": ("held", "I20"),
        "b.xlsx": ("rejected",),
    }
    assert [(entry.channel, entry.entered_by, entry.sender) for entry in entries(office)] == [
        ("mail", None, "stranger@example.org"),
        ("mail", None, "cb01@town.example"),
    ]


def test_a_folder_of_that_name_elsewhere_is_an_ordinary_one(office: Office, tmp_path: Path) -> None:
    put(office, "tháng 11/nhap-thay/a.xlsx", FORM.book())
    put(office, "b.zip", pack(**{"nhap-thay/b.xlsx": MeetingReturn("DB1-1").book()}))
    stick = tmp_path / "usb" / "nhap-thay"
    stick.mkdir(parents=True)
    (stick / "c.xlsx").write_bytes(MeetingReturn("DB1-2").book())
    take_in(office)
    take_in(office, stick)
    assert channels(office) == dict.fromkeys(
        ("tháng 11/nhap-thay/a.xlsx", "b.zip!nhap-thay/b.xlsx", "nhap-thay/c.xlsx"), ("hand", None)
    )


@pytest.mark.parametrize("named", ["inbox", "inbox/nhap-thay", "inbox/nhap-thay/a.xlsx"])
def test_it_may_be_named_in_the_command(
    office: Office, named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(office, "nhap-thay/a.xlsx", FORM.book())
    monkeypatch.chdir(office.workspace.outbox)
    take_in(office, Path("..", named))
    assert list(channels(office).values()) == [("office", CLERK)]


def test_an_inbox_on_a_share_has_such_a_folder_too(office: Office, tmp_path: Path) -> None:
    inbox = office.workspace.inbox
    share = inbox.rename(tmp_path / "share")
    inbox.symlink_to(share, target_is_directory=True)
    put(office, "nhap-thay/a.xlsx", FORM.book())
    put(office, "nhap-thay/b.xlsx", MeetingReturn("DB1-1").book())
    take_in(office, inbox / "nhap-thay" / "b.xlsx")
    take_in(office)
    assert set(channels(office).values()) == {("office", CLERK)}


def test_errors_refuse_it_and_it_is_judged_anew_as_what_it_was(office: Office) -> None:
    put(office, "nhap-thay/a.xlsx", WRONG.book())
    put(office, "nhap-thay/b.xlsx", MeetingReturn("DB1-1").book())
    early = date(2019, 10, 1)
    done = take_in(office, as_of=early)
    assert verdicts_and_codes(done)["b.xlsx"] == ("rejected", "I07")
    done = take_in(office, received=LATER, who="hoa")
    assert [decision.verdict for decision in done.judged_anew] == [
        Verdict.REJECTED,
        Verdict.ACCEPTED,
    ]
    assert "D01" in {finding.code for finding in entries(office)[0].findings}
    for entry in entries(office):
        assert (entry.channel, entry.entered_by) == ("office", CLERK)
        assert (entry.received, entry.times_judged_anew) == (MORNING, 1)


def test_who_could_first_read_it_took_it_in(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Path) -> bytes:
        raise PermissionError(32, "in use")

    put(office, "nhap-thay/a.xlsx", FORM.book())
    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", refuse)
        take_in(office)
    assert [entry.verdict for entry in entries(office)] == [Verdict.IGNORED]
    take_in(office, received=LATER, who="hoa")
    (entry,) = entries(office)
    assert (entry.verdict, entry.received) == (Verdict.ACCEPTED, LATER)
    assert (entry.channel, entry.entered_by) == ("office", "hoa")


def test_the_form_the_branch_sends_after_all_is_a_duplicate_or_a_correction(
    office: Office,
) -> None:
    put(office, "nhap-thay/a.xlsx", FORM.book())
    take_in(office)
    send(office, "1", "cb01@town.example", ("b.xlsx", FORM.book()))
    send(office, "2", "cb01@town.example", ("c.xlsx", FORM.but(score=80).book()))
    assert verdicts_and_codes(take_in(office, received=LATER)) == {
        "b.xlsx": ("duplicate", "L01"),
        "c.xlsx": ("accepted", "L05"),
    }


def test_against_another_of_the_same_run_a_person_decides(office: Office) -> None:
    put(office, "nhap-thay/a.xlsx", FORM.book())
    put(office, "b.xlsx", FORM.but(score=80).book())
    assert verdicts_and_codes(take_in(office)) == {
        "a.xlsx": ("held", "L08"),
        "b.xlsx": ("held", "L08"),
    }


def test_a_closed_month_holds_it(office: Office) -> None:
    close(office, NOVEMBER, as_of=AS_OF, who="test", holder="test", allow_incomplete=True)
    put(office, "nhap-thay/a.xlsx", FORM.book())
    assert verdicts_and_codes(take_in(office)) == {"a.xlsx": ("held", "L12")}


def test_a_dry_run_says_the_same_and_records_nothing(office: Office) -> None:
    put(office, "nhap-thay/a.xlsx", FORM.book())
    done = ingest(office, as_of=AS_OF, received=MORNING, who=CLERK, holder="test", dry_run=True)
    (file,) = [decision.checked.file for decision in done.decisions]
    assert (file.channel, file.entered_by, entries(office)) == ("office", CLERK, ())


def test_the_sheet_of_sources_names_who_and_nothing_that_goes_out_does(office: Office) -> None:
    put(office, "nhap-thay/a.xlsx", FORM.book())
    put(office, "b.xlsx", MeetingReturn("DB1-1").book())
    take_in(office)
    result = consolidate(office, NOVEMBER, as_of=AS_OF, holder="test")
    sheet = load_sheets(result.path)["Nguồn gốc"]
    channel = {
        sheet.under(sheet.row_of(name), "Hình thức nhận", first="Số tệp")
        for name in ("a.xlsx", "b.xlsx")
    }
    assert channel == {f"Văn phòng nhập thay ({CLERK})", "Nộp trực tiếp"}
    out = [path for path in result.changed if path != result.path]
    assert {path.suffix for path in out} == {".docx", ".xlsx", ".txt"}
    for path in out:
        data = path.read_bytes()
        parts = [data]
        if path.suffix != ".txt":
            with ZipFile(io.BytesIO(data)) as archive:
                parts = [archive.read(name) for name in archive.namelist()]
        assert not any(CLERK.encode() in part for part in parts), path.name
