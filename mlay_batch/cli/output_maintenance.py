"""What the doctor found, to the terminal."""

from __future__ import annotations

from collections.abc import Mapping

import click

from mlay_batch.app.archive_check import Defect, WorkspaceReport
from mlay_batch.cli.output import finding_lines, safe_line, show_json
from mlay_batch.core.messages import error_text, text
from mlay_batch.errors import RegisterError


def show_workspace_report(report: WorkspaceReport, lang: str, *, as_json: bool) -> None:
    """Print one line a defect, what is put right or can be, and how many there are."""
    if as_json:
        data = [_as_json(defect, report, lang) for defect in report.defects]
        show_json(data)
        return
    for defect in report.defects:
        kind = text("doctor", "kind.note" if defect.is_note else "kind.ill", lang)
        click.echo(
            safe_line(
                f"{kind} {_defect_text(defect, lang)} {_fix_text(defect, report, lang)}"
            ).rstrip()
        )
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
