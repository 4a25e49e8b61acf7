"""The proof by change: a saved workbook altered by hand against the program run on that input.

A small town of six cells, made once, has papers of eight months (`PAPERS`). A test

1. writes the workbook of those papers (`write_book`),
2. alters *raw* cells of its data sheets as an auditor would (`AlteredBook.set`, `.add`, `.clear`; a
   formula refuses to be altered) and the same thing in the papers (`MonthReturns.but`),
3. lets LibreOffice calculate every formula anew, believing no stored figure (`AlteredBook.again`),
4. compares every cell of the sheets it names with the workbook the program writes from the altered
   papers (`cells.differences`).

`follow(seed)` does all of it for changes drawn by a seed, once for all tests: visits struck out,
added and given to another officer, scores altered, given and taken back, an assignment that ends
earlier, a return that comes in. Odd seeds take the papers up to August and the shipped quotas, even
ones those of the whole year and quotas owed by cell that count otherwise and change in July.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.cell import Cell
from openpyxl.worksheet.worksheet import Worksheet

from builders import figure_inputs as office
from builders.sheet_cells import Book, load_sheets, recalculate
from mlay_batch import report
from mlay_batch.core.period import Period
from mlay_batch.figures import compute
from mlay_batch.figures.report_records import ReportInputs
from mlay_batch.model.records import AcceptedReturn
from mlay_batch.model.register import Register
from mlay_batch.schema import Quota
from mlay_batch.schema.model import Effective
from mlay_batch.schema.quotas import QuotaCounting

VISITS = "Dữ liệu cấp trên dự"
SCORES, DUTY, RETURNS = "Dữ liệu chấm điểm", "Dữ liệu phân công dự", "Dữ liệu nộp báo cáo"
HEAD = 5  # the row of a data sheet's headings
TOWN = """
code | name                        | type        | parent | founded    | ended      | successor
TX   | Thị ủy Mường Lay            | office      |        |            |            |
DB1  | Đảng ủy phường Na Lay       | committee   | TX     |            |            |
A1   | Chi bộ Bản Nậm Cản          | cell        | DB1    |            |            |
A2   | Chi bộ Bản Xá               | cell        | DB1    |            |            |
A3   | Chi bộ Trường Mầm non       | cell        | DB1    | 2019-05-10 |            |
CB1  | Chi bộ Trung tâm Y tế       | cell_direct | TX     |            |            |
CB2  | Chi bộ Hạt Kiểm lâm         | cell_direct | TX     |            |            |
CB3  | Chi bộ Trạm Khuyến nông     | cell_direct | TX     |            | 2019-07-15 | CB2
"""
OFFICERS = """
code | name          | position       | own_cell | from       | to
CB01 | Lò Văn Nam    | Chuyên viên    |          |            |
CB02 | Lò Văn Nam    | Phó Trưởng ban |          |            |
CB03 | Điêu Chính Én | Ủy viên        | CB1      |            |
CB04 | Khoàng Thị Mé | Bí thư         | A1       |            |
CB05 | Lường Văn Pha | Đảng ủy viên   |          | 2019-03-15 | 2019-10-20
"""
DUTIES = """
officer | branch | role             | from       | to
CB01    | CB1    | office_official    | 2018-07-01 |
CB01    | CB2    | office_official    | 2018-07-01 |
CB02    | CB3    | office_official    | 2018-07-01 | 2019-07-14
CB02    | CB2    | office_official    | 2019-07-15 |
CB03    | CB1    | office_official    | 2019-01-01 |
CB03    | CB2    | office_official    | 2019-05-20 |
CB04    | DB1    | committee_member | 2018-07-01 |
CB05    | DB1    | committee_member | 2018-07-01 |
CB05    | A1     | committee_member | 2019-06-01 |
"""
CELLS = ("A1", "A2", "A3", "CB1", "CB2", "CB3")
STAFF = ("CB01", "CB02", "CB03", "CB04", "CB05")
SCORERS, TOTAL = ("Chi bộ tự chấm", "Cấp trên xác nhận"), "Điểm chi bộ tự chấm"
KINDS = {"regular": "Thường kỳ", "thematic": "Chuyên đề", "both": "Thường kỳ và chuyên đề"}
# Cells and months that have sent nothing.
OUT = (("A2", 4), ("CB1", 6), ("A1", 8), ("CB2", 11), ("A3", 12))


@dataclass(frozen=True)
class Meeting:
    """One meeting of a cell as its return tells it; scores None where not given."""

    branch: str
    day: date
    kind: str
    own_score: float | None = None
    confirmed: float | None = None


@dataclass(frozen=True)
class Visit:
    """Who came to which meeting, and in place of whom."""

    branch: str
    day: date
    officer: str
    instead: str | None = None


@dataclass(frozen=True)
class MonthReturns:
    """What all returns and the register tell together: the input that a test alters.

    `out` are the cells and months that have sent nothing, `until` the last days of assignments by
    their number, `confirmed` the cells and months whose visits the office confirms.
    """

    meetings: tuple[Meeting, ...]
    visits: tuple[Visit, ...]
    out: tuple[tuple[str, int], ...] = OUT
    until: tuple[tuple[int, date], ...] = ()
    confirmed: tuple[tuple[str, int], ...] = ()

    def but(self, old: Meeting | Visit | None, new: Meeting | Visit | None) -> MonthReturns:
        """Return the papers with `old` struck out and `new` written in its place."""
        name = "meetings" if isinstance(old or new, Meeting) else "visits"
        entries = [new if entry == old else entry for entry in getattr(self, name)]
        added = [new] if old is None else []
        return replace(self, **{name: tuple(entry for entry in (*entries, *added) if entry)})


@dataclass(frozen=True)
class Case:
    """A period and the quotas that hold in it."""

    period: Period
    quotas: tuple[Quota, ...]

    @classmethod
    def of(cls, seed: int) -> Case:
        """Return the case of a seed, odd or even."""
        quotas = office.shipped().quotas
        if seed % 2:
            return cls(Period.parse("2019-08"), quotas)
        changed = {
            "per": "officer_cell",
            "months_by": "days",
            "rounding": "ceiling",
            "counts": QuotaCounting(("regular", "both"), substitutes=True, own_cell=True),
        }
        cells = tuple(quota for quota in quotas if quota.per == "cell")
        first = tuple(replace(quota, **changed) for quota in quotas if quota.per != "cell")
        return cls(Period.parse("2019-12"), (*cells, *first, *map(_from_july, first)))


def _from_july(quota: Quota) -> Quota:
    """Return the record that follows in July: one more a year, counted otherwise; that of the
    officials is owed by officer, from July by the members of committees.
    """
    official = quota.quota == "office_official"
    return replace(
        quota,
        times=quota.times + 1,
        effective=Effective("2019-07"),
        role="committee_member",
        per="officer" if official else quota.per,
        months_by="fifteenth" if official else quota.months_by,
        counts=QuotaCounting(("thematic", "both")),
        basis=("Quy chế mới",),
    )


@cache
def town_register(waivers: str = "") -> Register:
    return office.register(TOWN, OFFICERS, DUTIES, waivers)


def _alive(cell: str, last: int) -> Iterator[int]:
    branch = town_register().by_code[cell]
    return (month for month in range(1, last + 1) if branch.is_active(Period(2019, month)))


@cache
def papers(last: int = 8) -> MonthReturns:
    """The papers up to a month: a meeting a month, in some a second one, some of them visited."""
    draw = Random(20190830)
    meetings: list[Meeting] = []
    visits: list[Visit] = []
    for cell in CELLS:
        for month in (m for m in _alive(cell, last) if (cell, m) not in OUT):
            score = float(draw.randint(40, 100))
            confirmed = score - draw.randint(0, 5) if draw.random() < 0.5 else None
            kind = draw.choice(("regular", "both") if month % 3 == 0 else ("regular",))
            meetings.append(Meeting(cell, date(2019, month, 3), kind, score, confirmed))
            if month % 4 == 0:
                meetings.append(Meeting(cell, date(2019, month, 20), "thematic", 80.0))
    for meeting in meetings:
        for officer in draw.sample(STAFF, draw.choice((0, 0, 1, 1, 2))):
            instead = draw.choice(STAFF) if draw.random() < 0.15 else None
            instead = None if instead == officer else instead
            visits.append(Visit(meeting.branch, meeting.day, officer, instead))
    return MonthReturns(tuple(meetings), tuple(visits))


def facts(returns: MonthReturns, case: Case | None = None) -> ReportInputs:
    """Return the facts of these papers, as of the tenth day after the period."""
    waivers = "\n".join(f"{cell}|meeting|2019-{n:02}|X02" for cell, n in returns.confirmed)
    case, town = case or Case.of(1), town_register(f"branch|form|period|rule\n{waivers}")
    until = dict(returns.until)
    duties = tuple(
        replace(entry, to=until.get(number, entry.to))
        for number, entry in enumerate(town.assignments, 1)
    )
    filed = _returns(returns, case.period.month)
    catalogue = replace(office.shipped(), quotas=case.quotas)
    register = replace(town, assignments=duties)
    return office.facts(register, str(case.period), filed, catalogue=catalogue)


def _returns(returns: MonthReturns, last: int) -> Iterator[AcceptedReturn]:
    """Yield the return of every cell and month that sent one, even if nothing is told in it."""
    for cell in CELLS:
        for month in (m for m in _alive(cell, last) if (cell, m) not in returns.out):
            period = Period(2019, month)
            rows = [office.row("members", 6, {"opening": 20, "closing": 20})]
            meetings = [e for e in returns.meetings if e.branch == cell and e.day in period]
            for number, entry in enumerate(meetings, 20):
                meeting = {"held_on": entry.day, "kind": entry.kind}
                rows.append(office.row("meetings", number, meeting))
                for at, (scorer, total) in enumerate(
                    (("own", entry.own_score), ("confirmed", entry.confirmed)), 2 * number
                ):
                    if total is not None:
                        scored = {**meeting, "scorer": scorer, "total": total}
                        rows.append(office.row("scores", at, scored))
            visits = [e for e in returns.visits if e.branch == cell and e.day in period]
            for number, entry in enumerate(visits, 90):
                came = {"held_on": entry.day, "officer": entry.officer}
                came["on_behalf_of"] = entry.instead
                rows.append(office.row("visits", number, came))
            yield AcceptedReturn(office.delivery("meeting", cell, period), tuple(rows))


def write_book(inputs: ReportInputs, lang: str = "vi") -> bytes:
    """Return the workbook of the facts."""
    source = report.Provenance("0.1.0", inputs.as_of, "a" * 64, inputs.catalogue.sources)
    return report.write_sheets(inputs, compute(inputs), source, lang).close()


@cache
def unchanged_book(seed: int = 1) -> bytes:
    """The workbook of the unaltered papers."""
    case = Case.of(seed)
    return write_book(facts(papers(case.period.month), case))


def load(data: bytes) -> Workbook:
    """Return a workbook's formulas."""
    return load_workbook(io.BytesIO(data))


