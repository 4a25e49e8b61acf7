"""Mails to the small town, and what became of them."""

from __future__ import annotations

import base64
from datetime import date
from zlib import crc32

from builders.sample_office import put
from mlay_batch.app.ingest import IngestResult, ingest
from mlay_batch.app.office import Office

AS_OF = date(2019, 12, 6)
MORNING = "2019-12-03T09:00:00+07:00"


def attachment(name: str, data: bytes, kind: str = "application/octet-stream") -> str:
    body = base64.encodebytes(data).decode()
    return (
        f'Content-Type: {kind}\nContent-Disposition: attachment; filename="{name}"\n'
        f"Content-Transfer-Encoding: base64\n\n{body}"
    )


def mail(sender: str, *parts: str, subject: str = "Báo cáo", head: str = "") -> bytes:
    words = "Content-Type: text/plain; charset=utf-8\n\nKính gửi Văn phòng\n"
    body = "".join(f"--=b\n{part}\n" for part in (words, *parts))
    return (
        f"{head}From: {sender}\nSubject: {subject}\nMessage-ID: <{crc32(body.encode())}@x>\n"
        f'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="=b"\n\n{body}--=b--\n'
    ).encode()


def send(town: Office, name: str, sender: str, *files: tuple[str, bytes], **more: str) -> None:
    """Lay a mail into the inbox, where `imap` would put it."""
    put(town, f"mail/{name}.eml", mail(sender, *(attachment(*file) for file in files), **more))


def take_in(town: Office, received: str = MORNING) -> IngestResult:
    return ingest(town, as_of=AS_OF, received=received, who="test", holder="test")


def verdicts_and_codes(done: IngestResult) -> dict[str, tuple[str, ...]]:
    """Verdict and codes that hold or explain, by name."""
    return {
        d.checked.file.name: (d.verdict.value, *(f.code for f in d.findings if f.code[0] in "ILNR"))
        for d in done.decisions
    }
