"""Theo loại hình đơn vị: meetings, points and indicators of the period by kind of unit.

A block of the rating sheet, written where the register states the kind of a cell. Below it how
many cells each indicator was found in, kind by kind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from operator import attrgetter

from mlay_batch.excel import metrics
from mlay_batch.figures.branch_records import KindFigures
from mlay_batch.report import bands
from mlay_batch.report.data import hits_data
from mlay_batch.report.data.data_sheets import DataTables
from mlay_batch.report.data.unit_kinds_data import NO_KIND, period_months
from mlay_batch.report.formulas import cell, quote, whole
from mlay_batch.report.listing import Column, Heads, Listing, titled_column
from mlay_batch.report.report_context import ReportContext
from mlay_batch.report.tables import Condition, DataTable
from mlay_batch.report.writer import SheetWriter

_PARTS = 12  # narrow columns in place of the wide one of the list above
_LABEL, _COUNT, _SHARE = 36.5, 6.5, 12  # digits
_HEADS = Heads(is_numbered=False)
_SHARE_FORMAT = "0.0"


@dataclass(frozen=True)
class _IndicatorCounts:
    """A row of the lower list.

    Attributes:
        code: the indicator.
        title: its title.
    """

    code: str
    title: str


def divide(width: float) -> Iterator[float]:
    """Yield the widths of the narrow columns that together are as wide as one of `width`."""
    yield from [(width + metrics.CELL_MARGIN) / _PARTS - metrics.CELL_MARGIN] * _PARTS


def write(ctx: ReportContext, sheet: SheetWriter, data: DataTables, row: int) -> int:
    """Write the block a row below `row`; return the row after it, `row` if there is none.

    It is printed on a page of its own: what is signed is the list.
    """
    if not ctx.figures.unit_kinds:
        return row
    lines, formulas = ctx.figures.unit_kinds, _KindFormulas(ctx, data)
    listing = Listing(ctx, sheet, _columns(ctx, formulas), 1, row + 2)
    sheet.raw.set_h_pagebreaks([row])
    sheet.write(row + 1, 0, ctx.t("ratings/kind.block"), "section", span=listing.width)
    listing.write_heads()
    for line in lines:
        listing.write_row(line)
    listing.write_totals(lines)
    listing.write_note(ctx.t("ratings/kind.how"))
    if ctx.has_lists:
        listing.write_note(ctx.t("ratings/kind.listed"))
    if not formulas.has_indicators:
        return listing.next_row
    return _write_indicators(listing, formulas)


def _write_indicators(listing: Listing[KindFigures], formulas: _KindFormulas) -> int:
    """Write in how many cells of each kind each indicator was found; return the row after that."""
    ctx, sheet, lines = listing.ctx, listing.sheet, listing.ctx.figures.unit_kinds
    codes = sorted({code for line in lines for code in line.flagged_by})
    if not codes:
        if any(line.reporting for line in lines) or not ctx.has_lists:
            listing.write_note(ctx.t("signs.none"))
        return listing.next_row
    reporting = [
        listing.cell(listing.first_row + number, "reporting") for number in range(len(lines) + 1)
    ]
    columns = _indicator_columns(ctx, formulas, reporting)
    counts: Listing[_IndicatorCounts] = Listing(
        ctx, sheet, columns, 1, listing.next_row + 2, heads=_HEADS
    )
    title = ctx.t("ratings/kind.signs")
    sheet.write(listing.next_row + 1, 0, title, "section", span=counts.width)
    counts.write_heads()
    for code in codes:
        counts.write_row(_IndicatorCounts(code, ctx.sign_title(code)))
    counts.write_note(ctx.t("ratings/kind.signs_how"))
    return counts.next_row


@dataclass(frozen=True)
class _KindFormulas:
    """The formulas of a kind, over the data sheets.

    Attributes:
        ctx: the workbook.
        data: the tables the formulas count over.
    """

    ctx: ReportContext
    data: DataTables

    @property
    def has_indicators(self) -> bool:
        """Whether indicators are looked for in the period."""
        return bool(self.ctx.inputs.catalogue.indicator_sets_for(self.ctx.figures.period))

    @cached_property
    def _hits(self) -> DataTable:
        """The table of the year's hits, each sign of a cell counted once."""
        return hits_data.hits_head(self.ctx, self.data.organisations)

    def returns(self, name: str, line: KindFigures) -> str:
        """Return how many returns of the period are due, or sent."""
        return self.data.organisations.sumifs(f"period_{name}", unit_kind=_id(line))

    def cells(self, name: str, line: KindFigures) -> str:
        """Return how many cells have returns due or sent, or signs."""
        some: dict[str, Condition] = {f"period_{name}": '">0"'}
        return self.data.organisations.countifs(unit_kind=_id(line), **some)

    def held(self, line: KindFigures) -> str:
        """Return how many meetings were held; nothing where no return tells."""
        held = self.data.sittings.sumifs("held", **self._sittings(line))
        return f'IF({cell("sent")}+{held}=0,"",{held})'

    def meetings(self, name: str, line: KindFigures) -> str:
        """Return how many meetings are of a kind; nothing where no return tells.

        Nor where lists alone tell of meetings, and name the kind of none.
        """
        total = partial(self.data.sittings.sumifs, **self._sittings(line))
        if not self.ctx.has_lists:
            return _where_held(total(name))
        of_lists = f"{cell('held')}={total('listed')}"
        is_untold = f"AND({cell('held')}>0,{of_lists},{total('regular')}+{total('thematic')}=0)"
        return _where_held(f'IF({is_untold},"",{total(name)})')

    def scored(self, line: KindFigures) -> str:
        """Return how many meetings have a score; nothing where no return tells."""
        conditions = self._sittings(line) | {"score": '">=0"'}
        return _where_held(self.data.sittings.countifs(**conditions))

    def mean(self, line: KindFigures) -> str:
        """Return the mean of the scores; nothing without any."""
        mean = self.data.sittings.averageifs("score", **self._sittings(line))
        return f'IF(SUM({cell("scored")})=0,"",{mean})'

    def in_band(self, rank: int, line: KindFigures) -> str:
        """Return how many meetings reached a band; nothing where no return tells."""
        conditions = self._sittings(line) | {"rank": str(rank)}
        return _where_held(self.data.sittings.countifs(**conditions))

    def _sittings(self, line: KindFigures) -> dict[str, Condition]:
        return {"unit_kind": _id(line), "month": period_months(self.ctx)}

    def flagged(self, line: KindFigures) -> str:
        """Return in how many cells an indicator was found; nothing without a return."""
        return f'IF({cell("reporting")}=0,"",{self.cells("signs", line)})'

    def flagged_by(self, line: KindFigures, reporting: str, row: _IndicatorCounts) -> str:
        """Return in how many cells an indicator was found; nothing without a return."""
        cells = self._hits.sumifs("counted", unit_kind=_id(line), code=quote(row.code))
        return f'IF({reporting}=0,"",{cells})'


