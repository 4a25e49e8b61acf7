"""Pictures of the sheets for people and of the report to sign, in colour and as a grey printer
shows them: `docs/pictures/report-*.png`, with a page that lists them.

Made by `make_pictures.py`. Pages are drawn by LibreOffice and poppler; few colours keep them small.
"""

from __future__ import annotations

import struct
import subprocess
import unicodedata
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import yaml
from openpyxl import load_workbook

from mlay_batch.core.messages import locale_folder

LOCALE = locale_folder()

DPI = 75
TELEPHONE = 400  # pixels
_MOST_COLOURS = 256
_MANY_PAGES = ("overview",)  # sheets of which every page is shown: they hold the charts
_INDEX = "report.md"
Pixels = npt.NDArray[np.uint8]


def draw(workbook: Path, pdf: Path, report: Path, folder: Path) -> None:
    """Draw the sheets for people and the committee's report into `folder`, and list them.

    Of each sheet the first page, of the first one all pages and the first as a telephone shows it;
    `pdf` and `report` are what LibreOffice prints. Earlier pictures of the report are removed.
    """
    for old in folder.glob("report-*.png"):
        old.unlink()
    lines = ["# The consolidated workbook and the report of November 2019", ""]
    sheets = ((title, name, pdf, page) for title, name, page in pages(workbook, pdf))
    count = next(number for number, text in enumerate(_page_texts(report)) if "PHỤ LỤC" in text)
    papers = ((f"Báo cáo {n}", f"report-paper-{n}", report, n) for n in range(1, count + 1))
    for title, name, printed, page in (*sheets, *papers):
        grey = f"{name}-grey"
        (folder / f"{name}.png").write_bytes(small(picture(printed, page)))
        (folder / f"{grey}.png").write_bytes(small(picture(printed, page, "-gray")))
        lines += [f"## {title}", "", f"![{title}]({name}.png)", f"![{title}]({grey}.png)", ""]
    narrow = small(picture(pdf, 1, "-scale-to-x", str(TELEPHONE), "-scale-to-y", "-1"))
    (folder / "report-overview-400.png").write_bytes(narrow)
    lines += ["## 400 px", "", "![Tổng quan](report-overview-400.png)", ""]
    (folder / _INDEX).write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")


def pages(workbook: Path, pdf: Path) -> Iterator[tuple[str, str, int]]:
    """Yield title, name of the picture and page of the PDF for each sheet that is no data sheet."""
    keys = {text["vi"]: key.partition(".")[2] for key, text in _texts() if key.startswith("sheet.")}
    feet = [page[-1] if page else "" for page in map(_lines, _page_texts(pdf))]
    read = load_workbook(workbook, read_only=True)
    for sheet in read.worksheets:
        key = keys.get(sheet.title)
        if sheet.sheet_state != "visible" or key is None or sheet.title.startswith("Dữ liệu"):
            continue
        sheet_pages = [
            page for page, foot in enumerate(feet, 1) if foot.startswith(f"{sheet.title}  ")
        ]
        drawn_pages = sheet_pages if key in _MANY_PAGES else sheet_pages[:1]
        for number, page in enumerate(drawn_pages, 1):
            yield sheet.title, f"report-{key}" + (f"-{number}" if number > 1 else ""), page


def _texts() -> Iterator[tuple[str, dict[str, str]]]:
    yield from yaml.safe_load((LOCALE / "report.yaml").read_text("utf-8")).items()


def _page_texts(pdf: Path) -> list[str]:
    """Return the text of each page."""
    output = subprocess.run(
        ["pdftotext", "-layout", str(pdf), "-"], check=True, capture_output=True, text=True
    ).stdout
    return unicodedata.normalize("NFC", output).split("\f")


def _lines(page: str) -> list[str]:
    return [line.strip() for line in page.splitlines() if line.strip()]


def picture(pdf: Path, page: int, *options: str) -> Pixels:
    """Return a page as rows of red, green and blue."""
    at = ["-r", str(DPI), *options, "-f", str(page), "-l", str(page)]
    ran = subprocess.run(["pdftoppm", *at, str(pdf)], check=True, capture_output=True)
    return pixels(ran.stdout)


def pixels(portable: bytes) -> Pixels:
    """Return a picture in the format PPM or PGM as rows of red, green and blue."""
    magic, size, _, data = portable.split(b"\n", 3)
    wide, high = map(int, size.split())
    flat = np.frombuffer(data, np.uint8, wide * high * (3 if magic == b"P6" else 1))
    return np.broadcast_to(flat.reshape(high, wide, -1), (high, wide, 3))


def small(picture: Pixels) -> bytes:
    """Return a PNG of the 256 commonest colours; all others become the nearest of them."""
    flat = picture.reshape(-1, 3).astype(np.int64)
    coarse = flat >> 3
    codes = coarse[:, 0] << 10 | coarse[:, 1] << 5 | coarse[:, 2]
    _, where, counts = np.unique(codes, return_inverse=True, return_counts=True)
    sums = np.stack([np.bincount(where, flat[:, part]) for part in range(3)], axis=1)
    means = sums / counts[:, None]
    palette = means[np.argsort(counts)[::-1][:_MOST_COLOURS]]
    nearest = np.argmin(((means[:, None] - palette[None]) ** 2).sum(axis=2), axis=1)
    rows = nearest[where].astype(np.uint8).reshape(picture.shape[:2])
    return png(rows, np.rint(palette).astype(np.uint8))


def png(rows: Pixels, palette: Pixels) -> bytes:
    """Return a PNG whose pixels are numbers of colours in `palette`."""
    high, wide = rows.shape
    plain = np.hstack([np.zeros((high, 1), np.uint8), rows]).tobytes()  # each row: no filter
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", wide, high, 8, 3, 0, 0, 0)),
        (b"PLTE", palette.tobytes()),
        (b"IDAT", zlib.compress(plain, 9)),
        (b"IEND", b""),
    )
    chunks = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)
