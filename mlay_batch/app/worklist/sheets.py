"""Makes the rows of the worklist's other sheets: letters, returns, this run, periods."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

from mlay_batch.app.ingest import IngestResult
from mlay_batch.app.status import listed_words
from mlay_batch.app.worklist.matters import reasons
from mlay_batch.app.worklist.records import (
    ALL_LETTERS,
    LETTERS,
    PERIODS,
    Matter,
    Result,
    outcome_text,
    say,
)
from mlay_batch.app.worklist.state import (
    DRAFTED,
    LETTER,
    MONTHS_SHOWN,
    PERIOD,
    OpenState,
    branch_title,
    in_period,
    letter_state,
    period_state,
)
from mlay_batch.app.worklist.view_files import ViewFiles
from mlay_batch.core.findings import CLERK_CODES
from mlay_batch.core.messages import show, text
from mlay_batch.core.period import Period
from mlay_batch.core.styles import RETURN_SYMBOLS
from mlay_batch.figures.report_records import OPEN
from mlay_batch.figures.visit_slips import slip_rows
from mlay_batch.model.records import Decision, Value, Verdict
from mlay_batch.schema import Form
from mlay_batch.schema.ids import MEETING

Values = Mapping[str, Value]
_RECEIPT = "receipt"


# Letters


def letter_matters(state: OpenState, files: ViewFiles) -> Iterator[Matter]:
    """Yield a row that decides on all letters, then one for each: receipts come last."""
    lang = state.lang
    letters = sorted(state.owed, key=lambda owed: owed[1].kind == _RECEIPT)
    if len(letters) > 1:
        values = {"branch": say(lang, "all_letters", count=len(letters))}
        yield Matter("all_letters", ALL_LETTERS, _state_of_all(state), values, section=LETTERS)
    for period, letter in letters:
        link = files.attachments(letter)
        count = len(letter.workbooks)
        is_drafted = letter_state(state.mail, letter) == DRAFTED
        yield Matter(
            "letter" if letter.to else "by_hand",
            f"{LETTER}/{letter.id}",
            in_period(letter_state(state.mail, letter), period),
            {
                "branch": branch_title(state.register, letter.addressee),
                "address": ", ".join(letter.to) or say(lang, "no_address"),
                "subject": letter.subject,
                "message": letter.chat,
                "view": say(lang, "view" if count == 1 else "files", count=count)
                if count
                else None,
                "result": say(lang, "drafted") if is_drafted else None,
            },
            link,
            section=LETTERS,
        )


def _state_of_all(state: OpenState) -> str:
    """Return which letters there are: a decision on all of them is on these."""
    keys = " ".join(f"{x.id}@{letter_state(state.mail, x)}" for _, x in state.owed)
    return hashlib.sha256(keys.encode()).hexdigest()[:8]


# Returns


def return_rows(state: OpenState) -> Iterator[Values]:
    """Yield a row for each branch and form, monthly ones first: the symbol of each month.

    Of a yearly form that of its last year.
    """
    asked = _asked_last_time(state)
    for matrix in sorted(state.forms, key=lambda matrix: matrix.periods[-1].length):
        last = matrix.periods[-1]
        form = state.inputs.catalogue.form_for(matrix.form, last)
        title = f"{form.sheet.of(state.lang) if form else matrix.form} {last.year}"
        for branch in matrix.branches:
            cells = {period: matrix.cells.get((branch.code, period)) for period in matrix.periods}
            symbols = {
                _column(period): RETURN_SYMBOLS[cell.state]
                for period, cell in cells.items()
                if cell and period.year == last.year
            }
            words = asked.get(branch.code) if matrix.form == MEETING else None
            requested = {"requested": say(state.lang, "requested", what=words)} if words else {}
            name = branch_title(state.register, branch.code)
            yield {"branch": name, "form": title, **symbols, **requested}


def _asked_last_time(state: OpenState) -> Mapping[str, str]:
    """Return what officers asked each cell for in the month before the one at work."""
    if not state.register.rules.has_slips or state.period.length > 1:
        return {}
    before, requests = state.period.previous(), dict[str, list[str]]()
    for row in slip_rows(replace(state.inputs, period=before)):
        if row.directed and row.held_on in before:
            words = f"{row.directed} ({show(row.held_on, state.lang)})"
            requests.setdefault(row.branch, []).append(words)
    return {branch: "; ".join(words) for branch, words in requests.items()}


def _column(period: Period) -> str:
    return "whole" if period.kind == "year" else f"m{period.end.month}"


# This run


def accounting_rows(
    result: IngestResult, totals: Mapping[Verdict, int], lang: str
) -> Iterator[Values]:
    """Yield how many files were received, then what became of them: in this run and in all."""
    counts = result.counts
    sums = {"this_run": sum(counts.values()), "so_far": sum(totals.values())}
    yield {"verdict": text("cli", "ingest.total", lang), **sums}
    for verdict in Verdict:
        words = text("cli", f"verdict.{verdict.value}", lang)
        yield {"verdict": words, "this_run": counts[verdict], "so_far": totals[verdict]}


def arrival_rows(state: OpenState, result: IngestResult) -> Iterator[Values]:
    """Yield each file that came in, or was judged anew, by the branch whose it is."""
    for decision in (*result.decisions, *result.judged_anew):
        file = decision.checked.file
        verdict = text("cli", f"verdict.{decision.verdict.value}", state.lang)
        is_anew = file.entry_id is not None
        yield {
            "branch": branch_title(state.register, _branch_of(decision, state)),
            "file": file.name,
            "verdict": say(state.lang, "anew", verdict=verdict) if is_anew else verdict,
            "reason": _reason(decision, state),
        }


def _branch_of(decision: Decision, state: OpenState) -> str | None:
    """Return the branch that a file names, else the one that its sender's address belongs to."""
    file, identity = decision.checked.file, decision.checked.identity
    day = date.fromisoformat(file.received[:10])
    return identity.branch if identity else state.register.mail_owner(file.sender or "", day)


