"""Every file kept in `samples/` goes the whole way; the outcome of each is written down."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest
import yaml
from builders.bad_returns import bad_returns

from mlay_batch import demo
from mlay_batch.app.ingest import ingest
from mlay_batch.app.office import Office, open_office
from mlay_batch.app.workspace import Workspace
from mlay_batch.ledger import Ledger
from mlay_batch.model.records import Decision, Row, Verdict
from mlay_batch.schema import load_catalogue
from mlay_batch.schema.catalogue import shipped_folder

SAMPLES = shipped_folder("samples")
EXPECTED = yaml.safe_load((SAMPLES / "bad" / "expected.yaml").read_text(encoding="utf-8"))
BY_HAND = {"co-mat-khau R04.xlsx"}


def arrive(town: Office, folder: str, day: date) -> list[Decision]:
    done = ingest(
        town,
        [SAMPLES / folder],
        as_of=day,
        received=f"{day}T03:00:00+00:00",
        who="test",
        holder="test",
    )
    return list(done.decisions)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Office:
    folder = tmp_path_factory.mktemp("town")
    workspace = Workspace.create(folder / "ws")
    workspace.register.write_bytes((SAMPLES / "register.xlsx").read_bytes())
    return open_office(workspace)


@pytest.fixture(scope="module")
def good(town: Office) -> list[Decision]:
    folders = ("2018", "2019-02", "2019-11")
    return [d for folder in folders for d in arrive(town, folder, date(2019, 12, 4))]


@pytest.fixture(scope="module")
def bad(town: Office, good: list[Decision]) -> dict[str, Decision]:
    return {d.checked.file.name: d for d in arrive(town, "bad", date(2019, 12, 6))}


def test_the_register_is_the_towns(town: Office) -> None:
    assert town.register == demo.load_sample().register
    assert town.findings == ()


def test_good_returns_are_accepted_without_a_word(good: list[Decision]) -> None:
    outcome = {d.checked.file.name: (d.verdict, [f.code for f in d.findings]) for d in good}
    assert len(outcome) == 13
    assert set(map(str, outcome.values())) == {str((Verdict.ACCEPTED, []))}


def test_good_returns_say_what_the_town_says(town: Office, good: list[Decision]) -> None:
    """Through .xlsx, .xls and .ods alike."""
    samples = demo.returns(demo.load_sample(), load_catalogue())
    expected = {(s.form, s.branch, str(s.period)): s for s in samples}
    with Ledger.open(town.workspace.ledger, read_only=True) as ledger:
        stored = {accepted.entry.key: accepted for accepted in ledger.returns()}
    for decision in good:
        assert decision.checked.identity
        key = decision.checked.identity.key
        sample = expected[key]
        assert in_order(stored[key].rows) == in_order(sample.rows)


def in_order(rows: Sequence[Row]) -> list[tuple[str, dict[str, object]]]:
    """The values of rows, by section and what tells them apart."""
    keys = ("held_on", "scorer", "officer", "content")

    def place(row: Row) -> tuple[str, ...]:
        return (row.section, *(str(row.values.get(key)) for key in keys))

    return [(row.section, without_blanks(row.values)) for row in sorted(rows, key=place)]


def without_blanks(values: object) -> dict[str, object]:
    return {key: value for key, value in dict(values).items() if value is not None}  # type: ignore[call-overload]


def test_every_bad_file_is_listed(bad: dict[str, Decision]) -> None:
    names = {path.name for path in (SAMPLES / "bad").iterdir()} - {"expected.yaml"}
    assert set(EXPECTED) == names
    assert set(bad) - {"expected.yaml"} == names


@pytest.mark.parametrize("name", EXPECTED)
def test_what_becomes_of_a_bad_file(bad: dict[str, Decision], name: str) -> None:
    decision = bad[name]
    codes = sorted({finding.code for finding in decision.findings})
    assert {"verdict": decision.verdict.value, "codes": codes} == EXPECTED[name]


@pytest.mark.parametrize("name", EXPECTED)
def test_a_bad_file_is_named_after_its_code(name: str) -> None:
    assert Path(name).stem.split()[-1] in EXPECTED[name]["codes"]


def test_bad_returns_makes_the_bad_files() -> None:
    names = {name for name, _ in bad_returns(demo.load_sample(), load_catalogue())}
    assert names == set(EXPECTED) - BY_HAND


def test_the_kept_files_stay_small() -> None:
    assert sum(path.stat().st_size for path in SAMPLES.rglob("*") if path.is_file()) < 3_000_000
