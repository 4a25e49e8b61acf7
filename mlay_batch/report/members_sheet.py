"""Đảng viên: members by branch, A + B − C = D, in the period and in the year to date.

Every count is a sum over the data sheet of the section that tells members. A month that does not
open with what the month before closed with is marked, with a jump to its row there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xlsxwriter.utility import xl_col_to_name, xl_rowcol_to_cell

from mlay_batch.figures.branch_records import Moved, Movement, MovementLine
from mlay_batch.period import Period
from mlay_batch.report import listing, official
from mlay_batch.report.book import Link, Live, Sheet
from mlay_batch.report.context import Context
from mlay_batch.report.listing import Column
from mlay_batch.report.section_sheets import BRANCH, MONTH, Written, table_name
from mlay_batch.report.tables import Table
from mlay_batch.report.trends import Trends
from mlay_batch.schema import Section

_CODE, _NAME, _FIRST = range(1, 4)
_SPLIT = 6
_COUNT, _CHECK = 6.6, 15.0


@dataclass(frozen=True)
class _Page:
    """The sheet being written; a block has A, the fields of B and their sum, those of C, D."""

    ctx: Context
    sheet: Sheet
    data: Sheet
    table: Table
    found: Movement

    @property
    def now(self) -> int:
        """The column of A in the period."""
        return _FIRST

    @property
    def ins(self) -> int:
        """The column of B in the period: the sum of its fields."""
        return self.now + len(self.found.shape.ins) + 1

    @property
    def outs(self) -> int:
        """The column of C in the period."""
        return self.ins + len(self.found.shape.outs) + 1

    @property
    def year(self) -> int:
        """The column of A in the year; B, C, merged and D follow it."""
        return self.outs + 2

    @property
    def check(self) -> int:
        """The column that says whether it all closes."""
        return self.year + 5

    @property
    def trend(self) -> int:
        """The last column: the members of the months as a line."""
        return self.check + 1

    def cell(self, row: int, column: int) -> str:
        return str(xl_rowcol_to_cell(row, column))


def write(ctx: Context, sheet: Sheet, tables: Mapping[str, Written], trends: Trends) -> None:
    """Write the sheet; it says so where the period's forms do not ask for members."""
    found = ctx.figures.movement
    if found is None:
        said = ctx.t("branches/members.none")
        official.nothing(ctx, sheet, ctx.t("branches/members.title"), said)
        return
    data, table = tables[table_name(found.shape.form, found.shape.section)]
    page = _Page(ctx, sheet, data, table, found)
    columns = page.trend + 1
    official.heading(ctx, sheet, columns, _SPLIT, ctx.t("branches/members.title"))
    first = listing.heads(sheet, official.TABLE_ROW, _columns(page))
    for number, line in enumerate(found.lines):
        _line(page, first + number, number + 1, line)
    branches = (line.branch.code for line in found.lines)
    trends.sparks(sheet, first, page.trend, branches, "members")
    last = first + len(found.lines)
    _totals(page, last, first)
    sheet.tones((first, page.check), (last, page.check), "●▲■")
    sheet.put(last + 1, 0, ctx.t("branches/members.how"), "note", span=columns)
    row = official.signatures(ctx, sheet, last + 3, columns, _SPLIT)
    sheet.raw.autofilter(first - 1, 0, last - 1, page.check)
    sheet.raw.freeze_panes(first, _NAME + 1)
    repeat = (official.TABLE_ROW, first - 1)
    sheet.print_as(landscape=True, last=(row, page.trend), repeat=repeat)


def _section(page: _Page) -> Section:
    shape, forms = page.found.shape, page.ctx.facts.catalogue.forms
    newest = (form for form in reversed(forms) if form.form == shape.form)
    return next(newest).section(shape.section)


