"""Điểm theo tiêu chí: mean points by criteria group of the year, own, confirmed, difference.

Three lines a cell, so that a filter shows one of the three for all cells; the mean of all below.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from mlay_batch.figures.report_records import CriteriaMean
from mlay_batch.report import letterhead
from mlay_batch.report.data.data_sheets import DataTables
from mlay_batch.report.data.meetings_data import mark_column
from mlay_batch.report.report_context import ReportContext
from mlay_batch.report.tables import DataTable
from mlay_batch.report.writer import Formula, SheetWriter
from mlay_batch.schema.schemes import Group

_CODE, _NAME, _KIND, _COUNT, _FIRST_GROUP = range(1, 6)
_SPLIT = 3
_KINDS = ("own", "confirmed", "difference")
_CODE_PLACEHOLDER = "\0"  # stands for a cell's code in the formulas all cells share
_CELLS_ON_FIRST_PAGE, _CELLS_ON_PAGE = 8, 10  # cells, so that no page ends between the lines of one
Criteria = Mapping[str, str]


def write(ctx: ReportContext, sheet: SheetWriter, data: DataTables) -> None:
    """Write the sheet."""
    scheme = ctx.figures.score_scheme
    table = _CriteriaTable(ctx, sheet, data, scheme.groups if scheme else ())
    sheet.set_widths((5, 11, 46, 12, 8, *([9.5] * (table.total_column - _FIRST_GROUP + 1))))
    columns = table.total_column + 1
    letterhead.write_heading(ctx, sheet, columns, _SPLIT, ctx.t("ratings/criteria.title"))
    if not ctx.figures.criteria_means:
        sheet.write(letterhead.TABLE_ROW, 0, ctx.t("ratings/criteria.none"), "note", span=columns)
        sheet.set_up_page(landscape=True, last=(letterhead.TABLE_ROW, table.total_column))
        return
    table.write_heads()
    row = table.write_lines() + 1
    sheet.write(row, 0, ctx.t("ratings/criteria.how"), "note", span=columns)
    cells = len(ctx.figures.year_ratings)
    breaks = range(_CELLS_ON_FIRST_PAGE, cells, _CELLS_ON_PAGE)
    sheet.raw.set_h_pagebreaks([table.first_row + len(_KINDS) * number for number in breaks])
    last = letterhead.write_signatures(ctx, sheet, row + 1, columns, _SPLIT)
    sheet.raw.freeze_panes(table.first_row, _NAME + 1)
    repeat = (letterhead.TABLE_ROW, table.first_row - 1)
    sheet.set_up_page(landscape=True, last=(last, table.total_column), repeat=repeat)


class _CriteriaTable:
    """The sheet being written: a column for each criteria group, then the total."""

    def __init__(
        self, ctx: ReportContext, sheet: SheetWriter, data: DataTables, groups: tuple[Group, ...]
    ) -> None:
        self.ctx, self.sheet, self.groups = ctx, sheet, groups
        self.sittings, self.marks = data.sittings, data.marks
        self.total_column = _FIRST_GROUP + len(groups)
        self.first_row = letterhead.TABLE_ROW + 4
        self.scorers = {
            name: f'"{ctx.choice_title("scorer", name)}"' for name in ("own", "confirmed")
        }
        self.counts = {kind: _counts(ctx, kind) for kind in _KINDS}
        self.line_formulas = {
            kind: self._build_formulas(kind, _CODE_PLACEHOLDER) for kind in _KINDS
        }

    def write_heads(self) -> None:
        """Write the headings, the columns' numbers and the full marks."""
        t, write, row = self.ctx.t, self.sheet.write, letterhead.TABLE_ROW
        titles = {
            0: "column.stt",
            _CODE: "column.branch",
            _NAME: "column.unit",
            _KIND: "ratings/criteria.line",
            _COUNT: "column.scored",
            self.total_column: "ratings/criteria.total",
        }
        for column, key in titles.items():
            write(row, column, t(key), "head", rows=2)
        write(row, _FIRST_GROUP, t("ratings/criteria.groups"), "head", span=len(self.groups))
        write(row + 2, 0, t("ratings/criteria.full"), "total_label", span=_FIRST_GROUP)
        for column, group in enumerate(self.groups, _FIRST_GROUP):
            write(row + 1, column, group.title.of(self.ctx.lang), "head")
            write(row + 2, column, group.max, "total_count")
        write(row + 2, self.total_column, sum(group.max for group in self.groups), "total_count")
        for column in range(self.total_column + 1):
            write(row + 3, column, column + 1, "column_number")
        self.sheet.set_height(row + 1, 40)

    def write_lines(self) -> int:
        """Write three lines for every cell, then for all; return the row after them."""
        means = {
            criteria_mean.branch: criteria_mean for criteria_mean in self.ctx.figures.criteria_means
        }
        no_means = CriteriaMean("", {}, {}, {})
        row = self.first_row
        for number, rating in enumerate(self.ctx.figures.year_ratings, 1):
            branch = rating.branch
            for kind in _KINDS:
                is_own = kind == "own"
                self.sheet.write(row, 0, number if is_own else None, "center")
                self.sheet.write(row, _CODE, branch.code, "center" if is_own else "quiet_center")
                self.sheet.write(row, _NAME, branch.name, "text" if is_own else "quiet")
                self._write_line(row, kind, branch.code, means.get(branch.code, no_means))
                row += 1
        self.sheet.raw.autofilter(self.first_row - 1, 0, row - 1, self.total_column)
        for kind in _KINDS:
            self.sheet.write(row, 0, self.ctx.t("ratings/criteria.all"), "total_label", span=_KIND)
            self._write_line(row, kind, None, means[None], "total_points")
            row += 1
        return row

    def _write_line(
        self, row: int, kind: str, branch: str | None, means: CriteriaMean, look: str = "points"
    ) -> None:
        label_look = "center" if look == "points" else "total_count"
        self.sheet.write(row, _KIND, self.ctx.t(f"ratings/criteria.{kind}"), label_look)
        count_formula, *mean_formulas = (
            self._build_formulas(kind, None)
            if branch is None
            else (
                formula.replace(_CODE_PLACEHOLDER, branch) for formula in self.line_formulas[kind]
            )
        )
        self.sheet.write(
            row,
            _COUNT,
            Formula(count_formula, self.counts[kind][branch]),
            "count" if look == "points" else "total_count",
        )
        values = {
            "own": means.own_points,
            "confirmed": means.confirmed_points,
            "difference": means.difference,
        }[kind]
        names = (*(group.id for group in self.groups), "total")
        for column, (formula, name) in enumerate(
            zip(mean_formulas, names, strict=True), _FIRST_GROUP
        ):
            self._write_mean(row, column, formula, values.get(name), look)

    def _build_formulas(self, kind: str, branch: str | None) -> tuple[str, ...]:
        """Return the formulas of a line, of one cell or of all: count, means by group, total."""
        return (
            f"=COUNTIFS({self._scored_criteria(kind, branch)})",
            *(self._group_formula(kind, branch, mark_column(group.id)) for group in self.groups),
            self._total_formula(kind, branch),
        )

    def _write_mean(
        self, row: int, column: int, formula: str, value: float | None, look: str
    ) -> None:
        content = Formula(formula, "" if value is None else value)
        self.sheet.write(row, column, content, look, number_format="0.00")

    def _scored_criteria(self, kind: str, branch: str | None) -> str:
        """Return the conditions of the line's sittings: those scored so, or by both."""
        return _criteria(self.sittings, branch, dict.fromkeys(_scorers(kind), '">=0"'))

    def _total_formula(self, kind: str, branch: str | None) -> str:
        criteria = self._scored_criteria(kind, branch)
        means = {name: f"AVERAGEIFS({self.sittings.ref(name)},{criteria})" for name in _KINDS[:2]}
        value = f"{means['confirmed']}-{means['own']}" if kind == "difference" else means[kind]
        return f'=IF(COUNTIFS({criteria})=0,"",{value})'

    def _group_formula(self, kind: str, branch: str | None, column: str) -> str:
        mark_range = self.marks.ref(column)

        def mean(scorer: str, extra: Criteria) -> str:
            conditions = {"scorer": self.scorers[scorer]} | dict(extra)
            return f"AVERAGEIFS({mark_range},{_criteria(self.marks, branch, conditions)})"

        if kind == "difference":
            limit, value = {"paired": "1"}, ""
            value = f"{mean('confirmed', limit)}-{mean('own', limit)}"
        else:
            limit, value = {"scorer": self.scorers[kind]}, mean(kind, {})
        limit_criteria = _criteria(self.marks, branch, limit | {column: '">=0"'})
        return f'=IF(COUNTIFS({limit_criteria})=0,"",{value})'


def _scorers(kind: str) -> tuple[str, ...]:
    """Return whose scores a meeting needs to count in lines of that kind."""
    return _KINDS[:2] if kind == "difference" else (kind,)


def _counts(ctx: ReportContext, kind: str) -> Counter[str | None]:
    """Count the scored sittings of each branch, and (None) of all, as the lines' formulas do."""
    scored = [
        sitting.branch
        for sitting in ctx.figures.sittings
        if all(
            {"own": sitting.own_score, "confirmed": sitting.confirmed_score}[name] is not None
            for name in _scorers(kind)
        )
    ]
    return Counter(scored) + Counter({None: len(scored)})


def _criteria(table: DataTable, branch: str | None, conditions: Criteria) -> str:
    """Return conditions on a table, of one cell or of all."""
    of_branch = {"branch": f'"{branch}"'} if branch is not None else {}
    return ",".join(
        f"{table.ref(name)},{value}" for name, value in (of_branch | dict(conditions)).items()
    )
