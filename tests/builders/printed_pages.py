"""What a printed page really shows: poppler's words against the ink where each should stand.

LibreOffice writes a text into the PDF in full and clips it by a path, so that `pdftotext` alone
sees what no reader sees. A word counts as shown when there is ink in its left, middle and right
part, in the upper and the lower part of its letters, and no other word stands on it.
"""

from __future__ import annotations

import html
import re
import string
import subprocess
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, floor
from pathlib import Path

import numpy as np
import numpy.typing as npt
from openpyxl.cell import Cell
from openpyxl.utils import get_column_letter, range_boundaries
from openpyxl.worksheet.worksheet import Worksheet

from mlay_batch.excel.metrics import width

_DPI = 110
_WORD = re.compile(
    r'<word xMin="([\d.-]+)" yMin="([\d.-]+)" xMax="([\d.-]+)" yMax="([\d.-]+)">(.*?)</word>'
)
_PICTURE = re.compile(rb"P5\n(\d+) (\d+)\n255\n")
# Letters and marks (grave, acute, circumflex, tilde, breve, hook) that rise above a small letter.
_TALL = frozenset(string.ascii_uppercase + string.digits + "bdfhklđ")
_ABOVE = frozenset("\u0300\u0301\u0302\u0303\u0306\u0309")
_CONTRAST = 35  # grey levels between a letter and its ground
Grey = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Word:
    """A word and its box on the page, in points."""

    text: str
    left: float
    top: float
    right: float
    bottom: float


def text(pdf: Path, last: int | None = None) -> str:
    """All text of the pages without blanks and hyphens: a line may be drawn in several runs, and
    poppler drops the hyphen of a word broken there.
    """
    content = "".join(_run("pdftotext", pdf, last, "-").split())
    return unicodedata.normalize("NFC", content).replace("-", "")


def page_texts(pdf: Path) -> list[str]:
    """The text of each page."""
    pages = _run("pdftotext", pdf, None, "-").split("\f")
    return [unicodedata.normalize("NFC", page) for page in pages if page.strip()]


def footers(pdf: Path) -> Iterator[str]:
    """The last line of each page."""
    for page in _run("pdftotext", pdf, None, "-layout", "-").split("\f"):
        lines = [line for line in page.splitlines() if line.strip()]
        if lines:
            yield unicodedata.normalize("NFC", "".join(lines[-1].split()))


_A4 = {"portrait": 210 / 25.4, "landscape": 297 / 25.4}  # inches across
_PIXELS = 7  # of a digit of the default font; the stored width counts the cell's margin in


def shown_columns(sheet: Worksheet) -> list[str]:
    """The letters of the columns of a sheet's print area that are not hidden."""
    first, _, last, _ = range_boundaries(str(sheet.print_area).rpartition("!")[2].replace("$", ""))
    hidden = {
        number
        for dimension in sheet.column_dimensions.values()
        if dimension.hidden
        for number in range(dimension.min, dimension.max + 1)
    }
    columns = range(first, last + 1)
    return [get_column_letter(column) for column in columns if column not in hidden]


def printed_cells(sheet: Worksheet) -> Iterator[Cell]:
    """The cells of a sheet's print area that are in no hidden row or column."""
    area = str(sheet.print_area).rpartition("!")[2].replace("$", "")
    columns = set(shown_columns(sheet))
    for row in sheet[area]:
        if not sheet.row_dimensions[row[0].row].hidden:
            yield from (cell for cell in row if get_column_letter(cell.column) in columns)


def fitted_scale(sheet: Worksheet) -> float:
    """By how much a sheet that is fitted to the width of A4 is made smaller; 1 for not at all."""
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    widths = {
        get_column_letter(number): dimension.width
        for dimension in sheet.column_dimensions.values()
        for number in range(dimension.min, dimension.max + 1)
    }
    pixels = sum(widths[column] * _PIXELS for column in shown_columns(sheet))
    margins = sheet.page_margins.left + sheet.page_margins.right
    return min(1, (_A4[sheet.page_setup.orientation] - margins) * 96 / pixels)


def _run(tool: str, pdf: Path, last: int | None, *options: str) -> str:
    pages = ["-l", str(last)] if last else []
    flags = [option for option in options if option != "-"]
    ran = subprocess.run(
        [tool, *flags, *pages, str(pdf), "-"], capture_output=True, text=True, check=True
    )
    return ran.stdout


