"""For every code that refuses a file: letter, list, marked cells and reminder say one thing.

One town, one file of each kind, each from a branch of its own. Whoever obeys the letter is
accepted, in the form that came with it and in his own file; who has nothing to send is asked for
nothing.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from builders.mail_office import send
from builders.refused_files import (
    AS_OF,
    GOOD,
    NOVEMBER,
    PLAIN,
    RECEIVED,
    RefusedFile,
    create_office,
    makers,
    reading,
    refused_files,
    refusing_codes,
    register_codes,
)
from builders.rule_samples import addresses, cells_with_colour, rows_of, type_cells
from builders.sample_office import MeetingReturn, catalogue, put
from builders.sample_office import create_office as create_small_office

from mlay_batch.app import letter_forms, mail_run, reply
from mlay_batch.app.ingest import ingest
from mlay_batch.app.office import Office
from mlay_batch.app.review import Review, ReviewOutcome, list_undecided, review_file
from mlay_batch.app.status import status
from mlay_batch.core.period import Period
from mlay_batch.demo.xlsx_patch import read_parts, sheet_part
from mlay_batch.ledger import Ledger
from mlay_batch.mail.letter import Letter
from mlay_batch.mail.mail_templates import one_line
from mlay_batch.mail.shortlist import MAX_LINES, count_lines
from mlay_batch.model.office_rules import DeadlineRule, OfficeRules, in_force
from mlay_batch.model.records import Decision
from mlay_batch.reader import read
from mlay_batch.template import TemplateContext, render
from mlay_batch.template.records import record_numbers

pytestmark = pytest.mark.slow

CODES = list(makers())
KIND_OF = {"R03": "unopened", "R04": "unopened", "R08": "unopened", "R09": "unopened"}
KIND_OF["R38"] = "unopened"
KIND_OF |= dict.fromkeys(("I05", "I07", "I08", "I12", "I13"), "declined")
KIND_OF |= {code: "blank" for code in PLAIN if code not in KIND_OF}
# No file of a branch has these; where they are tested.
ELSEWHERE = {
    "L11": "replies/test_letters_agree.py",  # a person's refusal of a held file: below
    "I30": "pipeline/test_levels.py",  # a workbook that the level below consolidated
    "I31": "pipeline/test_levels.py",
    # an officer's slip: no branch sends one
    **dict.fromkeys(("F40", "F41", "I50", "I51", "I52", "V03"), "slips/test_slips_in.py"),
    "R49": "lists/test_list_reading.py",  # a list of an office's own, which is no form
    "R51": "lists/test_list_reading.py",
    "R52": "lists/test_list_month.py",
}
SPACE = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
TESTS = Path(__file__).resolve().parent.parent
NOVEMBER_2019 = Period(2019, 11)
LATER = AS_OF + timedelta(days=4)  # a correction has three days


@dataclass(frozen=True)
class Outcome:
    """A file, what became of it, and the letters about it."""

    file: RefusedFile
    decision: Decision
    letters: Sequence[Letter]
    """Of the same day."""
    repeats: Sequence[Letter]
    """Of the day after the correction was due."""
    attached: Decision | None
    """What became of the form attached, once its list was obeyed."""
    own: Decision | None
    """What became of the sender's own file, put right as the letter says."""

    @property
    def answer(self) -> Letter:
        (letter,) = (letter for letter in self.letters if letter.kind != "reminder")
        return letter


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Outcome]]:
    with reading(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda file: None)  # nothing here is about broken runs
        patch.setattr(letter_forms, "render", of_november(remembering(render)))
        yield live_through(tmp_path_factory.mktemp("letters"))


def of_november(function: Any) -> Any:
    """Blank forms of November only: those of other months go with reminders to everybody."""
    return lambda *args: function(*args) if args[2:] or args[1].period == NOVEMBER else b""


