"""Cells, towns, province: a town's workbook is a return, and the sums are those of the cells."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date
from email.message import EmailMessage
from pathlib import Path

import pytest
from builders.comparable import comparable
from builders.offices import (
    AS_OF,
    NOVEMBER,
    PROVINCE,
    Levels,
    alter_book,
    book,
    give,
    hand_in,
    province,
    workspace,
)
from builders.sample_office import MeetingReturn
from builders.sheet_cells import load_sheets

from mlay_batch import reader
from mlay_batch.app.check_file import check
from mlay_batch.app.consolidate import consolidate
from mlay_batch.app.ingest import IngestResult, ingest
from mlay_batch.app.load_inputs import load_inputs
from mlay_batch.app.office import Office
from mlay_batch.app.reply import LetterSelection, reply_letters
from mlay_batch.app.rollup import check_rollup, merge_subordinates
from mlay_batch.app.settings import CONFIG_TEMPLATE, Settings
from mlay_batch.checks.identity import identify
from mlay_batch.core.period import Period
from mlay_batch.core.text import name_key
from mlay_batch.errors import UsageError
from mlay_batch.figures import compute
from mlay_batch.figures.report_records import Figures
from mlay_batch.ledger import Ledger
from mlay_batch.mail.shortlist import FULL_LIST
from mlay_batch.model.records import CheckedFile, IncomingFile, Verdict

pytestmark = pytest.mark.usefixtures("reading_here")

OCTOBER = Period(2019, 10)


def figures(office: Office, period: Period = NOVEMBER) -> Figures:
    with Ledger.open(office.workspace.ledger, read_only=True) as ledger:
        return compute(load_inputs(office, ledger, period, AS_OF))


def verdicts(done: IngestResult) -> list[str]:
    return [d.verdict.value for d in done.decisions]


def codes(done: IngestResult) -> set[str]:
    return {f.code for d in done.decisions for f in d.findings}


def test_a_workbook_is_one_file_with_one_verdict(levels: Levels) -> None:
    assert verdicts(levels.taken) == ["accepted", "accepted"]
    assert codes(levels.taken) == set()
    with Ledger.open(levels.top.workspace.ledger, read_only=True) as ledger:
        assert ledger.counts()[Verdict.ACCEPTED] == len(ledger.entries()) == 2


def test_the_province_counts_what_it_would_count_from_the_cells(
    levels: Levels, tmp_path_factory: pytest.TempPathFactory
) -> None:
    flat = province(tmp_path_factory.mktemp("flat") / "p", flat=True)
    give(flat, "")
    rolled, straight = figures(levels.top), figures(flat)
    assert comparable(rolled) == comparable(straight)
    states = {cell.state for entry in rolled.completeness for cell in entry.cells.values()}
    assert {"reported", "late", "rejected", "missing", "waived"} <= states
    assert [line.kind for line in rolled.unit_kinds] == ["village", "force", None]
    (shared,) = (line for line in rolled.quota if line.officer == "P-1")
    assert (shared.attended, len(shared.branches)) == (4, 2)  # in both towns
    apart = {line.officer for line in rolled.quota if name_key(line.name) == name_key("Lò Văn An")}
    assert apart == {"TU-A.CU-1", "TU-B.CU-9"}


def test_a_fourth_level_counts_the_same(levels: Levels, tmp_path: Path) -> None:
    done = consolidate(levels.top, NOVEMBER, as_of=AS_OF, holder="test")
    lists = {
        "organisations": [
            {"code": "TW", "name": "Trung ương", "type": "centre"},
            PROVINCE | {"type": "province", "parent": "TW"},
        ]
    }
    own_form = "extends: register.yaml\nchoices:\n  organisation_type:\n" + "".join(
        f"    - {{id: {name}, title: {{vi: {name}, en: {name}}}}}\n"
        for name in ("centre", "province")
    )
    centre = workspace(tmp_path / "centre", "Trung ương", lists, own_form, "province")
    taken = hand_in(centre, "2019-12-07T08:00:00+07:00", province=done.path.read_bytes())
    assert (verdicts(taken), codes(taken)) == (["accepted"], set())
    assert comparable(figures(centre)) == comparable(figures(levels.top))
    assert "TINH.TU-A.A-1" in {s.branch for s in figures(centre).sittings}


def test_the_matrix_says_which_town_has_handed_in(levels: Levels) -> None:
    (owed,) = (e for e in figures(levels.top).completeness if e.form == "consolidated")
    assert {b.code for b in owed.branches} == {"TU-A", "TU-B"}
    assert owed.cell("TU-A", NOVEMBER).state == "reported"
    assert owed.cell("TU-A", OCTOBER).state == "reported"  # November's holds the year
    (later,) = (
        e for e in figures(levels.top, Period(2019, 12)).completeness if e.form == "consolidated"
    )
    assert later.cell("TU-A", Period(2019, 12)).state == "not_due"


def stranger(data: bytes) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "x@y.example", "tinh@tinh.example", "Tháng 11"
    mail["Date"] = "Fri, 06 Dec 2019 10:00:00 +0700"
    mail.set_content("Kính gửi")
    mail.add_attachment(data, maintype="application", subtype="xlsx", filename="stranger.xlsx")
    return mail.as_bytes()


def test_what_was_altered_or_sent_by_a_stranger_does_not_count(
    levels: Levels, tmp_path: Path
) -> None:
    book = levels.books["TU-A"]
    files = {
        "rows.xlsx": alter_book(book, "Bàn việc trong tháng", "Bàn việc khác"),
        "lists.xlsx": alter_book(book, ">2019-12-06<", ">2019-12-05<"),
        "again.xlsx": alter_book(book),
        "mail.eml": stranger(book + b"\n"),
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    done = ingest(
        levels.top,
        [tmp_path],
        as_of=AS_OF,
        received="2019-12-06T16:00:00+07:00",
        who="test",
        holder="test",
        dry_run=True,
    )
    outcomes = {
        d.checked.file.name: (d.verdict.value, {f.code for f in d.findings}) for d in done.decisions
    }
    assert outcomes == {
        "rows.xlsx": ("rejected", {"I30"}),
        "lists.xlsx": ("rejected", {"I31"}),
        "again.xlsx": ("duplicate", {"L04"}),
        "stranger.xlsx": ("held", {"I20"}),
    }
    (rows,) = (d for d in done.decisions if d.checked.file.name == "rows.xlsx")
    named = {(f.params["branch"], f.params["period"]) for f in rows.findings}
    assert named == {
        ("A-1", "2019-10"),
        ("A-2", "2019-10"),
        ("A-3", "2019-10"),
        ("A-1", "2019-11"),
        ("A-3", "2019-11"),
    }


def test_who_altered_it_is_asked_to_make_it_anew(levels: Levels, tmp_path: Path) -> None:
    """Letter of I30 and I31: nothing to fill in, nothing to mend by hand; made anew it counts."""
    shutil.copytree(levels.top.workspace.root, tmp_path / "top")
    workspace = replace(levels.top.workspace, root=tmp_path / "top")
    top, town_book = replace(levels.top, workspace=workspace), levels.books["TU-A"]
    rows = alter_book(town_book, "Bàn việc trong tháng", "Bàn việc khác")
    lists = alter_book(town_book, ">2019-12-06<", ">2019-12-05<")
    hand_in(top, "2019-12-06T16:00:00+07:00", rows=rows)
    hand_in(top, "2019-12-06T17:00:00+07:00", lists=lists)
    with Ledger.open(workspace.ledger) as ledger:
        selection = LetterSelection(NOVEMBER, AS_OF)
        letters = reply_letters(top, ledger, selection).letters
    redo = [letter for letter in letters if letter.kind == "redo"]
    assert len(redo) == 2
    assert "đã bị sửa sau khi lập" in redo[0].body and "đã bị sửa sau khi lập" in redo[1].body
    for letter in redo:
        assert "chạy lại mlay consolidate" in letter.body.lower()
        assert {attachment.name for attachment in letter.attachments} <= {FULL_LIST}
    again = hand_in(top, "2019-12-06T18:00:00+07:00", anew=alter_book(town_book))
    assert verdicts(again) == ["duplicate"]  # what it says counts already


def test_at_home_nobody_hands_in_to_himself(levels: Levels, tmp_path: Path) -> None:
    (file := tmp_path / "a.xlsx").write_bytes(levels.books["TU-A"])
    done = ingest(
        levels.a,
        [file],
        as_of=AS_OF,
        received="2019-12-06T16:00:00+07:00",
        who="test",
        holder="test",
        dry_run=True,
    )
    assert (verdicts(done), "I08" in codes(done)) == (["rejected"], True)


def test_a_newer_workbook_supersedes_and_brings_what_came_since(levels: Levels) -> None:
    hand_in(levels.a, "2019-12-07T08:00:00+07:00", good=book(MeetingReturn("A-2")))
    newer = consolidate(levels.a, NOVEMBER, as_of=date(2019, 12, 8), holder="test")
    done = hand_in(levels.top, "2019-12-08T15:00:00+07:00", newer=newer.path.read_bytes())
    assert (verdicts(done), "L05" in codes(done)) == (["accepted"], True)
    after = figures(levels.top)
    assert len([s for s in after.sittings if s.branch == "TU-A.A-2"]) == 2
    (meetings,) = (e for e in after.completeness if e.form == "meeting")
    assert meetings.cell("TU-A.A-2", NOVEMBER).state == "late"


def test_codes_are_kept_only_where_the_register_above_knows_the_same(levels: Levels) -> None:
    with Ledger.open(levels.top.workspace.ledger, read_only=True) as ledger:
        books = ledger.returns("consolidated")
    joined = merge_subordinates(levels.top.register, levels.top.catalogue, books).register
    assert {o.code for o in joined.organisations} == {
        "TINH", "TU-A", "TU-B", "TU-A.DB-A", "TU-A.A-1", "TU-A.A-2", "TU-A.A-3",
        "TU-B.B-1", "TU-B.B-2",
    }  # fmt: skip
    assert joined.by_code["TU-A.A-1"].parent == "TU-A.DB-A"
    assert joined.by_code["TU-A.DB-A"].parent == "TU-A"
    assert [o.code for o in joined.officers] == ["P-1", "TU-A.CU-1", "TU-B.CU-9"]


def test_where_it_was_made_check_finds_it_whole(levels: Levels, tmp_path: Path) -> None:
    (file := tmp_path / "b.xlsx").write_bytes(levels.books["TU-B"])
    result = check(file, levels.b.catalogue, levels.b, AS_OF)
    assert (result.findings, result.form and result.form.form) == ((), "consolidated")


def test_other_quotas_here_are_told_and_these_hold(levels: Levels) -> None:
    data, top = levels.books["TU-B"], levels.top
    leaf = IncomingFile("b.xlsx", data, "b.xlsx", "2019-12-06T15:00:00+07:00")
    judged = CheckedFile(leaf, reader.read(data, leaf.name, top.intake_catalogue.forms))
    judged = identify(judged, top.intake_catalogue, top.register, AS_OF)
    assert not check_rollup(judged, top.catalogue, top.register.rules).findings
    harder = tuple(replace(quota, times=quota.times + 5) for quota in top.catalogue.quotas)
    checked = check_rollup(judged, replace(top.catalogue, quotas=harder), top.register.rules)
    assert ([f.code for f in checked.findings], checked.is_refused) == (["I32"], False)


def test_what_hands_in_is_a_list_of_types() -> None:
    text = CONFIG_TEMPLATE
    assert Settings.parse(text + '[consolidated]\nfrom = ["town"]\n').consolidated == ("town",)
    for wrong in ('from = "town"', "from = [1]", ""):
        with pytest.raises(UsageError, match="consolidated"):
            Settings.parse(f"{text}[consolidated]\n{wrong}\n")


def test_a_section_without_a_row_has_no_sheet_and_reaches_the_level_above(levels: Levels) -> None:
    """Town B had no thematic meeting: its section is read from the hidden sheet."""
    book = load_sheets(levels.books["TU-B"])
    assert "Dữ liệu chuyên đề" not in book and "Dữ liệu buổi họp" in book
    marked = {str(row[0]) for row in book["_consolidated"].rows}
    assert {"meeting_thematic:start", "meeting_thematic:end"} <= marked
    assert "meeting_meetings:start" not in marked
    assert verdicts(levels.taken) == ["accepted", "accepted"]
