"""The form as an Excel workbook with its guide: blank, prefilled, or returned with marks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from mlay_batch.core.findings import Finding, has_errors
from mlay_batch.core.messages import text
from mlay_batch.core.styles import STYLES
from mlay_batch.excel.cell_text import sheet_titles
from mlay_batch.model.records import Row, Value
from mlay_batch.schema.instructions import instructions
from mlay_batch.schema.layout import LISTS_SHEET, STAMP_SHEET, SheetPlan, plan_sheets
from mlay_batch.schema.model import Form
from mlay_batch.schema.switches import switches_on, with_switches
from mlay_batch.template.data_validation import write_lists
from mlay_batch.template.error_list import list_title, write_error_list
from mlay_batch.template.error_marks import (
    FindingGroup,
    Mark,
    cell_notes,
    cell_tones,
    group_marks,
    resolve_marks,
    typed_values,
)
from mlay_batch.template.form_sheet import FormContent, write_form_sheet
from mlay_batch.template.openpyxl_book import (
    TemplateBook,
    line_count,
    protect,
    row_height,
    set_up_page,
    set_widths,
)
from mlay_batch.template.records import used_switches
from mlay_batch.template.template_context import (
    CellKey,
    TemplateContext,
    formula_results,
    given_values,
    heading_texts,
    row_values,
)

__all__ = ["FindingGroup", "TemplateContext", "group_findings", "render"]

STAMP_MARK = "mlay-batch"
_GUIDE_WIDTHS = {1: 38, 2: 76, 3: 12}
_GUIDE_STYLES = ("label", "entry", "center")


def render(
    form: Form,
    context: TemplateContext,
    rows: Sequence[Row] = (),
    findings: Sequence[Finding] = (),
    lang: str = "vi",
) -> bytes:
    """Return the form as an .xlsx workbook; the same inputs give the same bytes.

    `rows` fill cards and tables; a table grows as needed. `findings` are those of the file the rows
    were read from: their cells are coloured and noted, a first sheet lists what is wrong and what
    to do, and no values are prefilled. Texts are in `lang`. Raises ValueError for a link of the
    context that leaves the folder.
    """
    plan = _Plan.of(form, context, rows, findings, lang)
    book = TemplateBook(f"{form.title.of(lang)} {context.branch} {context.period or ''}".strip())
    if plan.groups:
        write_error_list(book, plan.groups, plan.form, context, lang)
    sheets = {name: book.add_sheet(name) for name in plan.sheets}
    if not form.is_list:
        due_in_letter = context.due_in_letter or bool(findings)
        write_guide(book, plan.form, context, lang, due_in_letter=due_in_letter)
    typed = _cell_values(plan, context, rows, lang)
    given = given_values(plan.form, context, typed, lang, cards=not findings)
    content = FormContent(
        plan.form,
        context,
        lang,
        heading_texts(context, lang),
        formula_results(plan.form, context, given | typed, lang),
        write_lists(book, plan.form, context, plan.sheets, rows, lang),
        _footer(plan.form, context, lang),
        given.keys(),
        {**context.tones, **cell_tones(plan.marks)},
        cell_notes(plan.marks, lang),
    )
    for name, sheet in sheets.items():
        write_form_sheet(book, sheet, plan.sheets[name], content)
    _stamp(book, plan.form, context, plan.on)
    return book.to_bytes()


def group_findings(
    form: Form,
    context: TemplateContext,
    rows: Sequence[Row],
    findings: Sequence[Finding],
    lang: str = "vi",
) -> tuple[FindingGroup, ...]:
    """Return what the first sheet of a form lists that is rendered from the same, for a letter."""
    return _Plan.of(form, context, rows, findings, lang).groups


@dataclass(frozen=True)
class _Plan:
    """What is known before anything is written.

    Attributes:
        on: the switches of the form that are on.
        form: the form without what is switched off.
        sheets: the plan of each sheet to fill in, by its name.
        marks: where the findings are.
        groups: the same as the first sheet lists them.
    """

    on: Set[str]
    form: Form
    sheets: Mapping[str, SheetPlan]
    marks: Sequence[Mark]
    groups: tuple[FindingGroup, ...]

    @classmethod
    def of(
        cls,
        form: Form,
        context: TemplateContext,
        rows: Sequence[Row],
        findings: Sequence[Finding],
        lang: str,
    ) -> _Plan:
        on = switches_on(form, context.switches) | used_switches(form, rows)
        form = with_switches(form, on)
        first_sheet = list_title(has_errors=has_errors(findings)) if findings else None
        sheets = _plan_sheets(form, rows, lang, first_sheet)
        marks = resolve_marks(findings, rows, form, sheets, lang)
        return cls(on, form, sheets, marks, group_marks(marks, sheets))


def _cell_values(
    plan: _Plan, context: TemplateContext, rows: Sequence[Row], lang: str
) -> dict[CellKey, Value]:
    """Return the values of rows by cell; of one that could not be read what was typed there."""
    values = row_values(plan.form, context, rows, lang)
    unread = {key: v for key, v in typed_values(plan.marks).items() if values.get(key) is None}
    return values | unread


def _plan_sheets(
    form: Form, rows: Sequence[Row], lang: str, first_sheet: str | None
) -> Mapping[str, SheetPlan]:
    """Return the plan of each sheet to fill in, by its name in the workbook.

    `first_sheet` names the text that names the list of findings; None without one.
    """
    plans = plan_sheets(form, Counter(row.section for row in rows))
    keys = [*([first_sheet] if first_sheet else []), *([] if form.is_list else ["guide"])]
    fixed_titles = [text("template", key, lang) for key in keys]
    names = sheet_titles(
        [LISTS_SHEET, STAMP_SHEET, *fixed_titles, *(p.title.of(lang) for p in plans)]
    )
    return dict(zip(names[-len(plans) :], plans, strict=True))


def _footer(form: Form, context: TemplateContext, lang: str) -> str:
    return text(
        "template",
        "footer",
        lang,
        form=form.form,
        version=form.version,
        branch=context.branch,
        period=context.period.title(lang) if context.period else "",
    ).strip(" ·")


def _stamp(book: TemplateBook, form: Form, context: TemplateContext, on: Set[str]) -> None:
    """Write the hidden stamp: form, branch, period, switches, every text of the program."""
    sheet = book.add_sheet(STAMP_SHEET)
    sheet.sheet_state = "veryHidden"
    pairs = [
        ("mark", STAMP_MARK),
        ("form", form.form),
        ("version", form.version),
        ("branch", context.branch),
        ("period", str(context.period or "")),
        *(("switch", name) for name in sorted(on)),
        *(("static", words) for words in book.program_texts),
    ]
    for row, pair in enumerate(pairs, 1):
        book.write_hidden(sheet, row, *pair)


def write_guide(
    book: TemplateBook, form: Form, context: TemplateContext, lang: str, *, due_in_letter: bool
) -> None:
    """Write the sheet "Hướng dẫn": how to fill in and send, then every field of every section."""
    sheet = book.add_sheet(text("template", "guide", lang))
    row = 0
    lines = instructions(form, context.period, lang, due_in_letter=due_in_letter)
    for row, (style, words) in enumerate(lines, 1):
        span = len(_GUIDE_WIDTHS) if len(words) == 1 else 1
        styles = _GUIDE_STYLES if style == "row" else (style,) * len(words)
        for column, (word, style_name) in enumerate(zip(words, styles, strict=True), 1):
            book.write_text(sheet, row, column, word, style_name, span)
        sheet.row_dimensions[row].height = _guide_row_height(words, styles[0])
    set_widths(sheet, _GUIDE_WIDTHS)
    footer = f"{text('template', 'guide', lang)} · {form.form} {form.version}"
    set_up_page(sheet, "portrait", footer, f"A1:C{row}")
    protect(sheet)


def _guide_row_height(words: tuple[str, ...], style: str) -> float:
    widths = [sum(_GUIDE_WIDTHS.values())] if len(words) == 1 else list(_GUIDE_WIDTHS.values())
    size = STYLES[style.partition(" ")[0]].size
    line_total = max(
        line_count(word, width, size) for word, width in zip(words, widths, strict=True)
    )
    return row_height(line_total, size) + (10 if style == "section" else 0)
