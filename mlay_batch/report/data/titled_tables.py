"""A data table headed by the report's texts, and what such tables share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from mlay_batch.core.findings import Place
from mlay_batch.report.report_context import ReportContext
from mlay_batch.report.tables import DataColumn, DataTable, Kind
from mlay_batch.report.writer import Content

Rows = tuple[tuple[Content, ...], ...]


def data_table(
    ctx: ReportContext, key: str, columns: Iterable[DataColumn], rows: Rows
) -> DataTable:
    """Return the data table whose name, title and note the texts give under `key`."""
    return DataTable(
        name=ctx.t(f"table.{key}"),
        title=ctx.t(f"sheet.{key}"),
        note=ctx.t(f"note.{key}"),
        columns=tuple(columns),
        rows=rows,
    )


def data_columns(ctx: ReportContext, kinds: dict[str, Kind]) -> Iterator[DataColumn]:
    """Yield columns with the titles the texts give them."""
    return (DataColumn(name, ctx.t(f"column.{name}"), kind) for name, kind in kinds.items())


def place_text(place: Place) -> str:
    """Return sheet and cell as people write them: ``Báo cáo!D12``."""
    return "!".join(part for part in (place.sheet, place.cell) if part)


def is_in_report_year(ctx: ReportContext, day: date) -> bool:
    """Whether a day lies in the report's year and not after its period."""
    end = ctx.figures.period.end
    return date(end.year, 1, 1) <= day <= end
