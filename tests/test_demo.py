"""The sample town: what it promises, by plain arithmetic and through the figures."""

from __future__ import annotations

import hashlib
import io
import os
import shlex
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from datetime import date
from functools import cache
from itertools import islice
from pathlib import Path

import pytest
from builders import in_process
from python_calamine import CalamineWorkbook

from mlay_batch import demo, reader
from mlay_batch.app.office import open_office
from mlay_batch.app.status import status
from mlay_batch.app.workspace import Workspace
from mlay_batch.cli import run
from mlay_batch.core.period import Period
from mlay_batch.demo.sample_files import FormFiller
from mlay_batch.demo.yearly import spread
from mlay_batch.figures import compute
from mlay_batch.figures.report_records import Figures, ReportInputs
from mlay_batch.model.records import AcceptedReturn, LedgerEntry, Row, Verdict
from mlay_batch.schema import Catalogue, load_catalogue

NOVEMBER = Period(2019, 11)
MONTHS = [Period(2019, month) for month in range(1, 12)]


@cache
def town() -> demo.SampleOffice:
    return demo.load_sample()


@cache
def catalogue() -> Catalogue:
    return load_catalogue(demo.load_sample().schemas)


@cache
def returns() -> tuple[demo.SampleReturn, ...]:
    return tuple(demo.returns(town(), catalogue()))


@cache
def months() -> dict[tuple[str, Period], demo.SampleReturn]:
    return {(s.branch, s.period): s for s in returns() if s.form == "meeting"}


def card(sample: demo.SampleReturn, section: str = "members") -> dict[str, int]:
    return next(dict(row.values) for row in sample.rows if row.section == section)


def rows(section: str) -> list[tuple[demo.SampleReturn, Row]]:
    return [(s, row) for s in months().values() for row in s.rows if row.section == section]


@cache
def figures() -> Figures:
    accepted = []
    for number, s in enumerate(returns(), 1):
        delivery = LedgerEntry(
            number, 1, date(2019, 12, 6), s.name, s.name, "", "hand", None, s.received,
            Verdict.ACCEPTED, s.form, s.version, s.branch, str(s.period),
        )  # fmt: skip
        accepted.append(AcceptedReturn(delivery, s.rows))
    deliveries = tuple(entry.entry for entry in accepted)
    register = town().register
    facts = ReportInputs(
        catalogue(), register, NOVEMBER, date(2019, 12, 8), tuple(accepted), deliveries
    )
    return compute(facts)


class TestTown:
    def test_thirty_five_grassroots_organisations(self) -> None:
        alive = [o for o in town().register.organisations if o.is_active(NOVEMBER)]
        counted = Counter(o.type for o in alive)
        assert counted == {"office": 1, "committee": 5, "cell_direct": 30, "cell": 40}

    def test_every_code_is_known_and_fit_for_a_formula(self) -> None:
        register = town().register
        codes = {*register.by_code, *register.officer_by_code}
        assert all(code[0].isalpha() and code.replace("-", "").isalnum() for code in codes)
        named = {a.officer for a in register.assignments} | {a.branch for a in register.assignments}
        named |= {a.branch for a in register.addresses} | {o.own_cell for o in register.officers}
        named |= {o.parent for o in register.organisations} - {None}
        assert named <= codes

    def test_two_officers_bear_one_name(self) -> None:
        names = Counter(officer.name for officer in town().register.officers)
        assert [name for name, count in names.items() if count > 1] == ["Lò Văn Thắng"]

    def test_every_direct_cell_and_committee_has_an_officer(self) -> None:
        register = town().register
        branches = {a.branch for a in register.assignments if a.is_in_force(NOVEMBER.end)}
        assert branches == {o.code for o in register.children("TU-ML")}

    def test_nobody_is_at_the_end_of_a_real_mailbox(self) -> None:
        assert all(a.mail.endswith("@muonglay.example") for a in town().register.addresses)


