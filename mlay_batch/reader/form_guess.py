"""What the template wrote into a workbook that has lost its stamp, as far as the file shows it.

The stamp lists the texts written for one branch and period. Without it they are told from what the
form itself says, from the heading card and from their place; nobody is warned of words that are
not theirs. What fits none of this counts as typed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from mlay_batch.core.messages import text
from mlay_batch.core.period import Period
from mlay_batch.core.text import clean, name_key
from mlay_batch.model.records import HeaderValue
from mlay_batch.reader.section_finder import Block
from mlay_batch.schema.instructions import instructions
from mlay_batch.schema.layout import CODE_SEPARATOR
from mlay_batch.schema.model import Form

_LANGUAGES = ("vi", "en")
_GAP = "\0"


def guess_texts(
    form: Form, blocks: Sequence[Block], header: Mapping[str, HeaderValue]
) -> Iterator[str]:
    """Yield the texts of the instruction sheet and of the official heading above the sections."""
    period = Period.parse_informal(clean(header["period"].text)) if "period" in header else None
    for lang in _LANGUAGES:
        for _, texts in instructions(form, period, lang):
            yield from texts
    unit = header["branch"].text.partition(CODE_SEPARATOR)[2] if "branch" in header else ""
    top_blocks = {block.sheet.title: block for block in reversed(blocks)}
    for block in top_blocks.values():
        yield from _heading_texts(block, name_key(unit))


def _heading_texts(block: Block, unit: str) -> Iterator[str]:
    """Yield the line of the date, the unit's name and what stands in capitals right above it.

    A form without a heading card does not say whose it is: there the name is what stands in the
    line of the date.
    """
    date_line = _date_line_pattern()
    cells_above = (
        (position, raw)
        for position, raw in block.sheet.filled_cells.items()
        if position[0] < block.bounds[0]
    )
    above = {position: raw for position, raw in cells_above if isinstance(raw, str)}
    date_rows = {row for (row, _), raw in above.items() if date_line.fullmatch(clean(raw))}
    for (row, column), raw in above.items():
        if date_line.fullmatch(clean(raw)):
            yield raw
        elif name_key(raw) == unit if unit else row in date_rows:
            yield raw
            superior = above.get((row - 1, column), "")
            yield superior if superior.isupper() else ""


def _date_line_pattern() -> re.Pattern[str]:
    """Return what "Mường Lay, ngày ….. tháng ….. năm ……." of any place looks like, unfilled."""
    lines = [text("template", "heading_date", lang) for lang in _LANGUAGES]
    lines += [text("template", "heading_place", lang, place=_GAP) for lang in _LANGUAGES]
    return re.compile("|".join(".+".join(map(re.escape, line.split(_GAP))) for line in lines))
