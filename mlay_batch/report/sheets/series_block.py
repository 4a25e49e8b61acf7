"""A part of the yearly classification, or one kind of it, over the years: counts, shares, mean.

Counts are sums over the table of classification returns. Every share names its base. Where a
year's base is not the rated, it is shown on the rated too, because published figures mix the two.
A share is held against a target only if the office has declared one.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from xlsxwriter.utility import xl_col_to_name, xl_rowcol_to_cell

from mlay_batch.core.period import Period
from mlay_batch.core.text import round_half_up
from mlay_batch.figures.classified import (
    ClassificationMean,
    ClassificationShare,
    ClassificationYear,
)
from mlay_batch.report.data.data_sheets import DataTables
from mlay_batch.report.formats import percent_format
from mlay_batch.report.formulas import quote
from mlay_batch.report.listing import NONE
from mlay_batch.report.report_context import ReportContext, strip_number
from mlay_batch.report.sheets.classification_lines import (
    BASE_COUNTS,
    base_name,
    kind_title,
    mean_title,
)
from mlay_batch.report.writer import Formula, SheetWriter
from mlay_batch.schema.schemes import Line, Part

_SCHEME, _REPORTED, _EXPECTED, FIRST_COUNT = range(1, 5)
RESULT_WIDTH = 15


class YearSeries:
    """The table of a part or kind: a row for each year, and the mean of the latest ones."""

    def __init__(
        self, ctx: ReportContext, sheet: SheetWriter, data: DataTables, part: Part, kind: str = ""
    ) -> None:
        self.ctx, self.sheet, self.table, self.part = ctx, sheet, data.classification, part
        self.kind = kind
        self.section = f"{part.section}/{kind}" if kind else part.section
        self.organisations = data.organisations
        self.grade_ids = [grade.id for grade in part.grades]
        self.counts = (*self._other_counts(), *self.grade_ids)
        self.base_column = FIRST_COUNT + len(self.counts)
        self.base_name = base_name(ctx)
        self.share_columns = 1 if self.base_name == "rated" else 2
        self.target_lines = [line.id for line in part.lines if self._has_target(line)]
        self.bases_column = (
            self.base_column + 1 + self.share_columns * len(part.lines) + len(self.target_lines)
        )
        self.column_count = self.bases_column + self.share_columns - 1
        self.year_rows: dict[int, int] = {}

    def _other_counts(self) -> Iterator[str]:
        """Yield the counts that are no grades, as the forms of these years ask for them."""
        grades = {
            grade for mapped_grades in self._grades_by_year().values() for grade in mapped_grades
        }
        field_ids = {
            field.id
            for year in self.ctx.figures.years
            for form in self.ctx.inputs.catalogue.forms
            if form.form == year.scheme.scheme
            for section in form.sections
            if section.id == self.part.section
            for field in section.fields
        }
        names = (column.id for column in self.table.columns)
        return (name for name in names if name in field_ids - grades - set(self.grade_ids))

    def _grades_by_year(self) -> dict[tuple[int, str], tuple[str, ...]]:
        return {
            (year.year, grade): year.grades.get((self.part.section, grade), ())
            for year in self.ctx.figures.years
            for grade in self.grade_ids
        }

    def _has_target(self, line: Line) -> bool:
        """Whether the line has a target in any of the years."""
        years = self.ctx.figures.years
        return any(year.line(self.part.section, line).has_target for year in years)

    def line_column(self, line_id: str) -> int:
        """Return a line's first column: its share, any of the rated, then any target."""
        earlier_lines = [line.id for line in self.part.lines]
        earlier_lines = earlier_lines[: earlier_lines.index(line_id)]
        return (
            self.base_column
            + 1
            + self.share_columns * len(earlier_lines)
            + sum(line in self.target_lines for line in earlier_lines)
        )

    def wide_columns(self) -> Iterator[int]:
        """Yield the columns wide enough for a light: of targets, and of the two bases."""
        yield from map(self._target_column, self.target_lines)
        yield from range(self.bases_column, self.column_count)

    def _target_column(self, line_id: str) -> int:
        return self.line_column(line_id) + self.share_columns

    def write(self, row: int) -> int:
        """Write the block from `row` on; return the row after it."""
        self.sheet.write(row, 0, self._title(), "section", span=self.column_count)
        row = self._write_head(row + 1)
        for number, year in enumerate(self.ctx.figures.years):
            self.year_rows[year.year] = row + number
            self._write_year(row + number, year)
        last = row + len(self.year_rows)
        self._write_mean(last)
        for column in self.wide_columns():
            self.sheet.colour_states((row, column), (last, column), "●▲")
        return last + 2

    def _title(self) -> str:
        """Return the kind, or the part as the newest form names it: "Đảng viên (mẫu 7B)"."""
        if self.kind:
            return kind_title(self.ctx, self.part, self.kind)
        newest = self.ctx.figures.years[-1]
        form = self.ctx.inputs.catalogue.form_for(newest.scheme.scheme, Period(newest.year, 1, 12))
        title = form.title_of(self.part.section, self.ctx.lang) if form else ""
        return strip_number(title) or self.part.title.of(self.ctx.lang)

    def count_cell(self, row: int, name: str) -> str:
        """Return the cell of a count."""
        return str(xl_rowcol_to_cell(row, FIRST_COUNT + self.counts.index(name)))

    def _write_head(self, row: int) -> int:
        write, t = self.sheet.write, self.ctx.t
        for column, name in enumerate(("year", "scheme", "reported", "expected")):
            write(row, column, t(f"column.{name}"), "head", rows=2)
        for column, name in enumerate(self.counts, FIRST_COUNT):
            write(row, column, self._count_title(name), "head", rows=2)
        write(row, self.base_column, t("column.base"), "head", rows=2)
        for line in self.part.lines:
            names = [f"classification.of_{name}" for name in (self.base_name, "rated")]
            names = names[: self.share_columns]
            names += ["column.target"] if line.id in self.target_lines else []
            column, title = self.line_column(line.id), line.title.of(self.ctx.lang)
            share_title = t("classification.share", line=title)
            write(row, column, share_title, "head", span=len(names))
            for offset, name in enumerate(names):
                write(row + 1, column + offset, t(name), "head")
        if self.bases_column < self.column_count:
            write(row, self.bases_column, t("column.bases"), "head", rows=2)
        for column in range(self.column_count):
            write(row + 2, column, self._column_number(column), "column_number")
        self.sheet.set_height(row, 40)
        self.sheet.set_height(row + 1, 53)
        self.sheet.set_height(row + 2, 38)
        return row + 3

    def _column_number(self, column: int) -> str | int:
        """Return a column's number, of a share with its formula in words: ``13 = 9×100/12``."""
        for line in self.part.lines:
            offset = column - self.line_column(line.id)
            if offset in range(self.share_columns):
                numerator = "+".join(self._count_number(grade) for grade in line.grades)
                base = str(self.base_column + 1) if offset == 0 else self._count_number("rated")
                numerator = (
                    f"({numerator}) " if "+" in numerator else numerator
                )  # a blank, to break the line at
                return f"{column + 1} = {numerator}×100/{base}"
        return column + 1

    def _count_number(self, count: str) -> str:
        return str(FIRST_COUNT + self.counts.index(count) + 1)

    def _count_title(self, name: str) -> str:
        """Return a grade in the wording of the heading; other counts by their form."""
        shorts = {grade.id: grade.short.of(self.ctx.lang) for grade in self.part.grades}
        return shorts.get(name) or self.table.headings[self.table.index(name)]

    def _write_year(self, row: int, year: ClassificationYear) -> None:
        write, year_part = self.sheet.write, year.part(self.section)
        counts = year_part.counts if year_part else {}
        criteria = {"year": f"$A{row + 1}", "part": quote(self.part.section)}
        criteria |= {"type": quote(self.kind)} if self.kind else {}
        write(row, 0, year.year, "center")
        write(row, _SCHEME, year.scheme.title.of(self.ctx.lang), "text")
        reported = Formula(f"={self.table.countifs(**criteria)}", self._count_reported(year))
        write(row, _REPORTED, reported, "count")
        expected = year_part.expected if year_part else 0
        write(row, _EXPECTED, Formula(self._expected_formula(row, year), expected), "count")
        for column, name in enumerate(self.counts, FIRST_COUNT):
            count_ids = (
                self._grades_by_year()[year.year, name] if name in self.grade_ids else (name,)
            )
            sums = "+".join(self.table.sumifs(count_id, **criteria) for count_id in count_ids)
            value = sum(counts.get(count_id, 0) for count_id in count_ids)
            write(row, column, Formula(f"={sums or 0}", value), "count")
        base = "+".join(self.count_cell(row, name) for name in BASE_COUNTS[year.scheme.share_base])
        value = sum(counts.get(name, 0) for name in BASE_COUNTS[year.scheme.share_base])
        write(row, self.base_column, Formula(f"={base}", value), "count")
        self._write_shares(row, year)

    def _count_reported(self, year: ClassificationYear) -> int:
        """Count the returns that hold this part or kind."""
        key = {"year": year.year, "part": self.part.section}
        key |= {"type": self.kind} if self.kind else {}
        positions = [(self.table.index(name), value) for name, value in key.items()]
        return sum(
            all(row[position] == value for position, value in positions) for row in self.table.rows
        )

    def _expected_formula(self, row: int, year: ClassificationYear) -> str:
        """Return the formula of who owed a return: alive on the last day of the year."""
        form = self.ctx.inputs.catalogue.form_for(year.scheme.scheme, Period(year.year, 1, 12))
        if form is None or not form.reporters:
            return "=0"
        reporters = [kind for kind in form.reporters if self.kind in ("", kind)]
        end, types = f"DATE($A{row + 1},12,31)", ",".join(map(quote, reporters or [self.kind]))
        count = partial(self.organisations.countifs, type=f"{{{types}}}")
        later, ended = count(founded=f'">"&{end}'), count(ended=f'"<="&{end}')
        return f"=SUMPRODUCT({count()}-{later}-{ended})"

    def _write_shares(self, row: int, year: ClassificationYear) -> None:
        year_part = year.part(self.section)
        shares = {share.line: share for share in (year_part.shares if year_part else ())}
        for column in range(self.base_column + 1, self.column_count):
            self.sheet.write(row, column, NONE, "tone_off")
        for line in self.part.lines:
            year_line = year.line(self.part.section, line)
            if line.id in shares and year_line.grades:
                self._write_share(row, line, year_line, shares[line.id])
        if shares and self.bases_column < self.column_count:
            self._write_base_check(row, list(shares.values()))

    def _write_share(
        self, row: int, line: Line, year_line: Line, share: ClassificationShare
    ) -> None:
        column = self.line_column(line.id)
        numerator = "+".join(self.count_cell(row, grade) for grade in line.grades)
        on_bases = (
            (xl_rowcol_to_cell(row, self.base_column), share.share),
            (self.count_cell(row, "rated"), share.rated_share),
        )
        for offset, (denominator, value) in enumerate(on_bases[: self.share_columns]):
            formula = f"=IF({denominator}=0,{quote(NONE)},100*({numerator})/{denominator})"
            self._write_percent(row, column + offset, formula, value, line)
        if year_line.has_target:
            self._write_target(row, year_line, share)

    def _write_target(self, row: int, line: Line, share: ClassificationShare) -> None:
        """Write whether the share is what the office aims at; unconfirmed, it is no verdict."""
        state = "target" if line.confirmed else "target_unconfirmed"
        reached, failed = (self.ctx.t(f"ratings/{state}.{name}") for name in ("reached", "failed"))
        cell = xl_rowcol_to_cell(row, self.line_column(line.id))
        bounds = ((">=", line.target_min), ("<=", line.target_max))
        tests = ",".join(f"{cell}{sign}{value:g}" for sign, value in bounds if value is not None)
        result = f"IF(AND({tests}),{quote(reached)},{quote(failed)})"
        formula = f"=IF(ISNUMBER({cell}),{result},{quote(NONE)})"
        text = NONE if share.reaches_target is None else reached if share.reaches_target else failed
        self.sheet.write(row, self._target_column(line.id), Formula(formula, text), "center")

    def _write_percent(
        self,
        row: int,
        column: int,
        formula: str,
        value: float | None,
        line: Line,
        look: str = "points",
    ) -> None:
        content = Formula(formula, NONE if value is None else value)
        self.sheet.write(row, column, content, look, number_format=percent_format(line.decimals))

    def _write_base_check(self, row: int, shares: list[ClassificationShare]) -> None:
        """Write whether a share printed with its decimals depends on the base it is taken of."""
        same, differ = self.ctx.t("ratings/series.same"), self.ctx.t("ratings/series.differ")
        tests = []
        for line in self.part.lines:
            cells = (
                xl_rowcol_to_cell(row, self.line_column(line.id) + offset) for offset in (0, 1)
            )
            tests.append("<>".join(f"ROUND({cell},{line.decimals})" for cell in cells))
        no_base = (
            f"OR({xl_rowcol_to_cell(row, self.base_column)}=0,{self.count_cell(row, 'rated')}=0)"
        )
        result = f"IF(OR({','.join(tests)}),{quote(differ)},{quote(same)})"
        formula = f"=IF({no_base},{quote(NONE)},{result})"
        decimals = {line.id: line.decimals for line in self.part.lines}
        share_pairs = [
            [
                None if value is None else round_half_up(value, decimals[share.line])
                for value in (share.share, share.rated_share)
            ]
            for share in shares
        ]
        value = differ if any(on_base != on_rated for on_base, on_rated in share_pairs) else same
        missing = any(None in pair for pair in share_pairs)
        self.sheet.write(
            row, self.bases_column, Formula(formula, NONE if missing else value), "center"
        )

    def _write_mean(self, row: int) -> None:
        """Write the row of the mean below the years; a single year has none and stands for it.

        The years are those of which this block has figures.
        """
        mean = self.ctx.figures.classification_mean
        if mean and len(mean.years_of(self.section)) > 1:
            self._write_mean_row(row, mean)

    def _write_mean_row(self, row: int, mean: ClassificationMean) -> None:
        title = mean_title(self.ctx, mean.years_of(self.section))
        self.sheet.write(row, 0, title, "total_label", span=FIRST_COUNT)
        for column in range(FIRST_COUNT, self.column_count):
            self.sheet.write(row, column, NONE, "total_count")
        for line in self.part.lines:
            key = self.section, line.id
            on_bases = ((None, mean.shares.get(key)), ("rated", mean.rated_shares.get(key)))
            for offset, (pooled_on, share) in enumerate(on_bases[: self.share_columns]):
                column = self.line_column(line.id) + offset
                formula = self._mean_formula(line, column, pooled_on)
                self._write_percent(row, column, formula, share, line, "total_points")

    def _mean_formula(self, line: Line, column: int, pooled_on: str | None) -> str:
        """Return the mean of the yearly shares, or of the pooled counts, as the scheme says."""
        rows = [
            self.year_rows[year.year]
            for year in self.ctx.figures.years
            if self._is_in_mean(year) and year.line(self.part.section, line).grades
        ]
        if not rows:
            return f"={quote(NONE)}"
        if self.ctx.figures.years[-1].scheme.mean == "shares":
            letter = xl_col_to_name(column)
            cell_range = f"{letter}{rows[0] + 1}:{letter}{rows[-1] + 1}"
            return f"=IF(COUNT({cell_range})=0,{quote(NONE)},AVERAGE({cell_range}))"
        numerator = "+".join(self.count_cell(row, grade) for row in rows for grade in line.grades)
        denominator = "+".join(
            self.count_cell(row, pooled_on)
            if pooled_on
            else xl_rowcol_to_cell(row, self.base_column)
            for row in rows
        )
        return f"=IF({denominator}=0,{quote(NONE)},100*({numerator})/({denominator}))"

    def _is_in_mean(self, year: ClassificationYear) -> bool:
        mean = self.ctx.figures.classification_mean
        has_part = year.part(self.section) is not None
        return has_part and mean is not None and year.year in mean.years
