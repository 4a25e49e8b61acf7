"""Takes an existing list of branches into the register: names, kinds, secretaries, addresses.

The list is a workbook, or a table pasted into a text file. Its columns are found by their headings
(`Field.also`), without headings by what stands in them. What the register has already stays.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mlay_batch import reader
from mlay_batch.app.cache import read_catalogue
from mlay_batch.app.office import read_checked_register
from mlay_batch.app.workspace import Workspace
from mlay_batch.core.files import write_atomically
from mlay_batch.core.mail_address import find_fault
from mlay_batch.core.text import clean, name_key, strip_accents
from mlay_batch.errors import RegisterError, UsageError
from mlay_batch.model.records import Row, Value
from mlay_batch.model.register import Register
from mlay_batch.reader.cell_metadata import parse_position
from mlay_batch.reader.values import parse_cell
from mlay_batch.reader.workbook import cell_texts
from mlay_batch.schema.model import Form
from mlay_batch.template import TemplateContext, render

SECTION = "organisations"
OLD_REGISTER = "register-cu.xlsx"  # "cũ": as it was before the last list was taken in
_WORKBOOKS = frozenset({".xlsx", ".xlsm", ".xls", ".ods"})
_CODE = re.compile(r"[A-Z][A-Z0-9-]{0,19}")
_MAIL = re.compile(r"\S+@\S+")
_BEFORE = re.compile(r"^\d+\s*[.)/-]\s*|^(?:(?:đ/c|đồng chí|bí thư)\b\s*:?\s*)+", re.IGNORECASE)
_HEADING_ROWS = 30  # of a sheet, within which its headings stand
_TOTALS = frozenset({"tong", "tong cong", "cong"})

Line = tuple[str, ...]
Organisation = dict[str, Value]


@dataclass(frozen=True)
class Entry:
    """A branch of the list.

    Attributes:
        line: the number of its line.
        texts: what it has by field of the register; of a choice the id.
        unclear: texts that name no choice of their field.
    """

    line: int
    texts: Mapping[str, str]
    unclear: tuple[str, ...] = ()


@dataclass(frozen=True)
class TakenList:
    """What became of a list.

    Attributes:
        rows: the register's rows with the list's branches.
        added: code and name of each new organisation, and what the list has above it where the
            register has no such organisation.
        completed: those in which a blank was filled.
        differing: what the list says otherwise than the register, which stays: name, then values.
        left_out: line and text of each wrong mail address, or of what is no choice of its field.
        unclear: line and name of what may be one of several organisations of the register, has
            the code of another one, or the name of one but for the accents.
    """

    rows: tuple[Row, ...]
    added: tuple[str, ...]
    completed: tuple[str, ...]
    differing: tuple[str, ...]
    left_out: tuple[str, ...]
    unclear: tuple[str, ...]


def read_list(path: Path, form: Form) -> tuple[Entry, ...]:
    """Return the branches of a list. Raises UsageError where the file holds none."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError("usage.list_unreadable", path=str(path)) from error
    tables = _workbook_tables(data) if path.suffix.lower() in _WORKBOOKS else [_text_lines(data)]
    headings = _headings(form)
    entries = [entry for lines in tables for entry in _below_headings(lines, headings)]
    entries = entries or [entry for lines in tables for entry in _without_headings(lines)]
    if not entries:
        raise UsageError("usage.no_list", path=str(path))
    return tuple(_with_choices(entry, form) for entry in entries)


def _with_choices(entry: Entry, form: Form) -> Entry:
    """Return the entry with the ids of the choices that its texts name."""
    fields = {field.id: field for field in form.section(SECTION).fields if field.choices}
    meant = {
        name: parse_cell(text, fields[name], form).value
        for name, text in entry.texts.items()
        if name in fields
    }
    unclear = tuple(entry.texts[name] for name, choice in meant.items() if choice is None)
    texts = {
        name: str(meant.get(name, text))
        for name, text in entry.texts.items()
        if name not in meant or meant[name] is not None
    }
    return replace(entry, texts=texts, unclear=unclear)


def _headings(form: Form) -> Mapping[str, str]:
    """Return the field of each heading; fields with other headings (`also`) are those taken."""
    fields = (field for field in form.section(SECTION).fields if field.also)
    return {_plain(words): f.id for f in fields for words in (f.title.vi, f.title.en, *f.also)}


