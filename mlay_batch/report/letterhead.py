"""Writes the letterhead and the signature block of printed sheets."""

from __future__ import annotations

from collections.abc import Iterator

from mlay_batch.core.text import month_number
from mlay_batch.model.register import Signatory
from mlay_batch.report.report_context import ReportContext, ReportWords
from mlay_batch.report.writer import Hyperlink, SheetWriter
from mlay_batch.schema.layout import PARTY_NAME

TABLE_ROW = 8  # the row after the heading, from 0
_DEFAULT_COLUMNS = 10  # columns of a sheet without a table: half of them hold place and day
_SIGNING_SPACE = ("",) * 4
_GAP_HEIGHT = 6  # points


def write_heading(
    ctx: ReportContext,
    sheet: SheetWriter,
    columns: int,
    split: int,
    title: str,
    unit: str = "",
    provisional: bool | None = None,
    subtitle: str = "",
) -> None:
    """Write the heading over `columns` columns, the party's name from column `split` on.

    The subtitle is the period, unless the sheet shows another time.
    It says TẠM TÍNH if `provisional`; None asks the period's figures. Where the workbook holds
    values instead of formulas, it says so.
    Row 0 is for the screen only: the way back to the first sheet, the question this one answers.
    """
    right_span = columns - split
    if sheet is not ctx.writer.sheets[0]:
        sheet.write(0, 0, back_link(ctx), "back")
        sheet.write(0, split, sheet.description, "note", span=right_span)
    sheet.write(1, split, PARTY_NAME, "party", span=right_span)
    sheet.write(2, split, place_and_day(ctx), "place", span=right_span)
    sheet.set_height(TABLE_ROW - 1, _GAP_HEIGHT)
    _write_office(ctx, sheet, split)
    sheet.write(4, 0, title, "title", span=columns)
    subtitle = subtitle or ctx.figures.period.title(ctx.lang)
    sheet.write(5, 0, subtitle, "subtitle", span=columns)
    is_provisional = ctx.figures.is_provisional if provisional is None else provisional
    state = ctx.t("provisional") if is_provisional else ""
    note = ctx.t("as_of", day=ctx.figures.as_of)
    values_note = "" if ctx.writer.has_formulas else ctx.t("values_only")
    text = " – ".join(part for part in (state, note, unit, values_note) if part)
    sheet.write(6, 0, text, "note_center", span=columns)


def _write_office(ctx: ReportContext, sheet: SheetWriter, split: int) -> None:
    """Write the office below the body above it, as far as the register names one, and the star."""
    register = ctx.inputs.register
    lines = [(register.root().name, "unit_name"), ("*", "heading")]
    if parent := register.rules.profile.parent:
        lines.insert(0, (parent, "heading"))
    else:
        sheet.set_height(len(lines) + 1, _GAP_HEIGHT)
    for row, (words, style) in enumerate(lines, 1):
        sheet.write(row, 0, words.upper(), style, span=split)


def write_empty_sheet(
    ctx: ReportContext,
    sheet: SheetWriter,
    title: str,
    *lines: str,
    columns: int = _DEFAULT_COLUMNS,
    split: int = _DEFAULT_COLUMNS // 2,
) -> None:
    """Write a whole sheet of which the period's forms tell nothing: its heading, why, and more."""
    write_heading(ctx, sheet, columns, split, title)
    for row, words in enumerate(lines, TABLE_ROW):
        sheet.write(row, 0, words, "quiet", span=columns)
    sheet.set_up_page(landscape=True, last=(TABLE_ROW + len(lines) - 1, columns - 1))


def back_link(ctx: ReportContext) -> Hyperlink:
    """Return the way back to the first sheet."""
    return Hyperlink(ctx.writer.sheets[0].address(0, 0), ctx.t("back"))


def place_and_day(words: ReportWords) -> str:
    """Return place and day as papers bear them: a zero before days < 10 and months 1 and 2."""
    day = words.figures.as_of
    day_text = day.isoformat()
    if words.lang == "vi":
        month = month_number(day.month)
        day_text = words.t("long_day", day=f"{day.day:02}", month=month, year=str(day.year))
    return ", ".join(part for part in (words.inputs.register.place, day_text) if part)


def write_signatures(
    ctx: ReportContext, sheet: SheetWriter, row: int, columns: int, split: int
) -> int:
    """Write who prepared and who signs, in one row, for no page ends within a row; return it."""
    sheet.is_signed = True
    for signing, column, span in (("prepared", 0, split), ("signed", split, columns - split)):
        person = next(signatories(ctx, signing), None)
        position = person.position.upper() if person and signing == "signed" else ""
        lines = (
            ctx.choice_title("signing", signing),
            position,
            *_SIGNING_SPACE,
            person.name if person else "",
        )
        sheet.write(row, column, "\n".join(lines), "signing", span=span)
    return row


def signatories(words: ReportWords, signing: str) -> Iterator[Signatory]:
    """Yield who prepares or signs on the report's day."""
    yield from words.inputs.register.signatories_on(words.figures.as_of, signing)
