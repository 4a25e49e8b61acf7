"""What stands on the sheets for people."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from io import BytesIO
from itertools import takewhile
from typing import ClassVar

import pytest
from builders import changes, reports
from builders.sheet_cells import column_under, load_sheets
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from mlay_batch import report
from mlay_batch.core.findings import Finding, Place, Severity, cell_ranges
from mlay_batch.core.period import Period
from mlay_batch.figures import compute
from mlay_batch.figures.fingerprint import fingerprint
from mlay_batch.figures.report_records import ReportInputs
from mlay_batch.model.records import Row, Verdict
from mlay_batch.schema import Field, Scheme, Text, load_catalogue

QUOTA, RATING, YEARLY = "Chỉ tiêu dự sinh hoạt", "Xếp loại sinh hoạt", "Xếp loại năm"


BANDS = ("Tốt", "Khá", "Trung bình", "Kém")
SCORED = "Mức đánh giá xếp loại sau buổi sinh hoạt"
REMARK = "Ghi chú (thuyết minh điểm trừ)"
MONTH = "Tháng 11 năm 2019"
MONTHS_ATTENDED = "Số buổi đã dự trong các tháng năm 2019"
SO_FAR, EXACTLY = "Tính đến hết kỳ", "Số phải dự tính theo tháng, chưa làm tròn"
MEAN = "Bình quân 2016–2018"
KINDS = ("Bồi dưỡng, tập huấn", "Kiểm tra", "Giám sát")


def values(sheet: Worksheet, row: int, first: int = 1, last: int = 10) -> list[object]:
    return [sheet.cell(row, column).value for column in range(first, last + 1)]


def value(sheet: Worksheet, row: int, *headings: str, first: str = "STT") -> object:
    return reports.under(sheet, row, *headings, first=first).value


def book(facts: ReportInputs, lang: str = "vi") -> Workbook:
    return load_workbook(BytesIO(reports.write(facts, lang)), data_only=True)


class TestOverview:
    def test_says_provisional_and_names_who_is_missing(self) -> None:
        sheet = reports.sheets()["Tổng quan"]
        banner = str(reports.find(sheet, "TẠM TÍNH – còn").value)
        assert banner.startswith(
            "TẠM TÍNH – còn 5 báo cáo chưa nộp, bị trả lại hoặc chờ quyết định"
        )
        sentence = str(reports.find(sheet, "Còn 5 báo cáo chưa có").value)
        assert "Trạm Y tế phường (bị trả lại)" in sentence
        assert "Khối Điều trị (chưa nộp)" in sentence

    @pytest.mark.parametrize("left_out", ["quotas", "classification", "meeting", ""])
    def test_its_parts_are_numbered_without_a_gap(self, left_out: str) -> None:
        facts = reports.small()
        if left_out == "quotas":
            facts = replace(facts, catalogue=replace(facts.catalogue, quotas=()))
        kept = tuple(r for r in facts.returns if r.entry.form != left_out)
        sheet = book(replace(facts, returns=kept))["Tổng quan"]
        titles = [str(row[0]) for row in sheet.values if re.match(r"\d+\. ", str(row[0]))]
        numbers = [int(title.partition(".")[0]) for title in titles]
        assert numbers == list(range(1, 5 if left_out == "classification" else 6))

    def test_shows_the_published_lines_of_three_years(self) -> None:
        """Report of 04/12/2019: over 90 %, none, 99,6 %, 0,28 %."""
        sheet = reports.sheets()["Tổng quan"]
        cells = {
            text: reports.under(sheet, reports.find(sheet, text).row, MEAN, first="Nội dung")
            for text in (
                "Chi bộ cơ sở hoàn thành tốt nhiệm vụ trở lên (trên số thuộc diện đánh giá)",
                "Chi bộ thuộc đảng bộ cơ sở yếu kém (trên số thuộc diện đánh giá)",
                "Đảng viên hoàn thành nhiệm vụ trở lên (trên số thuộc diện đánh giá)",
                "Đảng viên vi phạm tư cách hoặc không hoàn thành nhiệm vụ (trên số thuộc diện",
            )
        }
        shares = [round(float(str(cell.value)), 2) for cell in cells.values()]
        assert shares[0] > 90
        assert shares[1] == 0
        assert (round(shares[2], 1), shares[3]) == (99.6, 0.28)
        formats = [cell.number_format.split('"')[0] for cell in cells.values()]
        assert formats == ["0.0", "0.00", "0.0", "0.00"]

    def test_has_a_table_of_contents(self) -> None:
        sheet = reports.sheets()["Tổng quan"]
        start = reports.find(sheet, "Mục lục").row
        listed = [
            sheet.cell(start + n, 1).value for n in range(1, len(reports.sheets().sheetnames))
        ]
        assert listed == reports.sheets().sheetnames[1:]


class TestQuota:
    def test_a_line_tells_months_owed_missing_and_state_in_words(self) -> None:
        figures = reports.figures()
        for line in figures.quota:
            sheet = reports.sheets()[QUOTA]
            row = reports.find(sheet, line.officer).row
            assert value(sheet, row, SO_FAR, "số buổi phải dự") == line.due
            assert value(sheet, row, SO_FAR, "đã xác định") == line.attended
            assert value(sheet, row, SO_FAR, "cần xác minh thêm") == line.unsettled
            assert value(sheet, row, "Số tháng được phân công", "đến kỳ") == line.served
            assert value(sheet, row, "Số tháng được phân công", "cả năm") == line.served_year
            assert value(sheet, row, EXACTLY) == pytest.approx(line.owed)
            assert value(sheet, row, "Chỉ tiêu năm") == line.obligation
            assert value(sheet, row, "Còn thiếu") == line.missing
            assert (
                value(sheet, row, "Kết quả")
                in {
                    "met": ["● Đạt"],
                    "behind": ["▲ Chậm tiến độ"],
                    "on_course": ["○ Đúng tiến độ"],
                }[line.state]
            )

    def test_months_to_come_are_blank(self) -> None:
        sheet = reports.sheets()[QUOTA]
        row = reports.find(sheet, reports.figures().quota[0].officer).row
        assert value(sheet, row, MONTHS_ATTENDED, "12") is None
        assert value(sheet, row, MONTHS_ATTENDED, "11") is not None

    def test_in_december_what_returns_may_still_change_is_open(self) -> None:
        inputs = reports.facts(11, Period(2019, 12), date(2020, 1, 8))
        december = load_sheets(reports.write(inputs))[QUOTA]
        result = december.find("Kết quả")[1] - 1
        results = {str(row[result]) for row in december.rows if row[result]}
        states = {state for state in results if state[0] in "●○▲■"}
        assert "▲ Chậm tiến độ" in states
        assert states <= {"● Đạt", "▲ Chậm tiến độ", "■ Không đạt"}
        assert december.find("TẠM TÍNH: còn báo cáo tháng chưa nhận được")

    def test_doubtful_visits_are_listed_with_reason_and_source(self) -> None:
        inputs = reports.facts(10)
        sheet = load_sheets(reports.write(inputs))["Chi bộ được dự"]
        start = sheet.row_of("STT", 2) + 2
        doubtful = [visit for visit in compute(inputs).attendances if visit.reason]
        assert doubtful
        for number, visit in enumerate(doubtful):
            row = start + number
            assert sheet.under(row, "STT") == number + 1
            assert sheet.under(row, "Mã cán bộ") == visit.officer
            assert sheet.under(row, "Có tính") == ("Có" if visit.counts else "Không")
            assert sheet.under(row, "Cần xác minh")
            assert sheet.under(row, "Số đến") == f"{visit.delivery}/2019"


class TestRating:
    def test_bears_the_ten_columns_of_the_circulated_list(self) -> None:
        sheet = reports.sheets()[RATING]
        head = reports.find(sheet, "STT").row
        assert [v for v in values(sheet, head) if v] == [
            "STT",
            "Tên đơn vị",
            "Số lượng đảng viên",
            "Ngày họp chi bộ",
            "Mức đánh giá xếp loại sau buổi sinh hoạt",
            "Ghi chú (thuyết minh điểm trừ)",
        ]
        assert values(sheet, head + 1, 5, 9) == ["KQ số điểm", "Tốt", "Khá", "Trung bình", "Kém"]
        assert values(sheet, head + 2) == list(range(1, 11))

    def test_one_cross_for_each_meeting_in_the_band_of_its_score(self) -> None:
        sheet = reports.sheets()[RATING]
        table = tuple(sheet.iter_rows(values_only=True))
        score, *bands = (
            column_under(table, SCORED, heading) - 1 for heading in ("KQ số điểm", *BANDS)
        )
        scored = [
            row
            for row in takewhile(lambda row: not str(row[0]).startswith("Tổng cộng"), table[11:])
            if isinstance(row[score], int | float)
        ]
        assert len(scored) > 60
        for row in scored:
            points = row[score]
            band = 0 if points >= 90 else 1 if points >= 70 else 2 if points >= 50 else 3
            assert [row[column] == "x" for column in bands] == [n == band for n in range(4)]

    def test_a_silent_cell_has_a_row_that_says_so(self) -> None:
        sheet = reports.sheets()[RATING]
        silent = [r for r in reports.figures().ratings if not r.sittings]
        assert {r.state for r in silent} == {"missing", "rejected"}
        for rating in silent:
            row = reports.find(sheet, rating.branch.name).row
            expected = "Chưa báo cáo" if rating.state == "missing" else "Bị trả lại"
            assert values(sheet, row, 3, 9) == [None] * 7
            assert value(sheet, row, REMARK) == expected

    def test_members_are_counted_once_where_a_cell_met_twice(self) -> None:
        sheet = reports.sheets()[RATING]
        twice = next(r for r in reports.figures().ratings if len(r.sittings) == 2)
        row = reports.find(sheet, twice.branch.name).row
        assert value(sheet, row, "Số lượng đảng viên") == twice.sittings[0].members
        second = [value(sheet, row + 1, h) for h in ("STT", "Tên đơn vị", "Số lượng đảng viên")]
        assert second == [None, twice.branch.name, None]
        total = reports.find(sheet, "Tổng cộng").row
        members = sum(r.sittings[0].members or 0 for r in reports.figures().ratings if r.sittings)
        assert value(sheet, total, "Số lượng đảng viên") == members


class TestMonthNobodyReported:
    def test_totals_are_nought_and_not_blank(self) -> None:
        inputs = replace(reports.small(), returns=())
        sheet = book(inputs)[RATING]
        row = reports.find(sheet, "Tổng cộng").row
        assert value(sheet, row, "Số lượng đảng viên") == 0
        assert value(sheet, row, SCORED, "Tốt") == 0


class TestYearToDate:
    def test_an_ended_cell_is_listed_and_the_total_is_that_of_the_data(self) -> None:
        inputs = reports.small()
        gone = next(r.branch for r in reports.figures().ratings if r.sitting_count)
        organisations = tuple(
            replace(o, ended=date(2019, 11, 20), successor="DB1") if o.code == gone.code else o
            for o in inputs.register.organisations
        )
        inputs = replace(inputs, register=replace(inputs.register, organisations=organisations))
        workbook = book(inputs)
        sheet, data = workbook["Lũy kế năm"], reports.rows(workbook["Dữ liệu buổi họp"])
        line = reports.find(sheet, gone.code).row
        remark = str(value(sheet, line, "Ghi chú"))
        assert remark.startswith("Đã giải thể, sáp nhập từ ngày 20/11/2019; đơn vị kế tiếp: DB1 ")
        assert reports.under(sheet, line, "Tên đơn vị").font.italic
        total = reports.find(sheet, "Tổng cộng").row
        scored = [row for row in data if row["Điểm"].value is not None]
        assert value(sheet, total, "Số buổi họp") == len(data)
        assert value(sheet, total, "Số buổi chấm điểm") == len(scored)
        in_bands = [value(sheet, total, "Số buổi theo mức", band) for band in BANDS]
        assert sum(int(str(count)) for count in in_bands) == len(scored)
        table = tuple(workbook[RATING].iter_rows(values_only=True))
        column = column_under(table, "Tên đơn vị") - 1
        assert gone.name in {row[column] for row in table}  # it met before its end


class TestIdsOfDescriptions:
    """An office's own bands and groups may bear the names of our columns."""

    BAND_IDS: ClassVar = {"good": "scored", "fair": "mean", "average": "points", "poor": "month"}

    def renamed(self, scheme: Scheme) -> Scheme:
        ids = self.BAND_IDS
        return replace(
            scheme,
            bands=tuple(replace(band, id=ids.get(band.id, band.id)) for band in scheme.bands),
            groups=tuple(
                replace(group, id="total" if group.id == "closing" else group.id)
                for group in scheme.groups
            ),
            year_grades=tuple(
                replace(
                    grade,
                    every=ids.get(grade.every or "", grade.every),
                    least=ids.get(grade.least or "", grade.least),
                )
                for grade in scheme.year_grades
            ),
        )

    def test_the_lists_are_the_same_under_other_ids(self) -> None:
        inputs = reports.small()
        schemes = tuple(map(self.renamed, inputs.catalogue.schemes))
        renamed = replace(inputs, catalogue=replace(inputs.catalogue, schemes=schemes))
        own, other = book(inputs), book(renamed)
        until = reports.find(own["Lũy kế năm"], "Điểm tối đa").row + 1  # points have other ids
        for title in (RATING, "Dữ liệu chất lượng tháng"):
            assert list(other[title].values) == list(own[title].values)
        assert list(other["Lũy kế năm"].values)[:until] == list(own["Lũy kế năm"].values)[:until]


