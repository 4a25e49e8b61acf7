"""Ids of shipped forms, schemes and choices that the program looks for by name."""

from __future__ import annotations

from typing import Final

MEETING: Final = "meeting"  # the form of meetings and who attended them
CLASSIFICATION: Final = "classification"  # the form of the yearly grades
ROLLUP: Final = "consolidated"  # the form of a subordinate office's workbook (`rollup_form`)
REGISTER: Final = "register"  # the form an office's register is kept in
MEETING_SCORE: Final = "meeting_score"  # the scheme that meetings are scored by
MIXED_KIND: Final = "both"  # the kind of a meeting both regular and thematic
