"""A town of two officers and three cells whose visits are told by returns, by slips, or by both."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cache

from builders.figure_inputs import delivery, facts, register, returns, shipped, table
from mlay_batch import report
from mlay_batch.core.period import Period
from mlay_batch.figures import compute
from mlay_batch.figures.fingerprint import fingerprint
from mlay_batch.figures.report_records import ReportInputs
from mlay_batch.model.office_rules import OfficeRules, SlipRule
from mlay_batch.model.records import AcceptedReturn, LedgerEntry, Row, Verdict
from mlay_batch.model.register import Register
from mlay_batch.schema import Catalogue

TOWN = """
code | name         | type        | parent
TX   | Đảng bộ      | office      |
CB1  | Chi bộ Một   | cell_direct | TX
CB2  | Chi bộ Hai   | cell_direct | TX
CB3  | Chi bộ Ba    | cell_direct | TX
"""
OFFICERS = """
code | name         | mail
NAM  | Lò Văn Nam   | nam@example.vn
MAI  | Vàng Thị Mai | mai@example.vn
"""
DUTIES = """
officer | branch | role            | from
NAM     | CB1    | office_official | 2019-01-01
NAM     | CB2    | office_official | 2019-01-01
MAI     | CB3    | office_official | 2019-01-01
"""
# CB3 sends nothing for March.
RETURNS = """
branch | day        | officer | for | confirmed
CB1    | 2019-01-10 | NAM     |     | 90
CB2    | 2019-01-15 | NAM     |     |
CB3    | 2019-01-20 |         |     |
CB1    | 2019-02-12 |         |     |
CB2    | 2019-02-05 | NAM     |     |
CB3    | 2019-02-20 | MAI     |     | 85
CB1    | 2019-03-07 |         |     |
CB2    | 2019-03-05 | MAI     | NAM |
"""
SLIPS = """
officer | cell | day        | for | points | directed
NAM     | CB1  | 2019-01-10 |     | 90     | Ghi biên bản đủ ý kiến
NAM     | CB1  | 2019-02-12 |     |        |
MAI     | CB3  | 2019-02-20 |     | 80     | Chuẩn bị tài liệu trước buổi họp
MAI     | CB2  | 2019-03-05 | NAM |        |
MAI     | CB3  | 2019-03-18 |     | 75     |
"""
SLIP_COLUMNS = {"cell": "C", "held_on": "D", "on_behalf_of": "E", "points": "F", "directed": "G"}


def town(counted_by: str = "", since: str = "2019-01") -> Register:
    """The register; without a choice of counting the office uses no slips."""
    rules = (SlipRule(counted_by, since),) if counted_by else ()
    return replace(register(TOWN, OFFICERS, DUTIES), rules=OfficeRules(slips=rules))


def slips(text: str = SLIPS) -> list[AcceptedReturn]:
    """The slips of a table, one for each officer and month."""
    by_slip: dict[tuple[str, str], list[dict[str, object]]] = {}
    for line in table(text):
        by_slip.setdefault((line["officer"], str(line["day"])[:7]), []).append(line)
    return [_slip(officer, month, lines) for (officer, month), lines in by_slip.items()]


def _slip(officer: str, month: str, lines: list[dict[str, object]]) -> AcceptedReturn:
    rows = []
    for number, line in enumerate(lines, 15):
        values = {"cell": line["cell"], "held_on": line["day"], "on_behalf_of": line["for"]}
        values |= {"points": line["points"], "directed": line["directed"]}
        cells = {name: f"{column}{number}" for name, column in SLIP_COLUMNS.items()}
        rows.append(Row("visits", "Phiếu đi dự", number, values, cells))  # type: ignore[arg-type]
    return AcceptedReturn(delivery("visit_slip", officer, month), tuple(rows))


def inputs(
    counted_by: str = "",
    *,
    period: str = "2019-03",
    filed: Iterable[AcceptedReturn] | None = None,
    refused: Iterable[LedgerEntry] = (),
    catalogue: Catalogue | None = None,
    since: str = "2019-01",
) -> ReportInputs:
    """What the figures of the town are computed from."""
    everything = [*returns(RETURNS), *slips()] if filed is None else list(filed)
    of_town = town(counted_by, since)
    return facts(of_town, period, everything, refused=refused, catalogue=catalogue or shipped())


def held_slip(officer: str, month: str, verdict: Verdict = Verdict.HELD) -> LedgerEntry:
    """A slip that waits for a decision, or was refused."""
    return delivery("visit_slip", officer, month, verdict=verdict)


@cache
def workbook(counted_by: str) -> bytes:
    """The working workbook of the town."""
    return write(inputs(counted_by))


def write(of: ReportInputs) -> bytes:
    """The working workbook of any inputs."""
    figures = compute(of)
    mark = fingerprint(figures)
    sources = of.catalogue.sources
    provenance = report.Provenance("0", of.as_of, "a" * 64, sources, figures=mark)
    return report.write_sheets(of, figures, provenance).close()


MARCH = Period(2019, 3)
