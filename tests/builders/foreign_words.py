"""The texts of what an office gives out, and which of them are of another place or level."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from email import message_from_bytes, policy
from functools import cache

import openpyxl

# Places, levels and words of offices that a commune is not.
FOREIGN = re.compile(
    r"mường lay|muong lay|thị ủy|thị xã|thi uy|huyện|phường|đảng bộ tỉnh|thành ủy"
    r"|\btown|\bdistrict|\bward\b|\{(office|office_short|parent)\}",
    re.IGNORECASE,
)


def foreign_words(texts_of_office: Iterable[str]) -> list[str]:
    """Return the texts that name another place or level."""
    return [text for text in texts_of_office if FOREIGN.search(text)]


@cache
def texts(data: bytes) -> tuple[str, ...]:
    """Return all texts of a workbook: cells, comments, lists of drop-downs, sheet names."""
    book = openpyxl.load_workbook(io.BytesIO(data))
    result = list(book.sheetnames)
    for sheet in book:
        result += [
            f"{v.prompt} {v.error} {v.formula1}" for v in sheet.data_validations.dataValidation
        ]
        for line in sheet.iter_rows():
            result += [str(cell.value) for cell in line if cell.value is not None]
            result += [cell.comment.text for cell in line if cell.comment]
    return tuple(result)


def letter_texts(data: bytes) -> Iterator[str]:
    """Yield the texts of a draft (.eml): body and subject, then those of the workbooks with it."""
    letter = message_from_bytes(data, policy=policy.default)
    body = letter.get_body(("plain",))
    assert body is not None
    yield body.get_content()
    yield str(letter["Subject"])
    for part in letter.iter_attachments():
        if str(part.get_filename()).endswith(".xlsx"):
            yield from texts(part.get_content())
