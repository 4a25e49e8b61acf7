"""Any split of the same files into runs, in any order that keeps each branch's own sequence, gives
the same figures; in every run received = accepted + rejected + duplicate + held + ignored.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from itertools import pairwise

import pytest
from builders.sample_office import CELLS, MeetingReturn, catalogue, register
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlay_batch import reader
from mlay_batch.app.office import reference_lists
from mlay_batch.checks.identity import identify
from mlay_batch.checks.validate import validate
from mlay_batch.checks.verdict import decide
from mlay_batch.core.period import Period
from mlay_batch.figures import compute
from mlay_batch.figures.report_records import ReportInputs
from mlay_batch.ledger import Ledger
from mlay_batch.model.records import CheckedFile, IncomingFile, Run, values_hash

pytestmark = pytest.mark.slow

AS_OF = date(2019, 12, 6)
RUN = Run(AS_OF, "ingest", "0", "0" * 64, "0" * 64)
PAPERS = st.builds(
    MeetingReturn,
    branch=st.sampled_from(CELLS),
    month=st.sampled_from([10, 11]),
    present=st.sampled_from([10, 10, 10, 11]),  # 11 of 10: refused by D01
    score=st.sampled_from([92, 75]),
    visitor=st.sampled_from([None, "CU-1", "TU-1"]),
)


def identify_paper(paper: MeetingReturn) -> CheckedFile:
    leaf = IncomingFile(f"{paper.branch}.xlsx", paper.book(), "", "")
    submission = reader.read(leaf.data, leaf.name, catalogue().forms)
    return identify(CheckedFile(leaf, submission), catalogue(), register(), AS_OF)


_CHECKED: dict[MeetingReturn, CheckedFile] = {}


def check_papers(papers: Iterable[MeetingReturn]) -> list[CheckedFile]:
    """Read and check papers, each once; what one says does not depend on any other."""
    papers = list(papers)
    if new := [paper for paper in dict.fromkeys(papers) if paper not in _CHECKED]:
        checked = validate([identify_paper(paper) for paper in new], reference_lists(register()))
        _CHECKED.update(zip(new, checked, strict=True))
    return [_CHECKED[paper] for paper in papers]


def deliver(number: int, read: CheckedFile) -> CheckedFile:
    """Return the paper as the `number`-th mail of the month."""
    received = f"2019-12-01T{number // 60:02}:{number % 60:02}:00+07:00"
    return replace(read, file=replace(read.file, origin=str(number), received=received))


def run_all(runs: list[list[CheckedFile]], folder) -> tuple[Ledger, list[Counter[str]]]:
    ledger = Ledger.create(folder / "ledger.sqlite")
    counts = []
    for batch in runs:
        keys = {j.identity.key for j in batch if j.identity}
        decisions = decide(batch, ledger.snapshot_for({j.file.sha256 for j in batch}, keys))
        ledger.record(RUN, decisions)
        counts.append(Counter(d.verdict for d in decisions))
        assert sum(counts[-1].values()) == len(batch)
    return ledger, counts


def outcome(ledger: Ledger) -> tuple[object, ...]:
    """Return everything that must not depend on the order: the returns that count, the figures."""
    returns = ledger.returns()
    facts = ReportInputs(
        catalogue(), register(), Period(2019, 11), AS_OF, returns, ledger.entries()
    )
    figures = compute(facts)
    return (
        {r.entry.key: values_hash(r.rows) for r in returns},
        [(q.officer, q.quota.quota, q.months, q.state) for q in figures.quota],
        [(r.branch.code, r.state, dict(r.bands), r.mean) for r in figures.ratings],
        [
            (c.form, {key: cell.state for key, cell in c.cells.items()})
            for c in figures.completeness
        ],
        sorted((f.code, f.place.file) for _, f in figures.warnings),
        [
            (s.indicator.code, s.branch, str(s.period), dict(s.params))
            for s in figures.indicator_hits
        ],
    )


@given(
    papers=st.lists(PAPERS, min_size=1, max_size=8),
    cuts=st.sets(st.integers(1, 7)),
    data=st.data(),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_split_that_keeps_each_branchs_sequence(papers, cuts, data, tmp_path_factory):
    mails = [deliver(number, read) for number, read in enumerate(check_papers(papers))]
    whole, _ = run_all([mails], tmp_path_factory.mktemp("whole"))

    shuffled = data.draw(interleaving(mails))
    edges = [0, *sorted(cut for cut in cuts if cut < len(mails)), len(mails)]
    runs = [shuffled[a:b] for a, b in pairwise(edges)]
    split, counts = run_all(runs, tmp_path_factory.mktemp("split"))

    with whole, split:
        assert outcome(split) == outcome(whole)
        assert sum(split.counts().values()) == len(mails) == sum(map(Counter.total, counts))


@st.composite
def interleaving(draw, mails):
    """Draw an order of the mails in which those of one branch stay in sequence."""
    queues = {}
    for mail in mails:
        queues.setdefault(mail.identity.branch, []).append(mail)
    order = draw(st.permutations([mail.identity.branch for mail in mails]))
    return [queues[branch].pop(0) for branch in order]
