"""The first sheet of a returned form: what is wrong, where, and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from openpyxl.utils import get_column_letter, quote_sheetname
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.worksheet import Worksheet

from mlay_batch.core.messages import text
from mlay_batch.schema.model import Form
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
_CELL = 3  # the column of links


def write_error_list(
    book: TemplateBook,
    groups: Sequence[FindingGroup],
    form: Form,
    context: TemplateContext,
    lang: str,
) -> None:
    """Write the sheet "Lỗi cần sửa": one line a group, its cell a link."""
    sheet = book.add_sheet(text("template", "errors_sheet", lang))
    head_row = _write_opening(book, sheet, groups, context, lang) + 1
    for column, key in enumerate(("severity", "field", "cell", "what", "fix"), 1):
        book.write_text(sheet, head_row, column, text("template", f"column_{key}", lang), "head")
    for row, group in enumerate(groups, head_row + 1):
        _write_group(book, sheet, row, group, form, lang)
    set_widths(sheet, _WIDTHS)
    set_up_page(sheet, "landscape", sheet.title, f"A1:E{head_row + len(groups)}")
    sheet.print_title_rows = f"{head_row}:{head_row}"
    sheet.freeze_panes = f"A{head_row + 1}"
    protect(sheet)


def _write_group(
    book: TemplateBook, sheet: Worksheet, row: int, group: FindingGroup, form: Form, lang: str
) -> None:
    message = group.message()
    level = text("template", group.first.severity, lang)
    words = [
        level,
        _field_title(group, form, lang),
        group.cells_text(lang),
        message.what,
        message.fix,
    ]
    tone = f"entry {TONE_OF[group.first.severity]} flat"
    styles = [tone, "entry", "link_center" if group.cells else "center", "entry", "entry"]
    for column, (word, style) in enumerate(zip(words, styles, strict=True), 1):
        book.write_text(sheet, row, column, word, style)
    if group.cells:
        first = group.cells[0]
        place = f"{quote_sheetname(group.sheet)}!{get_column_letter(first.column)}{first.row}"
        sheet.cell(row, _CELL).hyperlink = Hyperlink(ref="", location=place)
    line_total = max(map(line_count, words, (width - 1 for width in _WIDTHS.values())))
    sheet.row_dimensions[row].height = row_height(line_total)


def _write_opening(
    book: TemplateBook,
    sheet: Worksheet,
    groups: Sequence[FindingGroup],
    context: TemplateContext,
    lang: str,
) -> int:
    errors = sum(len(group.marks) for group in groups if group.first.is_error)
    warnings = sum(len(group.marks) for group in groups) - errors
    period = context.period.title(lang) if context.period else ""
    owner_line = text("template", "errors_whose", lang, branch=context.branch_name, period=period)
    opening = (
        (text("template", "errors_title" if errors else "watch_title", lang), "title"),
        (owner_line.strip(" ·"), "subtitle"),
        (text("template", "errors_count", lang, errors=errors, warnings=warnings), "plain"),
        (" ".join(_instructions(groups, lang)), "note"),
    )
    for row, (words, style) in enumerate(opening, 1):
        book.write_text(sheet, row, 1, words, style, len(_WIDTHS))
        line_total = line_count(words, sum(_WIDTHS.values()))
        sheet.row_dimensions[row].height = row_height(line_total, 16 if style == "title" else 13)
    return len(opening)


def _instructions(groups: Sequence[FindingGroup], lang: str) -> Iterator[str]:
    """Yield what to do with this file: not every error is one of a cell."""
    errors = [group for group in groups if group.first.is_error]
    if not errors:
        yield text("template", "errors_none", lang)
    if any(group.cells for group in errors):
        yield text("template", "errors_cells", lang)
    if any(not group.cells for group in errors):
        yield text("template", "errors_whole", lang)


def _field_title(group: FindingGroup, form: Form, lang: str) -> str:
    key = group.marks[0].key
    if key:
        return f"{form.title_of(key[0], lang)}: {form.title_of(f'{key[0]}.{key[2]}', lang)}"
    path = group.first.params.get("field")
    return form.title_of(path, lang) if isinstance(path, str) else ""
