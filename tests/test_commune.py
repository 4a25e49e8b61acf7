"""The sample commune: what `samples/commune.yaml` promises, and one life of it from init to close.

It is built once through the public commands: the first year under 42-HD, returns due two days after
each meeting, rules of the office that change in July.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import pytest
from builders import in_process, reports
from builders.comparable import comparable
from builders.foreign_words import foreign_words, letter_texts, texts
from builders.news_sheets import amounts_not_on_sheets
from builders.offices import province_form, workspace
from builders.sheet_cells import differences, load_sheets, recalculate

from mlay_batch import demo
from mlay_batch.app.check_file import check
from mlay_batch.app.ingest import ingest
from mlay_batch.app.load_inputs import load_inputs
from mlay_batch.app.office import Office, open_office
from mlay_batch.app.workspace import Workspace
from mlay_batch.cli import run
from mlay_batch.core.period import Period
from mlay_batch.demo.sample_files import render_return
from mlay_batch.figures import compute
from mlay_batch.figures.news import MAX_SENTENCES, news
from mlay_batch.figures.report_records import Completeness, Figures
from mlay_batch.ledger import Ledger
from mlay_batch.model.records import Output, Row, Verdict
from mlay_batch.report.committee.compose import MAX_CHAT_LINES
from mlay_batch.report.committee.leaks import find_leaks
from mlay_batch.report.committee.outputs import write_outputs

pytestmark = pytest.mark.slow

OCTOBER, AS_OF = Period(2026, 10), date(2026, 11, 11)
MONTHS = [Period(2026, month) for month in range(1, 11)]
WORKBOOK = Path("reports", "2026-10", "tong-hop-2026-10.xlsx")
LATE = {("CB-18", "2026-03"), ("CB-12", "2026-06"), ("CB-22", "2026-10")}
NOT_COUNTED = {"CB-26": "rejected", "CB-29": "missing", "DB2-CB03": "rejected"}  # in October


@cache
def commune() -> demo.SampleOffice:
    return demo.load_sample("commune")


@cache
def returns() -> tuple[demo.SampleReturn, ...]:
    return tuple(demo.returns(commune(), commune().catalogue))


def figures_of(office: Office, period: Period = OCTOBER, as_of: date = AS_OF) -> Figures:
    with Ledger.open(office.workspace.ledger, read_only=True) as ledger:
        return compute(load_inputs(office, ledger, period, as_of))


def meetings_of(figures: Figures) -> Completeness:
    return next(entry for entry in figures.completeness if entry.form == "meeting")


@dataclass(frozen=True)
class Life:
    """The commune's folder on 11/11/2026, and what its commands printed."""

    root: Path
    screens: str

    @cached_property
    def office(self) -> Office:
        return open_office(Workspace.find(self.root))

    @cached_property
    def figures(self) -> Figures:
        return figures_of(self.office)

    @cached_property
    def book(self) -> bytes:
        return (self.root / WORKBOOK).read_bytes()


def type_in(root: Path, *words: str) -> int:
    return run([*words, "-C", str(root)])


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Life:
    root = tmp_path_factory.mktemp("commune") / "nam-suong"
    month = ("--period", "2026-10", "--as-of", AS_OF.isoformat())
    screens = io.StringIO()
    with in_process.here(), pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdout", screens)
        patch.setattr("sys.stderr", screens)
        assert run(["demo", "--sample", "commune", str(root)]) == 0
        assert type_in(root, "status", *month) == 0
        assert type_in(root, "reply", *month) == 1  # one cell has no mailbox
        assert type_in(root, "report", "CB-34", *month) == 0
        assert type_in(root, "template", "--period", "2026-11", "CB-16", "CB-31") == 0
        assert type_in(root, "template", "--period", "2026-11", "CB-16", "--mail") == 0
    return Life(root, screens.getvalue())


