"""Options and arguments with their help from `locale/cli.yaml`, and the language it is in."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from enum import StrEnum
from itertools import pairwise
from typing import Any

import click

from mlay_batch.core import messages

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def say(lang: str, key: str, **params: object) -> str:
    """Return a text of the command line."""
    return messages.text("cli", key, lang, **params)


def help_text(lang: str, *keys: str) -> str:
    """Return the first of these texts of the help that there is; KeyError without any.

    Those of the first page lie in a file of their own, which is read first.
    """
    for area in ("commands", "cli"):
        for key in keys:
            if messages.has_text(area, key):
                return messages.text(area, key, lang)
    raise KeyError(keys)


def language(ctx: click.Context | None, args: Sequence[str] = ()) -> str:
    """Return ``vi`` or ``en``: `--lang` anywhere in the line, else MLAY_LANG, else Vietnamese."""
    chosen = (ctx and ctx.meta.get("lang")) or chosen_language(args)
    return str(
        chosen or ("en" if os.environ.get("MLAY_LANG", "").strip().lower() == "en" else "vi")
    )


def chosen_language(args: Sequence[str]) -> str | None:
    """Return the language that `--lang` names in a line; None without one."""
    for before, after in pairwise([*args, ""]):
        name, _, joined = before.partition("=")
        value = (joined or after).lower()
        if name == "--lang" and value in ("vi", "en"):
            return value
    return None


class Language(StrEnum):
    """A language of what is printed."""

    VI = "vi"
    EN = "en"


def _remember_language(ctx: click.Context, _param: click.Parameter, value: str | None) -> None:
    if value:
        ctx.meta["lang"] = value


def text_key(ctx: click.Context) -> str:
    """Return the key of a command's texts: its name, after that of a group within `mlay`."""
    names = ctx.command_path.split()
    return ".".join(names[1:]) or names[0]


class Option(click.Option):
    """An option whose help is ``<command>.<option>`` or ``option.<option>`` of the locale."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Look the help up first."""
        record, lang = super().get_help_record(ctx), language(ctx)
        words = help_text(lang, f"{text_key(ctx)}.{self.name}", f"option.{self.name}")
        if self.required:
            words = f"{words} {help_text(lang, 'help.required')}"
        return (record[0], words) if record else None

    def make_metavar(self, ctx: click.Context) -> str:
        """Return what the value is, in the user's language."""
        return _value_name(self, ctx) or super().make_metavar(ctx)


class Argument(click.Argument):
    """An argument that the help names in the user's language."""

    def make_metavar(self, ctx: click.Context) -> str:
        """Return its name, in brackets where it may be left out."""
        name = _value_name(self, ctx)
        if not name:
            return super().make_metavar(ctx)
        return (name if self.required else f"[{name}]") + ("..." if self.nargs != 1 else "")


def _value_name(parameter: click.Parameter, ctx: click.Context) -> str:
    """Return the name of a value: by its parameter, else by its type; empty where it has none."""
    if "|" in parameter.type.name:
        return parameter.type.name  # all values
    for key in (f"value.{parameter.name}", f"value.{parameter.type.name}"):
        with suppress(KeyError):
            return say(language(ctx), key)
    return ""


class UnusableValueError(ValueError):
    """A value that cannot be used, for a reason of its own: the code of a text."""


class ParsedType(click.ParamType[Any]):
    """What `parse` makes of a text; one line, the text `message`, where it raises ValueError."""

    def __init__(self, name: str, message: str, parse: Callable[[str], object]) -> None:
        self.name, self.message, self.parse = name, message, parse

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> object:
        """Return the parsed value; fail with one line otherwise."""
        if not isinstance(value, str):  # parsed before
            return value
        try:
            return self.parse(value)
        except UnusableValueError as error:
            key = str(error)
        except ValueError:
            key = self.message
        choices = self.name.replace("|", ", ")
        words = say(language(ctx), key, value=messages.AsWritten(value), choices=choices)
        return self.fail(words, param, ctx)


LANGUAGE = ParsedType("vi|en", "usage.language", lambda text: Language(text.lower()))


def argument(name: str, **settings: Any) -> Decorator:
    """Declare an argument that the help names in the user's language."""
    return click.argument(name, cls=Argument, **settings)


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
