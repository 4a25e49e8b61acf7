"""The sample town from its files to its workbook, by the same verbs a clerk uses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from mlay_batch import demo
from mlay_batch.errors import UsageError
from mlay_batch.period import Period
from mlay_batch.pipeline.ingest import Ingested, Progress, ingest
from mlay_batch.pipeline.town import Town, open_town
from mlay_batch.schema import load_catalogue
from mlay_batch.settings import CONFIG
from mlay_batch.workspace import Workspace

PERIOD = Period(2019, 11)
AS_OF = date(2019, 12, 6)  # the day after the returns of November were due


@dataclass(frozen=True)
class Built:
    """The sample town's workspace with everything in its inbox, in parcels as they came."""

    town: Town
    parcels: tuple[demo.Parcel, ...]


def build(folder: Path, progress: Progress) -> Built:
    """Make the sample town's workspace in `folder` and fill its inbox.

    A folder that holds the sample town already is brought up to date; any other workspace is
    left alone. Raises UsageError (``demo.occupied``).
    """
    sample = demo.town()
    if (folder / CONFIG).is_file():
        workspace = Workspace.find(folder)
        register = demo.render_register(load_catalogue(), sample)
        if workspace.register.is_file() and workspace.register.read_bytes() != register:
            raise UsageError("demo.occupied", path=str(folder))
    else:
        workspace = Workspace.create(folder, sample.register.top().name, sample.place)
    parcels = demo.write_town(workspace.root, progress)
    return Built(open_town(workspace), parcels)


def take_in(built: Built, holder: str) -> Iterator[Ingested]:
    """Ingest the parcels one after another, each as of the day it came."""
    for parcel in built.parcels:
        yield ingest(
            built.town,
            [parcel.folder],
            as_of=date.fromisoformat(parcel.received[:10]),
            received=parcel.received,
            holder=holder,
        )