def _reason(decision: Decision, state: OpenState) -> str | None:
    """Return why a file does not count, or the first warning; and what only the clerk is told."""
    form, lang = _form_of(decision, state), state.lang
    for_clerk = [finding for finding in decision.findings if finding.code in CLERK_CODES]
    others = [finding for finding in decision.findings if finding.code not in CLERK_CODES]
    if decision.verdict is Verdict.REJECTED:
        others = [finding for finding in others if finding.is_error]
    words = reasons(others, form, lang, most=1), reasons(for_clerk, form, lang)
    return " ".join(filter(None, words)) or None


def _form_of(decision: Decision, state: OpenState) -> Form | None:
    submission = decision.checked.submission
    if submission is None:
        return None
    catalogue = state.office.intake_catalogue
    return catalogue.form(submission.form, submission.version)


def obeyed_rows(
    results: Sequence[Result], titles: Mapping[str, str], lang: str
) -> Iterator[Values]:
    """Yield each decision of this run and what came of it; `titles` are those of decisions."""
    for result in results:
        made, outcome = result.made, result.outcome
        yield {
            "matter": made.title,
            "decision": f"{titles[made.decision]}{f' – {made.why}' if made.why else ''}",
            "state": say(lang, "done" if result.is_done else "not_done"),
            "result": outcome_text(outcome.code, outcome.params, titles, lang),
        }


# Periods


def period_matters(state: OpenState) -> Iterator[Matter]:
    """Yield the months in use of a year back, the running one too, and longer periods, the last
    first.
    """
    month = Period.of("month", state.as_of)
    months = [month.shift(-step) for step in range(MONTHS_SHOWN + 1)]
    years = [Period.of("year", state.as_of).previous()] if _has_yearly(state) else []
    shown = {*months, *years, *state.periods}
    in_use = filter(state.register.rules.profile.has_begun, shown)
    for period in sorted(in_use, key=lambda each: (each.end, each.length), reverse=True):
        yield _period_matter(state, period)


def _has_yearly(state: OpenState) -> bool:
    return any(matrix.periods[-1].kind == "year" for matrix in state.forms)


def _period_matter(state: OpenState, period: Period) -> Matter:
    form = _form_owed(state, period)
    due = form.due_in(period) if form else None
    kind = (
        "closed_period"
        if period in state.closed
        else "open_period"
        if state.as_of > period.end
        else "other_period"
    )
    values = {
        "period": period.title(state.lang),
        "due": due.last_day(period) if due else None,
        "lock": due.lock_day(period) if due else None,
        "state": _state_words(state, period),
    }
    subject = f"{PERIOD}/{period}"
    return Matter(kind, subject, period_state(period, state.closings), values, section=PERIODS)


def _state_words(state: OpenState, period: Period) -> str:
    """Return whether a period is closed, or how many returns are in; and who reopened it."""
    lang, closing = state.lang, state.closed.get(period)
    if closing:
        params = {"day": closing.as_of, "who": closing.closed_by, "revision": closing.revision}
        return say(lang, "state.closed", **params)
    if state.as_of <= period.end:
        return say(lang, "state.running", end=period.end)
    cells = state.returns_of(period)
    out = sum(cell.state in OPEN for cell in cells)
    key = "state.outstanding" if out else "state.complete" if cells else "state.empty"
    words = say(lang, key, sent=len(cells) - out, owed=len(cells))
    words = " ".join(filter(None, (words, listed_words(cells, lang))))
    before = [each for each in state.closings if each.period == period]
    if before:
        last = before[-1]
        params = {"day": last.reopened, "who": last.reopened_by, "why": last.why}
        words = f"{say(lang, 'state.reopened', **params)} {words}"
    return words


def _form_owed(state: OpenState, period: Period) -> Form | None:
    """Return a form whose return is owed for the period."""
    catalogue = state.inputs.catalogue
    names = dict.fromkeys(form.form for form in catalogue.forms if form.reporters)
    forms = (catalogue.form_for(name, period) for name in names)
    return next((form for form in forms if form and form.period == period.kind), None)
