"""An officer's month by mail: a real mail host brings the blank slip, LibreOffice fills it in, a
real mailbox takes it, and what was wrong in it goes back and comes again.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from builders import libreoffice
from builders.clerk_month import Month, form_in_mail, living_sample_office
from builders.slip_office import BY_SLIP, OFFICERS, OWN
from openpyxl import load_workbook

from mlay_batch.core.styles import TONES
from mlay_batch.ledger import Ledger

pytestmark = [pytest.mark.dovecot, pytest.mark.libreoffice, pytest.mark.slow]

SHEET, DAY = "Phiếu đi dự", "2019-12-04"


@pytest.fixture
def month(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Month]:
    tables = {"officers": OFFICERS, "slips": BY_SLIP}
    with living_sample_office(tmp_path, monkeypatch, **tables) as running:
        yield running


def test_a_slip_goes_out_comes_in_goes_back_and_counts(month: Month, tmp_path: Path) -> None:
    month.mlay("template", "TU-1", "--period", "2019-11", "--send", "--yes")
    (sent,) = month.box.mails
    assert sent["To"] == OWN
    assert "tháng không dự buổi nào thì không phải gửi" in sent.get_body().get_content().lower()
    blank = tmp_path / "phieu.xlsx"
    blank.write_bytes(form_in_mail(sent))
    typed = {"C15": "Trường THPT", "D15": "03/11/2019", "F15": "88", "G15": "Gửi tài liệu trước"}
    twice = typed | {"C16": "cb-01", "D16": "03/11/2019"}
    steps = [libreoffice.type_text(cell, text, SHEET) for cell, text in twice.items()]
    wrong = libreoffice.fill(blank, tmp_path / "Phiếu tháng 11.xlsx", steps)
    question = month.post(f"Lê Thị Bình <{OWN}>", wrong.name, wrong.read_bytes())
    for step in (["fetch"], ["run"], ["reply", "--send"]):
        assert month.mlay(*step, on=None if step == ["fetch"] else DAY) in (0, 1)
    (answer,) = month.answers(question)
    assert answer["To"] == OWN
    back = tmp_path / "tra-lai.xlsx"
    back.write_bytes(form_in_mail(answer))
    sheet = load_workbook(back)[SHEET]
    marked = [
        cell.coordinate
        for row in sheet.iter_rows()
        for cell in row
        if str(cell.fill.fgColor.rgb)[-6:] == TONES["bad"].fill
    ]
    assert marked == ["C16", "D16"]
    steps = [libreoffice.put(cell, None, SHEET) for cell in marked]
    right = libreoffice.fill(back, tmp_path / "sửa lại.xlsx", steps)
    correction = month.post(OWN, right.name, right.read_bytes(), answers=answer["Message-ID"])
    for step in (["fetch"], ["run"], ["reply", "--send"]):
        month.mlay(*step, on=None if step == ["fetch"] else DAY)
    (receipt,) = month.answers(correction)
    assert receipt["Subject"].endswith("của Lê Thị Bình")
    with Ledger.open(month.root / "ledger.sqlite", read_only=True) as ledger:
        (accepted,) = ledger.returns()
    assert accepted.entry.key == ("visit_slip", "TU-1", "2019-11")
    (row,) = accepted.section_rows("visits")
    assert (row.values["cell"], row.values["points"]) == ("CB-01", 88)
