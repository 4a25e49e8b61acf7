"""The reference page of the findings that come from the program, not from a form's rules."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from mlay_batch.core.messages import FindingDescription, finding_descriptions, text
from mlay_batch.schema.markdown import open_gaps, table

FINDINGS_FILE = "findings.md"


def findings_page(lang: str) -> str:
    """Return the page: for each first letter a table of codes, what they mean and what to do."""
    return "\n".join(_lines(lang)) + "\n"


def _lines(lang: str) -> Iterator[str]:
    yield from (f"# {text('reference', 'findings.title', lang)}", "")
    yield text("reference", "findings.text", lang)
    for letter, group in groupby(finding_descriptions(lang), lambda entry: entry.code[0]):
        yield from ("", f"## {letter}: {text('reference', f'findings.{letter}', lang)}")
        yield from table(lang, "id severity says fix", (_row(entry, lang) for entry in group))


def _row(entry: FindingDescription, lang: str) -> tuple[str, ...]:
    severity = text("reference", f"severity.{entry.severity}", lang)
    return entry.code, severity, open_gaps(entry.message.what), open_gaps(entry.message.fix)
