"""The targets say what was measured, and only of what was measured."""

from __future__ import annotations

from pathlib import Path

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook

from benchmarks import bare_book, process
from benchmarks.process import Cost
from benchmarks.targets import targets


def figures(**seconds: float) -> dict[str, Cost]:
    return {name.replace("_", " "): Cost(took, took, 100) for name, took in seconds.items()}


def test_a_target_is_judged_by_its_own_ratio() -> None:
    small = {"70 a floor": 1.0, "70 c mlay": 4.0, "70 c status": 1.0, "70 c nothing new": 1.4}
    large = {"700 a floor": 10.0, "700 b peer": 390.0, "700 c mlay": 40.0}
    start = {"import click": 0.1, "mlay --help": 0.3, "import pandera, xlsxwriter": 1.5}
    by_name = {target.says: target for target in targets(figures(**small, **large, **start))}
    assert {
        says: (round(target.measured, 2), target.is_met) for says, target in by_name.items()
    } == {
        "mlay --help : import click": (3.0, False),
        "70: a cold month : imports and (a)": (1.6, True),
        "700: (c) : (a)": (4.0, False),
        "700: (b) : (c)": (9.75, False),
        "700 : 70, time": (10.0, True),
        "700 : 70, parent's peak": (1.0, True),
        "70: nothing new : status": (1.4, True),
    }


def test_what_was_not_measured_is_not_judged() -> None:
    assert [
        target.says for target in targets(figures(**{"20 a floor": 1.0, "20 c mlay": 2.0}))
    ] == ["20: (c) : (a)"]


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
