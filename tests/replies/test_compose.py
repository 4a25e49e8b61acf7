"""What stands in a letter, word by word."""

from dataclasses import replace
from datetime import date
from pathlib import Path

from mlay_batch.core.findings import Finding, Place, Severity
from mlay_batch.core.messages import Message
from mlay_batch.core.period import Period
from mlay_batch.mail import bodies, mail_templates
from mlay_batch.mail.bodies import (
    Envelope,
    LetterContext,
    ListedError,
    ResendRequest,
)
from mlay_batch.mail.receipt import NumberedReturn, write_receipt
from mlay_batch.model.records import AcceptedReturn, LedgerEntry, Row, Verdict
from mlay_batch.model.register import Address, Officer, Organisation, Register
from mlay_batch.model.topics import Topic
from mlay_batch.schema import load_catalogue

NOVEMBER = Period(2019, 11)
FORM = load_catalogue().form_for("meeting", NOVEMBER)
DESK = LetterContext(
    "Thị ủy Mường Lay",
    Register(
        (
            Organisation("TU", "Thị ủy", "office"),
            Organisation("CB-01", "Chi bộ THPT", "cell", "TU"),
        ),
        (Officer("TU-1", "Lê Thị Bình"),),
        (),
        (Address("CB-01", "cb-01@muonglay.example"),),
    ),
    mail_templates.load_templates(Path("nowhere")),
    date(2019, 12, 6),
)
DELIVERY = LedgerEntry(
    3, 1, date(2019, 12, 6), "tháng 11.xlsx", "x", "ab12", "mail", "cb-01@muonglay.example",
    "2019-12-03T09:00:00+07:00", Verdict.ACCEPTED, "meeting", "2018.1", "CB-01", "2019-11",
)  # fmt: skip
MEETING = {"held_on": date(2019, 11, 3), "kind": "regular"}
ROWS = (
    Row("members", "", 0, {"opening": 10, "admitted": 0, "closing": 10, "no_meeting": "no"}, {}),
    Row("meetings", "", 1, {**MEETING, "expected": 10, "present": 9, "content": "Bàn việc"}, {}),
    Row("scores", "", 1, {**MEETING, "scorer": "own", "total": 95, "band": "Tốt"}, {}),
    Row("scores", "", 1, {**MEETING, "scorer": "confirmed", "total": 92, "band": "Tốt"}, {}),
    Row("visits", "", 1, {**MEETING, "officer": "TU-1"}, {}),
    Row("activities", "", 9, {"held_on": date(2019, 11, 20), "kind": "training"}, {}),
)
OPENING = Finding("X01", Severity.WARNING, Place("x", "Báo cáo", "F14"), {"own": 10, "last": 9})


def envelope(kind, delivery=DELIVERY):
    topic = Topic.answer(delivery, "CB-01", Period(2019, 11))
    return Envelope(kind, "CB-01", (topic,), ("<1@x.example>",))


def receipt(delivery=DELIVERY, others=(), rows=ROWS, **counts):
    counted = NumberedReturn(AcceptedReturn(delivery, rows), "12/2019", **counts)
    return write_receipt(DESK, envelope("receipt"), counted, FORM, others)


def slip(*args, **more):
    """The text attached to a receipt."""
    (attachment,) = receipt(*args, **more).attachments
    return attachment.data.decode("utf-8-sig").replace("\r\n", "\n")


def test_a_receipt_tells_number_day_and_key_figures_and_its_slip_everything():
    body, words = receipt().body, slip()
    assert (
        "; số liệu đã được tính. Số đến 12/2019, ngày 03/12/2019, tệp “tháng 11.xlsx”.\n\n"
        "Số liệu chính: Sinh hoạt chi bộ 1 buổi (ngày họp 03/11/2019, đảng viên có mặt 9);"
        " Đảng viên: cuối tháng (tự tính) 10.\n\n"
        "Không có điểm nào phải xem lại, không phải trả lời thư này.\n\n"
    ) in body
    assert words.startswith("PHIẾU NHẬN SỐ 12/2019\nThị ủy Mường Lay\n")
    assert (
        "\nNgày nhận: 03/12/2019\nTệp: tháng 11.xlsx\nMã kiểm tra tệp (SHA-256): ab12\n"
        "Kết quả: số liệu đã được tính.\n"
    ) in words
    assert "\n- Đảng viên: Đầu tháng 10; Cuối tháng (tự tính) 10\n" in words
    assert "\n- Bồi dưỡng, kiểm tra, giám sát: 1 dòng\n  + Ngày 20/11/2019; Loại việc " in words
    assert "Thay đổi cấp ủy" not in words, "nobody is asked for it"
    assert "Bản này" not in body + words
    assert "\n\n\n" not in body + words


