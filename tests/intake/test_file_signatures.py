"""Digital signatures are recognised wherever one is, and nothing that only looks like one is."""

from __future__ import annotations

import time

import pytest
from builders.mails import (
    BOOK,
    OTHER,
    PHOTO,
    SCAN,
    collect_files,
    collect_mail,
    lay,
    mail,
    make_zip,
    part,
)
from builders.outlook_files import compound, msg
from builders.signed_files import (
    SIGNED_RELATION,
    VALUE,
    detached,
    element,
    pdf,
    sign_workbook,
    with_parts,
)

from mlay_batch.core.signature import Signature
from mlay_batch.intake import file_signatures, look_for_signature
from mlay_batch.intake.file_signatures import file_signature
from mlay_batch.intake.signed_mail import has_signer
from mlay_batch.model.records import IncomingFile

UNKNOWN, NONE, SCANNED, MAIL, FILE, BOTH = Signature
RELATIONS = {"_rels/.rels": SIGNED_RELATION}
SHEET = make_zip(**{"_rels/.rels": b"<Relationships></Relationships>", "xl/workbook.xml": b"<a/>"})
ODS = make_zip(mimetype=b"application/vnd.oasis.opendocument.spreadsheet")
TEXT = "a/package/services/digital-signature/xml-signature/1.psdsxs"
WORKBOOK = {"Workbook": bytes(5000)}


def signature(data: bytes, name: str = "a.xlsx", reason: str | None = None) -> Signature:
    return file_signature(IncomingFile(name, data, name, "", skip_reason=reason))


CARRIERS = {
    "a workbook as Excel signs it": sign_workbook(SHEET),
    "as .NET does": with_parts(SHEET, {**RELATIONS, TEXT: VALUE}),
    "in UTF-16": with_parts(
        SHEET, {**RELATIONS, "_xmlsignatures/sig1.xml": VALUE.decode().encode("utf-16")}
    ),
    "OpenDocument": with_parts(ODS, {"META-INF/documentsignatures.xml": VALUE}),
    "an old workbook": compound({**WORKBOOK, "_xmlsignatures": {"sig1": VALUE}}),
    "a very old one": compound({**WORKBOOK, "_signatures": b"x"}),
    "PDF": pdf(detached()),
    "a PDF after other bytes": b"\xef\xbb\xbf" + pdf(detached()),
    "a PDF from before CMS": pdf(b"\4\x82\1\0"),
}


@pytest.mark.parametrize("data", CARRIERS.values(), ids=CARRIERS)
def test_a_file_that_carries_one(data: bytes) -> None:
    assert signature(data) is FILE
    assert signature(data, "a.pdf", "N14") is FILE


ANNOUNCED = {
    "an empty signature": with_parts(
        SHEET, {**RELATIONS, "_xmlsignatures/sig1.xml": VALUE.replace(b"\nMIIB=", b"\n")}
    ),
    "a part that nothing relates to": with_parts(SHEET, {"_xmlsignatures/sig1.xml": VALUE}),
    "macros signed": with_parts(ODS, {"META-INF/macrosignatures.xml": VALUE}),
    "an empty stream": compound({**WORKBOOK, "_signatures": b""}),
    "the word in a cell": compound({"Workbook": "_signatures\0".encode("utf-16-le") * 400}),
}


@pytest.mark.parametrize("data", ANNOUNCED.values(), ids=ANNOUNCED)
def test_what_announces_a_signature_is_none(data: bytes) -> None:
    assert signature(data) is NONE


PDFS = {
    "none": pdf(),
    "a field to be signed": pdf(bytes(40)),
    "a time stamp": pdf(detached(), b"/SubFilter/ETSI.RFC3161"),
    "a time stamp by its type": pdf(detached(), b"/DocTimeStamp "),
    "the rights Adobe gives a form": pdf(detached(), b"/Reference[<</TransformMethod /UR3>>]"),
    "a photo": PHOTO,
}


@pytest.mark.parametrize("data", PDFS.values(), ids=PDFS)
def test_a_picture_or_pdf_without_one_is_a_scan(data: bytes) -> None:
    assert signature(data, "a.jpg" if data is PHOTO else "a.pdf", "N14") is SCANNED


UNSEEN = {
    "no end": (SCAN, "a.pdf", "N01"),
    "cut off in its signature": (pdf(detached())[:300], "a.pdf", "N01"),
    "a range that leads elsewhere": (b"%PDF" + pdf(detached())[9:], "a.pdf", "N01"),
    "a workbook with a password": (compound({"EncryptedPackage": b"x"}), "a.xlsx", None),
    "OpenDocument with one": (with_parts(ODS, {"encrypted-package": b"x"}), "a.ods", None),
    "a damaged one": (sign_workbook(SHEET)[:200], "a.xlsx", None),
    "packed": (b"Rar!", "a.rar", "N04"),
    "not read": (b"", "a.xlsx", "N09"),
    "a mail without a file": (b"From: x", "a.eml", "N13"),
}


@pytest.mark.parametrize(("data", "name", "reason"), UNSEEN.values(), ids=UNSEEN)
def test_of_what_cannot_be_seen_nothing_is_said(data: bytes, name: str, reason: str | None) -> None:
    assert signature(data, name, reason) is UNKNOWN


