"""A worklist with many decisions, obeyed by runs that are killed or fail at their n-th write.

`python -m builders.worklist_crash` in tests/ goes through all of them; the test takes a share. See
`crash_runs` for how: the faults, the forks and the mail host are its.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from builders import in_process
from builders.crash_runs import BROKEN, KILLED, Disk, Host, faulty, start_fork, wait_for_fork
from builders.worklist_clerk import LETTERS, PERIODS, TODO
from builders.worklist_desk import Desk, quick_reports
from mlay_batch.app import archive_check
from mlay_batch.app.worklist import book
from mlay_batch.ledger import MailState, Progress
from mlay_batch.schema import load_catalogue

HERS = "viec-can-lam (Lan).xlsx"
FORM = book.worklist_form(load_catalogue())


def prepare(folder: Path) -> Desk:
    """The town with two lists full of decisions, and with a return that nobody has taken in."""
    desk = Desk.on_the_first_day(folder)
    desk.hand_in_nothing("bang gia.xlsx")
    desk.hand_in("CB-01", "thang 9.xlsx", month=9, present=11)
    desk.sit()
    lan = desk.colleague("lan", HERS)
    lan.decide(PERIODS, "Tháng 10", decision="chốt kỳ", why="chưa giao mẫu", sure=True)
    lan.decide(LETTERS, "Đã nhận", decision="đã chuyển tay")
    lan.decide(TODO, "chưa báo nơi gửi", "tháng 9", decision="gửi trả lại")
    lan.save()
    branch = "DB1-2 – Chi bộ bản Na Nát"
    assigned = {"decision": "gán cho chi bộ", "assign_to": branch, "why": "đã hỏi"}
    desk.decide(TODO, "bang gia.xlsx", **assigned)
    desk.decide(TODO, "la.xlsx", decision="nhận", why="đã gọi")
    desk.decide(TODO, "chưa báo nơi gửi", "tháng 11", decision="gửi trả lại")
    desk.decide(TODO, "Chưa gửi mẫu báo cáo", decision="gửi")
    desk.decide(PERIODS, "Tháng 8", decision="chốt kỳ", why="chưa giao mẫu", sure=True)
    desk.save()
    desk.hand_in("CB-01", "sửa.xlsx", score=80)
    return desk


def state(desk: Desk) -> dict[str, object]:
    """All that must be the same in the end, whatever happened on the way."""
    decisions, keys = desk.decisions(), [str(row["Mã việc"].value) for row in desk.rows(TODO)]
    reports = desk.town.workspace.reports
    return {
        "entries": [(e.name, e.sha256, e.verdict, e.key, e.assigned) for e in desk.entries()],
        "numbers": {entry.id: entry.incoming for entry in desk.entries()},
        "rulings": desk.rulings(),
        "closings": [(each.period, each.revision, each.workbook) for each in desk.closings()],
        "letters": sorted((mail.message_id, mail.recipients) for mail in desk.letters()),
        "lists": len(desk.obeyed_lists()),
        "decisions": [(each.matter, each.decision, each.progress) for each in decisions],
        "reports": {path.name: path.read_bytes() for path in reports.rglob("[!.]*.*")},
        "matters": [key for key in keys if not key.startswith(("defect/", "doubtful/"))],
        "names": sorted(path.name for path in desk.root.glob("viec-can-lam*")),
    }


def whole(desk: Desk, before: dict[str, bytes]) -> bool:
    """Whether each list is the one of before, or a whole new one."""
    paths = desk.town.workspace.worklists
    changed = [path for path in paths if path.read_bytes() != before.get(path.name)]
    return bool(paths) and all(book.read_worklist(path, FORM, {}).number for path in changed)


class Range:
    """The town before its lists are obeyed, and what comes of it without a fault."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.count = folder, 0
        self.town = prepare(folder / "start")
        self.before = {path.name: path.read_bytes() for path in self.town.town.workspace.worklists}
        desk = self.fresh()
        disk = Disk(-1, "kill")
        with faulty(disk):
            desk.sit()
        self.steps, self.expected = disk.count, state(desk)
        self.sent = set(desk.host.message_counts())

    def fresh(self) -> Desk:
        """A copy of the town, with a mail host that no fault reaches."""
        self.count += 1
        desk = self.town.moved_to(self.folder / str(self.count))
        return replace(desk, host=Host(self.folder / f"{self.count}.log"))

    def shot(self, at: int, how: str) -> str | None:
        """Let the call `at` fail, look, run again; return what is wrong, None where nothing is."""
        desk = self.fresh()

        def work() -> None:
            with faulty(Disk(at, how)):
                desk.sit()

        code = wait_for_fork(start_fork(work))
        if code != (KILLED if how == "kill" else BROKEN):
            return f"ended with {code}"
        if not whole(desk, self.before):
            return "a list is neither old nor new"
        if bad := desk.defects():
            return f"the doctor finds {sorted(bad)}"
        desk.sit(hour=10)
        return self._end(desk)

    def _end(self, desk: Desk) -> str | None:
        if twice := [name for name, times in desk.host.message_counts().items() if times > 1]:
            return f"sent twice: {twice}"
        doubtful = [mail for mail in desk.letters() if mail.state is MailState.QUEUED]
        if len(doubtful) > 1:
            return f"{len(doubtful)} letters in doubt"
        now, expected = state(desk), dict(self.expected)
        if not doubtful and set(desk.host.message_counts()) != self.sent:
            return "not all were sent"
        wrong = [part for part, value in expected.items() if now[part] != value]
        wrong += [each.matter for each in desk.decisions() if each.progress is Progress.BEGUN]
        wrong += sorted(desk.defects())
        return f"not as without a fault: {wrong}" if wrong else None


def main(args: list[str]) -> int:
    """Go through all, or each `--every`; tell what is wrong, and how many there were."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1)
    options = parser.parse_args(args)
    archive_check.open_office = lambda workspace: None  # type: ignore[assignment,return-value]
    wrong = {}
    with tempfile.TemporaryDirectory() as folder, in_process.here(), quick_reports():
        shots = Range(Path(folder))
        numbers = [n for n in range(shots.steps) if n % options.every == 0 or n == shots.steps - 1]
        for number in numbers:
            how = ("kill", "full", "kill", "read-only")[numbers.index(number) % 4]
            if problem := shots.shot(number, how):
                wrong[f"{how} at {number}"] = problem
    sys.stdout.write(json.dumps({"steps": shots.steps, "shots": len(numbers), "wrong": wrong}))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
