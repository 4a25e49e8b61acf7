"""Loads a sample office (`samples/town.yaml`, `samples/commune.yaml`) with its register."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import yaml

from mlay_batch.core.period import Period
from mlay_batch.model.records import Row, Submission
from mlay_batch.model.register import Organisation, Register
from mlay_batch.schema import Catalogue, load_catalogue
from mlay_batch.schema.catalogue import shipped_folder
from mlay_batch.schema.ids import REGISTER

SECTIONS = (
    "office",
    "organisations",
    "addresses",
    "officers",
    "assignments",
    "waivers",
    "signatories",
    "quotas",
    "deadlines",
    "bands",
    "switches",
    "work",
    "decisions",
)
CELL_TYPES = ("cell", "cell_direct")
DEFAULT = "town"
"""The sample that is built unless another one is named."""

T = TypeVar("T")


class SeededRandom:
    """Random numbers that are the same on every machine.

    Seeded by text and drawn by `random()` alone, whose sequence Python guarantees across versions.
    """

    def __init__(self, *seed: object) -> None:
        words = "/".join(str(part) for part in seed)
        self._draw = random.Random(words).random  # noqa: S311 - sample data, not secrets

    def fraction(self) -> float:
        """Return a number from 0 to below 1."""
        return self._draw()

    def below(self, count: int) -> int:
        """Return a whole number from 0 to `count` - 1; 0 when `count` is 0."""
        return int(self._draw() * count)

    def happens(self, chance: float) -> bool:
        """Return True with probability `chance`."""
        return self._draw() < chance

    def one_of(self, items: Sequence[T]) -> T:
        """Return one of the items."""
        return items[self.below(len(items))]

    def shuffle(self, items: Sequence[T]) -> list[T]:
        """Return the items in another order."""
        return [item for _, _, item in sorted((self._draw(), i, x) for i, x in enumerate(items))]


@dataclass(frozen=True)
class SampleOffice:
    """A sample office; the comments in `samples/*.yaml` explain the keys of `data`."""

    data: Mapping[str, Any]

    @cached_property
    def register(self) -> Register:
        """The office's register."""
        return Register.from_submission(Submission(None, REGISTER, None, rows=register_rows(self)))

    @cached_property
    def catalogue(self) -> Catalogue:
        """The shipped descriptions, as the office has them."""
        return self.register.in_force(load_catalogue())

    @cached_property
    def months(self) -> tuple[Period, ...]:
        """The months reported, in order."""
        first, last = Period.parse(self.data["first"]), Period.parse(self.data["last"])
        count = (last.year - first.year) * 12 + last.month - first.month
        return tuple(first.shift(step) for step in range(count + 1))

    @property
    def as_of(self) -> date:
        """The day the last month is consolidated as of."""
        return date.fromisoformat(str(self.data["as_of"]))

    @property
    def schemas(self) -> Path | None:
        """Folder of the office's own descriptions, which replace shipped ones; None without."""
        name = self.data.get("schemas")
        return shipped_folder("samples") / name if name else None

    @cached_property
    def cells(self) -> tuple[Organisation, ...]:
        """All cells, including those founded or ended within the year."""
        return tuple(o for o in self.register.organisations if o.type in CELL_TYPES)

    def rng(self, *seed: object) -> SeededRandom:
        """Return random numbers for one purpose, independent of draws for others."""
        return SeededRandom(self.data["seed"], *seed)

    def events(self, kind: str, month: Period, branch: str) -> list[Mapping[str, Any]]:
        """Return the entries of the list `kind`, if the sample has one, for a branch and month."""
        month_and_branch = (str(month), branch)
        return [
            entry
            for entry in self.data.get(kind, ())
            if (entry["month"], entry["branch"]) == month_and_branch
        ]

    def habits(self, branch: str, month: Period) -> Mapping[str, Mapping[str, Any]]:
        """Return the cell's habits in a month, by name."""
        return {
            entry["habit"]: entry
            for entry in self.data["habits"]
            if entry["branch"] == branch and Period.parse(entry["from"]) <= month
        }

    def is_waived(self, month: Period, branch: str) -> bool:
        """Whether a waiver covers the branch and month."""
        return any((w.branch, w.period) == (branch, str(month)) for w in self.register.waivers)

    def has_return(self, month: Period, branch: str) -> bool:
        """Whether a return of that branch and month exists."""
        return (
            self.register.by_code[branch].is_active(month)
            and not self.is_waived(month, branch)
            and not self.events("missing", month, branch)
        )

    def is_counted(self, month: Period, branch: str) -> bool:
        """Whether that return exists and is not one to be refused."""
        return self.has_return(month, branch) and not self.events("refused", month, branch)


def load_sample(name: str = DEFAULT) -> SampleOffice:
    """Load the sample `samples/<name>.yaml` that is part of the package.

    What it does not say is as in the sample that it ``extends``.
    """
    return SampleOffice(_load_data(f"{name}.yaml"))


def _load_data(file: str) -> Mapping[str, Any]:
    text = (shipped_folder("samples") / file).read_text(encoding="utf-8")
    data = yaml.load(text, Loader=yaml.CSafeLoader)
    return {**_load_data(data["extends"]), **data} if "extends" in data else data


def planted(office: SampleOffice) -> Mapping[str, tuple[str, ...]]:
    """Return what there is to be found in the sample: codes of the cells concerned, by kind.

    ``missing``, ``refused``, ``late``, ``refilled`` (last month's form filled in again) and
    ``twice`` (a file sent twice) are of the last month; ``odd_visits`` (that do not simply count),
    ``habits`` (signs of meetings held for form's sake) and ``changed`` (founded or ended) of all.
    """
    data, last = office.data, str(office.months[-1])
    refilled = data["besides"]["refilled"]
    branches = {
        **{
            kind: [
                entry["branch"]
                for entry in data.get(kind, ())
                if entry["month"] == last and entry["branch"] != refilled
            ]
            for kind in ("missing", "refused", "late")
        },
        "refilled": [refilled],
        "twice": [data["besides"]["twice"]],
        "odd_visits": [entry["branch"] for entry in data["odd_visits"]],
        "habits": [entry["branch"] for entry in data["habits"]],
        "changed": [c.code for c in office.cells if _is_changed(c, office.months[0].start)],
    }
    return {kind: tuple(dict.fromkeys(codes)) for kind, codes in branches.items() if codes}


def _is_changed(cell: Organisation, first_day: date) -> bool:
    """Whether the cell was founded or ended after that day."""
    return any(day is not None and day > first_day for day in (cell.founded, cell.ended))


def register_rows(office: SampleOffice) -> tuple[Row, ...]:
    """Return the sample's register as rows of the form ``register``."""
    return tuple(
        Row(section, "", number, dict(values), {})
        for section in SECTIONS
        for number, values in enumerate(_entries(office, section), 1)
    )


def _entries(office: SampleOffice, section: str) -> Iterator[Mapping[str, Any]]:
    """Yield the entries of a section, if the sample has it.

    Organisations without other addresses have one by code, unless they say that they have none.
    """
    with_address = {entry["branch"] for entry in office.data.get("addresses", ())}
    for entry in office.data.get(section, ()):
        if section == "organisations" and entry["code"] not in with_address:
            yield {"mail": office.data["mail"].format(code=entry["code"].lower())} | entry
        else:
            yield entry
