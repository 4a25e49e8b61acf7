"""An office on the day it installs the program: the questions, the register, the first month.

The small sample's register stands for the one that the clerk fills in.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from mlay_batch import demo
from mlay_batch.cli import mlay

DAY = "2026-09-01"
ANSWERS = ("Đảng ủy xã Nậm Sương", "Nậm Sương", "xã", "8/2026", "5", "4", "0")


def first_double_click(office: Path) -> str:
    """Answer what `mlay.bat` of the zip asks the first time; return what the window shows."""
    result = CliRunner().invoke(mlay, ["init", str(office)], "\n".join((*ANSWERS, "")))
    assert result.exit_code == 0, result.output
    return result.output


def second_double_click(office: Path) -> str:
    """Fill in the register and run the month; return what the window shows."""
    sample = demo.load_sample("small")
    (office / "register.xlsx").write_bytes(demo.render_register(sample.catalogue, sample))
    at = ["--as-of", DAY, "--received", f"{DAY}T09:00:00+07:00"]
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLAY_LANG", raising=False)
        result = CliRunner().invoke(mlay, ["month", "--no-open", "-C", str(office), *at])
    assert result.exit_code == 0, result.output
    return result.output
