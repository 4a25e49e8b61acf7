"""Hits of indicators as every sheet shows them: in which order, which words, with which jumps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mlay_batch.core.messages import Message, explain_indicator
from mlay_batch.figures.report_records import IndicatorHit, SourceCell
from mlay_batch.report.data.sections_data import PlacedTable, table_name
from mlay_batch.report.report_context import ReportContext
from mlay_batch.report.tables import place_text
from mlay_batch.report.writer import Content, Hyperlink
from mlay_batch.schema.versions import families

SectionTables = Mapping[str, PlacedTable]


@dataclass(frozen=True)
class LinkTargets:
    """Where the rows of returns stand on the data sheets.

    Attributes:
        ctx: what the report is written from.
        sections: the tables and their sheets, by the table's name.
        rows: the row on the sheet, by table, number of the file and cells of the row in the return.
    """

    ctx: ReportContext
    sections: SectionTables
    rows: Mapping[tuple[str, str, str], int]

    @classmethod
    def of(
        cls, ctx: ReportContext, sections: SectionTables, hits: Iterable[IndicatorHit]
    ) -> LinkTargets:
        """Return the places of all rows of the tables in which an indicator saw something."""
        names = {
            table_name(hit.form, source.path.partition(".")[0])
            for hit in hits
            for source in hit.sources
        }
        rows: dict[tuple[str, str, str], int] = {}
        for name in sorted(names):
            if name in sections:
                table = sections[name][1]
                columns = table.index("_delivery"), table.index("_cells")
                for position, row in enumerate(table.rows):
                    entry, cells = (_content_text(row[column]) for column in columns)
                    rows[name, entry, cells] = table.sheet_row(position)
        return cls(ctx, sections, rows)

    def link_to(self, form: str, source: SourceCell) -> Content:
        """Return a jump to the row of the data sheet, showing the cell of the branch's own file."""
        section, _, name = source.path.partition(".")
        table_key = table_name(form, section)
        file_number = self.ctx.file_number(source.delivery)
        row = self.rows.get((table_key, file_number, place_text(source.record)))
        if row is None:
            return place_text(source.place)
        sheet, table = self.sections[table_key]
        column = table.index(name)
        text = place_text(source.place) or table.columns[column].title
        return Hyperlink(sheet.address(row, column), text)


def _content_text(content: Content) -> str:
    return content.text if isinstance(content, Hyperlink) else str(content)


def worst_first(hits: Sequence[IndicatorHit]) -> list[IndicatorHit]:
    """Return the hits by branch, the one with the gravest first; ties by code of the branch.

    A branch weighs as much as its different indicators together; within it the heavier comes first.
    """
    indicator_weights = {(hit.branch, hit.indicator.code): hit.indicator.weight for hit in hits}
    weights: Counter[str] = Counter()
    for (branch, _), weight in indicator_weights.items():
        weights[branch] += weight

    def sort_key(hit: IndicatorHit) -> tuple[object, ...]:
        weight, code = hit.indicator.weight, hit.indicator.code
        return -weights[hit.branch], hit.branch, -weight, code, hit.period.start

    return sorted(hits, key=sort_key)


def indicator_message(ctx: ReportContext, hit: IndicatorHit) -> Message:
    """Return what a hit says and what to ask; fields by the titles that the newest form gives."""
    forms = (family[0] for family in families(ctx.inputs.catalogue) if family[0].form == hit.form)
    return explain_indicator(hit.indicator, hit.params, next(forms, None), ctx.lang)
