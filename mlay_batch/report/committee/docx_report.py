"""Writes the committee's report as .docx, to be signed: letterhead, sentences, tables, annexes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass

from docx.document import Document as Paper
from docx.enum.section import WD_SECTION
from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Mm
from docx.table import Table, _Cell, _Row
from docx.text.paragraph import Paragraph

from mlay_batch.core import messages
from mlay_batch.core.styles import HEAD_FILL, TOTAL_FILL
from mlay_batch.excel import metrics
from mlay_batch.excel.cell_text import to_cell_text
from mlay_batch.report.committee import paper_document
from mlay_batch.report.committee.committee_report import (
    Align,
    CommitteeReport,
    ReportColumn,
    ReportSection,
    ReportTable,
    Value,
)
from mlay_batch.report.committee.paper_document import GAP, add_element
from mlay_batch.report.committee.paper_layout import PaperLayout
from mlay_batch.schema.layout import PARTY_NAME

_ALIGNMENTS = {
    "left": WD_ALIGN_PARAGRAPH.LEFT,
    "center": WD_ALIGN_PARAGRAPH.CENTER,
    "right": WD_ALIGN_PARAGRAPH.RIGHT,
}
_LEFT_SHARE = 0.44  # of the width, for the offices; place and day are longer
_RULE = "-----"  # below the subject, as party papers have it
_SIGNING_LINES = 4
_PARAGRAPH, _RUN, _TEXT = qn("w:p"), qn("w:r"), qn("w:t")
_LONGEST_KEPT = 8  # rows of a table that is not parted between two pages
_DIGIT_WIDTH = 5.5 * 25.4 / 72  # millimetres; the unit of `metrics.width` is a digit of 11 points
_SAFETY = 1.04  # what `metrics.width` adds
_CELL_ROOM = 3.0  # millimetres of a column that its margins and lines take


def write_docx(report: CommitteeReport, layout: PaperLayout) -> bytes:
    """Return the report as .docx; the same report and layout give the same bytes."""
    paper = paper_document.create_paper(layout, report.lang)
    writer = _PaperWriter(paper, layout, report.lang)
    writer.write_letterhead(report)
    writer.write_title(report)
    for number, section in enumerate(report.sections, 1):
        writer.write_section(number, section)
    writer.write_signatures(report)
    for number, annex in enumerate(report.annexes, 1):
        writer.write_annex(number, annex)
    paper.add_paragraph(style=GAP)  # Word wants one after a table
    return paper_document.save(paper, to_cell_text(report.title), report.as_of)


def show_value(value: Value, decimals: int, lang: str) -> str:
    """Return a value of a table as papers show it.

    >>> from datetime import date
    >>> show_value(88.25, 1, "vi"), show_value(date(2019, 9, 3), 0, "vi"), show_value(None, 0, "vi")
    ('88,3', '03/9/2019', '')
    """
    if isinstance(value, float):
        return messages.show_rounded(value, decimals, lang)
    return value if isinstance(value, str) else messages.show(value, lang)


@dataclass(frozen=True)
class _PaperWriter:
    """Writes the blocks of a report one below the other."""

    paper: Paper
    layout: PaperLayout
    lang: str

    def write_letterhead(self, report: CommitteeReport) -> None:
        """Write the offices on the left, the party, place and day on the right."""
        left, right = self._add_columns()
        offices = [(report.superior.upper(), "Superior")] if report.superior else []
        offices += [(report.office.upper(), "Office"), ("*", "Superior")]
        _fill(left, [*offices, (report.number, "Superior")])
        _fill(right, [(PARTY_NAME, "Party"), (report.place_and_day, "Place and day")])
        self._underline(right.paragraphs[0], self._width * (1 - _LEFT_SHARE))

    def write_title(self, report: CommitteeReport) -> None:
        """Write what the paper is, what it is about, and whether its figures are final."""
        for text, style in (
            (report.kind, "Kind"),
            (report.subject, "Subject"),
            (report.state, "State"),
            (_RULE, "Rule"),
        ):
            if text:
                self._add(text, style)

    def write_section(self, number: int, section: ReportSection) -> None:
        """Write a part: its number and heading, its sentences, its tables."""
        self._add(f"{number}. {section.title}", "Part")
        for sentence in section.sentences:
            self._add(sentence, "Sentence")
        for table in section.tables:
            self._write_table(table, self._width, "Table")

    def write_signatures(self, report: CommitteeReport) -> None:
        """Write who receives, prepared and signs the report, on one page with its last lines."""
        _keep_with_next(list(self.paper.iter_inner_content())[-1])
        _keep_with_next(self._add("", "Recipient"))  # else Word joins the columns to a table above
        left, right = self._add_columns()
        recipients = [(line, "Recipient") for line in report.recipients]
        if words := report.prepared.on_one_line():
            recipients += [("", "Recipient"), (words, "Recipient")]
        heading = [(self._word("recipients"), "Recipients")] if report.recipients else []
        _fill(left, [*heading, *recipients])
        signed = report.signed
        post = [(signed.authority.upper(), "Authority"), (signed.position.upper(), "Position")]
        _fill(right, [*post, *[("", "Position")] * _SIGNING_LINES, (signed.name, "Authority")])

    def write_annex(self, number: int, table: ReportTable) -> None:
        """Write a table on pages of its own, across where its words do not fit otherwise."""
        landscape = not _has_room(table, self._width, self.layout.sizes.annex)
        section = self.paper.add_section(WD_SECTION.NEW_PAGE)
        self.paper.paragraphs[-1].style = GAP  # it holds the end of the section above
        section.different_first_page_header_footer = False
        paper_document.set_up_page(section, self.layout, landscape=landscape)
        self._add(self._word("annex", number=number), "Annex number")
        self._write_table(table, self.layout.text_width(landscape=landscape), "Annex")

    @property
    def _width(self) -> float:
        """The length of a line of an upright page, in millimetres."""
        return self.layout.text_width()

    def _word(self, key: str, **params: object) -> str:
        return messages.text("paper", key, self.lang, **params)

    def _add(self, text: str, style: str) -> Paragraph:
        return self.paper.add_paragraph(to_cell_text(text), style)

    def _add_columns(self) -> tuple[_Cell, _Cell]:
        """Add two columns without lines, which stay on one page; return them."""
        table = self.paper.add_table(1, 2)
        _set_widths(table, [self._width * _LEFT_SHARE, self._width * (1 - _LEFT_SHARE)])
        row = table.rows[0]
        _keep_on_one_page(row)
        return row.cells[0], row.cells[1]

    def _underline(self, paragraph: Paragraph, room: float) -> None:
        """Draw a line below a centred text, as long as it; its column has `room` millimetres."""
        look = paragraph.paragraph_format
        borders = add_element(look.element.get_or_add_pPr(), "w:pBdr")
        add_element(borders, "w:bottom", val="single", sz=6, space=1, color="auto")
        length = _text_width(paragraph.text, self.layout.sizes.party, bold=True) / _SAFETY
        look.left_indent = look.right_indent = Mm(max((room - _CELL_ROOM - length) / 2, 0))

    def _write_table(self, table: ReportTable, width: float, look: str) -> None:
        """Write a table over `width` millimetres with title and notes, in the styles of `look`."""
        self._add(table.title, f"{look} title")
        columns, totals = table.columns, [table.totals] if table.totals else []
        grid = self.paper.add_table(2, len(columns), "Table Grid")
        grid.alignment = WD_TABLE_ALIGNMENT.CENTER
        _set_widths(grid, table.widths(width))
        heading, model = grid.rows
        _set_look(heading, f"{look} head", ["center"] * len(columns))
        _set_look(model, f"{look} cell", [column.align for column in columns])
        _write_texts(heading, [column.title for column in columns])
        add_element(heading._tr.get_or_add_trPr(), "w:tblHeader")  # repeated on every page
        _emphasize(heading, HEAD_FILL)
        rows = [_add_copy(model, grid) for _ in (*table.rows, *totals)]
        grid._tbl.remove(model._tr)
        for row, values in zip(rows, (*table.rows, *totals), strict=True):
            _write_texts(row, self._cell_texts(columns, values))
        if totals:
            _emphasize(rows[-1], TOTAL_FILL)
        last = len(rows) if table.notes else -1
        for row in rows[:last] if len(rows) <= _LONGEST_KEPT else rows[-2:last]:
            _keep_row_with_next(row)
        for note in table.notes:
            self._add(note, f"{look} note")

    def _cell_texts(self, columns: Sequence[ReportColumn], values: Sequence[Value]) -> list[str]:
        return [
            show_value(value, column.decimals, self.lang)
            for column, value in zip(columns, values, strict=True)
        ]


def _fill(cell: _Cell, lines: Sequence[tuple[str, str]]) -> None:
    """Write lines, each in its style, into an empty cell."""
    for number, (text, style) in enumerate(lines):
        paragraph = cell.add_paragraph() if number else cell.paragraphs[0]
        paragraph.text, paragraph.style = to_cell_text(text), style


def _set_look(row: _Row, style: str, alignments: Sequence[Align]) -> None:
    """Give the cells of an empty row, which stays on one page, their style."""
    _keep_on_one_page(row)
    for cell, align in zip(row.cells, alignments, strict=True):
        cell.paragraphs[0].style = style
        cell.paragraphs[0].alignment = _ALIGNMENTS[align]
        cell.vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.CENTER


def _add_copy(model: _Row, table: Table) -> _Row:
    """Add a row that looks like `model`: faster than one with a look of its own."""
    row = _Row(deepcopy(model._tr), table)
    table._tbl.append(row._tr)
    return row


def _write_texts(row: _Row, texts: Sequence[str]) -> None:
    """Write texts into the empty cells of a row, as elements: there are thousands of cells."""
    for paragraph, text in zip(row._tr.iter(_PARAGRAPH), map(to_cell_text, texts), strict=True):
        run = paragraph.makeelement(_RUN)
        paragraph.append(run)
        if not text:
            continue
        if text.isprintable() and text == text.strip():
            run.append(run.makeelement(_TEXT))
            run[0].text = text
        else:  # blanks at its ends are to be kept, tabs and new lines are elements of their own
            run.text = text


def _emphasize(row: _Row, fill: str) -> None:
    """Give the cells of a row a ground, and bold letters."""
    for cell in row.cells:
        properties = cell._tc.get_or_add_tcPr()
        shade = add_element(properties, "w:shd", val="clear", color="auto", fill=fill)
        properties.find(qn("w:vAlign")).addprevious(shade)  # the order that the format asks for
        for run in cell.paragraphs[0].runs:
            run.bold = True


def _keep_on_one_page(row: _Row) -> None:
    add_element(row._tr.get_or_add_trPr(), "w:cantSplit")


def _keep_row_with_next(row: _Row) -> None:
    for cell in row.cells:
        cell.paragraphs[0].paragraph_format.keep_with_next = True


def _keep_with_next(block: Paragraph | Table) -> None:
    """Keep a paragraph, or the last row of a table, on the page of what follows."""
    if isinstance(block, Table):
        _keep_row_with_next(block.rows[-1])
    else:
        block.paragraph_format.keep_with_next = True


def _set_widths(table: Table, widths: Iterable[float]) -> None:
    """Set the widths of the columns, in millimetres: Word reads those of cells, others the grid."""
    table.autofit = False
    lengths = [Mm(width) for width in widths]
    for column, length in zip(table.columns, lengths, strict=True):
        column.width = length
    for row in table.rows:
        for cell, length in zip(row.cells, lengths, strict=True):
            cell.width = length


def _has_room(table: ReportTable, width: float, size: float) -> bool:
    """Return whether no word of a table is longer than its column, in a page of `width`."""
    rooms = [room - _CELL_ROOM for room in table.widths(width)]
    return table.has_room(rooms, lambda word, is_bold: _text_width(word, size, bold=is_bold))


def _text_width(text: str, size: float, *, bold: bool) -> float:
    """Return how long a text is on one line, in millimetres."""
    return metrics.width(text, size, bold) * _DIGIT_WIDTH
