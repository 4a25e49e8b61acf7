"""Commands and options with their help from `locale/cli.yaml`, and the options many share."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from mlay_batch.core.period import Period

F = TypeVar("F", bound=Callable[..., Any])


def say(lang: str, key: str, **params: object) -> str:
    """Return a text of the command line."""
    from mlay_batch.core import messages  # start-up: YAML is read when there is something to say

    return messages.text("cli", key, lang, **params)


def language(ctx: click.Context | None, args: Sequence[str] = ()) -> str:
    """Return ``vi`` or ``en``: `--lang` anywhere in the line, else MLAY_LANG, else Vietnamese."""
    if ctx and (chosen := ctx.meta.get("lang")):
        return str(chosen)
    for before, after in pairwise([*args, ""]):
        if before == "--lang" and after in ("vi", "en"):
            return after
    return "en" if os.environ.get("MLAY_LANG") == "en" else "vi"


def _remember_language(ctx: click.Context, _param: click.Parameter, value: str | None) -> None:
    if value:
        ctx.meta["lang"] = value


class Option(click.Option):
    """An option whose help is ``<command>.<option>`` or ``option.<option>`` of the locale."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Look the help up first."""
        self.help = _help(ctx, str(self.name))
        return super().get_help_record(ctx)


def _help(ctx: click.Context, name: str) -> str:
    lang = language(ctx)
    for key in (f"{ctx.command.name}.{name}", f"option.{name}"):
        try:
            return say(lang, key)
        except KeyError:
            continue
    return ""


class _Localised(click.Command):
    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        parent = ctx.parent.command.name if ctx.parent else None
        key = f"{parent}.{self.name}" if parent not in (None, "mlay") else str(self.name)
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(say(language(ctx), f"{key}.help"))

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        if help_option := self.get_help_option(ctx):
            help_option.help = say(language(ctx), "option.help")
        records = [record for p in self.get_params(ctx) if (record := p.get_help_record(ctx))]
        with formatter.section(say(language(ctx), "heading.options")):
            formatter.write_dl(records)
        if isinstance(self, click.Group):
            self.format_commands(ctx, formatter)


class LocalisedCommand(_Localised):
    """A command with its help in the user's language."""


class LocalisedGroup(_Localised, click.Group):
    """A group of commands with its help in the user's language."""

    command_class = LocalisedCommand

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands with their short help."""
        lang = language(ctx)
        names = self.list_commands(ctx)
        with formatter.section(say(lang, "heading.commands")):
            formatter.write_dl([(name, say(lang, f"{self.name}.{name}.short")) for name in names])


class LanguageType(click.ParamType[Any]):
    """``vi`` or ``en``."""

    name = "vi|en"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the language; fail with one line otherwise."""
        if value not in ("vi", "en"):
            self.fail(say(language(ctx), "usage.language", value=value), param, ctx)
        return str(value)


class ExistingPath(click.Path):
    """An existing file or folder."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path; fail with one line otherwise."""
        path = super().convert(value, param, ctx)
        if not Path(os.fsdecode(path)).exists():
            self.fail(say(language(ctx), "usage.path", value=value), param, ctx)
        return path


class PeriodType(click.ParamType[Any]):
    """A period such as 2019-11."""

    name = "period"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Period:
        """Return the period; fail with one line otherwise."""
        from mlay_batch.core.period import Period  # start-up: not needed for --help

        try:
            return value if isinstance(value, Period) else Period.parse(str(value))
        except ValueError:
            self.fail(say(language(ctx), "usage.period", value=value), param, ctx)


class DayType(click.ParamType[Any]):
    """A day such as 2019-12-06."""

    name = "date"
    kind: type[date] = date

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Return the day or moment; fail with one line otherwise."""
        try:
            return value if isinstance(value, self.kind) else self.kind.fromisoformat(str(value))
        except ValueError:
            self.fail(say(language(ctx), "usage.day", value=value), param, ctx)


class MomentType(DayType):
    """A day or a moment: 2019-12-03, 2019-12-03T09:30."""

    name = "time"
    kind = datetime


def option(*names: str, **settings: Any) -> Callable[[F], F]:
    """Declare an option with its help in the locale."""
    return click.option(*names, cls=Option, **settings)


def combine_options(*options: Callable[[F], F]) -> Callable[[F], F]:
    """Join option decorators into one, keeping their order in the help."""

    def decorate(function: F) -> F:
        for decorator in reversed(options):
            function = decorator(function)
        return function

    return decorate


lang_option = option(
    "--lang", type=LanguageType(), is_eager=True, expose_value=False, callback=_remember_language
)
json_option = option("--json", "as_json", is_flag=True)
dry_run_option = option("--dry-run", is_flag=True)
workspace_option = option(
    "--workspace", "-C", type=click.Path(file_okay=False, path_type=Path), default=None
)
as_of_option = option("--as-of", type=DayType(), default=None)
period_option = option("--period", type=PeriodType(), default=None)
common_options = combine_options(workspace_option, lang_option)


def today() -> date:
    """Return today's date. With `local_time`, the only clock of the program."""
    return datetime.now().astimezone().date()


def local_time(value: datetime | None, zone: str) -> str:
    """Return a time of receipt as local time of `zone`; the present where none is given."""
    from zoneinfo import ZoneInfo  # start-up: needed when something is received only

    time_zone = ZoneInfo(zone)
    time = datetime.now(time_zone) if value is None else value
    time = time.replace(tzinfo=time_zone) if time.tzinfo is None else time.astimezone(time_zone)
    return time.replace(microsecond=0).isoformat()


def set_default_language(ctx: click.Context, workspace_language: str) -> None:
    """Use the workspace's language where neither `--lang` nor MLAY_LANG sets one."""
    if "MLAY_LANG" not in os.environ:
        ctx.meta.setdefault("lang", workspace_language)


def user_name() -> str:
    """Return the user's name as the system knows it."""
    import getpass  # start-up: needed when something is written only

    return getpass.getuser()


def actor() -> dict[str, str]:
    """Return who closes, reopens or decides, and what the lock shows of him."""
    return {"who": user_name(), "holder": lock_holder()}


def lock_holder() -> str:
    """Return user, machine and process, for the lock."""
    import platform  # start-up: as above

    return f"{user_name()}@{platform.node()} (pid {os.getpid()})"
