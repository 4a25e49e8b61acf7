"""A data table headed by the report's texts, and what such tables share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from mlay_batch.findings import Place
from mlay_batch.report.book import Content
from mlay_batch.report.context import Context
from mlay_batch.report.tables import Column, Kind, Table

Rows = tuple[tuple[Content, ...], ...]


def table(ctx: Context, key: str, columns: Iterable[Column], rows: Rows) -> Table:
    """Return the data table whose name, title and note the texts give under `key`."""
    return Table(
        name=ctx.t(f"table.{key}"),
        title=ctx.t(f"sheet.{key}"),
        note=ctx.t(f"note.{key}"),
        columns=tuple(columns),
        rows=rows,
    )


def columns(ctx: Context, kinds: dict[str, Kind]) -> Iterator[Column]:
    """Yield columns with the titles the texts give them."""
    return (Column(name, ctx.t(f"column.{name}"), kind) for name, kind in kinds.items())


def where(place: Place) -> str:
    """Return sheet and cell as people write them: ``Báo cáo!D12``."""
    return "!".join(part for part in (place.sheet, place.cell) if part)


def this_year(ctx: Context, day: date) -> bool:
    """Whether a day lies in the report's year and not after its period."""
    end = ctx.figures.period.end
    return date(end.year, 1, 1) <= day <= end
