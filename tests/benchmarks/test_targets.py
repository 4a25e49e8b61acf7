"""The targets say what was measured, and only of what was measured."""

from __future__ import annotations

from pathlib import Path

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook

from benchmarks import bare_book, fleet, process
from benchmarks.process import Cost
from benchmarks.targets import targets
from mlay_batch.app.office import open_office
from mlay_batch.app.workspace import Workspace


def figures(**seconds: float) -> dict[str, Cost]:
    return {name.replace("_", " "): Cost(took, took, 100) for name, took in seconds.items()}


def test_a_target_is_judged_by_its_own_ratio() -> None:
    small = {"70 a floor": 1.0, "70 c mlay": 5.0, "70 bare XlsxWriter": 1.0, "70 c status": 1.0}
    again = {"70 c nothing new": 1.4, "70 c one more": 4.0}
    large = {"1000 a floor": 10.0, "1000 b peer": 390.0, "1000 c mlay": 40.0}
    start = {"import click": 0.1, "mlay --help": 0.3, "import pandera, xlsxwriter": 1.5}
    costs = figures(**small, **again, **large, **start, **{"1000 bare XlsxWriter": 20.0})
    assert {
        target.says: (round(target.measured, 2), target.is_met, target.bare)
        for target in targets(costs)
    } == {
        "mlay --help : import click": (3.0, False, None),
        "1000: (b) : (c)": (9.75, False, 19.5),
        "1000: (c) : (a)": (4.0, True, 2.0),
        "70: nothing new : status": (1.4, False, None),
        "70: one more return : status": (4.0, True, 3.0),
        "70: a cold month : imports and (a)": (2.0, True, 1.2),
    }


def test_memory_is_judged_in_megabytes() -> None:
    costs = {"10000 c mlay": Cost(1, 1, 601), "10000 bare XlsxWriter": Cost(1, 1, 1100)}
    (target,) = targets(costs)
    assert (target.measured, target.is_met, target.bare) == (601, False, 1100)


def test_what_was_not_measured_is_not_judged() -> None:
    assert list(targets(figures(**{"20 a floor": 1.0, "20 c mlay": 2.0}))) == []


def test_the_measured_fleet_is_an_office(tmp_path: Path) -> None:
    home = fleet.build(tmp_path / "home", 2)
    assert len(list(home.glob("inbox/*.xlsx"))) == 2
    assert open_office(Workspace.find(home)).findings == ()


def test_the_bare_workbook_holds_the_cells_of_ours(tmp_path: Path) -> None:
    original, again = tmp_path / "ours.xlsx", tmp_path / "again.xlsx"
    with xlsxwriter.Workbook(original) as book:
        sheet, framed = book.add_worksheet(), book.add_format({"border": 1})
        sheet.write_row(1, 1, ["Chi bộ", 18, 2.5], framed)
        sheet.write_formula(2, 2, "=SUM(C2:D2)", framed, 20.5)
    bare_book.take(original, tmp_path / "cells.json")
    bare_book.write(tmp_path / "cells.json", again)
    read = CalamineWorkbook.from_path(str(again)).get_sheet_by_index(0).to_python()
    assert read == [["Chi bộ", 18.0, 2.5], ["", 1.0, ""]]


def test_a_process_is_measured_whole_and_its_failure_told() -> None:
    cost = process.python("-c", "x = bytearray(50 << 20)")
    assert cost.parent_mb > 50 and 0 < cost.cpu < 30
    with pytest.raises(Exception, match="exit status 3"):
        process.python("-c", "raise SystemExit(3)")
