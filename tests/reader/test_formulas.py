"""A formula to another workbook is told apart from one within the form."""

import io

import pytest
from builders.reader_files import FormFile, Formula, codes_and_cells
from openpyxl import Workbook

from mlay_batch.reader import Limits
from mlay_batch.reader.workbook import UNCALCULATED, cell_texts


@pytest.mark.parametrize(
    "formula",
    ["='[1]Sheet 1'!A1", "=[2]Tong!$B$3+1", "='[so theo doi.xlsx]T11'!C4"],
)
def test_a_formula_to_another_workbook(formula):
    paper = FormFile().put("members.opening", Formula(formula, 18))
    assert ("C25", paper.cell("members.opening")) in codes_and_cells(paper.read())
    assert paper.read().section_rows("members")[0].values["opening"] == 18


@pytest.mark.parametrize("formula", ["=SUM(D12:D14)", "=1+1", "='Báo cáo'!D4", '="[1]"&"!"'])
def test_a_formula_within_the_form(formula):
    paper = FormFile().put("members.opening", Formula(formula, 18))
    assert ("C13", paper.cell("members.opening")) in codes_and_cells(paper.read())


def test_a_value_typed_over_a_formula_is_a_value():
    paper = FormFile().put("members.opening", Formula("=1+1", 2)).put("members.opening", 18)
    assert not {"C13", "C25"} & {code for code, _ in codes_and_cells(paper.read())}


def test_the_last_cell_of_a_sheet_does_not_take_the_footer_for_its_value():
    book = Workbook()
    book.active["A1"] = "=1+1"
    book.active.oddFooter.left.text = "Chi bộ"
    buffer = io.BytesIO()
    book.save(buffer)
    assert cell_texts(buffer.getvalue(), Limits()) == {"Sheet": {"A1": UNCALCULATED}}
