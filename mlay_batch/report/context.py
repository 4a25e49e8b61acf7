"""What every sheet is written from, and the names and words they share."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from mlay_batch import messages
from mlay_batch.figures.records import Facts, Figures
from mlay_batch.period import Period
from mlay_batch.report.book import Book, Content, Link
from mlay_batch.schema.catalogue import Source

_NUMERAL = re.compile(r"^[IVXLC]+\.\s*")


@dataclass(frozen=True)
class Provenance:
    """Where the figures come from: program, register and descriptions, by hash.

    `figures` is their fingerprint; `sums` that of what the level above computes again from the
    rows alone.
    """

    program: str
    as_of: date
    register_sha256: str
    schemas: tuple[Source, ...]
    note: str = ""
    figures: str = ""
    sums: str = ""


@dataclass(frozen=True)
class Context:
    """The inputs and the workbook. `delivered` maps deliveries to their cell in the list of all."""

    book: Book
    facts: Facts
    figures: Figures
    delivered: Mapping[int, str] = field(default_factory=dict)

    @property
    def lang(self) -> str:
        """The language of the workbook."""
        return self.book.lang

    def t(self, key: str, **params: object) -> str:
        """Return a text of the report."""
        return self.book.t(key, **params)

    def name(self, branch: str | None) -> str:
        """Return the name of an organisation, its code where the register has none."""
        found = self.facts.register.by_code.get(branch or "")
        return found.name if found else branch or ""

    def officer(self, code: str) -> str:
        """Return the name of an officer."""
        found = self.facts.register.officer_by_code.get(code)
        return found.name if found else code

    def state(self, kind: str, state: str) -> str:
        """Return the title of a state: `kind` is ``quota`` or ``return``."""
        return messages.text("figures", f"{kind}.{state}", self.lang)

    def period(self, written: str | None) -> str:
        """Return the title of a period as the ledger writes it."""
        return Period.parse(written).title(self.lang) if written else ""

    def file(self, delivery: int) -> Content:
        """Return a jump to that delivery in the list of all."""
        target = self.delivered.get(delivery)
        return Link(target, str(delivery)) if target else str(delivery)

    def choice(self, choices: str, chosen: str) -> str:
        """Return the title of a choice of any form, the newest first; the id where unknown."""
        for form in reversed(self.facts.catalogue.forms):
            for choice in form.choices.get(choices, ()):
                if choice.id == chosen:
                    return choice.title.of(self.lang)
        return chosen


def bare(title: str) -> str:
    """Return a section's title without its number.

    >>> bare("VI. Bồi dưỡng, kiểm tra, giám sát")
    'Bồi dưỡng, kiểm tra, giám sát'
    """
    return _NUMERAL.sub("", title)


def period_id(period: Period) -> str:
    """Return a period as formulas match it. A bare ``2019-11`` would be taken for a date.

    >>> period_id(Period.parse("2019-11"))
    'P2019-11'
    """
    return f"P{period}"
