"""Chỉ tiêu dự sinh hoạt: a block for each quota, a line for each officer (or officer and cell).

Counts are sums over the table of visits, months of duty come from the assignments, months still
open from the block of officers by cell: every figure is a formula. What the state goes by stands
there in whole numbers, as it is judged; months and exact numbers are folded away. Nothing bounds
the sittings of a month, so that what may still be attended is said of one meeting a month only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import groupby
from operator import attrgetter

from xlsxwriter.utility import xl_rowcol_to_cell

from mlay_batch.core.styles import TONES
from mlay_batch.figures.attendance import Duty, duties
from mlay_batch.figures.report_records import QuotaLine
from mlay_batch.report import letterhead
from mlay_batch.report.data.data_sheets import DataTables
from mlay_batch.report.data.trends_data import OfficerFigures
from mlay_batch.report.data.windows_data import ROUNDING_FUNCTIONS, owed_in
from mlay_batch.report.formulas import cell, fixed, quote
from mlay_batch.report.listing import NONE, Column, Heads, Listing, number_column, titled_column
from mlay_batch.report.report_context import ReportContext
from mlay_batch.report.sheets import officer_cell_block, quota_outlook, quota_year, visit_words
from mlay_batch.report.sheets.officer_cell_block import PairCells
from mlay_batch.report.tables import DataTable
from mlay_batch.report.writer import Formula, SheetWriter
from mlay_batch.schema import Quota, QuotaSpan

_SPLIT = 5
_GAP = "\x01"  # where a figure stands in a text
_MONTHS = range(1, 13)
_TONE_BY_STATE = {
    "met": "good",
    "on_course": "fair",
    "unsettled": "off",
    "behind": "watch",
    "not_met": "bad",
    "unrated": "off",
}
STATES = tuple(_TONE_BY_STATE)
_SYMBOLS = "".join(dict.fromkeys(TONES[tone].symbol for tone in _TONE_BY_STATE.values()))


@dataclass(frozen=True)
class QuotaBlock:
    """Where a quota's states stand.

    Attributes:
        quota: the quota.
        states_range: the states' cells as formulas name them.
        line_states: the states in them.
        officers: what the officer of each line attended and owes.
        first_row: the first row below the headings.
        times_text: what is owed in which months where that changes within the year.
    """

    quota: Quota
    states_range: str
    line_states: tuple[str, ...]
    officers: tuple[OfficerFigures, ...]
    first_row: int
    times_text: str


@dataclass(frozen=True)
class _OfficerLine:
    """A row: an officer, or an officer in one cell.

    Attributes:
        figures: the figures.
        spans: the records of the quota by the months of the year in which they apply.
        parameters: the months by number owed a year, each with the cell of that number.
    """

    figures: QuotaLine
    spans: tuple[QuotaSpan, ...]
    parameters: tuple[tuple[QuotaSpan, str], ...]

    @property
    def branch_code(self) -> str | None:
        """The one cell the quota is owed in; None where it is owed in all together."""
        return owed_in(self.figures)


def state_text(ctx: ReportContext, state: str) -> str:
    """Return a state as symbol and word."""
    return f"{TONES[_TONE_BY_STATE[state]].symbol} {ctx.state_title('quota', state)}"


@dataclass(frozen=True)
class _QuotaPlace:
    """Where a quota's block stands.

    Attributes:
        lines: its figures.
        spans: the records of the quota by the months of the year in which they apply.
        times_spans: the same, with neighbours that ask for the same number made one.
        row: its first row.
        heads: its headings, of which only the first block has any: all have the same columns.
    """

    lines: tuple[QuotaLine, ...]
    spans: tuple[QuotaSpan, ...]
    times_spans: tuple[QuotaSpan, ...]
    row: int
    heads: Heads

    @property
    def changes(self) -> bool:
        """Whether what is asked for changes within the year."""
        return [(span.first, span.last) for span in self.times_spans] != [(1, 12)]

    @property
    def head_row(self) -> int:
        """The row after its title and what is owed, where its headings begin."""
        return self.row + max(len(self.times_spans), 2 if self.changes else 1)

    @property
    def end_row(self) -> int:
        """The row after its lines and their totals."""
        return self.head_row + self.heads.rows + len(self.lines) + 1


def write(ctx: ReportContext, sheet: SheetWriter, data: DataTables) -> tuple[QuotaBlock, ...]:
    """Write the sheet, the officers by cell below; return where each quota's states stand."""
    places, notes = tuple(_places(ctx)), tuple(_notes(ctx, data))
    pair_cells = officer_cell_block.PairCells(sheet)
    columns = tuple(_QuotaColumns(ctx, data, pair_cells).all())
    listings = [
        Listing(ctx, sheet, columns, _SPLIT, place.head_row, heads=place.heads) for place in places
    ]
    listings[0].write_title(ctx.t("title.quota"))
    foot_row = places[-1].end_row
    pairs_end = officer_cell_block.write(ctx, sheet, data, foot_row + len(notes) + 4, pair_cells)
    blocks = tuple(map(_write_block, listings, places))
    listings[-1].next_row = foot_row + 1
    listings[-1].write_notes(notes)
    listings[-1].write_signatures()
    listings[0].set_up_page(pairs_end, frozen=3)
    return blocks


