"""A list that the program fills goes out, is answered, and comes back: the whole round."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from builders import libreoffice
from builders.filled_forms import CATALOGUE, form
from builders.list_form import CONTEXT, LISTS, SHEET, YAML, book, cell_of, list_form, type_into
from builders.sample_office import rows

from mlay_batch.checks.validate import validate, validate_list, validate_register
from mlay_batch.core.findings import Finding, Place
from mlay_batch.core.messages import explain
from mlay_batch.model.records import CheckedFile, IncomingFile, Row, Submission
from mlay_batch.reader import read_all
from mlay_batch.template import render

FORM = list_form()
ROWS = [book("1-a"), book("2-b", "torn", what="12"), book("3-c", "gone", state="done")]
LINKS = {
    ("books", 0, "what"): "hộp thư/Sổ 01.xlsx#'Báo cáo'!C12",
    ("books", 1, "since"): "hộp thư/Sổ 02.xlsx",
}
FILLED = render(FORM, replace(CONTEXT, links=LINKS, tones={("books", 2, "state"): "good"}), ROWS)


def read(data: bytes) -> Submission:
    (submission,) = read_all([("việc.xlsx", data)], [FORM, *CATALOGUE.forms], workers=1)
    return submission


def answered(cells: Mapping[tuple[str, int], object]) -> bytes:
    """The list once a person has typed into these fields of these rows."""
    return type_into(FILLED, {cell_of(*place): value for place, value in cells.items()})


def lines(findings: tuple[Finding, ...]) -> Iterator[str]:
    return (f"{finding.code} {finding.place.cell}" for finding in findings)


def test_the_list_comes_back_as_it_went() -> None:
    came = read(FILLED)
    assert (came.form, came.findings) == ("errands", ())
    assert [row.values["key"] for row in came.rows] == ["1-a", "2-b", "3-c"]
    checked, findings = validate_list(came, FORM, LISTS)
    assert findings == ()
    assert checked.rows[0].values == {
        "key": "1-a", "kind": "late", "what": "Sổ tay", "since": date(2019, 11, 4),
        "state": "open", "answer": None, "room": None, "note": None,
    }  # fmt: skip


def test_what_was_chosen_is_known_by_the_hidden_id() -> None:
    data = answered({
        ("answer", 0): "Nhắc trả", ("room", 0): "PD-02 – Phòng đọc Sông Đà", ("note", 0): "Gọi sau",
        ("answer", 1): "Mua quyển khác", ("room", 1): "PD-01",
    })  # fmt: skip
    checked, findings = validate_list(read(data), FORM, LISTS)
    assert findings == ()
    chosen = {row.values["key"]: (row.values["answer"], row.values["room"]) for row in checked.rows}
    assert chosen == {"1-a": ("remind", "PD-02"), "2-b": ("buy", "PD-01"), "3-c": (None, None)}


def test_a_wrong_choice_is_told_at_its_cell() -> None:
    data = answered({("answer", 0): "Sửa, đóng lại", ("answer", 2): "Để nguyên"})
    _, findings = validate_list(read(data), FORM, LISTS)
    assert list(lines(findings)) == [f"Z01 {cell_of('answer', 0)}", f"Z01 {cell_of('answer', 2)}"]
    assert findings[0].place == Place("", SHEET, cell_of("answer", 0))
    assert explain(findings[0], FORM, "vi").what == "Cách làm này không hợp với việc."


def test_what_is_no_choice_at_all_gets_no_second_finding() -> None:
    _, findings = validate_list(read(answered({("answer", 0): "zzz"})), FORM, LISTS)
    assert list(lines(findings)) == [f"C09 {cell_of('answer', 0)}"]


def test_an_outside_list_is_looked_up_and_may_be_unknown() -> None:
    data = answered({("room", 0): "PD-09 – Kho cũ"})
    for lists, codes in ((LISTS, [f"F09 {cell_of('room')}"]), ({}, [])):
        checked, findings = validate_list(read(data), FORM, lists)
        assert list(lines(findings)) == codes
    assert checked.rows[0].values["room"] == "PD-09"


def test_a_row_without_its_id_is_told_where_people_see_it() -> None:
    _, findings = validate_list(read(answered({("key", 1): None})), FORM, LISTS)
    assert list(lines(findings)) == [f"F17 {cell_of('kind', 1)}"]


def test_a_row_that_people_hide_is_told_all_the_same() -> None:
    """The hidden column is the form's own; whatever else is hidden is not."""
    workbook = openpyxl.load_workbook(io.BytesIO(FILLED))
    workbook[SHEET].row_dimensions[int(cell_of("since", 1)[1:])].hidden = True
    workbook[SHEET].column_dimensions["F"].hidden = True  # the states
    workbook[SHEET].column_dimensions["I"].hidden = True  # the notes
    workbook.save(buffer := io.BytesIO())
    findings = read(buffer.getvalue()).findings
    assert [f.code for f in findings] == ["C17", "C18", "C32"]


