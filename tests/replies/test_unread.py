"""What a return has lost of its form or has beside it: who is told of it, and who is not.

On a real mailbox and a real mail host.
"""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from builders.clerk_month import Month, counts, form_in_mail, living_sample_office
from builders.sample_office import MeetingReturn
from builders.sheet_cells import load_sheets
from openpyxl import load_workbook
from openpyxl.worksheet.datavalidation import DataValidationList

pytestmark = [pytest.mark.dovecot, pytest.mark.usefixtures("reading_here")]

DAY = "2019-12-06"
LOST = "Tệp không còn danh sách chọn"


@pytest.fixture
def month(tmp_path, monkeypatch) -> Iterator[Month]:
    with living_sample_office(tmp_path, monkeypatch) as running:
        yield running


def changed(data: bytes, *, keep_lists: bool) -> bytes:
    """The workbook saved anew: without lists, or with a sheet beside the form and a hidden one."""
    book, buffer = load_workbook(io.BytesIO(data)), io.BytesIO()
    if not keep_lists:
        book["Báo cáo"].data_validations = DataValidationList()
    else:
        for title, state in (("Phụ lục", "visible"), ("Tháng 10", "veryHidden")):
            sheet = book.create_sheet(title)
            sheet["B3"], sheet["C4"], sheet.sheet_state = 5, "đã họp", state
    book.save(buffer)
    return buffer.getvalue()


def test_the_clerk_hears_of_lost_lists_the_branch_of_unread_sheets(month, capsys):
    bare = changed(MeetingReturn("CB-01").book(), keep_lists=False)
    more = changed(MeetingReturn("DB1-1").book(), keep_lists=True)
    wrong = changed(MeetingReturn("DB1-2", present=11).book(), keep_lists=False)
    lost = month.post("cb-01@muonglay.example", "điện thoại.xlsx", bare)
    unread = month.post("db1-1@muonglay.example", "ho cang.xlsx", more)
    refused = month.post("db1@muonglay.example", "na nat.xlsx", wrong)

    assert month.mlay("fetch") == 0
    assert month.mlay("run", on=DAY) == 1
    counts(month, accepted=2, rejected=1)
    assert capsys.readouterr().out.count(LOST) == 2

    assert month.mlay("reply", "--send", "--yes", on=DAY) == 0
    (letter,) = month.answers(lost)
    (slip,) = letter.iter_attachments()
    assert "danh sách chọn" not in letter.get_body().get_content() + slip.get_content()
    (returned,) = month.answers(refused)
    assert "danh sách chọn" not in returned.get_body().get_content()
    assert LOST not in str(load_sheets(form_in_mail(returned)))
    (receipt,) = month.answers(unread)
    slip = next(x for x in receipt.iter_attachments() if "phieu-nhan" in x.get_filename())
    for title in ("Phụ lục", "Tháng 10"):
        (line,) = (x for x in slip.get_content().splitlines() if f"“{title}”" in x)
        assert "2 ô" in line
        assert "không được đọc" in line

    assert LOST in str(load_sheets(month.root / "reports" / "2019-11" / "tong-hop-2019-11.xlsx"))