class TestClassification:
    def test_each_year_bears_its_own_scheme(self) -> None:
        sheet = reports.sheets()[YEARLY]
        rows = [reports.find(sheet, str(year)).row for year in (2016, 2017, 2018)]
        schemes = [value(sheet, row, "Văn bản xếp loại", first="Năm") for row in rows]
        assert schemes == ["Xếp loại theo 27-HD/BTCTW"] * 2 + ["Xếp loại theo 132-QĐ/TW"]

    def test_the_mean_of_pooled_counts_where_the_scheme_says_so(self) -> None:
        inputs = reports.small()
        pooled = tuple(replace(scheme, mean="pooled") for scheme in inputs.catalogue.schemes)
        inputs = replace(inputs, catalogue=replace(inputs.catalogue, schemes=pooled))
        mean = compute(inputs).classification_mean
        sheet = book(inputs)[YEARLY]
        row = reports.find(sheet, "Bình quân", 3).row
        assert mean
        for group, share in (
            ("Tỷ lệ Hoàn thành nhiệm vụ trở lên", "completed"),
            ("Tỷ lệ Vi phạm tư cách hoặc không hoàn thành nhiệm vụ", "bottom"),
        ):
            printed = value(sheet, row, group, "Trên số thuộc diện đánh giá", first="Năm")
            assert printed == pytest.approx(mean.shares["members", share])

    def test_is_provisional_only_while_a_yearly_return_is_out(self) -> None:
        """In November monthly returns are out, the yearly ones are all in."""
        assert str(reports.sheets()[RATING]["A7"].value).startswith("TẠM TÍNH")
        assert str(reports.sheets()[YEARLY]["A7"].value).startswith("Số liệu tính đến")
        inputs = reports.small()
        last = max(r.entry.period or "" for r in inputs.returns if r.entry.form == "classification")
        last_return = next(r for r in inputs.returns if r.entry.period == last)
        out = replace(inputs, returns=tuple(r for r in inputs.returns if r is not last_return))
        assert str(book(out)[YEARLY]["A7"].value).startswith("TẠM TÍNH")

    def test_says_what_the_shares_are_taken_of(self) -> None:
        base = "Mẫu số tính tỷ lệ năm 2016, 2017, 2018: số thuộc diện đánh giá"
        assert reports.find(reports.sheets()[YEARLY], base)

    def test_without_an_offices_own_reading_the_base_is_the_rated_and_there_is_no_target(
        self,
    ) -> None:
        sheet = book(replace(reports.small(), catalogue=load_catalogue()))[YEARLY]
        texts = {str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value}
        assert "Trên số được đánh giá" in texts
        assert "Mẫu số tính tỷ lệ năm 2016, 2017, 2018: số được đánh giá." in texts
        words = ("mục tiêu", "thuộc diện", "hai mẫu số", "mức quy định")
        assert not [text for text in texts for word in words if word in text.lower()]

    def test_cells_that_are_grassroots_organisations_and_cells_below_one_stand_apart(self) -> None:
        """30 and 40 cells in 2018, each kind with its own returns and mean."""
        sheet, mean = reports.sheets()[YEARLY], reports.figures().classification_mean
        assert mean
        for nth, (title, kind, cells, returns) in enumerate(
            [
                ("Chi bộ cơ sở", "cell_direct", 30, 30),
                ("Chi bộ thuộc đảng bộ cơ sở", "committee", 40, 5),
            ],
            1,
        ):
            assert reports.find(sheet, title)
            row = reports.find(sheet, "2018", nth).row
            texts = ("Đơn vị đã nộp", "Đơn vị phải nộp", "Số được đánh giá")
            assert [value(sheet, row, text, first="Năm") for text in texts] == [
                returns,
                returns,
                cells,
            ]
            row = reports.find(sheet, "Bình quân", nth).row
            for line, group in (
                ("top", "Tỷ lệ Trong sạch vững mạnh"),
                ("good", "Tỷ lệ Hoàn thành tốt nhiệm vụ trở lên"),
            ):
                printed = value(sheet, row, group, "Trên số thuộc diện đánh giá", first="Năm")
                assert printed == pytest.approx(mean.shares[f"cells/{kind}", line])

    def test_is_headed_by_its_years(self) -> None:
        assert reports.sheets()[YEARLY]["A6"].value == "Các năm 2016–2018"

    def test_one_year_is_no_mean(self) -> None:
        inputs = reports.small()
        kept = tuple(r for r in inputs.returns if r.entry.period not in ("2016", "2017"))
        workbook = book(replace(inputs, returns=kept))
        line = "Đảng viên hoàn thành nhiệm vụ trở lên"
        overview = workbook["Tổng quan"]
        row = reports.find(overview, line).row
        share = float(str(reports.under(overview, row, "Năm 2018", first="Nội dung").value))
        (year,) = compute(replace(inputs, returns=kept)).years
        assert share == pytest.approx(
            next(s.share for s in year.parts[1].shares if s.line == "completed")
        )
        texts = [str(cell.value) for row in workbook[YEARLY].iter_rows() for cell in row]
        assert not [text for text in texts if text.startswith("Bình quân")]


