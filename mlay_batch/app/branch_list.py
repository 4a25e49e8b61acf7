"""Takes an existing list of branches into the register: names, secretaries, mail addresses.

The list is a workbook, or a table pasted into a text file. Its columns are found by their headings
(`Field.also`), without headings by what stands in them. What the register has already stays.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mlay_batch.app.cache import read_catalogue
from mlay_batch.app.office import read_checked_register
from mlay_batch.app.workspace import Workspace
from mlay_batch.core.files import write_atomically
from mlay_batch.core.mail_address import canonical, find_fault
from mlay_batch.core.text import clean, name_key, strip_accents
from mlay_batch.errors import UsageError
from mlay_batch.model.records import Row, Value
from mlay_batch.schema.model import Form
from mlay_batch.template import TemplateContext, render

SECTION = "organisations"
OLD_REGISTER = "register-cu.xlsx"  # "cũ": as it was before the last list was taken in
_TAKEN = ("code", "name", "parent", "secretary", "mail")
_WORKBOOKS = frozenset({".xlsx", ".xlsm", ".xls", ".ods"})
_CELL = re.compile(r"([A-Z]+)([0-9]+)")
_CODE = re.compile(r"[A-Z][A-Z0-9-]{0,19}")
_MAIL = re.compile(r"\S+@\S+")
_BEFORE = re.compile(r"^\d+\s*[.)/-]\s*|^(?:(?:đ/c|đồng chí|bí thư)\b\s*:?\s*)+", re.IGNORECASE)
_HEADING_ROWS = 30  # of a sheet, within which its headings stand
_TOTALS = frozenset({"tong", "tong cong", "cong"})

Line = tuple[str, ...]


@dataclass(frozen=True)
class Entry:
    """A branch of the list: texts by field of the register, and the number of its line."""

    line: int
    texts: Mapping[str, str]


@dataclass(frozen=True)
class TakenList:
    """What became of a list.

    Attributes:
        rows: the register's rows with the list's branches.
        added: code and name of each new organisation.
        completed: those in which a blank was filled.
        differing: what the list says otherwise than the register, which stays: name, then values.
        left_out: line and text of each wrong mail address.
        unclear: line and name of what may be one of several organisations of the register, or has
            the code of another one.
    """

    rows: tuple[Row, ...]
    added: tuple[str, ...] = ()
    completed: tuple[str, ...] = ()
    differing: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    unclear: tuple[str, ...] = ()


def read_list(path: Path, form: Form) -> tuple[Entry, ...]:
    """Return the branches of a list. Raises UsageError where the file holds none."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError("usage.list_unreadable", path=str(path)) from error
    tables = _workbook_tables(data) if path.suffix.lower() in _WORKBOOKS else [_text_lines(data)]
    for find in (_with_headings, _without_headings):
        entries = [entry for lines in tables for entry in find(lines, form)]
        if entries:
            return tuple(entries)
    raise UsageError("usage.no_list", path=str(path))


def _workbook_tables(data: bytes) -> list[list[Line]]:
    """Return the lines of each sheet; none where it cannot be read."""
    from mlay_batch import reader  # start-up: no other use of the register reads a workbook here

    tables = []
    for cells in (reader.cell_texts(data, reader.Limits()) or {}).values():
        by_row: dict[int, dict[int, str]] = {}
        for address, words in cells.items():
            if match := _CELL.fullmatch(address):
                by_row.setdefault(int(match[2]), {})[_column_number(match[1])] = words
        tables.append([_line(by_row.get(row, {})) for row in range(1, max(by_row, default=0) + 1)])
    return tables


def _line(cells: Mapping[int, str]) -> Line:
    return tuple(cells.get(column, "") for column in range(1, max(cells, default=0) + 1))


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def _text_lines(data: bytes) -> list[Line]:
    """Return the lines of a text, split at tabs, else at semicolons, else at commas."""
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    words = data.decode(encoding, errors="replace").replace("\0", "")
    delimiter = next((mark for mark in "\t;" if mark in words), ",")
    try:
        return [tuple(line) for line in csv.reader(io.StringIO(words), delimiter=delimiter)]
    except csv.Error:  # no text of lines: a cell of 128 kB
        return []


