"""The real template, filled in by a real LibreOffice, saved as every kind: the same values back."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from builders import libreoffice
from builders.reader_files import FORMS, MEETING, codes_and_cells
from python_calamine import CalamineWorkbook

from mlay_batch.core.findings import column_letters
from mlay_batch.core.period import Period
from mlay_batch.model.records import Submission, values_hash
from mlay_batch.reader import read
from mlay_batch.reader.cell_metadata import a1, parse_position
from mlay_batch.template import TemplateContext, render

pytestmark = pytest.mark.libreoffice
KINDS = pytest.mark.parametrize("kind", ["xlsx", "xls", "ods"])

TYPED: dict[tuple[str, int, str], str | float | date] = {
    ("members", 0, "opening"): 18,
    ("members", 0, "admitted"): 1,
    ("members", 0, "closing"): 19,
    ("members", 0, "no_meeting"): "Không",
    ("meetings", 0, "held_on"): date(2019, 11, 3),
    ("meetings", 0, "kind"): "Thường kỳ và chuyên đề",
    ("meetings", 0, "content"): "Kiểm điểm công tác tháng 10\nTriển khai nghị quyết tháng 11",
    ("meetings", 0, "duration"): 120,
    ("meetings", 0, "expected"): 19,
    ("meetings", 0, "present"): 18,
    ("meetings", 0, "excused"): 1,
    ("meetings", 2, "held_on"): "20/11/2019",
    ("meetings", 2, "kind"): "Thường kỳ",
    ("thematic", 0, "held_on"): date(2019, 11, 3),
    ("thematic", 0, "topic"): "Học tập và làm theo Bác",
    ("scores", 0, "held_on"): date(2019, 11, 3),
    ("scores", 0, "preparation"): 9.5,
    ("scores", 0, "total"): 92.5,
    ("visits", 0, "held_on"): date(2019, 11, 3),
    ("visits", 0, "officer"): "CB01 – Lò Văn An",
}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    context = TemplateContext(
        "CB-01",
        "Chi bộ Trường Tiểu học",
        "Thị ủy Mường Lay",
        Period(2019, 11),
        "Mường Lay",
        lists={"officers": (("CB01", "Lò Văn An"),), "organisations": (("CB-01", "Chi bộ"),)},
        assigned=(("CB01", "Lò Văn An"),),
    )
    path = tmp_path_factory.mktemp("template") / "mẫu.xlsx"
    path.write_bytes(render(MEETING, context))
    return path


def cells(template: Path) -> dict[tuple[str, int, str], str]:
    """Return the cell of every value, taken from the hidden ids of the template."""
    rows = (
        CalamineWorkbook.from_path(str(template))
        .get_sheet_by_name("Báo cáo")
        .to_python(skip_empty_area=False)
    )
    result = {}
    for section in MEETING.sections:
        ids = [row[0] for row in rows]
        start, end = (ids.index(f"{section.id}:{mark}") for mark in ("start", "end"))
        marks = rows[start]
        first = max((r for r in range(start, end) if ids[r] == f"{section.id}:head"), default=start)
        for entry in section.fields:
            if section.layout == "card":
                at = ids.index(entry.id, start), marks.index("value")
                result[section.id, 0, entry.id] = a1((at[0] + 1, at[1] + 1))
                continue
            for record in range(end - first - 1):
                at = first + 1 + record, marks.index(entry.id)
                result[section.id, record, entry.id] = a1((at[0] + 1, at[1] + 1))
    return result


def typing(template: Path) -> list[libreoffice.Step]:
    at = cells(template)
    return [libreoffice.put(at[key], value) for key, value in TYPED.items()]


def fill_in(template: Path, out: Path, *more: libreoffice.Step) -> Submission:
    path = libreoffice.fill(template, out, [*typing(template), *more])
    return read(path.read_bytes(), path.name, FORMS)


def values(submission: Submission) -> dict[tuple[str, int, str], object]:
    """Return the values typed, rows counted as they stand in their table."""
    return {
        (row.section, number, name): value
        for section in MEETING.sections
        for number, row in enumerate(submission.section_rows(section.id))
        for name, value in row.values.items()
    }


@pytest.fixture(scope="module")
def reference(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Submission:
    return fill_in(template, tmp_path_factory.mktemp("wanted") / "gửi.xlsx")


@KINDS
def test_what_was_typed_comes_back(template, tmp_path, reference, kind):
    submission = fill_in(template, tmp_path / f"gửi.{kind}")
    assert submission.findings == ()
    assert submission.stamp == reference.stamp and submission.stamp.branch == "CB-01"
    assert submission.header["period"].text == "Tháng 11 năm 2019"
    assert submission.header["branch"].text == "CB-01 – Chi bộ Trường Tiểu học"
    back = values(submission)
    assert back["members", 0, "closing"] == 19
    assert back["members", 0, "no_meeting"] == "no"
    assert back["meetings", 0, "content"] == TYPED["meetings", 0, "content"]
    assert back["meetings", 0, "kind"] == "both"
    assert back["meetings", 1, "held_on"] == date(2019, 11, 20)
    assert back["scores", 0, "preparation"] == 9.5
    assert back["visits", 0, "officer"] == "CB01 – Lò Văn An"
    at = cells(template)
    first, second = submission.section_rows("meetings")
    assert first.cells["present"] == at["meetings", 0, "present"]
    assert second.cells["held_on"] == at["meetings", 2, "held_on"]


@KINDS
def test_every_kind_holds_the_same_values(template, tmp_path, reference, kind):
    submission = fill_in(template, tmp_path / f"gửi.{kind}")
    assert values_hash(submission.rows) == values_hash(reference.rows)


@KINDS
def test_a_blank_template_says_nothing(template, tmp_path, kind):
    path = libreoffice.fill(template, tmp_path / f"trống.{kind}", [])
    submission = read(path.read_bytes(), path.name, FORMS)
    assert submission.findings == ()
    assert {row.section for row in submission.rows} == {"members"}


@KINDS
def test_rows_inserted_columns_moved_sheet_renamed(template, tmp_path, reference, kind):
    at = cells(template)
    row, _ = parse_position(at["meetings", 1, "held_on"])
    top = int(at["meetings", 0, "held_on"][1:]) - 3
    left, other = (
        column_letters(parse_position(at["meetings", 0, n])[1]) for n in ("kind", "content")
    )
    bottom = parse_position(at["meetings", 7, "held_on"])[0]
    submission = fill_in(
        template,
        tmp_path / f"gửi.{kind}",
        libreoffice.unprotect(),
        libreoffice.swap(f"{left}{top}:{left}{bottom}", f"{other}{top}:{other}{bottom}"),
        libreoffice.insert_rows(row, 2),
        libreoffice.rename_sheet("Báo cáo tháng 11", "Báo cáo"),
    )
    assert submission.findings == ()
    assert values_hash(submission.rows) == values_hash(reference.rows)
    first, second = submission.section_rows("meetings")
    assert (first.sheet, second.number) == ("Báo cáo tháng 11", row + 3)
    assert first.cells["content"][0] == left


@KINDS
def test_errors_formulas_hidden_rows_and_remarks_are_told(template, tmp_path, kind):
    at = cells(template)
    number, _ = parse_position(at["meetings", 2, "held_on"])
    remark = "Z3"
    submission = fill_in(
        template,
        tmp_path / f"gửi.{kind}",
        libreoffice.unprotect(),
        libreoffice.type_text(at["meetings", 0, "present"], "=1/0"),
        libreoffice.type_text(at["meetings", 0, "excused"], "=1+0"),
        libreoffice.hide_row(number),
        libreoffice.put(remark, "nộp muộn"),
    )
    assert sorted(codes_and_cells(submission)) == [
        ("C11", at["meetings", 0, "present"]),
        ("C13", at["meetings", 0, "excused"]),
        ("C17", at["meetings", 2, "held_on"]),
        ("C20", remark),
    ]
    first = submission.section_rows("meetings")[0]
    assert (first.values["present"], first.values["excused"]) == (None, 1)


def test_a_workbook_with_a_password(template, tmp_path):
    """Excel wraps an encrypted package in an OLE2 file; only its stream's name is looked at."""
    xls = libreoffice.convert(template, "xls", tmp_path).read_bytes()
    old, new = ("Workbook".encode("utf-16-le"), "EncryptedPackage".encode("utf-16-le"))
    at = xls.rindex(old + bytes(2))
    entry = new.ljust(64, b"\0") + (len(new) + 2).to_bytes(2, "little")
    submission = read(xls[:at] + entry + xls[at + len(entry) :], "x.xlsx", FORMS)
    assert [finding.code for finding in submission.findings] == ["R04"]
