"""Care of a workspace: doctor, backup, restore."""

from __future__ import annotations

from pathlib import Path

import click

from mlay_batch.app import backup as backups
from mlay_batch.app.workspace import Workspace
from mlay_batch.cli import options, output, output_maintenance
from mlay_batch.cli.options import LocalisedCommand, language, option

_file_argument = click.argument("file", type=click.Path(dir_okay=False, path_type=Path))


def _find_workspace(ctx: click.Context, path: Path | None) -> Workspace:
    workspace = Workspace.find(path or Path.cwd())
    options.set_default_language(ctx, workspace.settings.language)
    return workspace


@click.command("doctor", cls=LocalisedCommand)
@option("--repair", is_flag=True)
@options.json_option
@options.common_options
@click.pass_context
def doctor(ctx: click.Context, repair: bool, as_json: bool, workspace: Path | None) -> int:
    """Look for what is wrong with the workspace."""
    from mlay_batch.app import archive_check  # start-up: `restore` needs no pandas

    current_workspace = _find_workspace(ctx, workspace)
    report = archive_check.check_workspace(
        current_workspace, today=options.today(), holder=options.lock_holder(), repair=repair
    )
    output_maintenance.show_workspace_report(report, language(ctx), as_json=as_json)
    return 1 if report.has_defects else 0


@click.command("backup", cls=LocalisedCommand)
@_file_argument
@options.common_options
@click.pass_context
def backup(ctx: click.Context, file: Path, workspace: Path | None) -> int:
    """Write the whole workspace to one file."""
    current_workspace = _find_workspace(ctx, workspace)
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
