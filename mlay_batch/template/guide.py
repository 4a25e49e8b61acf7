"""The instruction sheet, for reading only: from the same YAML as the form."""

from __future__ import annotations

from mlay_batch.core.messages import text
from mlay_batch.core.period import Period
from mlay_batch.core.styles import STYLES
from mlay_batch.schema.instructions import instructions
from mlay_batch.schema.model import Form
from mlay_batch.template.openpyxl_book import (
    TemplateBook,
    line_count,
    protect,
    row_height,
    set_up_page,
    set_widths,
)

_WIDTHS = {1: 38, 2: 76, 3: 12}
_ROW_STYLES = ("label", "entry", "center")


def write_guide(book: TemplateBook, form: Form, period: Period | None, lang: str) -> None:
    """Write the sheet "Hướng dẫn": how to fill in and send, then every entry of every section."""
    sheet = book.add_sheet(text("template", "guide", lang))
    row = 0
    for row, (style, words) in enumerate(instructions(form, period, lang), 1):
        span = len(_WIDTHS) if len(words) == 1 else 1
        styles = _ROW_STYLES if style == "row" else (style,) * len(words)
        for column, (word, style_name) in enumerate(zip(words, styles, strict=True), 1):
            book.write_text(sheet, row, column, word, style_name, span)
        sheet.row_dimensions[row].height = _guide_row_height(words, styles[0])
    set_widths(sheet, _WIDTHS)
    footer = f"{text('template', 'guide', lang)} · {form.form} {form.version}"
    set_up_page(sheet, "portrait", footer, f"A1:C{row}")
    protect(sheet)


def _guide_row_height(words: tuple[str, ...], style: str) -> float:
    widths = [sum(_WIDTHS.values())] if len(words) == 1 else list(_WIDTHS.values())
    size = STYLES[style.partition(" ")[0]].size
    line_total = max(
        line_count(word, width, size) for word, width in zip(words, widths, strict=True)
    )
    return row_height(line_total, size) + (10 if style == "section" else 0)