def remembering(function: Any) -> Any:
    """Render once what is rendered twice: the same inputs give the same bytes."""
    answers: dict[str, Any] = {}

    def call(*args: Any) -> Any:
        form, *others = args
        key = repr((form.form, form.version, others))
        if key not in answers:
            answers[key] = function(*args)
        return answers[key]

    return call


def live_through(folder: Path) -> Mapping[str, Outcome]:
    files = list(refused_files())
    office = create_office(folder / "town", [file.branch for file in files])
    first = send_in(office, {file: file.data for file in files}, RECEIVED, AS_OF)
    letters = draft(office)
    repeats: list[Letter] = []
    for period in dict.fromkeys((NOVEMBER, *(file.period for file in files))):
        repeats += later_letters(office, period, [*letters, *repeats])
    answers = {to: letter for to, about in by_addressee(letters).items() for letter in about[:1]}
    attached = {
        file: obey(file, answers[file.branch.code])
        for file in files
        if answers[file.branch.code].attachments
    }
    other = copy_of(office, folder / "copy")
    again = send_in(office, attached, "2026-11-10T09:00:00+07:00", LATER)
    own = send_in(other, {f: f.own for f in files if f.own}, "2026-11-10T09:00:00+07:00", LATER)
    return {
        file.code: Outcome(
            file,
            first[file],
            by_addressee(letters)[file.branch.code],
            by_addressee(repeats).get(file.branch.code, ()),
            again.get(file),
            own.get(file),
        )
        for file in files
    }


def send_in(
    office: Office, files: Mapping[RefusedFile, bytes], received: str, as_of: date
) -> Mapping[RefusedFile, Decision]:
    """Send each file from its branch's address; return what became of it."""
    for file, data in files.items():
        send(office, f"{received[:10]}-{file.code}", file.branch.mail, (file.name, data))
    done = ingest(office, as_of=as_of, received=received, who="test", holder="test")
    by_sender = {decision.checked.file.sender: decision for decision in done.decisions}
    return {file: by_sender[file.branch.mail] for file in files}


def draft(office: Office) -> Sequence[Letter]:
    """Return the letters of the first day, as recorded."""
    job = mail_run.MailRun(office, partial(reply.reply_letters, office), NOVEMBER, AS_OF, "test")
    return mail_run.draft(job, f"{AS_OF}T10:00:00+07:00").letters


def later_letters(office: Office, period: Period, before: Sequence[Letter]) -> Sequence[Letter]:
    """Return the letters of the day after the corrections were due."""
    done = frozenset(topic.key for letter in before for topic in letter.topics)
    selection = reply.LetterSelection(period, LATER, done, done)
    with Ledger.open(office.workspace.ledger, read_only=True) as ledger:
        return reply.reply_letters(office, ledger, selection).letters


def by_addressee(letters: Sequence[Letter]) -> Mapping[str, Sequence[Letter]]:
    result: dict[str, list[Letter]] = {}
    for letter in sorted(letters, key=lambda letter: letter.kind == "reminder"):
        result.setdefault(letter.addressee, []).append(letter)
    return result


def copy_of(office: Office, folder: Path) -> Office:
    shutil.copytree(office.workspace.root, folder)
    return replace(office, workspace=replace(office.workspace, root=folder))


def obey(file: RefusedFile, letter: Letter) -> bytes:
    """Do in the form that came with the letter what its list says; a blank one is filled in."""
    (form,) = letter.attachments
    if letter.kind == "blank":
        rows, at = rows_of(GOOD), addresses(GOOD.form, ())
        numbers = {name: iter(found) for name, found in record_numbers(GOOD.form, rows).items()}
        good: dict[str, Any] = {}
        for row in rows:
            is_card = GOOD.form.section(row.section).layout == "card"
            record = "" if is_card else f".{next(numbers[row.section]) + 1}"
            paths = ((f"{row.section}{record}.{name}", v) for name, v in row.values.items())
            good |= {path: value for path, value in paths if path in at}
        return type_cells(form.data, at, good, GOOD)
    rows = read(form.data, form.name, [file.sample.form]).rows
    return type_cells(form.data, addresses(file.sample.form, rows), file.repair, file.sample)