class AlteredBook:
    """A saved workbook whose data sheets are altered; `again` calculates it anew."""

    def __init__(self, data: bytes) -> None:
        self.book = load(data)

    def set(self, sheet: str, where: Mapping[str, object], to: Mapping[str, object]) -> None:
        """Alter raw cells of the one row that is as `where` says, by headings."""
        row = self._row(sheet, where)
        for heading, value in to.items():
            _raw(row[heading]).value = value

    def clear(self, sheet: str, where: Mapping[str, object]) -> None:
        """Empty the raw cells of one row; what is calculated from them stays."""
        for cell in self._row(sheet, where).values():
            if cell.data_type != "f":
                cell.value, cell.hyperlink = None, None

    def add(self, sheet: str, values: Mapping[str, object]) -> None:
        """Write a row below the table, which grows by it and gives it its formulas, as in Excel."""
        page = self.book[sheet]
        (table,) = page.tables.values()
        shared = {
            entry.name: f"={entry.calculatedColumnFormula.attr_text}"
            for entry in table.tableColumns
            if entry.calculatedColumnFormula
        }
        for heading, above in list(_table(page))[-1].items():
            cell = above.offset(1)
            assert (above.data_type == "f") == (heading in shared), f"{sheet}, {heading}"
            assert not (heading in shared and heading in values), f"{sheet}, {heading}"
            cell.number_format = above.number_format
            cell.value = shared.get(heading, values.get(heading))
        first, _, last = table.ref.partition(":")
        table.ref = f"{first}:{page[last].offset(1).coordinate}"
        table.autoFilter.ref = table.ref

    def again(self, folder: Path) -> Book:
        """Return what LibreOffice makes of it when it believes no stored figure."""
        self.book.save(altered := io.BytesIO())
        return recalculate(altered.getvalue(), folder)

    def _row(self, sheet: str, where: Mapping[str, object]) -> dict[str, Cell]:
        rows = [
            row
            for row in _table(self.book[sheet])
            if all(_plain(row[heading].value) == value for heading, value in where.items())
        ]
        assert len(rows) == 1, f"{sheet}: {len(rows)} rows are {where}"
        return rows[0]


