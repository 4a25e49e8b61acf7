"""The page of one branch: report."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from mlay_batch.app.branch_report import report_branch
from mlay_batch.cli import options, output
from mlay_batch.cli.monthly import last_month, load_office
from mlay_batch.cli.options import LocalisedCommand, language
from mlay_batch.core.period import Period


@click.command("report", cls=LocalisedCommand)
@click.argument("branch")
@options.period_option
@options.as_of_option
@options.dry_run_option
@options.common_options
@click.pass_context
def report(
    ctx: click.Context,
    branch: str,
    period: Period | None,
    as_of: date | None,
    dry_run: bool,
    workspace: Path | None,
) -> int:
    """Write the page of a branch's year."""
    office, day = load_office(ctx, workspace), as_of or options.today()
    report_period = period or Period.of("year", last_month(day).start)
    result = report_branch(office, branch, report_period, as_of=day, dry_run=dry_run)
    output.show_text(language(ctx), "report.dry" if dry_run else "report.done", path=result.path)
    return 0
