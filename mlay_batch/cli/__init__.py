"""The command line: parses arguments, calls `app`, prints results, exits.

Exit codes: 0 all accepted, 1 a file was refused, 2 wrong usage, 3 the run failed.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from itertools import takewhile

import click

from mlay_batch import __version__
from mlay_batch.cli.options import LocalisedGroup, lang_option, language, option, say
from mlay_batch.core.text import nearest
from mlay_batch.errors import MlayError

# Command → module of this package. Only the module of the command called is imported.
COMMANDS = {
    "init": "init",
    "register": "init",
    "template": "blank_forms",
    "month": "month",
    "fetch": "held_files",
    "run": "monthly",
    "ingest": "monthly",
    "held": "held_files",
    "accept": "held_files",
    "refuse": "held_files",
    "explain": "held_files",
    "consolidate": "monthly",
    "report": "monthly",
    "reply": "send",
    "incoming": "monthly",
    "status": "monthly",
    "close": "monthly",
    "reopen": "monthly",
    "verify": "maintenance",
    "doctor": "maintenance",
    "backup": "maintenance",
    "restore": "maintenance",
    "purge": "maintenance",
    "check": "blank_forms",
    "schema": "schema_commands",
    "demo": "init",
}


class Mlay(LocalisedGroup):
    """The top group; it imports a command's module by name, so that `--help` imports none."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the commands in the order of a month's work."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:  # noqa: ARG002
        """Import the one module that holds the command."""
        if name not in COMMANDS:
            return None
        module = import_module(f"mlay_batch.cli.{COMMANDS[name]}")
        command: click.Command = getattr(module, name)
        return command


@click.group("mlay", cls=Mlay, invoke_without_command=True)
@option("--version", is_flag=True)
@lang_option
@click.pass_context
def mlay(ctx: click.Context, version: bool) -> int:
    """Collect the monthly returns of branches and consolidate them."""
    if version:
        click.echo(f"mlay-batch {__version__}")
        ctx.exit(0)
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())
        ctx.exit(2)
    return 0


def run(args: Sequence[str]) -> int:
    """Run `mlay` with `args` and return its exit code; every failure prints one line."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a Windows console in cp1252 has no Vietnamese
            stream.reconfigure(encoding="utf-8", errors="replace")
    lang = language(None, args)
    try:
        code = mlay.main(list(args), prog_name="mlay", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except BrokenPipeError:
        sys.stderr.close()  # the reader of the pipe has gone: nothing to report
        return 3
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - a fault is never exit code 1
        return _report_error(error, lang, args)


def _report_error(error: BaseException, lang: str, args: Sequence[str]) -> int:
    """Print the failure in one line, with `--json` as an object too; return its exit code."""
    options = list(takewhile(lambda arg: arg != "--", args))
    if isinstance(error, MlayError):
        from mlay_batch.cli import json_output, output  # start-up: rich is needed for output only

        output.show_error(error, lang)
        if "--json" in options:
            json_output.show_failure(options, json_output.error_record(error, lang))
        return error.exit_code
    if isinstance(error, click.Abort | KeyboardInterrupt):
        kind, line, code = "aborted", say(lang, "aborted"), 3
    elif isinstance(error, click.ClickException):
        kind, line, code = "usage", _usage_line(error, lang), 2
    else:
        kind, line, code = "fault", _fault_line(error, lang), 3
    click.echo(f"mlay: {line}", err=True)
    if "--json" in options:
        from mlay_batch.cli import json_output  # start-up: as above

        json_output.show_failure(options, {"code": kind, "message": line})
    return code


def _usage_line(error: click.ClickException, lang: str) -> str:
    """Return one line about a wrong call, in the user's language."""
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


def _fault_line(error: BaseException, lang: str) -> str:
    """Return one line about a fault of the program; with MLAY_DEBUG=1 raise it.

    The traceback is not written anywhere, as it may hold what a branch typed.
    """
    if os.environ.get("MLAY_DEBUG"):
        raise error
    return say(lang, "fault", kind=type(error).__name__)
