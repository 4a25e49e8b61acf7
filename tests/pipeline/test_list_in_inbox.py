"""A list of the office's own lies in the inbox by mistake: refused by its name, owed by nobody."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from builders.list_form import YAML, book, cell_of, list_form, type_into
from builders.mail_office import AS_OF, send, take_in, verdicts_and_codes
from builders.sample_office import create_office

from mlay_batch.app import mail_run, reply
from mlay_batch.app.office import Office, open_office
from mlay_batch.app.status import status
from mlay_batch.app.templates import form_in_force
from mlay_batch.cli import run
from mlay_batch.core.messages import explain
from mlay_batch.core.period import Period
from mlay_batch.errors import UsageError
from mlay_batch.template import TemplateContext, render

pytestmark = pytest.mark.usefixtures("reading_here")
NOVEMBER = Period(2019, 11)


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    """The small town with a list of its own."""
    town = create_office(tmp_path / "town")
    (town.workspace.schemas / "errands.yaml").write_text(YAML, encoding="utf-8")
    monkeypatch.chdir(town.workspace.root)
    monkeypatch.setenv("MLAY_LANG", "vi")
    return open_office(town.workspace)


def filled_list(office: Office, **typed: str) -> bytes:
    lists = {name: tuple(names.items()) for name, names in office.lists.items()}
    context = TemplateContext("TU", "Thị ủy Mường Lay", "", None, lists=lists)
    data = render(list_form(), context, [book("1"), book("2", "torn")])
    return type_into(data, {cell_of(field): words for field, words in typed.items()})


def test_it_is_refused_by_its_title_and_nothing_else(office: Office) -> None:
    data = filled_list(office, answer="Sửa, đóng lại")  # wrong there, but no matter here
    send(office, "1", "cb01@town.example", ("việc.xlsx", data))
    done = take_in(office)
    assert verdicts_and_codes(done) == {"việc.xlsx": ("rejected", "I12")}
    (decision,) = done.decisions
    (finding,) = decision.findings
    assert explain(finding, list_form(), "vi").what == (
        "Đây là tệp “Việc của phòng đọc” của văn phòng cấp ủy, không phải báo cáo của đơn vị."
    )
    assert "“Errands of the reading room”" in explain(finding, list_form(), "en").what


def test_its_sender_is_told_so(office: Office) -> None:
    send(office, "1", "cb01@town.example", ("việc.xlsx", filled_list(office)))
    take_in(office)
    letters = partial(reply.reply_letters, office)
    job = mail_run.MailRun(office, letters, NOVEMBER, AS_OF, "test")
    (letter,) = (x for x in mail_run.draft(job, "x").letters if x.kind == "declined")
    assert "Đây là tệp “Việc của phòng đọc” của văn phòng cấp ủy" in letter.body


def test_nobody_owes_it_and_nobody_is_issued_it(office: Office) -> None:
    assert "errands" not in {form.form for form in status(office, NOVEMBER, AS_OF).forms}
    with pytest.raises(UsageError):
        form_in_force(office, "errands", NOVEMBER)


def test_it_can_be_checked_as_the_list_it_is(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its units are those of the office's register."""
    for name, typed, code in (
        ("good", {"answer": "Nhắc trả", "room": "CB-01 – Chi bộ Trường THPT"}, 0),
        ("wrong", {"answer": "Sửa, đóng lại", "room": "CB-77 – Chi bộ lạ"}, 1),
    ):
        Path(f"{name}.xlsx").write_bytes(filled_list(office, **typed))
        assert run(["check", f"{name}.xlsx"]) == code
    said = capsys.readouterr().out
    assert "Z01" in said and "F16" in said and "I12" not in said
