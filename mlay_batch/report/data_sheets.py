"""The tables the figures are calculated from, one row each for what was reported.

They hold the year up to the report's period; the yearly returns are kept for every year.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from mlay_batch.figures.records import Attendance, Sitting
from mlay_batch.findings import Finding, Place, Severity
from mlay_batch.messages import explain
from mlay_batch.period import Period
from mlay_batch.records import Return
from mlay_batch.report.book import Content, Live
from mlay_batch.report.context import Context, period_id
from mlay_batch.report.tables import Column, Kind, Table, plain
from mlay_batch.schema import Form, Section

Rows = tuple[tuple[Content, ...], ...]


@dataclass(frozen=True)
class Data:
    """The tables that formulas refer to."""

    attendance: Table
    sittings: Table
    assignments: Table
    classification: Table
    returns: Table

    def __iter__(self) -> Iterator[Table]:
        return iter((self.attendance, self.sittings, self.assignments,
                     self.classification, self.returns))  # fmt: skip


def build(ctx: Context) -> Data:
    """Return the tables; nothing is written yet."""
    return Data(
        _attendance(ctx), _sittings(ctx), _assignments(ctx), _classification(ctx), _returns(ctx)
    )


def where(place: Place) -> str:
    """Return sheet and cell as people write them: ``Báo cáo!D12``."""
    return "!".join(part for part in (place.sheet, place.cell) if part)


def _table(ctx: Context, key: str, columns: Iterable[Column], rows: Rows) -> Table:
    return Table(
        name=ctx.t(f"table.{key}"),
        title=ctx.t(f"sheet.{key}"),
        note=ctx.t(f"note.{key}"),
        columns=tuple(columns),
        rows=rows,
    )


def _columns(ctx: Context, kinds: dict[str, Kind]) -> Iterator[Column]:
    return (Column(name, ctx.t(f"column.{name}"), kind) for name, kind in kinds.items())


def this_year(ctx: Context, day: date) -> bool:
    """Whether a day lies in the report's year and not after its period."""
    end = ctx.figures.period.end
    return date(end.year, 1, 1) <= day <= end


def reason(ctx: Context, visit: Attendance) -> str:
    """Return why a visit is doubtful, empty where it is not."""
    if not visit.reason:
        return ""
    return explain(Finding(visit.reason, Severity.WARNING, visit.place), None, ctx.lang).what


def _attendance(ctx: Context) -> Table:
    columns = _columns(ctx, {
        "credited": "center", "credited_name": "text", "branch": "center", "branch_name": "text",
        "held_on": "date", "month": "integer", "kind": "text", "quota": "center",
        "counts": "integer", "officer": "center", "reason": "text", "delivery": "link",
        "cell": "center",
    })  # fmt: skip
    rows = tuple(
        (
            visit.credited, ctx.officer(visit.credited), visit.branch, ctx.name(visit.branch),
            visit.held_on, visit.held_on.month, ctx.choice("meeting_kind", visit.kind),
            visit.quota, visit.counts, visit.officer, reason(ctx, visit),
            ctx.file(visit.delivery), where(visit.place),
        )
        for visit in ctx.figures.attendances if this_year(ctx, visit.held_on)
    )  # fmt: skip
    return _table(ctx, "attendance", columns, rows)


def _sittings(ctx: Context) -> Table:
    columns = tuple(_columns(ctx, {
        "branch": "center", "branch_name": "text", "held_on": "date", "kind": "text",
        "members": "integer", "own": "score", "confirmed": "score", "score": "score",
        "remark": "text", "delivery": "link", "cell": "center",
    }))  # fmt: skip
    shape = _table(ctx, "sittings", columns, ())
    own, confirmed = shape.this("own"), shape.this("confirmed")
    formula = f'=IF({confirmed}<>"",{confirmed},IF({own}<>"",{own},""))'
    rows = tuple(
        _sitting(ctx, entry, formula)
        for entry in ctx.figures.sittings
        if this_year(ctx, entry.held_on)
    )
    return _table(ctx, "sittings", columns, rows)


