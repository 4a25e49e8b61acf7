"""Issue blank forms and check one file: template, check."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from mlay_batch.app import check_file, templates
from mlay_batch.app.office import Office, open_office
from mlay_batch.app.workspace import Workspace
from mlay_batch.cli import options, output
from mlay_batch.cli.options import LocalisedCommand, language, option, say
from mlay_batch.cli.send import mail_forms, show_mail_result
from mlay_batch.core.files import write_atomically
from mlay_batch.core.period import Period
from mlay_batch.errors import NoWorkspaceError, RegisterError, UsageError
from mlay_batch.schema import load_catalogue


@click.command("template", cls=LocalisedCommand)
@click.argument("branches", nargs=-1)
@option("--form", default=None)
@options.period_option
@option("--out", type=click.Path(file_okay=False, path_type=Path), default=None)
@option("--all", "everyone", is_flag=True)
@option("--mail", is_flag=True)
@option("--send", is_flag=True)
@options.dry_run_option
@options.common_options
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
    office = open_office(Workspace.find(workspace or Path.cwd()))
    form_period = period or Period.of("month", options.today())
    if everyone and branches:
        raise UsageError("usage.all", branch=branches[0])
    version = templates.form_in_force(office, form, form_period)
    organisations = templates.select_organisations(office, version, form_period, branches)
    if mail or send:
        result = mail_forms(office, version, form_period, organisations, send=send, dry_run=dry_run)
        show_mail_result(result, language(ctx), as_json=False, dry_run=dry_run)
        return 0 if result.is_clean else 1
    folder = out or office.workspace.outbox
    if not dry_run:
        forms_written = templates.issue(office, version.form, form_period, branches, folder)
        output.show_progress(forms_written, len(organisations), language(ctx), "template.progress")
    output.show_issued_forms(
        len(organisations), folder / str(form_period), language(ctx), dry_run=dry_run
    )
    return 0


@click.command("check", cls=LocalisedCommand)
@click.argument("file", type=click.Path(path_type=Path))
@option("--returned", type=click.Path(dir_okay=False, path_type=Path), default=None)
@options.as_of_option
@options.json_option
@options.common_options
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
    office = _office_or_none(workspace, language(ctx))
    catalogue = office.catalogue if office else load_catalogue()
    result = check_file.check(file, catalogue, office, as_of or options.today())
    output.show_findings(result.findings, result.form, language(ctx), as_json=as_json)
    if returned:
        data = check_file.render_returned(result, catalogue, office, language(ctx))
        write_atomically(returned, data)
    return 1 if any(finding.is_error for finding in result.findings) else 0


def _office_or_none(workspace: Path | None, lang: str) -> Office | None:
    """Return the office of the given or surrounding workspace, None without one."""
    try:
        return open_office(Workspace.find(workspace or Path.cwd()))
    except NoWorkspaceError:
        if workspace:
            raise
        return None
    except RegisterError:
        click.echo(say(lang, "check.no_register"), err=True)
        return None