def _places(ctx: ReportContext) -> Iterator[_QuotaPlace]:
    """Yield where each quota's block stands, one below another."""
    row, heads = letterhead.TABLE_ROW, Heads()
    for _, group in groupby(ctx.figures.quota, key=lambda line: line.quota.quota):
        lines = tuple(group)
        spans = quota_year.spans(ctx, lines[0].quota)
        times_spans = quota_year.join_alike(spans, attrgetter("times", "window"))
        place = _QuotaPlace(lines, spans, times_spans, row, heads)
        row, heads = place.end_row, Heads(titles=0, is_numbered=False)
        yield place


def _notes(ctx: ReportContext, data: DataTables) -> Iterator[str]:
    """Yield how each quota is read, which its source leaves open, and how the sheet is."""
    yield ctx.t("legend")
    yield ctx.t("folded.columns")
    for quota in dict.fromkeys(line.quota for line in ctx.figures.quota):
        rule = ctx.t(f"visits/quota.per.{quota.per}", title=quota.title.of(ctx.lang))
        months = ctx.t(f"visits/quota.months_by.{quota.months_by}")
        yield ctx.t("visits/quota.reading", rule=rule, months=months)
    yield ctx.t("visits/quota.how")
    yield from visit_words.slip_notes(ctx)
    if data.windows:
        yield ctx.t("visits/quota.windows")
    if any(line.open_months for line in ctx.figures.quota):
        yield ctx.t("visits/quota.unseen")


def _write_block(listing: Listing[_OfficerLine], place: _QuotaPlace) -> QuotaBlock:
    """Write a quota; return where its states stand."""
    ctx, quota = listing.ctx, place.lines[0].quota
    basis = ctx.t("visits/quota.basis", basis=_basis_text(ctx, place.spans))
    title, span = f"{quota.title.of(ctx.lang)} ({basis})", listing.position("due")
    listing.sheet.write(place.row, 0, title, "section", span=span)
    parameters = _write_parameters(listing, place)
    times_note = _times_formula(ctx, parameters) if place.changes else None
    if times_note:
        listing.sheet.write(place.row + 1, 0, times_note, "note", span=span)
    listing.write_heads()
    lines = [_OfficerLine(line, place.spans, parameters) for line in place.lines]
    listing.write_rows(lines)
    listing.write_totals(lines)
    states = listing.sheet_range("result")
    line_states = tuple(line.state for line in place.lines)
    times_text = str(times_note.value) if times_note else ""
    officers = tuple(_officer_figures(listing, place.lines))
    return QuotaBlock(quota, states, line_states, officers, listing.first_row, times_text)


def _officer_figures(
    listing: Listing[_OfficerLine], quota_lines: Iterable[QuotaLine]
) -> Iterator[OfficerFigures]:
    """Yield what each line, written from the first row on, says was attended and is owed."""
    reference = listing.sheet.reference
    attended, obligation = map(listing.position, ("sure", "obligation"))
    for row, line in enumerate(quota_lines, listing.first_row):
        attended_cell = reference(row, attended, line.attended)
        yield OfficerFigures(line, attended_cell, reference(row, obligation, line.obligation))


def _write_parameters(
    listing: Listing[_OfficerLine], place: _QuotaPlace
) -> tuple[tuple[QuotaSpan, str], ...]:
    """Write the numbers owed a year; return the cell of each after its months."""
    ctx, write, parameters = listing.ctx, listing.sheet.write, []
    label_column, column = listing.position("due"), listing.position("result")
    for number, span in enumerate(place.times_spans, place.row):
        window = ctx.t(f"window.{span.quota.window}")
        label = ctx.t("quota.times", window=window)
        if place.changes:
            months = quota_year.months_text(ctx, span)
            label = ctx.t("visits/quota.times", window=window, months=months)
        write(number, label_column, label, "plain_right", span=column - label_column)
        write(number, column, span.quota.times, "parameter")
        parameters.append((span, str(xl_rowcol_to_cell(number, column, True, True))))
    return tuple(parameters)


