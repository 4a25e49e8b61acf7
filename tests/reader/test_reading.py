"""Forms as they come back: moved, hidden, merged, computed, and scribbled beside."""

from __future__ import annotations

import pickle
from datetime import date

import pytest
from builders.reader_files import (
    DAY,
    FORMS,
    MEETING,
    FormFile,
    Formula,
    codes,
    codes_and_cells,
    repack,
)
from hypothesis import given
from hypothesis import strategies as st

from mlay_batch.core.findings import Place, Severity
from mlay_batch.core.text import name_key
from mlay_batch.model.records import Stamp, values_hash
from mlay_batch.reader import read
from mlay_batch.reader.values import display_text, is_blank

REGISTER = next(form for form in FORMS if form.form == "register")


def meeting(paper: FormFile, record: int = 0) -> FormFile:
    """One meeting, its required fields filled in."""
    values = {
        "held_on": DAY,
        "kind": "Thường kỳ",
        "content": "Nghị quyết",
        "duration": 95,
        "expected": 18,
        "present": 18,
    }
    for name, value in values.items():
        paper.put(f"meetings.{name}", value, record)
    return paper


@pytest.fixture
def paper() -> FormFile:
    form = FormFile()
    form.put("members.opening", 18).put("members.closing", 18)
    return meeting(form)


@pytest.mark.parametrize(
    ("stored", "seen"), [(b"13.000000000000002", 13), (b"12.999999999999998", 13)]
)
def test_a_number_is_what_a_program_shows_of_it(paper, stored, seen):
    """Office programs show 15 digits."""
    book = paper.put("meetings.present", 31.5).save()
    submission = read(
        repack(book, lambda name, part: part.replace(b"<v>31.5</v>", b"<v>%s</v>" % stored)),
        "",
        FORMS,
    )
    assert submission.section_rows("meetings")[0].values["present"] == seen
    assert submission.findings == ()


def test_the_period_as_a_time_with_a_zone(paper):
    """SheetJS writes the day that Excel made of "11/2019" so."""
    assert paper.put("head.period", "2019-10-31T17:00:00.000Z").read().header["period"].text == (
        "11/2019"
    )


def test_a_form_filled_in(paper):
    submission = paper.read()
    assert submission.findings == ()
    assert submission.stamp == Stamp("meeting", "2018.1", "CB-01", "2019-11")
    assert (submission.form, submission.version) == ("meeting", "2018.1")
    assert submission.header["period"].text == "Tháng 11 năm 2019"
    assert submission.header["branch"].place == Place("", "Báo cáo", paper.cell("head.branch"))
    (row,) = submission.section_rows("meetings")
    assert row.number == paper.spot("meetings.held_on")[1][0]
    assert row.cells["present"] == paper.cell("meetings.present")
    assert row.values == {
        "held_on": DAY, "kind": "regular", "content": "Nghị quyết", "duration": 95, "expected": 18,
        "present": 18, "excused": None, "unexcused": None, "speakers": None, "prepared": None,
        "merged": None, "criticism": None, "documents": None,
    }  # fmt: skip


def test_a_card_has_one_row_of_what_was_written_and_nothing_else():
    (row,) = FormFile().put("members.died", 0).read().section_rows("members")
    assert {name: value for name, value in row.values.items() if value is not None} == {"died": 0}


def test_blank_rows_are_dropped_and_a_typed_zero_is_content(paper):
    paper.put("meetings.excused", 0, 4).put("meetings.held_on", "  ", 5)
    rows = paper.read().section_rows("meetings")
    assert [row.number for row in rows] == [int(paper.cell("meetings.kind", n)[1:]) for n in (0, 4)]


def test_all_sheets_of_a_form_are_read():
    paper = FormFile(REGISTER).put("organisations.code", "CB-01").put("officers.name", "Lò Văn An")
    submission = paper.read()
    assert [(r.section, r.sheet) for r in submission.rows] == [
        ("organisations", "Tổ chức"),
        ("officers", "Cán bộ"),
        ("office", "Văn phòng"),  # a card, though blank
    ]
    assert submission.findings == () and submission.header == {}


def test_a_month_typed_into_the_heading_may_have_become_a_date(paper):
    paper.put("head.period", date(2019, 11, 1))
    assert paper.read().header["period"].text == "11/2019"


# Moved about -----------------------------------------------------------------------------------


def test_rows_inserted_columns_moved_sheet_renamed(paper):
    before = values_hash(paper.read().rows)
    paper.insert_row(1).insert_row(paper.spot("meetings.kind", 3)[1][0])
    held_on, content = (paper.spot(f"meetings.{n}")[1][1] for n in ("held_on", "content"))
    paper.swap_columns(held_on, content).swap_columns(1, 20).rename("Tháng mười một")
    submission = paper.read()
    assert submission.findings == ()
    assert values_hash(submission.rows) == before
    assert submission.section_rows("meetings")[0].cells["held_on"] == paper.cell("meetings.held_on")


