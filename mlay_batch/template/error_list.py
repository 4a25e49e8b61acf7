"""The first sheet of a returned form: what is wrong, what to do, and what the branch explains.

Beside each warning stands a cell for its answer. The reader knows the warnings by a hidden column:

    Mức   Mục cần điền   Ô    …   Giải trình   answers:start
    ▲ …   Thời lượng     C14  …   (an answer)  D04:1f0c…,77ab…     code, and what it is about
                                               answers:end
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from openpyxl.utils import quote_sheetname
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.worksheet import Worksheet

from mlay_batch.core.findings import column_letters
from mlay_batch.core.messages import text
from mlay_batch.excel.cell_text import clip
from mlay_batch.schema.model import ANSWERS, Form
from mlay_batch.schema.questions import demanded
from mlay_batch.template.data_validation import TEXT_LIMIT, TITLE_LIMIT
from mlay_batch.template.error_marks import TONE_OF, FindingGroup
from mlay_batch.template.openpyxl_book import (
    TemplateBook,
    line_count,
    protect,
    row_height,
    set_up_page,
    set_widths,
)
from mlay_batch.template.template_context import TemplateContext

_WIDTHS = {1: 18, 2: 28, 3: 17, 4: 46, 5: 46}
_WIDTHS_WITH_ANSWERS = {1: 16, 2: 24, 3: 14, 4: 38, 5: 34, 6: 34}
_HEADS = ("severity", "field", "cell", "what", "fix")
_LINK_COLUMN, _ANSWER_COLUMN, _ID_COLUMN = 3, 6, 7
_ANSWER_LINES = 2  # room to write in
_FIELD = ANSWERS.fields[0]


def write_error_list(
    book: TemplateBook,
    groups: Sequence[FindingGroup],
    form: Form,
    context: TemplateContext,
    lang: str,
) -> None:
    """Write the sheet: one line for each group, with a link to its first cell."""
    has_errors = any(group.first.is_error for group in groups)
    sheet = book.add_sheet(text("template", list_title(has_errors=has_errors), lang))
    _ListWriter(book, sheet, groups, form, context, lang).write()


def list_title(*, has_errors: bool) -> str:
    """Return the name of the text that names the sheet."""
    return "errors_sheet" if has_errors else "review_sheet"


class _ListWriter:
    """Writes the sheet of one form."""

    def __init__(
        self,
        book: TemplateBook,
        sheet: Worksheet,
        groups: Sequence[FindingGroup],
        form: Form,
        context: TemplateContext,
        lang: str,
    ) -> None:
        self.book, self.sheet, self.groups = book, sheet, groups
        self.form, self.context, self.lang = form, context, lang
        self.rules = {rule.code: rule for _, rule in form.rules()}
        self.demanded = demanded(form, {group.first.code for group in groups})
        self.asks = any(group.first.is_answerable for group in groups)
        self.widths = _WIDTHS_WITH_ANSWERS if self.asks else _WIDTHS

    def _text(self, key: str, **params: object) -> str:
        return text("template", key, self.lang, **params)

    def write(self) -> None:
        head_row = self._write_opening() + 1
        last_row = head_row + len(self.groups)
        for column, key in enumerate(_HEADS, 1):
            self._write(head_row, column, self._text(f"column_{key}"), "head")
        if self.asks:
            title = _FIELD.title.of(self.lang)
            self._write(head_row, _ANSWER_COLUMN, title, "head")
            self._write_id(head_row, f"{ANSWERS.id}:start")
            self._write_id(last_row + 1, f"{ANSWERS.id}:end")
        for row, group in enumerate(self.groups, head_row + 1):
            self._write_group(row, group)
        self._set_up(head_row, last_row)

    def _set_up(self, head_row: int, last_row: int) -> None:
        sheet, last_column = self.sheet, len(self.widths)
        hidden = range(_ID_COLUMN, sheet.max_column + 1)
        set_widths(sheet, self.widths | dict.fromkeys(hidden, 8), tuple(hidden))
        area = f"A1:{column_letters(last_column)}{last_row}"
        set_up_page(sheet, "landscape", sheet.title, area)
        sheet.print_title_rows = f"{head_row}:{head_row}"
        sheet.freeze_panes = f"A{head_row + 1}"
        protect(sheet)

    def _write(self, row: int, column: int, words: str, style: str, span: int = 1) -> None:
        self.book.write_text(self.sheet, row, column, words, style, span)

    def _write_id(self, row: int, words: str) -> None:
        self.book.write(self.sheet, row, _ID_COLUMN, words, "marker")

    def _write_group(self, row: int, group: FindingGroup) -> None:
        message = group.message()
        words = [
            self._text("question" if self._is_demanded(group) else group.first.severity),
            self._field_title(group),
            group.cells_text(self.lang),
            message.what,
            message.fix,
        ]
        tone = f"entry {TONE_OF[group.first.severity]} flat"
        styles = [tone, "entry", "link_center" if group.cells else "center", "entry", "entry"]
        for column, (word, style) in enumerate(zip(words, styles, strict=True), 1):
            self._write(row, column, word, style)
        if group.cells:
            first = group.cells[0]
            place = f"{quote_sheetname(group.sheet)}!{column_letters(first.column)}{first.row}"
            self.sheet.cell(row, _LINK_COLUMN).hyperlink = Hyperlink(ref="", location=place)
        if self.asks:
            words.append(self._write_answer(row, group))
        widths = (width - 1 for width in self.widths.values())
        lines = max(map(line_count, words, widths), default=1)
        least = _ANSWER_LINES if group.first.is_answerable else 1
        self.sheet.row_dimensions[row].height = row_height(max(lines, least))

    def _is_demanded(self, group: FindingGroup) -> bool:
        return group.first.is_answerable and group.first.code in self.demanded

    def _write_answer(self, row: int, group: FindingGroup) -> str:
        """Write the cell for the answer, with what was answered before; return that.

        It is for the questions without an answer; where all have the same one, for all. Several
        different ones are only shown: one cell cannot change them.
        """
        if not group.first.is_answerable:
            self._write(row, _ANSWER_COLUMN, "", "entry filled")
            return ""
        findings = [mark.finding for mark in group.marks]
        given = {f.question: self.context.answers.get((f.code, f.question)) for f in findings}
        still_open = [question for question, words in given.items() if not words]
        distinct = [] if still_open else list(dict.fromkeys(filter(None, given.values())))
        answer = "; ".join(distinct)
        if len(distinct) > 1:
            self._write(row, _ANSWER_COLUMN, answer, "entry filled")
            return answer
        is_todo = self._is_demanded(group) and not answer
        style = "entry open todo flat" if is_todo else "entry open"
        self.book.write(self.sheet, row, _ANSWER_COLUMN, answer or None, style)
        questions = still_open or list(given)
        self._write_id(row, f"{group.first.code}:{','.join(questions)}")
        self._add_validation(row, group)
        return answer

    def _add_validation(self, row: int, group: FindingGroup) -> None:
        """Offer the answers to choose from, which stand in hidden cells of the row."""
        rule = self.rules.get(group.first.code)
        choices = [choice.of(self.lang) for choice in rule.answers] if rule else []
        for column, words in enumerate(choices, _ID_COLUMN + 1):
            self._write(row, column, words, "marker")
        first, last = column_letters(_ID_COLUMN + 1), column_letters(_ID_COLUMN + len(choices))
        hint = self._text("answer_choose" if choices else "answer_hint")
        data_check = DataValidation(
            type="list" if choices else "textLength",
            operator=None if choices else "lessThanOrEqual",
            formula1=f"${first}${row}:${last}${row}" if choices else str(_FIELD.max_length),
            allow_blank=True,
            showErrorMessage=True,
            errorTitle=clip(_FIELD.title.of(self.lang), TITLE_LIMIT),
            error=clip(hint, TEXT_LIMIT),
            showInputMessage=True,
            promptTitle=clip(_FIELD.title.of(self.lang), TITLE_LIMIT),
            prompt=clip(hint, TEXT_LIMIT),
        )
        data_check.add(f"{column_letters(_ANSWER_COLUMN)}{row}")
        self.sheet.data_validations.append(data_check)

    def _write_opening(self) -> int:
        """Write the heading; return its last row."""
        groups, context = self.groups, self.context
        errors = sum(len(group.marks) for group in groups if group.first.is_error)
        warnings = sum(len(group.marks) for group in groups) - errors
        period = context.period.title(self.lang) if context.period else ""
        owner_line = self._text("errors_whose", branch=context.branch_name, period=period)
        count_key = "errors_count" if errors else "watch_count"
        demanded = any(map(self._is_demanded, groups))
        title = "errors_title" if errors else "question_title" if demanded else "watch_title"
        opening = (
            (self._text(title), "title"),
            (owner_line.strip(" ·"), "subtitle"),
            (self._text(count_key, errors=errors, warnings=warnings), "plain"),
            (" ".join(self._instructions()), "note"),
        )
        for row, (words, style) in enumerate(opening, 1):
            self._write(row, 1, words, style, len(self.widths))
            lines = line_count(words, sum(self.widths.values()))
            height = row_height(lines, 16 if style == "title" else 13)
            self.sheet.row_dimensions[row].height = height
        return len(opening)

    def _instructions(self) -> Iterator[str]:
        """Yield what to do, for errors of cells, errors of the whole file, and warnings."""
        errors = [group for group in self.groups if group.first.is_error]
        if any(group.cells for group in errors):
            yield self._text("errors_cells")
        if any(not group.cells for group in errors):
            yield self._text("errors_whole")
        if self.asks:
            yield self._text("watch_answer")
        elif not errors:
            yield self._text("errors_none")
        if any(map(self._is_demanded, self.groups)):
            yield self._text("watch_demanded")

    def _field_title(self, group: FindingGroup) -> str:
        key = group.marks[0].key
        if key:
            section, _, field = key
            title = self.form.title_of(section, self.lang)
            return f"{title}: {self.form.title_of(f'{section}.{field}', self.lang)}"
        path = group.first.params.get("field")
        return self.form.title_of(path, self.lang) if isinstance(path, str) else ""
