"""The same inputs give the same bytes, wherever, whenever and in whatever order they are read."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

from builders import reports

from mlay_batch import report

HERE = Path(__file__).parent.parent
ELSEWHERE = """
import random
from dataclasses import replace
from hashlib import sha256
from builders import reports

given = reports.small()
returns, deliveries = list(given.returns), list(given.ledger_entries)
random.Random(7).shuffle(returns)
random.Random(8).shuffle(deliveries)
assert tuple(returns) != given.returns
given = replace(given, returns=tuple(returns), ledger_entries=tuple(deliveries))
print(sha256(reports.write(given)).hexdigest())
"""


def test_another_clock_language_folder_hash_seed_and_order_change_no_byte(tmp_path: Path) -> None:
    """Written by a process of its own, on the other side of the world, from shuffled returns."""
    paths = [str(HERE), *filter(None, [os.environ.get("PYTHONPATH")])]
    ran = subprocess.run(
        [sys.executable, "-c", ELSEWHERE], cwd=tmp_path, capture_output=True, text=True, check=True,
        env=os.environ | {
            "TZ": "Pacific/Kiritimati", "LC_ALL": "tr_TR.UTF-8", "LANG": "vi_VN.UTF-8",
            "PYTHONHASHSEED": "12345", "PYTHONPATH": os.pathsep.join(paths), "MLAY_LANG": "en",
        },
    )  # fmt: skip
    assert ran.stdout.strip() == sha256(reports.workbook()).hexdigest()


def test_sheets_that_another_process_wrote_change_no_byte() -> None:
    """Texts and formats are numbered in the order of first use, through the whole workbook."""
    given, figures = reports.small(), reports.figures()
    source = reports.provenance(given, figures)
    part = pickle.loads(pickle.dumps(report.write_first_half(given, figures, source, "vi")))
    for written in (part, None):  # None: that process died, and its sheets are written last
        data = report.write_sheets(given, figures, source, "vi", iter([written]).__next__).close()
        assert sha256(data).hexdigest() == sha256(reports.workbook()).hexdigest()
