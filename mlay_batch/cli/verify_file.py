"""Compare a workbook or a printed fingerprint with the ledger: verify."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from itertools import takewhile
from pathlib import Path

import click

from mlay_batch.app.verify import RecordedWorkbook, Verification, verify_workbook
from mlay_batch.cli import options
from mlay_batch.cli.monthly import find_workspace
from mlay_batch.cli.options import LocalisedCommand, language, say
from mlay_batch.cli.output import safe_line, show_json
from mlay_batch.core.messages import show

_MAX_DIFFERENCES = 40  # differences listed; further ones are counted
_MAX_TEXT = 60  # characters shown of a long text
_TEXT_BEFORE = 20  # of these before the difference


@click.command("verify", cls=LocalisedCommand)
@click.argument("what", metavar="FILE|FINGERPRINT")
@options.json_option
@options.common_options
@click.pass_context
def verify(ctx: click.Context, what: str, as_json: bool, workspace: Path | None) -> int:
    """Tell whether a workbook is the recorded one, and which figures differ."""
    result = verify_workbook(find_workspace(ctx, workspace), what)
    if as_json:
        show_json(_as_json(result))
    else:
        _show_verification(result, language(ctx))
    return 0 if result.is_genuine else 1


def _show_verification(result: Verification, lang: str) -> None:
    for workbook in result.workbooks:
        click.echo(_workbook_line(workbook, lang))
    click.echo(say(lang, f"verify.{result.state}", count=len(result.differences)))
    for difference in result.differences[:_MAX_DIFFERENCES]:
        excerpts = _excerpts(difference.recorded, difference.found)
        recorded, actual = (text or say(lang, "verify.blank") for text in excerpts)
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


def _cut(text: str, start: int) -> str:
    excerpt = text[start : start + _MAX_TEXT]
    before, after = ("…" if cut else "" for cut in (start, len(text) > start + _MAX_TEXT))
    return f"{before}{excerpt}{after}"


def _as_json(result: Verification) -> Mapping[str, object]:
    recorded = [
        asdict(workbook)
        | {
            "period": str(workbook.period),
            "as_of": str(workbook.as_of),
            "newer": str(workbook.newer) if workbook.newer else None,
        }
        for workbook in result.workbooks
    ]
    differences = [asdict(difference) for difference in result.differences]
    return {
        "state": result.state,
        "true": result.is_genuine,
        "recorded": recorded,
        "differences": differences,
    }


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
