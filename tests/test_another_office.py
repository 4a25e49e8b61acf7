"""A commune of 2026 that begins in October: nothing names another place or level, no month is red.

It lives by the ordinary commands, from the questions of `init` to the letters.
"""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import click
import openpyxl
import pytest
from builders.foreign_words import foreign_words, letter_texts, texts
from builders.json_results import states
from builders.sample_office import rows
from builders.sheet_cells import differences, load_sheets, recalculate

from mlay_batch.app.load_inputs import load_inputs
from mlay_batch.app.office import open_office
from mlay_batch.app.workspace import Workspace
from mlay_batch.cli import mlay, run
from mlay_batch.core.period import Period
from mlay_batch.figures import compute
from mlay_batch.figures.report_records import Figures
from mlay_batch.ledger import Ledger
from mlay_batch.model.office_rules import Profile
from mlay_batch.model.records import Row
from mlay_batch.schema import load_catalogue
from mlay_batch.template import TemplateContext, render

OCTOBER, AS_OF = Period(2026, 10), "2026-11-10"
ANSWERS = ("Đảng ủy xã Tân Lập", "Tân Lập", "xã", "10/2026", "5", "5", "0")
CELLS = ("CB-01", "CB-02", "CB-03")
SECTIONS = {
    "organisations": [
        {"code": "DU", "name": "Đảng ủy xã Tân Lập", "type": "office"},
        *(
            {
                "code": code,
                "name": f"Chi bộ bản {name}",
                "type": "cell_direct",
                "parent": "DU",
                "mail": f"{code.lower()}@tanlap.example",
            }
            for code, name in zip(CELLS, ("Pom", "Cang", "Luông"), strict=True)
        ),
    ],
    "officers": [
        {"code": "DU-1", "name": "Lò Văn Pọm", "own_cell": "DU"},
        {"code": "DU-2", "name": "Quàng Thị Lả", "own_cell": "DU"},
    ],
    "assignments": [
        {"officer": o, "branch": b, "role": "office_official", "from": date(2026, 1, 1)}
        for o, b in (("DU-1", "CB-01"), ("DU-2", "CB-02"), ("DU-2", "CB-03"))
    ],
    "signatories": [
        {
            "signing": "signed",
            "name": "Lò Văn Pọm",
            "position": "Phó Bí thư",
            "from": date(2026, 1, 1),
        }
    ],
}


@dataclass(frozen=True)
class Life:
    """The office's folder, and what its commands printed."""

    root: Path
    screens: str

    @property
    def book(self) -> bytes:
        return (self.root / "reports" / "2026-10" / "tong-hop-2026-10.xlsx").read_bytes()

    def figures(self) -> Figures:
        office = open_office(Workspace.find(self.root))
        with Ledger.open(office.workspace.ledger, read_only=True) as ledger:
            return compute(load_inputs(office, ledger, OCTOBER, date.fromisoformat(AS_OF)))


def answer(monkeypatch: pytest.MonkeyPatch, *answers: str) -> None:
    """Type the answers at the keyboard."""
    monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{line}\n" for line in answers)))


def fill_in_register(root: Path) -> None:
    """Type the lists into the register that `init` made, whose rules stay."""
    office = open_office(Workspace.find(root))
    form = load_catalogue().register_form
    made = openpyxl.load_workbook(root / "register.xlsx")
    assert "Đảng bộ xã" in {c.value for line in made["Tổ chức"] for c in line}
    own = office.register.rules
    assert own.profile == Profile("commune", None, None, "Tân Lập", "2026-10")
    profile = {"level": "commune", "place": "Tân Lập", "start": "2026-10"}
    quotas = [{"role": q.role, "from": q.from_, "times": q.times} for q in own.quotas]
    deadlines = [{"form": d.form, "from": d.from_, "due": d.due} for d in own.deadlines]
    rules: list[Row] = [
        *rows("office", profile | {"parent": "Tỉnh ủy Điện Biên"}),
        *rows("quotas", *quotas),
        *rows("deadlines", *deadlines),
    ]
    lists = [row for name, entries in SECTIONS.items() for row in rows(name, *entries)]
    context = TemplateContext("DU", "Đảng ủy xã Tân Lập", "", None)
    (root / "register.xlsx").write_bytes(render(form, context, [*lists, *rules]))


