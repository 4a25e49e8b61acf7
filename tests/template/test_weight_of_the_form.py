"""How much the meeting form asks of a branch: cells it must touch, days it types, pages it prints.

What the town complains of (meetings held with the office's, unprepared, without criticism) is among
the cells, and nothing of it is written beforehand.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import date
from subprocess import run
from typing import Any

import pytest
from builders import libreoffice
from builders.filled_forms import CATALOGUE
from builders.rule_samples import addresses, check_submissions
from openpyxl import load_workbook

from mlay_batch.core.period import Period
from mlay_batch.model.records import Row
from mlay_batch.reader import read
from mlay_batch.schema import Form
from mlay_batch.schema.switches import switches_on, with_switches
from mlay_batch.template import TemplateContext, render

SHEET = "Báo cáo"
REGULAR = {"duration": 95, "present": 19, "content": "Nghị quyết tháng", "merged": "Không",
           "preparation": "Chi ủy họp, có gửi tài liệu", "criticism": 2}  # fmt: skip
REPORTED: dict[str, Any] = {"duration": 95, "expected": 20, "present": 19, "merged": "no",
                            "preparation": "both", "criticism": 2}  # fmt: skip
OWN = {"scores.1.total": 92, "scores.1.explanation": "Ít ý kiến phát biểu (-8)"}
GROUPS = ("time", "attendance", "preparation", "conduct", "principles", "result", "closing")
FULL_MARKS = (5, 5, 10, 40, 5, 30, 5)
VERSIONS = pytest.mark.parametrize("version", ["2018.1", "2025.1"])


def form(version: str) -> Form:
    found = CATALOGUE.form("meeting", version)
    assert found
    return found


def context(of: Form, **switches: bool) -> TemplateContext:
    """November of the year the version came into force in; last month is known."""
    period = Period(int(of.effective.from_[:4]), 11)
    known = {"members.opening": 20, "members.exempt": 0, "members.away": 0}
    officers = (("TU01", "Lò Văn Pọm"), ("TU02", "Nguyễn Văn An"))
    return TemplateContext(
        "CB-01", "Chi bộ Trường Tiểu học", "Thị ủy", period, "Mường Lay", known,
        {"officers": officers}, officers[:1], bands=CATALOGUE.bands(period), switches=switches,
    )  # fmt: skip


def meeting(column: int, day: date, **values: object) -> dict[str, object]:
    return {
        f"meetings.{column}.{name}": value for name, value in {"held_on": day, **values}.items()
    }


def month(name: str, day: date) -> Mapping[str, Any]:
    """What a branch reports: every cell that is not as in the blank form."""
    later, visit = day.replace(day=15), {"visits.1.officer": "TU01 – Lò Văn Pọm"}
    ordinary = meeting(1, day, **REGULAR) | OWN | visit
    theme = "Học tập và làm theo tư tưởng, đạo đức, phong cách Hồ Chí Minh"
    months: Mapping[str, Mapping[str, Any]] = {
        "ordinary": ordinary,
        "theme in the same sitting": ordinary
        | {"meetings.1.kind": "Thường kỳ và chuyên đề", "meetings.1.duration": 125}
        | {"thematic.1.topic": theme},
        "theme apart": ordinary
        | meeting(2, later, **{k: v for k, v in REGULAR.items() if k != "content"})
        | {"meetings.2.kind": "Chuyên đề", "thematic.2.topic": theme}
        | {"scores.3.total": 95, "scores.3.explanation": "Phát biểu còn ít (-5)"},
        "no meeting": {"members.no_meeting": "Có", "members.reason": "Bão lũ"},
        "points by group": {k: v for k, v in ordinary.items() if k != "scores.1.total"}
        | {f"scores.1.{g}": full - 1 for g, full in zip(GROUPS, FULL_MARKS, strict=True)},
    }
    return months[name]


@VERSIONS
@pytest.mark.parametrize(
    ("name", "cells", "days"),
    [
        ("ordinary", 10, 1),
        ("theme in the same sitting", 12, 1),
        ("theme apart", 20, 2),
        ("no meeting", 2, 0),
        ("points by group", 17, 1),
    ],
)
def test_cells_a_branch_must_touch(version: str, name: str, cells: int, days: int) -> None:
    of = form(version)
    switches = {"groups": name == "points by group"}
    asked = with_switches(of, switches_on(of, switches))
    blank, at = render(of, context(of, **switches)), addresses(asked, ())
    book = load_workbook(io.BytesIO(blank))
    typed = month(name, date(int(of.effective.from_[:4]), 11, 5))
    touched = {at[path][1]: value for path, value in typed.items()}
    for cell, value in touched.items():
        target = book[SHEET][cell]
        assert not target.protection.locked, cell
        assert target.value != value, f"{cell} stands there already"
        target.value = value
    buffer = io.BytesIO()
    book.save(buffer)
    (checked,) = check_submissions([read(buffer.getvalue(), "a.xlsx", CATALOGUE.forms)])
    assert [finding.code for finding in checked.findings] == []
    assert len(touched) <= cells
    assert sum(isinstance(value, date) for value in touched.values()) == days


@VERSIONS
def test_nothing_the_town_complains_of_is_written_beforehand(version: str) -> None:
    of = form(version)
    asked = with_switches(of, switches_on(of, {}))
    sheet, at = load_workbook(io.BytesIO(render(of, context(of))))[SHEET], addresses(asked, ())
    for name in ("merged", "preparation", "criticism", "unexcused"):
        assert [sheet[at[f"meetings.{n}.{name}"][1]].value for n in (1, 2)] == [None, None]


@pytest.mark.libreoffice
@VERSIONS
def test_two_meetings_print_on_one_page_and_the_instructions_on_one(version: str, tmp_path) -> None:
    of = form(version)
    day = date(int(of.effective.from_[:4]), 11, 5)
    words = "Kiểm điểm nhiệm vụ tháng trước; bàn biện pháp thu ngân sách, chỉnh trang đô thị. " * 4
    rows = [
        Row("meetings", "", 0, REPORTED | {"held_on": day, "kind": "regular"}, {}),
        Row("meetings", "", 0, REPORTED | {"held_on": day.replace(day=15), "kind": "thematic"}, {}),
        Row("thematic", "", 0, {"held_on": day.replace(day=15), "topic": words[:120]}, {}),
        Row("scores", "", 0, {"held_on": day, "total": 92, "explanation": words[:120]}, {}),
    ]
    path = tmp_path / "phiếu.xlsx"
    for length, expected in ((250, 2), (1000, 3)):  # longer texts go on to another page
        for row in rows[:2]:
            row.values["content"] = (words * 4)[:length]
        path.write_bytes(render(of, context(of), rows))
        assert pages(path, tmp_path) == expected
    sheet = load_workbook(path)[SHEET]
    seen = [row[1:] for row in sheet if not sheet.row_dimensions[row[0].row].hidden]
    assert min(cell.font.sz for row in seen for cell in row if cell.value) >= 9
    assert not sheet.sheet_properties.pageSetUpPr.fitToPage, "never shrunk"


def pages(path: Any, folder: Any) -> int:
    pdf = libreoffice.convert(path, "pdf", folder)
    told = run(["pdfinfo", str(pdf)], capture_output=True, text=True, check=True).stdout
    return int(told.partition("Pages:")[2].split()[0])
