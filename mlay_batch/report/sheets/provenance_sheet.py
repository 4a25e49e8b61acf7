"""Nguồn gốc: what the figures were made from, every file received, and counts that reconcile."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from operator import attrgetter
from zoneinfo import ZoneInfo

from xlsxwriter.utility import xl_range, xl_rowcol_to_cell

from mlay_batch.core.findings import Finding
from mlay_batch.core.period import month_before
from mlay_batch.figures.branch_records import MovementLine
from mlay_batch.figures.report_records import NO_RETURN, SKETCH, ExpectedReturn
from mlay_batch.model.records import LedgerEntry, Verdict
from mlay_batch.model.register import Waiver
from mlay_batch.report import letterhead
from mlay_batch.report.formulas import quote
from mlay_batch.report.listing import Column, Heads, Listing, titled_column
from mlay_batch.report.report_context import Provenance, ReportContext
from mlay_batch.report.sheets.completeness_sheet import matrices
from mlay_batch.report.writer import Content, Formula, SheetWriter
from mlay_batch.schema.ids import VISIT_SLIP

_SPLIT = 4
_TABLE_NAME = "NhanTep"


def write(ctx: ReportContext, sheet: SheetWriter, provenance: Provenance) -> Mapping[int, str]:
    """Write the sheet; return the cell of each ledger entry in the list of received files."""
    columns = tuple(_columns(ctx, provenance.time_zone))
    sheet.set_widths(column.width for column in columns)
    letterhead.write_heading(ctx, sheet, len(columns), _SPLIT, ctx.t("title.provenance"))
    row = _write_origin(ctx, sheet, letterhead.TABLE_ROW, provenance)
    row = _write_counts(ctx, sheet, row + 1)
    excluded = "excluded_partly" if ctx.has_lists else "excluded"
    row = _write_list(ctx, sheet, row + 1, excluded, _missing_returns(ctx))
    row = _write_list(ctx, sheet, row + 1, "waivers", _waiver_lines(ctx))
    schemas = (
        (source.name, source.sha256)
        for source in provenance.schemas
        if ctx.figures.slips or source.record != VISIT_SLIP
    )
    row = _write_list(ctx, sheet, row + 1, "schemas", schemas)
    return _write_files(ctx, sheet, columns, row + 1)


def _write_origin(ctx: ReportContext, sheet: SheetWriter, row: int, provenance: Provenance) -> int:
    values: dict[str, Content] = {
        "program": f"mlay-batch {provenance.program}",
        "as_of": ctx.writer.show(provenance.as_of),
        "register": provenance.register_sha256,
        "figures": provenance.figures or None,
        "note": provenance.note or None,
    }
    for key, value in values.items():
        if value is not None:
            sheet.write(row, 0, ctx.t(f"provenance.{key}"), "label", span=2)
            sheet.write(row, 2, value, "text", span=6)
            row += 1
    return row


def _write_counts(ctx: ReportContext, sheet: SheetWriter, row: int) -> int:
    """Write received = accepted + rejected + duplicate + held + ignored, and whether it holds."""
    counts = Counter(entry.verdict for entry in ctx.inputs.ledger_entries)
    sheet.write(row, 0, ctx.t("provenance.counts"), "section", span=5)
    verdicts, numbers = (
        f"{_TABLE_NAME}[{ctx.t(f'column.{name}')}]" for name in ("verdict", "file_number")
    )
    first, total = row + 1, row + 1 + len(Verdict)
    for number, verdict in enumerate(Verdict, first):
        title = ctx.t(f"verdict.{verdict}")
        sheet.write(number, 0, title, "label", span=2)
        formula = f"=COUNTIF({verdicts},{quote(title)})"
        sheet.write(number, 2, Formula(formula, counts[verdict]), "key")
    received = len(ctx.inputs.ledger_entries)
    sheet.write(total, 0, ctx.t("provenance.received"), "label", span=2)
    sheet.write(total, 2, Formula(f"=COUNT({numbers})", received), "key")
    yes, no = ctx.t("reconciles"), ctx.t("reconciles_not")
    holds = f"{xl_rowcol_to_cell(total, 2)}=SUM({xl_range(first, 2, total - 1, 2)})"
    result = yes if received == sum(counts.values()) else no
    check = Formula(f"=IF({holds},{quote(yes)},{quote(no)})", result)
    sheet.write(total, 3, check, "text", span=2)
    sheet.colour_states((total, 3), (total, 3), "●■")
    return total + 1


def _write_list(
    ctx: ReportContext, sheet: SheetWriter, row: int, key: str, rows: Iterable[Sequence[Content]]
) -> int:
    """Write a short list of two parts; a list without a row says so."""
    sheet.write(row, 0, ctx.t(f"provenance.{key}"), "section", span=5)
    lines = list(rows) or [(ctx.t("none"), "")]
    for number, (left, right) in enumerate(lines, row + 1):
        sheet.write(number, 0, left, "text", span=3)
        sheet.write(number, 3, right, "text", span=5)
    return row + 1 + len(lines)


def _missing_returns(ctx: ReportContext) -> Iterable[Sequence[Content]]:
    """Yield the branches without a return that counts in the report's period, why, and its effect.

    The effect is what is not in the sums, and which officers' quotas are open for it.
    """
    months = set(ctx.figures.period.months())
    effects = _OpenEffects.of(ctx)
    for matrix in matrices(ctx.figures):
        for (code, period), cell in matrix.cells.items():
            if period in months and cell.state in NO_RETURN:
                state = ctx.state_title("return", cell.state)
                when = ctx.period_title(str(period)).lower()
                text = f"{state} ({when}). {effects.text(ctx, cell)}"
                yield f"{code} – {ctx.name(code)}", text.strip()


@dataclass(frozen=True)
class _OpenEffects:
    """What missing returns leave open, by the code of their branch.

    Attributes:
        members: the movement of the branch's members.
        officers: the officers whose quota waits for a return of the branch, in order.
    """

    members: Mapping[str, MovementLine]
    officers: Mapping[str, Mapping[str, None]]

    @classmethod
    def of(cls, ctx: ReportContext) -> _OpenEffects:
        movement = ctx.figures.movement
        officers: dict[str, dict[str, None]] = {}
        for pair in ctx.figures.quota_pairs:
            if pair.open_months:
                officers.setdefault(pair.branch.code, {})[pair.officer] = None
        members = {line.branch.code: line for line in (movement.lines if movement else ())}
        return cls(members, officers)

    def text(self, ctx: ReportContext, cell: ExpectedReturn) -> str:
        """Return what is left out without a return of the branch's own."""
        line, officers = (
            self.members.get(cell.branch),
            ", ".join(self.officers.get(cell.branch, ())),
        )
        key = "partly" if cell.state == SKETCH else "sums"
        parts = [ctx.t(f"branches/excluded.{key}")]
        if line and line.in_period is None and line.in_year:
            parts.append(ctx.t("branches/excluded.members", count=line.in_year.closing))
        if officers:
            parts.append(ctx.t("branches/excluded.officers", officers=officers))
        return " ".join(parts)


