"""Finds the form that a command names: by id, by id and version, or by its YAML file."""

from __future__ import annotations

from pathlib import Path

from mlay_batch.errors import UsageError
from mlay_batch.schema import Catalogue, Form
from mlay_batch.schema.catalogue import shipped_folder


def find_form(catalogue: Catalogue, name: str) -> Form:
    """Return the form of ``meeting:2018.1``, the newest version of ``meeting``, or that of a YAML
    file.

    Raises UsageError for a name that is none, SchemaError for a file that is wrong.
    """
    path = Path(name)
    if path.suffix.lower() in (".yaml", ".yml"):
        return _load_form(path)
    form, _, version = name.partition(":")
    matches = [
        candidate
        for candidate in catalogue.forms
        if candidate.form == form and version in ("", candidate.version)
    ]
    if not matches:
        names = ", ".join(f"{candidate.form}:{candidate.version}" for candidate in catalogue.forms)
        raise UsageError("usage.form", form=name, known=names)
    return max(matches, key=lambda candidate: (candidate.effective.from_, candidate.version))


def _load_form(path: Path) -> Form:
    from mlay_batch.schema.load import load_file  # start-up: pydantic costs 0.2 s

    if not path.is_file():
        raise UsageError("usage.file", path=str(path))
    form = load_file(path, folders=[shipped_folder("schemas")])
    if not isinstance(form, Form):
        raise UsageError("usage.no_form", path=str(path))
    return form
