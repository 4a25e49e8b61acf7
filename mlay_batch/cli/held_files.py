"""Fetch mails and decide on held files: fetch, held, accept, refuse."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from mlay_batch.app import fetch_mail, review
from mlay_batch.app.explain import Explanation, explain_warning
from mlay_batch.app.office import Office, open_office
from mlay_batch.app.review import ReviewOutcome
from mlay_batch.cli.json_output import entry_record, held_result, show_result
from mlay_batch.cli.lines import show_line, show_text
from mlay_batch.cli.options import argument, combine_options, option, say
from mlay_batch.cli.output import progress
from mlay_batch.cli.screen import show_styled, verdict_text
from mlay_batch.cli.session import Session, as_of_option, command, json_option
from mlay_batch.cli.value_types import CODE, DAY, FILE_NUMBER
from mlay_batch.core import messages
from mlay_batch.model.records import SENDER_DOUBT_CODES, Decision, LedgerEntry, Verdict
from mlay_batch.model.register import Register
from mlay_batch.schema import Catalogue

_decision_options = combine_options(
    argument("number", type=FILE_NUMBER),
    option("--why", required=True),
    as_of_option,
    json_option,
)


@command("fetch", option("--since", type=DAY, default=None), json_option)
def fetch(session: Session, since: date | None) -> int:
    """Bring new mails of the mailbox into the inbox."""
    workspace = session.workspace
    fetch_mail.mailbox_settings(workspace)  # before the bar, which would leave a line behind
    with progress(session.lang, "fetch.progress") as tick:
        result = fetch_mail.fetch_mails(
            workspace, holder=session.holder, since=since, progress=tick
        )
    if session.as_json:
        show_result(session, {"mailbox": result.mailbox, "mail_count": result.count})
    else:
        show_text(session.lang, "fetch.done", count=result.count, mailbox=result.mailbox)
    return 0


@command("held", json_option)
def held(session: Session) -> int:
    """List the files that wait for a decision."""
    office = open_office(session.workspace)
    entries = review.list_undecided(office)
    if session.as_json:
        show_result(session, held_result(entries, office.catalogue, session.lang))
    else:
        _show_held(session, entries, office)
    return 0


@command("accept", _decision_options, option("--branch", default=None))
def accept(session: Session, number: int, why: str, branch: str | None) -> int:
    """Accept a held file, or say whose a file is."""
    decision = _review(session, ReviewOutcome.ACCEPT, number, why, branch)
    return 1 if decision.verdict in (Verdict.REJECTED, Verdict.HELD) else 0


@command("refuse", _decision_options)
def refuse(session: Session, number: int, why: str) -> int:
    """Refuse a held file, or dismiss one of nobody knows whom."""
    _review(session, ReviewOutcome.REFUSE, number, why)
    return 0


@command(
    "explain",
    _decision_options,
    option("--code", "codes", type=CODE, multiple=True, required=True),
)
def explain(session: Session, number: int, why: str, codes: tuple[str, ...]) -> int:
    """Explain a warning for a branch."""
    office = open_office(session.workspace)
    who, at = session.actor["who"], session.local_time(office)
    explanation = Explanation(number, codes, why, who, at, session.as_of)
    entry = explain_warning(office, explanation, session.holder)
    if session.as_json:
        show_result(session, entry_record(entry, office.catalogue, session.lang))
    else:
        verdict = say(session.lang, f"verdict.{entry.verdict.value}")
        codes_text = ", ".join(codes)
        show_text(session.lang, "explain.done", codes=codes_text, name=entry.name, verdict=verdict)
    return 1 if entry.verdict in (Verdict.REJECTED, Verdict.HELD) else 0


def _review(
    session: Session, outcome: ReviewOutcome, number: int, why: str, branch: str | None = None
) -> Decision:
    """Decide on a file, and print its new verdict and its findings."""
    office = open_office(session.workspace)
    asked = review.Review(
        number,
        outcome,
        session.actor["who"],
        session.local_time(office),
        why,
        session.as_of,
        branch,
    )
    result = review.review_file(office, asked, session.holder)
    if session.as_json:
        show_result(session, entry_record(result.entry, office.catalogue, session.lang))
        return result.decision
    verdict, styles = verdict_text(result.decision.verdict, session.lang)
    show_styled(f"{result.entry.id}  {result.entry.label}: {verdict}", styles)
    for message in _reasons(result.entry, office.catalogue, session.lang):
        show_line(message, indent="    ")
    return result.decision


def _show_held(session: Session, entries: Sequence[LedgerEntry], office: Office) -> None:
    """Print a block for each file: number, branch and period, sender, findings."""
    lang, catalogue = session.lang, office.catalogue
    for entry in entries:
        about = " ".join(filter(None, (entry.branch, entry.period))) or "–"
        sender = entry.sender or say(lang, f"held.{entry.channel}", who=entry.entered_by)
        show_line(f"{entry.id}  {entry.label} · {about} · {sender}")
        for message in _reasons(entry, catalogue, lang):
            show_line(message, indent="    ")
        if not entry.branch:
            show_line(_hint(entry, office.register, lang), indent="    ")
    show_text(lang, "held.count", count=len(entries))


def _hint(entry: LedgerEntry, register: Register, lang: str) -> str:
    """Return what to do about a file of nobody knows whom."""
    owners = register.mail_owners(entry.sender or "", date.fromisoformat(entry.received[:10]))
    codes = ", ".join(sorted(owners))
    subject = entry.subject or "–"
    return say(lang, "held.whose", number=entry.id, owners=codes, subject=subject)


def _reasons(entry: LedgerEntry, catalogue: Catalogue, lang: str) -> list[str]:
    """Return what was found in a file; not to ask for a sender who was refused already."""
    form = catalogue.form(entry.form, entry.version)
    lines = []
    for finding in entry.findings:
        message = messages.explain(finding, form, lang)
        is_settled = entry.verdict is Verdict.REJECTED and finding.code in SENDER_DOUBT_CODES
        lines.append(f"{finding.code}: {message.what if is_settled else message}")
    return lines
