"""Care of a workspace: doctor, backup, restore."""

from __future__ import annotations

from pathlib import Path

import click

from mlay_batch.cli import options, show, show_care
from mlay_batch.cli.options import LocalisedCommand, language, option
from mlay_batch.pipeline import backup as packing
from mlay_batch.workspace import Workspace

_out = click.argument("file", type=click.Path(dir_okay=False, path_type=Path))


def _workspace(ctx: click.Context, given: Path | None) -> Workspace:
    found = Workspace.find(given or Path.cwd())
    options.settle_language(ctx, found.settings.language)
    return found


@click.command("doctor", cls=LocalisedCommand)
@option("--repair", is_flag=True)
@options.json_option
@options.common
@click.pass_context
def doctor(ctx: click.Context, repair: bool, as_json: bool, workspace: Path | None) -> int:
    """Look for what is wrong with the workspace."""
    from mlay_batch.pipeline import doctor as looking  # start-up: `restore` needs no pandas

    found = _workspace(ctx, workspace)
    told = looking.examine(found, today=options.today(), holder=options.holder(), repair=repair)
    show_care.show_diagnosis(told, language(ctx), as_json=as_json)
    return 1 if told.ill else 0


@click.command("backup", cls=LocalisedCommand)
@_out
@options.common
@click.pass_context
def backup(ctx: click.Context, file: Path, workspace: Path | None) -> int:
    """Write the whole workspace to one file."""
    found = _workspace(ctx, workspace)
    done = packing.backup(found, file, holder=options.holder())
    show.show_text(language(ctx), "backup.done", path=done.path, count=done.files)
    return 0


@click.command("restore", cls=LocalisedCommand)
@click.argument("file", type=options.ExistingPath())
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@options.lang_option
@click.pass_context
def restore(ctx: click.Context, file: Path, directory: Path) -> int:
    """Unpack a backup into a new folder."""
    done = packing.restore(file, directory)
    show.show_text(language(ctx), "restore.done", path=done.path, count=done.files)
    return 0
