"""Loads the catalogue of descriptions; the workspace's own replace shipped ones of one name."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from mlay_batch.core.period import Period
from mlay_batch.errors import SchemaError, raise_all
from mlay_batch.schema.ids import REGISTER
from mlay_batch.schema.indicators import Description, IndicatorSet
from mlay_batch.schema.model import Form, Text
from mlay_batch.schema.overlap import age_key, full_name, newest, scheme_in_force
from mlay_batch.schema.quotas import Quota, QuotaSpan
from mlay_batch.schema.register_choices import with_choices
from mlay_batch.schema.schemes import Scheme


def shipped_folder(name: str) -> Path:
    """Return the folder `name` (``schemas``, ``samples``) that comes with the program.

    In a wheel it lies inside the package, in a checkout beside it.
    """
    package = Path(__file__).resolve().parent.parent
    in_package = package / name
    return in_package if in_package.is_dir() else package.parent / name


@dataclass(frozen=True, slots=True)
class SourceFile:
    """The YAML file of a record: name and sha256, for the provenance sheet, and the record's id."""

    name: str
    sha256: str
    record: str = ""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All forms, quotas, schemes and indicator sets, and the files they came from.

    Attributes:
        forms: every version of every form, by id and version.
        quotas: every record of every quota, by id and first month.
        schemes: every version of every scheme, by id and version.
        sources: their files; a file of the office stands for the shipped one that it replaces.
        indicator_sets: every version of every indicator set, by id and version.
        lists: the lists of offices' own, each with the id of the form of which it is a sketch.
    """

    forms: tuple[Form, ...]
    quotas: tuple[Quota, ...]
    schemes: tuple[Scheme, ...]
    sources: tuple[SourceFile, ...] = ()
    indicator_sets: tuple[IndicatorSet, ...] = ()
    lists: tuple[Form, ...] = ()

    @property
    def readable_forms(self) -> tuple[Form, ...]:
        """All that a file may be read as."""
        return (*self.forms, *self.lists)

    def form(self, form: str | None, version: str | None) -> Form | None:
        """Return that version of the form, or of a list that sketches it; None without one.

        Of a file that is of no form both are None.
        """
        readable = self.readable_forms
        return next((f for f in readable if (f.form, f.version) == (form, version)), None)

    @property
    def register_form(self) -> Form:
        """The form an office's register is kept in, in its newest version."""
        return max((form for form in self.forms if form.form == REGISTER), key=age_key)

    def form_for(self, form: str, period: Period) -> Form | None:
        """Return the newest version of `form` that holds in `period`, or None."""
        return newest(f for f in self.forms if f.form == form and f.effective.covers(period))

    def quota_for(self, quota: str, period: Period) -> Quota | None:
        """Return the newest record of `quota` that holds in `period`, or None."""
        return newest(q for q in self.quotas if q.quota == quota and q.effective.covers(period))

    def cell_quota(self, period: Period) -> Quota | None:
        """Return the newest record that holds in `period` of what each cell owes itself."""
        return newest(q for q in self.quotas if q.per == "cell" and q.effective.covers(period))

    def quotas_for(self, period: Period) -> tuple[Quota, ...]:
        """Return the newest record of every officers' quota that holds in `period`, by id."""
        names = sorted({quota.quota for quota in self.quotas if quota.per != "cell"})
        return tuple(quota for name in names if (quota := self.quota_for(name, period)))

    def quota_spans(self, quota: str, year: int) -> tuple[QuotaSpan, ...]:
        """Return the records of `quota` that apply in the months of `year`, in their order.

        4 a year from 2018 and 5 from July 2019 are two spans of 2019: 1 to 6 and 7 to 12. Months in
        which no record holds are in none of them.
        """
        months = ((month, self.quota_for(quota, Period(year, month))) for month in range(1, 13))
        spans = (
            (record, [month for month, _ in group])
            for record, group in groupby(months, itemgetter(1))
        )
        return tuple(QuotaSpan(record, span[0], span[-1]) for record, span in spans if record)

    def scheme_for(self, scheme: str, period: Period) -> Scheme | None:
        """Return the newest version of `scheme` that holds in `period`, or None."""
        return scheme_in_force(self.schemes, scheme, period)

    def bands(self, period: Period) -> Mapping[str, tuple[tuple[float, Text], ...]]:
        """Return least points and title of each band, from the lowest, by id of the scheme."""
        names = dict.fromkeys(scheme.scheme for scheme in self.schemes)
        schemes = filter(None, (self.scheme_for(name, period) for name in names))
        return {
            scheme.scheme: tuple(
                sorted(((band.min, band.title) for band in scheme.bands), key=itemgetter(0))
            )
            for scheme in schemes
            if scheme.bands
        }

    def indicator_sets_for(self, period: Period) -> tuple[IndicatorSet, ...]:
        """Return the newest version of every indicator set that holds in `period`, by id."""
        in_force = [
            indicator_set
            for indicator_set in self.indicator_sets
            if indicator_set.effective.covers(period)
        ]
        names = sorted({indicator_set.signs for indicator_set in in_force})
        versions = (newest(s for s in in_force if s.signs == name) for name in names)
        return tuple(indicator_set for indicator_set in versions if indicator_set)


