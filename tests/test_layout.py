"""Any form has a plan in which every field has its place and no two cells share one."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from builders.reader_files import MEETING
from hypothesis import given
from hypothesis import strategies as st

from mlay_batch.schema import Field, Form, Section, Text, load_catalogue
from mlay_batch.schema.layout import (
    HEADER,
    RECORD_MARKER,
    VALUE_MARKER,
    CellPlan,
    SheetPlan,
    fixed_texts,
    label_section,
    line_id,
    plan_sheets,
    sections_of,
)
from mlay_batch.schema.model import Effective, Part

words = st.builds(Text, st.text("ab ", min_size=1, max_size=60), st.just("title"))
maybe = st.none() | words
kinds = st.sampled_from(["date", "integer", "number", "text", "choice", "ref", "period"])


@st.composite
def sections(draw: st.DrawFn, number: int) -> Section:
    fields = [
        Field(
            f"f{at}",
            draw(kinds),
            draw(words),
            unit=draw(maybe),
            help=draw(maybe),
            group=draw(st.none() | st.just(Text("Nhóm", "Group"))),
            width=draw(st.none() | st.integers(4, 90)),
        )
        for at in range(draw(st.integers(1, 12)))
    ]
    return Section(
        f"s{number}",
        draw(st.sampled_from(["table", "card"])),
        draw(words),
        tuple(fields),
        rows=draw(st.integers(1, 5)),
        note=draw(maybe),
        sheet=draw(st.sampled_from([None, Text("Khác", "Other")])),
    )


@st.composite
def columns(draw: st.DrawFn) -> tuple[Section, ...]:
    """Records in columns and what hangs on them, in one or two parts."""
    names = [f"c{number}" for number in range(draw(st.integers(1, 6)))]
    fields = tuple(Field(name, draw(kinds), draw(words)) for name in names)
    base = Section("base", "columns", draw(words), fields, rows=draw(st.integers(1, 5)))
    own = tuple(Field(f"h{number}", draw(kinds), draw(words)) for number in range(3))
    lines = st.lists(st.sampled_from([f.id for f in own]), min_size=1, unique=True)
    parts = tuple(
        Part(f"p{number}", {name: draw(maybe) for name in draw(lines)})
        for number in range(draw(st.integers(1, 3)))
    )
    hung = Section("hung", "columns", draw(words), (fields[0], *own), under="base",
                   inherits=(names[0],), parts=parts)  # fmt: skip
    return base, hung


@st.composite
def forms(draw: st.DrawFn) -> Form:
    parts = tuple(draw(sections(number)) for number in range(draw(st.integers(1, 4))))
    if draw(st.booleans()):
        elsewhere = Text("Bảng", "Tables")  # columns share their sheet with cards alone
        moved = (replace(s, sheet=elsewhere) if s.layout == "table" else s for s in parts)
        parts = (*draw(columns()), *moved)
    return Form(
        "any",
        "1",
        draw(st.sampled_from(["month", "year", "none"])),
        Effective("2018-01"),
        (),
        Text("Mẫu", "Form"),
        Text("Chính", "Main"),
        parts,
    )


every_form = st.one_of(forms(), st.sampled_from(load_catalogue().forms))


def cells_under(cell: CellPlan) -> list[tuple[int, int]]:
    return [(cell.row, column) for column in range(cell.column, cell.column + cell.span)]


@given(every_form)
def test_no_two_cells_share_a_place_and_none_leaves_the_sheet(form):
    for sheet in plan_sheets(form):
        spots = [spot for cell in sheet.cells for spot in cells_under(cell)]
        assert max(Counter(spots).values()) == 1
        assert all(row <= sheet.last_row and col <= sheet.last_column for row, col in spots)
        assert set(range(2, sheet.last_column + 1)) == set(sheet.widths)


@given(every_form, st.integers(0, 9))
def test_every_field_has_one_value_cell_a_record(form, rows):
    value_cells = Counter(
        (cell.section, cell.field)
        for sheet in plan_sheets(form, {section.id: rows for section in form.sections})
        for cell in sheet.cells
        if cell.role == "value"
    )
    for section in sections_of(form):
        base = form.section(section.under) if section.under else section
        records = 1 if section.layout == "card" else max(base.rows, rows)
        parts = section.column_parts() if section.layout == "columns" else ()
        for entry in section.fields:
            times = sum(entry.id in part.lines for part in parts) if parts else 1
            count = value_cells.pop((section.id, entry.id), 0)
            assert count == records * times or (form.is_list and count == rows + 40)
    assert not value_cells


def markers(sheet: SheetPlan) -> dict[tuple[int, int], str]:
    return {(c.row, c.column): str(c.text) for c in sheet.cells if c.role == "marker"}


@given(every_form)
def test_a_value_is_found_by_the_ids_alone(form):
    """As the reader does: the id over a table's column, or "value" and the id in column A."""
    for sheet in plan_sheets(form):
        ids = markers(sheet)
        rows = {text: row for (row, column), text in ids.items() if column == 1 and ":" in text}
        layouts = {section.id: section.layout for section in sections_of(form)}
        for cell in (cell for cell in sheet.cells if cell.role == "value"):
            start, end = rows[f"{cell.section}:start"], rows[f"{cell.section}:end"]
            assert start < cell.row < end
            assert {start, end} <= set(sheet.hidden_rows)
            if layouts[cell.section] == "columns":
                base = rows[f"{form.section(cell.section).under or cell.section}:start"]
                assert ids[base, cell.column] == RECORD_MARKER
                assert ids[cell.row, 1] == line_id(Part(cell.part, {}), cell.field)
                assert cell.span == 1
            elif layouts[cell.section] == "card":
                assert (ids[start, cell.column], ids[cell.row, 1]) == (VALUE_MARKER, cell.field)
            else:
                assert ids[start, cell.column] == cell.field
                assert cell.span == 1
                assert rows[f"{cell.section}:head"] < cell.row


@given(every_form)
def test_the_unit_stands_right_of_its_value_and_the_label_left_of_both(form):
    for sheet in plan_sheets(form):
        at = {(c.role, c.section, c.field, c.part): c for c in sheet.cells if c.field}
        for (role, *path), cell in at.items():
            if role == "unit":
                value = at["value", *path]
                assert cell.column == value.column + value.span
            if role == "label":
                assert cell.column + cell.span <= at["value", *path].column


@given(every_form)
def test_the_texts_of_the_template_are_known(form):
    texts = fixed_texts(form)
    for section in map(label_section, form.sections):
        for entry in section.fields:
            assert {entry.title.vi, entry.title.en} <= texts
    units = [
        c for sheet in plan_sheets(form) for c in sheet.cells if c.role in ("unit", "help", "note")
    ]
    assert {cell.text.vi for cell in units if isinstance(cell.text, Text)} <= texts


def test_numbers_of_a_card_stand_in_a_narrow_column():
    (sheet,) = plan_sheets(MEETING)
    values = [c for c in sheet.cells if (c.role, c.section) == ("value", "members")]
    numbers = [c for c in values if c.field not in ("no_meeting", "reason")]
    assert {sheet.widths[cell.column] for cell in numbers} == {9}


def test_only_a_periodic_form_has_the_heading_card():
    for form in load_catalogue().forms:
        assert (HEADER in sections_of(form)) == (form.period != "none")
