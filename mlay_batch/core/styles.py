"""Defines the styles of all workbooks as plain data, for openpyxl and XlsxWriter.

This module imports neither library: `template` makes openpyxl's objects of a `Style`, `report`
takes `Style.as_xlsxwriter`. A `Tone` pairs its colours with a symbol and a border, so that people
recognise it on a grey printout or without colour vision. Times New Roman has these symbols.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

FONT = "Times New Roman"
SIZE = 12  # points; Excel measures column widths in digits of this, the default font

INK = "1F1F1F"
QUIET = "5F5F5F"  # help, units, notes
ACCENT = "8C1D18"  # section titles; legible when printed without colour
LINE = "8A8A8A"
HEAD_FILL = "E9EDF2"
LABEL_FILL = "F5F6F8"
TOTAL_FILL = "EFEFEF"
LINK = "1F4E8C"

NUMBER_FORMATS: Mapping[str, str] = MappingProxyType(
    {
        "text": "@",  # Excel then makes no date or formula of what is typed
        "integer": "#,##0",
        "number": "General",
        "points": "0.0",
        "percent1": '0.0"%"',  # of a value in per cent (99.6), not of a fraction
        "percent2": '0.00"%"',
        "date": "dd/mm/yyyy",
        "general": "General",
    }
)

Edge = Literal["none", "thin", "medium", "dotted", "dashed", "mediumDashed", "double"]
_XLSXWRITER_EDGES: Mapping[str, int] = MappingProxyType(
    {"thin": 1, "medium": 2, "dashed": 3, "dotted": 4, "double": 6, "mediumDashed": 8}
)


@dataclass(frozen=True, slots=True)
class Style:
    """The look of a cell.

    Attributes:
        size: of the font, in points.
        colour: of the text, RRGGBB.
        fill: background colour, RRGGBB; None for no fill.
        edge: line style of the border.
        edge_colour: of the border, RRGGBB.
        sides: sides that have the border: letters of ``ltrb`` (left, top, right, bottom).
        align: horizontal alignment; ``general`` leaves it to the type of the value.
        indent: in steps of Excel's indent, some three blanks each.
        number: key in `NUMBER_FORMATS`.
        locked: whether the cell cannot be changed once its sheet is protected.
    """

    bold: bool = False
    italic: bool = False
    underline: bool = False
    size: int = SIZE
    colour: str = INK
    fill: str | None = None
    edge: Edge = "none"
    edge_colour: str = LINE
    sides: str = "ltrb"
    align: Literal["left", "center", "right", "general"] = "general"
    valign: Literal["top", "center", "bottom"] = "center"
    wrap: bool = True
    indent: int = 0
    number: str = "general"
    locked: bool = True

    def as_xlsxwriter(self) -> dict[str, object]:
        """Return the properties as `xlsxwriter.Workbook.add_format` takes them.

        Raises KeyError if `number` is not in `NUMBER_FORMATS`.
        """
        properties: dict[str, object] = {
            "font_name": FONT,
            "font_size": self.size,
            "font_color": f"#{self.colour}",
            "bold": self.bold,
            "italic": self.italic,
            "underline": int(self.underline),
            "valign": {"center": "vcenter"}.get(self.valign, self.valign),
            "text_wrap": self.wrap,
            "indent": self.indent,
            "locked": self.locked,
            "num_format": NUMBER_FORMATS[self.number],
        }
        if self.align != "general":
            properties["align"] = self.align
        if self.fill:
            properties |= {"bg_color": f"#{self.fill}", "pattern": 1}
        if self.edge != "none":
            line = _XLSXWRITER_EDGES[self.edge]
            for side in ("left", "top", "right", "bottom"):
                if side[0] in self.sides:
                    properties |= {side: line, f"{side}_color": f"#{self.edge_colour}"}
        return properties


@dataclass(frozen=True, slots=True)
class Tone:
    """The look of a state: fill, border and symbol each show it.

    Attributes:
        fill: background colour, RRGGBB.
        ink: colour of text and border, RRGGBB.
        edge: line style of the border.
        symbol: one character, with which the text begins.
    """

    fill: str
    ink: str
    edge: Edge
    symbol: str

    def apply_to(self, style: Style) -> Style:
        """Return `style` with this tone's colours and border; the caller writes the symbol."""
        return replace(
            style,
            fill=self.fill,
            colour=self.ink,
            edge=self.edge,
            edge_colour=self.ink,
            sides="ltrb",
        )


