"""An office demands digital signatures: what its branches mail, as a real Dovecot hands it over.

The register of incoming papers, the sheets of the workbook and the receipts say the same of each.
"""

from __future__ import annotations

from collections.abc import Iterator
from email.message import EmailMessage
from email.mime.application import MIMEApplication
from email.mime.multipart import MIMEMultipart
from pathlib import Path

import pytest
from builders.clerk_month import Month, living_sample_office
from builders.json_results import result
from builders.mails import PHOTO
from builders.sample_office import REGISTER, MeetingReturn
from builders.signed_files import detached, pdf, sign_workbook
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from mlay_batch.cli import run

pytestmark = [pytest.mark.dovecot, pytest.mark.slow, pytest.mark.usefixtures("reading_here")]

DAY, LATER = "2019-12-04", "2019-12-05"
HO_CANG, NA_LAY, SCHOOL = (f"{name}@muonglay.example" for name in ("db1-1", "db1", "cb-01"))
SIGNED, REFERENCE = "có chữ ký số, chưa kiểm tra ({})", "chỉ có giá trị tham khảo"
WORDS = {
    "thu-ky.xlsx": SIGNED.format("ở thư"),
    "tep-ky.xlsx": SIGNED.format("trong tệp"),
    "kem-ban-ky.xlsx": SIGNED.format("ở bản kèm theo"),
    "kem-anh.xlsx": f"không có chữ ký số; có bản chụp kèm theo; {REFERENCE}",
    "khong-ky.xlsx": f"không có chữ ký số; {REFERENCE}",
    "sai.xlsx": "không có chữ ký số",
}
Mail = EmailMessage | MIMEMultipart


@pytest.fixture
def month(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Month]:
    (office,) = REGISTER["office"]
    monkeypatch.delenv("MLAY_LANG", raising=False)
    signed = [{**office, "signed_from": "2019-10"}]
    with living_sample_office(tmp_path, monkeypatch, office=signed) as running:
        yield running


def post(
    month: Month, sender: str, files: dict[str, bytes], answers: str = "", *, signed: bool = False
) -> None:
    """A branch mails files, the whole mail signed or not."""
    mail: Mail = EmailMessage()
    assert isinstance(mail, EmailMessage)
    mail.set_content("Kính gửi Văn phòng Thị ủy")
    for name, data in files.items():
        mail.add_attachment(data, "application", "octet-stream", filename=name)
    if signed:
        whole = MIMEMultipart("signed", protocol="application/pkcs7-signature")
        whole.attach(mail)
        whole.attach(MIMEApplication(detached(), "pkcs7-signature", name="smime.p7s"))
        mail = whole
    number = len(month.sent) + 1
    mail["Received"] = f"from x by mx.town.example; Tue, 03 Dec 2019 01:{number:02}:00 +0000"
    mail["From"], mail["To"], mail["Subject"] = sender, "vanphong@muonglay.example", "Báo cáo"
    mail["Message-ID"] = f"<{number}@chi-bo.example>"
    if answers:
        mail["In-Reply-To"] = answers
    month.mailbox.deliver(mail.as_bytes(), str(number))
    month.sent.append(mail["Message-ID"])


def post_all(month: Month) -> None:
    november, october = (
        {branch: MeetingReturn(branch, month=number) for branch in ("CB-01", "DB1-1", "DB1-2")}
        for number in (11, 10)
    )
    post(month, SCHOOL, {"thu-ky.xlsx": november["CB-01"].book()}, signed=True)
    post(month, HO_CANG, {"tep-ky.xlsx": sign_workbook(november["DB1-1"].book())})
    copy = {"ban-ky.pdf": pdf(detached())}
    post(month, NA_LAY, {"kem-ban-ky.xlsx": november["DB1-2"].book(), **copy})
    post(month, SCHOOL, {"kem-anh.xlsx": october["CB-01"].book(), "anh.jpg": PHOTO})
    post(month, HO_CANG, {"khong-ky.xlsx": october["DB1-1"].book()})
    post(month, NA_LAY, {"sai.xlsx": october["DB1-2"].but(present=11).book()})


def take_in(month: Month, day: str, *steps: str) -> None:
    """Fetch the mails and take them in, do what comes next, and write the register."""
    for step in ("fetch", "ingest", *steps, "incoming --period 2019-Q4"):
        as_of = [] if step == "fetch" else ["--as-of", day]
        assert run([*step.split(), *as_of, "-C", str(month.root)]) in (0, 1)


