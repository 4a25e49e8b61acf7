"""Figures of two levels made comparable: without places, with the codes the offices below use."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from mlay_batch.figures.report_records import Figures
from mlay_batch.model.rollup_form import KEPT_AT_HOME

# Where it was read, not what it says, and what is not handed on.
_LEFT_OUT = ("place", "marks", "delivery", "record", *KEPT_AT_HOME)


def comparable(value: Any) -> Any:
    """Return figures, or any part of them, as plain values that may be compared."""
    if isinstance(value, str):
        return re.sub(r"\b(TU-[AB]|DU-NS|TINH)\.", "", value)
    if isinstance(value, Mapping):
        return {repr(comparable(key)): comparable(entry) for key, entry in value.items()}
    if isinstance(value, tuple | list):
        return [comparable(entry) for entry in value]
    if isinstance(value, Figures):
        owed = [entry for entry in value.completeness if entry.form != "consolidated"]
        warned = [finding for _, finding in value.warnings]
        return _record(value) | {"completeness": comparable(owed), "warnings": comparable(warned)}
    return _record(value) if is_dataclass(value) else value


def _record(value: Any) -> dict[str, Any]:
    names = (f.name for f in fields(value) if f.name not in _LEFT_OUT)
    return {name: comparable(getattr(value, name)) for name in names}
