"""Text similarity in linear time.

Texts are compared by their name keys, so spelling, capitals and Unicode forms make no difference,
and without boilerplate: sentences of an agenda that the office sent out are no copies.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import combinations
from typing import NamedTuple
from zlib import crc32

from rapidfuzz.fuzz import ratio

from mlay_batch.core.text import clean, name_key

_BREAKS = re.compile(r"[;\n•]|[.!?](?=\s|$)|\s[-–+]\s")
_WORDS = re.compile(r"\w[\w\u0300-\u036f]*")
_SHINGLE_WORDS = 4  # words
_SKETCH_SIZE = 12  # shingles per text: of pairs that share half of theirs 1 in 4,000 is missed
_COMMON_LIMIT = 24  # a shingle in more texts than this is ignored
_MIN_BRANCHES = 4  # branches with a clause before its share of all branches makes it boilerplate

Clauses = tuple[str, ...]
TextKey = tuple[str, int]  # a branch, and which of its texts of the month


class SimilarText(NamedTuple):
    """Another text of the month with its similarity in per cent."""

    key: TextKey
    similarity: float


@lru_cache(maxsize=4096)  # the words indicators search for come again with every return
def clauses(text: str) -> Clauses:
    """Return the sentences and parts of sentences of a text, as words of the name key.

    Clauses end at a semicolon, a full stop before a blank, a line end or a dash between blanks; not
    at a comma or at the stop in "1.142".

    >>> one, other = clauses("BÀN việc làm đường; bàn việc  làm đường.")
    >>> one == other
    True
    """
    # word by word: a language has few words, so nearly all keys are known already
    parts = (" ".join(map(name_key, _WORDS.findall(clean(part)))) for part in _BREAKS.split(text))
    return tuple(part for part in parts if part)


def quote(text: str, common: frozenset[str], longest: int = 80) -> str:
    """Return the first clause of a text that is not boilerplate, as written, cut at a blank."""
    own_parts = (
        part.strip() for part in _BREAKS.split(text) if not common.issuperset(clauses(part))
    )
    excerpt = next((part for part in own_parts if part), text.strip())
    return excerpt if len(excerpt) <= longest else excerpt[:longest].rpartition(" ")[0] + "…"


def boilerplate(texts: Iterable[Clauses], branches: float, share: float) -> frozenset[str]:
    """Return the clauses that came from above or that everybody writes.

    More than `branches` texts hold them, or at least four and more than `share` per cent of all.
    """
    texts = tuple(texts)
    counts = Counter(clause for text in texts for clause in set(text))
    return frozenset(
        clause
        for clause, count in counts.items()
        if count > branches or (count >= _MIN_BRANCHES and 100 * count > share * len(texts))
    )


def own_words(text: Clauses, common: frozenset[str]) -> str:
    """Return the text without the `common` clauses."""
    return " ".join(clause for clause in text if clause not in common)


def similarity(first: str, second: str, at_least: float) -> float:
    """Return the similarity of two texts in per cent, rounded down; 0 if less than `at_least`.

    It is the normalised indel similarity of the texts, or of their sorted words if the texts as
    written are not similar. An empty text is similar to none.
    """
    if not first or not second:
        return 0.0
    score = ratio(first, second, score_cutoff=at_least)
    return (score or ratio(_sort_words(first), _sort_words(second), score_cutoff=at_least)) // 1


@lru_cache(maxsize=16384)  # a text is compared with several others
def _sort_words(text: str) -> str:
    return " ".join(sorted(text.split()))


def similar_texts(
    texts: Mapping[TextKey, str], at_least: float
) -> Mapping[TextKey, tuple[SimilarText, ...]]:
    """Return the texts similar to each text, the most similar first, ties by key.

    Only pairs that share a rare shingle (four consecutive words) are compared. Each text has its
    twelve shingles with the smallest checksums, so the cost is linear in the number of texts.
    """
    similar: dict[TextKey, list[SimilarText]] = defaultdict(list)
    for first, second in _candidate_pairs(texts):
        if match := similarity(texts[first], texts[second], at_least):
            similar[first].append(SimilarText(second, match))
            similar[second].append(SimilarText(first, match))
    return {
        key: tuple(sorted(matches, key=lambda match: (-match.similarity, match.key)))
        for key, matches in similar.items()
    }


def _candidate_pairs(texts: Mapping[TextKey, str]) -> Iterator[tuple[TextKey, TextKey]]:
    shingles = {key: _shingles(text) for key, text in texts.items()}
    counts = Counter(shingle for text_shingles in shingles.values() for shingle in text_shingles)
    keys_by_shingle: dict[int, list[TextKey]] = defaultdict(list)
    for key, text_shingles in shingles.items():
        rare = sorted(shingle for shingle in text_shingles if counts[shingle] <= _COMMON_LIMIT)
        for shingle in rare[:_SKETCH_SIZE]:
            keys_by_shingle[shingle].append(key)
    pairs = {pair for keys in keys_by_shingle.values() for pair in combinations(keys, 2)}
    return iter(sorted(pairs))


def _shingles(text: str) -> frozenset[int]:
    """Return checksums of all runs of four words, the same on every machine."""
    words = text.encode().split(b" ")
    starts = range(max(1, len(words) - _SHINGLE_WORDS + 1))
    return frozenset([crc32(b" ".join(words[n : n + _SHINGLE_WORDS])) for n in starts])