def _workbook_tables(data: bytes) -> list[list[Line]]:
    """Return the lines of each sheet; none where it cannot be read."""
    tables = []
    for cells in (cell_texts(data, reader.Limits()) or {}).values():
        by_row: dict[int, dict[int, str]] = {}
        for address, words in cells.items():
            row, column = parse_position(address)
            by_row.setdefault(row, {})[column] = words
        tables.append([_line(by_row.get(row, {})) for row in range(1, max(by_row, default=0) + 1)])
    return tables


def _line(cells: Mapping[int, str]) -> Line:
    return tuple(cells.get(column, "") for column in range(1, max(cells, default=0) + 1))


def _text_lines(data: bytes) -> list[Line]:
    """Return the lines of a text, split at tabs, else at semicolons, else at commas."""
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    words = data.decode(encoding, errors="replace").replace("\0", "")
    delimiter = next((mark for mark in "\t;" if mark in words), ",")
    try:
        return [tuple(line) for line in csv.reader(io.StringIO(words), delimiter=delimiter)]
    except csv.Error:  # no text of lines: a cell of 128 kB
        return []


def _below_headings(lines: Sequence[Line], headings: Mapping[str, str]) -> Iterator[Entry]:
    """Yield the branches below the first line that has the heading of names."""
    for number, line in enumerate(lines[:_HEADING_ROWS]):
        columns = {headings[_plain(w)]: c for c, w in enumerate(line) if _plain(w) in headings}
        if "name" in columns:
            for below, texts in enumerate(lines[number + 1 :], number + 2):
                entry = {f: clean(texts[c]) for f, c in columns.items() if c < len(texts)}
                if _is_branch(entry.get("name", ""), headings):
                    yield Entry(below, {f: words for f, words in entry.items() if words})
            return


def _is_branch(name: str, headings: Mapping[str, str]) -> bool:
    key = _plain(name)
    return any(map(str.isalpha, key)) and key not in _TOTALS and key not in headings


def _without_headings(lines: Sequence[Line]) -> Iterator[Entry]:
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


def _plain(words: str) -> str:
    """Return words as some type them, without accents, in small letters."""
    return strip_accents(name_key(words))


def _is_cell(name: str) -> bool:
    return _plain(name).startswith("chi bo")


def _is_committee(name: str) -> bool:
    return _plain(name).startswith(("dang bo", "dang uy"))


def take_in(
    entries: Iterable[Entry], rows: Sequence[Row], titles: Mapping[str, str] | None = None
) -> TakenList:
    """Return the register's `rows` with the branches of a list.

    A branch with a name of the register fills its blanks; any other is added, directly under the
    office unless the list names what is above it. What is not certain is left to people. `titles`
    are those of choices by their ids, as `TakenList.differing` has them.
    """
    update = _Update(rows, titles or {})
    for entry in sorted(entries, key=lambda e: not _is_committee(e.texts["name"])):
        update.take(entry)
    return update.result()


def take_file(workspace: Workspace, path: Path, *, dry_run: bool = False) -> TakenList:
    """Take the list in `path` into the workspace's register, whose old state stays beside it.

    Raises UsageError where the file holds no list, RegisterError for a register with errors.
    """
    catalogue = read_catalogue(workspace)
    form = catalogue.register_form
    old, checked = read_checked_register(workspace, catalogue)
    rows = checked.submission.rows
    office = next((r for r in rows if r.section == SECTION and not r.values.get("parent")), None)
    if office is None:
        raise RegisterError("register.no_office", path=workspace.register.name)
    taken = take_in(read_list(path, form), rows, _choice_titles(form))
    if (taken.added or taken.completed) and not dry_run:
        form = Register.from_submission(checked.submission).in_force(catalogue).register_form
        context = TemplateContext("", str(office.values["name"]), "", None)
        write_atomically(workspace.register.with_name(OLD_REGISTER), old)
        write_atomically(workspace.register, render(form, context, taken.rows))
    return taken


def _choice_titles(form: Form) -> Mapping[str, str]:
    lists = (
        field.choices for field in form.section(SECTION).fields if field.choices and field.also
    )
    return {choice.id: choice.title.vi for name in lists for choice in form.choices[name]}


