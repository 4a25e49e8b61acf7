"""The one rule for mail addresses."""

from datetime import date

import pytest
from builders.filled_forms import CATALOGUE
from hypothesis import given
from hypothesis import strategies as st

from mlay_batch.core.mail_address import canonical, find_fault, is_mail_address
from mlay_batch.model.register import Address, Organisation, Register
from mlay_batch.reader.values import parse_cell

REGISTER_FORM = CATALOGUE.register_form
MAIL = next(f for s in REGISTER_FORM.sections if s.id == "addresses" for f in s.fields
            if f.id == "mail")  # fmt: skip


@pytest.mark.parametrize(
    "address",
    ["a@b.vn", "o'hara@x.vn", "chi.bo_01+bc@thanh-uy.dienbien.gov.vn", "a@xn--bcher-kva.example",
     f"{'a' * 64}@b.vn"],
)  # fmt: skip
def test_an_address_that_mail_hosts_accept(address):
    assert is_mail_address(address)


@pytest.mark.parametrize(
    "address",
    ["", "a@b", "a@b_c.vn", "a@-b.vn", "a@b-.vn", "a@b..vn", ".a@b.vn", "a.@b.vn", "a..b@c.vn",
     "a,b@c.vn", "a b@c.vn", "<a@b.vn>", '"a"@b.vn', "hòa@b.vn", "a@b.vn\nBcc: c@d.vn", "a@b.vn\n",
     f"{'a' * 65}@b.vn", f"a@{'b.' * 130}vn"],
)  # fmt: skip
def test_an_address_that_mail_hosts_refuse(address):
    assert not is_mail_address(address)


@pytest.mark.parametrize(
    ("typed", "code", "nearest"),
    [
        (" CB01@Example.VN\u00a0", None, None),
        ("mailto:a@b.vn", "I23", "a@b.vn"),
        ("MAILTO: a@b.vn?subject=x", "I23", "a@b.vn"),
        ("<mailto:a@b.vn>", "I23", "a@b.vn"),
        ("Lò Văn A <a@b.vn>", "I23", "a@b.vn"),
        ("a@b.vn (bí thư)", "I23", "a@b.vn"),
        ("a@b.vn - Lan", "I23", "a@b.vn"),
        ("a@b.vn – bí thư", "I23", "a@b.vn"),
        ("a@b.vn.", "I23", "a@b.vn"),
        ("a@b. vn", "I23", "a@b.vn"),
        ("a@b.vn, c@d.vn", "I24", None),
        ("a@b.vn\nc@d.vn", "I24", None),
        ("a@b.vn / c@d.vn", "I24", None),
        ("chi,bo@b.vn", "I25", "chi.bo@b.vn"),
        ("a@b,vn", "I25", "a@b.vn"),
        ("chỉđạo@b.vn", "I25", "chidao@b.vn"),
        ("a＠b.vn", "I25", "a@b.vn"),
        ("a b@c.vn", "I25", "ab@c.vn"),
        ("chi bộ chưa có", "I26", None),
        (912345678.0, "I26", None),
        ("a@b", "I27", None),
        ("a@@b.vn", "I27", None),
        ("a..b@c.vn", "I27", None),
        ("\u0430@b.vn", "I27", None),  # a Cyrillic letter
        ("(" * 30_000 + "@", "I27", None),
    ],
)
def test_a_wrong_address_is_told_at_its_cell(typed, code, nearest):
    cell = parse_cell(typed, MAIL, REGISTER_FORM)
    assert (cell.code, cell.params.get("nearest")) == (code, nearest)
    assert cell.value == (None if code else "cb01@example.vn")


@given(st.text(st.sampled_from('ab@.,; <>"()mailto:ộ\n'), max_size=300))
def test_what_may_be_meant_is_an_address(text):
    fault = find_fault(canonical(text))
    assert fault is None or fault.nearest is None or find_fault(fault.nearest) is None
    assert (fault is None) <= is_mail_address(canonical(text))


def test_letters_go_to_addresses_in_small_letters_and_senders_are_known_by_them():
    register = Register(
        (Organisation("CB-01", "Chi bộ", "cell"),),
        addresses=(Address("CB-01", "CB01@B.vn"), Address("CB-01", "cb01@b.vn\u00a0")),
    )
    assert register.mail_addresses("CB-01", date(2019, 12, 3)) == ("cb01@b.vn",)
    assert register.mail_owner(" Cb01@b.vn", date(2019, 12, 3)) == "CB-01"
