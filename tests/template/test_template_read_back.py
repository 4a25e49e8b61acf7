"""What goes into a template comes out of it: the reader finds the same values, and nothing else."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date

from builders.small_form import CONTEXT, REGISTER, meeting, members, small_form
from hypothesis import given, settings
from hypothesis import strategies as st

from mlay_batch.core.findings import Finding, Place, Severity
from mlay_batch.core.text import clean
from mlay_batch.model.records import Row, json_value
from mlay_batch.reader import read
from mlay_batch.schema import load_catalogue
from mlay_batch.template import render

FORM = small_form()
# Letters of Latin-1 may be TCVN3 or VNI, which is told: tests/reader holds that.
LATIN_1 = "".join(map(chr, range(0xA1, 0x100)))
letters = st.characters(
    categories=["L", "N", "P", "S", "Zs"], max_codepoint=0x2FFF, exclude_characters=LATIN_1
)
# A question mark by itself stands for what is unknown (C29), a bare number is asked about (C33).
texts = (
    st.text(letters, min_size=1, max_size=60)
    .map(clean)
    .filter(lambda text: bool(text.strip("?")) and not text.lstrip("+-").isdigit())
)
days = st.dates(date(2019, 11, 1), date(2019, 11, 30)).map(lambda day: day.day)
rows = st.builds(
    lambda day, officer, content, score: meeting(
        20, day, officer=officer, content=content, score=score
    ),
    days,
    st.sampled_from([None, "CB07", "CB03"]),
    texts,
    st.none() | st.integers(0, 200).map(lambda half: half / 2),
)
cards = st.builds(
    lambda opening, none, reason: members(
        opening=opening, admitted=0, closing=opening, none_held=none, reason=reason
    ),
    st.integers(0, 500),
    st.sampled_from(["yes", "no"]),
    st.none() | texts,
)


def count_values(given_rows: tuple[Row, ...] | list[Row]) -> Counter[tuple[object, ...]]:
    return Counter(
        (
            row.section,
            *sorted((name, json_value(value)) for name, value in row.values.items() if value),
        )
        for row in given_rows
    )


@settings(max_examples=25)
@given(cards, st.lists(rows, max_size=9), st.sampled_from(["vi", "en"]))
def test_the_reader_finds_what_was_written(card, table, lang):
    back = read(render(FORM, CONTEXT, [card, *table], lang=lang), "a.xlsx", [FORM])
    assert back.findings == ()
    named = [  # a code is shown, and read, with the name it has in the list
        replace(row, values={**row.values, "officer": CONTEXT.label_code("officers", code)})
        if (code := row.values.get("officer"))
        else row
        for row in table
    ]
    assert count_values(back.rows) == count_values([card, *named])


def test_every_shipped_form_is_read_without_a_finding():
    forms = load_catalogue().forms
    for form in forms:
        context = REGISTER if form.period == "none" else CONTEXT
        for lang in ("vi", "en"):
            back = read(render(form, context, lang=lang), "a.xlsx", forms)
            assert (back.form, back.version, back.findings) == (form.form, form.version, ())


def test_a_returned_form_is_read_as_if_nothing_were_marked():
    table = [meeting(20, content="Họp", score=90.0)]
    marks = [
        Finding("D02", Severity.ERROR, Place("a", "Báo cáo", "C20"), {"total": 1, "sum": 2}),
        Finding("D10", Severity.WARNING, Place("a", "Báo cáo", "P99")),
    ]
    back = read(render(FORM, CONTEXT, table, marks), "a.xlsx", [FORM])
    assert back.findings == ()
    assert count_values(back.section_rows("meetings")) == count_values(table)
