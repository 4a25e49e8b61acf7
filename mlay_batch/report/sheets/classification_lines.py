"""The lines of the yearly classification that the first sheet shows, and what they are called.

Each is the mean of the latest years, calculated over the table of classification returns by itself:
the sheets of the classification need not be in the workbook.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mlay_batch.core.text import begin_small
from mlay_batch.figures.classified import ClassificationMean, ClassificationYear
from mlay_batch.report.formulas import quote
from mlay_batch.report.listing import NONE
from mlay_batch.report.report_context import ReportContext, ReportWords
from mlay_batch.report.tables import DataTable
from mlay_batch.report.writer import Formula
from mlay_batch.schema.schemes import Line, Part

BASE_COUNTS = {"rated": ("rated",), "subject": ("rated", "not_rated"), "all": ("total",)}


@dataclass(frozen=True)
class MeanLine:
    """A line of the mean of several years.

    Attributes:
        title: what the share is of.
        share: the mean, in per cent.
        decimals: with how many decimals it is shown.
        years: those it is of.
        row_years: those of which there are figures of its part or kind.
    """

    title: str
    share: Formula
    decimals: int
    years: tuple[int, ...]
    row_years: tuple[int, ...]


def mean_lines(ctx: ReportContext, table: DataTable) -> Iterator[MeanLine]:
    """Yield the lines of every part, or of each of its kinds; nothing without a yearly return.

    `table` is that of the classification returns.
    """
    mean = ctx.figures.classification_mean
    if mean is None:
        return
    for part in parts(ctx):
        for kind in kinds(ctx, part):
            series = _MeanSeries(ctx, table, mean, part, kind)
            if series.years:
                yield from map(series.line, part.lines)


@dataclass(frozen=True)
class _MeanSeries:
    """A part or kind over the years."""

    ctx: ReportContext
    table: DataTable
    mean: ClassificationMean
    part: Part
    kind: str

    @property
    def section(self) -> str:
        """The section of the return, of a kind with the kind."""
        return section_of(self.part, self.kind)

    @property
    def years(self) -> tuple[int, ...]:
        """The years of the mean of which there are figures."""
        return self.mean.years_of(self.section)

    def line(self, line: Line) -> MeanLine:
        """Return a line with its words and its mean."""
        key = self.section, line.id
        title = line_title(self.ctx, self.part, self.kind, line)
        share = self.mean.shares.get(key)
        formula = Formula(f"={self._formula(line)}", NONE if share is None else share)
        years = self.mean.line_years.get(key, ())
        return MeanLine(title, formula, line.decimals, years, self.years)

    def _formula(self, line: Line) -> str:
        """Return the mean of the yearly shares, or of the pooled counts, as the scheme says.

        Years whose grades and base are counted in the same columns are counted together.
        """
        years_by_columns: dict[tuple[tuple[str, ...], ...], list[int]] = {}
        for year in self.ctx.figures.years:
            if year.year in self.mean.line_years.get((self.section, line.id), ()):
                columns = self._grades(year, line), BASE_COUNTS[year.scheme.share_base]
                years_by_columns.setdefault(columns, []).append(year.year)
        if not years_by_columns:
            return quote(NONE)
        sums = [
            tuple(self._sums(columns, years) for columns in both)
            for both, years in years_by_columns.items()
        ]
        if self.ctx.figures.years[-1].scheme.mean == "shares":
            shares = "+".join(f"SUMPRODUCT(({counts})/({bases}))" for counts, bases in sums)
            mean = f"({shares})/{sum(map(len, years_by_columns.values()))}"
        else:
            counts, bases = ("+".join(parts) for parts in zip(*sums, strict=True))
            mean = f"SUMPRODUCT({counts})/SUMPRODUCT({bases})"
        return f"IFERROR(100*{mean},{quote(NONE)})"

    def _grades(self, year: ClassificationYear, line: Line) -> tuple[str, ...]:
        """Return the grades of a line in the wording of the year."""
        section = self.part.section
        return tuple(grade for of in line.grades for grade in year.grades.get((section, of), ()))

    def _sums(self, columns: Sequence[str], years: Sequence[int]) -> str:
        """Return the sum of columns, for each of the years."""
        years_text = ",".join(map(str, years))
        criteria = {"year": f"{{{years_text}}}", "part": quote(self.part.section)}
        criteria |= {"type": quote(self.kind)} if self.kind else {}
        return "+".join(self.table.sumifs(column, **criteria) for column in columns) or "0"


def section_of(part: Part, kind: str) -> str:
    """Return the section of a part of the return, of a kind with the kind."""
    return f"{part.section}/{kind}" if kind else part.section


def line_title(words: ReportWords, part: Part, kind: str, line: Line) -> str:
    """Return what a line is a share of."""
    return words.t(
        "classification.line",
        part=kind_title(words, part, kind) if kind else part.title.of(words.lang),
        line=begin_small(line.title.of(words.lang)),
        base=begin_small(words.t(f"classification.of_{base_name(words)}")),
    )


def base_name(words: ReportWords) -> str:
    """Return what the shares are of, ``of_year`` where that differs from year to year."""
    bases = {year.scheme.share_base for year in words.figures.years}
    return bases.pop() if len(bases) == 1 else "of_year"


def parts(words: ReportWords) -> tuple[Part, ...]:
    """Return the parts of the scheme whose wording leads."""
    return words.figures.years[-1].heading.parts if words.figures.years else ()


def kinds(words: ReportWords, part: Part) -> list[str]:
    """Return the kinds of a part that are shown apart; one empty name where it is one whole."""
    prefix = f"{part.section}/"
    figures = [year_part for year in words.figures.years for year_part in year.parts]
    reported = dict.fromkeys(
        year_part.section.removeprefix(prefix)
        for year_part in figures
        if year_part.section.startswith(prefix)
        and (year_part.expected or any(year_part.counts.values()))
    )
    return list(reported) or [""]


def kind_title(words: ReportWords, part: Part, kind: str) -> str:
    """Return what a kind of the rated is called; a type the scheme does not list by its title."""
    titles = {listed.id: listed.title.of(words.lang) for listed in part.kinds}
    return (
        titles.get(kind)
        or words.choice_title("organisation_type", kind)
        or words.t("unknown_branch")
    )


def mean_title(words: ReportWords, years: Sequence[int]) -> str:
    """Return of which years a mean is; of one year it is that year's figure and no mean.

    "Bình quân 2016–2018", "Bình quân 2015, 2017, 2018", "Năm 2018".
    """
    return _of_years(words, "classification.mean", years)


def years_title(words: ReportWords) -> str:
    """Return which years a sheet of the classification shows; empty without any."""
    years = [year.year for year in words.figures.years]
    return _of_years(words, "classification.years", years) if years else ""


def _of_years(words: ReportWords, key: str, years: Sequence[int]) -> str:
    first, last = years[0], years[-1]
    if first == last:
        return words.t("classification.one_year", year=str(first))
    if last - first == len(years) - 1:
        return words.t(key, years=f"{first}–{last}")
    return words.t(key, years=", ".join(map(str, years)))
