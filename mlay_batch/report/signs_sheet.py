"""Cảnh báo: what in the period's returns suggests meetings held for form's sake, worst first.

A note for the committee, not a list of sins: which cells to ask, about what, and where it stands.
Signs on trial are left to the clerk's sheet of findings. Every sighting of the year, these too or
not, stands on a data sheet of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from mlay_batch.figures.sign_records import Sighting
from mlay_batch.findings import Severity
from mlay_batch.report import official, tables
from mlay_batch.report.book import Content, Link, Sheet
from mlay_batch.report.context import Context
from mlay_batch.report.seen import Jumps, Sections, words, worst_first
from mlay_batch.report.tables import Table
from mlay_batch.report.titled import columns, table, where

MOST = 25  # rows: what one screen holds, and a committee reads
_NAMED = 4  # signs named in the summary
_COLUMNS = ("stt", "unit", "sign", "seen", "ask", "in_year", "source", "delivery")
_WIDTHS = (5, 27, 19, 47, 36, 9, 21, 9)
_SPLIT = 4


def write(ctx: Context, sheet: Sheet, sections: Sections) -> None:
    """Write the sheet, and behind the data sheets one with every sighting of the year."""
    found = [one for one in ctx.figures.signs if one.sign.severity is Severity.WARNING]
    shown = worst_first([one for one in found if one.period in ctx.figures.period.months()])
    jumps, in_year = Jumps.of(sections, shown), _months(found)
    sheet.widths(_WIDTHS)
    official.heading(ctx, sheet, len(_COLUMNS), _SPLIT, ctx.t("title.signs"))
    row = official.TABLE_ROW
    sheet.put(row, 0, _summary(ctx, shown), "banner", span=len(_COLUMNS))
    sheet.put(row + 1, 0, ctx.t("signs.note"), "note", span=len(_COLUMNS))
    head = row + 2
    for column, name in enumerate(_COLUMNS):
        sheet.put(head, column, ctx.t(f"column.{name}"), "head")
    for number, one in enumerate(shown[:MOST], 1):
        _row(ctx, sheet, head + number, number, one, in_year[one.branch, one.sign.code], jumps)
    last = _foot(ctx, sheet, head + 1 + len(shown[:MOST]), len(shown) - MOST, _all(ctx, found))
    sheet.raw.freeze_panes(head + 1, 2)
    sheet.print_as(landscape=True, last=(last, len(_COLUMNS) - 1), repeat=(head, head))
    sheet.raw.fit_to_pages(1, 1)  # a note is one page


def _months(found: Sequence[Sighting]) -> Counter[tuple[str, str]]:
    """Return in how many months of the year each sign was seen at each branch."""
    months = {(one.branch, one.sign.code, one.period) for one in found}
    return Counter((branch, code) for branch, code, _ in months)


def _summary(ctx: Context, shown: Sequence[Sighting]) -> str:
    """Return the note in one sentence: how many cells, and which signs most often."""
    if not shown:
        return ctx.t("signs.none")
    cells = {(one.branch, one.sign.code): one.sign.title.of(ctx.lang) for one in shown}
    often = Counter(cells.values()).most_common(_NAMED)
    named = "; ".join(f"{title[:1].lower()}{title[1:]} ({count})" for title, count in often)
    return ctx.t("signs.summary", count=len({branch for branch, _ in cells}), signs=named)


def _row(ctx: Context, sheet: Sheet, row: int, number: int, one: Sighting, months: int,
         jumps: Jumps) -> None:  # fmt: skip
    said = words(ctx, one)
    put = sheet.put
    put(row, 0, number, "center")
    put(row, 1, f"{one.branch} – {ctx.name(one.branch)}", "text")
    put(row, 2, one.sign.title.of(ctx.lang), "text")
    put(row, 3, said.what, "text")
    put(row, 4, said.fix, "text")
    put(row, 5, months, "center")
    put(row, 6, jumps.to(one.form, one.sources[0]) if one.sources else None, "link")
    put(row, 7, ctx.file(one.delivery), "link")


def _foot(ctx: Context, sheet: Sheet, row: int, left: int, every: Sheet) -> int:
    """Write where the rest is to be found, and where contradictions between returns are."""
    width = len(_COLUMNS)
    link = Link(every.place(0, 0), ctx.t("signs.all", count=left) if left > 0 else
                ctx.t("signs.year"))  # fmt: skip
    sheet.put(row, 0, link, "link", span=width)
    crossed = sum(finding.code.startswith("X") for _, finding in ctx.figures.warnings)
    sheet.put(row + 1, 0, ctx.t("signs.crossed", count=crossed), "note", span=width)
    return row + 1


def _all(ctx: Context, found: Sequence[Sighting]) -> Sheet:
    """Write the data sheet of the year's sightings."""
    kinds = columns(ctx, {
        "branch": "center", "branch_name": "text", "period": "center", "code": "center",
        "sign": "text", "weight": "integer", "seen": "text", "source": "text", "basis": "text",
        "delivery": "link",
    })  # fmt: skip
    made: Table = table(ctx, "signs_data", kinds, tuple(_cells(ctx, one) for one in found))
    sheet = ctx.book.sheet(made.title, made.note)
    tables.write(ctx.book, sheet, made, official.back(ctx))
    return sheet


def _cells(ctx: Context, one: Sighting) -> tuple[Content, ...]:
    sources = ", ".join(dict.fromkeys(where(source.place) for source in one.sources[:3]))
    return (
        one.branch, ctx.name(one.branch), str(one.period), one.sign.code,
        one.sign.title.of(ctx.lang), one.sign.weight, words(ctx, one).what, sources,
        one.sign.basis, ctx.file(one.delivery),
    )  # fmt: skip
