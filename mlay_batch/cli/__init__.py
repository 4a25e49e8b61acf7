"""The command line: parses, calls `pipeline`, shows, exits.

Exit codes: 0 all accepted, 1 something refused, 2 wrongly called, 3 the run is broken.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from importlib import import_module

import click

from mlay_batch import __version__
from mlay_batch.cli.options import LocalisedGroup, lang_option, language, option, say
from mlay_batch.errors import MlayError

# Command → module of this package. Only the module of the command called is imported.
COMMANDS = {
    "init": "start",
    "template": "forms",
    "fetch": "mail_in",
    "run": "month",
    "ingest": "month",
    "held": "mail_in",
    "accept": "mail_in",
    "refuse": "mail_in",
    "consolidate": "month",
    "reply": "mail_out",
    "status": "month",
    "close": "life",
    "reopen": "life",
    "check": "forms",
    "schema": "schema",
    "demo": "start",
}


class Mlay(LocalisedGroup):
    """The top group: finds its commands by name, so that `--help` imports none of them."""

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

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands with their short help."""
        lang = language(ctx)
        with formatter.section(say(lang, "heading.commands")):
            formatter.write_dl([(name, say(lang, f"{name}.short")) for name in COMMANDS])


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
    """Run `mlay` with `args` and return its exit code; every failure is one clear line."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a Windows console in cp1252 has no Vietnamese
            stream.reconfigure(encoding="utf-8", errors="replace")
    lang = language(None, args)
    try:
        code = mlay.main(list(args), prog_name="mlay", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except MlayError as error:
        from mlay_batch.cli.show import show_error  # start-up: rich is needed for output only

        show_error(error, lang)
        return error.exit_code
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo(f"mlay: {say(lang, 'aborted')}", err=True)
        return 3
    except click.ClickException as error:
        click.echo(f"mlay: {_usage(error, lang)}", err=True)
        return 2
    except BrokenPipeError:
        sys.stderr.close()  # the reader of a pipe went away; nothing to tell anybody
        return 3


def _usage(error: click.ClickException, lang: str) -> str:
    """Return one line for a wrongly called command, in the user's language where we can."""
    ctx = getattr(error, "ctx", None)
    path = ctx.command_path if ctx else "mlay"
    known: dict[type[click.ClickException], tuple[str, str]] = {
        click.NoSuchOption: ("no_option", getattr(error, "option_name", "")),
        click.MissingParameter: ("missing", _parameter(error, ctx)),
        click.BadParameter: ("bad", _parameter(error, ctx)),
    }
    for kind, (key, what) in known.items():
        if isinstance(error, kind):
            detail = error.message if kind is click.BadParameter else ""
            return say(lang, f"usage.{key}", what=what, path=path, detail=detail)
    return say(lang, "usage.other", path=path, detail=error.format_message())


def _parameter(error: click.ClickException, ctx: click.Context | None) -> str:
    param = getattr(error, "param", None)
    hint = getattr(error, "param_hint", None)
    return str(hint or (param.get_error_hint(ctx) if param else ""))
