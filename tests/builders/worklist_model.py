"""What must come of decisions in worklists, reckoned without the program under test.

A town's files and periods, each with a version that counts whatever happens to it. A list is known
by the versions it was written for: what it decides on an older one must change nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from openpyxl import load_workbook

from builders.worklist_clerk import HEADS, LETTERS, PERIODS, SURE, TODO

OPEN, CLOSED = "open", "closed"
# What each kind of row offers, by the titles that people see.
OFFERED = {
    "Chờ quyết định": ("nhận", "không nhận", "để sau"),
    "Của kỳ đã chốt": ("mở lại", "không nhận", "để sau"),
    "Không rõ của ai": ("gán cho chi bộ", "không nhận", "để sau"),
    "Không rõ đã đi chưa": ("đã đi", "chưa đi", "để sau"),
    "Bị trả lại": ("gửi trả lại", "để sau"),
    "Quá hạn sửa": ("nhắc", "để sau"),
    "Chưa nộp": ("nhắc", "để sau"),
    "Đã đủ": ("chốt kỳ", "để sau"),
    "Gửi mẫu": ("gửi", "đã chuyển tay", "để sau"),
    "Thư": ("gửi", "đã chuyển tay", "để sau"),
    "Không có địa chỉ": ("đã chuyển tay", "để sau"),
    "Tất cả thư": ("gửi", "đã chuyển tay", "để sau"),
    "Kỳ đang mở": ("chốt kỳ",),
    "Kỳ đã chốt": ("mở lại",),
    "Kỳ chưa hết": (),
}
DECISIONS = sorted({title for titles in OFFERED.values() for title in titles})
_NEEDS = {
    "why": {TODO: {"nhận", "không nhận", "gán cho chi bộ", "mở lại"}, PERIODS: {"mở lại"}},
    "sure": {TODO: {"không nhận", "chốt kỳ"}, PERIODS: {"chốt kỳ"}},
    "assign_to": {TODO: {"gán cho chi bộ"}},
}


@dataclass(frozen=True)
class ListRow:
    """A row of a list in which something may be decided, as a person sees it."""

    sheet: str
    subject: str
    key: str
    kind: str
    cells: Mapping[str, str]
    typed: Mapping[str, str]

    @property
    def decision(self) -> str:
        return self.typed.get("decision", "")

    @property
    def offered(self) -> tuple[str, ...]:
        return OFFERED.get(self.kind, ("để sau",))

    @property
    def is_sound(self) -> bool:
        """Whether its decision is one of this row's, and complete."""
        if self.decision not in self.offered:
            return False
        needed = {
            name for name, sheets in _NEEDS.items() if self.decision in sheets.get(self.sheet, ())
        }
        return needed <= self.typed.keys() and ("assign_to" in needed) == (
            "assign_to" in self.typed
        )

    @property
    def way(self) -> tuple[str, str]:
        return self.decision, self.typed.get("assign_to", "")


def read_rows(path: Path) -> list[ListRow]:
    """The rows of a list in which something may be decided, in their order."""
    book, rows = load_workbook(path), []
    for sheet in (TODO, LETTERS, PERIODS):
        heads: dict[str, int] = {}
        for marker, *cells in book[sheet].iter_rows():
            if str(marker.value).endswith(":head"):
                heads = {str(cell.value): number for number, cell in enumerate(cells) if cell.value}
            elif str(marker.value).endswith(":end"):
                heads = {}
            elif "Mã việc" in heads and cells[heads["Mã việc"]].value:
                own = {name: cells[heads[head]] for name, head in HEADS.items() if head in heads}
                key = str(cells[heads["Mã việc"]].value)
                rows.append(
                    ListRow(
                        sheet,
                        key.rpartition("@")[0],
                        key,
                        str(cells[heads["Loại"]].value),
                        {name: cell.coordinate for name, cell in own.items()},
                        {
                            name: str(cell.value).partition(" – ")[0]
                            for name, cell in own.items()
                            if cell.value and name != "result"
                        },
                    )
                )
    return rows


@dataclass
class ModelFile:
    """A file that came in."""

    kind: str  # good, wrong, stranger, nobody
    branch: str
    period: str
    time: str
    verdict: str = ""
    doubt: str = ""  # why it is held: sender, closed, time
    version: int = 0
    is_settled: bool = False  # a person has said whose it is, or that nobody is answered
    was_closed: bool = False  # its period was closed when it was last judged

    @property
    def key(self) -> tuple[str, str]:
        return self.branch, self.period

    @property
    def is_undecided(self) -> bool:
        return self.verdict == "held" or (self.kind == "nobody" and not self.is_settled)


@dataclass
class ModelPeriod:
    state: str = OPEN
    times: int = 0


