"""Runs a sample office from its files to its workbook by the ordinary commands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from mlay_batch import demo, reader
from mlay_batch.app.cache import read_catalogue
from mlay_batch.app.ingest import IngestResult, Progress, ingest, no_progress
from mlay_batch.app.office import Office, open_office
from mlay_batch.app.settings import CONFIG_NAME
from mlay_batch.app.workspace import Workspace
from mlay_batch.errors import UsageError


@dataclass(frozen=True)
class DemoWorkspace:
    """The workspace of a sample, without its returns.

    Attributes:
        sample: what it is made from, with the month and day of its workbook.
        office: the office, as read from the workspace.
        inbox_folders: the folders of files received together, written as they are asked for.
    """

    sample: demo.SampleOffice
    office: Office
    inbox_folders: Iterator[demo.InboxFolder]

    @property
    def planted(self) -> Mapping[str, tuple[str, ...]]:
        """What there is to be found: codes of the cells concerned, by kind."""
        return demo.planted(self.sample)


def build(folder: Path, name: str = demo.DEFAULT) -> DemoWorkspace:
    """Create the workspace of the sample of that name in `folder`.

    An existing one of the same sample is updated; any other raises UsageError ``demo.occupied``.
    """
    sample = demo.load_sample(name)
    if (folder / CONFIG_NAME).is_file():
        workspace = Workspace.find(folder)
        register_data = demo.render_register(sample.catalogue, sample)
        if workspace.register.is_file() and workspace.register.read_bytes() != register_data:
            raise UsageError("demo.occupied", path=str(folder))
    else:
        workspace = Workspace.create(folder)
    inbox_folders = demo.write_batches(name, workspace.root)
    demo.write_descriptions(sample, workspace.root)
    # As the office will read them: they are read once, and kept.
    catalogue = sample.register.in_force(read_catalogue(workspace))
    workspace.register.write_bytes(demo.render_register(catalogue, sample))
    return DemoWorkspace(sample, open_office(workspace), inbox_folders)


def ingest_batches(
    demo_workspace: DemoWorkspace, *, who: str, holder: str, progress: Progress = no_progress
) -> Iterator[IngestResult]:
    """Ingest the batches in turn, each as of the day it was received, by the same workers.

    `progress` is called with the number of batches done and their total.
    """
    with closing(reader.LastingWorkers()) as read_files:
        for inbox_folder in demo_workspace.inbox_folders:
            yield ingest(
                demo_workspace.office,
                [inbox_folder.folder],
                as_of=date.fromisoformat(inbox_folder.received[:10]),
                received=inbox_folder.received,
                who=who,
                holder=holder,
                read_files=read_files,
            )
            progress(inbox_folder.number, inbox_folder.total)
