"""What is asked of a return as a whole: nil or rows; of the register: a tree without rings."""

from __future__ import annotations

from collections.abc import Iterator

from mlay_batch.findings import Finding, Severity
from mlay_batch.records import Row, Submission
from mlay_batch.schema.records import Form, Section
from mlay_batch.validation.cells import Cell, cell_of

YES = "yes"


def nil_findings(submission: Submission, form: Form, wrong: frozenset[Cell]) -> Iterator[Finding]:
    """Yield F12 where a section is declared nil but has rows, F13 where it has neither.

    A declared nil return is not a missing one; an empty table without a word is neither.
    """
    for section in form.sections:
        card, _, name = (section.nil or "").partition(".")
        for declared in submission.section(card)[:1] if name else ():
            if cell_of(declared.place(name)) not in wrong:
                yield from _nil(section, declared, name, submission.section(section.id))


def _nil(section: Section, card: Row, name: str, rows: tuple[Row, ...]) -> Iterator[Finding]:
    nil = card.values.get(name) == YES
    if nil == bool(rows):
        marks = tuple(
            row.place(field)
            for row in rows
            for field, value in row.values.items()
            if value is not None
        )
        yield Finding(
            "F12" if nil else "F13",
            Severity.ERROR,
            card.place(name),
            {"field": section.id, "count": len(rows)},
            (card.place(name), *marks),
        )


def ring_findings(submission: Submission) -> Iterator[Finding]:
    """Yield F14 at the parent of every organisation that is its own ancestor."""
    rows = {row.values.get("code"): row for row in submission.section("organisations")}
    for code, row in rows.items():
        ring = [code]
        above = row.values.get("parent")
        while above in rows and above not in ring:
            ring.append(above)
            above = rows[above].values.get("parent")
        if above == code:
            yield Finding(
                "F14",
                Severity.ERROR,
                row.place("parent"),
                {"field": "organisations.parent", "ring": " → ".join(map(str, [*ring, code]))},
            )
