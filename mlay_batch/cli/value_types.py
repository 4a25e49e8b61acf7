"""The types of what people give a command: days and times, files, forms, numbers of files."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import click

from mlay_batch.cli.options import ParsedType, UnusableValueError, language, say
from mlay_batch.core.dates import YEARS, valid_day, written_day
from mlay_batch.core.messages import AsWritten
from mlay_batch.core.period import Period
from mlay_batch.core.text import clean, strip_accents

_MOST_WORDS = 7  # lúc 9h30 ngày 6 tháng 12 năm 2026
_BEGINNING = re.compile(r"thang|thg|t|quy|q|nam|ngay|luc|sau|\d[\d/.:h-]*")
_ANY_DAY = date(2000, 1, 1)
_CLOCK = r"\d{1,2} ?(?::|h|giờ|gio) ?(?:\d{2})?(?: ?(?:phút|phut|p))?"
_MOMENT = re.compile(
    rf"(?P<day>.+?),?[ T](?:lúc |luc )?(?P<time>{_CLOCK})"
    rf"|(?:lúc |luc )?(?P<first>{_CLOCK}),? (?P<last>.+)",
    re.IGNORECASE,
)
"""A day with a time of day after or before it."""


class PathType(click.Path):
    """A file or folder, which may have to exist; one line where it is none such."""

    def __init__(self, name: str = "path", *, exists: bool = False) -> None:
        super().__init__(path_type=Path)
        self.name, self.must_exist = name, exists

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path; fail with one line otherwise."""
        path, key = Path(os.fsdecode(super().convert(value, param, ctx))), ""
        if not str(value).strip():  # else the current folder would be meant
            key = "usage.blank"
        elif self.must_exist and not path.exists():
            key = "usage.path"
        elif self.name == "file" and path.is_dir():
            key = "usage.is_folder"
        elif self.name == "directory" and path.is_file():
            key = "usage.is_file"
        if key:
            self.fail(say(language(ctx), key, value=AsWritten(value)), param, ctx)
        return path


def join_times(args: Sequence[str]) -> list[str]:
    """Return the arguments with the words of a period or time as one: tháng 10, 6/12/2026 9:30."""
    rest, joined = list(args), []
    while rest:
        sizes = range(min(_MOST_WORDS, len(rest)), 1, -1)
        first = rest[0].partition("=")[2] if rest[0].startswith("--") else rest[0]
        may_begin = _BEGINNING.fullmatch(strip_accents(first).casefold())
        size = next((n for n in sizes if may_begin and _is_time(" ".join([first, *rest[1:n]]))), 1)
        joined.append(" ".join(rest[:size]))
        del rest[:size]
    return joined


def _is_time(text: str) -> bool:
    with suppress(ValueError):
        return bool(_moment(text))
    is_in_words = any(letter.isalpha() for letter in text)
    return is_in_words and Period.parse_informal(text, _ANY_DAY) is not None


def choice(*choices: str) -> ParsedType:
    """Return the type of a value that is one of these, in capitals or not."""

    def parse(text: str) -> str:
        if (value := text.strip().casefold()) not in choices:
            raise ValueError(text)
        return value

    return ParsedType("|".join(choices), "usage.choice", parse)


def _day(text: str) -> date:
    """Return the day a person wrote: 6/12/2026, ngày 06.12.2026, 2026-12-06."""
    parts = written_day(text)
    if parts is None:
        raise ValueError(text)
    day = valid_day(*parts)
    if day is None:
        raise UnusableValueError("usage.no_day")
    return day


def _moment(text: str) -> datetime:
    """Return a day with or without a time: 6/12/2026 9:30, 9h30 ngày 6/12/2026, ISO."""
    with suppress(ValueError):
        moment = datetime.fromisoformat(text)
        if moment.year in YEARS:
            return moment
    match = _MOMENT.fullmatch(clean(text))
    if match is None:
        return datetime.combine(_day(text), time())
    day, clock = _day(match["day"] or match["last"]), match["time"] or match["first"]
    hour, _, minute = re.sub(r"\D+", ":", clock).partition(":")
    return datetime.combine(day, time(int(hour), int(minute or 0)))


def _file_number(text: str) -> int:
    """Return the number of a file: 17, #17, số 17."""
    match = re.fullmatch(r"(?:số|so|#|no\.?)?\s*#?([1-9][0-9]{0,8})\.?", clean(text).casefold())
    if match is None:
        raise ValueError(text)
    return int(match[1])


DAY = ParsedType("date", "usage.day", _day)
MOMENT = ParsedType("time", "usage.day", _moment)
FILE_NUMBER = ParsedType("number", "usage.number", _file_number)
FORM = ParsedType("form", "usage.blank", lambda text: clean(text).casefold())
CODE = ParsedType("code", "usage.blank", lambda text: clean(text).upper())
FILE, FOLDER = PathType("file"), PathType("directory")
EXISTING_PATH = PathType(exists=True)
