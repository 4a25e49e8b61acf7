"""Fetch mails and decide on held files: fetch, held, accept, refuse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import click

from mlay_batch.app import fetch_mail, review
from mlay_batch.app.office import open_office
from mlay_batch.app.review import ReviewOutcome, ReviewResult
from mlay_batch.cli import options, output
from mlay_batch.cli.monthly import find_workspace
from mlay_batch.cli.options import LocalisedCommand, language, option, say
from mlay_batch.cli.output import safe_line, show_json
from mlay_batch.core.messages import explain
from mlay_batch.model.records import LedgerEntry, Verdict
from mlay_batch.schema import Catalogue, Form, load_catalogue

_decision_options = options.combine_options(
    click.argument("number", type=click.IntRange(min=1)),
    option("--why", required=True),
    options.as_of_option,
    options.common_options,
)


@click.command("fetch", cls=LocalisedCommand)
@option("--since", type=options.DayType(), default=None)
@options.common_options
@click.pass_context
def fetch(ctx: click.Context, since: date | None, workspace: Path | None) -> int:
    """Bring new mails of the mailbox into the inbox."""
    current_workspace = find_workspace(ctx, workspace)
    lang = language(ctx)
    fetch_mail.mailbox_settings(
        current_workspace
    )  # before the bar, which would leave a line behind
    with output.progress(lang, "fetch.progress") as tick:
        result = fetch_mail.fetch_mails(
            current_workspace, holder=options.lock_holder(), since=since, progress=tick
        )
    output.show_text(lang, "fetch.done", count=result.count, mailbox=result.mailbox)
    return 0


@click.command("held", cls=LocalisedCommand)
@options.json_option
@options.common_options
@click.pass_context
def held(ctx: click.Context, as_json: bool, workspace: Path | None) -> int:
    """List the files that wait for a decision."""
    current_workspace = find_workspace(ctx, workspace)
    catalogue = load_catalogue(current_workspace.schemas)
    show_held(review.list_held(current_workspace), catalogue, language(ctx), as_json=as_json)
    return 0


@click.command("accept", cls=LocalisedCommand)
@_decision_options
@click.pass_context
def accept(
    ctx: click.Context, number: int, why: str, as_of: date | None, workspace: Path | None
) -> int:
    """Accept a held file."""
    return _review(ctx, workspace, ReviewOutcome.ACCEPT, number, why, as_of)


@click.command("refuse", cls=LocalisedCommand)
@_decision_options
@click.pass_context
def refuse(
    ctx: click.Context, number: int, why: str, as_of: date | None, workspace: Path | None
) -> int:
    """Refuse a held file."""
    return _review(ctx, workspace, ReviewOutcome.REFUSE, number, why, as_of)


def _review(
    ctx: click.Context,
    workspace: Path | None,
    outcome: ReviewOutcome,
    number: int,
    why: str,
    as_of: date | None,
) -> int:
    office = open_office(find_workspace(ctx, workspace))
    result = review.review_file(
        office,
        number,
        outcome,
        decided=options.local_time(None, office.workspace.settings.time_zone),
        why=why,
        as_of=as_of or options.today(),
        **options.actor(),
    )
    show_review(result, office.catalogue, language(ctx))
    is_open = result.decision.verdict in (Verdict.REJECTED, Verdict.HELD)
    return 1 if outcome is ReviewOutcome.ACCEPT and is_open else 0


def show_held(
    entries: Sequence[LedgerEntry], catalogue: Catalogue, lang: str, *, as_json: bool
) -> None:
    """Print a block for each file: number, branch and period, sender, findings."""
    if as_json:
        show_json([_as_json(entry, catalogue, lang) for entry in entries])
        return
    for entry in entries:
        about = " ".join(filter(None, (entry.branch, entry.period))) or "–"
        sender = entry.sender or say(lang, f"held.{entry.channel}")
        click.echo(safe_line(f"{entry.id}  {entry.name} · {about} · {sender}"))
        for message in _reasons(entry, catalogue, lang):
            click.echo(f"    {safe_line(message)}")
    click.echo(say(lang, "held.count", count=len(entries)))


def show_review(result: ReviewResult, catalogue: Catalogue, lang: str) -> None:
    """Print the new verdict of the file, and its findings."""
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