def test_a_receipt_tells_each_meeting_in_a_line_and_what_hangs_on_it_without_its_day():
    assert (
        "\n- Sinh hoạt chi bộ: 1 buổi\n"
        "  + Ngày họp 03/11/2019; Loại sinh hoạt Thường kỳ; Đảng viên phải có mặt 10;"
        " Đảng viên có mặt 9\n"
        "- Chuyên đề: không có\n"
        "- Chấm điểm: 2 mục\n"
        "  + Người chấm Chi bộ tự chấm; Điểm chi bộ tự chấm (100) 95\n"
        "  + Người chấm Cấp trên xác nhận; Điểm cấp trên xác nhận 92\n"
        "- Cấp trên dự: 1 mục\n"
        "  + Cấp trên dự Lê Thị Bình (TU-1)\n"
    ) in slip()


def test_of_two_meetings_it_tells_which_one_a_score_is_of():
    other = {"held_on": date(2019, 11, 3), "kind": "thematic"}
    body = slip(rows=(*ROWS, Row("meetings", "", 2, other, {})))
    assert "\n- Sinh hoạt chi bộ: 2 buổi\n" in body
    assert "\n  + Loại sinh hoạt Thường kỳ; Cấp trên dự Lê Thị Bình (TU-1)\n" in body
    other = {"held_on": date(2019, 11, 4), "kind": "regular"}
    body = slip(rows=(*ROWS, Row("meetings", "", 2, other, {})))
    assert "\n  + Ngày họp 03/11/2019; Cấp trên dự Lê Thị Bình (TU-1)\n" in body


def test_it_tells_what_does_not_fit_with_other_months():
    heading = "\nCó 1 điểm đề nghị xem lại, đúng rồi thì không phải gửi lại:\n- Đầu tháng ghi 10 "
    for words in (receipt(others=[OPENING]).body, slip(others=[OPENING])):
        text = words.partition(heading)[2].partition("\n\n")[0]
        assert text.startswith("đảng viên, nhưng cuối tháng trước là 9. ")
        assert text.endswith(" (trang “Báo cáo”, ô F14)")


def test_trials_and_what_the_office_decides_are_no_business_of_the_branch():
    place = Place("x", "Báo cáo", "G33")
    why = {"who": "An", "why": "đã gọi hỏi bí thư"}
    findings = (
        Finding("D01", Severity.TRIAL, place, {}),
        Finding("L05", Severity.WARNING, place, {"name": "a", "received": "2019-12-01"}),
        Finding("L10", Severity.WARNING, place, why),
        Finding("L13", Severity.WARNING, place, {"period": "2019-11"}),
        Finding("I20", Severity.WARNING, place, {"sender": "x@else.example"}),
    )
    about = replace(DELIVERY, findings=findings)
    assert (
        "\n\nKhông có điểm nào phải xem lại, không phải trả lời thư này.\n\n" in receipt(about).body
    )
    for words in (receipt(about).chat, receipt(about).body, slip(about)):
        assert "gọi hỏi" not in words
        assert "else.example" not in words


def test_one_that_was_overtaken_before_it_was_answered_says_so_in_place_of_being_counted():
    letter = receipt(after="14/2019")
    for words in (letter.body, letter.chat, slip(after="14/2019")):
        assert "số liệu tính theo bản gửi sau, số đến 14/2019." in words
        assert "đã được tính" not in words


def test_what_could_not_be_opened_is_named_with_the_way_out():
    packed = Finding("N04", Severity.WARNING, Place("x"), {})
    wish = ResendRequest("unopened", date(2019, 12, 9))
    files = [(DELIVERY, [packed])]
    letter = bodies.file_letter(DESK, envelope("unopened"), files, wish)
    assert letter.subject == "Đề nghị gửi lại báo cáo: tháng 11.xlsx"
    assert "gửi lại báo cáo chậm nhất ngày 09/12/2019: văn phòng chưa lấy được" in letter.body
    assert "Nhắc lại" not in letter.body
    assert letter.to == ("cb-01@muonglay.example",)
    assert "nén dạng .zip" in letter.body


# What a secretary reads in the chat of a group


def test_a_chat_tells_that_a_return_came_and_nothing_of_the_archive():
    letter = receipt()
    assert letter.chat == (
        "Thị ủy Mường Lay đã nhận báo cáo sinh hoạt chi bộ tháng 11 năm 2019 của Chi bộ THPT (số"
        " đến 12/2019); số liệu đã được tính. Nếu có chỗ chưa đúng thì sửa trong tệp của đơn vị rồi"
        " gửi lại. Hỏi: văn phòng."
    )


