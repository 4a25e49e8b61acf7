"""Maintain a workspace: doctor, backup, restore."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from mlay_batch.app import backup as backups
from mlay_batch.app.archive_check import Defect, WorkspaceReport, check_workspace
from mlay_batch.cli.options import ExistingPath, LocalisedCommand, lang_option, option
from mlay_batch.cli.output import finding_lines, safe_line, show_json, show_text
from mlay_batch.cli.session import Session, common_options, json_option, pass_session
from mlay_batch.core.messages import error_text, text
from mlay_batch.errors import RegisterError


@click.command("doctor", cls=LocalisedCommand)
@option("--repair", is_flag=True)
@json_option
@common_options
@pass_session
def doctor(session: Session, repair: bool) -> int:
    """Look for defects of the workspace."""
    report = check_workspace(
        session.workspace, today=session.as_of, holder=session.holder, repair=repair
    )
    if session.as_json:
        show_json([_as_json(defect, report, session.lang) for defect in report.defects])
    else:
        _show_report(report, session.lang)
    return 1 if report.has_defects else 0


@click.command("backup", cls=LocalisedCommand)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@common_options
@pass_session
def backup(session: Session, file: Path) -> int:
    """Write the whole workspace to one file."""
    result = backups.backup(session.workspace, file, holder=session.holder)
    show_text(session.lang, "backup.done", path=result.path, count=result.file_count)
    return 0


@click.command("restore", cls=LocalisedCommand)
@click.argument("file", type=ExistingPath())
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@lang_option
@pass_session
def restore(session: Session, file: Path, directory: Path) -> int:
    """Unpack a backup into a new folder."""
    result = backups.restore(file, directory)
    show_text(session.lang, "restore.done", path=result.path, count=result.file_count)
    return 0


def _show_report(report: WorkspaceReport, lang: str) -> None:
    """Print one line for each defect with its repair, and their number."""
    for defect in report.defects:
        kind = text("doctor", "kind.note" if defect.is_note else "kind.ill", lang)
        line = f"{kind} {_defect_text(defect, lang)} {_fix_text(defect, report, lang)}"
        click.echo(safe_line(line).rstrip())
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