def _waiver_lines(ctx: ReportContext) -> Iterable[Sequence[Content]]:
    year = str(ctx.figures.period.year)
    findings: dict[tuple[str | None, str | None], list[Finding]] = {}
    warnings: dict[int, list[Finding]] = {}
    for entry_id, warning in ctx.figures.warnings:
        warnings.setdefault(entry_id, []).append(warning)
    for entry in ctx.inputs.ledger_entries:
        entry_findings = findings.setdefault((entry.branch, entry.form), [])
        entry_findings += (*entry.findings, *warnings.get(entry.id, ()))
    for waiver in ctx.inputs.register.waivers:
        if str(waiver.period).startswith(year):
            parts = (
                ctx.period_title(str(waiver.period)),
                waiver.rule,
                waiver.reason,
                waiver.by,
                ctx.writer.show(waiver.decided),
                ctx.writer.show(waiver.until),
                ctx.t("provenance.effects", count=_count_effects(ctx, waiver, findings)),
            )
            yield (
                f"{waiver.branch} – {ctx.name(waiver.branch)}",
                "; ".join(str(part) for part in parts if part),
            )


def _count_effects(
    ctx: ReportContext,
    waiver: Waiver,
    findings: Mapping[tuple[str | None, str | None], Iterable[Finding]],
) -> int:
    """Return how often a waiver took effect; `findings` are the findings by branch and form.

    Counted are findings of its rule that refused nothing, or periods of the year so far that need
    no return.
    """
    if waiver.rule is None:
        cells = (
            matrix.cells.get((waiver.branch, period))
            for matrix in ctx.figures.completeness
            if matrix.form == waiver.form
            for period in matrix.periods
        )
        day = ctx.inputs.as_of
        return sum(
            cell is not None and cell.state == "waived" and waiver.is_in_force(cell.period, day)
            for cell in cells
        )
    return sum(
        finding.code == waiver.rule and waiver.params.items() <= finding.params.items()
        for finding in findings.get((waiver.branch, waiver.form), ())
    )