def test_every_code_that_refuses_has_its_file() -> None:
    """A new code without a file here fails; the office's own register goes to nobody."""
    assert refusing_codes() - register_codes() - set(CODES) == set(ELSEWHERE)
    for code, where in ELSEWHERE.items():
        assert code in (TESTS / where).read_text(encoding="utf-8")


@pytest.mark.parametrize("code", CODES)
def test_it_is_refused_and_answered_once(code: str, outcomes: Mapping[str, Outcome]) -> None:
    became = outcomes[code]
    assert became.decision.verdict.value == "rejected"
    assert code in {finding.code for finding in became.decision.findings if finding.is_error}
    assert became.answer.kind == KIND_OF.get(code, "returned")


@pytest.mark.parametrize("code", CODES)
def test_letter_list_and_marked_cells_agree(code: str, outcomes: Mapping[str, Outcome]) -> None:
    letter = outcomes[code].answer
    lines = [line for line in letter.body.splitlines() if line.startswith("- ")]
    assert lines and "{" not in letter.body
    if letter.kind == "returned":
        book = letter.attachments[0].data
        listed = error_list(book)
        is_shown(lines, listed_in(letter))
        named = {(sheet, cell) for sheet, cells, *_ in listed for cell in expanded(cells)}
        coloured = cells_with_colour(book, (" bad",))
        red = {(sheet, cell) for sheet, cell in coloured if sheet != "Hướng dẫn"}
        assert named <= red
        assert bool(named) == bool(red)


def listed_in(letter: Letter) -> Sequence[str]:
    """What a letter lists: in the form given back, else in the letter, which has room for all."""
    if any(item.name.endswith(".xlsx") for item in letter.attachments) and letter.kind != "blank":
        return [
            f"- {one_line(f'{what} {fix}')} ({place_in_letter(sheet, cells)})"
            for sheet, cells, what, fix in error_list(letter.attachments[0].data)
        ]
    lines = [text for text in letter.body.splitlines() if text.startswith("- ")]
    assert not lines[-1].startswith("- và ")
    return lines


def is_shown(lines: Sequence[str], listed: Sequence[str]) -> None:
    """The lines of a letter are those `listed`: all, or the first and the number of the rest."""
    rest = re.fullmatch(r"- và \d+ lỗi nữa, ghi .* kèm theo\.", lines[-1])
    shown = lines[:-1] if rest else lines
    assert shown
    assert len(listed) > len(shown) if rest else len(listed) == len(shown)
    for line, whole in zip(shown, listed, strict=False):
        start, cut, _ = line.partition("…")
        assert line == whole or (cut and whole.startswith(start) and len(line) > 140)


def error_list(book: bytes) -> list[tuple[str, str, str, str]]:
    """Sheet and cells, what is wrong and what to do, of every line of the list of errors."""
    parts = read_parts(book)
    part = ElementTree.fromstring(parts[sheet_part(parts, "Lỗi cần sửa")])
    links = {link.get("ref"): link.get("location", "") for link in part.iter(f"{SPACE}hyperlink")}
    lines = []
    for row in part.iter(f"{SPACE}row"):
        words = ["".join(cell.itertext()) for cell in row][:5]
        if words[0].startswith("■"):
            _, _, cells, what, fix = words
            place = links.get(f"C{row.get('r')}", "")
            lines.append((place.rpartition("!")[0].strip("'"), cells, what, fix))
    return lines


def place_in_letter(sheet: str, cells: str) -> str:
    if sheet:
        return f"trang “{sheet}”, ô {cells}"
    cell, sent, _ = cells.partition(" (tệp đã gửi)")
    return f"ô {cell} của tệp đã gửi" if sent else cells


