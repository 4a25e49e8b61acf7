"""What was found in the returns of a period, each finding with its answer: which rules bite."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from mlay_batch.core.findings import Finding
from mlay_batch.core.messages import explain
from mlay_batch.core.period import Period
from mlay_batch.figures.report_records import ReportInputs
from mlay_batch.model.answers import AnswerKey, GivenAnswer, answer_key
from mlay_batch.model.records import LedgerEntry, Verdict

_NOT_OF_RULES = frozenset("LN")
"""First letters of codes that say what became of a file, not what a rule found in it."""


@dataclass(frozen=True, slots=True)
class ReturnFinding:
    """A finding in a file.

    Attributes:
        entry: the ledger entry of the file.
        answer: the answer that holds; None without one.
    """

    entry: LedgerEntry
    finding: Finding
    answer: GivenAnswer | None = None

    @property
    def asks(self) -> bool:
        """Whether it may be explained: a warning in a return that counts."""
        return self.entry.is_current and self.finding.is_answerable

    @property
    def is_open(self) -> bool:
        """Whether it waits for an answer."""
        return self.asks and self.answer is None


def answered(inputs: ReportInputs, entry: LedgerEntry, finding: Finding) -> ReturnFinding:
    """Return a finding with the answer to it."""
    key = answer_key(entry, finding)
    return ReturnFinding(entry, finding, inputs.answers.get(key) if key else None)


def return_findings(
    inputs: ReportInputs, period: Period, warnings: Iterable[tuple[int, Finding]]
) -> Iterator[ReturnFinding]:
    """Yield what rules found in the files of the period and its months, in order of receipt.

    Those of refused files too, also where they were sent again since: a rule that refuses often may
    be wrong. A warning of the same values in several files, sent again with its answer, counts
    once, and a duplicate says nothing new. `warnings` are the ones across returns, with the ids of
    ledger entries.
    """
    periods = {str(period), *map(str, period.months())}
    across: dict[int, list[Finding]] = {}
    for number, finding in warnings:
        across.setdefault(number, []).append(finding)
    items = [
        answered(inputs, entry, finding)
        for entry in inputs.ledger_entries
        if entry.period in periods
        and not entry.is_from_stranger
        and entry.verdict is not Verdict.DUPLICATE
        for finding in (*entry.findings, *across.get(entry.id, ()))
        if finding.code[0] not in _NOT_OF_RULES
    ]
    owners: dict[AnswerKey, int] = {}
    for item in items:
        key = answer_key(item.entry, item.finding)
        if key and (item.entry.is_current or key not in owners):
            owners[key] = item.entry.id
    for item in items:
        key = answer_key(item.entry, item.finding)
        if key is None or owners[key] == item.entry.id:
            yield item


def explained_lines(
    inputs: ReportInputs, findings: Iterable[ReturnFinding]
) -> Mapping[str, tuple[int, int]]:
    """Return for each branch how many warnings it explained, and how many wait for an answer.

    What says the same of one return is one line of the list of findings, and counted once.
    """
    lines: dict[tuple[str, ...], bool] = {}
    for item in findings:
        if item.asks:
            entry = item.entry
            form = inputs.catalogue.form(entry.form, entry.version)
            words = str(explain(item.finding, form, "vi"))
            line = entry.branch or "", str(entry.id), item.finding.place.sheet, words
            lines[line] = lines.get(line, False) or item.is_open
    counts: dict[str, tuple[int, int]] = {}
    for (branch, *_), is_open in lines.items():
        explained, still_open = counts.get(branch, (0, 0))
        counts[branch] = explained + (not is_open), still_open + is_open
    return counts
