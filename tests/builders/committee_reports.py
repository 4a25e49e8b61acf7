"""Reports of a committee made by hand: one like the model of the sample town, and plain ones."""

from __future__ import annotations

from datetime import date

from mlay_batch.report.committee.committee_report import (
    CommitteeReport,
    ReportColumn,
    ReportSection,
    ReportTable,
    SignatureBlock,
)

RATED_BELOW = ReportTable(
    title="Các buổi xếp loại dưới mức Khá",
    sheet="Dưới mức Khá",
    columns=(
        ReportColumn("Chi bộ", 5),
        ReportColumn("Điểm tháng 11", 2, "right", 1),
        ReportColumn("Từ đầu năm", 5),
    ),
    rows=(
        ("Ban Tuyên giáo Thị ủy", 69.0, "6 trong 11 buổi Trung bình"),
        ("Hạt Kiểm lâm thị xã", 67.0, "9 trong 13 buổi"),
        ("Cảnh sát giao thông – trật tự", 65.0, "2 trong 14 buổi"),
    ),
    notes=("Mức Tốt 49 buổi, mức Khá 25 buổi.",),
)
ATTENDANCE = ReportTable(
    title="Kết quả thực hiện chỉ tiêu dự sinh hoạt",
    sheet="Chỉ tiêu dự",
    columns=(
        ReportColumn("Đối tượng", 6),
        ReportColumn("Số người", 2, "right"),
        ReportColumn("Đạt", 2, "right"),
        ReportColumn("Đúng tiến độ", 2.2, "right"),
        ReportColumn("Chậm", 5),
        ReportColumn("Khó đạt", 4),
    ),
    rows=(
        ("Cấp ủy viên đảng bộ cơ sở, 6 buổi/năm", 9, 4, 2,
         "Tòng Văn Inh 4/6; Chui Thị Sáo 3/6", "Cà Thị Nguyệt 1/6"),
        ("Cán bộ, chuyên viên, 4 buổi/năm", 12, 6, 3,
         "Lò Văn Thắng (chuyên viên Ban Tuyên giáo) 2/4", "Hoàng Minh Tuấn 1/4"),
    ),
    totals=("Cộng", 21, 10, 5, None, None),
)  # fmt: skip
SECTIONS = (
    ReportSection("Tình hình gửi báo cáo", (
        ("68/70 chi bộ đã gửi (97,1%), 66 đúng hạn; gửi muộn: bản Bắc, bản Lé. Chưa có: Bảo hiểm "
        "xã hội thị xã (đã trả lại để sửa), bản Huổi Min (chưa gửi). Các số dưới đây là của 68 chi "
        "bộ, 1.125 đảng viên; cộng số gần nhất của hai chi bộ kia (9 và 8) là 1.142."),
    )),
    ReportSection("Nền nếp sinh hoạt", (
        ("77 buổi: 57 thường kỳ, 11 thường kỳ và chuyên đề, 9 chuyên đề riêng; cả 68 chi bộ đều có "
        "buổi thường kỳ."),
        ("Có mặt 1.015 trong 1.076 lượt phải dự (94,3%; tháng 10: 92,9%); không có ai vắng không "
        "lý do. Ba buổi không vượt 85%: Phòng Giáo dục và Đào tạo (11/13), Cảnh sát điều tra "
        "(14/17), Cảnh sát giao thông – trật tự (11/13)."),
    )),
    ReportSection("Chất lượng sinh hoạt", (
        ("Điểm bình quân 88,8, không đổi so với tháng 10 (từ đầu năm: 88,9). Tốt 49 buổi, Khá 25, "
        "Trung bình 3 (tháng 10: 1), Kém 0."),
    ), (RATED_BELOW,)),
    ReportSection("Biểu hiện hình thức (để trao đổi, chưa phải kết luận)", (
        ("Họp lồng ghép với họp cơ quan: Phòng Lao động – Thương binh và Xã hội, Viện kiểm sát "
        "nhân dân thị xã, Tổ dân phố 4 phường Na Lay, bản Ló 1."),
        ("Đáng chú ý: Phòng Lao động – Thương binh và Xã hội được xếp Tốt (95 điểm) trong khi nội "
        "dung chép tháng trước, 3 tháng liền không có ý kiến phê bình, 12 buổi liền tự chấm đúng "
        "96 điểm. Bản Ổ và bản Lé ghi nội dung giống hệt nhau."),
    )),
    ReportSection("Cấp trên dự sinh hoạt", (
        ("Tháng 11 có 6 lượt dự (tháng 10: 8 lượt). 13 chi bộ từ đầu năm chưa có cấp trên nào dự: "
        "Khối Dân vận – Mặt trận, Trung tâm GDNN – GDTX, Bưu điện, THCS Nậm Cản, Tổ dân phố 6, Tổ "
        "dân phố 8, bản Ló 1, bản Tạo Sen, bản Ma Na, Hô Luông – Hô Cang (lập 01/8), Tham mưu – "
        "Hậu cần, Khối Dự phòng, Trạm Y tế phường."),
    ), (ATTENDANCE,)),
    ReportSection("Chuyên đề quý IV", (
        ("40/70 chi bộ đã có; 30 chi bộ còn tháng 12 (12 trực thuộc thị ủy; Na Lay 4; Sông Đà 4; "
        "Lay Nưa 6; Công an 1; Y tế 3 – phụ lục 2), trong đó hai chi bộ chưa có báo cáo tháng 11."),
    )),
)  # fmt: skip
GROUPS = ("Thời gian", "Tỷ lệ dự", "Chuẩn bị", "Nội dung", "Điều hành", "Thảo luận", "Kết luận")


