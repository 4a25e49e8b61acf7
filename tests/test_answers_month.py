"""A month with a demanded answer and one that is given freely: mailbox, mail host, LibreOffice."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from builders import libreoffice
from builders.answering import answer_cells, asking, given
from builders.clerk_month import Month, counts, form_in_mail, living_sample_office
from builders.sample_office import MeetingReturn
from builders.sheet_cells import load_sheets
from docx import Document
from openpyxl import load_workbook

from mlay_batch.app.office import open_office
from mlay_batch.app.workspace import Workspace

pytestmark = [pytest.mark.dovecot, pytest.mark.libreoffice, pytest.mark.slow]

EARLY, LATE = "2019-12-04", "2019-12-05"
WHY = "Hai đồng chí học lớp trung cấp tập trung."


@pytest.fixture
def month(tmp_path, monkeypatch) -> Iterator[Month]:
    with living_sample_office(tmp_path, monkeypatch) as running:
        yield running


def sit(month: Month, on: str) -> None:
    """The clerk's round: fetch, run, answer."""
    assert month.mlay("fetch") == 0
    assert month.mlay("run", on=on) in (0, 1)
    assert month.mlay("reply", "--send", on=on) == 0


def write_answer(mail: EmailMessage, folder: Path, words: str) -> bytes:
    """The branch opens the form of a letter in LibreOffice and writes into the answer's cell."""
    path = folder / "mau.xlsx"
    path.write_bytes(form_in_mail(mail))
    sheet = load_workbook(path).worksheets[0]
    (cell,) = answer_cells(sheet).values()
    step = libreoffice.type_text(cell.coordinate, words, sheet.title)
    return libreoffice.fill(path, folder / "giải trình.xlsx", [step]).read_bytes()


def test_a_month_with_answers(month, tmp_path) -> None:
    asking(open_office(Workspace.find(month.root)), "code: D05, answer: required")
    few, short = MeetingReturn("CB-01", present=8), MeetingReturn("DB1-1")
    book = load_workbook(io.BytesIO(short.book()))
    (minutes,) = (c for row in book["Báo cáo"] for c in row if c.value == 95)
    minutes.value = 70  # D04 warns, and demands nothing
    book.save(out := io.BytesIO())
    asked = month.post("cb-01@muonglay.example", "thpt.xlsx", few.book())
    warned = month.post("db1-1@muonglay.example", "hocang.xlsx", out.getvalue())
    sit(month, EARLY)
    counts(month, held=1, accepted=1)
    (question,), (receipt,) = month.answers(asked), month.answers(warned)
    assert question["Subject"].startswith("Đề nghị giải trình")
    for to, mail, sender in ((asked, question, "cb-01"), (warned, receipt, "db1-1")):
        answer = write_answer(mail, tmp_path, WHY if to == asked else "Mất điện từ 9 giờ.")
        month.post(f"{sender}@muonglay.example", "tra loi.xlsx", answer, to, on=LATE)
    sit(month, LATE)
    counts(month, held=1, accepted=2, duplicate=1)
    assert given(open_office(Workspace.find(month.root))) == [
        ("CB-01", "D05", WHY, None),
        ("DB1-1", "D04", "Mất điện từ 9 giờ.", None),
    ]
    assert [m["Subject"] for m in month.box.mails if "Đã nhận" in m["Subject"]][1:] != []
    folder = month.root / "reports" / "2019-11"
    workbook = load_sheets((folder / "tong-hop-2019-11.xlsx").read_bytes())
    errors = {str(value) for row in workbook["Lỗi"].rows for value in row}
    assert {f"● “{WHY}”", "● “Mất điện từ 9 giờ.”"} <= errors
    lines = [row for row in workbook["Lỗi"].rows if "D04" in row]
    assert len(lines) == 2, "one in the list, one of its rule: the duplicate says nothing new"
    paragraphs = "\n".join(p.text for p in Document(folder / "bao-cao-2019-11.docx").paragraphs)
    assert re.search(r"Lưu ý trong báo cáo: 2, đều đã giải trình", paragraphs)
    assert WHY not in paragraphs