def test_the_programs_own_words_are_asked_nothing() -> None:
    """A bare number, a question mark, words in an old encoding: nobody typed them here."""
    words = ["12", "?", "NghÞ quyÕt th¸ng 11 vÒ c«ng t¸c x©y dùng §¶ng"]
    for yaml, is_told in ((YAML, False), (YAML.replace("text, locked: true", "text"), True)):
        of = list_form(yaml)
        data = render(of, CONTEXT, [book(str(n), what=what) for n, what in enumerate(words)])
        (came,) = read_all([("a.xlsx", data)], [of], workers=1)
        codes = {finding.code for finding in came.findings}
        assert codes == ({"C33", "C29", "C24"} if is_told else set())
        if not is_told:
            assert [row.values["what"] for row in came.rows] == words


def test_the_register_names_its_own_rows() -> None:
    of = form("register", "1")
    units = rows(
        "organisations",
        {"code": "TU", "name": "Thị ủy", "type": "office"},
        {"code": "CB-1", "name": "Chi bộ A", "type": "cell_direct", "parent": "TU"},
    )
    cells = [replace(row, cells=dict.fromkeys(row.values, "B9")) for row in units]
    register = Submission(None, "register", "1", rows=tuple(cells))
    outside = {"organisations": {"XX": "Thị ủy"}}
    for findings in (
        validate_register(register, of)[1],
        validate_list(register, of, outside)[1],
    ):
        assert findings == ()


def test_a_list_among_returns_is_not_checked_as_one() -> None:
    """It is told that it is none; its words are the office's matter."""
    came = read(answered({("answer", 0): "Sửa, đóng lại"}))
    sent = CheckedFile(IncomingFile("a", b"", "a", "2019-12-01T00:00:00Z"), came)
    assert validate([sent], LISTS, [FORM]) == (sent,)


@pytest.mark.libreoffice
@pytest.mark.parametrize("kind", ["xlsx", "ods"])
def test_answers_chosen_in_libreoffice_are_read(tmp_path: Path, kind: str) -> None:
    (tmp_path / "list.xlsx").write_bytes(FILLED)
    steps = [
        libreoffice.put(cell_of("answer", 0), "Nhắc trả", SHEET),
        libreoffice.put(cell_of("room", 1), "PD-01 – Phòng đọc Na Lay", SHEET),
    ]
    saved = libreoffice.fill(tmp_path / "list.xlsx", tmp_path / f"saved.{kind}", steps)
    checked, findings = validate_list(read(saved.read_bytes()), FORM, LISTS)
    assert findings == ()
    assert [_answers(row) for row in checked.rows] == [
        ("1-a", "remind", None),
        ("2-b", None, "PD-01"),
        ("3-c", None, None),
    ]


def _answers(row: Row) -> tuple[object, ...]:
    return tuple(row.values[name] for name in ("key", "answer", "room"))
