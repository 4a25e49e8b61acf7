"""The form as an Excel workbook: blank, prefilled, or returned with the wrong cells marked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from mlay_batch.excel.sheet_names import sheet_titles
from mlay_batch.findings import Finding
from mlay_batch.layout import LISTS_SHEET, STAMP_SHEET, SheetPlan, plan
from mlay_batch.messages import text
from mlay_batch.records import Row
from mlay_batch.schema.records import Form
from mlay_batch.template.book import Book
from mlay_batch.template.context import Context, cell_values, slots
from mlay_batch.template.errors_sheet import write_errors
from mlay_batch.template.form_sheet import Filling, paint
from mlay_batch.template.guide import write_guide
from mlay_batch.template.lists import write_lists
from mlay_batch.template.marks import Group, as_typed, grouped, notes, resolve, tones

__all__ = ["Context", "Group", "render", "render_returned"]

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
    lists what is wrong and what to do; no value stands in such a form but what was sent. Dropdowns,
    hints and limits come from the form; texts are in `lang`.
    """
    return render_returned(form, context, rows, marks, lang)[0]


def render_returned(
    form: Form,
    context: Context,
    rows: Sequence[Row],
    findings: Sequence[Finding],
    lang: str = "vi",
) -> tuple[bytes, tuple[Group, ...]]:
    """Return the form as `render` does, and the lines of its first sheet with the form's cells.

    Whoever writes about the form says the same as the form does.
    """
    book = Book(f"{form.title.of(lang)} {context.branch} {context.period or ''}".strip())
    named = _sheets(form, rows, lang, returned=bool(findings))
    found = resolve(findings, rows, form, named, lang)
    lines = grouped(found, named)
    if lines:
        write_errors(book, lines, form, context, lang)
    sheets = {name: book.sheet(name) for name in named}
    write_guide(book, form, context.period, lang)
    values = cell_values(form, context, rows, lang, prefilled=not findings)
    values |= {key: words for key, words in as_typed(found).items() if values.get(key) is None}
    filling = Filling(
        form, context.period, lang, slots(context, lang), values,
        write_lists(book, form, context, named, lang), _footer(form, context, lang),
        tones(found), notes(found, lang),
    )  # fmt: skip
    for name, sheet in named.items():
        paint(book, sheets[name], sheet, filling)
    _stamp(book, form, context)
    return book.save(), lines


def _sheets(
    form: Form, rows: Sequence[Row], lang: str, *, returned: bool
) -> Mapping[str, SheetPlan]:
    """Return the plan of each sheet people fill in, by the name it gets in the workbook."""
    plans = plan(form, Counter(row.section for row in rows))
    keys = ("errors_sheet", "guide") if returned else ("guide",)
    own = [text("template", key, lang) for key in keys]
    names = sheet_titles([LISTS_SHEET, STAMP_SHEET, *own, *(p.title.of(lang) for p in plans)])
    return dict(zip(names[-len(plans) :], plans, strict=True))


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
        book.hide(sheet, row, *pair)
