"""A list that a program fills and people answer in: what a library asks of a reading room."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import date

from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from mlay_batch.core.findings import Finding
from mlay_batch.demo.xlsx_patch import addresses
from mlay_batch.model.records import Row, Value
from mlay_batch.schema.layout import plan_sheets
from mlay_batch.schema.load import load_text
from mlay_batch.schema.model import Form
from mlay_batch.template import TemplateContext, render

YAML = """
form: errands
version: "1"
period: none
effective: {from: 2018-01}
basis: [Nội quy thư viện]
title: {vi: VIỆC CỦA PHÒNG ĐỌC, en: Errands of the reading room}
sheet: {vi: Sách, en: Books}
instructions:
  - {vi: Chỉ chọn ở các cột trắng., en: Choose in the white columns.}
choices:
  kind:
    - {id: late, title: {vi: Quá hạn, en: Late}}
    - {id: torn, title: {vi: Rách, en: Torn}}
    - {id: gone, title: {vi: Mất, en: Gone}}
  state:
    - {id: open, title: {vi: Chưa làm, en: Open}}
    - {id: done, title: {vi: Đã làm, en: Done}}
  answer:
    - {id: remind, title: {vi: Nhắc trả, en: Remind}}
    - {id: mend, title: {vi: "Sửa, đóng lại", en: Mend}}
    - {id: buy, title: {vi: Mua quyển khác, en: Buy another}}
    - {id: leave, title: {vi: Để nguyên, en: Leave}}
sections:
  - id: books
    layout: table
    fixed: true
    title: {vi: Sách phải xem lại, en: Books}
    fields:
      - {id: key, type: text, hidden: true, required: true, max_length: 64, width: 30, title: {vi: Khóa, en: Key}}
      - {id: kind, type: choice, choices: kind, locked: true, width: 12, title: {vi: Chuyện gì, en: Kind}}
      - {id: what, type: text, locked: true, max_length: 2000, width: 40, title: {vi: Nội dung, en: What}}
      - {id: since, type: date, locked: true, width: 12, title: {vi: Từ ngày, en: Since}}
      - {id: state, type: choice, choices: state, locked: true, width: 12, title: {vi: Tình trạng, en: State}}
      - {id: answer, type: choice, choices: answer, width: 18, title: {vi: Cách làm, en: Answer}}
      - {id: room, type: ref, ref: organisations, width: 30, title: {vi: Giao cho, en: Given to}}
      - {id: note, type: text, max_length: 200, width: 24, title: {vi: Ghi chú, en: Note}}
    rules:
      - {code: Z01, check: fits_with, value: answer, when: kind, fits: {late: [remind, leave], torn: [mend, buy, leave]}, mark: [answer], basis: Nội quy thư viện, says: {vi: Cách làm này không hợp với việc., en: This answer does not fit.}, fix: {vi: Chọn lại trong danh sách., en: Choose again from the list.}}
"""  # noqa: E501
SHEET = "Sách"
CONTEXT = TemplateContext(
    "TV",
    "Thư viện huyện",
    "",
    None,
    lists={"organisations": (("PD-01", "Phòng đọc Na Lay"), ("PD-02", "Phòng đọc Sông Đà"))},
)
LISTS = {name: dict(pairs) for name, pairs in CONTEXT.lists.items()}
"""The same, as the checks take them."""


def list_form(yaml: str = YAML) -> Form:
    """Return the list."""
    form = load_text(yaml, "errands.yaml")
    assert isinstance(form, Form)
    return form


def book(key: str, kind: str | None = "late", **values: Value) -> Row:
    """Return a row as the program writes it."""
    own = {"key": key, "kind": kind, "what": "Sổ tay", "since": date(2019, 11, 4), "state": "open"}
    return Row("books", "", 0, {**own, **values}, {})


def cell_of(field: str, record: int = 0) -> str:
    """Return the cell of a book's field, such as ``C20``."""
    (sheet,) = plan_sheets(list_form(), {"books": record + 1})
    return addresses(sheet)["books", record, field]


def open_list(
    form: Form,
    rows: Sequence[Row] = (),
    context: TemplateContext = CONTEXT,
    marks: Sequence[Finding] = (),
) -> Worksheet:
    """Return the sheet of books as openpyxl reads it."""
    return load_workbook(io.BytesIO(render(form, context, rows, marks)))[SHEET]


def type_into(data: bytes, cells: Mapping[str, object]) -> bytes:
    """Return the list as another program saves it once `cells` were typed into."""
    workbook, buffer = load_workbook(io.BytesIO(data)), io.BytesIO()
    for address, value in cells.items():
        workbook[SHEET][address].value = value
    workbook.save(buffer)
    return buffer.getvalue()
