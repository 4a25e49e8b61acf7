"""What every test may count on."""

from __future__ import annotations

import os

import dovecot
import office
import pytest
from hypothesis import settings

# Runs inside LibreOffice's own interpreter.
collect_ignore = ["office_uno.py"]

settings.register_profile("desk", deadline=None, max_examples=50, print_blob=True)
settings.register_profile("thorough", deadline=None, max_examples=1000, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "desk"))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what needs a program this machine does not have; the CI must never skip."""
    for marker, there, why in (
        ("libreoffice", office.available, "LibreOffice and python3-uno are needed"),
        ("dovecot", dovecot.available, "dovecot-imapd and openssl are needed"),
    ):
        if item.get_closest_marker(marker) and not there():
            _miss(why)


def _miss(why: str) -> None:
    if os.environ.get("CI"):
        pytest.fail(f"{why}: the CI may not skip this test")
    pytest.skip(why)


def pytest_unconfigure() -> None:
    """End the office programs this session started."""
    office.stop()
