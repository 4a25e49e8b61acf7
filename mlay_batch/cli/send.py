"""Mail out: answers, reminders and blank forms, as drafts or by the mail host."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import date, datetime
from functools import partial
from pathlib import Path

import click

from mlay_batch.app import mail_run
from mlay_batch.app import reply as letter_builder
from mlay_batch.app.mail_run import MailResult, MailRun
from mlay_batch.app.office import Office
from mlay_batch.cli import options, output_mail
from mlay_batch.cli.monthly import last_month, load_office
from mlay_batch.cli.options import LocalisedCommand, language, option
from mlay_batch.core.period import Period
from mlay_batch.errors import UsageError
from mlay_batch.mail import smtp
from mlay_batch.model.register import Organisation
from mlay_batch.schema import Form


def send_or_draft(run: MailRun, *, send: bool, dry_run: bool) -> MailResult:
    """Write the letters of `run` as drafts, or hand them to the town's mail host."""
    zone = run.office.workspace.settings.time_zone
    if dry_run or not send:
        return mail_run.draft(run, options.local_time(None, zone), dry_run)
    settings = mail_run.smtp_settings(run.office)
    limiter = smtp.RateLimiter(settings.per_minute, time.monotonic, time.sleep)
    with smtp.connect(settings) as transport:
        return mail_run.send(
            run, transport, limiter, lambda: datetime.fromisoformat(options.local_time(None, zone))
        )


def mail_forms(
    office: Office,
    form: Form,
    period: Period,
    branches: Sequence[Organisation],
    *,
    send: bool,
    dry_run: bool,
) -> MailResult:
    """Write or send the blank forms of a period for `branches`, and for nobody else."""
    make_letters = partial(
        letter_builder.form_letters, office, form, [branch.code for branch in branches]
    )
    run = MailRun(office, make_letters, period, options.today(), options.lock_holder())
    return send_or_draft(run, send=send, dry_run=dry_run)


@click.command("reply", cls=LocalisedCommand)
@option("--send", is_flag=True)
@option("--again", is_flag=True)
@option("--doubtful", type=click.Choice(["sent", "unsent"]), default=None)
@option("--letter", "letters", multiple=True)
@options.period_option
@options.as_of_option
@options.dry_run_option
@options.json_option
@options.common_options
@click.pass_context
def reply(
    ctx: click.Context,
    send: bool,
    again: bool,
    doubtful: str | None,
    letters: tuple[str, ...],
    period: Period | None,
    as_of: date | None,
    dry_run: bool,
    as_json: bool,
    workspace: Path | None,
) -> int:
    """Answer what came in and remind those missing."""
    office = load_office(ctx, workspace)
    day = as_of or options.today()
    if letters and not doubtful:
        raise UsageError("usage.letter", letter=letters[0])
    if doubtful and not dry_run:
        mail_run.resolve_doubtful(
            office, options.lock_holder(), sent=doubtful == "sent", letters=letters
        )
    make_letters = partial(letter_builder.reply_letters, office)
    run = MailRun(
        office, make_letters, period or last_month(day), day, options.lock_holder(), again
    )
    result = send_or_draft(run, send=send, dry_run=dry_run)
    output_mail.show_mail_result(result, language(ctx), as_json=as_json, dry_run=dry_run)
    return 0 if result.is_clean else 1
