"""Set up a workspace: init, demo."""

from __future__ import annotations

from pathlib import Path

import click

from mlay_batch.app.consolidate import consolidate
from mlay_batch.app.ingest import IngestResult
from mlay_batch.app.templates import blank_register
from mlay_batch.app.workspace import Workspace
from mlay_batch.cli import options, output
from mlay_batch.cli.options import LocalisedCommand, language, option
from mlay_batch.core.files import write_atomically


@click.command("init", cls=LocalisedCommand)
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@option("--name", default="Thị ủy Mường Lay", show_default=True)
@option("--place", default="Mường Lay", show_default=True)
@options.lang_option
@click.pass_context
def init(ctx: click.Context, directory: Path, name: str, place: str) -> int:
    """Create the workspace of an office."""
    # first: it may find errors in the descriptions
    register = blank_register(name, place, directory / "schemas")
    workspace = Workspace.create(directory, name, place)
    if not workspace.register.exists():
        write_atomically(workspace.register, register)
    output.show_text(language(ctx), "init.done", path=workspace.root, register=workspace.register)
    return 0


@click.command("demo", cls=LocalisedCommand)
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path), default="demo")
@options.lang_option
@click.pass_context
def demo(ctx: click.Context, directory: Path) -> int:
    """Build the sample office's workspace and run November 2019."""
    from mlay_batch.app import demo_month  # start-up: `init` needs no sample data

    lang = language(ctx)
    with output.progress(lang, "demo.building") as tick:
        sample = demo_month.build(directory, tick)
    with output.progress(lang, "demo.reading") as tick:
        steps = demo_month.ingest_batches(sample, options.lock_holder())
        total = IngestResult((), 0)
        for number, batch_result in enumerate(steps, 1):
            total += batch_result
            tick(number, len(sample.inbox_folders))
    output.show_ingest_result(total, sample.office.catalogue, lang, as_json=False, dry_run=False)
    result = consolidate(
        sample.office,
        demo_month.PERIOD,
        as_of=demo_month.AS_OF,
        holder=options.lock_holder(),
        lang=lang,
    )
    output.show_consolidation_result(result, lang, as_json=False)
    return 0
