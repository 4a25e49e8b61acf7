"""A small town: one committee with two cells, one cell of its own, two officers."""

from __future__ import annotations

import io
import tarfile
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import openpyxl

from mlay_batch.app.office import Office, open_office, reference_lists
from mlay_batch.app.workspace import Workspace
from mlay_batch.core.period import Period
from mlay_batch.model.records import Row, Value
from mlay_batch.model.register import Assignment, Officer, Organisation, Register
from mlay_batch.schema import load_catalogue
from mlay_batch.template import TemplateContext, render

REGISTER = {
    "office": [{"level": "town", "place": "Mường Lay"}],
    "organisations": [
        {"code": "TU", "name": "Thị ủy Mường Lay", "type": "office"},
        {"code": "DB-1", "name": "Đảng bộ phường Na Lay", "type": "committee", "parent": "TU"},
        {"code": "DB1-1", "name": "Chi bộ bản Ho Cang", "type": "cell", "parent": "DB-1"},
        {"code": "DB1-2", "name": "Chi bộ bản Na Nát", "type": "cell", "parent": "DB-1"},
        {"code": "CB-01", "name": "Chi bộ Trường THPT", "type": "cell_direct", "parent": "TU"},
    ],
    "officers": [
        {"code": "CU-1", "name": "Lò Văn An", "own_cell": "DB1-1"},
        {"code": "TU-1", "name": "Lê Thị Bình", "own_cell": "TU"},
    ],
    "assignments": [
        {"officer": "CU-1", "branch": "DB-1", "role": "committee_member", "from": date(2019, 1, 1)},
        {"officer": "TU-1", "branch": "CB-01", "role": "office_official", "from": date(2019, 1, 1)},
    ],
    "addresses": [
        {"branch": "CB-01", "mail": "CB01@town.example"},
        {"branch": "DB-1", "mail": "db1@town.example"},
        {"branch": "DB1-1", "mail": "old@town.example", "to": date(2019, 11, 30)},
        {"branch": "DB1-1", "mail": "hocang@town.example", "from": date(2019, 12, 1)},
    ],
}
# what `mlay init` asks, as flags
ANSWERS = (
    *("--name", "Thị ủy Mường Lay", "--place", "Mường Lay", "--level", "town"),
    *("--start", "2019-01", "--due", "5", "--officials", "4", "--members", "6"),
)
CELLS = ("DB1-1", "DB1-2", "CB-01")


@cache
def catalogue():
    return load_catalogue()


@cache
def register() -> Register:
    return Register(
        tuple(Organisation(**entry) for entry in REGISTER["organisations"]),
        tuple(Officer(**entry) for entry in REGISTER["officers"]),
        tuple(
            Assignment(e["officer"], e["branch"], e["role"], e["from"])
            for e in REGISTER["assignments"]
        ),
    )


def rows(section: str, *values: dict[str, Value]) -> tuple[Row, ...]:
    return tuple(Row(section, "", 0, entry, {}) for entry in values)


@dataclass(frozen=True)
class MeetingReturn:
    """One meeting return as a branch would write it."""

    branch: str
    month: int = 11
    day: int = 3
    present: int = 10
    expected: int = 10
    score: float = 92
    visitor: str | None = None
    year: int = 2019
    members: int = 10

    @property
    def period(self) -> Period:
        return Period(self.year, self.month)

    def values(self) -> tuple[Row, ...]:
        day = date(self.year, self.month, self.day)
        off = 100 - self.score
        came = {"held_on": day, "kind": "regular"}
        return (
            *rows("members", {"opening": self.members}),
            *rows(
                "meetings",
                {
                    **came, "content": "Bàn việc trong tháng",
                    "duration": 95, "expected": self.expected, "present": self.present,
                },
            ),
            *rows(
                "scores",
                {
                    **came, "scorer": "own", "time": 5,
                    "attendance": 5, "preparation": 10, "conduct": 40 - off, "principles": 5,
                    "result": 30, "closing": 5, "total": self.score,
                    "explanation": "Tiến hành còn hình thức" if off else None,
                },
            ),
            *(rows("visits", {**came, "officer": self.visitor}) if self.visitor else ()),
        )  # fmt: skip

    def book(self) -> bytes:
        return _book(self)

    def but(self, **changes: object) -> MeetingReturn:
        return replace(self, **changes)


@cache
def _book(paper: MeetingReturn) -> bytes:
    form = catalogue().form_for("meeting", paper.period)
    entry = register().by_code[paper.branch]
    context = TemplateContext(
        branch=entry.code,
        branch_name=entry.name,
        parent_name="Thị ủy Mường Lay",
        period=paper.period,
        place="Mường Lay",
        values={},
        lists={name: tuple(codes.items()) for name, codes in reference_lists(register()).items()},
    )
    return render(form, context, paper.values())


def foreign_book(title: str = "Bảng giá") -> bytes:
    """A workbook that is no form of ours."""
    book, data = openpyxl.Workbook(), io.BytesIO()
    book.active.append([title, "Đơn giá", "Thành tiền"])
    book.save(data)
    return data.getvalue()


def create_office(folder: Path) -> Office:
    """Make the workspace of the small town: a copy of one that was made with the same register."""
    office, packed = _pack_office(repr(REGISTER))
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        tar.extractall(folder, filter="tar")
    return replace(office, workspace=replace(office.workspace, root=folder))


@cache
def _pack_office(_register: str) -> tuple[Office, bytes]:
    """The small town and its folder, packed."""
    with TemporaryDirectory() as folder:
        root = Path(folder, "town")
        office = fill_in_register(Workspace.create(root))
        with tarfile.open(fileobj=(packed := io.BytesIO()), mode="w") as tar:
            tar.add(root, ".")
    return office, packed.getvalue()


def fill_in_register(workspace: Workspace) -> Office:
    form = catalogue().register_form
    written = [row for name, entries in REGISTER.items() for row in rows(name, *entries)]
    context = TemplateContext("TU", "Thị ủy Mường Lay", "", None, "Mường Lay", {}, {})
    workspace.register.write_bytes(render(form, context, written))
    return open_office(workspace)


def put(town: Office, name: str, data: bytes) -> Path:
    """Lay a file into the inbox."""
    path = town.workspace.inbox / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path
