"""What a connection to a mail host needs: the password and the TLS context."""

from __future__ import annotations

import os
import ssl
from contextlib import suppress

from mlay_batch.errors import UsageError, os_problem


def password(service: str, user: str, variable: str) -> str:
    """Return the password of `user` from the environment's `variable`, else from the keyring.

    `service` is its name in the keyring. Raises UsageError ``smtp.password`` without one.
    """
    if value := os.environ.get(variable):
        return value
    stored: str | None = None
    with suppress(ImportError):
        import keyring  # an optional extra: most offices set the variable
        from keyring.errors import KeyringError  # the same

        with suppress(KeyringError):
            stored = keyring.get_password(service, user)
    if stored is None:
        raise UsageError("smtp.password", user=user, variable=variable, service=service)
    return stored


def tls_context(ca_file: str | None) -> ssl.SSLContext:
    """Return a context that verifies certificate and name of every host.

    `ca_file` adds certificates for the office's own host. Raises UsageError ``tls.ca_file`` where
    it cannot be read.
    """
    context = ssl.create_default_context()
    if ca_file:
        try:
            context.load_verify_locations(ca_file)
        except OSError as error:  # ssl.SSLError is one
            raise UsageError("tls.ca_file", path=ca_file, problem=os_problem(error)) from error
    return context
