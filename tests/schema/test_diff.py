"""Two versions of a form side by side: what was added, removed, changed."""

from dataclasses import fields as fields_of
from dataclasses import replace

import pytest

from mlay_batch.cli import run
from mlay_batch.core.findings import Severity
from mlay_batch.schema import load_catalogue
from mlay_batch.schema.diff import _FORM_KEYS, _SECTION_KEYS, changes, key_title
from mlay_batch.schema.model import Carry, Field, Rule, Text

OLD = load_catalogue().form("meeting", "2018.1")


def edit_section(form, section_id, edit):
    sections = tuple(edit(s) if s.id == section_id else s for s in form.sections)
    return replace(form, sections=sections)


def fields(edit):
    return lambda section: replace(section, fields=tuple(edit(section.fields)))


def list_changes(new, lang="vi"):
    return [(c.part, c.turn, c.path, c.key, c.old, c.new) for c in changes(OLD, new, lang)]


def test_the_same_form_has_not_changed():
    assert list_changes(OLD) == []


def test_a_field_added_and_one_removed():
    guests = Field("guests", "integer", Text("Khách mời", "Guests"))
    new = edit_section(OLD, "meetings", fields(lambda f: (*f[:-1], guests)))
    assert list_changes(new) == [
        ("field", "added", "meetings.guests", "", "", ""),
        ("field", "removed", "meetings.speakers", "", "", ""),
    ]


def test_limits_type_and_wording_of_a_field():
    def edit(f):
        return (
            replace(field, max=300, required=False) if field.id == "duration" else field
            for field in f
        )

    assert list_changes(edit_section(OLD, "meetings", fields(edit))) == [
        ("field", "changed", "meetings.duration", "required", "có", "không"),
        ("field", "changed", "meetings.duration", "max", "600", "300"),
    ]


def test_order_alone_is_no_change():
    assert list_changes(edit_section(OLD, "meetings", fields(reversed))) == []


def test_rules():
    def edit(section):
        _, second, *others = section.rules
        params = {**second.params, "plus": ["x.y"]}
        harder = replace(second, severity=Severity.ERROR, params=params)
        return replace(section, rules=(harder, *others))

    first, second = OLD.section("meetings").rules[:2]
    lines = list_changes(edit_section(OLD, "meetings", edit))
    assert ("rule", "removed", first.code, "", "", "") in lines
    assert ("rule", "changed", second.code, "severity", "lưu ý", "lỗi, trả lại") in lines
    assert ("rule", "changed", second.code, "plus", "members.closing", "x.y") in lines


def test_choices():
    kinds = OLD.choices["meeting_kind"]
    new = replace(OLD, choices={**OLD.choices, "meeting_kind": kinds[1:]})
    assert list_changes(new) == [("choice", "removed", "meeting_kind.regular", "", "", "")]


def test_a_field_carried_over_under_another_id_is_no_new_field():
    def edit(f):
        return (replace(item, id="minutes") if item.id == "duration" else item for item in f)

    new = replace(
        edit_section(OLD, "meetings", fields(edit)),
        carries=Carry("2018.1", {"meetings.duration": "meetings.minutes"}),
    )
    assert ("field", "changed", "meetings.minutes", "id", "duration", "minutes") in list_changes(
        new
    )
    assert not [item for item in list_changes(new) if item[0] == "field" and item[1] != "changed"]


def test_changed_words_of_a_rule_are_one_change():
    def edit(section):
        first, *others = section.rules
        words = Text("Không khớp {sum}.", "Does not fit {sum}.")
        return replace(section, rules=(replace(first, says=words), *others))

    (only,) = list_changes(edit_section(OLD, "meetings", edit))
    assert only[:4] == ("rule", "changed", "D01", "says")


def test_what_a_rule_is_asked_of_is_told_in_words():
    new = load_catalogue().form("meeting", "2025.1")
    lines = list_changes(new)
    assert ("rule", "changed", "D04", "given", "kind: regular, both", "kind: regular") in lines
    assert ("form", "changed", "meeting", "effective", "2018-07 – 2025-10", "2025-11 – …") in lines


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_every_key_of_a_description_has_a_name_for_people(lang):
    records = [entry.name.rstrip("_") for kind in (Field, Rule) for entry in fields_of(kind)]
    for key in {*_FORM_KEYS, *_SECTION_KEYS, *records, "section"} - {"params"}:
        assert "`" not in key_title(key, lang), key
    assert key_title("less", lang) == "`less`"


def test_the_terminal_shows_each_part_once(capsys):
    assert run(["schema", "diff", "meeting:2018.1", "meeting:2025.1", "--lang", "vi"]) == 0
    lines = capsys.readouterr().out.splitlines()
    at = lines.index("Quy tắc D05 (Có mặt … trên …, chưa vượt mức phấn đấu …%.)")
    assert "    mức giới hạn: 85 → 90" in lines[at : at + 5]
    assert [line for line in lines if line.startswith("Quy tắc D05")] == [lines[at]]
    assert any(line.startswith("Quy tắc D12") and line.endswith("thêm mới") for line in lines)
    assert "{" not in "".join(lines)
