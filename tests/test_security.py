"""What docs/security.md promises: its tests exist, and what no other test looks at."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from mlay_batch import cli

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")


def test_every_threat_names_tests_that_exist() -> None:
    table = TEXT.partition("## Threats")[2].partition("\n## ")[0]
    threats = [line for line in table.splitlines() if line.startswith("| ")][1:]
    assert len(threats) > 15
    assert [threat for threat in threats if "`tests/" not in threat] == []
    missing = []
    for path, name in re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", TEXT):
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        functions = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        if name and name not in functions:
            missing.append(f"{path}::{name}")
    assert missing == []


def test_a_fault_tells_nothing_that_was_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise ValueError("Nguyễn Văn A: 92 điểm")

    monkeypatch.setattr("mlay_batch.app.workspace.Workspace.find", fail)
    monkeypatch.delenv("MLAY_DEBUG", raising=False)
    assert cli.run(["status", "-C", str(tmp_path)]) == 3
    out, err = capfd.readouterr()
    assert "Nguyễn" not in out + err
    assert "ValueError" in err


def test_no_module_keeps_a_log() -> None:
    """Those that name the library do it to silence somebody else's."""
    modules = (ROOT / "mlay_batch").rglob("*.py")
    named = {path.name: path.read_text(encoding="utf-8") for path in modules}
    logging = {name: text for name, text in named.items() if "import logging" in text}
    assert set(logging) == {"outlook_formats.py", "dask_backend.py"}
    called = {call for text in logging.values() for call in re.findall(r"logging\.\w+", text)}
    assert called == {"logging.disable", "logging.NOTSET"}


def test_a_console_in_cp1252_says_vietnamese_and_does_not_fail() -> None:
    """As on a Windows PC whose console has no Vietnamese."""
    ran = subprocess.run(
        [sys.executable, "-m", "mlay_batch", "--help"],
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": "cp1252"},
    )
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert "Cách gọi" in ran.stdout.decode("utf-8")
