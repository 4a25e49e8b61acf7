"""What is said, in one line, of a command wrongly called or of a fault of our own."""

from __future__ import annotations

import os

import click

from mlay_batch.cli.options import say
from mlay_batch.core.text import nearest


def usage_line(error: click.ClickException, lang: str) -> str:
    """Return one line for a wrongly called command, in the user's language."""
    ctx = error.ctx if isinstance(error, click.UsageError) else None
    path = ctx.command_path if ctx else "mlay"
    if isinstance(error, click.exceptions.NoSuchCommand):
        command_names = (
            ctx.command.list_commands(ctx) if ctx and isinstance(ctx.command, click.Group) else []
        )
        near = nearest(error.command_name, command_names) or ", ".join(command_names)
        return say(lang, "usage.no_command", what=error.command_name, path=path, nearest=near)
    if isinstance(error, click.NoSuchOption):
        return say(lang, "usage.no_option", what=error.option_name, path=path)
    if isinstance(error, click.MissingParameter):
        return say(lang, "usage.missing", what=_parameter(error, ctx), path=path)
    if isinstance(error, click.BadParameter):
        what = _parameter(error, ctx)
        return say(lang, "usage.bad", what=what, path=path, detail=error.message)
    return say(lang, "usage.other", path=path, detail=error.format_message())


def _parameter(error: click.BadParameter, ctx: click.Context | None) -> str:
    if error.param is None or ctx is None:
        return str(error.param_hint or "")
    return error.param.get_error_hint(ctx).strip("'")


def fault_line(error: BaseException, lang: str) -> str:
    """Return one line for a fault of the program itself; its trace is shown with MLAY_DEBUG=1.

    The trace is not written anywhere by itself: it may hold what a branch has typed.
    """
    if os.environ.get("MLAY_DEBUG"):
        raise error
    return say(lang, "fault", kind=type(error).__name__)
