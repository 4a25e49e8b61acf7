"""Mailboxes in one file (mbox): each mail is a mail of its own."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from mlay_batch.intake.kinds import ending
from mlay_batch.records import Leaf

# The line mail programs put before each mail: an address and a time that ends in a year.
_FROM = re.compile(rb"(?m)(?:\A|(?<=\n\n)|(?<=\r\n\r\n))From [^\r\n]*\d{4}[^\r\n]*\r?\n")
_QUOTED = re.compile(rb"(?m)^>(>*From )")
_ID = 16  # characters of the hash that tell mails of one mailbox apart


def is_mailbox(leaf: Leaf) -> bool:
    """Return whether a file is an mbox; one with this name may be empty."""
    return ending(leaf) in (".mbox", ".mbx") or bool(_FROM.match(leaf.data[:1000]))


def mailbox_members(leaf: Leaf) -> Iterator[Leaf]:
    """Yield the mails of a mailbox, known by their content: their place in it changes.

    A mailbox without a mail is one leaf, ignored as N13.
    """
    starts = [found.span() for found in _FROM.finditer(leaf.data)]
    if not starts:
        yield replace(leaf, ignored="N13")
    for (_, start), (end, _) in pairwise([*starts, (len(leaf.data), 0)]):
        data = _QUOTED.sub(rb"\1", leaf.data[start:end].rstrip(b"\r\n") + b"\n")
        name = f"{hashlib.sha256(data).hexdigest()[:_ID]}.eml"
        yield replace(leaf, name=name, data=data, origin=f"{leaf.origin}!{name}")
