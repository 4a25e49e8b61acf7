"""What a form tells people about filling it in: its hints and the words of its instruction sheet.

The same form and period give the same words, so a reader can tell them from what was typed.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from mlay_batch.messages import show, text
from mlay_batch.period import Period
from mlay_batch.schema.records import Field, Form, Section
from mlay_batch.styles import TONES

Line = tuple[str, tuple[str, ...]]  # style, and one text or three side by side

_ROW = "row"
_DAYS_IN = 4  # the day shown as an example: late enough in a month not to be a month's number


def instructions(form: Form, period: Period | None, lang: str) -> Iterator[Line]:
    """Yield the lines of the instruction sheet: how to fill in and send, then every entry.

    The style ``row`` means three texts side by side: entry, what to enter, required or not.
    """
    yield "title", (text("template", "guide_title", lang),)
    yield "subtitle", (form.title.of(lang),)
    yield "section", (text("template", "guide_general", lang),)
    for number, words in enumerate(_general(form, period, lang), 1):
        yield "plain", (f"{number}. {words}",)
    yield "section", (text("template", "guide_colours", lang),)
    for tone in ("todo", "bad", "watch"):
        words = text("template", f"guide_{tone}", lang)
        yield f"label {tone}", (f"{TONES[tone].symbol} {words}",)
    for section in form.sections:
        yield from _section(form, section, period, lang)


def _general(form: Form, period: Period | None, lang: str) -> Iterator[str]:
    for words in form.instructions:
        yield words.of(lang)
    if form.due and period:
        yield text("template", "due_on", lang, day=period.end + timedelta(days=form.due.day))
    elif form.due:
        yield text("template", "due", lang, day=form.due.day)
    if form.basis:
        yield text("template", "basis", lang, basis="; ".join(form.basis))


def _section(form: Form, section: Section, period: Period | None, lang: str) -> Iterator[Line]:
    yield "section", (section.title.of(lang),)
    if section.note:
        yield "note", (section.note.of(lang),)
    if section.nil:
        yield "note", (_nil(form, section.nil, lang),)
    keys = ("column_field", "column_how", "column_required")
    yield "head", tuple(text("template", key, lang) for key in keys)
    for entry in section.fields:
        needed = text("template", "required" if entry.required else "optional", lang)
        yield _ROW, (_name(entry, lang), " ".join(_how(entry, form, period, lang)), needed)


def _name(entry: Field, lang: str) -> str:
    group = f"{entry.group.of(lang)}: " if entry.group else ""
    return group + entry.title.of(lang)


def _how(entry: Field, form: Form, period: Period | None, lang: str) -> Iterator[str]:
    yield accepts(entry, form, period, lang)
    if entry.help:
        yield entry.help.of(lang)
    elif entry.prefill:
        yield text("template", "prefilled", lang)
    if words := example(entry, period, lang):
        yield words + "."
    if entry.default is not None:
        yield default_words(entry, form, lang)


def _nil(form: Form, path: str, lang: str) -> str:
    section, _, name = path.partition(".")
    entry = form.section(section).field(name)
    titles = {choice.id: choice.title.of(lang) for choice in form.choices[entry.choices or ""]}
    value = titles.get("yes", "yes")
    return text("template", "nil", lang, value=value, field=entry.title.of(lang))


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


def example(entry: Field, period: Period | None, lang: str) -> str | None:
    """Return "Ví dụ: …" where the form gives an example.

    A day that must lie within a known period is shown as the fifth day of it, whatever day the
    form gives: an example that would be refused helps nobody.
    """
    if not entry.example:
        return None
    shown: object = entry.example
    if entry.type == "date" and entry.within_period and period:
        shown = period.start + timedelta(days=_DAYS_IN)
    return text("template", "example", lang, example=shown)


def default_words(entry: Field, form: Form, lang: str) -> str:
    """Return the sentence saying what a blank is taken for."""
    titles = {c.id: c.title.of(lang) for c in form.choices.get(entry.choices or "", ())}
    value = titles.get(str(entry.default)) or show(entry.default, lang)
    return text("template", "default", lang, value=value)


def _limits(entry: Field, lang: str) -> str:
    bounds = {"min": entry.min, "max": entry.max}
    known = {name: whole(value) for name, value in bounds.items() if value is not None}
    key = {("min", "max"): "between", ("min",): "from", ("max",): "up_to"}.get(tuple(known))
    return " " + text("template", key, lang, **known) if key else ""


def _unit(entry: Field, lang: str) -> str:
    return f" ({entry.unit.of(lang)})" if entry.unit else ""


def whole(value: float) -> int | float:
    """Return a whole number without its decimals."""
    return int(value) if float(value).is_integer() else value
