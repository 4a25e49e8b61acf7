"""What may be entered in a field: told in words, and as Excel's own check while one types."""

from __future__ import annotations

from datetime import date
from typing import Literal

from openpyxl.worksheet.datavalidation import DataValidation

from mlay_batch.messages import show, text
from mlay_batch.period import Period
from mlay_batch.schema.records import Field, Form
from mlay_batch.template.book import clip

TITLE_LIMIT, TEXT_LIMIT = 32, 255  # Excel's; a longer one makes it "repair" the file
Kind = Literal["whole", "decimal", "date", "list", "textLength"] | None
_DAY_ZERO = date(1899, 12, 30)
_ANY_DAYS = (date(1900, 3, 1), date(2199, 12, 31))
_ANY_NUMBER = 999_999_999.0


def accepts(entry: Field, form: Form, period: Period | None, lang: str) -> str:
    """Return in a sentence what the field takes: kind, limits, unit, choices."""

    def say(key: str, **params: object) -> str:
        return text("template", key, lang, **params)

    if entry.type in ("integer", "number"):
        return say(entry.type) + _limits(entry, lang) + _unit(entry, lang) + "."
    if entry.type == "choice" and entry.choices:
        titles = (choice.title.of(lang) for choice in form.choices[entry.choices])
        return say("choose", titles="; ".join(titles))
    if entry.type == "ref":
        return say(f"choose_{entry.ref}")
    if entry.type == "date" and entry.within_period:
        if period is None:
            return say("date_within")
        return say("date_between", first=period.start, last=period.end)
    if entry.type in ("date", "period"):
        return say(entry.type)
    return say("text", limit=entry.max_length)


def _limits(entry: Field, lang: str) -> str:
    bounds = {"min": entry.min, "max": entry.max}
    known = {name: _whole(value) for name, value in bounds.items() if value is not None}
    key = {("min", "max"): "between", ("min",): "from", ("max",): "up_to"}.get(tuple(known))
    return " " + text("template", key, lang, **known) if key else ""


def _unit(entry: Field, lang: str) -> str:
    return f" ({entry.unit.of(lang)})" if entry.unit else ""


def _whole(value: float) -> int | float:
    return int(value) if float(value).is_integer() else value


def prompt(entry: Field, form: Form, period: Period | None, lang: str) -> str:
    """Return the hint shown when the cell is selected."""
    parts = [accepts(entry, form, period, lang)]
    if entry.help:
        parts.insert(0, entry.help.of(lang))
    if entry.example:
        parts.append(text("template", "example", lang, example=entry.example))
    if entry.default is not None:
        parts.append(default_words(entry, form, lang))
    return clip("\n".join(parts), TEXT_LIMIT)


def default_words(entry: Field, form: Form, lang: str) -> str:
    """Return the sentence saying what a blank is taken for."""
    titles = {c.id: c.title.of(lang) for c in form.choices.get(entry.choices or "", ())}
    value = titles.get(str(entry.default)) or show(entry.default, lang)
    return text("template", "default", lang, value=value)


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
        return kind, str(_whole(low)), str(_whole(high))
    if entry.type == "date":
        within = entry.within_period and period is not None
        first, last = (period.start, period.end) if period and within else _ANY_DAYS
        return "date", str((first - _DAY_ZERO).days), str((last - _DAY_ZERO).days)
    if entry.type in ("choice", "ref"):
        return ("list", source, None) if source else (None, None, None)
    if entry.type == "text":
        return "textLength", str(entry.max_length), None
    return None, None, None