class TestMonths:
    def test_1142_members_at_the_end_of_november(self) -> None:
        """The two branches that sent nothing in November count with their last figure."""
        register = town().register
        last: dict[str, int] = {}
        for (branch, _), sample in sorted(months().items()):
            if register.by_code[branch].is_active(NOVEMBER):
                last[branch] = card(sample)["closing"]
        assert len(last) == 70
        assert sum(last.values()) == 1142

    def test_what_is_missing_in_november(self) -> None:
        form = catalogue().form_for("meeting", NOVEMBER)
        assert form
        owing = {o.code for o in town().register.reporters(form, NOVEMBER)}
        assert owing - {b for b, p in months() if p == NOVEMBER} == {"CB-19", "DB3-CB10"}

    def test_movement_adds_up(self) -> None:
        for _, row in rows("members"):
            m = row.values
            into = sum(m[k] for k in ("admitted", "moved_in", "restored"))
            out = sum(m[k] for k in ("died", "expelled", "moved_out"))
            assert m["opening"] + into - out == m["closing"] > m["exempt"] + m["away"]

    def test_each_month_opens_with_the_last_closing(self) -> None:
        last: dict[str, int] = {}
        merged = {"DB3-CB13": ("DB3-CB04", "DB3-CB05")}
        for month in MONTHS:
            for branch in [b for b, p in months() if p == month]:
                m = card(months()[branch, month])
                if branch in last:
                    assert m["opening"] == last[branch], (branch, month)
                elif branch in merged:
                    assert m["opening"] == sum(last[part] for part in merged[branch])
                elif month != MONTHS[0]:
                    assert (branch, month, m["opening"]) == ("DB1-CB12", Period(2019, 5), 0)
                last[branch] = m["closing"]

    def test_no_rule_of_the_form_is_broken(self) -> None:
        for sample in months().values():
            meetings = [r.values for r in sample.rows if r.section == "meetings"]
            days = {(m["held_on"], m["kind"]) for m in meetings}
            assert len(days) == len(meetings) <= 2
            assert bool(meetings) != (card(sample)["no_meeting"] == "yes")
            for row in sample.rows:
                if row.section in ("thematic", "scores", "visits"):
                    assert row.values["held_on"] in {day for day, _ in days}
                if "held_on" in row.values:
                    assert row.values["held_on"] in sample.period
            thematic = {r.values["held_on"] for r in sample.rows if r.section == "thematic"}
            assert thematic == {day for day, kind in days if kind != "regular"}
            for m in meetings:
                assert m["present"] + m["excused"] + m["unexcused"] == m["expected"]
                assert 0 < m["speakers"] <= m["present"]

    def test_scores_stay_in_their_groups_and_add_up(self) -> None:
        scheme = catalogue().scheme_for("meeting_score", NOVEMBER)
        assert scheme
        for _, row in rows("scores"):
            points = [row.values[group.id] for group in scheme.groups]
            assert all(0 <= p <= g.max for p, g in zip(points, scheme.groups, strict=True))
            assert sum(points) == row.values["total"]

    def test_some_meetings_earn_a_warning_and_most_do_not(self) -> None:
        meetings = [row.values for _, row in rows("meetings")]
        short = sum(m["duration"] < 90 for m in meetings)
        thin = sum(100 * m["present"] <= 85 * m["expected"] for m in meetings)
        assert 5 < short < len(meetings) // 20
        assert 5 < thin < len(meetings) // 20

    def test_a_quarter_mostly_has_its_theme(self) -> None:
        themed = {(s.branch, (s.period.month - 1) // 3) for s, _ in rows("thematic")}
        quarters = {(branch, (month.month - 1) // 3) for branch, month in months()}
        assert 0.75 < len(themed) / len(quarters) < 1

    def test_file_names_are_alone_in_their_folder(self) -> None:
        names = Counter((s.received, s.name.casefold()) for s in returns())
        assert max(names.values()) == 1
        assert not any(sign in s.name for s in returns() for sign in '/\\:*?"<>|')


class TestYears:
    def test_the_published_means_by_plain_arithmetic(self) -> None:
        shares: dict[str, list[float]] = {"top": [], "completed": [], "bottom": []}
        pooled: Counter[str] = Counter()
        for year in (2016, 2017, 2018):
            of_year = [s for s in returns() if str(s.period) == str(year)]
            cells, members = Counter[str](), Counter[str]()
            for sample in of_year:
                cells.update(card(sample, "cells"))
                members.update(card(sample, "members"))
            assert len(of_year) == 35
            assert cells["grade4"] == 0
            completed = members["grade1"] + members["grade2"] + members["grade3"]
            subject = members["rated"] + members["not_rated"]
            assert subject + members["exempt"] == members["total"]
            shares["top"].append(100 * cells["grade1"] / (cells["rated"] + cells["not_rated"]))
            shares["completed"].append(100 * completed / subject)
            shares["bottom"].append(100 * members["grade4"] / subject)
            pooled.update(subject=subject, completed=completed, bottom=members["grade4"])
        assert pooled == {"subject": 2865, "completed": 2854, "bottom": 8}
        mean = {name: sum(yearly) / 3 for name, yearly in shares.items()}
        assert mean["top"] > 90
        assert (round(mean["completed"], 1), round(mean["bottom"], 2)) == (99.6, 0.28)

    def test_the_published_means_through_the_program(self) -> None:
        mean = figures().classification_mean
        assert mean
        shares = {path: round(share or 0, 2) for path, share in mean.shares.items()}
        assert shares["cells", "top"] > 90
        assert shares["cells", "bottom"] == 0
        assert round(shares["members", "completed"], 1) == 99.6
        assert shares["members", "bottom"] == 0.28

    def test_2019_opens_with_the_members_of_2018(self) -> None:
        of_2018 = [s for s in returns() if str(s.period) == "2018"]
        january = [card(s)["opening"] for s in months().values() if s.period == MONTHS[0]]
        assert sum(card(s)["total"] for s in of_2018) == sum(january)

    def test_each_return_adds_up(self) -> None:
        for sample in returns():
            if sample.form == "classification":
                for part in ("cells", "members"):
                    c = card(sample, part)
                    assert c["total"] == c["rated"] + c["not_rated"] + c.get("exempt", 0)
                    assert c["rated"] == sum(c[f"grade{n}"] for n in (1, 2, 3, 4))
                    assert min(c.values()) >= 0

    def test_largest_remainder(self) -> None:
        most = {"a": 9, "b": 9, "c": 9}
        assert spread(10, {"a": 3, "b": 3, "c": 1}, most) == {"a": 4, "b": 4, "c": 2}
        assert spread(3, {"a": 1, "b": 1, "c": 0}, most) == {"a": 2, "b": 1, "c": 0}
        assert spread(3, {"a": 5, "b": 0, "c": 0}, {"a": 1, "b": 1, "c": 1}) == most.fromkeys(
            "abc", 1
        )


class TestFigures:
    def test_quotas_have_every_state(self) -> None:
        states = {line.officer: line.state for line in figures().quota}
        counted = Counter(states.values())
        assert counted == {"met": 10, "on_course": 5, "behind": 6}
        assert {q.quota.quota for q in figures().quota} == {"office_official", "committee_member"}
        assert len(states) == 21

    def test_as_many_visits_count_as_the_town_says(self) -> None:
        attended = {line.officer: line.attended for line in figures().quota}
        visits = dict(town().data["visits"])
        visits["CU01"] += 1  # two places on one day: one is certain, the other to be settled
        assert attended == visits
        assert {line.officer: line.unsettled for line in figures().quota if line.unsettled} == {
            "CU01": 1
        }

    def test_every_kind_of_doubtful_visit(self) -> None:
        doubts = Counter(a.reason for a in figures().attendances if a.reason)
        assert doubts == {"Q01": 1, "Q02": 3, "Q03": 1, "Q06": 2}

    def test_every_state_of_a_return(self) -> None:
        meeting = next(c for c in figures().completeness if c.form == "meeting")
        states = Counter(entry.state for entry in meeting.cells.values())
        expected = {"late": 6, "missing": 2, "waived": 1, "nil": 1, "not_yet": 4 + 7, "ended": 8}
        assert {s: n for s, n in states.items() if s != "reported"} == expected

    def test_members_of_merged_cells_are_counted_once(self) -> None:
        """1142 − 81 admitted or come + 45 gone = 1106 in January: 9 + 7 passed on in August."""
        movement = figures().movement
        assert movement
        blocks = {line.branch.code: line.in_year for line in movement.lines if line.in_year}
        opening, closing = (
            sum(getattr(block, name) for block in blocks.values())
            for name in ("opening", "closing")
        )
        assert (opening, closing) == (1106, 1142)
        merged = {code: block.merged for code, block in blocks.items() if block.merged}
        assert merged == {"DB3-CB04": -9, "DB3-CB05": -7, "DB3-CB13": 16}
        assert blocks["DB3-CB13"].opening == 0

    def test_nothing_contradicts_but_one_officer_in_two_places(self) -> None:
        assert {finding.code for _, finding in figures().warnings} == {"X02"}


PRINT_HASH = """
import hashlib
from mlay_batch import demo
from mlay_batch.schema import load_catalogue
made = repr(list(demo.returns(demo.load_sample(), load_catalogue())))
print(hashlib.sha256(made.encode()).hexdigest())
"""


def test_another_process_makes_the_same_town() -> None:
    expected = hashlib.sha256(repr(list(returns())).encode()).hexdigest()
    process = subprocess.run(
        [sys.executable, "-c", PRINT_HASH],
        env={**os.environ, "PYTHONHASHSEED": "4711"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert process.stdout.strip() == expected


FILES = """
import hashlib
from mlay_batch import demo
from mlay_batch.demo.sample_files import FormFiller
from mlay_batch.schema import load_catalogue
town, catalogue = demo.load_sample(), load_catalogue()
sample = next(s for s in demo.returns(town, catalogue) if s.form == "meeting")
filler = FormFiller(catalogue, town)
for data in (demo.render_return(sample, catalogue, town), filler.fill_in(sample)):
    print(hashlib.sha256(data).hexdigest())
"""


class TestFiles:
    def test_the_same_bytes_in_every_process(self) -> None:
        outputs = [
            subprocess.run(
                [sys.executable, "-c", FILES],
                env={**os.environ, "PYTHONHASHSEED": seed},
                capture_output=True,
                text=True,
                check=True,
            ).stdout.split()
            for seed in ("1", "2")
        ]
        assert outputs[0] == outputs[1]
        assert len(set(outputs[0])) == 2

    @pytest.mark.parametrize(
        ("branch", "period"),
        [
            ("DB4-CB02", "2019-11"),  # a visit and a confirmed score
            ("CB-28", "2019-01"),  # nobody assigned yet
            ("DB3-CB09", "2019-02"),  # no meeting
            ("DB-1", "2017"),
        ],
    )
    def test_a_form_typed_into_reads_as_one_made_out(self, branch: str, period: str) -> None:
        sample = next(s for s in returns() if (s.branch, str(s.period)) == (branch, period))
        forms = catalogue().forms
        made_out = reader.read(demo.render_return(sample, catalogue(), town()), "a", forms)
        typed = reader.read(FormFiller(catalogue(), town()).fill_in(sample), "b", forms)
        assert typed.findings == made_out.findings == ()
        assert (typed.stamp, typed.header) == (made_out.stamp, made_out.header)
        assert typed.rows == made_out.rows

    def test_more_rows_than_the_blank_has_lines_still_fit(self) -> None:
        sample = months()["CB-08", NOVEMBER]
        activity = {"held_on": date(2019, 11, 20), "kind": "training", "content": "Tập huấn"}
        extra = [Row("activities", "", number, activity, {}) for number in range(1, 8)]
        rows = (*(row for row in sample.rows if row.section != "activities"), *extra)
        data = FormFiller(catalogue(), town()).fill_in(replace(sample, rows=rows))
        assert len(reader.read(data, "a", catalogue().forms).section_rows("activities")) == 7

    def test_each_batch_is_a_folder_of_the_day_it_was_received(self, tmp_path: Path) -> None:
        """Only the first two, to be quick: their files are those of the sample, in their order."""
        small = demo.load_sample("small")
        written = demo.write_batches("small", tmp_path)
        first_two = list(islice(written, 2))
        written.close()
        for batch, inbox_folder in zip(demo.batches(small), first_two, strict=False):
            assert inbox_folder.folder == tmp_path / "inbox" / inbox_folder.received[:10]
            assert {sample.received for sample in batch} == {inbox_folder.received}
            filler = FormFiller(small.catalogue, small)
            assert {path.name: path.read_bytes() for path in inbox_folder.folder.iterdir()} == {
                sample.name: filler.fill_in(sample) for sample in batch
            }


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("small") / "xã nhỏ"
    screen = io.StringIO()
    with in_process.here(), pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdout", screen)
        assert run(["demo", "--small", str(folder)]) == 0
    return folder, screen.getvalue()


class TestTheSmallOne:
    """`mlay demo --small`: what it says is planted is what the commands then find."""

    def test_the_states_of_its_last_month(self, made: tuple[Path, str]) -> None:
        office = open_office(Workspace.find(made[0]))
        (months,) = status(office, Period(2026, 10), date(2026, 11, 11)).forms
        states = {branch: cell.state for (branch, period), cell in months.cells.items()
                  if period == Period(2026, 10)}  # fmt: skip
        assert len(states) == 12
        assert {b: s for b, s in states.items() if s != "reported"} == {
            "CB-07": "late",
            "CB-08": "rejected",
            "CB-09": "rejected",  # last month's form, filled in again
        }

    def test_it_says_what_is_planted(self, made: tuple[Path, str]) -> None:
        lines = [line.strip() for line in made[1].splitlines()]
        assert "Đã nhận 40 tệp = 37 được nhận + 2 trả lại + 1 trùng + 0 chờ + 0 bỏ qua." in lines
        assert "nộp muộn: CB-07 Chi bộ bản Nậm Sương 2" in lines
        assert "báo cáo sai, bị trả lại: CB-08 Chi bộ bản Huổi Lót" in lines
        assert "điền lại mẫu của tháng trước: CB-09 Chi bộ bản Pá Tong" in lines

    def test_the_report_names_what_is_to_be_asked(self, made: tuple[Path, str]) -> None:
        folder, said = made
        book = folder / "reports/2026-10/tong-hop-2026-10.xlsx"
        assert f"Bảng tổng hợp: {book}" in said
        sheets = CalamineWorkbook.from_path(str(book))
        signs = str(sheets.get_sheet_by_name("Dữ liệu cảnh báo").to_python())
        assert [code for code in demo.planted(demo.load_sample("small"))["habits"]
                if code not in signs] == []  # fmt: skip

    def test_what_it_says_to_try_next_can_be_typed(
        self, made: tuple[Path, str], capsys: pytest.CaptureFixture[str]
    ) -> None:
        folder, said = made
        (line,) = [line for line in said.splitlines() if " status -C " in line]
        arguments = shlex.split(line[line.index("status") :])
        assert arguments[2] == str(folder)
        assert run(arguments) == 0
        assert "Chi bộ bản Huổi Lót" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["town", "commune", "small"])
def test_what_is_planted_as_missing_is_not_sent(name: str) -> None:
    office = demo.load_sample(name)
    last = office.months[-1]
    there = demo.planted(office)
    for branch in (*there.get("missing", ()), *there["refilled"]):
        assert not office.is_counted(last, branch)
    assert not {*there.get("missing", ())} & {*there["refilled"]}  # of these something came
