"""The report's looks: names of `styles` in a smaller size, as XlsxWriter takes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from mlay_batch.core.styles import LABEL_FILL, QUIET, STYLES, TONES, Style

Look = Mapping[str, object]

SMALL_SIZE = 10
_TEXT = replace(STYLES["text"], size=SMALL_SIZE, number="general")
_NUMBER = replace(STYLES["integer"], size=SMALL_SIZE)
_CENTER = replace(STYLES["center"], size=SMALL_SIZE, number="general")
_TOTAL = replace(STYLES["total"], size=SMALL_SIZE)
_PLAIN = replace(STYLES["plain"], size=11, valign="center")


def _look(style: Style, number: str | None = None) -> Look:
    properties = style.as_xlsxwriter()
    if number is not None:
        properties["num_format"] = number
    return MappingProxyType(properties)


def percent_format(decimals: int) -> str:
    """Return the number format of a value in per cent; nothing at all is written as a bare 0.

    >>> percent_format(1)
    '0.0"%";-0.0"%";0'
    """
    digits = f"0.{'0' * decimals}" if decimals else "0"
    return f'{digits}"%";-{digits}"%";0'


LOOKS: Mapping[str, Look] = MappingProxyType(
    {
        **{name: _look(STYLES[name]) for name in ("unit_name", "party", "place", "title")},
        **{name: _look(STYLES[name]) for name in ("subtitle", "section", "heading")},
        "back": _look(replace(STYLES["link"], size=SMALL_SIZE, edge="none", wrap=False)),
        "note": _look(replace(STYLES["note"], size=SMALL_SIZE)),
        "note_center": _look(replace(STYLES["note"], size=SMALL_SIZE, align="center")),
        "head": _look(replace(STYLES["head"], size=SMALL_SIZE)),
        "column_number": _look(replace(STYLES["column_number"], size=9)),
        "text": _look(_TEXT),
        "text_small": _look(replace(_TEXT, size=9)),
        "center": _look(_CENTER),
        "quiet": _look(replace(_TEXT, colour=QUIET, italic=True)),
        "quiet_center": _look(replace(_CENTER, colour=QUIET, italic=True)),
        **{f"tone_{name}": _look(tone.apply_to(_CENTER)) for name, tone in TONES.items()},
        "date": _look(replace(_CENTER, number="date")),
        "integer": _look(_NUMBER),
        "count": _look(replace(_NUMBER, align="center")),
        "number": _look(replace(_NUMBER, number="number")),
        "owed": _look(replace(_NUMBER, align="center"), "0.00"),
        "points": _look(replace(_NUMBER, number="points", align="center")),
        "score": _look(replace(_NUMBER, number="number", align="center")),
        "link": _look(replace(STYLES["link"], size=SMALL_SIZE, number="general")),
        "total": _look(_TOTAL),
        "total_count": _look(replace(_TOTAL, align="center"), "#,##0"),
        "total_points": _look(replace(_TOTAL, align="center", number="points")),
        "total_label": _look(replace(STYLES["total_label"], size=SMALL_SIZE)),
        "label": _look(replace(STYLES["label"], size=11)),
        "label_small": _look(replace(STYLES["label"], size=SMALL_SIZE)),
        "key": _look(replace(_NUMBER, size=12, bold=True, align="center")),
        "key_points": _look(replace(_NUMBER, size=12, bold=True, align="center", number="points")),
        "key_link": _look(
            replace(STYLES["link"], size=SMALL_SIZE, number="general", fill=LABEL_FILL)
        ),
        "plain": _look(_PLAIN),
        "plain_right": _look(replace(_PLAIN, align="right")),
        "plain_bold": _look(replace(_PLAIN, bold=True)),
        "plain_center": _look(replace(_PLAIN, align="center")),
        "signing": _look(replace(_PLAIN, align="center", bold=True)),
        "parameter": _look(replace(_CENTER, bold=True, size=11)),
        "banner": _look(TONES["watch"].apply_to(replace(_TEXT, size=11, bold=True))),
        "mono": _look(replace(_TEXT, size=9)),
    }
)

# For conditional formats: what a text that begins with the tone's symbol looks like.
TONE_LOOKS: Mapping[str, Look] = MappingProxyType(
    {
        tone.symbol: MappingProxyType({"bg_color": f"#{tone.fill}", "font_color": f"#{tone.ink}"})
        for name, tone in TONES.items()
        if name != "todo"
    }
)


@dataclass(frozen=True, slots=True)
class RowFit:
    """What decides how much room a text in a look takes: `size` in points, `indent` in digits."""

    wraps: bool
    size: float
    bold: bool
    indent: float


ROW_FITS: Mapping[str, RowFit] = MappingProxyType(
    {
        name: RowFit(
            bool(look["text_wrap"]),
            float(str(look["font_size"])),
            bool(look["bold"]),
            1.5 * float(str(look["indent"])),
        )
        for name, look in LOOKS.items()
    }
)
