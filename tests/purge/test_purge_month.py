"""An old year is forgotten, on a real mailbox: nothing of it is left, and no later figure moves."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from builders import dovecot
from builders.clerk_month import Month, living
from builders.in_process import here
from builders.old_year import (
    LATER,
    OFFICER,
    OLD,
    TEXT,
    WORDS,
    live_later_year,
    live_old_year,
    mlay,
    places_of,
)
from builders.sample_office import REGISTER, create_office

from mlay_batch.app.cache import check_register
from mlay_batch.app.workspace import Workspace
from mlay_batch.ledger import Archive, Ledger, PurgeLog
from mlay_batch.ledger.purging import MASK
from mlay_batch.schema import load_catalogue

pytestmark = [pytest.mark.dovecot, pytest.mark.slow]

THEN = ("--as-of", "2099-01-01")
FORGET = ("purge", "--before", "2019", *THEN)


@pytest.fixture(scope="module")
def lived(tmp_path_factory) -> Iterator[Month]:
    """Both years lived; the tests work on copies."""
    with here(), pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLAY_IMAP_PASSWORD", dovecot.PASSWORD)
        root = tmp_path_factory.mktemp("years") / "town"
        with living(create_office(root).workspace.root) as month:
            month.configure()
            live_old_year(month, patch)
            live_later_year(month, patch)
            yield month


@pytest.fixture
def month(lived, tmp_path) -> Month:
    root = shutil.copytree(lived.root, tmp_path / "town")
    return Month(root, lived.mailbox, lived.box, lived.sent)


def report(month: Month, period: str, name: str = "tong-hop") -> Path:
    return month.root / "reports" / period / f"{name}-{period}.xlsx"


def test_an_old_year_is_forgotten(month, tmp_path, capsys):
    before = places_of(WORDS, month.root)
    assert before.keys() == set(WORDS)
    assert {"ledger.sqlite"} < before[TEXT]
    assert any(place.startswith("archive/") for place in before[OFFICER])
    later = report(month, LATER).read_bytes()
    given_out = shutil.copy(report(month, OLD), tmp_path / "given-out.xlsx")

    assert mlay(month, *FORGET, "--dry-run") == 0
    assert places_of(WORDS, month.root) == before
    assert mlay(month, *FORGET, "--yes") == 0
    assert places_of(WORDS, month.root) == {}
    assert mlay(month, "doctor") == 0

    report(month, LATER).unlink()
    assert mlay(month, "consolidate", "--period", LATER, "--as-of", "2020-01-07") == 0
    assert report(month, LATER).read_bytes() == later

    capsys.readouterr()
    assert mlay(month, "verify", str(given_out)) == 0
    assert "đã xóa theo thời hạn ngày 01/01/2099" in capsys.readouterr().out
    assert (
        mlay(
            month,
            "verify",
            str(report(month, OLD, "bao-cao").with_stem(f"bao-cao-{OLD}-khong-ten")),
        )
        == 0
    )
    # what needs the old year says so, or does without it
    for args, code in (
        (("consolidate", "--period", OLD), 2),
        (("consolidate", "--period", "2018"), 2),
        (("report", "DB1-1", "--period", OLD), 2),
        (("reopen", OLD, "--why", "x"), 2),
        (("status", "--period", OLD), 0),
        (("reply", "--period", OLD, "--as-of", "2020-01-07", "--dry-run"), 0),
        (("held",), 0),
        (("ingest", "--as-of", "2020-01-08"), 0),
        ((*FORGET, "--yes"), 0),
    ):
        assert mlay(month, *args) == code, args
    err = capsys.readouterr().err
    assert err.count("theo thời hạn") == 4
    with Ledger.open(month.root / "ledger.sqlite", read_only=True) as ledger:
        assert sum(ledger.counts().values()) == 6
        (closing,) = ledger.query("SELECT * FROM closing")
        register = PurgeLog(ledger).absent_files()[closing["register"]].replacement
    unnamed = Archive(month.root / "archive").read(register)
    checked = check_register(unnamed, load_catalogue().register_form)
    names = {section: set() for section in ("organisations", "officers")}
    for row in checked.submission.rows:
        names.setdefault(row.section, set()).add(row.values.get("name"))
    assert names["organisations"] == {entry["name"] for entry in REGISTER["organisations"]}
    assert names["officers"] == {MASK}


class Killed(BaseException):
    """The process is gone."""


def die(*_: object, **__: object) -> None:
    raise Killed


@pytest.mark.parametrize(
    ("where", "name", "is_begun"),
    [
        (PurgeLog, "record", False),
        (Path, "unlink", True),
        (PurgeLog, "compact", True),
        (PurgeLog, "finish", True),
    ],
)
def test_killed_at_a_step_the_next_run_completes_it(month, monkeypatch, where, name, is_begun):
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(where, name, die)
        mlay(month, *FORGET, "--yes")
    workspace = Workspace.find(month.root)
    with Ledger.open(workspace.ledger, read_only=True) as ledger:
        assert PurgeLog(ledger).is_unfinished() is is_begun
    assert mlay(month, "doctor") == int(is_begun)
    assert mlay(month, *(("doctor", "--repair") if name == "finish" else (*FORGET, "--yes"))) == 0
    assert mlay(month, "doctor") == 0
    assert places_of(WORDS, month.root) == {}
