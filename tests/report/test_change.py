"""Alter a saved workbook's data, recalculate: the figures are those of the program run anew."""

from __future__ import annotations

import change_desk as desk
import pytest

pytestmark = pytest.mark.libreoffice

QUOTA = ("Chỉ tiêu dự sinh hoạt", "Dự từng chi bộ", "Chi bộ được dự")
RATING = ("Xếp loại sinh hoạt", "Lũy kế năm")


@pytest.mark.parametrize("sheets", [QUOTA, RATING], ids=["quota", "rating"])
@pytest.mark.parametrize("seed", [1, 2])
def test_every_figure_follows_the_data(seed: int, sheets: tuple[str, ...]) -> None:
    made = desk.follow(seed)
    assert desk.differences(made.after, made.expected, sheets) == [], made.says
    for title in sheets:
        assert desk.differences(made.after, made.before, [title]), f"{title} did not change"
