"""Whether what became of a changed return is what had to become of it."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from openpyxl import load_workbook

from builders.workbook_mutants import Mutant, pack, unpack
from mlay_batch.core.text import clean, name_key
from mlay_batch.model.records import CheckedFile, Row, Submission, values_hash
from mlay_batch.schema.model import Field, Form

_EPOCH = date(1899, 12, 30)
_DIED = {"R12": "took too long", "R13": "its reader died", "R14": "a fault of our own"}
Cells = Mapping[tuple[str, str], tuple[Field, object]]


def wrong(mutant: Mutant, checked: CheckedFile) -> str | None:
    """Return what is wrong with what became of it; None where all is as it must be."""
    codes = {finding.code for finding in checked.findings}
    if died := codes & _DIED.keys():
        return _DIED[min(died)]
    if checked.submission is None:
        return "no submission"
    return _MUST[mutant.must](mutant, checked, checked.submission)


def _check_same(mutant: Mutant, checked: CheckedFile, read: Submission) -> str | None:
    if checked.findings:
        return f"findings {[(f.code, f.place.cell) for f in checked.findings][:5]}"
    if values_hash(read.rows) != values_hash(mutant.original.submission.rows):
        return "other values"
    return None


def _check_refused(mutant: Mutant, checked: CheckedFile, read: Submission) -> str | None:
    return None if checked.is_refused else "not refused"


def _check_touched(mutant: Mutant, checked: CheckedFile, read: Submission) -> str | None:
    form = mutant.original.form
    before, after = cells_of(mutant.original.submission, form), cells_of(read, form)
    places = [place for f in checked.findings for place in (f.place, *f.marks)]
    named = any(place.cell == mutant.cell for place in places)
    for at in before.keys() | after.keys():
        is_changed_cell = at[1] == mutant.cell
        _, old = before.get(at, (None, None))
        entry, new = after.get(at, (None, None))
        if entry and entry.compute:
            continue  # follows from the others, whatever stands there
        blank = _plain(mutant.typed) == ""  # its default is read
        written = new if blank else _as_written(new, entry, form)
        if is_changed_cell and not named and not _as_typed(mutant.typed, written, entry):
            return f"{mutant.typed!r} read as {new!r}, and no finding names {mutant.cell}"
        if not is_changed_cell and old != new:
            return f"{at} was {old!r}, is {new!r}"
    return None


def _check_any(mutant: Mutant, checked: CheckedFile, read: Submission) -> str | None:
    """Accepted with other values: then an independent reader must find the very same."""
    base = mutant.original
    if checked.is_refused or values_hash(read.rows) == values_hash(base.submission.rows):
        return None
    if not mutant.data.startswith(b"PK") or "ods" in mutant.name:
        return None
    try:
        return next(_unlike(_essential(mutant), cells_of(read, base.form)), None)
    except Exception as error:  # noqa: BLE001 - openpyxl gives up in many ways
        return f"accepted, but openpyxl cannot read it: {type(error).__name__} {error}"[:200]


def _essential(mutant: Mutant) -> bytes:
    """The workbook with the parts that hold no values as they were: openpyxl wants them whole."""
    parts = unpack(mutant.data)
    values = {n for n in parts if n.startswith(("xl/worksheets/", "xl/shared", "xl/styles"))}
    return pack(dict(mutant.original.parts) | {name: parts[name] for name in values})


def _unlike(data: bytes, cells: Cells) -> Iterator[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        book = load_workbook(io.BytesIO(data), data_only=True)
    for (sheet, cell), (entry, value) in cells.items():
        if entry.type in ("choice", "ref"):
            continue
        other: Any = book[sheet][cell].value
        if not _as_typed("" if other is None else other, value, entry):
            yield f"accepted: {cell} read as {value!r}, openpyxl finds {other!r}"


def cells_of(read: Submission, form: Form) -> Cells:
    """The values by sheet and cell."""
    fields = {(s.id, f.id): f for s in form.sections for f in s.fields}

    def one(row: Row) -> Iterator[tuple[tuple[str, str], tuple[Field, object]]]:
        for name, cell in row.cells.items():
            yield (row.sheet, cell), (fields[row.section, name], row.values.get(name))

    return dict(pair for row in read.rows for pair in one(row))


def _as_written(read: object, entry: Field | None, form: Form) -> object:
    """A choice as people write it."""
    choices = form.choices.get(entry.choices or "", ()) if entry and entry.type == "choice" else ()
    return next((choice.title.vi for choice in choices if choice.id == read), read)


def _plain(typed: object) -> object:
    """A text without what nobody sees; ``_x000D_`` is how Excel writes a carriage return."""
    if isinstance(typed, str):
        return clean(re.sub("_x000D_|[\x00-\x08\x7f]", "", typed))
    return typed


def _as_typed(typed: object, read: object, entry: Field | None) -> bool:
    """Whether a value read is what somebody typed, by rules of our own."""
    typed = _plain(typed)
    if entry is None or typed == "":
        return read in (None, "") or (entry is not None and read == entry.default)
    if isinstance(typed, datetime):
        typed = typed.date() if typed.time() == datetime.min.time() else typed
    if entry.type == "date":
        return read == (_day(typed) if not isinstance(typed, date) else typed)
    if entry.type in ("integer", "decimal", "number", "percent"):
        return typed is not None and read == _number(typed)
    return read is not None and name_key(str(read)) == name_key(_text(typed))


def _text(typed: object) -> str:
    """A number in a text as Vietnamese write it."""
    return f"{typed:.15g}".replace(".", ",") if isinstance(typed, float) else str(typed)


def _day(typed: object) -> date | None:
    if isinstance(typed, int | float) and not isinstance(typed, bool) and 0 < typed < 10**6:
        return _EPOCH + timedelta(days=int(typed))
    match = re.fullmatch(r"\s*(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})\s*", str(typed))
    return date(int(match[3]), int(match[2]), int(match[1])) if match else None


def _number(typed: object) -> float | None:
    if isinstance(typed, int | float):
        return float(typed)
    text = re.sub(r"\s", "", clean(str(typed)))
    if re.fullmatch(r"-?\d{1,3}(\.\d{3})+(,\d+)?", text):
        text = text.replace(".", "").replace(",", ".")
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return None


_MUST = {
    "same": _check_same,
    "refused": _check_refused,
    "touched": _check_touched,
    "any": _check_any,
}
