"""Issue blank forms and check one file: template, check."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from itertools import chain
from pathlib import Path

from mlay_batch.app import check_file, templates
from mlay_batch.app.mail_run import MailRun
from mlay_batch.app.office import Office, open_office
from mlay_batch.app.reply import letters_with_forms
from mlay_batch.cli import json_output, output
from mlay_batch.cli.lines import show_line, show_text
from mlay_batch.cli.options import argument, option, say
from mlay_batch.cli.send import send_options, send_or_draft
from mlay_batch.cli.session import (
    Session,
    as_of_option,
    command,
    dry_run_option,
    json_option,
    period_option,
)
from mlay_batch.cli.value_types import FILE, FOLDER, FORM, PathType
from mlay_batch.core.files import write_atomically
from mlay_batch.core.period import Period
from mlay_batch.errors import NoWorkspaceError, RegisterError, UsageError
from mlay_batch.model.branch_lookup import find_branch
from mlay_batch.model.office_rules import OfficeRules, in_force
from mlay_batch.model.register import Organisation
from mlay_batch.schema import Form, load_catalogue


@command(
    "template",
    argument("branches", nargs=-1),
    option("--form", type=FORM, default=None),
    period_option,
    option("--out", type=FOLDER, default=None),
    option("--all", "everyone", is_flag=True),
    option("--mail", is_flag=True),
    send_options,
    dry_run_option,
    json_option,
)
def template(
    session: Session,
    branches: tuple[str, ...],
    form: str | None,
    out: Path | None,
    everyone: bool,
    mail: bool,
    send: bool,
    yes: bool,
) -> int:
    """Write the blank form of a period for the branches named, or for all that owe it."""
    office = open_office(session.find_workspace())
    period = session.chosen_period or Period.of("month", session.as_of)
    if everyone and branches:
        raise UsageError("usage.all", branch=branches[0])
    known = office.register.reporter_by_code.values()
    branches = tuple(find_branch(branch, known) for branch in branches)
    versions = templates.forms_to_issue(office, form, period, branches)
    recipients = {
        version: list(templates.select_organisations(office, version, period, branches))
        for version in versions
    }
    if mail or send:
        codes = {version: [o.code for o in units] for version, units in recipients.items()}
        make_letters = partial(letters_with_forms, office, codes)
        run = MailRun(office, make_letters, period, session.as_of, session.holder)
        return send_or_draft(session, run, send=send, yes=yes)
    folder, count = out or office.workspace.outbox, sum(map(len, recipients.values()))
    if not session.dry_run:
        forms_written = chain.from_iterable(
            templates.issue(office, version.form, period, branches, folder) for version in versions
        )
        _write_forms(session, forms_written, count)
    if session.as_json:
        json_output.show_result(session, _issued(session, recipients, period, folder))
        return 0
    key = "template.dry" if session.dry_run else "template.done"
    show_text(session.lang, key, count=count, path=folder / str(period))
    show_text(session.lang, "template.entered", path=office.workspace.office_inbox)
    return 0


def _write_forms(session: Session, forms: Iterable[templates.IssuedForm], count: int) -> None:
    with output.progress(session.lang, "template.progress") as tick:
        for done, _ in enumerate(forms, 1):
            tick(done, count)


def _issued(
    session: Session,
    recipients: Mapping[Form, Sequence[Organisation]],
    period: Period,
    folder: Path,
) -> json_output.Record:
    """Return the form of each branch and where it is written, for programs."""
    forms = [
        {
            "form": form.form,
            "version": form.version,
            "branch": organisation.code,
            "path": templates.form_path(folder, form, organisation, period),
        }
        for form, organisations in recipients.items()
        for organisation in organisations
    ]
    return {"period": period, "dry_run": session.dry_run, "forms": forms}


@command(
    "check",
    argument("file", type=PathType()),
    option("--returned", type=FILE, default=None),
    as_of_option,
    json_option,
)
def check(session: Session, file: Path, returned: Path | None) -> int:
    """Check a workbook, or each one in a mail or a zip: would it be refused?"""
    office = _office_or_none(session)
    catalogue = office.catalogue if office else in_force(load_catalogue(), OfficeRules())
    if returned:
        result = check_file.check(file, catalogue, office, session.as_of)
        data = check_file.render_returned(result, catalogue, office, session.lang)
        write_atomically(returned, data)
        results: tuple[check_file.CheckResult, ...] = (result,)
    else:
        results = check_file.check_each(file, catalogue, office, session.as_of)
    if session.as_json:
        found = json_output.check_result(results, returned, session.lang)
        json_output.show_result(session, found)
    else:
        output.show_check_results(session, results)
    return 1 if any(f.is_error for result in results for f in result.findings) else 0


def _office_or_none(session: Session) -> Office | None:
    """Return the office of the given or surrounding workspace, None without one."""
    try:
        return open_office(session.find_workspace())
    except NoWorkspaceError:
        if session.folder:
            raise
    except RegisterError:
        show_line(say(session.lang, "check.no_register"), err=True)
    return None
