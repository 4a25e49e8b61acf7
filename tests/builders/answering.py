"""An office that asks for answers, and branches that give them in the form they get."""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import date

from openpyxl import load_workbook
from openpyxl.cell import Cell
from openpyxl.worksheet.worksheet import Worksheet

from mlay_batch.app.office import Office, open_office
from mlay_batch.app.reply import LetterSelection, reply_letters
from mlay_batch.core.period import Period
from mlay_batch.ledger import Answers, Ledger
from mlay_batch.mail.letter import Attachment, Letter

PERIOD = Period.parse("2019-11")
SHORT, FEW = {"duration": 70}, {"present": 8, "expected": 10}  # D04 and D05 warn of these
ASKS = "extends: meeting-2018.yaml\nsections: [{{id: meetings, rules: [{rules}]}}]\n"


def asking(town: Office, *rules: str) -> Office:
    """The office with these rules changed in a description of its own."""
    text = ASKS.format(rules=", ".join(f"{{{rule}}}" for rule in rules))
    (town.workspace.schemas / "own.yaml").write_text(text, encoding="utf-8")
    return open_office(town.workspace)


def letters(town: Office, on: str = "2019-12-06") -> dict[str, Letter]:
    """The letters owed on a day, by kind and branch: ``receipt CB-01``."""
    selection = LetterSelection(PERIOD, date.fromisoformat(on))
    with Ledger.open(town.workspace.ledger, read_only=True) as ledger:
        pending = reply_letters(town, ledger, selection)
    return {f"{x.kind} {x.topics[0].branch}": x for x in (*pending.letters, *pending.by_hand)}


def workbooks(letter: Letter) -> list[Attachment]:
    """The forms that come with a letter, beside the slip of a receipt."""
    return [each for each in letter.attachments if each.name.endswith(".xlsx")]


def answer_cells(sheet: Worksheet) -> Mapping[str, Cell]:
    """The cells for answers on the first sheet of a form, by the code in the line's hidden id."""
    cells = {}
    for row in sheet.iter_rows():
        ids = [cell for cell in row if ":" in str(cell.value) and str(cell.value)[3:4] == ":"]
        if ids:
            cells[str(ids[0].value)[:3]] = row[ids[0].column - 2]
    return cells


def answered(form: bytes, **words: str) -> bytes:
    """The form as the branch sends it back with answers to the warnings of these codes."""
    book = load_workbook(io.BytesIO(form))
    cells = answer_cells(book.worksheets[0])
    for code, answer in words.items():
        cells[code].value = answer
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def given(town: Office) -> list[tuple[str, str, str, str | None]]:
    """Branch, code, words and who of every answer in force."""
    with Ledger.open(town.workspace.ledger, read_only=True) as ledger:
        answers = Answers(ledger).in_force().values()
    return [(x.branch, x.code, x.words, x.who) for x in answers]
