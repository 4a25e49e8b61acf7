"""Fills the register's lists of choices with what the office's rules may be about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from mlay_batch.schema.ids import CLASSIFICATION, MEETING_SCORE, REGISTER
from mlay_batch.schema.model import Choice, Form, Text
from mlay_batch.schema.overlap import age_key
from mlay_batch.schema.quotas import Quota
from mlay_batch.schema.schemes import Scheme

BAND, YEAR_GRADE, TARGET = "band", "year", "target"
"""How the ids of standards begin: ``band.good``, ``year.good``, ``target.members.top``."""


def with_choices(
    form: Form, forms: Iterable[Form], quotas: Iterable[Quota], schemes: Iterable[Scheme]
) -> Form:
    """Return the register's form with the forms, quotas and standards; any other unchanged."""
    if form.form != REGISTER:
        return form
    by_age = sorted((f for f in forms if not f.is_list), key=age_key)
    reported = {f.form: Text(f.title.vi.capitalize(), f.title.en) for f in by_age}
    cells = {quota.role: quota.title for quota in quotas if quota.per == "cell"}
    ordered = sorted(schemes, key=age_key)
    bands = {band.id: band.title for s in ordered if s.scheme == MEETING_SCORE for band in s.bands}
    roles = form.choices["role"]
    added = {
        "form": (*form.choices["form"], *_choices(reported.items())),
        "owing": (*roles, *_choices(cells.items())),
        "band": _choices(bands.items()),
        "standard": _choices((*_grades(bands.items()), *dict(_targets(ordered)).items())),
    }
    return replace(form, choices={**form.choices, **added})


def _choices(titles: Iterable[tuple[str, Text]]) -> tuple[Choice, ...]:
    return tuple(Choice(choice_id, title) for choice_id, title in titles)


def _grades(bands: Iterable[tuple[str, Text]]) -> Iterator[tuple[str, Text]]:
    """Yield the grades of a meeting and of a cell's year."""
    named = tuple(bands)
    for kind, vi, en in ((BAND, "Buổi sinh hoạt", "Meeting"), (YEAR_GRADE, "Cả năm", "Year")):
        for name, title in named:
            yield f"{kind}.{name}", Text(f"{vi}: {title.vi}", f"{en}: {title.en}")


def _targets(schemes: Iterable[Scheme]) -> Iterator[tuple[str, Text]]:
    """Yield the published lines of the yearly classification."""
    for scheme in schemes:
        for part in scheme.parts if scheme.scheme == CLASSIFICATION else ():
            for line in part.lines:
                whose, what = part.title, line.title
                title = Text(f"{whose.vi}: {what.vi}", f"{whose.en}: {what.en}")
                yield f"{TARGET}.{part.section}.{line.id}", title
