"""Help pages and the classes of commands that print them, in the user's language."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import click

from mlay_batch.cli.lines import terminal_columns, wrap
from mlay_batch.cli.options import chosen_language, help_text, language, say, text_key
from mlay_batch.core.messages import AsWritten

_FIRST_COLUMN = 26  # characters at most
_COLUMNS, _NARROWEST = 80, 50  # of a page


class HelpFormatter(click.HelpFormatter):
    """Lays a help page out; no number, code or command is broken."""

    def __init__(self, **_settings: Any) -> None:
        super().__init__(width=max(min(terminal_columns(), _COLUMNS) - 2, _NARROWEST))

    def write_text(self, text: str) -> None:
        """Write a paragraph."""
        indent = " " * self.current_indent
        self.write(f"{wrap(text, self.width, indent, indent)}\n")

    def write_dl(
        self, rows: Iterable[tuple[str, str]], col_max: int = _FIRST_COLUMN, col_spacing: int = 2
    ) -> None:
        """Write terms, and beside each what it means."""
        rows = list(rows)
        room = min(max(len(term) for term, _ in rows), col_max)
        indent = " " * (self.current_indent + room + col_spacing)
        for term, words in rows:
            first = " " * self.current_indent + term
            is_long = len(term) > room
            lines = wrap(words, self.width, indent, indent)
            self.write(f"{first}\n{lines}\n" if is_long else first + lines[len(first) :] + "\n")


class HelpContext(click.Context):
    """A call of a command, whose help page is laid out so."""

    formatter_class = HelpFormatter


class LocalisedCommand(click.Command):
    """A command with its help in the user's language."""

    context_class = HelpContext

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments; what is left over is told in the user's language."""
        if lang := chosen_language(args):  # before `-h`, wherever it stands
            ctx.meta["lang"] = lang
        ctx.allow_extra_args, is_group = True, ctx.allow_extra_args
        try:
            rest = super().parse_args(ctx, args)
        except click.UsageError as error:
            error.ctx = error.ctx or ctx  # click's parser leaves it out
            raise
        if rest and not is_group:
            ctx.fail(self._extra_text(ctx, " ".join(rest)))
        return rest

    def _extra_text(self, ctx: click.Context, extra: str) -> str:
        """Return that an argument is too much, and where a period belongs."""
        with_period = any("--period" in parameter.opts for parameter in self.params)
        key = "usage.extra_period" if with_period else "usage.extra"
        return say(language(ctx), key, what=AsWritten(extra))

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """Return what follows the command: options and arguments."""
        lang = language(ctx)
        arguments = [a.make_metavar(ctx) for a in self.params if isinstance(a, click.Argument)]
        command = help_text(lang, "help.command") if isinstance(self, click.Group) else ""
        return [f"[{help_text(lang, 'help.options')}]", *arguments, *filter(None, [command])]

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write how the command is called."""
        pieces = " ".join(self.collect_usage_pieces(ctx))
        formatter.write_usage(
            ctx.command_path, pieces, f"{help_text(language(ctx), 'help.usage')} "
        )

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what the command does."""
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(help_text(language(ctx), f"{text_key(ctx)}.help"))

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the options, and the commands of a group; give examples."""
        lang = language(ctx)
        if help_option := self.get_help_option(ctx):
            help_option.help = help_text(lang, "option.help")
        if isinstance(self, LocalisedGroup):
            self.format_commands(ctx, formatter)
        options = (p for p in self.get_params(ctx) if isinstance(p, click.Option))
        records = [record for o in options if (record := o.get_help_record(ctx))]
        with formatter.section(help_text(lang, "heading.options")):
            formatter.write_dl(records)
        with formatter.section(help_text(lang, "heading.examples")):
            for line in help_text(lang, f"{text_key(ctx)}.example").splitlines():
                formatter.write(f"{'':{formatter.current_indent}}{line}\n")


class LocalisedGroup(LocalisedCommand, click.Group):
    """A group of commands with its help in the user's language."""

    command_class = LocalisedCommand

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the first argument names, in capitals or not."""
        return super().resolve_command(ctx, [args[0].lower(), *args[1:]])

    def command_groups(self, ctx: click.Context) -> dict[str, list[str]]:
        """Return the names of the commands, by the heading they stand under."""
        return {"commands": self.list_commands(ctx)}

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands with their short help."""
        lang, group = language(ctx), "" if ctx.parent is None else f"{self.name}."
        for heading, names in self.command_groups(ctx).items():
            with formatter.section(help_text(lang, f"heading.{heading}")):
                formatter.write_dl([(n, help_text(lang, f"{group}{n}.short")) for n in names])
