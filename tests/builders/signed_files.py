"""Files that carry what a digital signature looks like; nobody could check it."""

from __future__ import annotations

import io
from zipfile import ZipFile

DATA, SIGNED_DATA = (bytes.fromhex(f"2a864886f70d01070{number}") for number in (1, 2))
SIGNED_RELATION = (
    b'<Relationships><Relationship Id="r9" Target="_xmlsignatures/origin.sigs" Type="http://schemas'
    b'.openxmlformats.org/package/2006/relationships/digital-signature/origin"/></Relationships>'
)
VALUE = b"<Signature><SignedInfo/><SignatureValue>\nMIIB=</SignatureValue></Signature>"


def element(tag: int, *contents: bytes) -> bytes:
    """An element in DER."""
    body = b"".join(contents)
    return bytes([tag, 0x84]) + len(body).to_bytes(4, "big") + body


def detached(*, signers: bytes = b"signature", certificates: bytes = b"x") -> bytes:
    """The signature of a mail or a PDF, apart from what it signs: an smime.p7s."""
    algorithms = element(0x31, element(0x30, element(6, DATA)))
    parts = [element(2, b"\1"), algorithms, element(0x30, element(6, DATA))]
    parts += [element(0xA0, certificates)] if certificates else []
    body = element(0x30, *parts, element(0x31, signers))
    return element(0x30, b"\x06\x09" + SIGNED_DATA, element(0xA0, body))


def pdf(
    value: bytes | None = None, more: bytes = b"/Filter/Adobe.PPKLite", tail: bytes = b"%%EOF\n"
) -> bytes:
    """A PDF; with a `value` it has a signature's dictionary, whose value its range leaves out."""
    head = b"%PDF-1.7\n1 0 obj <</Type/Catalog>> endobj\n"
    if value is None:
        return head + tail
    hole = b"<" + value.hex().encode() + b"00" * 50 + b">"
    start, rest = b"2 0 obj <</Type/Sig " + more + b"/Contents ", b">> endobj\n" + tail
    template = b"/ByteRange [0 %010d %010d %010d]"
    first = len(head) + len(start) + len(template % (0, 0, 0))
    span = template % (first, first + len(hole), len(rest))
    return head + start.replace(b"/Contents ", span + b"/Contents ") + hole + rest


def with_parts(data: bytes, parts: dict[str, bytes]) -> bytes:
    """A package with more parts, or with others instead of its own."""
    out = io.BytesIO()
    with ZipFile(io.BytesIO(data)) as before, ZipFile(out, "w") as after:
        for name in before.namelist():
            if name not in parts:
                after.writestr(name, before.read(name))
        for name, part in parts.items():
            after.writestr(name, part)
    return out.getvalue()


def sign_workbook(data: bytes) -> bytes:
    """The workbook as Excel signs it."""
    with ZipFile(io.BytesIO(data)) as package:
        relations = package.read("_rels/.rels")
    inner = SIGNED_RELATION.partition(b"<Relationships>")[2]
    relations = relations.replace(b"</Relationships>", inner)
    signature = {"_xmlsignatures/origin.sigs": b"", "_xmlsignatures/sig1.xml": VALUE}
    return with_parts(data, {"_rels/.rels": relations, **signature})
