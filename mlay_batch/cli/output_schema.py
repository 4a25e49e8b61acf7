"""Descriptions to the terminal: which there are, whether they are right, what changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from itertools import groupby

import click

from mlay_batch.cli.options import say
from mlay_batch.cli.output import safe_line, show_json
from mlay_batch.schema import Catalogue
from mlay_batch.schema.diff import FormChange, key_title
from mlay_batch.schema.markdown import open_gaps
from mlay_batch.schema.overlap import Overlap


def show_catalogue(catalogue: Catalogue, lang: str) -> None:
    """List forms, quotas, schemes and signs with the months they hold."""
    for form in catalogue.forms:
        since = f"{form.effective.from_} – {form.effective.to or '…'}"
        click.echo(f"{form.form} {form.version}  {since}  {form.title.of(lang)}")
    for quota in catalogue.quotas:
        since = f"{quota.effective.from_} – {quota.effective.to or '…'}"
        click.echo(f"{quota.quota}  {since}  {quota.title.of(lang)}")
    for scheme in catalogue.schemes:
        click.echo(f"{scheme.scheme} {scheme.version}  {scheme.title.of(lang)}")
    for indicator_set in catalogue.indicator_sets:
        since = f"{indicator_set.effective.from_} – {indicator_set.effective.to or '…'}"
        click.echo(
            f"{indicator_set.signs} {indicator_set.version}  {since}  "
            f"{indicator_set.title.of(lang)}"
        )


def show_overlap(overlap: Overlap, lang: str) -> None:
    """Say which two files describe one thing in which months, and which of them applies."""
    key = "schema.lint.overlap" if overlap.last else "schema.lint.open"
    click.echo(
        safe_line(
            say(
                lang,
                key,
                name=overlap.name,
                older=overlap.older,
                newer=overlap.newer,
                first=overlap.first,
                last=overlap.last or "",
            )
        )
    )


def show_lint_result(files: int, error_count: int, lang: str) -> None:
    """Say how many descriptions were looked at, and how many are wrong."""
    click.echo(say(lang, "schema.lint.done", files=files, wrong=error_count))


def show_changes(changes: Sequence[FormChange], lang: str, *, as_json: bool) -> None:
    """Print every part that changed, and below it what changed in it."""
    if as_json:
        show_json([asdict(change) for change in changes])
        return
    for (part, path, title, turn), group in groupby(changes, _part_key):
        suffix = "" if turn == "changed" else f": {say(lang, f'diff.{turn}')}"
        click.echo(safe_line(f"{say(lang, f'diff.{part}')} {path} ({open_gaps(title)}){suffix}"))
        for change in group if turn == "changed" else ():
            old, new = (open_gaps(value) or "–" for value in (change.old, change.new))
            click.echo(safe_line(f"    {key_title(change.key, lang)}: {old} → {new}"))
    click.echo(say(lang, "diff.done", count=len(changes)))


def _part_key(change: FormChange) -> tuple[str, str, str, str]:
    return change.part, change.path, change.title, change.turn
