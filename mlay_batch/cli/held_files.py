"""Fetch mails and decide on held files: fetch, held, accept, refuse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import click

from mlay_batch.app import fetch_mail, review
from mlay_batch.app.office import open_office
from mlay_batch.app.review import ReviewOutcome
from mlay_batch.cli.options import DAY, combine_options, option, say
from mlay_batch.cli.output import progress, safe_line, show_json, show_text
from mlay_batch.cli.session import Session, as_of_option, command, json_option
from mlay_batch.core.messages import explain
from mlay_batch.model.records import Decision, LedgerEntry, Verdict
from mlay_batch.schema import Catalogue, load_catalogue

_decision_options = combine_options(
    click.argument("number", type=click.IntRange(min=1)),
    option("--why", required=True),
    as_of_option,
)


@command("fetch", option("--since", type=DAY, default=None))
def fetch(session: Session, since: date | None) -> int:
    """Bring new mails of the mailbox into the inbox."""
    workspace = session.workspace
    fetch_mail.mailbox_settings(workspace)  # before the bar, which would leave a line behind
    with progress(session.lang, "fetch.progress") as tick:
        result = fetch_mail.fetch_mails(
            workspace, holder=session.holder, since=since, progress=tick
        )
    show_text(session.lang, "fetch.done", count=result.count, mailbox=result.mailbox)
    return 0


@command("held", json_option)
def held(session: Session) -> int:
    """List the files that wait for a decision."""
    catalogue = load_catalogue(session.workspace.schemas)
    _show_held(session, review.list_held(session.workspace), catalogue)
    return 0


@command("accept", _decision_options)
def accept(session: Session, number: int, why: str) -> int:
    """Accept a held file."""
    decision = _review(session, ReviewOutcome.ACCEPT, number, why)
    return 1 if decision.verdict in (Verdict.REJECTED, Verdict.HELD) else 0


@command("refuse", _decision_options)
def refuse(session: Session, number: int, why: str) -> int:
    """Refuse a held file."""
    _review(session, ReviewOutcome.REFUSE, number, why)
    return 0


def _review(session: Session, outcome: ReviewOutcome, number: int, why: str) -> Decision:
    """Decide on a held file, and print its new verdict and its findings."""
    office = open_office(session.workspace)
    result = review.review_file(
        office,
        number,
        outcome,
        decided=session.local_time(office),
        why=why,
        as_of=session.as_of,
        **session.actor,
    )
    verdict = say(session.lang, f"verdict.{result.decision.verdict.value}")
    click.echo(safe_line(f"{result.entry.id}  {result.entry.name}: {verdict}"))
    for message in _reasons(result.entry, office.catalogue, session.lang):
        click.echo(f"    {safe_line(message)}")
    return result.decision


def _show_held(session: Session, entries: Sequence[LedgerEntry], catalogue: Catalogue) -> None:
    """Print a block for each file: number, branch and period, sender, findings."""
    lang = session.lang
    if session.as_json:
        show_json([_as_json(entry, catalogue, lang) for entry in entries])
        return
    for entry in entries:
        about = " ".join(filter(None, (entry.branch, entry.period))) or "–"
        sender = entry.sender or say(lang, f"held.{entry.channel}")
        click.echo(safe_line(f"{entry.id}  {entry.name} · {about} · {sender}"))
        for message in _reasons(entry, catalogue, lang):
            click.echo(f"    {safe_line(message)}")
    click.echo(say(lang, "held.count", count=len(entries)))


def _reasons(entry: LedgerEntry, catalogue: Catalogue, lang: str) -> list[str]:
    form = catalogue.form(entry.form or "", entry.version or "")
    return [f"{finding.code}: {explain(finding, form, lang)}" for finding in entry.findings]


def _as_json(entry: LedgerEntry, catalogue: Catalogue, lang: str) -> Mapping[str, object]:
    return {
        "number": entry.id,
        "file": entry.name,
        "sender": entry.sender,
        "subject": entry.subject,
        "received": entry.received,
        "form": entry.form,
        "branch": entry.branch,
        "period": entry.period,
        "findings": _reasons(entry, catalogue, lang),
    }
