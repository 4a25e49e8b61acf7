"""Limits for child processes that read what strangers sent."""

from __future__ import annotations

import sys


def limit_memory(megabytes: int) -> None:
    """Limit the memory of the running process where the system can; it leaves no core dump."""
    if sys.platform == "win32":
        return
    import resource  # not on Windows

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform != "darwin":  # there RLIMIT_AS is refused below what the system has mapped
        resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))
