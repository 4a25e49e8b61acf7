"""What became of each letter, and that it never goes back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from mlay_batch.ledger import Ledger, MailLog, MailState, SentMail
from mlay_batch.model.topics import Topic

DRAFTED, QUEUED, SENT, HANDED = MailState
TOPIC = Topic.of("reminder", "meeting", "CB-01", "2019-11")
DRAFT = SentMail(
    "reminder", "<1@x>", ("a@x.example", "b@x.example"), "0", DRAFTED, "2019-12-06", (TOPIC,),
    date(2019, 12, 6),
)  # fmt: skip


@pytest.fixture
def mail_log(tmp_path: Path) -> Iterator[MailLog]:
    with Ledger.create(tmp_path / "ledger.sqlite") as ledger:
        yield MailLog(ledger)


@pytest.mark.parametrize("state", MailState)
@pytest.mark.parametrize("recipients", [(), ("a@x.example",), ("a@x.example", "b@x.example")])
def test_a_letter_comes_back_as_it_was_put_in(
    mail_log: MailLog, state: MailState, recipients: tuple[str, ...]
) -> None:
    mail = replace(DRAFT, state=state, recipients=recipients)
    mail_log.put(mail)
    assert mail_log.letters() == (mail,)
    assert mail_log.states() == {TOPIC.key: state}


@pytest.mark.parametrize("last", [SENT, HANDED])
@pytest.mark.parametrize("later", MailState)
def test_what_was_sent_or_handed_over_stays_so(
    mail_log: MailLog, last: MailState, later: MailState
) -> None:
    for state in (DRAFTED, last, later):
        mail_log.put(replace(DRAFT, state=state))
    mail_log.withdraw(DRAFT.message_id)
    mail_log.resolve([DRAFT.message_id], sent=False)
    assert [letter.state for letter in mail_log.letters()] == [last]


@pytest.mark.parametrize("last", [QUEUED, SENT, HANDED])
def test_a_topic_is_as_far_as_its_furthest_letter(mail_log: MailLog, last: MailState) -> None:
    mail_log.put(replace(DRAFT, state=last))
    mail_log.put(replace(DRAFT, message_id="<2@x>"))
    assert mail_log.states() == {TOPIC.key: last}
