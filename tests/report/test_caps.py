"""The cap on the top grade in the consolidated workbook: allowed, given, and who gave more."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from builders import reports
from builders.sheet_cells import Book, differences, load_sheets, recalculate

from mlay_batch.figures import compute
from mlay_batch.figures.classified import ClassificationCap
from mlay_batch.figures.report_records import ReportInputs
from mlay_batch.schema import Scheme
from mlay_batch.schema.schemes import Cap

SHEET = "Mẫu 7A, 7B"
CAP = Cap("grade1", ("grade2",), 20, "organisation", "21-HD/BTCTW")


@cache
def facts(*caps: Cap) -> ReportInputs:
    """The sample town, its year 2018 held against `caps` on the members."""
    inputs = reports.small()
    schemes = tuple(_cap_scheme(scheme, caps) for scheme in inputs.catalogue.schemes)
    return replace(inputs, catalogue=replace(inputs.catalogue, schemes=schemes))


def _cap_scheme(scheme: Scheme, caps: tuple[Cap, ...]) -> Scheme:
    if (scheme.scheme, scheme.version) != ("classification", "2018"):
        return scheme
    return replace(
        scheme,
        parts=tuple(
            replace(part, caps=caps) if part.section == "members" else part for part in scheme.parts
        ),
    )


def unit_caps(*caps: Cap) -> list[ClassificationCap]:
    return [cap for year in compute(facts(*caps)).years for part in year.parts for cap in part.caps]


def book(*caps: Cap) -> Book:
    return load_sheets(reports.write(facts(*caps)))


def test_every_unit_stands_with_what_it_may_give_and_gave() -> None:
    units = unit_caps(CAP)
    kept_count = sum(unit.is_kept for unit in units)
    assert 0 < kept_count < len(units)
    sheet = book(CAP)[SHEET]
    rule = "Năm 2018: HTXS không quá 20% của HTT, trong từng tổ chức cơ sở đảng"
    first = sheet.row_of(rule) + 2
    summary, *rows = (
        [sheet.at(first + line, column) for column in (1, 2, 5, 6, 7, 8)]
        for line in range(len(units) + 1)
    )
    base, given_count = sum(unit.base for unit in units), sum(unit.given_count for unit in units)
    allowed = sum(unit.allowed_count for unit in units)
    assert summary == [
        f"{kept_count}/{len(units)} đơn vị không vượt",
        None,
        base,
        allowed,
        given_count,
        "■ Vượt mức",
    ]
    names = {entry.code: entry.name for entry in facts(CAP).register.organisations}
    assert rows == [
        [
            n,
            names[str(unit.branch)],
            unit.base,
            unit.allowed_count,
            unit.given_count,
            "● Không vượt" if unit.is_kept else "■ Vượt mức",
        ]
        for n, unit in enumerate(units, 1)
    ]


def test_the_town_is_one_unit() -> None:
    cap = replace(CAP, scope="town", base=("rated",), per_cent=90)
    (unit,) = unit_caps(cap)
    assert unit.is_kept
    sheet = book(cap)[SHEET]
    row = sheet.row_of("Toàn thị xã")
    cells = [sheet.at(row, column) for column in (5, 6, 7, 8)]
    assert cells == [unit.base, unit.allowed_count, unit.given_count, "● Không vượt"]


def test_without_a_cap_there_is_no_table() -> None:
    texts = [str(value) for row in book()[SHEET].rows for value in row]
    assert texts and not [text for text in texts if text.startswith("Khống chế")]


@pytest.mark.libreoffice
def test_a_recalculation_changes_no_cell(tmp_path: Path) -> None:
    caps = (
        CAP,
        replace(CAP, base=("grade1", "grade2"), rounding="half_up"),
        replace(CAP, scope="town", base=("rated",), rounding="ceiling", per_cent=12.5),
        replace(CAP, scope="cell"),
    )
    written = reports.write(facts(*caps))
    assert differences(load_sheets(written), recalculate(written, tmp_path)) == []
