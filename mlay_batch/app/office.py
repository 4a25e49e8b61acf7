"""Opens an office: the workspace's descriptions and register, which every command needs."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from mlay_batch.app.cache import CheckedRegister, read_catalogue, read_register
from mlay_batch.app.workspace import Workspace
from mlay_batch.core.findings import Finding, has_errors
from mlay_batch.errors import RegisterError
from mlay_batch.model import rollup_form
from mlay_batch.model.office_rules import with_deadlines
from mlay_batch.model.register import Register
from mlay_batch.schema import Catalogue


@dataclass(frozen=True)
class Office:
    """A workspace with its catalogue and register."""

    workspace: Workspace
    catalogue: Catalogue
    register: Register
    register_sha256: str
    findings: tuple[Finding, ...] = ()
    """Warnings on the register."""

    @property
    def schemas_sha256(self) -> str:
        """Hash of all descriptions in force, and of the office's own limits and rules."""
        limits, rules = self.workspace.settings.limits, self.register.rules
        own = [repr(sorted(limits.items()))] if limits else []
        return schemas_hash(self.catalogue, [*own, repr(rules)])

    @property
    def sources(self) -> tuple[str, str, str]:
        """What identifies register, descriptions and settings."""
        return self.register_sha256, self.schemas_sha256, repr(self.workspace.settings)

    @cached_property
    def intake_catalogue(self) -> Catalogue:
        """The catalogue for reading files: with the consolidated workbook of the level below."""
        settings = self.workspace.settings
        rollup_forms = rollup_form.forms(self.catalogue, settings.consolidated)
        deadlines = self.register.rules.deadlines
        return replace(
            self.catalogue,
            forms=(*self.catalogue.forms, *(with_deadlines(f, deadlines) for f in rollup_forms)),
        )

    @property
    def figures_catalogue(self) -> Catalogue:
        """The catalogue for figures: with the monthly consolidated workbooks that are owed."""
        rollup_forms = [
            f
            for f in self.intake_catalogue.forms
            if f.is_rollup and f.period == "month" and f.reporters
        ]
        return replace(self.catalogue, forms=(*self.catalogue.forms, *rollup_forms))

    @property
    def lists(self) -> Mapping[str, Mapping[str, str]]:
        """Code → name for each list a `ref` field may name."""
        return reference_lists(self.register)


def schemas_hash(catalogue: Catalogue, own: Iterable[str] = ()) -> str:
    """Return one hash of all descriptions in force, and of what an office sets itself."""
    joined = "\n".join([*(f"{s.name} {s.sha256}" for s in catalogue.sources), *own])
    return hashlib.sha256(joined.encode()).hexdigest()


def reference_lists(register: Register) -> Mapping[str, Mapping[str, str]]:
    """Return code → name for each list a `ref` field may name."""
    return {
        "organisations": {record.code: record.name for record in register.organisations},
        "officers": {record.code: record.name for record in register.officers},
    }


def open_office(workspace: Workspace, while_checked: Callable[[], None] = lambda: None) -> Office:
    """Read the workspace's descriptions and register.

    `while_checked` is called as in `read_register`. Raises SchemaError for a wrong description,
    RegisterError (with ``findings`` and ``form``) for a missing or wrong register.
    """
    catalogue = read_catalogue(workspace)
    data, checked = read_checked_register(workspace, catalogue, while_checked)
    if not checked.submission.section_rows("organisations"):
        raise RegisterError("register.empty", path=workspace.register.name)
    register = Register.from_submission(checked.submission)
    digest = hashlib.sha256(data).hexdigest()
    return Office(workspace, register.in_force(catalogue), register, digest, checked.findings)


def read_checked_register(
    workspace: Workspace, catalogue: Catalogue, while_checked: Callable[[], None] = lambda: None
) -> tuple[bytes, CheckedRegister]:
    """Return the register's file and content, whose findings are warnings.

    Raises RegisterError (with all ``findings`` and ``form``) for a missing or wrong register.
    """
    form, name = catalogue.register_form, workspace.register.name
    try:
        data = workspace.register.read_bytes()
    except OSError as error:
        raise RegisterError("register.unreadable", path=str(workspace.register)) from error
    checked = read_register(workspace, form, data, schemas_hash(catalogue), while_checked)
    findings = tuple(finding.in_file(name) for finding in checked.findings)
    if has_errors(findings):
        raise RegisterError("register.errors", path=name, findings=findings, form=form)
    return data, replace(checked, findings=findings)
