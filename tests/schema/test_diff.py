"""Two versions of a form side by side: what was added, removed, changed."""

from dataclasses import replace

from mlay_batch.findings import Severity
from mlay_batch.schema import load_catalogue
from mlay_batch.schema.diff import changes
from mlay_batch.schema.records import Carry, Field, Text

OLD = load_catalogue().form("meeting", "2018.1")


def edited(form, section_id, edit):
    sections = tuple(edit(s) if s.id == section_id else s for s in form.sections)
    return replace(form, sections=sections)


def fields(edit):
    return lambda section: replace(section, fields=tuple(edit(section.fields)))


def told(new, lang="vi"):
    return [(c.part, c.turn, c.path, c.key, c.old, c.new) for c in changes(OLD, new, lang)]


def test_the_same_form_has_not_changed():
    assert told(OLD) == []


def test_a_field_added_and_one_removed():
    guests = Field("guests", "integer", Text("Khách mời", "Guests"))
    new = edited(OLD, "meetings", fields(lambda f: (*f[:-1], guests)))
    assert told(new) == [
        ("field", "added", "meetings.guests", "", "", ""),
        ("field", "removed", "meetings.merged", "", "", ""),
    ]


def test_limits_type_and_wording_of_a_field():
    def edit(f):
        return (replace(one, max=300, required=False) if one.id == "duration" else one for one in f)

    assert told(edited(OLD, "meetings", fields(edit))) == [
        ("field", "changed", "meetings.duration", "required", "True", "False"),
        ("field", "changed", "meetings.duration", "max", "600", "300"),
    ]


def test_order_alone_is_no_change():
    assert told(edited(OLD, "meetings", fields(reversed))) == []


def test_rules():
    def edit(section):
        _, second, *others = section.rules
        params = {**second.params, "plus": ["x.y"]}
        harder = replace(second, severity=Severity.ERROR, params=params)
        return replace(section, rules=(harder, *others))

    first, second = OLD.section("meetings").rules[:2]
    found = told(edited(OLD, "meetings", edit))
    assert ("rule", "removed", first.code, "", "", "") in found
    assert ("rule", "changed", second.code, "severity", "warning", "error") in found
    assert ("rule", "changed", second.code, "plus", "members.closing", "x.y") in found


def test_choices():
    kinds = OLD.choices["meeting_kind"]
    new = replace(OLD, choices={**OLD.choices, "meeting_kind": kinds[1:]})
    assert told(new) == [("choice", "removed", "meeting_kind.regular", "", "", "")]


def test_a_field_carried_over_under_another_id_is_no_new_field():
    def edit(f):
        return (replace(one, id="minutes") if one.id == "duration" else one for one in f)

    new = replace(
        edited(OLD, "meetings", fields(edit)),
        carries=Carry("2018.1", {"meetings.duration": "meetings.minutes"}),
    )
    assert ("field", "changed", "meetings.minutes", "id", "duration", "minutes") in told(new)
    assert not [one for one in told(new) if one[0] == "field" and one[1] != "changed"]
