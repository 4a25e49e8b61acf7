"""What stages hand to one another: records that become one another again."""

from dataclasses import replace
from datetime import date

from mlay_batch.model.records import IncomingFile, LedgerEntry, Verdict


def test_a_delivery_read_once_more_is_the_file_as_it_came():
    leaf = IncomingFile(
        "a.xlsx", b"", "mail/1/a.xlsx", "2019-12-06T08:00:00+07:00", "mail", "cb01@example.org",
        thread="<1@example.org>", subject="Báo cáo tháng 11", digest="0" * 64,
    )  # fmt: skip
    delivery = LedgerEntry(
        1, 1, date(2019, 12, 6), leaf.name, leaf.origin, leaf.sha256, leaf.channel, leaf.sender,
        leaf.received, Verdict.HELD, thread=leaf.thread, subject=leaf.subject,
    )  # fmt: skip
    assert delivery.as_file() == replace(leaf, entry_id=1)
    entered = {"channel": "office", "sender": None, "entered_by": "lan"}
    assert replace(delivery, **entered).as_file() == replace(leaf, entry_id=1, **entered)
