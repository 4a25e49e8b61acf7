"""Tries a changed form, rule, quota, scheme or indicator on all that came in. Writes nothing."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import chain
from pathlib import Path

from mlay_batch.app.ingest import Progress, check_files, no_progress
from mlay_batch.app.load_inputs import build_inputs
from mlay_batch.app.office import Office
from mlay_batch.core.period import Period
from mlay_batch.errors import UsageError
from mlay_batch.figures import compute
from mlay_batch.figures.figure_diff import FigureChange, differences
from mlay_batch.ledger import Archive, Ledger, PurgeLog
from mlay_batch.model.records import AcceptedReturn, CheckedFile, LedgerEntry, Row, Verdict
from mlay_batch.schema import Catalogue, load_catalogue


@dataclass(frozen=True)
class Impact:
    """The effects of a change."""

    names: tuple[str, ...]
    """The descriptions that are new or different."""
    read_count: int
    """Archived returns read again."""
    returns: tuple[FigureChange, ...]
    """Changes of verdicts and findings."""
    figures: Mapping[Period, tuple[FigureChange, ...]]
    """Changes of figures by period."""

    @property
    def count(self) -> int:
        """Number of changes in all."""
        return len(self.returns) + sum(map(len, self.figures.values()))


@dataclass(frozen=True)
class _Recheck:
    """An archived return, checked with the descriptions in force and with those on trial."""

    entry: LedgerEntry
    before: CheckedFile
    after: CheckedFile


def run_trial(
    office: Office,
    path: Path,
    *,
    as_of: date,
    period: Period | None = None,
    progress: Progress = no_progress,
) -> Impact:
    """Compare all results with the descriptions in force and with those of `path`.

    `path` is a YAML file or a folder of them. Without a `period` the figures are those of the last
    month reported of every year. If a form changes, returns are read again from the archive,
    refused ones too. Raises SchemaError, UsageError ``trial.same`` where nothing is new,
    LedgerError.
    """
    loaded = load_catalogue(office.workspace.schemas, path)
    trial_office = replace(office, catalogue=office.register.in_force(loaded))
    names = _changed_names(office.catalogue, trial_office.catalogue)
    if not names:
        raise UsageError("trial.same", path=str(path))
    with Ledger.open(office.workspace.ledger, read_only=True) as ledger:
        current, entries = ledger.returns_and_entries()
        absent = PurgeLog(ledger).absent_files()
    affected = _affected_entries(office.catalogue, trial_office.catalogue, entries, absent)
    rechecked = _recheck_files(office, trial_office, affected, as_of, progress)
    rechecks = {recheck.entry.id: recheck for recheck in rechecked}
    trial_data = (
        _trial_returns(current, rechecks),
        tuple(_trial_entry(entry, rechecks) for entry in entries),
    )
    periods = (period,) if period else _last_months(current)
    figure_changes = {
        month: differences(
            compute(build_inputs(office, current, entries, month, as_of)),
            compute(build_inputs(trial_office, *trial_data, month, as_of)),
        )
        for month in periods
    }
    return_changes = chain.from_iterable(map(_return_changes, rechecks.values()))
    return Impact(names, len(rechecks), tuple(return_changes), figure_changes)


def _changed_names(before: Catalogue, after: Catalogue) -> tuple[str, ...]:
    hashes = {source.sha256 for source in before.sources}
    return tuple(source.name for source in after.sources if source.sha256 not in hashes)


def _last_months(returns: Sequence[AcceptedReturn]) -> tuple[Period, ...]:
    """Return the last month of each year that has monthly returns."""
    months = (Period.parse(str(accepted.entry.period)) for accepted in returns)
    last: dict[int, Period] = {}
    for month in sorted(month for month in months if month.length == 1):
        last[month.year] = month
    return tuple(last.values())


def _affected_entries(
    before: Catalogue,
    after: Catalogue,
    entries: Sequence[LedgerEntry],
    absent: Container[str],
) -> tuple[LedgerEntry, ...]:
    """Return the ledger entries of changed forms: those in force, and refused ones that no later
    accepted return supersedes, but for those purged (`absent`). Changed tables of points touch the
    forms they are about.
    """
    known = before.readable_forms
    changed_forms = {form.form for form in after.readable_forms if form not in known}
    changed_schemes = set(after.schemes) ^ set(before.schemes)
    sections = {g.section for scheme in changed_schemes if scheme.levels for g in scheme.groups}
    changed_forms |= {f.form for f in after.forms if sections & {s.id for s in f.sections}}
    return tuple(
        entry
        for entry in entries
        if entry.form in changed_forms
        and entry.sha256 not in absent
        and (
            entry.is_current
            or (entry.verdict is Verdict.REJECTED and not entry.has_later_acceptance(entries))
        )
    )


def _recheck_files(
    office: Office,
    trial_office: Office,
    entries: Sequence[LedgerEntry],
    as_of: date,
    progress: Progress,
) -> Iterator[_Recheck]:
    read_bytes = Archive(office.workspace.archive).read
    files = [replace(entry.as_file(), vouched_for=True) for entry in entries]
    total = 2 * len(files)
    before = check_files(office, files, read_bytes, as_of, lambda done, _: progress(done, total))
    after = check_files(
        trial_office,
        files,
        read_bytes,
        as_of,
        lambda done, _: progress(done + len(files), total),
    )
    for entry, old, new in zip(entries, list(before), list(after), strict=True):
        yield _Recheck(entry, old, new)


def _return_changes(recheck: _Recheck) -> Iterator[FigureChange]:
    """Yield the change of verdict of a return, and the findings that appear or vanish."""
    subject, about = recheck.entry.branch or "", f"{recheck.entry.form} {recheck.entry.period}"
    verdicts = [
        "rejected" if outcome.is_refused else "accepted"
        for outcome in (recheck.before, recheck.after)
    ]
    if verdicts[0] != verdicts[1]:
        yield FigureChange("return", subject, about, "verdict", *verdicts)
    old, new = (_codes_by_cell(checked) for checked in (recheck.before, recheck.after))
    for code, cell in sorted({*old, *new}):
        sides = (side.get((code, cell)) for side in (old, new))
        change = FigureChange("return", subject, f"{about} {cell}".strip(), "finding", *sides)
        if change.before != change.after:
            yield change


def _codes_by_cell(checked: CheckedFile) -> Mapping[tuple[str, str], str]:
    """Return code and severity of the findings by code and cell."""
    return {
        (finding.code, finding.place.cell): f"{finding.code} {finding.severity.value}"
        for finding in checked.findings
    }


def _trial_returns(
    current: Sequence[AcceptedReturn], rechecks: Mapping[int, _Recheck]
) -> tuple[AcceptedReturn, ...]:
    """Return the returns in force under the trial: as read again, without those refused."""
    current_ids = {accepted.entry.id for accepted in current}
    unchanged = (accepted for accepted in current if accepted.entry.id not in rechecks)
    rechecked = (
        AcceptedReturn(replace(recheck.entry, verdict=Verdict.ACCEPTED), _trial_rows(recheck))
        for entry_id, recheck in rechecks.items()
        if (entry_id in current_ids or recheck.before.is_refused) and not recheck.after.is_refused
    )
    return (*unchanged, *rechecked)


def _trial_rows(recheck: _Recheck) -> tuple[Row, ...]:
    return recheck.after.submission.rows if recheck.after.submission else ()


def _trial_entry(entry: LedgerEntry, rechecks: Mapping[int, _Recheck]) -> LedgerEntry:
    """Return the ledger entry with its verdict under the trial."""
    recheck = rechecks.get(entry.id)
    if recheck is None or recheck.before.is_refused == recheck.after.is_refused:
        return entry
    verdict = Verdict.REJECTED if recheck.after.is_refused else Verdict.ACCEPTED
    return replace(entry, verdict=verdict)
