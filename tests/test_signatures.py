"""What counts as the signature of a return: its own, its mail's, its copies', those of repeats."""

from __future__ import annotations

from datetime import date

import pytest
from builders.sample_office import create_office

from mlay_batch.app.incoming_register import write_register
from mlay_batch.core.findings import Finding, Place, Severity
from mlay_batch.core.period import Period
from mlay_batch.core.signature import Signature
from mlay_batch.errors import UsageError
from mlay_batch.model.office_rules import Profile
from mlay_batch.model.records import LedgerEntry, Verdict
from mlay_batch.model.signatures import SignatureState, signature_states

STRANGER = Finding("I20", Severity.ERROR, Place("a.xlsx"))


def entry(number: int = 1, verdict: str = "accepted", **values: object) -> LedgerEntry:
    came = ("a.xlsx", f"a{number}", "0" * 64, "mail", "a@x.example", "2019-12-03T09:00:00+07:00")
    return LedgerEntry(number, 1, date(2019, 12, 6), *came, Verdict(verdict), **values)


def copy(signature: Signature, of: int = 1, number: int = 9) -> LedgerEntry:
    return entry(number, "ignored", signature=signature, kept_with=of)


def repeat(signature: Signature = Signature.NONE, **values: object) -> LedgerEntry:
    return entry(2, "duplicate", refers_to=1, signature=signature, **values)


SIGNED = "có chữ ký số, chưa kiểm tra ({})"
STATES = {
    "mail": ([entry(signature=Signature.MAIL)], SIGNED.format("ở thư")),
    "mail and file": ([entry(signature=Signature.BOTH)], SIGNED.format("ở thư, trong tệp")),
    "copy": ([entry(), copy(Signature.FILE)], SIGNED.format("ở bản kèm theo")),
    "a signed mail makes no copy signed": ([entry(), copy(Signature.MAIL)], "không có chữ ký số"),
    "scan": ([entry(), copy(Signature.SCAN)], "không có chữ ký số; có bản chụp kèm theo"),
    "nothing": ([entry(), entry(9, signature=Signature.FILE)], "không có chữ ký số"),
    "unreadable copy": ([entry(), copy(Signature.UNKNOWN)], "không rõ"),
    "came again, signed": ([entry(), repeat(Signature.FILE)], SIGNED.format("trong tệp")),
    "came again with a copy": (
        [entry(), repeat(), copy(Signature.FILE, of=2)],
        SIGNED.format("ở bản kèm theo"),
    ),
    "came again from a stranger": (
        [entry(), repeat(Signature.MAIL, findings=(STRANGER,)), copy(Signature.FILE, of=2)],
        "không có chữ ký số",
    ),
    "what was refused does not count": (
        [entry(), entry(2, "rejected", refers_to=1, signature=Signature.FILE)],
        "không có chữ ký số",
    ),
}


@pytest.mark.parametrize(("entries", "words"), STATES.values(), ids=STATES)
def test_the_state_of_a_return(entries: list[LedgerEntry], words: str) -> None:
    assert signature_states(entries)[1].text("vi") == words


@pytest.mark.parametrize(
    ("signed_from", "period", "verdict", "signature", "expected"),
    [
        ("2019-11", "2019-11", "accepted", Signature.NONE, True),
        ("2019-11", "2019-11", "accepted", Signature.SCAN, True),
        ("2019-11", "2019-11", "accepted", Signature.MAIL, False),
        ("2019-11", "2019-11", "accepted", Signature.UNKNOWN, False),
        ("2019-11", "2019-10", "accepted", Signature.NONE, False),
        ("2019-11", "2019", "accepted", Signature.NONE, True),
        ("2019-11", "2019-11", "rejected", Signature.NONE, False),
        ("2019-11", None, "ignored", Signature.NONE, False),
        (None, "2019-11", "accepted", Signature.NONE, False),
    ],
)
def test_a_return_is_for_reference_where_a_signature_is_demanded(
    signed_from: str | None,
    period: str | None,
    verdict: str,
    signature: Signature,
    expected: bool,
) -> None:
    asked = entry(1, verdict, period=period, signature=signature)
    state: SignatureState = signature_states([asked])[1]
    assert state.is_reference_only(asked, Profile(signed_from=signed_from)) is expected


@pytest.mark.parametrize("name", ["register.xlsx", "mlay.toml", "inbox/a.xlsx"])
def test_the_register_of_papers_is_written_over_no_file_of_the_office(tmp_path, name: str) -> None:
    office = create_office(tmp_path / "town")
    path = office.workspace.root / name
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(UsageError, match=r"incoming\.out"):
        write_register(office, Period.parse("2019-11"), as_of=date(2019, 12, 6), path=path)
    assert (path.read_bytes() if path.is_file() else None) == before
