"""A reference page says everything its YAML says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest
from builders.known_codes import KNOWN_CODES

from mlay_batch.core.messages import show
from mlay_batch.demo import load_sample
from mlay_batch.schema import load_catalogue
from mlay_batch.schema.load import load_text
from mlay_batch.schema.reference import findings_page, pages, reference

CATALOGUE = load_catalogue()

FORM = """
form: visit
version: "1"
period: month
effective: {from: 2020-01, to: 2020-12}
basis: [QĐ 1]
title: {vi: PHIẾU DỰ HỌP, en: Visit}
sheet: {vi: Phiếu, en: Visit}
choices:
  answer:
    - {id: "yes", title: {vi: Có, en: "Yes"}}
    - {id: "no", title: {vi: Không, en: "No"}}
sections:
  - id: visit
    layout: table
    rows: 4
    title: {vi: Buổi dự, en: Visits}
    fields:
      - {id: people, type: integer, min: 0, max: 1500, required: true, unit: {vi: người, en: people}, title: {vi: Số người, en: People}, example: "12"}
      - {id: spoke, type: choice, choices: answer, default: "no", title: {vi: "Có | không", en: Spoke}}
      - {id: code, type: text, max_length: 9, pattern: "[A-Z]+", title: {vi: Mã, en: Code}}
    rules:
      - {code: Z01, check: at_least, value: people, bound: 3, mark: [people], severity: warning, basis: QĐ 1, says: {vi: "{value} người, ít hơn {bound}.", en: "{value} people, below {bound}."}, fix: {vi: Xem lại., en: Check.}}
