"""Ids that the program looks for by name, and the letters that codes begin with."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

MEETING: Final = "meeting"  # the form of meetings and who attended them
VISIT_SLIP: Final = "visit_slip"  # the form in which an officer says what he attended
OFFICER: Final = "officer"  # who reports on it: no type of organisation
CLASSIFICATION: Final = "classification"  # the form of the yearly grades
ROLLUP: Final = "consolidated"  # the form of a subordinate office's workbook (`rollup_form`)
REGISTER: Final = "register"  # the form an office's register is kept in
MEETING_SCORE: Final = "meeting_score"  # the scheme that meetings are scored by
SCHEMES: Final = (CLASSIFICATION, MEETING_SCORE)  # the schemes that figures use, no others
SCORES: Final = "scores"  # the section of the form of meetings with their points
SCORER: Final = "scorer"  # the field that says who gave a score
OWN: Final = "own"  # its value for the points a cell awards itself
MIXED_KIND: Final = "both"  # the kind of a meeting both regular and thematic

PROGRAM_LETTERS: Final = "CEFILNQRX"  # of the program's own findings: locale/findings-*.yaml
INDICATOR_LETTER: Final = "H"  # *hình thức*, for form's sake
RULE_LETTERS: Final = "ABDGKOSTVWZ"  # of the rules of forms; no shipped form uses Z


def next_free_code(letter: str, used: Collection[str]) -> str:
    """Return the code after the last used one of the letter; the first gap where that is 99.

    >>> next_free_code("D", {"D01", "D05", "K09"}), next_free_code("D", {"D02", "D99"})
    ('D06', 'D01')
    """
    numbers = (code[1:] for code in used if code[:1] == letter and len(code) == 3)
    last = max((int(number) for number in numbers if number.isdecimal()), default=0)
    codes = (f"{letter}{number:02}" for number in (*range(last + 1, 100), *range(1, 100)))
    return next((code for code in codes if code not in used), "–")
