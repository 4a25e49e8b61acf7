"""Pictures of every sheet and chart of the consolidated workbook, in colour and as a grey printer
shows them: `docs/pictures/report-*.png`, with a page that lists them.

Made by `make_pictures.py`. Pages are drawn by LibreOffice and poppler; few colours keep them small.
"""

from __future__ import annotations

import re
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

from mlay_batch.core.messages import LOCALE

DPI = 75
_MOST_COLOURS = 256
_MANY_PAGES = ("overview",)  # sheets of which every page is shown: they hold the charts
_INDEX = "report.md"
Pixels = npt.NDArray[np.uint8]


def draw(workbook: Path, pdf: Path, folder: Path) -> None:
    """Draw the first page of each sheet (all pages where charts are) into `folder`, and list them.

    Earlier pictures of the report there are removed.
    """
    for old in folder.glob("report-*.png"):
        old.unlink()
    lines = ["# The consolidated workbook of November 2019", ""]
    for title, name, page in pages(workbook, pdf):
        grey = f"{name}-grey"
        (folder / f"{name}.png").write_bytes(small(picture(pdf, page)))
        (folder / f"{grey}.png").write_bytes(small(picture(pdf, page, "-gray")))
        lines += [f"## {title}", "", f"![{title}]({name}.png)", f"![{title}]({grey}.png)", ""]
    (folder / _INDEX).write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")


def pages(workbook: Path, pdf: Path) -> Iterator[tuple[str, str, int]]:
    """Yield title, name of the picture and page of the PDF for each visible sheet."""
    keys = {text["vi"]: key.partition(".")[2] for key, text in _texts() if key.startswith("sheet.")}
    feet = footers(pdf)
    read = load_workbook(workbook, read_only=True)
    for sheet in read.worksheets:
        if sheet.sheet_state != "visible":
            continue
        key = keys.get(sheet.title) or slug(sheet.title)
        sheet_pages = [
            page for page, foot in enumerate(feet, 1) if foot.startswith(f"{sheet.title}  ")
        ]
        drawn_pages = sheet_pages if key in _MANY_PAGES else sheet_pages[:1]
        for number, page in enumerate(drawn_pages, 1):
            yield sheet.title, f"report-{key}" + (f"-{number}" if number > 1 else ""), page


def _texts() -> Iterator[tuple[str, dict[str, str]]]:
    yield from yaml.safe_load((LOCALE / "report.yaml").read_text("utf-8")).items()


def slug(title: str) -> str:
    """Return a title as the name of a file: ``du-lieu-dang-vien``."""
    plain = unicodedata.normalize("NFD", title.lower().replace("đ", "d"))
    return re.sub(r"[^a-z0-9]+", "-", plain.encode("ascii", "ignore").decode()).strip("-")


def footers(pdf: Path) -> list[str]:
    """Return the last line of each page."""
    output = subprocess.run(
        ["pdftotext", "-layout", str(pdf), "-"], check=True, capture_output=True, text=True
    ).stdout
    lines = [
        [line.strip() for line in page.splitlines() if line.strip()]
        for page in unicodedata.normalize("NFC", output).split("\f")
    ]
    return [page[-1] if page else "" for page in lines]


def picture(pdf: Path, page: int, *options: str) -> Pixels:
    """Return a page as rows of red, green and blue."""
    at = ["-f", str(page), "-l", str(page), "-r", str(DPI), *options]
    ran = subprocess.run(["pdftoppm", *at, str(pdf)], check=True, capture_output=True)
    magic, size, _, data = ran.stdout.split(b"\n", 3)
    wide, high = map(int, size.split())
    pixels = np.frombuffer(data, np.uint8, wide * high * (3 if magic == b"P6" else 1))
    return np.broadcast_to(pixels.reshape(high, wide, -1), (high, wide, 3))


def small(pixels: Pixels) -> bytes:
    """Return a PNG of the 256 commonest colours; all others become the nearest of them."""
    flat = pixels.reshape(-1, 3).astype(np.int64)
    coarse = flat >> 3
    codes = coarse[:, 0] << 10 | coarse[:, 1] << 5 | coarse[:, 2]
    _, where, counts = np.unique(codes, return_inverse=True, return_counts=True)
    sums = np.stack([np.bincount(where, flat[:, part]) for part in range(3)], axis=1)
    means = sums / counts[:, None]
    palette = means[np.argsort(counts)[::-1][:_MOST_COLOURS]]
    nearest = np.argmin(((means[:, None] - palette[None]) ** 2).sum(axis=2), axis=1)
    rows = nearest[where].astype(np.uint8).reshape(pixels.shape[:2])
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
