"""A letter before it is a mail: to whom, about what, with which words and papers."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Topic:
    """What a letter is about; `key` names it the same way in every letter, drafted or sent.

    >>> Topic.of("reminder", "meeting", "CB-01", "2019-11").key
    'reminder/meeting/CB-01/2019-11'
    """

    key: str
    form: str | None = None
    branch: str | None = None
    period: str | None = None
    entry_id: int | None = None

    @classmethod
    def of(cls, kind: str, form: str, branch: str, period: str, more: str = "") -> Topic:
        """Return the topic of a letter that answers no delivery."""
        key = "/".join(part for part in (kind, form, branch, period, more) if part)
        return cls(key, form, branch, period)

    @classmethod
    def repeat_correction(
        cls, entry_id: int, form: str | None, branch: str, period: str | None, more: str = ""
    ) -> Topic:
        """Return the topic of a letter that asks once more for the correction of a delivery."""
        key = "/".join(part for part in ("correction", str(entry_id), more) if part)
        return cls(key, form, branch, period, entry_id)

    @classmethod
    def answer(
        cls, entry_id: int, form: str | None, branch: str | None, period: str | None
    ) -> Topic:
        """Return the topic of the answer to a delivery: it gets one, whatever the answer is."""
        return cls(cls.answer_key(entry_id), form, branch, period, entry_id)

    @staticmethod
    def answer_key(entry_id: int) -> str:
        """Return the key of that topic.

        >>> Topic.answer_key(17)
        'answer/17'
        """
        return f"answer/{entry_id}"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A workbook that goes along; `name` has no accents, so that every program keeps it."""

    name: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter to registered addresses. `thread` holds the ids of the mails answered, in order."""

    kind: str
    topics: tuple[Topic, ...]
    addressee: str
    to: tuple[str, ...]
    subject: str
    body: str
    attachments: tuple[Attachment, ...] = ()
    thread: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """A name for the letter: the same topics give the same, whenever it is made."""
        keys = "\n".join(sorted(topic.key for topic in self.topics))
        return hashlib.sha256(f"{self.kind}\n{keys}".encode()).hexdigest()[:32]

    @property
    def file_name(self) -> str:
        """The name of its draft. The addressee's code is checked text of the register."""
        return f"{self.kind}_{self.addressee}_{self.digest[:8]}.eml"