def table(sheet: Worksheet) -> dict[str, dict[str, str]]:
    """The rows of a list of files by the name of the file, its cells by their headings."""
    rows = [["" if cell is None else str(cell) for cell in row] for row in sheet.values]
    ((head, names),) = [(n, row) for n, row in enumerate(rows) if "Chữ ký số" in row]
    named = (dict(zip(names, row, strict=True)) for row in rows[head + 1 :])
    return {row["Tệp"]: row for row in named if row["Kết luận"] and "." in row["Tệp"]}


def register(month: Month, period: str = "2019-Q4") -> dict[str, dict[str, str]]:
    path = month.root / "reports" / period / f"so-van-ban-den-{period}.xlsx"
    return table(load_workbook(path).active)


def receipts(month: Month) -> dict[str, str]:
    """What each receipt says, by the file that it is about."""
    bodies = [mail.get_body().get_content() for mail in month.about("Đã nhận")]
    return {name: body for body in bodies for name in WORDS if f"tệp “{name}”" in body}


def test_everything_says_the_same_of_every_signature(month: Month, capsys) -> None:
    post_all(month)
    take_in(month, DAY, "consolidate --period 2019-Q4", "reply --send --period 2019-11")
    book = load_workbook(month.root / "reports" / "2019-Q4" / "tong-hop-2019-Q4.xlsx")
    rows, provenance = register(month), table(book["Nguồn gốc"])
    assert {name: rows[name]["Chữ ký số"] for name in WORDS} == WORDS
    assert {name: row["Chữ ký số"] for name, row in rows.items()} == {
        name: row["Chữ ký số"] for name, row in provenance.items()
    }
    (note,) = [
        text for row in book["Tình hình nộp"].values for text in row if "chữ ký số" in str(text)
    ]
    assert ": 2 báo cáo của kỳ – Chi bộ bản Ho Cang, Chi bộ Trường THPT." in note
    for name, body in receipts(month).items():
        words = WORDS[name].partition(f"; {REFERENCE}")[0]
        assert words in body
        assert (REFERENCE in body) is (REFERENCE in WORDS[name])
    assert receipts(month).keys() == WORDS.keys() - {"sai.xlsx"}
    check_the_book(rows)
    capsys.readouterr()
    for period in ("2019-10", "2019-11"):
        asked = ["incoming", "--period", period, "--as-of", DAY, "-C", str(month.root)]
        assert run([*asked, "--json"]) == 0
        listed = result(capsys.readouterr().out)["files"]
        assert {entry["file"] for entry in listed} == register(month, period).keys()
        for entry in listed:
            rows.pop(entry["file"])
    assert rows == {}  # each file stands in the book of one month

    (receipt,) = month.answers("<5@chi-bo.example>")
    post(month, HO_CANG, {"ban ky so.pdf": pdf(detached())}, receipt["Message-ID"])
    take_in(month, LATER)
    later = register(month)
    assert later["khong-ky.xlsx"]["Chữ ký số"] == SIGNED.format("ở bản kèm theo")
    assert later["ban ky so.pdf"]["Ghi chú"] == f"Kèm báo cáo {later['khong-ky.xlsx']['Số đến']}"


def check_the_book(rows: dict[str, dict[str, str]]) -> None:
    """The columns of the book agree with what became of the files."""
    assert [*rows] == [
        *("thu-ky.xlsx", "tep-ky.xlsx", "ban-ky.pdf", "kem-ban-ky.xlsx"),
        *("anh.jpg", "kem-anh.xlsx", "khong-ky.xlsx", "sai.xlsx"),
    ]
    assert [row["Số đến"] for row in rows.values() if row["Số đến"]] == [
        f"{number}/2019" for number in range(1, 6)
    ]
    assert rows["sai.xlsx"]["Kết luận"] == "Bị trả lại"
    assert rows["thu-ky.xlsx"]["Ngày đến"] == "03/12/2019 08:01"
    assert rows["thu-ky.xlsx"]["Tác giả (nơi gửi)"] == f"Chi bộ Trường THPT (CB-01)\n{SCHOOL}"
    assert all(row["Ngày trả lời"] for name, row in rows.items() if name in WORDS)
    assert {name for name, row in rows.items() if not row["Ngày trả lời"]} == {
        "ban-ky.pdf",
        "anh.jpg",
    }
