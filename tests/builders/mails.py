"""Mails as programs really write them."""

from __future__ import annotations

import base64
import io
import zipfile
from datetime import timedelta, timezone
from pathlib import Path

from mlay_batch.intake import MailTrust, collect, look_for_signature
from mlay_batch.model.records import IncomingFile

NOW = "2019-12-06T09:00:00+07:00"
HANOI = timezone(timedelta(hours=7))
SERVER = MailTrust(HANOI, "mx.town.example", "mx.town.example")


def make_zip(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


BOOK = make_zip(**{"[Content_Types].xml": b"<a/>", "xl/workbook.xml": b"<a/>"})
OTHER = make_zip(**{"[Content_Types].xml": b"<b/>", "xl/workbook.xml": b"<b/>"})
SCAN = b"%PDF-1.4 signed"
PHOTO = b"\xff\xd8\xff\xe0" + bytes(30_000)
LOGO = b"\x89PNG" + bytes(900)
HEAD = (
    "From: Chi bo 1 <CB01@town.example>\nTo: vp@town.example\nSubject: Bao cao\n"
    "Message-ID: <1@town.example>\nMIME-Version: 1.0\n"
)
DISPOSITION = 'Content-Disposition: attachment; filename="bao cao.xlsx"\n'
WORDS = "Content-Type: text/plain; charset=utf-8\n\nKính gửi\n"


def part(data: bytes = BOOK, headers: str = DISPOSITION, kind: str = "application/octet-stream"):
    body = base64.encodebytes(data).decode()
    return f"Content-Type: {kind}\n{headers}Content-Transfer-Encoding: base64\n\n{body}"


def mail(*parts: str, head: str = HEAD, kind: str = 'multipart/mixed; boundary="=-1"') -> bytes:
    body = "".join(f"--=-1\n{part}\n" for part in parts)
    text = f"{head}Content-Type: {kind}\n\n{body}--=-1--\n"
    return text.encode("utf-8", "surrogateescape")


def lay(folder: Path, **files: bytes) -> Path:
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def collect_files(folder: Path, postmark: MailTrust | None = None) -> list[IncomingFile]:
    return list(map(look_for_signature, collect([folder], folder, NOW, postmark)))


def collect_mail(
    folder: Path, data: bytes, postmark: MailTrust | None = None
) -> list[IncomingFile]:
    """The leaves of one mail in a folder of its own."""
    return collect_files(lay(folder, **{"thu.eml": data}), postmark)


def names_and_reasons(leaves: list[IncomingFile]) -> list[tuple[str, str | None]]:
    return [(leaf.name, leaf.skip_reason) for leaf in leaves]
