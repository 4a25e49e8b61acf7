"""Passwords: from the environment or the system's keyring, never from a file of ours."""

from __future__ import annotations

import os
from contextlib import suppress

from mlay_batch.errors import UsageError


def password(service: str, user: str, variable: str) -> str:
    """Return the password of `user`: the environment's `variable`, else the keyring's `service`.

    Raises UsageError ``smtp.password`` where neither holds one.
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
