"""What an officer still has to do, in sentences that claim no more than the returns tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from mlay_batch.figures.report_records import QuotaLine
from mlay_batch.report.formulas import cell, quote
from mlay_batch.report.listing import NONE
from mlay_batch.report.report_context import ReportContext
from mlay_batch.report.sheets.officer_cell_block import PairCells

_GAP = "\x01"  # where a figure stands in a text


class _Line(Protocol):
    """A row of the sheet of quotas."""

    @property
    def figures(self) -> QuotaLine:
        """The figures."""

    @property
    def branch_code(self) -> str | None:
        """The one cell the quota is owed in."""


@dataclass(frozen=True)
class Outlook:
    """The sentences of the sheet of quotas, as values and as formulas.

    Attributes:
        ctx: the workbook.
        pair_cells: where each officer's figures by cell stand.
    """

    ctx: ReportContext
    pair_cells: PairCells

    def text(self, line: _Line) -> str:
        """Return what is still to be attended: nothing (–), so many in the months left, or lost.

        Visits to be settled are taken to count, so that the number is the least there can be.
        """
        figures = line.figures
        need, remaining = figures.missing - figures.unsettled, figures.open_months + figures.to_come
        count = f"{self._text('least', line)}{need}" if figures.unsettled else str(need)
        if need <= 0:
            return NONE
        if not remaining:
            return _fill(self._text("lost", line), count)
        text = _fill(self._text("need", line), count, str(remaining))
        return text + (self._text("short", line) if need > remaining else "")

    def formula(self, line: _Line) -> str:
        """Return the formula of `text`."""
        key = line.figures.quota.quota, line.figures.officer, line.branch_code
        remaining = "+".join(self.pair_cells.cell_of(x, *key) for x in ("months_out", "to_come"))
        need = f"({cell('missing')}-{cell('unsettled')})"
        count = f'IF({cell("unsettled")}>0,{quote(self._text("least", line))},"")&{need}'
        lost = _fill_formula(self._text("lost", line), count)
        text = _fill_formula(self._text("need", line), count, f"({remaining})")
        short = f'IF({need}>{remaining},{quote(self._text("short", line))},"")'
        return f"IF({need}<=0,{quote(NONE)},IF({remaining}=0,{lost},{text}&{short}))"

    def _text(self, key: str, line: _Line) -> str:
        """Return a text with gaps for its figures; of several cells each month is a return.

        Who is assigned to the own cell alone, where visits do not count, is told so.
        """
        if key == "lost" and line.figures.state == "unrated":
            return self.ctx.t("visits/outlook.own", missing=_GAP)
        if key in ("need", "short") and len(line.figures.branches) > 1:
            key += "_cells"
        return self.ctx.t(f"visits/outlook.{key}", missing=_GAP, remaining=_GAP)

    def unvisited(self, line: _Line) -> str:
        """Return the cells nobody attended of an officer who owes them all together; – for none."""
        states = {visits.branch.code: visits.state for visits in self.ctx.figures.cell_visits}
        key = line.figures.quota.quota, line.figures.officer
        pairs = self.ctx.figures.quota_pairs if line.branch_code is None else ()
        cells = "; ".join(
            pair.branch.name
            if states.get(pair.branch.code) == "unattended"
            else self.ctx.t("visits/outlook.unknown", cell=pair.branch.name)
            for pair in pairs
            if (pair.quota.quota, pair.officer) == key
            and states.get(pair.branch.code) in ("unattended", "unknown")
        )
        return cells or NONE


def _fill(text: str, *figures: str) -> str:
    """Return a text with its gaps filled."""
    for figure in figures:
        text = text.replace(_GAP, figure, 1)
    return text


def _fill_formula(text: str, *figures: str) -> str:
    """Return the formula of a text with gaps."""
    first, *rest = text.split(_GAP)
    parts = [quote(first)] if first else []
    for figure, words in zip(figures, rest, strict=True):
        parts += [figure, quote(words)] if words else [figure]
    return "&".join(parts)
