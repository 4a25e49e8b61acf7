"""Compares Vietnamese text as people type it, and writes days and months as offices do.

`name_key` is equal for spellings that a reader takes for one name: composed and decomposed letters,
Ð (eth) and Đ, "ủy" and "uỷ", capitals, any run of blanks. It keeps every accent: "Lê" and "Le"
have different keys.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from itertools import groupby

DASHES = "-–—"  # hyphen, en dash, em dash: bookkeepers type one for "nothing"
# The five tone marks as combining characters: grave, acute, tilde, hook above, dot below.
_TONES = "\u0300\u0301\u0303\u0309\u0323"
_STROKES = (("Ð", "Đ"), ("ð", "đ"), ("Ɖ", "Đ"), ("ɖ", "đ"))
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
# \w alone ends a word at a combining mark that makes no composed letter.
_WORDS = re.compile(r"[\w\u0300-\u036f]+")
_PLAIN_WORDS = re.compile(r"[^\W_]+")
_NAME_START = re.compile(r"^(?:\d+ ?[.)/](?!\d) ?)?(?:(?:chi bộ|cb)[:.]? +)?")
_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
# Soft hyphen, zero-width and bidirectional controls: nobody sees them, so no name has them.
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")


def clean(text: str) -> str:
    """Return `text` in NFC with Đ for its look-alikes, single blanks and no invisible characters.

    >>> clean(" Chi\\u00a0bộ  Ðồi Cao ")
    'Chi bộ Đồi Cao'
    """
    if not text.isascii():
        # what is printable has no invisible character; much faster than a search for them
        visible_text = text if text.isprintable() else _INVISIBLE.sub("", text)
        text = unicodedata.normalize("NFC", visible_text)
        for look_alike, letter in _STROKES:
            text = text.replace(look_alike, letter)
    return " ".join(text.split())


@lru_cache(maxsize=16384)  # Vietnamese has some 6,600 syllables
def _move_tones_last(token: str) -> str:
    """Move the tone mark to the end of each word of a text without blanks."""
    return token if token.isascii() else _WORDS.sub(_move_tone_last, token)


def _move_tone_last(word: re.Match[str]) -> str:
    letters = unicodedata.normalize("NFD", word[0])
    tones = unicodedata.normalize("NFD", "".join(sorted(set(letters) & set(_TONES))))
    base_letters = "".join(letter for letter in letters if letter not in _TONES)
    return unicodedata.normalize("NFC", base_letters) + tones


@lru_cache(maxsize=65536)
def name_key(text: str) -> str:
    """Return the key under which two spellings of one name are equal.

    The tone mark may stand on either vowel (old and new style); the key moves it to the end of the
    syllable. Among 6,631 Vietnamese syllables no two then have the same key.

    >>> name_key("Thị uỷ Mường Lay") == name_key("THỊ ỦY  MƯỜNG LAY")
    True
    >>> name_key("Lê") == name_key("Le")
    False
    """
    return " ".join(map(_move_tones_last, clean(text).casefold().split(" ")))


def plain_key(text: str) -> str:
    """Return the key of a heading as people retype it: no accents, no marks, nothing in brackets.

    >>> plain_key("KQ - số điểm (100)"), plain_key("TÊN ĐƠN VỊ:")
    ('kq so diem', 'ten don vi')
    """
    plain = strip_accents(name_key(_BRACKETS.sub(" ", text)))
    return " ".join(_PLAIN_WORDS.findall(plain))


def bare_name_key(name: str) -> str:
    """Return the key of a cell's name without its number and kind, which lists leave out.

    A committee keeps its kind: the cell of that name is another organisation.

    >>> bare_name_key("1. Chi bộ bản Ho Cang") == bare_name_key("CB. bản Ho Cang")
    True
    """
    return name_key(_NAME_START.sub("", clean(name).casefold()))


def strip_accents(text: str) -> str:
    """Return `text` without accents, for suggestions and file names; `name_key` matches names."""
    decomposed = unicodedata.normalize("NFD", clean(text))
    base_letters = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return base_letters.replace("đ", "d").replace("Đ", "D")


def month_number(month: int) -> str:
    """Return the number of a month as offices write it: only months 1 and 2 have a leading zero.

    >>> month_number(2), month_number(3)
    ('02', '3')
    """
    return f"{month:02}" if month < 3 else str(month)


def day_and_month(day: date) -> str:
    """Return a day without its year as offices write it: days below 10, months 1 and 2 with a zero.

    >>> day_and_month(date(2019, 2, 3)), day_and_month(date(2019, 7, 15))
    ('03/02', '15/7')
    """
    return f"{day.day:02}/{month_number(day.month)}"


def consecutive_runs(numbers: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Yield the first and last number of each run without a gap, in ascending order.

    >>> list(consecutive_runs([4, 9, 5, 6, 5]))
    [(4, 6), (9, 9)]
    """
    for _, pairs in groupby(enumerate(sorted(set(numbers))), key=lambda pair: pair[1] - pair[0]):
        run = [number for _, number in pairs]
        yield run[0], run[-1]


def nearest(word: str, candidates: Iterable[str]) -> str | None:
    """Return the candidate most like `word`, None if none is like it. Accents are ignored."""
    return next(iter(nearest_names(word, candidates, 1)), None)


def nearest_names(word: str, candidates: Iterable[str], most: int) -> list[str]:
    """Return the candidates most like `word`, the nearest first; see `nearest`."""
    from difflib import get_close_matches  # start-up: only ever needed for a message

    keys = {strip_accents(name_key(name)): name for name in sorted(candidates)}
    matches = get_close_matches(strip_accents(name_key(word)), keys, n=most, cutoff=0.6)
    return [keys[match] for match in matches]


def begin_small(title: str) -> str:
    """Return a title as it stands within a sentence; an abbreviation keeps its capitals.

    >>> begin_small("Yếu kém"), begin_small("HTXS")
    ('yếu kém', 'HTXS')
    """
    return title if title[1:2].isupper() else title[:1].lower() + title[1:]


def round_half_up(share: float, decimals: int) -> Decimal:
    """Return a share as printed: rounded half up, as a spreadsheet does.

    >>> round_half_up(19.047619, 2), round_half_up(0.125, 2)
    (Decimal('19.05'), Decimal('0.13'))
    """
    return Decimal(repr(share)).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
