"""What nobody touched since the last run is neither read nor rendered again; all else is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from pathlib import Path

import pytest
from builders.worklist_clerk import PERIODS, TODO
from builders.worklist_desk import Desk

from mlay_batch import reader
from mlay_batch.app import cache, letter_forms
from mlay_batch.core.findings import Finding, Severity
from mlay_batch.core.period import Period
from mlay_batch.schema import Form
from mlay_batch.template import render

HELD, CHOOSE = "la.xlsx", {"decision": "làm kỳ này"}
HER_OWN = "CB-01"
"""The branch whose return was refused: its form waits in a letter."""


@pytest.fixture
def rendered(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The branches whose forms are rendered, from the second run on."""
    desk.sit()
    branches: list[str] = []

    def counted(form: Form, context: object, *others: object) -> bytes:
        branches.append(context.branch)
        return render(form, context, *others)

    monkeypatch.setattr(letter_forms, "render", counted)
    return branches


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The lists that are read, by the id of their form."""
    forms_read: list[str] = []
    real = reader.read_all

    def counted(files: object, forms: list[Form], *others: object, **more: object) -> object:
        if len(forms) == 1:  # else these are returns, of whatever form
            forms_read.append(forms[0].form)
        return real(files, forms, *others, **more)

    monkeypatch.setattr(reader, "read_all", counted)
    return forms_read


def forms_shown(desk: Desk) -> dict[str, bytes]:
    """The forms that the list's links open."""
    folder = desk.root / "outbox" / "viec-can-lam"
    return {str(x.relative_to(folder)): x.read_bytes() for x in folder.rglob("*_*.xlsx")}


class TestForms:
    def test_are_rendered_once(self, desk: Desk, rendered: list[str]) -> None:
        before = forms_shown(desk)
        desk.sit("2019-12-07")
        assert (rendered, forms_shown(desk)) == ([], before)
        assert before

    def test_of_a_return_that_came_anew_are_rendered(self, desk: Desk, rendered: list[str]) -> None:
        before = forms_shown(desk)
        desk.hand_in(HER_OWN, name="again.xlsx", present=12)
        desk.sit()
        assert rendered == [HER_OWN]
        assert len(forms_shown(desk).keys() - before.keys()) == 1

    @pytest.mark.parametrize("change", ["altered", "gone", "forgotten", "spoiled"])
    def test_that_are_not_as_they_were_are_rendered(
        self, desk: Desk, rendered: list[str], change: str
    ) -> None:
        before = forms_shown(desk)
        kept = desk.root / ".cache" / "rendered.json"
        for name in before:
            path = desk.root / "outbox" / "viec-can-lam" / name
            path.chmod(0o600)
            if change == "altered":
                path.write_bytes(b"typed into")
            elif change == "gone":
                path.unlink()
        if change == "forgotten":
            kept.unlink()
        elif change == "spoiled":
            kept.write_text(kept.read_text(encoding="utf-8")[:200], encoding="utf-8")
        desk.sit()
        assert (len(rendered), forms_shown(desk)) == (len(before), before)

    @pytest.mark.parametrize("named", ["mlay_batch", "openpyxl"])
    def test_of_another_program_are_rendered(
        self, desk: Desk, rendered: list[str], monkeypatch: pytest.MonkeyPatch, named: str
    ) -> None:
        before, real = forms_shown(desk), cache.hash_files

        def changed(folder: Path, files: Iterable[Path]) -> str:
            return f"changed {real(folder, files)}" if folder.name == named else real(folder, files)

        monkeypatch.setattr(cache, "hash_files", changed)
        desk.sit()
        assert (len(rendered), forms_shown(desk)) == (len(before), before)

    def test_are_known_by_all_that_they_are_made_of(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Else one would be taken for another, or never found again."""
        seen: list[object] = []
        monkeypatch.setattr(letter_forms, "render", lambda *inputs: seen.extend(inputs) or b"")
        cache.clear_cache(desk.town.workspace)
        desk.sit()
        kinds = {type(value) for each in seen for value in values_in(each)}
        assert kinds <= {str, int, bool, float, date, Period, type(None)} | {Severity}
        assert any(isinstance(each, tuple) and type(each[0]) is Finding for each in seen if each)


def values_in(value: object) -> Iterator[object]:
    """Yield what a record holds, and what that holds, which all stands in its representation."""
    if is_dataclass(value) and type(value) is not Period:
        assert all(field.repr for field in fields(value)), type(value)
        for field in fields(value):
            yield from values_in(getattr(value, field.name))
    elif isinstance(value, Mapping):
        yield from values_in(tuple(value.items()))
    elif isinstance(value, tuple | list):
        for each in value:
            yield from values_in(each)
    else:
        yield value


class TestList:
    @pytest.mark.parametrize("sit", [Desk.sit, Desk.run])
    def test_untouched_is_not_read(
        self, desk: Desk, read: list[str], sit: Callable[[Desk], object]
    ) -> None:
        desk.sit()
        read.clear()
        before = desk.path.read_bytes()
        sit(desk)
        assert (read, desk.path.read_bytes()) == ([], before)

    def test_that_was_saved_is_read(self, desk: Desk, read: list[str]) -> None:
        desk.sit()
        desk.decide(TODO, HELD, decision="nhận", why="đã gọi")
        read.clear()
        desk.sit()
        assert "worklist" in read
        assert [ruling[1] for ruling in desk.rulings()] == ["accept"]

    def test_in_which_a_decision_waits_is_read_again(self, desk: Desk, read: list[str]) -> None:
        """It was not obeyed, as the reason lacks: it stands in the new list as it was typed."""
        desk.decide(TODO, HELD, decision="nhận")
        desk.sit()
        for _ in range(2):
            read.clear()
            desk.sit()
            assert "worklist" in read
            assert desk.row(TODO, HELD)["Quyết định"].value == "nhận"

    def test_keeps_the_period_at_work(self, desk: Desk, read: list[str]) -> None:
        desk.decide(PERIODS, "Tháng 9 năm 2019", **CHOOSE)
        desk.sit()
        read.clear()
        desk.sit()
        assert "worklist" not in read
        assert desk.sit().consolidation.period.month == 9

    def test_of_which_nothing_is_known_is_read(self, desk: Desk, read: list[str]) -> None:
        cache.clear_cache(desk.town.workspace)
        read.clear()
        desk.sit()
        assert "worklist" in read