def _with_headings(lines: Sequence[Line], form: Form) -> Iterator[Entry]:
    """Yield the branches below the first line that has the heading of names."""
    fields = [form.section(SECTION).field(name) for name in _TAKEN]
    headings = {_key(words): f.id for f in fields for words in (f.title.vi, f.title.en, *f.also)}
    for number, line in enumerate(lines[:_HEADING_ROWS]):
        columns = {headings[_key(w)]: c for c, w in enumerate(line) if _key(w) in headings}
        if "name" in columns:
            for below, texts in enumerate(lines[number + 1 :], number + 2):
                entry = {f: clean(texts[c]) for f, c in columns.items() if c < len(texts)}
                if _is_branch(entry.get("name", ""), headings):
                    yield Entry(below, {f: words for f, words in entry.items() if words})
            return


def _is_branch(name: str, headings: Mapping[str, str]) -> bool:
    key = _key(name)
    return any(map(str.isalpha, key)) and key not in _TOTALS and key not in headings


def _without_headings(lines: Sequence[Line], _form: Form) -> Iterator[Entry]:
    """Yield the lines that name a cell or a committee, with what stands beside the name."""
    for number, line in enumerate(lines, 1):
        mails = [mail.strip("<>(),;.") for words in line for mail in _MAIL.findall(words)]
        texts = [_bare(_MAIL.sub(" ", words)) for words in line]
        name = next((words for words in texts if _is_cell(words) or _is_committee(words)), "")
        people = (w for w in texts if w != name and " " in w and not any(map(str.isdigit, w)))
        entry = {"name": name, "mail": "".join(mails[:1]), "secretary": next(people, "")}
        if name:
            yield Entry(number, {f: words for f, words in entry.items() if words})


def _bare(words: str) -> str:
    """Return a text without the number, or the "Bí thư:", before it and the marks around it."""
    return _BEFORE.sub("", clean(words)).strip(" -–,;:()")


def _key(words: str) -> str:
    return strip_accents(name_key(words))


def _is_cell(name: str) -> bool:
    return _key(name).startswith("chi bo")


def _is_committee(name: str) -> bool:
    return _key(name).startswith(("dang bo", "dang uy"))


def take_in(entries: Iterable[Entry], rows: Sequence[Row], office: str) -> TakenList:
    """Return the register's `rows` with the branches of a list.

    A branch with a name of the register fills its blanks; any other is added, directly under the
    office unless the list names a committee above it. What is not certain is left to people. An
    office without an entry of its
    own gets one, under the name `office`.
    """
    update = _Update(list(rows))
    update.ensure_office(office)
    for entry in sorted(entries, key=lambda e: not _is_committee(e.texts["name"])):
        update.take(entry)
    return update.result()


def take_file(workspace: Workspace, path: Path, *, dry_run: bool = False) -> TakenList:
    """Take the list in `path` into the workspace's register, whose old state stays beside it.

    Raises UsageError where the file holds no list, RegisterError for a register with errors.
    """
    catalogue = read_catalogue(workspace)
    form, settings = catalogue.register_form, workspace.settings
    old, checked = read_checked_register(workspace, catalogue)
    taken = take_in(read_list(path, form), checked.submission.rows, settings.name)
    if (taken.added or taken.completed) and not dry_run:
        context = TemplateContext("", settings.name, "", None, settings.place)
        write_atomically(workspace.register.with_name(OLD_REGISTER), old)
        write_atomically(workspace.register, render(form, context, taken.rows))
    return taken


