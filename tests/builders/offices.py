"""Two towns below a province, and the same province without the towns between.

Town A has a committee with two cells and a cell of its own; town B two cells. One officer of the
province attends in both.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from zipfile import ZipFile

from builders.sample_office import MeetingReturn, catalogue, rows
from mlay_batch.app.consolidate import consolidate
from mlay_batch.app.ingest import IngestResult, ingest
from mlay_batch.app.office import Office, open_office
from mlay_batch.app.workspace import Workspace
from mlay_batch.core.period import Period
from mlay_batch.schema import load_catalogue
from mlay_batch.template import TemplateContext, render

ROOT = Path(__file__).resolve().parent.parent.parent
NOVEMBER = Period(2019, 11)
AS_OF = date(2019, 12, 6)

PROVINCE = {"code": "TINH", "name": "Tỉnh ủy", "type": "office"}
TOWNS = [
    {"code": "TU-A", "name": "Thị ủy A", "type": "office"},
    {"code": "TU-B", "name": "Thị ủy B", "type": "office"},
]
BELOW = {
    "TU-A": [
        {"code": "DB-A", "name": "Đảng bộ A", "type": "committee", "parent": "TU-A"},
        {"code": "A-1", "name": "Chi bộ Một", "type": "cell", "parent": "DB-A", "kind": "village"},
        {"code": "A-2", "name": "Chi bộ Hai", "type": "cell", "parent": "DB-A"},
        {"code": "A-3", "name": "Chi bộ Ba", "type": "cell_direct", "parent": "TU-A"},
    ],
    "TU-B": [
        {
            "code": "B-1",
            "name": "Chi bộ Một",
            "type": "cell_direct",
            "parent": "TU-B",
            "kind": "force",
        },
        {"code": "B-2", "name": "Chi bộ Hai", "type": "cell_direct", "parent": "TU-B"},
    ],
}
BOTH = {"code": "P-1", "name": "Lê Thị Bình"}
OFFICERS = {
    "TU-A": [BOTH, {"code": "CU-1", "name": "Lò Văn An", "own_cell": "A-1"}],
    "TU-B": [BOTH, {"code": "CU-9", "name": "Lò Văn An"}],
}
ASSIGNED = {
    "TU-A": [("P-1", "A-3", "office_official"), ("CU-1", "DB-A", "committee_member")],
    "TU-B": [("P-1", "B-1", "office_official"), ("CU-9", "B-2", "office_official")],
}
WAIVED = {"branch": "B-2", "form": "meeting", "period": "2019-10", "reason": "Lũ quét",
          "by": "Thị ủy B", "decided": date(2019, 11, 1)}  # fmt: skip


def register_of(*tops: str) -> dict[str, list[dict[str, object]]]:
    """The lists of a register that knows everything below `tops`."""
    since = {"from": date(2019, 1, 1)}
    return {
        "organisations": [entry for top in tops for entry in BELOW[top]],
        "officers": list({o["code"]: o for top in tops for o in OFFICERS[top]}.values()),
        "assignments": [
            {"officer": officer, "branch": branch, "role": role, **since}
            for top in tops
            for officer, branch, role in ASSIGNED[top]
        ],
        "waivers": [WAIVED] if "TU-B" in tops else [],
    }


def province_form() -> str:
    """The province's own description of its register, as the guide gives it."""
    guide = (ROOT / "docs" / "huong-dan-cap-tren.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```yaml\n(.*?)```", guide, re.DOTALL)
    return block


def workspace(
    folder: Path,
    name: str,
    lists: dict[str, list[dict[str, object]]],
    own_form: str = "",
    consolidated: str = "",
) -> Office:
    target = Workspace.create(folder)
    if own_form:
        (target.schemas / "register-cap-tren.yaml").write_text(own_form, encoding="utf-8")
    if consolidated:
        config = target.root / "mlay.toml"
        with config.open("a", encoding="utf-8") as file:
            file.write(f'\n[consolidated]\nfrom = ["{consolidated}"]\n')
        target = Workspace.find(target.root)
    form = load_catalogue(target.schemas).register_form
    written = [row for section, entries in lists.items() for row in rows(section, *entries)]
    context = TemplateContext("", name, "", None, "Mường Lay", {}, {})
    target.register.write_bytes(render(form, context, written))
    return open_office(target)


