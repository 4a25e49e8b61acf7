"""Look after what is kept: verify, doctor, backup, restore, purge."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING

from mlay_batch.app import backup as backups
from mlay_batch.app.archive_check import Defect, WorkspaceReport, check_workspace
from mlay_batch.app.verify import RecordedWorkbook, Verification, verify_workbook
from mlay_batch.cli.json_output import doctor_result, purge_result, show_result, verify_result
from mlay_batch.cli.lines import is_confirmed, show_line, show_text
from mlay_batch.cli.options import argument, option, say
from mlay_batch.cli.output import finding_lines
from mlay_batch.cli.screen import show_styled
from mlay_batch.cli.session import (
    PERIOD,
    Session,
    as_of_option,
    command,
    dry_run_option,
    json_option,
)
from mlay_batch.cli.value_types import EXISTING_PATH, FILE, FOLDER
from mlay_batch.core.messages import error_text, show, text
from mlay_batch.core.period import Period
from mlay_batch.errors import RegisterError, UsageError

if TYPE_CHECKING:
    from mlay_batch.app.purge import Forecast, KindSummary

_MAX_DIFFERENCES = 40  # differences listed; further ones are counted
_MAX_TEXT = 60  # characters shown of a long text
_TEXT_BEFORE = 20  # of these before the difference


@command("verify", argument("what"), json_option)
def verify(session: Session, what: str) -> int:
    """Tell whether a workbook is the recorded one, and which figures differ."""
    result = verify_workbook(session.workspace, what)
    if session.as_json:
        show_result(session, verify_result(result))
    else:
        _show_verification(result, session.lang)
    return 0 if result.is_genuine else 1


@command("doctor", option("--repair", is_flag=True), json_option)
def doctor(session: Session, repair: bool) -> int:
    """Look for defects of the workspace."""
    report = check_workspace(
        session.workspace, today=session.as_of, holder=session.holder, repair=repair
    )
    if session.as_json:
        show_result(session, doctor_result(report, session.lang))
    else:
        _show_report(report, session.lang)
    return 1 if report.has_defects else 0


@command("backup", argument("file", type=FILE), json_option)
def backup(session: Session, file: Path) -> int:
    """Write the whole workspace to one file."""
    result = backups.backup(session.workspace, file, day=session.as_of, holder=session.holder)
    if session.as_json:
        show_result(session, vars(result))
    else:
        show_text(session.lang, "backup.done", path=result.path, count=result.file_count)
    return 0


@command(
    "restore",
    argument("file", type=EXISTING_PATH),
    argument("directory", type=FOLDER),
    json_option,
    in_workspace=False,
)
def restore(session: Session, file: Path, directory: Path) -> int:
    """Unpack a backup into a new folder."""
    result = backups.restore(file, directory)
    if session.as_json:
        show_result(session, vars(result))
    else:
        show_text(session.lang, "restore.done", path=result.path, count=result.file_count)
    return 0


@command(
    "purge",
    option("--before", type=PERIOD, required=True),
    option("--yes", is_flag=True),
    dry_run_option,
    as_of_option,
    json_option,
)
def purge(session: Session, before: Period, yes: bool) -> int:
    """Remove what is past its term of keeping, after saying what."""
    from mlay_batch.app import purge as purges  # start-up: it writes registers

    forecasts: list[Forecast] = []

    def confirm(forecast: Forecast) -> bool:
        forecasts.append(forecast)
        if session.as_json:
            return _may_purge(forecast, session, yes=yes)
        for line in forecast_lines(forecast, session):
            show_line(line)
        if forecast.is_empty or session.dry_run:
            return False
        return yes or is_confirmed(say(session.lang, "purge.ask"))

    is_done = purges.purge(
        session.office, before, as_of=session.as_of, confirm=confirm, **session.actor
    )
    if session.as_json:
        show_result(session, purge_result(forecasts[0], session, is_done=is_done))
    elif not session.dry_run:
        show_text(session.lang, "purge.done" if is_done else "purge.nothing_done")
    return 0


def _may_purge(forecast: Forecast, session: Session, *, yes: bool) -> bool:
    """Whether to go on where a program waits. Raises UsageError where a person would be asked."""
    if forecast.is_empty or session.dry_run or yes:
        return not session.dry_run
    raise UsageError("purge.unasked")


def forecast_lines(forecast: Forecast, session: Session) -> Iterator[str]:
    """Yield what a purge removes, what it leaves and why."""
    lang, plan = session.lang, forecast.plan
    words = partial(_purge_text, lang)
    yield words("head", before=show(plan.before.start, lang), as_of=show(plan.as_of, lang))
    if forecast.is_unfinished:
        yield words("unfinished")
    for summary in forecast.kinds:
        yield from _kind_lines(summary, session)
    yield from _rest_lines(forecast, session)
    for path, day, is_there in forecast.backups:
        yield words("backup" if is_there else "backup_gone", path=path, day=show(day, lang))
    yield words("backups")


def _rest_lines(forecast: Forecast, session: Session) -> Iterator[str]:
    """Yield what stays in the workspace although it is of that time."""
    plan, words = forecast.plan, partial(_purge_text, session.lang)
    if plan.open_months:
        yield words("open_months", months=", ".join(map(str, plan.open_months)))
    if plan.undecided:
        yield words("undecided", numbers=", ".join(map(str, plan.undecided)))
    for file in forecast.left:
        yield words("left", path=file.relative_to(session.workspace.root).as_posix())
    for file in forecast.worklists:
        yield words("worklist", path=file.name)
    if forecast.officers:
        yield words("officers", officers="; ".join(forecast.officers))


def _purge_text(lang: str, key: str, **params: object) -> str:
    return text("purge", key, lang, **params)


def _kind_lines(summary: KindSummary, session: Session) -> Iterator[str]:
    """Yield the lines on one kind: its term and its basis, what goes, what stays."""
    lang, words = session.lang, partial(_purge_text, session.lang)
    term = session.workspace.settings.retention[summary.kind]
    yield words(
        "kind",
        title=words(f"{summary.kind}.title"),
        years=term.years,
        purpose=term.purpose or words(f"{summary.kind}.purpose"),
        basis=term.basis or words("no_basis"),
    )
    if summary.record_count or summary.file_count:
        yield "  " + words(
            "gone",
            files=show(summary.file_count, lang),
            size=show(round(summary.size / 1024), lang),
            records=show(summary.record_count, lang),
            years=", ".join(map(str, summary.years)) or "–",
        )
    else:
        yield "  " + words("none")
    if summary.until:
        count = show(summary.kept_count, lang)
        yield "  " + words("kept", count=count, until=show(summary.until, lang))


def _show_report(report: WorkspaceReport, lang: str) -> None:
    """Print one line for each defect with its repair, and their number."""
    for defect in report.defects:
        kind = text("doctor", "kind.note" if defect.is_note else "kind.ill", lang)
        line = f"{kind} {_defect_text(defect, lang)} {_fix_text(defect, report, lang)}"
        show_styled(line.rstrip(), {kind: "yellow" if defect.is_note else "red"})
        if isinstance(defect.error, RegisterError):
            for line in finding_lines(defect.error.findings, defect.error.form, lang):
                show_line(line, indent="  ")
    if report.defects:
        count = {"found": len(report.defects), "cured": len(report.fixed)}
        show_line(text("doctor", "count", lang, **count))
    else:
        show_line(text("doctor", "sound", lang))


def _defect_text(defect: Defect, lang: str) -> str:
    return (
        error_text(defect.error, lang)
        if defect.error
        else text("doctor", defect.code, lang, **defect.params)
    )


def _fix_text(defect: Defect, report: WorkspaceReport, lang: str) -> str:
    if defect in report.fixed:
        return text("doctor", "cured", lang)
    return text("doctor", "curable", lang) if defect.fix else ""


def _show_verification(result: Verification, lang: str) -> None:
    for workbook in result.workbooks:
        show_line(_workbook_line(workbook, lang))
    show_text(lang, f"verify.{result.state}", count=len(result.differences))
    for difference in result.differences[:_MAX_DIFFERENCES]:
        excerpts = _excerpts(difference.recorded, difference.found)
        recorded, actual = (excerpt or say(lang, "verify.blank") for excerpt in excerpts)
        where = f"{difference.sheet}!{difference.cell}"
        line = say(lang, "verify.differs", where=where, recorded=recorded, found=actual)
        show_line(line, indent="  ")
    more = len(result.differences) - _MAX_DIFFERENCES
    if more > 0:
        show_line(say(lang, "verify.more", count=more), indent="  ")


def _excerpts(first: str, second: str) -> tuple[str, str]:
    """Return an excerpt of each text around their first difference."""
    pairs = zip(first, second, strict=False)
    start = max(0, sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs)) - _TEXT_BEFORE)
    return _cut(first, start), _cut(second, start)


def _cut(value: str, start: int) -> str:
    excerpt = value[start : start + _MAX_TEXT]
    before, after = ("…" if cut else "" for cut in (start, len(value) > start + _MAX_TEXT))
    return f"{before}{excerpt}{after}"


def _workbook_line(workbook: RecordedWorkbook, lang: str) -> str:
    parts = [
        say(
            lang,
            "verify.book",
            period=workbook.period.title(lang),
            as_of=show(workbook.as_of, lang),
            figures=workbook.fingerprint,
        ),
        say(lang, "verify.revision", revision=workbook.revision) if workbook.revision else "",
        say(lang, "verify.newer", as_of=show(workbook.newer, lang)) if workbook.newer else "",
        say(lang, "verify.removed", day=show(workbook.purged, lang)) if workbook.purged else "",
    ]
    return " ".join(part for part in parts if part)
