"""Commands, options and types of parameters with their help from `locale/cli.yaml`."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import date, datetime
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import Any

import click

from mlay_batch.core import messages

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


class Language(StrEnum):
    """A language of what is printed."""

    VI = "vi"
    EN = "en"


def _remember_language(ctx: click.Context, _param: click.Parameter, value: str | None) -> None:
    if value:
        ctx.meta["lang"] = value


class Option(click.Option):
    """An option whose help is ``<command>.<option>`` or ``option.<option>`` of the locale."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Look the help up first."""
        self.help = ""
        for key in (f"option.{self.name}", f"{ctx.command.name}.{self.name}"):  # the last wins
            with suppress(KeyError):
                self.help = say(language(ctx), key)
        return super().get_help_record(ctx)


def _text_key(group: str | None, name: str | None) -> str:
    """Return the key of a command's texts: its name, after that of a group within `mlay`."""
    return str(name) if group in (None, "mlay") else f"{group}.{name}"


class LocalisedCommand(click.Command):
    """A command with its help in the user's language."""

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what the command does."""
        key = _text_key(ctx.parent.command.name if ctx.parent else None, self.name)
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(say(language(ctx), f"{key}.help"))

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the options, and the commands of a group."""
        if help_option := self.get_help_option(ctx):
            help_option.help = say(language(ctx), "option.help")
        records = [record for p in self.get_params(ctx) if (record := p.get_help_record(ctx))]
        with formatter.section(say(language(ctx), "heading.options")):
            formatter.write_dl(records)
        if isinstance(self, click.Group):
            self.format_commands(ctx, formatter)


class LocalisedGroup(LocalisedCommand, click.Group):
    """A group of commands with its help in the user's language."""

    command_class = LocalisedCommand

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands with their short help."""
        lang = language(ctx)
        names = self.list_commands(ctx)
        rows = [(name, say(lang, f"{_text_key(self.name, name)}.short")) for name in names]
        with formatter.section(say(lang, "heading.commands")):
            formatter.write_dl(rows)


class ParsedType(click.ParamType[Any]):
    """What `parse` makes of a text; one line, the text `message`, where it raises ValueError."""

    def __init__(self, name: str, message: str, parse: Callable[[str], object]) -> None:
        self.name, self.message, self.parse = name, message, parse

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> object:
        """Return the parsed value; fail with one line otherwise."""
        try:
            return self.parse(str(value))
        except ValueError:
            self.fail(say(language(ctx), self.message, value=value), param, ctx)


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


LANGUAGE = ParsedType("vi|en", "usage.language", Language)
DAY = ParsedType("date", "usage.day", date.fromisoformat)  # 2019-12-06
MOMENT = ParsedType("time", "usage.day", datetime.fromisoformat)  # a day, or 2019-12-03T09:30


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
    "--lang", type=LANGUAGE, is_eager=True, expose_value=False, callback=_remember_language
)
