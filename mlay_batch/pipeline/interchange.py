"""Forms for other programs, and forms held against one another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from mlay_batch.errors import UsageError
from mlay_batch.files import write_atomically
from mlay_batch.names import nearest
from mlay_batch.schema import Catalogue, Form
from mlay_batch.schema.catalogue import shipped
from mlay_batch.schema.export import package_text
from mlay_batch.validation.export import script, script_name


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


def exported(form: Form, section: str | None, to: str, lang: str) -> Mapping[str, str]:
    """Return the files to write, by name: a pandera script for each section, or one Data Package.

    With a `section`, of that section only. Raises UsageError for a section the form has not.
    """
    ids = [one.id for one in form.sections]
    if section is not None and section not in ids:
        near = nearest(section, ids) or ", ".join(ids)
        raise UsageError("usage.section", section=section, nearest=near)
    if to == "frictionless":
        name = f"{form.form}-{form.version}{'-' + section if section else ''}.json"
        return {name: package_text(form, lang, section)}
    wanted = [one for one in form.sections if section in (None, one.id)]
    return {script_name(form, one): script(form, one, lang) for one in wanted}


def write(files: Mapping[str, str], out: Path) -> Iterator[Path]:
    """Write the files into a folder, which is made, and say so one by one."""
    out.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        path = out / name
        write_atomically(path, text.encode())
        yield path
