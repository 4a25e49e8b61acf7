"""Điểm theo tiêu chí: mean points by criteria group of the year, own, confirmed, difference.

Three lines a cell, so that a filter shows one of the three for all cells; the mean of all below.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from mlay_batch.figures.records import CriteriaMean
from mlay_batch.report import official
from mlay_batch.report.book import Live, Sheet
from mlay_batch.report.context import Context
from mlay_batch.report.data_sheets import Data
from mlay_batch.report.meeting_tables import mark
from mlay_batch.report.tables import Table
from mlay_batch.schema.schemes import Group

_CODE, _NAME, _LINE, _COUNT, _FIRST_GROUP = range(1, 6)
_SPLIT = 3
_LINES = ("own", "confirmed", "difference")
_CELL = "\0"  # stands for a cell's code in the formulas all cells share
_ON_FIRST_PAGE, _ON_PAGE = 8, 10  # cells, so that no page ends between the lines of one
Asked = Mapping[str, str]


def write(ctx: Context, sheet: Sheet, data: Data) -> None:
    """Write the sheet."""
    scheme = ctx.figures.score_scheme
    page = _Page(ctx, sheet, data, scheme.groups if scheme else ())
    sheet.widths((5, 11, 46, 12, 8, *([9.5] * (page.total - _FIRST_GROUP + 1))))
    columns = page.total + 1
    official.heading(ctx, sheet, columns, _SPLIT, ctx.t("ratings/criteria.title"))
    if not ctx.figures.criteria:
        sheet.put(official.TABLE_ROW, 0, ctx.t("ratings/criteria.none"), "note", span=columns)
        sheet.print_as(landscape=True, last=(official.TABLE_ROW, page.total))
        return
    page.heads()
    row = page.lines() + 1
    sheet.put(row, 0, ctx.t("ratings/criteria.how"), "note", span=columns)
    cells = len(ctx.figures.year_ratings)
    ends = range(_ON_FIRST_PAGE, cells, _ON_PAGE)
    sheet.raw.set_h_pagebreaks([page.first + len(_LINES) * end for end in ends])
    last = official.signatures(ctx, sheet, row + 1, columns, _SPLIT)
    sheet.raw.freeze_panes(page.first, _NAME + 1)
    repeat = (official.TABLE_ROW, page.first - 1)
    sheet.print_as(landscape=True, last=(last, page.total), repeat=repeat)


class _Page:
    """The sheet being written: a column for each criteria group, then the total."""

    def __init__(self, ctx: Context, sheet: Sheet, data: Data, groups: tuple[Group, ...]) -> None:
        self.ctx, self.sheet, self.groups = ctx, sheet, groups
        self.sittings, self.marks = data.sittings, data.marks
        self.total = _FIRST_GROUP + len(groups)
        self.first = official.TABLE_ROW + 4
        self.scorers = {name: f'"{ctx.choice("scorer", name)}"' for name in ("own", "confirmed")}
        self.counts = {kind: _counts(ctx, kind) for kind in _LINES}
        self.formulas = {kind: self._formulas(kind, _CELL) for kind in _LINES}

    def heads(self) -> None:
        """Write the headings, the columns' numbers and the full marks."""
        t, put, row = self.ctx.t, self.sheet.put, official.TABLE_ROW
        titles = {0: "column.stt", _CODE: "column.branch", _NAME: "column.unit",
                  _LINE: "ratings/criteria.line", _COUNT: "column.scored",
                  self.total: "ratings/criteria.total"}  # fmt: skip
        for column, key in titles.items():
            put(row, column, t(key), "head", rows=2)
        put(row, _FIRST_GROUP, t("ratings/criteria.groups"), "head", span=len(self.groups))
        put(row + 2, 0, t("ratings/criteria.full"), "total_label", span=_FIRST_GROUP)
        for column, group in enumerate(self.groups, _FIRST_GROUP):
            put(row + 1, column, group.title.of(self.ctx.lang), "head")
            put(row + 2, column, group.max, "total_count")
        put(row + 2, self.total, sum(group.max for group in self.groups), "total_count")
        for column in range(self.total + 1):
            put(row + 3, column, column + 1, "column_number")
        self.sheet.height(row + 1, 40)

    def lines(self) -> int:
        """Write three lines for every cell, then for all; return the row after them."""
        known = {entry.branch: entry for entry in self.ctx.figures.criteria}
        nothing = CriteriaMean("", {}, {}, {})
        row = self.first
        for number, rating in enumerate(self.ctx.figures.year_ratings, 1):
            branch = rating.branch
            for kind in _LINES:
                plain = kind == "own"
                self.sheet.put(row, 0, number if plain else None, "center")
                self.sheet.put(row, _CODE, branch.code, "center" if plain else "quiet_center")
                self.sheet.put(row, _NAME, branch.name, "text" if plain else "quiet")
                self._line(row, kind, branch.code, known.get(branch.code, nothing))
                row += 1
        self.sheet.raw.autofilter(self.first - 1, 0, row - 1, self.total)
        for kind in _LINES:
            self.sheet.put(row, 0, self.ctx.t("ratings/criteria.all"), "total_label", span=_LINE)
            self._line(row, kind, None, known[None], "total_points")
            row += 1
        return row

    def _line(
        self, row: int, kind: str, branch: str | None, means: CriteriaMean, look: str = "points"
    ) -> None:
        said = "center" if look == "points" else "total_count"
        self.sheet.put(row, _LINE, self.ctx.t(f"ratings/criteria.{kind}"), said)
        count, *means_of = (
            self._formulas(kind, None)
            if branch is None
            else (formula.replace(_CELL, branch) for formula in self.formulas[kind])
        )
        self.sheet.put(row, _COUNT, Live(count, self.counts[kind][branch]),
                       "count" if look == "points" else "total_count")  # fmt: skip
        values = {
            "own": means.own, "confirmed": means.confirmed, "difference": means.difference,
        }[kind]  # fmt: skip
        names = (*(group.id for group in self.groups), "total")
        for column, (formula, name) in enumerate(zip(means_of, names, strict=True), _FIRST_GROUP):
            self._mean(row, column, formula, values.get(name), look)

    def _formulas(self, kind: str, branch: str | None) -> tuple[str, ...]:
        """Return the formulas of a line, of one cell or of all: count, means by group, total."""
        return (
            f"=COUNTIFS({self._scored(kind, branch)})",
            *(self._of_group(kind, branch, mark(group.id)) for group in self.groups),
            self._of_total(kind, branch),
        )

    def _mean(self, row: int, column: int, formula: str, value: float | None, look: str) -> None:
        live = Live(formula, "" if value is None else value)
        self.sheet.put(row, column, live, look, number="0.00")

    def _scored(self, kind: str, branch: str | None) -> str:
        """Return the conditions of the line's sittings: those scored so, or by both."""
        return _asked(self.sittings, branch, dict.fromkeys(_scorers(kind), '">=0"'))

    def _of_total(self, kind: str, branch: str | None) -> str:
        scored = self._scored(kind, branch)
        mean = {name: f"AVERAGEIFS({self.sittings.ref(name)},{scored})" for name in _LINES[:2]}
        value = f"{mean['confirmed']}-{mean['own']}" if kind == "difference" else mean[kind]
        return f'=IF(COUNTIFS({scored})=0,"",{value})'

    def _of_group(self, kind: str, branch: str | None, column: str) -> str:
        wanted = self.marks.ref(column)

        def mean(scorer: str, more: Asked) -> str:
            asked = {"scorer": self.scorers[scorer]} | dict(more)
            return f"AVERAGEIFS({wanted},{_asked(self.marks, branch, asked)})"

        if kind == "difference":
            limit, value = {"paired": "1"}, ""
            value = f"{mean('confirmed', limit)}-{mean('own', limit)}"
        else:
            limit, value = {"scorer": self.scorers[kind]}, mean(kind, {})
        given = _asked(self.marks, branch, limit | {column: '">=0"'})
        return f'=IF(COUNTIFS({given})=0,"",{value})'


def _scorers(kind: str) -> tuple[str, ...]:
    """Return whose scores a meeting needs to count in lines of that kind."""
    return _LINES[:2] if kind == "difference" else (kind,)


def _counts(ctx: Context, kind: str) -> Counter[str | None]:
    """Count the scored sittings of each branch, and (None) of all, as the lines' formulas do."""
    scored = [
        entry.branch
        for entry in ctx.figures.sittings
        if all(
            {"own": entry.own, "confirmed": entry.confirmed}[name] is not None
            for name in _scorers(kind)
        )
    ]
    return Counter(scored) + Counter({None: len(scored)})


def _asked(table: Table, branch: str | None, asked: Asked) -> str:
    """Return conditions on a table, of one cell or of all."""
    own = {"branch": f'"{branch}"'} if branch is not None else {}
    return ",".join(f"{table.ref(name)},{value}" for name, value in (own | dict(asked)).items())