def load_catalogue(*overrides: Path) -> Catalogue:
    """Return the shipped descriptions, each replaced by one of the same name in `overrides`.

    The name is kind, id and version, for a quota kind, id and first month. Each of `overrides` is a
    folder of descriptions or one file. Raises SchemaError with the mistakes of all files, or what
    does not fit together, such as a scheme that no form has figures for.
    """
    by_name, sources = _load_by_name(shipped_folder("schemas"), overrides)
    records = [by_name[name] for name in sorted(by_name)]
    forms = [r for r in records if isinstance(r, Form) and not r.is_sketch]
    schemes = tuple(r for r in records if isinstance(r, Scheme))
    quotas = tuple(r for r in records if isinstance(r, Quota))
    return Catalogue(
        forms=tuple(with_choices(form, forms, quotas, schemes) for form in forms),
        quotas=quotas,
        schemes=schemes,
        sources=tuple(sources[name] for name in sorted(sources)),
        indicator_sets=tuple(r for r in records if isinstance(r, IndicatorSet)),
        lists=tuple(r for r in records if isinstance(r, Form) and r.is_sketch),
    )


_FullName = tuple[str, str, str]


def _load_by_name(
    shipped: Path, overrides: Sequence[Path]
) -> tuple[dict[_FullName, Description], dict[_FullName, SourceFile]]:
    """Return the records and their files; raises SchemaError as `load_catalogue` says."""
    from mlay_batch.schema import load  # start-up: pydantic costs 0.2 s

    by_name: dict[_FullName, Description] = {}
    sources: dict[_FullName, SourceFile] = {}
    paths: dict[str, Path] = {}  # of the names of files in messages
    files: dict[_FullName, str] = {}
    errors: list[SchemaError] = []
    for folder in (shipped, *overrides):
        seen: set[_FullName] = set()
        for path in [folder] if folder.is_file() else sorted(folder.glob("*.yaml")):
            # a file of the office that is called as a shipped one is named with its folder
            file = f"{path.parent.name}/{path.name}" if path.name in paths else path.name
            paths[file] = path
            try:
                record = load.load_file(path, file, [shipped])
            except SchemaError as error:
                errors.append(error)
                continue
            name = full_name(record)
            if name in seen:
                errors.append(load.name_collision(name, file, files[name]))
            seen.add(name)
            by_name[name], files[name] = record, file
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            sources[name] = SourceFile(path.name, digest, name[1])
    raise_all(errors)
    named = [(files[name], record) for name, record in by_name.items()]
    load.check_together(named, paths, shipped)
    return by_name, sources
