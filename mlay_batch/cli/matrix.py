"""The table unit × period of `status --all`.

Rich takes seconds to measure and wrap thousands of rows, so it draws the frame and wraps long
names, and the rows are inserted as strings.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

import click
from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mlay_batch.cli.lines import join_words, safe_line
from mlay_batch.cli.options import say
from mlay_batch.core.messages import text
from mlay_batch.core.styles import RETURN_SYMBOLS

if TYPE_CHECKING:  # start-up: for annotations only
    from mlay_batch.figures.report_records import Completeness

TableRow = tuple[str, Sequence[str]]  # a name, and a symbol for each column that follows
_NAME_ROOM = 17  # columns for names and the frame around them


def legend(states: Collection[str], lang: str) -> Iterator[str]:
    """Yield each symbol with its state; blank cells stand for those without a symbol."""
    titles = {s: text("figures", f"return.{s}", lang) for s in RETURN_SYMBOLS if s in states}
    symbols = ((RETURN_SYMBOLS[s], title) for s, title in titles.items() if RETURN_SYMBOLS[s])
    yield from (join_words(f"{symbol} {title}") for symbol, title in symbols)
    blank = [title for state, title in titles.items() if not RETURN_SYMBOLS[state]]
    if blank:
        yield say(lang, "status.blank", states=", ".join(blank))


def show_completeness(console: Console, completeness: Completeness, title: str, lang: str) -> None:
    """Print the table of a form: the last periods that leave room for the names."""
    unused = {cell.period for cell in completeness.cells.values() if cell.state == "unused"}
    periods = [period for period in completeness.periods if period not in unused]
    months = [str(p)[-2:] if p.length == 1 else str(p) for p in periods]
    while len(months) > 1 and console.width < _NAME_ROOM + sum(len(m) + 3 for m in months):
        del months[0], periods[0]
    rows = [
        (
            safe_line(f"{branch.code} {branch.name}"),
            [RETURN_SYMBOLS[completeness.cell(branch.code, p).state] for p in periods],
        )
        for branch in completeness.branches
    ]
    show_matrix(console, title, [say(lang, "status.branch"), *months], rows)


def show_matrix(
    console: Console, title: str, headings: Sequence[str], rows: Sequence[TableRow]
) -> None:
    """Print the table; a name too long for the console continues on the next line."""
    widths = _column_widths(console.width, headings, rows)
    if widths is None:
        console.print(_matrix_table(title, headings, [], rows))  # too narrow for full symbols
        return
    with console.capture() as capture:
        console.print(_matrix_table(title, headings, widths, [("", [""] * len(headings[1:]))]))
    *top, sample_line, bottom = capture.get().splitlines()
    body = (line for row in rows for line in _matrix_lines(console, sample_line[0], widths, row))
    click.echo("\n".join((*top, *body, bottom)))


def _column_widths(
    console_width: int, headings: Sequence[str], rows: Sequence[TableRow]
) -> list[int] | None:
    """Return the column widths; None where even the symbols do not fit."""
    columns = zip(headings[1:], *(symbols for _, symbols in rows), strict=True)
    symbols = [max(map(cell_len, {"x", *column})) for column in columns]
    available = console_width - sum(symbols) - 3 * len(headings) - 1
    name_width = max(cell_len(name) for name in (headings[0], *(name for name, _ in rows)))
    return [min(available, name_width), *symbols] if available >= max(symbols, default=1) else None


def _matrix_table(
    title: str, headings: Sequence[str], widths: Sequence[int], rows: Sequence[TableRow]
) -> Table:
    table = Table(title=Text(title))
    for index, name in enumerate(headings):
        width = widths[index] if widths else None
        table.add_column(Text(name), justify="center" if index else "left", width=width)
    for name, symbols in rows:
        table.add_row(Text(name), *symbols)
    return table


def _matrix_lines(
    console: Console, bar: str, widths: Sequence[int], row: TableRow
) -> Iterator[str]:
    name, symbols = row
    parts = [name]
    if cell_len(name) > widths[0]:
        wrapped = Text(name).wrap(console, widths[0], overflow="ellipsis")
        parts = [part.plain for part in wrapped]
    for number, part in enumerate(parts):
        row_symbols = [""] * len(symbols) if number else symbols
        padded = (
            symbol.center(width) for symbol, width in zip(row_symbols, widths[1:], strict=True)
        )
        cells = f" {bar} ".join((set_cell_size(part, widths[0]), *padded))
        yield f"{bar} {cells} {bar}"
