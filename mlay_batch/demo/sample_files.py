"""The sample town's returns as workbooks, and its whole inbox on disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

from mlay_batch.core.period import Period
from mlay_batch.demo.fill_in import BlankForm
from mlay_batch.demo.sample_meetings import SampleReturn, meeting_returns, receipt_time
from mlay_batch.demo.sample_town import SCHEMAS, SampleTown, load_town, register_rows
from mlay_batch.demo.yearly import classification_returns
from mlay_batch.model.records import Row
from mlay_batch.schema import Catalogue, Form
from mlay_batch.template import TemplateContext, render

Progress = Callable[[int, int], None]


def returns(town: SampleTown, catalogue: Catalogue) -> Iterator[SampleReturn]:
    """Yield every return of the sample town: the years 2016-2018, then the months of 2019."""
    yield from classification_returns(town, catalogue)
    yield from meeting_returns(town, catalogue)


def extra_returns(town: SampleTown, catalogue: Catalogue) -> Iterator[SampleReturn]:
    """Yield what reached the inbox in the last month besides the good returns.

    These are a file sent twice, and the form of the month before filled in again.
    """
    month, branches = town.months[-1], town.data["kept"]
    sent = {(s.branch, s.period): s for s in returns(town, catalogue)}
    received = receipt_time(month.end + timedelta(days=5))
    repeated = sent[branches["twice"], month]
    yield replace(repeated, received=received, name=f"Gửi lại - {repeated.name}")
    old = sent[branches["refilled"], month.previous()]
    yield replace(old, received=received, rows=tuple(_move_dates(row, month) for row in old.rows))


def _move_dates(row: Row, month: Period) -> Row:
    days = {name: day for name, day in row.values.items() if isinstance(day, date)}
    new_days = {name: day.replace(month=month.month) for name, day in days.items()}
    return replace(row, values={**row.values, **new_days})


def context(
    town: SampleTown, branch: str, period: Period | None, catalogue: Catalogue
) -> TemplateContext:
    """Return the template context of that branch and period."""
    organisation = town.register.by_code[branch]
    bands = catalogue.bands(period) if period else {}
    return TemplateContext.of(town.register, organisation, period, bands)


def form_of(sample: SampleReturn, catalogue: Catalogue) -> Form:
    """Return the form version of a sample. Raises LookupError without it."""
    form = catalogue.form(sample.form, sample.version)
    if form is None:
        raise LookupError(f"no form {sample.form} {sample.version}")
    return form


def render_return(sample: SampleReturn, catalogue: Catalogue, town: SampleTown) -> bytes:
    """Return the sample as the .xlsx workbook its branch sent."""
    template_context = context(town, sample.branch, sample.period, catalogue)
    return render(form_of(sample, catalogue), template_context, rows=sample.rows)


def render_register(catalogue: Catalogue, town: SampleTown) -> bytes:
    """Return the town's register as a workbook."""
    town_context = context(town, town.register.root().code, None, catalogue)
    return render(catalogue.register_form, town_context, rows=register_rows(town))


class FormFiller:
    """Fills in returns fast: renders each blank once."""

    def __init__(self, catalogue: Catalogue, town: SampleTown) -> None:
        self.catalogue, self.town = catalogue, town
        self._blanks: dict[tuple[str, Period, bool], BlankForm] = {}

    def fill_in(self, sample: SampleReturn) -> bytes:
        """Return the sample as a workbook with the same values as `render_return` gives it."""
        template_context = context(self.town, sample.branch, sample.period, self.catalogue)
        key = sample.form, sample.period, bool(template_context.assigned)
        if key not in self._blanks:
            self._blanks[key] = BlankForm.make(form_of(sample, self.catalogue), template_context)
        if not self._blanks[key].has_room_for(sample.rows):
            return render_return(sample, self.catalogue, self.town)
        return self._blanks[key].fill(template_context, sample.rows)


def no_progress(done: int, total: int) -> None:
    """Report progress to nobody."""


@dataclass(frozen=True, slots=True)
class InboxFolder:
    """A folder of files received together.

    Attributes:
        folder: ``inbox/<day received>`` in the sample workspace.
        received: time of receipt, ISO.
    """

    folder: Path
    received: str


def write_town(folder: Path, progress: Progress = no_progress) -> tuple[InboxFolder, ...]:
    """Write ``register.xlsx`` and ``inbox/<day received>/<file>`` for the whole sample town.

    Its own descriptions go into ``schemas``.
    Returns the folders in the order of receipt. `progress` is called with the number of files
    written and their total. The files have the same bytes on every machine.
    """
    for name in ("inbox", "schemas"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for path in sorted(SCHEMAS.glob("*.yaml")):
        (folder / "schemas" / path.name).write_bytes(path.read_bytes())
    sample_town = load_town()
    catalogue = sample_town.catalogue
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
