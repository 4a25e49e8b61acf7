"""A form of another domain whose records are columns: the tours of a forest ranger's post."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date

from openpyxl import Workbook, load_workbook

from mlay_batch.core.findings import Finding
from mlay_batch.core.period import Period
from mlay_batch.model.records import Row, Value
from mlay_batch.schema.load import load_text
from mlay_batch.schema.model import Form, Text
from mlay_batch.schema.switches import switches_on, with_switches
from mlay_batch.template import TemplateContext, render

YAML = """
form: patrol
version: "1"
period: month
effective: {from: 2018-01}
basis: [Quy chế tuần tra rừng]
title: {vi: BÁO CÁO TUẦN TRA RỪNG, en: Forest patrols}
sheet: {vi: Báo cáo, en: Return}
reporters: [cell_direct]
due: {day: 5}
orientation: portrait
switches:
  - {id: points, title: {vi: Điểm từng mặt, en: Points by part}}
  - {id: second, title: {vi: Loài thứ hai, en: Second species}, on: true}
choices:
  yes_no:
    - {id: "yes", title: {vi: Có, en: "Yes"}}
    - {id: "no", title: {vi: Không, en: "No"}}
  route:
    - {id: river, title: {vi: Ven sông, en: River}}
    - {id: ridge, title: {vi: Đường đỉnh, en: Ridge}}
    - {id: night, title: {vi: Tuần đêm, en: Night}}
  judge:
    - {id: own, title: {vi: Trạm tự chấm, en: Own}}
    - {id: confirmed, title: {vi: Hạt xác nhận, en: Confirmed}}
sections:
  - id: tours
    layout: columns
    rows: 2
    record: {vi: Chuyến, en: Tour}
    title: {vi: Tuần tra, en: Tours}
    nil: post.none_made
    fields:
      - {id: day, type: date, required: true, within_period: true, title: {vi: Ngày đi, en: Day}}
      - {id: route, type: choice, choices: route, required: true, preset: river, title: {vi: Tuyến, en: Route}}
      - {id: owed, type: integer, required: true, min: 1, max: 99, propose: {sum: [post.staff], less: [post.on_leave]}, title: {vi: Người phải đi, en: Owed}}
      - {id: went, type: integer, required: true, min: 0, max: 99, title: {vi: Người đã đi, en: Went}}
      - {id: shirked, type: integer, min: 0, max: 99, default: 0, title: {vi: Bỏ không lý do, en: Shirked}}
      - {id: excused, type: integer, compute: {sum: [owed], less: [went, shirked]}, title: {vi: Vắng có phép, en: Excused}}
      - {id: report, type: text, required: true, max_length: 1000, title: {vi: Diễn biến, en: Report}}
    rules:
      - {code: A91, check: sum_not_above, parts: [went, shirked], bound_field: owed, mark: [went, shirked, owed], basis: x, says: {vi: "{sum} người, chỉ có {bound} người phải đi.", en: "{sum} of {bound}."}, fix: {vi: Sửa số người., en: Correct it.}}
  - id: sightings
    layout: columns
    under: tours
    inherits: [day, route]
    title: {vi: Loài gặp, en: Sightings}
    parts:
      - {id: first, lines: {species: , count: }}
      - {id: second, switch: second, lines: {species: {vi: Loài thứ hai, en: Second species}, count: {vi: Số con (loài thứ hai), en: Count of the second}}}
    fields:
      - {id: day, type: date, title: {vi: Ngày đi, en: Day}}
      - {id: route, type: choice, choices: route, title: {vi: Tuyến, en: Route}}
      - {id: species, type: text, required: true, max_length: 60, title: {vi: Loài, en: Species}}
      - {id: count, type: integer, min: 1, max: 999, title: {vi: Số con, en: Count}}
  - id: marks
    layout: columns
    under: tours
    inherits: [day]
    title: {vi: Chấm điểm, en: Marks}
    parts:
      - {id: own, set: {judge: own}, lines: {order: , gear: , total: , band: }}
      - {id: confirmed, set: {judge: confirmed}, lines: {total: {vi: Điểm Hạt xác nhận, en: Confirmed}}}
    fields:
      - {id: day, type: date, title: {vi: Ngày đi, en: Day}}
      - {id: judge, type: choice, choices: judge, title: {vi: Ai chấm, en: Judge}}
      - {id: order, type: number, min: 0, max: 60, switch: points, title: {vi: Kỷ luật (60), en: Order}}
      - {id: gear, type: number, min: 0, max: 40, switch: points, title: {vi: Trang bị (40), en: Gear}}
      - {id: total, type: number, required: true, min: 0, max: 100, compute: {sum: [order, gear]}, title: {vi: Điểm trạm tự chấm, en: Own points}}
      - {id: band, type: text, compute: {band: meeting_score, of: total}, title: {vi: Xếp mức, en: Band}}
  - id: post
    layout: card
    title: {vi: Quân số trạm, en: The post}
    fields:
      - {id: opening, type: integer, required: true, min: 0, max: 99, prefill: post.staff, title: {vi: Đầu tháng, en: Opening}}
      - {id: joined, type: integer, min: 0, max: 99, default: 0, title: {vi: Nhận về, en: Joined}}
      - {id: left, type: integer, min: 0, max: 99, default: 0, title: {vi: Chuyển đi, en: Left}}
      - {id: staff, type: integer, compute: {sum: [opening, joined], less: [left]}, title: {vi: Quân số cuối tháng, en: Staff}}
      - {id: on_leave, type: integer, min: 0, max: 99, default: 0, prefill: post.on_leave, title: {vi: Nghỉ phép, en: On leave}}
      - {id: none_made, type: choice, choices: yes_no, default: "no", title: {vi: Tháng này không đi, en: No tour}}
