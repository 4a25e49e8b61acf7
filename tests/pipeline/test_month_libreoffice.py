"""A month as branches live it: the form from `mlay template`, typed into by a real LibreOffice,
saved as .xlsx, .xls and .ods, plain and with its structure changed, taken in by `mlay run`.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from builders import libreoffice
from builders.sample_office import create_office
from openpyxl import load_workbook

from mlay_batch.cli import run
from mlay_batch.ledger import Ledger

pytestmark = pytest.mark.libreoffice

CARD = {"opening": 12, "admitted": 1, "exempt": 1}
LINES = {
    "meetings": {
        "held_on": "03/11/2019", "kind": "Thường kỳ", "content": "Bàn việc tháng 11",
        "duration": 95, "expected": 12, "present": 11, "criticism": 5,
    },
    "scores": {"own.total": 95.5, "own.explanation": "Chuẩn bị chậm"},
    "visits": {"first.officer": "CU-1 – Lò Văn An"},
}  # fmt: skip
STORED = {
    "members": {**CARD, "closing": 13, "no_meeting": "no", "moved_in": 0, "away": 0},
    "meetings": {
        "held_on": date(2019, 11, 3), "kind": "regular", "content": "Bàn việc tháng 11",
        "duration": 95, "expected": 12, "present": 11, "excused": 1, "unexcused": 0, "criticism": 5,
    },
    "scores": {"held_on": date(2019, 11, 3), "scorer": "own", "kind": "regular", "total": 95.5},
    "visits": {"held_on": date(2019, 11, 3), "officer": "CU-1"},
}  # fmt: skip


def typing(form: Path) -> list[libreoffice.Step]:
    """Return the keystrokes of a secretary: she reads the headings, we the hidden ids."""
    sheet = load_workbook(form)["Báo cáo"]
    ids = {cell.value: cell.row for cell in sheet["A"] if cell.value}
    value = next(c for c in sheet[ids["members:start"]] if c.value == "value").column_letter
    steps = [libreoffice.put(f"{value}{ids[name]}", number) for name, number in CARD.items()]
    first = next(c for c in sheet[ids["meetings:start"]] if c.value == "record").column_letter
    for section, lines in LINES.items():
        for name, typed in lines.items():
            row = next(
                row for row in range(ids[f"{section}:start"], ids[f"{section}:end"])
                if sheet.cell(row, 1).value == name
            )  # fmt: skip
            steps.append(libreoffice.put(f"{first}{row}", typed))
    return steps


def change_steps(form: Path) -> list[libreoffice.Step]:
    """Return what people do to a form: insert rows and a column, swap columns, rename the sheet."""
    sheet = load_workbook(form)["Báo cáo"]
    ids = {cell.value: cell.row for cell in sheet["A"] if cell.value}
    records = [c.column_letter for c in sheet[ids["meetings:start"]] if c.value == "record"]
    first, second = (f"{c}{ids['meetings:start']}:{c}{ids['visits:end']}" for c in records)
    return [
        libreoffice.unprotect(),
        libreoffice.swap(first, second),
        libreoffice.insert_columns(records[1]),
        libreoffice.insert_rows(ids["meetings:head"] + 1, 2),
        libreoffice.insert_rows(3, 1),
        libreoffice.rename_sheet("Tháng 11"),
    ]


@pytest.mark.parametrize("kind", ["xlsx", "xls", "ods"])
@pytest.mark.parametrize("structure", ["plain", "changed"])
def test_what_libreoffice_typed_is_what_the_ledger_holds(tmp_path, capsys, kind, structure):
    workspace = create_office(tmp_path / "town").workspace
    assert run(["template", "DB1-1", "--period", "2019-11", "-C", str(workspace.root)]) == 0
    (form,) = workspace.outbox.rglob("*.xlsx")
    steps = typing(form) + (change_steps(form) if structure == "changed" else [])
    libreoffice.fill(form, workspace.inbox / f"chi bộ Ho Cang tháng 11.{kind}", steps)

    assert run(["run", "-C", str(workspace.root), "--as-of", "2019-12-03"]) == 0
    with Ledger.open(workspace.ledger, read_only=True) as ledger:
        (returned,) = ledger.returns("meeting")
        (delivery,) = ledger.entries()
    assert delivery.findings == ()
    for section, expected in STORED.items():
        (row,) = returned.section_rows(section)
        assert {name: row.values[name] for name in expected} == expected
