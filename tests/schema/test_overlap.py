"""What could apply in one month: one rule for all kinds decides, and lint tells it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from mlay_batch.core.messages import error_text, locale_folder, text
from mlay_batch.core.period import Period
from mlay_batch.errors import SchemaError
from mlay_batch.schema import Catalogue, load_catalogue
from mlay_batch.schema.catalogue import shipped_folder
from mlay_batch.schema.ids import INDICATOR_LETTER, PROGRAM_LETTERS, RULE_LETTERS, next_free_code
from mlay_batch.schema.load import lint, load_file
from mlay_batch.schema.versions import families

LOCALE = locale_folder()

SHIPPED = shipped_folder("schemas")
QUOTA = (SHIPPED / "quota-office-official.yaml").read_text("utf-8")
FORM = """\
form: visit
version: "1"
period: month
effective: {from: 2019-01, to: 2019-12}
reporters: [cell_direct]
basis: [QĐ 1]
title: {vi: Phiếu, en: Visit}
sheet: {vi: Phiếu, en: Visit}
sections:
  - id: rows
    layout: table
    title: {vi: Bảng, en: Rows}
    fields:
      - {id: people, type: integer, min: 0, max: 50, title: {vi: Người, en: People}}
    rules:
      - {code: Z01, check: at_least, value: people, bound: 3, mark: [people], basis: QĐ 1,
         says: {vi: Ít, en: Few}, fix: {vi: Sửa, en: Correct}}
