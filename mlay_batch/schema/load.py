"""Parses YAML to records, strictly: an error names file, line, place and the nearest valid key.

`yaml_files` reads the text and what it extends, `value_errors` says what is wrong with a value.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields as record_fields
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

import yaml
from pydantic import TypeAdapter, ValidationError

from mlay_batch.errors import Phrase, SchemaError, raise_all
from mlay_batch.schema.indicators import (
    Description,
    Indicator,
    IndicatorSet,
    indicator_set_faults,
    missing_fields,
)
from mlay_batch.schema.level_semantics import missing_level_fields
from mlay_batch.schema.model import Form, Rule
from mlay_batch.schema.overlap import NamedDescription, Overlap, full_name, overlaps
from mlay_batch.schema.places import locate, shorten, written_at
from mlay_batch.schema.problem import Fault, KeyPath
from mlay_batch.schema.quotas import Quota
from mlay_batch.schema.schemes import Scheme
from mlay_batch.schema.semantics import (
    CodeCollision,
    carry_faults,
    code_collisions,
    cross_version_faults,
    faults,
    missing_from_forms,
    missing_from_register,
)
from mlay_batch.schema.value_errors import KIND_KEYS, nearest, value_errors, wrong_paths
from mlay_batch.schema.yaml_files import compose, construct, read_text

_KINDS: Mapping[str, type] = {"form": Form, "quota": Quota, "scheme": Scheme, "signs": IndicatorSet}
_MOST_NAMES = 12  # valid names that a message lists
T = TypeVar("T")


@cache
def _adapter(kind: str) -> TypeAdapter[Any]:
    return TypeAdapter(_KINDS[kind])


def load_file(
    path: Path, display_name: str | None = None, folders: Sequence[Path] = ()
) -> Description:
    """Return the record of a YAML file; `display_name` is its name in messages.

    The file it extends lies beside it or in one of `folders`.
    Raises SchemaError with all mistakes, each with file, line, place and the nearest valid key.
    """
    return load_text(
        read_text(path, display_name), display_name or path.name, (path.parent, *folders)
    )


def load_text(text: str, display_name: str, folders: Sequence[Path] = ()) -> Description:
    """Return the record that YAML `text` describes; see `load_file`.

    Descriptions it extends are looked up in `folders`, in order.
    """
    errors: list[SchemaError] = []
    node = compose(text, display_name, folders, errors)
    data = construct(node, display_name) if node else None
    kinds = [kind for kind in _KINDS if isinstance(data, dict) and kind in data]
    if not kinds or node is None:
        raise SchemaError("schema.kind", file=display_name, line=1, kinds=", ".join(_KINDS))
    if len(kinds) > 1:
        line = max(p.line for k in kinds if (p := locate(node, [k])).file == display_name)
        raise SchemaError("schema.kinds", file=display_name, line=line, kinds=", ".join(kinds))
    _gather_params(data)
    record, items = _validate(data, node, kinds[0], errors)
    if record:
        errors += list(_meaning_errors(record, node, items, errors))
    raise_all(_by_line(errors))
    return cast(Description, record)  # without one there was an error


def _validate(
    data: Any, node: yaml.Node, kind: str, errors: list[SchemaError]
) -> tuple[Description | None, list[KeyPath]]:
    """Return the record, and the items of lists that are in it without a wrong key of theirs.

    What is wrong is added to `errors`. There is no record where a wrong key cannot be left out.
    """
    try:
        return _adapter(kind).validate_python(data), []
    except ValidationError as error:
        errors += value_errors(error, node, data, _KINDS[kind])
        paths = wrong_paths(error, node)
    try:
        for path in paths:
            _leave_out(path, data)
        return _adapter(kind).validate_python(data), [path[:-1] for path in paths]
    except (ValidationError, LookupError):
        return None, []


def _leave_out(path: KeyPath, data: Any) -> None:
    """Remove a key of an item of a list. LookupError for any other: the file may name it."""
    holder = data
    for part in path[:-1]:
        holder = holder[part]
    if not isinstance(holder, dict) or all(isinstance(part, str) for part in path):
        raise LookupError(path)
    del holder[path[-1]]


def _meaning_errors(
    record: Description, node: yaml.Node, items: Sequence[KeyPath], errors: Sequence[SchemaError]
) -> Iterator[SchemaError]:
    """Yield an error for every fault outside `items`, but for ids that `errors` have already."""
    seen = {(error.code, error.params["file"], error.params["line"]) for error in errors}
    for fault in _first_faults(record):
        error = _located(fault, node)
        is_elsewhere = not any(fault.path[: len(item)] == item for item in items)
        is_seen = (error.code, error.params["file"], error.params["line"]) in seen
        if is_elsewhere and not (error.code == "schema.again" and is_seen):
            yield error


def _by_line(errors: Iterable[SchemaError]) -> list[SchemaError]:
    return sorted(errors, key=lambda error: (str(error.params["file"]), error.params["line"]))


def load_records(path: Path, record: type[T]) -> tuple[T, ...]:
    """Return the records of a YAML list of the program's own, which is no description.

    Raises SchemaError with all mistakes, as `load_file`.
    """
    errors: list[SchemaError] = []
    node = compose(read_text(path), path.name, (), errors)
    raise_all(errors)
    if node is None:
        return ()
    data = construct(node, path.name)
    try:
        return TypeAdapter(tuple[record, ...]).validate_python(data)  # type: ignore[valid-type]
    except ValidationError as error:
        raise_all(_by_line(value_errors(error, node, data, record)))
        raise


def _gather_params(data: Any) -> None:
    """Move the parameters of rules and indicators, written beside their other keys, into `params`.

    The parameters of an unknown check are not known: all keys that are none of a rule are moved, so
    that the error names the check and not them.
    """
    for section in _mappings(data, "sections"):
        for rule in _mappings(section, "rules"):
            _move_params(rule, Rule)
    for indicator in _mappings(data, "entries"):
        _move_params(indicator, Indicator)


def _move_params(holder: dict[str, Any], record: type) -> None:
    kind_key, kinds = KIND_KEYS[record]
    record_keys = {record_field.name for record_field in record_fields(record)} - {"params"}
    kind = kinds.get(str(holder.get(kind_key)))
    param_keys = {*(kind.params if kind else set(holder) - record_keys), "params"}
    holder["params"] = {key: holder.pop(key) for key in list(holder) if key in param_keys}


def _mappings(holder: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    """Return the mappings of the list under `key`; pydantic reports anything else."""
    items = holder.get(key)
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _located(fault: Fault, node: yaml.Node, code: str = "") -> SchemaError:
    """Return the error of a fault, with file, line and place; `code` words it otherwise."""
    code = code or fault.code
    location = locate(node, fault.path, fault.name, is_missing=code == "schema.lacks")
    value = written_at(node, fault.path)
    if fault.wanted:
        code = "schema.value" if value else "schema.empty"
    elif (code, value) == ("schema.unfit", ""):
        code = "schema.unfit_blank"
    if code == "schema.name":
        code = "schema.name" if fault.name else "schema.nameless"
        code += "" if fault.valid_names else "_alone"
    near = fault.suggestion or nearest(fault.name, fault.valid_names, cutoff=0.4)
    valid_names = list(map(shorten, sorted(fault.valid_names)))
    names = [*valid_names[:_MOST_NAMES], *(["…"] if len(valid_names) > _MOST_NAMES else [])]
    return SchemaError(
        code,
        file=location.file,
        line=location.line,
        place=location.place,
        key=fault.key,
        name=shorten(fault.name),
        value=value,
        nearest=near,
        known="" if near else ", ".join(names),
        other=locate(node, fault.other).phrase,
        wanted=Phrase(f"wanted.{fault.wanted}") if fault.wanted else "",
    )


def _first_faults(record: Description) -> list[Fault]:
    """Return the faults in the description's meaning; quotas have none.

    What a later check reckons with may be what an earlier one found wrong: it ends there.
    """
    found: list[Fault] = []
    try:
        found.extend(_faults(record))  # which keeps what came before an exception
    except (LookupError, TypeError, ValueError):
        if not found:
            raise
    return found


def _faults(record: Description) -> Iterable[Fault]:
    if isinstance(record, IndicatorSet):
        return indicator_set_faults(record)
    return () if isinstance(record, Quota) else faults(record)


def check_together(
    records: Sequence[NamedDescription], paths: Mapping[str, Path], base: Path
) -> None:
    """Raise SchemaError for the records that do not fit the others; see `joint_errors`."""
    raise_all(joint_errors(records, paths, base))


def joint_errors(
    records: Sequence[NamedDescription], paths: Mapping[str, Path], base: Path
) -> Iterator[SchemaError]:
    """Yield an error for every record that does not fit the others; they come with file names.

    That is a scheme that needs fields no form has, indicators of unknown fields, a form that
    carries over fields the version before lacks, roles or types of organisation that the register
    does not know, and a code that means another rule in another file. `paths` gives the file of
    each name, for the line of a mistake; what it extends lies beside it or in `base`.
    """

    @cache
    def top(name: str) -> yaml.Node:  # of a wrong file alone: it is read once more
        path = paths.get(name)
        node = compose(read_text(path, name), name, (path.parent, base), []) if path else None
        mark = yaml.Mark(name, 0, 0, 0, None, 0)
        return node or yaml.MappingNode("", [], mark, mark)

    forms = [r for _, r in records if isinstance(r, Form) and not r.is_sketch]
    schemes = [record for _, record in records if isinstance(record, Scheme)]
    for name, record in records:
        for code, fault in _joint_faults(record, forms, schemes):
            yield _located(fault, top(name), code)
    for collision in code_collisions(records):
        location = locate(top(collision.file), collision.path)
        yield SchemaError(
            "schema.taken",
            file=collision.file,
            line=location.line,
            place=location.place,
            name=collision.code,
            other=_other_place(top(collision.other), collision, paths, base),
            nearest=collision.nearest,
        )


def _other_place(
    node: yaml.Node, collision: CodeCollision, paths: Mapping[str, Path], base: Path
) -> Phrase:
    """Return where the earlier rule stands; a shipped file is said to be one."""
    phrase = locate(node, collision.other_path).phrase
    path = paths.get(collision.other)
    if path is None or path.parent != base:
        return phrase
    return Phrase("place.shipped", {**phrase.params, "file": path.name})


def _joint_faults(
    record: Description, forms: Sequence[Form], schemes: Sequence[Scheme]
) -> Iterator[tuple[str, Fault]]:
    """Yield what of a record does not fit the others, with the code of its words."""
    by_code: dict[str, Iterable[Fault]] = {}
    if isinstance(record, Scheme):
        by_code["schema.scheme"] = missing_from_forms(record, forms)
        by_code["schema.version"] = cross_version_faults(record, schemes)
        by_code["schema.name"] = missing_level_fields(record, forms)
    if isinstance(record, IndicatorSet):
        by_code["schema.looks"] = missing_fields(record, forms)
    if isinstance(record, Form):
        by_code[""] = carry_faults(record, forms)
    by_code["schema.register"] = missing_from_register(record, forms)
    for code, found in by_code.items():
        yield from ((code, fault) for fault in found)


def lint(
    files: Sequence[Path], in_force: Sequence[Path], base: Path
) -> tuple[list[SchemaError], list[Overlap]]:
    """Return the errors in `files`, and their overlaps with one another or those `in_force`.

    Of the files in force a later one replaces an earlier one of the same name, as in the catalogue;
    two of one name in one folder are an error. Files they extend lie beside them or in `base`.
    Whether all fit together is asked once each can be read.
    """
    requested = {path.resolve(): path for path in files}  # messages use the paths as given
    names = set(map(str, files))
    named, errors = _load_named({path.resolve(): path for path in in_force} | requested, base)
    records, replacements, twins = _resolve_names(named)
    wrong = [error for file, error in errors if file in names]
    wrong += [error for error in twins if names & {error.params["file"], error.params["other"]}]
    paths = {str(path): path for path in (*in_force, *files)}
    wrong += joint_errors(records, paths, base) if not errors + twins else []
    return wrong, [
        overlap
        for overlap in (*replacements, *overlaps(records))
        if names & {overlap.applies, *overlap.others}
    ]


def _load_named(
    paths: Mapping[Path, Path], base: Path
) -> tuple[list[NamedDescription], list[tuple[str, SchemaError]]]:
    """Return the records of the files and the errors, by the names that messages use."""
    named: list[NamedDescription] = []
    errors: list[tuple[str, SchemaError]] = []
    for path in paths.values():
        try:
            named.append((str(path), load_file(path, str(path), [base])))
        except SchemaError as error:
            errors.append((str(path), error))
    return named, errors


def _resolve_names(
    named: Iterable[NamedDescription],
) -> tuple[list[NamedDescription], list[Overlap], list[SchemaError]]:
    """Return one record of each name, which files it replaces, and names given twice."""
    by_name: dict[tuple[str, str, str], NamedDescription] = {}
    replacements, twins = [], []
    for file, record in named:
        kind, *id_and_version = name = full_name(record)
        earlier = by_name[name][0] if name in by_name else None
        if earlier and Path(earlier).resolve().parent == Path(file).resolve().parent:
            twins.append(name_collision(name, file, earlier))
            continue
        if earlier:
            replaced = Overlap("replaced", kind, " ".join(id_and_version), file, (earlier,))
            replacements.append(replaced)
        by_name[name] = file, record
    return list(by_name.values()), replacements, twins


def name_collision(name: tuple[str, str, str], file: str, other: str) -> SchemaError:
    """Return the error of a description that has the full name of one in the same folder."""
    kind, id_, version = name
    return SchemaError(
        "schema.twice", file=file, other=other, kind=Phrase(f"kind.{kind}"), name=f"{id_} {version}"
    )
