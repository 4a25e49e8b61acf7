"""The guide's installation, lived; its pictures are what the program shows (`make docs`)."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from builders.installed_office import first_double_click, second_double_click
from builders.screens import draw

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
GUIDE = (ROOT / "docs" / "huong-dan-van-phong.md").read_text(encoding="utf-8")
TITLES = {"install-folder.svg": "mlay-batch-…"}  # the others show its window
PART = GUIDE.partition("\n# Cài đặt\n")[2].partition("\n# ")[0]


def folder_of_the_zip() -> str:
    """What its page says lies in it; `tests/test_windows.py` builds that zip."""
    page = (ROOT / "packaging" / "DOC-TOI.txt").read_text(encoding="utf-8")
    listed = page.partition("TRONG THƯ MỤC NÀY\n")[2].partition("\n\n")[0]
    return f"{listed}\n  DOC-TOI.txt  tờ này"


def test_installation_comes_first_and_has_five_pictures() -> None:
    assert GUIDE.index("\n# Cài đặt\n") < GUIDE.index("\n# Một tháng làm việc\n")
    pictures = re.findall(r"\]\(pictures/([^)]+)\)", PART)
    assert len(pictures) == 5
    assert [name for name in pictures if not (PICTURES / name).exists()] == []


def test_its_screens_are_what_the_program_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLAY_LANG", raising=False)
    office = tmp_path / "van-phong"
    screens = {
        "install-folder.svg": folder_of_the_zip(),
        "install-questions.svg": first_double_click(office),
        "install-month.svg": second_double_click(office),
    }
    drawn = {
        name: draw(
            [("", text.replace(f"{tmp_path}/", "").strip("\n"))], TITLES.get(name, "mlay.bat")
        )
        for name, text in screens.items()
    }
    if os.environ.get("WRITE_DOCS"):
        for name, picture in drawn.items():
            (PICTURES / name).write_text(picture, encoding="utf-8")
    kept = {path.name: path.read_text(encoding="utf-8") for path in PICTURES.glob("install-*.svg")}
    assert kept == drawn, "run `make docs`"