def send_in(root: Path) -> None:
    """Fill in the forms of October: one right, one with a mistake, none of the third cell."""
    form = open_office(Workspace.find(root)).catalogue.form_for("meeting", OCTOBER)
    assert form
    for code, present in (("CB-01", 12), ("CB-02", 40)):
        context = TemplateContext(code, "Chi bộ", "Đảng ủy xã Tân Lập", OCTOBER, "Tân Lập")
        came: Mapping[str, Any] = {"held_on": date(2026, 10, 5), "kind": "regular"}
        values = [
            *rows("members", {"opening": 13}),
            *rows("meetings", {**came, "content": "Thu hoạch lúa", "duration": 95,
                               "expected": 13, "present": present}),
            *rows("scores", {**came, "scorer": "own", "total": 92}),
            *rows("visits", {**came, "officer": "DU-1"}),
        ]  # fmt: skip
        (root / "inbox" / f"{code}.xlsx").write_bytes(render(form, context, values))


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Life:
    root = tmp_path_factory.mktemp("commune") / "tan-lap"
    at = ("-C", str(root))
    day = ("--as-of", AS_OF)
    with pytest.MonkeyPatch.context() as patch:
        screens = io.StringIO()
        patch.setattr("sys.stdout", screens)
        patch.setattr("sys.stderr", screens)
        answer(patch, *ANSWERS)
        assert run(["init", str(root)]) == 0
        screens.truncate(0)  # it asks for the level, and so names them
        fill_in_register(root)
        assert run(["register", *at]) == 0
        assert run(["template", *at, "--period", "2026-10"]) == 0
        send_in(root)
        received = ("--received", "2026-11-03")
        assert run(["ingest", *at, *received, *day]) == 1  # one is sent back
        assert run(["consolidate", *at, "--period", "2026-10", *day]) == 0
        assert run(["reply", *at, "--period", "2026-10", *day]) == 0
        assert run(["status", *at, "--period", "2026-10", *day]) == 0
        assert run(["report", "CB-01", *at, "--period", "2026-10", *day]) == 0
    return Life(root, screens.getvalue())


def test_the_office_is_called_by_its_name_and_by_no_other(life: Life) -> None:
    books = sorted(life.root.rglob("*.xlsx"))
    assert {path.parent.name for path in books} >= {"2026-10", "2026", "tan-lap"}
    for path in books:
        if path.name not in ("register.xlsx", "register-cu.xlsx"):
            assert foreign_words(texts(path.read_bytes())) == [], path
    workbook = texts(life.book)
    assert {"ĐẢNG ỦY XÃ TÂN LẬP", "TỈNH ỦY ĐIỆN BIÊN", "*"} <= set(workbook)
    assert any(text.startswith("Tân Lập, ngày 10 tháng 11") for text in workbook)
    form = texts((life.root / "outbox" / "2026-10" / next(
        path.name for path in books if path.name.startswith("CB-01_")
    )).read_bytes())  # fmt: skip
    assert any("gửi về văn phòng Đảng ủy xã." in text for text in form)


def test_the_register_offers_other_levels_only_as_the_level(life: Life) -> None:
    found = set(foreign_words(texts((life.root / "register.xlsx").read_bytes())))
    levels = {choice.title.vi for choice in load_catalogue().register_form.choices["level"]}
    assert {text for text in found if "Chọn trong danh sách: Tỉnh;" not in text} <= levels


