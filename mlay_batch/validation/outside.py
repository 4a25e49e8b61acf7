"""A table of flat data held against one section's schema, outside of the program.

This source is carried along in the scripts that `export` writes, so it imports nothing of ours.
Codes are those of the program: C01, C02, C06, C09 a cell that cannot be taken as it stands, F.. a
field's limits, others the rules of the form.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pandera.pandas as pa

FIRST_ROW = 2  # below the headings, as a spreadsheet numbers them
NO_VALUE = {"integer": "C01", "number": "C01", "date": "C06", "choice": "C09"}

Spec = Mapping[str, Any]
Found = tuple[int, str, str]  # row, field, code
Take = Callable[[Any, Spec], Any]


def read_table(path: str, sheet: str | int = 0) -> pd.DataFrame:
    """Return a .csv or .xlsx file as texts and values, nothing converted."""
    if Path(path).suffix.lower() == ".csv":
        return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    return pd.read_excel(path, sheet_name=sheet, dtype=object, keep_default_na=False, header=None)


def headed(table: pd.DataFrame, fields: Sequence[Spec]) -> tuple[pd.DataFrame, int]:
    """Return the table below its headings, and the row its values begin in.

    The first row that holds the headings of at least half of the fields is taken: a data sheet has
    a title above them.
    """
    wanted = {name for spec in fields for name in spec["names"]}
    if len(wanted & set(map(str, table.columns))) * 2 >= len(fields):
        return table, FIRST_ROW
    for at, (_, row) in enumerate(table.iterrows()):
        if len(wanted & set(map(str, row))) * 2 >= len(fields):
            below = table.iloc[at + 1 :].reset_index(drop=True)
            below.columns = pd.Index([str(name) for name in row])
            return below, at + FIRST_ROW
    raise SystemExit("no row holds the headings of this section")


def typed(
    table: pd.DataFrame, fields: Sequence[Spec], keys: Sequence[Spec], first: int
) -> tuple[pd.DataFrame, set[Found]]:
    """Return the columns by field id, typed, and the cells that cannot be taken as they stand."""
    columns: dict[str, Any] = {}
    wrong: set[Found] = set()
    for spec in fields:
        cells = [_value(cell, spec) for cell in _column(table, spec)]
        columns[spec["id"]] = pd.Series([value for value, _ in cells], dtype=spec["dtype"])
        wrong |= {(first + at, spec["id"], code) for at, (_, code) in enumerate(cells) if code}
    names = [list(map(str, _column(table, key))) for key in keys]
    whose = ["\0".join(parts) for parts in zip(*names, strict=True)]
    spans = [_span(period) for period in names[1]]
    columns["@submission"] = pd.Series(pd.factorize(pd.Series(whose, dtype=str))[0])
    columns["@number"] = pd.Series(range(first, first + len(table)), dtype="int64")
    columns["@start"] = pd.Series([start for start, _ in spans], dtype="datetime64[s]")
    columns["@end"] = pd.Series([end for _, end in spans], dtype="datetime64[s]")
    return pd.DataFrame(columns), wrong


def _column(table: pd.DataFrame, spec: Spec) -> Iterable[Any]:
    name = next((name for name in spec["names"] if name in table.columns), None)
    return [""] * len(table) if name is None else table[name].tolist()


def _span(period: str) -> tuple[Any, Any]:
    """Return first and last day of 2019-11, 2019-Q4 or 2019; nothing where it is none."""
    try:
        found = pd.Period(period.replace("-Q", "Q"))
    except ValueError:
        return None, None
    return found.start_time.date(), found.end_time.date()


def _value(cell: Any, spec: Spec) -> tuple[Any, str | None]:
    """Return a cell's value, or None and what is wrong with it."""
    if cell is None or cell is pd.NaT or str(cell).strip() in ("", "nan"):
        return None, None
    kind = spec["type"]
    take: Take = _KINDS.get(kind, _text)
    try:
        value = take(cell, spec)
    except (ValueError, OverflowError, KeyError):
        return None, NO_VALUE[kind]
    if kind == "integer" and value != int(value):
        return None, "C02"
    return value, None


