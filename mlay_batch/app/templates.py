"""Issues the blank forms: one workbook for each branch, prefilled from the register."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mlay_batch.app.office import Office
from mlay_batch.app.version_migration import to_version
from mlay_batch.core.files import write_atomically
from mlay_batch.core.period import Period
from mlay_batch.core.text import nearest, strip_accents
from mlay_batch.errors import UsageError
from mlay_batch.ledger import Ledger
from mlay_batch.model.records import AcceptedReturn, Value
from mlay_batch.model.register import Organisation
from mlay_batch.model.slip_recipients import cells_for_slip, recipients
from mlay_batch.schema import Form
from mlay_batch.schema.ids import MEETING, VISIT_SLIP
from mlay_batch.template import TemplateContext, render


@dataclass(frozen=True)
class IssuedForm:
    """A form written for a branch.

    Attributes:
        branch: code of the organisation.
        path: the workbook.
    """

    branch: str
    path: Path


def form_in_force(office: Office, form: str | None, period: Period) -> Form:
    """Return the version of `form` in force in `period`; without a name, of the only form owed.

    Raises UsageError where none is in force, or several are owed.
    """
    form_names = {
        f.form
        for f in office.catalogue.forms
        if not f.is_list and (office.register.rules.has_slips or not f.is_by_officers)
    }
    if form is None:
        form = _only_form_due(office, period, sorted(form_names))
    if form not in form_names:
        raise UsageError("usage.form", form=form, known=", ".join(sorted(form_names)))
    match = office.catalogue.form_for(form, period)
    if match is None or match.period != period.kind:
        raise UsageError("usage.form_period", form=form, period=str(period))
    return match


def _only_form_due(office: Office, period: Period, form_names: Sequence[str]) -> str:
    """Return the only form owed for a period of this kind."""
    candidates = (office.catalogue.form_for(name, period) for name in form_names)
    same_kind = (form for form in candidates if form and form.period == period.kind)
    due_forms = [form.form for form in same_kind if office.register.reporters(form, period)]
    if not due_forms:
        raise UsageError("usage.form_period", form=", ".join(form_names), period=str(period))
    if len(due_forms) > 1:
        raise UsageError("usage.which_form", period=str(period), forms=", ".join(due_forms))
    return due_forms[0]


def forms_to_issue(
    office: Office, form: str | None, period: Period, branches: Sequence[str]
) -> list[Form]:
    """Return the forms to issue: `form` or the only one owed, and the officers' slips beside it.

    Named officers get their slips, named branches that form alone. Raises as `form_in_force`.
    """
    slip = office.catalogue.form_for(VISIT_SLIP, period) if form is None else None
    has_slips = office.register.rules.takes_slips(period)
    slips = [slip] if slip and has_slips and slip.period == period.kind else []
    officers = office.register.officer_reporters.keys() - office.register.by_code.keys()
    if slips and branches and officers.issuperset(branches):
        return slips
    return [form_in_force(office, form, period), *([] if branches else slips)]


def select_organisations(
    office: Office, form: Form, period: Period, branches: Sequence[str]
) -> list[Organisation]:
    """Return those with the codes `branches`; without codes, all organisations that may report.

    Of a form of officers those with an assignment.

    Raises UsageError for a code that may not, with the nearest code.
    """
    reporters = {o.code: o for o in office.register.possible_reporters(form, period)}
    for code in branches:
        if code not in reporters:
            raise UsageError("usage.branch", branch=code, nearest=nearest(code, reporters) or "")
    if form.is_by_officers and not branches:
        return list(recipients(office.register, form, period))
    return [
        organisation for code, organisation in reporters.items() if not branches or code in branches
    ]


def issue(
    office: Office, form: str, period: Period, branches: Sequence[str], folder: Path
) -> Iterator[IssuedForm]:
    """Write the form of `period` for each branch below `folder`, yielding each."""
    version = form_in_force(office, form, period)
    with Ledger.open(office.workspace.ledger, read_only=True) as ledger:
        for organisation in select_organisations(office, version, period, branches):
            last_return = ledger.last_return(form, organisation.code, period)
            data = render(
                version, template_context(office, version, organisation, period, last_return)
            )
            path = form_path(folder, version, organisation, period)
            write_atomically(path, data)
            yield IssuedForm(organisation.code, path)


def form_path(folder: Path, form: Form, organisation: Organisation, period: Period) -> Path:
    """Return where the form of a branch is written."""
    return folder / str(period) / file_name(form, organisation, period)


def file_name(form: Form, organisation: Organisation, period: Period) -> str:
    """Return a file name without accents, which no mail program garbles."""
    title = strip_accents(form.sheet.vi).lower().replace(" ", "-")
    return f"{organisation.code}_{title}_{period}.xlsx"


def template_context(
    office: Office,
    form: Form,
    organisation: Organisation,
    period: Period,
    last_return: AcceptedReturn | None,
) -> TemplateContext:
    """Return the prefilled data of a branch's form; `last_return` is its preceding return."""
    values = prefill_values(form, last_return and to_version(office.catalogue, last_return, form))
    bands = office.catalogue.bands(period)
    context = TemplateContext.of(office.register, organisation, period, bands, values)
    if not form.is_by_officers:
        return context
    return replace(context, **_slip_lists(office, organisation.code, period))


def _slip_lists(office: Office, officer: str, period: Period) -> dict[str, Any]:
    """Return what an officer's slip offers: the cells he is to attend come first."""
    meeting = office.catalogue.form_for(MEETING, period)
    cells = cells_for_slip(office.register, officer, period, meeting.reporters if meeting else ())
    assigned, others = (tuple((cell.code, cell.name) for cell in part) for part in cells)
    officers = ((o.code, o.name) for o in office.register.officers if o.code != officer)
    return {
        "lists": {"organisations": assigned + others, "officers": tuple(officers)},
        "assigned": assigned,
    }


def prefill_values(form: Form, last_return: AcceptedReturn | None) -> Mapping[str, Value]:
    """Return the card values that come from the last return, by ``section.field`` of this form."""
    values: dict[str, Value] = {}
    for section in form.sections if last_return else ():
        for field in section.fields:
            source, _, field_id = (field.prefill or "").partition(".")
            for row in last_return.section_rows(source) if last_return and field_id else ():
                values[f"{section.id}.{field.id}"] = row.values.get(field_id)
    return values
