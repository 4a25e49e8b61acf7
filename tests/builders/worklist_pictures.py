"""Pictures of the worklist as a clerk sees it on a screen of 1,366 × 768: `worklist-*.png`.

Made by `make_pictures.py`. The two of the sample town show the whole window; those of the guide's
month, whose lists `tests/test_worklist_month.py` keeps, only what is below the tools.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from builders import installed_office, libreoffice
from builders.libreoffice import View
from builders.report_pictures import pixels, small
from builders.worklist_clerk import LETTERS, PERIODS, TODO
from mlay_batch.cli import run

_TESTS = Path(__file__).resolve().parent.parent
_BELOW_TOOLS, _ABOVE_STATUS = 108, 20  # pixels
_RUN = "Lần chạy này"
# Of the guide's month: the list kept at a moment, and what of it is looked at.
_MONTH = {
    "first": View(TODO, "G6", height=530, choices=True),
    "mistake": View(TODO, "K6", height=490),
    "letters": View(LETTERS, "G6", height=570, choices=True),
    "run": View(_RUN, "B7", height=600),
    "ready": View(TODO, "G6", height=420, choices=True),
    "periods": View(PERIODS, "F13", height=470, choices=True),
}
_LISTS = {"run": "first", "periods": "closed"}
# Of the office that has just installed the program.
_INSTALLED = View(TODO, "G6", height=470, choices=True)
# Of the sample town: its list on a day, as the whole screen shows it.
_TOWN = {
    "town": ("2019-12-06", View(TODO, "G6")),
    "town-ten": ("2020-01-06", View(TODO, "G6", choices=True)),
}


def draw(town: Path, folder: Path, pictures: Path) -> None:
    """Draw the lists of the sample town and of the guide's month; `folder` is for what is read."""
    for old in pictures.glob("worklist-*.png"):
        old.unlink()
    lists, office = keep_lists(folder), shutil.copytree(town, folder / "office")
    screen = folder / "screen.ppm"
    with libreoffice.screen() as show:
        for name, view in _MONTH.items():
            show(lists / f"{_LISTS.get(name, name)}.xlsx", view, screen)
            window = slice(_BELOW_TOOLS, view.height - _ABOVE_STATUS)
            _write(pictures / f"worklist-{name}.png", screen, window)
        show(first_list(folder / "van-phong"), _INSTALLED, screen)
        window = slice(_BELOW_TOOLS, _INSTALLED.height - _ABOVE_STATUS)
        _write(pictures / "worklist-installed.png", screen, window)
        for name, (day, view) in _TOWN.items():
            show(town_list(office, day), view, screen)
            _write(pictures / f"worklist-{name}.png", screen, slice(None))


def keep_lists(folder: Path) -> Path:
    """Live the guide's month; return where its lists are."""
    lists = folder / "lists"
    lists.mkdir()
    command = [sys.executable, "-m", "pytest", "-q", str(_TESTS / "test_worklist_month.py")]
    subprocess.run(command, env=os.environ | {"KEEP_WORKLISTS": str(lists)}, check=True)
    return lists


def first_list(office: Path) -> Path:
    """Install the program for an office; return its first list."""
    installed_office.first_double_click(office)
    installed_office.second_double_click(office)
    return office / "viec-can-lam.xlsx"


def town_list(town: Path, day: str) -> Path:
    """Run the sample town's month on a day; return its list."""
    at = ["--as-of", day, "--received", f"{day}T09:00"]
    run(["month", "--no-open", *at, "-C", str(town)])
    return town / "viec-can-lam.xlsx"


def _write(picture: Path, screen: Path, rows: slice) -> None:
    wide = View.width
    picture.write_bytes(small(pixels(screen.read_bytes())[rows, :wide]))
