"""The one truth of a workspace: what came in, what became of it, the values that count.

`Archive` keeps the originals, `Ledger` the verdicts and values, `lock` lets one process work at a
time. The order is: archive every original first, then one `Ledger.record` for the whole batch. A
crash in between leaves originals that nothing refers to, which harms nothing: the next run finds
the batch unrecorded and does it again.
"""

from mlay_batch.ledger import mark
from mlay_batch.ledger.archive import Archive
from mlay_batch.ledger.closings import Closing, Closings
from mlay_batch.ledger.encoding import pack
from mlay_batch.ledger.health import Ill, illnesses, look_through, originals
from mlay_batch.ledger.incoming import Fetched, Rulings
from mlay_batch.ledger.lock import lock
from mlay_batch.ledger.outgoing import Item, Outgoing, Posted, Posting
from mlay_batch.ledger.recording import Ruling
from mlay_batch.ledger.store import Ledger, Report
from mlay_batch.ledger.workbooks import Workbook, Workbooks

__all__ = [
    "Archive", "Closing", "Closings", "Fetched", "Ill", "Item", "Ledger", "Outgoing", "Posted",
    "Posting", "Report", "Ruling", "Rulings", "Workbook", "Workbooks", "illnesses", "lock",
    "look_through", "mark", "originals", "pack",
]  # fmt: skip