def _sitting(ctx: Context, entry: Sitting, formula: str) -> tuple[Content, ...]:
    kinds = ", ".join(ctx.choice("meeting_kind", kind) for kind in entry.kinds)
    score = Live(formula, "" if entry.score is None else entry.score)
    return (
        entry.branch, ctx.name(entry.branch), entry.held_on, kinds, entry.members, entry.own,
        entry.confirmed, score, entry.note, ctx.file(entry.delivery), where(entry.place),
    )  # fmt: skip


def _assignments(ctx: Context) -> Table:
    columns = _columns(ctx, {
        "officer": "center", "officer_name": "text", "branch": "center", "branch_name": "text",
        "role": "text", "from": "date", "to": "date",
    })  # fmt: skip
    rows = tuple(
        (
            entry.officer, ctx.officer(entry.officer), entry.branch, ctx.name(entry.branch),
            ctx.choice("role", entry.role), entry.from_, entry.to,
        )
        for entry in ctx.facts.register.assignments
    )  # fmt: skip
    return _table(ctx, "assignments", columns, rows)


def _returns(ctx: Context) -> Table:
    columns = _columns(ctx, {
        "form": "center", "period": "center", "branch": "center", "branch_name": "text",
        "state": "center", "state_title": "text", "delivery": "link",
    })  # fmt: skip
    rows = tuple(
        (
            cell.form, period_id(cell.period), cell.branch, ctx.name(cell.branch), cell.state,
            ctx.state("return", cell.state), ctx.file(cell.delivery) if cell.delivery else None,
        )
        for entry in ctx.figures.completeness
        for period in entry.periods
        for cell in (entry.of(branch.code, period) for branch in entry.branches)
    )  # fmt: skip
    return _table(ctx, "returns", columns, rows)


def _classification(ctx: Context) -> Table:
    counts = tuple(_counts(ctx))
    columns = (
        *_columns(ctx, {
            "branch": "center", "branch_name": "text", "year": "center", "part": "center",
        }),
        *counts,
        *_columns(ctx, {"delivery": "link"}),
    )  # fmt: skip
    rows = tuple(_classified(ctx, [column.id for column in counts]))
    return _table(ctx, "classified", columns, rows)


def _classified(ctx: Context, counts: list[str]) -> Iterator[tuple[Content, ...]]:
    schemes = {str(entry.year): entry.scheme for entry in ctx.figures.years}
    for found in ctx.facts.returns:
        delivery = found.delivery
        scheme = schemes.get(delivery.period or "")
        if scheme is None or delivery.form != scheme.scheme:
            continue
        for part in scheme.parts:
            for row in found.section(part.section):
                yield (
                    delivery.branch, ctx.name(delivery.branch), int(str(delivery.period)),
                    part.section, *(row.values.get(name) for name in counts),
                    ctx.file(delivery.id),
                )  # fmt: skip


def _counts(ctx: Context) -> Iterator[Column]:
    """Yield the counts of the classified parts; a grade's name changes by year, its rank stays."""
    ranks = {
        grade.id: rank
        for entry in ctx.figures.years
        for part in entry.scheme.parts
        for rank, grade in enumerate(part.grades, 1)
    }
    seen: set[str] = set()
    for section in sorted(_classified_sections(ctx), key=lambda section: -len(section.fields)):
        for entry in section.fields:
            if entry.type != "integer" or entry.id in seen:
                continue
            seen.add(entry.id)
            rank = ranks.get(entry.id)
            title = ctx.t("grade", rank=rank) if rank else entry.title.of(ctx.lang)
            yield Column(entry.id, plain(title), "integer")


def _classified_sections(ctx: Context) -> Iterator[Section]:
    for year in ctx.figures.years:
        form = ctx.facts.catalogue.form_for(year.scheme.scheme, Period(year.year, 1, 12))
        wanted = {part.section for part in year.scheme.parts}
        yield from (section for section in (form.sections if form else ()) if section.id in wanted)


def returns_of(ctx: Context, form: Form) -> Iterator[Return]:
    """Yield the current returns of a form: of the report's year, yearly ones of all years."""
    for found in ctx.facts.returns:
        if found.delivery.form != form.form:
            continue
        period = Period.parse(str(found.delivery.period))
        if form.period == "year" or this_year(ctx, period.end):
            yield found
