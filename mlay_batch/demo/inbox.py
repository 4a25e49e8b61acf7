"""The whole inbox of the sample town on disk, in parcels as they came."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mlay_batch.demo.files import Typist, render_register, returns, sent_besides
from mlay_batch.demo.town import town
from mlay_batch.schema import load_catalogue

Progress = Callable[[int, int], None]


def silent(done: int, total: int) -> None:
    """Report progress to nobody."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A folder of files that came in together: where, and when (ISO, UTC)."""

    folder: Path
    received: str


def write_town(folder: Path, progress: Progress = silent) -> tuple[Parcel, ...]:
    """Write ``register.xlsx`` and ``inbox/<day received>/<file>`` for the whole sample town.

    Besides the good returns the last month brings one file sent twice and one form of the month
    before filled in again. Returns the parcels in the order they came. `progress` is told how many
    of the files are written. They are the same, byte for byte, wherever and whenever written.
    """
    (folder / "inbox").mkdir(parents=True, exist_ok=True)
    catalogue, sample_town = load_catalogue(), town()
    (folder / "register.xlsx").write_bytes(render_register(catalogue, sample_town))
    samples = (*returns(sample_town, catalogue), *sent_besides(sample_town, catalogue))
    typist = Typist(catalogue, sample_town)
    parcels: dict[str, Parcel] = {}
    for done, sample in enumerate(samples, 1):
        home = folder / "inbox" / sample.received[:10]
        home.mkdir(exist_ok=True)
        (home / sample.name).write_bytes(typist.fill_in(sample))
        parcels[sample.received] = Parcel(home, sample.received)
        progress(done, len(samples))
    return tuple(parcels[received] for received in sorted(parcels))
