"""The worklist on an office's old screen: what opens at 1,366 × 768 without scrolling."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from builders.worklist_clerk import HEADS, TODO, Clerk
from openpyxl.cell.cell import Cell
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from mlay_batch import demo
from mlay_batch.app.workspace import Workspace
from mlay_batch.cli import run
from mlay_batch.demo.sample_files import render_register

DAY = "2019-12-06"
MATTERS = 10


@dataclass(frozen=True)
class Program:
    """What a program leaves of the screen for cells, in pixels.

    Attributes:
        wide: between the numbers of the rows and the scroll bar.
        high: between the letters of the columns and the tabs, in a window as large as the screen
            less its title bar (30) and the bar of the system (40).
        character: the unit of column widths: a digit of Times New Roman 12.
    """

    wide: int
    high: int
    character: float


PROGRAMS = {
    # measured in version 7.4 on pictures of the screen
    "LibreOffice": Program(1366 - 37 - 16, 586 - 30 - 40, 8.48),
    # assumed: no Excel was at hand; its ribbon and formula bar shown
    "Excel": Program(1366 - 26 - 20, 480, 8),
}


@pytest.fixture(scope="module")
def worklist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The list of the sample town on the day after the due one, when nobody has reported."""
    workspace = Workspace.create(tmp_path_factory.mktemp("town") / "town")
    town = demo.load_sample()
    workspace.register.write_bytes(render_register(town.catalogue, town))
    moment = ["--as-of", DAY, "--received", f"{DAY}T09:00"]
    assert run(["month", "--no-open", *moment, "-C", str(workspace.root)]) == 0
    return Clerk(workspace.root).path


@pytest.fixture(params=PROGRAMS.values(), ids=PROGRAMS)
def program(request: pytest.FixtureRequest) -> Program:
    return request.param


def test_all_columns_are_on_the_screen(worklist: Path, program: Program) -> None:
    sheet, last = shown(worklist)
    columns = [sheet.column_dimensions[get_column_letter(n + 1)] for n in range(last.column)]
    wide = sum(column.width for column in columns if not column.hidden)
    assert round(wide * program.character * zoom(sheet)) <= program.wide


def test_the_first_ten_matters_are_on_the_screen(worklist: Path, program: Program) -> None:
    sheet, last = shown(worklist)
    lines = [sheet.row_dimensions[n + 1] for n in range(last.row)]
    points = sum(line.height for line in lines if not line.hidden)
    assert round(points * 96 / 72 * zoom(sheet)) <= program.high


def shown(worklist: Path) -> tuple[Worksheet, Cell]:
    """The sheet, and the lower right one of the cells to be seen at once."""
    matters = list(Clerk(worklist.parent).rows(TODO))
    last = matters[MATTERS - 1][HEADS["result"]]
    return last.parent, last


def zoom(sheet: Worksheet) -> float:
    return (sheet.sheet_view.zoomScale or 100) / 100
