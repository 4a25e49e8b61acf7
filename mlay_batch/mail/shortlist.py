"""Keeps a letter short: at most 15 lines, as a phone or a mail window shows them.

A letter's own text is fixed; what grows with the return (errors, points to look at, branches) is a
`Shortlist`, which gets the lines that are left. What it leaves out stands in an attachment.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

MAX_LINES = 15
LINE_WIDTH = 80  # characters; longer lines wrap
FULL_LIST = "danh-sach-day-du.txt"
"""Attachment with the whole of a list that stands nowhere else."""
_MAX_ITEM_LINES = 3  # of an item among others


def count_lines(body: str) -> int:
    """Return how many lines a reader sees: long ones wrap, empty ones do not count.

    >>> count_lines("Kính gửi: Chi bộ 1\\n\\n" + "báo cáo " * 20)
    3
    """
    return sum(map(_count_wrapped, body.splitlines()))


def _count_wrapped(line: str) -> int:
    """Return how many lines a line takes; few are long, and to wrap one takes its time."""
    if line.isprintable() and len(line) <= LINE_WIDTH:
        return 1 if line.strip() else 0
    return len(textwrap.wrap(line, LINE_WIDTH))


@dataclass(frozen=True)
class Shortlist:
    """A list of which a letter shows as many items as it has room for.

    Attributes:
        items: what it lists, one line each.
        heading: line above them, or in place of them; empty for none.
        alone: line in place of heading and items where not even one fits; empty: one always does.
        counts: how many each item stands for; empty: one each.
        unit: what is counted, such as ``lỗi``.
        place: where all items stand, such as ``ở trang đầu tệp kèm theo``; empty: nowhere else, so
            that `FULL_LIST` has to be attached where items are left out.
        is_paragraph: whether the items stand in one paragraph.
    """

    items: Sequence[str]
    heading: str = ""
    alone: str = ""
    counts: Sequence[int] = ()
    unit: str = "mục"
    place: str = ""
    is_paragraph: bool = False

    def __str__(self) -> str:
        """Return all of it."""
        return self._text(self.items)

    @property
    def total(self) -> int:
        """How many all items stand for."""
        return sum(self.counts or [1] * len(self.items))

    @property
    def least_lines(self) -> int:
        """How many lines it needs; with an item and the number of the rest where none is `alone`.

        Without items it is its heading.
        """
        if self.alone or not self.items:
            return count_lines(self.alone if self.items else self.heading)
        return count_lines(self.heading) + min(2, len(self.items))

    def fit(self, room: int) -> str:
        """Return as much of it as `room` lines hold, and how many items are left out."""
        is_small = sum(map(len, self.items)) <= room * LINE_WIDTH
        if is_small and count_lines(str(self)) <= room:
            return str(self)
        rest_lines = 1 if len(self.items) > 1 else 0
        item_room = room - count_lines(self.heading) - rest_lines
        if self.alone and item_room < 1:
            return self.alone
        most = min(_MAX_ITEM_LINES, item_room) if rest_lines else item_room
        items = [_shorten(item, max(1, most)) for item in self.items[: room * LINE_WIDTH]]
        text = self._text(items[:1])
        for count in range(2, len(items) + 1):
            longer = self._text(items[:count])
            if count_lines(longer) > room:
                break
            text = longer
        return text

    def _text(self, items: Sequence[str]) -> str:
        """Return the heading, these first items, and the number of the rest."""
        rest = sum((self.counts or [1] * len(self.items))[len(items) :])
        place = self.place or f"ở tệp {FULL_LIST} kèm theo"
        shown = [*items, *([f"và {rest} {self.unit} nữa, ghi {place}."] if rest else ())]
        lines = ["; ".join(shown)] if self.is_paragraph else [f"- {item}" for item in shown]
        return "\n".join(filter(None, (self.heading, *lines)))


def _shorten(item: str, most: int) -> str:
    """Return an item in at most so many lines, with an ellipsis where words are left out."""
    lines = textwrap.wrap(item, LINE_WIDTH - len("- "))
    if len(lines) <= most:
        return item
    words = " ".join(lines[:most])[: most * (LINE_WIDTH - 8)]
    return words.rpartition(" ")[0] + "…" if " " in words else words + "…"


def fit_all(
    body_without: str, shortlists: Mapping[str, Shortlist]
) -> tuple[Mapping[str, str], Sequence[Shortlist]]:
    """Return the text of each list in a body that is `body_without` them.

    Also those cut although their items stand nowhere else.
    """
    room = MAX_LINES - count_lines(body_without)
    texts: dict[str, str] = {}
    needed = {gap: shortlist.least_lines for gap, shortlist in shortlists.items()}
    for gap, shortlist in shortlists.items():
        least = needed.pop(gap)
        texts[gap] = shortlist.fit(max(least, room - sum(needed.values())))
        room -= count_lines(texts[gap])
    cut = [s for gap, s in shortlists.items() if texts[gap] != str(s) and not s.place]
    return texts, cut
