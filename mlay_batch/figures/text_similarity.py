"""How much texts are alike, at a cost that grows with their number, not with its square.

Texts are compared by their name keys, so spelling, capitals and Unicode forms make no difference,
and without the sentences handed down from above: an agenda the town sent out is nobody's copy.
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
_SKETCH_SIZE = 12  # shingles a text is known by: with half of all shared, 1 pair of 4,000 is missed
_COMMON_LIMIT = 24  # texts with one shingle; more and it says nothing about any two of them
_MIN_BRANCHES = 4  # branches that wrote a sentence, before a share of all says it was handed down

Clauses = tuple[str, ...]
TextKey = tuple[str, int]  # a branch, and which of its texts of the month


class SimilarText(NamedTuple):
    """Another text of the month, and how much alike it is in per cent."""

    key: TextKey
    similarity: float


@lru_cache(maxsize=4096)  # the words signs look for come again with every return
def clauses(text: str) -> Clauses:
    """Return the sentences and parts of sentences of a text, as bare words of the name key.

    A break is a semicolon, a full stop before a blank, a line, a dash between blanks; not a comma,
    nor the stop in "1.142".

    >>> one, other = clauses("BÀN việc làm đường; bàn việc  làm đường.")
    >>> one == other
    True
    """
    # word by word: a language has few words, so nearly all keys are known already
    parts = (" ".join(map(name_key, _WORDS.findall(clean(part)))) for part in _BREAKS.split(text))
    return tuple(part for part in parts if part)


def quote(text: str, common: frozenset[str], longest: int = 80) -> str:
    """Return the first words of a text that are its own, as they were written, cut at a blank."""
    own_parts = (
        part.strip() for part in _BREAKS.split(text) if not common.issuperset(clauses(part))
    )
    excerpt = next((part for part in own_parts if part), text.strip())
    return excerpt if len(excerpt) <= longest else excerpt[:longest].rpartition(" ")[0] + "…"


def boilerplate(texts: Iterable[Clauses], branches: float, share: float) -> frozenset[str]:
    """Return the clauses that more than `branches` of the texts hold, or more than `share` per
    cent of them if at least four do: they came from above, or everybody writes them.
    """
    texts = tuple(texts)
    counts = Counter(clause for text in texts for clause in set(text))
    return frozenset(
        clause
        for clause, count in counts.items()
        if count > branches or (count >= _MIN_BRANCHES and 100 * count > share * len(texts))
    )


def own_words(text: Clauses, common: frozenset[str]) -> str:
    """Return what is left of a text without the `common` clauses."""
    return " ".join(clause for clause in text if clause not in common)


def similarity(first: str, second: str, at_least: float) -> float:
    """Return how much two texts are alike in per cent, rounded down; 0 where less than `at_least`.

    It is the normalised indel similarity of the texts as they stand, or with their words sorted:
    the same sentences in another order are as much alike. Two empty texts are not.
    """
    if not first or not second:
        return 0.0
    score = ratio(first, second, score_cutoff=at_least)
    return (score or ratio(_sort_words(first), _sort_words(second), score_cutoff=at_least)) // 1


@lru_cache(maxsize=16384)  # a text is held against several others
def _sort_words(text: str) -> str:
    return " ".join(sorted(text.split()))


def similar_texts(
    texts: Mapping[TextKey, str], at_least: float
) -> Mapping[TextKey, tuple[SimilarText, ...]]:
    """Return for each text those that are like it, the most alike first, ties by key.

    Only pairs that share a rare shingle (four words running) are compared at all; each text is
    known by its twelve with the smallest checksums, so the cost is linear in the texts.
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
    """Return checksums, the same on every machine, of all runs of four words."""
    words = text.split()
    runs = (
        words[start : start + _SHINGLE_WORDS]
        for start in range(max(1, len(words) - _SHINGLE_WORDS + 1))
    )
    return frozenset(crc32(" ".join(run).encode()) for run in runs)
