"""What Excel holds: texts of a cell, names of sheets, and the room a text takes."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from mlay_batch.excel import metrics
from mlay_batch.excel.cell_text import length, sheet_title, sheet_titles, to_cell_text
from mlay_batch.report.writer import ReportWriter as ReportBook
from mlay_batch.template.openpyxl_book import TemplateBook


def write_by_report(text: str) -> bytes:
    book = ReportBook("vi", date(2019, 12, 8))
    book.add_sheet("Tờ", "").write(0, 0, text, "text")
    return book.close()


def write_by_template(text: str) -> bytes:
    book = TemplateBook("Tờ")
    book.write(book.add_sheet("Tờ"), 1, 1, text, "text")
    return book.to_bytes()


@pytest.mark.parametrize("write", [write_by_report, write_by_template])
@pytest.mark.parametrize(
    ("typed", "text", "guarded"),
    [
        ("=1+1", "=1+1", True),
        ("\t=1+1", "\t=1+1", True),
        ("\x01=1+1", "=1+1", True),
        ("-", "-", True),
        ("1+1", "1+1", False),
        ("a\uffff", "a", False),
    ],
)
def test_both_writers_guard_a_text_alike(
    write: Callable[[str], bytes], typed: str, text: str, guarded: bool
) -> None:
    cell = load_workbook(io.BytesIO(write(typed)))["Tờ"]["A1"]
    assert (cell.data_type, cell.value, cell.quotePrefix) == ("s", text, guarded)


def test_control_characters_are_dropped_and_long_text_is_cut() -> None:
    assert to_cell_text("a\x00\x0bb\x1f\ufffe\ud800c\n\td") == "abc\n\td"
    cut = to_cell_text("ế" * 40_000)
    assert (len(cut), cut[-1]) == (32_767, "…")
    assert to_cell_text("x" * 32_767) == "x" * 32_767


class TestSheetTitle:
    @given(st.lists(st.text(min_size=1), max_size=8))
    def test_is_allowed_and_unlike_the_others(self, titles: list[str]) -> None:
        taken: list[str] = ["Dữ liệu"]
        for title in titles:
            name = sheet_title(f"Dữ liệu {title}", taken)
            assert 0 < length(name) <= 31
            assert not set(name) & set("[]:*?/\\")
            assert name.casefold() not in {other.casefold() for other in taken}
            assert not name.startswith("'") and not name.endswith("'")
            taken.append(name)

    def test_is_cut_at_a_word(self) -> None:
        assert (
            sheet_title("Dữ liệu Bồi dưỡng, kiểm tra, giám sát") == "Dữ liệu Bồi dưỡng, kiểm tra…"
        )

    def test_of_two_alike_the_second_has_a_number_as_excel_counts_letters(self) -> None:
        long = "𝐀" * 20  # each is two characters to Excel
        first, second = sheet_titles([long, long])
        assert (first, second) == ("𝐀" * 15 + "…", "𝐀" * 13 + " (2)")
        assert sheet_titles(["", "'", "a/b", "A B"]) == ("Sheet", "Sheet (2)", "a b", "A B (2)")


class TestRoom:
    @given(st.text(alphabet="aăâbđeêơưmWi ớỗỬ.,1", max_size=80), st.integers(3, 60))
    def test_less_room_never_takes_fewer_lines(self, text: str, room: int) -> None:
        assert metrics.lines(text, room) >= metrics.lines(text, room + 1) >= 1

    @given(st.text(alphabet="aăâbđeêơưmWi ớỗỬ.,1", min_size=1, max_size=80))
    def test_what_is_as_wide_as_its_column_takes_one_line(self, text: str) -> None:
        assert metrics.lines(text, metrics.width(text) + 0.01) == 1
