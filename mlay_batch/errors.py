"""Broken runs. A user's mistake in a form is a `Finding`, never one of these.

    MlayError                exit 3, the run is broken
    ├── UsageError           exit 2, the command was called wrongly
    │   └── NoWorkspaceError     no mlay.toml here or above
    ├── SchemaError          a YAML description is wrong (names file, line, key)
    ├── RegisterError        the town's register cannot be used (carries findings)
    ├── LedgerError          the ledger cannot be read or written
    │   └── LockedError          somebody else is at work in this workspace
    └── OutputBusyError      a file to be written is open in another program

Every error carries a message code and parameters; its text is made at the edge,
in the language of the user, from `locale/`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlay_batch.core.findings import Finding
    from mlay_batch.schema.model import Form


class MlayError(Exception):
    """A broken run. `code` names a text in `locale/`, `params` fill its gaps."""

    exit_code = 3

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(f"{code} {params}" if params else code)
        self.code = code
        self.params: Mapping[str, object] = params


class UsageError(MlayError):
    """The command was called with something that cannot be."""

    exit_code = 2


class NoWorkspaceError(UsageError):
    """There is no `mlay.toml` in the folder named, nor above it."""


class SchemaError(MlayError):
    """A YAML file is wrong; `params` name file, line, key and the nearest valid key."""


class RegisterError(MlayError):
    """The register has errors; no run can count without it. `findings` says which, in `form`."""

    def __init__(
        self, code: str, findings: tuple[Finding, ...] = (), form: Form | None = None, **params: str
    ) -> None:
        super().__init__(code, **params)
        self.findings = findings
        self.form = form


class LedgerError(MlayError):
    """The ledger is missing, foreign, newer than the program, or damaged."""


class LockedError(LedgerError):
    """Another process holds the workspace; `params['holder']` says who."""


class OutputBusyError(MlayError):
    """A file to be written is held open by another program."""
