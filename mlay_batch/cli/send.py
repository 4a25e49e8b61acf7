"""Send letters: answers, reminders and blank forms, as drafts or by the mail host."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from functools import partial

import click

from mlay_batch.app import mail_run
from mlay_batch.app import reply as letter_builder
from mlay_batch.app.mail_run import MailResult, MailRun
from mlay_batch.cli.options import option, say
from mlay_batch.cli.output import safe_line, show_json
from mlay_batch.cli.session import (
    Session,
    as_of_option,
    command,
    dry_run_option,
    json_option,
    period_option,
)
from mlay_batch.errors import UsageError
from mlay_batch.mail import smtp
from mlay_batch.mail.mime import short_id


def send_or_draft(session: Session, run: MailRun, *, send: bool) -> int:
    """Write the letters of `run` as drafts, or send them; print and return how it went."""
    if session.dry_run or not send:
        result = mail_run.draft(run, session.local_time(run.office), session.dry_run)
    else:
        settings = mail_run.smtp_settings(run.office)
        limiter = smtp.RateLimiter(settings.per_minute, time.monotonic, time.sleep)

        def now() -> datetime:
            return datetime.fromisoformat(session.local_time(run.office))

        with smtp.connect(settings) as transport:
            result = mail_run.send(run, transport, limiter, now)
    _show_mail_result(session, result)
    return 0 if result.is_clean else 1


@command(
    "reply",
    option("--send", is_flag=True),
    option("--again", is_flag=True),
    option("--doubtful", type=click.Choice(["sent", "unsent"]), default=None),
    option("--letter", "letters", multiple=True),
    period_option,
    as_of_option,
    dry_run_option,
    json_option,
)
def reply(
    session: Session, send: bool, again: bool, doubtful: str | None, letters: tuple[str, ...]
) -> int:
    """Answer the files received and remind branches whose returns are missing."""
    office = session.office
    if letters and not doubtful:
        raise UsageError("usage.letter", letter=letters[0])
    if doubtful and not session.dry_run:
        mail_run.resolve_doubtful(office, session.holder, sent=doubtful == "sent", letters=letters)
    make_letters = partial(letter_builder.reply_letters, office)
    run = MailRun(office, make_letters, session.period, session.as_of, session.holder, again)
    return send_or_draft(session, run, send=send)


def _show_mail_result(session: Session, result: MailResult) -> None:
    """Print what was written or sent, and a line for each problem."""
    lang = session.lang
    if session.as_json:
        show_json(_as_json(result))
        return
    kinds = Counter(letter.kind for letter in result.letters)
    verb = "dry" if session.dry_run else "drafted" if result.drafts else "sent"
    for kind, count in kinds.items():
        click.echo(say(lang, f"reply.{verb}", count=count, kind=say(lang, f"letter.{kind}")))
    if not kinds:
        click.echo(say(lang, "reply.none"))
    elif result.drafts and not session.dry_run:
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
        "drafts": result.drafts,
        "unreachable": [{"kind": item.kind, "what": item.name} for item in result.no_address],
        "failed": [{"to": item.to, "problem": problem} for item, problem in result.failed],
        "partly": [{"subject": item.subject, "refused": to} for item, to in result.partly_refused],
        "doubtful": [short_id(item.message_id) for item in result.doubtful],
        "stopped": result.stop_reason,
    }