def _number(cell: Any, _: Spec) -> float:
    return float(str(cell).strip())


def _date(cell: Any, _: Spec) -> Any:
    return pd.Timestamp(cell) if not isinstance(cell, str) else pd.Timestamp.fromisoformat(cell)


def _choice(cell: Any, spec: Spec) -> Any:
    return spec["choices"][str(cell).strip()]


def _text(cell: Any, _: Spec) -> str:
    return str(cell)


_KINDS: Mapping[str, Take] = {
    "integer": _number,
    "number": _number,
    "date": _date,
    "choice": _choice,
}


def broken(
    frame: pd.DataFrame, schema: pa.DataFrameSchema, rules: Mapping[str, Spec], wrong: set[Found]
) -> Iterator[Found]:
    """Yield what breaks the schema. A rule is asked only of cells that are right by themselves."""
    found = set(_failures(frame, schema, rules))
    alone = wrong | {failure for failure in found if failure[2] not in rules}
    bad = {(row, field) for row, field, _ in alone}
    taken = {(row, field) for row, field, _ in wrong}
    whose = dict(zip(frame["@number"], frame["@submission"], strict=True))
    for row, field, code in found:
        if code not in rules:
            certain = (row, field) not in taken
        elif rules[code].get("whole"):  # it looks at every row of the return
            certain = not any(
                name in rules[code]["fields"] and whose[other] == whose[row] for other, name in bad
            )
        else:
            certain = not any((row, name) in bad for name in rules[code]["fields"])
        if certain:
            yield row, field, code


def _failures(
    frame: pd.DataFrame, schema: pa.DataFrameSchema, rules: Mapping[str, Spec]
) -> Iterator[Found]:
    if frame.empty:
        return
    try:
        schema.validate(frame, lazy=True)
    except pa.errors.SchemaErrors as errors:
        for error in errors.schema_errors:
            yield from _failed(error, frame, rules)


def _failed(error: Any, frame: pd.DataFrame, rules: Mapping[str, Spec]) -> Iterator[Found]:
    numbers = frame["@number"]
    if error.check_output is None:  # a blank where something is required
        for at in error.failure_cases["index"]:
            yield int(numbers[at]), str(error.schema.name), "F01"
        return
    code = str(error.check.error)
    whole = isinstance(error.schema, pa.DataFrameSchema)
    for at, holds in error.check_output.items():
        if not holds:
            field = rules[code]["field"] if whole else str(error.schema.name)
            yield int(numbers[at]), field, code


def main(
    arguments: Sequence[str], fields: Sequence[Spec], keys: Sequence[Spec],
    schema: pa.DataFrameSchema, rules: Mapping[str, Spec],
) -> int:  # fmt: skip
    """Check the file named first (its sheet second) and print what is wrong, as JSON."""
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    if not arguments:
        sys.stderr.write("usage: python SCRIPT.py DATA.csv|DATA.xlsx [SHEET]\n")
        return 2
    table, first = headed(read_table(arguments[0], *arguments[1:2]), fields)
    frame, wrong = typed(table, fields, keys, first)
    found = sorted(wrong | set(broken(frame, schema, rules, wrong)))
    titles = {spec["id"]: spec["title"] for spec in fields}
    told = [
        {"row": row, "field": field, "title": titles.get(field, field), "code": code,
         "severity": _severity(code, rules), "text": rules.get(code, {}).get("text", "")}
        for row, field, code in found
    ]  # fmt: skip
    sys.stdout.write(json.dumps(told, ensure_ascii=False, indent=1) + "\n")
    return 1 if any(one["severity"] == "error" for one in told) else 0


def _severity(code: str, rules: Mapping[str, Spec]) -> str:
    return str(rules.get(code, {}).get("severity", "error"))