def _write_files(
    ctx: ReportContext, sheet: SheetWriter, columns: Sequence[Column[LedgerEntry]], row: int
) -> Mapping[int, str]:
    """Write the list of received files; return the cell of each ledger entry in it."""
    sheet.write(row, 0, ctx.t("provenance.deliveries"), "section", span=5)
    heads = Heads(titles=1, is_numbered=False)
    listing = Listing(ctx, sheet, columns, _SPLIT, row + 1, heads=heads)
    listing.write_heads()
    file_cells: dict[int, str] = {}
    for entry in ctx.inputs.ledger_entries:
        file_cells[entry.id] = sheet.address(listing.next_row, 0)
        listing.write_row(entry)
    head_format = ctx.writer.format("head")
    header = [{"header": column.title, "header_format": head_format} for column in columns]
    last = max(listing.next_row - 1, listing.first_row), len(columns) - 1
    table = {"name": _TABLE_NAME, "style": None, "columns": header}
    sheet.raw.add_table(listing.head_row, 0, *last, table)
    sheet.set_up_page(landscape=True, last=last, repeat=(listing.head_row, listing.head_row))
    return file_cells


def _columns(ctx: ReportContext, time_zone: str) -> Iterator[Column[LedgerEntry]]:
    column, zone = partial(titled_column, ctx), ZoneInfo(time_zone)
    centered = partial(column, look="center")
    zone_title = ctx.t("zone.vietnam") if time_zone == "Asia/Ho_Chi_Minh" else time_zone

    yield Column("id", ctx.t("column.file_number"), 7, attrgetter("id"), look="count")
    yield centered("column.delivery", 10, lambda entry: entry.incoming or "")
    # the other years' are theirs to name: a name that is purged there must not live on here
    yield column("column.file", 34, lambda entry: _if_of_year(ctx, entry, entry.label))
    yield centered("column.branch", 12, lambda entry: entry.branch or "")
    yield column("column.form_title", 22, lambda entry: ctx.paper_title(entry).capitalize())
    yield centered("column.period_title", 13, lambda entry: ctx.period_title(entry.period))
    received = f"{ctx.t('column.received')} ({zone_title})"
    yield Column(
        "received", received, 16, lambda x: local_time(ctx, zone, x.received), look="center"
    )
    yield centered("column.channel", 11, partial(channel_text, ctx))
    yield column("column.sender", 24, lambda entry: _if_of_year(ctx, entry, entry.sender))
    yield centered("column.verdict", 13, lambda entry: ctx.t(f"verdict.{entry.verdict}"))
    yield column("column.signature", 26, ctx.signature_text)
    yield column("column.remark", 30, partial(remark_text, ctx))
    yield column("column.sha256", 34, attrgetter("sha256"), "mono")


def _if_of_year(ctx: ReportContext, entry: LedgerEntry, text: str | None) -> str:
    """Return a text of an entry of the report's year; empty for one of another year.

    What names no period is of the year whose purge removes it: see `app/purge_plan.py`.
    """
    beside = (each for each in ctx.inputs.ledger_entries if each.id == entry.kept_with)
    owner = next(beside, entry) if entry.kept_with else entry
    period = owner.period or str(month_before(date.fromisoformat(entry.received[:10])))
    return text or "" if period[:4] == str(ctx.figures.period.year) else ""


def local_time(ctx: ReportContext, zone: ZoneInfo, moment: str) -> str:
    """Return an ISO time on the office's clock; one without an offset is UTC."""
    time = datetime.fromisoformat(moment)
    time = (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(zone)
    return f"{ctx.writer.show(time.date())} {time:%H:%M}"


def channel_text(ctx: ReportContext, entry: LedgerEntry) -> str:
    """Return how a file came."""
    return ctx.t(f"channel.{entry.channel}", who=entry.entered_by)


def remark_text(ctx: ReportContext, entry: LedgerEntry) -> str:
    """Return which file superseded it, and which one it is about."""
    parts = []
    if entry.superseded_by:
        parts.append(ctx.t("superseded_by", number=ctx.file_number(entry.superseded_by)))
    if entry.refers_to:
        parts.append(ctx.t("refers_to", number=ctx.file_number(entry.refers_to)))
    return "; ".join(parts)
