"""The record of a workspace: originals, verdicts, and the values that count.

`Archive` stores the originals, `Ledger` verdicts and values; `lock` admits one process at a time.
Every original is archived first, then one `Ledger.record` writes the whole batch. A crash in
between leaves harmless originals nothing refers to; the next run repeats the batch.
"""

from mlay_batch.ledger.answers import Answers
from mlay_batch.ledger.archive import Archive
from mlay_batch.ledger.decisions import Closing, Closings, FetchLog, Ruling, Rulings
from mlay_batch.ledger.lock import lock
from mlay_batch.ledger.outbox import MailLog, MailState, SentMail
from mlay_batch.ledger.purging import AbsentFile, Purge, PurgeLog
from mlay_batch.ledger.rows import pack
from mlay_batch.ledger.store import Ledger, Report
from mlay_batch.ledger.worklists import ObeyedDecision, Progress, Worklists

__all__ = [
    "AbsentFile",
    "Answers",
    "Archive",
    "Closing",
    "Closings",
    "FetchLog",
    "Ledger",
    "MailLog",
    "MailState",
    "ObeyedDecision",
    "Progress",
    "Purge",
    "PurgeLog",
    "Report",
    "Ruling",
    "Rulings",
    "SentMail",
    "Worklists",
    "lock",
    "pack",
]
