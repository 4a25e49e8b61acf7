"""What every test may count on."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from builders import dovecot, in_process, libreoffice
from hypothesis import settings

# Runs inside LibreOffice's own interpreter.
collect_ignore = ["builders/libreoffice_uno.py"]

settings.register_profile("desk", deadline=None, max_examples=50, print_blob=True)
settings.register_profile("thorough", deadline=None, max_examples=1000, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "desk"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with a slow test go first: none is begun when the other workers are already done."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what needs a program this machine does not have; the CI must never skip."""
    for marker, is_available, why in (
        ("libreoffice", libreoffice.available, "LibreOffice and python3-uno are needed"),
        ("dovecot", dovecot.available, "dovecot-imapd and openssl are needed"),
    ):
        if item.get_closest_marker(marker) and not is_available():
            _miss(why)


@pytest.fixture(scope="module")
def reading_here() -> Iterator[None]:
    """Files are read without children in this module's tests."""
    with in_process.here():
        yield


def _miss(why: str) -> None:
    if os.environ.get("CI"):
        pytest.fail(f"{why}: the CI may not skip this test")
    pytest.skip(why)


def pytest_unconfigure() -> None:
    """End the office programs this session started."""
    libreoffice.stop()
