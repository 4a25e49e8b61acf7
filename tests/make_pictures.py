"""Makes the pictures of forms, report and worklist in `docs/pictures` anew.

``python tests/make_pictures.py [TOWN]``, where TOWN is a folder `mlay demo` made; without one it is
made first. Needs LibreOffice and poppler; for the worklist, which is photographed on a screen, also
Xvfb and ImageMagick, and Dovecot for the guide's month, which is lived. What commands show is
drawn by `make docs`.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from builders import libreoffice, report_pictures, worklist_pictures

from mlay_batch import demo
from mlay_batch.cli import run
from mlay_batch.core.period import Period
from mlay_batch.demo import sample_files
from mlay_batch.schema.catalogue import shipped_folder
from mlay_batch.schema.switches import fields_asked, switches_on, with_switches
from mlay_batch.template import render

PICTURES = Path(__file__).resolve().parent.parent / "docs" / "pictures"
MONTH, AS_OF, BRANCH, COMMITTEE = "2019-11", "2019-12-06", "CB-02", "DB-1"
DPI = 75
# Each picture: the workbook and its page.
FORMS = {
    "template-meeting-1": ("blank", 1),
    "template-instructions": ("blank", 2),
    "template-classification": ("yearly", 1),
    "template-register": ("register", 1),
    "template-filled-1": ("filled", 1),
    "template-returned-1": ("returned", 1),
    "template-returned-2": ("returned", 2),
}


def main(folder: Path, town: Path) -> None:
    if not town.exists():
        run(["demo", str(town)])
    books = workbooks(folder, town)
    pages = {name: libreoffice.convert(path, "pdf", folder / "pdf") for name, path in books.items()}
    paper = town / "reports" / MONTH / f"bao-cao-{MONTH}.docx"
    report = libreoffice.convert(paper, "pdf", folder / "pdf")
    for picture, (name, page) in FORMS.items():
        draw(pages[name], page, picture)
    report_pictures.draw(books["report"], pages["report"], report, PICTURES)
    worklist_pictures.draw(town, folder, PICTURES)


def workbooks(folder: Path, town: Path) -> dict[str, Path]:
    at = ["-C", str(town)]
    run(["consolidate", "--period", MONTH, "--as-of", AS_OF, *at])
    yearly = ["--form", "classification", "--period", "2018"]
    run(["template", COMMITTEE, *yearly, "--out", str(folder), *at])
    wrong = next((shipped_folder("samples") / "bad").glob("*D01*"))
    run(["check", str(wrong), "--returned", str(folder / "returned.xlsx"), *at])
    books = {
        "blank": short_form(folder / "trống.xlsx", filled=False),
        "yearly": next((folder / "2018").iterdir()),
        "register": town / "register.xlsx",
        "filled": short_form(folder / "điền.xlsx", filled=True),
        "returned": folder / "returned.xlsx",
        "report": town / "reports" / MONTH / f"tong-hop-{MONTH}.xlsx",
    }
    return {name: plain(folder, name, path) for name, path in books.items()}


def short_form(path: Path, *, filled: bool) -> Path:
    """Write the monthly form as an office asks for it that has switched nothing on."""
    town, month = demo.load_sample(), Period.parse(MONTH)
    catalogue = town.catalogue
    sample = next(
        s for s in demo.returns(town, catalogue) if (s.branch, s.period) == (BRANCH, month)
    )
    known = next(row.values for row in sample.rows if row.section == "members")
    values = {f"members.{name}": known[name] for name in ("opening", "exempt", "away")}
    context = replace(
        sample_files.context(town, BRANCH, month, catalogue), values=values, switches={}
    )
    form = catalogue.form_for("meeting", month)
    fields = fields_asked(with_switches(form, switches_on(form, {})))
    rows = [
        replace(row, values={n: v for n, v in row.values.items() if f"{row.section}.{n}" in fields})
        for row in sample.rows
        if filled and row.section in fields and row.section != "activities"
    ]
    path.write_bytes(render(form, context, rows))
    return path


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
