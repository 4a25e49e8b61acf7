"""From 12-HD to 42-HD: a return is judged by the guidance of its own month, file to workbook.

12-HD asks 90 minutes of a regular meeting. 42-HD (28/10/2025) asks 120 where the regular and the
thematic meeting share a sitting; a thematic one by itself is held to no time at all.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pytest
from builders.sample_office import MeetingReturn, create_office, put
from builders.sheet_cells import load_sheets

from mlay_batch.app.consolidate import consolidate
from mlay_batch.app.ingest import ingest
from mlay_batch.core.period import Period
from mlay_batch.model.records import Row

pytestmark = pytest.mark.usefixtures("reading_here")


@dataclass(frozen=True)
class Paper(MeetingReturn):
    """A return whose meeting has another kind and length."""

    kind: str = "regular"
    minutes: int = 95
    year: int = 2025

    def values(self) -> tuple[Row, ...]:
        kind = {"kind": self.kind}
        changed = {"meetings": kind | {"duration": self.minutes}, "scores": kind, "visits": kind}
        day = date(self.year, self.month, self.day)
        theme = {"held_on": day, **kind, "topic": "Học tập và làm theo"}
        rows = (
            replace(row, values={**row.values, **changed.get(row.section, {})})
            for row in super().values()
        )
        themes = (Row("thematic", "", 0, theme, {}),) if self.kind != "regular" else ()
        return (*rows, *themes)


PAPERS = (
    Paper("DB1-1", 10, minutes=80),
    Paper("DB1-1", 11, minutes=80),
    Paper("CB-01", 10, kind="both", minutes=100),
    Paper("CB-01", 11, kind="both", minutes=100),
    Paper("DB1-2", 10, kind="thematic", minutes=60),
    Paper("DB1-2", 11, kind="thematic", minutes=60),
)
SHARED = "42-HD/BTCTW ngày 28/10/2025 (thường kỳ và chuyên đề trong một buổi, tối thiểu 120 phút)"
TOO_SHORT = [
    ("DB1-1", "Tháng 10 năm 2025", "12-HD/BTCTW (sinh hoạt thường kỳ, tối thiểu 90 phút)"),
    ("DB1-1", "Tháng 11 năm 2025", "42-HD/BTCTW ngày 28/10/2025 (tối thiểu 90 phút)"),
    ("CB-01", "Tháng 11 năm 2025", SHARED),
]


def test_each_month_is_held_to_its_own_guidance(tmp_path: Path) -> None:
    town = create_office(tmp_path)
    for paper in PAPERS:
        put(town, f"{paper.branch} {paper.period}.xlsx", paper.book())
    ingest(
        town,
        as_of=date(2025, 12, 3),
        received="2025-12-02T09:00:00+07:00",
        who="test",
        holder="test",
    )
    path = consolidate(town, Period(2025, 11), as_of=date(2025, 12, 8), holder="test").path
    rows = load_sheets(path.read_bytes())["Dữ liệu cảnh báo"].rows
    assert [(row[0], row[2], row[8]) for row in rows if row[3] in ("H03", "H14")] == TOO_SHORT
