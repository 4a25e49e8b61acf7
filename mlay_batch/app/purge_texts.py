"""Takes out of rows what people wrote and who they are; counts, days, codes and choices stay."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from mlay_batch.ledger.purging import MASK
from mlay_batch.model.records import Row
from mlay_batch.model.rollup_form import KEPT_AT_HOME
from mlay_batch.schema.model import Field, Section

# What says who a person is, in the lists of a register.
PERSONAL_FIELDS = {
    "organisations": frozenset(KEPT_AT_HOME),
    "officers": frozenset(("name", "position", "mail")),
    "signatories": frozenset(("name", "position")),
    "addresses": frozenset(("mail",)),
    "waivers": frozenset(("by", "reason")),
    "office": frozenset(("recipients", "phone", "contact")),
    "decisions": frozenset(("content",)),
    "work": frozenset(("content", "result")),
}


def mask_row(
    row: Row,
    sections: Sequence[Section],
    personal: Collection[str] | None = None,
    titles: Collection[str] = (),
) -> Row:
    """Return the row with a mask for each text that somebody typed.

    Numbers, days, choices and codes stay, and whether there was a text. `sections` describe it;
    without one all texts go. Of a register only the fields `personal` go. A sheet that is not
    called as in the form goes too.
    """

    def is_masked(name: str) -> bool:
        if personal is not None:
            return name in personal
        fields = [each for section in sections for each in section.fields if each.id == name]
        return not name.startswith("_") and all(map(_is_free_text, fields))

    values = {
        name: MASK if isinstance(value, str) and value and is_masked(name) else value
        for name, value in row.values.items()
    }
    return replace(row, sheet=row.sheet if row.sheet in titles else MASK, values=values)


def _is_free_text(each: Field) -> bool:
    """Whether a field takes what people like to write."""
    return each.type in ("text", "mail") and not (each.locked or each.pattern or each.compute)


def without_names(row: Row) -> Row:
    """Return a row of a register without persons: codes, days and organisations stay."""
    return mask_row(row, (), PERSONAL_FIELDS.get(row.section, frozenset()))
