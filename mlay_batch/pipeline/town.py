"""What every verb begins with: the workspace's descriptions and its register."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from mlay_batch import bundle
from mlay_batch.errors import RegisterError, UsageError
from mlay_batch.findings import Finding, refuses
from mlay_batch.names import nearest
from mlay_batch.pipeline.cache import read_catalogue, read_register
from mlay_batch.register import Register
from mlay_batch.schema import Catalogue, Form
from mlay_batch.schema.records import Due
from mlay_batch.settings import CONFIG
from mlay_batch.workspace import Workspace


@dataclass(frozen=True)
class Town:
    """A workspace with its catalogue and register read. `findings` are the register's warnings."""

    workspace: Workspace
    catalogue: Catalogue
    register: Register
    register_sha256: str
    findings: tuple[Finding, ...] = ()

    @property
    def schemas_sha256(self) -> str:
        """One hash over all descriptions in force."""
        return schemas_hash(self.catalogue)

    @cached_property
    def reading(self) -> Catalogue:
        """What files are read by: the forms, and the consolidated workbook of the level below."""
        told = self.workspace.settings
        own = bundle.forms(self.catalogue, told.consolidated)
        due = told.deadlines.get(bundle.FORM, {})
        return replace(self.catalogue, forms=(*self.catalogue.forms, *(_due(f, due) for f in own)))

    @property
    def counting(self) -> Catalogue:
        """What figures are counted by: consolidated workbooks are asked for where they are owed,
        one a month.
        """
        owed = [f for f in self.reading.forms
                if f.form == bundle.FORM and f.period == "month" and f.reporters]  # fmt: skip
        return replace(self.catalogue, forms=(*self.catalogue.forms, *owed))

    @property
    def lists(self) -> Mapping[str, Mapping[str, str]]:
        """Codes and names that a `ref` field may hold."""
        return reference_lists(self.register)


def schemas_hash(catalogue: Catalogue) -> str:
    """Return one hash over all descriptions in force."""
    joined = "\n".join(f"{source.name} {source.sha256}" for source in catalogue.sources)
    return hashlib.sha256(joined.encode()).hexdigest()


def reference_lists(register: Register) -> Mapping[str, Mapping[str, str]]:
    """Return code → name for each list a `ref` field may name."""
    return {
        "organisations": {entry.code: entry.name for entry in register.organisations},
        "officers": {entry.code: entry.name for entry in register.officers},
    }


def with_deadlines(catalogue: Catalogue, deadlines: Mapping[str, Mapping[str, int]]) -> Catalogue:
    """Return the catalogue with the town's own days (``due`` …) in place of the forms'.

    Raises UsageError ``workspace.key`` for a form there is not.
    """
    known = sorted({bundle.FORM, *(form.form for form in catalogue.forms)})
    for name in deadlines:
        if name not in known:
            near = f"deadlines.{nearest(name, known) or known[0]}"
            raise UsageError("workspace.key", file=CONFIG, key=f"deadlines.{name}", nearest=near)
    return replace(
        catalogue, forms=tuple(_due(f, deadlines.get(f.form, {})) for f in catalogue.forms)
    )


def _due(form: Form, days: Mapping[str, int]) -> Form:
    if not days:
        return form
    old = form.due or Due(0)
    own = Due(
        days.get("due", old.day), days.get("lock", old.lock), days.get("correct", old.correct)
    )
    return replace(form, due=own)


def open_town(workspace: Workspace) -> Town:
    """Read the workspace's descriptions and register.

    Raises SchemaError for a wrong description, RegisterError (with ``findings`` and ``form`` in
    its params) when the register is missing or has errors: nothing can be counted without it.
    """
    catalogue = with_deadlines(read_catalogue(workspace), workspace.settings.deadlines)
    form = catalogue.register_form
    name = workspace.register.name
    try:
        data = workspace.register.read_bytes()
    except OSError as error:
        raise RegisterError("register.unreadable", path=str(workspace.register)) from error
    digest, schemas = hashlib.sha256(data).hexdigest(), schemas_hash(catalogue)
    checked = read_register(workspace, form, data, schemas)
    findings = tuple(finding.in_file(name) for finding in checked.findings)
    if not refuses(findings) and not checked.submission.section("organisations"):
        raise RegisterError("register.empty", path=name)
    if refuses(findings):
        raise RegisterError("register.errors", path=name, findings=findings, form=form)
    return Town(workspace, catalogue, Register.of(checked.submission), digest, findings)
