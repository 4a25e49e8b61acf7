"""Forms out and one form checked: template, check."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from mlay_batch.cli import options, show, show_mail
from mlay_batch.cli.mail_out import mail_forms
from mlay_batch.cli.options import LocalisedCommand, language, option, say
from mlay_batch.errors import NoWorkspaceError, RegisterError, UsageError
from mlay_batch.files import write_atomically
from mlay_batch.period import Period
from mlay_batch.pipeline import check as checking
from mlay_batch.pipeline import templates
from mlay_batch.pipeline.town import Town, open_town
from mlay_batch.schema import load_catalogue
from mlay_batch.workspace import Workspace


@click.command("template", cls=LocalisedCommand)
@click.argument("branches", nargs=-1)
@option("--form", default=None)
@options.period_option
@option("--out", type=click.Path(file_okay=False, path_type=Path), default=None)
@option("--all", "everyone", is_flag=True)
@option("--mail", is_flag=True)
@option("--send", is_flag=True)
@options.dry_run_option
@options.common
@click.pass_context
def template(
    ctx: click.Context,
    branches: tuple[str, ...],
    form: str | None,
    period: Period | None,
    out: Path | None,
    everyone: bool,
    mail: bool,
    send: bool,
    dry_run: bool,
    workspace: Path | None,
) -> int:
    """Write the blank form of a period for the branches named, or for all that owe it."""
    town = open_town(Workspace.find(workspace or Path.cwd()))
    wanted = period or Period.of("month", options.today())
    if everyone and branches:
        raise UsageError("usage.all", branch=branches[0])
    version = templates.form_of(town, form, wanted)
    owing = templates.chosen(town, version, wanted, branches)
    if mail or send:
        done = mail_forms(town, version, wanted, owing, send=send, dry_run=dry_run)
        show_mail.show_mailed(done, language(ctx), as_json=False, dry_run=dry_run)
        return 0 if done.clean else 1
    folder = out or town.workspace.outbox
    if not dry_run:
        issued = templates.issue(town, version.form, wanted, branches, folder)
        show.show_progress(issued, len(owing), language(ctx), "template.progress")
    show.show_issued(len(owing), folder / str(wanted), language(ctx), dry_run=dry_run)
    return 0


@click.command("check", cls=LocalisedCommand)
@click.argument("file", type=click.Path(path_type=Path))
@option("--returned", type=click.Path(dir_okay=False, path_type=Path), default=None)
@options.as_of_option
@options.json_option
@options.common
@click.pass_context
def check(
    ctx: click.Context,
    file: Path,
    returned: Path | None,
    as_of: date | None,
    as_json: bool,
    workspace: Path | None,
) -> int:
    """Check one workbook: would it be refused?"""
    town = _town_if_any(workspace, language(ctx))
    catalogue = town.catalogue if town else load_catalogue()
    checked = checking.check(file, catalogue, town, as_of or options.today())
    show.show_findings(checked.findings, checked.form, language(ctx), as_json=as_json)
    if returned:
        data = checking.returned(checked, catalogue, town, language(ctx))
        write_atomically(returned, data)
    return 1 if any(finding.is_error for finding in checked.findings) else 0


def _town_if_any(workspace: Path | None, lang: str) -> Town | None:
    """Return the town of the workspace named, or of the one around us; None where there is none."""
    try:
        return open_town(Workspace.find(workspace or Path.cwd()))
    except NoWorkspaceError:
        if workspace:
            raise
        return None
    except RegisterError:
        click.echo(say(lang, "check.no_register"), err=True)
        return None
