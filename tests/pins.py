"""Every output of the sample town, each under a name, with the SHA-256 of its content.

Made through the command line alone, so that nothing here knows how the program is built. What is
packed (.xlsx, .eml) is hashed by its unpacked parts. `python tests/pins.py DIR` writes the outputs
there: two checkouts' folders compared by ``diff -r`` show what a change has changed.
"""

from __future__ import annotations

import contextlib
import email
import email.policy
import hashlib
import io
import os
import shutil
import sqlite3
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from unittest import mock

import click
from openpyxl import Workbook, load_workbook
from openpyxl.cell import Cell

from mlay_batch.cli import COMMANDS, mlay, run, session

ROOT = Path(__file__).resolve().parent.parent
AS_OF = "2019-12-06"
LANGUAGES = ("vi", "en")
WORKBOOKS = ("2019-09", "2019-10", "2019-11", "2019-Q3", "2019")
BRANCH_PAGES = ("CB-01", "CB-02", "CB-30", "DB1-CB07")
# Form → who is given it, and for each version a period in which it holds.
FORMS = {
    "meeting": (("CB-01", "CB-30", "DB1-CB07"), ("2019-12", "2025-10")),
    "classification": (("CB-01", "DB-1"), ("2016", "2018", "2019", "2023", "2025")),
}
# Returns of every form and version the sample town used.
FILLED = (
    ("meeting", "2019-11", "CB-01"),
    ("meeting", "2019-11", "DB1-CB07"),
    ("classification", "2016", "DB-1"),
    ("classification", "2018", "CB-01"),
)
WRONG = ("mười hai", 99999, "31/02/2019")
# Commands whose --json is not pinned: most change the town; `cli/test_json.py` holds all of it.
CHANGING = {
    *("init", "register", "template", "month", "fetch", "run", "accept", "refuse", "explain"),
    *("report", "close", "reopen", "backup", "restore", "purge", "demo"),
    *("schema copy", "schema lint"),
}


def pins(folder: Path) -> dict[str, str]:
    """Return name → SHA-256 of every output, made in `folder`."""
    return {name: hashlib.sha256(data).hexdigest() for name, data in sorted(outputs(folder))}


def zlib_version() -> str:
    """Return the zlib here: the hash of a packed file, which letters print, depends on it."""
    return zlib.ZLIB_RUNTIME_VERSION


