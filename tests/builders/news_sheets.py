"""Whether the figures of a sentence of the news stand on the sheets that it names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from builders.sheet_cells import Book, Sheet
from mlay_batch.core import messages
from mlay_batch.figures.news import News

FREE = {"number", "least", "first", "last"}  # of a list, of a rule, of the calendar


def sheets_of(sentence: News, book: Book) -> list[Sheet]:
    titles = (messages.text("report", f"sheet.{key}", "vi") for key in sentence.rule.sheets)
    return [book[title] for title in titles]


def amounts_not_on_sheets(sentence: News, book: Book) -> Iterator[tuple[str, float]]:
    """Yield the figures of a sentence, with their names, that no cell of its sheets holds."""
    on_sheets = numbers_on(sheets_of(sentence, book))
    for clause in sentence.clauses:
        for part in (clause.amounts, *(name.amounts for name in clause.names)):
            for name, value in part.items():
                is_figure = isinstance(value, int | float) and name not in FREE
                if is_figure and round(value + 1e-9, 1) not in on_sheets:
                    yield f"{clause.key}.{name}", value


def numbers_on(sheets: Iterable[Sheet]) -> set[float]:
    """Return every number in a cell of the sheets, with one decimal as sentences have it."""
    return {
        round(float(value) + 1e-9, 1)
        for sheet in sheets
        for row in sheet.rows
        for value in row
        if isinstance(value, int | float) and not isinstance(value, bool)
    }
