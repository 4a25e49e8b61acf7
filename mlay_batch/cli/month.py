"""The clerk's month by one double click: month."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from pathlib import Path

import click

from mlay_batch.app import month as clerk_month
from mlay_batch.app.month import MonthResult, MonthRun
from mlay_batch.app.office import Office
from mlay_batch.app.settings import Settings
from mlay_batch.app.worklist import book
from mlay_batch.app.worklist.dispatch import Post
from mlay_batch.app.worklist.obey import Clerk
from mlay_batch.app.worklist.records import LETTERS, MATTERS, outcome_text
from mlay_batch.app.workspace import Workspace, find_root
from mlay_batch.cli.json_output import month_result, show_result
from mlay_batch.cli.lines import join_words, show_line
from mlay_batch.cli.options import option, say
from mlay_batch.cli.output import finding_lines
from mlay_batch.cli.screen import counts_text
from mlay_batch.cli.session import (
    Session,
    as_of_option,
    command,
    json_option,
    local_time,
    period_option,
    user_name,
)
from mlay_batch.cli.value_types import MOMENT
from mlay_batch.core.messages import error_text
from mlay_batch.errors import MlayError, NoWorkspaceError, UsageError
from mlay_batch.mail import smtp


@command(
    "month",
    option("--no-open", is_flag=True),
    period_option,
    as_of_option,
    option("--received", type=MOMENT, default=None),
    json_option,
)
def month(session: Session, no_open: bool, received: datetime | None) -> int:
    """Do all of the month's work that can be done, and write the worklist."""
    try:
        result = _run(session, received)
    except NoWorkspaceError:
        raise
    except MlayError as error:
        if session.as_json:
            raise
        line = error_text(error, session.lang)
        show_line(f"mlay: {line} {say(session.lang, 'month.left')}", err=True)
        return error.exit_code
    if session.as_json:
        titles = book.decision_titles(result.form, session.lang)
        show_result(session, month_result(result, session, titles))
    else:
        for line in _lines(result, session.lang):
            show_line(line)
    if not (no_open or session.as_json):
        click.launch(str(result.path))
    return 0 if result.is_clean else 1


def _run(session: Session, received: datetime | None) -> MonthResult:
    try:
        workspace = session.workspace
    except NoWorkspaceError:
        raise
    except UsageError as error:  # a mistake in mlay.toml
        root = find_root(session.folder or Path.cwd())
        return clerk_month.ask_for_repair(
            _request(session, Workspace(root, Settings()), None), error
        )
    return clerk_month.run_month(_request(session, workspace, received))


def _request(session: Session, workspace: Workspace, received: datetime | None) -> MonthRun:
    zone = workspace.settings.time_zone
    clerk = Clerk(user_name(), local_time(received, zone), session.as_of, session.holder)
    return MonthRun(workspace, clerk, session.lang, partial(_post, zone), session.chosen_period)


def _post(zone: str, office: Office) -> Post:
    """Return how the office's letters go out."""
    settings = office.workspace.settings.smtp
    per_minute = settings.per_minute if settings else 1
    return Post(
        partial(smtp.connect, settings) if settings else None,
        partial(smtp.RateLimiter, per_minute, time.monotonic, time.sleep),
        lambda: datetime.fromisoformat(local_time(None, zone)),
    )


def _lines(result: MonthResult, lang: str) -> Iterator[str]:
    """Yield what happened, in plain words."""
    if result.fetched:
        yield say(lang, "month.fetched", count=result.fetched)
    if result.ingested:
        yield counts_text("ingest.done", result.ingested.counts, lang)
    else:
        yield from (
            f"{matter.values['branch']}: {matter.values['what']}" for matter in result.matters
        )
    yield from finding_lines(result.mistakes, result.form, lang)
    titles = book.decision_titles(result.form, lang)
    for each in result.results:
        words = outcome_text(each.outcome.code, each.outcome.params, titles, lang)
        chosen = titles[each.made.decision]
        yield say(lang, "month.result", matter=each.made.title, decision=chosen, result=words)
    if result.consolidation:
        yield say(lang, "consolidate.done", path=join_words(result.consolidation.path))
    matters = sum(matter.section == MATTERS for matter in result.matters)
    letters = sum(m.section == LETTERS and m.kind != "all_letters" for m in result.matters)
    key = "month.new_name" if result.has_new_name else "month.done"
    yield say(lang, key, matters=matters, letters=letters, path=join_words(result.path))