def test_a_row_inserted_in_the_table_is_read(paper):
    row, column = paper.spot("meetings.held_on", 0)[1]
    paper.insert_row(row + 1).write((row + 1, column), date(2019, 11, 20))
    paper.write((row + 1, 2), 9)  # a running number of one's own
    submission = paper.read()
    assert submission.findings == ()
    assert [r.values["held_on"].day for r in submission.section_rows("meetings")] == [3, 20]


fields = st.sampled_from([f.id for f in MEETING.section("meetings").fields if f.type == "integer"])


@given(
    typed=st.dictionaries(
        st.tuples(fields, st.integers(0, 7)), st.integers(0, 9999), min_size=1, max_size=12
    ),
    inserted=st.lists(st.integers(1, 90), max_size=4),
    swapped=st.lists(st.tuples(st.integers(2, 16), st.integers(2, 16)), max_size=3),
)
def test_what_is_typed_is_read_from_the_cell_it_stands_in(typed, inserted, swapped):
    paper = FormFile()
    for (name, record), number in typed.items():
        paper.put(f"meetings.{name}", number, record)
    for row in inserted:
        paper.insert_row(row)
    for first, other in swapped:
        paper.swap_columns(first, other)
    expected = {
        (paper.cell(f"meetings.{name}", record), name): number
        for (name, record), number in typed.items()
    }
    submission = paper.read()
    read_back = {
        (row.cells[name], name): row.values[name]
        for row in submission.section_rows("meetings")
        for name in row.cells
        if (row.cells[name], name) in expected
    }
    assert read_back == expected
    assert submission.findings == ()


# Errors, formulas, hidden and merged cells -----------------------------------------------------


def test_error_cells_are_findings_with_their_cell(paper):
    paper.put("meetings.present", Formula("=1/0", "#DIV/0!"))
    assert codes_and_cells(paper.read()) == [("C11", paper.cell("meetings.present"))]
    assert paper.read().findings[0].params == {"field": "meetings.present", "error": "#DIV/0!"}


def test_a_formula_counts_with_what_it_shows(paper):
    paper.put("meetings.present", Formula("=9+9", 18))
    submission = paper.read()
    assert submission.section_rows("meetings")[0].values["present"] == 18
    assert [(f.code, f.severity) for f in submission.findings] == [("C13", Severity.WARNING)]


def test_a_formula_never_calculated_is_not_blank(paper):
    paper.put("meetings.present", Formula("=9+9", ""))
    assert codes_and_cells(paper.read()) == [("C12", paper.cell("meetings.present"))]


def test_an_error_keeps_its_row(paper):
    paper.put("thematic.speakers", Formula("=NA()", "#N/A"))
    submission = paper.read()
    assert len(submission.section_rows("thematic")) == 1
    assert codes(submission) == ["C11"]


def test_a_cell_of_the_wrong_kind_is_a_finding_and_no_value(paper):
    paper.put("meetings.present", "18/18").put("meetings.duration", 3.7)
    submission = paper.read()
    assert sorted(codes_and_cells(submission)) == [
        ("C02", paper.cell("meetings.duration")),
        ("C03", paper.cell("meetings.present")),
    ]
    assert submission.section_rows("meetings")[0].values["present"] is None


def test_hidden_rows_and_columns_are_read_and_told(paper):
    sheet, (row, column) = paper.spot("meetings.content")
    paper.hidden_rows.add((sheet, row))
    paper.hidden_columns.add((sheet, column))
    submission = paper.read()
    assert submission.section_rows("meetings")[0].values["content"] == "Nghị quyết"
    assert codes_and_cells(submission) == [("C17", f"C{row}"), ("C32", f"E{row}")]


def test_a_hidden_form_sheet_is_told_as_such(paper):
    """It was said that nothing of the form was found."""
    seen = paper.read()
    paper.write((1, 1), "Bìa", "Trang bìa").hidden_sheets.add(paper.first)
    submission = paper.read()
    assert submission.rows == seen.rows
    errors = [finding for finding in submission.findings if finding.is_error]
    assert [(f.code, f.place.sheet) for f in errors] == [("R39", paper.first)]


def test_a_hidden_copy_of_the_form_sheet_does_not_count(paper):
    paper.sheets[paper.first].pop(paper.find("thematic:start"))
    paper.sheets["Bản cũ"] = dict(paper.sheets[paper.first])
    paper.write((99, 1), "older:start", "Bản cũ")
    paper.write((2, 2), "Ghi nhớ", "Nháp").write((3, 1), "other:start", "Nháp")
    for spot, value in paper.sheets[paper.first].items():
        if not str(value).endswith((":start", ":head", ":end")):  # found by its headings
            paper.write(spot, value, "Bản không dấu")
    paper.hidden_sheets |= {"Bản cũ", "Nháp", "Bản không dấu"}
    submission = paper.read()
    # the one part whose marker is gone, found by headings; and what is not read
    assert codes(submission) == ["R28", "R45", "R45", "R45"]
    unread = submission.findings[1:]
    assert {f.place.sheet for f in unread} == {"Bản cũ", "Nháp", "Bản không dấu"}
    assert len(submission.section_rows("meetings")) == 1


