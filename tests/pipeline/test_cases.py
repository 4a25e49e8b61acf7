"""Files that once failed: what stands in each, what is said of it, what goes back.

Made by hand in LibreOffice from forms of the sample town or of an invented commune; nobody's.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from builders.reader_files import MEETING, table_form

from mlay_batch.app.check_file import check, render_returned
from mlay_batch.core.findings import Finding
from mlay_batch.reader import read
from mlay_batch.schema import load_catalogue

CASES = Path(__file__).resolve().parent.parent / "cases"
SHIPPED = load_catalogue()
TABLES = (MEETING, table_form("table_form_2025"))
OTHERS = (form for form in SHIPPED.forms if form.form != MEETING.form)
CATALOGUE = replace(SHIPPED, forms=(*TABLES, *OTHERS))  # the files are forms of tables
AS_OF = date(2026, 11, 6)


def errors(findings: tuple[Finding, ...]) -> list[str]:
    return sorted(f"{f.code} {f.place.cell}" for f in findings if f.is_error)


EXPECTED = {
    # two columns, and two lines, with their headings exchanged over the hidden ids
    "columns-exchanged": ["R32 K31", "R32 L31"],
    "card-lines-exchanged": ["R32 B22", "R32 B23"],
    # October's form with the dates of September; "15/15" in a count
    "dates-of-last-month": ["C03 H32", "F04 C32", "F04 C55", "F04 C68"],
    # one note in an empty row; two sums are wrong besides
    "stray-note-in-row": ["D01 G32", "F17 E34", "S01 M55"],
    # a count of 13.000000000000002; days written as midnight with "Z"; blanks between the cells
    "thirteen-with-noise": [],
    "date-with-zone": [],
    "ods-gnumeric": [],
    # "12", its first digit struck out
    "struck-out-digit": ["C30 K32"],
    # over or beside the cells
    "text-box-over-table": [],
    "picture-over-table": [],
    "embedded-document": [],
    "text-in-footer": [],
}

UNREAD = {
    "protected-structure": "R04",  # encrypted with the built-in password: Excel never asks for it
    "long-foreign-500-rows": "R20",  # no form; took longer the more rows it had
}


def case(name: str) -> Path:
    return next(CASES.glob(f"{name}.*"))


def test_every_file_has_its_line() -> None:
    files = (path for path in CASES.iterdir() if path.suffix != ".eml")
    workbooks = {path.stem for path in files if path.stem != "card-gnumeric"}  # `test_card_cases`
    assert workbooks == EXPECTED.keys() | UNREAD.keys()  # mails: `test_mail_answers`


@pytest.mark.parametrize("name", EXPECTED)
def test_what_is_said_of_it_and_what_goes_back(name: str) -> None:
    checked = check(case(name), CATALOGUE, None, AS_OF)
    assert errors(checked.findings) == EXPECTED[name]
    sent = read(case(name).read_bytes(), name, CATALOGUE.forms)
    back = read(render_returned(checked, CATALOGUE, None, "vi"), name, CATALOGUE.forms)
    assert [row.values for row in back.rows] == [row.values for row in sent.rows]


OVER_THE_CELLS = {
    "text-box-over-table": ("C34", "D34"),
    "picture-over-table": ("R35", "C32"),
    "embedded-document": ("R36", ""),
    "text-in-footer": ("R34", ""),
}


@pytest.mark.parametrize("name", OVER_THE_CELLS)
def test_what_lies_over_the_cells_is_told_and_refuses_nothing(name: str) -> None:
    checked = check(CASES / f"{name}.xlsx", CATALOGUE, None, AS_OF)
    told = [(f.code, f.place.cell) for f in checked.findings if f.code != "C26"]
    assert told == [OVER_THE_CELLS[name]]


def test_a_figure_nobody_knows_goes_back_as_a_question_mark(tmp_path: Path) -> None:
    checked = check(CASES / "struck-out-digit.xlsx", CATALOGUE, None, AS_OF)
    path = tmp_path / "back.xlsx"
    path.write_bytes(render_returned(checked, CATALOGUE, None, "vi"))
    (finding,) = [f for f in check(path, CATALOGUE, None, AS_OF).findings if f.is_error]
    assert (finding.code, finding.place.cell, finding.params["value"]) == ("C01", "K32", "?")


@pytest.mark.parametrize("name", UNREAD)
def test_why_it_cannot_be_read(name: str) -> None:
    assert errors(check(case(name), CATALOGUE, None, AS_OF).findings) == [f"{UNREAD[name]} "]


def test_a_form_of_october_stays_octobers() -> None:
    checked = check(CASES / "dates-of-last-month.xlsx", CATALOGUE, None, AS_OF)
    assert checked.checked_file and checked.checked_file.identity
    assert str(checked.checked_file.identity.period) == "2026-10"


def test_with_the_note_gone_nothing_is_left_of_its_row(tmp_path: Path) -> None:
    checked = check(CASES / "stray-note-in-row.xlsx", CATALOGUE, None, AS_OF)
    rows = tuple(
        replace(row, values=dict.fromkeys(row.values)) if row.number == 34 else row
        for row in checked.rows
    )
    path = tmp_path / "back.xlsx"
    path.write_bytes(render_returned(replace(checked, rows=rows), CATALOGUE, None, "vi"))
    assert errors(check(path, CATALOGUE, None, AS_OF).findings) == ["D01 G32", "S01 M55"]
