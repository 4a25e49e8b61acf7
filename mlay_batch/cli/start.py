"""Beginnings: init, demo."""

from __future__ import annotations

from pathlib import Path

import click

from mlay_batch.cli import options, show
from mlay_batch.cli.options import LocalisedCommand, language, option
from mlay_batch.pipeline.templates import blank_register
from mlay_batch.workspace import Workspace


@click.command("init", cls=LocalisedCommand)
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@option("--name", default="Thị ủy Mường Lay", show_default=True)
@option("--place", default="Mường Lay", show_default=True)
@options.lang_option
@click.pass_context
def init(ctx: click.Context, directory: Path, name: str, place: str) -> int:
    """Create the workspace of a town."""
    workspace = Workspace.create(directory, name, place)
    blank_register(workspace)
    show.show_text(language(ctx), "init.done", path=workspace.root, register=workspace.register)
    return 0


@click.command("demo", cls=LocalisedCommand)
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path), default="demo")
@options.lang_option
@click.pass_context
def demo(ctx: click.Context, directory: Path) -> int:
    """Build the sample town's workspace and run November 2019."""
    from mlay_batch.cli.month import run_month  # start-up: `init` needs no pandas
    from mlay_batch.demo import build  # the same

    lang = language(ctx)
    with show.progress(lang, "demo.progress") as tick:
        month = build(directory, tick)
    run_month(lang, month)
    return 0
