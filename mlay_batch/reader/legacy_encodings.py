"""Proposes readings for text in TCVN3 (ABC) or VNI, Vietnamese encodings from before Unicode.

``Chi bé`` in the font .VnTime reads "Chi bộ"; in other fonts it is unreadable. The cell's font
decides the encoding, else all texts of a column, whose words must make Vietnamese syllables in one
encoding and not in Unicode. Nothing is converted without asking.

Sources: TCVN 5712:1993, table TCVN3; the VNI-Windows table. Fonts .VnTimeH and the like show small
letters as capitals.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

Encoding = Literal["TCVN3", "VNI"]

_TCVN3 = dict(
    zip(
        "µ¸¶·¹¨»¾¼½Æ©ÇÊÈÉËÌÐÎÏÑªÒÕÓÔÖ×ÝØÜÞßãáâä«åèæçé¬êíëìîïóñòô\u00adõøö÷ùúýûüþ®¡¢£¤¥¦§",
        "àáảãạăằắẳẵặâầấẩẫậèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵđĂÂÊÔƠƯĐ",
        strict=True,
    )
)
_VNI_LETTERS = dict(zip("ñöôæóòîÑÖÔÆÓÒÎ", "đươỉĩịỵĐƯƠỈĨỊỴ", strict=True))
_GRAVE, _ACUTE, _TILDE, _HOOK, _DOT, _ROOF, _BREVE = "\u0300\u0301\u0303\u0309\u0323\u0302\u0306"
_VNI_MARKS = {
    "ù": _ACUTE,
    "ø": _GRAVE,
    "û": _HOOK,
    "õ": _TILDE,
    "ï": _DOT,
    "â": _ROOF,
    "á": _ROOF + _ACUTE,
    "à": _ROOF + _GRAVE,
    "å": _ROOF + _HOOK,
    "ã": _ROOF + _TILDE,
    "ä": _ROOF + _DOT,
    "ê": _BREVE,
    "é": _BREVE + _ACUTE,
    "è": _BREVE + _GRAVE,
    "ú": _BREVE + _HOOK,
    "ü": _BREVE + _TILDE,
    "ë": _BREVE + _DOT,
}
_VNI_PAIR = re.compile("([aeouyôöAEOUYÔÖ])([" + "".join(_VNI_MARKS) + "])", re.IGNORECASE)

_LATIN = re.compile("[\u00a1-\u00ff]")
_WORD = re.compile(r"[^\W\d_]+(?:[\u00a1-\u00ff]+[^\W\d_]*)*|[\u00a1-\u00ff]+\w*")
_SYLLABLE = re.compile(
    "(?:ngh|ng|nh|gh|gi|kh|ph|th|tr|ch|qu|[bcdđghklmnpqrstvx])?(?:"
    "(?:iê|yê|oa|oă|oe|oo|uâ|uê|uô|uơ|uyê|uy|ươ|[aăâeêioôơuưy])(?:ch|ng|nh|[cmnpt])?"
    "|ai|ao|au|ay|âu|ây|eo|êu|ia|iu|iêu|yêu|oi|ôi|ơi|oai|oay|oao|oeo|ua|ui|uây|uôi|uya|uyu|ưa|ưi|ưu"
    "|ươi|ươu)"
)
_TONES = re.compile(f"[{_GRAVE}{_ACUTE}{_TILDE}{_HOOK}{_DOT}]")
_MIN_SHARE, _MAX_UNICODE_SHARE = 0.85, 0.75


@dataclass(frozen=True, slots=True)
class Proposal:
    """The most likely reading of a text in an encoding from before Unicode.

    Attributes:
        encoding: the encoding it was typed in.
        text: the same text in Unicode.
    """

    encoding: Encoding
    text: str


def font_encoding(font: str) -> Encoding | None:
    """Return the encoding a font is made for, by its name.

    >>> font_encoding(".VnTimeH"), font_encoding("VNI-Times"), font_encoding("Times New Roman")
    ('TCVN3', 'VNI', None)
    """
    name = font.strip().lower()
    if name.startswith("vni-"):
        return "VNI"
    return "TCVN3" if name.startswith((".vn", "vntime", "vnarial")) else None


def decode_legacy(text: str, encoding: Encoding, font: str = "") -> str:
    """Convert `text` from an old encoding to Unicode.

    >>> decode_legacy("Chi boä", "VNI"), decode_legacy("chi bé", "TCVN3", ".VnTimeH")
    ('Chi bộ', 'CHI BỘ')
    """
    if encoding == "TCVN3":
        decoded_text = "".join(_TCVN3.get(letter, letter) for letter in text)
        return decoded_text.upper() if font.strip().lower().endswith("h") else decoded_text
    paired = _VNI_PAIR.sub(_compose_vni_pair, text)
    return unicodedata.normalize("NFC", "".join(_VNI_LETTERS.get(char, char) for char in paired))


def _compose_vni_pair(pair: re.Match[str]) -> str:
    letter = _VNI_LETTERS.get(pair[1], pair[1])
    return unicodedata.normalize("NFC", letter + _VNI_MARKS[pair[2].lower()])


def propose_readings(texts: Sequence[tuple[str, str]]) -> Mapping[int, Proposal]:
    """Propose readings by index for the texts of one column, given with their fonts.

    None for a text with a letter that only Unicode has, or without letters beyond ASCII, nor where
    both encodings fit a column equally.
    """
    candidates = [n for n, (text, _) in enumerate(texts) if _may_be_legacy(text)]
    column_encoding = _column_encoding(
        [texts[n][0] for n in candidates if not font_encoding(texts[n][1])]
    )
    readings = {}
    for number in candidates:
        text, font = texts[number]
        if encoding := font_encoding(font) or column_encoding:
            reading = decode_legacy(text, encoding, font)
            if reading != text:
                readings[number] = Proposal(encoding, reading)
    return readings


def _may_be_legacy(text: str) -> bool:
    unicode_letters = (
        char > "\u00ff" and (char.isalpha() or unicodedata.combining(char)) for char in text
    )
    return _LATIN.search(text) is not None and not any(unicode_letters)


def _column_encoding(texts: Sequence[str]) -> Encoding | None:
    """Return the one encoding in which a column's words make sense, or None."""
    matches = (word for text in texts for word in _WORD.findall(text) if not word.isascii())
    words = [word for word in matches if len(word) > 1]  # one letter alone proves nothing
    if not words or _syllable_share(words) >= _MAX_UNICODE_SHARE:
        return None
    encodings: tuple[Encoding, Encoding] = ("TCVN3", "VNI")
    shares = {
        encoding: _syllable_share([decode_legacy(word, encoding) for word in words])
        for encoding in encodings
    }
    best = max(encodings, key=lambda encoding: shares[encoding])
    fits = shares[best] >= _MIN_SHARE and shares["TCVN3"] != shares["VNI"]
    return best if fits else None


def _syllable_share(words: Sequence[str]) -> float:
    return sum(map(_is_syllable, words)) / len(words)


@lru_cache(maxsize=4096)
def _is_syllable(word: str) -> bool:
    """Whether a word could be Vietnamese: one syllable, at most one tone."""
    decomposed = unicodedata.normalize("NFD", word.lower().replace("ð", "đ"))
    base = unicodedata.normalize("NFC", _TONES.sub("", decomposed))
    return len(_TONES.findall(decomposed)) <= 1 and _SYLLABLE.fullmatch(base) is not None
