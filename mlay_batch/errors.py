"""Errors that stop a run. A user's mistake in a form is a `Finding`, never one of these.

    MlayError                exit 3, the run stopped
    ├── UsageError           exit 2, the command was called wrongly
    │   └── NoWorkspaceError     no mlay.toml here or above
    ├── SchemaError          a YAML description is wrong (names file, line, key)
    ├── RegisterError        the office's register cannot be used (carries findings)
    ├── LedgerError          the ledger cannot be read or written
    │   └── LockedError          another process holds this workspace
    └── OutputBusyError      a file to be written is open in another program

Every error carries a message code and parameters; the command line makes its text from
`locale/`, in the user's language.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple, Self

if TYPE_CHECKING:
    from mlay_batch.core.findings import Finding
    from mlay_batch.schema.model import Form


class Phrase(NamedTuple):
    """Words that fill a gap of an error: the text `code` of `locale/errors.yaml`."""

    code: str
    params: Mapping[str, object] = {}


_OS_PROBLEMS: Mapping[str, str] = {  # by name: not every system has all of them
    "EACCES": "access",
    "EPERM": "access",
    "ENOENT": "absent",
    "ENOTDIR": "absent",
    "EISDIR": "folder",
    "EEXIST": "exists",
    "ENOSPC": "space",
    "EDQUOT": "space",
    "EROFS": "read_only",
    "EBUSY": "busy",
    "ETXTBSY": "busy",
    "ENAMETOOLONG": "long",
    "ECONNREFUSED": "refused",
    "ETIMEDOUT": "timeout",
    "ENETUNREACH": "network",
    "EHOSTUNREACH": "network",
    "ECONNRESET": "network",
}


def os_problem(error: Exception) -> Phrase:
    """Return what the machine has against a file or a connection, in words of `locale/`."""
    if isinstance(error, UnicodeError):
        return Phrase("os.encoding")
    if isinstance(error, TimeoutError):
        return Phrase("os.timeout")
    name = errno.errorcode.get(getattr(error, "errno", None) or 0, type(error).__name__)
    return Phrase(f"os.{_OS_PROBLEMS.get(name, 'other')}", {"name": name})


class MlayError(Exception):
    """Stops a run. `code` names a text in `locale/`, `params` fill its gaps.

    A gap may take a `Phrase`, or several that lead to a place. `others` are the further mistakes
    of the same kind, which one run shows together.
    """

    exit_code = 3

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(f"{code} {params}" if params else code)
        self.code = code
        self.params: Mapping[str, object] = params
        self.others: tuple[Self, ...] = ()

    @property
    def every(self) -> tuple[Self, ...]:
        """This error and the others."""
        return (self, *self.others)


def raise_all(errors: Iterable[MlayError]) -> None:
    """Raise the first of `errors` with all the others, each once; nothing where there is none."""
    every = tuple({str(error): error for joined in errors for error in joined.every}.values())
    for first in every[:1]:
        first.others = every[1:]
        raise first


class UsageError(MlayError):
    """The command was called wrongly."""

    exit_code = 2


class NoWorkspaceError(UsageError):
    """There is no `mlay.toml` in the given folder or above it."""


class SchemaError(MlayError):
    """A YAML file is wrong; `params` name file, line, key and the nearest valid key."""


class RegisterError(MlayError):
    """The register has errors, so nothing can be computed: `findings`, in the fields of `form`."""

    def __init__(
        self, code: str, findings: tuple[Finding, ...] = (), form: Form | None = None, **params: str
    ) -> None:
        super().__init__(code, **params)
        self.findings = findings
        self.form = form


class LedgerError(MlayError):
    """The ledger is missing, foreign, newer than the program, or damaged."""


class LockedError(LedgerError):
    """Another process holds the workspace; `params['holder']` names it."""


class OutputBusyError(MlayError):
    """A file to be written is held open by another program."""