def _id(line: KindFigures) -> str:
    return quote(line.kind or NO_KIND)


def _where_held(formula: str) -> str:
    return f'IF({cell("held")}="","",{formula})'


def _columns(ctx: ReportContext, formulas: _KindFormulas) -> Iterator[Column[KindFigures]]:
    count, t = partial(_count_column, ctx), ctx.t
    yield titled_column(
        ctx, "ratings/kind.unit_kind", _LABEL, lambda line: ctx.kind_title(line.kind)
    )
    yield count("cells", attrgetter("cells"), partial(formulas.cells, "due"))
    returns, held, by_band = (
        t("ratings/kind.returns"),
        t("ratings/kind.meetings"),
        t("rating.by_band"),
    )
    yield count("due", attrgetter("due"), partial(formulas.returns, "due"), returns)
    yield count("sent", attrgetter("sent"), partial(formulas.returns, "sent"), returns)
    yield count("held", attrgetter("held"), formulas.held, held)
    for name in ("regular", "thematic"):
        yield count(name, attrgetter(name), partial(formulas.meetings, name), held)
    yield count("scored", attrgetter("scored"), formulas.scored, held)
    yield _mean_column(ctx, formulas)
    ranks = bands.ranks(ctx)
    for band in bands.best_first(ctx):
        column_id, title = bands.band_column(band.id), band.title.of(ctx.lang)
        formula = partial(formulas.in_band, ranks[band.id])
        yield count(column_id, partial(_in_band, band.id), formula, by_band, title)
    if formulas.has_indicators:
        yield from _flagged_columns(ctx, formulas)


def _count_column(
    ctx: ReportContext,
    column_id: str,
    value: Callable[[KindFigures], int | None],
    formula: Callable[[KindFigures], str],
    group: str = "",
    title: str = "",
) -> Column[KindFigures]:
    """Return a column of numbers; blank where nothing is known, below as well if nothing is."""
    return Column(
        column_id,
        title or ctx.t(f"ratings/kind.{column_id}"),
        _COUNT,
        lambda line: _blank(value(line)),
        formula,
        "count",
        group=group,
        total=f'IF(COUNT({whole(column_id)})=0,"",SUM({whole(column_id)}))',
        total_value=lambda lines: _blank(_sum(map(value, lines))),
    )


