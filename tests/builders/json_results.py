"""What a command printed with `--json`, as tests ask for it; `docs/json.md` describes it."""

from __future__ import annotations

import json
from typing import Any


def result(printed: str) -> dict[str, Any]:
    """The result in the one object that was printed."""
    told: dict[str, Any] = json.loads(printed)["result"]
    return told


def findings(printed: str) -> list[dict[str, str]]:
    """What `check` found in all workbooks."""
    return [finding for file in result(printed)["files"] for finding in file["findings"]]


def states(printed: str, form: str) -> dict[str, dict[str, str]]:
    """What `status` says of a form: branch → period → state."""
    (matrix,) = [each for each in result(printed)["forms"] if each["form"] == form]
    return {
        branch["branch"]: {each["period"]: each["state"] for each in branch["returns"]}
        for branch in matrix["branches"]
    }
