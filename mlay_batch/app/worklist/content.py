"""Gathers what a worklist shows: matters, letters, returns, what this run did, periods."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Container, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace

from mlay_batch.app.ingest import IngestResult
from mlay_batch.app.worklist import book, matters, problems, sheets
from mlay_batch.app.worklist.book import WorklistContent
from mlay_batch.app.worklist.records import (
    ALL_LETTERS,
    SETTLED,
    Matter,
    ReadWorklist,
    Result,
    outcome_text,
    say,
    split_key,
)
from mlay_batch.app.worklist.state import LETTER, OpenState, assignable
from mlay_batch.app.worklist.view_files import ViewFiles
from mlay_batch.core.findings import Finding, split_cell
from mlay_batch.core.messages import explain, show
from mlay_batch.core.period import Period
from mlay_batch.core.text import begin_small
from mlay_batch.ledger import Archive, ObeyedDecision, Progress
from mlay_batch.model.records import Row, Value, Verdict
from mlay_batch.schema import Form

Values = Mapping[str, Value]


@dataclass(frozen=True)
class ContentSources:
    """What a worklist is made from.

    Attributes:
        state: what the ledger says.
        number: number of the worklist.
        chosen: the period that somebody chose to work on.
        ingested: what this run took in.
        totals: number of files of each verdict since the beginning.
        results: what came of the decisions of this run.
        log: all decisions of all worklists.
        worklists: the worklists that this run read.
        troubles: matters that are no returns.
    """

    state: OpenState
    number: int
    chosen: Period | None
    ingested: IngestResult
    totals: Mapping[Verdict, int]
    results: Sequence[Result]
    log: Sequence[ObeyedDecision]
    worklists: Sequence[ReadWorklist]
    troubles: Sequence[Matter]


def worklist_content(
    sources: ContentSources, archive: Archive, files: ViewFiles
) -> WorklistContent:
    """Return the content of the worklist; what its links open goes to `files`."""
    state = sources.state
    office, lang = state.office, state.lang
    form = book.worklist_form(office.catalogue)
    titles = book.decision_titles(form, lang)
    mistakes = [_mistakes(worklist, form, lang) for worklist in sources.worklists]
    content = WorklistContent(
        sources.number,
        state.register.root().name,
        state.period,
        sources.chosen,
        (
            *matters.worst_first(_matters(sources, form, files, archive)),
            *sheets.letter_matters(state, files),
            *sheets.period_matters(state),
        ),
        {
            "returns": tuple(sheets.return_rows(state)),
            "accounting": tuple(sheets.accounting_rows(sources.ingested, sources.totals, lang)),
            "arrivals": tuple(sheets.arrival_rows(state, sources.ingested)),
            "obeyed": (
                *sheets.obeyed_rows(sources.results, titles, lang),
                *_mistake_rows(sources.worklists, mistakes, titles, lang),
            ),
        },
        tuple(assignable(state.register).items()),
        _last_results(sources.log, titles, lang),
        dict(ChainMap(*reversed(mistakes))),
    )
    return replace(content, kept=_kept(sources, mistakes, content.offered))


def _matters(
    sources: ContentSources, form: Form, files: ViewFiles, archive: Archive
) -> Iterator[Matter]:
    """Yield everything that is open; what there is to see goes to `files`."""
    office, lang = sources.state.office, sources.state.lang
    yield from sources.troubles
    yield from problems.finding_matters(office.findings, office.catalogue.register_form, lang)
    yield from _unread(sources.worklists, form, lang)
    yield from matters.open_matters(sources.state, files, archive)
    yield from _chosen_period(sources)


def _chosen_period(sources: ContentSources) -> Iterator[Matter]:
    """Yield that another period than the last month is at work."""
    if sources.chosen:
        lang = sources.state.lang
        period = begin_small(sources.chosen.title(lang))
        values = {
            "branch": sources.state.register.root().name,
            "what": say(lang, "what.chosen", period=period),
            "proposal": say(lang, "proposal.chosen"),
        }
        yield Matter("chosen", "chosen", str(sources.chosen), values)


def _last_results(
    log: Sequence[ObeyedDecision], titles: Mapping[str, str], lang: str
) -> dict[str, str]:
    """Return what came of the last decision on each matter, by subject."""
    results = {}
    for decision in (each for each in log if each.progress is not Progress.BEGUN):
        words = outcome_text(decision.code, decision.params, titles, lang)
        chosen, day = titles.get(decision.decision, ""), show(decision.at[:10], lang)
        results[split_key(decision.matter)[0]] = say(
            lang, "last", decision=chosen, result=words, who=decision.who, day=day
        )
    return results


def _mistakes(worklist: ReadWorklist, form: Form, lang: str) -> dict[book.InSection, str]:
    """Return what is wrong in rows of matters, by section and subject."""
    mistakes = {}
    for key, row, _ in book.typed_rows(worklist.rows):
        texts = dict.fromkeys(  # one on all letters contradicts on many
            say(lang, "mistake", cell=finding.place.cell, what=str(explain(finding, form, lang)))
            for finding in worklist.findings
            if finding.is_error and _stands_in(finding, row)
        )
        if texts:
            mistakes[row.section, split_key(key)[0]] = " ".join(texts)
    return mistakes


def _mistake_rows(
    worklists: Sequence[ReadWorklist],
    mistakes: Sequence[Mapping[book.InSection, str]],
    titles: Mapping[str, str],
    lang: str,
) -> Iterator[Values]:
    """Yield the decisions of this run that could not be obeyed because of a mistake."""
    for worklist, wrong in zip(worklists, mistakes, strict=True):
        for key, row, typed in book.typed_rows(worklist.rows):
            if words := wrong.get((row.section, split_key(key)[0])):
                yield {
                    "matter": book.row_title(row),
                    "decision": titles.get(str(typed.get("decision")), None),
                    "state": say(lang, "not_done"),
                    "result": words,
                }


def _stands_in(finding: Finding, row: Row) -> bool:
    cell = split_cell(finding.place.cell)
    return finding.place.sheet == row.sheet and cell is not None and cell[1] == row.number


def _kept(
    sources: ContentSources,
    mistakes: Sequence[Container[book.InSection]],
    offered: Set[book.InSection],
) -> dict[book.InSection, Values]:
    """Return what people typed in rows whose decision was not obeyed and can be mended.

    `mistakes` are those of each worklist. One that contradicts the list to be written over stays as
    it is: nothing of it is mixed with what that one says.

    What they decided on all letters stays so where the same letters are `offered` again (their
    keys); else it stands in the row of each letter, so that no letter goes which they did not see.
    """
    failed = {
        result.made.subject
        for result in sources.results
        if not result.is_done and result.outcome.code not in SETTLED
    }
    if any(subject.startswith(f"{LETTER}/") for subject in failed):
        failed.add(ALL_LETTERS)
    kept: dict[book.InSection, Values] = {}
    for worklist, wrong in zip(sources.worklists, mistakes, strict=True):
        if worklist.name != book.NAME and book.is_contradicted(worklist, offered):
            continue
        typed = {
            (row.section, key): values
            for key, row, values in book.typed_rows(worklist.rows)
            if split_key(key)[0] in failed or (row.section, split_key(key)[0]) in wrong
        }
        if not any(x in offered for x in typed if split_key(x[1])[0] == ALL_LETTERS):
            for key, row, values in book.typed_rows(row for row, _ in book.spread(worklist.rows)):
                if split_key(key)[0] in failed:
                    typed.setdefault((row.section, key), values)
        kept |= typed
    return kept


def _unread(worklists: Sequence[ReadWorklist], form: Form, lang: str) -> Iterator[Matter]:
    """Yield what is wrong with the worklists themselves, outside of rows of matters."""
    for worklist in worklists:
        typed = [row for _, row, _ in book.typed_rows(worklist.rows)]
        findings = [f for f in worklist.findings if not any(_stands_in(f, row) for row in typed)]
        yield from problems.finding_matters(findings, form, lang, worklist.name)
