"""The form as an Excel workbook: blank, prefilled, or returned with the wrong cells marked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from mlay_batch.findings import Finding
from mlay_batch.layout import STAMP_SHEET, SheetPlan, plan
from mlay_batch.messages import text
from mlay_batch.records import Row
from mlay_batch.schema.records import Form
from mlay_batch.template.book import Book
from mlay_batch.template.context import Context, cell_values, slots
from mlay_batch.template.form_sheet import Filling, paint
from mlay_batch.template.guide import write_guide
from mlay_batch.template.lists import write_lists
from mlay_batch.template.marks import grouped, notes, resolve, tones, write_errors

__all__ = ["Context", "render"]

MARK = "mlay-batch"


def render(
    form: Form,
    context: Context,
    rows: Sequence[Row] = (),
    marks: Sequence[Finding] = (),
    lang: str = "vi",
) -> bytes:
    """Return the form as an .xlsx workbook; the same inputs give the same bytes.

    `rows` fill cards and tables (a table grows where there are more). `marks` are findings about
    the file those rows were read from: their cells are coloured and noted here, and a first sheet
    lists what is wrong and what to do. Dropdowns, hints and limits come from the form; texts are in
    `lang`.
    """
    book = Book(f"{form.title.of(lang)} {context.branch} {context.period or ''}".strip())
    found = resolve(marks, rows, form, lang)
    plans = plan(form, Counter(row.section for row in rows))
    names = _sheet_names(plans, lang, bool(found))
    if found:
        write_errors(book, grouped(found, names), form, context, lang)
    sheets = {name: book.sheet(name) for name in names}
    write_guide(book, form, context.period, lang)
    filling = Filling(
        form, context.period, lang, slots(context, lang), cell_values(form, context, rows, lang),
        write_lists(book, form, context, names, lang), _footer(form, context, lang),
        tones(found), notes(found, lang),
    )  # fmt: skip
    for name, sheet in names.items():
        paint(book, sheets[name], sheet, filling)
    _stamp(book, form, context)
    return book.save()


def _sheet_names(plans: Sequence[SheetPlan], lang: str, returned: bool) -> Mapping[str, SheetPlan]:
    """Return the plans by the names Excel will take, found by a book of the same sheets."""
    trial = Book("")
    if returned:
        trial.sheet(text("template", "errors_sheet", lang))
    return {trial.sheet(sheet.title.of(lang)).title: sheet for sheet in plans}


def _footer(form: Form, context: Context, lang: str) -> str:
    return text(
        "template", "footer", lang, form=form.form, version=form.version, branch=context.branch,
        period=context.period.title(lang) if context.period else "",
    ).strip(" ·")  # fmt: skip


def _stamp(book: Book, form: Form, context: Context) -> None:
    """Write the hidden stamp: whose form it is, and every text people did not type."""
    sheet = book.sheet(STAMP_SHEET)
    sheet.sheet_state = "veryHidden"
    pairs = [
        ("mark", MARK), ("form", form.form), ("version", form.version),
        ("branch", context.branch), ("period", str(context.period or "")),
        *(("static", words) for words in book.static),
    ]  # fmt: skip
    for row, pair in enumerate(pairs, 1):
        for column, words in enumerate(pair, 1):
            book.put(sheet, row, column, words, "marker")
