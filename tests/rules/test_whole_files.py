"""What refuses a file as a whole: given back, it is right as it stands, or with its part filled in.

A cell's own mistakes are in `test_rules`. Here a person who has only the form that came back does
what its list says, and the return is accepted. For what never gives a form back, the list of codes
says why.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache, partial
from typing import Any

import pytest
from builders.filled_forms import form
from builders.rule_samples import (
    CATALOGUE,
    addresses,
    check_submissions,
    rows_of,
    samples,
    tables,
    type_cells,
)
from openpyxl.utils import column_index_from_string, get_column_letter

from mlay_batch.app.check_file import CheckResult, render_returned
from mlay_batch.core.messages import finding_descriptions
from mlay_batch.core.period import Period
from mlay_batch.core.zip_rules import write_parts
from mlay_batch.demo.xlsx_patch import RawCell, read_parts, sheet_part
from mlay_batch.demo.xlsx_patch import set_cells as typed_over
from mlay_batch.errors import UsageError
from mlay_batch.model.records import CheckedFile, Submission
from mlay_batch.reader import read
from mlay_batch.schema.layout import CellPlan, plan_sheets
from mlay_batch.template import render

OLD = form("meeting", "2018.1")
GOOD = next(sample for sample in samples() if sample.form is OLD)
ROWS = rows_of(GOOD)
AT = addresses(OLD, ROWS)
SHEETS = plan_sheets(OLD)
SHEET = SHEETS[0]
Place = tuple[str, str]  # title of a sheet, cell
Change = Callable[[bytes], bytes]

# Nothing could be read, or nobody can tell whose it is: a fresh form is sent in its place.
FRESH = {f"R{n:02}" for n in (1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 13, 14, 20, 21, 25, 30, 31, 38, 40)}
FRESH |= {"I01", "I04", "I09", "I11", "I50"}
FRESH |= {"I30", "I31"}  # a workbook of a whole town, made by the program: made again, not mended
# No form would help: the unit owes none, or not yet, or the office's own register was sent.
NONE_OWED = {"I05", "I07", "I08", "I12", "I13", "I51", "I52"}


def over(where: str | Place, value: Any) -> Change:
    """Type over a value, or over a cell of the template's own."""
    title, cell = AT[where] if isinstance(where, str) else where
    return lambda book: _sheet(book, lambda part: typed_over(part, {cell: value}), title)


def _sheet(book: bytes, change: Callable[[str], str], title: str = SHEET.title.vi) -> bytes:
    parts = dict(read_parts(book))
    name = sheet_part(parts, title)
    parts[name] = change(parts[name])
    return write_parts(parts)


def cell_where(is_it: Callable[[CellPlan], bool]) -> Place:
    """The first cell of the template for which that holds."""
    return next(
        (sheet.title.vi, f"{get_column_letter(cell.column)}{cell.row}")
        for sheet in SHEETS
        for cell in sheet.cells
        if is_it(cell)
    )


def own(text: str) -> Place:
    """The cell that holds a text of the template's own: a marker, a heading."""
    return cell_where(lambda cell: getattr(cell.text, "vi", cell.text) == text)


def number(section: str, record: int) -> Place:
    """The cell of a running number."""
    return cell_where(lambda c: (c.section, c.role, c.record) == (section, "number", record))


def marker(section: str, field: str) -> Place:
    """The cell of a line's hidden id in column A."""
    return cell_where(lambda c: (c.section, c.column, c.text) == (section, 1, field))


def heading(section: str, field: str) -> Place:
    """The cell of a line's visible label."""
    return cell_where(lambda c: (c.section, c.role, c.field) == (section, "label", field))


def merge(first: str, last: str) -> Change:
    """Merge cells, which keeps the first value alone."""
    top, bottom = AT[first][1], AT[last][1]

    def change(part: str) -> str:
        part = typed_over(part, {bottom: RawCell("n", "")})
        return part.replace("</mergeCells>", f'<mergeCell ref="{top}:{bottom}"/></mergeCells>')

    return lambda book: _sheet(book, change)


