"""Lỗi: what is wrong in the returns of the period, errors first, in words a clerk can pass on.

Shown are the returns of this period, and what was refused since it began and names no period.
What was refused since then and is for another period stands below, and is not counted. A refused
return that was sent again and accepted is settled, and no longer shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from mlay_batch.core.findings import Finding, Place, Severity, cell_ranges
from mlay_batch.core.messages import Message, explain
from mlay_batch.core.styles import TONES
from mlay_batch.figures.report_records import Figures, ReportInputs
from mlay_batch.model.records import LedgerEntry, Verdict
from mlay_batch.report import letterhead
from mlay_batch.report.indicator_text import indicator_message
from mlay_batch.report.report_context import ReportContext
from mlay_batch.report.writer import Formula, SheetWriter
from mlay_batch.schema import Form

_COLUMNS = ("stt", "severity", "unit", "file", "sheet", "cells", "code", "what", "fix", "delivery")
_WIDTHS = (5, 13, 26, 27, 12, 12, 7, 42, 42, 9)
_SEVERITY = 1
_SPLIT = 4
_ORDER = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.TRIAL: 2}
_TONE_BY_SEVERITY = {Severity.ERROR: "bad", Severity.WARNING: "watch", Severity.TRIAL: "fair"}


@dataclass(frozen=True)
class Problem:
    """Findings of one return that say the same, with all the cells they stand in."""

    delivery: LedgerEntry
    finding: Finding
    message: Message
    cells: str


@dataclass(frozen=True)
class ErrorCounts:
    """How many problems are errors and warnings, as formulas of other sheets."""

    errors: Formula
    warnings: Formula


def write(ctx: ReportContext, sheet: SheetWriter) -> ErrorCounts:
    """Write the sheet; return its counts."""
    sheet.set_widths(_WIDTHS)
    letterhead.write_heading(ctx, sheet, len(_COLUMNS), _SPLIT, ctx.t("title.errors"))
    head = letterhead.TABLE_ROW + 1  # the row of column numbers, below the headings
    for column, name in enumerate(_COLUMNS):
        sheet.write(head - 1, column, ctx.t(f"column.{name}"), "head")
        sheet.write(head, column, column + 1, "column_number")
    period_problems: list[Problem] = []
    other_problems: list[Problem] = []
    for problem in chain(problems(ctx), _trial_problems(ctx)):
        (
            period_problems if _is_of_period(ctx.figures, problem.delivery) else other_problems
        ).append(problem)
    for number, problem in enumerate(period_problems, 1):
        _write_row(ctx, sheet, head + number, number, problem)
    last = head + max(1, len(period_problems))
    if not period_problems:
        sheet.write(last, 0, ctx.t("errors.none"), "quiet", span=len(_COLUMNS))
    sheet.colour_states((head + 1, _SEVERITY), (last, _SEVERITY), "■▲○")
    sheet.raw.autofilter(head, 0, last, len(_COLUMNS) - 1)
    sheet.raw.freeze_panes(head + 1, 3)
    bottom = _write_other_problems(ctx, sheet, last + 2, other_problems) if other_problems else last
    sheet.set_up_page(landscape=True, last=(bottom, len(_COLUMNS) - 1), repeat=(head - 1, head))
    severities = sheet.range_address((head + 1, _SEVERITY), (last, _SEVERITY))
    return ErrorCounts(
        *(
            Formula(
                f'=COUNTIF({severities},"{_severity_text(ctx, severity)}")',
                sum(problem.finding.severity is severity for problem in period_problems),
            )
            for severity in (Severity.ERROR, Severity.WARNING)
        )
    )


def _write_other_problems(
    ctx: ReportContext, sheet: SheetWriter, row: int, other_problems: list[Problem]
) -> int:
    """Write what came within the period for other periods, under its own heading."""
    sheet.write(row, 0, ctx.t("errors.others"), "section", span=len(_COLUMNS))
    for number, problem in enumerate(other_problems, 1):
        _write_row(ctx, sheet, row + number, number, problem)
    last = row + len(other_problems)
    sheet.colour_states((row + 1, _SEVERITY), (last, _SEVERITY), "■▲○")
    return last


def _write_row(
    ctx: ReportContext, sheet: SheetWriter, row: int, number: int, problem: Problem
) -> None:
    entry, finding = problem.delivery, problem.finding
    branch = entry.branch
    unit = f"{branch} – {ctx.name(branch)}" if branch else ctx.t("unknown_branch")
    write = sheet.write
    write(row, 0, number, "center")
    write(row, _SEVERITY, _severity_text(ctx, finding.severity), "center")
    write(row, 2, unit, "text")
    write(row, 3, entry.name, "text")
    write(row, 4, finding.place.sheet, "text")
    write(row, 5, problem.cells, "center")
    write(row, 6, finding.code, "center")
    write(row, 7, problem.message.what, "text")
    write(row, 8, problem.message.fix, "text")
    write(row, 9, ctx.file_link(entry.id), "link")


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
        yield Problem(entry, finding, message, cells)


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
    return inputs.catalogue.form(entry.form or "", entry.version or "")


def _entry_findings(
    inputs: ReportInputs, figures: Figures
) -> Iterator[tuple[LedgerEntry, Finding]]:
    by_id = {entry.id: entry for entry in inputs.ledger_entries}
    accepted_ids = _last_accepted_ids(inputs.ledger_entries)
    for entry in inputs.ledger_entries:
        is_settled = entry.key is not None and accepted_ids.get(entry.key, 0) > entry.id
        is_recent = figures.period.start <= entry.as_of <= figures.as_of
        is_refused = entry.verdict is not Verdict.ACCEPTED and is_recent
        if (is_refused or (entry.period and _is_of_period(figures, entry))) and not is_settled:
            yield from ((entry, finding) for finding in entry.findings)
    for entry_id, finding in figures.warnings:
        if entry_id in by_id and _is_of_period(figures, by_id[entry_id]):
            yield by_id[entry_id], finding


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