def ratings(count: int = 70) -> ReportTable:
    """The list of all ratings, with ten columns and more."""
    return ReportTable(
        title="Danh sách chấm điểm các buổi sinh hoạt",
        sheet="Chấm điểm",
        columns=(
            ReportColumn("STT", 1.2, "center"),
            ReportColumn("Chi bộ", 6),
            ReportColumn("Ngày họp", 2.6, "center"),
            *(ReportColumn(group, 1.9, "right", 1) for group in GROUPS),
            ReportColumn("Tổng điểm", 1.9, "right", 1),
            ReportColumn("Xếp loại", 2.4, "center"),
        ),
        rows=tuple(
            (number, f"Chi bộ Tổ dân phố {number} phường Na Lay", date(2019, 11, 1 + number % 28),
             5, 5, 9.5, 38.5, 4.5, 26.5, 5, 94.0 - number % 30, "Tốt" if number % 30 < 5 else "Khá")
            for number in range(1, count + 1)
        ),
        totals=(None, "Bình quân", None, 5, 5, 9.5, 38.5, 4.5, 26.5, 5, 88.75, None),
    )  # fmt: skip


def quotas(count: int = 21) -> ReportTable:
    """The attendance of each officer, worst first."""
    return ReportTable(
        title="Dự sinh hoạt của từng cán bộ, kém nhất ở trên",
        sheet="Từng cán bộ",
        columns=(
            ReportColumn("STT", 1.2, "center"),
            ReportColumn("Họ và tên", 4),
            ReportColumn("Đã dự", 1.6, "right"),
            ReportColumn("Phải dự", 1.6, "right"),
            ReportColumn("Kết quả", 3),
        ),
        rows=tuple((n, f"Lò Văn {n}", n // 4, 6, "■ Chậm") for n in range(1, count + 1)),
    )


def town(**changes: object) -> CommitteeReport:
    """A report like the model of the sample town; `changes` replace fields."""
    fields: dict[str, object] = {
        "superior": "Tỉnh ủy Điện Biên",
        "office": "Thị ủy Mường Lay",
        "number": "Số        -BC/TU",
        "place_and_day": "Mường Lay, ngày 06 tháng 12 năm 2019",
        "kind": "BÁO CÁO",
        "subject": "tình hình sinh hoạt chi bộ tháng 11 năm 2019",
        "state": "(TẠM TÍNH: còn 2 trong 70 chi bộ chưa có báo cáo)",
        "sections": SECTIONS,
        "annexes": (quotas(), ratings()),
        "recipients": (
            "- Tỉnh ủy (để báo cáo),", "- Các đồng chí trong Ban Thường vụ,",
            "- Các đảng ủy, chi bộ trực thuộc,", "- Lưu Văn phòng Thị ủy.",
        ),
        "prepared": SignatureBlock("Người lập biểu", "", "Nguyễn Thị Hòa"),
        "signed": SignatureBlock("T/M BAN THƯỜNG VỤ", "PHÓ BÍ THƯ", "Lê Thị Vân"),
        "as_of": date(2019, 12, 6),
        "lang": "vi",
    }  # fmt: skip
    return CommitteeReport(**(fields | changes))  # type: ignore[arg-type]


def bare(**changes: object) -> CommitteeReport:
    """A report of which nothing is known but its office and day."""
    nobody = SignatureBlock("", "", "")
    empty = dict.fromkeys(("superior", "number", "place_and_day", "subject", "state"), "")
    none = dict.fromkeys(("sections", "annexes", "recipients"), ())
    return town(**{**empty, **none, "prepared": nobody, "signed": nobody} | changes)
