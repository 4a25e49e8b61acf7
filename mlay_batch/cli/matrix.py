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

Entry = tuple[str, Sequence[str]]  # a name, and a sign for each column that follows


def show_matrix(console: Console, title: str, head: Sequence[str], rows: Sequence[Entry]) -> None:
    """Print the table; a name too long for the console's width goes on in the next line."""
    widths = _widths(console.width, head, rows)
    if widths is None:
        console.print(_table(title, head, [], rows))  # too narrow for signs of full width
        return
    with console.capture() as drawn:
        console.print(_table(title, head, widths, [("", [""] * len(head[1:]))]))
    *top, between, bottom = drawn.get().splitlines()
    body = (line for row in rows for line in _lines(console, between[0], widths, row))
    click.echo("\n".join((*top, *body, bottom)))


def _widths(room: int, head: Sequence[str], rows: Sequence[Entry]) -> list[int] | None:
    """Return how wide the columns are; None where signs would have to be narrowed too."""
    columns = zip(head[1:], *(signs for _, signs in rows), strict=True)
    signs = [max(map(cell_len, {"x", *column})) for column in columns]
    left = room - sum(signs) - 3 * len(head) - 1
    named = max(cell_len(name) for name in (head[0], *(name for name, _ in rows)))
    return [min(left, named), *signs] if left >= max(signs, default=1) else None


def _table(title: str, head: Sequence[str], widths: Sequence[int], rows: Sequence[Entry]) -> Table:
    table = Table(title=Text(title))
    for at, name in enumerate(head):
        width = widths[at] if widths else None
        table.add_column(Text(name), justify="center" if at else "left", width=width)
    for name, signs in rows:
        table.add_row(Text(name), *signs)
    return table


def _lines(console: Console, bar: str, widths: Sequence[int], row: Entry) -> Iterator[str]:
    name, signs = row
    parts = [name]
    if cell_len(name) > widths[0]:
        wrapped = Text(name).wrap(console, widths[0], overflow="ellipsis")
        parts = [part.plain for part in wrapped]
    for number, part in enumerate(parts):
        shown = [""] * len(signs) if number else signs
        beside = (sign.center(width) for sign, width in zip(shown, widths[1:], strict=True))
        cells = f" {bar} ".join((set_cell_size(part, widths[0]), *beside))
        yield f"{bar} {cells} {bar}"
