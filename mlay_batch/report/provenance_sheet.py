"""Nguồn gốc: what the figures were made from, every file received, and counts that reconcile."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from xlsxwriter.utility import xl_rowcol_to_cell

from mlay_batch.figures.branch_records import MovementLine
from mlay_batch.figures.records import OPEN
from mlay_batch.findings import Finding
from mlay_batch.period import Period
from mlay_batch.records import Delivery, Verdict
from mlay_batch.register import Waiver
from mlay_batch.report import official
from mlay_batch.report.book import Content, Live, Sheet
from mlay_batch.report.completeness_sheet import ordered
from mlay_batch.report.context import Context, Provenance

_WIDTHS = (7, 34, 12, 15, 10, 18, 9, 24, 13, 30, 34)
_COLUMNS = (
    "number", "file", "branch", "form", "period", "received", "channel", "sender", "verdict",
    "remark", "sha256",
)  # fmt: skip
_SPLIT = 4
_TABLE = "NhanTep"


def write(ctx: Context, sheet: Sheet, provenance: Provenance) -> Mapping[int, str]:
    """Write the sheet; return the cell of each delivery in the list of all."""
    columns = len(_COLUMNS)
    sheet.widths(_WIDTHS)
    official.heading(ctx, sheet, columns, _SPLIT, ctx.t("title.provenance"))
    row = _facts(ctx, sheet, official.TABLE_ROW, provenance)
    row = _reconciled(ctx, sheet, row + 1)
    row = _list(ctx, sheet, row + 1, "excluded", _excluded(ctx))
    row = _list(ctx, sheet, row + 1, "waivers", _waivers(ctx))
    row = _list(ctx, sheet, row + 1, "schemas", ((s.name, s.sha256) for s in provenance.schemas))
    return _deliveries(ctx, sheet, row + 1)


def _facts(ctx: Context, sheet: Sheet, row: int, provenance: Provenance) -> int:
    said: dict[str, Content] = {
        "program": f"mlay-batch {provenance.program}",
        "as_of": ctx.book.show(provenance.as_of),
        "register": provenance.register_sha256,
        "figures": provenance.figures or None,
        "note": provenance.note or None,
    }
    for key, value in said.items():
        if value is not None:
            sheet.put(row, 0, ctx.t(f"provenance.{key}"), "label", span=2)
            sheet.put(row, 2, value, "text", span=6)
            row += 1
    return row


def _reconciled(ctx: Context, sheet: Sheet, row: int) -> int:
    """Write received = accepted + rejected + duplicate + held + ignored, and whether it holds."""
    counts = Counter(delivery.verdict for delivery in ctx.facts.deliveries)
    sheet.put(row, 0, ctx.t("provenance.counts"), "section", span=5)
    column = f"{_TABLE}[{ctx.t('column.verdict')}]"
    first = row + 1
    for offset, verdict in enumerate(Verdict):
        title = ctx.t(f"verdict.{verdict}")
        sheet.put(first + offset, 0, title, "label", span=2)
        formula = f'=COUNTIF({column},"{title}")'
        sheet.put(first + offset, 2, Live(formula, counts[verdict]), "key")
    last = first + len(Verdict) - 1
    total = last + 1
    files = f"{_TABLE}[{ctx.t('column.number')}]"
    received = len(ctx.facts.deliveries)
    sheet.put(total, 0, ctx.t("provenance.received"), "label", span=2)
    sheet.put(total, 2, Live(f"=COUNT({files})", received), "key")
    check = (
        f"=IF({_cell(total, 2)}=SUM({_cell(first, 2)}:{_cell(last, 2)}),"
        f'"{ctx.t("reconciles")}","{ctx.t("reconciles_not")}")'
    )
    agrees = received == sum(counts.values())
    sheet.put(total, 3, Live(check, ctx.t("reconciles" if agrees else "reconciles_not")),
              "text", span=2)  # fmt: skip
    sheet.tones((total, 3), (total, 3), "●■")
    return total + 1


def _cell(row: int, column: int) -> str:
    return str(xl_rowcol_to_cell(row, column))


def _list(ctx: Context, sheet: Sheet, row: int, key: str, rows: Iterable[Sequence[Content]]) -> int:
    """Write a short list of two parts; a list without a row says so."""
    sheet.put(row, 0, ctx.t(f"provenance.{key}"), "section", span=5)
    shown = list(rows) or [(ctx.t("none"), "")]
    for number, (left, right) in enumerate(shown, row + 1):
        sheet.put(number, 0, left, "text", span=3)
        sheet.put(number, 3, right, "text", span=5)
    return row + 1 + len(shown)


def _excluded(ctx: Context) -> Iterable[Sequence[Content]]:
    """Yield the branches without a return that counts in the report's period, why, and to what
    effect: what is not in the sums, and which officers' quotas are open for it.
    """
    months = set(ctx.figures.period.months())
    effects = _Effects.of(ctx)
    for entry in ordered(ctx.figures):
        for (branch, period), cell in entry.cells.items():
            if period in months and cell.state in OPEN:
                state = ctx.state("return", cell.state)
                said = (
                    f"{state} ({ctx.period(str(period)).lower()}). {effects.of_branch(ctx, branch)}"
                )
                yield f"{branch} – {ctx.name(branch)}", said.strip()


@dataclass(frozen=True)
class _Effects:
    """What a missing return leaves open: its branch's members, the officers whose quota waits."""

    members: Mapping[str, MovementLine]
    officers: Mapping[str, Mapping[str, None]]

    @classmethod
    def of(cls, ctx: Context) -> _Effects:
        moved = ctx.figures.movement
        waiting: dict[str, dict[str, None]] = {}
        for quota in ctx.figures.quota:
            for own in quota.branches if quota.unseen else ():
                waiting.setdefault(own.code, {})[quota.officer] = None
        return cls({line.branch.code: line for line in (moved.lines if moved else ())}, waiting)

    def of_branch(self, ctx: Context, branch: str) -> str:
        line, officers = self.members.get(branch), ", ".join(self.officers.get(branch, ()))
        parts = [ctx.t("branches/excluded.sums")]
        if line and line.now is None and line.year:
            parts.append(ctx.t("branches/excluded.members", count=line.year.closing))
        if officers:
            parts.append(ctx.t("branches/excluded.officers", officers=officers))
        return " ".join(parts)