def hide(path: str, *, column: bool = False) -> Change:
    """Hide a row or column."""
    letters, row = re.fullmatch(r"([A-Z]+)(\d+)", AT[path][1]).groups()  # type: ignore[union-attr]
    at = column_index_from_string(letters)
    if column:
        pattern = rf'(<col [^>]*)(min="{at}" max="{at}")'
        return lambda book: _sheet(book, lambda part: re.sub(pattern, r'\1hidden="1" \2', part))
    return lambda book: _sheet(
        book, lambda part: part.replace(f'<row r="{row}"', f'<row r="{row}" hidden="1"')
    )


def strike(text: str, *paths: str) -> Change:
    """A text struck out in each of the cells, before what is left standing there."""
    run = f"<is><r><rPr><strike/></rPr><t>{text}</t></r></is>"
    cells = {AT[path][1]: RawCell("inlineStr", run) for path in paths}
    return lambda book: _sheet(book, lambda part: typed_over(part, cells), AT[paths[0]][0])


def raise_digit(path: str, number: str) -> Change:
    """The last digit of a number raised, as in 45²."""
    raised = f"<r><rPr><vertAlign val='superscript'/></rPr><t>{number[-1]}</t></r>"
    cell = RawCell("inlineStr", f"<is><r><t>{number[:-1]}</t></r>{raised}</is>")
    return lambda book: _sheet(book, lambda part: typed_over(part, {AT[path][1]: cell}))


def dress_as(path: str, like: str, value: int) -> Change:
    """A number in a cell with the number format of another one."""
    cell, other = AT[path][1], AT[like][1]

    def change(part: str) -> str:
        style = re.search(rf'<c r="{other}" s="(\d+)"', part)
        assert style
        return re.sub(
            rf'<c r="{cell}"[^>]*?(?:/>|>.*?</c>)',
            f'<c r="{cell}" s="{style[1]}" t="n"><v>{value}</v></c>',
            part,
        )

    return lambda book: _sheet(book, change)


def show_as_share(path: str) -> Change:
    """Give a cell the format of per cent: 19 is shown as 1900%."""

    def change(book: bytes) -> bytes:
        parts = dict(read_parts(book))
        styles = parts["xl/styles.xml"]
        formats = re.search(r"<cellXfs.*?</cellXfs>", styles, re.DOTALL)
        assert formats
        style = formats[0].count("<xf ")
        share = '<xf numFmtId="9" fontId="0" fillId="0" borderId="0" xfId="0"/></cellXfs>'
        parts["xl/styles.xml"] = styles.replace("</cellXfs>", share)
        dress = partial(re.sub, rf'(<c r="{AT[path][1]}") s="\d+"', rf'\1 s="{style}"')
        return _sheet(write_parts(parts), dress)

    return change


def with_part(name: str) -> Change:
    return lambda book: write_parts({**read_parts(book), name: b"code"})


def hide_sheet(book: bytes) -> bytes:
    """Hide the sheet with the form."""
    parts = dict(read_parts(book))
    title = f'name="{SHEET.title.vi}"'
    shown = parts["xl/workbook.xml"].replace(' state="visible"', "")
    parts["xl/workbook.xml"] = shown.replace(title, f'{title} state="hidden"')
    return write_parts(parts)


@dataclass(frozen=True)
class Case:
    """What is done to the good return, what refuses it then, what is typed once it is back."""

    codes: str
    changes: tuple[Change, ...] = ()
    repair: Mapping[str, Any] = field(default_factory=dict)
    made_for: str = "2018-11"
    month: int = 11
    year: int = 2018
    unit: tuple[str, str] = (GOOD.context.branch, GOOD.context.branch_name)


