"""The register of incoming papers (sổ đăng ký văn bản đến): every file, in order of receipt.

Its columns are those of the usual book (Nghị định 30/2020/NĐ-CP, Phụ lục IV), with file, signature
and verdict before the day of the answer. It holds values only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from zoneinfo import ZoneInfo

from mlay_batch.core import messages
from mlay_batch.figures.report_records import Figures, ReportInputs
from mlay_batch.model.records import LedgerEntry, Verdict
from mlay_batch.report import letterhead
from mlay_batch.report.listing import Column, Heads, Listing, titled_column
from mlay_batch.report.report_context import ReportContext
from mlay_batch.report.sheets.provenance_sheet import channel_text, local_time, remark_text
from mlay_batch.report.writer import ReportWriter

_SPLIT = 5
_FROZEN = 3
_NOTES = ("incoming.numbers", "incoming.period", "incoming.blank")


@dataclass(frozen=True, slots=True)
class IncomingFileRow:
    """A file as the register shows it."""

    entry: LedgerEntry
    branch: str | None = None
    """Code of the branch that sent it, as far as known."""
    answered: str | None = None
    """ISO time at which its answer was sent or handed over."""
    was_handed: bool = False
    """Whether the answer was handed over."""


def write_incoming(
    inputs: ReportInputs,
    figures: Figures,
    rows: Sequence[IncomingFileRow],
    time_zone: str,
    lang: str = "vi",
) -> bytes:
    """Return the register of a period as .xlsx; the same rows give the same bytes."""
    title = messages.text("report", "incoming.title", lang)
    book = ReportWriter(lang, inputs.as_of, title=title)
    sheet = book.add_sheet(book.t("incoming.sheet"), "")
    ctx = ReportContext.of(book, inputs, figures)
    columns = tuple(_columns(ctx, ZoneInfo(time_zone)))
    listing = Listing(ctx, sheet, columns, _SPLIT, heads=Heads(titles=1))
    letterhead.write_heading(ctx, sheet, listing.width, listing.split, title, provisional=False)
    listing.write_heads()
    for row in rows:
        listing.write_row(row)
    counts = Counter(row.entry.verdict for row in rows)
    verdicts = {verdict.value: counts[verdict] for verdict in Verdict}
    listing.write_note(book.t("incoming.counts", received=len(rows), **verdicts), "plain_bold")
    listing.write_notes(map(book.t, _NOTES))
    listing.set_up_page(listing.next_row, _FROZEN)
    return book.close()


def _columns(ctx: ReportContext, zone: ZoneInfo) -> Iterator[Column[IncomingFileRow]]:
    column = partial(titled_column, ctx)
    centered = partial(column, look="center")

    yield centered("incoming.received", 11, lambda row: local_time(ctx, zone, row.entry.received))
    yield centered("column.delivery", 9, lambda row: row.entry.incoming or "")
    yield column("incoming.origin", 24, partial(_origin_text, ctx))
    yield column("incoming.symbol", 10)
    yield column("incoming.subject", 28, partial(_subject_text, ctx))
    yield column("column.file", 20, lambda row: row.entry.label)
    yield column("column.signature", 18, lambda row: ctx.signature_text(row.entry))
    yield centered("column.verdict", 11, lambda row: ctx.t(f"verdict.{row.entry.verdict}"))
    yield centered("incoming.answered", 12, partial(_answer_text, ctx, zone))
    yield column("incoming.recipient", 12, lambda row: row.entry.entered_by or "")
    yield column("column.remark", 16, partial(_remark_text, ctx))


def _origin_text(ctx: ReportContext, row: IncomingFileRow) -> str:
    """Return the branch, and below it the address in From, or how else the file came."""
    name = f"{ctx.name(row.branch)} ({row.branch})" if row.branch else ""
    way = row.entry.sender or channel_text(ctx, row.entry)
    return f"{name}\n{way}" if name else way


def _subject_text(ctx: ReportContext, row: IncomingFileRow) -> str:
    """Return form and period of a file, as far as known, and the subject of its mail."""
    entry = row.entry
    parts = [ctx.paper_title(entry).capitalize(), ctx.period_title(entry.period).lower()]
    if entry.subject:
        parts.append(ctx.t("incoming.mail", subject=entry.subject))
    return "; ".join(part for part in parts if part)


def _answer_text(ctx: ReportContext, zone: ZoneInfo, row: IncomingFileRow) -> str:
    if row.answered is None:
        return ""
    day = local_time(ctx, zone, row.answered)
    return ctx.t("incoming.handed", day=day) if row.was_handed else day


def _remark_text(ctx: ReportContext, row: IncomingFileRow) -> str:
    owner = row.entry.kept_with
    beside = ctx.t("incoming.beside", number=ctx.file_number(owner)) if owner else ""
    return "; ".join(part for part in (beside, remark_text(ctx, row.entry)) if part)
