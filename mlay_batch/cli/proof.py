"""Is a workbook, or the fingerprint below its pages, what the ledger recorded: verify."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from itertools import takewhile
from pathlib import Path

import click

from mlay_batch.cli import options
from mlay_batch.cli.options import LocalisedCommand, language, say
from mlay_batch.cli.show import plain, show_json
from mlay_batch.messages import show
from mlay_batch.pipeline.verify import Recorded, Verified
from mlay_batch.pipeline.verify import verify as examine
from mlay_batch.workspace import Workspace

_SHOWN = 40  # differences listed; the rest is counted
_LONGEST, _BEFORE = 60, 20  # characters of a long text shown, of these before the difference


@click.command("verify", cls=LocalisedCommand)
@click.argument("what", metavar="FILE|FINGERPRINT")
@options.json_option
@options.common
@click.pass_context
def verify(ctx: click.Context, what: str, as_json: bool, workspace: Path | None) -> int:
    """Say whether a workbook is the one recorded, and which figures differ."""
    found = Workspace.find(workspace or Path.cwd())
    options.settle_language(ctx, found.settings.language)
    told = examine(found, what)
    if as_json:
        show_json(_as_json(told))
    else:
        _show(told, language(ctx))
    return 0 if told.true else 1


def _show(told: Verified, lang: str) -> None:
    for one in told.recorded:
        click.echo(_recorded(one, lang))
    click.echo(say(lang, f"verify.{told.state}", count=len(told.differences)))
    for entry in told.differences[:_SHOWN]:
        parted = _where_they_part(entry.recorded, entry.found)
        recorded, found = (text or say(lang, "verify.blank") for text in parted)
        where = f"{entry.sheet}!{entry.cell}"
        line = say(lang, "verify.differs", where=where, recorded=recorded, found=found)
        click.echo(plain(f"  {line}"))
    more = len(told.differences) - _SHOWN
    if more > 0:
        click.echo("  " + say(lang, "verify.more", count=more))


def _where_they_part(one: str, other: str) -> tuple[str, str]:
    """Return two texts from shortly before they differ, cut to what a line can hold."""
    pairs = zip(one, other, strict=False)
    start = max(0, sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs)) - _BEFORE)
    return _cut(one, start), _cut(other, start)


def _cut(text: str, start: int) -> str:
    kept = text[start : start + _LONGEST]
    before, after = ("…" if cut else "" for cut in (start, len(text) > start + _LONGEST))
    return f"{before}{kept}{after}"


def _as_json(told: Verified) -> Mapping[str, object]:
    recorded = [
        asdict(one) | {"period": str(one.period), "as_of": str(one.as_of),
                       "newer": str(one.newer) if one.newer else None}
        for one in told.recorded
    ]  # fmt: skip
    differences = [asdict(entry) for entry in told.differences]
    return {"state": told.state, "true": told.true, "recorded": recorded,
            "differences": differences}  # fmt: skip


def _recorded(one: Recorded, lang: str) -> str:
    parts = [
        say(lang, "verify.book", period=one.period.title(lang), as_of=show(one.as_of, lang),
            figures=one.figures),
        say(lang, "verify.revision", revision=one.revision) if one.revision else "",
        say(lang, "verify.newer", as_of=show(one.newer, lang)) if one.newer else "",
    ]  # fmt: skip
    return " ".join(part for part in parts if part)
