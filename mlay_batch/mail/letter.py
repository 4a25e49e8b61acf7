"""A letter before it becomes a mail: recipients, topics, text, attachments."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

from mlay_batch.core.messages import show
from mlay_batch.core.period import Period
from mlay_batch.model.topics import Topic
from mlay_batch.schema.model import Due


@dataclass(frozen=True, eq=False)
class Attachment:
    """A file that is attached to a letter: a workbook, or a text (``.txt``).

    Attributes:
        name: file name without accents, which no mail program garbles.
        render: returns the content. It takes its time, and who lists letters reads none.
        inputs: all it is rendered from: the same give the same content, also another day. Empty
            where that is not known.
    """

    name: str
    render: Callable[..., bytes] = field(repr=False)
    inputs: tuple[object, ...] = field(default=(), repr=False)

    @cached_property
    def data(self) -> bytes:
        """Content of the file, made when it is first read."""
        return self.render(*self.inputs)


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter to a registered organisation."""

    kind: str
    topics: tuple[Topic, ...]
    addressee: str
    """Code of the organisation."""
    to: tuple[str, ...]
    """Its registered addresses; empty where nobody can be mailed."""
    subject: str
    body: str
    chat: str
    """What a chat says of it, in one paragraph: what it is about, what to do, by when."""
    attachments: tuple[Attachment, ...] = ()
    thread: tuple[str, ...] = ()
    """Message-IDs of the mails answered, in order."""
    file: str = ""
    """Name of the file it answers; empty where it answers none."""
    handover: tuple[Attachment, ...] = ()
    """Workbooks that belong to it but may not travel by mail: the office hands them over."""

    @property
    def workbooks(self) -> tuple[Attachment, ...]:
        """All workbooks that belong to it, however they go."""
        return (*self.attachments, *self.handover)

    @property
    def digest(self) -> str:
        """Hash of the topics: the same letter has the same hash whenever it is written."""
        keys = "\n".join(sorted(topic.key for topic in self.topics))
        return hashlib.sha256(f"{self.kind}\n{keys}".encode()).hexdigest()[:32]

    @property
    def id(self) -> str:
        """The id people use for it: eight letters, as in its draft's file name."""
        return self.digest[:8]

    @property
    def file_name(self) -> str:
        """File name of its draft, made of the addressee's checked code."""
        return f"{self.kind}_{self.addressee}_{self.id}.eml"


def due_words(due: Due, period: Period) -> str:
    """Return by when a return is due: on a day, or so many days after each meeting."""
    last_day = f"ngày {show(due.last_day(period), 'vi')}"
    if due.counted == "period":
        return last_day
    after_meeting = f"{due.day} ngày sau mỗi buổi sinh hoạt"
    return after_meeting if due.lock is None else f"{after_meeting}, khóa sổ {last_day}"
