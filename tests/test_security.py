"""What docs/security.md promises: its tests exist, and what no other test looks at."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from datetime import date
from functools import partial
from pathlib import Path

import pytest

from mlay_batch import cli
from mlay_batch.period import Period
from mlay_batch.pipeline import posting, reply
from mlay_batch.pipeline.ingest import ingest

sys.path.insert(0, str(Path(__file__).parent / "pipeline"))
from town_desk import Paper, put, town

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")


def test_every_threat_names_tests_that_exist() -> None:
    table = TEXT.partition("## Threats")[2].partition("## What is kept")[0]
    threats = [line for line in table.splitlines() if line.startswith("| ")][1:]
    assert len(threats) > 15
    assert [threat for threat in threats if "`tests/" not in threat] == []
    missing = []
    for path, name in re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", TEXT):
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        known = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        if name and name not in known:
            missing.append(f"{path}::{name}")
    assert missing == []


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")
def test_what_branches_wrote_is_the_owners_alone(tmp_path: Path) -> None:
    umask = os.umask(0o000)  # the most open a PC can be
    try:
        desk = town(tmp_path / "town")
        put(desk, "a.xlsx", Paper("CB-01").book())
        when, day = "2019-12-03T09:00:00+07:00", date(2019, 12, 6)
        ingest(desk, as_of=day, received=when, holder="test")
        make = partial(reply.letters, desk)
        assert posting.draft(posting.Job(desk, make, Period(2019, 11), day, "test"), when).drafts
    finally:
        os.umask(umask)
    workspace = desk.workspace
    kept = [*workspace.archive.rglob("*"), *workspace.outbox.rglob("*.eml")]
    files = [workspace.ledger, *(path for path in kept if path.is_file())]
    assert len(files) > 2
    for path in (workspace.archive, workspace.outbox, *files):
        assert path.stat().st_mode & 0o077 == 0, path


def test_a_fault_tells_nothing_that_was_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise ValueError("Nguyễn Văn A: 92 điểm")

    monkeypatch.setattr("mlay_batch.workspace.Workspace.find", fail)
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
    assert set(logging) == {"outlook.py"}
    assert re.findall(r"logging\.\w+", logging["outlook.py"]) == ["logging.disable"]


def test_a_console_in_cp1252_says_vietnamese_and_does_not_fail() -> None:
    """As on a Windows PC whose console has no Vietnamese."""
    ran = subprocess.run(
        [sys.executable, "-m", "mlay_batch", "--help"],
        capture_output=True, check=False, env={**os.environ, "PYTHONIOENCODING": "cp1252"},
    )  # fmt: skip
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert "Lệnh" in ran.stdout.decode("utf-8")
