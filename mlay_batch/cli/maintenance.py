"""Look after what is kept: verify, doctor, backup, restore."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import takewhile
from pathlib import Path

import click

from mlay_batch.app import backup as backups
from mlay_batch.app.archive_check import Defect, WorkspaceReport, check_workspace
from mlay_batch.app.verify import RecordedWorkbook, Verification, verify_workbook
from mlay_batch.cli.options import ExistingPath, option, say
from mlay_batch.cli.output import finding_lines, safe_line, show_json, show_text
from mlay_batch.cli.session import Session, command, json_option
from mlay_batch.core.messages import error_text, show, text
from mlay_batch.errors import RegisterError

_MAX_DIFFERENCES = 40  # differences listed; further ones are counted
_MAX_TEXT = 60  # characters shown of a long text
_TEXT_BEFORE = 20  # of these before the difference


@command("verify", click.argument("what", metavar="FILE|FINGERPRINT"), json_option)
def verify(session: Session, what: str) -> int:
    """Tell whether a workbook is the recorded one, and which figures differ."""
    result = verify_workbook(session.workspace, what)
    if session.as_json:
        record = {
            "state": result.state,
            "true": result.is_genuine,
            "recorded": result.workbooks,
            "differences": result.differences,
        }
        show_json(record)
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
        show_json([_as_json(defect, report, session.lang) for defect in report.defects])
    else:
        _show_report(report, session.lang)
    return 1 if report.has_defects else 0


@command("backup", click.argument("file", type=click.Path(dir_okay=False, path_type=Path)))
def backup(session: Session, file: Path) -> int:
    """Write the whole workspace to one file."""
    result = backups.backup(session.workspace, file, holder=session.holder)
    show_text(session.lang, "backup.done", path=result.path, count=result.file_count)
    return 0


@command(
    "restore",
    click.argument("file", type=ExistingPath()),
    click.argument("directory", type=click.Path(file_okay=False, path_type=Path)),
    in_workspace=False,
)
def restore(session: Session, file: Path, directory: Path) -> int:
    """Unpack a backup into a new folder."""
    result = backups.restore(file, directory)
    show_text(session.lang, "restore.done", path=result.path, count=result.file_count)
    return 0


def _show_report(report: WorkspaceReport, lang: str) -> None:
    """Print one line for each defect with its repair, and their number."""
    for defect in report.defects:
        kind = text("doctor", "kind.note" if defect.is_note else "kind.ill", lang)
        line = f"{kind} {_defect_text(defect, lang)} {_fix_text(defect, report, lang)}"
        click.echo(safe_line(line).rstrip())
        if isinstance(defect.error, RegisterError):
            for line in finding_lines(defect.error.findings, defect.error.form, lang):
                click.echo("  " + line)
    if report.defects:
        count = {"found": len(report.defects), "cured": len(report.fixed)}
        click.echo(text("doctor", "count", lang, **count))
    else:
        click.echo(text("doctor", "sound", lang))


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


def _as_json(defect: Defect, report: WorkspaceReport, lang: str) -> Mapping[str, object]:
    return {
        "code": defect.code,
        "defect": not defect.is_note,
        "message": _defect_text(defect, lang),
        "curable": defect.fix is not None,
        "cured": defect in report.fixed,
    }


def _show_verification(result: Verification, lang: str) -> None:
    for workbook in result.workbooks:
        click.echo(_workbook_line(workbook, lang))
    click.echo(say(lang, f"verify.{result.state}", count=len(result.differences)))
    for difference in result.differences[:_MAX_DIFFERENCES]:
        excerpts = _excerpts(difference.recorded, difference.found)
        recorded, actual = (excerpt or say(lang, "verify.blank") for excerpt in excerpts)
        where = f"{difference.sheet}!{difference.cell}"
        line = say(lang, "verify.differs", where=where, recorded=recorded, found=actual)
        click.echo(safe_line(f"  {line}"))
    more = len(result.differences) - _MAX_DIFFERENCES
    if more > 0:
        click.echo("  " + say(lang, "verify.more", count=more))


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
            figures=workbook.figures,
        ),
        say(lang, "verify.revision", revision=workbook.revision) if workbook.revision else "",
        say(lang, "verify.newer", as_of=show(workbook.newer, lang)) if workbook.newer else "",
    ]
    return " ".join(part for part in parts if part)
