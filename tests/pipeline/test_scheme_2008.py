"""The classification before 2014 (20-HD/BTCTW of 2008), written by an office as YAML alone.

"Trong sạch vững mạnh tiêu biểu" is no fifth grade but a count within the first: published tables
say "đạt trong sạch, vững mạnh 87,97% (trong đó tiêu biểu 20,59%)" (baodongthap.vn, 05/4/2013).
"""

from __future__ import annotations

from pathlib import Path

import pytest
from builders import published_rules
from builders.published_rules import District
from builders.sheet_cells import load_sheets

from mlay_batch.app.consolidate import consolidate
from mlay_batch.app.ingest import ingest
from mlay_batch.model.records import Verdict

pytestmark = pytest.mark.usefixtures("reading_here")
FORM = """
extends: classification-2014.yaml
version: "2008.1"
effective: {from: 2008-10, to: 2013-12}
basis: [20-HD/BTCTW]
sections:
  - id: cells
    fields:
      - {id: exemplary, type: integer, min: 0, max: 5000, default: 0, unit: {vi: chi bộ, en: cells}, title: {vi: "Trong đó: tiêu biểu", en: "Of these: exemplary"}}
    rules:
      - {code: K09, check: not_above, value: exemplary, bound_field: grade1, mark: [exemplary, grade1], basis: 20-HD/BTCTW, says: {vi: "Tiêu biểu {value}, nhiều hơn số trong sạch vững mạnh {bound}.", en: "{value} exemplary of {bound}."}, fix: {vi: "Sửa số tiêu biểu.", en: "Correct it."}}
"""  # noqa: E501
SCHEME = """
extends: scheme-classification-2014.yaml
version: "2008"
title: {vi: "Xếp loại theo 20-HD/BTCTW", en: "Classification of 20-HD/BTCTW"}
effective: {from: 2008-10, to: 2013-12}
basis: [20-HD/BTCTW ngày 10/10/2008]
parts:
  - section: cells
    distinctions:
      - {id: exemplary, title: {vi: "Trong đó: tiêu biểu", en: "Of these: exemplary"}, short: {vi: "Tiêu biểu", en: "Exemplary"}}
    lines:
      - {id: exemplary, title: {vi: "Trong sạch vững mạnh tiêu biểu", en: Exemplary}, grades: [exemplary], decimals: 2}
    caps:
      - {grade: exemplary, base: [grade1], per_cent: 20, scope: organisation, basis: "20-HD/BTCTW"}
"""  # noqa: E501
OF_2012 = District(
    "Huyện ủy Ví Dụ", 2012,
    organisations={"grade1": 1, "grade2": 1}, cells={}, members={}, single=1,
)  # fmt: skip
CELLS = {"grade1": 14, "grade2": 5, "grade3": 1}
MEMBERS = {"grade1": 20, "grade2": 100, "grade3": 10, "grade4": 1}


def test_exemplary_cells_are_counted_within_the_first_grade(tmp_path: Path) -> None:
    files = {"classification-2008.yaml": FORM, "scheme-2008.yaml": SCHEME}
    town = published_rules.workspace(OF_2012, tmp_path / "district", files)
    papers = {
        "TC01": published_rules.paper("grade1", CELLS, MEMBERS, {"cells": {"exemplary": 3}}),
        "TC02": published_rules.paper("grade2", {"grade2": 1}, MEMBERS),
    }
    too_many = published_rules.paper("grade1", CELLS, MEMBERS, {"cells": {"exemplary": 15}})
    for name, (branch, rows) in {
        "0": ("TC01", too_many),
        **{k: (k, v) for k, v in papers.items()},
    }.items():
        data = published_rules.book(town, OF_2012, branch, rows)
        (town.workspace.inbox / f"{name}.xlsx").write_bytes(data)
    day = published_rules.as_of(OF_2012)
    received = f"{day.replace(day=15)}{published_rules.RECEIVED}"
    done = ingest(town, (), as_of=day, received=received, who="test", holder="test")
    by_name = {decision.checked.file.name: decision for decision in done.decisions}
    assert [f.code for f in by_name["0.xlsx"].findings if f.is_error] == ["K09"]
    assert {by_name[f"{code}.xlsx"].verdict for code in papers} == {Verdict.ACCEPTED}
    path = consolidate(town, OF_2012.period, as_of=day, holder="test").path
    book = load_sheets(path)
    series = book["Xếp loại năm"]
    row = series.row_of("2012", 2)  # cells below a committee
    assert series.at(row, series.find("Tỷ lệ Trong sạch vững mạnh tiêu biểu", 2)[1]) == 15
    assert series.at(row, series.find("Tỷ lệ Trong sạch vững mạnh", 3)[1]) == 70
    form = book["Xếp loại năm"]
    row, column = form.row_of("Chi bộ (mẫu 7A)"), form.find("Trong đó: tiêu biểu")[1]
    below, direct, total = (
        [form.at(row + line, at) for at in (column, column + 1, column + 2)] for line in (4, 5, 6)
    )
    assert (below, direct[0], total[0]) == ([3, 15, "● Khớp"], 0, 3)
    # 20 % of 14 are 2.8: 3 is above. The document's own limit was not seen: no verdict.
    capped = next(line for line in form.rows if "Vượt (để tham khảo)" in line)
    assert list(capped[4:7]) == [14, 2, 3]
