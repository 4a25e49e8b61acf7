"""Warnings get an answer, in the returned form or by the office; it holds for its values."""

from __future__ import annotations

import io
import re
from datetime import date

import pytest
from builders.answering import PERIOD, answer_cells, answered, asking, given, letters, workbooks
from builders.mail_office import MORNING, send, take_in, verdicts_and_codes
from builders.sample_office import MeetingReturn, create_office, put
from builders.sheet_cells import load_sheets
from builders.small_form import YAML
from openpyxl import load_workbook

from mlay_batch.app import check_file, mail_run
from mlay_batch.app.consolidate import consolidate
from mlay_batch.app.explain import Explanation, explain_warning
from mlay_batch.app.load_inputs import load_inputs
from mlay_batch.app.reply import LetterSelection, reply_letters
from mlay_batch.app.review import Review, ReviewOutcome, list_undecided, review_file
from mlay_batch.app.worklist.state import owed_run
from mlay_batch.errors import SchemaError, UsageError
from mlay_batch.figures.return_findings import return_findings
from mlay_batch.ledger import Ledger
from mlay_batch.mail.letter import Attachment
from mlay_batch.model.records import Verdict
from mlay_batch.schema.load import load_text

LATER, LAST = "2019-12-04T09:00:00+07:00", "2019-12-05T09:00:00+07:00"
FEW = MeetingReturn("CB-01", present=8)  # D05 warns: 8 of 10 is not above 85 %
WHY = "Hai đồng chí đi học tập trung."


@pytest.fixture
def town(tmp_path):
    return create_office(tmp_path / "town")


def explanation(number: int, *codes: str, words: str = WHY) -> Explanation:
    return Explanation(number, codes, words, "Lan", LATER, date(2019, 12, 4))


def verdicts(town) -> list[str]:
    with Ledger.open(town.workspace.ledger, read_only=True) as ledger:
        return [entry.verdict.value for entry in ledger.entries()]


def form_to_answer(town) -> Attachment:
    """What the receipt of a return with a warning brings."""
    put(town, "a.xlsx", FEW.book())
    take_in(town)
    (form,) = workbooks(letters(town)["receipt CB-01"])
    return form


# Answers that nobody demands


def test_the_receipt_of_a_return_with_a_warning_brings_a_form_to_answer_it_in(town):
    put(town, "a.xlsx", FEW.book())
    put(town, "b.xlsx", MeetingReturn("DB1-1").book())
    take_in(town)
    (form,) = workbooks(letters(town)["receipt CB-01"])
    assert not workbooks(letters(town)["receipt DB1-1"])
    book = load_workbook(io.BytesIO(form.data))
    assert book.sheetnames[0] == "Cần xem lại"
    (cell,) = answer_cells(book.worksheets[0]).values()
    assert (cell.value, cell.protection.locked) == (None, False)


def test_what_is_explained_is_not_asked_again(town):
    """The receipt of a correction, too, says what of it has been explained, by whom."""
    form = form_to_answer(town)
    put(town, "b.xlsx", answered(form.data, D05=WHY))
    take_in(town, LATER)
    for name, paper in (("a.xlsx", FEW), ("c.xlsx", FEW.but(score=91))):
        put(town, name, paper.book())
        take_in(town, LAST)
        receipt = letters(town)["receipt CB-01"]
        assert not workbooks(receipt)
        assert "điểm đề nghị xem lại" not in receipt.body + receipt.chat
        assert "Không có điểm nào phải xem lại (đã có giải trình 1 điểm)" in receipt.body
        slip = receipt.attachments[0].data.decode("utf-8-sig")
        assert re.search(rf"Đã giải trình:\s+- Có mặt 8 trên 10.* Giải trình: {WHY}\r\n", slip)


def test_the_same_values_with_an_answer_are_a_duplicate_whose_answer_is_booked(town):
    form = form_to_answer(town)
    put(town, "b.xlsx", answered(form.data, D05=WHY))
    assert verdicts_and_codes(take_in(town, LATER)) == {"b.xlsx": ("duplicate", "L04")}
    assert given(town) == [("CB-01", "D05", WHY, None)]
    assert not workbooks(letters(town)["receipt CB-01"]), "all is explained"


