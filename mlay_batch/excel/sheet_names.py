"""Names of sheets as Excel takes them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from mlay_batch.excel.cell_text import head, length, to_cell_text

LONGEST_TITLE = 31  # characters of a sheet's name
_FORBIDDEN = re.compile(r"[\[\]:*?/\\]")
_UNNAMED = "Sheet"


def sheet_title(text: str, taken: Iterable[str] = ()) -> str:
    """Return `text` as a name Excel allows for a sheet, unlike all `taken` ones.

    >>> sheet_title("Dữ liệu: bồi dưỡng, kiểm tra, giám sát")
    'Dữ liệu bồi dưỡng, kiểm tra…'
    """
    name = " ".join(_FORBIDDEN.sub(" ", to_cell_text(text)).split()).strip("' ") or _UNNAMED
    if length(name) > LONGEST_TITLE:
        words = head(name, LONGEST_TITLE)
        name = (words.rpartition(" ")[0] or head(name, LONGEST_TITLE - 1)).rstrip(" ,.;-–") + "…"
    folded = {title.casefold() for title in taken}
    number, unique = 2, name
    while unique.casefold() in folded:
        ending = f" ({number})"
        unique, number = head(name, LONGEST_TITLE - len(ending)) + ending, number + 1
    return unique


def sheet_titles(texts: Iterable[str]) -> tuple[str, ...]:
    """Return `texts` as names for the sheets of one workbook, in their order.

    >>> sheet_titles(["Thu/chi", "thu chi"])
    ('Thu chi', 'thu chi (2)')
    """
    titles: list[str] = []
    for text in texts:
        titles.append(sheet_title(text, titles))
    return tuple(titles)
