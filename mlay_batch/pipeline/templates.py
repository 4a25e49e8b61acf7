"""The forms that go out: one workbook a branch, prefilled with what the town knows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mlay_batch.errors import UsageError
from mlay_batch.files import write_atomically
from mlay_batch.ledger import Ledger
from mlay_batch.names import nearest, without_accents
from mlay_batch.period import Period
from mlay_batch.pipeline.carry import to_version
from mlay_batch.pipeline.town import Town
from mlay_batch.records import Return, Value
from mlay_batch.register import Organisation
from mlay_batch.schema import Form, load_catalogue
from mlay_batch.template import Context, render


@dataclass(frozen=True)
class Issued:
    """A form written for a branch."""

    branch: str
    path: Path


def form_of(town: Town, form: str | None, period: Period) -> Form:
    """Return the version of `form` that holds in `period`; without a name, of the one form that is
    owed for such a period. Raises UsageError where none does, or where several are owed.
    """
    known = {f.form for f in town.catalogue.forms if f.period != "none"}
    if form is None:
        form = _owed(town, period, sorted(known))
    if form not in known:
        raise UsageError("usage.form", form=form, known=", ".join(sorted(known)))
    found = town.catalogue.form_for(form, period)
    if found is None or found.period != period.kind:
        raise UsageError("usage.form_period", form=form, period=str(period))
    return found


def _owed(town: Town, period: Period, known: Sequence[str]) -> str:
    """Return the one form that somebody owes for a period of this kind."""
    found = (town.catalogue.form_for(name, period) for name in known)
    alike = (form for form in found if form and form.period == period.kind)
    owed = [form.form for form in alike if town.register.reporters(form, period)]
    if not owed:
        raise UsageError("usage.form_period", form=", ".join(known), period=str(period))
    if len(owed) > 1:
        raise UsageError("usage.which_form", period=str(period), forms=", ".join(owed))
    return owed[0]


def chosen(town: Town, form: Form, period: Period, branches: Sequence[str]) -> list[Organisation]:
    """Return the organisations meant by `branches` (codes), all that owe the form if none.

    Raises UsageError for a code that owes none then, naming the nearest code.
    """
    owing = {entry.code: entry for entry in town.register.reporters(form, period)}
    for code in branches:
        if code not in owing:
            raise UsageError("usage.branch", branch=code, nearest=nearest(code, owing) or "–")
    return [entry for code, entry in owing.items() if not branches or code in branches]


def issue(
    town: Town, form: str, period: Period, branches: Sequence[str], out: Path
) -> Iterator[Issued]:
    """Write the form of `period` for each branch below `out`, and say so one by one."""
    version = form_of(town, form, period)
    with Ledger.open(town.workspace.ledger, read_only=True) as ledger:
        for entry in chosen(town, version, period, branches):
            last = ledger.last_return(form, entry.code, period)
            data = render(version, context_for(town, version, entry, period, last))
            path = out / str(period) / file_name(version, entry, period)
            write_atomically(path, data)
            yield Issued(entry.code, path)


def file_name(form: Form, entry: Organisation, period: Period) -> str:
    """Return a file name without accents, which every mail program carries unharmed."""
    title = without_accents(form.sheet.vi).lower().replace(" ", "-")
    return f"{entry.code}_{title}_{period}.xlsx"


def context_for(
    town: Town, form: Form, entry: Organisation, period: Period, last: Return | None
) -> Context:
    """Return what a branch's form of `period` is prefilled with; `last` is its return before."""
    values = prefilled(form, last and to_version(town.catalogue, last, form))
    return Context.of(town.register, entry, period, town.workspace.settings.place, values)


def prefilled(form: Form, last: Return | None) -> Mapping[str, Value]:
    """Return the card values that come from the last return, by ``section.field`` of this form."""
    found: dict[str, Value] = {}
    for section in form.sections if last else ():
        for entry in section.fields:
            source, _, field_id = (entry.prefill or "").partition(".")
            for row in last.section(source) if last and field_id else ():
                found[f"{section.id}.{entry.id}"] = row.values.get(field_id)
    return found


def blank_register(name: str, place: str, schemas: Path) -> bytes:
    """Return the empty register of a town of that name, by its own description where it has one."""
    form = load_catalogue(schemas).register_form
    return render(form, Context("", name, "", None, place, {}, {}))
