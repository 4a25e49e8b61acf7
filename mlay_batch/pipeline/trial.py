"""A changed form, rule, quota, scheme or sign tried on all that came in. Writes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from mlay_batch.errors import UsageError
from mlay_batch.figures import compute
from mlay_batch.figures.compare import Change, differences
from mlay_batch.ledger import Archive, Ledger
from mlay_batch.period import Period
from mlay_batch.pipeline.facts import facts_of
from mlay_batch.pipeline.ingest import Progress, check_files, silent
from mlay_batch.pipeline.town import Town, with_deadlines
from mlay_batch.records import Delivery, Judged, Return, Row, Verdict
from mlay_batch.schema import Catalogue, load_catalogue


@dataclass(frozen=True)
class Tried:
    """What a change would bring about.

    `names` are the descriptions that would be new or other, `read` counts the archived returns read
    again both ways, `changes` are those of their verdicts and findings, then those of the figures
    by period.
    """

    names: tuple[str, ...]
    read: int
    returns: tuple[Change, ...]
    figures: Mapping[Period, tuple[Change, ...]]

    @property
    def count(self) -> int:
        """How many changes there are in all."""
        return len(self.returns) + sum(map(len, self.figures.values()))


@dataclass(frozen=True)
class _Reread:
    """An archived return, judged by the descriptions in force and by those on trial."""

    delivery: Delivery
    before: Judged
    after: Judged


def trial(
    town: Town,
    path: Path,
    *,
    as_of: date,
    period: Period | None = None,
    progress: Progress = silent,
) -> Tried:
    """Compute everything with the descriptions in force, and with those of `path` in their place.

    `path` is a YAML file or a folder of them. Without a `period` the figures are those of the last
    month reported of every year. Returns are read anew from the archive, refused ones too, if a
    form changes. Raises SchemaError, UsageError ``trial.same`` where nothing is new, LedgerError.
    """
    loaded = load_catalogue(town.workspace.schemas, path)
    other = replace(town, catalogue=with_deadlines(loaded, town.workspace.settings.deadlines))
    names = _news(town.catalogue, other.catalogue)
    if not names:
        raise UsageError("trial.same", path=str(path))
    with Ledger.open(town.workspace.ledger, read_only=True) as ledger:
        current, deliveries = ledger.returns(), ledger.deliveries()
    concerned = _to_read(town.catalogue, other.catalogue, deliveries)
    reread = {one.delivery.id: one for one in _reread(town, other, concerned, as_of, progress)}
    then = _returns(current, reread), tuple(_delivery(one, reread) for one in deliveries)
    periods = (period,) if period else _last_months(current)
    return Tried(
        names,
        len(reread),
        tuple(change for one in reread.values() for change in _found(one)),
        {
            one: differences(
                compute(facts_of(town, current, deliveries, one, as_of)),
                compute(facts_of(other, *then, one, as_of)),
            )
            for one in periods
        },
    )


def _news(before: Catalogue, after: Catalogue) -> tuple[str, ...]:
    known = {source.sha256 for source in before.sources}
    return tuple(source.name for source in after.sources if source.sha256 not in known)


def _last_months(returns: Sequence[Return]) -> tuple[Period, ...]:
    """Return the last month of each year that has monthly returns."""
    months = (Period.parse(str(found.delivery.period)) for found in returns)
    last: dict[int, Period] = {}
    for month in sorted(month for month in months if month.length == 1):
        last[month.year] = month
    return tuple(last.values())


def _to_read(
    before: Catalogue, after: Catalogue, deliveries: Sequence[Delivery]
) -> tuple[Delivery, ...]:
    """Return the deliveries a changed form concerns: those that count, and refused ones that were
    not sent again and accepted.
    """
    changed = {form.form for form in after.forms if form not in before.forms}
    return tuple(
        one for one in deliveries
        if one.form in changed
        and (one.current or (one.verdict is Verdict.REJECTED and not one.overtaken(deliveries)))
    )  # fmt: skip


def _reread(
    town: Town, other: Town, deliveries: Sequence[Delivery], as_of: date, progress: Progress
) -> Iterator[_Reread]:
    read_bytes = Archive(town.workspace.archive).read
    leaves = [delivery.as_leaf() for delivery in deliveries]
    total = 2 * len(leaves)
    before = check_files(
        town, leaves, read_bytes, as_of,
        lambda done, _: progress(done, total), trust_sender=True,
    )  # fmt: skip
    after = check_files(
        other, leaves, read_bytes, as_of,
        lambda done, _: progress(done + len(leaves), total), trust_sender=True,
    )  # fmt: skip
    for delivery, old, new in zip(deliveries, list(before), list(after), strict=True):
        yield _Reread(delivery, old, new)


def _found(one: _Reread) -> Iterator[Change]:
    """Yield whether a return would be refused or taken, and which findings come or go."""
    subject, about = one.delivery.branch or "", f"{one.delivery.form} {one.delivery.period}"
    verdicts = ["rejected" if j.refused else "accepted" for j in (one.before, one.after)]
    if verdicts[0] != verdicts[1]:
        yield Change("return", subject, about, "verdict", *verdicts)
    old, new = (_told(judged) for judged in (one.before, one.after))
    for code, cell in sorted({*old, *new}):
        sides = (side.get((code, cell)) for side in (old, new))
        change = Change("return", subject, f"{about} {cell}".strip(), "finding", *sides)
        if change.before != change.after:
            yield change


def _told(judged: Judged) -> Mapping[tuple[str, str], str]:
    """Return code and severity of the findings by code and cell."""
    return {(found.code, found.place.cell): f"{found.code} {found.severity.value}"
            for found in judged.findings}  # fmt: skip


def _returns(current: Sequence[Return], reread: Mapping[int, _Reread]) -> tuple[Return, ...]:
    """Return the returns that would count: as read anew, without those refused then."""
    known = {found.delivery.id for found in current}
    kept = (found for found in current if found.delivery.id not in reread)
    taken = (
        Return(replace(one.delivery, verdict=Verdict.ACCEPTED), _rows(one))
        for number, one in reread.items()
        if (number in known or one.before.refused) and not one.after.refused
    )
    return (*kept, *taken)


def _rows(one: _Reread) -> tuple[Row, ...]:
    return one.after.submission.rows if one.after.submission else ()


def _delivery(delivery: Delivery, reread: Mapping[int, _Reread]) -> Delivery:
    """Return the delivery with the verdict it would have."""
    one = reread.get(delivery.id)
    if one is None or one.before.refused == one.after.refused:
        return delivery
    verdict = Verdict.REJECTED if one.after.refused else Verdict.ACCEPTED
    return replace(delivery, verdict=verdict)
