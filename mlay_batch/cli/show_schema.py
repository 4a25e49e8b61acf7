"""Descriptions to the terminal: which there are, whether they are right, what changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from itertools import groupby

import click

from mlay_batch.cli.options import say
from mlay_batch.cli.show import plain, show_json
from mlay_batch.schema import Catalogue
from mlay_batch.schema.diff import Change, called
from mlay_batch.schema.markdown import open_gaps
from mlay_batch.schema.overlap import Overlap


def show_catalogue(found: Catalogue, lang: str) -> None:
    """List forms, quotas, schemes and signs with the months they hold."""
    for form in found.forms:
        since = f"{form.effective.from_} – {form.effective.to or '…'}"
        click.echo(f"{form.form} {form.version}  {since}  {form.title.of(lang)}")
    for quota in found.quotas:
        since = f"{quota.effective.from_} – {quota.effective.to or '…'}"
        click.echo(f"{quota.quota}  {since}  {quota.title.of(lang)}")
    for scheme in found.schemes:
        click.echo(f"{scheme.scheme} {scheme.version}  {scheme.title.of(lang)}")
    for signs in found.signs:
        since = f"{signs.effective.from_} – {signs.effective.to or '…'}"
        click.echo(f"{signs.signs} {signs.version}  {since}  {signs.title.of(lang)}")


def show_overlap(overlap: Overlap, lang: str) -> None:
    """Say which two files describe one thing in which months, and which of them applies."""
    key = "schema.lint.overlap" if overlap.last else "schema.lint.open"
    click.echo(plain(say(lang, key, name=overlap.name, older=overlap.older, newer=overlap.newer,
                         first=overlap.first, last=overlap.last or "")))  # fmt: skip


def show_linted(files: int, wrong: int, lang: str) -> None:
    """Say how many descriptions were looked at, and how many are wrong."""
    click.echo(say(lang, "schema.lint.done", files=files, wrong=wrong))


def show_changes(found: Sequence[Change], lang: str, *, as_json: bool) -> None:
    """Print every part that changed, and below it what changed in it."""
    if as_json:
        show_json([asdict(change) for change in found])
        return
    for (part, path, title, turn), alike in groupby(found, _part):
        told = "" if turn == "changed" else f": {say(lang, f'diff.{turn}')}"
        click.echo(plain(f"{say(lang, f'diff.{part}')} {path} ({open_gaps(title)}){told}"))
        for change in alike if turn == "changed" else ():
            old, new = (open_gaps(value) or "–" for value in (change.old, change.new))
            click.echo(plain(f"    {called(change.key, lang)}: {old} → {new}"))
    click.echo(say(lang, "diff.done", count=len(found)))


def _part(change: Change) -> tuple[str, str, str, str]:
    return change.part, change.path, change.title, change.turn
