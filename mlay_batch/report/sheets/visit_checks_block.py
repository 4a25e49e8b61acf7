"""Lượt dự theo chi bộ và theo cán bộ: who says so of each visit, where officers fill in slips.

What both tell alike is folded away. How many there are of each state stands above.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

from mlay_batch.core.findings import Place
from mlay_batch.figures.slip_records import BOTH_SAY, CHECK_STATES, VisitCheck
from mlay_batch.report.data.data_sheets import DataTables
from mlay_batch.report.data.slips_data import check_title
from mlay_batch.report.data.visits_data import checked_rows
from mlay_batch.report.formulas import quote
from mlay_batch.report.listing import Column, Heads, Listing, number_column, titled_column
from mlay_batch.report.report_context import ReportContext
from mlay_batch.report.writer import Content, Formula, Hyperlink, SheetWriter

_SPLIT = 4
_BLANK = "–"


@dataclass(frozen=True)
class _CheckedVisit:
    """A visit as cell and officer tell it.

    Attributes:
        row: the number of its row in the table of visits, from 1.
        check: what they say.
    """

    row: int
    check: VisitCheck


def write(ctx: ReportContext, sheet: SheetWriter, data: DataTables, row: int) -> int:
    """Write the block from `row` on; nothing where the office uses no slips, or without visits.

    Return the row after it.
    """
    checks = ctx.figures.slips.checks if ctx.figures.slips else ()
    if not checks:
        return row
    pairs = zip(checked_rows(ctx), checks, strict=True)
    visits = [_CheckedVisit(number, check) for (number, _), check in pairs]
    listing = Listing(ctx, sheet, _columns(ctx, data), _SPLIT, row + 3, heads=Heads(titles=2))
    listing.next_row = row
    listing.write_note(ctx.t("visits/title.said"), "section")
    listing.write_note(ctx.t("visits/said.how"))
    sheet.write(row + 2, 0, _counts(ctx, data, visits), "plain", span=listing.width)
    listing.next_row = listing.first_row
    listing.write_heads()
    for number, visit in enumerate(visits, 1):
        listing.write_row(visit, number, folded=visit.check.state == BOTH_SAY)
    listing.write_note(ctx.t("folded.rows"))
    return listing.next_row


def _counts(ctx: ReportContext, data: DataTables, visits: list[_CheckedVisit]) -> Formula:
    """Return how many visits there are of each state, in words."""
    counts = Counter(visit.check.state for visit in visits)
    said, formulas, words = data.attendance.ref("said"), [], []
    for state in CHECK_STATES:
        title = check_title(ctx, state)
        formulas.append(f"{quote(f'{title}: ')}&COUNTIF({said},{quote(title)})")
        words.append(f"{title}: {counts[state]}")
    formula = f"&{quote('; ')}&".join(formulas)
    return Formula(f"={formula}", "; ".join(words))


def _columns(ctx: ReportContext, data: DataTables) -> Iterator[Column[_CheckedVisit]]:
    column = partial(titled_column, ctx)
    cell_says, officer_says = ctx.t("visits/column.cell_says"), ctx.t("visits/column.officer_says")

    def points(name: str) -> Column[_CheckedVisit]:
        def formula(line: _CheckedVisit) -> str:
            points_cell = f"INDEX({data.attendance.ref(name)},{line.row})"
            return f'IF({points_cell}="",{quote(_BLANK)},{points_cell})'

        def value(line: _CheckedVisit) -> Content:
            number: float | None = getattr(line.check, name)
            return _BLANK if number is None else number

        group = cell_says if name == "cell_points" else officer_says
        return column(f"visits/column.{name}_short", 6.5, value, "score", formula, group=group)

    def said(line: _CheckedVisit) -> str:
        return check_title(ctx, line.check.state)

    def said_formula(line: _CheckedVisit) -> str:
        return f"INDEX({data.attendance.ref('said')},{line.row})"

    def source(side: str, width: float, group: str) -> Column[_CheckedVisit]:
        def look(line: _CheckedVisit) -> str:
            return "link" if getattr(line.check, f"{side}_place") else "center"

        title, value = ctx.t("visits/column.told_at"), partial(_source, ctx, side)
        return Column(f"{side}_source", title, width, value, look=look, group=group)

    yield number_column(ctx, 4)
    yield column("column.held_on", 9.5, lambda line: line.check.held_on, "date")
    yield column("column.branch_name", 32, lambda line: _unit(ctx, line.check))
    yield column("column.officer_name", 30, lambda line: _officer(ctx, line.check))
    yield points("cell_points")
    yield source("cell", 13, cell_says)
    yield points("slip_points")
    yield source("slip", 17, officer_says)
    yield column("visits/column.said_state", 21, said, formula=said_formula)


def _unit(ctx: ReportContext, check: VisitCheck) -> str:
    return f"{check.branch} – {ctx.name(check.branch)}"


def _officer(ctx: ReportContext, check: VisitCheck) -> str:
    """Return the officer, and whom he stood in for."""
    name, deputy = ctx.officer_in_words(check.officer), check.on_behalf_of
    return (
        f"{name}; {ctx.t('visits/instead', officer=ctx.officer_in_words(deputy))}"
        if deputy
        else name
    )


def _source(ctx: ReportContext, side: str, line: _CheckedVisit) -> Content:
    """Return file and cell where one side tells the visit, as a link to the file received."""
    place: Place | None = getattr(line.check, f"{side}_place")
    delivery: int | None = getattr(line.check, f"{side}_delivery")
    if place is None or delivery is None:
        return _BLANK
    link = ctx.file_link(delivery)
    if isinstance(link, Hyperlink):
        return replace(link, text=f"{link.text}, {place.cell}")
    return f"{link}, {place.cell}"
