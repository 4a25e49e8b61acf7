"""The sample office with slips of its officers, and what these send."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from builders.sample_office import REGISTER, create_office
from mlay_batch.app.office import Office, open_office
from mlay_batch.app.templates import template_context
from mlay_batch.core.period import Period
from mlay_batch.model.records import Row, Value
from mlay_batch.template import render

NOVEMBER = Period(2019, 11)
OFFICER, NO_ADDRESS = "TU-1", "CU-1"
OWN = "tu-1@town.example"
OFFICERS = [
    {"code": "CU-1", "name": "Lò Văn An", "own_cell": "DB1-1"},
    {"code": "TU-1", "name": "Lê Thị Bình", "own_cell": "TU", "mail": OWN},
]
BY_SLIP = [{"from": "2019-10", "counted_by": "slip"}]
GOOD: Mapping[str, Value] = {
    "cell": "CB-01",
    "held_on": date(2019, 11, 3),
    "points": 88,
    "directed": "Gửi tài liệu trước buổi họp",
}


def slip_office(
    folder: Path, monkeypatch: pytest.MonkeyPatch, **tables: list[dict[str, object]]
) -> Office:
    """The office in `folder`, with `tables` in its register in the place of its own."""
    for name, entries in {"officers": OFFICERS, "slips": BY_SLIP, **tables}.items():
        monkeypatch.setitem(REGISTER, name, entries)
    return open_office(create_office(folder).workspace)


def slip(
    office: Office,
    *lines: Mapping[str, Value],
    officer: str = OFFICER,
    period: Period = NOVEMBER,
    stamped: str = "",
) -> bytes:
    """An officer's slip with those lines as it comes back; `stamped` names another officer."""
    form = office.intake_catalogue.form_for("visit_slip", period)
    assert form
    reporter = office.register.officer_reporters[officer]
    context = template_context(office, form, reporter, period, None)
    if stamped:
        context = replace(context, branch=stamped)
    rows = tuple(Row("visits", "", 0, line, {}) for line in lines or (GOOD,))
    return render(form, context, rows)
