"""Compare a workbook or a printed fingerprint with the ledger: verify."""

from __future__ import annotations

from itertools import takewhile

import click

from mlay_batch.app.verify import RecordedWorkbook, Verification, verify_workbook
from mlay_batch.cli.options import LocalisedCommand, say
from mlay_batch.cli.output import safe_line, show_json
from mlay_batch.cli.session import Session, common_options, json_option, pass_session
from mlay_batch.core.messages import show

_MAX_DIFFERENCES = 40  # differences listed; further ones are counted
_MAX_TEXT = 60  # characters shown of a long text
_TEXT_BEFORE = 20  # of these before the difference


@click.command("verify", cls=LocalisedCommand)
@click.argument("what", metavar="FILE|FINGERPRINT")
@json_option
@common_options
@pass_session
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
