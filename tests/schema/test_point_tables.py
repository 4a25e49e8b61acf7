"""Tables of points in a scheme: a mistake is named with its line, the page shows them all."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mlay_batch.core.messages import error_text
from mlay_batch.errors import SchemaError
from mlay_batch.schema import Form, Scheme, load_catalogue
from mlay_batch.schema.catalogue import shipped_folder
from mlay_batch.schema.load import lint, load_file, load_text
from mlay_batch.schema.reference import reference

SHIPPED = shipped_folder("schemas")
BUILDERS = Path(__file__).resolve().parent.parent / "builders"
LEVELS = """\
extends: scheme-meeting-score-2025.yaml
version: own
levels:
  - id: duration
    group: time
    title: {vi: Thời lượng, en: Duration}
    given: {meetings.kind: [regular, both]}
    basis: QĐ 1
    facts:
      - kind: minimum
        value: meetings.duration
        bounds:
          - {least: 120, number: members.closing, from: 30}
          - {least: 90}
        steps:
          - {short: 0, points: 5}
          - {short: 30, points: 3}
          - {share: 50, points: 2}
          - {points: 1}
  - id: presence
    group: attendance
    title: {vi: Có mặt, en: Present}
    basis: QĐ 1
    facts:
      - kind: share
        value: meetings.present
        of: meetings.expected
        steps:
          - {above: 90, points: 4}
          - {from: 90, points: 3}
          - {points: 1}
      - kind: count
        value: meetings.unexcused
        steps: [{to: 0, points: 4}, {points: 1}]
