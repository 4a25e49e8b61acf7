"""What every sheet on paper shares: the official heading above, the signatures below."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from mlay_batch.names import month_number
from mlay_batch.register import Signatory
from mlay_batch.report.book import Link, Sheet
from mlay_batch.report.context import Context

TABLE_ROW = 8  # the row after the heading, from 0
_NARROW = 8  # columns of a sheet without a table
PARTY = "ĐẢNG CỘNG SẢN VIỆT NAM"  # the same in every language, as on paper
_ROOM_TO_SIGN = ("",) * 4
_GAP = 6  # points


def heading(
    ctx: Context, sheet: Sheet, columns: int, split: int, title: str, unit: str = "",
    provisional: bool | None = None,
) -> None:  # fmt: skip
    """Write the heading over `columns` columns, the party's name from column `split` on.

    It says TẠM TÍNH if `provisional`; None asks the period's figures. Where the workbook holds
    values instead of formulas, it says so.
    Row 0 is for the screen only: the way back to the first sheet.
    """
    if sheet is not ctx.book.sheets[0]:
        sheet.put(0, 0, back(ctx), "back")
    right = columns - split
    sheet.put(1, 0, ctx.facts.register.top().name.upper(), "unit_name", span=split)
    sheet.put(1, split, PARTY, "party", span=right)
    sheet.put(2, 0, "*", "heading", span=split)
    sheet.put(2, split, long_day(ctx, ctx.figures.as_of), "place", span=right)
    for row in (3, TABLE_ROW - 1):
        sheet.height(row, _GAP)
    sheet.put(4, 0, title, "title", span=columns)
    sheet.put(5, 0, ctx.figures.period.title(ctx.lang), "subtitle", span=columns)
    open_ = ctx.figures.provisional if provisional is None else provisional
    state = ctx.t("provisional") if open_ else ""
    note = ctx.t("as_of", day=ctx.figures.as_of)
    frozen = "" if ctx.book.live else ctx.t("values_only")
    said = " – ".join(part for part in (state, note, unit, frozen) if part)
    sheet.put(6, 0, said, "note_center", span=columns)


def nothing(ctx: Context, sheet: Sheet, title: str, said: str, columns: int = _NARROW,
            split: int = _NARROW // 2) -> None:  # fmt: skip
    """Write a whole sheet of which the period's forms tell nothing: its heading, and why."""
    heading(ctx, sheet, columns, split, title)
    sheet.put(TABLE_ROW, 0, said, "quiet", span=columns)
    sheet.print_as(landscape=True, last=(TABLE_ROW, columns - 1))


def back(ctx: Context) -> Link:
    """Return the way back to the first sheet."""
    return Link(ctx.book.sheets[0].place(0, 0), ctx.t("back"))


def long_day(ctx: Context, day: date) -> str:
    """Return a day as papers bear it: a zero before days < 10 and months 1 and 2."""
    if ctx.lang != "vi":
        return day.isoformat()
    month = month_number(day.month)
    return ctx.t("long_day", day=f"{day.day:02}", month=month, year=str(day.year))


def signatures(ctx: Context, sheet: Sheet, row: int, columns: int, split: int) -> int:
    """Write who prepared and who signs, in one row, for no page ends within a row; return it."""
    for signing, column, span in (("prepared", 0, split), ("signed", split, columns - split)):
        person = next(_signatories(ctx, signing), None)
        position = person.position.upper() if person and signing == "signed" else ""
        said = (
            ctx.choice("signing", signing),
            position,
            *_ROOM_TO_SIGN,
            person.name if person else "",
        )
        sheet.put(row, column, "\n".join(said), "signing", span=span)
    return row


def _signatories(ctx: Context, signing: str) -> Iterator[Signatory]:
    """Yield who prepares or signs on the report's day."""
    for person in ctx.facts.register.signatories:
        if person.signing == signing and person.is_in_force(ctx.figures.as_of):
            yield person