class TestCompleteness:
    def test_a_symbol_for_every_branch_and_month(self) -> None:
        sheet = reports.sheets()["Tình hình nộp"]
        entry = next(c for c in reports.figures().completeness if c.form == "meeting")
        for branch in entry.branches:
            row = reports.find(sheet, branch.code).row
            state = entry.cell(branch.code, reports.NOVEMBER).state
            symbols = {"reported": "●", "late": "▲", "missing": "■", "rejected": "×", "nil": "○"}
            assert value(sheet, row, "T11") == symbols.get(state), branch.code

    def test_the_sums_of_the_month(self) -> None:
        sheet = reports.sheets()["Tình hình nộp"]
        due, sent, missing = (
            reports.find(sheet, t).row for t in ("Phải nộp", "Đã nộp", "Chưa được nhận")
        )
        assert [value(sheet, row, "T11") for row in (due, sent, missing)] == [70, 65, 5]


class TestBranches:
    """Members, thematic meetings, activities; the figures are worked by hand in `figures`."""

    def test_members_close_by_branch_and_in_the_town(self) -> None:
        sheet, moved = reports.sheets()["Đảng viên"], reports.figures().movement
        assert moved
        lines = [line for line in moved.lines if line.in_period]
        founded = {"DB1-CB12": 5, "DB3-CB13": 8}
        for line in lines:
            row = reports.find(sheet, line.branch.code).row
            assert line.in_period
            assert value(sheet, row, MONTH, "Đầu kỳ (A)") == line.in_period.opening
            assert value(sheet, row, MONTH, "Cuối kỳ (D)") == line.in_period.closing
            code = line.branch.code
            out = f"{code} T{founded.get(code, 1)}–T10"
            if code == "CB-14":  # February is waived
                out = "CB-14 T1, CB-14 T3–T10"
            assert value(sheet, row, "Đối chiếu") == f"▲ Chưa có báo cáo {out}"
        total = reports.find(sheet, "Tổng cộng").row
        closing = sum(line.in_period.closing for line in lines if line.in_period)
        assert value(sheet, total, MONTH, "Cuối kỳ (D)") == closing
        assert value(sheet, total, "Đối chiếu") == "▲ Chưa đủ báo cáo"

    def test_a_gap_between_months_leads_to_the_row_it_stands_in(self) -> None:
        inputs = reports.small()
        filed = next(r for r in inputs.returns if r.entry.form == "meeting")
        branch = str(filed.entry.branch)
        rows = tuple(
            replace(x, values={**x.values, "closing": 99}) if x.section == "members" else x
            for x in filed.rows
        )
        before = replace(filed.entry, id=9000, period="2019-10")
        inputs = replace(inputs, returns=(*inputs.returns, replace(filed, entry=before, rows=rows)))
        workbook = book(inputs)
        sheet = workbook["Đảng viên"]
        cell = reports.under(sheet, reports.find(sheet, branch).row, "Đối chiếu")
        assert str(cell.value).startswith("▲ T11: 99 ≠ ")
        title, _, place = str(cell.hyperlink.location).rpartition("!")
        row = workbook[title.strip("'")][place.replace("$", "")].row
        assert [c.value for c in workbook[title.strip("'")][row][:4:3]] == [branch, 11]

    def test_who_held_no_thematic_meeting_in_the_quarter_is_marked_and_listed(self) -> None:
        sheet, thematic = reports.sheets()["Chuyên đề – bồi dưỡng"], reports.figures().thematic
        assert thematic
        states = {"met": "● Đã đủ", "on_course": "○ Chưa đến hạn", "unrated": "– Không thuộc diện"}
        for line in thematic.lines:
            row = reports.find(sheet, line.branch.code).row
            assert value(sheet, row, "Quý IV", "Kết quả") == states[line.state]
            topics = dict.fromkeys(theme.topic for theme in line.themes)
            none = None if line.open_months else "–"
            assert value(sheet, row, "Quý IV", "Tên chuyên đề") == ("\n".join(topics) or none)
        without = [line.branch.name for line in thematic.lines if line.state == "on_course"]
        text = str(reports.find(sheet, "Chưa có buổi chuyên đề nào, còn tháng").value)
        assert text.endswith(f"({len(without)}): {'; '.join(without)}.")

    def test_activities_are_counted_by_kind_and_listed(self) -> None:
        sheet, activities = reports.sheets()["Chuyên đề – bồi dưỡng"], reports.figures().activities
        assert activities
        for line in activities.lines:
            row = reports.find(sheet, line.branch.code, 2).row
            for kind, group in zip(activities.kinds, KINDS, strict=True):
                in_period, in_year = line.counts[kind]
                unknown = {"missing": None, "rejected": None, "ended": "–"}
                printed = value(sheet, row, group, "Trong kỳ")
                assert printed == unknown.get(line.state, in_period)
                assert value(sheet, row, group, "Từ đầu năm") == in_year
                assert value(sheet, row, group, "Lượt người") == line.people[kind]
            listed = str(value(sheet, row, "Các việc trong kỳ") or "")
            assert all(entry.content in listed for entry in line.activities)


