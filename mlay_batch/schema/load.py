"""Parses YAML to records, strictly: an error names file, line, key and the nearest valid key.

A description with ``extends: meeting-2018.yaml`` is that one with its own values in place of those
there (`extend`). Errors name the file and line where the mistake is written.
"""

from __future__ import annotations

import difflib
import io
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields as record_fields
from dataclasses import is_dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, get_args, get_type_hints

import yaml
from pydantic import TypeAdapter, ValidationError

from mlay_batch.errors import SchemaError
from mlay_batch.schema.checks import CHECKS, CheckSpec
from mlay_batch.schema.indicators import (
    KINDS,
    Description,
    Indicator,
    IndicatorKind,
    IndicatorSet,
    indicator_set_faults,
    missing_fields,
)
from mlay_batch.schema.inheritance import EXTENDS, extend, refuse_duplicates
from mlay_batch.schema.level_semantics import missing_level_fields
from mlay_batch.schema.model import Carry, Form, Rule
from mlay_batch.schema.overlap import NamedDescription, Overlap, full_name, overlaps
from mlay_batch.schema.problem import Fault
from mlay_batch.schema.quotas import Quota
from mlay_batch.schema.schemes import Scheme
from mlay_batch.schema.semantics import (
    broken_mappings,
    code_collisions,
    cross_version_faults,
    faults,
    missing_from_forms,
    missing_from_register,
)

_KINDS: Mapping[str, type] = {"form": Form, "quota": Quota, "scheme": Scheme, "signs": IndicatorSet}
# Records with parameters among their keys: the key that names the kind, and all kinds.
_KIND_KEYS: Mapping[type, tuple[str, Mapping[str, CheckSpec | IndicatorKind]]] = {
    Rule: ("check", CHECKS),
    Indicator: ("kind", KINDS),
}
_UNKNOWN_KEY = "unexpected_keyword_argument"
T = TypeVar("T")


