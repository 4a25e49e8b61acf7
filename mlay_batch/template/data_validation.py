"""What may be entered in a field: told in words, and as Excel's own check while one types."""

from __future__ import annotations

from datetime import date
from typing import Literal

from openpyxl.worksheet.datavalidation import DataValidation

from mlay_batch.core.messages import text
from mlay_batch.core.period import Period, day_number
from mlay_batch.excel.cell_text import clip
from mlay_batch.schema.instructions import (
    default_text,
    example_text,
    trim_decimals,
    value_description,
)
from mlay_batch.schema.model import Field, Form

TITLE_LIMIT, TEXT_LIMIT = 32, 255  # Excel's; a longer one makes it "repair" the file
ValidationKind = Literal["whole", "decimal", "date", "list", "textLength"] | None
_ANY_DAYS = (date(1900, 3, 1), date(2199, 12, 31))
_ANY_NUMBER = 999_999_999.0


def prompt(field: Field, form: Form, period: Period | None, lang: str) -> str:
    """Return the hint shown when the cell is selected."""
    parts = [value_description(field, form, period, lang)]
    if field.help:
        parts.insert(0, field.help.of(lang))
    if words := example_text(field, period, lang):
        parts.append(words)
    if field.default is not None:
        parts.append(default_text(field, form, lang))
    return clip("\n".join(parts), TEXT_LIMIT)


def validation(
    field: Field, form: Form, period: Period | None, list_range: str | None, lang: str
) -> DataValidation:
    """Return Excel's check of a field; `list_range` is the range of its dropdown."""
    kind, first, last = _bounds(field, period, list_range)
    error_text = (
        f"{text('template', 'refused', lang)}\n{value_description(field, form, period, lang)}"
    )
    if kind == "date":
        error_text += "\n" + text("template", "date_hint", lang)
    return DataValidation(
        type=kind,
        operator="between" if last else "lessThanOrEqual" if kind == "textLength" else None,
        formula1=first,
        formula2=last,
        allow_blank=True,
        showErrorMessage=True,
        errorStyle="stop",
        errorTitle=clip(field.title.of(lang), TITLE_LIMIT),
        error=clip(error_text, TEXT_LIMIT),
        showInputMessage=True,
        promptTitle=clip(field.title.of(lang), TITLE_LIMIT),
        prompt=prompt(field, form, period, lang),
    )


def _bounds(
    field: Field, period: Period | None, list_range: str | None
) -> tuple[ValidationKind, str | None, str | None]:
    """Return kind and limits of the check as Excel writes them; kind None: a hint only."""
    if field.type in ("integer", "number"):
        low = -_ANY_NUMBER if field.min is None else field.min
        high = _ANY_NUMBER if field.max is None else field.max
        kind: ValidationKind = "whole" if field.type == "integer" else "decimal"
        return kind, str(trim_decimals(low)), str(trim_decimals(high))
    if field.type == "date":
        in_period = field.within_period and period is not None
        first, last = (period.start, period.end) if period and in_period else _ANY_DAYS
        return "date", str(day_number(first)), str(day_number(last))
    if field.type in ("choice", "ref"):
        return ("list", list_range, None) if list_range else (None, None, None)
    if field.type == "text":
        return "textLength", str(field.max_length), None
    return None, None, None
