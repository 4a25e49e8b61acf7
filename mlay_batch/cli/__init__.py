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
from mlay_batch.cli.help_pages import LocalisedCommand, LocalisedGroup
from mlay_batch.cli.lines import show_line
from mlay_batch.cli.options import argument, lang_option, language, option, say
from mlay_batch.errors import MlayError

# Command → module of this package, by when they are used. Only the module of the command called is
# imported.
GROUPS = {
    "start": {"init": "init", "register": "init", "demo": "init"},
    "month": {
        "month": "month",
        "template": "blank_forms",
        "fetch": "held_files",
        "run": "monthly",
        "ingest": "monthly",
        "status": "monthly",
        "held": "held_files",
        "accept": "held_files",
        "refuse": "held_files",
        "explain": "held_files",
        "check": "blank_forms",
        "reply": "send",
    },
    "end": {
        "consolidate": "monthly",
        "close": "monthly",
        "reopen": "monthly",
        "report": "monthly",
        "incoming": "monthly",
        "purge": "maintenance",
    },
    "upkeep": {
        "doctor": "maintenance",
        "backup": "maintenance",
        "restore": "maintenance",
        "verify": "maintenance",
    },
    "schemas": {"schema": "schema_commands"},
}
COMMANDS = {name: module for group in GROUPS.values() for name, module in group.items()}
_HELP = "help"


class Mlay(LocalisedGroup):
    """The top group; it imports a command's module by name, so that `--help` imports none."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the commands in the order of a month's work."""
        return [*COMMANDS, _HELP]

    def command_groups(self, ctx: click.Context) -> dict[str, list[str]]:  # noqa: ARG002
        """Return the commands by when they are used."""
        groups = {heading: list(commands) for heading, commands in GROUPS.items()}
        return groups | {"schemas": [*groups["schemas"], _HELP]}

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:  # noqa: ARG002
        """Import the one module that holds the command."""
        if name == _HELP:
            return help_
        if name not in COMMANDS:
            return None
        module = import_module(f"mlay_batch.cli.{COMMANDS[name]}")
        command: click.Command = getattr(module, name)
        return command


@click.group(
    "mlay",
    cls=Mlay,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
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


@click.command(_HELP, cls=LocalisedCommand)
@argument("command", nargs=-1)
@lang_option
@click.pass_context
def help_(ctx: click.Context, command: tuple[str, ...]) -> int:
    """Print the help page of a command: the same as its `--help`."""
    page = ctx.find_root()
    for name in map(str.lower, command):
        group = page.command
        member = group.get_command(page, name) if isinstance(group, click.Group) else None
        if member is None:
            raise click.exceptions.NoSuchCommand(name, ctx=page)
        page = member.context_class(member, info_name=member.name, parent=page)
    click.echo(page.get_help())
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
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.format_message())
        return 2
    if isinstance(error, click.Abort | KeyboardInterrupt):
        kind, line, code = "aborted", say(lang, "aborted"), 3
    elif isinstance(error, click.ClickException):
        kind, line, code = "usage", _usage_line(error, lang), 2
    else:
        kind, line, code = "fault", _fault_line(error, lang), 3
    show_line(f"mlay: {line}", err=True)
    if "--json" in options:
        from mlay_batch.cli import json_output  # start-up: as above

        json_output.show_failure(options, {"code": kind, "message": line})
    return code


def _usage_line(error: click.ClickException, lang: str) -> str:
    """Return one line about a wrong call, in the user's language."""
    ctx = error.ctx if isinstance(error, click.UsageError) else None
    path = ctx.command_path if ctx else "mlay"
    if isinstance(error, click.exceptions.NoSuchCommand):
        from mlay_batch.core.text import nearest  # start-up: only ever needed for a message

        group = ctx.command if ctx else None
        names = group.list_commands(ctx) if ctx and isinstance(group, click.Group) else []
        near = nearest(error.command_name, names) or ", ".join(names)
        what = error.command_name
        return say(lang, "usage.no_command", what=what, path=path, nearest=near)
    if isinstance(error, click.NoSuchOption):
        return say(lang, "usage.no_option", what=error.option_name, path=path)
    if isinstance(error, click.BadOptionUsage):
        key = "usage.no_value" if _is_flag(error.option_name, ctx) else "usage.value"
        return say(lang, key, what=error.option_name, path=path)
    if isinstance(error, click.MissingParameter):
        return say(lang, "usage.missing", what=_parameter(error, ctx), path=path)
    if isinstance(error, click.BadParameter):
        what = _parameter(error, ctx)
        return say(lang, "usage.bad", what=what, path=path, detail=error.message)
    return say(lang, "usage.other", path=path, detail=error.format_message())


def _is_flag(name: str, ctx: click.Context | None) -> bool:
    """Whether an option takes no value."""
    options = ctx.command.params if ctx else []
    return any(getattr(o, "is_flag", False) for o in options if name in o.opts)


def _parameter(error: click.BadParameter, ctx: click.Context | None) -> str:
    if error.param is None or ctx is None:
        return str(error.param_hint or "")
    if isinstance(error.param, click.Argument):
        return error.param.make_metavar(ctx).strip("[].")
    return error.param.get_error_hint(ctx).replace("'", "")


def _fault_line(error: BaseException, lang: str) -> str:
    """Return one line about a fault of the program; with MLAY_DEBUG=1 raise it.

    The traceback is not written anywhere, as it may hold what a branch typed.
    """
    if os.environ.get("MLAY_DEBUG"):
        raise error
    return say(lang, "fault", kind=type(error).__name__)