def _table(page: Worksheet) -> Iterator[dict[str, Cell]]:
    """Yield the rows of the sheet's one table by their headings."""
    (table,) = page.tables.values()
    head, *rows = page[table.ref]
    titles = [str(cell.value) for cell in head]
    return (dict(zip(titles, row, strict=True)) for row in rows)


def _raw(cell: Cell) -> Cell:
    assert cell.data_type != "f", f"{cell.coordinate} is calculated: alter what it comes from"
    return cell


def _plain(value: Any) -> Any:
    """Return a day for a moment, which is how openpyxl reads a date."""
    return value.date() if hasattr(value, "date") else value


@dataclass(frozen=True)
class Change:
    """One thing altered: `papers` are those after it, `apply` does the same to the workbook."""

    says: str
    papers: MonthReturns
    apply: Callable[[AlteredBook], None]


def visit_values(visit: Visit) -> dict[str, object]:
    """A visit as the raw columns of its data sheet hold it."""
    return {
        "Cấp trên dự": visit.officer,
        "Dự thay cho": visit.instead,
        "Mã đơn vị": visit.branch,
        "Ngày họp": visit.day,
    }


def meeting_values(meeting: Meeting) -> dict[str, object]:
    """The columns of its data sheet that tell a meeting from all others."""
    return {"Mã đơn vị": meeting.branch, "Ngày họp": meeting.day}


