"""Files of descriptions looked at one by one and together: what is wrong, what overlaps."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mlay_batch.errors import SchemaError
from mlay_batch.schema.load import load_file
from mlay_batch.schema.overlap import Named, Overlap, full_name, overlaps
from mlay_batch.schema.signs import Description

_Name = tuple[str, str, str]


def lint(
    files: Sequence[Path], in_force: Sequence[Path], base: Path
) -> tuple[list[SchemaError], list[Overlap]]:
    """Return what is wrong in `files`, and which of them overlap one another or those `in_force`.

    Of the files in force a later one replaces an earlier one of the same name, as in the catalogue;
    two of one name in one folder are an error. What a file extends lies beside it or in `base`.
    """
    asked = {path.resolve(): path for path in files}  # named in messages as they were asked for
    errors: list[SchemaError] = []
    known: dict[_Name, tuple[Path, Description]] = {}
    for full, path in ({path.resolve(): path for path in in_force} | asked).items():
        try:
            record = load_file(path, str(path), [base])
        except SchemaError as error:
            errors += [error] if full in asked else []
            continue
        name = full_name(record)
        before = known[name][0] if name in known else None
        if before and before.resolve().parent == full.parent:
            twins = [twin for twin in (path, before) if twin.resolve() in asked]
            errors += [_twice(twin, name) for twin in twins[:1]]
        else:
            known[name] = path, record
    shown = set(map(str, files))
    named: list[Named] = [(str(path), record) for path, record in known.values()]
    return errors, [one for one in overlaps(named) if {one.older, one.newer} & shown]


def _twice(path: Path, name: _Name) -> SchemaError:
    return SchemaError("schema.twice", file=str(path), name=" ".join(name))
