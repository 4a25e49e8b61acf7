"""Held files and what was decided about them, to the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import click

from mlay_batch.app.review import ReviewResult
from mlay_batch.cli.options import say
from mlay_batch.cli.output import safe_line, show_json
from mlay_batch.core.messages import explain
from mlay_batch.model.records import LedgerEntry
from mlay_batch.schema import Catalogue, Form


def show_held(
    entries: Sequence[LedgerEntry], catalogue: Catalogue, lang: str, *, as_json: bool
) -> None:
    """Print one block a file: its number, whose it is, why it is held."""
    if as_json:
        show_json([_as_json(d, catalogue, lang) for d in entries])
        return
    for entry in entries:
        about = " ".join(filter(None, (entry.branch, entry.period))) or "–"
        sender = entry.sender or say(lang, f"held.{entry.channel}")
        click.echo(safe_line(f"{entry.id}  {entry.name} · {about} · {sender}"))
        for message in _reasons(entry, catalogue, lang):
            click.echo(f"    {safe_line(message)}")
    click.echo(say(lang, "held.count", count=len(entries)))


def show_review(result: ReviewResult, catalogue: Catalogue, lang: str) -> None:
    """Print what became of the file, and why."""
    verdict = say(lang, f"verdict.{result.decision.verdict.value}")
    click.echo(safe_line(f"{result.entry.id}  {result.entry.name}: {verdict}"))
    for message in _reasons(result.entry, catalogue, lang):
        click.echo(f"    {safe_line(message)}")


def _reasons(entry: LedgerEntry, catalogue: Catalogue, lang: str) -> list[str]:
    form = _entry_form(entry, catalogue)
    return [f"{finding.code}: {explain(finding, form, lang)}" for finding in entry.findings]


def _entry_form(entry: LedgerEntry, catalogue: Catalogue) -> Form | None:
    return catalogue.form(entry.form or "", entry.version or "")


def _as_json(entry: LedgerEntry, catalogue: Catalogue, lang: str) -> Mapping[str, object]:
    return {
        "number": entry.id,
        "file": entry.name,
        "sender": entry.sender,
        "subject": entry.subject,
        "received": entry.received,
        "form": entry.form,
        "branch": entry.branch,
        "period": entry.period,
        "findings": _reasons(entry, catalogue, lang),
    }
