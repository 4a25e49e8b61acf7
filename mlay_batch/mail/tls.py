"""Whom to trust over the net: whom the machine trusts, and whom the office names besides."""

from __future__ import annotations

import ssl

from mlay_batch.errors import UsageError


def tls_context(ca_file: str | None) -> ssl.SSLContext:
    """Return a context that verifies certificate and name of every host.

    `ca_file` adds certificates for a host of the office's own. Raises UsageError ``tls.ca_file``
    where that file cannot be read.
    """
    context = ssl.create_default_context()
    if ca_file:
        try:
            context.load_verify_locations(ca_file)
        except OSError as error:  # ssl.SSLError is one
            raise UsageError("tls.ca_file", path=ca_file, problem=str(error)) from error
    return context