def test_hidden_blank_rows_only_warn(paper):
    sheet, (row, _) = paper.spot("meetings.content", 6)
    paper.hidden_rows.add((sheet, row))
    assert codes_and_cells(paper.read()) == [("C32", f"C{row}")]
    assert paper.read().findings[0].severity is Severity.WARNING


def test_merged_cells_in_a_table(paper):
    meeting(paper, 1)
    sheet, (row, column) = paper.spot("meetings.content")
    paper.merged.append((sheet, row, column, row + 1, column))
    assert codes_and_cells(paper.read()) == [("C16", paper.cell("meetings.content"))]


# Nothing typed may vanish ----------------------------------------------------------------------


@pytest.mark.parametrize("below", [1, 2])
def test_rows_beyond_the_table_are_errors(paper, below):
    row, column = paper.spot("meetings.held_on", 7)[1]
    for r in range(row + 1, row + below + 1):  # the first of them is the hidden row of the end
        paper.write((r, column), DAY)
    submission = paper.read()
    assert codes_and_cells(submission) == [("C19", f"C{row + n}") for n in range(1, below + 1)]
    assert all(f.is_error for f in submission.findings)


def test_a_column_inserted_in_a_table(paper):
    row, column = paper.spot("meetings.content")[1]
    paper.move(lambda spot: (spot[0], spot[1] + (spot[1] > column)))
    paper.write((row, column + 1), "thêm")
    assert codes_and_cells(paper.read()) == [("C19", f"F{row}")]


def test_a_number_beside_its_cell_in_a_card(paper):
    row, column = paper.spot("members.admitted")[1]
    paper.write((row, column + 1), 2)
    assert codes_and_cells(paper.read()) == [("C19", f"{'ABCDEFGH'[column]}{row}")]


@pytest.mark.parametrize(("typed", "expected"), [(99, []), ("7.", []), ("hoãn", ["C19"])])
def test_words_in_place_of_a_row_number_are_told(paper, typed, expected):
    row, _ = paper.spot("meetings.held_on")[1]
    paper.write((row, 2), typed)
    assert codes(paper.read()) == expected


def test_a_remark_beside_the_form_is_a_warning(paper):
    paper.write((3, 30), "nộp muộn do mưa lũ").write((200, 3), 18)
    submission = paper.read()
    assert codes_and_cells(submission) == [("C20", "AD3"), ("C20", "C200")]
    assert not any(f.is_error for f in submission.findings)


@pytest.mark.parametrize("word", ["Có", "18", "Thường kỳ", "1"])
def test_words_of_the_lists_are_no_text_of_the_template(paper, word):
    paper.stamp.append(("static", "Có"))
    paper.write((3, 30), word)
    assert codes_and_cells(paper.read()) == [("C20", "AD3")]


def test_texts_in_the_stamp_were_not_typed(paper):
    paper.stamp.append(("static", "ĐẢNG BỘ THỊ XÃ"))
    assert paper.write((3, 30), "Đảng bộ thị xã").read().findings == ()


def test_a_further_sheet_is_told_once(paper):
    paper.write((2, 2), "số liệu", "Trang khác").write((2, 3), 5, "Trang khác")
    (finding,) = paper.read().findings
    assert (finding.code, finding.place) == ("C21", Place("", "Trang khác", "B2"))
    assert finding.params == {"count": 2}


def test_a_page_pasted_beside_the_form_is_not_told_ten_thousand_times(paper):
    for row in range(1, 1001):
        paper.write((row, 40), row)
    code_list = codes(paper.read())
    assert (code_list.count("C20"), code_list.count("C21")) == (200, 1)


@given(
    spot=st.tuples(st.integers(1, 120), st.integers(1, 30)),
    what=st.one_of(st.text(st.characters(codec="utf-8"), max_size=8), st.integers(0, 99)),
)
def test_whatever_is_typed_anywhere_is_read_or_told(spot, what):
    """A scribble changes a value, or is a finding; on a free cell it cannot pass unnoticed."""
    blank = FormFile()
    before = blank.read()
    if spot in blank.sheets[blank.first]:
        return  # writing over the template's own words is another matter
    after = blank.write(spot, what).read()
    invisible = is_blank(what) or name_key(display_text(what)) in {
        name_key(text) for text in blank.sheets[blank.first].values() if isinstance(text, str)
    }
    number = isinstance(what, int) or display_text(what).isdigit()
    in_number_column = spot[1] == 2 and number
    if not invisible and not in_number_column:
        changed = after.rows != before.rows or after.header != before.header
        assert changed or len(after.findings) > len(before.findings)


def test_the_returned_submission_can_be_sent_between_processes(paper):
    submission = paper.put("meetings.present", "18/18").read()
    assert pickle.loads(pickle.dumps(submission)) == submission


def test_bytes_that_are_nothing():
    submission = read(b"", "x.xlsx", FORMS)
    assert (submission.stamp, submission.form, codes(submission)) == (None, None, ["R01"])