def test_an_answer_holds_for_its_values_and_lapses_when_they_change(town):
    form = form_to_answer(town)
    put(town, "b.xlsx", answered(form.data, D05=WHY))
    take_in(town, LATER)
    put(town, "c.xlsx", FEW.but(score=90).book())  # another figure of the return
    assert verdicts_and_codes(take_in(town, LATER.replace("09:", "10:")))["c.xlsx"][0] == "accepted"
    assert not workbooks(letters(town)["receipt CB-01"])
    put(town, "d.xlsx", FEW.but(present=7, score=90).book())
    take_in(town, LAST)
    (form,) = workbooks(letters(town)["receipt CB-01"])
    assert answer_cells(load_workbook(io.BytesIO(form.data)).worksheets[0])["D05"].value is None


def test_an_answer_beside_a_correction_is_taken_with_it(town):
    form = form_to_answer(town)
    book = load_workbook(io.BytesIO(answered(form.data, D05=WHY)))
    (content,) = (c for row in book["Báo cáo"] for c in row if c.value == "Bàn việc trong tháng")
    content.value = "Bàn việc đã sửa"
    book.save(out := io.BytesIO())
    put(town, "b.xlsx", out.getvalue())
    assert verdicts_and_codes(take_in(town, LATER)) == {"b.xlsx": ("accepted", "L05")}
    assert given(town) == [("CB-01", "D05", WHY, None)]


def test_what_is_no_answer_is_none(town):
    form = form_to_answer(town)
    put(town, "b.xlsx", answered(form.data, D05=" … "))
    take_in(town, LATER)
    assert given(town) == []


def test_the_answers_of_a_stranger_are_not_booked(town):
    form = form_to_answer(town)
    send(town, "b", "x@else.example", ("b.xlsx", answered(form.data, D05="Bịa ra")))
    assert verdicts_and_codes(take_in(town, LATER))["b.xlsx"][0] == "held"
    assert given(town) == []
    review = Review(2, ReviewOutcome.REFUSE, "Lan", LATER, "lạ", date(2019, 12, 4))
    assert review_file(town, review, "test").entry.verdict is Verdict.REJECTED
    assert given(town) == []


def test_an_answer_is_told_as_not_read_where_its_sheet_is_no_more_as_it_was(town):
    form = form_to_answer(town)
    book = load_workbook(io.BytesIO(answered(form.data, D05=WHY)))
    book.worksheets[0].delete_cols(7)
    book.save(out := io.BytesIO())
    put(town, "b.xlsx", out.getvalue())
    (decision,) = take_in(town, LATER).decisions
    (lost,) = (f for f in decision.findings if f.code == "C21")
    assert lost.place.sheet == "Cần xem lại"
    assert given(town) == []


def test_older_words_sent_once_more_take_nothing_back(town):
    form = form_to_answer(town)
    first, second = answered(form.data, D05=WHY), answered(form.data, D05="Nghỉ ốm.")
    for name, book, received in (("b", first, MORNING), ("c", second, LATER), ("d", first, LAST)):
        put(town, f"{name}.xlsx", book)
        take_in(town, received)
    assert given(town) == [("CB-01", "D05", "Nghỉ ốm.", None)]
    with Ledger.open(town.workspace.ledger, read_only=True) as ledger:
        assert ledger.counts()[Verdict.DUPLICATE] == 3


# Answers that a rule demands