class TestCommune:
    def test_thirty_eight_cells_of_which_six_under_two_committees(self) -> None:
        alive = [o for o in commune().register.organisations if o.is_active(OCTOBER)]
        counted = Counter(o.type for o in alive)
        assert counted == {"office": 1, "committee": 2, "cell_direct": 32, "cell": 6}

    def test_620_members_at_the_end_of_october(self, life: Life) -> None:
        """Those whose October does not count stand with their September."""
        last: dict[str, int] = {}
        for sample in returns():
            members = next(row.values for row in sample.rows if row.section == "members")
            if commune().register.by_code[sample.branch].is_active(OCTOBER):
                last[sample.branch] = int(members["closing"])  # type: ignore[arg-type]
        assert (len(last), sum(last.values())) == (38, 620)
        movement = life.figures.movement
        assert movement
        assert sum(line.in_year.closing for line in movement.lines if line.in_year) == 620

    def test_the_merger_passes_its_members_on(self, life: Life) -> None:
        movement = life.figures.movement
        assert movement
        blocks = {line.branch.code: line.in_year for line in movement.lines if line.in_year}
        merged = {code: block.merged for code, block in blocks.items() if block.merged}
        assert merged == {"CB-32": -14, "CB-33": -9, "CB-34": 14 + 9}
        assert (blocks["CB-34"].opening, blocks["CB-34"].closing) == (0, 23)

    def test_nothing_but_the_days_of_the_handbook_is_asked_besides(self) -> None:
        named = {name for s in returns() for row in s.rows for name in row.values}
        assert {"posted_on", "minutes_on", "criticism"} <= named
        assert not named & {"speakers", "conduct", "participants"}
        on_paper = [s for s in returns() if s.branch == "CB-31"]
        assert not any("posted_on" in row.values for s in on_paper for row in s.rows)

    def test_most_quarters_have_their_theme(self) -> None:
        themed = {
            (s.branch, (s.period.month - 1) // 3)
            for s in returns()
            if s.period.month < 10 and any(row.section == "thematic" for row in s.rows)
        }
        assert 0.85 < len(themed) / (3 * 39) < 1
        assert "CB-30" not in {branch for branch, _ in themed}


class TestReturns:
    def test_a_return_comes_within_two_days_of_each_meeting(self) -> None:
        for sample in returns():
            days = [row.values["held_on"] for row in sample.rows if row.section == "meetings"]
            received = date.fromisoformat(sample.received[:10])
            if days and (sample.branch, str(sample.period)) not in LATE:
                assert max(days) == received - timedelta(days=1)  # type: ignore[type-var]

    def test_who_meets_twice_sends_twice(self, life: Life) -> None:
        """The second return, with both meetings, stands in place of the first; neither is late."""
        twice = Counter((s.branch, s.period) for s in returns())
        twice -= Counter(twice.keys())
        assert 5 < len(twice) < 40
        with Ledger.open(life.office.workspace.ledger, read_only=True) as ledger:
            accepted = [e for e in ledger.entries() if e.verdict is Verdict.ACCEPTED]
            in_force = ledger.returns()
        assert len(accepted) - len(in_force) == len(twice)
        cells = meetings_of(life.figures).cells
        assert {cells[key].state for key in twice} == {"reported"}

    def test_late_is_who_came_more_than_two_days_after_the_meeting(self, life: Life) -> None:
        cells = meetings_of(life.figures).cells
        late = {(branch, str(month)) for (branch, month), c in cells.items() if c.state == "late"}
        assert late == LATE
        (sample,) = (s for s in returns() if (s.branch, s.period) == ("CB-22", OCTOBER))
        (meeting,) = (row.values for row in sample.rows if row.section == "meetings")
        assert meeting["held_on"] == date(2026, 10, 2)
        assert sample.received[:10] == "2026-10-07"  # due on the 4th, three days late

    def test_missing_only_after_the_lock_day(self, life: Life) -> None:
        states = [
            meetings_of(figures_of(life.office, as_of=day)).cell("CB-29", OCTOBER).state
            for day in (date(2026, 11, 10), AS_OF)
        ]
        assert states == ["not_due", "missing"]

    def test_every_other_state_is_planted_once(self, life: Life) -> None:
        cells = meetings_of(life.figures).cells
        october = {code: cells[code, OCTOBER].state for code in NOT_COUNTED}
        assert october == NOT_COUNTED
        assert cells["CB-25", Period(2026, 8)].state == "nil"
        assert cells["CB-09", Period(2026, 2)].state == "waived"
        states = Counter(entry.state for entry in cells.values())
        rest = {"late": 3, "nil": 1, "waived": 1, "missing": 1, "rejected": 2}
        ordinary = ("reported", "ended", "not_yet")
        assert {state: n for state, n in states.items() if state not in ordinary} == rest

    def test_the_paper_of_a_cell_without_computer_lies_beside_its_return(self, life: Life) -> None:
        with Ledger.open(life.office.workspace.ledger, read_only=True) as ledger:
            (photo,) = (e for e in ledger.entries() if e.verdict is Verdict.IGNORED)
        assert photo.name == "Nhập hộ chi bộ bản Tả Xa tháng 10.2026.jpg"
        assert meetings_of(life.figures).cell("CB-31", OCTOBER).state == "reported"
        assert not [a for a in commune().register.addresses if a.branch == "CB-31"]

    def test_each_kind_of_doubtful_visit_and_of_planted_habit(self, life: Life) -> None:
        doubts = Counter(a.reason for a in life.figures.attendances if a.reason)
        assert doubts == {"Q01": 1, "Q02": 1, "Q06": 2}
        assert {finding.code for _, finding in life.figures.warnings} == {"X02"}
        shown = load_sheets(life.book)["Cảnh báo"].rows
        named = {(str(r[1])[:5], str(r[2])) for r in shown if isinstance(r[0], float)}
        assert {
            ("CB-14", "Nội dung lặp lại tháng trước"),
            ("CB-14", "Không có phê bình"),
            ("CB-23", "Nội dung giống chi bộ khác"),
            ("CB-07", "Lồng ghép họp cơ quan"),
            ("CB-10", "Điểm không thay đổi"),
            ("CB-21", "Số liệu khác hẳn mọi khi"),
        } <= named


class TestQuotas:
    """Figures worked by hand, from the rows of the register's sheet Quy định."""

    def test_four_a_year_and_five_from_july(self, life: Life) -> None:
        lines = {line.officer: line for line in life.figures.quota}
        for officer, attended, state in (
            ("CV01", 5, "met"),
            ("CV03", 4, "on_course"),
            ("CV04", 2, "behind"),
        ):
            line = lines[officer]
            assert line.owed == pytest.approx(4 * 6 / 12 + 5 * 4 / 12)  # 3.67 by October
            assert (line.obligation, line.attended, line.state) == (5, attended, state)

    def test_who_came_in_july_owes_the_new_number_alone(self, life: Life) -> None:
        (line,) = (line for line in life.figures.quota if line.officer == "CV08")
        assert line.owed == pytest.approx(5 * 4 / 12)
        assert (line.obligation, line.served_year) == (3, 6.0)

    def test_the_months_before_july_are_owed_by_the_old_number(self, life: Life) -> None:
        june = figures_of(life.office, Period(2026, 6), date(2026, 7, 11))
        owed = {line.officer: line.owed for line in june.quota}
        assert owed["CV01"] == pytest.approx(4 * 6 / 12)

    def test_the_standing_committee_attends_every_month(self, life: Life) -> None:
        lines = {
            line.officer: line
            for line in life.figures.quota
            if line.quota.quota == "standing_committee"
        }
        assert {line.owed for line in lines.values()} == {10.0}
        assert {line.obligation for line in lines.values()} == {12}
        states = {officer: (line.attended, line.state) for officer, line in lines.items()}
        assert states == {
            "BTV01": (10, "on_course"),  # nine, and one of two places on 4 September
            "BTV02": (10, "on_course"),
            "BTV03": (9, "not_met"),  # a month that was missed is not made up
            "BTV04": (10, "on_course"),
            "BTV05": (8, "not_met"),
            "BTV06": (10, "on_course"),
        }
        assert lines["BTV01"].unsettled == 1

    def test_the_documents_are_the_offices_own(self, life: Life) -> None:
        rows = load_sheets(life.book)["Chỉ tiêu dự sinh hoạt"].rows
        words = [str(value) for row in rows for value in row]
        assert any("48-QĐ/ĐU ngày 26/6/2026 từ tháng 7" in text for text in words)
        assert not any("chưa xác nhận" in text for text in words)


def test_no_other_place_or_level_is_named(life: Life) -> None:
    assert foreign_words(life.screens.splitlines()) == []
    cells = [str(v) for sheet in load_sheets(life.book).values() for row in sheet.rows for v in row]
    assert {"ĐẢNG ỦY XÃ NẬM SƯƠNG", "TỈNH ỦY ĐIỆN BIÊN"} <= set(cells)
    assert foreign_words(cells) == []
    forms = [*(life.root / "outbox" / "2026-11").glob("*.xlsx")]
    pages = [*(life.root / "reports" / "2026").glob("chi-bo-*.xlsx")]
    assert (len(forms), len(pages)) == (2, 1)
    for path in (*forms, *pages):
        assert foreign_words(texts(path.read_bytes())) == [], path


def test_letters_go_to_all_but_who_has_no_mailbox(life: Life) -> None:
    letters = sorted((life.root / "outbox" / "2026-10").rglob("*.eml"))
    assert len(letters) == 34 + 2 + 1  # receipts, returned forms, a reminder
    for path in letters:
        body, *others = letter_texts(path.read_bytes())
        assert "Đảng ủy xã Nậm Sương" in body
        assert foreign_words((body, *others)) == []
    (reminder,) = (path for path in letters if path.name.startswith("reminder_CB-29"))
    body, *_ = letter_texts(reminder.read_bytes())
    assert "là 2 ngày sau mỗi buổi sinh hoạt, khóa sổ ngày 10/11/2026" in body
    assert "CB-31" in life.screens.split("Không có địa chỉ trong sổ đăng ký")[1][:60]


def test_letter_and_form_say_alike_by_when_it_is_due(life: Life) -> None:
    (path,) = (life.root / "outbox" / "2026-11").rglob("*.eml")
    body, *form = letter_texts(path.read_bytes())
    assert "chậm nhất 2 ngày sau mỗi buổi sinh hoạt, khóa sổ ngày 10/12/2026." in body
    assert any("Hạn gửi: 2 ngày sau mỗi buổi sinh hoạt." in text for text in form)
    assert foreign_words((body, *form)) == []


def test_the_page_of_the_merged_cell_begins_in_july(life: Life) -> None:
    (path,) = (life.root / "reports" / "2026").glob("chi-bo-CB-34-*.xlsx")
    words = " ".join(texts(path.read_bytes()))
    assert "bản Nà Hon - Nà Hay" in words.replace("NÀ HON - NÀ HAY", "Nà Hon - Nà Hay")
    assert "Nậm Sương, ngày 11 tháng 11 năm 2026" in words


def test_points_without_groups_stand_right_below_their_headings(life: Life) -> None:
    """No row is left for the full marks of groups that nobody asks for."""
    rows = load_sheets(life.book)["Lũy kế năm"].rows
    first = (
        next(row for row, cells in enumerate(rows) if "Điểm bình quân theo" in str(cells[0])) + 1
    )
    heads = [cells[0] for cells in rows[first : first + 4]]
    assert (heads, rows[first + 3][1]) == (["STT", None, 1, 1], "CB-01")
    foot = [str(value) for cells in rows[-20:] for value in cells if value]
    assert any("không yêu cầu chi bộ báo cáo" in text for text in foot)


@pytest.mark.libreoffice
def test_the_workbook_is_calculated_alike_elsewhere(life: Life, tmp_path: Path) -> None:
    book = load_sheets(life.book)
    assert differences(book, recalculate(life.book, tmp_path)) == []


def rules_of_the_commune() -> dict[str, list[dict[str, Any]]]:
    data = commune().data
    return {name: list(data[name]) for name in ("quotas", "deadlines", "switches")} | {
        "office": [{"level": "province", "place": "Điện Biên Phủ", "start": "2026-01"}]
    }


def test_the_level_above_takes_the_workbook_in_and_counts_the_same(
    life: Life, tmp_path: Path
) -> None:
    """The province that has set the same rules; the commune is one of its lines."""
    lists = {
        "organisations": [
            {"code": "TINH", "name": "Tỉnh ủy Điện Biên", "type": "office"},
            {"code": "DU-NS", "name": "Đảng ủy xã Nậm Sương", "type": "lower", "parent": "TINH"},
        ],
        **rules_of_the_commune(),
    }
    assert check(life.root / WORKBOOK, life.office.catalogue, life.office, AS_OF).findings == ()
    top = workspace(tmp_path / "tinh", "Tỉnh ủy Điện Biên", lists, province_form(), "lower")
    (top.workspace.inbox / "nam-suong.xlsx").write_bytes(life.book)
    with in_process.here():
        done = ingest(
            top, as_of=AS_OF, received=f"{AS_OF}T15:00:00+07:00", who="test", holder="test"
        )
    (decision,) = done.decisions
    assert (decision.verdict, [f.code for f in decision.findings]) == (Verdict.ACCEPTED, [])
    assert comparable(figures_of(top)) == comparable(life.figures)


def without_mistakes() -> Iterator[tuple[str, bytes]]:
    """The returns of October that do not count yet, as their cells send them in the end."""
    september = {s.branch: s for s in returns() if s.period == OCTOBER.previous()}
    for code in NOT_COUNTED:
        sample = september[code]
        rows = tuple(map(_in_october, sample.rows))
        again = replace(sample, period=OCTOBER, rows=rows)
        yield f"{code} sua.xlsx", render_return(again, commune().catalogue, commune())


def _in_october(row: Row) -> Row:
    values = {n: v.replace(month=10) if isinstance(v, date) else v for n, v in row.values.items()}
    if row.section == "members":
        same = {name: values[name] for name in ("exempt", "away")}
        values = same | {"opening": values["closing"]}
    return replace(row, values=values)


def test_what_came_after_the_lock_waits_for_a_decision_and_then_the_month_is_closed(
    life: Life,
) -> None:
    """The last test that uses the commune: it moves on by a day."""
    day = ("--as-of", "2026-11-12")
    assert type_in(life.root, "close", "2026-10", *day) == 2  # three returns are open
    for name, data in without_mistakes():
        (life.root / "inbox" / name).write_bytes(data)
    assert type_in(life.root, "ingest", "--received", "2026-11-12", *day) == 1
    with Ledger.open(life.office.workspace.ledger, read_only=True) as ledger:
        held = [e for e in ledger.entries() if e.verdict is Verdict.HELD]
    assert {entry.branch for entry in held} == set(NOT_COUNTED)
    for entry in held:
        why = ("--why", "Thường trực Đảng ủy đồng ý nhận sau ngày khóa sổ")
        assert type_in(life.root, "accept", str(entry.id), *why, *day) == 0
    assert type_in(life.root, "consolidate", "--period", "2026-10", *day) == 0
    assert type_in(life.root, "close", "2026-10", *day) == 0
    assert type_in(life.root, "doctor") == 0
    closed = life.root / "reports" / "2026-10" / "tong-hop-2026-10_chot-1.xlsx"
    assert closed.read_bytes() == (life.root / WORKBOOK).read_bytes()
    assert not figures_of(life.office, as_of=date(2026, 11, 12)).is_provisional


def test_its_news_stand_on_the_sheets_and_go_out_without_names(life: Life) -> None:
    """Of whatever the commune holds by then: other tests here correct and close its months."""
    with Ledger.open(life.office.workspace.ledger, read_only=True) as ledger:
        inputs = load_inputs(life.office, ledger, OCTOBER, AS_OF)
    figures = compute(inputs)
    sentences, book = news(inputs, figures), load_sheets(reports.write(inputs))
    assert {"returns", "low", "quotas", "change"} <= {s.rule.id for s in sentences}
    assert len(sentences) <= MAX_SENTENCES
    assert not [missing for s in sentences for missing in amounts_not_on_sheets(s, book)]
    outputs = write_outputs(inputs, figures, "vi")
    message = outputs[Output.MESSAGE].decode()
    assert len(message.splitlines()) <= MAX_CHAT_LINES
    officers = {officer.name for officer in inputs.register.officers}
    assert not [name for name in officers if name in message]
    assert find_leaks(outputs[Output.UNNAMED], officers) == ()
    assert 2 <= len(load_sheets(outputs[Output.CIRCULATION])) <= 9
