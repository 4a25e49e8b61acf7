"""A return of every kind of container and workbook, read by a worker process as in the office."""

from __future__ import annotations

from pathlib import Path

import pytest
from builders.mail_office import attachment, mail, take_in
from builders.mails import make_zip
from builders.outlook_files import msg, tnef
from builders.sample_office import MeetingReturn, create_office, put

from mlay_batch.model.records import Decision, Verdict
from mlay_batch.reader.workbook import Reader

SENDER = "cb01@town.example"
SAMPLES = Path(__file__).parent.parent.parent / "samples" / "2019-11"


def _book(month: int) -> bytes:
    return MeetingReturn("CB-01", month=month).book()


def _mail(month: int) -> bytes:
    return mail(SENDER, attachment(f"{month}.xlsx", _book(month)))


def _winmail(month: int) -> bytes:
    data = tnef(**{f"{month}.xlsx": _book(month)})
    return mail(SENDER, attachment("winmail.dat", data, "application/ms-tnef"))


# By the month of its return: the file in the inbox, and what it holds.
CONTAINERS = {
    1: ("file.xlsx", _book(1)),
    2: ("folder/in it/file.xlsx", _book(2)),
    3: ("a.zip", make_zip(**{"3.xlsx": _book(3)})),
    4: ("b.zip", make_zip(**{"inner.zip": make_zip(**{"4.xlsx": _book(4)})})),
    5: ("mail.eml", _mail(5)),
    6: ("mail with a zip.eml", mail(SENDER, attachment("c.zip", make_zip(**{"6.xlsx": _book(6)})))),
    7: ("box.mbox", b"From x Mon Dec  2 10:00:00 2019\n" + _mail(7)),
    8: ("outlook.msg", msg({"8.xlsx": _book(8)}, f"From: {SENDER}\nMessage-ID: <8@x>\n")),
    9: ("winmail.eml", _winmail(9)),
}


@pytest.fixture(scope="module")
def decisions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Decision]:
    """The decision about every workbook, by the file of the inbox it came in; all in one run."""
    office = create_office(tmp_path_factory.mktemp("containers") / "town")
    for name, data in CONTAINERS.values():
        put(office, name, data)
    for path in (*SAMPLES.glob("*.xls"), *SAMPLES.glob("*.ods")):
        put(office, f"sample{path.suffix}", path.read_bytes())

    def fail(*_: object) -> None:
        raise AssertionError("read in the process of the test")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Reader, "read", fail)  # a worker is a new process: not there
        result = take_in(office)
    return {
        decision.checked.file.origin.partition("!")[0]: decision for decision in result.decisions
    }


@pytest.mark.parametrize("month", CONTAINERS)
def test_a_return_counts_whatever_it_was_sent_in(
    decisions: dict[str, Decision], month: int
) -> None:
    decision = decisions[CONTAINERS[month][0]]
    assert (decision.verdict, decision.findings) == (Verdict.ACCEPTED, ())
    identity = decision.checked.identity
    assert identity
    assert identity.key == ("meeting", "CB-01", f"2019-{month:02}")


@pytest.mark.parametrize(("name", "branch"), [("sample.xls", "CB-20"), ("sample.ods", "DB5-CB02")])
def test_workbooks_of_other_programs_are_read(
    decisions: dict[str, Decision], name: str, branch: str
) -> None:
    """They are of another town, which is the one thing wrong with them."""
    decision = decisions[name]
    assert decision.checked.submission
    assert decision.checked.submission.form == "meeting"
    (finding,) = decision.findings
    assert (finding.code, finding.params["branch"]) == ("I04", branch)


def test_nothing_else_was_found(decisions: dict[str, Decision]) -> None:
    names = {name for name, _ in CONTAINERS.values()}
    assert set(decisions) == {*names, "sample.xls", "sample.ods"}
