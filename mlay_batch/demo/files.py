"""The sample town as files: every return rendered, the whole inbox written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from mlay_batch.demo.meetings import SampleReturn, meeting_returns
from mlay_batch.demo.town import Town, register_rows, town
from mlay_batch.demo.typist import Blank
from mlay_batch.demo.yearly import classification_returns
from mlay_batch.period import Period
from mlay_batch.schema import Catalogue, Form, load_catalogue
from mlay_batch.template import Context, render

Progress = Callable[[int, int], None]


def returns(town: Town, catalogue: Catalogue) -> Iterator[SampleReturn]:
    """Yield every return of the sample town: the years 2016-2018, then the months of 2019."""
    yield from classification_returns(town, catalogue)
    yield from meeting_returns(town, catalogue)


def context(town: Town, branch: str, period: Period | None) -> Context:
    """Return what the form of that branch and period is made out with."""
    register = town.register
    entry = register.by_code[branch]
    known = tuple((officer.code, officer.name) for officer in register.officers)
    own = register.assigned(branch, period) if period else ()
    assigned = tuple((officer.code, officer.name) for officer in own)
    others = tuple(pair for pair in known if pair not in assigned)
    return Context(
        branch=branch,
        branch_name=entry.name,
        parent_name=register.by_code[entry.parent].name if entry.parent else "",
        period=period,
        place=town.place,
        lists={
            "officers": assigned + others,
            "organisations": tuple((o.code, o.name) for o in register.organisations),
        },
        assigned=assigned,
    )


def form_of(sample: SampleReturn, catalogue: Catalogue) -> Form:
    """Return the version of the form a sample is filled in on. Raises LookupError without it."""
    form = catalogue.form(sample.form, sample.version)
    if form is None:
        raise LookupError(f"no form {sample.form} {sample.version}")
    return form


def render_return(sample: SampleReturn, catalogue: Catalogue, town: Town) -> bytes:
    """Return the sample as the .xlsx workbook its branch sent."""
    made_out = context(town, sample.branch, sample.period)
    return render(form_of(sample, catalogue), made_out, rows=sample.rows)


def render_register(catalogue: Catalogue, town: Town) -> bytes:
    """Return the town's register as a workbook."""
    form = max((f for f in catalogue.forms if f.form == "register"), key=lambda f: f.version)
    return render(form, context(town, town.register.top().code, None), rows=register_rows(town))


def silent(done: int, total: int) -> None:
    """Report progress to nobody."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A folder of files that came in together: where, and when (ISO, UTC)."""

    folder: Path
    received: str


def write_town(folder: Path, progress: Progress = silent) -> tuple[Parcel, ...]:
    """Write ``register.xlsx`` and ``inbox/<day received>/<file>`` for the whole sample town.

    Returns the parcels in the order they came. `progress` is told how many of the returns are
    written. The files are the same, byte for byte, wherever and whenever they are written.
    """
    sample_town, catalogue = town(), load_catalogue()
    (folder / "inbox").mkdir(parents=True, exist_ok=True)
    (folder / "register.xlsx").write_bytes(render_register(catalogue, sample_town))
    samples = tuple(returns(sample_town, catalogue))
    filled = _filled_in(samples, catalogue, sample_town)
    parcels: dict[str, Parcel] = {}
    for done, (sample, data) in enumerate(filled, 1):
        home = folder / "inbox" / sample.received[:10]
        home.mkdir(exist_ok=True)
        (home / sample.name).write_bytes(data)
        parcels[sample.received] = Parcel(home, sample.received)
        progress(done, len(samples))
    return tuple(parcels[received] for received in sorted(parcels))


def _filled_in(
    samples: Iterable[SampleReturn], catalogue: Catalogue, town: Town
) -> Iterator[tuple[SampleReturn, bytes]]:
    """Yield every sample with its workbook, typed into the blank of its form and period."""
    blanks: dict[tuple[str, Period, bool], Blank] = {}
    for sample in samples:
        made_out = context(town, sample.branch, sample.period)
        key = sample.form, sample.period, bool(made_out.assigned)
        if key not in blanks:
            blanks[key] = Blank.make(form_of(sample, catalogue), made_out)
        if blanks[key].takes(sample.rows):
            yield sample, blanks[key].filled_in(made_out, sample.rows)
        else:
            yield sample, render_return(sample, catalogue, town)
