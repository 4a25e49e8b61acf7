"""The sample town of Mường Lay: invented, reproducible returns."""

from mlay_batch.demo.sample_files import (
    InboxFolder,
    extra_returns,
    render_register,
    render_return,
    returns,
    write_town,
)
from mlay_batch.demo.sample_meetings import SampleReturn
from mlay_batch.demo.sample_town import SCHEMAS, SampleTown, load_town, register_rows

__all__ = [
    "SCHEMAS",
    "InboxFolder",
    "SampleReturn",
    "SampleTown",
    "extra_returns",
    "load_town",
    "register_rows",
    "render_register",
    "render_return",
    "returns",
    "write_town",
]
