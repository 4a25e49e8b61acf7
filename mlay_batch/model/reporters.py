"""Those among whom the reporter of a form is looked up: by code, and by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, Protocol, TypeVar

from mlay_batch.core.text import name_key


class Named(Protocol):
    """A record of the register with code and name."""

    @property
    def code(self) -> str:
        """The code, unique in its list."""

    @property
    def name(self) -> str:
        """The name, which several may have."""


R = TypeVar("R", bound=Named)


@dataclass(frozen=True)
class Reporters(Generic[R]):
    """Organisations, or officers as who sends slips.

    Attributes:
        by_code: the records by code.
    """

    by_code: Mapping[str, R]

    @cached_property
    def codes_by_name(self) -> Mapping[str, tuple[str, ...]]:
        """The codes by the key of their name, sorted."""
        codes_by_key: dict[str, set[str]] = {}
        for reporter in self.by_code.values():
            codes_by_key.setdefault(name_key(reporter.name), set()).add(reporter.code)
        return {name: tuple(sorted(codes)) for name, codes in codes_by_key.items()}
