"""The sample town of Mường Lay: invented returns, good and bad, made the same way every time."""

from mlay_batch.demo.files import (
    Parcel,
    render_register,
    render_return,
    returns,
    write_town,
)
from mlay_batch.demo.meetings import SampleReturn
from mlay_batch.demo.town import Town, register_rows, town

__all__ = [
    "Parcel",
    "SampleReturn",
    "Town",
    "register_rows",
    "render_register",
    "render_return",
    "returns",
    "town",
    "write_town",
]