def write_scores(book: AlteredBook, old: Meeting, new: Meeting) -> None:
    """Alter the totals of a meeting's scores; one that was not given yet is a row more."""
    totals = (old.own_score, new.own_score), (old.confirmed, new.confirmed)
    for scorer, (before, now) in zip(SCORERS, totals, strict=True):
        key, total = meeting_values(old) | {"Người chấm": scorer}, {TOTAL: now}
        if before is not None:
            book.set(SCORES, key, total)
        elif now is not None:
            kind = {"Loại sinh hoạt": KINDS[old.kind], "Có tính": 1}
            book.add(SCORES, key | kind | total)


def strike_visit(returns: MonthReturns, draw: Random) -> Change:
    """A visit taken out."""
    gone = _single(returns, draw)
    return Change(
        f"{gone} struck",
        returns.but(gone, None),
        lambda book: book.clear(VISITS, visit_values(gone)),
    )


def reassign_visit(returns: MonthReturns, draw: Random) -> Change:
    """A visit made by somebody else."""
    old = _single(returns, draw)
    new = replace(old, officer=draw.choice([code for code in STAFF if code != old.officer]))
    return Change(
        f"{old} by {new.officer}",
        returns.but(old, new),
        lambda book: book.set(VISITS, visit_values(old), {"Cấp trên dự": new.officer}),
    )


def add_visit(returns: MonthReturns, draw: Random) -> Change:
    """A visit more, to any meeting, perhaps one that is told already or in place of another."""
    meeting = draw.choice(returns.meetings)
    officer, instead = draw.sample(STAFF, 2)
    new = Visit(meeting.branch, meeting.day, officer, draw.choice((None, None, instead)))
    return Change(
        f"{new} added", returns.but(None, new), lambda book: book.add(VISITS, visit_values(new))
    )


def change_score(returns: MonthReturns, draw: Random) -> Change:
    """A meeting of any month scored otherwise, or not at all."""
    return _change_score(returns, draw, returns.meetings)


def change_late_score(returns: MonthReturns, draw: Random) -> Change:
    """The same of a meeting of the last month, which the list of the period shows."""
    month = max(meeting.day.month for meeting in returns.meetings)
    return _change_score(returns, draw, tuple(m for m in returns.meetings if m.day.month == month))


