"""A sample's returns as workbooks, and its whole inbox on disk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from itertools import groupby, repeat
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
    """

    folder: Path
    received: str


def write_office(office: SampleOffice, folder: Path) -> None:
    """Write ``register.xlsx``, and the sample's own descriptions into ``schemas``."""
    (folder / "schemas").mkdir(parents=True, exist_ok=True)
    for path in sorted(office.schemas.glob("*.yaml")) if office.schemas else ():
        (folder / "schemas" / path.name).write_bytes(path.read_bytes())
    (folder / "register.xlsx").write_bytes(render_register(office.catalogue, office))


def batches(office: SampleOffice) -> tuple[tuple[SampleReturn, ...], ...]:
    """Return all returns of the sample, those received together in one tuple, in their order."""
    good_returns = list(returns(office, office.catalogue))
    sent = sorted([*good_returns, *extra_returns(office, good_returns)], key=attrgetter("received"))
    return tuple(tuple(batch) for _, batch in groupby(sent, attrgetter("received")))


def write_batches(name: str, folder: Path) -> Iterator[InboxFolder]:
    """Write ``inbox/<day received>/<file>`` of the sample of that name, a batch at a time.

    Photos of papers lie beside their returns. Another process fills in the forms of the batches to
    come while the caller reads the ones that are there. The same bytes on every machine.
    """
    office = load_sample(name)
    office_batches = batches(office)
    numbers = range(len(office_batches))
    with ProcessPoolExecutor(1, get_context("spawn")) as writer:
        contents = writer.map(_fill_in_batch, repeat(name), numbers)
        for batch, workbooks in zip(office_batches, contents, strict=True):
            inbox_folder = folder / "inbox" / batch[0].received[:10]
            inbox_folder.mkdir(parents=True, exist_ok=True)
            for sample, workbook in zip(batch, workbooks, strict=True):
                _write_return(office, sample, workbook, inbox_folder / sample.name)
            yield InboxFolder(inbox_folder, batch[0].received)


def _write_return(office: SampleOffice, sample: SampleReturn, data: bytes, path: Path) -> None:
    path.write_bytes(data)
    for photo in office.events("photos", sample.period, sample.branch):
        photo_data = (shipped_folder("samples") / photo["file"]).read_bytes()
        path.with_suffix(Path(photo["file"]).suffix).write_bytes(photo_data)


def _fill_in_batch(name: str, number: int) -> list[bytes]:
    """Return the workbooks of a batch. Runs in the child, which keeps its blanks."""
    office_batches, filler = _open_sample(name)
    return [filler.fill_in(sample) for sample in office_batches[number]]


@lru_cache(maxsize=1)
def _open_sample(name: str) -> tuple[tuple[tuple[SampleReturn, ...], ...], FormFiller]:
    office = load_sample(name)
    return batches(office), FormFiller(office.catalogue, office)
