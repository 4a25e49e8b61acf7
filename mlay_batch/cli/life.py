"""The life of a period: close, reopen."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from mlay_batch.cli import options, show
from mlay_batch.cli.month import open_for
from mlay_batch.cli.options import LocalisedCommand, language, option
from mlay_batch.period import Period
from mlay_batch.pipeline import period as life

_period = click.argument("period", type=options.PeriodType())


@click.command("close", cls=LocalisedCommand)
@_period
@option("--incomplete", is_flag=True)
@options.as_of_option
@options.common
@click.pass_context
def close(
    ctx: click.Context,
    period: Period,
    incomplete: bool,
    as_of: date | None,
    workspace: Path | None,
) -> int:
    """Close a period: what was reported stays as it is."""
    town = open_for(ctx, workspace)
    who, day = {"who": options.user(), "holder": options.holder()}, as_of or options.today()
    done = life.close(town, period, as_of=day, incomplete=incomplete, **who)
    said = {"period": str(period), "revision": done.closing.revision}
    show.show_text(language(ctx), "close.done", path=done.path, **said)
    return 0


@click.command("reopen", cls=LocalisedCommand)
@_period
@option("--why", required=True)
@options.as_of_option
@options.common
@click.pass_context
def reopen(
    ctx: click.Context, period: Period, why: str, as_of: date | None, workspace: Path | None
) -> int:
    """Open a closed period again."""
    town = open_for(ctx, workspace)
    who, day = {"who": options.user(), "holder": options.holder()}, as_of or options.today()
    done = life.reopen(town, period, as_of=day, why=why, **who)
    show.show_text(language(ctx), "reopen.done", period=str(period), revision=done.revision)
    return 0
