"""Letters to the terminal: how many went out, and what a person must look after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import click

from mlay_batch.cli.options import say
from mlay_batch.cli.show import plain, show_json
from mlay_batch.pipeline.posting import Mailed
from mlay_batch.replies.message import short


def show_mailed(done: Mailed, lang: str, *, as_json: bool, dry_run: bool) -> None:
    """Print what was written or sent, then each thing to look after on a line of its own."""
    if as_json:
        show_json(_as_json(done))
        return
    kinds = Counter(letter.kind for letter in done.letters)
    verb = "dry" if dry_run else "drafted" if done.drafts else "sent"
    for kind, count in kinds.items():
        click.echo(say(lang, f"reply.{verb}", count=count, kind=say(lang, f"letter.{kind}")))
    if not kinds:
        click.echo(say(lang, "reply.none"))
    elif done.drafts and not dry_run:
        click.echo(plain(say(lang, "reply.where", path=done.drafts[0].parent)))
    for line in _troubles(done, lang):
        click.echo(plain(line), err=True)


def _troubles(done: Mailed, lang: str) -> Iterator[str]:
    for one in done.unreachable:
        yield say(lang, "reply.unreachable", what=one.what, kind=say(lang, f"letter.{one.kind}"))
    for letter, problem in done.failed:
        yield say(lang, "reply.failed", to=", ".join(letter.to), problem=problem)
    for letter, refused in done.partly:
        yield say(lang, "reply.partly", subject=letter.subject, refused=", ".join(refused))
    if done.stopped:
        yield say(lang, "reply.stopped", problem=done.stopped)
    for posted in done.doubtful:
        to, at = ", ".join(posted.recipients), posted.at[:16].replace("T", " ")
        yield say(lang, "reply.doubtful_letter", id=short(posted.message_id), to=to, at=at)


def _as_json(done: Mailed) -> dict[str, object]:
    return {
        "letters": [
            {"kind": one.kind, "to": one.to, "subject": one.subject,
             "about": [topic.key for topic in one.topics]}
            for one in done.letters
        ],
        "drafts": [str(path) for path in done.drafts],
        "unreachable": [{"kind": one.kind, "what": one.what} for one in done.unreachable],
        "failed": [{"to": one.to, "problem": problem} for one, problem in done.failed],
        "partly": [{"subject": one.subject, "refused": to} for one, to in done.partly],
        "doubtful": [short(one.message_id) for one in done.doubtful],
        "stopped": done.stopped,
    }  # fmt: skip