class _StrictLoader(yaml.CSafeLoader):
    """Loads YAML; refuses a key given twice, and reads only true/false as booleans."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            name = str(key.value)
            if name in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"duplicate key {name!r}", problem_mark=key.start_mark
                )
            seen.add(name)
        return super().construct_mapping(node, deep)


# A choice or grade id such as `no` or `on` is a word, not a boolean.
_StrictLoader.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in resolvers if tag != "tag:yaml.org,2002:bool"]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


@cache
def _adapter(kind: str) -> TypeAdapter[Any]:
    return TypeAdapter(_KINDS[kind])


def load_file(
    path: Path, display_name: str | None = None, folders: Sequence[Path] = ()
) -> Description:
    """Return the record of a YAML file; `display_name` is its name in messages.

    The file it extends lies beside it or in one of `folders`.
    Raises SchemaError naming file, line, key and the nearest valid key.
    """
    return load_text(
        _read_text(path, display_name), display_name or path.name, (path.parent, *folders)
    )


def _read_text(path: Path, display_name: str | None = None) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise SchemaError(
            "schema.yaml", file=display_name or path.name, line=line, problem="not UTF-8"
        ) from error


def load_text(text: str, display_name: str, folders: Sequence[Path] = ()) -> Description:
    """Return the record that YAML `text` describes; see `load_file`.

    Descriptions it extends are looked up in `folders`, in order.
    """
    node = _compose(text, display_name, folders, ())
    data = _construct(node, display_name)
    kind = next((k for k in _KINDS if isinstance(data, dict) and k in data), None)
    if kind is None:
        raise SchemaError("schema.kind", file=display_name, line=1, kinds=", ".join(_KINDS))
    try:
        _gather_params(data)
        record: Description = _adapter(kind).validate_python(data)
    except ValidationError as error:
        raise _explain(error, node, data, _KINDS[kind]) from error
    _check_meaning(record, node)
    return record


def load_records(path: Path, record: type[T]) -> tuple[T, ...]:
    """Return the records of a YAML list of the program's own, which is no description.

    Raises SchemaError naming file, line, key and the nearest valid key.
    """
    node = _compose(_read_text(path), path.name, (), ())
    data = _construct(node, path.name)
    try:
        return TypeAdapter(tuple[record, ...]).validate_python(data)  # type: ignore[valid-type]
    except ValidationError as error:
        raise _explain(error, node, data, record) from error


class _Stream(io.StringIO):
    """A text with its file name, which YAML records with every line."""

    name = ""


def _compose(
    text: str, display_name: str, folders: Sequence[Path], extended_by: tuple[str, ...]
) -> yaml.Node:
    """Return the YAML nodes of `text` merged with the file it extends.

    `extended_by` are the files extending it.
    """
    stream = _Stream(text)
    stream.name = display_name
    node: yaml.Node = _parse(lambda: yaml.compose(stream, Loader=_StrictLoader), display_name)
    if node is None:
        raise SchemaError("schema.kind", file=display_name, line=1, kinds=", ".join(_KINDS))
    data = _construct(node, display_name)  # this file alone, so that what it gives twice is found
    refuse_duplicates(node)
    if not isinstance(data, dict) or EXTENDS not in data:
        return node
    name = str(data[EXTENDS])
    candidates = [folder / name for folder in folders if Path(name).name == name]
    base_path = next((path for path in candidates if path.is_file()), None)
    if base_path is None or name in (*extended_by, display_name):
        _, line = file_and_line(node, [EXTENDS])
        raise SchemaError("schema.extends", file=display_name, line=line, name=name)
    return extend(
        _compose(_read_text(base_path), name, folders, (*extended_by, display_name)), node
    )


def _construct(node: yaml.Node, display_name: str) -> Any:
    return _parse(lambda: _StrictLoader("").construct_document(node), display_name)


def _parse(step: Callable[[], Any], display_name: str) -> Any:
    """Return the result of a step of reading YAML; raises SchemaError with the line."""
    try:
        return step()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = mark.line + 1 if mark else 1
        raise SchemaError(
            "schema.yaml", file=display_name, line=line, problem=error.problem
        ) from error
    except (yaml.YAMLError, ValueError) as error:  # ValueError: such as the 31st of April
        raise SchemaError("schema.yaml", file=display_name, line=1, problem=str(error)) from error


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
    kind_key, kinds = _KIND_KEYS[record]
    record_keys = {record_field.name for record_field in record_fields(record)} - {"params"}
    kind = kinds.get(str(holder.get(kind_key)))
    param_keys = {*(kind.params if kind else set(holder) - record_keys), "params"}
    holder["params"] = {key: holder.pop(key) for key in list(holder) if key in param_keys}


def _mappings(holder: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    """Return the mappings of the list under `key`; pydantic reports anything else."""
    items = holder.get(key)
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _explain(error: ValidationError, node: yaml.Node, data: Any, record: type) -> SchemaError:
    """Return the error to show: an unknown key comes before a missing one."""
    problems = error.errors()
    first = next((problem for problem in problems if problem["type"] == _UNKNOWN_KEY), problems[0])
    path = [part for part in first["loc"] if not (isinstance(part, str) and "[" in part)]
    is_unknown = first["type"] == _UNKNOWN_KEY
    file, line = file_and_line(node, path)
    return SchemaError(
        "schema.key" if is_unknown else "schema.value",
        file=file,
        line=line,
        key=".".join(str(part) for part in path),
        problem=first["msg"],
        nearest=_nearest_key(path, data, record) if is_unknown else "",
    )


def _nearest_key(path: Sequence[Any], data: Any, record: Any) -> str:
    """Return the valid key that is most like the last one of `path`, which begins in `record`."""
    holder = data
    for part in path[:-1]:
        record = _inner_record(record, part)
        holder = holder[part] if isinstance(holder, dict | list) else {}
    valid_keys = {record_field.name.rstrip("_") for record_field in record_fields(record)}
    if record in _KIND_KEYS and isinstance(holder, dict):
        kind_key, kinds = _KIND_KEYS[record]
        kind = kinds.get(str(holder.get(kind_key)))
        valid_keys = valid_keys - {"params"} | set(kind.params if kind else ())
    return _nearest(str(path[-1]), valid_keys - set(holder))


def _inner_record(record: Any, part: Any) -> Any:
    """Return the record class under the key `part`.

    For an index in a list, or the name of a list of choices, that is `record` itself.
    """
    hints = get_type_hints(record)
    hint = next((hints[name] for name in hints if name.rstrip("_") == part), None)
    return next((leaf for leaf in _leaves(hint) if is_dataclass(leaf)), record)


def _leaves(hint: Any) -> Iterator[Any]:
    inner = get_args(hint)
    return (leaf for argument in inner for leaf in _leaves(argument)) if inner else iter((hint,))


def _nearest(word: str, candidates: Iterable[str], cutoff: float = 0.5) -> str:
    return next(iter(difflib.get_close_matches(word, sorted(candidates), n=1, cutoff=cutoff)), "")


def file_and_line(node: yaml.Node, path: Sequence[Any]) -> tuple[str, int]:
    """Return file and line (from 1) of the node at `path`, or of its nearest ancestor."""
    mark = node.start_mark
    for part in path:
        step = _child(node, part)
        if step is None:
            break
        mark, node = step
    return mark.name, mark.line + 1


def _child(node: Any, part: Any) -> tuple[Any, Any] | None:
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part].start_mark, node.value[part]
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(part):
                return key.start_mark, value
    return None


def _check_meaning(record: Description, node: yaml.Node) -> None:
    """Raise SchemaError for the first fault in the description's meaning; quotas have none."""
    for fault in _faults(record):
        raise _located_error(fault, node)


