"""The body of a rating scheme's reference page: bands, groups, grades, limits, caps, conversion."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mlay_batch.core.messages import show, text
from mlay_batch.schema import scheme_text
from mlay_batch.schema.markdown import table
from mlay_batch.schema.schemes import Cap, Part, Scheme


def scheme_page(scheme: Scheme, lang: str) -> Iterator[str]:
    """Yield the page's lines below its head."""
    if scheme.note:
        yield f"- {text('reference', 'note', lang)}: {scheme.note.of(lang)}"
    yield from (f"- {line}" for line in scheme_text.series_notes(scheme, lang))
    if scheme.bands:
        yield from ("", f"## {text('reference', 'bands', lang)}")
        rows = [(b.title.of(lang), f"`{b.id}`", show(b.min, lang)) for b in scheme.bands]
        yield from table(lang, "grade id min", rows)
    if scheme.groups:
        yield from ("", f"## {text('reference', 'groups', lang)}")
        rows = [(g.title.of(lang), f"`{g.id}`", show(g.max, lang)) for g in scheme.groups]
        yield from table(lang, "grade id max", rows)
    for line in (
        *scheme_text.meeting_requirements(scheme, lang),
        *scheme_text.year_requirements(scheme, lang),
    ):
        yield from ("", line)
    if scheme.parts:
        yield from ("", text("reference", f"share_base.{scheme.share_base}", lang))
        yield text("reference", f"mean.{scheme.mean}", lang)
    for part in scheme.parts:
        yield from _part(part, lang)


def _part(part: Part, lang: str) -> Iterator[str]:
    yield from ("", f"## {part.title.of(lang)}")
    shorts = {grade.id: grade.short.of(lang) for grade in part.grades}
    yield from table(lang, "grade id", [(g.title.of(lang), f"`{g.id}`") for g in part.grades])
    rows = [
        (
            line.title.of(lang),
            " + ".join(shorts[grade] for grade in line.grades),
            _bounds(line.limit_min, line.limit_max, lang),
            line.basis or "",
        )
        for line in part.lines
    ]
    yield from table(lang, "line grades limit basis", rows)
    if part.caps:
        names = shorts | {"rated": text("reference", "cap.rated", lang)}
        yield from table(lang, "grade cap basis", [_cap(cap, names, lang) for cap in part.caps])


def _cap(cap: Cap, names: Mapping[str, str], lang: str) -> tuple[str, ...]:
    statement = text(
        "reference",
        "cap.says",
        lang,
        per_cent=cap.per_cent,
        base=" + ".join(names[name] for name in cap.base),
        scope=text("reference", f"cap.{cap.scope}", lang),
        rounding=text("reference", f"rounding.{cap.rounding}", lang),
    )
    return names[cap.grade], statement, cap.basis


def _bounds(low: float | None, high: float | None, lang: str) -> str:
    bounds = {"min": low, "max": high}
    return "; ".join(
        text("reference", f"share.{key}", lang, **{key: value})
        for key, value in bounds.items()
        if value is not None
    )