def _waivers(ctx: Context) -> Iterable[Sequence[Content]]:
    year = str(ctx.figures.period.year)
    found: dict[tuple[str | None, str | None], list[Finding]] = {}
    for delivery in ctx.facts.deliveries:
        found.setdefault((delivery.branch, delivery.form), []).extend(delivery.findings)
    for waiver in ctx.facts.register.waivers:
        if str(waiver.period).startswith(year):
            parts = (
                waiver.period, waiver.rule, waiver.reason, waiver.by,
                ctx.book.show(waiver.decided), ctx.book.show(waiver.until),
                ctx.t("provenance.effects", count=_effects(ctx, waiver, found)),
            )  # fmt: skip
            yield (
                f"{waiver.branch} – {ctx.name(waiver.branch)}",
                "; ".join(str(part) for part in parts if part),
            )


def _effects(
    ctx: Context, waiver: Waiver, found: Mapping[tuple[str | None, str | None], Iterable[Finding]]
) -> int:
    """Return how often a waiver took effect: findings of its rule that refused nothing, or periods
    of the year so far that need no return. `found` are the findings by branch and form.
    """
    if waiver.rule is None:
        cells = (
            entry.cells.get((waiver.branch, period))
            for entry in ctx.figures.completeness
            if entry.form == waiver.form
            for period in entry.periods
        )
        day = ctx.facts.as_of
        return sum(
            cell is not None and cell.state == "waived" and waiver.holds(cell.period, day)
            for cell in cells
        )
    told = {"waived_by": waiver.by, "waived_on": waiver.decided.isoformat(),
            "waived_for": waiver.reason}  # fmt: skip
    return sum(
        one.code == waiver.rule and told.items() <= one.params.items()
        for one in found.get((waiver.branch, waiver.form), ())
    )


def _deliveries(ctx: Context, sheet: Sheet, row: int) -> Mapping[int, str]:
    sheet.put(row, 0, ctx.t("provenance.deliveries"), "section", span=5)
    head = row + 1
    titles = [ctx.t(f"column.{name}") for name in _COLUMNS]
    for column, title in enumerate(titles):
        sheet.put(head, column, title, "head")
    places: dict[int, str] = {}
    for number, delivery in enumerate(ctx.facts.deliveries, head + 1):
        places[delivery.id] = sheet.place(number, 0)
        for column, content in enumerate(_delivery(ctx, delivery)):
            look = {0: "count", 1: "text", 7: "text", 9: "text", 10: "mono"}.get(column, "center")
            sheet.put(number, column, content, look)
    bottom = head + max(len(ctx.facts.deliveries), 1)
    header = [{"header": title, "header_format": ctx.book.format("head")} for title in titles]
    sheet.raw.add_table(head, 0, bottom, len(titles) - 1,
                        {"name": _TABLE, "style": None, "columns": header})  # fmt: skip
    sheet.print_as(landscape=True, last=(bottom, len(titles) - 1), repeat=(head, head))
    return places


def _delivery(ctx: Context, delivery: Delivery) -> tuple[Content, ...]:
    period = str(Period.parse(delivery.period)) if delivery.period else ""
    return (
        delivery.id, delivery.name, delivery.branch or "", delivery.form or "", period,
        delivery.received[:16].replace("T", " "), delivery.channel, delivery.sender or "",
        ctx.t(f"verdict.{delivery.verdict}"), _remark(ctx, delivery), delivery.sha256,
    )  # fmt: skip


def _remark(ctx: Context, delivery: Delivery) -> str:
    said = []
    if delivery.superseded_by:
        said.append(ctx.t("superseded_by", number=delivery.superseded_by))
    if delivery.refers_to:
        said.append(ctx.t("refers_to", number=delivery.refers_to))
    return "; ".join(said)
