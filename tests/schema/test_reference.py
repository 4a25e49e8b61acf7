"""A reference page says everything its YAML says."""

from __future__ import annotations

import pytest
from builders.known_codes import KNOWN_CODES

from mlay_batch.core.messages import show
from mlay_batch.demo import SCHEMAS
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
        "| Z01 | cảnh báo | … người, ít hơn 3. | Xem lại. | QĐ 1 | `at_least` (value: people, bound: 3) |",  # noqa: E501
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
    described = (CATALOGUE.forms, CATALOGUE.quotas, CATALOGUE.schemes, CATALOGUE.indicator_sets)
    assert len(page_texts) == 2 + sum(map(len, described))
    assert "ít nhất 4 lần một năm" in page_texts["quota-town_official-2018-07.md"]
    assert "| Khá | `fair` | 70 |" in page_texts["scheme-meeting_score-2018.md"]
    yearly = page_texts["scheme-classification-2018.md"]
    assert "| Hoàn thành xuất sắc nhiệm vụ | HTXS |  |  |" in yearly
    (town,) = [s for s in load_catalogue(SCHEMAS).schemes if s.heading]
    assert "| HTXS | từ 90% | kết quả “trên 90%” một bài báo ngày 04/12/2019 nêu" in reference(
        town, "vi"
    )
    assert "Thường kỳ, Chuyên đề" in page_texts["quota-town_official-2018-07.md"]
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
            "vi": "Chi bộ thuộc đảng bộ cơ sở, Chi bộ trực thuộc thị ủy",
            "en": "Cell under a committee, Cell directly under the town",
        }[lang]
    )


def test_every_finding_of_the_program_is_explained() -> None:
    page = findings_page("vi")
    codes = [line.split(" | ")[0].strip("| ") for line in page.splitlines() if line[2:5].isalnum()]
    assert [code for code in codes if code[1:].isdigit()] == sorted(KNOWN_CODES)
    assert "{" not in page
    assert "| C20 | cảnh báo | Ghi “…” bên ngoài biểu mẫu" in page
    assert "| R04 | lỗi, trả lại |" in page and "| I20 | chờ quyết định |" in page
