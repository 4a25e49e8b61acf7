"""Makes the pictures of forms and report in `docs/pictures` anew, from the sample town's November.

``python tests/make_pictures.py [TOWN]``, where TOWN is a folder `mlay demo` made; without one it is
made first. Needs LibreOffice and poppler. The screens of the guide are `make docs`.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from builders import libreoffice, report_pictures

from mlay_batch.cli import run
from mlay_batch.schema.catalogue import shipped_folder

PICTURES = Path(__file__).resolve().parent.parent / "docs" / "pictures"
MONTH, AS_OF, BRANCH, COMMITTEE = "2019-11", "2019-12-06", "CB-02", "DB-1"
DPI = 75
# Each picture: the workbook and its page.
FORMS = {
    "template-meeting-1": ("blank", 1),
    "template-meeting-2": ("blank", 2),
    "template-meeting-3": ("blank", 3),
    "template-instructions": ("blank", 5),
    "template-classification": ("yearly", 1),
    "template-register": ("register", 1),
    "template-filled-1": ("filled", 1),
    "template-filled-2": ("filled", 2),
    "template-returned-1": ("returned", 1),
    "template-returned-2": ("returned", 3),
}


def main(folder: Path, town: Path) -> None:
    if not town.exists():
        run(["demo", str(town)])
    books = workbooks(folder, town)
    pages = {name: libreoffice.convert(path, "pdf", folder / "pdf") for name, path in books.items()}
    for picture, (name, page) in FORMS.items():
        draw(pages[name], page, picture)
    report_pictures.draw(books["report"], pages["report"], PICTURES)


def workbooks(folder: Path, town: Path) -> dict[str, Path]:
    at = ["-C", str(town)]
    run(["consolidate", "--period", MONTH, "--as-of", AS_OF, *at])
    run(["template", BRANCH, "--period", MONTH, "--out", str(folder), *at])
    yearly = ["--form", "classification", "--period", "2018"]
    run(["template", COMMITTEE, *yearly, "--out", str(folder), *at])
    wrong = next((shipped_folder("samples") / "bad").glob("tong-so-khong-khop*"))
    run(["check", str(wrong), "--returned", str(folder / "returned.xlsx"), *at])
    books = {
        "blank": next((folder / MONTH).iterdir()),
        "yearly": next((folder / "2018").iterdir()),
        "register": town / "register.xlsx",
        "filled": next((shipped_folder("samples") / MONTH).glob("*Ban Chỉ huy Quân sự*")),
        "returned": folder / "returned.xlsx",
        "report": town / "reports" / MONTH / f"tong-hop-{MONTH}.xlsx",
    }
    return {name: plain(folder, name, path) for name, path in books.items()}


def plain(folder: Path, name: str, path: Path) -> Path:
    """Return a copy under a name of its own."""
    copy = folder / f"{name}.xlsx"
    copy.write_bytes(path.read_bytes())
    return copy


def draw(pdf: Path, page: int, picture: str) -> None:
    at = ["-f", str(page), "-l", str(page), "-r", str(DPI), "-singlefile"]
    subprocess.run(["pdftoppm", "-png", *at, str(pdf), str(PICTURES / picture)], check=True)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        main(Path(temporary), Path(sys.argv[1]) if sys.argv[1:] else Path(temporary) / "town")
    libreoffice.stop()
