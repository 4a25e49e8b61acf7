"""Warnings explained in the worklist: a return held for its answer, and one that counts anyway."""

from __future__ import annotations

import pytest
from builders.answering import answered, asking, given
from builders.clerk_month import form_in_mail
from builders.sample_office import put
from builders.worklist_desk import Desk

TODO = "Việc cần làm"
WHY = "Hai đồng chí đi học."


@pytest.fixture
def desk(tmp_path) -> Desk:
    desk = Desk.of(tmp_path / "town")
    desk.hand_in("CB-01", present=8)  # D05 warns
    return desk


def test_a_warning_in_a_return_that_counts_may_be_explained(desk):
    desk.sit()
    desk.decide(TODO, "Chi bộ Trường THPT", "chưa vượt 85%", decision="ghi giải trình", why=WHY)
    (result,) = desk.sit().results
    assert result.is_done
    assert given(desk.town) == [("CB-01", "D05", WHY, desk.name)]
    assert not any("chưa vượt 85%" in text for text in desk.texts(TODO))


def test_a_warning_is_explained_once(desk):
    desk.sit()
    old = desk.path.read_bytes()
    for words in (WHY, "Lý do khác."):
        desk.path.write_bytes(old)
        desk.decide(TODO, "chưa vượt 85%", decision="ghi giải trình", why=words)
        last = desk.sit()
    assert [result.outcome.code for result in last.results] == ["decided"]
    assert given(desk.town) == [("CB-01", "D05", WHY, desk.name)]


def test_an_explanation_needs_words(desk):
    desk.sit()
    cell = desk.decide(TODO, "chưa vượt 85%", decision="ghi giải trình")
    (mistake,) = desk.sit().mistakes
    assert (mistake.code, mistake.place.cell[1:]) == ("W02", cell[1:])
    assert given(desk.town) == []


def test_a_return_held_for_its_answer_counts_once_the_office_gives_it(desk):
    asking(desk.town, "code: D05, answer: required")
    desk = desk.reopened()
    desk.sit()
    assert [entry.verdict.value for entry in desk.entries()] == ["held"]
    desk.decide(TODO, "Gọi hỏi chi bộ", decision="ghi giải trình", why=WHY)
    (result,) = desk.sit().results
    assert (result.outcome.code, result.is_done) == ("file.accepted", True)
    assert desk.rulings() == [(1, "accept", desk.name)]
    assert given(desk.town) == [("CB-01", "D05", WHY, desk.name)]


def test_a_return_held_for_its_answer_may_be_accepted_or_refused_as_it_is(desk):
    asking(desk.town, "code: D05, answer: required")
    desk = desk.reopened()
    desk.sit()
    desk.decide(TODO, "Gọi hỏi chi bộ", decision="nhận", why="Đã rõ.")
    desk.sit()
    assert [entry.verdict.value for entry in desk.entries()] == ["accepted"]
    assert given(desk.town) == []


def test_the_branch_is_asked_and_its_answer_ends_the_matter(desk):
    asking(desk.town, "code: D05, answer: required")
    desk = desk.reopened()
    desk.sit()
    desk.decide(TODO, "chưa đề nghị chi bộ giải trình", decision="gửi trả lại")
    desk.sit()
    (mail,) = desk.host.mails
    assert mail["Subject"].startswith("Đề nghị giải trình")
    put(desk.town, "b.xlsx", answered(form_in_mail(mail), D05=WHY))
    desk.sit("2019-12-07")
    assert [entry.verdict.value for entry in desk.entries()] == ["held", "accepted"]
    assert not any("chưa vượt 85%" in text for text in desk.texts(TODO))