class TestErrors:
    def test_errors_come_first_and_like_findings_are_one(self) -> None:
        sheet = reports.sheets()["Lỗi"]
        rows = [[value(sheet, row, h) for h in ("Mức", "Ô", "Mã")] for row in (11, 12)]
        assert rows == [["■ Lỗi", "M40–M41", "D01"], ["▲ Lưu ý", "E25", "D04"]]
        assert value(sheet, 11, "Vấn đề") == (
            "Có mặt và vắng không lý do cộng lại là 95, nhiều hơn số phải có mặt (90)."
        )
        assert value(sheet, 11, "Việc cần làm") == (
            "Sửa số có mặt, số vắng không lý do hoặc số phải có mặt."
        )

    def test_what_was_sent_again_and_accepted_is_settled(self) -> None:
        inputs = reports.small()
        refused = next(d for d in inputs.ledger_entries if d.verdict is Verdict.REJECTED)
        again = replace(refused, id=9999, verdict=Verdict.ACCEPTED, findings=())
        inputs = replace(inputs, ledger_entries=(*inputs.ledger_entries, again))
        assert reports.find(book(inputs)["Lỗi"], "Không có lỗi")

    def test_what_is_for_another_period_stands_apart_and_is_not_counted(self) -> None:
        inputs = reports.small()
        about = {"form": "meeting", "period": "2019-05", "branch": "DB1-CB01"}
        other = reports.delivery(
            9999, "tháng 5.xlsx", Verdict.REJECTED, findings=reports.REFUSED, **about
        )
        workbook = book(replace(inputs, ledger_entries=(*inputs.ledger_entries, other)))
        sheet, overview = workbook["Lỗi"], workbook["Tổng quan"]
        heading = reports.find(sheet, "Nhận trong đợt thu báo cáo của kỳ này, thuộc kỳ khác").row
        assert [c.row for c in sheet["D"] if c.value == "tháng 5.xlsx"] == [
            heading + 1,
            heading + 2,
        ]
        counted = reports.find(overview, "Số vấn đề cần xem").row
        for heading in ("Lỗi", "Lưu ý"):
            assert value(overview, counted, heading, first="Trong báo cáo của kỳ") == 1

    def test_a_file_that_could_not_be_told_is_not_lost(self) -> None:
        inputs = reports.small()
        finding = Finding("R01", Severity.ERROR, Place("hỏng.xlsx"))
        broken = reports.delivery(9999, "hỏng.xlsx", Verdict.REJECTED, findings=(finding,))
        inputs = replace(inputs, ledger_entries=(*inputs.ledger_entries, broken))
        sheet = book(inputs)["Lỗi"]
        row = reports.find(sheet, "hỏng.xlsx").row
        assert value(sheet, row, "Tên đơn vị") == "Chưa rõ đơn vị"
        assert value(sheet, row, "Tệp") == "hỏng.xlsx"

    @pytest.mark.parametrize(("received", "month"), [
        ("2019-12-03", 11), ("2019-11-30", 10),
    ])  # fmt: skip
    def test_a_refused_file_of_unknown_period_counts_where_it_was_received(
        self, received: str, month: int
    ) -> None:
        """November's returns come in December; the file is counted there and nowhere else."""
        finding = Finding("R01", Severity.ERROR, Place("hỏng.xlsx"))
        broken = reports.delivery(
            9999, "hỏng.xlsx", Verdict.REJECTED, findings=(finding,),
            received=f"{received}T09:00:00+07:00",
        )  # fmt: skip
        inputs = replace(reports.small(), ledger_entries=(broken,), as_of=date(2020, 1, 8))
        counts = {}
        for number in (10, 11, 12):
            period = Period(2019, number)
            workbook = book(replace(inputs, period=period))
            row = reports.find(workbook["Tổng quan"], "Số vấn đề cần xem").row
            counts[number] = value(workbook["Tổng quan"], row, "Lỗi", first="Trong báo cáo của kỳ")
        assert counts == {10: 0, 11: 0, 12: 0} | {month: 1}

    @pytest.mark.parametrize(("cells", "expected"), [
        (["C12", "C13", "C15", "C20"], "C12–C13, C15, C20"),
        (["AA3", "B3", "B2"], "B2–B3, AA3"),
        ([""], ""),
    ])  # fmt: skip
    def test_cells_are_listed_as_people_do(self, cells: list[str], expected: str) -> None:
        assert cell_ranges(cells) == expected


