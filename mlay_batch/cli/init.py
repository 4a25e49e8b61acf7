"""Set up a workspace: init, demo."""

from __future__ import annotations

from pathlib import Path

import click

from mlay_batch.app.consolidate import consolidate
from mlay_batch.app.ingest import IngestResult
from mlay_batch.app.templates import blank_register
from mlay_batch.app.workspace import Workspace
from mlay_batch.cli import output
from mlay_batch.cli.options import option
from mlay_batch.cli.session import Session, command, dry_run_option
from mlay_batch.core.files import write_atomically


@command(
    "init",
    click.argument("directory", type=click.Path(file_okay=False, path_type=Path)),
    option("--name", default="Thị ủy Mường Lay", show_default=True),
    option("--place", default="Mường Lay", show_default=True),
    in_workspace=False,
)
def init(session: Session, directory: Path, name: str, place: str) -> int:
    """Create the workspace of an office."""
    # first: it may find errors in the descriptions
    register = blank_register(name, place, directory / "schemas")
    workspace = Workspace.create(directory, name, place)
    if not workspace.register.exists():
        write_atomically(workspace.register, register)
    output.show_text(session.lang, "init.done", path=workspace.root, register=workspace.register)
    return 0


@command(
    "register",
    click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False),
    dry_run_option,
)
def register(session: Session, file: Path | None) -> int:
    """Check the register, or take a list of branches into it."""
    if file is None:
        lists = session.office.register
        counts = {"organisations": len(lists.organisations), "officers": len(lists.officers)}
        output.show_text(session.lang, "register.right", **counts)
        return 0
    from mlay_batch.app import branch_list  # start-up: `init` takes no list

    taken = branch_list.take_file(session.workspace, file, dry_run=session.dry_run)
    output.show_taken_list(session, taken)
    return 0


@command(
    "demo",
    click.argument("directory", type=click.Path(file_okay=False, path_type=Path), default="demo"),
    in_workspace=False,
)
def demo(session: Session, directory: Path) -> int:
    """Build the sample office's workspace and run November 2019."""
    from mlay_batch.app import demo_month  # start-up: `init` needs no sample data

    with output.progress(session.lang, "demo.building") as tick:
        sample = demo_month.build(directory, tick)
    with output.progress(session.lang, "demo.reading") as tick:
        total = IngestResult((), 0)
        batches = demo_month.ingest_batches(sample, session.holder)
        for number, batch_result in enumerate(batches, 1):
            total += batch_result
            tick(number, len(sample.inbox_folders))
    output.show_ingest_result(session, total, sample.office.catalogue)
    result = consolidate(
        sample.office,
        demo_month.PERIOD,
        as_of=demo_month.AS_OF,
        holder=session.holder,
        lang=session.lang,
    )
    output.show_consolidation_result(session, result)
    return 0
