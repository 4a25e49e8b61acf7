"""(b) What a user would write: ``python peer.py INBOX WORKERS RESULT.xlsx``.

`pandas.read_excel` with openpyxl over every sheet, the tables cut out where the template put them,
the same pandera schemas called file by file, and all tables together by `to_excel`. No guard, no
ledger, nobody told what is wrong.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterator, Mapping
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pandas as pd
from pandera.errors import SchemaErrors

from mlay_batch.checks.frames import CandidateReturn, section_tables
from mlay_batch.checks.validate import schema_for
from mlay_batch.core.period import Period
from mlay_batch.core.text import name_key
from mlay_batch.demo import load_sample
from mlay_batch.model.records import Row, Submission, Value
from mlay_batch.schema import Form, load_catalogue
from mlay_batch.schema.layout import SheetPlan, plan_sheets
from mlay_batch.schema.switches import switches_on, with_switches

MONTH = Period(2019, 11)
Tables = Mapping[str, pd.DataFrame]


class FormReader:
    """A form and its schemas, made once in each process."""

    def __init__(self) -> None:
        form = load_catalogue().form_for("meeting", MONTH)
        if form is None:
            raise LookupError(MONTH)
        asked = load_sample().register.asked
        self.form: Form = with_switches(form, switches_on(form, asked))
        self.sheets = {sheet.title.vi: sheet for sheet in plan_sheets(self.form)}
        self.schemas = {s.id: schema_for(s, self.form) for s in self.form.sections}

    def read(self, path: Path) -> tuple[Tables, int]:
        """Return the tables of a file, and how many of them break a rule."""
        book = pd.read_excel(path, sheet_name=None, header=None, engine="openpyxl")
        rows = [row for title, plan in self.sheets.items() for row in self._rows(book[title], plan)]
        submission = Submission(None, self.form.form, self.form.version, rows=tuple(rows))
        tables = section_tables({0: CandidateReturn(submission, self.form, MONTH)}, self.form)
        frames = {name: table.frame for name, table in tables.items()}
        return frames, sum(self._breaks_rule(name, frame) for name, frame in frames.items())

    def _breaks_rule(self, name: str, frame: pd.DataFrame) -> bool:
        try:
            self.schemas[name].validate(frame, lazy=True)
        except SchemaErrors:
            return True
        return False

    def _rows(self, frame: pd.DataFrame, sheet: SheetPlan) -> Iterator[Row]:
        records: dict[tuple[str, int], dict[str, Value]] = {}
        cells = frame.reindex(index=range(999), columns=range(99))  # what is blank is not there
        for cell in sheet.cells:
            if cell.role == "value" and cell.section in self.schemas:
                record = records.setdefault((cell.section, cell.record), {})
                value = cells.iat[cell.row - 1, cell.column - 1]
                record[cell.field] = self._convert(value, cell.section, cell.field)
        for (section, number), values in records.items():
            if any(value is not None for value in values.values()):
                yield Row(section, sheet.title.vi, number + 1, values, {})

    def _convert(self, value: Any, section: str, field: str) -> Value:
        if pd.isna(value):
            return None
        definition = self.form.section(section).field(field)
        if definition.type == "date" and isinstance(value, pd.Timestamp):
            return value.date()
        if definition.choices and isinstance(value, str):
            choices = {name_key(c.title.vi): c.id for c in self.form.choices[definition.choices]}
            return choices.get(name_key(value), value)
        return value


form_reader = functools.cache(FormReader)  # one in each process


def read(path: Path) -> tuple[Tables, int]:
    """Read a file with the reader of this process."""
    return form_reader().read(path)


def main(inbox: Path, workers: int, result: Path) -> None:
    """Do all files of `inbox` with so many processes."""
    with get_context("spawn").Pool(workers) as pool:
        results = list(pool.imap(read, sorted(inbox.glob("*.xlsx"))))
    with pd.ExcelWriter(result, engine="openpyxl") as writer:
        for name in results[0][0]:
            together = pd.concat([frames[name] for frames, _ in results])
            together.to_excel(writer, sheet_name=name[:31], index=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
