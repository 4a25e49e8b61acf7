"""A sample's returns as workbooks, and its whole inbox on disk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

from mlay_batch.core.period import Period
from mlay_batch.demo.fill_in import BlankForm
from mlay_batch.demo.sample import SampleOffice, register_rows
from mlay_batch.demo.sample_meetings import SampleReturn, meeting_returns, receipt_time
from mlay_batch.demo.yearly import classification_returns
from mlay_batch.model.records import Row
from mlay_batch.schema import Catalogue, Form
from mlay_batch.schema.catalogue import shipped_folder
from mlay_batch.template import TemplateContext, render

Progress = Callable[[int, int], None]


def returns(office: SampleOffice, catalogue: Catalogue) -> Iterator[SampleReturn]:
    """Yield every return of the sample: the years classified, then the months."""
    yield from classification_returns(office, catalogue)
    yield from meeting_returns(office, catalogue)


def extra_returns(
    office: SampleOffice, good_returns: Iterable[SampleReturn]
) -> Iterator[SampleReturn]:
    """Yield what reached the inbox in the last month besides the good returns.

    These are a file sent twice, and the form of the month before filled in again.
    """
    month, branches = office.months[-1], office.data["besides"]
    sent = {(s.branch, s.period): s for s in good_returns}
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
    office: SampleOffice, branch: str, period: Period | None, catalogue: Catalogue
) -> TemplateContext:
    """Return the template context of that branch and period."""
    organisation = office.register.by_code[branch]
    bands = catalogue.bands(period) if period else {}
    return TemplateContext.of(office.register, organisation, period, bands)


def form_of(sample: SampleReturn, catalogue: Catalogue) -> Form:
    """Return the form version of a sample. Raises LookupError without it."""
    form = catalogue.form(sample.form, sample.version)
    if form is None:
        raise LookupError(f"no form {sample.form} {sample.version}")
    return form


def render_return(sample: SampleReturn, catalogue: Catalogue, office: SampleOffice) -> bytes:
    """Return the sample as the .xlsx workbook its branch sent."""
    template_context = context(office, sample.branch, sample.period, catalogue)
    return render(form_of(sample, catalogue), template_context, rows=sample.rows)


def render_register(catalogue: Catalogue, office: SampleOffice) -> bytes:
    """Return the sample's register as a workbook."""
    office_context = context(office, office.register.root().code, None, catalogue)
    return render(catalogue.register_form, office_context, rows=register_rows(office))


class FormFiller:
    """Fills in returns fast: renders each blank once."""

    def __init__(self, catalogue: Catalogue, office: SampleOffice) -> None:
        self.catalogue, self.office = catalogue, office
        self._blanks: dict[tuple[str, Period, bool], BlankForm] = {}

    def fill_in(self, sample: SampleReturn) -> bytes:
        """Return the sample as a workbook with the same values as `render_return` gives it."""
        template_context = context(self.office, sample.branch, sample.period, self.catalogue)
        key = sample.form, sample.period, bool(template_context.assigned)
        if key not in self._blanks:
            self._blanks[key] = BlankForm.make(form_of(sample, self.catalogue), template_context)
        if not self._blanks[key].has_room_for(sample.rows):
            return render_return(sample, self.catalogue, self.office)
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


def write_sample(
    office: SampleOffice, folder: Path, progress: Progress = no_progress
) -> tuple[InboxFolder, ...]:
    """Write ``register.xlsx`` and ``inbox/<day received>/<file>`` for the whole sample.

    Its own descriptions go into ``schemas``, photos of papers beside their returns.
    Returns the folders in the order of receipt. `progress` is called with the number of files
    written and their total. The files have the same bytes on every machine.
    """
    for name in ("inbox", "schemas"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for path in sorted(office.schemas.glob("*.yaml")) if office.schemas else ():
        (folder / "schemas" / path.name).write_bytes(path.read_bytes())
    catalogue = office.catalogue
    (folder / "register.xlsx").write_bytes(render_register(catalogue, office))
    samples = list(returns(office, catalogue))
    samples += extra_returns(office, samples)
    filler = FormFiller(catalogue, office)
    folders: dict[str, InboxFolder] = {}
    for done, sample in enumerate(samples, 1):
        day_folder = folder / "inbox" / sample.received[:10]
        day_folder.mkdir(exist_ok=True)
        (day_folder / sample.name).write_bytes(filler.fill_in(sample))
        for photo in office.events("photos", sample.period, sample.branch):
            copy = (day_folder / sample.name).with_suffix(Path(photo["file"]).suffix)
            copy.write_bytes((shipped_folder("samples") / photo["file"]).read_bytes())
        folders[sample.received] = InboxFolder(day_folder, sample.received)
        progress(done, len(samples))
    return tuple(folders[received] for received in sorted(folders))