"""
WRONG = [
    # what is changed, into what, the error, its line, key or name, what is suggested
    ("group: time", "group: tims", "schema.name", 5, "group tims", "time"),
    ("    basis: QĐ 1\n", "", "schema.level_basis", 4, "duration", ""),
    ("group: attendance", "group: attendence", "schema.name", 21, "attendence", "attendance"),
    ("kind: minimum", "kind: minimun", "schema.value", 10, "kind", ""),
    ("steps:\n", "step:\n", "schema.key", 15, "step", "steps"),
    # steps: out of order by points or by bound, a last one with a bound, two bounds, none
    ("{short: 30, points: 3}", "{short: 30, points: 5}", "schema.steps", 17, "5", ""),
    ("{short: 30, points: 3}", "{short: 60, points: 3}", "schema.steps", 18, "2", ""),
    ("{share: 50, points: 2}", "{share: 80, points: 2}", "schema.steps", 18, "2", ""),
    ("- {points: 1}", "- {short: 80, points: 1}", "schema.steps", 19, "1", ""),
    ("{short: 30, points: 3}", "{short: 30, share: 60, points: 3}", "schema.steps", 17, "3", ""),
    ("{short: 30, points: 3}", "{points: 3}", "schema.steps", 17, "3", ""),
    ("{from: 90, points: 3}", "{from: 91, points: 3}", "schema.steps", 30, "3", ""),
    ("{points: 1}\n  -", "{points: -1}\n  -", "schema.steps", 19, "-1", ""),
    ("[{to: 0, points: 4}", "[{to: 0, points: 3}", "schema.steps", 34, "3", ""),
    # keys that do not fit the kind of fact
    ("{short: 30, points: 3}", "{from: 60, points: 3}", "schema.unfit", 17, "from 60", ""),
    ("        of: meetings.expected\n", "", "schema.unfit_blank", 25, "of", ""),
    ("value: meetings.unexcused", "value: meetings.unexcused\n        of: meetings.present",
     "schema.unfit", 34, "of", ""),
    ("- {least: 90}", "- {least: 90, number: members.closing, from: 9}", "schema.unfit", 14, "90",
     ""),
    (", number: members.closing, from: 30", "", "schema.unfit", 13, "120", ""),
    (", from: 30", "", "schema.unfit", 13, "120", ""),
    # more points than the group has
    ("{short: 0, points: 5}", "{short: 0, points: 6}", "schema.level_points", 9, "time", ""),
    ("group: attendance", "group: time", "schema.level_points", 24, "time", ""),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "code", "line", "name", "near"), WRONG)
def test_a_mistake_is_named(old: str, new: str, code: str, line: int, name: str, near: str) -> None:
    assert old in LEVELS
    with pytest.raises(SchemaError) as caught:
        load_text(LEVELS.replace(old, new, 1), "own.yaml", [SHIPPED])
    params = caught.value.params
    assert (caught.value.code, params["file"], params["line"]) == (code, "own.yaml", line)
    assert name in f"{params.get('key')} {params.get('name')}" or name == params.get("name")
    assert near in str(params.get("nearest", ""))
    for lang in ("vi", "en"):
        assert "own.yaml" in error_text(caught.value, lang)
        assert not re.search(r"\{\w+\}", error_text(caught.value, lang))


def test_what_is_right_is_a_record() -> None:
    scheme = load_text(LEVELS, "own.yaml", [SHIPPED])
    assert isinstance(scheme, Scheme)
    assert [(level.id, level.best) for level in scheme.levels] == [("duration", 5), ("presence", 4)]


@pytest.mark.parametrize(
    ("old", "new", "line", "key", "name", "near"),
    [
        ("value: meetings.duration", "value: meetings.duratio", 11, "value", "meetings.duratio",
         "meetings.duration"),
        ("value: meetings.present", "value: meetings.held_on", 26, "value", "meetings.held_on", ""),
        ("of: meetings.expected", "of: expected", 27, "of", "expected", ""),
        ("members.closing", "members.closed", 13, "number", "members.closed", "members.closing"),
        ("meetings.kind:", "meetings.kin:", 7, "meetings.kin", "meetings.kin", "meetings.kind"),
        ("[regular, both]", "[regular, bot]", 7, "meetings.kind", "bot", "both"),
        ("{meetings.kind: [regular, both]}", '{"@reporter": [cel]}', 7, "@reporter", "cel", "cell"),
    ],
)  # fmt: skip
def test_what_no_form_has_is_named_with_its_line(
    tmp_path: Path, old: str, new: str, line: int, key: str, name: str, near: str
) -> None:
    path = tmp_path / "own.yaml"
    assert old in LEVELS
    path.write_text(LEVELS.replace(old, new, 1), encoding="utf-8")
    (error, *_), _ = lint([path], sorted(SHIPPED.glob("*.yaml")), SHIPPED)
    assert error.code == "schema.name"
    assert error.params["file"] == str(path)
    assert {k: error.params[k] for k in ("line", "key", "name")} == {
        "line": line, "key": key, "name": name,
    }  # fmt: skip
    assert near in error.params["nearest"]
    with pytest.raises(SchemaError) as caught:
        load_catalogue(tmp_path)
    assert (caught.value.code, caught.value.params["line"]) == ("schema.name", line)


def test_a_level_is_changed_by_its_id(tmp_path: Path) -> None:
    """A later scheme gives only what differs: the basis, now that the document was seen."""
    (tmp_path / "own.yaml").write_text(LEVELS, encoding="utf-8")
    later = 'extends: own.yaml\nversion: "2"\nlevels: [{id: presence, confirmed: true}]\n'
    scheme = load_text(later, "later.yaml", [tmp_path, SHIPPED])
    assert isinstance(scheme, Scheme)
    assert [level.confirmed for level in scheme.levels] == [False, True]
    assert [len(level.facts) for level in scheme.levels] == [1, 2]


def test_shipped_schemes_declare_none() -> None:
    assert not any(scheme.levels for scheme in load_catalogue().schemes)


MINIMUM = (
    "Thời lượng (phút); tối thiểu 120 khi Loại sinh hoạt là Thường kỳ và chuyên đề; 120 khi "
    "Đảng viên: Cuối tháng (tự tính) từ 30; 90"
)


def test_the_page_shows_every_step_and_the_basis() -> None:
    form, scheme = (
        load_file(BUILDERS / name, folders=[SHIPPED])
        for name in ("ward_form.yaml", "ward_scheme.yaml")
    )
    assert isinstance(form, Form)
    page = reference(scheme, "vi", [form])
    assert page.partition("### Chỉ tiêu")[0].partition("## Điểm theo")[2].splitlines()[4:] == [
        "### Thời lượng buổi họp (Thời gian, 5/5 điểm)",
        "",
        "- Căn cứ: bảng điểm của một phường (chưa xác nhận, để tham khảo)",
        "- Chỉ dùng khi Loại sinh hoạt là Thường kỳ / Thường kỳ và chuyên đề",
        "",
        MINIMUM,
        "",
        "| Mức | Điểm |",
        "| --- | --- |",
        "| đủ mức tối thiểu | 5 |",
        "| thiếu không quá 15 | 4 |",
        "| thiếu không quá 30 | 3 |",
        "| từ 50% mức tối thiểu | 2 |",
        "| còn lại | 1 |",
        "",
        "### Đảng viên có mặt (Tham dự, 4/5 điểm)",
        "",
        "- Căn cứ: bảng điểm của một phường (chưa xác nhận, để tham khảo)",
        "",
        "Đảng viên có mặt / Đảng viên phải có mặt",
        "",
        "| Mức | Điểm |",
        "| --- | --- |",
        "| từ 90% | 4 |",
        "| từ 75% | 3 |",
        "| từ 65% | 2 |",
        "| còn lại | 1 |",
        "",
        "Vắng không lý do",
        "",
        "| Mức | Điểm |",
        "| --- | --- |",
        "| không quá 0 | 4 |",
        "| còn lại | 1 |",
        "",
        "### Đảng viên phát biểu (Tiến hành, 5/40 điểm)",
        "",
        "- Căn cứ: bảng điểm của một phường (chưa xác nhận, để tham khảo)",
        "",
        "Số người phát biểu / Đảng viên có mặt",
        "",
        "| Mức | Điểm |",
        "| --- | --- |",
        "| trên 50% | 5 |",
        "| từ 40% | 4 |",
        "| từ 30% | 3 |",
        "| còn lại | 2 |",
        "",
    ]
    assert "Ngày đăng tài liệu (sổ tay), số ngày trước Ngày họp" in page
    assert "{" not in page + reference(scheme, "en", [form])


TWO_FORMS = (BUILDERS / "two_scores_scheme.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("old", "new", "code", "line", "name"),
    [
        ("theme_talk, section: theme_scores", "theme_talk, section: theme_score", "schema.name", 9,
         "theme_score"),
        ("kinds: [thematic]", "kinds: [thematic, both]", "schema.again", 6, "both"),
        ("max: 60", "max: 55", "schema.score_form", 6, "theme_scores"),
        ("full: [time]", "full: [time, theme_choice]", "schema.unfit", 11, "time, theme_choice"),
    ],
)  # fmt: skip
def test_two_score_forms_share_one_scale(
    old: str, new: str, code: str, line: int, name: str
) -> None:
    assert old in TWO_FORMS
    with pytest.raises(SchemaError) as caught:
        load_text(TWO_FORMS.replace(old, new, 1), "own.yaml", [SHIPPED])
    errors = [(e.code, e.params["line"], e.params["name"]) for e in caught.value.every]
    assert (code, line, name) in errors
    assert "{" not in error_text(caught.value, "vi") + error_text(caught.value, "en")


def test_each_score_form_has_its_groups_on_the_page() -> None:
    scheme = load_text(TWO_FORMS, "own.yaml", [SHIPPED])
    assert isinstance(scheme, Scheme)
    page = reference(scheme, "vi", load_catalogue().forms)
    assert "Phần `theme_scores` của mẫu, chấm buổi: Chuyên đề." in page
    assert [scheme.score_section(kind) for kind in ("regular", "both", "thematic", "other")] == [
        "scores", "scores", "theme_scores", "scores",
    ]  # fmt: skip
    assert [group.id for group in scheme.for_kind("thematic").groups] == [
        "theme_choice", "theme_talk",
    ]  # fmt: skip
