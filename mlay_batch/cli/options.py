"""Commands, options and types of parameters with their help from `locale/cli.yaml`."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import click

from mlay_batch.core import messages
from mlay_batch.core.period import Period

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def say(lang: str, key: str, **params: object) -> str:
    """Return a text of the command line."""
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


def option(*names: str, **settings: Any) -> Decorator:
    """Declare an option with its help in the locale."""
    return click.option(*names, cls=Option, **settings)


def combine_options(*options: Decorator) -> Decorator:
    """Join option decorators into one, keeping their order in the help."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        for decorator in reversed(options):
            function = decorator(function)
        return function

    return decorate


lang_option = option(
    "--lang", type=LanguageType(), is_eager=True, expose_value=False, callback=_remember_language
)
