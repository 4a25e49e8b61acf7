"""Checks a return as a whole (nil or rows), and the register's tree (no cycles)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mlay_batch.checks.cell_findings import Cell, cell_of
from mlay_batch.core.findings import Finding, Severity
from mlay_batch.model.records import Row, Submission
from mlay_batch.schema.model import Form, Section

YES = "yes"


def nil_findings(
    submission: Submission,
    form: Form,
    bad_cells: frozenset[Cell],
    unread: frozenset[str] = frozenset(),
) -> Iterator[Finding]:
    """Yield F12 where a section is declared nil but has rows, F13 where it has neither.

    A declared nil return is not a missing one; an empty table without a word is neither. Of a
    section that could not be read (`unread`) nothing is said.
    """
    for section in (candidate for candidate in form.sections if candidate.id not in unread):
        card, _, name = (section.nil or "").partition(".")
        for declared in submission.section_rows(card)[:1] if name else ():
            if name in declared.cells and cell_of(declared.place(name)) not in bad_cells:
                reasons = _reason_fields(form.section(card), name)
                rows = [
                    row
                    for row in submission.section_rows(section.id)
                    if not _is_all_wrong(row, bad_cells)
                ]
                if rows or not submission.section_rows(section.id):
                    yield from _nil(section, declared, (name, *reasons), rows)


def _reason_fields(card: Section, name: str) -> tuple[str, ...]:
    """Return the fields of the card that a declared nil return has to fill as well."""
    return tuple(
        str(rule.params["value"])
        for rule in card.rules
        if rule.check == "required_if"
        and rule.params["when"] == name
        and YES in rule.params["values"]
    )


def _is_all_wrong(row: Row, bad_cells: frozenset[Cell]) -> bool:
    """Whether of every cell somebody filled in it is said already that it is wrong."""
    filled = (name for name, value in row.values.items() if value is not None)
    return all(cell_of(row.place(name)) in bad_cells for name in filled)


def _nil(
    section: Section, card: Row, names: tuple[str, ...], rows: Sequence[Row]
) -> Iterator[Finding]:
    """Yield what is wrong between the declaration, the first of `names`, and the rows."""
    name = names[0]
    nil = card.values.get(name) == YES
    if nil == bool(rows):
        filled = tuple(
            row.place(field)
            for row in rows
            for field, value in row.values.items()
            if value is not None
        )
        marks = filled or tuple(card.place(field) for field in names[1:] if field in card.cells)
        yield Finding(
            "F12" if nil else "F13",
            Severity.ERROR,
            card.place(name),
            {"field": section.id, "count": len(rows)},
            (card.place(name), *marks),
        )


def cycle_findings(submission: Submission) -> Iterator[Finding]:
    """Yield F14 at the parent of every organisation that is its own ancestor."""
    rows = {row.values.get("code"): row for row in submission.section_rows("organisations")}
    for code, row in rows.items():
        cycle = [code]
        parent = row.values.get("parent")
        while parent in rows and parent not in cycle:
            cycle.append(parent)
            parent = rows[parent].values.get("parent")
        if parent == code:
            yield Finding(
                "F14",
                Severity.ERROR,
                row.place("parent"),
                {"field": "organisations.parent", "ring": " → ".join(map(str, [*cycle, code]))},
            )