def expanded(cells: str) -> Iterator[str]:
    """The cells of "C12–C15, D3"; of "Cả tệp" none."""
    for part in cells.split(", ") if any(map(str.isdigit, cells)) else ():
        if "(" in part:
            continue
        first, _, last = part.partition("–")
        column = first.rstrip("0123456789")
        rows = [int(cell.removeprefix(column)) for cell in (first, last or first)]
        yield from (f"{column}{row}" for row in range(rows[0], rows[1] + 1))


@pytest.mark.parametrize("code", CODES)
def test_a_chat_says_the_same_in_few_words(code: str, outcomes: Mapping[str, Outcome]) -> None:
    for letter in (outcomes[code].answer, *outcomes[code].repeats):
        assert len(letter.chat) <= 400
        assert "{" not in letter.chat
        assert outcomes[code].file.branch.name in letter.chat
        assert letter.chat.startswith("Nhắc lại: ") == (letter.kind == "correction")
        asks = re.search(r"chậm nhất (ngày \S+\d)", letter.body)
        assert not asks or asks[0] in letter.chat
    letter = outcomes[code].answer
    if letter.kind == "returned":
        listed = error_list(letter.attachments[0].data)
        named = {(sheet, cell) for sheet, cells, *_ in listed for cell in expanded(cells)}
        errors = [f for f in outcomes[code].decision.findings if f.is_error]
        count = f"{len(named)} ô sai" if named else f"{len(errors)} lỗi"
        assert f": có {count}, đã đánh dấu trong tệp kèm theo." in letter.chat
        assert count_lines(letter.body) <= MAX_LINES


@pytest.mark.parametrize("code", CODES)
def test_the_form_that_comes_with_a_letter_tells_no_other_day(
    code: str, outcomes: Mapping[str, Outcome]
) -> None:
    """The letter says by when to send it again; the day the return was due has nothing to add."""
    for attachment in outcomes[code].answer.attachments:
        words = "".join(read_parts(attachment.data).values())
        assert "Hạn gửi lại: theo thư của văn phòng." in words
        assert "Hạn gửi kỳ này" not in words


@pytest.mark.parametrize("code", CODES)
def test_a_reminder_says_what_the_letter_said(code: str, outcomes: Mapping[str, Outcome]) -> None:
    """None on the same day; when the correction is overdue, the same list and the same form."""
    became = outcomes[code]
    form = became.file.sample.form.form
    reminded = [
        letter
        for letter in became.letters
        if letter.kind == "reminder" and {topic.form for topic in letter.topics} == {form}
    ]
    repeated = [letter for letter in became.repeats if letter.kind == "correction"]
    if became.answer.kind == "declined":
        assert len(reminded) == (code in ("I07", "I12"))  # the return itself is overdue
        assert not repeated
        return
    assert not reminded
    if code == "I15":  # what has ended within the month owes no return
        assert not repeated
        return
    (letter,) = repeated
    assert letter.subject == f"Nhắc lại: {became.answer.subject}"
    lines = [text for text in letter.body.splitlines() if text.startswith("- ")]
    is_shown(lines, listed_in(became.answer))
    assert [a.data for a in letter.attachments] == [a.data for a in became.answer.attachments]
    assert "hạn gửi lại là ngày 09/11/2026" in letter.body


@pytest.mark.parametrize("code", CODES)
def test_who_obeys_is_accepted(code: str, outcomes: Mapping[str, Outcome]) -> None:
    became = outcomes[code]
    kind = became.answer.kind
    if kind == "declined":
        assert "không phải sửa hay gửi lại" in became.answer.body
        assert "chậm nhất" not in became.answer.body
        assert not became.answer.attachments
        return
    obeyed = {"attached form": became.attached, "own file": became.own}
    expected = {"attached form"} if kind != "unopened" else set()
    expected |= {"own file"} if became.file.own else set()
    assert {name for name, decision in obeyed.items() if decision} == expected
    for decision in filter(None, obeyed.values()):
        assert [f"{f.code} {f.place.cell}" for f in decision.findings if f.is_error] == []
        assert decision.verdict.value == "accepted"


# A person's refusal (L11)