def words(pdf: Path, last: int) -> list[tuple[Word, ...]]:
    """The words of each page that have a letter or a digit."""
    pages = _run("pdftotext", pdf, last, "-bbox").split("<page ")[1:]
    return [
        tuple(
            Word(html.unescape(word), *map(float, box))
            for *box, word in _WORD.findall(page)
            if any(letter.isalnum() for letter in html.unescape(word))
        )
        for page in pages
    ]


def pictures(pdf: Path, last: int) -> Iterator[Grey]:
    ran = subprocess.run(
        ["pdftoppm", "-gray", "-r", str(_DPI), "-l", str(last), str(pdf)],
        capture_output=True,
        check=True,
    )
    drawn, at = ran.stdout, 0
    while at < len(drawn):
        head = _PICTURE.match(drawn, at)
        assert head
        wide, high = int(head[1]), int(head[2])
        yield np.frombuffer(drawn, np.uint8, wide * high, head.end()).reshape(high, wide)
        at = head.end() + wide * high


def hidden(pdf: Path, last: int = 1) -> Iterator[str]:
    """Yield the words of the first pages that cannot be read: cut off, or under another word."""
    pages = zip(pictures(pdf, last), words(pdf, last), strict=True)
    for page, (grey, page_words) in enumerate(pages, 1):
        for word in page_words:
            if not _is_inked(grey, word):
                yield f"page {page}: {word.text!r} is cut off"
        for first, other in _overlaps(page_words):
            yield f"page {page}: {first.text!r} and {other.text!r} overlap"


def _overlaps(page_words: tuple[Word, ...]) -> Iterator[tuple[Word, Word]]:
    """Yield the pairs of words of which one covers a quarter of the other."""
    if not page_words:
        return
    boxes = np.array([(word.left, word.top, word.right, word.bottom) for word in page_words])
    low = np.maximum(boxes[:, None, :2], boxes[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    shared = np.prod(np.clip(high - low, 0, None), axis=2)
    areas = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    pairs = np.argwhere(np.triu(shared > 0.25 * np.minimum(areas[:, None], areas[None, :]), 1))
    for first, other in ((page_words[first], page_words[other]) for first, other in pairs):
        if not _is_one_word(first, other):
            yield first, other


def _is_one_word(first: Word, other: Word) -> bool:
    """Whether poppler has parted a word between two letters set close: single ones, on one line."""
    return (first.top, first.bottom) == (other.top, other.bottom) and len(
        first.text + other.text
    ) == 2


def _is_inked(grey: Grey, word: Word) -> bool:
    """Whether the word's ink is there from its first to its last letter, top to bottom.

    Measured within poppler's box: tall letters begin at 0.2 of its height, small ones at 0.35; all
    stand on 0.7, tails end at 0.85.
    """
    scale = _DPI / 72
    letters = [place for place, letter in enumerate(word.text) if letter.isalnum()]
    whole = width(word.text)
    begin, end = width(word.text[: letters[0]]), width(word.text[: letters[-1] + 1])
    across = (word.right - word.left) * scale
    left = word.left * scale + across * begin / whole
    right = word.left * scale + across * end / whole
    top, high = word.top * scale, (word.bottom - word.top) * scale
    if left < 0 or right > grey.shape[1] or top + high > grey.shape[0]:
        return False
    parts = 3 if len(letters) > 2 else 1
    edges = [round(left + (right - left) * n / parts) for n in range(parts + 1)]
    edges[0], edges[-1] = max(0, edges[0] - 1), edges[-1] + 1

    box = grey[round(top) : round(top + high), edges[0] : edges[-1]].astype(int)
    ground = np.sort(box, axis=None)[9 * (box.size - 1) // 10]  # every ground of ours is light
    dark = ground - box > _CONTRAST

    def ink(part: int, upper: float, lower: float) -> bool:
        columns = slice(edges[part] - edges[0], edges[part + 1] - edges[0])
        return bool(dark[floor(upper * high) : ceil(lower * high), columns].any())

    tall = set(unicodedata.normalize("NFD", word.text)) & (_TALL | _ABOVE)
    return (
        all(ink(part, *zone) for part in range(parts) for zone in ((0.32, 0.52), (0.52, 0.72)))
        and (not tall or any(ink(part, 0.08, 0.3) for part in range(parts)))
        and (not set(word.text) & set("gpqy") or any(ink(part, 0.74, 1) for part in range(parts)))
    )
