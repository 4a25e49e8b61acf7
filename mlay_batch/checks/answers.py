"""Finds what a return must still explain before it counts.

A rule may demand an answer to its warning (`Rule.answer`). Without it the return is held (L15): its
branch answers in the returned form, or the office does so for it. `Form.demanded` says which ask.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace

from mlay_batch.core.findings import QUESTION, Answer, Finding, Param, Place, Severity, question_of
from mlay_batch.core.text import name_key
from mlay_batch.model.records import CheckedFile, Value
from mlay_batch.schema.model import Form
from mlay_batch.schema.questions import demanded

UNANSWERED = "L15"
"""Code of the finding that holds a return for its answers."""
_OPEN = "open"
Question = tuple[str, str]
"""Code of a warning, and which values it is about."""


def note_questions(checked: CheckedFile) -> CheckedFile:
    """Return the file with each warning's question, and L15 where an answer must be given.

    The answers it brings are those that count: words that are no answer to choose from are none.
    """
    submission, identity = checked.submission, checked.identity
    if submission is None:
        return checked
    if not (submission.answers or any(finding.is_answerable for finding in checked.findings)):
        return checked
    values = _values_by_cell(checked)
    findings = tuple(_with_questions(checked.findings, values))
    if identity is None:
        return replace(checked, findings=findings)
    answers = tuple(valid_answers(submission.answers, identity.form))
    answered = {(answer.code, answer.question) for answer in answers}
    result = replace(checked, submission=replace(submission, answers=answers), findings=findings)
    unanswered = [
        finding
        for finding in _demanding(findings, identity.form)
        if (finding.code, finding.question) not in answered
    ]
    return result if checked.is_refused or not unanswered else _hold(result, unanswered)


def _values_by_cell(checked: CheckedFile) -> Mapping[tuple[str, str], Value]:
    return {
        (row.sheet, cell): row.values.get(name)
        for row in (checked.submission.rows if checked.submission else ())
        for name, cell in row.cells.items()
    }


def _with_questions(
    findings: Iterable[Finding], values: Mapping[tuple[str, str], Value]
) -> Iterator[Finding]:
    """Yield the findings, the warnings with their questions.

    Two meetings with the same figures are two questions: an answer to one is none to the other.
    """
    counts: Counter[str] = Counter()
    for finding in findings:
        if not finding.is_answerable:
            yield finding
            continue
        places = dict.fromkeys((finding.place, *finding.marks))
        about: list[object] = [values.get((place.sheet, place.cell)) for place in places]
        question = question_of(finding, about)
        counts[question] += 1
        if counts[question] > 1:
            question = question_of(finding, [*about, f"#{counts[question]}"])
        yield replace(finding, params={**finding.params, QUESTION: question})


def _demanding(findings: Iterable[Finding], form: Form) -> list[Finding]:
    """Return the warnings that must be answered."""
    warnings = [finding for finding in findings if finding.is_answerable]
    codes = demanded(form, {finding.code for finding in warnings})
    return [finding for code in codes for finding in warnings if finding.code == code]


def valid_answers(answers: Iterable[Answer], form: Form) -> Iterator[Answer]:
    """Yield the answers that say something; one to choose from in the words of the form."""
    choices = {rule.code: rule.answers for _, rule in form.rules() if rule.answers}
    for answer in answers:
        if answer.code not in choices:
            if any(map(str.isalpha, answer.words)):
                yield answer
            continue
        by_key = {
            name_key(words): text.vi
            for text in choices[answer.code]
            for words in (text.vi, text.en)
        }
        if words := by_key.get(name_key(answer.words)):
            yield replace(answer, words=words)


def _hold(checked: CheckedFile, unanswered: list[Finding]) -> CheckedFile:
    questions = dict.fromkeys(f"{finding.code}:{finding.question}" for finding in unanswered)
    codes = dict.fromkeys(finding.code for finding in unanswered)
    params: dict[str, Param] = {
        "count": len(codes),
        "codes": ", ".join(codes),
        _OPEN: " ".join(questions),
    }
    place = Place(checked.file.name)
    return checked.with_findings(Finding(UNANSWERED, Severity.WARNING, place, params))


def open_questions(findings: Iterable[Finding]) -> frozenset[Question]:
    """Return the questions for whose answers a return is held."""
    texts = (str(finding.params[_OPEN]) for finding in findings if finding.code == UNANSWERED)
    pairs = (question.partition(":") for text in texts for question in text.split())
    return frozenset((code, question) for code, _, question in pairs)


def without_answered(checked: CheckedFile, given: AbstractSet[Question]) -> CheckedFile:
    """Return the file without L15 where the answers `given` before leave no question open."""
    questions = open_questions(checked.findings)
    if not questions or questions - given:
        return checked
    findings = (finding for finding in checked.findings if finding.code != UNANSWERED)
    return replace(checked, findings=tuple(findings))
