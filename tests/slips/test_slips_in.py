"""Officers' slips as they come in: whose, from whom, what is refused, and what is answered."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import partial
from io import BytesIO
from pathlib import Path

import pytest
from builders.mail_office import send, take_in, verdicts_and_codes
from builders.sample_office import REGISTER, MeetingReturn, put
from builders.slip_office import GOOD, NOVEMBER, OWN, slip, slip_office
from openpyxl import load_workbook

from mlay_batch.app import mail_run, reply
from mlay_batch.app.ingest import IngestResult
from mlay_batch.app.mail_run import MailRun
from mlay_batch.app.office import Office
from mlay_batch.cli import run
from mlay_batch.core.styles import TONES
from mlay_batch.ledger import Ledger
from mlay_batch.mail.letter import Letter
from mlay_batch.mail.shortlist import MAX_LINES, count_lines
from mlay_batch.model.records import Value, Verdict

pytestmark = pytest.mark.usefixtures("reading_here")

DAY = date(2019, 12, 6)


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    return slip_office(tmp_path / "town", monkeypatch)


def letters(office: Office) -> dict[str, Letter]:
    """The answers owed, by kind and addressee."""
    make = partial(reply.reply_letters, office)
    done = mail_run.draft(MailRun(office, make, NOVEMBER, DAY, "test"), "x")
    return {f"{letter.kind} {letter.addressee}": letter for letter in done.letters}


def found(done: IngestResult) -> list[str]:
    """The errors and their cells in the one file that came."""
    (decision,) = done.decisions
    return [f"{f.code} {f.place.cell}".strip() for f in decision.findings if f.is_error]


def test_a_slip_from_the_officers_address_is_accepted_and_answered(office: Office) -> None:
    send(office, "1", f"Lê Thị Bình <{OWN}>", ("phieu.xlsx", slip(office)))
    done = take_in(office)
    assert verdicts_and_codes(done) == {"phieu.xlsx": ("accepted",)}
    (decision,) = done.decisions
    assert decision.checked.identity
    assert decision.checked.identity.key == ("visit_slip", "TU-1", "2019-11")
    receipt = letters(office)["receipt TU-1"]
    assert receipt.to == (OWN,)
    assert "Lê Thị Bình" in receipt.subject
    assert "chi bộ Chi bộ Trường THPT (CB-01), ngày dự 03/11/2019, điểm xác nhận 88" in receipt.body
    assert count_lines(receipt.body) <= MAX_LINES


@pytest.mark.parametrize(
    ("sender", "verdict"),
    [
        (OWN, ("accepted",)),
        ("vp@town.example", ("accepted",)),  # the office itself, above him
        ("cb01@town.example", ("held", "I20")),  # a cell he visits
        ("x@else.example", ("held", "I20")),
    ],
)
def test_who_may_send_a_slip(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sender: str, verdict: tuple[str, ...]
) -> None:
    addresses: list[dict[str, object]] = [
        {"branch": "TU", "mail": "vp@town.example"},
        {"branch": "CB-01", "mail": "cb01@town.example"},
    ]
    office = slip_office(tmp_path / "town", monkeypatch, addresses=addresses)
    send(office, "1", sender, ("phieu.xlsx", slip(office)))
    assert verdicts_and_codes(take_in(office)) == {"phieu.xlsx": verdict}


def test_an_officers_address_speaks_for_no_cell(office: Office) -> None:
    send(office, "1", OWN, ("thpt.xlsx", MeetingReturn("CB-01").book()))
    assert verdicts_and_codes(take_in(office)) == {"thpt.xlsx": ("held", "I20")}


def test_an_unknown_officer_is_told_the_nearest(office: Office) -> None:
    put(office, "phieu.xlsx", slip(office, stamped="TU-2"))
    done = take_in(office)
    assert found(done) == ["I50 E7"]
    (finding,) = (f for f in done.decisions[0].findings if f.code == "I50")
    assert finding.params == {"branch": "TU-2", "nearest": "TU-1"}


def test_who_was_not_in_office_that_month_has_no_slip(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = [{"code": "TU-1", "name": "Lê Thị Bình", "to": date(2019, 10, 31), "mail": OWN}]
    duties = [{"officer": "TU-1", "branch": "CB-01", "role": "office_official",
               "from": date(2019, 1, 1)}]  # fmt: skip
    office = slip_office(tmp_path / "town", monkeypatch, officers=left, assignments=duties)
    send(office, "1", OWN, ("phieu.xlsx", slip(office)))
    assert found(take_in(office)) == ["I51 E7"]
    assert "declined TU-1" in letters(office)


@pytest.mark.parametrize("slips", [[], [{"from": "2019-12", "counted_by": "both"}]])
def test_an_office_that_takes_none_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, slips: list[dict[str, object]]
) -> None:
    office = slip_office(tmp_path / "town", monkeypatch, slips=slips)
    send(office, "1", OWN, ("phieu.xlsx", slip(office)))
    assert found(take_in(office)) == ["I52 E7"]
    assert letters(office)["declined TU-1"].to == (OWN,)


def test_a_wrong_row_goes_back_marked_and_is_corrected(office: Office) -> None:
    wrong = [
        GOOD,
        GOOD,
        {**GOOD, "cell": "DB-1"},
        {**GOOD, "cell": "DB1-1", "on_behalf_of": "TU-1"},
    ]
    send(office, "1", OWN, ("phieu.xlsx", slip(office, *wrong)))
    assert sorted(found(take_in(office))) == ["F40 E18", "F41 C17", "V03 C16"]
    back = letters(office)["returned TU-1"]
    (form,) = back.attachments
    assert form.name == "TU-1_phieu-di-du_2019-11.xlsx"
    sheet = load_workbook(BytesIO(form.data))["Phiếu đi dự"]
    marked = {
        cell.coordinate
        for row in sheet.iter_rows()
        for cell in row
        if str(cell.fill.fgColor.rgb)[-6:] == TONES["bad"].fill
    }
    assert {"C16", "C17", "E18"} <= marked
    send(office, "2", OWN, ("sua.xlsx", slip(office)))
    assert verdicts_and_codes(take_in(office, "2019-12-04T09:00:00+07:00")) == {
        "sua.xlsx": ("accepted",)
    }


def test_the_same_slip_is_a_duplicate_and_another_one_replaces_it(office: Office) -> None:
    for number, (name, line) in enumerate(
        [("a", GOOD), ("b", GOOD), ("c", {**GOOD, "points": 80})], 1
    ):
        put(office, f"{name}.xlsx", slip(office, line))
        done = take_in(office, f"2019-12-0{number}T09:00:00+07:00")
        assert len(done.decisions) == 1
        verdict = done.decisions[0].verdict
        assert verdict is (Verdict.DUPLICATE if name == "b" else Verdict.ACCEPTED)
    assert "L05" in {finding.code for finding in done.decisions[0].findings}


def test_typed_names_are_taken(office: Office) -> None:
    lines = [
        {**GOOD, "cell": "Trường THPT"},
        {**GOOD, "cell": "db1-2", "held_on": date(2019, 11, 9)},
    ]
    put(office, "phieu.xlsx", slip(office, *lines))
    done = take_in(office)
    assert found(done) == []
    receipt = letters(office)["receipt TU-1"]
    slip_text, to_explain = receipt.attachments
    assert to_explain.name == "TU-1_phieu-di-du_2019-11.xlsx"  # two warnings may be explained
    assert "Chi bộ bản Na Nát (DB1-2)" in slip_text.data.decode("utf-8-sig")
    with Ledger.open(office.workspace.ledger, read_only=True) as ledger:
        (accepted,) = ledger.returns()
    cells = [row.values["cell"] for row in accepted.section_rows("visits")]
    assert cells == ["CB-01", "DB1-2"]


def test_blank_slips_go_to_the_officers_and_without_an_address_to_the_outbox(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    root = str(office.workspace.root)
    args = ["--period", "2019-11", "-C", root]
    assert run(["template", *args]) == 0
    names = {path.name for path in (office.workspace.outbox / "2019-11").glob("*.xlsx")}
    assert {"TU-1_phieu-di-du_2019-11.xlsx", "CU-1_phieu-di-du_2019-11.xlsx"} < names
    for path in (office.workspace.outbox / "2019-11").glob("*.xlsx"):
        path.unlink()
    assert run(["template", "--mail", *args]) == 1  # one has no address
    assert "CU-1" in capsys.readouterr().err
    drafts = [p.name for p in (office.workspace.outbox / "2019-11" / "mail").glob("form_*.eml")]
    assert sum("TU-1" in name for name in drafts) == 1
    handed = [path.name for path in (office.workspace.outbox / "2019-11").glob("*.xlsx")]
    assert handed == ["CU-1_phieu-di-du_2019-11.xlsx"]
    capsys.readouterr()
    assert run(["template", "TU-1", *args]) == 0
    assert "1" in capsys.readouterr().out


def test_the_slip_offers_the_officers_own_cells_first(office: Office) -> None:
    book = load_workbook(BytesIO(slip(office)))
    sheet = book["Phiếu đi dự"]
    assert (sheet["B7"].value, sheet["E7"].value) == ("Cán bộ đi dự", "TU-1 – Lê Thị Bình")
    assert sheet["E9"].value == "CB-01 – Chi bộ Trường THPT"
    lists = book["_lists"]
    (column,) = (c for c in lists.iter_cols(values_only=True) if c[0] == "ref:organisations")
    assert [str(value).partition(" ")[0] for value in column[1:] if value] == [
        "CB-01", "DB1-1", "DB1-2",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("barred", "code", "line"),
    [
        ("CB-01", ("accepted", "I40"), GOOD),  # he is assigned there
        ("DB1-2", ("accepted",), {**GOOD, "cell": "DB1-2"}),  # not so: the slip itself says it
        ("DB-1", ("rejected",), {**GOOD, "cell": "Na Nát", "points": 101}),  # and one refused
    ],
)
def test_what_may_not_travel_by_mail_holds_for_slips_about_it(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    barred: str,
    code: tuple[str, ...],
    line: Mapping[str, Value],
) -> None:
    organisations = [
        {**entry, "not_by_mail": "yes"} if entry["code"] == barred else entry
        for entry in REGISTER["organisations"]
    ]
    office = slip_office(tmp_path / "town", monkeypatch, organisations=organisations)
    send(office, "1", OWN, ("phieu.xlsx", slip(office, line)))
    assert verdicts_and_codes(take_in(office)) == {"phieu.xlsx": code}
    answer = letters(office)["private TU-1"]
    assert answer.attachments == ()
    assert not {"88", "101"} & set(answer.body.split())


def test_a_file_that_names_nobody_is_given_to_an_officer(office: Office) -> None:
    nobodys = load_workbook(BytesIO(slip(office)))
    nobodys.remove(nobodys["_mlay"])
    nobodys["Phiếu đi dự"]["E7"].value = None
    nobodys.save(data := BytesIO())
    put(office, "phieu.xlsx", data.getvalue())
    assert found(take_in(office)) == ["I09 E7"]
    args = ["--why", "hỏi rồi", "-C", str(office.workspace.root), "--as-of", "2019-12-06"]
    assert run(["accept", "1", "--branch", "TU-1", *args]) == 0
    with Ledger.open(office.workspace.ledger, read_only=True) as ledger:
        (accepted,) = ledger.returns()
    assert accepted.entry.key == ("visit_slip", "TU-1", "2019-11")


def test_a_slip_is_checked_before_it_is_sent(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    path = office.workspace.root / "phieu.xlsx"
    path.write_bytes(slip(office, GOOD, GOOD))
    back = office.workspace.root / "tra-lai.xlsx"
    root = str(office.workspace.root)
    assert run(["check", str(path), "--returned", str(back), "-C", root]) == 1
    assert "V03" in capsys.readouterr().out
    assert load_workbook(back)["Phiếu đi dự"]["E7"].value == "TU-1 – Lê Thị Bình"