def test_a_return_without_a_demanded_answer_is_held_asked_and_then_counts(town):
    town = asking(town, "code: D05, answer: required")
    put(town, "a.xlsx", FEW.book())
    assert verdicts_and_codes(take_in(town)) == {"a.xlsx": ("held", "L15")}
    question = letters(town)["question CB-01"]
    assert "Có mặt 8 trên 10" in question.body
    book = load_workbook(io.BytesIO(question.attachments[0].data))
    assert "Phải giải trình" in str(book.worksheets[0]["A6"].value)
    put(town, "b.xlsx", question.attachments[0].data)  # sent back without a word
    assert verdicts_and_codes(take_in(town, LATER)) == {"b.xlsx": ("held", "L15")}
    put(town, "c.xlsx", answered(question.attachments[0].data, D05=WHY))
    assert verdicts_and_codes(take_in(town, LAST)) == {"c.xlsx": ("accepted",)}
    assert list_undecided(town) == ()
    (receipt,) = (letter for kind, letter in letters(town).items() if "CB-01" in kind)
    assert "(đã có giải trình 1 điểm), không phải trả lời" in receipt.body
    assert "đề nghị xem lại" not in receipt.body


def test_a_corrected_return_needs_no_answer(town):
    town = asking(town, "code: D05, answer: required")
    put(town, "a.xlsx", FEW.book())
    take_in(town)
    put(town, "b.xlsx", FEW.but(present=10).book())
    assert verdicts_and_codes(take_in(town, LATER)) == {"b.xlsx": ("accepted",)}
    assert list_undecided(town) == ()


def test_the_reminder_of_an_answer_that_does_not_come_is_the_question_again(town):
    town = asking(town, "code: D05, answer: required")
    put(town, "a.xlsx", FEW.book())
    take_in(town)
    mail_run.hand_over(owed_run(town, PERIOD, date(2019, 12, 3), "test"), MORNING)
    run = owed_run(town, PERIOD, date(2019, 12, 20), "test")
    with Ledger.open(town.workspace.ledger) as ledger:
        later = {letter.kind: letter for letter in run.pending_letters(ledger).letters}
    assert later["correction"].subject.startswith("Nhắc lại: Đề nghị giải trình")


def test_the_office_answers_for_a_branch_that_rang_up(town):
    town = asking(town, "code: D05, answer: required")
    put(town, "a.xlsx", FEW.book())
    take_in(town)
    entry = explain_warning(town, explanation(1, "D05"), "test")
    assert entry.verdict is Verdict.ACCEPTED
    assert given(town) == [("CB-01", "D05", WHY, "Lan")]
    assert verdicts(town) == ["accepted"]
    put(town, "b.xlsx", FEW.but(score=90).book())
    assert verdicts_and_codes(take_in(town, LAST)) == {"b.xlsx": ("accepted", "L05")}


def test_a_rule_no_longer_demanded_lets_the_return_count(town):
    town = asking(town, "code: D05, answer: required")
    put(town, "a.xlsx", FEW.book())
    take_in(town)
    (result,) = take_in(asking(town, "code: D05, bound: 85"), LATER).judged_anew
    assert result.verdict is Verdict.ACCEPTED


def test_a_refused_return_is_asked_at_once_and_answered_with_its_correction(town):
    town = asking(town, "code: D05, answer: required")
    book = load_workbook(io.BytesIO(FEW.book()))
    (day,) = (c for row in book["Báo cáo"] for c in row if str(c.value)[:10] == "2019-11-03")
    day.value = "hôm nọ"
    book.save(out := io.BytesIO())
    put(town, "a.xlsx", out.getvalue())
    result = verdicts_and_codes(take_in(town))["a.xlsx"]
    assert (result[0], "L15" in result) == ("rejected", False)
    (form,) = workbooks(letters(town)["returned CB-01"])
    sheet = load_workbook(io.BytesIO(form.data)).worksheets[0]
    assert [str(row[0].value) for row in sheet["A6:A7"]] == ["■ Lỗi, phải sửa", "▲ Phải giải trình"]
    corrected = load_workbook(io.BytesIO(answered(form.data, D05=WHY)))
    (day,) = (c for row in corrected["Báo cáo"] for c in row if c.value == "hôm nọ")
    day.value = date(2019, 11, 3)
    corrected.save(out := io.BytesIO())
    put(town, "b.xlsx", out.getvalue())
    assert verdicts_and_codes(take_in(town, LATER)) == {"b.xlsx": ("accepted",)}