"""


def later(base: str, version: str, months: str) -> str:
    return f'extends: {base}\nversion: "{version}"\neffective: {{{months}}}\n'


def quota(months: str, name: str = "office_official") -> str:
    changed = QUOTA.replace("{from: 2018-07}", f"{{{months}}}")
    return changed.replace("quota: office_official", f"quota: {name}")


def written(folder: Path, files: dict[str, str]) -> list[Path]:
    for name, content in files.items():
        (folder / name).write_text(content, encoding="utf-8")
    return [folder / name for name in files]


def lint_together(folder: Path, files: dict[str, str]) -> tuple[list[SchemaError], list[str]]:
    """Return the errors, and each overlap as one line; shipped files by their names alone."""
    shipped = sorted(SHIPPED.glob("*.yaml"))
    errors, overlaps = lint(written(folder, files), shipped, SHIPPED)
    return errors, [
        f"{o.rule} {o.kind} {o.name} {o.first}–{o.last or ''}: {Path(o.applies).name} / "
        f"{' '.join(Path(other).name for other in o.others)} {o.scope}".strip()
        for o in overlaps
    ]


MEETING, SIGNS = "meeting-2018.yaml", "signs-meeting-2018.yaml"
SCORE, YEAR = "scheme-meeting-score-2018.yaml", "scheme-classification-2019.yaml"
SHIPPED_QUOTA = "quota-office-official.yaml"

# files of the office, what lint tells of them
OVERLAPS = [
    # one id: the newest applies, month by month, whatever the kind
    ({"a.yaml": later(MEETING, "x", "from: 2019-01, to: 2019-06")},
     [f"newest form meeting 2019-01–2019-06: a.yaml / {MEETING}"]),
    ({"a.yaml": later(SIGNS, "x", "from: 2019-01, to: 2019-06")},
     [f"newest signs meeting 2019-01–2019-06: a.yaml / {SIGNS}"]),
    ({"a.yaml": later(SCORE, "x", "from: 2019-01")},
     [f"newest scheme meeting_score 2019-01–2025-10: a.yaml / {SCORE}",
      "newest scheme meeting_score 2025-11–: scheme-meeting-score-2025.yaml / a.yaml"]),
    ({"a.yaml": later(YEAR, "x", "from: 2020-01, to: 2022-12")},
     [f"newest scheme classification 2020-01–2022-12: a.yaml / {YEAR}"]),
    ({"a.yaml": quota("from: 2019-07")},
     [f"newest quota office_official 2019-07–: a.yaml / {SHIPPED_QUOTA}"]),
    # three: who applies in which months
    ({"a.yaml": quota("from: 2019-07"), "b.yaml": quota("from: 2020-01, to: 2020-12")},
     [f"newest quota office_official 2019-07–2019-12: a.yaml / {SHIPPED_QUOTA}",
      f"newest quota office_official 2020-01–2020-12: b.yaml / {SHIPPED_QUOTA} a.yaml",
      f"newest quota office_official 2021-01–: a.yaml / {SHIPPED_QUOTA}"]),
    # of one first month the higher version, by its numbers
    ({"a.yaml": later(SCORE, "2018.9", "from: 2018-07, to: 2018-12"),
      "b.yaml": later(SCORE, "2018.10", "from: 2018-07, to: 2018-12")},
     [f"newest scheme meeting_score 2018-07–2018-12: b.yaml / {SCORE} a.yaml"]),
    # one id and version: the later folder's replaces
    ({"a.yaml": f"extends: {MEETING}\n"}, [f"replaced form meeting 2018.1 –: a.yaml / {MEETING}"]),
    ({"a.yaml": quota("from: 2018-07")},
     [f"replaced quota office_official 2018-07 –: a.yaml / {SHIPPED_QUOTA}"]),
    # two ids for the same: both apply
    ({"a.yaml": quota("from: 2019-07, to: 2019-09", "towns")},
     [(f"both quota office_official, towns 2019-07–2019-09: {SHIPPED_QUOTA} / a.yaml "
      "role: office_official")]),
    ({"a.yaml": FORM},
     [f"both form meeting, visit 2019-01–2019-12: {MEETING} / a.yaml reporters: cell_direct"]),
    # neither: other months, other role, other kind of period
    ({"a.yaml": quota("from: 2014-01, to: 2018-06")}, []),
    ({"a.yaml": quota("from: 2019-07", "x").replace("role: office_", "role: committee_")
      .replace("committee_official", "committee_member")},
     [("both quota committee_member, x 2019-07–: quota-committee-member.yaml / a.yaml "
      "role: committee_member")]),
    ({"a.yaml": FORM.replace("month", "quarter")}, []),
    ({"a.yaml": FORM.replace("cell_direct", "office")}, []),
]  # fmt: skip


@pytest.mark.parametrize(("files", "lines"), OVERLAPS)
def test_lint_tells_what_could_apply_and_what_does(
    files: dict[str, str], lines: list[str], tmp_path: Path
) -> None:
    assert lint_together(tmp_path, files) == ([], lines)


OF_KIND: dict[str, Callable[[Catalogue, str, Period], object]] = {
    "form": Catalogue.form_for,
    "quota": Catalogue.quota_for,
    "scheme": Catalogue.scheme_for,
    "signs": lambda catalogue, name, month: next(
        s for s in catalogue.indicator_sets_for(month) if s.signs == name
    ),
}


@pytest.mark.parametrize("files", [files for files, lines in OVERLAPS if "newest" in str(lines)])
def test_what_lint_tells_is_what_the_catalogue_does(files: dict[str, str], tmp_path: Path) -> None:
    """In the first month of every overlap the file told is the one in force."""
    paths = written(tmp_path, files)
    catalogue = load_catalogue(tmp_path)
    _, overlaps = lint(paths, sorted(SHIPPED.glob("*.yaml")), SHIPPED)
    assert overlaps
    for overlap in overlaps:
        in_force = OF_KIND[overlap.kind](catalogue, overlap.name, Period.parse(overlap.first))
        assert in_force == load_file(Path(overlap.applies), folders=[SHIPPED])


def test_the_newest_form_is_the_same_everywhere(tmp_path: Path) -> None:
    """2018.10 and 2018.9 begin in the same month: the sheets' newest is the one that is used."""
    months = "from: 2026-01"
    files = {
        "a.yaml": later("meeting-2025.yaml", "2026.10", months),
        "b.yaml": later("meeting-2025.yaml", "2026.9", months),
    }
    written(tmp_path, files)
    catalogue = load_catalogue(tmp_path)
    (family,) = (family for family in families(catalogue) if family[0].form == "meeting")
    in_force = catalogue.form_for("meeting", Period(2026, 1))
    assert family[0] is in_force
    assert in_force and in_force.version == "2026.10"


def test_nothing_shipped_overlaps() -> None:
    shipped = sorted(SHIPPED.glob("*.yaml"))
    assert lint(shipped, shipped, SHIPPED) == ([], [])


OTHER_VERSION = f'extends: {MEETING}\nversion: "x"\neffective: {{from: 2026-01}}\n'
NEW_RULE = """\
sections:
  - id: meetings
    rules:
      - {code: D12, check: at_most, value: present, bound: 90, mark: [present], basis: QĐ 2,
         says: {vi: Nhiều, en: Many}, fix: {vi: Sửa, en: Correct}}
"""
OWN_SIGNS = f"extends: {SIGNS}\nsigns: own\n"

