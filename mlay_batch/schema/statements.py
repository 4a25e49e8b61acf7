"""Writes the page of statements: every judgement a printed sheet can make, and what it rests on.

A judgement stands in `locale/` with what it claims and its basis beside its words; those of forms,
schemes and signs have pages of their own.
"""

from __future__ import annotations

from collections.abc import Iterator

from mlay_batch.core.messages import claims_of, has_text, text
from mlay_batch.schema.markdown import open_gaps, table

STATEMENTS_FILE = "statements.md"
AREAS = (
    "figures",
    "visits",
    "ratings",
    "branches",
    "report",
    "comparison",
    "news",
    "committee",
)  # printed on sheets


def statements_page(lang: str) -> str:
    """Return the page: for each group of texts a table of words, claim, basis and standing."""
    return "\n".join(_lines(lang)) + "\n"


def _lines(lang: str) -> Iterator[str]:
    yield from (f"# {text('reference', 'statements.title', lang)}", "")
    yield text("reference", "statements.text", lang)
    note = text("reference", "statements.note", lang)
    for area in AREAS:
        rows = [
            (open_gaps(claim.words), claim.claims or note, *_basis(claim.basis, lang))
            for claim in claims_of(area, lang)
        ]
        if rows:
            yield from ("", f"## {text('reference', f'statements.{area}', lang)}")
            yield from table(lang, "words claims basis standing", rows)


def _basis(basis: str, lang: str) -> tuple[str, str]:
    """Return what a judgement rests on and whether that is confirmed; a document names itself."""
    if has_text("reference", f"claim.{basis}"):
        words, standing = (
            text("reference", f"{part}.{basis}", lang) for part in ("claim", "standing")
        )
        return words, standing
    return basis, text("reference", "standing.document", lang)
