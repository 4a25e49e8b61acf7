"""A sample's returns as workbooks, and its whole inbox on disk."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from itertools import count, groupby
from multiprocessing import get_context
from operator import attrgetter
from pathlib import Path

from mlay_batch.core.period import Period
from mlay_batch.demo.fill_in import BlankForm
from mlay_batch.demo.sample import SampleOffice, load_sample, register_rows
from mlay_batch.demo.sample_meetings import SampleReturn, meeting_returns, receipt_time
from mlay_batch.demo.yearly import classification_returns
from mlay_batch.model.records import Row
from mlay_batch.schema import Catalogue, Form
from mlay_batch.schema.catalogue import shipped_folder
from mlay_batch.template import TemplateContext, render

Batch = tuple[SampleReturn, ...]


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


@dataclass(frozen=True, slots=True)
class InboxFolder:
    """A folder of files received together.

    Attributes:
        folder: ``inbox/<day received>`` in the sample workspace.
        received: time of receipt, ISO.
        number: its place in the order of receipt, from 1.
        total: number of all such folders of the sample.
    """

    folder: Path
    received: str
    number: int
    total: int


def write_descriptions(office: SampleOffice, folder: Path) -> None:
    """Write the sample's own descriptions into ``schemas`` of a workspace."""
    for path in sorted(office.schemas.glob("*.yaml")) if office.schemas else ():
        (folder / "schemas" / path.name).write_bytes(path.read_bytes())


def batches(office: SampleOffice) -> tuple[Batch, ...]:
    """Return all returns of the sample, those received together in one tuple, in their order."""
    good_returns = list(returns(office, office.catalogue))
    sent = sorted([*good_returns, *extra_returns(office, good_returns)], key=attrgetter("received"))
    return tuple(tuple(batch) for _, batch in groupby(sent, attrgetter("received")))


def write_batches(name: str, folder: Path) -> Iterator[InboxFolder]:
    """Write ``inbox/<day received>/<file>`` of the sample of that name, a batch at a time.

    Photos of papers lie beside their returns. From this call on another process fills in the forms
    of the next batches, while the caller reads what is there. The same bytes on every machine.
    """
    writer = ProcessPoolExecutor(1, get_context("spawn"))
    ahead = deque(writer.submit(_fill_in_batch, name, number) for number in range(_AHEAD))
    return _write_in_turn(writer, ahead, name, folder)


def _write_in_turn(
    writer: ProcessPoolExecutor, ahead: deque[Future[_Files]], name: str, folder: Path
) -> Iterator[InboxFolder]:
    with writer:
        for number in count(1):
            received, files, total = ahead.popleft().result()
            if number + _AHEAD <= total:
                ahead.append(writer.submit(_fill_in_batch, name, number + _AHEAD - 1))
            inbox_folder = folder / "inbox" / received[:10]
            inbox_folder.mkdir(parents=True, exist_ok=True)
            for file_name, data in files.items():
                (inbox_folder / file_name).write_bytes(data)
            yield InboxFolder(inbox_folder, received, number, total)
            if number == total:
                return


_AHEAD = 2  # batches filled in before they are asked for; every sample has as many
_Files = tuple[str, dict[str, bytes], int]
"""When a batch was received, its files by name, and the number of batches."""


def _fill_in_batch(name: str, number: int) -> _Files:
    """Return the files of the batch with that number, from 0. Runs in the child."""
    filler, all_batches = _open_sample(name)
    batch, files = all_batches[number], {}
    for sample in batch:
        files[sample.name] = filler.fill_in(sample)
        for photo in filler.office.events("photos", sample.period, sample.branch):
            path = shipped_folder("samples") / photo["file"]
            files[Path(sample.name).with_suffix(path.suffix).name] = path.read_bytes()
    return batch[0].received, files, len(all_batches)


@lru_cache(maxsize=1)  # the child keeps its blanks
def _open_sample(name: str) -> tuple[FormFiller, tuple[Batch, ...]]:
    office = load_sample(name)
    return FormFiller(office.catalogue, office), batches(office)
