"""Composes the committee's report and the chat message from the figures and the news."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from mlay_batch.core import messages
from mlay_batch.core.text import begin_small
from mlay_batch.figures.news import News, open_returns, signs_by_branch
from mlay_batch.report import letterhead
from mlay_batch.report.committee import report_tables
from mlay_batch.report.committee.committee_report import (
    CommitteeReport,
    ReportSection,
    ReportTable,
    SignatureBlock,
)
from mlay_batch.report.committee.masking import mask_names, mask_paths
from mlay_batch.report.news_text import NewsText
from mlay_batch.report.report_context import ReportWords

MAX_CHAT_LINES = 12


@dataclass(frozen=True)
class _SectionRule:
    """A section of the report.

    Attributes:
        id: part of the key of its heading.
        news: ids of the sentences in it.
        tables: what yields its tables.
    """

    id: str
    news: tuple[str, ...] = ()
    tables: Callable[[ReportWords], Iterator[ReportTable]] | None = None


_SECTION_RULES = (
    _SectionRule("returns", ("returns", "outstanding"), report_tables.returns_table),
    _SectionRule(
        "quality",
        ("quality", "change", "change_year", "low", "often_low"),
        report_tables.quality_tables,
    ),
    _SectionRule("signs", ("signs",)),
    _SectionRule("visits", ("quotas", "unvisited"), report_tables.quota_table),
    _SectionRule("themes", ("themes",)),
    _SectionRule("classification", (), report_tables.classification_table),
    _SectionRule("proposals", ("proposals",)),
)


def compose_report(words: ReportWords, *, circulates: bool = False) -> CommitteeReport:
    """Return the report of the period.

    The copy that `circulates` has no words written by the cells, and no officer is named but in the
    table of quotas; without names (`ReportWords.has_names`) not there either. Paths of files are
    masked.
    """
    sentences = {sentence.rule.id: sentence for sentence in words.news}
    profile, period = words.inputs.register.rules.profile, words.figures.period
    symbol, day = profile.symbol, words.figures.as_of
    open_count = len(open_returns(words.figures))
    state = "provisional" if open_count else "final"
    names = (part.strip() for part in (profile.recipients or "").split(";"))
    recipients = [mask_names(words, name) if circulates else name for name in names if name]
    report = CommitteeReport(
        superior=profile.parent or "",
        office=words.inputs.register.root().name,
        number=_text(words, "number", symbol=symbol) if symbol else _text(words, "number.blank"),
        place_and_day=letterhead.place_and_day(words),
        kind=_text(words, "kind"),
        subject=_text(words, "subject", period=begin_small(period.title(words.lang))),
        state=_text(words, state, count=open_count, day=day),
        sections=tuple(_sections(words, sentences, circulates=circulates)),
        annexes=tuple(_annexes(words, sentences, circulates=circulates)),
        recipients=tuple(
            f"- {name}{',' if number < len(recipients) else '.'}"
            for number, name in enumerate(recipients, 1)
        ),
        prepared=_signature(words, "prepared", is_named=not circulates),
        signed=_signature(words, "signed", is_named=not circulates),
        as_of=day,
        lang=words.lang,
    )
    return mask_paths(report)


def chat_message(words: ReportWords) -> str:
    """Return the message: at most `MAX_CHAT_LINES` lines of text, without officers' names."""
    period, day = begin_small(words.figures.period.title(words.lang)), words.figures.as_of
    key = "chat.provisional" if open_returns(words.figures) else "chat.title"
    text = NewsText(words, "chat")
    lines = [text.sentence(sentence) for sentence in words.news]
    lines = [_text(words, key, period=period, day=day), *filter(None, lines)]
    if len(lines) == 1:
        lines.append(_text(words, "none"))
    return "\n".join(lines[:MAX_CHAT_LINES]) + "\n"


def _sections(
    words: ReportWords, sentences: Mapping[str, News], *, circulates: bool
) -> Iterator[ReportSection]:
    """Yield the sections that have something to say; of none, one that says so."""
    is_empty, text = True, NewsText(words, "table")
    for rule in _SECTION_RULES:
        lines = [text.sentence(sentences[name]) for name in rule.news if name in sentences]
        tables = tuple(rule.tables(words)) if rule.tables else ()
        if rule.id == "proposals":
            proposed = sentences.get(rule.id)
            lines = [
                *(text.clauses(proposed) if proposed else ()),
                *_decisions(words, circulates=circulates),
            ]
        if lines or tables:
            is_empty = False
            yield ReportSection(_text(words, f"section.{rule.id}"), tuple(lines), tables)
    if is_empty:
        yield ReportSection(_text(words, "section.quality"), (_text(words, "none"),))


def _decisions(words: ReportWords, *, circulates: bool) -> Iterator[str]:
    """Yield what the office decided: after this report, and after the one before."""
    period = words.figures.period
    before = period.previous()
    for key, decided in (("decided", period), ("decided_before", before)):
        title = begin_small(decided.title(words.lang))
        for decision in words.inputs.register.decisions:
            if decision.period == str(decided):
                content = decision.content
                if circulates:
                    content = mask_names(words, content)
                yield _text(words, key, period=title, content=content)


def _annexes(
    words: ReportWords, sentences: Mapping[str, News], *, circulates: bool
) -> Iterator[ReportTable]:
    yield from report_tables.ratings_table(words, has_notes=not circulates)
    text = NewsText(words, "table")
    cut = [
        (title, name)
        for key, sentence in sentences.items()
        if key not in ("low", "quotas")  # tables of their own
        for title in [text.title(sentence)]
        for name in (_signs(words) if key == "signs" else text.cut_names(sentence))
    ]
    yield from report_tables.names_table(words, cut)


def _signs(words: ReportWords) -> Iterator[str]:
    """Yield each cell with its signs."""
    for branch, codes in signs_by_branch(words.figures).items():
        yield f"{words.name(branch)}: {'; '.join(map(words.sign_title, codes))}"


def _signature(words: ReportWords, signing: str, *, is_named: bool) -> SignatureBlock:
    person = next(letterhead.signatories(words, signing), None)
    return SignatureBlock(
        authority=words.choice_title("signing", signing),
        position=person.position.upper() if person and signing == "signed" else "",
        name=person.name if person and is_named else "",
    )


def _text(words: ReportWords, key: str, **gaps: object) -> str:
    return messages.text("committee", key, words.lang, **gaps)
