"""Returns that are wrong in one way each, as they really come in; the file name says in which."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from openpyxl import Workbook

from mlay_batch.core import zip_rules
from mlay_batch.demo import xlsx_patch
from mlay_batch.demo.sample import SampleOffice
from mlay_batch.demo.sample_files import FormFiller, context, form_of, render_return, returns
from mlay_batch.demo.sample_meetings import SampleReturn
from mlay_batch.demo.xlsx_patch import RawCell
from mlay_batch.model.records import Row, Value
from mlay_batch.schema import Catalogue
from mlay_batch.schema.layout import STAMP_SHEET, SheetPlan, plan_sheets
from mlay_batch.schema.switches import switches_on, with_switches

Files = Iterator[tuple[str, bytes]]
_MACRO = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)  # the head of a VBA project
_HARDER = zip_rules.LEVEL + 3  # of compression: other bytes for the same parts
_MANY = 30_000_000  # noughts: 30 MB that pack to 30 KB
_LONG_AGO = datetime(2019, 1, 1)  # noqa: DTZ001 - a fixed date: the same bytes every time


def bad_returns(town: SampleOffice, catalogue: Catalogue) -> Files:
    """Yield files that must be refused, held, or accepted with a word of warning, by name."""
    month = town.months[-1]
    sent = {s.branch: s for s in returns(town, catalogue) if s.period == month}
    samples = _GoodReturns(town, catalogue, FormFiller(catalogue, town), sent)
    for group in (_totals, _days, _missing, _words, _periods, _cells, _workbooks, _again):
        for name, spoilt in group(samples):
            yield name, spoilt if isinstance(spoilt, bytes) else samples.typist.fill_in(spoilt)
    yield from _no_workbooks()


@dataclass(frozen=True)
class _GoodReturns:
    """The good returns of the last month, by branch, and what it takes to spoil one."""

    town: SampleOffice
    catalogue: Catalogue
    typist: FormFiller
    returns: Mapping[str, SampleReturn]

    def sample_for(self, purpose: str) -> SampleReturn:
        """Return the return that `town.yaml` sets aside for that purpose."""
        return self.returns[self.town.data["kept"][purpose]]

    @property
    def good(self) -> SampleReturn:
        return self.sample_for("spoilt")

    def address(self, section: str, field: str, record: int = 0) -> str:
        return xlsx_patch.addresses(self._sheet())[section, record, field]

    def last_row(self) -> int:
        return self._sheet().last_row

    def _sheet(self) -> SheetPlan:
        """Return the plan of the sheet with the meetings, as this town asks for them."""
        form = form_of(self.good, self.catalogue)
        return plan_sheets(with_switches(form, switches_on(form, self.town.register.asked)))[0]

    def with_cells(self, cells: Mapping[str, Value | RawCell]) -> bytes:
        """Return a good return with cells of its form sheet typed over."""
        return self._change_sheet(self.good, lambda part: xlsx_patch.set_cells(part, cells))

    def with_xml(self, sample: SampleReturn, pattern: str, by: str) -> bytes:
        """Return the sample with the XML of its form sheet changed, once."""
        return self._change_sheet(sample, lambda part: re.sub(pattern, by, part, count=1))

    def _change_sheet(self, sample: SampleReturn, change: Callable[[str], str]) -> bytes:
        parts = dict(xlsx_patch.read_parts(self.typist.fill_in(sample)))
        name = xlsx_patch.sheet_part(parts, form_of(sample, self.catalogue).sheet.vi)
        parts[name] = change(parts[name])
        return zip_rules.write_parts(parts)


SpoiltFiles = Iterator[tuple[str, SampleReturn | bytes]]


def _with(sample: SampleReturn, section: str, number: int, **values: Value) -> SampleReturn:
    """Return the sample with values of one row changed; `number` counts from 1."""
    rows = tuple(
        replace(row, values={**row.values, **values})
        if (row.section, row.number) == (section, number)
        else row
        for row in sample.rows
    )
    return replace(sample, rows=rows)


def _with_row(sample: SampleReturn, section: str, **values: Value) -> SampleReturn:
    """Return the sample with one row more."""
    return replace(sample, rows=(*sample.rows, Row(section, "", 99, values, {})))


def _without(sample: SampleReturn, *sections: str) -> SampleReturn:
    return replace(sample, rows=tuple(r for r in sample.rows if r.section not in sections))


def _value(sample: SampleReturn, section: str, field: str) -> int:
    row = next(row for row in sample.rows if row.section == section)
    return int(str(row.values[field]))


def _totals(samples: _GoodReturns) -> SpoiltFiles:
    good = samples.good
    expected, present = (_value(good, "meetings", name) for name in ("expected", "present"))
    yield "co-mat-nhieu-hon-phai-co D01.xlsx", _with(good, "meetings", 1, present=expected + 1)
    opening = _value(good, "members", "opening")
    left = _with(good, "members", 1, moved_out=opening + 1, exempt=0, away=0)
    yield "giam-nhieu-hon-dang-vien-co D02.xlsx", left
    yield "phat-bieu-nhieu-hon-co-mat D11.xlsx", _with(good, "meetings", 1, speakers=present + 1)
    yield "cham-diem-nhom-qua-thang F03.xlsx", _with(good, "scores", 1, conduct=50)
    yield "thoi-luong-qua-lon F03.xlsx", _with(good, "meetings", 1, duration=900)
    forged = {
        samples.address(section, field): RawCell("n", "<v>1</v>")
        for section, field in (("meetings", "excused"), ("scores", "total"), ("members", "closing"))
    }
    yield "sua-o-tu-tinh L04.xlsx", samples.with_cells(forged)


def _days(samples: _GoodReturns) -> SpoiltFiles:
    good, month = samples.good, samples.good.period
    first = next(row.values for row in good.rows if row.section == "meetings")
    yield "trung-buoi-hop D07.xlsx", _with_row(good, "meetings", **first)
    yield "chuyen-de-thieu-ten D09.xlsx", _without(good, "thematic")
    regular = {name: first[name] for name in ("held_on", "kind")}
    yield (
        "thuong-ky-ma-ghi-chuyen-de T01.xlsx",
        _with_row(good, "thematic", **regular, topic="Tiết kiệm"),
    )
    yield "chua-cham-diem D18.xlsx", _without(samples.sample_for("unscored"), "scores")
    scored = samples.sample_for("unvisited")
    own = next(row.values for row in scored.rows if row.section == "scores")
    confirmed = {**own, "scorer": "confirmed", "explanation": None}
    yield "xac-nhan-ma-khong-ai-du S03.xlsx", _with_row(scored, "scores", **confirmed)
    activity: dict[str, Value] = {
        "kind": "inspection",
        "content": "Kiểm tra việc thu, nộp đảng phí",
        "participants": 3,
    }
    before = month.start - timedelta(days=6)
    yield "ngay-ngoai-ky F04.xlsx", _with_row(good, "activities", held_on=before, **activity)
    swapped = month.start.replace(month=4, day=month.month)
    yield "dao-ngay-thang F05.xlsx", _with_row(good, "activities", held_on=swapped, **activity)


def _missing(samples: _GoodReturns) -> SpoiltFiles:
    good = samples.good
    tables = ("meetings", "thematic", "scores", "visits", "activities")
    yield "thieu-o-bat-buoc F01.xlsx", _with(good, "meetings", 1, present=None, duration=None)
    yield "thuong-ky-khong-noi-dung D19.xlsx", _with(good, "meetings", 1, content=None)
    declared = _with(good, "members", 1, no_meeting="yes")
    yield "khong-hop-khong-ly-do D10.xlsx", _without(declared, *tables)
    with_reason = _with(declared, "members", 1, reason="Bí thư đi công tác")
    yield "khong-hop-ma-van-ghi-buoi-hop F12.xlsx", with_reason
    grown = _with(good, "members", 1, admitted=1)  # with its opening figure alone it is a blank
    yield "khong-ghi-buoi-hop-nao F13.xlsx", _without(grown, *tables)
    yield "mau-trang N22.xlsx", replace(good, rows=())


def _words(samples: _GoodReturns) -> SpoiltFiles:
    good = samples.good
    yield "18-tren-18 C03.xlsx", _with(good, "meetings", 1, present="18/18")
    yield "ngay-khong-co-that C07.xlsx", _with(good, "meetings", 1, held_on="31/11/2019")
    yield "ngay-bang-chu C06.xlsx", _with(good, "meetings", 1, held_on="đầu tháng")
    yield "khong-co-can-bo-nay F09.xlsx", _with(good, "visits", 1, officer="TU99 – Đỗ Minh Khuê")
    twins = samples.town.register.officers
    name = next(o.name for o in twins if sum(p.name == o.name for p in twins) > 1)
    yield "can-bo-trung-ten-chi-ghi-ten F10.xlsx", _with(good, "visits", 1, officer=name)
    yield (
        "loai-hop-khong-co-trong-danh-sach C09.xlsx",
        _with(good, "meetings", 1, kind="Họp cơ quan"),
    )


def _periods(samples: _GoodReturns) -> SpoiltFiles:
    good, month = samples.good, samples.good.period
    last = replace(good, period=month.previous())
    yield "tep-thang-truoc-dien-lai I03.xlsx", last
    head = samples.address("head", "period")
    yield "sua-ky-bang-tay I02.xlsx", samples.with_cells({head: month.previous().title("vi")})
    other_context = context(
        samples.town, samples.sample_for("twice").branch, month, samples.catalogue
    )
    label = f"{other_context.branch} – {other_context.branch_name}"
    yield (
        "mau-cua-don-vi-khac I01.xlsx",
        samples.with_cells({samples.address("head", "branch"): label}),
    )
    yield "don-vi-da-sap-nhap I05.xlsx", replace(good, branch=samples.town.data["kept"]["merged"])


def _cells(samples: _GoodReturns) -> SpoiltFiles:
    expected, present = (samples.address("meetings", name) for name in ("expected", "present"))
    yield "o-loi-REF C11.xlsx", samples.with_cells({present: RawCell("e", "<v>#REF!</v>")})
    yield (
        "cong-thuc-chua-tinh C12.xlsx",
        samples.with_cells({present: RawCell("n", f"<f>{expected}+0</f>")}),
    )
    row = re.sub(r"\D", "", samples.address("meetings", "held_on", 1))
    yield (
        "dong-an C17.xlsx",
        samples.with_xml(
            samples.sample_for("hidden"), f'<row r="{row}"', f'<row r="{row}" hidden="1"'
        ),
    )
    below = samples.last_row() + 3
    inline_text = "<is><t>Họp bất thường ngày 25/11, 90 phút</t></is>"
    line = f'<row r="{below}"><c r="D{below}" t="inlineStr">{inline_text}</c></row></sheetData>'
    yield (
        "ghi-duoi-bang C20.xlsx",
        samples.with_xml(samples.sample_for("below"), "</sheetData>", line),
    )


def _workbooks(samples: _GoodReturns) -> SpoiltFiles:
    good = xlsx_patch.read_parts(samples.typist.fill_in(samples.good))
    types = good["[Content_Types].xml"].replace(
        "</Types>",
        '<Override PartName="/xl/vbaProject.bin"'
        ' ContentType="application/vnd.ms-office.vbaProject"/></Types>',
    )
    macro: dict[str, str | bytes] = {
        **good,
        "[Content_Types].xml": types,
        "xl/vbaProject.bin": _MACRO,
    }
    yield "co-macro R09.xlsm", zip_rules.write_parts(macro)
    yield "bom-nen R06.xlsx", zip_rules.write_parts({**good, "xl/media/anh.xml": "0" * _MANY})
    yield "tep-hong R05.xlsx", zip_rules.write_parts(good)[:5000]
    copied = dict(xlsx_patch.read_parts(samples.typist.fill_in(samples.sample_for("unstamped"))))
    stamp = f'<sheet name="{STAMP_SHEET}"[^>]*/>'
    copied["xl/workbook.xml"] = re.sub(stamp, "", copied["xl/workbook.xml"])
    yield "chep-sang-tep-khac I10.xlsx", zip_rules.write_parts(copied)


def _again(samples: _GoodReturns) -> SpoiltFiles:
    """Yield what was sent once before: the same bytes, the same values, corrected values."""
    twice, resaved, corrected = map(samples.sample_for, ("twice", "resaved", "corrected"))
    yield "gui-hai-lan L01.xlsx", render_return(twice, samples.catalogue, samples.town)
    parts = xlsx_patch.read_parts(samples.typist.fill_in(resaved))
    yield "luu-lai-khong-sua-gi L04.xlsx", zip_rules.write_parts(parts, _HARDER)
    duration = _value(corrected, "meetings", "duration")
    yield "ban-sua L05.xlsx", _with(corrected, "meetings", 1, duration=duration + 5)


def _no_workbooks() -> Files:
    yield (
        "pdf-doi-ten R03.xlsx",
        b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n",
    )
    yield "tep-rong R01.xlsx", b""
    book = Workbook()
    sheet = book.worksheets[0]
    for line in (["DANH SÁCH NHẬN QUÀ TẾT"], ["STT", "Họ và tên", "Số tiền"], [1, "(mẫu)", 300000]):
        sheet.append(line)
    book.properties.created = book.properties.modified = _LONG_AGO
    buffer = io.BytesIO()
    book.save(buffer)
    yield (
        "khong-phai-mau R20.xlsx",
        zip_rules.write_parts(xlsx_patch.read_parts(buffer.getvalue())),
    )
