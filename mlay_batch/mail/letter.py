"""A letter before it becomes a mail: recipients, topics, text, attachments."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Topic:
    """The subject matter of a letter; `key` is the same for every letter about it.

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
        """Return the topic of a letter that does not answer a ledger entry."""
        key = "/".join(part for part in (kind, form, branch, period, more) if part)
        return cls(key, form, branch, period)

    @classmethod
    def repeat_correction(
        cls, entry_id: int, form: str | None, branch: str, period: str | None, more: str = ""
    ) -> Topic:
        """Return the topic of a repeated request to correct a ledger entry."""
        key = "/".join(part for part in ("correction", str(entry_id), more) if part)
        return cls(key, form, branch, period, entry_id)

    @classmethod
    def answer(
        cls, entry_id: int, form: str | None, branch: str | None, period: str | None
    ) -> Topic:
        """Return the topic of the answer to a ledger entry; each entry gets one answer only."""
        return cls(cls.answer_key(entry_id), form, branch, period, entry_id)

    @staticmethod
    def answer_key(entry_id: int) -> str:
        """Return the key of the answer to a ledger entry.

        >>> Topic.answer_key(17)
        'answer/17'
        """
        return f"answer/{entry_id}"


@dataclass(frozen=True, slots=True)
class Attachment:
    """An attached workbook; `name` has no accents, so that no mail program garbles it."""

    name: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter to registered addresses."""

    kind: str
    topics: tuple[Topic, ...]
    addressee: str
    to: tuple[str, ...]
    subject: str
    body: str
    attachments: tuple[Attachment, ...] = ()
    thread: tuple[str, ...] = ()
    """Message-IDs of the mails answered, in order."""

    @property
    def digest(self) -> str:
        """Hash of the topics: the same letter has the same hash whenever it is written."""
        keys = "\n".join(sorted(topic.key for topic in self.topics))
        return hashlib.sha256(f"{self.kind}\n{keys}".encode()).hexdigest()[:32]

    @property
    def file_name(self) -> str:
        """File name of its draft, made of the addressee's checked code."""
        return f"{self.kind}_{self.addressee}_{self.digest[:8]}.eml"