CHOICE = (
    "code: D05, answer: required, answers: ["
    "{vi: Đi học tập trung, en: Away at a course}, {vi: 'Ốm, nghỉ', en: Ill}]"
)


def test_answers_to_choose_from(town):
    town = asking(town, CHOICE)
    put(town, "a.xlsx", FEW.book())
    take_in(town)
    form = letters(town)["question CB-01"].attachments[0].data
    sheet = load_workbook(io.BytesIO(form)).worksheets[0]
    (check,) = sheet.data_validations.dataValidation
    first, last = check.formula1.replace("$", "").split(":")
    offered = [c.value for c in sheet[f"{first}:{last}"][0]]
    assert offered == ["Đi học tập trung", "Ốm, nghỉ"]
    put(town, "b.xlsx", answered(form, D05="Lý do khác"))
    assert verdicts_and_codes(take_in(town, LATER)) == {"b.xlsx": ("held", "L15")}
    put(town, "c.xlsx", answered(form, D05="ốm,  nghỉ"))
    assert verdicts_and_codes(take_in(town, LAST)) == {"c.xlsx": ("accepted",)}
    assert given(town) == [("CB-01", "D05", "Ốm, nghỉ", None)]
    with pytest.raises(UsageError, match=r"explain\.choice"):
        explain_warning(town, explanation(3, "D05"), "test")


def test_a_return_is_asked_two_questions_at_most(town):
    rules = [f"code: {code}, answer: required" for code in ("D04", "D05", "D06")]
    town = asking(town, *rules)
    form = MeetingReturn("CB-01", present=8)
    book = load_workbook(io.BytesIO(form.book()))
    (minutes,) = (c for row in book["Báo cáo"] for c in row if c.value == 95)
    minutes.value = 70
    cells = [c for row in book["Báo cáo"] for c in row]
    label = next(c for c in cells if "vắng không lý do" in str(c.value).lower())
    label.offset(0, minutes.column - label.column).value = 2
    book.save(out := io.BytesIO())
    put(town, "a.xlsx", out.getvalue())
    (decision,) = take_in(town).decisions
    assert {"D04", "D05", "D06"} <= {finding.code for finding in decision.findings}
    (question,) = (finding for finding in decision.findings if finding.code == "L15")
    assert question.params["codes"] == "D04, D05"
    form = letters(town)["question CB-01"].attachments[0].data
    levels = [row[0].value for row in load_workbook(io.BytesIO(form)).worksheets[0]["A6:A8"]]
    assert levels == ["▲ Phải giải trình", "▲ Phải giải trình", "▲ Lưu ý, nên xem lại"]
    put(town, "b.xlsx", answered(form, D04="Mất điện.", D05=WHY))
    assert verdicts_and_codes(take_in(town, LATER)) == {"b.xlsx": ("accepted",)}


@pytest.mark.parametrize(
    ("number", "code", "words", "error"),
    [
        (1, "D04", WHY, "explain.code"),
        (9, "D05", WHY, "explain.number"),
        (1, "D05", " ", "usage.why"),
    ],
)
def test_what_cannot_be_explained_is_said(town, number, code, words, error):
    put(town, "a.xlsx", FEW.book())
    take_in(town)
    with pytest.raises(UsageError) as raised:
        explain_warning(town, explanation(number, code, words=words), "test")
    assert raised.value.code == error
    assert given(town) == []


@pytest.mark.parametrize("severity", ["error", "trial"])
def test_only_a_warning_can_ask(severity):
    text = YAML.replace("code: D10,", f"code: D10, severity: {severity}, answer: required,")
    with pytest.raises(SchemaError) as raised:
        load_text(text, "own.yaml")
    assert "answer" in str(raised.value)


def two_meetings(**second: object) -> bytes:
    """A return with a second meeting like the first, but for its day and these numbers."""
    book = load_workbook(io.BytesIO(FEW.book()))
    sheet = book["Báo cáo"]
    (first,) = (c for row in sheet for c in row if str(c.value)[:10] == "2019-11-03")
    for row in range(first.row, sheet.max_row + 1):
        cell, other = (sheet.cell(row, first.column + step) for step in (0, 1))
        if not (cell.protection.locked or other.protection.locked):
            other.value = second.get(str(cell.value), cell.value)
    first.offset(0, 1).value = date(2019, 11, 17)
    book.save(out := io.BytesIO())
    return out.getvalue()