def _located_error(fault: Fault, node: yaml.Node) -> SchemaError:
    """Return the error of a fault, with file and line."""
    file, line = file_and_line(node, fault.path)
    return SchemaError(
        fault.code,
        file=file,
        line=line,
        key=fault.key,
        name=fault.name,
        nearest=fault.suggestion or _nearest(fault.name, fault.valid_names, cutoff=0.4),
    )


def _faults(record: Description) -> Iterable[Fault]:
    if isinstance(record, IndicatorSet):
        return indicator_set_faults(record)
    return () if isinstance(record, Quota) else faults(record)


def check_together(
    records: Sequence[NamedDescription], paths: Mapping[str, Path], base: Path
) -> None:
    """Raise SchemaError for the first record that does not fit the others; see `joint_errors`."""
    for error in joint_errors(records, paths, base):
        raise error


def joint_errors(
    records: Sequence[NamedDescription], paths: Mapping[str, Path], base: Path
) -> Iterator[SchemaError]:
    """Yield an error for every record that does not fit the others; they come with file names.

    That is a scheme that needs fields no form has, indicators of unknown fields, a form that
    carries over fields the version before lacks, roles or types of organisation that the register
    does not know, and a code that means another rule in another file. `paths` gives the file of
    each name, for the line of a mistake; what it extends lies beside it or in `base`.
    """
    forms = [r for _, r in records if isinstance(r, Form) and not r.is_sketch]
    schemes = [record for _, record in records if isinstance(record, Scheme)]
    for name, record in records:
        if isinstance(record, Scheme):
            yield from _scheme_errors(name, record, forms, schemes)
            yield from _level_errors(name, record, forms, paths, base)
        if isinstance(record, IndicatorSet):
            yield from _fault_errors(name, "schema.looks", missing_fields(record, forms))
        if isinstance(record, Form) and record.carries:
            yield from _carry_errors(name, record, record.carries, forms)
        for fault in missing_from_register(record, forms):
            known = ", ".join(sorted(fault.valid_names))
            yield SchemaError(
                "schema.register", file=name, key=fault.key, name=fault.name, known=known
            )
    for params in code_collisions(records):
        yield SchemaError("schema.taken", **params)


def _scheme_errors(
    name: str, scheme: Scheme, forms: Sequence[Form], schemes: Sequence[Scheme]
) -> Iterator[SchemaError]:
    if missing := missing_from_forms(scheme, forms):
        yield SchemaError("schema.scheme", file=name, name=missing)
    yield from _fault_errors(name, "schema.version", cross_version_faults(scheme, schemes))


def _level_errors(
    name: str, scheme: Scheme, forms: Sequence[Form], paths: Mapping[str, Path], base: Path
) -> Iterator[SchemaError]:
    """Yield errors with lines: the file is composed once more, which knows where all stands."""
    for fault in missing_level_fields(scheme, forms):
        path = paths[name]
        yield _located_error(fault, _compose(_read_text(path), name, (path.parent, base), ()))


def _fault_errors(file: str, code: str, faults: Iterable[Fault]) -> Iterator[SchemaError]:
    for fault in faults:
        nearest = _nearest(fault.name, fault.valid_names)
        yield SchemaError(code, file=file, key=fault.key, name=fault.name, nearest=nearest)


def _carry_errors(
    name: str, form: Form, carry: Carry, forms: Sequence[Form]
) -> Iterator[SchemaError]:
    versions = {
        other.version: other for other in forms if other.form == form.form and other is not form
    }
    if carry.from_ not in versions:
        nearest = _nearest(carry.from_, versions)
        yield SchemaError("schema.carries_from", file=name, name=carry.from_, nearest=nearest)
        return
    for old_path, new_path in broken_mappings(carry, versions[carry.from_], form):
        yield SchemaError("schema.carries", file=name, old=old_path, new=new_path)


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
            twins.append(SchemaError("schema.twice", file=file, other=earlier, name=" ".join(name)))
            continue
        if earlier:
            replaced = Overlap("replaced", kind, " ".join(id_and_version), file, (earlier,))
            replacements.append(replaced)
        by_name[name] = file, record
    return list(by_name.values()), replacements, twins
