"""Lỗi: what is wrong in the returns of the period, errors first, in words a clerk can pass on.

Shown are the returns of this period, and what was refused since it began and names no period.
What was refused since then and is for another period stands below, and is not counted. A refused
return that was sent again and accepted is settled, and no longer shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from mlay_batch.figures.records import Facts, Figures
from mlay_batch.findings import Finding, Place, Severity, grouped_cells
from mlay_batch.messages import Message, explain
from mlay_batch.records import Delivery, Verdict
from mlay_batch.report import official
from mlay_batch.report.book import Live, Sheet
from mlay_batch.report.context import Context
from mlay_batch.report.seen import words
from mlay_batch.schema import Form
from mlay_batch.styles import TONES

_COLUMNS = (
    "stt", "severity", "unit", "file", "sheet", "cells", "code", "what", "fix", "delivery",
)  # fmt: skip
_WIDTHS = (5, 13, 26, 27, 12, 12, 7, 42, 42, 9)
_SEVERITY = 1
_SPLIT = 4
_ORDER = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.TRIAL: 2}
_TONE_OF = {Severity.ERROR: "bad", Severity.WARNING: "watch", Severity.TRIAL: "fair"}


@dataclass(frozen=True)
class Problem:
    """Findings of one return that say the same, with all the cells they stand in."""

    delivery: Delivery
    finding: Finding
    message: Message
    cells: str


@dataclass(frozen=True)
class ErrorCounts:
    """How many problems are errors and warnings, as formulas of other sheets."""

    errors: Live
    warnings: Live


def write(ctx: Context, sheet: Sheet) -> ErrorCounts:
    """Write the sheet; return its counts."""
    sheet.widths(_WIDTHS)
    official.heading(ctx, sheet, len(_COLUMNS), _SPLIT, ctx.t("title.errors"))
    head = official.TABLE_ROW + 1  # the row of column numbers, below the headings
    for column, name in enumerate(_COLUMNS):
        sheet.put(head - 1, column, ctx.t(f"column.{name}"), "head")
        sheet.put(head, column, column + 1, "column_number")
    found: list[Problem] = []
    others: list[Problem] = []
    for problem in chain(problems(ctx), _on_trial(ctx)):
        (found if _of_period(ctx.figures, problem.delivery) else others).append(problem)
    for number, problem in enumerate(found, 1):
        _row(ctx, sheet, head + number, number, problem)
    last = head + max(1, len(found))
    if not found:
        sheet.put(last, 0, ctx.t("errors.none"), "quiet", span=len(_COLUMNS))
    sheet.tones((head + 1, _SEVERITY), (last, _SEVERITY), "■▲○")
    sheet.raw.autofilter(head, 0, last, len(_COLUMNS) - 1)
    sheet.raw.freeze_panes(head + 1, 3)
    bottom = _others(ctx, sheet, last + 2, others) if others else last
    sheet.print_as(landscape=True, last=(bottom, len(_COLUMNS) - 1), repeat=(head - 1, head))
    severities = sheet.area((head + 1, _SEVERITY), (last, _SEVERITY))
    return ErrorCounts(*(
        Live(f'=COUNTIF({severities},"{_severity(ctx, severity)}")',
             sum(problem.finding.severity is severity for problem in found))
        for severity in (Severity.ERROR, Severity.WARNING)
    ))  # fmt: skip


def _others(ctx: Context, sheet: Sheet, row: int, found: list[Problem]) -> int:
    """Write what came within the period for other periods, under its own heading."""
    sheet.put(row, 0, ctx.t("errors.others"), "section", span=len(_COLUMNS))
    for number, problem in enumerate(found, 1):
        _row(ctx, sheet, row + number, number, problem)
    last = row + len(found)
    sheet.tones((row + 1, _SEVERITY), (last, _SEVERITY), "■▲○")
    return last


def _row(ctx: Context, sheet: Sheet, row: int, number: int, problem: Problem) -> None:
    delivery, finding = problem.delivery, problem.finding
    branch = delivery.branch
    unit = f"{branch} – {ctx.name(branch)}" if branch else ctx.t("unknown_branch")
    put = sheet.put
    put(row, 0, number, "center")
    put(row, _SEVERITY, _severity(ctx, finding.severity), "center")
    put(row, 2, unit, "text")
    put(row, 3, delivery.name, "text")
    put(row, 4, finding.place.sheet, "text")
    put(row, 5, problem.cells, "center")
    put(row, 6, finding.code, "center")
    put(row, 7, problem.message.what, "text")
    put(row, 8, problem.message.fix, "text")
    put(row, 9, ctx.file(delivery.id), "link")


def _severity(ctx: Context, severity: Severity) -> str:
    return f"{TONES[_TONE_OF[severity]].symbol} {ctx.t(f'severity.{severity}')}"


def problems(ctx: Context) -> Iterator[Problem]:
    """Yield what is to be shown, errors first, then by branch and file."""
    found: dict[tuple[object, ...], list[tuple[Delivery, Finding, Message]]] = {}
    for delivery, finding in _findings(ctx.facts, ctx.figures):
        message = explain(finding, _form(ctx.facts, delivery), ctx.lang)
        key = (
            _ORDER[finding.severity], delivery.branch or "~", delivery.id, finding.place.sheet,
            finding.code, message.what, message.fix,
        )  # fmt: skip
        found.setdefault(key, []).append((delivery, finding, message))
    for _, same in sorted(found.items()):
        delivery, finding, message = same[0]
        cells = grouped_cells(other.place.cell for _, other, _ in same)
        yield Problem(delivery, finding, message, cells)


def _on_trial(ctx: Context) -> Iterator[Problem]:
    """Yield the period's signs that are on trial: they are told to the clerk, here, alone."""
    by_id = {delivery.id: delivery for delivery in ctx.facts.deliveries}
    for one in ctx.figures.signs:
        told = one.sign.severity is Severity.TRIAL and one.period in ctx.figures.period.months()
        if told and one.delivery in by_id:
            own = [source.place for source in one.sources if source.delivery == one.delivery]
            finding = Finding(one.sign.code, Severity.TRIAL, own[0] if own else Place())
            cells = grouped_cells(place.cell for place in own)
            yield Problem(by_id[one.delivery], finding, words(ctx, one), cells)


