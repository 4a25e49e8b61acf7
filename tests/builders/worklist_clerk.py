"""A clerk who has only the worklist: reads it, chooses in its drop-downs with LibreOffice, saves.

What is chosen must be offered by the cell's own list, as a person could not choose anything else.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from openpyxl import load_workbook
from openpyxl.cell.cell import Cell
from openpyxl.worksheet.worksheet import Worksheet

from builders import libreoffice

TODO, LETTERS, PERIODS = "Việc cần làm", "Thư", "Kỳ"
HEADS = {
    "decision": "Quyết định",
    "assign_to": "Gán cho chi bộ",
    "why": "Lý do",
    "sure": "Xác nhận",
    "result": "Kết quả lần trước",
}
SURE = "chắc chắn"
Cells = Mapping[str, Cell]


@dataclass
class Clerk:
    """Somebody at the office's machine."""

    root: Path
    name: str = "hoa"
    steps: list[libreoffice.Step] = field(default_factory=list)

    @property
    def path(self) -> Path:
        return self.root / "viec-can-lam.xlsx"

    def rows(self, sheet: str, path: Path | None = None) -> Iterator[Cells]:
        """Every row below the headings of a sheet, as heading → cell."""
        book = load_workbook(path or self.path)
        heads: dict[str, int] = {}
        for row in book[sheet].iter_rows():
            marker, *cells = row
            if str(marker.value).endswith(":head"):
                heads = {str(cell.value): cell.column for cell in cells if cell.value}
            elif str(marker.value).endswith(":end"):
                heads = {}
            elif heads and any(cell.value for cell in cells):
                yield {name: row[column - 1] for name, column in heads.items()}

    def texts(self, sheet: str) -> list[str]:
        return [" | ".join(str(c.value) for c in r.values() if c.value) for r in self.rows(sheet)]

    def row(
        self, sheet: str, *words: str, path: Path | None = None, heads: Iterable[str] = ()
    ) -> Cells:
        """The one row that has all these words, below headings with these."""
        found = [
            row
            for row in self.rows(sheet, path)
            if all(any(word in str(cell.value) for cell in row.values()) for word in words)
            and row.keys() >= set(heads)
        ]
        assert len(found) == 1, (sheet, words, self.texts(sheet))
        return found[0]

    def choose(self, sheet: str, *words: str, path: Path | None = None, **typed: str) -> None:
        """Choose or type into cells of a row, to be saved together."""
        row = self.row(sheet, *words, path=path, heads=[HEADS[name] for name in typed])
        for name, value in typed.items():
            cell = row[HEADS[name]]
            if name in ("decision", "sure", "assign_to"):
                assert value in offered(cell), (value, offered(cell))
            self.steps.append(libreoffice.type_text(cell.coordinate, value, sheet))

    def save(self, path: Path | None = None) -> None:
        """Save what was chosen."""
        target = path or self.path
        saved = libreoffice.fill(target, target.with_name("dang-luu.xlsx"), self.steps)
        saved.replace(target)
        self.steps.clear()

    def double_click(self, day: str, *more: str) -> subprocess.CompletedProcess[str]:
        """Start the file that `init` wrote, without a screen; the clock says that day."""
        return subprocess.run(
            self.command(day, *more),
            cwd="/",
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def command(self, day: str, *more: str) -> list[str]:
        at = ["--as-of", day, "--received", f"{day}T09:00:00+07:00"]
        return [str(self.root / "mlay.command"), "--no-open", *at, *more]

    def environment(self) -> dict[str, str]:
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        return {**os.environ, "LOGNAME": self.name, "PATH": path}


def offered(cell: Cell) -> list[str]:
    """What the drop-down of a cell lists."""
    sheet = cell.parent
    assert isinstance(sheet, Worksheet)
    for check in sheet.data_validations.dataValidation:
        if check.type == "list" and cell.coordinate in check.sqref:
            name, _, area = check.formula1.rpartition("!")
            book = sheet.parent
            assert book is not None
            listed = book[name.strip("'")][area.replace("$", "")]
            cells = [c for line in listed for c in line] if isinstance(listed, tuple) else [listed]
            return [str(each.value) for each in cells]
    return []