@pytest.mark.parametrize("present", [8, 7])
def test_an_answer_for_one_meeting_is_none_for_another_like_it(town, present):
    town = asking(town, "code: D05, answer: required")
    put(town, "a.xlsx", FEW.book())
    take_in(town)
    form = letters(town)["question CB-01"].attachments[0].data
    put(town, "b.xlsx", answered(form, D05=WHY))
    take_in(town, LATER)
    put(town, "c.xlsx", two_meetings(**{"8": present}))
    assert verdicts_and_codes(take_in(town, LAST))["c.xlsx"] == ("held", "L15")
    form = letters(town)["question CB-01"].attachments[0].data
    cell = answer_cells(load_workbook(io.BytesIO(form)).worksheets[0])["D05"]
    assert cell.value is None, "sent back as it is, it answers nothing"
    put(town, "d.xlsx", answered(form, D05="Nghỉ ốm."))
    again = LAST.replace("09:", "10:")
    assert verdicts_and_codes(take_in(town, again))["d.xlsx"][0] == "accepted"
    assert [words for _, _, words, _ in given(town)] == [WHY, "Nghỉ ốm."]
    (form,) = workbooks(letters(town)["receipt CB-01"])
    put(town, "e.xlsx", answered(form.data, D08="Có hai buổi."))
    (decision,) = take_in(town, LAST.replace("09:", "11:")).decisions
    assert {finding.code for finding in decision.findings} == {"D05", "D08", "L04"}
    assert [words for _, _, words, _ in given(town)] == [WHY, "Nghỉ ốm.", "Có hai buổi."]


@pytest.mark.parametrize("words", ["=1+1", "#N/A", "§i häc tËp trung", "?"])
def test_an_answer_that_cannot_be_read_refuses_nothing_and_is_told(town, words):
    town = asking(town, "code: D05, answer: required")
    put(town, "a.xlsx", FEW.book())
    take_in(town)
    form = letters(town)["question CB-01"].attachments[0].data
    put(town, "b.xlsx", answered(form, D05=words))
    assert verdicts_and_codes(take_in(town, LATER)) == {"b.xlsx": ("held", "L15")}
    assert given(town) == []
    form = letters(town)["question CB-01"].attachments[0].data
    sheet = load_workbook(io.BytesIO(form)).worksheets[0]
    assert sheet["B6"].value == "Giải trình"
    assert list(answer_cells(sheet)) == ["D05"], "an answer is not explained itself"


def test_a_form_under_the_markers_of_answers_is_refused_as_any_other(town):
    form = form_to_answer(town)
    book = load_workbook(io.BytesIO(form.data))
    answers, report = book.worksheets[0], book["Báo cáo"]
    for (title, marker), row in zip(answers["F5:G7"], (200, 201, 202), strict=True):
        report.cell(row, 30).value, report.cell(row, 31).value = title.value, marker.value
    book.remove(answers)
    (day,) = (c for row in report for c in row if str(c.value)[:10] == "2019-11-03")
    day.value = "hôm nọ"
    book.save(out := io.BytesIO())
    put(town, "b.xlsx", out.getvalue())
    (decision,) = take_in(town, LATER).decisions
    of_day = {f.severity.value for f in decision.findings if f.place.cell == day.coordinate}
    assert (decision.verdict.value, of_day) == ("rejected", {"error"})


def test_nothing_is_explained_for_a_file_that_a_later_one_has_settled(town):
    town = asking(town, "code: D05, answer: required")
    put(town, "a.xlsx", FEW.book())
    take_in(town)
    put(town, "b.xlsx", FEW.but(present=10).book())
    take_in(town, LATER)
    with pytest.raises(UsageError, match=r"explain\.number"):
        explain_warning(town, explanation(1, "D05"), "test")
    assert given(town) == []