def _form(facts: Facts, delivery: Delivery) -> Form | None:
    return facts.catalogue.form(delivery.form or "", delivery.version or "")


def _findings(facts: Facts, figures: Figures) -> Iterator[tuple[Delivery, Finding]]:
    by_id = {delivery.id: delivery for delivery in facts.deliveries}
    settled = _accepted_last(facts.deliveries)
    for delivery in facts.deliveries:
        stale = delivery.key is not None and settled.get(delivery.key, 0) > delivery.id
        recent = figures.period.start <= delivery.as_of <= figures.as_of
        missed = delivery.verdict is not Verdict.ACCEPTED and recent
        if (missed or (delivery.period and _of_period(figures, delivery))) and not stale:
            yield from ((delivery, finding) for finding in delivery.findings)
    for number, finding in figures.warnings:
        if number in by_id and _of_period(figures, by_id[number]):
            yield by_id[number], finding


def _of_period(figures: Figures, delivery: Delivery) -> bool:
    """Whether a delivery is for the report's period, as far as it says for which it is."""
    months = {str(month) for month in figures.period.months()} | {str(figures.period)}
    return delivery.period is None or delivery.period in months


def _accepted_last(deliveries: Iterable[Delivery]) -> dict[tuple[str, str, str], int]:
    """Return the latest accepted delivery of each return."""
    return {
        delivery.key: delivery.id
        for delivery in deliveries
        if delivery.verdict is Verdict.ACCEPTED and delivery.key
    }