@dataclass
class _Update:
    """The register's organisations while a list is taken in, and what became of its lines."""

    rows: list[Row]
    added: list[str] = field(default_factory=list)
    completed: list[str] = field(default_factory=list)
    differing: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    unclear: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.organisations: list[dict[str, Value]] = []
        self.by_code: dict[Value, dict[str, Value]] = {}
        self.by_name: dict[str, list[dict[str, Value]]] = {}
        for row in self.rows:
            if row.section == SECTION:
                self._enter(dict(row.values))

    def _enter(self, organisation: dict[str, Value]) -> None:
        self.organisations.append(organisation)
        self.by_code[organisation.get("code")] = organisation
        self.by_name.setdefault(_key(str(organisation.get("name"))), []).append(organisation)

    def result(self) -> TakenList:
        others = [row for row in self.rows if row.section != SECTION]
        taken = [Row(SECTION, "", n, v, {}) for n, v in enumerate(self.organisations, 1)]
        return TakenList(
            (*taken, *others),
            tuple(self.added),
            tuple(self.completed),
            tuple(self.differing),
            tuple(self.left_out),
            tuple(self.unclear),
        )

    def ensure_office(self, name: str) -> None:
        if all(o.get("parent") for o in self.organisations):
            initials = "".join(word[0] for word in _key(name).upper().split() if word[0].isalpha())
            code = self._free_code(initials or "VP", "")
            self._enter({"code": code, "name": name, "type": "town"})
            self.organisations.insert(0, self.organisations.pop())  # first, as the tree has it

    def take(self, entry: Entry) -> None:
        texts = dict(entry.texts)
        if "mail" in texts and find_fault(texts["mail"]):
            self.left_out.append(f"{entry.line}: {texts.pop('mail')}")
        named, code = self._named(texts["name"]), texts.get("code", "").upper()
        with_code = self.by_code.get(code) if code else None
        if len(named) > 1 or (with_code and with_code not in named):
            self.unclear.append(f"{entry.line}: {code} {texts['name']}".replace(":  ", ": "))
        elif named:
            self._complete(named[0], texts)
        else:
            self._add(texts, code)

    def _complete(self, known: dict[str, Value], texts: Mapping[str, str]) -> None:
        """Fill the blanks of an organisation; note what differs."""
        new = {f: texts[f] for f in ("secretary", "mail") if texts.get(f) and not known.get(f)}
        if new:
            known.update(new)
            self.completed.append(_label(known))
        for name in ("secretary", "mail"):
            if (words := texts.get(name)) and canonical(words) != canonical(str(known[name])):
                self.differing.append(f"{_label(known)}: {known[name]} ≠ {words}")

    def _named(self, name: str) -> list[dict[str, Value]]:
        """Return the organisations of that name; those that are no more only where no other is."""
        named = self.by_name.get(_key(name), [])
        return [o for o in named if not o.get("ended")] or named

    def _above(self, text: str) -> dict[str, Value]:
        """Return the organisation that `text` names by code or name; else the office."""
        found = [self.by_code[text]] if text in self.by_code else self._named(text)
        root = next(o for o in self.organisations if not o.get("parent"))
        return found[0] if text and len(found) == 1 else root

    def _add(self, texts: Mapping[str, str], code: str) -> None:
        root, above = self._above(""), self._above(texts.get("parent", ""))
        in_committee = above.get("type") == "committee"
        if _is_committee(texts["name"]):
            above, kind, start = root, "committee", "DB-"
        else:
            kind = "cell" if in_committee else "cell_direct"
            start = f"{str(above['code']).replace('-', '')}-CB" if in_committee else "CB-"
        if not _CODE.fullmatch(code):
            code = self._free_code(start, "1" if kind == "committee" else "01")
        new: dict[str, Value] = {"code": code, "name": texts["name"], "type": kind}
        new["parent"] = above["code"]
        new |= {f: texts[f] for f in ("secretary", "mail") if texts.get(f)}
        self._enter(new)
        self.added.append(_label(new))

    def _free_code(self, start: str, first: str) -> str:
        """Return the first free code with that start; numbers have as many digits as `first`."""
        codes = (f"{start}{n:0{len(first)}d}" for n in range(1, len(self.by_code) + 2))
        return next(code for code in ([start] if not first else codes) if code not in self.by_code)


def _label(organisation: Mapping[str, Value]) -> str:
    return f"{organisation['code']} – {organisation['name']}"