# files, the error, its file, the other file, what is suggested
COLLISIONS = [
    # a code of another form, of another version of the form (D12 is new in 2025), of other signs
    ({"a.yaml": FORM.replace("Z01", "D01")}, "schema.taken", "a.yaml", MEETING, "D21"),
    ({"a.yaml": OTHER_VERSION + NEW_RULE}, "schema.taken", "a.yaml", "meeting-2025.yaml", "D21"),
    ({"a.yaml": OWN_SIGNS}, "schema.taken", "a.yaml", SIGNS, None),
    ({"a.yaml": FORM, "b.yaml": FORM.replace("visit", "call")},
     "schema.taken", "b.yaml", "a.yaml", "Z02"),
    ({"a.yaml": FORM, "b.yaml": FORM}, "schema.twice", "b.yaml", "a.yaml", None),
    # what could never apply
    ({"a.yaml": quota("from: 2019-07").replace("role: office_official", "role: office_oficial")},
     "schema.register", "a.yaml", None, None),
    ({"a.yaml": FORM.replace("cell_direct", "cel")}, "schema.register", "a.yaml", None, None),
    ({"a.yaml": f"extends: {SCORE}\nscheme: meeting_scores\n"},
     "schema.name", "a.yaml", None, "meeting_score"),
    # what fits no other description
    ({"a.yaml": OWN_SIGNS.replace("own", "meeting") + "of: meetings\n"},
     "schema.looks", "a.yaml", None, "meeting"),
]  # fmt: skip


@pytest.mark.parametrize(("files", "code", "file", "other", "nearest"), COLLISIONS)
def test_a_collision_names_both_files(
    files: dict[str, str],
    code: str,
    file: str,
    other: str | None,
    nearest: str | None,
    tmp_path: Path,
) -> None:
    errors, _ = lint_together(tmp_path, files)
    assert {error.code for error in errors} == {code}
    params = errors[0].params
    assert Path(str(params["file"])).name == file
    if other:
        shipped = " (có sẵn)" if (SHIPPED / other).is_file() else ""
        line = "" if code == "schema.twice" else f"{shipped}, dòng"
        assert f"{other}{line}" in error_text(errors[0], "vi")
    if nearest:
        assert params["nearest"] == nearest
    with pytest.raises(SchemaError) as caught:  # a run says the same
        load_catalogue(tmp_path)
    assert (caught.value.code, caught.value.params["file"]) == (code, file)


def test_each_of_several_collisions_is_given_another_free_code(tmp_path: Path) -> None:
    errors, _ = lint_together(tmp_path, {"a.yaml": OWN_SIGNS})
    another_free = [error.params["nearest"] for error in errors]
    assert len(another_free) > 5
    assert len(set(another_free)) == len(another_free)


def test_versions_of_one_form_share_codes() -> None:
    """B04 has other words since 2023, D05 another bound since 2025: still the same rules."""
    codes = [rule.code for form in load_catalogue().forms for _, rule in form.rules()]
    assert len(codes) > len(set(codes))


def test_letters_of_codes_are_on_one_list() -> None:
    files = LOCALE.glob("findings-*.yaml")
    letters = {code[0] for path in files for code in yaml.safe_load(path.read_text("utf-8"))}
    assert letters == set(PROGRAM_LETTERS)
    assert len({*PROGRAM_LETTERS, *RULE_LETTERS, INDICATOR_LETTER}) == 21
    for lang in ("vi", "en"):
        assert " ".join(RULE_LETTERS) in text("errors", "schema.code", lang)
    shipped = {rule.code[0] for form in load_catalogue().forms for _, rule in form.rules()}
    assert shipped == set(RULE_LETTERS) - {"Z"}


@pytest.mark.parametrize(
    ("letter", "used", "free"),
    [
        ("D", {"D01", "D18", "K40"}, "D19"),
        ("D", set(), "D01"),
        ("D", {"D01", "D99"}, "D02"),
        ("D", {f"D{number:02}" for number in range(100)}, "–"),
        ("Z", {"Z1", "Z001", "Zab"}, "Z01"),
    ],
)
def test_the_next_free_code(letter: str, used: set[str], free: str) -> None:
    assert next_free_code(letter, used) == free
