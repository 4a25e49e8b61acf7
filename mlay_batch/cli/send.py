"""Send letters: answers, reminders and blank forms, as drafts or by the mail host."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from functools import partial
from pathlib import Path

import click

from mlay_batch.app import mail_run
from mlay_batch.app import reply as letter_builder
from mlay_batch.app.mail_run import MailResult, MailRun
from mlay_batch.app.office import Office
from mlay_batch.cli import options
from mlay_batch.cli.monthly import last_month, load_office
from mlay_batch.cli.options import LocalisedCommand, language, option, say
from mlay_batch.cli.output import safe_line, show_json
from mlay_batch.core.period import Period
from mlay_batch.errors import UsageError
from mlay_batch.mail import smtp
from mlay_batch.mail.mime import short_id
from mlay_batch.model.register import Organisation
from mlay_batch.schema import Form


def send_or_draft(run: MailRun, *, send: bool, dry_run: bool) -> MailResult:
    """Write the letters of `run` as drafts, or send them by the office's mail host."""
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
    """Write or send the blank forms of a period for `branches` only."""
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
    """Answer the files received and remind branches whose returns are missing."""
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
    show_mail_result(result, language(ctx), as_json=as_json, dry_run=dry_run)
    return 0 if result.is_clean else 1


def show_mail_result(result: MailResult, lang: str, *, as_json: bool, dry_run: bool) -> None:
    """Print what was written or sent, and a line for each problem."""
    if as_json:
        show_json(_as_json(result))
        return
    kinds = Counter(letter.kind for letter in result.letters)
    verb = "dry" if dry_run else "drafted" if result.drafts else "sent"
    for kind, count in kinds.items():
        click.echo(say(lang, f"reply.{verb}", count=count, kind=say(lang, f"letter.{kind}")))
    if not kinds:
        click.echo(say(lang, "reply.none"))
    elif result.drafts and not dry_run:
        click.echo(safe_line(say(lang, "reply.where", path=result.drafts[0].parent)))
    for line in _problem_lines(result, lang):
        click.echo(safe_line(line), err=True)


def _problem_lines(result: MailResult, lang: str) -> Iterator[str]:
    for missing in result.no_address:
        kind = say(lang, f"letter.{missing.kind}")
        yield say(lang, "reply.unreachable", what=missing.name, kind=kind)
    for letter, problem in result.failed:
        yield say(lang, "reply.failed", to=", ".join(letter.to), problem=problem)
    for letter, refused in result.partly_refused:
        yield say(lang, "reply.partly", subject=letter.subject, refused=", ".join(refused))
    if result.stop_reason:
        yield say(lang, "reply.stopped", problem=result.stop_reason)
    for mail in result.doubtful:
        to, sent_at = ", ".join(mail.recipients), mail.at[:16].replace("T", " ")
        yield say(lang, "reply.doubtful_letter", id=short_id(mail.message_id), to=to, at=sent_at)


def _as_json(result: MailResult) -> dict[str, object]:
    return {
        "letters": [
            {
                "kind": item.kind,
                "to": item.to,
                "subject": item.subject,
                "about": [topic.key for topic in item.topics],
            }
            for item in result.letters
        ],
        "drafts": [str(path) for path in result.drafts],
        "unreachable": [{"kind": item.kind, "what": item.name} for item in result.no_address],
        "failed": [{"to": item.to, "problem": problem} for item, problem in result.failed],
        "partly": [{"subject": item.subject, "refused": to} for item, to in result.partly_refused],
        "doubtful": [short_id(item.message_id) for item in result.doubtful],
        "stopped": result.stop_reason,
    }