def _change_score(returns: MonthReturns, draw: Random, among: tuple[Meeting, ...]) -> Change:
    old = draw.choice(among)
    new = replace(
        old,
        own_score=draw.choice((None, float(draw.randint(0, 100)))),
        confirmed=draw.choice((None, draw.randint(0, 200) / 2)),
    )
    return Change(
        f"{old} scored {new.own_score}, {new.confirmed}",
        returns.but(old, new),
        lambda book: write_scores(book, old, new),
    )


def relieve_officer(returns: MonthReturns, draw: Random) -> Change:
    """An assignment that ends earlier than the register says."""
    number, day = draw.choice((1, 3, 7, 9)), date(2019, draw.randint(1, 6), 15)
    return Change(
        f"assignment {number} ends on {day}",
        replace(returns, until=(*returns.until, (number, day))),
        lambda book: book.set(DUTY, {"Số phân công": number}, {"Đến ngày": day}),
    )


def receive_return(returns: MonthReturns, draw: Random) -> Change:
    """A return that was out and tells of no meeting: nothing more is to come of that month."""
    branch, month = gone = draw.choice([entry for entry in returns.out if entry[1] <= 8])
    row = {"Mã mẫu": "meeting", "Mã kỳ": f"P2019-{month:02}", "Mã đơn vị": branch}
    return Change(
        f"{branch} has sent month {month}",
        replace(returns, out=tuple(entry for entry in returns.out if entry != gone)),
        lambda book: book.set(RETURNS, row, {"Mã trạng thái": "reported"}),
    )


def confirm_visits(returns: MonthReturns, draw: Random) -> Change:
    """What a cell reports of a month's visits confirmed, one of which was to two cells that day."""
    days = Counter((visit.officer, visit.day) for visit in set(returns.visits))
    single = [visit for visit in returns.visits if returns.visits.count(visit) == 1]
    chosen = draw.choice([visit for visit in single if days[visit.officer, visit.day] > 1])
    month = chosen.branch, chosen.day.month

    def confirm(book: AlteredBook) -> None:
        for visit in returns.visits:
            if (visit.branch, visit.day.month) == month:
                book.set(VISITS, visit_values(visit), {"Đã xác minh": 1})

    return Change(
        f"{month} confirmed", replace(returns, confirmed=(*returns.confirmed, month)), confirm
    )


KINDS_OF_CHANGE = (
    strike_visit,
    reassign_visit,
    add_visit,
    change_score,
    relieve_officer,
    receive_return,
    change_late_score,
    confirm_visits,
)


def _single(returns: MonthReturns, draw: Random) -> Visit:
    """A visit that is told once."""
    return draw.choice([visit for visit in returns.visits if returns.visits.count(visit) == 1])


def changes(seed: int, count: int) -> tuple[Change, ...]:
    """Return `count` changes made one after another; the last one's papers hold them all."""
    draw, returns, sequence = Random(seed), papers(Case.of(seed).period.month), []
    for number in range(count):
        change = KINDS_OF_CHANGE[number % len(KINDS_OF_CHANGE)](returns, draw)
        returns = change.papers
        sequence.append(change)
    return tuple(sequence)


@dataclass(frozen=True)
class ChangeOutcome:
    """The altered workbook as recalculated, and what the program writes from the same input."""

    says: tuple[str, ...]
    before: Book
    after: Book
    expected: Book


@cache
def follow(seed: int, count: int = 2 * len(KINDS_OF_CHANGE)) -> ChangeOutcome:
    """Apply `count` drawn changes to the saved workbook, recalculate, run the program on the same.

    Done once a seed for all tests: a recalculation takes seconds.
    """
    steps, altered = changes(seed, count), AlteredBook(unchanged_book(seed))
    for change in steps:
        change.apply(altered)
    says = tuple(change.says for change in steps)
    expected = load_sheets(write_book(facts(steps[-1].papers, Case.of(seed))))
    before = load_sheets(unchanged_book(seed))
    with TemporaryDirectory(prefix="mlay-change-") as folder:
        return ChangeOutcome(says, before, altered.again(Path(folder)), expected)
