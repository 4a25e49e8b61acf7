"""Mail out: answers, reminders and blank forms, as drafts or by the mail host."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import date, datetime
from functools import partial
from pathlib import Path

import click

from mlay_batch.cli import options, show_mail
from mlay_batch.cli.month import last_month, open_for
from mlay_batch.cli.options import LocalisedCommand, language, option
from mlay_batch.errors import UsageError
from mlay_batch.period import Period
from mlay_batch.pipeline import mailhost, posting
from mlay_batch.pipeline import reply as replying
from mlay_batch.pipeline.posting import Job, Mailed
from mlay_batch.pipeline.town import Town
from mlay_batch.register import Organisation
from mlay_batch.schema import Form


def send_or_draft(job: Job, *, send: bool, dry_run: bool) -> Mailed:
    """Write the letters of `job` as drafts, or hand them to the town's mail host."""
    zone = job.town.workspace.settings.time_zone
    if dry_run or not send:
        return posting.draft(job, options.moment(None, zone), dry_run)
    smtp = posting.smtp_of(job.town)
    pace = mailhost.Pace(smtp.per_minute, time.monotonic, time.sleep)
    with mailhost.connected(smtp) as host:
        return posting.send(
            job, host, pace, lambda: datetime.fromisoformat(options.moment(None, zone))
        )


def mail_forms(
    town: Town,
    form: Form,
    period: Period,
    branches: Sequence[Organisation],
    *,
    send: bool,
    dry_run: bool,
) -> Mailed:
    """Write or send the blank forms of a period for `branches`, and for nobody else."""
    make = partial(replying.forms, town, form, [branch.code for branch in branches])
    job = Job(town, make, period, options.today(), options.holder())
    return send_or_draft(job, send=send, dry_run=dry_run)


@click.command("reply", cls=LocalisedCommand)
@option("--send", is_flag=True)
@option("--again", is_flag=True)
@option("--doubtful", type=click.Choice(["sent", "unsent"]), default=None)
@option("--letter", "letters", multiple=True)
@options.period_option
@options.as_of_option
@options.dry_run_option
@options.json_option
@options.common
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
    town = open_for(ctx, workspace)
    day = as_of or options.today()
    if letters and not doubtful:
        raise UsageError("usage.letter", letter=letters[0])
    if doubtful and not dry_run:
        posting.settle(town, options.holder(), sent=doubtful == "sent", letters=letters)
    make = partial(replying.letters, town)
    job = Job(town, make, period or last_month(day), day, options.holder(), again)
    done = send_or_draft(job, send=send, dry_run=dry_run)
    show_mail.show_mailed(done, language(ctx), as_json=as_json, dry_run=dry_run)
    return 0 if done.clean else 1
