"""The sample town of Mường Lay: invented returns, made the same way every time."""

from mlay_batch.demo.files import render_register, render_return, returns, sent_besides
from mlay_batch.demo.inbox import Parcel, write_town
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
    "sent_besides",
    "town",
    "write_town",
]