def refuse_held(office: Office, day: date) -> None:
    for entry in list_undecided(office):
        at, why = f"{day}T10:00:00+07:00", "đã gọi hỏi bí thư"
        refusal = Review(entry.id, ReviewOutcome.REFUSE, "An", at, why, day)
        review_file(office, refusal, "test")


def small_letters(office: Office, day: date, month: int = 11) -> Mapping[str, Letter]:
    with Ledger.open(office.workspace.ledger, read_only=True) as ledger:
        selection = reply.LetterSelection(Period(2019, month), day)
        letters = reply.reply_letters(office, ledger, selection).letters
    return {letter.kind: letter for letter in letters if letter.addressee == "CB-01"}


@pytest.fixture
def small_office(tmp_path: Path) -> Iterator[Office]:
    with reading():
        yield create_small_office(tmp_path / "town")


def test_what_the_office_refuses_comes_back_to_be_mended(small_office: Office) -> None:
    """Two at once, neither is the later one: both are refused, one is sent again."""
    day = date(2019, 12, 4)
    for name, score in (("a.xlsx", 92), ("b.xlsx", 90)):
        put(small_office, name, MeetingReturn("CB-01", score=score).book())
    take_in = partial(ingest, small_office, as_of=day, who="test", holder="test")
    take_in(received="2019-12-03T09:00:00+07:00")
    refuse_held(small_office, day)
    letter = small_letters(small_office, day)["returned"]
    ((_, place, what, fix),) = error_list(letter.attachments[0].data)
    assert f"- {what} {fix} ({place})" in letter.body
    assert "đã gọi hỏi bí thư" in what and "gửi lại chính tệp này" in fix
    put(small_office, "c.xlsx", letter.attachments[0].data)
    (again,) = take_in(received="2019-12-04T11:00:00+07:00").decisions
    assert again.verdict.value == "accepted"


def test_what_came_too_late_or_beside_what_counts_is_not_asked_for_again(
    small_office: Office,
) -> None:
    rules = OfficeRules(deadlines=(DeadlineRule("meeting", "2019-01", due=5, lock=10),))
    locked = in_force(small_office.catalogue, rules, "Thị ủy")
    office, day = replace(small_office, catalogue=locked), date(2019, 12, 20)
    put(office, "late.xlsx", MeetingReturn("CB-01").book())
    ingest(office, as_of=day, received="2019-12-18T09:00:00+07:00", who="test", holder="test")
    refuse_held(office, day)
    assert set(small_letters(office, day)) == {"declined"}
    todo = status(office, NOVEMBER_2019, day).todo
    assert ("fix" in todo, todo["remind"]) == (False, 2)  # the two others, which sent nothing
    put(office, "good.xlsx", MeetingReturn("CB-01", month=10).book())
    ingest(office, as_of=day, received="2019-11-04T09:00:00+07:00", who="test", holder="test")
    put(office, "older.xlsx", MeetingReturn("CB-01", month=10, score=90).book())
    ingest(office, as_of=day, received="2019-11-03T09:00:00+07:00", who="test", holder="test")
    refuse_held(office, day)
    letters = small_letters(office, day, 10)
    assert set(letters) == {"receipt", "declined"}
    assert "không phải sửa hay gửi lại" in letters["declined"].body


def test_a_month_before_the_form_existed_is_not_asked_for(small_office: Office) -> None:
    day = date(2019, 12, 4)
    form = catalogue().form("meeting", "2018.1")
    assert form
    context = TemplateContext.of(
        small_office.register, small_office.register.by_code["CB-01"], Period(2018, 3)
    )
    rows = MeetingReturn("CB-01", month=3, year=2018).values()
    put(small_office, "a.xlsx", render(form, context, rows))
    ingest(small_office, as_of=day, received="2019-12-03T09:00:00+07:00", who="test", holder="test")
    letter = small_letters(small_office, day)["declined"]
    assert "không áp dụng cho kỳ tháng 3 năm 2018." in letter.body
    assert "phiên bản ." not in letter.body
