"""What may be entered in a field: told in words, and as Excel's own check while one types."""

from __future__ import annotations

from datetime import date
from typing import Literal

from openpyxl.worksheet.datavalidation import DataValidation

from mlay_batch.excel.text import clip
from mlay_batch.guidance import accepts, default_words, example, whole
from mlay_batch.messages import text
from mlay_batch.period import Period, day_number
from mlay_batch.schema.records import Field, Form

TITLE_LIMIT, TEXT_LIMIT = 32, 255  # Excel's; a longer one makes it "repair" the file
Kind = Literal["whole", "decimal", "date", "list", "textLength"] | None
_ANY_DAYS = (date(1900, 3, 1), date(2199, 12, 31))
_ANY_NUMBER = 999_999_999.0


def prompt(entry: Field, form: Form, period: Period | None, lang: str) -> str:
    """Return the hint shown when the cell is selected."""
    parts = [accepts(entry, form, period, lang)]
    if entry.help:
        parts.insert(0, entry.help.of(lang))
    if words := example(entry, period, lang):
        parts.append(words)
    if entry.default is not None:
        parts.append(default_words(entry, form, lang))
    return clip("\n".join(parts), TEXT_LIMIT)


def validation(entry: Field, form: Form, period: Period | None, source: str | None,
               lang: str) -> DataValidation:  # fmt: skip
    """Return Excel's check of a field; `source` is the range of its dropdown."""
    kind, first, last = _bounds(entry, period, source)
    problem = f"{text('template', 'refused', lang)}\n{accepts(entry, form, period, lang)}"
    if kind == "date":
        problem += "\n" + text("template", "date_hint", lang)
    return DataValidation(
        type=kind,
        operator="between" if last else "lessThanOrEqual" if kind == "textLength" else None,
        formula1=first,
        formula2=last,
        allow_blank=True,
        showErrorMessage=True,
        errorStyle="stop",
        errorTitle=clip(entry.title.of(lang), TITLE_LIMIT),
        error=clip(problem, TEXT_LIMIT),
        showInputMessage=True,
        promptTitle=clip(entry.title.of(lang), TITLE_LIMIT),
        prompt=prompt(entry, form, period, lang),
    )


def _bounds(
    entry: Field, period: Period | None, source: str | None
) -> tuple[Kind, str | None, str | None]:
    """Return kind and limits of the check as Excel writes them; kind None: a hint only."""
    if entry.type in ("integer", "number"):
        low = -_ANY_NUMBER if entry.min is None else entry.min
        high = _ANY_NUMBER if entry.max is None else entry.max
        kind: Kind = "whole" if entry.type == "integer" else "decimal"
        return kind, str(whole(low)), str(whole(high))
    if entry.type == "date":
        within = entry.within_period and period is not None
        first, last = (period.start, period.end) if period and within else _ANY_DAYS
        return "date", str(day_number(first)), str(day_number(last))
    if entry.type in ("choice", "ref"):
        return ("list", source, None) if source else (None, None, None)
    if entry.type == "text":
        return "textLength", str(entry.max_length), None
    return None, None, None
