"""Fits texts to Excel: cells, messages and sheet names; finds texts it would run as formulas.

Both writers store text as text. When somebody edits the cell, Excel reads it again, and a text that
begins like a formula becomes one. Such a cell gets the quote prefix (the ``'`` a person would type
before it), which keeps it a text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

CALCULATED_BY = 191029  # calcId of Excel 2019 to 365, whose results a newer one takes as they are
LONGEST_TEXT = 32_767  # characters Excel keeps in a cell
LONGEST_TITLE = 31  # characters of a sheet's name
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")  # as OWASP lists them: "CSV Injection"
_FORBIDDEN = re.compile(r"[\[\]:*?/\\]")
_UNNAMED = "Sheet"
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


def to_cell_text(text: str) -> str:
    """Return `text` as a cell can hold it: no control characters, at most 32.767 characters."""
    clean = text if text.isprintable() else _CONTROL.sub("", text)
    return clean if len(clean) <= LONGEST_TEXT else clean[: LONGEST_TEXT - 1] + "…"


def length(text: str) -> int:
    """Return how many characters Excel counts in `text`: UTF-16 units."""
    return len(text.encode("utf-16-le")) // 2


def head(text: str, limit: int) -> str:
    """Return the beginning of `text`, at most `limit` characters as Excel counts."""
    return text.encode("utf-16-le")[: 2 * limit].decode("utf-16-le", "ignore")


def clip(text: str, limit: int) -> str:
    """Return `text` in at most `limit` characters as Excel counts, ending in "…" when cut."""
    return text if length(text) <= limit else head(text, limit - 1).rstrip() + "…"


def is_formula_like(text: str) -> bool:
    r"""Return whether Excel might take `text`, as a cell holds it, for a formula when edited.

    >>> is_formula_like("=1+1"), is_formula_like("\t=1+1"), is_formula_like("1+1")
    (True, True, False)
    """
    return text.startswith(_FORMULA_STARTS)


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
