"""Letters to the terminal: how many went out, and what a person must look after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import click

from mlay_batch.app.mail_run import MailResult
from mlay_batch.cli.options import say
from mlay_batch.cli.output import safe_line, show_json
from mlay_batch.mail.mime import short_id


def show_mail_result(result: MailResult, lang: str, *, as_json: bool, dry_run: bool) -> None:
    """Print what was written or sent, then each thing to look after on a line of its own."""
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
    for item in result.no_address:
        yield say(lang, "reply.unreachable", what=item.name, kind=say(lang, f"letter.{item.kind}"))
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
