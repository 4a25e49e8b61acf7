"""Writes the texts that help to fill in a form: hints and the instruction sheet.

They depend on form, period and language only, so that the reader recognises them as the template's.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from mlay_batch.core.messages import show, text
from mlay_batch.core.period import Period
from mlay_batch.core.styles import TONES
from mlay_batch.schema.layout import label_section
from mlay_batch.schema.model import Field, Form, Section

InstructionLine = tuple[str, tuple[str, ...]]  # style; one text, or three side by side

_ROW = "row"
_EXAMPLE_DAY_OFFSET = 4  # days from the period's first to the day shown as an example


def instructions(
    form: Form, period: Period | None, lang: str, *, due_in_letter: bool = False
) -> Iterator[InstructionLine]:
    """Yield the lines of the instruction sheet: general instructions, colours, then every field.

    The styles ``head`` and ``row`` come with three texts: field, what to enter, whether it is
    required. All other styles come with one text. Without a `period` no days are named. With
    `due_in_letter` the day to send it by is that of the letter: of a form to be sent again.
    """
    yield "title", (text("template", "guide_title", lang),)
    yield "subtitle", (form.title.of(lang),)
    yield "section", (text("template", "guide_general", lang),)
    for number, sentence in enumerate(_general_lines(form, period, lang, due_in_letter), 1):
        yield "plain", (f"{number}. {sentence}",)
    yield "section", (text("template", "guide_colours", lang),)
    for tone in ("todo", "bad", "watch", *(["given"] if _has_given(form) else [])):
        sentence = text("template", f"guide_{tone}", lang)
        yield f"label {tone}", (f"{TONES[tone].symbol} {sentence}",)
    for section in form.sections:
        yield from _section_lines(form, section, period, lang)


def _general_lines(
    form: Form, period: Period | None, lang: str, due_in_letter: bool
) -> Iterator[str]:
    for instruction in form.instructions:
        yield instruction.of(lang)
    due = form.due_in(period) if period and (form.due or form.dues) else form.due
    if due and due_in_letter:
        yield text("template", "due_in_letter", lang)
    elif due and due.counted == "meeting":
        yield text("template", "due_after_meeting", lang, day=due.day)
    elif due and period:
        yield text("template", "due_on", lang, day=period.end + timedelta(days=due.day))
    elif due:
        yield text("template", "due", lang, day=due.day)
    if form.basis:
        yield text("template", "basis", lang, basis="; ".join(form.basis))


def _section_lines(
    form: Form, section: Section, period: Period | None, lang: str
) -> Iterator[InstructionLine]:
    is_short = any(other.layout == "columns" for other in form.sections)  # one page
    if section.under is None:
        yield from _section_head(form, section, lang)
    for field in label_section(section).fields:
        is_asked = field.id not in section.inherits and not field.hidden
        if not is_asked or (is_short and not _needs_words(field)):
            continue
        key = "optional" if not field.required else "if_any" if section.under else "required"
        words = (
            _field_title(field, lang),
            " ".join(_field_sentences(field, form, period, lang)),
            text("template", key, lang),
        )
        yield _ROW, words


def _needs_words(field: Field) -> bool:
    """Whether there is more to say of a field than its limits, which its cell tells."""
    is_given = field.prefill or field.propose or field.preset is not None
    has_words = field.help or field.example or field.compute or is_given
    return bool(has_words) or field.type not in ("text", "integer", "number")


def _section_head(form: Form, section: Section, lang: str) -> Iterator[InstructionLine]:
    yield "section", (section.title.of(lang),)
    if section.note:
        yield "note", (section.note.of(lang),)
    if section.nil:
        yield "note", (_nil_sentence(form, section.nil, lang),)
    keys = ("column_field", "column_how", "column_required")
    yield "head", tuple(text("template", key, lang) for key in keys)


def _has_given(form: Form) -> bool:
    """Whether the template writes something beforehand that may be typed over."""
    return any(
        field.preset is not None or field.propose or field.prefill
        for section in form.sections
        for field in section.fields
    )


def _field_title(field: Field, lang: str) -> str:
    group = f"{field.group.of(lang)}: " if field.group else ""
    return group + field.title.of(lang)


def _field_sentences(field: Field, form: Form, period: Period | None, lang: str) -> Iterator[str]:
    if field.compute:
        yield text("template", "computed", lang)
        return
    yield value_description(field, form, period, lang)
    if field.help:
        yield field.help.of(lang)
    elif field.prefill or field.propose or field.preset is not None:
        yield text("template", "prefilled", lang)
    if sentence := example_text(field, period, lang):
        yield sentence + "."
    if field.default is not None:
        yield default_text(field, form, lang)


def _nil_sentence(form: Form, path: str, lang: str) -> str:
    section, _, name = path.partition(".")
    field = form.section(section).field(name)
    titles = {choice.id: choice.title.of(lang) for choice in form.choices[field.choices or ""]}
    value = titles.get("yes", "yes")
    return text("template", "nil", lang, value=value, field=field.title.of(lang))


def value_description(field: Field, form: Form, period: Period | None, lang: str) -> str:
    """Return a sentence on what the field takes: type, limits, unit, choices."""

    def say(key: str, **params: object) -> str:
        return text("template", key, lang, **params)

    if field.type in ("integer", "number"):
        return say(field.type) + _limits_text(field, lang) + _unit_text(field, lang) + "."
    if field.type == "choice" and field.choices:
        titles = (choice.title.of(lang) for choice in form.choices[field.choices])
        return say("choose", titles="; ".join(titles))
    if field.type == "ref":
        return say(f"choose_{field.ref}")
    if field.type == "date" and field.within_period:
        if period is None:
            return say("date_within")
        return say("date_between", first=period.start, last=period.end)
    if field.type in ("date", "period", "mail"):
        return say(field.type)
    return say("text", limit=field.max_length)


def example_text(field: Field, period: Period | None, lang: str) -> str | None:
    """Return "Ví dụ: …" with the field's example, None if it has none.

    If the date must lie in `period`, the example is the fifth day of the period: the day that the
    form gives would be refused in other periods.
    """
    if not field.example:
        return None
    value: object = field.example
    if field.type == "date" and field.within_period and period:
        value = period.start + timedelta(days=_EXAMPLE_DAY_OFFSET)
    return text("template", "example", lang, example=value)


def default_text(field: Field, form: Form, lang: str) -> str:
    """Return a sentence that says which value a blank cell stands for."""
    titles = {c.id: c.title.of(lang) for c in form.choices.get(field.choices or "", ())}
    value = titles.get(str(field.default)) or show(field.default, lang)
    return text("template", "default", lang, value=value)


def _limits_text(field: Field, lang: str) -> str:
    bounds = {"min": field.min, "max": field.max}
    limits = {name: trim_decimals(value) for name, value in bounds.items() if value is not None}
    key = {("min", "max"): "between", ("min",): "from", ("max",): "up_to"}.get(tuple(limits))
    return " " + text("template", key, lang, **limits) if key else ""


def _unit_text(field: Field, lang: str) -> str:
    return f" ({field.unit.of(lang)})" if field.unit else ""


def trim_decimals(value: float) -> int | float:
    """Return `value` as an integer if it is whole, else unchanged."""
    return int(value) if float(value).is_integer() else value