"""  # noqa: E501 - a form as it is written

BANDS = {
    "meeting_score": (
        (0, Text("Kém", "Poor")),
        (50, Text("Trung bình", "Fair")),
        (70, Text("Khá", "Good")),
        (90, Text("Tốt", "Very good")),
    )
}
CONTEXT = TemplateContext(
    branch="CB-01",
    branch_name="Trạm Nam Khánh",
    parent_name="Hạt kiểm lâm",
    period=Period.parse("2019-11"),
    place="Mường Lay",
    values={"post.opening": 9, "post.on_leave": 1},
    bands=BANDS,
)


def whole_form(yaml: str = YAML) -> Form:
    """Return the form with all that an office may ask for."""
    form = load_text(yaml, "patrol.yaml")
    assert isinstance(form, Form)
    return form


def card_form(*switches: str, yaml: str = YAML) -> Form:
    """Return the form with these switches on, besides those that are on by themselves."""
    form = whole_form(yaml)
    return with_switches(form, switches_on(form, dict.fromkeys(switches, True)))


FORM = card_form()
WITH_POINTS = card_form("points")


def tour(day: int, route: str = "river", **values: Value) -> Row:
    """Return a tour as it would be read from a return."""
    full = {"day": date(2019, 11, day), "route": route, "owed": 8, "went": 7, "shirked": None}
    return Row("tours", "", 0, full | {"report": "Đi dọc suối."} | values, {})


def hung(section: str, day: int, route: str = "river", **values: Value) -> Row:
    """Return a record that hangs on the tour of that day."""
    keys = {"day": date(2019, 11, day)} | ({"route": route} if section == "sightings" else {})
    return Row(section, "", 0, keys | values, {})


def post(**values: Value) -> Row:
    """Return the card."""
    full = {"opening": 9, "joined": 0, "left": 0, "on_leave": 1, "none_made": "no"}
    return Row("post", "", 0, full | values, {})


def open_rendered(
    rows: Sequence[Row] = (), findings: Sequence[Finding] = (), form: Form = FORM
) -> Workbook:
    """Return the rendered form as openpyxl reads it, with formulas."""
    return load_workbook(io.BytesIO(render(form, CONTEXT, rows, findings)))