def _basis_text(ctx: ReportContext, spans: tuple[QuotaSpan, ...]) -> str:
    """Return what the quota rests on, with the months where that changes within the year."""
    basis_spans = quota_year.join_alike(spans, lambda record: record.basis)
    parts = (
        ("; ".join(span.quota.basis), quota_year.months_text(ctx, span)) for span in basis_spans
    )
    return "; ".join(f"{basis} {months}".strip() for basis, months in parts)


def _times_formula(ctx: ReportContext, parameters: Sequence[tuple[QuotaSpan, str]]) -> Formula:
    """Return which number holds in which months."""
    words = [
        ctx.t(
            "visits/quota.asks",
            window=ctx.t(f"window.{span.quota.window}"),
            months=quota_year.months_text(ctx, span),
        )
        for span, _ in parameters
    ]
    formula = '&"; "&'.join(
        f"{parameter}&{quote(f' {word}')}"
        for (_, parameter), word in zip(parameters, words, strict=True)
    )
    value = "; ".join(
        f"{span.quota.times} {word}" for (span, _), word in zip(parameters, words, strict=True)
    )
    return Formula(f"={formula}", value)


@dataclass(frozen=True)
class _QuotaColumns:
    """The columns of the sheet.

    Attributes:
        ctx: the workbook.
        data: the tables the formulas count over.
        pair_cells: where each officer's figures by cell stand, once these are written.
    """

    ctx: ReportContext
    data: DataTables
    pair_cells: PairCells

    def all(self) -> Iterator[Column[_OfficerLine]]:
        """Yield the columns."""
        column = partial(titled_column, self.ctx)
        yield number_column(self.ctx, 4)
        yield column("column.officer", 7.5, attrgetter("figures.officer"), "center")
        yield column("column.officer_name", 18, attrgetter("figures.name"))
        yield column("column.position", 23, attrgetter("figures.position"))
        yield column("column.assigned", 41, self._assigned)
        yield from map(self._month_column, _MONTHS)
        for key in ("served", "served_year"):
            formula = partial(self._served_formula, only_past=key == "served")
            value, group = attrgetter(f"figures.{key}"), self.ctx.t("quota.served")
            yield column(
                f"column.{key}", 11, value, _months_look, formula, group=group, folded=True
            )
        owed = attrgetter("figures.owed")
        yield column("column.owed", 14, owed, "owed", self._owed_formula, folded=True)
        yield from self._counts()
        yield from self._results()

    def _counts(self) -> Iterator[Column[_OfficerLine]]:
        """Yield what is due, attended and missing: whole numbers, by which the state goes."""
        count = partial(titled_column, self.ctx, look="count", total=True)
        so_far, year = (
            self.ctx.t("visits/column.so_far"),
            f"SUM({cell('month1')}:{cell('month12')})",
        )
        for key, width, name, formula, group in (
            ("visits/column.due", 7.5, "due", self._due_formula, so_far),
            ("visits/column.sure", 7.5, "attended", year, so_far),
            ("visits/column.unsettled", 9, "unsettled", self._unsettled_formula, so_far),
            ("column.obligation", 7, "obligation", self._obligation_formula, ""),
            ("column.missing", 7, "missing", self._missing_formula, ""),
        ):
            yield count(key, width, attrgetter(f"figures.{name}"), formula=formula, group=group)

    def _results(self) -> Iterator[Column[_OfficerLine]]:
        """Yield what that means, and what is left to do."""
        column = partial(titled_column, self.ctx)
        yield Column(
            "result",
            self.ctx.t("column.result"),
            15,
            lambda line: state_text(self.ctx, line.figures.state),
            self._state_formula,
            symbols=_SYMBOLS,
        )
        outlook = quota_outlook.Outlook(self.ctx, self.pair_cells)

        def text(line: _OfficerLine) -> str:
            return self._windows_text(line) if line.figures.windows else outlook.text(line)

        def formula(line: _OfficerLine) -> str:
            return self._windows_text_formula(line) or outlook.formula(line)

        yield column("visits/column.outlook", 31, text, formula=formula)
        yield column("visits/column.unvisited", 60, outlook.unvisited, folded=True)

    def _assigned(self, line: _OfficerLine) -> str:
        if line.branch_code:
            return self.ctx.name(line.branch_code)
        officer_duties = self._duties_by_officer.get(line.figures.officer, ())
        return "; ".join(quota_year.assignment_texts(self.ctx, line.spans, officer_duties))

    @cached_property
    def _duties_by_officer(self) -> Mapping[str, Sequence[Duty]]:
        return duties(self.ctx.inputs.register)

    def _month_column(self, month: int) -> Column[_OfficerLine]:
        """Return the counted visits of a month; where a quota is owed by cell, in that cell."""

        def formula(line: _OfficerLine) -> str:
            return self._certain_formula(line, month=str(month))

        return Column(
            f"month{month}",
            str(month),
            3.6,
            lambda line: line.figures.months[month - 1],
            formula,
            lambda line: "tone_off" if line.figures.months[month - 1] is None else "count",
            group=self.ctx.t("quota.months", year=str(self.ctx.figures.period.year)),
            total=True,
            total_value=partial(_month_total, month),
            folded=True,
        )

    def _certain_formula(self, line: _OfficerLine, **criteria: str) -> str:
        """Return the visits as `criteria` that certainly count, in all cells or in the one."""
        visits, least = self.data.attendance, f"least:{line.figures.quota.quota}"
        criteria["credited"] = fixed("officer")
        if line.branch_code:
            return visits.countifs(**criteria, branch=quote(line.branch_code), **{least: "1"})
        return f"ROUND({visits.sumifs(least, **criteria)},6)"

    def _unsettled_formula(self, line: _OfficerLine) -> str:
        criteria = {"credited": fixed("officer")}
        if line.branch_code:
            criteria["branch"] = quote(line.branch_code)
        counts = self.data.attendance.sumifs(f"counts:{line.figures.quota.quota}", **criteria)
        return f"{counts}-{cell('sure')}"

    def _served_formula(
        self, line: _OfficerLine, *, only_past: bool, only: QuotaSpan | None = None
    ) -> str:
        """Return how many months are owed, in all cells or in the one; `only` those of a span."""
        spans = [span for span in line.spans if only is None or span.first in only.months]
        criteria = {"officer": fixed("officer")}
        if line.branch_code:
            criteria["branch"] = quote(line.branch_code)
        return self.data.duties.served_formula(spans, only_past=only_past, **criteria)

    def _in_windows(self, line: _OfficerLine) -> Mapping[str, str]:
        """Return the conditions of the line's quarters or months in their table."""
        branch = {"branch": quote(line.branch_code)} if line.branch_code else {}
        return {"quota": quote(line.figures.quota.quota), "officer": fixed("officer"), **branch}

    def _owed_formula(self, line: _OfficerLine) -> str:
        if table := self._windows(line):
            return table.sumifs("owed", **self._in_windows(line))
        return f"{self._owed_sum(line, 'served')}/12"

    def _windows(self, line: _OfficerLine) -> DataTable | None:
        """Return the table of quarters or months; None for a quota owed in the year."""
        return self.data.windows if line.figures.windows else None

    def _windows_text(self, line: _OfficerLine, count: str = "") -> str:
        """Return how many quarters or months have less than is due by now; – for none."""
        short = sum(bool(window.state) for window in line.figures.windows)
        words = self.ctx.t("visits/outlook.windows", count=count or short)
        is_told = (short and line.figures.state != "unrated") or count
        return words if is_told else NONE

    def _windows_text_formula(self, line: _OfficerLine) -> str:
        if not (table := self._windows(line)):
            return ""
        found = table.countifs(**self._in_windows(line), window_result='"?*"')
        before, after = self._windows_text(line, _GAP).split(_GAP)
        unrated = f"{cell('result')}={quote(state_text(self.ctx, 'unrated'))}"
        words = f"{quote(before)}&{found}&{quote(after)}"
        return f"IF(OR({found}=0,{unrated}),{quote(NONE)},{words})"

    def _missing_formula(self, line: _OfficerLine) -> str:
        if table := self._windows(line):
            return table.sumifs("missing", **self._in_windows(line))
        return f"MAX(0,{cell('obligation')}-{cell('sure')})"

    def _obligation_formula(self, line: _OfficerLine) -> str:
        if table := self._windows(line):
            return table.sumifs("obligation", **self._in_windows(line))
        function = ROUNDING_FUNCTIONS[line.figures.quota.rounding]
        return f"{function}(ROUND({self._owed_sum(line, 'served_year')}/12,9),0)"

    def _owed_sum(self, line: _OfficerLine, served_column: str) -> str:
        """Return the sum over the months served of the number owed a year.

        `served_column` is the column that counts these months.
        """
        if len(line.parameters) == 1:
            return f"{line.parameters[0][1]}*{cell(served_column)}"
        only_past = served_column == "served"
        terms = (
            f"{parameter}*({self._served_formula(line, only_past=only_past, only=span)})"
            for span, parameter in line.parameters
        )
        return f"({'+'.join(terms)})"

    def _state_formula(self, line: _OfficerLine) -> str:
        """Return the state by the rules of `QuotaLine`, in the language of the workbook."""
        met, on_course, unsettled, behind, not_met, unrated = (
            quote(state_text(self.ctx, state)) for state in STATES
        )
        if table := self._windows(line):
            return self._worst_state_formula(line, table)
        out, to_come = (self._pair_cell(line, name) for name in ("months_out", "to_come"))
        sure, obligation, due = cell("sure"), cell("obligation"), cell("due")
        late = f"IF({out}+{to_come}>0,{behind},{not_met})"
        late = f"IF({sure}+{cell('unsettled')}>={due},{unsettled},{late})"
        state = f"IF({sure}>={obligation},{met},IF({sure}>={due},{on_course},{late}))"
        is_own = f"AND({self._may_count_formula(line)}=0,{sure}<{obligation})"
        return f"IF(OR({obligation}=0,{is_own}),{unrated},{state})"

    def _pair_cell(self, line: _OfficerLine, name: str) -> str:
        """Return the cell of a figure of the line's officer in his cells."""
        key = line.figures.quota.quota, line.figures.officer, line.branch_code
        return self.pair_cells.cell_of(name, *key)

    def _due_formula(self, line: _OfficerLine) -> str:
        """Return what is due by now in whole sittings: in each window that has begun."""
        if table := self._windows(line):
            to_come, owed, obligation = map(table.ref, ("to_come", "owed", "obligation"))
            tests = {**self._in_windows(line), "from_month": f"{self.ctx.figures.period.end.month}"}
            is_line = "*".join(
                f"({table.ref(name)}{'<=' if name == 'from_month' else '='}{test})"
                for name, test in tests.items()
            )
            due = f"({to_come}>0)*INT(ROUND({owed},9))+({to_come}=0)*{obligation}"
            return f"SUMPRODUCT({is_line}*({due}))"
        to_come = self._pair_cell(line, "to_come")
        return f"IF({to_come}>0,INT(ROUND({cell('owed')},9)),{cell('obligation')})"

    def _worst_state_formula(self, line: _OfficerLine, table: DataTable) -> str:
        """Return the state of the line's worst quarter or month."""
        state = quote(state_text(self.ctx, "on_course"))
        for of_window in ("unsettled", "behind", "not_met"):
            title = quote(self.ctx.state_title("quota", of_window))
            found = table.countifs(**self._in_windows(line), window_result=title)
            state = f"IF({found}>0,{quote(state_text(self.ctx, of_window))},{state})"
        met, unrated = (quote(state_text(self.ctx, name)) for name in ("met", "unrated"))
        obligation, missing = cell("obligation"), cell("missing")
        is_own = f"AND({self._may_count_formula(line)}=0,{missing}>0)"
        return f"IF(OR({obligation}=0,{is_own}),{unrated},IF({missing}=0,{met},{state}))"

    def _may_count_formula(self, line: _OfficerLine) -> str:
        """Return how many duties in a cell there are under which visits may count."""
        criteria = {"officer": fixed("officer"), "may_count": "1"}
        if line.branch_code:
            criteria["branch"] = quote(line.branch_code)
        roles = dict.fromkeys(span.quota.role for span in line.spans)
        countifs = self.data.duties.scope.countifs
        return "+".join(countifs(**criteria, role=quote(role)) for role in roles)


def _months_look(line: _OfficerLine) -> str:
    return quota_year.months_look(line.spans)


def _month_total(month: int, lines: Sequence[_OfficerLine]) -> int | None:
    """Return the counted visits of a month; None where it is to come or nobody served."""
    counts = [line.figures.months[month - 1] for line in lines]
    return None if all(count is None for count in counts) else sum(count or 0 for count in counts)