class _Update:
    """The register's organisations while a list is taken in, and what became of its lines."""

    def __init__(self, rows: Sequence[Row], titles: Mapping[str, str]) -> None:
        self.rows, self.titles = rows, titles
        self.organisations: list[Organisation] = []
        self.by_code: dict[Value, Organisation] = {}
        self.by_plain_name: dict[str, list[Organisation]] = {}
        self.added: list[str] = []
        self.completed: list[str] = []
        self.differing: list[str] = []
        self.left_out: list[str] = []
        self.unclear: list[str] = []
        for row in rows:
            if row.section == SECTION:
                self._enter(dict(row.values))

    def _enter(self, organisation: Organisation) -> None:
        self.organisations.append(organisation)
        self.by_code[organisation["code"]] = organisation
        self.by_plain_name.setdefault(_plain(_name(organisation)), []).append(organisation)

    def result(self) -> TakenList:
        others = (row for row in self.rows if row.section != SECTION)
        taken = (Row(SECTION, "", n, v, {}) for n, v in enumerate(self.organisations, 1))
        outcomes = self.added, self.completed, self.differing, self.left_out, self.unclear
        return TakenList((*taken, *others), *map(tuple, outcomes))

    def take(self, entry: Entry) -> None:
        texts = dict(entry.texts)
        self.left_out += [f"{entry.line}: {words}" for words in entry.unclear]
        if "mail" in texts and find_fault(texts["mail"]):
            self.left_out.append(f"{entry.line}: {texts.pop('mail')}")
        name, code, above = (texts.pop(field, "") for field in ("name", "code", "parent"))
        named, with_code = self._named(name), self.by_code.get(code.upper())
        is_sure = len(named) < 2 and all(name_key(_name(o)) == name_key(name) for o in named)
        if not is_sure or (with_code and with_code not in named):
            self.unclear.append(f"{entry.line}: {f'{code} {name}'.strip()}")
        elif named:
            self._complete(named[0], texts)
        else:
            self._add(name, code.upper(), above, texts)

    def _named(self, name: str) -> list[Organisation]:
        """Return the organisations that may be meant; those that are no more as the last resort.

        Names differ by accents, but where one of the two is written without any.
        """
        key, plain = name_key(name), _plain(name)
        spelt_so = (key, plain) if key != plain else None  # None: any accents
        alike = [
            o
            for o in self.by_plain_name.get(plain, [])
            if spelt_so is None or name_key(_name(o)) in spelt_so
        ]
        return [o for o in alike if not o.get("ended")] or alike

    def _complete(self, known: Organisation, texts: Mapping[str, str]) -> None:
        """Fill the blanks of an organisation; note what differs."""
        new = {field: words for field, words in texts.items() if not known.get(field)}
        known.update(new)
        if new:
            self.completed.append(_label(known))
        for field, words in texts.items():
            entered = str(known[field])
            if name_key(words) != name_key(entered):
                pair = (self.titles.get(text, text) for text in (entered, words))
                self.differing.append(f"{_label(known)}: {' ≠ '.join(pair)}")

    def _add(self, name: str, code: str, above: str, texts: Mapping[str, str]) -> None:
        office = next(o for o in self.organisations if not o.get("parent"))
        parents = [self.by_code[above]] if above in self.by_code else self._named(above)
        parent = parents[0] if len(parents) == 1 else office
        if _is_committee(name):
            parent, kind, start, digits = office, "committee", "DB-", 1
        elif parent["type"] == "committee":
            kind, start, digits = "cell", f"{str(parent['code']).replace('-', '')}-CB", 2
        else:
            kind, start, digits = "cell_direct", "CB-", 2
        code = code if _CODE.fullmatch(code) else self._free_code(start, digits)
        new = {"code": code, "name": name, "type": kind, "parent": parent["code"], **texts}
        self._enter(new)
        is_unknown = above and len(parents) != 1
        self.added.append(_label(new) + (f" ({above}?)" if is_unknown else ""))

    def _free_code(self, start: str, digits: int) -> str:
        """Return the first free code: `start` with a number of so many digits at least."""
        codes = (f"{start}{n:0{digits}d}" for n in range(1, len(self.by_code) + 2))
        return next(code for code in codes if code not in self.by_code)


def _name(organisation: Organisation) -> str:
    return str(organisation["name"])


def _label(organisation: Organisation) -> str:
    return f"{organisation['code']} – {_name(organisation)}"
