"""What a trial would change: tables for people, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from mlay_batch.cli.show import plain
from mlay_batch.figures.compare import Change, Told
from mlay_batch.messages import show, text
from mlay_batch.pipeline.town import Town
from mlay_batch.pipeline.trial import Tried
from mlay_batch.register import Register
from mlay_batch.schema import Catalogue

_MOST = 40  # lines of one table
_COLUMNS = ("area", "subject", "about", "name", "before", "after")


def show_tried(found: Tried, town: Town, lang: str, *, as_json: bool) -> None:
    """Print what would change: of returns first, then states and numbers of each period."""
    if as_json:
        click.echo(json.dumps(_as_json(found), ensure_ascii=False))
        return
    say = _console()
    names = ", ".join(found.names)
    say.print(escape(plain(text("trial", "tried", lang, names=names, read=found.read))))
    if not found.count:
        say.print(text("trial", "nothing", lang))
    _table(say, text("trial", "returns", lang), found.returns, town, lang)
    for period, changes in found.figures.items():
        title = period.title(lang)
        for key, weighty in (("states", True), ("numbers", False)):
            own = [change for change in changes if change.weighty is weighty]
            _table(say, text("trial", key, lang, period=title), own, town, lang)


def _console() -> Console:
    return Console(highlight=False, soft_wrap=False)


def _as_json(found: Tried) -> dict[str, object]:
    return {
        "tried": found.names,
        "read": found.read,
        "returns": [asdict(change) for change in found.returns],
        "figures": {
            str(period): [asdict(change) for change in changes]
            for period, changes in found.figures.items()
        },
    }


def _table(console: Console, title: str, changes: Sequence[Change], town: Town, lang: str) -> None:
    if not changes:
        return
    table = Table(*(text("trial", f"column.{name}", lang) for name in _COLUMNS), title=title,
                  title_justify="left")  # fmt: skip
    bands = _bands(town.catalogue, lang)
    for change in changes[:_MOST]:
        cells = (
            text("trial", f"area.{change.area}", lang), _name(change.subject, town.register),
            change.about, text("trial", f"name.{change.name}", lang),
            _value(change, change.before, bands, lang), _value(change, change.after, bands, lang),
        )  # fmt: skip
        table.add_row(*(escape(plain(cell)) for cell in cells))
    console.print(table)
    if len(changes) > _MOST:
        console.print(text("trial", "more", lang, count=len(changes) - _MOST))


def _name(code: str, register: Register) -> str:
    if officer := register.officer_by_code.get(code):
        return f"{code} – {officer.name}"
    known = register.by_code.get(code)
    return f"{code} – {known.name}" if known else code


def _bands(catalogue: Catalogue, lang: str) -> Mapping[str, str]:
    return {band.id: band.title.of(lang) for one in catalogue.schemes for band in one.bands}


def _value(change: Change, value: Told, bands: Mapping[str, str], lang: str) -> str:
    """Return a value by the title it has: a finding's severity, a band, a state."""
    if not isinstance(value, str):
        return "–" if value is None else show(value, lang)
    if change.name == "finding":
        code, _, severity = value.partition(" ")
        return f"{code} ({text('report', f'severity.{severity}', lang)})"
    if value in bands:
        return bands[value]
    area, key = ("figures", f"{change.area}.{value}") if change.name == "state" else (
        "trial", f"value.{value}")  # fmt: skip
    return text(area, key, lang)
