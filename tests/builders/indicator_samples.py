"""Cells for the signs: a good year of returns, and what a sample tells otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from mlay_batch.core.period import Period
from mlay_batch.figures.indicator_search import indicator_hits
from mlay_batch.figures.report_records import IndicatorHit, ReportInputs
from mlay_batch.model.records import AcceptedReturn, LedgerEntry, Row, Value, Verdict
from mlay_batch.model.register import Organisation, Register
from mlay_batch.schema import Catalogue, load_catalogue

HERE = Path(__file__).resolve().parent.parent / "signs"
NOVEMBER = Period(2019, 11)
CELL = "CB-01"
CELLS = (CELL, "CB-02")
# What a cell wrote in a good month: a work of each month, in the cell's own way.
WORKS = (
    "sửa nhà văn hóa", "trồng rừng phòng hộ", "giao quân", "diệt chuột hại lúa", "thu quỹ",
    "kè bờ suối", "chăm sóc gia đình thương binh", "phòng lũ quét", "đón học sinh tựu trường",
    "thu hoạch ngô nương", "tiêm phòng trâu bò",
)  # fmt: skip
WAYS = {
    CELL: "Bàn việc {0} ở ba tổ, tổ chậm thì tổ trưởng giải trình; tháng {1} bí thư đôn đốc {0}",
    "CB-02": "Nghe thanh niên trình bày cách {0}; tháng {1} hai đồng chí làm mẫu việc {0} tại nhà",
}
Line = Mapping[str, Any]


@cache
def catalogue() -> Catalogue:
    return load_catalogue()


def samples(name: str) -> dict[str, Any]:
    return dict(yaml.safe_load((HERE / name).read_text(encoding="utf-8")))


def year(entries: Iterable[Line]) -> list[AcceptedReturn]:
    """The year of the cell, and of others a line names; later lines say more of the same month."""
    lines = list(entries)
    named = dict.fromkeys([CELL, *(line.get("branch", CELL) for line in lines)])
    returns = (
        _return(branch, Period(2019, month), lines) for branch in named for month in range(1, 12)
    )
    return [entry for entry in returns if entry]


def _return(branch: str, month: Period, lines: Iterable[Line]) -> AcceptedReturn | None:
    branch_lines = [
        line for line in lines if line.get("branch", CELL) == branch and _tells(line, month)
    ]
    values = {key: value for line in branch_lines for key, value in line.items()}
    if values.pop("absent", False):
        return None
    return write_rows(
        branch,
        month,
        {"content": WAYS[branch].format(WORKS[month.month - 1], month.month)} | values,
    )


def _tells(line: Line, month: Period) -> bool:
    if "from" in line:
        return Period.parse(line["from"]) <= month
    return Period.parse(line.get("month", "2019-11")) == month


def write_rows(branch: str, month: Period, values: Line) -> AcceptedReturn:
    """A return of one meeting, good where nothing else is given."""
    day = date(month.year, month.month, 5)
    meeting = {
        "held_on": day,
        "kind": "both" if month.month % 3 == 2 else "regular",
        "duration": 100 + month.month % 3 * 5,
        "expected": 20,
        "present": 18,
        "speakers": 6,
        "criticism": 2,
        "preparation": "both",
        "merged": "no",
    }
    meeting |= {key: values[key] for key in (*meeting, "content") if key in values}
    score = {"held_on": day, "scorer": "own", "total": values.get("own", 91 + month.month % 3)}
    rows = [_row("meetings", 32, meeting), _row("scores", 50, score)]
    if "confirmed" in values:
        rows.append(
            _row("scores", 51, score | {"scorer": "confirmed", "total": values["confirmed"]})
        )
    if meeting["kind"] != "regular":
        topic = values.get("topic", "Phòng, chống suy thoái trong đảng viên")
        rows.append(_row("thematic", 44, {"held_on": day, "topic": topic}))
    return AcceptedReturn(_delivery(branch, month), tuple(rows))


def _row(section: str, number: int, values: Mapping[str, Value]) -> Row:
    cells = {name: f"{chr(ord('C') + at)}{number}" for at, name in enumerate(values)}
    return Row(section, "Báo cáo", number, dict(values), cells)


def _delivery(branch: str, month: Period) -> LedgerEntry:
    number, at = month.month * 1000 + sum(map(ord, branch)), f"{month.end}T01:00:00+00:00"
    return LedgerEntry(
        number, 1, month.end, f"{branch}-{month}.xlsx", "", "", "hand", None, at,
        Verdict.ACCEPTED, "meeting", "2018.1", branch, str(month),
    )  # fmt: skip


def facts(
    returns: Iterable[AcceptedReturn],
    period: Period = NOVEMBER,
    descriptions: Catalogue | None = None,
) -> ReportInputs:
    filed = tuple(returns)
    branches = sorted({str(accepted.entry.branch) for accepted in filed})
    town = Register(
        (
            Organisation("TU", "Thị ủy", "office"),
            *(Organisation(code, f"Chi bộ {code}", "cell_direct", "TU") for code in branches),
        ),
        (),
        (),
    )
    return ReportInputs(
        descriptions or catalogue(),
        town,
        period,
        period.end,
        filed,
        tuple(accepted.entry for accepted in filed),
    )


def indicator_codes(
    returns: Iterable[AcceptedReturn], period: Period = NOVEMBER
) -> Iterator[IndicatorHit]:
    """What the signs see in the returns of the period's month."""
    return (hit for hit in indicator_hits(facts(returns, period)) if hit.period == period)