def outputs(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield every output under its name; the order of making is the order of a year's work."""
    town = folder / "town"
    with clock(AS_OF), contextlib.chdir(folder):
        yield from help_texts()
        run_command("demo", str(town))
        os.chdir(town)
        yield from workbooks(town)
        yield from forms(town)
        yield from wrong_returns(town)
        yield from letters(town)
        yield from tables(town)


def help_texts() -> Iterator[tuple[str, bytes]]:
    for lang in LANGUAGES:
        for path in ((), *command_paths()):
            text = run_command(*path, "--lang", lang, "--help")
            yield f"help/{lang}/{' '.join(('mlay', *path))}", text.encode()


def command_paths() -> Iterator[tuple[str, ...]]:
    """Yield the words of every command, of groups and of the commands within them."""
    ctx = click.Context(mlay)
    for name in COMMANDS:
        command = mlay.get_command(ctx, name)
        yield (name,)
        if isinstance(command, click.Group):
            yield from ((name, inner) for inner in command.list_commands(click.Context(command)))


def workbooks(town: Path) -> Iterator[tuple[str, bytes]]:
    for period in WORKBOOKS:
        run_command("consolidate", "--period", period, "--as-of", AS_OF)
        folder = f"reports/{period}"
        for name in (f"tong-hop-{period}.xlsx", f"bao-cao-{period}.docx", f"bao-cao-{period}.xlsx"):
            yield from pin_package(town, f"{folder}/{name}")
        yield f"{folder}/tin-{period}.txt", (town / folder / f"tin-{period}.txt").read_bytes()
    run_command("consolidate", "--period", "2019-11", "--as-of", AS_OF, "--lang", "en")
    yield from pin_package(town, "reports/2019-11/tong-hop-2019-11.xlsx", "en/")
    run_command("incoming", "--period", "2019-11", "--as-of", AS_OF)
    yield from pin_package(town, "reports/2019-11/so-van-ban-den-2019-11.xlsx")
    for branch in BRANCH_PAGES:
        run_command("report", branch, "--period", "2019-11", "--as-of", AS_OF)
        yield from pin_package(town, f"reports/2019/chi-bo-{branch}-2019-11.xlsx")


def forms(town: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the blank form of every version, and as it comes back when it is sent in blank."""
    yield from pin_package(town, "register.xlsx")
    yield from check_output(town / "register.xlsx", "register.xlsx")
    for form, (branches, periods) in FORMS.items():
        for period in periods:
            run_command("template", "--form", form, "--period", period, *branches)
            for path in sorted((town / "outbox" / period).glob("*.xlsx")):
                yield from pin_package(town, f"outbox/{period}/{path.name}")
                yield from check_and_return(path, f"blank {path.name}")


def wrong_returns(town: Path) -> Iterator[tuple[str, bytes]]:
    """Yield filled-in returns, and the same with every third value typed over, as they go back."""
    for form, period, branch in FILLED:
        original = archive_path(town, form, period, branch)
        book = load_workbook(io.BytesIO(original.read_bytes()))
        for number, cell in enumerate(list(typed_cells(book))[::3]):
            cell.value = WRONG[number % len(WRONG)]
        wrong = town / f"{branch}_{form}_{period}_wrong.xlsx"
        book.save(wrong)
        good = shutil.copy(original, town / f"{branch}_{form}_{period}.xlsx")
        yield from check_and_return(good, good.name)
        yield from check_and_return(wrong, wrong.name)


def typed_cells(book: Workbook) -> Iterator[Cell]:
    """Yield the cells a branch has filled in: on a visible sheet, open to it, not empty."""
    for sheet in book.worksheets:
        for row in sheet.iter_rows() if sheet.sheet_state == "visible" else ():
            yield from (
                cell
                for cell in row
                if isinstance(cell, Cell) and cell.value is not None and not cell.protection.locked
            )


def archive_path(town: Path, form: str, period: str, branch: str) -> Path:
    """Return the file a branch reported with, in the archive."""
    with contextlib.closing(sqlite3.connect(town / "ledger.sqlite")) as ledger:
        (sha256,) = ledger.execute(
            "SELECT sha256 FROM delivery WHERE form = ? AND period = ? AND branch = ?"
            " AND verdict = 'accepted' AND superseded_by IS NULL",
            (form, period, branch),
        ).fetchone()
    (path,) = (town / "archive").rglob(f"{sha256}*")
    return path


def check_output(path: Path, name: str) -> Iterator[tuple[str, bytes]]:
    """Yield what `mlay check` says of a file in both languages."""
    for lang in LANGUAGES:
        text = run_command("check", path.name, "--json", "--lang", lang, folder=path.parent)
        yield f"check/{lang}/{name}", text.encode()


def check_and_return(path: Path, name: str) -> Iterator[tuple[str, bytes]]:
    """Yield what `mlay check` says of a file, and the form given back where it gives one."""
    yield from check_output(path, name)
    back = path.with_suffix(".returned.xlsx")
    run_command("check", path.name, "--returned", back.name, folder=path.parent)
    if back.exists():
        yield f"returned/{name}", hash_parts(back.read_bytes())
        back.unlink()


def letters(town: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the drafts: receipts and returned forms, then reminders, then forms that go out."""
    run_command("reply", "--period", "2019-11", "--as-of", AS_OF)
    run_command("reply", "--period", "2019-11", "--as-of", "2019-12-20")
    run_command("template", "CB-02", "--period", "2019-12", "--mail")
    for path in sorted((town / "outbox").rglob("*.eml")):
        yield f"letters/{path.parent.parent.name}/{path.name}", message_parts(path.read_bytes())


def tables(town: Path) -> Iterator[tuple[str, bytes]]:
    """Yield what the commands that change nothing print with `--json`, in both languages."""
    workbook = "reports/2019-11/tong-hop-2019-11.xlsx"
    month = ("--period", "2019-11", "--as-of", AS_OF)
    lines: dict[str, tuple[str, ...]] = {
        "status": ("status", *month),
        "status year": ("status", "--period", "2019", "--as-of", AS_OF),
        "held": ("held",),
        "verify": ("verify", workbook),
        "doctor": ("doctor",),
        "consolidate": ("consolidate", "--dry-run", *month),
        "ingest": ("ingest", "--dry-run", "--as-of", AS_OF, "register.xlsx"),
        "reply": ("reply", "--dry-run", *month),
        "incoming": ("incoming", "--dry-run", *month),
        "schema list": ("schema", "list"),
        "schema diff": ("schema", "diff", "meeting:2018.1", "meeting:2025.1"),
        "schema trial": ("schema", "trial", "stricter.yaml", *month),
    }
    scheme = (ROOT / "schemas" / "scheme-meeting-score-2018.yaml").read_text(encoding="utf-8")
    stricter = scheme.replace("min: 90}", "min: 95}")
    (town / "stricter.yaml").write_text(stricter, encoding="utf-8")
    for name, words in lines.items():
        for lang in LANGUAGES:
            text = run_command(*words, "--json", "--lang", lang).replace(str(town), "TOWN")
            yield f"json/{lang}/{name}", text.encode()


def run_command(*words: str, folder: Path | None = None) -> str:
    """Return what a command prints when it is typed in that folder (or here)."""
    out = io.StringIO()
    with (
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(out),
        contextlib.chdir(folder or Path.cwd()),
    ):
        code = run(list(words))
    if code not in (0, 1):
        raise RuntimeError(f"mlay {' '.join(words)}: exit code {code}\n{out.getvalue()}")
    return out.getvalue()


def pin_package(town: Path, place: str, prefix: str = "") -> Iterator[tuple[str, bytes]]:
    yield prefix + place, hash_parts((town / place).read_bytes())


def hash_parts(data: bytes) -> bytes:
    """Return name and hash of every part of a ZIP file, a line each."""
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        parts = [(hashlib.sha256(package.read(n)).hexdigest(), n) for n in package.namelist()]
    return "".join(f"{sha256}  {name}\n" for sha256, name in parts).encode()


def message_parts(data: bytes) -> bytes:
    """Return headers and parts of a message; of a workbook among them the hashes of its parts."""
    lines: list[bytes] = []
    for part in email.message_from_bytes(data, policy=email.policy.default).walk():
        boundary = part.get_boundary()
        header = "".join(f"{name}: {value}\n" for name, value in part.items())
        lines.append(header.replace(boundary, "").encode() if boundary else header.encode())
        if not part.is_multipart():
            content = part.get_payload(decode=True)
            assert isinstance(content, bytes)
            lines.append(hash_parts(content) if content.startswith(b"PK") else content)
    return b"\n".join(lines)


@contextlib.contextmanager
def clock(day: str) -> Iterator[None]:
    """Let the program believe that it is noon of that day, and who is at work."""
    with (
        mock.patch.object(session, "today", lambda _zone: date.fromisoformat(day)),
        mock.patch.object(session, "local_time", lambda _written, _zone: f"{day}T12:00:00+07:00"),
        mock.patch.object(session, "user_name", lambda: "hoa"),
        mock.patch.dict(os.environ, {"COLUMNS": "100", "MLAY_LANG": "vi", "NO_COLOR": "1"}),
    ):
        yield


if __name__ == "__main__":
    target = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as made_in:
        for output, content in outputs(Path(made_in).resolve()):
            (target / output).parent.mkdir(parents=True, exist_ok=True)
            (target / output).write_bytes(content)