def _mean_column(ctx: ReportContext, formulas: _KindFormulas) -> Column[KindFigures]:
    """Return the mean scores; below, each weighs by the number of its scored meetings."""
    scored = cell("scored")
    weighted = f"SUMPRODUCT({whole('scored')},{whole('mean')})"
    return Column(
        "mean",
        ctx.t("column.mean"),
        _COUNT,
        lambda line: _blank(line.mean),
        formulas.mean,
        "points",
        total=f'IF(SUM({scored})=0,"",{weighted}/{scored})',
        total_value=_weighted_mean,
        total_look="total_points",
    )


def _flagged_columns(ctx: ReportContext, formulas: _KindFormulas) -> Iterator[Column[KindFigures]]:
    """Yield in how many of the cells with a return an indicator was found, and their share."""
    group, reporting = ctx.t("ratings/kind.flags"), cell("reporting")
    count = partial(_count_column, ctx, group=group)
    yield count("reporting", attrgetter("reporting"), partial(formulas.cells, "own"))
    yield count("flagged", attrgetter("flagged"), formulas.flagged)
    share = _share_formula(cell("flagged"), reporting)
    yield Column(
        "share",
        ctx.t("ratings/kind.share"),
        _SHARE,
        lambda line: _blank(line.share(line.flagged)),
        share,
        "count",
        _SHARE_FORMAT,
        group=group,
        sum_text=f"={cell('flagged')}×100/{reporting}",
        total=share,
        total_value=lambda lines: _blank(_total_share(lines, _flagged_anywhere)),
        total_format=_SHARE_FORMAT,
    )


def _indicator_columns(
    ctx: ReportContext, formulas: _KindFormulas, reporting: Sequence[str]
) -> Iterator[Column[_IndicatorCounts]]:
    """Yield cells and their share for each kind and for all; `reporting` are the cells of those.

    Each cell with an indicator has one kind, so that the counts of all are their sums.
    """
    lines = ctx.figures.unit_kinds
    yield titled_column(ctx, "column.sign", _LABEL, attrgetter("title"))
    for number, (line, base) in enumerate(zip(lines, reporting, strict=False)):
        group, count = ctx.kind_title(line.kind), partial(_flagged_by, (line,))
        formula = partial(formulas.flagged_by, line, base)
        yield from _indicator_pair(ctx, (line,), f"{number}", group, count, formula, base)
    total = ",".join(cell(f"count{number}") for number in range(len(lines)))
    known = f'IF({reporting[-1]}=0,"",SUM({total}))'
    count = partial(_flagged_by, lines)
    yield from _indicator_pair(ctx, lines, "", ctx.t("total"), count, known, reporting[-1])


def _indicator_pair(
    ctx: ReportContext,
    lines: Sequence[KindFigures],
    suffix: str,
    group: str,
    count: Callable[[_IndicatorCounts], int | None],
    formula: str | Callable[[_IndicatorCounts], str],
    base: str,
) -> Iterator[Column[_IndicatorCounts]]:
    """Yield the cells of some kinds with an indicator, and their share of those in `base`."""
    column_id = f"count{suffix}"
    yield Column(
        column_id,
        ctx.t("ratings/kind.cells"),
        _COUNT,
        lambda row: _blank(count(row)),
        formula,
        "count",
        group=group,
    )
    yield Column(
        f"share{suffix}",
        ctx.t("ratings/kind.share"),
        _COUNT,
        lambda row: _blank(_total_share(lines, lambda line: line.flagged_by.get(row.code, 0))),
        _share_formula(cell(column_id), base),
        "count",
        _SHARE_FORMAT,
        group=group,
    )


def _flagged_by(lines: Sequence[KindFigures], row: _IndicatorCounts) -> int | None:
    """Return in how many cells an indicator was found; None without any return."""
    known = [line for line in lines if line.reporting]
    return sum(line.flagged_by.get(row.code, 0) for line in known) if known else None


def _share_formula(count: str, reporting: str) -> str:
    return f'IF({reporting}=0,"",{count}*100/{reporting})'


def _flagged_anywhere(line: KindFigures) -> int:
    return line.flagged or 0


def _total_share(lines: Sequence[KindFigures], count: Callable[[KindFigures], int]) -> float | None:
    """Return the share of cells with a return; None without any."""
    reporting = sum(line.reporting for line in lines)
    return 100 * sum(map(count, lines)) / reporting if reporting else None


def _in_band(band: str, line: KindFigures) -> int | None:
    return None if line.held is None else line.bands.get(band, 0)


def _weighted_mean(lines: Sequence[KindFigures]) -> float | str:
    scored = _sum(line.scored for line in lines)
    points = sum((line.scored or 0) * (line.mean or 0) for line in lines)
    return points / scored if scored else ""


def _sum(values: Iterable[int | None]) -> int | None:
    """Return the sum of what is known; None where nothing is."""
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _blank(value: float | None) -> float | str:
    """Return a value as a formula gives it: no text stands for none."""
    return "" if value is None else value
