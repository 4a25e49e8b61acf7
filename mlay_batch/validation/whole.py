"""What is asked of a return as a whole: nil or rows; of the register: a tree without rings."""

from __future__ import annotations

from collections.abc import Iterator

from mlay_batch.findings import Finding, Severity
from mlay_batch.records import Row, Submission
from mlay_batch.schema.records import Form, Section
from mlay_batch.validation.cells import Cell, cell_of

YES = "yes"


def nil_findings(
    submission: Submission, form: Form, wrong: frozenset[Cell], lost: frozenset[str] = frozenset()
) -> Iterator[Finding]:
    """Yield F12 where a section is declared nil but has rows, F13 where it has neither.

    A declared nil return is not a missing one; an empty table without a word is neither. Of a
    section that could not be read (`lost`) nothing is said.
    """
    for section in (one for one in form.sections if one.id not in lost):
        card, _, name = (section.nil or "").partition(".")
        for declared in submission.section(card)[:1] if name else ():
            if cell_of(declared.place(name)) not in wrong:
                because = _because(form.section(card), name)
                yield from _nil(section, declared, (name, *because), submission)


def _because(card: Section, name: str) -> tuple[str, ...]:
    """Return the fields of the card that a declared nil return has to fill as well."""
    return tuple(
        str(rule.params["value"])
        for rule in card.rules
        if rule.check == "required_if"
        and rule.params["when"] == name
        and YES in rule.params["values"]
    )


def _nil(
    section: Section, card: Row, names: tuple[str, ...], submission: Submission
) -> Iterator[Finding]:
    """Yield what is wrong between the declaration, the first of `names`, and the rows."""
    name, rows = names[0], submission.section(section.id)
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