def _columns(page: _Page) -> list[Column]:
    t, shape, section = page.ctx.t, page.found.shape, _section(page)
    now = page.ctx.figures.period.title(page.ctx.lang)
    year = t("branches/members.year", year=str(page.ctx.figures.period.year))

    def of(name: str, group: str, how: str = "") -> Column:
        return Column(t(f"branches/members.{name}"), _COUNT + bool(how) * 5.6, group, how)

    def field(name: str) -> Column:
        title = section.field(name).title.of(page.ctx.lang).rpartition(" - ")[2]
        return Column(title[:1].upper() + title[1:], _COUNT + 1, now)

    a, b, c, y = page.now + 1, page.ins + 1, page.outs + 1, page.year + 1
    return [
        Column(t("column.stt"), 4.5), Column(t("column.branch"), 10), Column(t("column.unit"), 34),
        of("opening", now), *map(field, shape.ins), of("in", now), *map(field, shape.outs),
        of("out", now), of("closing", now, f"={a}+{b}−{c}"),
        of("opening", year), of("in", year), of("out", year), of("merged", year),
        of("closing", year, f"={y}+{y + 1}−{y + 2}+{y + 3}"),
        Column(t("branches/members.check"), _CHECK), Column(t("branches/trend.line"), _CHECK),
    ]  # fmt: skip


def _line(page: _Page, row: int, number: int, line: MovementLine) -> None:
    put = page.sheet.put
    look = "text" if line.now else "quiet"
    put(row, 0, number, "center" if line.now else "quiet_center")
    put(row, _CODE, line.branch.code, "center" if line.now else "quiet_center")
    put(row, _NAME, line.branch.name, look)
    for column in range(page.now, page.check):
        put(row, column, None, "tone_off")
    if line.now:
        _block(page, row, line.now)
    if line.year:
        _year(page, row, line.year)
    if line.gaps:
        put(row, page.check, _gap(page, line), "link")
    elif line.now:
        put(row, page.check, _closes(page, row, line), "text")
    else:
        put(row, page.check, page.ctx.state("return", line.state), "quiet")


def _gap(page: _Page, line: MovementLine) -> Link:
    """Return a jump to the first month that does not follow from the one before; all are named."""
    said = "\n".join(
        page.ctx.t("branches/members.gap", month=gap.period.month, last=gap.last, own=gap.opening)
        for gap in line.gaps
    )
    first = line.gaps[0]
    branch, month = page.table.index(BRANCH), page.table.index(MONTH)
    position = next(
        number
        for number, row in enumerate(page.table.rows)
        if (row[branch], row[month]) == (first.branch, first.period.month)
    )
    return Link(page.data.place(page.table.row_of(position), 0), said)


def _asked(page: _Page, row: int, first: Period, last: Period) -> str:
    """Return the criteria for a branch's returns of these months; single months need one only."""
    own = listing.asked(page.table, **{BRANCH: f"${xl_col_to_name(_CODE)}{row + 1}"})
    month = page.table.ref(MONTH)
    if first == last:
        return f"{own},{month},{first.month}"
    return f'{own},{month},">={first.month}",{month},"<={last.month}"'


def _sum(page: _Page, row: int, name: str, first: Period, last: Period, value: int) -> Live:
    return Live(f"=SUMIFS({page.table.ref(name)},{_asked(page, row, first, last)})", value)


def _block(page: _Page, row: int, moved: Moved) -> None:
    """Write the period: A, each field of B and C, their sums, D as reported."""
    put, shape = page.sheet.put, page.found.shape
    first, last = moved.first, moved.last
    opening = _sum(page, row, shape.opening, first, first, moved.opening)
    put(row, page.now, opening, "count")
    for fields, start, end in ((shape.ins, page.now, page.ins), (shape.outs, page.ins, page.outs)):
        for column, name in enumerate(fields, start + 1):
            found = _sum(page, row, name, first, last, moved.changes[name])
            put(row, column, found, "count")
        over = f"{page.cell(row, start + 1)}:{page.cell(row, end - 1)}"
        value = sum(moved.changes[name] for name in fields)
        put(row, end, Live(f"=SUM({over})", value), "count")
    put(row, page.outs + 1, _closing(page, row, moved), "count")


