"""Formulas as text: constants, and stand-ins for cells whose place is known once they are written.

A column declares its formula once for all rows and names the cells it takes by the ids of their
columns: ``f"{cell('owed')}-{cell('attended')}"``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeGuard, TypeVar

T = TypeVar("T")

# No text of a workbook can hold the sign that marks a stand-in: XML knows no such character.
_STAND_IN = re.compile("\0([cfw])([^\0]*)\0")
_RESULTS = (str, int, float)  # made once: every cell is looked at


def quote(text: str) -> str:
    """Return a text as a formula holds it.

    >>> print(quote('Khối "A" cũ'))
    "Khối ""A"" cũ"
    """
    return '"' + text.replace('"', '""') + '"'


def cell(column_id: str) -> str:
    """Return the stand-in for the cell of that column in the formula's own row."""
    return f"\0c{column_id}\0"


def fixed(column_id: str) -> str:
    """Return the same for a cell that keeps its column where the formula is copied: ``$B12``."""
    return f"\0f{column_id}\0"


def whole(column_id: str) -> str:
    """Return the stand-in for all rows of that column."""
    return f"\0w{column_id}\0"


def resolve(
    formula: str, cell_of: Callable[[str], str], whole_of: Callable[[str], str] | None = None
) -> str:
    """Return a formula with its stand-ins replaced by what the functions return for their ids.

    >>> resolve(f"=SUM({whole('held')})-{fixed('left')}", {"left": "C7"}.get, {"held": "B7:B9"}.get)
    '=SUM(B7:B9)-$C7'
    """

    def place(match: re.Match[str]) -> str:
        kind, column_id = match.groups()
        if kind == "w" and whole_of:
            return whole_of(column_id)
        return f"${cell_of(column_id)}" if kind == "f" else cell_of(column_id)

    return _STAND_IN.sub(place, formula)


def text_for(text: str | Callable[[T], str], thing: T) -> str:
    """Return the text of the row of `thing`: the one of all rows, or made for it."""
    return text if isinstance(text, str) else text(thing)


def no_value(_: object) -> None:
    """Leave a cell blank: the value of a column that nothing is known for."""


def is_result(value: object) -> TypeGuard[str | int | float]:
    """Whether a formula can be computed to that value."""
    return isinstance(value, _RESULTS)
