"""Send letters: answers, reminders and blank forms, as drafts or by the mail host."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial

import click

from mlay_batch.app import mail_run
from mlay_batch.app import reply as letter_builder
from mlay_batch.app.mail_run import MailResult, MailRun
from mlay_batch.cli.json_output import mail_result, show_result
from mlay_batch.cli.lines import is_confirmed, show_line, show_text
from mlay_batch.cli.options import combine_options, option, say
from mlay_batch.cli.session import (
    Session,
    as_of_option,
    command,
    dry_run_option,
    json_option,
    period_option,
)
from mlay_batch.cli.value_types import choice
from mlay_batch.errors import UsageError
from mlay_batch.mail import smtp
from mlay_batch.mail.letter import Letter
from mlay_batch.mail.mime import short_id
from mlay_batch.model.register import Register

FEW_LETTERS = 10  # letters that go without a question, and that are listed one by one
FIRST_LETTERS = 3  # of more letters, those of each kind that are listed

send_options = combine_options(option("--send", is_flag=True), option("--yes", is_flag=True))


def send_or_draft(session: Session, run: MailRun, *, send: bool, yes: bool) -> int:
    """Write the letters of `run` as drafts, or send them; print and return how it went.

    Before the first letter goes it is said what goes to whom; more than ten are asked for once
    more, without `yes`.
    """
    if session.dry_run or not send:
        result = mail_run.draft(run, session.local_time(run.office), session.dry_run)
    else:
        settings = mail_run.smtp_settings(run.office)
        limiter = smtp.RateLimiter(settings.per_minute, time.monotonic, time.sleep)

        def now() -> datetime:
            return datetime.fromisoformat(session.local_time(run.office))

        def confirm(letters: Sequence[Letter]) -> None:
            _announce(session, run.office.register, letters)
            if len(letters) > FEW_LETTERS and not yes:
                _ask(session, len(letters))

        result = mail_run.send(run, smtp.connect(settings), limiter, now, confirm)
    if session.as_json:
        show_result(session, mail_result(result, session, is_sent=send))
    else:
        _show_mail_result(session, run.office.register, result)
    return 0 if result.is_clean else 1


def _announce(session: Session, register: Register, letters: Sequence[Letter]) -> None:
    """Print what is about to go: how many letters of each kind, and to whom."""
    limit = FIRST_LETTERS if len(letters) > FEW_LETTERS else None
    for line in _letter_lines(register, session.lang, "sending", letters, limit):
        show_line(line, err=session.as_json)
    if limit:
        show_line(say(session.lang, "send.all"), err=session.as_json)


def _ask(session: Session, count: int) -> None:
    """Ask whether that many letters may go. Raises Abort; UsageError where nobody can answer."""
    if session.as_json or sys.stdin is None or not sys.stdin.isatty():
        raise UsageError("send.unasked", count=count)
    question = say(session.lang, "send.question", count=count)
    if not is_confirmed(question):
        show_line(say(session.lang, "send.stopped"), err=True)
        raise click.Abort


def _letter_lines(
    register: Register, lang: str, verb: str, letters: Sequence[Letter], limit: int | None
) -> Iterator[str]:
    """Yield for each kind of letter how many there are, and the first of their addressees."""
    by_kind: dict[str, list[Letter]] = {}
    for letter in letters:
        by_kind.setdefault(letter.kind, []).append(letter)
    for kind, group in by_kind.items():
        yield say(lang, f"reply.{verb}", count=len(group), kind=say(lang, f"letter.{kind}"))
        for letter in group[:limit]:
            yield f"    {_addressee_text(register, lang, letter)}"
        if more := len(group[limit:]) if limit else 0:
            yield f"    {say(lang, 'send.more', count=more)}"


def _addressee_text(register: Register, lang: str, letter: Letter) -> str:
    """Return addressee, addresses, and the other branches that the letter is about."""
    organisation = register.reporter_by_code.get(letter.addressee)
    name = f"{letter.addressee} {organisation.name}" if organisation else letter.addressee
    about = dict.fromkeys(topic.branch for topic in letter.topics if topic.branch)
    codes = [branch for branch in about if branch != letter.addressee]
    branches = ", ".join(codes[:FEW_LETTERS]) + (", …" if codes[FEW_LETTERS:] else "")
    text = f"{name} <{', '.join(letter.to)}>"
    return text + say(lang, "send.about", branches=branches) if codes else text


@command(
    "reply",
    send_options,
    option("--again", is_flag=True),
    option("--doubtful", type=choice("sent", "unsent"), default=None),
    option("--letter", "letters", multiple=True),
    period_option,
    as_of_option,
    dry_run_option,
    json_option,
)
def reply(
    session: Session,
    send: bool,
    yes: bool,
    again: bool,
    doubtful: str | None,
    letters: tuple[str, ...],
) -> int:
    """Answer the files received and remind branches whose returns are missing."""
    office = session.office
    if letters and not doubtful:
        raise UsageError("usage.letter", letter=letters[0])
    if doubtful and not session.dry_run:
        mail_run.resolve_doubtful(office, session.holder, sent=doubtful == "sent", letters=letters)
    make_letters = partial(letter_builder.reply_letters, office)
    run = MailRun(office, make_letters, session.period, session.as_of, session.holder, again)
    return send_or_draft(session, run, send=send, yes=yes)


def _show_mail_result(session: Session, register: Register, result: MailResult) -> None:
    """Print what was written or sent, and a line for each problem."""
    lang = session.lang
    verb = "dry" if session.dry_run else "drafted" if result.drafts else "sent"
    limit = None if session.dry_run else 0
    for line in _letter_lines(register, lang, verb, result.letters, limit):
        show_line(line)
    if not result.letters:
        show_text(lang, "reply.none")
    elif result.drafts and not session.dry_run:
        show_text(lang, "reply.where", path=result.drafts[0].parent)
    for path in result.handover:
        show_text(lang, "reply.handover", path=path)
    for line in _problem_lines(result, lang):
        show_line(line, err=True)


def _problem_lines(result: MailResult, lang: str) -> Iterator[str]:
    for missing in result.no_address:
        kind = say(lang, f"letter.{missing.kind}")
        key = "whose" if missing.number else "unreachable"
        yield say(lang, f"reply.{key}", what=missing.name, kind=kind, number=missing.number)
    for letter, problem in result.failed:
        yield say(lang, "reply.failed", to=", ".join(letter.to), problem=problem)
    for letter, refused in result.partly_refused:
        yield say(lang, "reply.partly", subject=letter.subject, refused=", ".join(refused))
    if result.stop_reason:
        yield say(lang, "reply.stopped", problem=result.stop_reason)
    for mail in result.doubtful:
        to, sent_at = ", ".join(mail.recipients), mail.at[:16].replace("T", " ")
        yield say(lang, "reply.doubtful_letter", id=short_id(mail.message_id), to=to, at=sent_at)
