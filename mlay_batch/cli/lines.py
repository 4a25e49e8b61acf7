"""Prints lines of text, wrapped on a screen so that no number, code, path or command is broken."""

from __future__ import annotations

import os
import re
import sys
from contextlib import suppress
from textwrap import TextWrapper

import click

from mlay_batch.cli.options import say

# Characters of a file name or a cell that must never reach a terminal: control characters, line
# breaks, marks of writing direction, invisible characters.
CONTROL = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)
_JOINT = "\ue000"
"""Stands for a blank at which no line breaks; a letter of no alphabet."""
_ARGUMENT = (
    r"--?\w[\w-]*(?: (?:un)?sent\b)?|<[^>]*>|\"[^\"]*\"|[\w./:-]*[\d./:-][\w./:-]*\w|\d+|TỆP|FILE"
)
_YEAR = r"(?: năm \d{4})?"
_TOGETHER = re.compile(
    rf"mlay(?: (?:(?:schema|help) )?[a-z]+\b)?(?: (?:{_ARGUMENT}))*"
    rf"|(?:[Tt]háng|[Qq]uý|[Nn]ăm) [\dIV]+\b{_YEAR}|6 tháng (?:đầu|cuối){_YEAR}"
    r"|\d{4} \d{1,2}:\d{2}|\S+ [–→] \d\S*|số \d+"
)
_COLUMNS = 80
_YES = frozenset({"y", "yes", "c", "co", "có"})


def safe_line(value: object) -> str:
    """Return `value` as one line without characters that act on a terminal."""
    return CONTROL.sub("�", str(value))


def join_words(text: object) -> str:
    """Return a text, such as a path, at whose blanks `wrap` does not break."""
    return str(text).replace(" ", _JOINT)


def wrap(text: str, width: int | None, indent: str = "", hanging: str = "") -> str:
    """Return a text in lines of `width` characters, the first after `indent`, others `hanging`.

    What does not fit a line stands alone on one. Without a width it is one line.
    """
    if width is not None:
        joined = _TOGETHER.sub(lambda match: join_words(match[0]), text)
        wrapper = TextWrapper(
            width,
            initial_indent=indent,
            subsequent_indent=hanging,
            break_long_words=False,
            break_on_hyphens=False,
        )
        lines = wrapper.wrap(joined)
        text, indent = "\n".join(lines), ""
    return indent + text.replace(_JOINT, " ")


def terminal_columns() -> int:
    """Return the columns of the terminal, as COLUMNS or the terminal itself says; else 80."""
    with suppress(KeyError, ValueError):  # shutil does the same, and costs --help its archives
        return int(os.environ["COLUMNS"]) or _COLUMNS
    with suppress(OSError):
        return os.get_terminal_size().columns or _COLUMNS
    return _COLUMNS


def screen_width(*, err: bool = False) -> int | None:
    """Return the columns of the screen; None where lines go to a file or another program."""
    stream = sys.stderr if err else sys.stdout
    return terminal_columns() if stream and stream.isatty() else None


def show_line(line: str, *, indent: str = "", err: bool = False) -> None:
    """Print a line without characters that act on a terminal, further lines of it indented."""
    width = screen_width(err=err)
    click.echo(wrap(safe_line(line), width, indent, f"{indent}  "), err=err)


def show_text(lang: str, key: str, /, **params: object) -> None:
    """Print one text of the command line; a path in it is not broken."""
    show_line(say(lang, key, **{name: _whole(name, value) for name, value in params.items()}))


def _whole(name: str, value: object) -> object:
    """Return a path so that `wrap` does not break it, other values as they are."""
    return join_words(value) if name == "path" or isinstance(value, os.PathLike) else value


def is_confirmed(question: str, *, err: bool = False) -> bool:
    """Ask, and return whether the answer is yes: c, có, y, yes."""
    answer = click.prompt(question, default="", show_default=False, err=err)
    return str(answer).strip().casefold() in _YES
