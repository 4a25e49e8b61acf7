"""What happens outside the office in the month that the guide tells, day by day.

The month is lived twice: by double clicks and by commands.
"""

from __future__ import annotations

from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path

from openpyxl import load_workbook

from builders import libreoffice
from builders.clerk_month import Month, make_zip, repair_return
from builders.sample_office import MeetingReturn, fill_in_register
from mlay_batch.app.workspace import Workspace

FORMS, FIRST, OVERDUE = "2020-01-02", "2020-02-04", "2020-02-08"
CORRECTED, CLOSED, LATER = "2020-02-09", "2020-02-10", "2020-03-09"
_ADDRESS, _NEW_ADDRESS = "db1@muonglay.example", "dang-uy@muonglay.example"


def branches_act(month: Month, day: str, folder: Path) -> None:
    """Do what branches, and whoever runs their mail, have done before the office sits down."""
    if day == FORMS:
        fill_in_register(Workspace.find(month.root))
        month.configure()
    elif day == FIRST:
        good = make_zip("bản Ho Cang.xlsx", book("DB1-1"))
        month.post("Ho Cang <db1-1@muonglay.example>", "Báo cáo.zip", good, on=day)
        month.post("cb-01@muonglay.example", "THPT.xlsx", book("CB-01", present=11), on=day)
        month.post("x@else.example", "bao cao.xlsx", book("CB-01", score=90), on=day)
        month.post(_ADDRESS, "cac chi bo.rar", b"Rar!\x1a\x07\x00", on=day)
    elif day == CORRECTED:
        returned = month.answers(month.sent[1])[0]
        data, answered = repaired(returned, folder), returned["Message-ID"]
        month.post("cb-01@muonglay.example", "THPT sửa.xlsx", data, answered, on=day)
        bounce(month, _ADDRESS, day)
        entered = month.root / "inbox" / "nhap-thay" / "Na Nát báo qua điện thoại.xlsx"
        entered.write_bytes(book("DB1-2"))
    elif day == LATER:
        month.post("db1-1@muonglay.example", "sửa điểm.xlsx", book("DB1-1", score=85), on=day)


def book(branch: str, **more: float) -> bytes:
    return MeetingReturn(branch, month=1, year=2020, **more).book()


def repaired(returned: EmailMessage, folder: Path) -> bytes:
    """The form sent back, with its wrong cell typed over; once for both lives, as the register."""
    path = folder / "sua.xlsx"
    if not path.exists():
        path.write_bytes(repair_return(returned, folder))
    return path.read_bytes()


def bounce(month: Month, address: str, on: str) -> None:
    """The mail host of a branch could not deliver what the office sent there."""
    mail = EmailMessage()
    number = len(month.sent) + 1
    came = datetime.fromisoformat(f"{on}T01:{number:02}:00+00:00")
    mail["Received"] = f"from x by mx.town.example; {format_datetime(came)}"
    mail["From"], mail["To"] = "MAILER-DAEMON@mx.example", "vanphong@muonglay.example"
    mail["Subject"], mail["Message-ID"] = "Undelivered Mail", f"<{number}@mx.example>"
    mail.set_content(f"\n<{address}>: no such user\n")
    month.mailbox.deliver(mail.as_bytes(policy=mail.policy.clone(linesep="\r\n")), str(number))
    month.sent.append(mail["Message-ID"])


def correct_address(root: Path, folder: Path) -> None:
    """The clerk asks for the right address and types it into the register.

    LibreOffice writes the time into what it saves: both lives have the file of the first.
    """
    register, corrected = root / "register.xlsx", folder / "so.xlsx"
    if corrected.exists():
        register.write_bytes(corrected.read_bytes())
        return
    workbook = load_workbook(register)
    places = [
        (sheet.title, cell.coordinate)
        for sheet in workbook
        for line in sheet.iter_rows()
        for cell in line
        if cell.value == _ADDRESS
    ]
    ((sheet, cell),) = places
    step = libreoffice.type_text(cell, _NEW_ADDRESS, sheet)
    libreoffice.fill(register, corrected, [step])
    register.write_bytes(corrected.read_bytes())
