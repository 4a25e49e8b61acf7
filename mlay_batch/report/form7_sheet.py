"""Mẫu 7A, 7B: the classification of each year in its own wording, by type of organisation.

7A are the organisations and their cells, 7B the members: all = exempt + not yet rated + rated, and
the rated split into the grades. The newest year comes first; caps on a grade stand below its year.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from xlsxwriter.utility import xl_rowcol_to_cell

from mlay_batch.figures.classified import ClassificationYear
from mlay_batch.period import Period
from mlay_batch.report import caps_block, official
from mlay_batch.report.book import Live, Sheet
from mlay_batch.report.context import Context, bare
from mlay_batch.report.data_sheets import Data
from mlay_batch.report.looks import percent
from mlay_batch.report.tables import Table
from mlay_batch.schema import Form
from mlay_batch.schema.ids import CLASSIFICATION
from mlay_batch.schema.schemes import Grade

_NAME, _TOTAL, _EXEMPT, _NOT_RATED, _RATED, _RATE, _FIRST_GRADE = range(1, 8)
_SPLIT = 5
_CHECK_WIDTH = 13


def write(ctx: Context, sheet: Sheet, data: Data) -> None:
    """Write the sheet."""
    years = tuple(reversed(ctx.figures.years))
    most = max((len(part.grades) for y in years for part in y.scheme.parts), default=4)
    check = _FIRST_GRADE + 2 * most
    sheet.widths((5, 34, *([8.5] * (check - 2)), _CHECK_WIDTH))
    official.heading(ctx, sheet, check + 1, _SPLIT, ctx.t("ratings/form7.title"),
                     provisional=ctx.figures.waits_for(CLASSIFICATION))  # fmt: skip
    row, breaks = official.TABLE_ROW, []
    for year in years:
        breaks += [row] if year is not years[0] else []
        row = _year(ctx, sheet, data, year, row, check)
        below = _caps(ctx, sheet, data, year, row)
        breaks += [row] if below > row else []
        row = below
    if not years:
        sheet.put(row, 0, ctx.t("classification.none"), "note", span=check + 1)
        row += 1
    last = official.signatures(ctx, sheet, row, check + 1, _SPLIT)
    sheet.raw.set_h_pagebreaks(breaks)
    sheet.raw.freeze_panes(official.TABLE_ROW, 2)
    sheet.print_as(landscape=True, last=(last, check))


def _year(
    ctx: Context, sheet: Sheet, data: Data, year: ClassificationYear, row: int, check: int
) -> int:
    """Write the forms of one year from `row` on; return the row after them."""
    scheme = year.scheme.title.of(ctx.lang)
    title = ctx.t("ratings/form7.year", year=str(year.year), scheme=scheme)
    sheet.put(row, 0, title, "section", span=check + 1)
    row += 1
    for block in _blocks(ctx, year):
        row = _Written(ctx, sheet, data.classification, year, block, check).write(row)
    return row


def _caps(ctx: Context, sheet: Sheet, data: Data, year: ClassificationYear, row: int) -> int:
    """Write the caps the year knew, on a page of their own; return the row after them."""
    for part in year.scheme.parts:
        row = caps_block.write(ctx, sheet, data.classification, (year, part), row)
    return row


@dataclass(frozen=True)
class _Block:
    """What one form counts: `section` of the yearly return, by type; `own` counts organisations."""

    section: str
    title: str
    unit: str
    grades: tuple[Grade, ...]
    counts: Mapping[str, Mapping[str, int]]
    exempt: bool
    own: bool


def _blocks(ctx: Context, year: ClassificationYear) -> Iterator[_Block]:
    form = ctx.facts.catalogue.form_for(year.scheme.scheme, Period(year.year, 1, 12))
    section, _ = year.scheme.own_path()
    if section and year.organisations and year.scheme.parts:
        grades = year.scheme.parts[0].grades
        unit = ctx.t("ratings/form7.organisations")
        title = _title(ctx, form, section)
        yield _Block(section, title, unit, grades, year.organisations, exempt=False, own=True)
    for part in year.scheme.parts:
        found = year.part(part.section)
        yield _Block(
            part.section,
            _title(ctx, form, part.section) or part.title.of(ctx.lang),
            _unit(ctx, form, part.section),
            part.grades,
            found.by_type if found else {},
            exempt=_asks(form, part.section, "exempt"),
            own=False,
        )


def _title(ctx: Context, form: Form | None, section: str) -> str:
    return bare(form.title_of(section, ctx.lang)) if form else ""


def _asks(form: Form | None, section: str, field_id: str) -> bool:
    fields = next((s.fields for s in form.sections if s.id == section), ()) if form else ()
    return any(field.id == field_id for field in fields)


def _unit(ctx: Context, form: Form | None, section: str) -> str:
    """Return the unit the form counts in, as its total has it."""
    if form is None or not _asks(form, section, "total"):
        return ""
    unit = form.section(section).field("total").unit
    return unit.of(ctx.lang) if unit else ""


class _Written:
    """One form being written: a row for each type of organisation, and their sum."""

    def __init__(
        self, ctx: Context, sheet: Sheet, table: Table, year: ClassificationYear, block: _Block,
        check: int,
    ) -> None:  # fmt: skip
        self.ctx, self.sheet, self.table, self.year, self.block = ctx, sheet, table, year, block
        self.check = check
        counts = [_TOTAL, *([_EXEMPT] if block.exempt else []), _NOT_RATED, _RATED]
        self.numbers = {column: number for number, column in enumerate(
            (*counts, _RATE, *range(_FIRST_GRADE, _FIRST_GRADE + 2 * len(block.grades))), 1
        )}  # fmt: skip
        names = {_TOTAL: "total", _EXEMPT: "exempt", _NOT_RATED: "not_rated", _RATED: "rated"}
        self.names = {column: names[column] for column in counts} | {
            _FIRST_GRADE + 2 * place: grade.id for place, grade in enumerate(block.grades)
        }

    def write(self, row: int) -> int:
        """Write the form from `row` on; return the row after it."""
        t, block = self.ctx.t, self.block
        self.sheet.put(row, 0, block.title, "plain_bold", span=_FIRST_GRADE)
        unit = t("ratings/form7.unit", unit=block.unit) if block.unit else ""
        span = self.check + 1 - _FIRST_GRADE
        self.sheet.put(row, _FIRST_GRADE, unit, "plain_right", span=span)
        row = self._head(row + 1)
        first = row
        for number, kind in enumerate(self._types(), 1):
            self._line(row, number, kind)
            row += 1
        self._total(row, first)
        self.sheet.tones((first, self.check), (row, self.check), "●■")
        return row + 2

    def _types(self) -> tuple[str, ...]:
        """Return the types that reported, in the order the form names its reporters."""
        period = Period(self.year.year, 1, 12)
        form = self.ctx.facts.catalogue.form_for(self.year.scheme.scheme, period)
        order = dict.fromkeys([*(form.reporters if form else ()), *self.block.counts])
        return tuple(kind for kind in order if kind in self.block.counts)

    def _head(self, row: int) -> int:
        t, put = self.ctx.t, self.sheet.put
        wide = 1 if self.block.exempt else 2
        put(row, 0, t("ratings/form7.number"), "head", rows=2)
        put(row, _NAME, t("ratings/form7.type"), "head", rows=2)
        put(row, _TOTAL, t("ratings/form7.total"), "head", rows=2, span=wide)
        if self.block.exempt:
            put(row, _EXEMPT, t("ratings/form7.exempt"), "head", rows=2)
        put(row, _NOT_RATED, t("ratings/form7.not_rated"), "head", rows=2)
        put(row, _RATED, t("ratings/form7.rated"), "head", span=2)
        for place, grade in enumerate(self.block.grades):
            put(row, _FIRST_GRADE + 2 * place, grade.title.of(self.ctx.lang), "head", span=2)
        for column in range(_RATED, self._after()):
            put(row + 1, column, t(f"ratings/form7.{self._pair(column)}"), "head")
        put(row, self.check, t("ratings/form7.check"), "head", rows=2)
        self._numbers(row + 2, wide)
        self.sheet.height(row, 42)
        return row + 3

    def _after(self) -> int:
        return _FIRST_GRADE + 2 * len(self.block.grades)

    def _pair(self, column: int) -> str:
        return "count" if column in self.names else "share"

    def _numbers(self, row: int, wide: int) -> None:
        """Write the columns' numbers, shares with their formula in words: ``5 = 4×100/1``."""
        put = self.sheet.put
        put(row, 0, "A", "column_number")
        put(row, _NAME, "B", "column_number")
        for column, number in self.numbers.items():
            said: str | int = number
            if column not in self.names:
                whole = self.numbers[_TOTAL if column == _RATE else _RATED]
                said = f"{number} = {self.numbers[column - 1]}×100/{whole}"
            put(row, column, said, "column_number", span=wide if column == _TOTAL else 1)
        put(row, self.check, None, "column_number")
        self.sheet.height(row, 27)

    def _line(self, row: int, number: int, kind: str) -> None:
        put, counts = self.sheet.put, self.block.counts[kind]
        put(row, 0, number, "center")
        title = self.ctx.choice("organisation_type", kind) or self.ctx.t("unknown_branch")
        put(row, _NAME, title, "text")
        for column, name in self.names.items():
            self._put(row, column, Live(self._counted(name, kind), counts.get(name, 0)), "count")
        self._shares(row, counts, "points")

    def _total(self, row: int, first: int) -> None:
        types = self.block.counts.values()
        sums = {name: sum(one.get(name, 0) for one in types) for name in self.names.values()}
        self.sheet.put(row, 0, self.ctx.t("total"), "total_label", span=2)
        for column, name in self.names.items():
            over = f"{xl_rowcol_to_cell(first, column)}:{xl_rowcol_to_cell(row - 1, column)}"
            formula = f"=SUM({over})" if row > first else "=0"
            self._put(row, column, Live(formula, sums[name]), "total_count")
        self._shares(row, sums, "total_points")

    def _put(self, row: int, column: int, live: Live, look: str) -> None:
        wide = 2 if column == _TOTAL and not self.block.exempt else 1
        self.sheet.put(row, column, live, look, span=wide)

    def _counted(self, name: str, kind: str) -> str:
        """Return the formula of a count of one type, over the table of yearly returns."""
        table = self.table
        asked = (
            f"{table.ref('year')},{self.year.year},{table.ref('part')},"
            f'"{self.block.section}",{table.ref("type")},"{kind}"'
        )
        if not self.block.own:
            return f"=SUMIFS({table.ref(name)},{asked})"
        counted = f"COUNTIFS({asked}"
        rated = f'{counted},{table.ref("own_grade")},">0")'
        ranks = {grade.id: rank for rank, grade in enumerate(self.block.grades, 1)}
        return "=" + {"total": f"{counted})", "rated": rated,
                      "not_rated": f"{counted})-{rated}"}.get(
            name, f"{counted},{table.ref('own_grade')},{ranks.get(name, 0)})"
        )  # fmt: skip

    def _shares(self, row: int, counts: Mapping[str, int], look: str) -> None:
        for column in self.numbers:
            if column not in self.names:
                of = _TOTAL if column == _RATE else _RATED
                part, whole = counts[self.names[column - 1]], counts[self.names[of]]
                cells = xl_rowcol_to_cell(row, column - 1), xl_rowcol_to_cell(row, of)
                formula = f'=IF({cells[1]}=0,"",100*{cells[0]}/{cells[1]})'
                live = Live(formula, 100 * part / whole if whole else "")
                self.sheet.put(row, column, live, look, number=percent(2))
        self._reconciled(row, counts)

    def _reconciled(self, row: int, counts: Mapping[str, int]) -> None:
        """Write whether the row adds up: the whole from its parts, the rated from the grades."""
        columns = {name: xl_rowcol_to_cell(row, column) for column, name in self.names.items()}
        grades = [grade.id for grade in self.block.grades]
        parts = [name for name in columns if name not in grades and name != "total"]
        tests = ((("total"), parts), ("rated", grades))
        formula = ",".join(
            f"{columns[whole]}={'+'.join(columns[name] for name in names)}"
            for whole, names in tests
        )
        kept, broken = self.ctx.t("reconciles"), self.ctx.t("reconciles_not")
        adds = all(counts[whole] == sum(counts[name] for name in names) for whole, names in tests)
        live = Live(f'=IF(AND({formula}),"{kept}","{broken}")', kept if adds else broken)
        self.sheet.put(row, self.check, live, "center")
