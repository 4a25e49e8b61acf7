"""The year 2025 spans two versions of the monthly form: 12-HD to October, 42-HD from November."""

from __future__ import annotations

import io

import openpyxl
from builders.figure_inputs import facts, register, returns, shipped

from mlay_batch import report
from mlay_batch.core.period import Period
from mlay_batch.figures import compute

TOWN = """
code | type        | parent
TX   | office      |
CB1  | cell_direct | TX
"""
YEAR = """
branch|day|kind|own|opening|closing
CB1|2025-10-06|regular|92|20|20
CB1|2025-11-05|regular|88|20|21
CB1|2025-12-04|both|91|21|21
"""


def test_each_month_has_the_version_and_scheme_of_its_own() -> None:
    for month, form, scheme in (("2025-10", "2018.1", "2018"), ("2025-11", "2025.1", "2025")):
        month_form = shipped().form_for("meeting", Period.parse(month))
        rating = shipped().scheme_for("meeting_score", Period.parse(month))
        assert month_form and rating
        assert (month_form.version, rating.version) == (form, scheme)


def test_the_figures_of_the_year_are_of_both() -> None:
    filed = returns(YEAR)
    assert [entry.entry.version for entry in filed] == ["2018.1", "2025.1", "2025.1"]
    figures = compute(facts(register(TOWN), "2025-12", filed))
    assert [sitting.band for sitting in figures.sittings] == ["good", "fair", "good"]
    (rating,) = figures.ratings
    assert (rating.scored_count, rating.mean) == (3, (92 + 88 + 91) / 3)
    (monthly,) = (entry for entry in figures.completeness if entry.form == "meeting")
    states = [monthly.cell("CB1", Period(2025, month)).state for month in (10, 11, 12)]
    assert states == ["reported"] * 3
    assert figures.warnings == ()  # November opens with what October closed with


def test_the_workbook_holds_the_months_of_both() -> None:
    inputs = facts(register(TOWN), "2025-12", returns(YEAR))
    provenance = report.Provenance("0", inputs.as_of, "a" * 64, inputs.catalogue.sources)
    data = report.write_sheets(inputs, compute(inputs), provenance, "vi").close()
    book = openpyxl.load_workbook(io.BytesIO(data), data_only=True)
    texts = [str(cell.value) for row in book["Dữ liệu buổi họp"] for cell in row]
    assert [
        len([text for text in texts if text.startswith(day)])
        for day in ("2025-10-06", "2025-11-05", "2025-12-04")
    ] == [1, 1, 1]
