"""The clerk's month: run, ingest, consolidate, status, report, close, reopen."""

from __future__ import annotations

from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mlay_batch.app import closing
from mlay_batch.app import consolidate as consolidation
from mlay_batch.app import status as period_status
from mlay_batch.app.office import Office, open_office
from mlay_batch.app.workspace import Workspace
from mlay_batch.cli import options, output
from mlay_batch.cli.options import LocalisedCommand, language, option
from mlay_batch.core.period import Period
from mlay_batch.errors import UsageError

if TYPE_CHECKING:
    from mlay_batch.reader import Reading


def _cluster_reading(
    ctx: click.Context, _param: click.Parameter, address: str | None
) -> Reading | None:
    """Return the function that reads files on the cluster at `address`; None without an address."""
    if address is None:
        return None
    try:
        from mlay_batch.reader import dask_backend  # start-up: Dask costs a second, and is an extra
    except ModuleNotFoundError as error:
        raise UsageError("cluster.extra") from error
    return partial(
        dask_backend.read_each, address=address, plain=ctx.meta.get("cluster_unencrypted", False)
    )


def _remember_flag(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    ctx.meta[str(param.name)] = value


_paths_argument = click.argument("paths", nargs=-1, type=options.ExistingPath())
_intake_options = options.combine_options(
    _paths_argument,
    option("--received", type=options.MomentType(), default=None),
    options.as_of_option,
    options.dry_run_option,
    option("--cluster", metavar="ADDRESS", callback=_cluster_reading, default=None),
    option(
        "--cluster-unencrypted",
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=_remember_flag,
    ),
)


def find_workspace(ctx: click.Context, path: Path | None) -> Workspace:
    """Return the given or surrounding workspace, and use its language."""
    workspace = Workspace.find(path or Path.cwd())
    options.set_default_language(ctx, workspace.settings.language)
    return workspace


def load_office(ctx: click.Context, workspace: Path | None) -> Office:
    """Open the given or surrounding workspace, and print the warnings on its register."""
    office = open_office(find_workspace(ctx, workspace))
    output.show_register_warnings(office, language(ctx))
    return office


def last_month(as_of: date) -> Period:
    """Return the last complete month, the default period of reports."""
    return Period.of("month", as_of).previous()


def _ingest(
    ctx: click.Context,
    office: Office,
    paths: tuple[Path, ...],
    received: datetime | None,
    as_of: date,
    *,
    dry_run: bool,
    cluster: Reading | None,
    as_json: bool = False,
) -> int:
    """Ingest files and print the result; return the exit code."""
    from mlay_batch.app.ingest import ingest  # start-up: `status` needs no mail parser

    lang, zone = language(ctx), office.workspace.settings.time_zone
    with output.progress(lang, "ingest.progress") as tick:
        result = ingest(
            office,
            paths,
            as_of=as_of,
            received=options.local_time(received, zone),
            holder=options.lock_holder(),
            progress=tick,
            dry_run=dry_run,
            read_files=cluster,
        )
    output.show_ingest_result(result, office.catalogue, lang, as_json=as_json, dry_run=dry_run)
    return 1 if result.has_refusals else 0


def _consolidate(
    ctx: click.Context,
    office: Office,
    period: Period | None,
    as_of: date,
    *,
    dry_run: bool,
    as_json: bool = False,
    force: bool = False,
) -> None:
    result = consolidation.consolidate(
        office,
        period or last_month(as_of),
        as_of=as_of,
        holder=options.lock_holder(),
        dry_run=dry_run,
        force=force,
    )
    output.show_consolidation_result(result, language(ctx), as_json=as_json, dry_run=dry_run)


@click.command("ingest", cls=LocalisedCommand)
@_intake_options
@options.json_option
@options.common_options
@click.pass_context
def ingest(
    ctx: click.Context,
    paths: tuple[Path, ...],
    received: datetime | None,
    as_of: date | None,
    dry_run: bool,
    cluster: Reading | None,
    as_json: bool,
    workspace: Path | None,
) -> int:
    """Ingest files and record a verdict on each."""
    office, day = load_office(ctx, workspace), as_of or options.today()
    return _ingest(
        ctx, office, paths, received, day, dry_run=dry_run, cluster=cluster, as_json=as_json
    )


@click.command("consolidate", cls=LocalisedCommand)
@options.period_option
@options.as_of_option
@options.dry_run_option
@option("--anew", is_flag=True)
@options.json_option
@options.common_options
@click.pass_context
def consolidate(
    ctx: click.Context,
    period: Period | None,
    as_of: date | None,
    dry_run: bool,
    anew: bool,
    as_json: bool,
    workspace: Path | None,
) -> int:
    """Write the consolidated workbook of a period."""
    office, day = load_office(ctx, workspace), as_of or options.today()
    _consolidate(ctx, office, period, day, dry_run=dry_run, as_json=as_json, force=anew)
    return 0


@click.command("run", cls=LocalisedCommand)
@_intake_options
@options.period_option
@options.common_options
@click.pass_context
def run(
    ctx: click.Context,
    paths: tuple[Path, ...],
    received: datetime | None,
    as_of: date | None,
    dry_run: bool,
    cluster: Reading | None,
    period: Period | None,
    workspace: Path | None,
) -> int:
    """Ingest the inbox, then consolidate."""
    office, day = load_office(ctx, workspace), as_of or options.today()
    code = _ingest(ctx, office, paths, received, day, dry_run=dry_run, cluster=cluster)
    _consolidate(ctx, office, period, day, dry_run=dry_run)
    output.show_text(language(ctx), "run.next")
    return code


@click.command("status", cls=LocalisedCommand)
@options.period_option
@options.as_of_option
@options.json_option
@options.common_options
@click.pass_context
def status(
    ctx: click.Context,
    period: Period | None,
    as_of: date | None,
    as_json: bool,
    workspace: Path | None,
) -> int:
    """Show which returns have come in."""
    office, day = load_office(ctx, workspace), as_of or options.today()
    result = period_status.status(office, period or last_month(day), day)
    output.show_status(result, office.intake_catalogue, language(ctx), as_json=as_json)
    return 0


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
    """Close a period: its report stays as it is."""
    office = load_office(ctx, workspace)
    day = as_of or options.today()
    result = closing.close(
        office, period, as_of=day, allow_incomplete=incomplete, **options.actor()
    )
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
    """Reopen a closed period."""
    office = load_office(ctx, workspace)
    day = as_of or options.today()
    result = closing.reopen(office, period, as_of=day, why=why, **options.actor())
    output.show_text(language(ctx), "reopen.done", period=str(period), revision=result.revision)
    return 0


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
    from mlay_batch.app.build_report import report_branch  # start-up: others need no xlsxwriter

    office, day = load_office(ctx, workspace), as_of or options.today()
    report_period = period or Period.of("year", last_month(day).start)
    result = report_branch(office, branch, report_period, as_of=day, dry_run=dry_run)
    output.show_text(language(ctx), "report.dry" if dry_run else "report.done", path=result.path)
    return 0
