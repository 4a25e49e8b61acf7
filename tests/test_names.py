"""The name key: what a reader calls equal is equal, and nothing else."""

import unicodedata
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mlay_batch.core.text import clean, consecutive_runs, name_key, nearest

VIETNAMESE = st.text(
    alphabet="aăâbcdđeêghiklmnoôơpqrstuưvxyàáảãạấầẩẫậắằếềểễệốồớờứừữựỹỵ ĐÐ", max_size=30
)


@pytest.mark.parametrize(
    ("first", "other"),
    [
        ("Thị ủy Mường Lay", "Thị uỷ Mường Lay"),
        ("hòa bình", "hoà bình"),
        ("Đồi Cao", "Ðồi Cao"),
        ("Na Lay", "NA  LAY"),
        ("Chi bộ\u00a0số 1", "Chi bộ số 1 "),
        (unicodedata.normalize("NFD", "Nguyễn Thị Thủy"), "Nguyễn Thị Thuỷ"),
        ("Chi\u200bbộ", "Chibộ"),
    ],
)
def test_spellings_of_one_name_have_one_key(first, other):
    assert name_key(first) == name_key(other)


@pytest.mark.parametrize(
    ("first", "other"), [("Lê", "Le"), ("Mường", "Muông"), ("má", "mà"), ("ba", "bạ")]
)
def test_an_accent_makes_another_name(first, other):
    assert name_key(first) != name_key(other)


@given(VIETNAMESE)
@example("ốực")  # two tones on one syllable: a typing mistake, still one key
def test_the_key_does_not_depend_on_form_or_case(text):
    assert name_key(text) == name_key(unicodedata.normalize("NFD", text).upper())
    assert name_key(name_key(text)) == name_key(text)


@given(st.text(max_size=40))
def test_clean_is_stable_for_any_text(text):
    assert clean(clean(text)) == clean(text)


def test_the_nearest_name_may_lack_its_accents():
    assert nearest("Thuong ky", ["Thường kỳ", "Chuyên đề"]) == "Thường kỳ"
    assert nearest("zzz", ["Thường kỳ"]) is None


@given(st.lists(st.integers(1, 40)))
def test_runs_cover_the_numbers_with_gaps_between(numbers):
    runs = list(consecutive_runs(numbers))
    assert [n for first, last in runs for n in range(first, last + 1)] == sorted(set(numbers))
    assert all(run[1] + 1 < other[0] for run, other in pairwise(runs))
