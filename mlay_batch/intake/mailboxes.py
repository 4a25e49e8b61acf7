"""Mailboxes in one file (mbox): each mail is a mail of its own."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from mlay_batch.intake.file_types import suffix
from mlay_batch.model.records import IncomingFile

# The line mail programs put before each mail: an address and a time that ends in a year.
_FROM_LINE = re.compile(rb"(?m)(?:\A|(?<=\n\n)|(?<=\r\n\r\n))From [^\r\n]*\d{4}[^\r\n]*\r?\n")
_QUOTED_FROM = re.compile(rb"(?m)^>(>*From )")
_ID_LENGTH = 16  # characters of the hash that tell mails of one mailbox apart


def is_mailbox(file: IncomingFile) -> bool:
    """Return whether a file is an mbox; one with this name may be empty."""
    return suffix(file) in (".mbox", ".mbx") or bool(_FROM_LINE.match(file.data[:1000]))


def mailbox_members(file: IncomingFile) -> Iterator[IncomingFile]:
    """Yield the mails of a mailbox, known by their content: their place in it changes.

    A mailbox without a mail is one leaf, ignored as N13.
    """
    starts = [match.span() for match in _FROM_LINE.finditer(file.data)]
    if not starts:
        yield replace(file, skip_reason="N13")
    for (_, start), (end, _) in pairwise([*starts, (len(file.data), 0)]):
        data = _QUOTED_FROM.sub(rb"\1", file.data[start:end].rstrip(b"\r\n") + b"\n")
        name = f"{hashlib.sha256(data).hexdigest()[:_ID_LENGTH]}.eml"
        yield replace(file, name=name, data=data, origin=f"{file.origin}!{name}")