"""  # noqa: E501


def test_a_form_page_line_by_line() -> None:
    assert reference(load_text(FORM, "visit.yaml"), "vi").splitlines() == [
        "# PHIẾU DỰ HỌP",
        "",
        "- Mẫu `visit`, phiên bản `1`",
        "- Căn cứ: QĐ 1; áp dụng từ tháng 01 năm 2020 đến tháng 12 năm 2020",
        "- Báo cáo hằng tháng",
        "",
        "## Buổi dự",
        "",
        "Bảng `visit`, mẫu in sẵn 4 dòng, chèn thêm được.",
        "",
        "| Mục | Mã | Kiểu và giới hạn | Bắt buộc | Lời nhắc, ví dụ |",
        "| --- | --- | --- | --- | --- |",
        "| Số người | `people` | số nguyên (người); từ 0 đến 1.500 | có | Ví dụ: 12 |",
        "| Có \\| không | `spoke` | chọn: Có (`yes`) / Không (`no`); mặc định Không |  |  |",
        "| Mã | `code` | chữ; không quá 9 ký tự; đúng dạng `[A-Z]+` |  |  |",
        "",
        "### Quy tắc",
        "",
        "| Mã | Mức | Nội dung báo | Cách sửa | Căn cứ | Phép kiểm tra |",
        "| --- | --- | --- | --- | --- | --- |",
        "| Z01 | lưu ý | … người, ít hơn 3. | Xem lại. | QĐ 1 | `at_least` (value: people, bound: 3) |",  # noqa: E501
    ]


@pytest.mark.parametrize("lang", ["vi", "en"])
@pytest.mark.parametrize("form", CATALOGUE.forms, ids=lambda form: f"{form.form}-{form.version}")
def test_every_field_and_rule_of_a_shipped_form_is_there(form, lang: str) -> None:
    page = reference(form, lang)
    for section in form.sections:
        for entry in section.fields:
            assert f"{entry.title.of(lang).replace('|', chr(92) + '|')} | `{entry.id}` |" in page
            for bound in (entry.min, entry.max):
                assert bound is None or show(bound, lang) in page
    for _, rule in form.rules():
        assert f"| {rule.code} |" in page and rule.basis in page


def test_quotas_and_schemes_have_pages_too() -> None:
    page_texts = pages(CATALOGUE, "vi")
    described = (
        CATALOGUE.readable_forms,
        CATALOGUE.quotas,
        CATALOGUE.schemes,
        CATALOGUE.indicator_sets,
    )
    assert len(page_texts) == 3 + sum(map(len, described))
    assert "ít nhất 4 lần mỗi năm" in page_texts["quota-office_official-2018-07.md"]
    assert "| Khá | `fair` | 70 |" in page_texts["scheme-meeting_score-2018.md"]
    yearly = page_texts["scheme-classification-2018.md"]
    assert "| Hoàn thành xuất sắc nhiệm vụ | HTXS |  |  |" in yearly
    (town,) = [s for s in load_catalogue(load_sample().schemas).schemes if s.heading]
    assert "| không có | kết quả “không có” một bài báo ngày 04/12/2019 nêu" in reference(
        town, "vi"
    )
    assert "Thường kỳ, Chuyên đề" in page_texts["quota-office_official-2018-07.md"]
    assert all(
        f"]({name})" in page_texts["README.md"] for name in page_texts if name != "README.md"
    )


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_reporters_are_called_by_their_titles(lang: str) -> None:
    form = CATALOGUE.form("meeting", "2025.1")
    assert form
    (line,) = [
        text
        for text in reference(form, lang, CATALOGUE.forms).splitlines()
        if text.startswith(("- Nơi nộp", "- Reported by"))
    ]
    assert (
        line.partition(": ")[2]
        == {
            "vi": "Chi bộ thuộc đảng bộ cơ sở, Chi bộ trực thuộc",
            "en": "Cell under a committee, Cell directly under the office",
        }[lang]
    )


def test_every_finding_of_the_program_is_explained() -> None:
    page = findings_page("vi")
    codes = [line.split(" | ")[0].strip("| ") for line in page.splitlines() if line[2:5].isalnum()]
    assert [code for code in codes if code[1:].isdigit()] == sorted(KNOWN_CODES)
    assert "{" not in page
    assert "| C20 | lưu ý | Ghi “…” bên ngoài biểu mẫu" in page
    assert "| R04 | lỗi, trả lại |" in page and "| I20 | chờ quyết định |" in page


# Where the documents that a basis may name were seen, and what of them was seen there. A basis that
# says more than is listed here says "chưa xác nhận"; one more document is added with its address.
_DOMAIN = "DOMAIN.md, marked [doc]"
_TNUT = "llct.tnut.edu.vn/tin-tuc/2018-07-31/tieu-chi-danh-gia-chat-luong-sinh-hoat-chi-bo-dang"
_LUATVIETNAM = (
    "luatvietnam.vn/tin-van-ban-moi/thoi-luong-sinh-hoat-chi-bo-toi-thieu-90-phut-186-105065"
)
_THUVIEN = "thuvienphapluat.vn Huong-dan-16-HD-BTCTW-2018 396122"
_ENCO = "encovietnam.com/ban-tin-phap-luat/140-hanh-chinh/5216 (43-HD replaces 25-HD)"
_THANHNIEN = "thanhnien.vn 185250920111919699 (366-QĐ replaces 124-QĐ)"
_HOIDAP = "thuvienphapluat.vn/hoi-dap-phap-luat/4C187 (word for word)"
SEEN = {
    "12-HD/BTCTW": _TNUT,
    "12-HD/BTCTW (sinh hoạt thường kỳ, dự trên 85%)": _TNUT,
    "12-HD/BTCTW (sinh hoạt thường kỳ, không có đảng viên vắng không lý do)": _TNUT,
    "12-HD/BTCTW (sinh hoạt thường kỳ, tối thiểu 90 phút)": _DOMAIN,
    "12-HD/BTCTW (thường kỳ mỗi tháng một lần)": _DOMAIN,
    "12-HD/BTCTW (chuyên đề mỗi quý một lần)": _DOMAIN,
    "42-HD/BTCTW ngày 28/10/2025": _LUATVIETNAM,
    "42-HD/BTCTW ngày 28/10/2025 (tối thiểu 90 phút)": _LUATVIETNAM,
    "42-HD/BTCTW ngày 28/10/2025 "
    "(thường kỳ và chuyên đề trong một buổi, tối thiểu 120 phút)": _LUATVIETNAM,
    "27-HD/BTCTW": "minhtungland.com/huong-dan-so-27-ngay-25-thang-9-nam-2014 (a distorted copy)",
    "132-QĐ/TW": _THUVIEN,
    "16-HD/BTCTW": _THUVIEN,
    "21-HD/BTCTW": _DOMAIN,
    "21-HD/BTCTW "
    "(chi bộ hoàn thành xuất sắc khi 100% đảng viên hoàn thành nhiệm vụ trở lên)": _DOMAIN,
    "21-HD/BTCTW "
    "(chi bộ hoàn thành xuất sắc khi từ 80% đảng viên hoàn thành tốt trở lên)": _DOMAIN,
    "21-HD/BTCTW ngày 18/10/2019, mục 2.3 điểm a về đảng viên: "
    "không vượt quá 20% số hoàn thành tốt trong từng tổ chức cơ sở đảng": _HOIDAP,
    "21-HD/BTCTW, mục 2.3 điểm a về đảng viên "
    "(không vượt quá 20% số hoàn thành tốt trong từng tổ chức cơ sở đảng)": _HOIDAP,
    "366-QĐ/TW, Điều 11, khoản 1 (từ 90 điểm)": "tintuc.thuvienphapluat.com 100238, word for word",
    "366-QĐ/TW, Điều 11 (từ 70, từ 50 điểm)": "laodong.vn 1579399, in translation",
    "124-QĐ/TW": _THANHNIEN,
    "25-HD/BTCTW": _ENCO,
    "366-QĐ/TW ngày 30/8/2025": _THANHNIEN,
    "366-QĐ/TW (đánh giá tổ chức theo thang 100 điểm)": "laodong.vn 1578058",
    "366-QĐ/TW (thang 100 điểm, các mức 90, 70, 50)": "laodong.vn 1578058 and 1579399",
    "43-HD/BTCTW": _ENCO,
    # A news item that tells a rule, named as such; and our own use of a document on another matter.
    "quy định của Đảng ủy Khối Các cơ quan tỉnh Phú Thọ, theo tin của Tạp chí Xây dựng Đảng "
    "(không nêu số văn bản)": "xaydungdang.org.vn, item 13044",
    "21-HD/BTCTW (2019–2022), xếp loại tổ chức đảng hằng năm; "
    "dùng cho sinh hoạt chi bộ là cách hiểu của phần mềm": _DOMAIN,
}  # fmt: skip
_DOCUMENT = re.compile(r"\d+-(?:HD|QĐ|CT|KL|NQ)/[A-ZĐ]+")
_CLAUSE = re.compile(_DOCUMENT.pattern + r",? (?:mục|điều|điểm|khoản|chương)", re.IGNORECASE)
_UNCONFIRMED = re.compile("chưa (được )?xác nhận")
_OWN_FORM = ("Mẫu báo cáo: ", "Sổ đăng ký", "Danh sách việc")  # a relation within a form of ours


def bases(record: object) -> Iterator[str]:
    """Every basis in a description, of its parts too."""
    if isinstance(record, tuple):
        for item in record:
            yield from bases(item)
    if is_dataclass(record):
        for part in fields(record):
            value: Any = getattr(record, part.name)
            if part.name == "basis":  # what is not `confirmed` is printed as such
                stands = "" if getattr(record, "confirmed", True) else " (chưa xác nhận)"
                values = (value,) if isinstance(value, str) else value or ()
                yield from (f"{text}{stands}" for text in values)
            yield from bases(value)


def is_sourced(basis: str) -> bool:
    """Whether a basis was seen, says that it is unconfirmed, or rests on one of our forms alone."""
    named = set(_DOCUMENT.findall(basis))
    known = {name for text in SEEN for name in _DOCUMENT.findall(text)}
    if _UNCONFIRMED.search(basis):  # what is dated is a document by its number, or an article
        return named <= known and (bool(named) or "ngày" not in basis or "bài báo" in basis)
    return basis in SEEN or (basis.startswith(_OWN_FORM) and not named)


RECORDS = (*CATALOGUE.forms, *CATALOGUE.quotas, *CATALOGUE.schemes, *CATALOGUE.indicator_sets)


def test_every_basis_was_seen_or_says_that_nobody_confirmed_it() -> None:
    shipped = {basis for record in RECORDS for basis in bases(record)}
    assert len(shipped) > 50
    assert sorted(basis for basis in shipped if not is_sourced(basis)) == []
    assert [basis for basis in shipped if _CLAUSE.search(basis) and basis not in SEEN] == []


@pytest.mark.parametrize(
    "basis",
    [
        "12-HD/BTCTW, mục II (tối thiểu 90 phút)",  # a clause nobody saw
        "12-HD/BTCTW (tối thiểu 60 phút)",
        "99-HD/BTCTW (chưa xác nhận)",  # a document nobody saw
        "Quy định của Thị ủy",
        "Báo cáo của Thị ủy ngày 04/12/2019 (chưa xác nhận)",  # an article, not a report
        "Mẫu báo cáo: 90 phút theo 12-HD/BTCTW",
    ],
)
def test_a_new_basis_without_a_source_is_caught(basis: str) -> None:
    assert not is_sourced(basis)


def test_what_is_printed_cites_documents_that_were_seen() -> None:
    """Locale, letters, guides, and what the forms themselves instruct."""
    root = Path(__file__).resolve().parents[2]
    files = (*(root / "mlay_batch/locale").rglob("*.*"), *(root / "docs").glob("*.md"))
    texts = [path.read_text(encoding="utf-8") for path in files]
    texts += [f"{line.vi} {line.en}" for form in CATALOGUE.forms for line in form.instructions]
    known = {name for text in SEEN for name in _DOCUMENT.findall(text)}
    assert {name for text in texts for name in _DOCUMENT.findall(text)} <= known
    assert [match[0] for text in texts for match in _CLAUSE.finditer(text)] == []
