"""The sample offices: invented, reproducible returns."""

from mlay_batch.demo.sample import DEFAULT, SampleOffice, load_sample, planted, register_rows
from mlay_batch.demo.sample_files import (
    InboxFolder,
    batches,
    extra_returns,
    render_register,
    render_return,
    returns,
    write_batches,
    write_descriptions,
)
from mlay_batch.demo.sample_meetings import SampleReturn

__all__ = [
    "DEFAULT",
    "InboxFolder",
    "SampleOffice",
    "SampleReturn",
    "batches",
    "extra_returns",
    "load_sample",
    "planted",
    "register_rows",
    "render_register",
    "render_return",
    "returns",
    "write_batches",
    "write_descriptions",
]
