"""Comments hung to cells: told with their words, never read as figures, never lost in silence."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from builders import libreoffice
from builders.reader_files import FORMS, MEETING, FormFile, codes_and_cells
from openpyxl.comments import Comment

from mlay_batch.core.findings import Finding, Severity
from mlay_batch.core.messages import explain
from mlay_batch.core.period import Period
from mlay_batch.core.zip_rules import write_parts
from mlay_batch.demo.xlsx_patch import read_parts
from mlay_batch.model.records import Submission
from mlay_batch.reader import read
from mlay_batch.template import TemplateContext, render

WORDS = "Đồng chí An nghỉ ốm,\ncó giấy"
SAID = "Đồng chí An nghỉ ốm, có giấy"
CONTEXT = TemplateContext(
    "CB-01", "Chi bộ Trường Tiểu học", "Thị ủy", Period(2019, 11), "Mường Lay"
)


def with_comment(paper: FormFile, path: str = "meetings.present", words: str = WORDS) -> bytes:
    """The paper with a comment at that field, as openpyxl writes it."""
    book = openpyxl.load_workbook(io.BytesIO(paper.save()))
    book["Báo cáo"][paper.cell(path)].comment = Comment(words, "Bí thư")
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def meeting() -> FormFile:
    paper = FormFile().put("members.opening", 18).put("members.closing", 18)
    return paper.put("meetings.held_on", date(2019, 11, 3)).put("meetings.present", 17)


def test_a_comment_is_told_with_its_cell_and_its_words():
    paper = meeting()
    submission = read(with_comment(paper), "x.xlsx", FORMS)
    assert codes_and_cells(submission) == [("C28", paper.cell("meetings.present"))]
    (note,) = submission.findings
    assert (note.severity, note.params) == (Severity.WARNING, {"value": SAID})
    assert SAID in explain(note, MEETING, "vi").what
    assert submission.section_rows("meetings")[0].values["present"] == 17


def test_a_talk_of_several_is_told_by_what_they_said():
    """Newer programs keep it in a part of its own; the older one says only that it is there."""
    paper = meeting()
    cell = paper.cell("meetings.present")
    parts = dict(
        read_parts(with_comment(paper, words="[Threaded comment] Your version of Excel …"))
    )
    (relations,) = [name for name in parts if name.endswith("sheet1.xml.rels")]
    kind = "http://schemas.microsoft.com/office/2017/10/relationships/threadedComment"
    target = "../threadedComments/threadedComment1.xml"
    parts[relations] = parts[relations].replace(
        "</Relationships>",
        f'<Relationship Id="x" Type="{kind}" Target="{target}"/></Relationships>',
    )
    parts["xl/threadedComments/threadedComment1.xml"] = (
        '<ThreadedComments xmlns="http://schemas.microsoft.com/office/spreadsheetml/2018/'
        f'threadedcomments"><threadedComment ref="{cell}"><text>Nghỉ ốm?</text></threadedComment>'
        f'<threadedComment ref="{cell}"><text> Có giấy.</text></threadedComment>'
        "</ThreadedComments>"
    )
    (finding,) = read(write_parts(parts), "x.xlsx", FORMS).findings
    assert (finding.code, finding.place.cell) == ("C28", cell)
    assert finding.params == {"value": "Nghỉ ốm? Có giấy."}


def test_the_notes_of_a_form_given_back_are_the_programs_own():
    first = read(meeting().save(), "x.xlsx", FORMS)
    (row,) = first.section_rows("meetings")
    wrong = Finding("D01", Severity.ERROR, row.place("present"), {"total": 18, "sum": 17})
    back = render(MEETING, CONTEXT, first.rows, [wrong])
    assert read(back, "x.xlsx", FORMS).findings == ()

    book = openpyxl.load_workbook(io.BytesIO(back))
    (noted_cell,) = [cell for row in book["Báo cáo"].iter_rows() for cell in row if cell.comment]
    noted_cell.comment = Comment(noted_cell.comment.text + " Đã hỏi lại.", "Bí thư")
    buffer = io.BytesIO()
    book.save(buffer)
    (finding,) = read(buffer.getvalue(), "x.xlsx", FORMS).findings
    assert (finding.code, finding.place.cell) == ("C28", noted_cell.coordinate)
    assert str(finding.params["value"]).endswith("Đã hỏi lại.")


@pytest.fixture(scope="module")
def from_libreoffice(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Submission]:
    """A paper with a comment and a word whose encoding only its font tells, and a form given back,
    as LibreOffice saves them.
    """
    folder = tmp_path_factory.mktemp("notes")
    paper = meeting().put("meetings.content", "baù")
    book = openpyxl.load_workbook(io.BytesIO(with_comment(paper)))
    book["Báo cáo"][paper.cell("meetings.content")].font = openpyxl.styles.Font(name="VNI-Times")
    book.save(folder / "a.xlsx")
    read_in = read((folder / "a.xlsx").read_bytes(), "a", FORMS)
    marked = [finding for finding in read_in.findings if finding.code == "C24"]
    (folder / "b.xlsx").write_bytes(render(MEETING, CONTEXT, read_in.rows, marked))
    submissions = {}
    for name in ("a", "b"):
        for kind in ("ods", "xls", "xlsx"):
            path = libreoffice.convert(folder / f"{name}.xlsx", kind, folder / kind)
            submissions[f"{name} {kind}"] = read(Path(path).read_bytes(), name, FORMS)
    return submissions


@pytest.mark.libreoffice
@pytest.mark.parametrize("kind", ["ods", "xls", "xlsx"])
def test_every_kind_of_file(from_libreoffice: dict[str, Submission], kind: str):
    paper = meeting()
    findings = {
        f.code: (f.place.cell, f.params.get("value"))
        for f in from_libreoffice[f"a {kind}"].findings
    }
    assert findings == {
        "C28": (paper.cell("meetings.present"), SAID),
        "C24": (paper.cell("meetings.content"), "bá"),
    }
    assert from_libreoffice[f"b {kind}"].findings == ()
