"""The reference page of the findings that come from the program, not from a form's rules."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from mlay_batch.messages import Known, known, text
from mlay_batch.schema.markdown import open_gaps, table

FINDINGS = "findings.md"


def findings_page(lang: str) -> str:
    """Return the page: for each first letter a table of codes, what they mean and what to do."""
    return "\n".join(_lines(lang)) + "\n"


def _lines(lang: str) -> Iterator[str]:
    yield from (f"# {text('reference', 'findings.title', lang)}", "")
    yield text("reference", "findings.text", lang)
    for letter, alike in groupby(known(lang), lambda one: one.code[0]):
        yield from ("", f"## {letter}: {text('reference', f'findings.{letter}', lang)}")
        yield from table(lang, "id severity says fix", (_row(one, lang) for one in alike))


def _row(one: Known, lang: str) -> tuple[str, ...]:
    severity = text("reference", f"severity.{one.severity}", lang)
    return one.code, severity, open_gaps(one.message.what), open_gaps(one.message.fix)
