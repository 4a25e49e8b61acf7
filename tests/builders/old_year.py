"""A small office with an old year to be forgotten: by mail, closed, answered, decided on.

`WORDS` are what must be nowhere afterwards: names, addresses and texts of that year.
"""

from __future__ import annotations

import io
import zipfile
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from email import message_from_bytes, policy
from pathlib import Path

from builders.clerk_month import Month
from builders.sample_office import REGISTER, MeetingReturn, fill_in_register, register
from mlay_batch.app.workspace import Workspace
from mlay_batch.cli import run
from mlay_batch.model.records import Row

_LISTS = dict(REGISTER)
register()  # what the branches' forms offer, whoever is in the office's register
OLD, LATER = "2018-12", "2019-12"
OFFICER, SECRETARY, WHO = "Hoàng Văn Cựu", "Trần Thị Xưa", "ngothike"
TEXT, WHY = "Bàn việc đắp đập Nậm Khắc", "đã gọi điện hỏi bà Quàng"
FILE = "Báo cáo của cô Lường.xlsx"
MAIL = "ban-ho-cang@cu.example"
STRANGER = "khach.la@noikhac.example"
EXPLAINED = "hai bà đi chợ Nậm Hăn"
WORDS = (OFFICER, SECRETARY, WHO, TEXT, WHY, FILE, MAIL, STRANGER, EXPLAINED)


@dataclass(frozen=True)
class OldReturn(MeetingReturn):
    """A return whose meeting was about something that no other was about."""

    def values(self) -> tuple[Row, ...]:
        """Return its rows."""
        return tuple(
            replace(row, values={**row.values, "content": TEXT})
            if row.section == "meetings"
            else row
            for row in super().values()
        )


def register_of(year: int) -> dict[str, list[dict[str, object]]]:
    """Return the register: in the old year with people who are in it no more."""
    lists: dict[str, list[dict[str, object]]] = {
        **_LISTS,
        "addresses": [
            {"branch": code, "mail": f"{code.lower()}@muonglay.example"}
            for code in ("CB-01", "DB1-1")
        ],
    }
    if year == 2018:
        first, *others = _LISTS["organisations"]
        lists["organisations"] = [{**first, "secretary": SECRETARY}, *others]
        gone = {"code": "CU-9", "name": OFFICER, "to": date(2018, 12, 31)}
        lists["officers"] = [*_LISTS["officers"], gone]
        lists["addresses"] = [*lists["addresses"], {"branch": "DB1-1", "mail": MAIL}]
    return lists


def write_register(month: Month, year: int, monkeypatch) -> None:
    """Put the register of that year in place, as the office does."""
    for name, entries in register_of(year).items():
        monkeypatch.setitem(REGISTER, name, entries)
    fill_in_register(Workspace.find(month.root))


def mlay(month: Month, *args: str) -> int:
    """Run a command in the office."""
    return run([*args, "-C", str(month.root)])


def live_old_year(month: Month, monkeypatch) -> None:
    """December 2018: two returns, a refused one, a stranger's that is accepted; closed."""
    monkeypatch.setenv("LOGNAME", WHO)
    write_register(month, 2018, monkeypatch)
    day, old = "2019-01-03", OldReturn("DB1-1", 12, year=2018, visitor="CU-1")
    month.post(MAIL, FILE, old.book(), on=day)
    month.post(
        "cb-01@muonglay.example", "thpt.xlsx", old.but(branch="CB-01", present=11).book(), on=day
    )
    month.post(STRANGER, "x.xlsx", old.but(branch="DB1-2", score=90, present=8).book(), on=day)
    month.post(MAIL, on="2018-12-20")
    on = ("--period", OLD, "--as-of", "2019-01-07")
    assert mlay(month, "fetch") == 0
    assert mlay(month, "run", *on) == 1
    assert mlay(month, "reply", "--send", *on) == 0
    assert mlay(month, "accept", "4", "--why", WHY, "--as-of", "2019-01-08") == 0
    assert mlay(month, "explain", "4", "--code", "D05", "--why", EXPLAINED) == 0
    assert mlay(month, "reply", *on) == 1  # one branch has no address
    assert mlay(month, "report", "DB1-1", *on) == 0
    assert mlay(month, "incoming", *on) == 0
    assert mlay(month, "close", OLD, "--incomplete", "--as-of", "2019-01-20") == 0


def live_later_year(month: Month, monkeypatch) -> None:
    """December 2019, with other people; not closed."""
    monkeypatch.setenv("LOGNAME", "vanphong")
    write_register(month, 2019, monkeypatch)
    for branch in ("DB1-1", "CB-01"):
        book = MeetingReturn(branch, 12, year=2019).book()
        month.post(f"{branch.lower()}@muonglay.example", f"{branch}.xlsx", book, on="2020-01-03")
    on = ("--period", LATER, "--as-of", "2020-01-07")
    assert mlay(month, "fetch") == 0
    assert mlay(month, "run", *on) in (0, 1)


# The search: every byte of every file, and what is packed in it


def places_of(words: tuple[str, ...], folder: Path) -> dict[str, set[str]]:
    """Return where each word stands: in which files below the folder, in whatever encoding."""
    forms = {word: list(_encodings(word)) for word in words}
    places: dict[str, set[str]] = {word: set() for word in words}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        for data in (name.encode(), *(_layers(path.read_bytes()) if path.is_file() else ())):
            for word, needles in forms.items():
                if any(needle in data for needle in needles):
                    places[word].add(name)
    return {word: found for word, found in places.items() if found}


def _encodings(word: str) -> Iterator[bytes]:
    for text in {word, word.upper()}:
        yield text.encode()
        yield text.encode("utf-16-le")
        yield text.encode("unicode_escape")
        yield "".join(c if c.isascii() else f"&#{ord(c)};" for c in text).encode()
        for cut in range(3):  # base64 of it at any place, whatever stands before and after
            packed = b64encode(b"\0" * cut + text.encode())
            yield packed[(0, 2, 3)[cut] + 2 : len(packed) - 4]


def _layers(data: bytes, depth: int = 0) -> Iterator[bytes]:
    """Yield the bytes, and those of what is zipped or sent in them."""
    yield data
    if depth > 6:
        return
    if data[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            for info in packed.infolist():
                yield info.filename.encode()
                yield from _layers(packed.read(info), depth + 1)
    elif b"\nMIME-Version:" in data[:5000] or b"\nFrom:" in data[:5000]:
        mail = message_from_bytes(data, policy=policy.default)
        for part in mail.walk():
            yield "\n".join(map(str, part.values())).encode()
            if isinstance(content := part.get_payload(decode=True), bytes):
                yield from _layers(content, depth + 1)
