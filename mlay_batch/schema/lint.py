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
    errors: list[SchemaError] = []
    known: dict[_Name, tuple[Path, Description]] = {}
    for path in dict.fromkeys((*in_force, *files)):
        try:
            record = load_file(path, str(path), [base])
            name = full_name(record)
            if name in known and known[name][0].parent == path.parent:
                raise SchemaError("schema.twice", file=str(path), name=" ".join(name))
            known[name] = path, record
        except SchemaError as error:
            errors += [error] if path in files else []
    asked = set(map(str, files))
    named: list[Named] = [(str(path), record) for path, record in known.values()]
    return errors, [one for one in overlaps(named) if {one.older, one.newer} & asked]
