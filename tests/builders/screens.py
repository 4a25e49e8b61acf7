"""What a terminal shows, as a picture."""

from __future__ import annotations

import io
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from mlay_batch.cli.lines import wrap

WIDTH = 92
# Rich's own, but for a font fetched from the net.
SVG = """<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: "DejaVu Sans Mono", Consolas, Menlo, monospace;
font-size: {char_height}px; line-height: {line_height}px; }}
{styles}
</style>
<defs>{backgrounds_defs}</defs>
<defs><clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/></clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g></g></svg>
""".replace("<defs>{backgrounds_defs}</defs>\n", "")


def draw(screen: Sequence[tuple[str, str]], title: str = "mlay") -> str:
    """Return an SVG of what was typed, if anything, and what came after it, in turn."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), highlight=False)
    for command, output in screen:
        if command:
            console.print(Text(f"> {command}", "bold"))
        for line in output.splitlines():
            indent = line[: len(line) - len(line.lstrip())]
            console.print(Text(wrap(line.strip(), WIDTH, indent, f"{indent}  ")))
        console.print()
    return console.export_svg(title=title, code_format=SVG, unique_id="mlay")
