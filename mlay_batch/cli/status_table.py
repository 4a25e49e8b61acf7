"""A table of names with a sign for each period, laid out as rich does it.

For thousands of branches rich measures and wraps every single sign: seconds for what two lines
of strings can say. So rich draws the frame and wraps long names, and rows are put in between.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click
from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.table import Table
from rich.text import Text

TableRow = tuple[str, Sequence[str]]  # a name, and a sign for each column that follows


def show_matrix(
    console: Console, title: str, headings: Sequence[str], rows: Sequence[TableRow]
) -> None:
    """Print the table; a name too long for the console's width goes on in the next line."""
    widths = _widths(console.width, headings, rows)
    if widths is None:
        console.print(_table(title, headings, [], rows))  # too narrow for signs of full width
        return
    with console.capture() as capture:
        console.print(_table(title, headings, widths, [("", [""] * len(headings[1:]))]))
    *top, sample_line, bottom = capture.get().splitlines()
    body = (line for row in rows for line in _lines(console, sample_line[0], widths, row))
    click.echo("\n".join((*top, *body, bottom)))


def _widths(
    console_width: int, headings: Sequence[str], rows: Sequence[TableRow]
) -> list[int] | None:
    """Return how wide the columns are; None where signs would have to be narrowed too."""
    columns = zip(headings[1:], *(symbols for _, symbols in rows), strict=True)
    symbols = [max(map(cell_len, {"x", *column})) for column in columns]
    available = console_width - sum(symbols) - 3 * len(headings) - 1
    name_width = max(cell_len(name) for name in (headings[0], *(name for name, _ in rows)))
    return [min(available, name_width), *symbols] if available >= max(symbols, default=1) else None


def _table(
    title: str, headings: Sequence[str], widths: Sequence[int], rows: Sequence[TableRow]
) -> Table:
    table = Table(title=Text(title))
    for index, name in enumerate(headings):
        width = widths[index] if widths else None
        table.add_column(Text(name), justify="center" if index else "left", width=width)
    for name, symbols in rows:
        table.add_row(Text(name), *symbols)
    return table


def _lines(console: Console, bar: str, widths: Sequence[int], row: TableRow) -> Iterator[str]:
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
