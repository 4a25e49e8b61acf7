"""Forms whose records are columns, as people hand them in: inserted, moved, hidden, copied."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable
from datetime import date

import openpyxl
import pytest
from builders import libreoffice
from builders.card_form import CONTEXT, FORM, WITH_POINTS, hung, post, tour, whole_form
from builders.reader_files import FormFile, Formula, codes, codes_and_cells
from hypothesis import given, settings
from hypothesis import strategies as st

from mlay_batch.core.findings import column_letters
from mlay_batch.model.records import Row, Submission, json_value
from mlay_batch.reader import read
from mlay_batch.schema.model import Form
from mlay_batch.template import render

WHOLE = whole_form()
DAY, LATER = date(2019, 11, 3), date(2019, 11, 20)


def paper() -> FormFile:
    """Return a form with one tour, on which one species was seen."""
    file = FormFile(FORM)
    for name, value in {"day": DAY, "route": "Ven sông", "owed": 8, "went": 7}.items():
        file.put(f"tours.{name}", value)
    file.put("tours.report", "Gỡ bẫy.").put("sightings.species", "Nai").put("sightings.count", 2)
    return file.put("marks.total", 91).put("post.opening", 9)


def put_second(file: FormFile, column: int | None = None) -> FormFile:
    """Add a tour, in another column of the sheet if that is given."""
    for path, record, value in (
        ("tours.day", 1, LATER),
        ("tours.route", 1, "Đường đỉnh"),
        ("tours.owed", 1, 8),
        ("tours.went", 1, 8),
        ("tours.report", 1, "Đi đêm."),
        ("sightings.species", 2, "Hoẵng"),
        ("marks.total", 3, 80),
    ):
        sheet, (row, own) = file.spot(path, record)
        file.write((row, column or own), value, sheet)
    return file


def found(submission: Submission) -> Counter[tuple[object, ...]]:
    """Return the values of each record, without blanks; inherited ones too."""
    return counted(submission.rows)


def counted(rows: Iterable[Row]) -> Counter[tuple[object, ...]]:
    return Counter(
        (row.section, *sorted((n, json_value(v)) for n, v in row.values.items() if v is not None))
        for row in rows
    )


def test_a_record_is_what_stands_in_a_column():
    submission = put_second(paper()).read()
    assert codes(submission) == []
    first, second = submission.section_rows("tours")
    assert (first.values["day"], second.values["day"]) == (DAY, LATER)
    nai, hoang = submission.section_rows("sightings")
    assert (nai.values["day"], nai.values["route"], hoang.values["day"]) == (DAY, "river", LATER)
    own, confirmed = submission.section_rows("marks")
    assert (own.values["judge"], own.values["total"]) == ("own", 91)
    assert (confirmed.values["judge"], confirmed.values["day"]) == ("confirmed", LATER)
    assert nai.cells["day"] == first.cells["day"]


def test_what_the_program_wrote_is_no_record():
    back = read(render(FORM, CONTEXT), "x.xlsx", [FORM])
    assert back.findings == ()
    assert {row.section for row in back.rows} == {"post"}
    file = FormFile(FORM).put("tours.route", "Ven sông").put("tours.owed", 8, 1)
    assert file.read().section_rows("tours") == ()


@pytest.mark.parametrize(
    ("path", "value"), [("tours.route", "Tuần đêm"), ("sightings.species", "Nai")]
)
def test_anything_more_is_one(path, value):
    submission = FormFile(FORM).put("tours.route", "Ven sông").put(path, value).read()
    assert len(submission.section_rows("tours")) == 1


def test_two_tours_of_one_day_are_two():
    file = put_second(paper()).put("tours.day", DAY, 1)
    submission = file.read()
    days = [row.values["day"] for row in submission.section_rows("tours")]
    assert (days, codes(submission)) == ([DAY, DAY], [])


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("before", ["first", "last"])
def test_an_inserted_column_is_one_more_record(count, before):
    """It has no ids: it is read by its place, wherever between the marked ones it is."""
    file = put_second(paper())
    _, (_, column) = file.spot("tours.day", 1)
    at = column if before == "first" else column + 1
    file.move(lambda s: (s[0], s[1] + count * (s[1] >= at)))
    put_second(file, at + count - 1)
    submission = file.read()
    assert codes(submission) == []
    assert len(submission.section_rows("tours")) == 3
    assert Counter(r.values["species"] for r in submission.section_rows("sightings")) == {
        "Nai": 1,
        "Hoẵng": 2,
    }


def test_a_column_beyond_the_last_is_told():
    file = put_second(paper())
    _, (_, column) = file.spot("tours.day", 1)
    put_second(file, column + 2)
    submission = file.read()
    assert len(submission.section_rows("tours")) == 2
    assert set(codes(submission)) == {"C20"}
    assert len(codes(submission)) == 7


def test_columns_exchanged_are_the_same_records():
    file = put_second(paper())
    _, (_, column) = file.spot("tours.day", 1)
    assert found(file.swap_columns(column - 1, column).read()) == found(put_second(paper()).read())


def test_labels_moved_behind_the_answers():
    """The ids still tell the lines; that nobody sees their names where they were is told."""
    file = paper()
    _, (_, column) = file.spot("tours.day")
    file.swap_columns(column - 1, column + 3)
    submission = file.read()
    assert codes(submission) == ["C35"] * 3
    assert found(submission) == found(paper().read())


@pytest.mark.parametrize("path", ["tours.owed", "sightings.species", "marks.total"])
def test_lines_moved_with_their_ids_are_found(path):
    file = put_second(paper())
    _, (row, _) = file.spot(path)
    rows = {row: row + 1, row + 1: row}
    expected = found(put_second(paper()).read())
    submission = file.move(lambda s: (rows.get(s[0], s[0]), s[1])).read()
    assert (found(submission), codes(submission)) == (expected, [])


@pytest.mark.parametrize("name", ["day", "report"])
def test_rows_inserted_between_lines_do_no_harm(name):
    file = put_second(paper())
    _, (row, _) = file.spot(f"tours.{name}")
    submission = file.insert_row(row).read()
    assert (found(submission), codes(submission)) == (found(put_second(paper()).read()), [])


def test_words_in_an_inserted_row_are_told():
    file = paper()
    _, (row, column) = file.spot("tours.report")
    file.insert_row(row).write((row, column), "thêm một dòng")
    assert ("C19", f"{column_letters(column)}{row}") in codes_and_cells(file.read())


@pytest.mark.parametrize(
    ("one", "other"), [("tours.owed", "tours.went"), ("tours.day", "tours.report")]
)
def test_exchanged_headings_are_refused(one, other):
    """Which of the two was meant, the label or the hidden id, nobody knows."""
    file = put_second(paper())
    (_, (row, column)), (_, (below, _)) = file.spot(one), file.spot(other)
    cells = file.sheets[file.first]
    cells[row, column - 1], cells[below, column - 1] = (
        cells[below, column - 1],
        cells[row, column - 1],
    )
    submission = file.read()
    assert {"R32"} == set(codes(submission))
    assert submission.section_rows("tours")[0].values.get(one.partition(".")[2]) is None


def test_a_hidden_column_with_figures_is_refused():
    file = put_second(paper())
    sheet, (_, column) = file.spot("tours.day", 1)
    file.hidden_columns.add((sheet, column))
    assert "C18" in codes(file.read())


def test_a_hidden_line_with_figures_is_refused():
    file = paper()
    sheet, (row, _) = file.spot("tours.went")
    file.hidden_rows.add((sheet, row))
    assert "C17" in codes(file.read())


def test_a_forged_result_is_not_believed():
    """The office computes it itself; a result that a program did not renew is no mistake either."""
    file = paper().put("tours.excused", Formula("=7-7", 5)).put("marks.band", "Tốt")
    submission = file.read()
    assert codes(submission) == []
    assert submission.section_rows("tours")[0].values.get("excused") is None
    file.put("tours.excused", 77).put("marks.band", "Kém").put("post.staff", -3)
    assert (found(file.read()), codes(file.read())) == (found(submission), [])


def copied(file: FormFile) -> FormFile:
    """Return what is seen of a form, in a new workbook."""
    cells = file.sheets[file.first]
    hidden = {
        r for (r, c), value in cells.items() if c == 1 and str(value).endswith((":start", ":end"))
    }
    file.sheets[file.first] = {s: v for s, v in cells.items() if s[1] > 1 and s[0] not in hidden}
    file.stamp = []
    return file


def test_a_copy_in_a_new_workbook_is_read_by_its_labels():
    submission = copied(put_second(paper())).read()
    assert found(submission) == found(put_second(paper()).read())
    assert submission.form == "patrol"


@pytest.mark.parametrize("what", ["tours.day", "sightings.species", "marks.total"])
def test_a_label_typed_anew_is_told(what):
    file = paper()
    _, (row, column) = file.spot(what)
    file.write((row, column - 1), "Mục này của trạm")
    submission = file.read()
    assert [f.code for f in submission.findings] == ["C26"]
    assert found(submission) == found(paper().read())


def test_a_line_deleted_is_missed():
    file = paper()
    _, (row, _) = file.spot("tours.went")
    file.move(lambda s: None if s[0] == row else (s[0] - (s[0] > row), s[1]))
    assert ("R26", "tours.went") in [(f.code, f.params.get("field")) for f in file.read().findings]


def test_what_an_office_switches_off_is_not_missed():
    """The stamp says what was switched on when the form was written; without it, any may be off."""
    rows = [tour(3), hung("marks", 3, judge="own", total=70)]
    back = read(render(WHOLE, CONTEXT, rows), "x.xlsx", [WHOLE])
    assert back.findings == ()
    assert back.section_rows("marks")[0].values["total"] == 70
    copy = copied(FormFile(FORM).put("marks.total", 70)).save()
    assert codes(read(copy, "x.xlsx", [WHOLE])) == ["R28"] * 4


def test_a_line_that_was_switched_on_is_missed():
    file = FormFile(WHOLE).put("marks.gear", 7)
    _, (row, _) = file.spot("marks.order")
    file.move(lambda s: None if s[0] == row else (s[0] - (s[0] > row), s[1]))
    assert ("R26", "marks.order") in [(f.code, f.params.get("field")) for f in file.read().findings]


def test_merged_answers_are_refused():
    file = put_second(paper())
    sheet, (row, column) = file.spot("tours.report")
    file.merged.append((sheet, row, column, row, column + 1))
    del file.sheets[sheet][row, column + 1]
    assert "C16" in codes(file.read())


def test_a_swap_of_dates_and_words_is_told_at_the_cell_of_the_tour():
    file = paper().put("tours.day", "hôm qua").put("tours.route", "đường mòn")
    at = [(code, cell) for code, cell in codes_and_cells(file.read())]
    assert [cell for _, cell in at] == [file.cell("tours.day"), file.cell("tours.route")]


days = st.integers(1, 30)
words = st.sampled_from(["Nai", "Hoẵng", "Lợn rừng", "Gà lôi trắng"])
records = st.fixed_dictionaries(
    {
        "day": days,
        "route": st.sampled_from(["river", "ridge", "night"]),
        "went": st.integers(0, 8),
        "shirked": st.none() | st.integers(0, 3),
        "report": st.sampled_from(["Gỡ bẫy.", "Đi đêm.\nMưa to."]),
        "first": st.none() | words,
        "second": st.none() | words,
        "own": st.none() | st.integers(0, 200).map(lambda half: half / 2),
        "confirmed": st.none() | st.integers(0, 100),
    }
)


def rows_of(tours: list[dict[str, object]], form: Form) -> list[Row]:
    rows = [post()]
    for drawn in tours:
        keys = int(str(drawn["day"])), str(drawn["route"])
        own = {n: drawn[n] for n in ("went", "shirked", "report")}
        rows.append(tour(*keys, **own))  # type: ignore[arg-type]
        species = [drawn[n] for n in ("first", "second") if drawn[n]]
        rows.extend(hung("sightings", *keys, species=str(name)) for name in species)
        points = {"total": drawn["own"]}
        if form is WITH_POINTS and drawn["own"] is not None:
            points = {"order": min(60, float(str(drawn["own"]))), "gear": 1}
        if drawn["own"] is not None:
            rows.append(hung("marks", *keys, judge="own", **points))  # type: ignore[arg-type]
        if drawn["confirmed"] is not None:
            rows.append(hung("marks", *keys, judge="confirmed", total=int(str(drawn["confirmed"]))))
    return rows


@settings(max_examples=30, deadline=None)
@given(st.lists(records, max_size=5, unique_by=lambda r: (r["day"], r["route"])), st.booleans())
def test_the_reader_finds_what_was_written(tours, with_points):
    form = WITH_POINTS if with_points else FORM
    rows = rows_of(tours, form)
    back = read(render(form, CONTEXT, rows), "x.xlsx", [form])
    assert back.findings == ()
    assert found(back) == counted(rows)


def test_openpyxl_saves_formulas_without_results():
    rows = [tour(3, shirked=1), hung("marks", 3, judge="own", total=70), post(joined=2)]
    book = openpyxl.load_workbook(io.BytesIO(render(FORM, CONTEXT, rows)))
    buffer = io.BytesIO()
    book.save(buffer)
    back = read(buffer.getvalue(), "x.xlsx", [FORM])
    assert (codes(back), found(back)) == ([], found(read(render(FORM, CONTEXT, rows), "x", [FORM])))


@pytest.mark.libreoffice
@pytest.mark.parametrize("kind", ["xlsx", "xls", "ods"])
def test_libreoffice_inserts_a_column_and_saves_every_kind(kind, tmp_path):
    path = tmp_path / "phiếu.xlsx"
    path.write_bytes(render(FORM, CONTEXT, [tour(3), tour(9), hung("sightings", 9, species="Nai")]))
    file = FormFile(FORM)
    column = column_letters(file.spot("tours.day", 1)[1][1])
    steps = [libreoffice.unprotect(), libreoffice.insert_columns(column)]
    third = {"day": date(2019, 11, 6), "route": "Tuần đêm", "owed": 8, "went": 8, "report": "Mưa."}
    steps += [
        libreoffice.put(f"{column}{file.spot(f'tours.{name}')[1][0]}", value)
        for name, value in third.items()
    ]
    saved = libreoffice.fill(path, tmp_path / f"gửi.{kind}", steps)
    back = read(saved.read_bytes(), saved.name, [FORM])
    assert codes(back) == []
    assert [row.values["day"].day for row in back.section_rows("tours")] == [3, 6, 9]
    (nai,) = back.section_rows("sightings")
    assert nai.values["day"] == date(2019, 11, 9)
