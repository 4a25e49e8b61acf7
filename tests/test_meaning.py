"""What signed sheets mean: papers worked by hand, through ingest and consolidate, and twice.

Every expectation below was worked out on paper from the documents. The workbook must print it, and
so must the second reading of the raw files (`independent.py`), which the sample town has to agree
with as well (`test_town.py`).
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from pathlib import Path
from types import ModuleType, SimpleNamespace

import independent
import printed
import pytest
from builders import in_process
from builders.figure_inputs import table
from builders.offices import workspace
from builders.published_rules import paper as yearly_paper
from builders.sample_office import rows

from mlay_batch.app.consolidate import consolidate
from mlay_batch.app.ingest import ingest
from mlay_batch.app.office import Office, open_office
from mlay_batch.core.period import Period
from mlay_batch.demo.sample_files import FormFiller
from mlay_batch.demo.sample_meetings import SampleReturn
from mlay_batch.model.records import Decision, Row, Verdict
from mlay_batch.schema.catalogue import shipped_folder

Paper = tuple[str, Period, tuple[Row, ...]]
Reading = tuple[independent.Evidence, printed.Printed]
QUOTA_COLUMNS = ("served", "all_year", "owed", "obligation", "low", "doubtful")

# One office, 2019. A3 is founded in December; A4 and A6 are merged away on the 1st and on the 15th.
ORGANISATIONS = """
code | name            | type        | parent | founded    | ended      | successor
TU   | Thị ủy          | office      |        |            |            |
DB1  | Đảng bộ Một     | committee   | TU     |            |            |
DB2  | Đảng bộ Hai     | committee   | TU     |            |            |
A1   | Chi bộ A Một    | cell        | DB1    |            |            |
A2   | Chi bộ A Hai    | cell        | DB1    |            |            |
A3   | Chi bộ A Ba     | cell        | DB1    | 2019-12-01 |            |
A4   | Chi bộ A Bốn    | cell        | DB1    |            | 2019-08-01 | A5
A5   | Chi bộ A Năm    | cell        | DB1    | 2019-08-01 |            |
A6   | Chi bộ A Sáu    | cell        | DB1    |            | 2019-08-15 | A2
C1   | Chi bộ C Một    | cell_direct | TU     |            |            |
C2   | Chi bộ C Hai    | cell_direct | TU     |            |            |
C3   | Chi bộ C Ba     | cell_direct | TU     |            |            |
Y5   | Chi bộ Năm tháng| cell_direct | TU     | 2019-08-01 |            |
Y7   | Chi bộ Bảy tháng| cell_direct | TU     | 2019-06-01 |            |
Y8   | Chi bộ Bảy nữa  | cell_direct | TU     | 2019-06-01 |            |
"""
OFFICERS = """
code | name             | own_cell | from
ROLE | Đổi diện         |          |
HAND | Nhận bàn giao    |          |
TRIO | Ba chi bộ        |          |
DEC  | Chi bộ tháng 12  |          |
ONE  | Sáp nhập ngày 1  |          |
MID  | Sáp nhập ngày 15 |          |
BOTH | Một buổi hai loại |         |
LATE | Nhận việc 16/7   |          | 2019-07-16
OWN  | Người của C1     | C1       |
SELF | Người của Y5     | Y5       |
LEAP | Đến 29 tháng 2   |          |
OCT  | Từ tháng 10      |          |
"""
ASSIGNMENTS = """
officer | branch | role             | from       | to
ROLE    | C1     | office_official    | 2019-01-01 | 2019-06-14
ROLE    | DB1    | committee_member | 2019-06-15 |
HAND    | C1     | office_official    | 2019-06-15 |
TRIO    | C2     | office_official    | 2019-01-01 |
TRIO    | C3     | office_official    | 2019-01-01 |
TRIO    | Y7     | office_official    | 2019-01-01 |
DEC     | A3     | committee_member | 2019-01-01 |
ONE     | A4     | committee_member | 2019-01-01 |
ONE     | A5     | committee_member | 2019-08-01 |
MID     | A6     | committee_member | 2019-01-01 |
BOTH    | C3     | office_official    | 2019-01-01 |
LATE    | C2     | office_official    | 2019-01-01 |
LATE    | Y8     | office_official    | 2019-06-01 |
OWN     | C1     | office_official    | 2019-01-01 |
SELF    | Y5     | office_official    | 2019-01-01 |
SELF    | C2     | office_official    | 2019-01-01 |
LEAP    | C1     | office_official    | 2020-01-01 | 2020-02-29
OCT     | DB1    | committee_member | 2020-01-01 |
"""
# A sitting of two kinds is two lines of one day. Points are the cell's own.
MEETINGS = """
cell | day        | kind     | points | who
A2   | 2019-01-08 | regular  | 92     |
A2   | 2019-09-06 | regular  | 92     |
A3   | 2019-12-05 | regular  | 92     | DEC
A4   | 2019-01-04 | regular  | 90     |
A4   | 2019-07-05 | regular  | 91     | ONE
A5   | 2019-08-06 | regular  | 95     | ONE
A5   | 2019-09-06 | regular  | 95     |
A5   | 2019-10-07 | regular  | 95     |
A5   | 2019-11-06 | regular  | 95     |
A5   | 2019-12-06 | regular  | 95     |
A6   | 2019-08-09 | regular  | 80     | MID
C1   | 2019-06-14 | regular  | 85     | ROLE
C1   | 2019-09-09 | regular  | 85     | OWN
C2   | 2019-03-05 | regular  | 85     | TRIO
C3   | 2019-03-05 | regular  | 85     | TRIO
C3   | 2019-10-04 | regular  | 70     | BOTH
C3   | 2019-10-04 | thematic | 70     | BOTH
Y5   | 2019-08-05 | regular  | 95     |
Y5   | 2019-09-05 | regular  | 95     |
Y5   | 2019-10-04 | regular  | 95     |
Y5   | 2019-11-05 | regular  | 75     |
Y5   | 2019-12-05 | regular  | 95     |
C1   | 2020-02-29 | regular  | 92     | LEAP
A1   | 2020-09-07 | regular  | 92     | OCT
A1   | 2020-10-05 | regular  | 92     | OCT
""" + "".join(
    f"Y{7 + few} | 2019-{month:02}-06 | regular | {90 if month - 5 <= 5 - few else 70} |\n"
    for few in (0, 1)
    for month in range(6, 13)
)  # fmt: skip

# months: of the year, whose 15th he served; owed = 4 or 6 × months / 12; the obligation half up.
# "Cán bộ, chuyên viên … ≥ 4 lần/năm", "cấp ủy viên … ≥ 6 lần/năm" (article of 04/12/2019).
QUOTAS = """
officer | role                | months | owed | obligation | low | high | why
ROLE    | Cán bộ, chuyên viên | 5      | 5/3  | 2          | 1   | 1    | June is the successor's
HAND    | Cán bộ, chuyên viên | 7      | 7/3  | 2          | 0   | 0    | 5 + 7 = 12
ROLE    | Cấp ủy viên         | 7      | 7/2  | 4          | 0   | 0    | 5 + 7 = 12 over both roles
TRIO    | Cán bộ, chuyên viên | 12     | 4    | 4          | 1   | 2    | three cells are one quota; two places in a day
DEC     | Cấp ủy viên         | 1      | 1/2  | 1          | 1   | 1    | the cell lives in December only
ONE     | Cấp ủy viên         | 12     | 6    | 6          | 2   | 2    | A4 to July, A5 from August
MID     | Cấp ủy viên         | 7      | 7/2  | 4          | 1   | 1    | A6 is gone on the 15th, was there on the 9th
BOTH    | Cán bộ, chuyên viên | 12     | 4    | 4          | 1   | 1    | both kinds in one sitting count once
LATE    | Cán bộ, chuyên viên | 5      | 5/3  | 2          | 0   | 0    | in office from 16/7: August on
OWN     | Cán bộ, chuyên viên | 12     | 4    | 4          | 0   | 0    | the own cell does not count
"""  # noqa: E501
# In 2020 the quota of committee members holds from October on; 29/02 is a day like any other.
QUOTAS_2020 = """
officer | role                | months | owed | obligation | low | high | why
LEAP    | Cán bộ, chuyên viên | 2      | 2/3  | 1          | 1   | 1    | 29/02 counts
OCT     | Cấp ủy viên         | 3      | 3/2  | 2          | 1   | 1    | September is before
"""
# Members: ten in every cell, and as many move to a new one in its first month, except:
MEMBERS = {"A3": 5, "A4": 9, "A5": 9, "A6": 6}
FIRST_MONTH = {"A3": 12, "Y5": 8, "Y7": 6, "Y8": 6}
# 21-HD: own grade, cells and members by the four grades.
CLASSIFIED = {
    "DB1": ("grade1", (1, 2, 0, 2), (3, 12, 5, 0)),  # half its cells failed; 3 of at most 2
    "DB2": ("grade1", (1, 3, 1, 0), (2, 10, 3, 0)),  # 4 of 5 are 80 %; 2 of at most 2
    "C1": ("grade1", (1, 0, 0, 0), (1, 6, 3, 0)),  # 7 of 10 members are 70 %
    "C2": ("grade1", (1, 0, 0, 0), (2, 10, 3, 0)),  # 12 of 15 are 80 %
    "C3": ("grade2", (0, 1, 0, 0), (1, 4, 4, 1)),  # not HTXS: nothing asked; 1 of at most 0
}
CAPS = {"DB1": (12, 2, 3), "DB2": (10, 2, 2), "C1": (6, 1, 1), "C2": (10, 2, 2), "C3": (4, 0, 1)}
UNFIT = {"DB1", "C1"}


def monthly(text: str) -> Iterator[Paper]:
    """Yield the meeting returns of a table."""
    by_month: dict[tuple[str, int, int], list[dict[str, object]]] = defaultdict(list)
    for line in table(text):
        by_month[line["cell"], line["day"].year, line["day"].month].append(line)
    for (cell, year, month), lines in by_month.items():
        count = 16 if (cell, month) == ("A2", 9) else MEMBERS.get(cell, 10)  # A6 was merged in
        came = count if FIRST_MONTH.get(cell) == month else 0
        card = {"opening": count - came, "moved_in": came, "closing": count}
        told = [row for line in lines for row in sitting(line, count)]
        once = {(row.section, repr(row.values)): row for row in told}  # a day scored, visited once
        yield cell, Period(year, month), (*rows("members", card), *once.values())


def sitting(line: Mapping[str, object], members: int) -> Iterator[Row]:
    day = {"held_on": line["day"], "kind": line["kind"]}
    off = 100 - int(str(line["points"]))
    held = {"content": f"Bàn việc ngày {line['day']} của {line['cell']}",
            "duration": 95, "expected": members, "present": members}  # fmt: skip
    points = {"time": 5, "attendance": 5, "preparation": 10, "conduct": 40 - off, "principles": 5,
              "result": 30, "closing": 5, "total": 100 - off, "explanation": "Trừ"}  # fmt: skip
    yield from rows("meetings", day | held)
    yield from rows("scores", day | {"scorer": "own"} | points)
    if line["kind"] != "regular":
        yield from rows("thematic", day | {"topic": "Nêu gương"})
    if line["who"]:
        yield from rows("visits", day | {"officer": line["who"]})


def classified() -> Iterator[Paper]:
    for branch, (own, cells, members) in CLASSIFIED.items():
        counts = [dict(zip(independent.GRADES, part, strict=True)) for part in (cells, members)]
        yield branch, Period(2019, 1, 12), yearly_paper(own, counts[0], counts[1] | {"exempt": 0})


@dataclass(frozen=True)
class Handed:
    """An office that has taken in its papers."""

    office: Office
    decisions: tuple[Decision, ...]

    def read(self, period: Period, **more: object) -> Reading:
        """Consolidate a period; return what its files mean and what the workbook prints."""
        day = date(2021, 1, 25)
        book = printed.Printed(consolidate(self.office, period, as_of=day, holder="test").path)
        root, until = self.office.workspace.root, period.end.month
        return independent.Evidence.read(root, book, period.year, until, **more), book


@pytest.fixture(scope="module")
def handed(tmp_path_factory: pytest.TempPathFactory) -> Handed:
    lists = {"organisations": ORGANISATIONS, "officers": OFFICERS, "assignments": ASSIGNMENTS}
    folder = tmp_path_factory.mktemp("meaning") / "office"
    office = workspace(folder, "Thị ủy", {name: table(text) for name, text in lists.items()})
    shipped = (shipped_folder("schemas") / "quota-committee-member.yaml").read_text("utf-8")
    for number, months in enumerate(("from: 2018-07, to: 2019-12", "from: 2020-10")):
        own = shipped.replace("from: 2018-07", months)
        (office.workspace.schemas / f"quota-{number}.yaml").write_text(own, "utf-8")
    office = open_office(office.workspace)
    place = SimpleNamespace(register=office.register)
    fill = FormFiller(office.catalogue, place).fill_in  # type: ignore[arg-type]
    for branch, period, values in (*monthly(MEETINGS), *classified()):
        name = "meeting" if period.length == 1 else "classification"
        form = office.catalogue.form_for(name, period)
        sample = SampleReturn(name, form.version, branch, period, values, "", "")
        (office.workspace.inbox / f"{branch} {period}.xlsx").write_bytes(fill(sample))
    with in_process.here():
        received = "2021-01-20T09:00:00+07:00"
        done = ingest(office, as_of=date(2021, 1, 25), received=received, who="test", holder="test")
    return Handed(office, tuple(done.decisions))


@pytest.fixture(scope="module")
def december(handed: Handed) -> Reading:
    return handed.read(Period(2019, 12))


@pytest.fixture(scope="module")
def december_2020(handed: Handed) -> Reading:
    return handed.read(Period(2020, 12), quota_from={"Cấp ủy viên": 10})


def test_every_paper_is_accepted(handed: Handed) -> None:
    """A6 met on the 9th and was merged away on the 15th: its meeting can be reported."""
    verdicts = {decision.checked.file.name: decision.verdict for decision in handed.decisions}
    assert {name: v for name, v in verdicts.items() if v is not Verdict.ACCEPTED} == {}


@pytest.mark.parametrize("line", table(QUOTAS), ids=lambda line: f"{line['officer']}-{line['why']}")
def test_quotas(december: Reading, line: Mapping[str, object]) -> None:
    hold_quota(line, *december)


@pytest.mark.parametrize("line", table(QUOTAS_2020), ids=lambda line: line["officer"])
def test_quotas_of_2020(december_2020: Reading, line: Mapping[str, object]) -> None:
    hold_quota(line, *december_2020)


def hold_quota(
    line: Mapping[str, object], evidence: independent.Evidence, book: printed.Printed
) -> None:
    owed = Fraction(str(line["owed"]))
    assert evidence.quotas()[line["officer"], line["role"]] == {
        "months": (line["months"], line["months"]),
        "attended": (line["low"], line["high"]),
        "owed": owed,
        "obligation": line["obligation"],
    }
    (row,) = (
        row
        for (caption, code), row in book.by_code("quota", "officer", *QUOTA_COLUMNS).items()
        if (code, caption.startswith(str(line["role"]))) == (line["officer"], True)
    )
    assert row | {"owed": round(row["owed"], 9)} == {
        "served": line["months"], "all_year": line["months"], "owed": round(float(owed), 9),
        "obligation": line["obligation"], "low": line["low"],
        "doubtful": int(str(line["high"])) - int(str(line["low"])),
    }  # fmt: skip


def test_no_month_is_owed_twice(december: Reading) -> None:
    """A change of role and a hand-over on 15/6: twelve months of the officer, and of the cell."""
    lines = december[1].by_code("quota", "officer", "all_year", "owed")
    months = defaultdict(list)
    for (_, officer), line in lines.items():
        months[officer].append(line["all_year"])
    assert sum(months["ROLE"]) == 12
    in_c1 = [
        printed.pick(line, "all_year")
        for line in december[1].lines("quota", "cell")
        if printed.pick(line, "cell") == "C1" and printed.pick(line, "officer") in ("ROLE", "HAND")
    ]
    assert sum(in_c1) == 12


def test_members_of_merged_cells(december: Reading) -> None:
    """A new successor opens at 0; what a cell closes with is received elsewhere."""
    lines = december[1].by_code("members", "cell", "opening", "in", "merged", "closing")
    told = {code: tuple(line.values()) for (_, code), line in lines.items()}
    assert {code: told[code] for code in ("A2", "A3", "A4", "A5", "A6")} == {
        "A2": (10, 0, 6, 16), "A3": (0, 5, 0, 5), "A4": (9, 0, -9, 0), "A5": (0, 0, 9, 9),
        "A6": (6, 0, -6, 0),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("cell", "grade"),
    [
        ("A5", "Tốt"),  # 5 of its own and 2 of A4: 7 × 12 ≥ 7 × (5 + 7)
        ("Y5", ""),  # five months: not rated
        ("Y7", "Tốt"),  # 5 × 12 ≥ 7 × 7, none below 70
        ("Y8", ""),  # 4 × 12 < 7 × 7; what stands below Tốt was not published
    ],
)
def test_the_grade_of_a_year(december: Reading, cell: str, grade: str) -> None:
    evidence, book = december
    assert evidence.year_grades(cell) == {grade}
    (line,) = (e for (_, code), e in book.by_code("year", "cell", "grade").items() if code == cell)
    assert printed.grade(line["grade"]) == grade


def test_a_theme_is_asked_of_those_who_lived_in_the_quarter(handed: Handed) -> None:
    """Third quarter, all without a theme: A4 lived in July alone, A5 and Y5 two months."""
    evidence, book = handed.read(Period(2019, 7, 3))
    blamed = [cell for cell in evidence.cells if evidence.blamed(cell, 2)]
    assert blamed == ["A5", "Y5", "Y7", "Y8"]
    assert list(printed.themes(evidence, book)) == []


def test_cells_nobody_visited(december: Reading) -> None:
    """Y5 has only its own member, whose visits never count; of A1 no return is in."""
    visits = december[0].visits()
    assert {cell: visits[cell] for cell in ("A1", "C2", "Y5", "Y8")} == {
        "A1": "unknown", "C2": "visited", "Y5": "own", "Y8": "nobody"
    }  # fmt: skip


def test_the_cap_of_the_top_grade(december: Reading) -> None:
    evidence, book = december
    assert evidence.caps(2019) == CAPS
    names = {code: line["name"] for code, line in evidence.organisations.items()}
    assert [code for code, cap in CAPS.items() if not book.has("forms", names[code], *cap)] == []


def test_the_conditions_of_the_top_grade(december: Reading) -> None:
    """Of a committee its cells are asked, of a cell its members."""
    evidence, book = december
    names = {line["name"]: code for code, line in evidence.organisations.items()}
    told = {
        names[row[1]]
        for row in book.rows["forms"]
        if row[1] in names and any("hông đủ điều kiện" in str(value) for value in row)
    }
    assert (evidence.unfit(2019), told) == (UNFIT, UNFIT)


@pytest.mark.parametrize("area", printed.AREAS, ids=lambda area: area.__name__)
def test_the_workbook_says_what_the_files_mean(december: Reading, area: printed.Area) -> None:
    assert list(area(*december)) == []


@pytest.mark.parametrize("module", [independent, printed], ids=lambda module: module.__name__)
def test_the_second_reading_takes_nothing_from_the_program(module: ModuleType) -> None:
    tree = ast.parse(Path(str(module.__file__)).read_text("utf-8"))
    imported = {
        name.partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in [getattr(node, "module", None) or node.names[0].name]
    }
    assert not imported & {"mlay_batch", "builders", "python_calamine"}
