"""Mail in and decisions: fetch, held, accept, refuse."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from mlay_batch.app import fetch_mail, review
from mlay_batch.app.office import open_office
from mlay_batch.app.review import ReviewOutcome
from mlay_batch.app.workspace import Workspace
from mlay_batch.cli import options, output, output_held
from mlay_batch.cli.options import LocalisedCommand, language, option
from mlay_batch.model.records import Verdict
from mlay_batch.schema import load_catalogue

_decision_options = options.combine_options(
    click.argument("number", type=click.IntRange(min=1)),
    option("--why", required=True),
    options.as_of_option,
    options.common_options,
)


def _find_workspace(ctx: click.Context, path: Path | None) -> Workspace:
    workspace = Workspace.find(path or Path.cwd())
    options.set_default_language(ctx, workspace.settings.language)
    return workspace


@click.command("fetch", cls=LocalisedCommand)
@option("--since", type=options.DayType(), default=None)
@options.common_options
@click.pass_context
def fetch(ctx: click.Context, since: date | None, workspace: Path | None) -> int:
    """Bring new mails of the mailbox into the inbox."""
    current_workspace = _find_workspace(ctx, workspace)
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
    current_workspace = _find_workspace(ctx, workspace)
    catalogue = load_catalogue(current_workspace.schemas)
    output_held.show_held(
        review.list_held(current_workspace), catalogue, language(ctx), as_json=as_json
    )
    return 0


@click.command("accept", cls=LocalisedCommand)
@_decision_options
@click.pass_context
def accept(
    ctx: click.Context, number: int, why: str, as_of: date | None, workspace: Path | None
) -> int:
    """Take a held file."""
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
    office = open_office(_find_workspace(ctx, workspace))
    result = review.review_file(
        office,
        number,
        outcome,
        who=options.user_name(),
        decided=options.local_time(None, office.workspace.settings.time_zone),
        why=why,
        as_of=as_of or options.today(),
        holder=options.lock_holder(),
    )
    output_held.show_review(result, office.catalogue, language(ctx))
    is_open = result.decision.verdict in (Verdict.REJECTED, Verdict.HELD)
    return 1 if outcome is ReviewOutcome.ACCEPT and is_open else 0
