"""Mails signed as a whole (S/MIME): the content is opened, whatever its lengths and pieces."""

from __future__ import annotations

import pytest
from builders.mails import BOOK, collect_files, collect_mail, lay, mail, names_and_reasons, part
from builders.signed_files import DATA
from builders.signed_files import element as der

from mlay_batch.core.signature import Signature
from mlay_batch.intake import limits, signed_mail
from mlay_batch.intake.signed_mail import signed_content

SEQUENCE, SET, OID, NUMBER, OCTETS, PIECES, TAGGED = 0x30, 0x31, 0x06, 0x02, 0x04, 0x24, 0xA0
SIGNED, ENVELOPED = (bytes.fromhex(f"2a864886f70d01070{n}") for n in (2, 3))
AUTH_ENVELOPED = bytes.fromhex("2a864886f70d0109100117")
KIND = "application/pkcs7-mime; name=smime.p7m"


def ber(tag: int, *contents: bytes) -> bytes:
    """An element that does not say its length, as a program writes that signs while it reads."""
    return bytes([tag, 0x80]) + b"".join(contents) + b"\0\0"


def signed(content: bytes, element=der, octets: bytes | None = None) -> bytes:
    octets = der(OCTETS, content) if octets is None else octets
    inner = element(SEQUENCE, der(OID, DATA), *([element(TAGGED, octets)] if octets else []))
    version, algorithms = der(NUMBER, b"\1"), element(SET, element(SEQUENCE, der(OID, DATA)))
    body = element(SEQUENCE, version, algorithms, inner, der(SET, b"signature"))
    head = b"\x06\x09" + SIGNED
    return element(SEQUENCE, head, element(TAGGED, body))


def pieces(content: bytes, element=der, size: int = 1000) -> bytes:
    cut = [content[at : at + size] for at in range(0, len(content), size)]
    return element(PIECES, *(der(OCTETS, piece) for piece in cut))


INNER = mail(part(), head="")
FORMS = {
    "one length": signed(INNER),
    "open lengths": signed(INNER, ber),
    "pieces": signed(INNER, ber, pieces(INNER, ber)),
    "pieces of known length": signed(INNER, der, pieces(INNER, der)),
    "pieces in pieces": signed(INNER, ber, ber(PIECES, pieces(INNER, ber))),
}


@pytest.mark.parametrize("data", FORMS.values(), ids=FORMS)
def test_the_mail_in_a_signature_is_opened(tmp_path, data):
    assert signed_content(data) == INNER
    (leaf,) = collect_mail(tmp_path, mail(part(data, "", KIND)))
    assert (leaf.name, leaf.data, leaf.skip_reason) == ("bao cao.xlsx", BOOK, None)
    assert (leaf.sender, leaf.signature) == ("cb01@town.example", Signature.MAIL)


def test_a_signed_file_is_the_file(tmp_path):
    (leaf,) = collect_files(lay(tmp_path, **{"bao cao.xlsx.p7m": signed(BOOK)}))
    assert (leaf.name, leaf.data, leaf.skip_reason) == ("bao cao.xlsx", BOOK, None)
    assert leaf.signature is Signature.FILE


def test_certificates_alone_and_what_is_cut_off_hold_nothing(tmp_path):
    whole = signed(BOOK)
    lay(tmp_path, **{"a.p7m": signed(b"", octets=b""), "b.p7m": whole[:-1]})
    assert names_and_reasons(collect_files(tmp_path)) == [("a.p7m", "N19"), ("b.p7m", "N19")]
    for end in range(len(whole) - len(BOOK)):
        assert signed_content(whole[:end]) is None
    for at in range(120):  # any byte wrong: something or nothing, but no exception
        signed_content(whole[:at] + b"\xff" + whole[at + 1 :])


def test_endless_pieces_end(monkeypatch):
    monkeypatch.setattr(signed_mail, "_MAX_PIECES", 50)
    assert signed_content(signed(b"", ber, pieces(bytes(100), ber, 1))) is None
    deep = b"\x30\x80" * 1_000_000
    assert signed_content(b"\x30\x80\x06\x09" + SIGNED + b"\xa0\x80\x30\x80" + deep) is None


def test_signatures_around_signatures_are_opened_so_many_times(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "MAX_MAILS", 20)
    data = BOOK
    for _ in range(limits.MAX_MAILS + 2):
        data = signed(data)
    lay(tmp_path, **{"x.p7m": data})
    assert [leaf.skip_reason for leaf in collect_files(tmp_path)] == ["N12"]


ENCRYPTED = {
    "S/MIME": mail(part(der(SEQUENCE, b"\x06\x09" + ENVELOPED, b"x" * 500), "", KIND)),
    "S/MIME, newer": mail(part(der(SEQUENCE, b"\x06\x0b" + AUTH_ENVELOPED, b"x" * 500), "", KIND)),
    "PGP": mail(
        part(b"Version: 1", "", "application/pgp-encrypted"),
        part(b"-----BEGIN PGP MESSAGE-----"),
        kind='multipart/encrypted; protocol="application/pgp-encrypted"; boundary="=-1"',
    ),
    "PGP in the text": mail("Content-Type: text/plain\n\n-----BEGIN PGP MESSAGE-----\n\nx\n"),
    "a file": mail(part(b"\x85\1", 'Content-Disposition: attachment; filename="a.xlsx.gpg"\n')),
}


@pytest.mark.parametrize("data", ENCRYPTED.values(), ids=ENCRYPTED)
def test_what_is_encrypted_is_told(tmp_path, data):
    assert [leaf.skip_reason for leaf in collect_mail(tmp_path, data)] == ["N19"]
