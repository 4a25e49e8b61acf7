"""The life of a period: close, reopen."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from mlay_batch.app import closing
from mlay_batch.cli import options, output
from mlay_batch.cli.monthly import load_office
from mlay_batch.cli.options import LocalisedCommand, language, option
from mlay_batch.core.period import Period

_period_argument = click.argument("period", type=options.PeriodType())


@click.command("close", cls=LocalisedCommand)
@_period_argument
@option("--incomplete", is_flag=True)
@options.as_of_option
@options.common_options
@click.pass_context
def close(
    ctx: click.Context, period: Period, incomplete: bool, as_of: date | None, workspace: Path | None
) -> int:
    """Close a period: what was reported stays as it is."""
    office = load_office(ctx, workspace)
    actor, day = (
        {"who": options.user_name(), "holder": options.lock_holder()},
        as_of or options.today(),
    )
    result = closing.close(office, period, as_of=day, allow_incomplete=incomplete, **actor)
    params = {"period": str(period), "revision": result.closing.revision}
    output.show_text(language(ctx), "close.done", path=result.path, **params)
    return 0


@click.command("reopen", cls=LocalisedCommand)
@_period_argument
@option("--why", required=True)
@options.as_of_option
@options.common_options
@click.pass_context
def reopen(
    ctx: click.Context, period: Period, why: str, as_of: date | None, workspace: Path | None
) -> int:
    """Open a closed period again."""
    office = load_office(ctx, workspace)
    actor, day = (
        {"who": options.user_name(), "holder": options.lock_holder()},
        as_of or options.today(),
    )
    result = closing.reopen(office, period, as_of=day, why=why, **actor)
    output.show_text(language(ctx), "reopen.done", period=str(period), revision=result.revision)
    return 0