ROW_2 = "meetings.2."
CASES = {
    "macros": Case("R09", (with_part("xl/vbaProject.bin"),)),
    "a sheet hidden": Case("R39", (hide_sheet,)),
    "a table twice": Case(
        "R22 R22", (over(number("activities", 3), "thematic:start"),),
        {"thematic.1.topic": None, "thematic.2.topic": "Nêu gương"},
    ),
    "a table not found": Case(
        "R23", (over(own("visits:start"), "x"), over(heading("visits", "officer"), "Người")),
        {"visits.1.officer": "TU01 – Lò Văn Pọm"},
    ),
    "a line lost": Case(
        "R26",
        (over(marker("meetings", "duration"), "x"), over(heading("meetings", "duration"), "Lúc")),
        {"meetings.1.duration": 95, ROW_2 + "duration": 90},
    ),
    "a line twice": Case(
        "R27", (over(marker("meetings", "merged"), "duration"),),
        {"meetings.1.duration": 95, ROW_2 + "duration": 90},
    ),
    "headings exchanged": Case(
        "R32 R32",
        (over(heading("meetings", "speakers"), "Số ý kiến phê bình"),
         over(heading("meetings", "criticism"), "Số người phát biểu")),
        {"meetings.1.speakers": 6, ROW_2 + "speakers": 5,
         "meetings.1.criticism": 2, ROW_2 + "criticism": 1},
    ),
    "parts exchanged": Case(
        "R33 R33",
        (over(own("Bồi dưỡng, kiểm tra, giám sát"), "Thay đổi cấp ủy, bí thư"),
         over(own("Thay đổi cấp ủy, bí thư"), "Bồi dưỡng, kiểm tra, giám sát")),
        {"activities.1.held_on": "20/11", "activities.1.kind": "inspection",
         "activities.1.content": "Kiểm tra đảng phí", "committee.1.changed_on": None},
    ),
    "cells merged": Case(
        "C16", (merge("meetings.1.content", ROW_2 + "content"),),
        {ROW_2 + "content": "Học tập và làm theo"},
    ),
    "a hidden row": Case("C17", (hide(ROW_2 + "present"),)),
    "a hidden column": Case("C18 C18", (hide("meetings.1.present", column=True),)),
    "a figure struck out": Case(
        "C30", (strike("19", "meetings.1.present"),), {"meetings.1.present": 19}
    ),
    "a share": Case(
        "C36", (show_as_share("meetings.1.present"),), {"meetings.1.present": 19}
    ),
    "a digit raised": Case(
        "C38", (raise_digit("meetings.1.present", "19"),), {"meetings.1.present": 19}
    ),
    "a row struck out": Case(
        "C30", (strike("x", *(path for path in AT if path.startswith("activities.1."))),),
        {"activities.1.held_on": None},
    ),
    "words in a running number": Case("C19", (over(number("activities", 1), "hoãn"),)),
    "a date in a number": Case(
        "C05", (dress_as("meetings.1.speakers", "meetings.1.held_on", 43410),),
        {"meetings.1.speakers": 6},
    ),
    "a text without end": Case(
        "C14", (over("meetings.1.content", "x" * 32_768),), {"meetings.1.content": "Nghị quyết"},
    ),
    "an old encoding": Case("C24", (over("thematic.2.topic", "NghÞ quyÕt th¸ng 11"),)),
    "the period typed over": Case("I02", (over("head.period", "Tháng 12 năm 2018"),)),
    "a day after the unit's end": Case(
        "I15", (over("activities.1.held_on", date(2018, 11, 21)),),
        {"activities.1.held_on": "20/11"}, unit=("CB-02", "Chi bộ Trường Mầm non"),
    ),
    "last month's file": Case("I03", made_for="2018-10"),
    "the form of other years": Case("I06", made_for="2026-10", month=10, year=2026),
}  # fmt: skip


def build_file(case: Case) -> bytes:
    rows = [
        replace(row, values={name: _move_date(value, case) for name, value in row.values.items()})
        for row in ROWS
    ]
    branch, name = case.unit
    period = Period.parse(case.made_for)
    context = replace(GOOD.context, period=period, branch=branch, branch_name=name)
    book = render(OLD, context, rows)
    for change in case.changes:
        book = change(book)
    return book