class TestProvenance:
    def test_what_was_received_reconciles(self) -> None:
        sheet = reports.sheets()["Nguồn gốc"]
        row = reports.find(sheet, "Được nhận").row
        counts = [sheet.cell(row + n, 3).value for n in range(6)]
        assert counts[5] == sum(counts[:5]) == len(reports.small().ledger_entries)
        assert counts[1:5] == [1, 1, 0, 1]
        assert sheet.cell(row + 5, 4).value == "● Khớp"

    def test_times_of_receipt_are_on_the_clock_of_the_office(self) -> None:
        """02:15 UTC is 09:15 in Vietnam, 11:15 in Tokyo."""
        sheet = load_sheets(reports.workbook())["Nguồn gốc"]
        row, _ = sheet.find("ảnh chụp.jpg")
        shown = sheet.under(row, "Nhận lúc (giờ Việt Nam)", first="Số tệp")
        assert shown == "03/12/2019 09:15"
        provenance = replace(reports.provenance(reports.small()), time_zone="Asia/Tokyo")
        data = report.write_sheets(reports.small(), reports.figures(), provenance).close()
        sheet = load_sheets(data)["Nguồn gốc"]
        shown = sheet.under(row, "Nhận lúc (Asia/Tokyo)", first="Số tệp")
        assert shown == "03/12/2019 11:15"

    def test_who_is_left_out_is_told_with_the_reason_and_the_effect(self) -> None:
        sheet = reports.sheets()["Nguồn gốc"]
        row = reports.find(sheet, "DB5-CB04").row
        text = str(sheet.cell(row, 4).value)
        assert text.startswith("Bị trả lại (tháng 11 năm 2019). Không có trong các tổng số của kỳ.")
        silent = {r.branch.code for r in reports.figures().ratings if not r.sittings}
        officer, branch = next(
            (line.officer, cell.code)
            for line in reports.figures().quota
            if line.open_months
            for cell in line.branches
            if cell.code in silent
        )
        text = str(sheet.cell(reports.find(sheet, branch).row, 4).value)
        assert officer in text.partition("Lượt dự có thể có của ")[2]

    def test_the_fingerprint_is_on_the_sheet_and_below_every_page(self) -> None:
        mark = fingerprint(reports.figures())
        book = reports.sheets()
        assert reports.find(book["Nguồn gốc"], mark)
        visible = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
        assert all(f"Mã số liệu {mark}" in str(s.oddFooter.center.text) for s in visible)

    def test_every_delivery_is_listed_with_its_hash(self) -> None:
        sheet = reports.sheets()["Nguồn gốc"]
        table = tuple(sheet.iter_rows(values_only=True))
        column = column_under(table, "Mã kiểm tra tệp SHA256", first="Số tệp") - 1
        listed = {row[column] for row in table if row[column]}
        assert {delivery.sha256 for delivery in reports.small().ledger_entries} < listed


