"""The console, and the colours of verdicts on a terminal; the words say the same without them."""

from __future__ import annotations

import os
from collections.abc import Mapping

from rich.console import Console
from rich.text import Text

from mlay_batch.cli.lines import join_words, safe_line, screen_width, wrap
from mlay_batch.cli.options import say
from mlay_batch.model.records import Verdict

VERDICT_STYLES: Mapping[Verdict, str] = {
    Verdict.ACCEPTED: "green",
    Verdict.REJECTED: "red",
    Verdict.DUPLICATE: "cyan",
    Verdict.HELD: "yellow",
    Verdict.IGNORED: "bright_black",
}


def new_console(*, to_stderr: bool = False) -> Console:
    """Return a console that prints a text as it is; without styles where NO_COLOR is set."""
    is_plain = bool(os.environ.get("NO_COLOR"))
    return Console(
        stderr=to_stderr,
        highlight=False,
        soft_wrap=False,
        color_system=None if is_plain else "auto",
    )


def show_styled(line: str, styles: Mapping[str, str], *, indent: str = "") -> None:
    """Print a line as `show_line` does, with the words that are keys in their styles."""
    shown = Text(wrap(safe_line(line), screen_width(), indent, f"{indent}  "))
    for words, style in styles.items():
        shown.highlight_words([safe_line(words)], style)
    new_console().print(shown, soft_wrap=True)


def verdict_text(verdict: Verdict, lang: str) -> tuple[str, Mapping[str, str]]:
    """Return the word for a verdict, and its style by it."""
    words = say(lang, f"verdict.{verdict.value}")
    return words, {words: VERDICT_STYLES[verdict]}


def counts_text(key: str, counts: Mapping[Verdict, int], lang: str) -> str:
    """Return the number of files received as the sum of those of each verdict."""
    parts = [say(lang, f"count.{verdict}", count=count) for verdict, count in counts.items()]
    total = " + ".join(map(join_words, parts))
    return say(lang, key, received=sum(counts.values()), parts=total)


def show_counts(key: str, counts: Mapping[Verdict, int], lang: str) -> None:
    """Print `counts_text`, each number of files in the colour of its verdict."""
    styles = {
        say(lang, f"count.{verdict}", count=count): VERDICT_STYLES[verdict]
        for verdict, count in counts.items()
        if count
    }
    show_styled(counts_text(key, counts, lang), styles)