def _year(page: _Page, row: int, moved: Moved) -> None:
    put, shape, at = page.sheet.put, page.found.shape, page.year
    first, last = moved.first, moved.last
    put(row, at, _sum(page, row, shape.opening, first, first, moved.opening), "count")
    for column, fields in ((at + 1, shape.ins), (at + 2, shape.outs)):
        sums = (f"SUMIFS({page.table.ref(name)},{_asked(page, row, first, last)})"
                for name in fields)  # fmt: skip
        value = sum(moved.changes[name] for name in fields)
        put(row, column, Live("=" + "+".join(sums), value), "count")
    put(row, at + 3, moved.merged, "count")
    put(row, at + 4, _closing(page, row, moved), "count")


def _closing(page: _Page, row: int, moved: Moved) -> Live | int:
    """Return D as reported; 0 for a cell whose members went with it into another."""
    if moved.merged < 0 and not moved.closing:
        return 0
    last = moved.last
    return _sum(page, row, page.found.shape.closing, last, last, moved.closing)


def _closes(page: _Page, row: int, line: MovementLine | None) -> Live:
    """Return whether both blocks add up, for one branch or (None) in the row of totals."""
    cell, at, year = page.cell, page.now, page.year
    lines = page.found.lines if line is None else (line,)
    merged = sum(entry.now.merged for entry in lines if entry.now)  # has no column in the period
    now = f"{cell(row, at)}+{cell(row, page.ins)}-{cell(row, page.outs)}"
    now += f"{merged:+d}" if merged else ""
    whole = "+".join(cell(row, column) for column in (year, year + 1, year + 3))
    whole += f"-{cell(row, year + 2)}"
    holds = f"AND({now}={cell(row, page.outs + 1)},{whole}={cell(row, year + 4)})"
    rests = (sum(_rest(page, entry.now) for entry in lines),
             sum(_rest(page, entry.year) for entry in lines))  # fmt: skip
    yes, no = (page.ctx.t(f"branches/members.{name}") for name in ("closes", "closes_not"))
    return Live(f'=IF({holds},"{yes}","{no}")', no if any(rests) else yes)


def _rest(page: _Page, moved: Moved | None) -> int:
    """Return A + B − C + merged − D: 0 where the members close, or nobody told them."""
    if moved is None:
        return 0
    shape = page.found.shape
    came = sum(moved.changes[name] for name in shape.ins)
    left = sum(moved.changes[name] for name in shape.outs)
    return moved.opening + came - left + moved.merged - moved.closing


def _totals(page: _Page, row: int, first: int) -> None:
    shape = page.found.shape
    page.sheet.put(row, 0, page.ctx.t("total"), "total_label", span=_FIRST)
    for start, moved in (
        (page.now, [line.now for line in page.found.lines if line.now]),
        (page.year, [line.year for line in page.found.lines if line.year]),
    ):
        values = [_values(shape.ins, shape.outs, m, start == page.now) for m in moved]
        width = page.outs + 2 - page.now if start == page.now else page.check - page.year
        for offset in range(width):
            listing.total(page.sheet, row, start + offset, first, (v[offset] for v in values))
    page.sheet.put(row, page.check, _closes(page, row, None), "total_label")
    page.sheet.put(row, page.trend, None, "total_count")


def _values(ins: Sequence[str], outs: Sequence[str], moved: Moved, in_full: bool) -> list[int]:
    came, left = ([moved.changes[name] for name in names] for names in (ins, outs))
    if in_full:
        return [moved.opening, *came, sum(came), *left, sum(left), moved.closing]
    return [moved.opening, sum(came), sum(left), moved.merged, moved.closing]
