"""Makes a form of a list: a table with one row a meeting, to be given back to one branch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from mlay_batch.core.findings import Finding
from mlay_batch.model.records import Row, Value
from mlay_batch.schema.list_semantics import base_section, own_fields
from mlay_batch.schema.model import Form, Section


def as_table(form: Form) -> Form:
    """Return a list as a form with one table; the reader knows it again by its headings."""
    base = base_section(form)
    fields = tuple(field for section in _in_order(form, base) for field in own_fields(section))
    rules = tuple(rule for section in form.sections for rule in section.rules)
    table = Section(base.id, "table", base.title, fields, base.rows, rules=rules)
    return replace(form, sections=(table,), known_by=(), headline=())


def _in_order(form: Form, base: Section) -> Iterator[Section]:
    """Yield the sections as people write them: what is said of the branch beside its name."""
    hanging = [section for section in form.sections if section is not base]
    yield replace(base, fields=tuple(f for f in base.fields if f.id == base.branch))
    yield from (section for section in hanging if section.layout == "card")
    yield replace(base, fields=tuple(f for f in base.fields if f.id != base.branch))
    yield from (section for section in hanging if section.layout != "card")


def table_rows(form: Form, rows: Sequence[Row], branch_name: str) -> tuple[Row, ...]:
    """Return the rows of one branch of a list as those of `as_table`, with the cells they stood in.

    What is said of the branch once stands in its first row.
    """
    base = base_section(form)
    cards = [row for s in form.sections if s.layout == "card" for row in _rows_of(rows, s)]
    merged = []
    for row in _rows_of(rows, base):
        hanging = [r for r in rows if r.number == row.number and r.sheet == row.sheet]
        values: dict[str, Value] = {str(base.branch): branch_name}
        cells: dict[str, str] = {}
        for part in (*hanging, *cards):
            values |= part.values
            cells |= part.cells
        merged.append(replace(row, values=values, cells=cells))
        cards = []
    return tuple(merged)


def _rows_of(rows: Iterable[Row], section: Section) -> list[Row]:
    return [row for row in rows if row.section == section.id]


def table_findings(form: Form, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the errors, whose fields stand in the one table."""
    base = base_section(form)
    return tuple(_in_table(finding, base.id) for finding in findings if finding.is_error)


def _in_table(finding: Finding, section: str) -> Finding:
    path = finding.params.get("field")
    if not isinstance(path, str) or "." not in path:
        return finding
    field = f"{section}.{path.partition('.')[2]}"
    return replace(finding, params={**finding.params, "field": field})
