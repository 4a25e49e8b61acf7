"""Xếp loại năm: forms 7A and 7B over the years, each year by the scheme of its own time.

Counts are sums over the table of classification returns. Every share is shown on the scheme's
base and on the rated alone, because published figures mix the two (DOMAIN, "Ratings").
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from xlsxwriter.utility import xl_col_to_name, xl_rowcol_to_cell

from mlay_batch.figures.classified import ClassificationShare, ClassificationYear
from mlay_batch.period import Period
from mlay_batch.report import caps_block, official
from mlay_batch.report.book import Live, Sheet
from mlay_batch.report.context import Context, bare
from mlay_batch.report.data_sheets import Data
from mlay_batch.report.looks import percent
from mlay_batch.schema.schemes import Line, Part

_SCHEME, _REPORTED, _EXPECTED, _FIRST_COUNT = range(1, 5)
_BASE_OF = {"rated": ("rated",), "subject": ("rated", "not_rated"), "all": ("total",)}
_LIMIT_WIDTH = 15


@dataclass(frozen=True)
class MeanLine:
    """A line of the mean of several years, as the first sheet shows it."""

    title: str
    share: Live
    decimals: int


def write(ctx: Context, sheet: Sheet, data: Data) -> tuple[MeanLine, ...]:
    """Write the sheet; return the lines of the mean."""
    blocks = [_Block(ctx, sheet, data, part) for part in _parts(ctx)]
    columns = max((block.columns for block in blocks), default=12)
    sheet.widths((9, 21, 7.5, 7.5, *([9] * (columns - _FIRST_COUNT))))
    for block in blocks:
        for line in block.limited:
            sheet.widths([_LIMIT_WIDTH], block.column(line) + 2)
    split = min(7, columns - 4)
    official.heading(ctx, sheet, columns, split, ctx.t("title.classification"),
                     provisional=ctx.figures.waits_for("classification"))  # fmt: skip
    row, means = official.TABLE_ROW, []
    for block in blocks:
        row, found = block.write(row)
        row = caps_block.write(ctx, sheet, data.classification, block.part.section, row)
        means += found
    for note in _notes(ctx):
        sheet.put(row, 0, note, "note", span=columns)
        row += 1
    row = official.signatures(ctx, sheet, row + 1, columns, split)
    sheet.raw.freeze_panes(0, 1)
    sheet.print_as(landscape=True, last=(row, columns - 1))
    return tuple(means)


def _parts(ctx: Context) -> tuple[Part, ...]:
    """Return the parts of the newest year's scheme: its wording leads."""
    return ctx.figures.years[-1].scheme.parts if ctx.figures.years else ()


def _notes(ctx: Context) -> Iterator[str]:
    if not ctx.figures.years:
        yield ctx.t("classification.none")
        return
    scheme = ctx.figures.years[-1].scheme
    yield ctx.t("classification.limits")
    if scheme.note:
        yield scheme.note.of(ctx.lang)
    yield ctx.t(f"classification.mean_{scheme.mean}")


