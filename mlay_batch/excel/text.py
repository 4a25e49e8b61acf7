"""Text as Excel can hold it: in a cell, and as the name of a sheet."""

from __future__ import annotations

import re
from collections.abc import Iterable

LONGEST_TEXT = 32_767  # characters Excel keeps in a cell
LONGEST_TITLE = 31  # characters of a sheet's name
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_FORBIDDEN = re.compile(r"[\[\]:*?/\\]")


def to_cell_text(text: str) -> str:
    """Return `text` as a cell can hold it: no control characters, at most 32.767 characters."""
    kept = text if text.isprintable() else _CONTROL.sub("", text)
    return kept if len(kept) <= LONGEST_TEXT else kept[: LONGEST_TEXT - 1] + "…"


def sheet_title(text: str, taken: Iterable[str] = ()) -> str:
    """Return `text` as a name Excel allows for a sheet, unlike all `taken` ones.

    >>> sheet_title("Dữ liệu: bồi dưỡng, kiểm tra, giám sát")
    'Dữ liệu bồi dưỡng, kiểm tra…'
    """
    name = " ".join(_FORBIDDEN.sub(" ", to_cell_text(text)).split()).strip("'")
    if len(name) > LONGEST_TITLE:
        name = name[:LONGEST_TITLE].rpartition(" ")[0] or name[: LONGEST_TITLE - 1]
        name = name.rstrip(" ,.;-–") + "…"
    folded = {other.casefold() for other in taken}
    number, unique = 2, name
    while unique.casefold() in folded:
        unique, number = f"{name[: LONGEST_TITLE - 4]} ({number})", number + 1
    return unique
