"""A mail counts only from an address that may speak for the branch."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from builders.filled_forms import identity, leaf, register
from builders.known_codes import KNOWN_CODES

from mlay_batch.checks.sender import FORGED, OUT_OF_DATE, STRANGER, check_sender
from mlay_batch.model.records import SENDER_DOUBT_CODES, CheckedFile
from mlay_batch.model.register import Address

TOWN = replace(
    register(
        "TU | Thị ủy | town\nDB-1 | Đảng bộ | committee | TU\nDB1-1 | Chi bộ | cell | DB-1\n"
        "CB-01 | Chi bộ khác | cell_direct | TU"
    ),
    addresses=(
        Address("TU", "vp@town.example"),
        Address("DB-1", "DB1@Town.Example"),
        Address("DB1-1", "new@town.example", date(2019, 12, 1)),
        Address("DB1-1", "old@town.example", None, date(2019, 11, 30)),
        Address("CB-01", "cb01@town.example"),
    ),
)


def mail(
    sender: str | None, branch: str | None = "DB1-1", day: str = "2019-12-01", **more
) -> CheckedFile:
    sent = replace(leaf(received=f"{day}T00:30:00+07:00"), channel="mail", sender=sender, **more)
    return CheckedFile(sent, identity=identity(branch) if branch else None)


def codes(judged: CheckedFile) -> list[str]:
    return [finding.code for finding in check_sender(judged, TOWN).findings]


@pytest.mark.parametrize(
    ("judged", "code"),
    [
        (mail("new@town.example"), None),
        (mail("db1@town.example"), None),  # the committee above, written otherwise
        (mail("vp@town.example"), None),
        (mail("cb01@town.example"), STRANGER),  # another branch
        (mail("db1@town.example", "CB-01"), STRANGER),
        (mail("new@town.example", "DB-1"), STRANGER),  # below is not above
        (mail("x@else.example"), STRANGER),
        (mail(None), STRANGER),
        (mail("new@town.example", day="2019-11-30"), OUT_OF_DATE),
        (mail("old@town.example", day="2019-11-30"), None),
        (mail("old@town.example"), OUT_OF_DATE),
        (mail("cb01@town.example", None), None),  # nobody can tell the branch
        (mail("x@else.example", None), STRANGER),
        (mail("new@town.example", forged=True), FORGED),
        (mail("x@else.example", forged=True), STRANGER),
        (mail("x@else.example", skip_reason="N02"), None),
    ],
)
def test_who_may_speak_for_a_branch(judged, code):
    assert codes(judged) == ([code] if code else [])


def test_what_is_handed_over_has_no_sender_to_check():
    assert codes(CheckedFile(leaf(), identity=identity("DB1-1"))) == []


def test_doubt_holds_and_never_refuses():
    assert {STRANGER, FORGED, OUT_OF_DATE} == SENDER_DOUBT_CODES <= KNOWN_CODES
    doubted = check_sender(mail(None), TOWN)
    assert doubted.sender_in_doubt
    assert not doubted.is_refused
