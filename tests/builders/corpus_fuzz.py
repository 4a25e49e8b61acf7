"""The full run: `python tests/corpus/fuzz.py --books 20000 --mails 5000 --seed 7`.

Changed workbooks and mails by the thousand, through the real children, several files a child, to
one verdict each. What went wrong is told with its number: the same seed and number give the same
file again (`--first`, `--keep FOLDER`).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing import active_children
from pathlib import Path

from builders import corpora
from builders.corpus_oracle import wrong
from builders.mail_mutants import MailMutant, mail_mutant
from builders.workbook_mutants import Mutant, Original, mutant
from mlay_batch.intake import collect
from mlay_batch.model.records import Decision, values_hash
from mlay_batch.reader import worker_pool

BATCH = 200


@dataclass
class FuzzReport:
    """What a run has seen: how much of what, every failure, and what the last batch left behind."""

    counts: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    leaks: list[str] = field(default_factory=list)
    printed: int = 0  # how many failures were told already


def originals() -> tuple[list[Original], list[Original]]:
    """The good returns as .xlsx, and the others."""
    samples = corpora.originals()
    return [original for original in samples if original.parts], [
        original for original in samples if not original.parts
    ]


def run_books(
    seed: int, numbers: Sequence[int], report: FuzzReport, keep: Path | None = None
) -> None:
    """Judge a batch of changed workbooks; every file must get its one verdict."""
    mutants = [mutant(seed, number, *originals()) for number in numbers]
    decisions = corpora.decide_files(
        [corpora.incoming_file(book.name, book.data) for book in mutants]
    )
    if len(decisions) != len(mutants):
        report.failures.append(f"{len(mutants)} files, {len(decisions)} verdicts")
    for number, book, decision in zip(numbers, mutants, decisions, strict=True):
        report.counts[f"{book.must} {decision.verdict.value}"] += 1
        if problem := wrong(book, decision.checked):
            _note_failure(
                report, f"book {number} [{book.how}] of {book.original.name}: {problem}", keep, book
            )


def run_mails(
    seed: int, numbers: Sequence[int], report: FuzzReport, keep: Path | None = None
) -> None:
    """Lay a batch of changed mails into an inbox and judge what comes out of each."""
    mutants = {f"{n}.eml": mail_mutant(seed, n, originals()[0]) for n in numbers}
    with tempfile.TemporaryDirectory() as inbox:
        for name, mail in mutants.items():
            Path(inbox, name).write_bytes(mail.data)
        leaves = list(collect([Path(inbox)], Path(inbox), corpora.RECEIVED))
    decisions: dict[str, list[Decision]] = defaultdict(list)
    for decision in corpora.decide_files(leaves):
        name = decision.checked.file.origin.partition("!")[0]
        decisions[name].append(decision)
        report.counts[f"{mutants[name].must} {decision.verdict.value}"] += 1
    if len({mail.origin for mail in leaves}) < len(leaves):
        report.failures.append(f"two leaves of one origin in {numbers[0]}…")
    for name, mail in mutants.items():
        if problem := _wrong_mail(mail, decisions[name]):
            _note_failure(report, f"mail {name} [{mail.how}]: {problem}", keep, mail)


def _wrong_mail(mail: MailMutant, decisions: Sequence[Decision]) -> str | None:
    if not decisions:
        return "lost: no leaf came of it"
    taken = [
        d for d in decisions if not d.checked.is_refused and d.checked.file.skip_reason is None
    ]
    for decision in taken:
        read = decision.checked.submission
        if read and values_hash(read.rows) != values_hash(mail.original.submission.rows):
            return "accepted with other values"
        if (
            decision.checked.file.sender != corpora.REGISTERED
            and not decision.checked.sender_in_doubt
        ):
            return f"taken from {decision.checked.file.sender}"
    if mail.must == "same" and [d.checked.file.data for d in taken] != [mail.original.data]:
        outcome = [(d.checked.file.name, [f.code for f in d.findings]) for d in decisions]
        return f"the return is not in it: {outcome}"
    died = {f.code for d in decisions for f in d.findings} & {"R12", "R13", "R14"}
    return f"its reader died: {died}" if died else None


def _note_failure(
    report: FuzzReport, line: str, keep: Path | None, mutant: Mutant | MailMutant
) -> None:
    report.failures.append(line)
    if keep:
        keep.mkdir(parents=True, exist_ok=True)
        (keep / mutant.name).write_bytes(mutant.data)


def leaks(before: int) -> list[str]:
    """What the last batch left behind: children, open files, temporary files."""
    leftovers = [f"child {child.pid}" for child in active_children()]
    if (now := _open_files()) > before:
        leftovers.append(f"{now - before} open files")
    return leftovers


def _open_files() -> int:
    descriptors = Path("/proc/self/fd")
    return len(list(descriptors.iterdir())) if descriptors.exists() else 0


def batches(first: int, count: int) -> Iterator[range]:
    """The numbers, a batch at a time."""
    for start in range(first, first + count, BATCH):
        yield range(start, min(start + BATCH, first + count))


def main(args: Sequence[str]) -> int:
    """Run, tell, and return how many failures there were."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (("--books", 20_000), ("--mails", 5_000), ("--seed", 1), ("--first", 0)):
        parser.add_argument(name, type=int, default=default)
    parser.add_argument("--keep", type=Path, default=None)
    options = parser.parse_args(args)
    worker_pool.START_SECONDS = 900.0  # hours on a busy machine, at the lowest priority
    report, started = FuzzReport(), time.monotonic()
    run_books(options.seed, range(10**9, 10**9 + 2), FuzzReport())  # what is opened once is no leak
    before = _open_files()
    for run, count in ((run_books, options.books), (run_mails, options.mails)):
        for numbers in batches(options.first, count):
            run(options.seed, numbers, report, options.keep)
            _tell(report, numbers, started)
        report.leaks += leaks(before)
    _say(f"{dict(sorted(report.counts.items()))}, seed {options.seed}, {report.leaks or 'no leak'}")
    return min(len(report.failures) + len(report.leaks), 99)


def _tell(report: FuzzReport, numbers: Sequence[int], started: float) -> None:
    _say(f"{numbers[-1] + 1} done, {time.monotonic() - started:.0f} s")
    for line in report.failures[report.printed :]:
        _say(f"  {line}")
    report.printed = len(report.failures)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
