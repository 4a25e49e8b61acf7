"""What lint says of a wrong file: in the reader's language, by section and code, with the line."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from mlay_batch.core.messages import error_text
from mlay_batch.errors import SchemaError
from mlay_batch.schema.catalogue import load_catalogue, shipped_folder
from mlay_batch.schema.load import lint, load_file, load_text
from mlay_batch.schema.yaml_files import StrictLoader

SHIPPED = shipped_folder("schemas")
FORM = """\
form: visit
version: "1"
period: month
effective: {from: 2020-01}
basis: [QĐ 1]
title: {vi: Phiếu, en: Visit}
sheet: {vi: Phiếu, en: Visit}
choices:
  answer:
    - {id: "yes", title: {vi: Có, en: "Yes"}}
sections:
  - id: rows
    layout: table
    title: {vi: Bảng, en: Rows}
    fields:
      - {id: held_on, type: date, required: true, title: {vi: Ngày, en: Day}}
      - {id: people, type: integer, min: 0, default: 0, title: {vi: Người, en: People}}
    rules:
      - {code: Z01, check: at_least, value: people, bound: 3, mark: [people], basis: QĐ 1,
         says: {vi: Ít, en: Few}, fix: {vi: Sửa, en: Correct}}
"""
PEOPLE = "phần rows › ô people"

SAID = [
    # what is changed, into what, the code, what is said after "dòng "
    ("basis: [QĐ 1]\n", "", "missing", "1: ở cấp ngoài cùng: thiếu khóa “basis”. Thêm"),
    ("{id: held_on, type", "{type", "missing", "16: phần rows › ô thứ 1: thiếu khóa “id”. Thêm"),
    (
        "id: held_on",
        "id: ",
        "empty",
        "16: phần rows › ô thứ 1 › id: chưa ghi gì. Ghi một dòng chữ.",
    ),
    ("min: 0", "mim: 0", "key", f"17: {PEOPLE}: không có khóa nào tên “mim”. Có phải là “min”?"),
    ("min: 0", "xyz: 0", "key", f"17: {PEOPLE}: không có khóa nào tên “xyz”. Bỏ khóa này, hoặc"),
    (
        "period: month",
        "period: monthly",
        "value",
        (
            "3: period: không dùng được “monthly” ở đây. Ghi "
            "một trong: month, quarter, half, year, none. Có phải là “month”?"
        ),
    ),
    (
        "basis: QĐ 1,",
        "basis: QĐ 1, severity: eror,",
        "value",
        (
            "19: phần rows › quy tắc Z01 › "
            "severity: không dùng được “eror” ở đây. Ghi một trong: error, warning, trial. Có phải"
        ),
    ),
    ("min: 0", "min: ít", "value", f"17: {PEOPLE} › min: không dùng được “ít” ở đây. Ghi một số"),
    (
        "min: 0",
        "width: 2.5",
        "value",
        (f"17: {PEOPLE} › width: không dùng được “2.5” ở đây. Ghi một số nguyên"),
    ),
    ("min: 0", "width: rộng", "value", f"17: {PEOPLE} › width: không dùng được “rộng” ở đây. Ghi"),
    (
        "required: true",
        "required: có",
        "value",
        (
            "16: phần rows › ô held_on › required: không dùng "
            "được “có” ở đây. Ghi true (có) hoặc false (không)."
        ),
    ),
    (
        "default: 0",
        "default: [0]",
        "value",
        (f"17: {PEOPLE} › default: không dùng được “[0]” ở đây. Ghi một chữ hoặc một số."),
    ),
    (
        'version: "1"',
        "version: 2025.1",
        "unquoted",
        (
            "2: version: ở đây phải là chữ, không phải số "
            'hay ngày. Đặt trong dấu nháy kép: "2025.1".'
        ),
    ),
    (
        'version: "1"',
        "version: 2025-11-03",
        "unquoted",
        (
            "2: version: ở đây phải là chữ, không phải "
            'số hay ngày. Đặt trong dấu nháy kép: "2025-11-03".'
        ),
    ),
    (
        "period: month",
        "null: 1\nperiod: month",
        "key",
        "3: ở cấp ngoài cùng: không có khóa nào tên “null”",
    ),
    (
        "period: month",
        "2020-01-31: 1\nperiod: month",
        "key",
        "3: ở cấp ngoài cùng: không có khóa nào tên “2020-01-31”.",
    ),
    (
        "en: Rows}",
        "en: Rows, fr: Table}",
        "key_alone",
        "14: phần rows › title: không có khóa nào tên “fr”. Bỏ khóa này.",
    ),
    (
        "choices:",
        "quota: q\nchoices:",
        "kinds",
        "8: tệp có nhiều khóa trong số: form, quota, mà mỗi tệp",
    ),
    (
        '- {id: "yes", title: {vi: Có, en: "Yes"}}',
        "- title",
        "value",
        (
            "10: choices › answer › lựa chọn thứ 1: không dùng được “title” ở đây. Ghi các khóa "
            "id, title, thụt vào dưới khóa này hoặc trong ngoặc nhọn."
        ),
    ),
    (
        "from: 2020-01",
        "from: 2020-01-15",
        "value",
        "4: effective › from: không dùng được “2020-01-15” ở đây. Ghi một tháng dạng 2025-11.",
    ),
    (
        "min: 0",
        "max: .inf",
        "value",
        f"17: {PEOPLE} › max: không dùng được “.inf” ở đây. Ghi một số",
    ),
    (
        "min: 0",
        "width: -3",
        "value",
        f"17: {PEOPLE} › width: không dùng được “-3” ở đây. Ghi một số từ 1 đến 255.",
    ),
    (
        "min: 0",
        "max_length: 40000",
        "value",
        f"17: {PEOPLE} › max_length: không dùng được “40000” ở đây. Ghi một số từ 1 đến 32767.",
    ),
    (
        "layout: table",
        "layout: table\n    rows: 5000",
        "value",
        "14: phần rows › rows: không dùng được “5000” ở đây. Ghi một số từ 0 đến 1000.",
    ),
    (
        "period: month",
        "period: month\ndue: {day: 900}",
        "value",
        "4: due › day: không dùng được “900” ở đây. Ghi một số từ -366 đến 366.",
    ),
    (
        "bound: 3",
        "bound: .nan",
        "value",
        "19: phần rows › quy tắc Z01 › bound: không dùng được “.nan”",
    ),
    (
        "basis: [QĐ 1]",
        "basis: QĐ 1",
        "value",
        ("5: basis: không dùng được “QĐ 1” ở đây. Ghi một danh sách trong ngoặc vuông"),
    ),
    (
        "    title: {vi: Bảng, en: Rows}",
        "    title: Bảng",
        "value",
        ("14: phần rows › title: không dùng được “Bảng” ở đây. Ghi các khóa vi, en,"),
    ),
    (
        "choices:\n  answer:\n",
        "choices:\n",
        "value",
        (
            "8: choices: không dùng được “[{id: yes, title: "
            "{vi: Có, en: Yes}}]” ở đây. Ghi các dòng dạng “khóa: giá trị”"
        ),
    ),
    (
        "from: 2020-01",
        "from: 1/2020",
        "value",
        ("4: effective › from: không dùng được “1/2020” ở đây. Ghi một tháng dạng 2025-11."),
    ),
    (
        "from: 2020-01",
        "from: 2020-01, to: 2019-12",
        "value",
        (
            "4: effective › to: không dùng được "
            "“2019-12” ở đây. Ghi một tháng không trước “2020-01”."
        ),
    ),
    (
        "period: month",
        "period: month\ndues: [{day: 3, from: '2020'}]",
        "value",
        ('4: dues › mục thứ 1 › from: không dùng được “"2020"” ở đây. Ghi một tháng dạng 2025-11.'),
    ),
    ("bound: 3", "bound: ba", "value", "19: phần rows › quy tắc Z01 › bound: không dùng được “ba”"),
    (
        "mark: [people]",
        "mark: [poeple]",
        "name",
        (
            "19: phần rows › quy tắc Z01 › mark chỉ tới "
            "“poeple”, không có tên đó. Có phải là “people”?"
        ),
    ),
    (
        "mark: [people]",
        "mark: []",
        "nameless",
        ("19: phần rows › quy tắc Z01 › mark: chưa nêu tên nào. Dùng một trong: held_on, people."),
    ),
    ("type: date", "type: choice", "nameless", "16: phần rows › ô held_on › choices: chưa nêu tên"),
    (
        "id: people",
        "id: held_on",
        "again",
        ("17: phần rows › ô held_on › id: “held_on” đã dùng ở x.yaml, dòng 16. Đặt tên khác, hoặc"),
    ),
    (
        "period: month",
        "period: month\nversion: '2'",
        "key_again",
        ("4: ở cấp ngoài cùng: khóa “version” đã có ở x.yaml, dòng 2. Gộp"),
    ),
    # no YAML
    ("    layout", "\tlayout", "yaml", "13, cột 1: thụt dòng bằng phím Tab."),
    ("    layout", "   layout", "yaml", "13, cột 4: dòng này thụt lệch với các dòng cùng cấp."),
    ("vi: Sửa", 'vi: "Sửa', "yaml", "20, cột 45: dấu nháy mở ở đây không được đóng."),
    (
        "effective: {from: 2020-01}",
        "effective: {from: 2020-01",
        "yaml",
        "4, cột 12: ngoặc mở ở đây",
    ),
    ("basis: [QĐ 1]", "basis: QĐ: 1", "yaml", "5, cột 10: dấu hai chấm đặt sai chỗ."),
    ("period: month", "period month", "yaml", "3, cột 1: sau khóa thiếu dấu hai chấm."),
    ("basis: [QĐ 1]", "basis: @QĐ", "yaml", "5, cột 8: giá trị không được bắt đầu bằng ký tự @ "),
    ("basis: [QĐ 1]", "basis: *QĐ", "yaml", "5, cột 8: giá trị bắt đầu bằng * hoặc &"),
    ("basis: [QĐ 1]", "basis: !QĐ", "yaml", "5, cột 8: giá trị bắt đầu bằng dấu !"),
    (
        "basis: [QĐ 1]",
        'basis: ["a\\q"]',
        "yaml",
        "5, cột 11: dấu \\ trong nháy kép có nghĩa riêng.",
    ),
    ("basis: [QĐ 1]", 'basis: "a" b', "yaml", "5, cột 12: sau giá trị còn chữ thừa."),
    ("basis: [QĐ 1]", "basis: [QĐ 1]\n---", "yaml", "6, cột 1: có hơn một phần trong tệp"),
    ("basis: [QĐ 1]", "basis: [QĐ \x07 1]", "yaml", "5, cột 12: có ký tự lạ không nhìn thấy."),
    ("basis: [QĐ 1]", "basis: [2019-02-31]", "yaml", "5, cột 9: “2019-02-31” trông như ngày"),
    ("basis: [QĐ 1]", "? [a]\n: 1", "yaml", "5, cột 3: khóa phải là một chữ"),
]


@pytest.mark.parametrize(("old", "new", "code", "words"), SAID)
def test_a_mistake_is_said_with_place_and_remedy(old: str, new: str, code: str, words: str) -> None:
    assert FORM.count(old) == 1
    with pytest.raises(SchemaError) as caught:
        load_text(FORM.replace(old, new), "x.yaml")
    assert caught.value.code == f"schema.{code}"
    said = error_text(caught.value, "vi")
    assert said.startswith(f"x.yaml, dòng {words}")
    assert not words.endswith("ngoặc nhọn.") or said.endswith(words)
    assert error_text(caught.value, "en").startswith("x.yaml, line ")


def test_all_mistakes_of_a_file_are_said_at_once_by_line() -> None:
    wrong = FORM.replace("min: 0", "mim: 0").replace("period: month", "period: week")
    with pytest.raises(SchemaError) as caught:
        load_text(wrong.replace("layout: table", "layout: tabel"), "x.yaml")
    assert [error.params["line"] for error in caught.value.every] == [3, 13, 17]


def test_what_a_file_means_is_said_beside_what_is_mistyped() -> None:
    """A name of the wrong item may be none: of that item only what is mistyped is said."""
    wrong = FORM.replace("min: 0", "mim: 0, choices: x").replace("mark: [people]", "mark: [poeple]")
    wrong = wrong.replace("sections:", "headline: [rows.x]\nbasis: [QĐ 2]\nsections:")
    with pytest.raises(SchemaError) as caught:
        load_text(wrong, "x.yaml")
    assert [(error.params["line"], error.code) for error in caught.value.every] == [
        (11, "schema.name"), (12, "schema.key_again"), (19, "schema.key"), (21, "schema.name"),
    ]  # fmt: skip


def test_lists_that_others_name_are_not_said_to_lack_what_is_mistyped_in_them() -> None:
    wrong = FORM.replace("type: integer, min: 0, default: 0", "type: choice, choices: answer")
    with pytest.raises(SchemaError) as caught:
        load_text(wrong.replace("choices:\n  answer:\n", "choices:\n  answer: a\n  b:\n"), "x.yaml")
    assert [error.code for error in caught.value.every] == ["schema.value"]


def test_a_number_of_thousands_of_digits_is_cut() -> None:
    with pytest.raises(SchemaError) as caught:
        load_text(FORM.replace("min: 0", f"min: {'9' * 5000}"), "x.yaml")
    assert len(error_text(caught.value, "vi")) < 250


LONG = "x" * 3000


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("period: month", f"{LONG}: 1\nperiod: month"),
        ("period: month", "? |\n  a\n  b\n: 1\nperiod: month"),
        ("period: month", f"? {LONG}\n: 1\n? {LONG}\n: 1\nperiod: month"),
        ("mark: [people]", f"mark: [{LONG}]"),
        ("id: people", f"id: P{LONG}"),
        ("code: Z01", f"code: {LONG}"),
        ("period: month", f"headline: [{LONG}]\nperiod: month"),
        ('- {id: "yes", title', f"- {{id: {LONG}, titel"),
        ("says: {vi: Ít", f"says: {{vi: '{{{LONG}}}'"),
    ],
)
def test_long_words_of_the_file_are_cut_and_stand_on_one_line(old: str, new: str) -> None:
    assert old in FORM
    with pytest.raises(SchemaError) as caught:
        load_text(FORM.replace(old, new), "x.yaml")
    for text in (error_text(error, "vi") for error in caught.value.every):
        assert len(text) < 500, text
        assert "\n" not in text


def test_a_base_of_another_kind_is_said_in_the_file_that_extends_it(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text("extends: quota-thematic.yaml\nform: x\n", encoding="utf-8")
    with pytest.raises(SchemaError) as caught:
        load_file(own, folders=[SHIPPED])
    assert error_text(caught.value, "vi").startswith("own.yaml, dòng 2: tệp có nhiều khóa")
    assert not caught.value.others


def test_a_rule_put_over_another_is_said_with_all_other_mistakes(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text(
        "extends: meeting-2018.yaml\nsections:\n  - id: meetings\n    rules:\n"
        "      - {code: D01, check: at_least, value: present, bound: 1, mark: [prsent],\n"
        "         basis: QĐ 1, says: {vi: Ít, en: Few}, fix: {vi: Sửa, en: Correct}}\n"
        "    fields:\n      - {id: present, min: -1, mx: 9}\n",
        encoding="utf-8",
    )
    with pytest.raises(SchemaError) as caught:
        load_file(own, folders=[SHIPPED])
    assert [error.code for error in caught.value.every] == [
        "schema.replaces",
        "schema.name",
        "schema.key",
    ]


LIMITED = [
    ("quota-committee-member", "times: 6", "times: -6", "times", "0 đến 1000"),
    ("scheme-meeting-score-2018", "min: 0}", "min: -5}", "mức poor › min", "0 đến 1000"),
    ("scheme-meeting-score-2018", "times: 7", "times: -7", "hạng năm good › times", "0 đến 366"),
    ("scheme-meeting-score-2018", "months: 6,", "months: -6,", "least_age › months", "0 đến 600"),
    ("signs-meeting-2018", "back: 6 ", "back: 999999 ", "dấu hiệu H01 › back", "0 đến 10000"),
    ("signs-meeting-2018", "weight: 5\n", "weight: -5\n", "dấu hiệu H01 › weight", "0 đến 100"),
]


@pytest.mark.parametrize(("file", "old", "new", "place", "limits"), LIMITED)
def test_a_number_that_nothing_can_be_counted_by_is_refused(
    file: str, old: str, new: str, place: str, limits: str
) -> None:
    text = (SHIPPED / f"{file}.yaml").read_text("utf-8")
    assert old in text
    with pytest.raises(SchemaError) as caught:
        load_text(text.replace(old, new, 1), "x.yaml", [SHIPPED])
    value = new.strip(" },\n").partition(": ")[2]
    said = f"{place}: không dùng được “{value}” ở đây. Ghi một số từ {limits}."
    assert said in error_text(caught.value, "vi")


def test_a_misspelt_key_is_not_said_to_be_missing_besides() -> None:
    with pytest.raises(SchemaError) as caught:
        load_text(FORM.replace("sheet: {vi", "shet: {vi"), "x.yaml")
    assert [error.code for error in caught.value.every] == ["schema.key"]


def test_a_key_that_the_base_lacks_is_missing_there(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(FORM.replace("type: date, ", ""), encoding="utf-8")
    own = 'extends: base.yaml\nversion: "2"\nsections:\n  - id: rows\n    fields:\n'
    own += "      - {id: held_on, width: 9}\n      - {id: people, max: nhiều}\n"
    (tmp_path / "own.yaml").write_text(own, encoding="utf-8")
    with pytest.raises(SchemaError) as caught:
        load_file(tmp_path / "own.yaml")
    places = [(error.params["file"], error.params["line"]) for error in caught.value.every]
    assert places == [("base.yaml", 16), ("own.yaml", 7)]


def test_an_item_that_was_meant_to_change_one_of_the_base_is_told_so(tmp_path: Path) -> None:
    own = "extends: meeting-2018.yaml\nsections:\n  - id: meeting\n    rows: 3\n"
    (tmp_path / "own.yaml").write_text(own, encoding="utf-8")
    with pytest.raises(SchemaError) as caught:
        load_file(tmp_path / "own.yaml", folders=[SHIPPED])
    assert "Muốn đổi “meetings” của tệp gốc thì sửa lại tên" in error_text(caught.value, "vi")


def test_the_mistakes_of_all_files_stop_a_run_together(tmp_path: Path) -> None:
    for name in ("meeting-2018.yaml", "own.yaml"):
        (tmp_path / name).write_text(FORM.replace("layout: table", "layout: x"), encoding="utf-8")
    with pytest.raises(SchemaError) as caught:
        load_catalogue(tmp_path)
    files = [error.params["file"] for error in caught.value.every]
    assert files == [f"{tmp_path.name}/meeting-2018.yaml", "own.yaml"]


def test_a_rule_that_collides_names_file_and_line_of_the_other(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(FORM.replace("Z01", "D01"), encoding="utf-8")
    errors, _ = lint([path], sorted(SHIPPED.glob("*.yaml")), SHIPPED)
    (text,) = (error_text(error, "vi") for error in errors)
    assert "own.yaml, dòng 19: phần rows › quy tắc D01 › code: mã D01" in text
    lines = (SHIPPED / "meeting-2018.yaml").read_text("utf-8").splitlines()
    line = next(number for number, words in enumerate(lines, 1) if "code: D01" in words)
    assert f"meeting-2018.yaml (có sẵn), dòng {line}." in text


WRONG_VALUES: tuple[Any, ...] = (None, [], {}, ["a"], {"a": 1}, "sai chỗ", -99, True, [[1]], "")
ENGLISH = re.compile(  # what pydantic, PyYAML and Python themselves would say
    r"\b([Ii]nput|should|valid|must|expected|Error|NoneType|None|str|tuple|dict|bool|True|False"
    r"|dataclass|Mapping|pydantic)\b|[a-z]\.\d+\b|\{\w+\}|\n|Phrase"
)


def _paths(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    items = data if isinstance(data, dict) else dict(enumerate(data if type(data) is list else ()))
    for key, value in items.items():
        yield from _paths(value, (*path, key))


def _damage(data: Any, path: tuple[Any, ...], chance: random.Random) -> None:
    """Spoil one place: another value, a key or item too many, one too few, one misspelt."""
    for part in path[:-1]:
        data = data[part]
    key = path[-1]
    way = chance.choice(("value", "value", "unknown", "number", "missing", "twice", "misspelt"))
    if way == "unknown" and isinstance(data, dict):
        data["zzz"] = 1
    elif way == "number" and isinstance(data, dict):
        data[7] = 1
    elif way == "missing":
        del data[key]
    elif way == "twice" and isinstance(data, list):
        data.append(data[0])
    elif way == "misspelt" and isinstance(key, str):
        data[f"{key[:-1]}q"] = data.pop(key)
    else:
        data[key] = chance.choice(WRONG_VALUES)


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_wrong_is_said_in_vietnamese(seed: int) -> None:
    chance = random.Random(seed)
    files = sorted(SHIPPED.glob("*.yaml"))
    codes = set()
    for _ in range(20):
        path = chance.choice(files)
        data = yaml.load(path.read_text("utf-8"), StrictLoader)
        _damage(data, chance.choice(list(_paths(data))[1:]), chance)
        try:
            load_text(yaml.dump(data, allow_unicode=True, sort_keys=False), path.name, [SHIPPED])
        except SchemaError as error:
            for each in error.every:
                codes.add(each.code)
                text = error_text(each, "vi")
                assert text.startswith(f"{each.params['file']}, dòng {each.params['line']}"), text
                assert not ENGLISH.search(re.sub("“.*?”", "", text)), text
    assert len(codes) > 3
