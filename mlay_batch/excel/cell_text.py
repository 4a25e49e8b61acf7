"""Text as Excel can hold it in a cell or a message."""

from __future__ import annotations

import re

LONGEST_TEXT = 32_767  # characters Excel keeps in a cell
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
