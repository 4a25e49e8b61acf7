"""What the doctor found, to the terminal."""

from __future__ import annotations

from collections.abc import Mapping

import click

from mlay_batch.cli.show import lines, plain, show_json
from mlay_batch.errors import RegisterError
from mlay_batch.messages import error_text, text
from mlay_batch.pipeline.doctor import Defect, Diagnosis


def show_diagnosis(told: Diagnosis, lang: str, *, as_json: bool) -> None:
    """Print one line a defect, what is put right or can be, and how many there are."""
    if as_json:
        found = [_as_json(defect, told, lang) for defect in told.found]
        show_json(found)
        return
    for defect in told.found:
        kind = text("doctor", "kind.note" if defect.note else "kind.ill", lang)
        click.echo(plain(f"{kind} {_says(defect, lang)} {_cure(defect, told, lang)}").rstrip())
        if isinstance(defect.error, RegisterError):
            for line in lines(defect.error.findings, defect.error.form, lang):
                click.echo("  " + line)
    if told.found:
        count = {"found": len(told.found), "cured": len(told.cured)}
        click.echo(text("doctor", "count", lang, **count))
    else:
        click.echo(text("doctor", "sound", lang))


def _says(defect: Defect, lang: str) -> str:
    return (
        error_text(defect.error, lang)
        if defect.error
        else text("doctor", defect.code, lang, **defect.params)
    )


def _cure(defect: Defect, told: Diagnosis, lang: str) -> str:
    if defect in told.cured:
        return text("doctor", "cured", lang)
    return text("doctor", "curable", lang) if defect.cure else ""


def _as_json(defect: Defect, told: Diagnosis, lang: str) -> Mapping[str, object]:
    return {
        "code": defect.code,
        "defect": not defect.note,
        "message": _says(defect, lang),
        "curable": defect.cure is not None,
        "cured": defect in told.cured,
    }