class _Block:
    """The table of one part: a row for each year, and the mean of the latest ones."""

    def __init__(self, ctx: Context, sheet: Sheet, data: Data, part: Part) -> None:
        self.ctx, self.sheet, self.table, self.part = ctx, sheet, data.classification, part
        self.counts = self._counted()
        self.base = _FIRST_COUNT + len(self.counts)
        self.limited = [line.id for line in part.lines if self._limited(line)]
        self.columns = self.base + 1 + 2 * len(part.lines) + len(self.limited)
        self.rows: dict[int, int] = {}

    def _counted(self) -> tuple[str, ...]:
        """Return the counts the forms of these years ask for in this part, in their order."""
        asked = {
            entry.id
            for year in self.ctx.figures.years
            for form in self.ctx.facts.catalogue.forms
            if form.form == year.scheme.scheme
            for section in form.sections
            if section.id == self.part.section
            for entry in section.fields
        }
        return tuple(column.id for column in self.table.columns if column.id in asked)

    def _limited(self, line: Line) -> bool:
        """Whether the line has a limit in any of the years."""
        same = (other for year in self.ctx.figures.years for other in self._lines(year))
        return any((other.limit_min, other.limit_max) != (None, None) for other in same
                   if other.id == line.id)  # fmt: skip

    def column(self, line_id: str) -> int:
        """Return a line's first column: its share, then that of the rated, then any limit."""
        before = [line.id for line in self.part.lines]
        before = before[: before.index(line_id)]
        return self.base + 1 + 2 * len(before) + sum(line in self.limited for line in before)

    def write(self, row: int) -> tuple[int, list[MeanLine]]:
        """Write the block from `row` on; return the row after it and the mean."""
        self.sheet.put(row, 0, self._title(), "section", span=self.columns)
        row = self._head(row + 1)
        for row, year in enumerate(self.ctx.figures.years, row):  # noqa: B020
            self.rows[year.year] = row
            self._year(row, year)
        means = self._mean(row + 1)
        for line in self.limited:
            column = self.column(line) + 2
            self.sheet.tones((min(self.rows.values()), column), (row + 1, column), "●■")
        return row + 3, means

    def _title(self) -> str:
        """Return the part as the newest form names it: "Chi bộ (mẫu 7A)"."""
        newest = self.ctx.figures.years[-1]
        form = self.ctx.facts.catalogue.form_for(newest.scheme.scheme, Period(newest.year, 1, 12))
        found = form.title_of(self.part.section, self.ctx.lang) if form else ""
        return bare(found) or self.part.title.of(self.ctx.lang)

    def cell(self, row: int, name: str) -> str:
        """Return the cell of a count."""
        return str(xl_rowcol_to_cell(row, _FIRST_COUNT + self.counts.index(name)))

    def _head(self, row: int) -> int:
        put, t = self.sheet.put, self.ctx.t
        for column, name in enumerate(("year", "scheme", "reported", "expected")):
            put(row, column, t(f"column.{name}"), "head", rows=2)
        for column, name in enumerate(self.counts, _FIRST_COUNT):
            put(row, column, self._count_title(name), "head", rows=2)
        put(row, self.base, t("column.base"), "head", rows=2)
        for line in self.part.lines:
            names = ("on_base", "on_rated", "limit")[: 2 + (line.id in self.limited)]
            column, title = (
                self.column(line.id),
                t("classification.share", line=self._line_title(line)),
            )
            put(row, column, title, "head", span=len(names))
            for offset, name in enumerate(names):
                put(row + 1, column + offset, t(f"column.{name}"), "head")
        self.sheet.height(row, 48)
        self.sheet.height(row + 1, 48)
        for column in range(self.columns):
            put(row + 2, column, column + 1, "column_number")
        return row + 3

    def _count_title(self, name: str) -> str:
        """Return a grade by the names it bore over the years; other counts by their form."""
        names = dict.fromkeys(
            grade.short.of(self.ctx.lang)
            for year in self.ctx.figures.years
            for part in year.scheme.parts
            if part.section == self.part.section
            for grade in part.grades
            if grade.id == name
        )
        return " / ".join(names) or self.table.headings[self.table.index(name)]

    def _line_title(self, line: Line) -> str:
        names = dict.fromkeys(
            other.title.of(self.ctx.lang)
            for year in self.ctx.figures.years
            for other in self._lines(year)
            if other.id == line.id
        )
        return " / ".join(names)

    def _lines(self, year: ClassificationYear) -> tuple[Line, ...]:
        parts = (part for part in year.scheme.parts if part.section == self.part.section)
        return next((part.lines for part in parts), ())

    def _year(self, row: int, year: ClassificationYear) -> None:
        put, section = self.sheet.put, self.part.section
        counts = next((part.counts for part in year.parts if part.section == section), {})
        asked = f'{self.table.ref("year")},$A{row + 1},{self.table.ref("part")},"{section}"'
        put(row, 0, year.year, "center")
        put(row, _SCHEME, year.scheme.title.of(self.ctx.lang), "text")
        put(row, _REPORTED, Live(f"=COUNTIFS({asked})", self._reported(year)), "count")
        put(row, _EXPECTED, year.expected, "count")
        for column, name in enumerate(self.counts, _FIRST_COUNT):
            summed = Live(f"=SUMIFS({self.table.ref(name)},{asked})", counts.get(name, 0))
            put(row, column, summed, "count")
        base = "+".join(self.cell(row, name) for name in _BASE_OF[year.scheme.share_base])
        value = sum(counts.get(name, 0) for name in _BASE_OF[year.scheme.share_base])
        put(row, self.base, Live(f"={base}", value), "count")
        self._shares(row, year)

    def _reported(self, year: ClassificationYear) -> int:
        """Count the returns that hold this part."""
        wanted = year.year, self.part.section
        at = self.table.index("year"), self.table.index("part")
        return sum((row[at[0]], row[at[1]]) == wanted for row in self.table.rows)

    def _shares(self, row: int, year: ClassificationYear) -> None:
        shares = {
            share.line: share
            for part in year.parts if part.section == self.part.section
            for share in part.shares
        }  # fmt: skip
        lines = {line.id: line for line in self._lines(year)}
        for column in range(self.base + 1, self.columns):
            self.sheet.put(row, column, None, "tone_off")
        for leading in self.part.lines:
            if (line := lines.get(leading.id)) and line.id in shares:
                self._share(row, self.column(line.id), line, shares[line.id])

    def _share(self, row: int, column: int, line: Line, share: ClassificationShare) -> None:
        part = "+".join(self.cell(row, grade) for grade in line.grades)
        rated = self.cell(row, "rated")
        for offset, whole, value in (
            (0, xl_rowcol_to_cell(row, self.base), share.share),
            (1, rated, share.rated_share),
        ):
            formula = f'=IF({whole}=0,"",100*({part})/{whole})'
            self._percent(row, column + offset, formula, value, line)
        self._light(row, column, line, share.share)

    def _percent(
        self, row: int, column: int, formula: str, value: float | None, line: Line,
        look: str = "points",
    ) -> None:  # fmt: skip
        live = Live(formula, "" if value is None else value)
        self.sheet.put(row, column, live, look, number=percent(line.decimals))

    def _light(self, row: int, column: int, line: Line, share: float | None) -> None:
        """Write whether the share keeps the limit; on the limit it does."""
        cell = xl_rowcol_to_cell(row, column)
        bounds = ((">=", "≥", line.limit_min), ("<=", "≤", line.limit_max))
        given = [(sign, shown, bound) for sign, shown, bound in bounds if bound is not None]
        if not given:
            return
        said = ", ".join(f"{shown} {self.ctx.book.show(bound)} %" for _, shown, bound in given)
        kept = self.ctx.t("limit.kept", limit=said)
        broken = self.ctx.t("limit.broken", limit=said)
        test = ",".join(f"{cell}{sign}{bound:g}" for sign, _, bound in given)
        formula = f'=IF({cell}="","",IF(AND({test}),"{kept}","{broken}"))'
        value = "" if share is None else kept if _keeps(line, share) else broken
        self.sheet.put(row, column + 2, Live(formula, value), "center")

    def _mean(self, row: int) -> list[MeanLine]:
        mean = self.ctx.figures.mean
        if mean is None:
            return []
        label = self.ctx.t("classification.mean", first=str(mean.first), last=str(mean.last))
        self.sheet.put(row, 0, label, "total_label", span=_FIRST_COUNT)
        for column in range(_FIRST_COUNT, self.columns):
            self.sheet.put(row, column, None, "total_count")
        found = []
        for line in self.part.lines:
            column, key = self.column(line.id), (self.part.section, line.id)
            self._percent(row, column, self._over_years(line, column, pooled_on=None),
                          mean.shares.get(key), line, "total_points")  # fmt: skip
            self._percent(row, column + 1, self._over_years(line, column + 1, pooled_on="rated"),
                          mean.rated_shares.get(key), line, "total_points")  # fmt: skip
            self._light(row, column, line, mean.shares.get(key))
            title = f"{self.part.title.of(self.ctx.lang)}: {self._line_title(line)}"
            found.append(MeanLine(title, self.sheet.live(row, column), line.decimals))
        return found

    def _over_years(self, line: Line, column: int, pooled_on: str | None) -> str:
        """Return the mean of the yearly shares, or of the pooled counts, as the scheme says."""
        years = [year for year in self.ctx.figures.years if self._in_mean(year, line)]
        rows = [self.rows[year.year] for year in years]
        if not rows:
            return '=""'
        if self.ctx.figures.years[-1].scheme.mean == "shares":
            letter = xl_col_to_name(column)
            over = f"{letter}{rows[0] + 1}:{letter}{rows[-1] + 1}"
            return f'=IF(COUNT({over})=0,"",AVERAGE({over}))'
        part = "+".join(self.cell(row, grade) for row in rows for grade in line.grades)
        whole = "+".join(
            self.cell(row, pooled_on) if pooled_on else xl_rowcol_to_cell(row, self.base)
            for row in rows
        )
        return f'=IF({whole}=0,"",100*({part})/({whole}))'

    def _in_mean(self, year: ClassificationYear, line: Line) -> bool:
        mean = self.ctx.figures.mean
        known = any(other.id == line.id for other in self._lines(year))
        return known and mean is not None and mean.first <= year.year <= mean.last


def _keeps(line: Line, share: float) -> bool:
    above = line.limit_max is not None and share > line.limit_max
    below = line.limit_min is not None and share < line.limit_min
    return not (above or below)