def test_a_field_added_to_a_form_becomes_a_column() -> None:
    inputs = reports.small()
    more = Field("theme", "text", Text("Chủ đề tự chọn [mới]", "Own theme"))

    def with_more(form_id: str) -> tuple[object, ...]:
        return tuple(
            replace(
                form,
                sections=tuple(
                    replace(s, fields=(*s.fields, more)) if s.id == "meetings" else s
                    for s in form.sections
                ),
            )
            if form.form == form_id
            else form
            for form in inputs.catalogue.forms
        )

    def fill_row(row: Row) -> Row:
        cells = {"held_on": "C32", "kind": "D32", "theme": "P32"}
        values = {**row.values, "theme": "=Học tập"}
        return replace(row, sheet="Báo cáo", values=values, cells=cells)

    catalogue = replace(inputs.catalogue, forms=with_more("meeting"))
    returns = tuple(
        replace(r, rows=tuple(fill_row(x) if x.section == "meetings" else x for x in r.rows))
        for r in inputs.returns
    )
    workbook = book(replace(inputs, catalogue=catalogue, returns=returns))
    rows = reports.rows(workbook["Dữ liệu buổi họp"])
    assert {row["Chủ đề tự chọn mới"].value for row in rows} == {"=Học tập"}
    assert {row["Chủ đề tự chọn mới"].data_type for row in rows} == {"s"}
    assert {row["Ô trong báo cáo"].value for row in rows} == {"Báo cáo!C32:P32"}


