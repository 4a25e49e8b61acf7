"""Texts of the letters: files the office may edit, checked before anything is sent.

A text is a file ``<kind>.vi.txt``: the subject after ``Tiêu đề:``, in the next line the words for a
chat after ``Tin nhắn:``, an empty line, the body. A text of the office without words for a chat has
the shipped ones. Gaps are written ``{branch}``. An unknown gap or file is refused by name.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from mlay_batch.core.messages import locale_folder
from mlay_batch.core.text import nearest
from mlay_batch.errors import UsageError, os_problem

_HEADING, _CHAT_HEADING = "Tiêu đề:", "Tin nhắn:"
_BLANK_LINES = re.compile(r"\n{3,}")  # left by gaps without a value
_GAP = re.compile(r"\{([^{}\n]*)\}")
_COMMON_GAPS = frozenset({"office", "addressee", "form", "period", "today", "contact"})
_RESEND_GAPS = frozenset(
    {"due", "overdue"}
)  # request to send again: what, by when, earlier request
_FILE_GAPS = _COMMON_GAPS | {"branch", "branch_name", "received", "file", "entered"}
GAPS: Mapping[str, frozenset[str]] = {
    "receipt": _FILE_GAPS
    | {"number", "counts", "correction", "figures", "points", "remarks", "signature", "amend"},
    "returned": _FILE_GAPS | _RESEND_GAPS | {"errors", "count", "wrong_cells"},
    "question": _FILE_GAPS | _RESEND_GAPS | {"errors", "count"},
    "blank": (_FILE_GAPS | _RESEND_GAPS | {"errors", "count"}) - {"form"},
    "redo": _FILE_GAPS | _RESEND_GAPS | {"errors", "count"},
    "declined": (_FILE_GAPS | {"errors", "problem", "fix", "paper", "sent_paper"})
    - {"form", "period"},
    "unopened": (_FILE_GAPS | _RESEND_GAPS | {"errors", "problem", "fix"}) - {"form", "period"},
    "private": (_FILE_GAPS | {"overdue"}) - {"form", "period", "file"},
    "private_due": _COMMON_GAPS | {"branches", "branch_names", "due"},
    "reminder": _COMMON_GAPS | {"branches", "branch_names", "due"},
    "form": _COMMON_GAPS | {"branches", "branch_names", "due"},
    "slip": _COMMON_GAPS | {"branches", "branch_names", "due"},
}


@dataclass(frozen=True, slots=True)
class MailTemplate:
    """The text of one kind of letter, with gaps such as ``{period}``.

    Attributes:
        subject: text of the subject, one line.
        chat: text of a message in a chat, one line.
        body: text of the letter.
    """

    subject: str
    chat: str
    body: str

    def fill(self, values: Mapping[str, str]) -> tuple[str, str, str]:
        """Return subject, chat and body. The first two are one line whatever the values are."""
        subject, chat, body = (
            _GAP.sub(lambda gap: values[gap[1]], part)
            for part in (self.subject, self.chat, self.body)
        )
        return one_line(subject), one_line(chat), _BLANK_LINES.sub("\n\n", printable(body))


def load_templates(folder: Path) -> Mapping[str, MailTemplate]:
    """Return the text of every kind: the office's from `folder`, else the shipped one.

    Raises UsageError with the file, and line and gap where one is unknown.
    """
    for path in sorted(folder.glob("*.txt")):
        kind = path.name.removesuffix(".txt").removesuffix(".vi")
        if kind not in GAPS:
            near = nearest(kind, GAPS) or ", ".join(GAPS)
            raise UsageError("replies.file", path=str(path), nearest=f"{near}.vi.txt")
    return {kind: _load_template(kind, folder) for kind in GAPS}


def _load_template(kind: str, folder: Path) -> MailTemplate:
    shipped = _read_template(locale_folder() / "mail" / f"{kind}.vi.txt", kind)
    for path in (folder / f"{kind}.vi.txt", folder / f"{kind}.txt"):
        if path.is_file():
            template = _read_template(path, kind)
            return replace(template, chat=template.chat or shipped.chat)
    return shipped


def _read_template(path: Path, kind: str) -> MailTemplate:
    try:
        content = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError("replies.unreadable", path=str(path), problem=os_problem(error)) from error
    return parse_template(content, kind, str(path))


def parse_template(content: str, kind: str, file: str) -> MailTemplate:
    """Return the template in `content`, its chat empty without such a line.

    `file` names it in messages.

    >>> parse_template("Tiêu đề: Nhắc {form}\\n\\nKính gửi {addressee}", "reminder", "x").subject
    'Nhắc {form}'
    """
    normalized = unicodedata.normalize("NFC", content)
    for number, line in enumerate(normalized.splitlines(), 1):
        for gap in _GAP.findall(line):
            if gap not in GAPS[kind]:
                near = nearest(gap, GAPS[kind]) or ", ".join(sorted(GAPS[kind]))
                raise UsageError("replies.gap", file=file, line=number, gap=gap, nearest=near)
    first, _, body = normalized.lstrip().partition("\n")
    if not first.startswith(_HEADING) or not first.removeprefix(_HEADING).strip():
        raise UsageError("replies.heading", file=file, heading=_HEADING)
    chat, _, rest = body.lstrip().partition("\n")
    if not chat.startswith(_CHAT_HEADING):
        chat, rest = "", body
    return MailTemplate(
        first.removeprefix(_HEADING).strip(),
        chat.removeprefix(_CHAT_HEADING).strip(),
        rest.strip() + "\n",
    )


def one_line(text: str) -> str:
    """Return `text` as one line without control characters: nothing in it can end a header.

    >>> one_line("Báo cáo\\r\\nBcc: x@y.vn\\u2028\\x00 ")
    'Báo cáo Bcc: x@y.vn'
    """
    return " ".join(printable(text).split())


def printable(text: str) -> str:
    """Return `text` with uniform line breaks and no other control characters."""
    lines = "\n".join(map(_printable_line, text.splitlines()))
    return lines + ("\n" if text.endswith("\n") else "")


def _printable_line(line: str) -> str:
    if line.isprintable():
        return line
    return "".join(
        character
        for character in line
        if character == "\t" or unicodedata.category(character) not in ("Cc", "Cf", "Cs")
    )
