"""The one truth of a workspace: what came in, what became of it, the values that count.

`Archive` keeps the originals, `Ledger` the verdicts and values, `lock` lets one process work at a
time. The order is: archive every original first, then one `Ledger.record` for the whole batch. A
crash in between leaves originals that nothing refers to, which harms nothing: the next run finds
the batch unrecorded and does it again.
"""

from mlay_batch.ledger.archive import Archive
from mlay_batch.ledger.decisions import Closing, Closings, FetchLog, Ruling, Rulings
from mlay_batch.ledger.lock import lock
from mlay_batch.ledger.outbox import Item, MailLog, MailState, SentMail
from mlay_batch.ledger.rows import pack
from mlay_batch.ledger.store import Ledger, Report

__all__ = [
    "Archive",
    "Closing",
    "Closings",
    "FetchLog",
    "Item",
    "Ledger",
    "MailLog",
    "MailState",
    "Report",
    "Ruling",
    "Rulings",
    "SentMail",
    "lock",
    "pack",
]
