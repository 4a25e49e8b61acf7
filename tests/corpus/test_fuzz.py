"""A fixed share of the full run (`corpus_fuzz.py`), with another seed."""

from __future__ import annotations

from builders import corpora, corpus_fuzz, corpus_oracle
from builders.workbook_mutants import mutant

SEED = 2019


def test_changed_workbooks() -> None:
    report = corpus_fuzz.FuzzReport()
    corpus_fuzz.run_books(SEED, range(60), report)
    assert report.failures == []
    assert sum(report.counts.values()) == 60
    assert {"same", "touched", "refused", "any"} == {key.split()[0] for key in report.counts}


def test_changed_mails() -> None:
    report = corpus_fuzz.FuzzReport()
    corpus_fuzz.run_mails(SEED, range(84, 114), report)
    assert report.failures == []
    assert {"same", "stranger", "any"} == {key.split()[0] for key in report.counts}


def test_the_same_number_is_the_same_file() -> None:
    books, legacy = corpus_fuzz.originals()
    first, again = (mutant(SEED, 17, books, legacy) for _ in range(2))
    assert (first.data, first.how) == (again.data, again.how)


def test_an_oracle_that_can_say_no() -> None:
    """Given the return of another branch, or one not refused, every oracle complains."""
    books, legacy = corpus_fuzz.originals()
    (other,) = corpora.check_leaves([corpora.incoming_file("x.xlsx", books[1].data)])
    mutants = [mutant(SEED, number, books, legacy) for number in range(100)]
    for must in ("same", "touched", "refused"):
        changed = next(
            changed
            for changed in mutants
            if changed.must == must and changed.original is not books[1]
        )
        assert corpus_oracle.wrong(changed, other), must
