"""Texts are found alike wherever the copy stands, at a cost that grows with their number."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from mlay_batch.figures import text_similarity
from mlay_batch.figures.text_similarity import (
    TextKey,
    boilerplate,
    clauses,
    own_words,
    quote,
    similar_texts,
)

SYLLABLES = [
    f"{first}{rest}"
    for first in "bcdghklmnprstvx"
    for rest in ("a", "an", "ao", "inh", "oc", "uông")
]


def texts(count: int, seed: int = 1) -> dict[TextKey, str]:
    draw = random.Random(seed)
    return {
        (f"B{number}", 0): " ".join(draw.choices(SYLLABLES, k=40 + draw.randrange(30)))
        for number in range(count)
    }


@given(st.integers(0, 59), st.integers(0, 39), st.integers(0, 10_000))
def test_a_copy_with_a_word_changed_is_found_among_others(at: int, word: int, seed: int) -> None:
    corpus_texts = texts(60, seed)
    words = corpus_texts[f"B{at}", 0].split()
    words[word] = "khác"
    matches = similar_texts(corpus_texts | {("COPY", 0): " ".join(words)}, 90)
    assert [match.key for match in matches["COPY", 0]] == [(f"B{at}", 0)]
    assert set(matches) == {("COPY", 0), (f"B{at}", 0)}


@given(st.integers(0, 10_000))
def test_it_finds_what_comparing_all_with_all_finds(seed: int) -> None:
    corpus_texts = texts(12, seed)
    draw = random.Random(seed)
    for number in range(4):
        words = corpus_texts[f"B{number}", 0].split()
        for _ in range(draw.randrange(6)):
            words[draw.randrange(len(words))] = draw.choice(SYLLABLES)
        corpus_texts[f"C{number}", 0] = " ".join(words)
    everything = {
        (first, other)
        for first in corpus_texts
        for other in corpus_texts
        if first != other
        and text_similarity.similarity(corpus_texts[first], corpus_texts[other], 90)
    }
    matches = {
        (first, match.key)
        for first, others in similar_texts(corpus_texts, 90).items()
        for match in others
    }
    assert matches == everything


def test_ten_times_the_texts_are_ten_times_the_pairs_compared(monkeypatch) -> None:
    compared = {}
    for count in (300, 3000):
        corpus_texts = texts(count) | {("COPY", n): text for (_, n), text in texts(1).items()}
        calls: list[float] = []
        monkeypatch.setattr(
            text_similarity, "similarity", lambda *texts, calls=calls: calls.append(1) or 0
        )
        similar_texts(corpus_texts, 90)
        compared[count] = len(calls)
    assert 1 <= compared[300] <= 300
    assert compared[3000] <= 12 * max(compared[300], 10)


def test_what_many_wrote_is_nobodys_copy() -> None:
    agenda = "Quán triệt Kết luận 62. "
    month = {
        f"B{n}": clauses(agenda + f"Việc riêng số {n} của chi bộ ở bản {'x' * n}") for n in range(9)
    }
    common = boilerplate(month.values(), branches=8, share=100)
    assert common == frozenset(clauses(agenda))
    assert own_words(month["B3"], common) == " ".join(
        clauses("Việc riêng số 3 của chi bộ ở bản xxx")
    )
    assert boilerplate(list(month.values())[:8], branches=8, share=100) == frozenset()
    assert boilerplate(list(month.values())[:4], branches=8, share=30) == frozenset(clauses(agenda))
    assert boilerplate(list(month.values())[:3], branches=8, share=30) == frozenset()


def test_a_quote_is_its_own_words_as_written() -> None:
    common = frozenset(clauses("Quán triệt Kết luận 62."))
    assert quote("Quán triệt Kết luận 62. Bàn làm đường.", common) == "Bàn làm đường"
    assert quote("Bàn " * 40, common).endswith("Bàn…") and len(quote("Bàn " * 40, common)) <= 81
    assert quote("Quán triệt Kết luận 62.", common) == "Quán triệt Kết luận 62."


def test_spelling_and_form_of_letters_make_no_difference() -> None:
    assert clauses("Thị uỷ Mường Lay; HOÀ  giải") == clauses("thị ủy mường lay. Hòa giải!")
    assert clauses("1.142 đảng viên, 99,6 %") == ("1 142 đảng viên 99 6".replace("đảng", "đang̉"),)
