"""Whatever the order of columns and rows, and the words of the headings: each value in its place.

What is not found in its place is a finding at its cell; nothing is read from another one.
"""

from __future__ import annotations

from datetime import date, timedelta

from builders.circulated_list import MARKS, Book, Typed, read_list
from builders.sample_office import catalogue
from hypothesis import given
from hypothesis import strategies as st

from mlay_batch.core.findings import column_letters
from mlay_batch.core.text import strip_accents
from mlay_batch.model.records import Submission
from mlay_batch.schema.list_semantics import heading_words
from mlay_batch.schema.model import Field

FORM = catalogue().lists[0]
FIELDS: dict[str, Field] = {
    path: FORM.section(section).field(name)
    for path in (
        "meetings.branch", "members.closing", "meetings.held_on", "scores.total", "scores.grade",
        "scores.explanation",
    )
    for section, name in [path.split(".")]
}  # fmt: skip
BANDS = ("good", "fair", "average", "poor")
NAMES = [f"Chi bộ {word}" for word in ("Một", "Hai", "Ba", "Bốn", "Năm", "Sáu")]
FIRST_DAY = date(2026, 6, 1)


def retyped(words: str) -> st.SearchStrategy[str]:
    """A heading as somebody else types it."""
    return st.sampled_from(
        [words, words.upper(), words + ":", f"  {words} ", strip_accents(words), f"{words} (1)",
         words.replace(" ", "\n", 1)]
    )  # fmt: skip


@st.composite
def meeting(draw: st.DrawFn) -> dict[str, Typed]:
    day = FIRST_DAY + timedelta(draw(st.integers(0, 29)))
    written = [day, f"{day.day}/{day.month}/{day.year}", f"{day:%d/%m/%Y}", f"{day.day}-6-2026"]
    points = draw(st.integers(0, 100))
    members = draw(st.one_of(st.none(), st.integers(3, 90)))
    return {
        "meetings.held_on": draw(st.sampled_from(written)),
        "scores.total": draw(st.sampled_from([points, f"{points}", f"{points}/100"])),
        "scores.grade": draw(st.one_of(st.none(), st.sampled_from(BANDS))),
        "scores.explanation": draw(st.sampled_from([None, "trừ điểm chuẩn bị", "họp muộn"])),
        "members.closing": members and draw(st.sampled_from([members, f"{members}/{members}"])),
        "@day": day,
        "@points": points,
        "@members": members,
    }


@st.composite
def layouts(draw: st.DrawFn) -> tuple[list[tuple[str, str, str]], bool]:
    """The columns: path, choice and heading; and whether grades are marked in columns."""
    is_marked = draw(st.booleans())
    columns = []
    for path, field in FIELDS.items():
        if path == "scores.grade" and is_marked:
            columns += [(path, band, title) for band, title in zip(BANDS, MARKS, strict=True)]
        else:
            words = draw(st.sampled_from(list(heading_words(field))))
            columns.append((path, "", draw(retyped(words))))
    columns = draw(st.permutations(columns))
    return [("", "", "STT"), *columns] if draw(st.booleans()) else columns, is_marked


def typed(row: dict[str, Typed], name: str | None, path: str, choice: str) -> Typed:
    """What stands in a column of a meeting's row."""
    if path == "meetings.branch":
        return name
    value = row.get(path)
    if path != "scores.grade" or value is None:
        return value
    if choice:
        return "x" if value == choice else None
    return MARKS[BANDS.index(str(value))]


@given(
    layouts(),
    st.lists(st.tuples(st.sampled_from(NAMES), meeting()), min_size=1, max_size=8),
    st.integers(0, 4),
    st.lists(st.integers(0, 2), min_size=8, max_size=8),
    st.booleans(),
    st.booleans(),
)
def test_each_value_is_in_its_place_or_a_finding(
    layout: tuple[list[tuple[str, str, str]], bool],
    meetings: list[tuple[str, dict[str, Typed]]],
    titles: int,
    blanks: list[int],
    has_total: bool,
    is_named_once: bool,
) -> None:
    columns, _ = layout
    rows: list[list[Typed]] = [["Danh sách tháng 6 năm 2026"], *[[] for _ in range(titles)]]
    rows.append([words for _, _, words in columns])
    placed, before = [], None
    for (name, row), gap in zip(meetings, blanks, strict=False):
        rows += [[] for _ in range(gap)]
        shown = None if is_named_once and before == name and not gap else name
        rows.append([typed(row, shown, path, choice) for path, choice, _ in columns])
        placed.append((name, row, len(rows)))
        before = name
    if has_total:
        rows.append(["Tổng cộng", *[None] * (len(columns) - 2), 5])
    read = read_list(Book({"Sheet1": rows}).bytes())
    assert not any(finding.is_error for finding in read.findings)
    by_name = {member.header["branch"].text: member for member in read.members}
    assert set(by_name) == {name for name, _, _ in placed}
    assert sum(len(m.section_rows("meetings")) for m in read.members) == len(placed)
    for name, row, number in placed:
        check_row(by_name[name], row, number, columns)


def check_row(
    member: Submission, row: dict[str, Typed], number: int, columns: list[tuple[str, str, str]]
) -> None:
    """The values of a row are those typed, and their cells lead back to it."""
    (meeting_row,) = [r for r in member.section_rows("meetings") if r.number == number]
    assert meeting_row.values["held_on"] == row["@day"]
    score = next((r for r in member.section_rows("scores") if r.number == number), None)
    wanted = {"total": row["@points"], "grade": row["scores.grade"],
              "explanation": row["scores.explanation"]}  # fmt: skip
    assert score is not None
    assert {name: score.values[name] for name in wanted} == wanted
    places = {
        path: column_letters(column)
        for column, (path, choice, _) in enumerate(columns, 1)
        if not choice or choice == row["scores.grade"]
    }
    assert meeting_row.cells["held_on"] == f"{places['meetings.held_on']}{number}"
    assert score.cells["total"] == f"{places['scores.total']}{number}"
    if row["scores.grade"]:
        assert score.cells["grade"] == f"{places['scores.grade']}{number}"
    counts = [r.values.get("closing") for r in member.section_rows("members")]
    told = [f for f in member.findings if f.code == "C40"]
    assert row["@members"] in (None, *counts) or told
