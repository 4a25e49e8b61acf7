"""Lỗi: what is wrong in the returns of the period, errors first, in words a clerk can pass on.

Shown are the returns of this period, and what was refused while they were collected and names no
period: each such file is counted in one month alone, that before the month it was received in.
What was refused then and is for another period stands below, and is not counted. A refused return
that was sent again and accepted is settled, and no longer shown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import chain
from operator import attrgetter

from mlay_batch.core.findings import Finding, Place, Severity, cell_ranges
from mlay_batch.core.messages import Message, explain
from mlay_batch.core.period import Period
from mlay_batch.core.styles import TONES
from mlay_batch.figures.report_records import Figures, ReportInputs
from mlay_batch.figures.return_findings import ReturnFinding, answered
from mlay_batch.model.answers import GivenAnswer
from mlay_batch.model.records import LedgerEntry, Verdict
from mlay_batch.report.formulas import quote
from mlay_batch.report.indicator_text import indicator_message
from mlay_batch.report.listing import NONE, Column, Heads, Listing, number_column, titled_column
from mlay_batch.report.report_context import ReportContext
from mlay_batch.report.sheets import rules_block
from mlay_batch.report.writer import Formula, SheetWriter
from mlay_batch.schema import Form

_SPLIT = 4
_ORDER = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.TRIAL: 2}
EXPLAINED_MARK, OPEN_MARK = TONES["good"].symbol, TONES["fair"].symbol
SYMBOLS = EXPLAINED_MARK + OPEN_MARK
"""What the words on an answer begin with: that it was given, that it was not."""
_TONE_BY_SEVERITY = {Severity.ERROR: "bad", Severity.WARNING: "watch", Severity.TRIAL: "fair"}


@dataclass(frozen=True)
class Problem:
    """Findings of one return that say the same.

    Attributes:
        entry: the ledger entry of the return.
        finding: the first of them.
        message: what they say.
        cells: all the cells they stand in: ``C5:C9, D12``.
        answered: the findings with the answers to them.
    """

    entry: LedgerEntry
    finding: Finding
    message: Message
    cells: str
    answered: tuple[ReturnFinding, ...] = ()

    @property
    def is_explained(self) -> bool:
        """Whether it may be explained, and all of it is."""
        return any(x.asks for x in self.answered) and not any(x.is_open for x in self.answered)


@dataclass(frozen=True)
class ErrorCounts:
    """How many problems there are, as formulas of other sheets.

    Attributes:
        errors: those that refused a return.
        warnings: those that did not.
        explained: of the warnings those that were explained.
        unexplained: those that wait for an answer.
    """

    errors: Formula
    warnings: Formula
    explained: Formula
    unexplained: Formula


def write(ctx: ReportContext, sheet: SheetWriter) -> ErrorCounts:
    """Write the sheet; return its counts."""
    period_problems: list[Problem] = []
    other_problems: list[Problem] = []
    for problem in chain(problems(ctx), _trial_problems(ctx)):
        is_of_period = _is_of_period(ctx.figures, problem.entry)
        (period_problems if is_of_period else other_problems).append(problem)
    columns = tuple(_columns(ctx))
    listing = Listing(ctx, sheet, columns, _SPLIT, heads=Heads(titles=1))
    listing.write_letterhead(ctx.t("title.errors"))
    listing.write_rows(period_problems)
    if listing.is_empty:
        listing.write_note(ctx.t("errors.none"), "quiet")
        listing.end_row = listing.next_row  # the filter takes the line for a row
    listing.write_filter("delivery")
    if any(problem.entry.period is None for problem in period_problems):
        listing.write_note(ctx.t("errors.unknown"))
    last = listing.next_row - 1
    if other_problems:
        last = _write_other_problems(ctx, sheet, columns, last + 2, other_problems)
    last = rules_block.write(ctx, sheet, last + 2, _SPLIT)
    listing.set_up_page(last + 1, frozen=3)
    return _count(ctx, listing, period_problems)


def _count(
    ctx: ReportContext, listing: Listing[Problem], period_problems: Sequence[Problem]
) -> ErrorCounts:
    """Return the counts of the list, as formulas."""
    severities, answers = listing.sheet_range("severity"), listing.sheet_range("answer")

    def count(cells: str, words: str, number: int) -> Formula:
        return Formula(f"=COUNTIF({cells},{quote(words)})", number)

    of_severity = Counter(problem.finding.severity for problem in period_problems)
    error, warning = (
        count(severities, _severity_text(ctx, severity), of_severity[severity])
        for severity in (Severity.ERROR, Severity.WARNING)
    )
    explained = sum(problem.is_explained for problem in period_problems)
    still_open = sum(any(x.is_open for x in problem.answered) for problem in period_problems)
    return ErrorCounts(
        error,
        warning,
        count(answers, f"{EXPLAINED_MARK} *", explained),
        count(answers, f"{OPEN_MARK} *", still_open),
    )


def _write_other_problems(
    ctx: ReportContext,
    sheet: SheetWriter,
    columns: Sequence[Column[Problem]],
    row: int,
    other_problems: list[Problem],
) -> int:
    """Write what came with the returns of the period for other periods, under its own heading.

    Return the last row.
    """
    sheet.write(row, 0, ctx.t("errors.others"), "section", span=len(columns))
    no_heads = Heads(titles=0, is_numbered=False)
    listing = Listing(ctx, sheet, columns, _SPLIT, row + 1, heads=no_heads)
    listing.write_rows(other_problems)
    return listing.next_row - 1


def _columns(ctx: ReportContext) -> Iterator[Column[Problem]]:
    column = partial(titled_column, ctx)

    def severity(problem: Problem) -> str:
        return _severity_text(ctx, problem.finding.severity)

    def unit(problem: Problem) -> str:
        branch = problem.entry.branch
        return f"{branch} – {ctx.name(branch)}" if branch else ctx.t("unknown_branch")

    yield number_column(ctx)
    yield column("column.severity", 13, severity, "center", symbols="■▲○")
    yield column("column.unit", 26, unit)
    yield column("column.file", 27, attrgetter("entry.label"))
    yield column("column.sheet", 12, attrgetter("finding.place.sheet"))
    yield column("column.cells", 12, attrgetter("cells"), "center")
    yield column("column.code", 7, attrgetter("finding.code"), "center")
    yield column("column.what", 36, attrgetter("message.what"))
    yield column("column.fix", 34, attrgetter("message.fix"))
    yield column("column.answer", 28, partial(_answer_text, ctx), symbols=SYMBOLS)
    yield column("column.delivery", 9, lambda problem: ctx.file_link(problem.entry.id), "link")


def _answer_text(ctx: ReportContext, problem: Problem) -> str:
    """Return what was answered, that nothing was, or a dash where nothing is asked."""
    if not any(x.asks for x in problem.answered):
        return NONE
    texts = [answer_text(ctx, x.answer) for x in problem.answered if x.answer]
    if any(x.is_open for x in problem.answered):
        texts.insert(0, ctx.t("answer.open"))
        return f"{OPEN_MARK} {' '.join(dict.fromkeys(texts))}"
    return f"{EXPLAINED_MARK} {' '.join(dict.fromkeys(texts))}"


def answer_text(ctx: ReportContext, answer: GivenAnswer) -> str:
    """Return an answer as the sheets quote it, and who of the office gave it."""
    words = answer.words or ctx.t("answer.purged")
    if answer.who is None:
        return ctx.t("answer.branch", words=words)
    return ctx.t("answer.office", words=words, who=answer.who, day=answer.at[:10])


def _severity_text(ctx: ReportContext, severity: Severity) -> str:
    return f"{TONES[_TONE_BY_SEVERITY[severity]].symbol} {ctx.t(f'severity.{severity}')}"


def problems(ctx: ReportContext) -> Iterator[Problem]:
    """Yield what is to be shown, errors first, then by branch and file."""
    groups: dict[tuple[object, ...], list[tuple[LedgerEntry, Finding, Message]]] = {}
    for entry, finding in _entry_findings(ctx.inputs, ctx.figures):
        message = explain(finding, _form_of(ctx.inputs, entry), ctx.lang)
        key = (
            _ORDER[finding.severity],
            entry.branch or "~",
            entry.id,
            finding.place.sheet,
            finding.code,
            message.what,
            message.fix,
        )
        groups.setdefault(key, []).append((entry, finding, message))
    for _, group in sorted(groups.items()):
        entry, finding, message = group[0]
        cells = cell_ranges(other_finding.place.cell for _, other_finding, _ in group)
        of_group = tuple(answered(ctx.inputs, entry, other) for _, other, _ in group)
        yield Problem(entry, finding, message, cells, of_group)


def _trial_problems(ctx: ReportContext) -> Iterator[Problem]:
    """Yield the hits of indicators on trial, which are shown here only."""
    by_id = {entry.id: entry for entry in ctx.inputs.ledger_entries}
    for hit in ctx.figures.indicator_hits:
        is_shown = (
            hit.indicator.severity is Severity.TRIAL and hit.period in ctx.figures.period.months()
        )
        if is_shown and hit.delivery in by_id:
            places = [source.place for source in hit.sources if source.delivery == hit.delivery]
            finding = Finding(hit.indicator.code, Severity.TRIAL, places[0] if places else Place())
            cells = cell_ranges(place.cell for place in places)
            yield Problem(by_id[hit.delivery], finding, indicator_message(ctx, hit), cells)


def _form_of(inputs: ReportInputs, entry: LedgerEntry) -> Form | None:
    return inputs.catalogue.form(entry.form, entry.version)


def _entry_findings(
    inputs: ReportInputs, figures: Figures
) -> Iterator[tuple[LedgerEntry, Finding]]:
    by_id = {entry.id: entry for entry in inputs.ledger_entries}
    accepted_ids = _last_accepted_ids(inputs.ledger_entries)
    for entry in inputs.ledger_entries:
        is_answered = entry.key is not None and accepted_ids.get(entry.key, 0) > entry.id
        is_settled = not entry.is_current and (is_answered or entry.superseded_by is not None)
        is_refused = entry.verdict is not Verdict.ACCEPTED and _came_for(figures, entry)
        if (is_refused or (entry.period and _is_of_period(figures, entry))) and not is_settled:
            is_duplicate = entry.verdict is Verdict.DUPLICATE
            repeated = by_id.get(entry.refers_to or 0) if is_duplicate else None
            listed = {(f.code, f.question) for f in repeated.findings} if repeated else set()
            yield from ((entry, f) for f in entry.findings if (f.code, f.question) not in listed)
    for entry_id, finding in figures.warnings:
        if entry_id in by_id and _is_of_period(figures, by_id[entry_id]):
            yield by_id[entry_id], finding


def _came_for(figures: Figures, entry: LedgerEntry) -> bool:
    """Whether a file came when returns of the report's period were collected: the month after."""
    received = Period.of("month", date.fromisoformat(entry.received[:10]))
    return received.previous() in figures.period.months() and entry.as_of <= figures.as_of


def _is_of_period(figures: Figures, entry: LedgerEntry) -> bool:
    """Whether a ledger entry is for the report's period, as far as its period is known."""
    months = {str(month) for month in figures.period.months()} | {str(figures.period)}
    return entry.period is None or entry.period in months


def _last_accepted_ids(deliveries: Iterable[LedgerEntry]) -> dict[tuple[str, str, str], int]:
    """Return the id of the latest accepted entry of each return."""
    return {
        entry.key: entry.id
        for entry in deliveries
        if entry.verdict is Verdict.ACCEPTED and entry.key
    }
