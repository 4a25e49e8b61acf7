"""The instruction sheet, for reading only: from the same YAML as the form."""

from __future__ import annotations

from mlay_batch.guidance import instructions
from mlay_batch.messages import text
from mlay_batch.period import Period
from mlay_batch.schema.records import Form
from mlay_batch.styles import STYLES
from mlay_batch.template.book import Book, height, lay_out, lines, protect, set_widths

_WIDTHS = {1: 38, 2: 76, 3: 12}
_ROW = ("label", "entry", "center")


def write_guide(book: Book, form: Form, period: Period | None, lang: str) -> None:
    """Write the sheet "Hướng dẫn": how to fill in and send, then every entry of every section."""
    sheet = book.sheet(text("template", "guide", lang))
    row = 0
    for row, (style, words) in enumerate(instructions(form, period, lang), 1):
        span = len(_WIDTHS) if len(words) == 1 else 1
        styles = _ROW if style == "row" else (style,) * len(words)
        for column, (word, look) in enumerate(zip(words, styles, strict=True), 1):
            book.say(sheet, row, column, word, look, span)
        sheet.row_dimensions[row].height = _height(words, styles[0])
    set_widths(sheet, _WIDTHS)
    footer = f"{text('template', 'guide', lang)} · {form.form} {form.version}"
    lay_out(sheet, "portrait", footer, f"A1:C{row}")
    protect(sheet)


def _height(words: tuple[str, ...], style: str) -> float:
    widths = [sum(_WIDTHS.values())] if len(words) == 1 else list(_WIDTHS.values())
    size = STYLES[style.partition(" ")[0]].size
    number = max(lines(word, wide, size) for word, wide in zip(words, widths, strict=True))
    return height(number, size) + (10 if style == "section" else 0)
