"""Maintain a workspace: doctor, backup, restore."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from mlay_batch.app import backup as backups
from mlay_batch.app.archive_check import Defect, WorkspaceReport, check_workspace
from mlay_batch.cli import options, output
from mlay_batch.cli.monthly import find_workspace
from mlay_batch.cli.options import LocalisedCommand, language, option
from mlay_batch.cli.output import finding_lines, safe_line, show_json
from mlay_batch.core.messages import error_text, text
from mlay_batch.errors import RegisterError

_file_argument = click.argument("file", type=click.Path(dir_okay=False, path_type=Path))


@click.command("doctor", cls=LocalisedCommand)
@option("--repair", is_flag=True)
@options.json_option
@options.common_options
@click.pass_context
def doctor(ctx: click.Context, repair: bool, as_json: bool, workspace: Path | None) -> int:
    """Look for defects of the workspace."""
    current_workspace = find_workspace(ctx, workspace)
    report = check_workspace(
        current_workspace, today=options.today(), holder=options.lock_holder(), repair=repair
    )
    show_workspace_report(report, language(ctx), as_json=as_json)
    return 1 if report.has_defects else 0


@click.command("backup", cls=LocalisedCommand)
@_file_argument
@options.common_options
@click.pass_context
def backup(ctx: click.Context, file: Path, workspace: Path | None) -> int:
    """Write the whole workspace to one file."""
    current_workspace = find_workspace(ctx, workspace)
    result = backups.backup(current_workspace, file, holder=options.lock_holder())
    output.show_text(language(ctx), "backup.done", path=result.path, count=result.file_count)
    return 0


@click.command("restore", cls=LocalisedCommand)
@click.argument("file", type=options.ExistingPath())
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@options.lang_option
@click.pass_context
def restore(ctx: click.Context, file: Path, directory: Path) -> int:
    """Unpack a backup into a new folder."""
    result = backups.restore(file, directory)
    output.show_text(language(ctx), "restore.done", path=result.path, count=result.file_count)
    return 0


def show_workspace_report(report: WorkspaceReport, lang: str, *, as_json: bool) -> None:
    """Print one line for each defect with its repair, and their number."""
    if as_json:
        data = [_as_json(defect, report, lang) for defect in report.defects]
        show_json(data)
        return
    for defect in report.defects:
        kind = text("doctor", "kind.note" if defect.is_note else "kind.ill", lang)
        click.echo(
            safe_line(
                f"{kind} {_defect_text(defect, lang)} {_fix_text(defect, report, lang)}"
            ).rstrip()
        )
        if isinstance(defect.error, RegisterError):
            for line in finding_lines(defect.error.findings, defect.error.form, lang):
                click.echo("  " + line)
    if report.defects:
        count = {"found": len(report.defects), "cured": len(report.fixed)}
        click.echo(text("doctor", "count", lang, **count))
    else:
        click.echo(text("doctor", "sound", lang))


def _defect_text(defect: Defect, lang: str) -> str:
    return (
        error_text(defect.error, lang)
        if defect.error
        else text("doctor", defect.code, lang, **defect.params)
    )


def _fix_text(defect: Defect, report: WorkspaceReport, lang: str) -> str:
    if defect in report.fixed:
        return text("doctor", "cured", lang)
    return text("doctor", "curable", lang) if defect.fix else ""


def _as_json(defect: Defect, report: WorkspaceReport, lang: str) -> Mapping[str, object]:
    return {
        "code": defect.code,
        "defect": not defect.is_note,
        "message": _defect_text(defect, lang),
        "curable": defect.fix is not None,
        "cured": defect in report.fixed,
    }
