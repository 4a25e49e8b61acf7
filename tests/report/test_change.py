"""Alter a saved workbook's data, recalculate: the figures are those of the program run anew."""

from __future__ import annotations

import change_desk as desk
import pytest

pytestmark = pytest.mark.libreoffice

RATING = ("Xếp loại sinh hoạt", "Lũy kế năm")


@pytest.mark.parametrize("seed", [1, 2])
def test_the_rating_sheets_follow_scores(seed: int) -> None:
    made = desk.follow(seed)
    assert desk.differences(made.after, made.expected, RATING) == [], made.says
    assert desk.differences(made.after, made.before, RATING), "nothing was altered"