def test_a_town_without_a_single_return_still_gets_its_workbook() -> None:
    inputs = replace(reports.small(), returns=(), ledger_entries=())
    workbook = book(inputs)
    assert YEARLY not in workbook.sheetnames
    assert "TẠM TÍNH" in str(workbook["Tổng quan"]["A7"].value)
    assert reports.find(workbook["Lỗi"], "Không có lỗi")


def test_the_english_workbook_has_english_sheets_and_words() -> None:
    workbook = book(reports.small(), "en")
    assert workbook.sheetnames[:3] == ["Overview", "Attendance quota", "Cells attended"]
    assert reports.find(workbook["Meeting ratings"], "Not reported")


def test_a_waiver_says_how_often_it_took_effect() -> None:
    sheet = reports.sheets()["Nguồn gốc"]
    waived = reports.find(sheet, "CB-14 – ")
    assert str(sheet.cell(waived.row, 4).value).startswith("Tháng 02 năm 2019; Cả đơn vị trực")
    assert str(sheet.cell(waived.row, 4).value).endswith("đã áp dụng 1 lần")


def test_a_quota_owed_by_cell_counts_only_the_visits_there() -> None:
    inputs = reports.small()
    by_cell = tuple(replace(quota, per="officer_cell") for quota in inputs.catalogue.quotas)
    inputs = replace(inputs, catalogue=replace(inputs.catalogue, quotas=by_cell))
    data = report.write_sheets(inputs, compute(inputs), reports.provenance(inputs)).close()
    sheet = load_workbook(BytesIO(data))[QUOTA]
    line = compute(inputs).quota[0]
    formula = str(value(sheet, reports.find(sheet, line.officer).row, MONTHS_ATTENDED, "1"))
    assert f'DuHop[Mã đơn vị],"{line.branches[0].code}"' in formula


