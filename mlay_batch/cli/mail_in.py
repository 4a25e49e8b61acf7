"""Mail in and decisions: fetch, held, accept, refuse."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from mlay_batch.cli import options, show, show_held
from mlay_batch.cli.options import LocalisedCommand, language, option
from mlay_batch.pipeline import fetch as fetching
from mlay_batch.pipeline import ruling
from mlay_batch.pipeline.ruling import Outcome
from mlay_batch.pipeline.town import open_town
from mlay_batch.records import Verdict
from mlay_batch.schema import load_catalogue
from mlay_batch.workspace import Workspace

_decision = options.several(
    click.argument("number", type=click.IntRange(min=1)),
    option("--why", required=True),
    options.as_of_option,
    options.common,
)


def _workspace(ctx: click.Context, given: Path | None) -> Workspace:
    found = Workspace.find(given or Path.cwd())
    options.settle_language(ctx, found.settings.language)
    return found


@click.command("fetch", cls=LocalisedCommand)
@option("--since", type=options.DayType(), default=None)
@options.common
@click.pass_context
def fetch(ctx: click.Context, since: date | None, workspace: Path | None) -> int:
    """Bring new mails of the mailbox into the inbox."""
    found = _workspace(ctx, workspace)
    lang = language(ctx)
    fetching.configured(found)  # before the bar, which would leave a line behind
    with show.progress(lang, "fetch.progress") as tick:
        done = fetching.fetch_mails(found, holder=options.holder(), since=since, progress=tick)
    show.show_text(lang, "fetch.done", count=done.count, mailbox=done.mailbox)
    return 0


@click.command("held", cls=LocalisedCommand)
@options.json_option
@options.common
@click.pass_context
def held(ctx: click.Context, as_json: bool, workspace: Path | None) -> int:
    """List the files that wait for a decision."""
    found = _workspace(ctx, workspace)
    catalogue = load_catalogue(found.schemas)
    show_held.show_held(ruling.held(found), catalogue, language(ctx), as_json=as_json)
    return 0


@click.command("accept", cls=LocalisedCommand)
@_decision
@click.pass_context
def accept(
    ctx: click.Context, number: int, why: str, as_of: date | None, workspace: Path | None
) -> int:
    """Take a held file."""
    return _rule(ctx, workspace, Outcome.ACCEPT, number, why, as_of)


@click.command("refuse", cls=LocalisedCommand)
@_decision
@click.pass_context
def refuse(
    ctx: click.Context, number: int, why: str, as_of: date | None, workspace: Path | None
) -> int:
    """Refuse a held file."""
    return _rule(ctx, workspace, Outcome.REFUSE, number, why, as_of)


def _rule(
    ctx: click.Context,
    workspace: Path | None,
    outcome: Outcome,
    number: int,
    why: str,
    as_of: date | None,
) -> int:
    town = open_town(_workspace(ctx, workspace))
    done = ruling.rule(
        town,
        number,
        outcome,
        who=options.user(),
        decided=options.moment(None, town.workspace.settings.time_zone),
        why=why,
        as_of=as_of or options.today(),
        holder=options.holder(),
    )
    show_held.show_ruled(done, town.catalogue, language(ctx))
    open_still = done.decision.verdict in (Verdict.REJECTED, Verdict.HELD)
    return 1 if outcome is Outcome.ACCEPT and open_still else 0
