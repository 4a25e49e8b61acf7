"""Prints what a trial would change: tables for people, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from mlay_batch.app.office import Office
from mlay_batch.app.what_if import Impact
from mlay_batch.cli.output import safe_line
from mlay_batch.core.messages import show, text
from mlay_batch.figures.figure_diff import FigureChange, FigureValue
from mlay_batch.model.register import Register
from mlay_batch.schema import Catalogue

_MAX_LINES = 40  # lines of one table
_COLUMNS = ("area", "subject", "about", "name", "before", "after")


def show_impact(impact: Impact, office: Office, lang: str, *, as_json: bool) -> None:
    """Print the changes: returns first, then states and numbers of each period."""
    if as_json:
        click.echo(json.dumps(_as_json(impact), ensure_ascii=False))
        return
    console = _console()
    names = ", ".join(impact.names)
    console.print(
        escape(safe_line(text("trial", "tried", lang, names=names, read=impact.read_count)))
    )
    if not impact.count:
        console.print(text("trial", "nothing", lang))
    _table(console, text("trial", "returns", lang), impact.returns, office, lang)
    for period, changes in impact.figures.items():
        title = period.title(lang)
        for key, weighty in (("states", True), ("numbers", False)):
            selected = [change for change in changes if change.is_state is weighty]
            _table(console, text("trial", key, lang, period=title), selected, office, lang)


def _console() -> Console:
    return Console(highlight=False, soft_wrap=False)


def _as_json(impact: Impact) -> dict[str, object]:
    return {
        "tried": impact.names,
        "read": impact.read_count,
        "returns": [asdict(change) for change in impact.returns],
        "figures": {
            str(period): [asdict(change) for change in changes]
            for period, changes in impact.figures.items()
        },
    }


def _table(
    console: Console, title: str, changes: Sequence[FigureChange], office: Office, lang: str
) -> None:
    if not changes:
        return
    table = Table(
        *(text("trial", f"column.{name}", lang) for name in _COLUMNS),
        title=title,
        title_justify="left",
    )
    bands = _bands(office.catalogue, lang)
    for change in changes[:_MAX_LINES]:
        cells = (
            text("trial", f"area.{change.area}", lang),
            _name(change.subject, office.register),
            change.about,
            text("trial", f"name.{change.name}", lang),
            _value(change, change.before, bands, lang),
            _value(change, change.after, bands, lang),
        )
        table.add_row(*(escape(safe_line(cell)) for cell in cells))
    console.print(table)
    if len(changes) > _MAX_LINES:
        console.print(text("trial", "more", lang, count=len(changes) - _MAX_LINES))


def _name(code: str, register: Register) -> str:
    if officer := register.officer_by_code.get(code):
        return f"{code} – {officer.name}"
    organisation = register.by_code.get(code)
    return f"{code} – {organisation.name}" if organisation else code


def _bands(catalogue: Catalogue, lang: str) -> Mapping[str, str]:
    return {band.id: band.title.of(lang) for scheme in catalogue.schemes for band in scheme.bands}


def _value(change: FigureChange, value: FigureValue, bands: Mapping[str, str], lang: str) -> str:
    """Return a value by its title: a finding's severity, a band, a state."""
    if not isinstance(value, str):
        return "–" if value is None else show(value, lang)
    if change.name == "finding":
        code, _, severity = value.partition(" ")
        return f"{code} ({text('report', f'severity.{severity}', lang)})"
    if value in bands:
        return bands[value]
    area, key = (
        ("figures", f"{change.area}.{value}")
        if change.name == "state"
        else ("trial", f"value.{value}")
    )
    return text(area, key, lang)