def test_what_waits_for_no_answer_does_not_say_so(town):
    town = asking(town, "code: D05, answer: required")
    put(town, "a.xlsx", FEW.book())
    take_in(town)
    form = letters(town)["question CB-01"].attachments[0].data
    put(town, "b.xlsx", answered(form, D05=WHY))
    put(town, "c.xlsx", form)  # the same in one batch, and as if it had come later
    done = verdicts_and_codes(take_in(town, LATER))
    assert done == {"b.xlsx": ("accepted",), "c.xlsx": ("duplicate", "L04")}


def test_an_answer_to_a_warning_across_returns_is_an_answer_too(town):
    put(town, "a.xlsx", FEW.but(present=10).book())
    put(town, "o.xlsx", MeetingReturn("CB-01", month=10, members=12).book())
    take_in(town)
    with Ledger.open(town.workspace.ledger, read_only=True) as ledger:
        result = reply_letters(town, ledger, LetterSelection(PERIOD, date(2019, 12, 6)))
    forms = [x for letter in result.letters for x in workbooks(letter) if "2019-11" in x.name]
    for name, words in (("b", " … "), ("c", WHY)):
        put(town, f"{name}.xlsx", answered(forms[0].data, X01=words))
    take_in(town, LATER)
    assert given(town) == [("CB-01", "X01", WHY, None)]


def test_a_warning_sent_again_with_its_answer_counts_once(town):
    town = asking(town, "code: D05, answer: required")
    put(town, "a.xlsx", FEW.book())
    take_in(town)
    form = letters(town)["question CB-01"].attachments[0].data
    put(town, "b.xlsx", answered(form, D05=WHY))
    take_in(town, LATER)
    put(town, "c.xlsx", answered(form, D05="Nghỉ ốm."))
    assert verdicts_and_codes(take_in(town, LAST))["c.xlsx"][0] == "duplicate"
    with Ledger.open(town.workspace.ledger, read_only=True) as ledger:
        inputs = load_inputs(town, ledger, PERIOD, date(2019, 12, 6))
    (item,) = return_findings(inputs, PERIOD, ())
    assert (item.entry.name, item.answer.words) == ("b.xlsx", "Nghỉ ốm.")


def test_the_list_of_findings_shows_what_counts_and_each_warning_once(town):
    put(town, "a.xlsx", FEW.book())
    put(town, "b.xlsx", FEW.but(present=7).book())  # the same moment: a person decides
    take_in(town)
    for number in (2, 1):  # the one received first replaces the other
        review = Review(number, ReviewOutcome.ACCEPT, "Lan", LATER, "Đúng.", date(2019, 12, 4))
        review_file(town, review, "test")
    explain_warning(town, explanation(1, "D05"), "test")
    load_workbook(io.BytesIO(FEW.book())).save(town.workspace.inbox / "c.xlsx")
    assert verdicts_and_codes(take_in(town, LAST)) == {"c.xlsx": ("duplicate", "L04")}
    result = consolidate(town, PERIOD, as_of=date(2019, 12, 6), holder="test")
    rows = load_sheets(result.path)["Lỗi"].rows
    (line,) = (row for row in rows if "C16" in row)
    assert "a.xlsx" in line
    assert any(str(cell).startswith(f"● “{WHY}”") for cell in line)


def test_a_form_made_by_mlay_check_asks_as_the_office_does(town):
    town = asking(town, "code: D05, answer: required")
    path = put(town, "a.xlsx", FEW.book())
    day = date(2019, 12, 6)
    result = check_file.check(path, town.catalogue, town, day)
    assert [finding.code for finding in result.findings] == ["D05", "L15"]
    form = check_file.render_returned(result, town.catalogue, town, "vi")
    path.write_bytes(answered(form, D05=WHY))
    result = check_file.check(path, town.catalogue, town, day)
    assert [finding.code for finding in result.findings] == ["D05"]
    assert verdicts_and_codes(take_in(town)) == {"a.xlsx": ("accepted",)}
