"""The instruction sheet, for reading only: from the same YAML as the form."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from openpyxl.worksheet.worksheet import Worksheet

from mlay_batch.messages import text
from mlay_batch.period import Period
from mlay_batch.schema.records import Field, Form, Section
from mlay_batch.styles import STYLES, TONES
from mlay_batch.template.book import Book, height, lay_out, lines, protect, set_widths
from mlay_batch.template.entry import accepts, default_words

_WIDTHS = {1: 38, 2: 76, 3: 12}
_LAST = len(_WIDTHS)


def write_guide(book: Book, form: Form, period: Period | None, lang: str) -> None:
    """Write the sheet "Hướng dẫn": how to fill in and send, then every entry of every section."""
    sheet = book.sheet(text("template", "guide", lang))
    writer = _Writer(book, sheet)
    writer.line(text("template", "guide_title", lang), "title")
    writer.line(form.title.of(lang), "subtitle")
    writer.line(text("template", "guide_general", lang), "section")
    for number, words in enumerate(_general(form, period, lang), 1):
        writer.line(f"{number}. {words}", "plain")
    writer.line(text("template", "guide_colours", lang), "section")
    for tone in ("todo", "bad", "watch"):
        words = text("template", f"guide_{tone}", lang)
        writer.line(f"{TONES[tone].symbol} {words}", f"label {tone}")
    for section in form.sections:
        _section(writer, form, section, period, lang)
    set_widths(sheet, _WIDTHS)
    footer = f"{text('template', 'guide', lang)} · {form.form} {form.version}"
    lay_out(sheet, "portrait", footer, f"A1:C{writer.row}")
    protect(sheet)


def _general(form: Form, period: Period | None, lang: str) -> Iterator[str]:
    for words in form.instructions:
        yield words.of(lang)
    if form.due and period:
        yield text("template", "due_on", lang, day=period.end + timedelta(days=form.due.day))
    elif form.due:
        yield text("template", "due", lang, day=form.due.day)
    if form.basis:
        yield text("template", "basis", lang, basis="; ".join(form.basis))


def _section(
    writer: _Writer, form: Form, section: Section, period: Period | None, lang: str
) -> None:
    writer.line(section.title.of(lang), "section")
    if section.note:
        writer.line(section.note.of(lang), "note")
    if section.nil:
        writer.line(_nil(form, section.nil, lang), "note")
    keys = ("column_field", "column_how", "column_required")
    writer.cells([text("template", key, lang) for key in keys], ["head"] * _LAST)
    for entry in section.fields:
        needed = text("template", "required" if entry.required else "optional", lang)
        how = " ".join(_how(entry, form, period, lang))
        writer.cells([_name(entry, lang), how, needed], ["label", "entry", "center"])


def _name(entry: Field, lang: str) -> str:
    group = f"{entry.group.of(lang)}: " if entry.group else ""
    return group + entry.title.of(lang)


def _how(entry: Field, form: Form, period: Period | None, lang: str) -> Iterator[str]:
    yield accepts(entry, form, period, lang)
    if entry.help:
        yield entry.help.of(lang)
    elif entry.prefill:
        yield text("template", "prefilled", lang)
    if entry.example:
        yield text("template", "example", lang, example=entry.example) + "."
    if entry.default is not None:
        yield default_words(entry, form, lang)


def _nil(form: Form, path: str, lang: str) -> str:
    section, _, name = path.partition(".")
    entry = form.section(section).field(name)
    titles = {choice.id: choice.title.of(lang) for choice in form.choices[entry.choices or ""]}
    value = titles.get("yes", "yes")
    return text("template", "nil", lang, value=value, field=entry.title.of(lang))


class _Writer:
    """Writes row under row."""

    def __init__(self, book: Book, sheet: Worksheet) -> None:
        self.book, self.sheet, self.row = book, sheet, 0

    def line(self, words: str, style: str) -> None:
        self.row += 1
        self.book.say(self.sheet, self.row, 1, words, style, _LAST)
        self._measure([(words, sum(_WIDTHS.values()))], style)

    def cells(self, words: list[str], styles: list[str]) -> None:
        self.row += 1
        for column, (word, style) in enumerate(zip(words, styles, strict=True), 1):
            self.book.say(self.sheet, self.row, column, word, style)
        self._measure(list(zip(words, _WIDTHS.values(), strict=True)), styles[0])

    def _measure(self, words: list[tuple[str, int]], style: str) -> None:
        size = STYLES[style.partition(" ")[0]].size
        number = max(lines(word, width, size) for word, width in words)
        extra = 10 if style == "section" else 0
        self.sheet.row_dimensions[self.row].height = height(number, size) + extra
