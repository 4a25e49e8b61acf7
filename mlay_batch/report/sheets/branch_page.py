"""A branch's year on one page of A4, to be taken to the talk with its secretary.

What it met, who attended, what it scored, what ought to be asked, and how its returns came in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from mlay_batch.core.findings import Finding
from mlay_batch.core.messages import explain
from mlay_batch.core.period import Period
from mlay_batch.core.text import consecutive_runs
from mlay_batch.figures.branch_year import BranchSitting, BranchYear
from mlay_batch.figures.report_records import SKETCH, Figures, IndicatorHit, ReportInputs
from mlay_batch.figures.visit_slips import requests_of
from mlay_batch.model.records import LedgerEntry, Verdict
from mlay_batch.model.register import Organisation
from mlay_batch.report import letterhead
from mlay_batch.report.indicator_text import indicator_message, worst_first
from mlay_batch.report.report_context import ReportContext
from mlay_batch.report.writer import Content, ReportWriter, SheetWriter

_COLUMNS = (
    "month",
    "held_on",
    "kind",
    "expected_present",
    "present",
    "share",
    "minutes",
    "speakers",
    "own",
    "confirmed",
    "level",
    "visitors",
)
_WIDTHS = (7, 11, 17, 7, 7, 7, 7, 7, 7, 7, 11, 27)
_LOOKS = (
    "center",
    "date",
    "text",
    "count",
    "count",
    "points",
    "count",
    "count",
    "score",
    "score",
    "center",
    "text",
)
_COLUMN_COUNT = len(_COLUMNS)
_SPLIT = 6
_MAX_INDICATORS, _MAX_FINDINGS = 8, 6  # lines: more would not fit the page, nor the talk
_MAX_REQUESTS, _OFFICER_SPAN = 8, 3  # lines; columns of the officer's name
_SEEN_SPAN = 7  # columns of what was seen; the rest is what to ask
_NOTE_LINES = 3  # lines
_NOTE_HEIGHT = 24  # points: room for handwriting


@dataclass(frozen=True)
class _BranchPage:
    """The page being written."""

    ctx: ReportContext
    sheet: SheetWriter
    branch: Organisation
    year: BranchYear


def write_page(
    inputs: ReportInputs,
    figures: Figures,
    year: BranchYear,
    branch: str,
    fingerprint: str,
    lang: str = "vi",
) -> bytes:
    """Return the page of `branch` as a workbook of one sheet; the same inputs give the same bytes.

    `fingerprint` is the fingerprint of the figures, printed below. KeyError for an unknown branch.
    """
    organisation = inputs.register.by_code[branch]
    writer = ReportWriter(lang, figures.as_of, fingerprint)
    page = _BranchPage(
        ReportContext.of(writer, inputs, figures),
        writer.add_sheet(organisation.code, ""),
        organisation,
        year,
    )
    page.sheet.set_widths(_WIDTHS)
    title = page.ctx.t("page.title", name=organisation.name.upper())
    letterhead.write_heading(page.ctx, page.sheet, _COLUMN_COUNT, _SPLIT, title)
    row = _write_introduction(page, letterhead.TABLE_ROW)
    blocks = (
        _write_meetings,
        _write_requests,
        _write_indicators,
        _write_history,
        _write_notes,
    )
    for write_block in blocks:
        row = write_block(page, row)
    last = letterhead.write_signatures(page.ctx, page.sheet, row + 1, _COLUMN_COUNT, _SPLIT)
    page.sheet.set_up_page(landscape=False, last=(last, _COLUMN_COUNT - 1))
    page.sheet.raw.fit_to_pages(1, 1)
    return writer.close()


def _write_introduction(page: _BranchPage, row: int) -> int:
    """Write what the branch is, in two lines; return the row after them."""
    ctx, year = page.ctx, page.year
    lines = (
        ctx.t(
            "page.unit",
            code=page.branch.code,
            name=page.branch.name,
            parent=ctx.name(page.branch.parent),
            members="–" if year.members is None else year.members,
        ),
        ctx.t(
            "page.means",
            held=len(year.sittings),
            mean=_round_or_dash(year.mean),
            overall=_round_or_dash(year.overall_mean),
            share=_round_or_dash(year.attendance),
        ),
    )
    for number, line in enumerate(lines):
        page.sheet.write(row + number, 0, line, "plain", span=_COLUMN_COUNT)
    return row + len(lines)


def _round_or_dash(value: float | None) -> object:
    return "–" if value is None else round(value, 1)


def _write_section_title(page: _BranchPage, row: int, key: str) -> int:
    page.sheet.write(row, 0, page.ctx.t(key), "section", span=_COLUMN_COUNT)
    return row + 1


def _write_meetings(page: _BranchPage, row: int) -> int:
    """Write a line for every sitting, and one for every month without any."""
    row = _write_section_title(page, row, "page.meetings")
    for column, name in enumerate(_COLUMNS):
        page.sheet.write(row, column, page.ctx.t(f"page.column.{name}"), "head")
    for line in _meeting_lines(page):
        row += 1
        if isinstance(line, BranchSitting):
            for column, (content, look) in enumerate(
                zip(_meeting_cells(page, line), _LOOKS, strict=True)
            ):
                page.sheet.write(row, column, content, look)
        else:
            month, state = line
            page.sheet.write(row, 0, month.month, "center")
            state_title = page.ctx.state_title("return", state)
            page.sheet.write(row, 1, state_title, "quiet", span=_COLUMN_COUNT - 1)
    return row + 1


def _meeting_lines(page: _BranchPage) -> Iterator[BranchSitting | tuple[Period, str]]:
    """Yield the sittings month by month, and months without one with their state."""
    for month in page.ctx.figures.period.year_to_date():
        meetings = [meeting for meeting in page.year.sittings if meeting.period == month]
        if meetings:
            yield from meetings
        elif month in page.year.states:
            yield month, page.year.states[month]


def _meeting_cells(page: _BranchPage, meeting: BranchSitting) -> tuple[Content, ...]:
    ctx = page.ctx
    kind = ctx.choice_title("meeting_kind", meeting.kind)
    is_listed = page.year.states.get(meeting.period) == SKETCH
    scheme = ctx.figures.score_scheme
    bands = {band.id: band.title.of(ctx.lang) for band in scheme.bands} if scheme else {}
    visitors = ", ".join(ctx.officer_in_words(code) for code in meeting.visitors)
    return (
        meeting.period.month,
        meeting.held_on,
        kind or (ctx.t("rating.listed") if is_listed else ""),
        meeting.expected,
        meeting.present,
        meeting.attendance,
        meeting.minutes,
        meeting.speakers,
        meeting.own_score,
        meeting.confirmed_score,
        bands.get(meeting.band or ""),
        visitors,
    )


def _write_requests(page: _BranchPage, row: int) -> int:
    """Write what officers remarked and asked for, the latest first; nothing without any."""
    requests = requests_of(page.ctx.figures.slips, page.branch.code)
    if not requests:
        return row
    row = _write_section_title(page, row, "page.requests")
    for request in reversed(requests[-_MAX_REQUESTS:]):
        page.sheet.write(row, 0, request.held_on, "date", span=2)
        officer = page.ctx.officer_in_words(request.officer)
        page.sheet.write(row, 2, officer, "text", span=_OFFICER_SPAN)
        rest = _COLUMN_COUNT - 2 - _OFFICER_SPAN
        page.sheet.write(row, 2 + _OFFICER_SPAN, request.directed, "text", span=rest)
        row += 1
    return row


def _write_indicators(page: _BranchPage, row: int) -> int:
    """Write each indicator once: in which months, what was seen last, what to ask."""
    row = _write_section_title(page, row, "page.signs")
    by_code: dict[str, list[IndicatorHit]] = {}
    for hit in worst_first(page.year.indicator_hits):
        by_code.setdefault(hit.indicator.code, []).append(hit)
    for hits in list(by_code.values())[:_MAX_INDICATORS]:
        message = indicator_message(page.ctx, hits[-1])
        months = _month_list(hit.period for hit in hits)
        title = hits[0].indicator.title.of(page.ctx.lang)
        text = page.ctx.t("page.sign", title=title, months=months, seen=message.what)
        page.sheet.write(row, 0, text, "text", span=_SEEN_SPAN)
        page.sheet.write(row, _SEEN_SPAN, message.fix, "text", span=_COLUMN_COUNT - _SEEN_SPAN)
        row += 1
    if not by_code:
        key = "page.no_signs" if page.year.has_own_returns else "page.signs_unknown"
        page.sheet.write(row, 0, page.ctx.t(key), "quiet", span=_COLUMN_COUNT)
        row += 1
    return row


def _month_list(periods: Iterable[Period]) -> str:
    """Return months as people list them: runs of three or more as one.

    >>> _month_list(Period(2019, month) for month in (2, 8, 9, 10, 11))
    '2, 8–11'
    """
    return ", ".join(
        f"{first}–{last}" if last - first > 1 else ", ".join(map(str, range(first, last + 1)))
        for first, last in consecutive_runs(period.month for period in periods)
    )


def _write_history(page: _BranchPage, row: int) -> int:
    """Write how the returns came in, and what was found in them most often."""
    row = _write_section_title(page, row, "page.history")
    entries = [entry for entry in page.ctx.inputs.ledger_entries if _is_of_year(page, entry)]
    counts = Counter(entry.verdict for entry in entries)
    summary = page.ctx.t(
        "page.sent",
        accepted=counts[Verdict.ACCEPTED],
        rejected=counts[Verdict.REJECTED],
        corrected=sum(entry.superseded_by is not None for entry in entries),
        late=sum(state == "late" for state in page.year.states.values()),
    )
    page.sheet.write(row, 0, summary, "plain", span=_COLUMN_COUNT)
    frequent = list(_frequent_findings(entries))
    if frequent:
        row += 1
        page.sheet.write(row, 0, page.ctx.t("page.frequent"), "plain", span=_COLUMN_COUNT)
    for months, finding, latest_entry in frequent:
        row += 1
        form = page.ctx.inputs.catalogue.form(latest_entry.form, latest_entry.version)
        text = explain(finding, form, page.ctx.lang).what
        page.sheet.write(row, 0, finding.code, "center")
        page.sheet.write(row, 1, text, "text", span=_COLUMN_COUNT - 2)
        page.sheet.write(
            row, _COLUMN_COUNT - 1, page.ctx.t("page.in_months", months=months), "text"
        )
    return row + 1


def _is_of_year(page: _BranchPage, entry: LedgerEntry) -> bool:
    year = str(page.ctx.figures.period.year)
    return entry.branch == page.branch.code and (entry.period or "").startswith(year)


def _frequent_findings(
    entries: Sequence[LedgerEntry],
) -> Iterator[tuple[str, Finding, LedgerEntry]]:
    """Yield the findings met in most months, the latest of each code standing for all."""
    by_code: dict[str, list[tuple[LedgerEntry, Finding]]] = {}
    for entry in entries:
        for finding in entry.findings:
            if not finding.is_for_clerk:
                by_code.setdefault(finding.code, []).append((entry, finding))
    by_frequency = sorted(
        by_code.items(), key=lambda item: (-len({source.period for source, _ in item[1]}), item)
    )
    for _, occurrences in by_frequency[:_MAX_FINDINGS]:
        entry, finding = occurrences[-1]
        months = (
            Period.parse(source.period)
            for source, _ in occurrences
            if source.period and len(source.period) > 4
        )
        yield _month_list(months) or str(entry.period), finding, entry


def _write_notes(page: _BranchPage, row: int) -> int:
    """Write lines for what the secretary answers."""
    row = _write_section_title(page, row, "page.notes")
    for line in range(_NOTE_LINES):
        page.sheet.write(row + line, 0, None, "text", span=_COLUMN_COUNT)
        page.sheet.set_height(row + line, _NOTE_HEIGHT)
    return row + _NOTE_LINES
