"""The matrix of signs is, to the letter, the table rich would have drawn."""

import io
import sys

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mlay_batch.cli.matrix import show_matrix

HEADS = [["Đơn vị", "01", "02", "11"], ["Đơn vị", "2018"], ["Branch", "2019-Q1", "2019-Q2"], ["x"]]
names = st.lists(
    st.sampled_from(
        ["CB-01", "Chi bộ", "Trường", "THPT", "và", "Nguyễn-Văn-Trỗi-dài-quá", "党支部", "[b]", "–"]
    ),
    min_size=1,
    max_size=9,
).map(" ".join)


def by_rich(console, title, head, rows):
    table = Table(title=Text(title))
    for at, name in enumerate(head):
        table.add_column(name, justify="center" if at else "left")
    for name, signs in rows:
        table.add_row(Text(name), *signs)
    console.print(table)


@settings(max_examples=40)
@given(st.data(), st.sampled_from(HEADS), st.integers(30, 120), st.booleans())
def test_it_is_what_rich_draws(data, head, width, terminal):
    signs = st.lists(st.sampled_from("●○▲■…×?– "), min_size=len(head) - 1, max_size=len(head) - 1)
    rows = data.draw(st.lists(st.tuples(names, signs), max_size=5))
    drawn = []
    for draw in (show_matrix, by_rich):
        file = io.StringIO()
        file.isatty = lambda: terminal
        real, sys.stdout = sys.stdout, file
        try:
            console = Console(width=width, highlight=False, force_terminal=terminal)
            draw(console, "BÁO CÁO SINH HOẠT CHI BỘ", head, rows)
        finally:
            sys.stdout = real
        drawn.append(file.getvalue())
    assert drawn[0] == drawn[1]
