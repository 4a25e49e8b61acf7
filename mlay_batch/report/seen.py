"""What signs saw, as every sheet says it: in which order, in which words, with which jumps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mlay_batch.figures.sign_records import Sighting, Source
from mlay_batch.messages import Message, asked
from mlay_batch.report.book import Content, Link
from mlay_batch.report.context import Context
from mlay_batch.report.section_sheets import Written, table_name
from mlay_batch.report.titled import where
from mlay_batch.schema.families import families

Sections = Mapping[str, Written]


@dataclass(frozen=True)
class Jumps:
    """Where the rows of the returns stand on the data sheets: by table, delivery, row."""

    sections: Sections
    rows: Mapping[tuple[str, str, str], int]

    @classmethod
    def of(cls, sections: Sections, found: Iterable[Sighting]) -> Jumps:
        """Return the places of all rows of the tables that something was seen in."""
        names = {table_name(one.form, source.path.partition(".")[0])
                 for one in found for source in one.sources}  # fmt: skip
        rows: dict[tuple[str, str, str], int] = {}
        for name in sorted(names):
            if name in sections:
                data = sections[name][1]
                delivery, number = data.index("_delivery"), data.index("_row")
                for at, row in enumerate(data.rows):
                    rows[name, _shown(row[delivery]), _shown(row[number])] = data.row_of(at)
        return cls(sections, rows)

    def to(self, form: str, source: Source) -> Content:
        """Return a jump to the row of the data sheet, showing the cell of the branch's own file."""
        section, _, name = source.path.partition(".")
        known = table_name(form, section)
        row = self.rows.get((known, str(source.delivery), str(source.number)))
        if row is None:
            return where(source.place)
        sheet, data = self.sections[known]
        column = data.index(name)
        text = where(source.place) or data.columns[column].title
        return Link(sheet.place(row, column), text)


def _shown(content: Content) -> str:
    return content.text if isinstance(content, Link) else str(content)


def worst_first(found: Sequence[Sighting]) -> list[Sighting]:
    """Return the signs by branch, the one with the gravest first; ties by code of the branch.

    A branch weighs as much as its different signs together; within it the heavier comes first.
    """
    weights: Counter[str] = Counter()
    for (branch, _), weight in {
        (one.branch, one.sign.code): one.sign.weight for one in found
    }.items():
        weights[branch] += weight
    return sorted(found, key=lambda one: (
        -weights[one.branch], one.branch, -one.sign.weight, one.sign.code, one.period.start,
    ))  # fmt: skip


def words(ctx: Context, one: Sighting) -> Message:
    """Return what was seen, and what to ask; fields by the titles the newest form gives."""
    forms = (family[0] for family in families(ctx.facts.catalogue) if family[0].form == one.form)
    return asked(one.sign, one.params, next(forms, None), ctx.lang)
