"""Finds the form that a command names: by id, by id and version, or by its YAML file."""

from __future__ import annotations

from pathlib import Path

from mlay_batch.errors import UsageError
from mlay_batch.schema import Catalogue, Form
from mlay_batch.schema.catalogue import shipped


def form_named(catalogue: Catalogue, name: str) -> Form:
    """Return the form of ``meeting:2018.1``, the newest version of ``meeting``, or that of a YAML
    file.

    Raises UsageError for a name that is none, SchemaError for a file that is wrong.
    """
    path = Path(name)
    if path.suffix.lower() in (".yaml", ".yml"):
        return _from_file(path)
    form, _, version = name.partition(":")
    found = [one for one in catalogue.forms if one.form == form and version in ("", one.version)]
    if not found:
        known = ", ".join(f"{one.form}:{one.version}" for one in catalogue.forms)
        raise UsageError("usage.form", form=name, known=known)
    return max(found, key=lambda one: (one.effective.from_, one.version))


def _from_file(path: Path) -> Form:
    from mlay_batch.schema.load import load_file  # start-up: pydantic costs 0.2 s

    if not path.is_file():
        raise UsageError("usage.file", path=str(path))
    found = load_file(path, folders=[shipped("schemas")])
    if not isinstance(found, Form):
        raise UsageError("usage.no_form", path=str(path))
    return found
