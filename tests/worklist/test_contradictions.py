"""Decisions that contradict each other change nothing, and stay where they were made."""

from __future__ import annotations

from builders.worklist_clerk import LETTERS, PERIODS, TODO
from builders.worklist_desk import Desk, refusals

HELD, REFUSED = "la.xlsx", "chưa báo nơi gửi"
OURS, HERS = "viec-can-lam.xlsx", "viec-can-lam (Lan).xlsx"


def test_on_one_period_in_two_sheets(desk: Desk) -> None:
    desk.hand_in("CB-01", "sửa.xlsx")
    desk.decide(TODO, HELD, decision="nhận", why="đã gọi")
    desk.sit()
    todo = desk.decide(TODO, "Đã đủ", decision="để sau")
    period = desk.decide(PERIODS, "Tháng 11", decision="chốt kỳ", sure=True)
    for _ in range(2):  # what nobody clears contradicts the next time too
        result = desk.sit()
        assert refusals(result) == {
            ("E01", OURS, f"{TODO}!{todo}"),
            ("E01", OURS, f"{PERIODS}!{period}"),
        }
        assert not result.is_clean
        assert desk.closings() == ()
    assert desk.row(TODO, "Đã đủ")["Quyết định"].value == "để sau"
    row = desk.row(PERIODS, "Tháng 11", heads=["Quyết định"])
    assert row["Quyết định"].value == "chốt kỳ"
    assert f"{TODO}!{todo}" in row["Kết quả lần trước"].value


def test_on_one_file_in_two_lists(desk: Desk) -> None:
    lan = desk.colleague("lan", HERS)
    ours = desk.decide(TODO, HELD, decision="nhận", why="đã gọi")
    hers = lan.decide(TODO, HELD, decision="không nhận", why="không phải", sure=True)
    lan.save()
    for _ in range(2):
        assert refusals(desk.sit()) == {
            ("E01", OURS, f"{TODO}!{ours}"),
            ("E01", HERS, f"{TODO}!{hers}"),
        }
        assert (desk.rulings(), desk.decisions()) == ([], ())
    assert desk.row(TODO, HELD)["Quyết định"].value == "nhận"
    assert lan.row(TODO, HELD)["Quyết định"].value == "không nhận"
    lan.path.unlink()  # the colleague thinks better of it
    desk.sit()
    assert desk.rulings() == [(3, "accept", "hoa")]


def test_the_rest_of_both_lists_is_obeyed_once(desk: Desk) -> None:
    lan = desk.colleague("lan", HERS)
    desk.decide(TODO, HELD, decision="nhận", why="đã gọi")
    lan.decide(TODO, HELD, decision="để sau")
    lan.decide(TODO, REFUSED, decision="gửi trả lại")
    lan.save()
    for _ in range(2):
        desk.sit()
        assert desk.host.to == [("cb01@town.example",)]
    assert desk.rulings() == []


def test_on_whose_a_file_is(desk: Desk) -> None:
    desk.hand_in_nothing("bang gia.xlsx")
    desk.sit()
    lan = desk.colleague("lan", HERS)
    for clerk, branch in ((desk, "CB-01"), (lan, "DB1-2")):
        name = desk.town.register.by_code[branch].name
        assign = {"decision": "gán cho chi bộ", "assign_to": f"{branch} – {name}", "why": "đã hỏi"}
        clerk.decide(TODO, "bang gia.xlsx", **assign)
    lan.save()
    assert {code for code, *_ in refusals(desk.sit())} == {"E01"}
    assert desk.rulings() == []


def test_on_one_letter_by_its_matter_and_by_its_row(desk: Desk) -> None:
    for decision in ("đã chuyển tay", "để sau"):
        todo = desk.decide(TODO, REFUSED, decision="gửi trả lại")
        row = desk.decide(LETTERS, "Đề nghị sửa", decision=decision)
        for _ in range(2):
            assert refusals(desk.sit()) == {
                ("E01", OURS, f"{TODO}!{todo}"),
                ("E01", OURS, f"{LETTERS}!{row}"),
            }
        assert (desk.host.mails, desk.letters()) == ([], ())
        assert desk.row(TODO, REFUSED)["Quyết định"].value == "gửi trả lại"
        assert desk.row(LETTERS, "Đề nghị sửa")["Quyết định"].value == decision


def test_on_one_letter_in_two_lists(desk: Desk) -> None:
    lan = desk.colleague("lan", HERS)
    todo = desk.decide(TODO, REFUSED, decision="gửi trả lại")
    row = lan.decide(LETTERS, "Đề nghị sửa", decision="đã chuyển tay")
    lan.save()
    assert refusals(desk.sit()) == {
        ("E01", OURS, f"{TODO}!{todo}"),
        ("E01", HERS, f"{LETTERS}!{row}"),
    }
    assert (desk.host.mails, desk.letters()) == ([], ())


def test_on_all_letters_in_two_lists(desk: Desk) -> None:
    """The cells are those in which it was typed; a letter's own row is another one."""
    lan = desk.colleague("lan", HERS)
    ours = desk.decide(LETTERS, "Tất cả", decision="đã chuyển tay")
    hers = lan.decide(LETTERS, "Tất cả", decision="để sau")
    own = lan.decide(LETTERS, "Đã nhận", decision="gửi")
    lan.save()
    for _ in range(2):
        assert refusals(desk.sit()) == {
            ("E01", OURS, f"{LETTERS}!{ours}"),
            ("E01", HERS, f"{LETTERS}!{hers}"),
            ("E01", HERS, f"{LETTERS}!{own}"),
        }
        assert (desk.host.mails, desk.letters()) == ([], ())
        assert desk.row(LETTERS, "Tất cả")["Quyết định"].value == "đã chuyển tay"
        assert lan.row(LETTERS, "Tất cả")["Quyết định"].value == "để sau"


def test_the_same_decision_twice_is_one(desk: Desk) -> None:
    lan = desk.colleague("lan", HERS)
    for clerk in (desk, lan):
        clerk.decide(TODO, HELD, decision="nhận", why="đã gọi")
        clerk.decide(TODO, REFUSED, decision="gửi trả lại")
        clerk.decide(LETTERS, "Đề nghị sửa", decision="gửi")
        clerk.save()
    assert refusals(desk.sit()) == set()
    assert desk.rulings() == [(3, "accept", "hoa")]
    assert desk.host.to == [("cb01@town.example",)]
    assert not lan.path.exists()
