"""A small form, a branch, and the rendered workbook opened again: what the tests here look at."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from openpyxl import Workbook, load_workbook
from openpyxl.utils import get_column_letter

from mlay_batch.core.findings import Finding
from mlay_batch.core.period import Period
from mlay_batch.model.records import Row, Value
from mlay_batch.schema.layout import CellPlan, plan_sheets
from mlay_batch.schema.load import load_text
from mlay_batch.schema.model import Form
from mlay_batch.template import TemplateContext, render

YAML = """
form: small
version: "1"
period: month
effective: {from: 2018-01}
basis: [12-HD/BTCTW]
title: {vi: MẪU NHỎ, en: SMALL FORM}
sheet: {vi: Báo cáo, en: Return}
due: {day: 5}
instructions:
  - {vi: Chỉ điền vào ô trắng., en: White cells only.}
choices:
  yes_no:
    - {id: "yes", title: {vi: Có, en: "Yes"}}
    - {id: "no", title: {vi: Không, en: "No"}}
sections:
  - id: members
    layout: card
    title: {vi: I. Đảng viên, en: I. Members}
    fields:
      - {id: opening, type: integer, min: 0, max: 500, required: true, title: {vi: Đầu tháng, en: Opening}, help: {vi: Số cuối tháng trước., en: Last closing.}, example: "18"}
      - {id: admitted, type: integer, min: 0, default: 0, title: {vi: Kết nạp, en: Admitted}}
      - {id: closing, type: integer, required: true, title: {vi: Cuối tháng, en: Closing}}
      - {id: none_held, type: choice, choices: yes_no, default: "no", title: {vi: Không họp, en: None held}}
      - {id: reason, type: text, max_length: 300, title: {vi: Lý do, en: Reason}}
    rules:
      - {code: D02, check: sum_equals, parts: [opening, admitted], total: closing, mark: [closing, opening], basis: x, says: {vi: "Ghi {total}, cộng được {sum}.", en: "{total} is not {sum}."}, fix: {vi: Sửa lại., en: Correct it.}}
      - {code: D10, check: required_if, value: reason, when: none_held, values: ["yes"], mark: [reason], basis: x, says: {vi: Thiếu lý do., en: No reason.}, fix: {vi: Ghi lý do., en: Give it.}}
  - id: meetings
    layout: table
    rows: 4
    nil: members.none_held
    title: {vi: II. Các buổi họp, en: II. Meetings}
    fields:
      - {id: held_on, type: date, required: true, within_period: true, title: {vi: Ngày họp, en: Date}}
      - {id: officer, type: ref, ref: officers, width: 26, title: {vi: Cán bộ dự, en: Officer}}
      - {id: content, type: text, required: true, width: 40, title: {vi: Nội dung, en: Content}}
      - {id: score, type: number, min: 0, max: 100, group: {vi: Điểm, en: Points}, title: {vi: Tự chấm, en: Own}}
"""  # noqa: E501

CONTEXT = TemplateContext(
    branch="CB-01",
    branch_name="Chi bộ Nam Khánh",
    parent_name="Đảng bộ thị xã Mường Lay",
    period=Period.parse("2019-11"),
    place="Mường Lay",
    values={"members.opening": 18},
    lists={"officers": (("CB07", "Nguyễn Văn An"), ("CB03", "Lò Thị Bình"))},
    assigned=(("CB07", "Nguyễn Văn An"),),
)
REGISTER = replace(
    CONTEXT, branch="TX", branch_name="Đảng bộ thị xã Mường Lay", parent_name="", period=None
)


def small_form(yaml: str = YAML) -> Form:
    """Return the small form."""
    form = load_text(yaml, "small.yaml")
    assert isinstance(form, Form)
    return form


def render_form(
    form: Form,
    rows: Sequence[Row] = (),
    marks: Sequence[Finding] = (),
    context: TemplateContext = CONTEXT,
    lang: str = "vi",
) -> Workbook:
    """Return the rendered form as openpyxl reads it."""
    return load_workbook(io.BytesIO(render(form, context, rows, marks, lang)))


def meeting(row: int, day: int | None = 4, **values: Value) -> Row:
    """Return a row of the table as read from row `row` of the branch's own file, from column C."""
    names = ("held_on", "officer", "content", "score")
    full = dict.fromkeys(names) | {"held_on": date(2019, 11, day) if day else None} | values
    cells = {name: f"{column}{row}" for name, column in zip(names, "CDEF", strict=True)}
    return Row("meetings", "Báo cáo", row, full, cells)


def members(**values: Value) -> Row:
    """Return the card as read from column F of the branch's own file, from row 14."""
    names = ("opening", "admitted", "closing", "none_held", "reason")
    cells = {name: f"F{row}" for row, name in enumerate(names, 14)}
    return Row("members", "Báo cáo", 14, dict.fromkeys(names) | values, cells)


def cell_plan(form: Form, path: str, record: int = 0, rows: int = 0) -> CellPlan:
    """Return the planned value cell of ``section.field``."""
    section, _, field = path.partition(".")
    return next(
        cell
        for sheet in plan_sheets(form, {section: rows})
        for cell in sheet.cells
        if (cell.role, cell.section, cell.field, cell.record) == ("value", section, field, record)
    )


def at(form: Form, path: str, record: int = 0) -> str:
    """Return the cell of ``section.field`` in the fresh template, such as ``C20``."""
    cell = cell_plan(form, path, record)
    return f"{get_column_letter(cell.column)}{cell.row}"
