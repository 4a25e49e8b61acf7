"""One part of the yearly classification over the years: counts, shares on two bases, mean.

Counts are sums over the table of classification returns. Every share is shown on the scheme's
base and on the rated alone, because published figures mix the two (DOMAIN, "Ratings"). The column
that holds a share against its limit stays blank: no document confirms the limits.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from xlsxwriter.utility import xl_col_to_name, xl_rowcol_to_cell

from mlay_batch.figures.classified import ClassificationShare, ClassificationYear
from mlay_batch.period import Period
from mlay_batch.report.book import Live, Sheet
from mlay_batch.report.context import Context, bare
from mlay_batch.report.data_sheets import Data
from mlay_batch.report.looks import percent
from mlay_batch.schema.schemes import Line, Part

_SCHEME, _REPORTED, _EXPECTED, FIRST_COUNT = range(1, 5)
LIGHT_WIDTH = 15
_BASE_OF = {"rated": ("rated",), "subject": ("rated", "not_rated"), "all": ("total",)}


@dataclass(frozen=True)
class MeanLine:
    """A line of the mean of several years, as the first sheet shows it."""

    title: str
    share: Live
    decimals: int


class Series:
    """The table of one part: a row for each year, and the mean of the latest ones."""

    def __init__(self, ctx: Context, sheet: Sheet, data: Data, part: Part) -> None:
        self.ctx, self.sheet, self.table, self.part = ctx, sheet, data.classification, part
        self.organisations = data.organisations
        self.grades = [grade.id for grade in part.grades]
        self.counts = (*self._headcounts(), *self.grades)
        self.base = FIRST_COUNT + len(self.counts)
        self.limited = [line.id for line in part.lines if self._limited(line)]
        self.bases = self.base + 1 + 2 * len(part.lines) + len(self.limited)
        self.columns = self.bases + 1
        self.rows: dict[int, int] = {}

    def _headcounts(self) -> Iterator[str]:
        """Yield the counts that are no grades, as the forms of these years ask for them."""
        grades = {grade for named in self._mapped().values() for grade in named}
        asked = {
            entry.id
            for year in self.ctx.figures.years
            for form in self.ctx.facts.catalogue.forms
            if form.form == year.scheme.scheme
            for section in form.sections
            if section.id == self.part.section
            for entry in section.fields
        }
        names = (column.id for column in self.table.columns)
        return (name for name in names if name in asked - grades - set(self.grades))

    def _mapped(self) -> dict[tuple[int, str], tuple[str, ...]]:
        return {
            (year.year, grade): year.grades.get((self.part.section, grade), ())
            for year in self.ctx.figures.years
            for grade in self.grades
        }

    def _limited(self, line: Line) -> bool:
        """Whether the line has a limit in any of the years."""
        judged = (year.line(self.part.section, line) for year in self.ctx.figures.years)
        return any((one.limit_min, one.limit_max) != (None, None) for one in judged)

    def column(self, line_id: str) -> int:
        """Return a line's first column: its share, then that of the rated, then any limit."""
        before = [line.id for line in self.part.lines]
        before = before[: before.index(line_id)]
        return self.base + 1 + 2 * len(before) + sum(line in self.limited for line in before)

    def wide(self) -> Iterator[int]:
        """Yield the columns wide enough for a light: of limits, blank, and of the two bases."""
        yield from (self.column(line) + 2 for line in self.limited)
        yield self.bases

    def write(self, row: int) -> tuple[int, list[MeanLine]]:
        """Write the block from `row` on; return the row after it and the mean."""
        self.sheet.put(row, 0, self._title(), "section", span=self.columns)
        row = self._head(row + 1)
        for number, year in enumerate(self.ctx.figures.years):
            self.rows[year.year] = row + number
            self._year(row + number, year)
        last = row + len(self.rows)
        means = self._mean(last)
        self.sheet.tones((row, self.bases), (last, self.bases), "●▲■")
        return last + 2, means

    def _title(self) -> str:
        """Return the part as the newest form names it: "Chi bộ (mẫu 7A)"."""
        newest = self.ctx.figures.years[-1]
        form = self.ctx.facts.catalogue.form_for(newest.scheme.scheme, Period(newest.year, 1, 12))
        found = form.title_of(self.part.section, self.ctx.lang) if form else ""
        return bare(found) or self.part.title.of(self.ctx.lang)

    def cell(self, row: int, name: str) -> str:
        """Return the cell of a count."""
        return str(xl_rowcol_to_cell(row, FIRST_COUNT + self.counts.index(name)))

    def _head(self, row: int) -> int:
        put, t = self.sheet.put, self.ctx.t
        for column, name in enumerate(("year", "scheme", "reported", "expected")):
            put(row, column, t(f"column.{name}"), "head", rows=2)
        for column, name in enumerate(self.counts, FIRST_COUNT):
            put(row, column, self._count_title(name), "head", rows=2)
        put(row, self.base, t("column.base"), "head", rows=2)
        for line in self.part.lines:
            names = ("on_base", "on_rated", "limit")[: 2 + (line.id in self.limited)]
            column, title = self.column(line.id), line.title.of(self.ctx.lang)
            said = t("classification.share", line=title)
            put(row, column, said, "head", span=len(names))
            for offset, name in enumerate(names):
                put(row + 1, column + offset, t(f"column.{name}"), "head")
        put(row, self.bases, t("column.bases"), "head", rows=2)
        for column in range(self.columns):
            put(row + 2, column, self._number(column), "column_number")
        self.sheet.height(row, 40)
        self.sheet.height(row + 1, 53)
        self.sheet.height(row + 2, 38)
        return row + 3

    def _number(self, column: int) -> str | int:
        """Return a column's number, of a share with its formula in words: ``13 = 9×100/12``."""
        for line in self.part.lines:
            offset = column - self.column(line.id)
            if offset in (0, 1):
                part = "+".join(self._named(grade) for grade in line.grades)
                whole = str(self.base + 1) if offset == 0 else self._named("rated")
                part = f"({part}) " if "+" in part else part  # a blank, to break the line at
                return f"{column + 1} = {part}×100/{whole}"
        return column + 1

    def _named(self, count: str) -> str:
        return str(FIRST_COUNT + self.counts.index(count) + 1)

    def _count_title(self, name: str) -> str:
        """Return a grade in the wording of the heading; other counts by their form."""
        shorts = {grade.id: grade.short.of(self.ctx.lang) for grade in self.part.grades}
        return shorts.get(name) or self.table.headings[self.table.index(name)]

    def _year(self, row: int, year: ClassificationYear) -> None:
        put, section = self.sheet.put, self.part.section
        found = year.part(section)
        counts = found.counts if found else {}
        asked = f'{self.table.ref("year")},$A{row + 1},{self.table.ref("part")},"{section}"'
        put(row, 0, year.year, "center")
        put(row, _SCHEME, year.scheme.title.of(self.ctx.lang), "text")
        put(row, _REPORTED, Live(f"=COUNTIFS({asked})", self._reported(year)), "count")
        put(row, _EXPECTED, Live(self._expected(row, year), year.expected), "count")
        for column, name in enumerate(self.counts, FIRST_COUNT):
            named = self._mapped()[year.year, name] if name in self.grades else (name,)
            sums = "+".join(f"SUMIFS({self.table.ref(one)},{asked})" for one in named)
            value = sum(counts.get(one, 0) for one in named)
            put(row, column, Live(f"={sums or 0}", value), "count")
        base = "+".join(self.cell(row, name) for name in _BASE_OF[year.scheme.share_base])
        value = sum(counts.get(name, 0) for name in _BASE_OF[year.scheme.share_base])
        put(row, self.base, Live(f"={base}", value), "count")
        self._shares(row, year)

    def _reported(self, year: ClassificationYear) -> int:
        """Count the returns that hold this part."""
        wanted = year.year, self.part.section
        at = self.table.index("year"), self.table.index("part")
        return sum((row[at[0]], row[at[1]]) == wanted for row in self.table.rows)

    def _expected(self, row: int, year: ClassificationYear) -> str:
        """Return the formula of who owed a return: alive on the last day of the year."""
        form = self.ctx.facts.catalogue.form_for(year.scheme.scheme, Period(year.year, 1, 12))
        if form is None or not form.reporters:
            return "=0"
        table, end = self.organisations, f"DATE($A{row + 1},12,31)"
        types = ",".join(f'"{kind}"' for kind in form.reporters)
        of = f"COUNTIFS({table.ref('type')},{{{types}}}"
        later = f'{of},{table.ref("founded")},">"&{end})'
        ended = f'{of},{table.ref("ended")},"<="&{end})'
        return f"=SUMPRODUCT({of})-{later}-{ended})"

    def _shares(self, row: int, year: ClassificationYear) -> None:
        found = year.part(self.part.section)
        shares = {share.line: share for share in (found.shares if found else ())}
        for column in range(self.base + 1, self.columns):
            self.sheet.put(row, column, None, "tone_off")
        for line in self.part.lines:
            if line.id in shares:
                self._share(row, line, year.line(self.part.section, line), shares[line.id])
        if shares:
            self._two_bases(row, list(shares.values()))

    def _share(self, row: int, line: Line, judged: Line, share: ClassificationShare) -> None:
        column = self.column(line.id)
        part = "+".join(self.cell(row, grade) for grade in line.grades)
        for offset, whole, value in (
            (0, xl_rowcol_to_cell(row, self.base), share.share),
            (1, self.cell(row, "rated"), share.rated_share),
        ):
            formula = f'=IF({whole}=0,"",100*({part})/{whole})'
            self._percent(row, column + offset, formula, value, line)
        if (judged.limit_min, judged.limit_max) != (None, None):
            self.sheet.put(row, column + 2, None, "center")  # no document confirms the limit

    def _percent(
        self, row: int, column: int, formula: str, value: float | None, line: Line,
        look: str = "points",
    ) -> None:  # fmt: skip
        live = Live(formula, "" if value is None else value)
        self.sheet.put(row, column, live, look, number=percent(line.decimals))

    def _two_bases(self, row: int, shares: list[ClassificationShare]) -> None:
        """Write whether a share printed with its decimals depends on the base it is taken of."""
        same, differ = self.ctx.t("ratings/series.same"), self.ctx.t("ratings/series.differ")
        tests = []
        for line in self.part.lines:
            cells = (xl_rowcol_to_cell(row, self.column(line.id) + offset) for offset in (0, 1))
            tests.append("<>".join(f"ROUND({cell},{line.decimals})" for cell in cells))
        none = f"OR({xl_rowcol_to_cell(row, self.base)}=0,{self.cell(row, 'rated')}=0)"
        formula = f'=IF({none},"",IF(OR({",".join(tests)}),"{differ}","{same}"))'
        decimals = {line.id: line.decimals for line in self.part.lines}
        shown = [
            [printed(value, decimals[share.line]) for value in (share.share, share.rated_share)]
            for share in shares
        ]
        value = differ if any(one != other for one, other in shown) else same
        missing = any(None in pair for pair in shown)
        self.sheet.put(row, self.bases, Live(formula, "" if missing else value), "center")

    def _mean(self, row: int) -> list[MeanLine]:
        mean = self.ctx.figures.mean
        if mean is None:
            return []
        label = self.ctx.t("classification.mean", first=str(mean.first), last=str(mean.last))
        self.sheet.put(row, 0, label, "total_label", span=FIRST_COUNT)
        for column in range(FIRST_COUNT, self.columns):
            self.sheet.put(row, column, None, "total_count")
        found = []
        for line in self.part.lines:
            column, key = self.column(line.id), (self.part.section, line.id)
            share = mean.shares.get(key)
            self._percent(row, column, self._over_years(line, column, pooled_on=None), share, line,
                          "total_points")  # fmt: skip
            self._percent(row, column + 1, self._over_years(line, column + 1, pooled_on="rated"),
                          mean.rated_shares.get(key), line, "total_points")  # fmt: skip
            title = f"{self.part.title.of(self.ctx.lang)}: {line.title.of(self.ctx.lang)}"
            shown = self.sheet.live(row, column, "" if share is None else share)
            found.append(MeanLine(title, shown, line.decimals))
        return found

    def _over_years(self, line: Line, column: int, pooled_on: str | None) -> str:
        """Return the mean of the yearly shares, or of the pooled counts, as the scheme says."""
        rows = [self.rows[year.year] for year in self.ctx.figures.years if self._in_mean(year)]
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

    def _in_mean(self, year: ClassificationYear) -> bool:
        mean = self.ctx.figures.mean
        known = year.part(self.part.section) is not None
        return known and mean is not None and mean.first <= year.year <= mean.last


def printed(share: float | None, decimals: int) -> Decimal | None:
    """Return a share as printed: rounded half up, as a spreadsheet does.

    >>> printed(19.047619, 2), printed(0.125, 2)
    (Decimal('19.05'), Decimal('0.13'))
    """
    if share is None:
        return None
    return Decimal(repr(share)).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
