"""Writes tables in Markdown, for the reference pages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from mlay_batch.core.messages import text

_GAP = re.compile(r"\{\w+\}")


def table(lang: str, heads: str, rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """Yield the lines of a Markdown table, after a blank line.

    `heads` are the keys of the headings, separated by blanks.
    """
    titles = [text("reference", f"head.{head}", lang) for head in heads.split()]
    yield from ("", _line(titles), _line("---" for _ in titles))
    yield from (_line(cell.replace("|", "\\|") for cell in row) for row in rows)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def open_gaps(words: str) -> str:
    """Return `words` with "…" in place of each gap.

    >>> open_gaps("Ghi {value}, quá {bound}.")
    'Ghi …, quá ….'
    """
    return _GAP.sub("…", words)