def test_a_chat_tells_which_return_took_the_place_of_which_and_that_something_is_to_be_looked_at():
    before = NumberedReturn(AcceptedReturn(replace(DELIVERY, id=1), ROWS), "9/2019")
    letter = receipt(others=[OPENING], before=before)
    assert (
        "số liệu đã được tính. Bản này thay bản số đến 9/2019 nhận ngày 03/12/2019. Có 1 điểm đề"
        " nghị xem lại, ghi ở phiếu nhận kèm theo. Nếu có chỗ"
    ) in letter.chat


def test_a_chat_tells_what_to_do_with_a_file_nobody_could_open():
    packed, photo = (Finding(code, Severity.WARNING, Place("x"), {}) for code in ("N04", "N02"))
    wish = ResendRequest("unopened", date(2019, 12, 9))
    letter = bodies.file_letter(DESK, envelope("unopened"), [(DELIVERY, [packed, photo])], wish)
    assert letter.chat == (
        "Thị ủy Mường Lay đề nghị Chi bộ THPT gửi lại báo cáo chậm nhất ngày 09/12/2019: chưa lấy"
        " được số liệu trong thư gửi ngày 03/12/2019. Gửi thẳng tệp Excel hoặc nén dạng .zip. Nếu"
        " không nhằm nộp báo cáo thì không phải gửi lại. Hỏi: văn phòng."
    )


def test_a_chat_tells_why_a_file_does_not_count_and_asks_for_nothing():
    early = {"period": "2019-12", "as_of": date(2019, 12, 6)}
    for code, params, reason in (
        (
            "I07",
            early,
            "Kỳ tháng 12 năm 2019 chưa đến (tính đến ngày 06/12/2019). Kiểm tra lại kỳ ",
        ),
        ("L11", {"why": "chờ xác minh " * 40}, "Văn phòng trả lại: “chờ xác minh chờ xác minh "),
    ):
        refused = Finding(code, Severity.ERROR, Place("x"), params)
        wish = ResendRequest("declined", date(2019, 12, 9))
        letter = bodies.file_letter(DESK, envelope("declined"), [(DELIVERY, [refused])], wish)
        head = "Thị ủy Mường Lay không tính tệp Chi bộ THPT gửi ngày 03/12/2019: "
        assert letter.chat.startswith(head + reason)
        assert letter.chat.endswith(" Không phải gửi lại tệp này. Hỏi: văn phòng.")
        assert "09/12/2019" not in letter.chat
        assert len(letter.chat) <= 300


def group_letter(kind, count):
    names = [f"Chi bộ bản số {number}" for number in range(1, count + 1)]
    cells = [Organisation(f"CB-{n:02}", name, "cell", "TU") for n, name in enumerate(names, 1)]
    topics = [Topic.of(kind, "meeting", cell.code, "2019-11") for cell in cells]
    desk = replace(DESK, register=replace(DESK.register, organisations=tuple(cells)))
    return bodies.group_letter(desk, Envelope(kind, "CB-01", tuple(topics)), FORM, NOVEMBER, ())


def test_a_chat_reminds_one_branch_or_the_cells_of_a_committee():
    assert group_letter("reminder", 1).chat == (
        "Thị ủy Mường Lay nhắc nộp báo cáo sinh hoạt chi bộ tháng 11 năm 2019 của Chi bộ bản số 1:"
        " hạn nộp là ngày 05/12/2019, đến ngày 06/12/2019 chưa nhận được. Đề nghị điền vào mẫu kèm"
        " theo rồi gửi về ngay; đã gửi thì báo lại. Hỏi: văn phòng."
    )
    many = group_letter("reminder", 13)
    listed = "của Chi bộ bản số 1, Chi bộ bản số 2, Chi bộ bản số 3 và 10 đơn vị nữa: hạn nộp"
    assert listed in many.chat
    assert len(many.chat) <= 330
    assert "; Chi bộ bản số 13 (CB-13)\n" in many.body


def test_a_chat_brings_the_blank_form():
    assert group_letter("form", 2).chat == (
        "Thị ủy Mường Lay gửi mẫu báo cáo sinh hoạt chi bộ tháng 11 năm 2019 của Chi bộ bản số 1,"
        " Chi bộ bản số 2. Đề nghị điền vào tệp kèm theo, lưu dạng Excel (.xlsx) rồi gửi về chậm"
        " nhất ngày 05/12/2019; không lấy tệp kỳ trước điền lại. Hỏi: văn phòng."
    )


def test_a_workbook_a_program_made_is_to_be_made_anew():
    wrong = Finding("X01", Severity.ERROR, Place("x"), {"own": 10, "last": 9})
    delivery = replace(DELIVERY, findings=(wrong,))
    period = Period(2019, 11)
    wish = ResendRequest("redo", date(2019, 12, 9))
    letter = bodies.returned_form(DESK, envelope("redo"), delivery, FORM, period, wish)
    assert letter.subject.startswith("Đề nghị lập lại")
    assert "vì có 1 lỗi:\n\n- Đầu tháng ghi 10" in letter.body
    assert letter.attachments == ()


