"""Limits on what comes in. Read them through the module, so that a test can lower one.

An office cannot change them; the limits of one workbook are `reader.Limits`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

MAX_FILE = 50 << 20  # bytes of one file; the reader's own limit for a workbook is lower
MAX_MAILBOX = 500 << 20  # bytes of a file that holds many mails
MAX_ENTRIES = 1000
MAX_UNPACKED = 500 << 20
MAX_ZIPS = 2  # a zip in a zip is opened, one further down is not
MAX_MAILS = 20  # a mail forwarded in a mail, and so on
MAX_PARTS = 200
MAX_BOUNDARIES = 20_000  # lines of a mail that may begin a part: each becomes an object in memory
MAX_TEXT = 200_000  # bytes of a mail's text that are searched for links
MAX_HEADER = 10_000  # characters; parsing a longer one takes quadratic time
SMALL_PICTURE = 20 << 10  # bytes: a logo or a drawn signature; a photo of a page is larger
OUTLOOK_SECONDS = 20.0
OUTLOOK_MEMORY_MB = 1024


@dataclass
class Budget:
    """What may still be unpacked of one file of the inbox, or one mail of a mailbox.

    Both fall below 0 once the limit is exceeded.

    Attributes:
        entries: number of files in zips.
        unpacked: bytes of these files.
    """

    entries: int = field(default_factory=lambda: MAX_ENTRIES)
    unpacked: int = field(default_factory=lambda: MAX_UNPACKED)
