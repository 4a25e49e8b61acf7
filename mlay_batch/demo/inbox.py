"""The whole inbox of the sample town on disk, in parcels as they came."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mlay_batch.demo.sample_files import FormFiller, extra_returns, render_register, returns
from mlay_batch.demo.sample_town import load_town
from mlay_batch.schema import load_catalogue

Progress = Callable[[int, int], None]


def no_progress(done: int, total: int) -> None:
    """Report progress to nobody."""


@dataclass(frozen=True, slots=True)
class InboxFolder:
    """A folder of files that came in together: where, and when (ISO, UTC)."""

    folder: Path
    received: str


def write_town(folder: Path, progress: Progress = no_progress) -> tuple[InboxFolder, ...]:
    """Write ``register.xlsx`` and ``inbox/<day received>/<file>`` for the whole sample town.

    Besides the good returns the last month brings one file sent twice and one form of the month
    before filled in again. Returns the parcels in the order they came. `progress` is told how many
    of the files are written. They are the same, byte for byte, wherever and whenever written.
    """
    (folder / "inbox").mkdir(parents=True, exist_ok=True)
    catalogue, sample_town = load_catalogue(), load_town()
    (folder / "register.xlsx").write_bytes(render_register(catalogue, sample_town))
    samples = (*returns(sample_town, catalogue), *extra_returns(sample_town, catalogue))
    filler = FormFiller(catalogue, sample_town)
    folders: dict[str, InboxFolder] = {}
    for done, sample in enumerate(samples, 1):
        day_folder = folder / "inbox" / sample.received[:10]
        day_folder.mkdir(exist_ok=True)
        (day_folder / sample.name).write_bytes(filler.fill_in(sample))
        folders[sample.received] = InboxFolder(day_folder, sample.received)
        progress(done, len(samples))
    return tuple(folders[received] for received in sorted(folders))
