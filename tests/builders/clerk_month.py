"""A town with a real mailbox and a real mail host, and what its branches send there."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from zipfile import ZipFile

import pytest
from openpyxl import load_workbook

from builders import dovecot, libreoffice
from builders.sample_office import REGISTER, create_office
from builders.smtp_host import Letterbox, mail_host
from mlay_batch.cli import run
from mlay_batch.core.styles import TONES
from mlay_batch.ledger import Archive, Ledger
from mlay_batch.model.records import Verdict

ADDRESSES = [
    {"branch": "DB-1", "mail": "db1@muonglay.example"},
    {"branch": "DB1-1", "mail": "db1-1@muonglay.example"},
    {"branch": "CB-01", "mail": "cb-01@muonglay.example"},
]
MINE = {entry["mail"] for entry in ADDRESSES}


_DAY = "2019-12-03"


@dataclass
class Month:
    """The town's workspace, its mailbox, and the mail host that keeps what the town sends."""

    root: Path
    mailbox: dovecot.Server
    box: Letterbox
    sent: list[str] = field(default_factory=list)
    config: str = ""

    def configure(self) -> None:
        """Name both hosts in mlay.toml."""
        with (self.root / "mlay.toml").open("a", encoding="utf-8") as config:
            config.write(self.config)

    def mlay(self, *args: str, on: str | None = None) -> int:
        period = ["--period", "2019-11"] if on else []
        return run([*args, *period, *(["--as-of", on] if on else []), "-C", str(self.root)])

    def post(
        self, sender: str, name: str = "", data: bytes = b"", answers: str = "", on: str = _DAY
    ) -> str:
        """A branch sends a mail on that day; return its Message-ID."""
        mail = EmailMessage()
        number = len(self.sent) + 1
        came = datetime.fromisoformat(f"{on}T01:{number:02}:00+00:00")
        mail["Received"] = f"from x by mx.town.example; {format_datetime(came)}"
        mail["From"], mail["To"] = sender, "vanphong@muonglay.example"
        mail["Subject"] = f"Báo cáo tháng 11 ({number})"
        mail["Message-ID"] = f"<{number}@chi-bo.example>"
        if answers:
            mail["In-Reply-To"] = answers
        mail.set_content("Kính gửi Văn phòng Thị ủy")
        if data:
            mail.add_attachment(data, "application", "octet-stream", filename=name)
        self.mailbox.deliver(mail.as_bytes(policy=mail.policy.clone(linesep="\r\n")), str(number))
        self.sent.append(mail["Message-ID"])
        return self.sent[-1]

    def answers(self, to: str) -> list[EmailMessage]:
        return [mail for mail in self.box.mails if mail["In-Reply-To"] == to]

    def about(self, word: str) -> list[EmailMessage]:
        return [mail for mail in self.box.mails if word in mail["Subject"]]


@contextmanager
def living(root: Path) -> Iterator[Month]:
    """Run the mailbox and the mail host of the town whose workspace is, or will be, `root`."""
    with dovecot.running() as server, mail_host(root.parent) as (box, port, ca_file):
        month = Month(root, server, box)
        month.config = (
            f'[mail]\nserver = "mx.town.example"\n[imap]\nhost = "127.0.0.1"\n'
            f'port = {server.port}\nuser = "{dovecot.USER}"\nca_file = "{server.ca_file}"\n'
            f'[smtp]\nhost = "localhost"\nport = {port}\nca_file = "{ca_file}"\n'
            'from = "vanphong@muonglay.example"\nper_minute = 60000\n'
        )
        yield month


@contextmanager
def living_sample_office(
    folder: Path, monkeypatch: pytest.MonkeyPatch, **tables: list[dict[str, object]]
) -> Iterator[Month]:
    """Run the sample office by mail, with `tables` in the place of its register's own."""
    for name, table in {"addresses": ADDRESSES, **tables}.items():
        monkeypatch.setitem(REGISTER, name, table)
    monkeypatch.setenv("MLAY_IMAP_PASSWORD", dovecot.PASSWORD)
    with living(create_office(folder / "town").workspace.root) as month:
        month.configure()
        yield month


def make_zip(name: str, data: bytes) -> bytes:
    out = io.BytesIO()
    with ZipFile(out, "w") as archive:
        archive.writestr(name, data)
    return out.getvalue()


def form_in_mail(mail: EmailMessage) -> bytes:
    (part,) = (x for x in mail.iter_attachments() if x.get_filename().endswith(".xlsx"))
    return part.get_content()


def repair_return(mail: EmailMessage, folder: Path) -> bytes:
    """The branch opens its returned form and types over one marked cell: the number present."""
    returned = folder / "tra-lai.xlsx"
    returned.write_bytes(form_in_mail(mail))
    sheet = load_workbook(returned)["Báo cáo"]
    marked = {
        cell.coordinate: cell.value
        for row in sheet.iter_rows()
        for cell in row
        if str(cell.fill.fgColor.rgb)[-6:] == TONES["bad"].fill
    }
    (wrong,) = (at for at, value in marked.items() if value == 11)
    out = libreoffice.fill(
        returned, folder / "sửa lại.xlsx", [libreoffice.type_text(wrong, "10", "Báo cáo")]
    )
    return out.read_bytes()


def counts(month: Month, **expected: int) -> None:
    """Every file received has one verdict, is in the archive, and was counted once."""
    with Ledger.open(month.root / "ledger.sqlite", read_only=True) as ledger:
        verdicts, deliveries, returns = ledger.counts(), ledger.entries(), ledger.returns()
    assert {verdict.value: n for verdict, n in verdicts.items() if n} == expected
    assert sum(verdicts.values()) == len(deliveries) == len({d.origin for d in deliveries})
    assert len(deliveries) == len(month.mailbox.mails()) == len(month.sent)
    assert len(returns) == expected[Verdict.ACCEPTED.value]
    archive = Archive(month.root / "archive")
    for delivery in deliveries:
        assert archive.read(delivery.sha256)


def nobody_was_written_to_twice(month: Month) -> None:
    ids = Counter(mail["Message-ID"] for mail in month.box.mails)
    first = (mail for mail in month.box.mails if not mail["Message-ID"].startswith("<correction."))
    threads = Counter(mail["In-Reply-To"] for mail in first if mail["In-Reply-To"])
    assert set(ids.values()) == {1}
    assert set(threads.values()) == {1}
    assert {to for addresses in month.box.to for to in addresses} <= MINE
