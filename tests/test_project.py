"""The project's own files: what is pinned, what must not be in them."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import openpyxl.xml
import pytest

ROOT = Path(__file__).resolve().parent.parent
PINNED = (ROOT / "constraints.txt").read_text().splitlines()
NAME = re.compile(r"[A-Za-z0-9._-]+")


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("line", PINNED)
def test_a_constraint_is_a_name_and_a_version(line: str) -> None:
    assert re.fullmatch(r"[a-z0-9._-]+==[0-9][a-z0-9.]*", line)


def test_everything_the_project_asks_for_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    required = {
        plain(match[0])
        for requirements in (project["dependencies"], *extras.values())
        for match in map(NAME.match, requirements)
        if match
    }
    pinned = {plain(line.partition("==")[0]) for line in PINNED}
    assert required - {"mlay-batch"} <= pinned


@pytest.mark.parametrize(
    "name",
    [
        "constraints.txt",
        "pyproject.toml",
        "Makefile",
        ".ci/run",
        "packaging/windows.py",
        "packaging/windows-wheels.txt",
    ],
)
def test_no_package_index_is_named(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert not re.search(r"index-url|find-links|https?://|file://|trusted-host", text)


def test_the_readme_names_every_system_package_the_ci_installs() -> None:
    ci_run = (ROOT / ".ci/run").read_text(encoding="utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    packages = re.findall(r"packages=\((.*?)\)", ci_run, re.DOTALL)[0].split()
    assert packages
    assert [name for name in packages if f"`{name}`" not in readme] == []


def test_openpyxl_writes_without_lxml_once_the_program_is_imported() -> None:
    """With lxml, which python-docx brings, forms would have other bytes: letters as references."""
    code = "import mlay_batch, lxml, openpyxl.xml; print(openpyxl.xml.LXML)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
    assert not openpyxl.xml.LXML
