"""For every code that refuses a file: letter, list, marked cells and reminder say one thing.

One town, one file of each kind, each from a branch of its own. Whoever obeys the letter is
accepted, in the form that came with it and in his own file; who has nothing to send is asked for
nothing.
"""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

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
from builders.sample_office import MeetingReturn, put
from builders.sample_office import create_office as create_small_office
from openpyxl import load_workbook

from mlay_batch.app import mail_run, reply
from mlay_batch.app.ingest import ingest
from mlay_batch.app.office import Office, with_deadlines
from mlay_batch.app.review import ReviewOutcome, list_held, review_file
from mlay_batch.core.period import Period
from mlay_batch.mail.letter import Letter
from mlay_batch.mail.mail_templates import one_line
from mlay_batch.model.records import Decision
from mlay_batch.reader import read

pytestmark = pytest.mark.slow

CODES = list(makers())
KIND_OF = {"R03": "unopened", "R04": "unopened", "R08": "unopened", "R09": "unopened"}
KIND_OF |= dict.fromkeys(("I05", "I07", "I08", "I12", "I13"), "declined")
KIND_OF |= {code: "blank" for code in PLAIN if code not in KIND_OF}
# No file of a branch has these; where they are tested.
ELSEWHERE = {
    "L11": "replies/test_letters_agree.py",  # a person's refusal of a held file: below
    "I30": "pipeline/test_levels.py",  # a workbook that the level below consolidated
    "I31": "pipeline/test_levels.py",
}
TESTS = Path(__file__).resolve().parent.parent
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
        for name in ("render", "render_returned"):  # the same inputs give the same bytes
            patch.setattr(reply, name, remembering(getattr(reply, name)))
        yield live_through(tmp_path_factory.mktemp("letters"))


def remembering(function: Any) -> Any:
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
    letters = draft(office, NOVEMBER, AS_OF)
    repeats = [
        letter
        for period in {file.period for file in files}
        for letter in draft(office, period, LATER)
    ]
    answers = {to: letter for to, about in by_addressee(letters).items() for letter in about[:1]}
    attached = {
        file: obey(file, answers[file.branch.code])
        for file in files
        if answers[file.branch.code].attachments
    }
    other = copy_of(office, folder / "copy")
    again = send_in(office, attached, "2026-11-10T09:00:00+07:00", LATER)
    own = send_in(
        other, {f: f.own for f in files if f.own}, "2026-11-10T09:00:00+07:00", LATER
    )
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
    done = ingest(office, as_of=as_of, received=received, holder="test")
    by_sender = {decision.checked.file.sender: decision for decision in done.decisions}
    return {file: by_sender[file.branch.mail] for file in files}


def draft(office: Office, period: Period, day: date) -> Sequence[Letter]:
    job = mail_run.MailRun(office, partial(reply.reply_letters, office), period, day, "test")
    return mail_run.draft(job, f"{day}T10:00:00+07:00").letters


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
        good = {
            f"{section}.{number}.{name}" if isinstance(content, list) else f"{section}.{name}": v
            for section, content in GOOD.good.items()
            for number, values in enumerate(content if isinstance(content, list) else [content], 1)
            for name, v in values.items()
        }
        return type_cells(form.data, addresses(GOOD.form, ()), good, GOOD)
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
        assert lines == [
            f"- {one_line(f'{what} {fix}')} ({place_in_letter(sheet, cells)})"
            for sheet, cells, what, fix in listed
        ]
        named = {(sheet, cell) for sheet, cells, *_ in listed for cell in expanded(cells)}
        red = cells_with_colour(book, (" bad",))
        assert named <= red
        assert bool(named) == bool(red)


def error_list(book: bytes) -> list[tuple[str, str, str, str]]:
    """Sheet and cells, what is wrong and what to do, of every line of the list of errors."""
    sheet = load_workbook(io.BytesIO(book))["Lỗi cần sửa"]
    lines = []
    for level, _, cell, what, fix in sheet.iter_rows(max_col=5):
        if str(level.value).startswith("■"):
            target = cell.hyperlink.location.rpartition("!")[0].strip("'") if cell.hyperlink else ""
            lines.append((target, str(cell.value), str(what.value), str(fix.value)))
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
    (letter,) = repeated
    assert letter.subject == f"Nhắc lại: {became.answer.subject}"
    lines = [text for text in letter.body.splitlines() if text.startswith("- ")]
    assert lines == [text for text in became.answer.body.splitlines() if text.startswith("- ")]
    assert letter.attachments == became.answer.attachments
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