# Inks have a contrast of at least 4.5 to their fills (WCAG 2.1), as tests/test_styles.py checks.
TONES: Mapping[str, Tone] = MappingProxyType(
    {
        "good": Tone("DCE9F7", "123F6E", "thin", "●"),
        "fair": Tone("EEF4FB", "123F6E", "thin", "○"),
        "watch": Tone("FFF3C4", "6B4E00", "dotted", "▲"),
        "bad": Tone("F6C9C2", "7A130C", "mediumDashed", "■"),
        "off": Tone("ECECEC", "5F5F5F", "thin", "–"),
        "todo": Tone("FFF9E0", "6B4E00", "dotted", "…"),  # required and still empty
        "given": Tone("EAF3EA", "2F5D34", "thin", "◇"),  # written beforehand, may be typed over
    }
)


@dataclass(frozen=True, slots=True)
class ChartFill:
    """The look of a series of bars.

    Attributes:
        fill: colour, RRGGBB.
        ink: colour of numbers on it, RRGGBB.
        pattern: lines across it, as XlsxWriter names them; empty for none.
    """

    fill: str
    ink: str = INK
    pattern: str = ""


# Neighbours in a stack differ in lightness or pattern, and all have a dark border.
CHART_FILLS = (
    ChartFill("6E9CCB"),
    ChartFill("E3EDF7"),
    ChartFill("F0C75E", pattern="wide_upward_diagonal"),
    ChartFill(TONES["bad"].ink, ink="FFFFFF"),
)

# States of a return, in a sheet as on the screen; colour only repeats them. An empty one: no return
# can be owed.
RETURN_SYMBOLS: Mapping[str, str] = MappingProxyType(
    {
        "reported": "●",
        "nil": "○",
        "sketch": "◊",
        "late": "▲",
        "missing": "■",
        "rejected": "×",
        "held": "?",
        "not_due": "…",
        "waived": "–",
        "not_yet": "",
        "unused": "",
        "ended": "",
    }
)

_BOX = Style(edge="thin")
STYLES: Mapping[str, Style] = MappingProxyType(
    {
        "heading": Style(align="center"),
        "unit_name": Style(bold=True, align="center"),
        "party": Style(bold=True, underline=True, align="center"),
        "place": Style(italic=True, align="center"),
        "title": Style(bold=True, size=16, align="center"),
        "subtitle": Style(bold=True, size=13, align="center"),
        "section": Style(bold=True, size=13, colour=ACCENT, align="left", valign="bottom"),
        "note": Style(italic=True, size=11, colour=QUIET, align="left"),
        "head": replace(_BOX, bold=True, size=11, fill=HEAD_FILL, align="center"),
        "head_roof": replace(_BOX, size=11, fill=HEAD_FILL, align="center", sides="ltr"),
        "head_below": replace(
            _BOX, bold=True, size=11, fill=HEAD_FILL, align="center", valign="top", sides="lrb"
        ),
        "column_number": replace(_BOX, italic=True, size=10, colour=QUIET, align="center"),
        "number": replace(_BOX, size=11, colour=QUIET, fill=LABEL_FILL, align="center"),
        "label": replace(_BOX, fill=LABEL_FILL, align="left", indent=1),
        "label_helped": replace(_BOX, fill=LABEL_FILL, align="left", indent=1, sides="ltb"),
        "unit": replace(_BOX, size=11, colour=QUIET, fill=LABEL_FILL, align="left", indent=1),
        "help": replace(
            _BOX, size=11, colour=QUIET, italic=True, fill=LABEL_FILL, align="left", sides="trb"
        ),
        "fixed": replace(_BOX, bold=True, fill=LABEL_FILL, align="left", indent=1, number="text"),
        "computed": replace(_BOX, fill=LABEL_FILL, align="center"),
        "looked_up": replace(_BOX, fill=LABEL_FILL, colour=QUIET, align="left", indent=1),
        "entry": replace(_BOX, align="left", indent=1, number="text"),
        "entry_integer": replace(_BOX, align="center", number="integer"),
        "entry_number": replace(_BOX, align="center", number="number"),
        "text": replace(_BOX, align="left", number="text"),
        "center": replace(_BOX, align="center", number="text"),
        "date": replace(_BOX, align="center", number="date"),
        "integer": replace(_BOX, align="right", number="integer"),
        "decimal": replace(_BOX, align="right", number="number"),
        "points": replace(_BOX, align="right", number="points"),
        "percent1": replace(_BOX, align="right", number="percent1"),
        "percent2": replace(_BOX, align="right", number="percent2"),
        "link": replace(_BOX, colour=LINK, underline=True, align="left", number="text"),
        "link_center": replace(_BOX, colour=LINK, underline=True, align="center", number="text"),
        "total": replace(_BOX, bold=True, fill=TOTAL_FILL, align="right", number="integer"),
        "total_label": replace(_BOX, bold=True, fill=TOTAL_FILL, align="left"),
        "plain": Style(align="left", valign="top"),
        "marker": Style(size=8, colour=QUIET, wrap=False),
    }
)
