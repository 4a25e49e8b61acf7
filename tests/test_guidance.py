"""What a form tells about itself: no hint names a day that would be refused."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import pytest
from builders.filled_forms import CATALOGUE

from mlay_batch.core.period import Period
from mlay_batch.schema.instructions import example_text, instructions
from mlay_batch.schema.model import Due

MEETING = next(form for form in CATALOGUE.forms if form.form == "meeting")
DAY = re.compile(r"\b(\d\d)/(\d\d?)/(\d{4})\b")


@pytest.mark.parametrize(
    ("period", "day"),
    [("2019-11", "05/11/2019"), ("2019-02", "05/02/2019"), (None, "03/9/2019")],
)
def test_the_day_of_an_example_lies_in_the_period(period, day):
    held_on = MEETING.section("meetings").field("held_on")
    span = Period.parse(period) if period else None
    assert example_text(held_on, span, "vi") == f"Ví dụ: {day}"


def test_every_day_told_of_a_month_lies_in_it_or_is_the_day_due():
    period = Period(2019, 11)
    text = "\n".join(word for _, words in instructions(MEETING, period, "vi") for word in words)
    days = {date(int(y), int(m), int(d)) for d, m, y in DAY.findall(text)}
    assert date(2019, 11, 5) in days
    assert {day for day in days if not period.start <= day <= period.end} <= {date(2019, 12, 5)}


@pytest.mark.parametrize("form", CATALOGUE.forms, ids=lambda form: f"{form.form}-{form.version}")
@pytest.mark.parametrize("lang", ["vi", "en"])
def test_a_form_tells_one_due_day_that_of_the_office(form, lang):
    """A day in the form's own words would stay where the office sets another."""
    words = " ".join(instruction.of(lang) for instruction in form.instructions)
    assert not re.search(r"ngày \d|\bhạn\b|\d(st|nd|rd|th)\b|\bdue\b", words)
    if form.due:
        period = Period(2019, 11)
        later = replace(form, due=Due(9))
        text = "\n".join(word for _, line in instructions(later, period, lang) for word in line)
        assert text.count("Hạn gửi" if lang == "vi" else "Due") == 1
        assert ("09/12/2019" if lang == "vi" else "2019-12-09") in text


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_no_hint_says_the_same_twice(lang):
    rows = (words for style, words in instructions(MEETING, None, lang) if style == "row")
    for _, how, _ in rows:
        sentences = [part.strip(" .").casefold() for part in how.split(". ")]
        assert len(sentences) == len(set(sentences)), how
        assert how.casefold().count("(mã – họ tên)") <= 1
        assert how.casefold().count("ngày/tháng/năm") <= 1