def _move_date(value: Any, case: Case) -> Any:
    return value.replace(year=case.year, month=case.month) if hasattr(value, "month") else value


@dataclass(frozen=True)
class Came:
    """A case as it came, the form given back, and what is left once that was repaired."""

    first: CheckedFile
    back: bytes
    left: CheckedFile


@cache
def came() -> Mapping[str, Came]:
    books = [_read(build_file(case)) for case in CASES.values()]
    first = check_submissions(books)
    back = [
        render_returned(_check_result(*pair), CATALOGUE, None, "vi")
        for pair in zip(first, books, strict=True)
    ]
    again = [
        type_cells(paper, addresses(OLD, book.rows), case.repair, GOOD)
        for paper, book, case in zip(back, books, CASES.values(), strict=True)
    ]
    trios = zip(first, back, check_submissions(list(map(_read, again))), strict=True)
    return dict(zip(CASES, (Came(*trio) for trio in trios), strict=True))


def _read(book: bytes) -> Submission:
    return read(book, "a.xlsx", CATALOGUE.forms)


def _check_result(checked: CheckedFile, book: Submission) -> CheckResult:
    form = CATALOGUE.form(book.form or "", book.version or "")
    return CheckResult(checked.findings, form, checked, book.rows)


@pytest.mark.parametrize("name", CASES)
def test_given_back_it_is_accepted(name: str) -> None:
    case, became = CASES[name], came()[name]
    errors = [finding.code for finding in became.first.findings if finding.is_error]
    assert errors == case.codes.split()
    assert [finding.code for finding in became.left.findings if finding.is_error] == []
    assert became.left.identity and became.first.identity
    assert became.left.identity.key == became.first.identity.key


LOST = [
    name
    for name, case in CASES.items()
    if set(case.codes.split()) & {"R22", "R23", "R27", "R32", "R33", "C30", "C36", "C38"}
]


@pytest.mark.parametrize("name", LOST)
def test_given_back_and_sent_untouched_nothing_that_was_lost_is_missing_in_silence(
    name: str,
) -> None:
    (again,) = check_submissions([_read(came()[name].back)])
    assert again.is_refused


def test_a_form_with_another_units_name_is_nobodys() -> None:
    """Made out to the unit it names, the other unit's figures would be accepted as that one's."""
    book = over("head.branch", "TX – Đảng bộ thị xã Mường Lay")(render(OLD, GOOD.context, ROWS))
    (checked,) = check_submissions([_read(book)])
    (finding,) = [finding for finding in checked.findings if finding.is_error]
    assert finding.code == "I01"
    assert finding.params == {"stamped": "CB-01", "seen": "TX – Đảng bộ thị xã Mường Lay"}
    with pytest.raises(UsageError):
        render_returned(_check_result(checked, _read(book)), CATALOGUE, None, "vi")


LISTS = {"R49", "R51", "R52"}  # of a list in circulation: tried in `tests/lists`


def test_every_code_that_refuses_is_tried() -> None:
    """Repaired from the form given back, here or in `test_rules`, or it is said why not."""
    refusing = {
        description.code
        for description in finding_descriptions("vi")
        if description.severity == "error"
    } - {"L11"}
    in_cases = {code for case in CASES.values() for code in case.codes.split()}
    in_samples = {name.partition(" ")[0] for table in tables() for name in table["samples"]}
    assert refusing - in_cases - in_samples - FRESH - NONE_OWED - LISTS == set()
    assert not in_cases & in_samples and not (in_cases | in_samples) & (FRESH | NONE_OWED)


def test_severities_in_the_reference_are_those_of_the_findings() -> None:
    severities = {
        description.code: description.severity for description in finding_descriptions("vi")
    }
    for became in came().values():
        for finding in became.first.findings:
            assert severities.get(finding.code, finding.severity) == finding.severity, finding.code
