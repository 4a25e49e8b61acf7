"""Makes the pictures of forms and report in `docs/pictures` anew, from the sample town's November.

``python tests/make_pictures.py [TOWN]``, where TOWN is a folder `mlay demo` made; without one it is
made first. Needs LibreOffice and poppler. The screens of the guide are `make docs`.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import office

from mlay_batch.cli import run
from mlay_batch.schema.catalogue import shipped

PICTURES = Path(__file__).resolve().parent.parent / "docs" / "pictures"
MONTH, BRANCH, COMMITTEE = "2019-11", "CB-02", "DB-1"
DPI = 75
# Each picture: the workbook and its page, or the sheet whose first page (or a later one) it shows.
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
REPORT = {
    "report-overview": ("Tổng quan", 1),
    "report-overview-charts": ("Tổng quan", 2),
    "report-quota": ("Chỉ tiêu dự sinh hoạt", 1),
    "report-quota-doubts": ("Nghi vấn dự họp", 1),
    "report-rating": ("Xếp loại sinh hoạt", 1),
    "report-rating-year": ("Lũy kế năm", 1),
    "report-classification": ("Xếp loại năm", 1),
    "report-completeness": ("Tình hình nộp", 1),
    "report-errors": ("Lỗi", 1),
    "report-data-meetings": ("Dữ liệu Các buổi", 1),
    "report-data-attendance": ("Dữ liệu Cấp trên", 1),
    "report-provenance": ("Nguồn gốc", 1),
}


def main(folder: Path, town: Path) -> None:
    if not town.exists():
        run(["demo", str(town)])
    books = workbooks(folder, town)
    pages = {name: office.convert(path, "pdf", folder / "pdf") for name, path in books.items()}
    for picture, (name, page) in FORMS.items():
        draw(pages[name], page, picture)
    feet = footers(pages["report"])
    for picture, (sheet, nth) in REPORT.items():
        own = [page for page, foot in enumerate(feet, 1) if foot.startswith(sheet)]
        draw(pages["report"], own[nth - 1], picture)


def workbooks(folder: Path, town: Path) -> dict[str, Path]:
    here = ["-C", str(town)]
    run(["template", BRANCH, "--period", MONTH, "--out", str(folder), *here])
    yearly = ["--form", "classification", "--period", "2018"]
    run(["template", COMMITTEE, *yearly, "--out", str(folder), *here])
    wrong = next((shipped("samples") / "bad").glob("tong-so-khong-khop*"))
    run(["check", str(wrong), "--returned", str(folder / "returned.xlsx"), *here])
    found = {
        "blank": next((folder / MONTH).iterdir()),
        "yearly": next((folder / "2018").iterdir()),
        "register": town / "register.xlsx",
        "filled": next((shipped("samples") / MONTH).glob("*Ban Chỉ huy Quân sự*")),
        "returned": folder / "returned.xlsx",
        "report": town / "reports" / MONTH / f"tong-hop-{MONTH}.xlsx",
    }
    return {name: plain(folder, name, path) for name, path in found.items()}


def plain(folder: Path, name: str, path: Path) -> Path:
    """Return a copy under a name of its own."""
    made = folder / f"{name}.xlsx"
    made.write_bytes(path.read_bytes())
    return made


def footers(pdf: Path) -> list[str]:
    told = subprocess.run(
        ["pdftotext", "-layout", str(pdf), "-"], check=True, capture_output=True, text=True
    ).stdout
    lines = [
        [line.strip() for line in page.splitlines() if line.strip()] for page in told.split("\f")
    ]
    return [page[-1] if page else "" for page in lines]


def draw(pdf: Path, page: int, picture: str) -> None:
    at = ["-f", str(page), "-l", str(page), "-r", str(DPI), "-singlefile"]
    subprocess.run(["pdftoppm", "-png", *at, str(pdf), str(PICTURES / picture)], check=True)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        main(Path(made), Path(sys.argv[1]) if sys.argv[1:] else Path(made) / "town")
    office.stop()