@dataclass
class Town:
    """The town as it must be; files by their number in the ledger, in the order of receipt."""

    branches: tuple[str, ...]
    files: dict[int, ModelFile] = field(default_factory=dict)
    periods: dict[str, ModelPeriod] = field(default_factory=dict)
    current: dict[tuple[str, str], int] = field(default_factory=dict)
    rulings: list[tuple[int, str, str]] = field(default_factory=list)
    last_day: str = ""

    def period(self, name: str) -> ModelPeriod:
        return self.periods.setdefault(name, ModelPeriod())

    def version(self, subject: str) -> object:
        """What a list is written for."""
        kind, _, name = subject.partition("/")
        if kind == "period":
            return self.period(name).state, self.period(name).times
        file = self.files.get(int(name)) if kind == "file" else None
        if file is None:
            return None
        period = self.period(file.period) if file.period else ModelPeriod()
        return file.version, period.times if period.state == CLOSED else None

    def versions(self, rows: Iterable[ListRow]) -> dict[str, object]:
        """The versions that a list of these rows is written for."""
        return {row.subject: self.version(row.subject) for row in rows}

    # What happens

    def take_in(self, arrivals: Mapping[int, ModelFile], day: str) -> None:
        """Judge what came in, and anew what may be judged otherwise on another day."""
        if self.last_day and day != self.last_day:
            for number, file in self.files.items():
                is_open = self.period(file.period).state == OPEN if file.period else True
                is_doubted = file.verdict == "held" and file.doubt == "sender"
                if is_doubted and file.was_closed and is_open and not self._later(number):
                    file.version += 1
                    file.was_closed = False
        self.last_day = day
        for number, file in sorted(arrivals.items()):
            self.files[number] = file
            file.was_closed = bool(file.period) and self.period(file.period).state == CLOSED
            if file.kind in ("wrong", "nobody"):
                file.verdict = "rejected"
            elif file.kind == "stranger":
                file.verdict, file.doubt = "held", "sender"
            elif file.was_closed:
                file.verdict, file.doubt = "held", "closed"
            else:
                self._count(number)

    def _later(self, number: int) -> bool:
        file = self.files[number]
        return any(
            other > number and each.verdict == "accepted" and each.key == file.key
            for other, each in self.files.items()
        )

    def _count(self, number: int) -> None:
        file = self.files[number]
        file.verdict, file.doubt = "accepted", ""
        self.current[file.key] = number

    def review(self, number: int, decision: str, who: str) -> bool:
        """Decide on a file; return whether it was one to decide on."""
        file = self.files[number]
        if not file.is_undecided:
            return False
        outcome = "refuse" if decision == "không nhận" else "accept"
        self.rulings.append((number, outcome, who))
        file.version += 1
        if file.kind == "nobody":
            file.is_settled = True
        elif outcome == "refuse":
            file.verdict = "rejected"
        elif self.period(file.period).state == CLOSED:
            file.doubt = "closed"
        else:
            current = self.current.get(file.key)
            if file.doubt == "sender" and current and self.files[current].time >= file.time:
                file.doubt = "time"
            else:
                self._count(number)
        return True

    def close(self, name: str, why: str) -> bool:
        """Close a period; return whether it could be."""
        is_complete = all((branch, name) in self.current for branch in self.branches)
        if self.period(name).state == CLOSED or not (is_complete or why):
            return False
        self.periods[name] = ModelPeriod(CLOSED, self.period(name).times + 1)
        return True

    def reopen(self, name: str) -> bool:
        """Reopen a period; return whether it was closed."""
        was_closed = self.period(name).state == CLOSED
        self.period(name).state = OPEN
        return was_closed

    # What is decided

    def obey(
        self, lists: Mapping[str, tuple[list[ListRow], Mapping[str, object]]], who: str
    ) -> list[tuple[str, str]]:
        """Obey lists, each with the versions it was written for; return what was done.

        That is (list, subject) of decisions on files and periods.
        """
        done = []
        against = contradictory(lists)
        for name, (rows, versions) in lists.items():
            seen: dict[str, ListRow] = {}
            for row in rows:
                is_obeyed = row.is_sound and (name, row) not in against and _is_decided_here(row)
                if is_obeyed and ("why" in row.typed or row.subject not in seen):
                    seen[row.subject] = row
            for subject, row in seen.items():
                if self._apply(row, versions[subject], who):
                    done.append((name, subject))
        return done

    def _apply(self, row: ListRow, offered: object, who: str) -> bool:
        kind, _, name = row.subject.partition("/")
        now = self.version(row.subject)
        if kind == "period":
            if offered != now:
                return False
            is_closing = row.decision == "chốt kỳ"
            return self.close(name, row.typed.get("why", "")) if is_closing else self.reopen(name)
        if not (isinstance(offered, tuple) and isinstance(now, tuple)) or offered[0] != now[0]:
            return False
        if row.decision == "mở lại":
            is_same = offered[1] == now[1] is not None
            return is_same and self.reopen(self.files[int(name)].period)
        return self.review(int(name), row.decision, who)


def _is_decided_here(row: ListRow) -> bool:
    return row.subject.startswith(("file/", "period/")) and row.decision != "để sau"


def contradictory(
    lists: Mapping[str, tuple[list[ListRow], Mapping[str, object]]],
) -> list[tuple[str, ListRow]]:
    """The rows, each with its list, on one matter in one version that decide differently.

    A matter that is neither file nor period is known by its key in the list.
    """
    sound = [
        (name, row, (row.subject, versions[row.subject] or row.key))
        for name, (rows, versions) in lists.items()
        for row in rows
        if row.is_sound
    ]
    return [
        (name, row)
        for name, row, key in sound
        if any(key == other_key and row.way != other.way for _, other, other_key in sound)
    ]


__all__ = ["DECISIONS", "SURE", "ListRow", "ModelFile", "Town", "contradictory", "read_rows"]
