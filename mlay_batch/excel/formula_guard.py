"""Recognises texts that Excel would take for a formula: typed text must never run.

Both writers store text as text. That holds until somebody edits the cell: then Excel reads it anew,
and a text that begins like a formula becomes one. Such a cell gets the quote prefix (the ``'`` that
a person would type before it), which keeps it a text.
"""

from __future__ import annotations

_STARTS = ("=", "+", "-", "@", "\t", "\r")  # as OWASP lists them under "CSV Injection"


def is_formula_like(text: str) -> bool:
    r"""Tell whether Excel might take `text`, as a cell holds it, for a formula when edited.

    >>> is_formula_like("=1+1"), is_formula_like("\t=1+1"), is_formula_like("1+1")
    (True, True, False)
    """
    return text.startswith(_STARTS)
