"""What several modules of this folder need, built once."""

from __future__ import annotations

import pytest
from builders import in_process
from builders.offices import Levels, build


@pytest.fixture(scope="session")
def levels(tmp_path_factory: pytest.TempPathFactory) -> Levels:
    """Two towns and their province; town A's register and returns may be added to, B is closed."""
    with in_process.here():
        return build(tmp_path_factory.mktemp("levels"))
