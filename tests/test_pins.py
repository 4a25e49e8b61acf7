"""No output of the sample town changes unnoticed.

Where one is meant to change: `make pins`, and the commit that holds the new pins names the cause.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import click
import pins
import pytest

from mlay_batch.cli import mlay

FILE = Path(__file__).parent / "pins.json"


@pytest.fixture(scope="module")
def today(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Name → hash of every output, as the program makes it now."""
    return pins.pins(tmp_path_factory.mktemp("pins").resolve())


@pytest.mark.slow
def test_every_output_is_as_pinned(today: dict[str, str]) -> None:
    zlib = pins.zlib_version()
    if "WRITE_PINS" in os.environ:
        text = json.dumps({"zlib": zlib, "sha256": today}, indent=1, ensure_ascii=False)
        FILE.write_text(text + "\n", encoding="utf-8")
    pinned = json.loads(FILE.read_text(encoding="utf-8"))
    if pinned["zlib"] != zlib and "CI" not in os.environ:
        pytest.skip(f"pinned with zlib {pinned['zlib']}, here is {zlib}: packed files differ")
    names = sorted(today.keys() | pinned["sha256"].keys())
    changed = [name for name in names if today.get(name) != pinned["sha256"].get(name)]
    assert not changed, "look at them: python tests/pins.py DIR in two checkouts, diff -r"


def test_json_that_tells_and_changes_nothing_is_pinned(
    today: dict[str, str],
) -> None:
    printing = {
        " ".join(path)
        for path in pins.command_paths()
        if any("--json" in parameter.opts for parameter in command(path).params)
    }
    pinned = {name.removeprefix("json/vi/") for name in today if name.startswith("json/vi/")}
    assert printing - pins.CHANGING - {"check"} <= pinned


def command(path: tuple[str, ...]) -> click.Command:
    """Return the command with these words."""
    current: click.Command = mlay
    for name in path:
        assert isinstance(current, click.Group)
        inner = current.get_command(click.Context(current), name)
        assert inner is not None
        current = inner
    return current
