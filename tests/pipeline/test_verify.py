"""A workbook given out is known again by its bytes, its figures, and cell by cell."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from builders.json_results import result
from builders.offices import NOVEMBER, Levels, alter_book
from builders.sample_office import MeetingReturn

from mlay_batch.app.closing import close
from mlay_batch.app.office import Office
from mlay_batch.app.verify import verify_workbook
from mlay_batch.cli import run
from mlay_batch.errors import UsageError
from mlay_batch.ledger import Ledger

pytestmark = pytest.mark.usefixtures("reading_here")

MEETINGS = "Dữ liệu buổi họp"
CHANGE = ("Bàn việc trong tháng", "Bàn việc khác")


@dataclass(frozen=True)
class ClosedOffice:
    """Town B: November given out on 6 December, given out again and closed on the 8th."""

    town: Office
    first: Path
    closed: Path
    figures: str

    def alter(self, old: str = "", new: str = "") -> Path:
        """Write the closed workbook anew, with one text of it another."""
        path = self.first.with_name("altered.xlsx")
        path.write_bytes(alter_book(self.closed.read_bytes(), old, new))
        return path


@pytest.fixture(scope="module")
def office(levels: Levels, tmp_path_factory: pytest.TempPathFactory) -> ClosedOffice:
    first = tmp_path_factory.mktemp("verify") / "first.xlsx"
    first.write_bytes(levels.books["TU-B"])
    closed = close(
        levels.b, NOVEMBER, as_of=date(2019, 12, 8), who="Hòa", holder="test", allow_incomplete=True
    )
    with Ledger.open(levels.b.workspace.ledger, read_only=True) as ledger:
        (figures,) = {report.figures for report in ledger.reports()}
    return ClosedOffice(levels.b, first, closed.path, figures)


def test_the_closed_workbook_is_known_by_its_bytes(office):
    result = verify_workbook(office.town.workspace, str(office.closed))
    (workbook,) = result.workbooks
    assert (result.state, result.is_genuine) == ("recorded", True)
    assert (workbook.period, workbook.as_of, workbook.revision, workbook.newer) == (
        NOVEMBER,
        date(2019, 12, 8),
        1,
        None,
    )


def test_an_earlier_workbook_is_true_and_said_to_have_been_followed(office):
    (workbook,) = verify_workbook(office.town.workspace, str(office.first)).workbooks
    assert (workbook.as_of, workbook.revision, workbook.newer) == (
        date(2019, 12, 6),
        None,
        date(2019, 12, 8),
    )


def test_a_fingerprint_is_known_however_it_is_typed(office):
    typed = [office.figures, office.figures.lower(), office.figures.replace("-", " ")]
    typed.append(office.figures.replace("0", "O").replace("1", "I"))
    for text in typed:
        assert len(verify_workbook(office.town.workspace, text).workbooks) == 2, text
    assert verify_workbook(office.town.workspace, "ABCD-EFGH-JKMN").state == "unknown"


def test_altered_cells_are_named_with_both_values(office):
    result = verify_workbook(office.town.workspace, str(office.alter(*CHANGE)))
    assert (result.state, result.is_genuine) == ("altered", False)
    changed = {(d.recorded, d.found) for d in result.differences if d.sheet == MEETINGS}
    assert changed == {CHANGE}
    assert [d.sheet for d in result.differences[:2]] == [MEETINGS] * 2  # the cause comes first


def test_saved_again_with_nothing_changed_the_figures_are_true(office):
    assert verify_workbook(office.town.workspace, str(office.alter())).state == "resaved"


def test_another_workbook_is_not_ours_and_another_file_none_at_all(office):
    other = office.first.with_name("form.xlsx")
    other.write_bytes(MeetingReturn("CB-01").book())
    assert verify_workbook(office.town.workspace, str(other)).state == "unknown"
    other.write_bytes(b"no workbook")
    with pytest.raises(UsageError, match=r"usage\.workbook"):
        verify_workbook(office.town.workspace, str(other))


def test_what_a_clerk_sees_and_the_exit_codes(office, capsys):
    at = ["-C", str(office.town.workspace.root)]
    assert run(["verify", str(office.closed), *at]) == 0
    assert "ĐÚNG" in (output := capsys.readouterr().out)
    assert "chốt lần 1" in output
    assert run(["verify", str(office.alter(*CHANGE)), *at, "--lang", "en"]) == 1
    assert " → ".join(CHANGE) in capsys.readouterr().out
    assert run(["verify", str(office.alter(*CHANGE)), *at, "--json"]) == 1
    told = result(capsys.readouterr().out)
    assert (told["state"], told["workbooks"][0]["period"]) == ("altered", "2019-11")
    assert run(["verify", "nothing.xlsx", *at]) == 2
    assert "nothing.xlsx" in capsys.readouterr().err