LARGE = 8 << 20
HOSTILE = {
    "endless blanks": b"%PDF" + (b"/ByteRange" + b" " * 1000) * (LARGE // 1000),
    "endless ranges": b"%PDF" + b"/ByteRange[0 9 9999999999 1]" * (LARGE // 28),
    "endless digits": b"%PDF/ByteRange[0 " + b"1" * LARGE,
    "endless names": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    + "_signatures\0".encode("utf-16-le") * (LARGE // 24),
    "a part without end": with_parts(
        SHEET, {**RELATIONS, "_xmlsignatures/a.xml": b"SignatureValue" * (LARGE // 14)}
    ),
    "endless parts": with_parts(
        SHEET, {**RELATIONS, **{f"_xmlsignatures/{n}.xml": b"x" * 9999 for n in range(999)}}
    ),
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_hostile_files_are_done_with_in_time(data: bytes) -> None:
    start = time.process_time()
    assert signature(data) in (UNKNOWN, NONE)
    assert time.process_time() - start < 2


def test_wherever_a_file_is_cut_or_changed_something_is_said() -> None:
    for data in (pdf(detached()), sign_workbook(SHEET), detached()):
        for at in range(0, len(data), 7):
            assert signature(data[:at]) in Signature
            assert signature(data[:at] + b"\xff" + data[at + 1 :]) in Signature
            has_signer(data[:at])


def test_certificates_alone_are_no_signature() -> None:
    assert has_signer(detached())
    assert has_signer(detached(certificates=b""))
    assert not has_signer(detached(signers=b""))
    assert not has_signer(element(0x30, b"\xa0\0" * 1_000_000))


P7S = part(detached(), "", 'application/pkcs7-signature; name="smime.p7s"')
PGP = part(b"-----BEGIN PGP SIGNATURE-----\n", "", "application/pgp-signature")
SIGNED_KIND = 'multipart/signed; protocol="application/pkcs7-signature"; boundary="=-1"'
MAILS = {
    "S/MIME": (mail(part(), P7S, kind=SIGNED_KIND), MAIL),
    "PGP": (mail(part(), PGP, kind=SIGNED_KIND), MAIL),
    "one that a list took apart": (mail(part(), P7S), MAIL),
    "a footer below the signed part": (
        mail(mail(part(), P7S, head="", kind=SIGNED_KIND).decode(), part(OTHER)),
        MAIL,
    ),
    "a signed workbook in it": (mail(part(sign_workbook(SHEET)), P7S, kind=SIGNED_KIND), BOTH),
    "the workbook alone": (mail(part(sign_workbook(SHEET))), FILE),
    "no signature": (mail(part()), NONE),
    "signed without a signature": (mail(part(), kind=SIGNED_KIND), NONE),
    "a signature of nobody": (
        mail(part(), part(detached(signers=b""), "", "application/pkcs7-signature")),
        NONE,
    ),
    "a picture called a signature": (
        mail(part(), part(b"\x89PNG", "", "application/pkcs7-signature")),
        NONE,
    ),
}


@pytest.mark.parametrize(("data", "expected"), MAILS.values(), ids=MAILS)
def test_the_signature_of_a_mail(tmp_path, data: bytes, expected: Signature) -> None:
    first, *rest = collect_mail(tmp_path, data)
    assert first.signature is expected
    assert all(leaf.signature is NONE for leaf in rest)


def test_a_signature_called_after_one_file_is_of_that_alone(tmp_path) -> None:
    disposition = 'Content-Disposition: attachment; filename="{}"\n'
    files = (part(BOOK, disposition.format(name)) for name in ("a.xlsx", "b.xlsx"))
    own = part(detached(), disposition.format("a.xlsx.p7s"))
    leaves = collect_mail(tmp_path, mail(*files, own))
    assert {leaf.name: leaf.signature for leaf in leaves} == {"a.xlsx": MAIL, "b.xlsx": NONE}


def test_a_mail_that_outlook_keeps_signed_in_the_clear(tmp_path) -> None:
    inner = mail(part(), P7S, head="", kind=SIGNED_KIND)
    kind = "IPM.Note.SMIME.MultipartSigned"
    (leaf,) = collect_files(lay(tmp_path, **{"a.msg": msg({"smime.p7m": inner}, kind=kind)}))
    assert (leaf.name, leaf.data, leaf.skip_reason) == ("bao cao.xlsx", BOOK, None)
    assert (leaf.signature, leaf.sender) == (MAIL, "cb01@town.example")


def test_one_that_cannot_be_looked_for_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """A library that fails on one file does not stop the others."""
    monkeypatch.setattr(file_signatures, "file_signature", lambda _: 1 / 0)
    leaf = look_for_signature(IncomingFile("a.xlsx", b"x", "a.xlsx", ""))
    assert leaf.signature is UNKNOWN


def test_a_copy_keeps_its_own_signature(tmp_path) -> None:
    disposition = 'Content-Disposition: attachment; filename="ky.pdf"\n'
    leaves = collect_mail(tmp_path, mail(part(), part(pdf(detached()), disposition)))
    assert [(leaf.skip_reason, leaf.signature) for leaf in leaves] == [(None, NONE), ("N14", FILE)]
