"""Checks files of descriptions, each by itself and all together: mistakes and overlaps."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mlay_batch.errors import SchemaError
from mlay_batch.schema.indicators import Description
from mlay_batch.schema.load import load_file
from mlay_batch.schema.overlap import NamedDescription, Overlap, full_name, overlaps

_FullName = tuple[str, str, str]


def lint(
    files: Sequence[Path], in_force: Sequence[Path], base: Path
) -> tuple[list[SchemaError], list[Overlap]]:
    """Return what is wrong in `files`, and which of them overlap one another or those `in_force`.

    Of the files in force a later one replaces an earlier one of the same name, as in the catalogue;
    two of one name in one folder are an error. What a file extends lies beside it or in `base`.
    """
    requested = {path.resolve(): path for path in files}  # named in messages as they were asked for
    errors: list[SchemaError] = []
    by_name: dict[_FullName, tuple[Path, Description]] = {}
    for resolved, path in ({path.resolve(): path for path in in_force} | requested).items():
        try:
            record = load_file(path, str(path), [base])
        except SchemaError as error:
            errors += [error] if resolved in requested else []
            continue
        name = full_name(record)
        earlier = by_name[name][0] if name in by_name else None
        if earlier and earlier.resolve().parent == resolved.parent:
            twins = [twin for twin in (path, earlier) if twin.resolve() in requested]
            errors += [_twice(twin, name) for twin in twins[:1]]
        else:
            by_name[name] = path, record
    requested_names = set(map(str, files))
    named_records: list[NamedDescription] = [
        (str(path), record) for path, record in by_name.values()
    ]
    return errors, [
        overlap
        for overlap in overlaps(named_records)
        if {overlap.older, overlap.newer} & requested_names
    ]


def _twice(path: Path, name: _FullName) -> SchemaError:
    return SchemaError("schema.twice", file=str(path), name=" ".join(name))
