"""Takes what the office answers to a warning on behalf of a branch, say after a telephone call."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from mlay_batch.app.load_inputs import PeriodFacts
from mlay_batch.app.office import Office
from mlay_batch.app.pending_replies import must_explain
from mlay_batch.app.review import Review, ReviewOutcome, record_review
from mlay_batch.checks.answers import open_questions, valid_answers
from mlay_batch.core.findings import Answer, Finding
from mlay_batch.core.period import Period
from mlay_batch.errors import UsageError
from mlay_batch.ledger import Answers, Ledger, lock
from mlay_batch.model.answers import AnswerKey, GivenAnswer, answer_key, answers_of
from mlay_batch.model.records import LedgerEntry


@dataclass(frozen=True)
class Explanation:
    """What a person of the office answers to a warning.

    Attributes:
        number: number of the ledger entry of the return.
        codes: codes of the warnings.
        words: the answer; blanks around it do not count.
        who: the person.
        at: the time (ISO, with offset).
        as_of: day for which a return that was held for it is judged again.
    """

    number: int
    codes: tuple[str, ...]
    words: str
    who: str
    at: str
    as_of: date


def explain_warning(office: Office, explanation: Explanation, holder: str) -> LedgerEntry:
    """Record an answer as `record_explanation` does. Raises what it raises, and LockedError."""
    workspace = office.workspace
    with lock(workspace.root, holder), Ledger.open(workspace.ledger) as ledger:
        return record_explanation(office, ledger, explanation)


def record_explanation(office: Office, ledger: Ledger, explanation: Explanation) -> LedgerEntry:
    """Record an answer to the warnings of these codes; return the entry after it.

    A return that was held for it, and needs no other answer, is accepted by the same decision. The
    workspace is locked. Raises UsageError: ``usage.why`` without words, ``explain.number`` for a
    file that does not count, ``explain.code`` for a warning it has not, ``explain.choice`` for
    words that the form does not offer; LedgerError.
    """
    words = explanation.words.strip()
    if not words:
        raise UsageError("usage.why")
    entry = ledger.entry(explanation.number)
    if entry is None or not (entry.is_current or _waits_for_words(ledger, entry)):
        raise UsageError("explain.number", number=explanation.number)
    warnings = list(_warnings_of(office, ledger, entry, explanation.as_of))
    for code in explanation.codes:
        if code not in {warning.code for warning in warnings}:
            codes = ", ".join(dict.fromkeys(warning.code for warning in warnings)) or "–"
            raise UsageError("explain.code", warning=code, number=entry.id, codes=codes)
    given = _answers(office, entry, warnings, explanation, words)
    Answers(ledger).give(entry, given, explanation.who, explanation.at)
    return _accept_explained(office, ledger, entry, explanation)


def _waits_for_words(ledger: Ledger, entry: LedgerEntry) -> bool:
    """Whether a file is held for its answers, and no later one counts by now."""
    return must_explain(entry) and not entry.has_later_acceptance(ledger.entries())


def _warnings_of(
    office: Office, ledger: Ledger, entry: LedgerEntry, as_of: date
) -> Iterator[Finding]:
    """Yield the warnings of a return that may be answered, also those across returns."""
    yield from (finding for finding in entry.findings if finding.is_answerable)
    if entry.is_current and entry.period:
        warnings = PeriodFacts(office, ledger, as_of).warnings(Period.parse(entry.period))
        yield from warnings.get(entry.id, ())


def _answers(
    office: Office,
    entry: LedgerEntry,
    warnings: Iterable[Finding],
    explanation: Explanation,
    words: str,
) -> tuple[Answer, ...]:
    answers = [
        Answer(warning.code, warning.question, words)
        for warning in warnings
        if warning.code in explanation.codes
    ]
    form = office.intake_catalogue.form(entry.form, entry.version)
    valid = tuple(valid_answers(answers, form)) if form else tuple(answers)
    rejected = {answer.code for answer in answers} - {answer.code for answer in valid}
    for _, rule in form.rules() if form else ():
        if rule.code in rejected:
            choices = "; ".join(choice.vi for choice in rule.answers) or "…"
            raise UsageError("explain.choice", warning=rule.code, choices=choices)
    return valid


def unanswered_codes(ledger: Ledger, entry: LedgerEntry) -> list[str]:
    """Return the codes of the warnings for whose answers a return is held still."""
    given = answers_of(Answers(ledger).in_force(), entry.key)
    return sorted({code for code, _ in open_questions(entry.findings) - given.keys()})


def _accept_explained(
    office: Office, ledger: Ledger, entry: LedgerEntry, explanation: Explanation
) -> LedgerEntry:
    if entry.is_current or unanswered_codes(ledger, entry):
        return entry
    review = Review(
        entry.id,
        ReviewOutcome.ACCEPT,
        explanation.who,
        explanation.at,
        explanation.words,
        explanation.as_of,
    )
    return record_review(office, ledger, review).entry


@dataclass(frozen=True)
class OpenWarning:
    """The warnings of one code in a return that nobody has answered.

    Attributes:
        entry: the ledger entry of the return.
        findings: the warnings, at least one.
    """

    entry: LedgerEntry
    findings: tuple[Finding, ...]

    @property
    def code(self) -> str:
        """Their code."""
        return self.findings[0].code

    @property
    def questions(self) -> tuple[str, ...]:
        """What they are about, by `Finding.question`."""
        return tuple(finding.question for finding in self.findings)


def open_warnings(
    entries: Iterable[LedgerEntry],
    across: Mapping[int, Sequence[Finding]],
    answers: Mapping[AnswerKey, GivenAnswer],
) -> Iterator[OpenWarning]:
    """Yield the unanswered warnings of the returns that count among `entries`, by code.

    `across` are the warnings across returns, by ledger entry.
    """
    for entry in (entry for entry in entries if entry.is_current):
        by_code: dict[str, list[Finding]] = {}
        for finding in (*entry.findings, *across.get(entry.id, ())):
            key = answer_key(entry, finding)
            if key and key not in answers:
                by_code.setdefault(finding.code, []).append(finding)
        yield from (OpenWarning(entry, tuple(findings)) for findings in by_code.values())
