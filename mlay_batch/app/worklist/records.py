"""Records of the worklist: matters that are open, decisions that people made on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mlay_batch.core.findings import Finding, Param, Place, Severity
from mlay_batch.core.messages import explain, show, text
from mlay_batch.core.period import Period
from mlay_batch.errors import MlayError
from mlay_batch.ledger import Progress
from mlay_batch.model.records import Row, Value

WORKLIST = "worklist"
"""Id of its form."""
MATTERS, LETTERS, PERIODS = "matters", "letters", "periods"
"""The sections in which decisions are made."""
WORK = "work"
"""The decision to work on a period."""
ALL_LETTERS = "letters/all"
"""Subject of the row that decides on all letters without a decision of their own."""
MANY_LETTERS = 10
"""More than so many letters go only where a second word confirms it."""
CONTRADICTION = "E01"
"""Code of the finding that another decision contradicts one."""
SETTLED = ("moved_on", "decided", "no_address", "no_address_bare", "some", "held_back")
"""Outcomes of decisions that are not to be tried again as they are."""
_STATE_MARK, _ERROR, _FINDING = "@", "error.", "finding."


def say(lang: str, key: str, **params: object) -> str:
    """Return a text of `locale/worklist.yaml`."""
    return text("worklist", key, lang, **params)


def matter_key(subject: str, state: str) -> str:
    """Return the key of a matter in a state: a decision is for that state only."""
    return f"{subject}{_STATE_MARK}{state}"


def split_key(key: str) -> tuple[str, str]:
    """Return subject and state of a key."""
    subject, _, state = key.rpartition(_STATE_MARK)
    return subject, state


@dataclass(frozen=True)
class Matter:
    """A row of the worklist.

    Attributes:
        kind: id of a choice ``kind`` of the form, which decides what may be chosen.
        subject: what it is about, such as ``file/17``; the same as long as it is open.
        state: the state it is in; another one once anything has been decided on it.
        values: what its cells show, by field.
        link: where its link leads: a path in the workspace, and a cell after ``#``.
        tone: tone of its first cell; empty for none.
        section: section of the form it stands in.
    """

    kind: str
    subject: str
    state: str = ""
    values: Mapping[str, Value] = field(default_factory=dict, hash=False)
    link: str = ""
    tone: str = ""
    section: str = MATTERS

    @property
    def key(self) -> str:
        """Its key in the state it is offered in."""
        return matter_key(self.subject, self.state)


@dataclass(frozen=True)
class MadeDecision:
    """A decision that somebody chose in a worklist.

    Attributes:
        key: the matter, in the state it was offered in.
        kind: kind of the matter.
        decision: id of the choice.
        title: what the matter is, as the row says.
        place: the cell of the decision.
        why: the reason; empty without one.
        assign_to: code of the branch chosen; None without one.
        is_sure: whether the second word stands in the row.
        is_own: whether it stands in the matter's own row; a letter may have that on all letters.
    """

    key: str
    kind: str
    decision: str
    title: str
    place: Place
    why: str = ""
    assign_to: str | None = None
    is_sure: bool = False
    is_own: bool = True

    @property
    def subject(self) -> str:
        """The matter, whatever state it is in."""
        return split_key(self.key)[0]

    @property
    def is_work(self) -> bool:
        """Whether it chooses the period to work on."""
        return self.decision == WORK

    def says_the_same(self, other: MadeDecision) -> bool:
        """Whether another decision on the matter is the same one."""
        return (self.decision, self.assign_to) == (other.decision, other.assign_to)


@dataclass(frozen=True)
class Outcome:
    """What came of a decision: how far it got, and the text that says so with its values."""

    progress: Progress
    code: str
    params: Mapping[str, Param] = field(default_factory=dict, hash=False)

    @classmethod
    def done(cls, code: str, **params: Param) -> Outcome:
        """Return that it was done."""
        return cls(Progress.DONE, code, params)

    @classmethod
    def not_done(cls, code: str, **params: Param) -> Outcome:
        """Return that it was not done, and nothing of it."""
        return cls(Progress.NOT_DONE, code, params)

    @classmethod
    def failed(cls, error: MlayError) -> Outcome:
        """Return that it was not done because of an error."""
        params = {name: str(value) for name, value in error.params.items()}
        return cls.not_done(f"{_ERROR}{error.code}", **params)

    @classmethod
    def wrong(cls, finding: Finding) -> Outcome:
        """Return that it was not done because of a mistake of its own."""
        return cls(Progress.NOT_DONE, f"{_FINDING}{finding.code}", finding.params)


@dataclass(frozen=True)
class Result:
    """A decision and what came of it, for people."""

    made: MadeDecision
    outcome: Outcome

    @property
    def is_done(self) -> bool:
        """Whether it was done."""
        return self.outcome.progress is Progress.DONE


def outcome_text(
    code: str, params: Mapping[str, Param], titles: Mapping[str, str], lang: str
) -> str:
    """Return what came of a decision as a sentence; `titles` are those of decisions, by id."""
    if code.startswith(_ERROR):
        return text("errors", code.removeprefix(_ERROR), lang, **params)
    if code.startswith(_FINDING):
        finding = Finding(code.removeprefix(_FINDING), Severity.ERROR, Place(), params)
        return str(explain(finding, None, lang))
    shown = {name: show(value, lang) for name, value in params.items()}
    if decision := params.get("decision"):
        shown["decision"] = titles.get(str(decision), str(decision))
    return say(lang, f"outcome.{code}", **shown)


@dataclass(frozen=True)
class ReadWorklist:
    """A worklist as people have filled it in.

    Attributes:
        name: name of the file.
        data: its bytes.
        number: the number it carries; 0 where it has none.
        period: the period it is of.
        chosen: the period that somebody wants to work on; None: the last month.
        decisions: those that can be obeyed.
        findings: what is wrong, places with the file's name.
        rows: all its rows; of one that nobody touched that alone which says what it is.
    """

    name: str
    data: bytes = field(repr=False)
    number: int = 0
    period: Period | None = None
    chosen: Period | None = None
    decisions: tuple[MadeDecision, ...] = ()
    findings: tuple[Finding, ...] = ()
    rows: tuple[Row, ...] = field(default=(), hash=False)

    @property
    def is_readable(self) -> bool:
        """Whether it was read as a worklist, which has at least a row that says what it is."""
        return bool(self.rows)
