"""The first sheet of a returned form: what is wrong, where, and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from openpyxl.utils import get_column_letter, quote_sheetname
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.worksheet import Worksheet

from mlay_batch.messages import text
from mlay_batch.schema.records import Form
from mlay_batch.template.book import Book, height, lay_out, lines, protect, set_widths
from mlay_batch.template.context import Context
from mlay_batch.template.marks import TONE_OF, Group

_WIDTHS = {1: 18, 2: 28, 3: 17, 4: 46, 5: 46}
_CELL = 3  # the column of links


def write_errors(book: Book, groups: Sequence[Group], form: Form, context: Context,
                 lang: str) -> None:  # fmt: skip
    """Write the sheet "Lỗi cần sửa": one line a group, its cell a link."""
    sheet = book.sheet(text("template", "errors_sheet", lang))
    head = _opening(book, sheet, groups, context, lang) + 1
    for column, key in enumerate(("severity", "field", "cell", "what", "fix"), 1):
        book.say(sheet, head, column, text("template", f"column_{key}", lang), "head")
    for row, group in enumerate(groups, head + 1):
        _line(book, sheet, row, group, form, lang)
    set_widths(sheet, _WIDTHS)
    lay_out(sheet, "landscape", sheet.title, f"A1:E{head + len(groups)}")
    sheet.print_title_rows = f"{head}:{head}"
    sheet.freeze_panes = f"A{head + 1}"
    protect(sheet)


def _line(book: Book, sheet: Worksheet, row: int, group: Group, form: Form, lang: str) -> None:
    message = group.told()
    level = text("template", group.first.severity, lang)
    words = [level, _field(group, form, lang), group.where(lang), message.what, message.fix]
    tone = f"entry {TONE_OF[group.first.severity]} flat"
    styles = [tone, "entry", "link_center" if group.cells else "center", "entry", "entry"]
    for column, (word, style) in enumerate(zip(words, styles, strict=True), 1):
        book.say(sheet, row, column, word, style)
    if group.cells:
        first = group.cells[0]
        place = f"{quote_sheetname(group.sheet)}!{get_column_letter(first.column)}{first.row}"
        sheet.cell(row, _CELL).hyperlink = Hyperlink(ref="", location=place)
    needed = max(map(lines, words, (width - 1 for width in _WIDTHS.values())))
    sheet.row_dimensions[row].height = height(needed)


def _opening(book: Book, sheet: Worksheet, groups: Sequence[Group], context: Context,
             lang: str) -> int:  # fmt: skip
    errors = sum(len(group.marks) for group in groups if group.first.is_error)
    warnings = sum(len(group.marks) for group in groups) - errors
    period = context.period.title(lang) if context.period else ""
    whose = text("template", "errors_whose", lang, branch=context.branch_name, period=period)
    opening = (
        (text("template", "errors_title" if errors else "watch_title", lang), "title"),
        (whose.strip(" ·"), "subtitle"),
        (text("template", "errors_count", lang, errors=errors, warnings=warnings), "plain"),
        (" ".join(_how(groups, lang)), "note"),
    )
    for row, (words, style) in enumerate(opening, 1):
        book.say(sheet, row, 1, words, style, len(_WIDTHS))
        needed = lines(words, sum(_WIDTHS.values()))
        sheet.row_dimensions[row].height = height(needed, 16 if style == "title" else 13)
    return len(opening)


def _how(groups: Sequence[Group], lang: str) -> Iterator[str]:
    """Yield what to do with this file: not every error is one of a cell."""
    errors = [group for group in groups if group.first.is_error]
    if not errors:
        yield text("template", "errors_none", lang)
    if any(group.cells for group in errors):
        yield text("template", "errors_cells", lang)
    if any(not group.cells for group in errors):
        yield text("template", "errors_whole", lang)


def _field(group: Group, form: Form, lang: str) -> str:
    at = group.marks[0].at
    if at:
        return f"{form.title_of(at[0], lang)}: {form.title_of(f'{at[0]}.{at[2]}', lang)}"
    path = group.first.params.get("field")
    return form.title_of(path, lang) if isinstance(path, str) else ""