def test_a_letter_about_a_form_given_back_says_what_its_first_sheet_says():
    wrong = Finding("F01", Severity.ERROR, Place("x", "Báo cáo", "C40"), {})
    lines = [
        ListedError(
            True,
            2,
            "trang “Báo cáo”, ô C33–C34",
            Message("Ô “Ngày họp” còn trống.", "Điền ô này."),
            frozenset({("Báo cáo", 33, 3), ("Báo cáo", 34, 3)}),
        ),
        ListedError(
            False,
            1,
            "trang “Báo cáo”, ô F33",
            Message("Ngắn.", ""),
            frozenset({("Báo cáo", 33, 6)}),
        ),
    ]
    wish = ResendRequest("returned", date(2019, 12, 9))
    delivery = replace(DELIVERY, findings=(wrong, wrong))
    arguments = envelope("returned"), delivery, FORM, Period(2019, 11), wish, None, lines
    letter = bodies.returned_form(DESK, *arguments)
    body = letter.body
    assert "- Ô “Ngày họp” còn trống. Điền ô này. (trang “Báo cáo”, ô C33–C34)\n" in body
    assert "vì có 2 lỗi (“tệp này”, “mẫu này” là tệp kèm theo):\n\n" in body
    assert "C40" not in body
    assert "Ngắn" not in body
    assert "của Chi bộ THPT, gửi lại chậm nhất ngày 09/12/2019.\n" in body
    assert letter.chat == (
        "Thị ủy Mường Lay đề nghị sửa báo cáo sinh hoạt chi bộ tháng 11 năm 2019 của Chi bộ THPT,"
        " gửi lại chậm nhất ngày 09/12/2019: có 2 ô sai, đã đánh dấu trong tệp kèm theo. Sửa trong"
        " tệp ấy theo trang đầu, lưu rồi gửi lại; những ô đúng không phải điền lại. Hỏi: văn phòng."
    )


def test_asked_for_in_vain_the_same_letter_says_so_first():
    wrong = Finding("X01", Severity.ERROR, Place("x"), {"own": 10, "last": 9})
    wish = ResendRequest("redo", date(2019, 12, 13), date(2019, 12, 9))
    delivery = replace(DELIVERY, findings=(wrong,))
    about = envelope("correction"), delivery, FORM, Period(2019, 11), wish
    letter = bodies.returned_form(replace(DESK, day=date(2019, 12, 10)), *about)
    assert letter.subject.startswith("Nhắc lại: Đề nghị lập lại")
    assert letter.chat.startswith("Nhắc lại: Thị ủy Mường Lay đề nghị lập lại báo cáo sinh hoạt ")
    assert letter.chat.endswith(
        ", gửi lại chậm nhất ngày 13/12/2019: có 1 lỗi, ghi trong thư của văn phòng. Tệp này không"
        " sửa tay được: kiểm tra số liệu ở nơi lập, lập lại rồi gửi lại. Hỏi: văn phòng."
    )
    assert letter.body.startswith(
        "Kính gửi: Chi bộ THPT\n\nNhắc lại: hạn gửi lại là ngày 09/12/2019, đến 10/12/2019 chưa"
        " nhận được.\n\n"
    )
    assert "chậm nhất ngày 13/12/2019." in letter.body


def test_of_what_the_office_entered_every_letter_says_so_that_the_branch_can_object():
    words = "\nVăn phòng nhập thay theo số liệu báo qua điện thoại; nếu sai thì báo lại.\n\n"
    entered = replace(DELIVERY, channel="office", sender=None, entered_by="vanthu.nga")
    wrong = Finding("X01", Severity.ERROR, Place("x"), {"own": 10, "last": 9})
    for delivery, is_told in ((DELIVERY, False), (entered, True)):
        letters = [receipt(delivery).body]
        for kind in ("returned", "redo", "blank"):
            wish = ResendRequest(kind, date(2019, 12, 9))
            about = envelope(kind), replace(delivery, findings=(wrong,)), FORM, Period(2019, 11)
            letters.append(bodies.returned_form(DESK, *about, wish).body)
        for kind in ("declined", "unopened"):
            wish = ResendRequest(kind, date(2019, 12, 9))
            files = [(delivery, (wrong,))]
            letters.append(bodies.file_letter(DESK, envelope(kind), files, wish).body)
        for letter in letters:
            assert (words in letter) is is_told
            assert ("nhập thay" in letter) is is_told
            assert "vanthu.nga" not in letter
