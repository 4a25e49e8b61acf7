"""Every file gets exactly one verdict, and it does not matter in how many runs they come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from itertools import pairwise

import pytest
from builders.filled_forms import identity, leaf, rows, submission
from hypothesis import given
from hypothesis import strategies as st

from mlay_batch.checks.verdict import decide, receipt_order
from mlay_batch.core.findings import Finding, Place, Severity
from mlay_batch.core.messages import explain
from mlay_batch.model.records import (
    CheckedFile,
    Decision,
    IncomingFile,
    LedgerEntry,
    LedgerSnapshot,
    Verdict,
    values_hash,
)

ERROR = Finding("F01", Severity.ERROR, Place())


class Ledger:
    """What the real one does with decisions, in memory: records them in the order received."""

    def __init__(self) -> None:
        self.deliveries: list[LedgerEntry] = []

    def run(self, *batch: CheckedFile) -> list[str]:
        """Decide and record a batch; each decision as `VERDICT CODE`."""
        return [_brief(decision) for decision in self.decide_batch(*batch)]

    def decide_batch(self, *batch: CheckedFile) -> tuple[Decision, ...]:
        decisions = decide(batch, self.snapshot())
        assert [item.checked for item in decisions] == list(batch)
        for item in sorted(decisions, key=lambda decision: receipt_order(decision.checked.file)):
            self._record(item)
        return decisions

    def snapshot(self) -> LedgerSnapshot:
        by_content: dict[tuple[str, str | None], tuple[LedgerEntry, ...]] = {}
        by_key: dict[tuple[str, str, str], tuple[LedgerEntry, ...]] = {}
        for entry in self.deliveries:
            key = entry.content_key
            by_content[key] = (*by_content.get(key, ()), entry)
            if entry.key and entry.verdict is Verdict.ACCEPTED:
                by_key[entry.key] = (*by_key.get(entry.key, ()), entry)
        return LedgerSnapshot(by_content, by_key)

    def _record(self, decision: Decision) -> None:
        judged, number = decision.checked, len(self.deliveries) + 1
        form, branch, period = judged.identity.key if judged.identity else (None, None, None)
        if decision.verdict is Verdict.ACCEPTED:
            self.deliveries = [
                replace(entry, superseded_by=number)
                if entry.is_current and entry.key == (form, branch, period)
                else entry
                for entry in self.deliveries
            ]
        self.deliveries.append(
            LedgerEntry(
                number, 1, date(2019, 12, 6), judged.file.name, judged.file.origin,
                judged.file.sha256, "hand", judged.file.sender, judged.file.received,
                decision.verdict, form, "2018.1", branch, period,
                values_hash(judged.submission.rows) if judged.submission else None,
                decision.refers_to, findings=decision.findings,
            )
        )  # fmt: skip

    def current(self) -> dict[tuple[str, str, str] | None, str | None]:
        return {entry.key: entry.values_hash for entry in self.deliveries if entry.is_current}


def _brief(decision: Decision) -> str:
    codes = [finding.code for finding in decision.findings if finding.code != ERROR.code]
    return " ".join([decision.verdict, *codes])


def paper(
    value: int,
    at: int = 1,
    *,
    name: str = "",
    data: bytes = b"",
    branch: str = "CB-01",
    refused: bool = False,
) -> CheckedFile:
    """A return with one number in it, received in minute `at`."""
    name = name or f"{branch}-{value}-{at}.xlsx"
    read = submission({"members": {"opening": value}})
    findings = (ERROR,) if refused else ()
    received = f"2019-12-03T01:{at:02}:00Z"
    return CheckedFile(leaf(name, data, received), read, identity(branch), findings)


def picture(name: str = "anh.jpg") -> CheckedFile:
    return CheckedFile(IncomingFile(name, b"jpg", name, "2019-12-03T01:00:00Z", skip_reason="N01"))


def test_the_first_counts() -> None:
    assert Ledger().run(paper(18), paper(18, branch="CB-02")) == ["accepted", "accepted"]


def test_refused_and_ignored() -> None:
    assert Ledger().run(paper(18, refused=True), picture()) == ["rejected", "ignored N01"]


def strange(judged: CheckedFile) -> CheckedFile:
    """The same from a sender in doubt."""
    return judged.with_findings(Finding("I20", Severity.WARNING, Place()))


def test_a_sender_in_doubt_holds_whatever_else_is_wrong() -> None:
    ledger = Ledger()
    assert ledger.run(strange(paper(18)), strange(paper(17, at=2, refused=True))) == [
        "held I20",
        "held I20",
    ]
    assert ledger.run(strange(replace(paper(16), identity=None))) == ["held I20"]
    assert ledger.current() == {}


def test_a_stranger_disputes_nothing() -> None:
    assert Ledger().run(paper(18), strange(paper(19))) == ["accepted", "held I20"]


def test_bytes_held_for_their_sender_count_from_the_right_one() -> None:
    first = paper(18, data=b"a")
    for runs in ([[strange(first)], [first]], [[strange(first), first]]):
        ledger = Ledger()
        assert [ledger.run(*run) for run in runs][-1][-1] == "accepted"
    assert ledger.run(strange(first)) == ["duplicate I20 L01"]


def test_without_an_identity_nothing_counts() -> None:
    assert Ledger().run(replace(paper(18), identity=None)) == ["rejected"]


def test_a_correction_supersedes() -> None:
    ledger = Ledger()
    ledger.run(paper(18, at=1))
    (decision,) = ledger.decide_batch(paper(19, at=2))
    assert _brief(decision) == "accepted L05"
    assert decision.refers_to == 1
    assert decision.findings[0].params == {"name": "CB-01-18-1.xlsx", "received": "2019-12-03"}


def test_bytes_that_came_before() -> None:
    """The same file again: what became of it the first time decides."""
    ledger = Ledger()
    for first, again in [
        (paper(18, data=b"a"), "duplicate L01"),
        (paper(17, branch="CB-02", data=b"b", refused=True), "duplicate L02"),
        (picture(), "ignored N01"),
    ]:
        ledger.run(first)
        assert ledger.run(replace(first, file=replace(first.file, name="again"))) == [again]
        assert ledger.run(first, first) == [again, again]


def test_bytes_that_name_no_return_are_refused_once_for_each_sender() -> None:
    def from_(sender: str) -> CheckedFile:
        foreign = replace(paper(18, data=b"a"), identity=None)
        return replace(foreign, file=replace(foreign.file, sender=sender))

    verdicts = ["rejected", "rejected", "duplicate L02"]
    assert Ledger().run(from_("a@x.vn"), from_("b@x.vn"), from_("b@x.vn")) == verdicts
    ledger = Ledger()
    assert [ledger.run(from_(sender))[0] for sender in ("a@x.vn", "b@x.vn")] == verdicts[:2]


def test_bytes_twice_in_one_batch() -> None:
    first, again = paper(18, at=1, data=b"a"), paper(18, at=2, data=b"a")
    decisions = Ledger().decide_batch(again, first)
    assert [_brief(decision) for decision in decisions] == ["duplicate L01", "accepted"]
    assert decisions[0].refers_to is None  # the first has no number yet; its name is given
    assert decisions[0].findings[0].params["name"] == "CB-01-18-1.xlsx"


def test_bytes_once_refused_are_looked_at_anew() -> None:
    """The office has added a missing unit to its register: the very same file is right now."""
    ledger = Ledger()
    assert ledger.run(paper(18, refused=True, data=b"a")) == ["rejected"]
    assert ledger.run(paper(18, at=2, data=b"a")) == ["accepted"]


def test_bytes_ignored_before_count_under_the_name_of_a_workbook() -> None:
    ledger = Ledger()
    first = paper(18, data=b"a")
    document = replace(first, file=replace(first.file, skip_reason="N03"), identity=None)
    assert ledger.run(document, document) == ["ignored N03", "ignored N03"]
    assert ledger.run(paper(18, at=2, data=b"a")) == ["accepted"]


def test_what_has_no_bytes_equals_nothing() -> None:
    ledger = Ledger()
    empty = replace(paper(18, refused=True), identity=None)
    empty = replace(empty, file=replace(empty.file, data=b"", digest=None))
    assert ledger.run(empty, empty) == ["rejected", "rejected"]
    assert ledger.run(empty) == ["rejected"]


def test_saved_again_without_a_change() -> None:
    ledger = Ledger()
    ledger.run(paper(18, at=1))
    (decision,) = ledger.decide_batch(paper(18, at=5))
    assert (_brief(decision), decision.refers_to) == ("duplicate L04", 1)


def test_a_superseded_return_again_is_held() -> None:
    """Nobody knows whether the branch means it: not the same bytes, not the same values."""
    ledger = Ledger()
    old = paper(18, at=1, data=b"old")
    ledger.run(old)
    ledger.run(paper(19, at=2))
    assert ledger.run(paper(18, at=3, data=b"old")) == ["held L06"]
    assert ledger.run(paper(18, at=4)) == ["held L06"]
    assert ledger.run(paper(18, at=5, data=b"old")) == ["duplicate L03"]
    assert list(ledger.current().values()) == [_values(19)]


def test_received_earlier_than_the_current_one() -> None:
    ledger = Ledger()
    ledger.run(paper(18, at=5))
    (decision,) = ledger.decide_batch(paper(19, at=4))
    assert (_brief(decision), decision.refers_to) == ("held L07", 1)


def test_a_batch_is_decided_in_the_order_received() -> None:
    ledger = Ledger()
    assert ledger.run(paper(20, at=3), paper(18, at=1), paper(19, at=2)) == [
        "accepted L05",
        "accepted",
        "accepted L05",
    ]
    assert list(ledger.current().values()) == [_values(20)]


def test_two_at_the_same_moment_are_both_held() -> None:
    ledger = Ledger()
    assert ledger.run(paper(18, name="a"), paper(19, name="b")) == ["held L08", "held L08"]
    assert ledger.current() == {}
    ledger = Ledger()
    ledger.run(paper(17, at=1))
    assert ledger.run(paper(18, at=2), paper(19, at=2)) == ["held L08", "held L08"]
    assert list(ledger.current().values()) == [_values(17)]


def test_two_alike_at_the_same_moment() -> None:
    """The first by name is the return, whatever the order they lie in."""
    first, second = paper(18, name="a"), paper(18, name="b")
    assert Ledger().run(first, second) == ["accepted", "duplicate L04"]
    assert Ledger().run(second, first) == ["duplicate L04", "accepted"]


def test_at_the_same_moment_as_the_current_one() -> None:
    ledger = Ledger()
    ledger.run(paper(18))
    assert ledger.run(paper(19)) == ["held L08"]


@pytest.mark.parametrize(
    "received", ["2019-12-03T08:00:00+07:00", "2019-12-03T01:00:00.000Z", "2019-12-03T01:00:00"]
)
def test_one_moment_written_in_several_ways(received: str) -> None:
    assert receipt_order(leaf(received=received)) == receipt_order(
        leaf(received="2019-12-03T01:00:00Z")
    )


@pytest.mark.parametrize("code", [f"L{number:02}" for number in range(1, 9)])
@pytest.mark.parametrize("lang", ["vi", "en"])
def test_each_code_has_its_words(code: str, lang: str) -> None:
    params = {"name": "tep.xlsx", "received": "2019-12-03"}
    message = explain(Finding(code, Severity.WARNING, Place(), params), None, lang)
    assert message.fix
    assert "{" not in str(message)


def _values(value: int) -> str:
    return values_hash(submission({"members": {"opening": value}}).rows)


FILES = st.lists(
    st.tuples(st.sampled_from(["CB-01", "CB-02"]), st.integers(1, 3), st.booleans(), st.booleans()),
    max_size=8,
).map(
    lambda drawn: [
        paper(
            value,
            at=at,
            branch=branch,
            refused=refused,
            data=f"{branch}{value}{refused}{saved}".encode(),
        )
        for at, (branch, value, refused, saved) in enumerate(drawn)
    ]
)


@given(FILES, st.randoms())
def test_each_file_gets_one_verdict_in_any_order(files: list[CheckedFile], random: object) -> None:
    """What lies where in the folder changes nothing: every file gets the same verdict."""
    straight = dict(zip(map(_at, files), Ledger().run(*files), strict=True))
    shuffled = sorted(files, key=lambda _: random.random())  # type: ignore[attr-defined]
    assert dict(zip(map(_at, shuffled), Ledger().run(*shuffled), strict=True)) == straight


@given(FILES, st.sets(st.integers(1, 7)))
def test_any_split_into_runs_gives_the_same_current_returns(
    files: list[CheckedFile], cuts: set[int]
) -> None:
    whole, split = Ledger(), Ledger()
    whole.run(*files)
    for batch in _split(files, cuts):
        split.run(*batch)
    assert split.current() == whole.current()
    assert [entry.verdict for entry in split.deliveries] == [
        entry.verdict for entry in whole.deliveries
    ]


@given(FILES, st.sets(st.integers(1, 7)), st.randoms())
def test_branches_may_overtake_one_another(
    files: list[CheckedFile], cuts: set[int], random: object
) -> None:
    """Only a branch's own sequence matters: those of the other may come in any run."""
    by_branch = {
        branch: [f for f in files if f.identity and f.identity.branch == branch]
        for branch in ("CB-01", "CB-02")
    }
    turns = sorted((b for b, its in by_branch.items() for _ in its), key=lambda _: random.random())  # type: ignore[attr-defined]
    queues = {branch: iter(its) for branch, its in by_branch.items()}
    whole, split = Ledger(), Ledger()
    whole.run(*files)
    for batch in _split([next(queues[branch]) for branch in turns], cuts):
        split.run(*batch)
    assert split.current() == whole.current()


@given(FILES)
def test_a_second_time_changes_nothing(files: list[CheckedFile]) -> None:
    ledger = Ledger()
    ledger.run(*files)
    before = ledger.current()
    ledger.run(*files)
    assert ledger.current() == before


def _at(judged: CheckedFile) -> str:
    return judged.file.received


def _split(files: Sequence[CheckedFile], cuts: set[int]) -> list[Sequence[CheckedFile]]:
    edges = [0, *sorted(cut for cut in cuts if cut < len(files)), len(files)]
    return [files[a:b] for a, b in pairwise(edges)]


def test_rows_of_the_papers_differ() -> None:
    """The papers above are different returns, so that nothing is proved about nothing."""
    assert len({_values(value) for value in (1, 2, 3)}) == 3
    assert rows(identity().form, {"members": {"opening": 1}})