def town(folder: Path, top: str) -> Office:
    lists = register_of(top)
    root = next(entry for entry in TOWNS if entry["code"] == top)
    lists["organisations"] = [root, *lists["organisations"]]
    return workspace(folder, str(root["name"]), lists)


def province(folder: Path, *, flat: bool) -> Office:
    """The province: with the towns' cells in its own register, or with the towns alone."""
    towns = [entry | {"type": "lower", "parent": "TINH"} for entry in TOWNS]
    lists = register_of("TU-A", "TU-B") if flat else {"officers": [BOTH], "organisations": []}
    lists["organisations"] = [PROVINCE, *towns, *lists["organisations"]]
    lists["addresses"] = [{"branch": "TU-A", "mail": "tu-a@tinh.example"}]
    return workspace(folder, "Tỉnh ủy", lists, province_form(), "" if flat else "lower")


def hand_in(office: Office, received: str, **files: bytes) -> IngestResult:
    """Take in files by their names."""
    for name, data in files.items():
        (office.workspace.inbox / f"{name}.xlsx").write_bytes(data)
    return ingest(office, as_of=AS_OF, received=received, who="test", holder="test")


@cache
def book(paper: MeetingReturn) -> bytes:
    """The paper as the cell fills it in."""
    top = "TU-A" if paper.branch.startswith("A") else "TU-B"
    lists = register_of(top)
    named = {
        name: tuple((str(e["code"]), str(e["name"])) for e in lists[name])
        for name in ("organisations", "officers")
    }
    form = catalogue().form_for("meeting", paper.period)
    name = dict(named["organisations"])[paper.branch]
    context = TemplateContext(paper.branch, name, "Thị ủy", paper.period, "Mường Lay", {}, named)
    return render(form, context, paper.values())


def alter_book(data: bytes, old: str = "", new: str = "") -> bytes:
    """The workbook written anew, and one text in it another."""
    with ZipFile(io.BytesIO(data)) as before, ZipFile(buffer := io.BytesIO(), "w") as after:
        for name in before.namelist():
            part = before.read(name)
            after.writestr(name, part.replace(old.encode(), new.encode()) if old else part)
    assert not old or old.encode() not in buffer.getvalue()
    return buffer.getvalue()


# (day received, paper): A-2 November is wrong, B-2 November missing, A-3 late, A-1 corrected.
PAPERS = (
    ("2019-12-03", MeetingReturn("A-1", month=10, visitor="CU-1")),
    ("2019-12-03", MeetingReturn("A-2", month=10, visitor="CU-1", day=4)),
    ("2019-12-03", MeetingReturn("A-3", month=10, visitor="P-1", day=5)),
    ("2019-12-03", MeetingReturn("B-1", month=10, visitor="P-1", day=6)),
    ("2019-12-03", MeetingReturn("A-1", score=80)),
    ("2019-12-03", MeetingReturn("A-2", present=11)),
    ("2019-12-03", MeetingReturn("B-1", visitor="P-1", score=65)),
    ("2019-12-06", MeetingReturn("A-3", visitor="P-1", day=7)),
    ("2019-12-06", MeetingReturn("A-1", month=10, visitor="CU-1", score=71)),
)


def give(office: Office, letter: str) -> None:
    """Hand in the papers of the cells whose codes begin so, as they came."""
    for day in sorted({day for day, _ in PAPERS}):
        files = {
            f"{paper.branch}-{paper.month}-{day}": book(paper)
            for came, paper in PAPERS
            if came == day and paper.branch.startswith(letter)
        }
        if files:
            hand_in(office, f"{day}T08:00:00+07:00", **files)


@dataclass(frozen=True)
class Levels:
    """Both towns with their workbooks of November, the province that took them in."""

    a: Office
    b: Office
    books: dict[str, bytes]
    top: Office
    taken: IngestResult


def build(folder: Path) -> Levels:
    a, b = town(folder / "a", "TU-A"), town(folder / "b", "TU-B")
    give(a, "A")
    give(b, "B")
    reports = {
        office.register.root().code: consolidate(office, NOVEMBER, as_of=AS_OF, holder="test")
        for office in (a, b)
    }
    books = {code: report.path.read_bytes() for code, report in reports.items()}
    top = province(folder / "province", flat=False)
    return Levels(a, b, books, top, hand_in(top, "2019-12-06T15:00:00+07:00", **books))
