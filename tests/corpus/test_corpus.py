"""A folder of foreign files: one verdict each, nothing taken for a return, nothing left behind.

`MLAY_CORPUS=FOLDER pytest tests/corpus/test_corpus.py` takes any folder of workbooks and mails.
What becomes of each file is written down beside them in `expected.yaml` (`MLAY_CORPUS_WRITE=1`
writes it); from then on another outcome is a failure, and so is a file that is not listed. Without
the variable the files of `hostile_files.py` are taken.
"""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing import active_children
from pathlib import Path

import pytest
import yaml
from builders import corpora, hostile_files

from mlay_batch.app import ingest
from mlay_batch.checks.verdict import decide
from mlay_batch.intake import collect
from mlay_batch.intake.unpack import walk_files
from mlay_batch.model.records import Decision, LedgerSnapshot

EXPECTED = "expected.yaml"
Outcome = Mapping[str, list[str]]


@dataclass(frozen=True)
class Corpus:
    """A folder, what became of each of its files, and how long it took in all."""

    folder: Path
    written_down: Path
    decisions: Mapping[str, list[Decision]]
    seconds: float

    @property
    def outcome(self) -> Outcome:
        """Verdict and codes of every leaf, by file; the same bytes twice are no matter here."""
        return {
            name: sorted(map(_outcome_of, decisions)) for name, decisions in self.decisions.items()
        }


def _outcome_of(decision: Decision) -> str:
    codes = sorted({finding.code for finding in decision.checked.findings})
    ignored = decision.checked.file.skip_reason
    if ignored:
        return f"ignored {ignored}"
    return f"{'rejected' if decision.checked.is_refused else 'accepted'} {' '.join(codes)}".strip()


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    folder_name = os.environ.get("MLAY_CORPUS")
    folder = Path(folder_name) if folder_name else tmp_path_factory.mktemp("corpus")
    if not folder_name:
        for name, data in hostile_files.files().items():
            (folder / name).write_bytes(data)
    started = time.monotonic()
    leaves = [
        leaf
        for leaf in collect([folder], folder, corpora.RECEIVED)
        if leaf.origin.partition("!")[0] != EXPECTED
    ]
    decisions: dict[str, list[Decision]] = defaultdict(list)
    for at in range(0, len(leaves), 200):
        for decision in decide(corpora.check_leaves(leaves[at : at + 200]), LedgerSnapshot()):
            decisions[decision.checked.file.origin.partition("!")[0]].append(decision)
    home = folder if folder_name else Path(__file__).parent
    return Corpus(folder, home / EXPECTED, decisions, time.monotonic() - started)


def test_every_file_got_its_verdict(corpus: Corpus) -> None:
    names = (name.relative_to(corpus.folder).as_posix() for _, name in walk_files(corpus.folder))
    assert set(corpus.decisions) == {name for name in names if name != EXPECTED}
    origins = [d.checked.file.origin for decisions in corpus.decisions.values() for d in decisions]
    assert len(origins) == len(set(origins))


def test_nothing_is_taken_for_a_return(corpus: Corpus) -> None:
    taken = {
        name: outcome
        for name, outcome in corpus.outcome.items()
        if any(line.startswith("accepted") for line in outcome)
    }
    assert taken == {}


def test_no_fault_of_our_own_no_child_left_no_hang(corpus: Corpus) -> None:
    faults = [
        name for name, lines in corpus.outcome.items() if any("R14" in line for line in lines)
    ]
    assert faults == []
    assert active_children() == []
    assert corpus.seconds < 60 + len(corpus.decisions) * corpora.SECONDS


def test_what_becomes_of_each_is_what_was_written_down(corpus: Corpus) -> None:
    if os.environ.get("MLAY_CORPUS_WRITE"):
        text = yaml.safe_dump(dict(corpus.outcome), allow_unicode=True, width=100)
        corpus.written_down.write_text(text, encoding="utf-8")
    assert corpus.written_down.is_file(), "MLAY_CORPUS_WRITE=1 writes it"
    expected = yaml.safe_load(corpus.written_down.read_text(encoding="utf-8"))
    assert corpus.outcome == expected


def test_what_is_said_of_a_file_does_not_depend_on_how_many_are_checked_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    leaves = [corpora.incoming_file(name, data) for name, data in hostile_files.files().items()]
    leaves += [
        corpora.incoming_file(original.name, original.data) for original in corpora.originals()[:5]
    ]
    together = corpora.check_leaves(leaves)
    monkeypatch.setattr(ingest, "GROUP_SIZE", 3)
    monkeypatch.setattr(ingest, "LAST_GROUP_SIZE", 2)
    assert corpora.check_leaves(leaves) == together