def test_letters_and_screens_name_no_other_office(life: Life) -> None:
    letters = sorted((life.root / "outbox").rglob("*.eml"))
    assert len(letters) == 3  # a receipt, a returned form, a reminder
    for path in letters:
        body, *others = letter_texts(path.read_bytes())
        assert "Đảng ủy xã Tân Lập" in body
        assert foreign_words((body, *others)) == []
    assert foreign_words(life.screens.splitlines()) == []


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_help_names_no_office_but_where_a_level_or_a_sample_is_chosen(
    lang: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def helps(command: click.Command, *names: str) -> Iterator[str]:
        if names not in (("init",), ("demo",)):
            assert run([*names, "--lang", lang, "--help"]) == 0
            yield capsys.readouterr().out
        for name in getattr(command, "commands", {}) or (
            command.list_commands(click.Context(command))
            if isinstance(command, click.Group)
            else ()
        ):
            inner = command.get_command(click.Context(command), name)  # type: ignore[attr-defined]
            yield from helps(inner, *names, name)

    pages = list(helps(mlay))
    assert len(pages) > 20
    assert foreign_words(pages) == []


def test_no_month_before_the_first_is_missing_or_due(life: Life) -> None:
    (matrix,) = life.figures().completeness  # the year 2025 is asked of nobody
    before = {cell.state for (_, month), cell in matrix.cells.items() if month < OCTOBER}
    now = [matrix.cell(code, OCTOBER).state for code in CELLS]
    assert (before, now) == ({"unused"}, ["reported", "rejected", "missing"])
    assert "01" not in life.screens.split("Đơn vị")[-1].splitlines()[0]  # status: October alone


def test_nobody_is_reminded_of_a_month_before_the_first(
    life: Life, capsys: pytest.CaptureFixture[str]
) -> None:
    at = ("-C", str(life.root), "--as-of", AS_OF)
    assert run(["reply", *at, "--period", "2026-09", "--dry-run", "--json"]) == 0
    assert "reminder" not in capsys.readouterr().out
    assert run(["status", *at, "--period", "2026-09", "--json"]) == 0
    months = states(capsys.readouterr().out, "meeting").values()
    assert {month for states in months for month, x in states.items() if x == "missing"} <= {
        "2026-10"
    }


def test_the_page_of_a_branch_begins_with_the_first_month(life: Life) -> None:
    (path,) = (life.root / "reports" / "2026").glob("chi-bo-CB-01-*.xlsx")
    found = texts(path.read_bytes())
    assert not [text for text in found if "Chưa nộp" in text or "■" in text]


def test_a_change_of_level_leaves_a_filled_register_valid(life: Life, tmp_path: Path) -> None:
    """Titles of types and roles follow the level; those of another level are understood."""
    old = openpyxl.load_workbook(life.root / "register.xlsx")
    sheet = old["Tổ chức"]
    typed = {"Đảng bộ": "Đảng bộ thị xã", "Chi bộ trực thuộc": "Chi bộ trực thuộc thị ủy"}
    renamed = [cell for line in sheet for cell in line if cell.value in typed]
    assert len(renamed) >= 4
    for cell in renamed:
        cell.value = typed[cell.value]
    root = shutil.copytree(life.root, tmp_path / "office")
    old.save(root / "register.xlsx")
    types = {o.code: o.type for o in open_office(Workspace.find(root)).register.organisations}
    assert types == {"DU": "office", **dict.fromkeys(CELLS, "cell_direct")}


def test_the_first_year_owes_from_the_first_month(life: Life) -> None:
    """5 a year from October: 5 × 3/12 = 1.25 by the year's end, 5/12 so far."""
    lines = {line.officer: line for line in life.figures().quota}
    assert {(line.served, line.served_year, line.obligation) for line in lines.values()} == {
        (1.0, 3.0, 1)
    }
    assert lines["DU-1"].owed == pytest.approx(5 / 12)
    assert (lines["DU-1"].state, lines["DU-2"].state) == ("met", "on_course")
    assert {line.quota.quota for line in lines.values()} == {"office_official"}  # the other is 0


@pytest.mark.libreoffice
def test_the_first_year_is_calculated_alike_elsewhere(life: Life, tmp_path: Path) -> None:
    book = load_sheets(life.book)
    assert differences(book, recalculate(life.book, tmp_path), book) == []
