"""Colours never say anything alone, and both writers get the same look."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest

from mlay_batch.core.styles import CHART_FILLS, NUMBER_FORMATS, STYLES, TONES, Style


def grey(colour: str) -> float:
    """How light a colour prints on a grey printer, 0 to 255 (ITU-R BT.601)."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (0, 2, 4))
    return 0.299 * red + 0.587 * green + 0.114 * blue


def contrast(first: str, other: str) -> float:
    """The contrast of two colours as WCAG 2.1 defines it, 1 to 21."""

    def light(colour: str) -> float:
        parts = (int(colour[at : at + 2], 16) / 255 for at in (0, 2, 4))
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((light(first), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_tones_differ_without_colour():
    for first, other in combinations(TONES.values(), 2):
        assert first.symbol != other.symbol
    assert TONES["bad"].edge not in {tone.edge for n, tone in TONES.items() if n != "bad"}
    assert grey(TONES["watch"].fill) - grey(TONES["bad"].fill) > 20


def test_neighbours_in_a_stack_of_bars_differ_in_grey():
    for lower, upper in pairwise(CHART_FILLS):
        assert lower.pattern != upper.pattern or abs(grey(lower.fill) - grey(upper.fill)) > 60
    assert all(contrast(fill.ink, fill.fill) >= 4.5 for fill in CHART_FILLS)


@pytest.mark.parametrize("name", TONES)
def test_text_on_a_tone_can_be_read(name):
    assert contrast(TONES[name].ink, TONES[name].fill) >= 4.5


@pytest.mark.parametrize("name", STYLES)
def test_text_in_a_style_can_be_read(name):
    assert contrast(STYLES[name].colour, STYLES[name].fill or "FFFFFF") >= 4.5


@pytest.mark.parametrize("name", STYLES)
def test_a_style_is_complete_for_xlsxwriter(name):
    properties = STYLES[name].as_xlsxwriter()
    assert properties["font_name"] == "Times New Roman"
    assert properties["num_format"] in NUMBER_FORMATS.values()


def test_a_border_can_leave_sides_open():
    properties = Style(edge="thin", sides="lb").as_xlsxwriter()
    assert {side for side in ("left", "top", "right", "bottom") if side in properties} == {
        "left",
        "bottom",
    }