def test_two_officers_of_one_name_bear_their_posts() -> None:
    """CB01 and CB02 of the town of `changes` are both Lò Văn Nam."""
    cells = load_sheets(changes.unchanged_book())["Chi bộ được dự"]
    named = str(cells.at(cells.row_of("CB2"), cells.find("Cán bộ được phân công dự")[1]))
    assert "Lò Văn Nam (Chuyên viên); Lò Văn Nam (Phó Trưởng ban)" in named


CLASSIFIED = {"Xếp loại năm"}
LEGEND = "Số 0: đã đếm, không có"


@pytest.mark.parametrize(
    ("period", "as_of", "received", "is_shown"),
    [
        (Period(2019, 11), date(2019, 12, 8), "2019-10-31", False),
        (Period(2019, 11), date(2019, 12, 8), "2019-11-01", True),
        (Period(2019, 11), date(2019, 12, 8), "2019-12-08", True),
        (Period(2019, 11), date(2019, 12, 8), "2019-12-09", False),
        (Period(2019, 10, 3), date(2020, 1, 8), "2019-10-02", True),
        (Period(2019, 1, 12), date(2020, 1, 8), "2018-12-31", True),
    ],
)
def test_the_classification_has_sheets_in_a_year_and_where_a_yearly_return_came_in(
    period: Period, as_of: date, received: str, is_shown: bool
) -> None:
    inputs = reports.small()
    returns = tuple(
        replace(filed, entry=replace(filed.entry, received=f"{received}T09:00:00+07:00"))
        for filed in inputs.returns
        if filed.entry.form == "classification"
    )
    workbook = book(replace(inputs, period=period, as_of=as_of, returns=returns))
    assert (set(workbook.sheetnames) >= CLASSIFIED) is is_shown
    assert (CLASSIFIED & set(workbook.sheetnames) == set()) is not is_shown
    overview = workbook["Tổng quan"]
    row = reports.find(overview, "Đảng viên hoàn thành nhiệm vụ trở lên").row
    share = float(str(reports.under(overview, row, MEAN, first="Nội dung").value))
    assert round(share, 1) == 99.6
    link = next(cell.hyperlink for cell in overview["G"] if str(cell.value).startswith(
        ("Xếp loại năm", "Dữ liệu xếp loại")
    ))  # fmt: skip
    title = "Xếp loại năm" if is_shown else "Dữ liệu xếp loại các năm"
    assert link.location.startswith(f"'{title}'!")


def test_a_sheet_of_which_the_forms_tell_nothing_is_not_written() -> None:
    inputs = reports.small()
    forms = tuple(form for form in inputs.catalogue.forms if form.form != "meeting")
    catalogue = replace(inputs.catalogue, forms=forms, quotas=())
    register = replace(inputs.register, work=())
    workbook = book(replace(inputs, catalogue=catalogue, register=register, returns=()))
    shown = [sheet.title for sheet in workbook.worksheets if sheet.sheet_state == "visible"]
    front = [title for title in shown if not title.startswith("Dữ liệu")]
    assert front == [
        "Tổng quan", "Xếp loại sinh hoạt", "Lũy kế năm", "Tình hình nộp", "Cảnh báo", "Lỗi",
        "Nguồn gốc",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "title",
    [
        QUOTA,
        "Chi bộ được dự",
        "Lũy kế năm",
        "Chuyên đề – bồi dưỡng",
        "Đảng viên",
        *sorted(CLASSIFIED),
    ],
)
def test_blank_is_not_reported_and_nothing_else(title: str) -> None:
    """Where nothing can be, a formula gives –: none is blank on a sheet that says so."""
    assert reports.find(reports.sheets()[title], LEGEND)
    formulas = reports.sheets(cached=False)[title]
    blank = [
        cell.coordinate
        for row in reports.sheets()[title].iter_rows()
        for cell in row
        if cell.value in (None, "") and formulas[cell.coordinate].data_type == "f"
    ]
    assert blank == []


def test_a_front_sheet_asks_its_question_at_the_top() -> None:
    questions = [
        [str(cell.value) for cell in sheet[1] if str(cell.value or "").endswith("?")]
        for sheet in reports.sheets().worksheets[1:11]
    ]
    assert all(len(question) == 1 for question in questions)
    assert len({question for (question,) in questions}) == len(questions)
