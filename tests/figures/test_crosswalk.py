"""Grades of one scheme read as those of another, by the crosswalks of their YAML."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from builders.figure_inputs import classification, facts, register, sample_town, shipped
from hypothesis import given
from hypothesis import strategies as st

from mlay_batch.core.messages import error_text
from mlay_batch.errors import SchemaError
from mlay_batch.figures import compute
from mlay_batch.figures.classification import heading_of, map_grades
from mlay_batch.figures.report_records import Figures
from mlay_batch.schema import Scheme
from mlay_batch.schema.load import check_together
from mlay_batch.schema.schemes import Crosswalk, Grade, Line, Text
from mlay_batch.schema.semantics import scheme_faults

TOWN = "code|type|parent\nTX|town|\nDB1|committee|TX\nCB1|cell_direct|TX"
VERSIONS = tuple(s for s in shipped().schemes if s.scheme == "classification")


def version(name: str) -> Scheme:
    return next(scheme for scheme in VERSIONS if scheme.version == name)


def figures(rows: str, schemes: tuple[Scheme, ...] = VERSIONS, period: str = "2019-11") -> Figures:
    head = "branch|year|section|total|exempt|not_rated|rated|grade1|grade2|grade3|grade4\n"
    catalogue = replace(shipped(), schemes=schemes)
    return compute(facts(register(TOWN), period, classification(head + rows), catalogue=catalogue))


THREE_YEARS = """
DB1|2016|members|100|0|0|100|20|70|9|1
DB1|2017|members|100|0|0|100|21|70|8|1
DB1|2018|members|100|0|0|100|22|70|7|1
"""


def test_the_series_of_2016_to_2018_stands_under_the_wording_of_2014() -> None:
    """As the town published it on 04/12/2019; 2018 was classified by 132-QĐ/TW."""
    years = figures(THREE_YEARS, sample_town().schemes).years
    assert {year.heading.version for year in years} == {"2014"}
    assert [year.scheme.version for year in years] == ["2014", "2014", "2018"]
    assert years[-1].grades["cells", "grade1"] == ("grade1",)


def test_unless_the_office_says_otherwise_the_newest_year_is_in_its_own_wording() -> None:
    assert {year.heading.version for year in figures(THREE_YEARS).years} == {"2018"}


def test_a_series_that_ends_in_2019_stands_under_the_wording_of_2019() -> None:
    years = figures(THREE_YEARS + "DB1|2019|members|9|0|0|9|1|6|2|0", period="2020-01").years
    assert {year.heading.version for year in years} == {"2019"}


def rename_grades(scheme: Scheme, names: dict[str, str], **changes: object) -> Scheme:
    """A scheme whose grades bear other ids; several old ones may become one."""
    parts = tuple(
        replace(
            part,
            grades=tuple(
                Grade(new, Text(new, new), Text(new, new)) for new in dict.fromkeys(names.values())
            ),
            lines=(
                Line(
                    "completed",
                    Text("x", "x"),
                    tuple(dict.fromkeys(names[g] for g in ("grade1", "grade2", "grade3"))),
                ),
            ),
            caps=(),
        )
        for part in scheme.parts
    )
    return replace(scheme, parts=parts, **changes)  # type: ignore[arg-type]


TWO = {"grade1": "up", "grade2": "up", "grade3": "up", "grade4": "down"}


def test_several_grades_may_be_read_as_one() -> None:
    """A scheme of two grades: of 2018's four the first three are one; the counts are summed."""
    crosswalk = tuple(Crosswalk("two", section, TWO) for section in ("cells", "members"))
    newest = replace(version("2018"), heading="two", crosswalk=crosswalk)
    two = rename_grades(version("2014"), TWO, version="two")
    years = figures("DB1|2018|members|100|0|0|100|22|70|7|1", (two, newest)).years
    assert years[0].grades["members", "up"] == ("grade1", "grade2", "grade3")
    (share,) = years[0].parts[1].shares
    assert (share.line, share.count, share.share) == ("completed", 99, 99.0)


def test_a_crosswalk_is_walked_over_a_version_in_between() -> None:
    """2023 says only what its grades are in 2014, and so does 2018: 2018 reads as 2023."""
    names = {f"grade{n}": f"g{n}" for n in range(1, 5)}
    back = tuple(
        Crosswalk("2014", section, {new: old for old, new in names.items()})
        for section in ("cells", "members")
    )
    newest = rename_grades(version("2023"), names, crosswalk=back)
    mapping = map_grades(newest, version("2018"), (version("2014"), version("2018"), newest))
    assert mapping["members", "g2"] == ("grade2",)


def test_without_a_crosswalk_a_grade_goes_by_its_id() -> None:
    without_crosswalk = tuple(replace(scheme, crosswalk=()) for scheme in VERSIONS)
    assert map_grades(without_crosswalk[0], without_crosswalk[1], without_crosswalk)[
        "cells", "grade3"
    ] == ("grade3",)


def test_a_heading_nobody_describes_is_the_schemes_own() -> None:
    newest = replace(version("2018"), heading="1999")
    assert heading_of(newest, VERSIONS) is newest


maps = st.fixed_dictionaries({f"grade{n}": st.sampled_from("abc") for n in range(1, 5)})


@given(maps, st.lists(st.integers(0, 50), min_size=4, max_size=4))
def test_nobody_is_lost_or_counted_twice(names: dict[str, str], counts: list[int]) -> None:
    crosswalk = (Crosswalk("abc", "members", names),)
    newest = replace(version("2018"), heading="abc", crosswalk=crosswalk)
    heading = rename_grades(version("2014"), names, version="abc")
    mapping = map_grades(heading, newest, (heading, newest))
    by_grade = dict(zip(names, counts, strict=True))
    read = {
        new: sum(by_grade[old] for old in mapping["members", new]) for new in set(names.values())
    }
    assert sum(read.values()) == sum(counts)
    assert all(
        read[new] == sum(by_grade[old] for old, to in names.items() if to == new) for new in read
    )


def test_a_crosswalk_that_leaves_a_grade_out_is_refused() -> None:
    short = Crosswalk("2014", "members", {"grade1": "grade1"})
    (fault,) = scheme_faults(replace(version("2018"), crosswalk=(short,)))
    assert (fault.name, fault.code) == ("grade2", "schema.unfit")


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"heading": "2041"}, "2041"),
        ({"crosswalk": (Crosswalk("2014", "members", {"grade1": "grade9"}),)}, "grade9"),
    ],
)
def test_a_version_or_grade_nobody_describes_is_refused(
    change: dict[str, object], name: str
) -> None:
    wrong = replace(version("2018"), **change)  # type: ignore[arg-type]
    records = [("forms", form) for form in shipped().forms]
    schemes = [(scheme.version, scheme) for scheme in VERSIONS if scheme.version != "2018"]
    with pytest.raises(SchemaError) as caught:
        check_together([*records, *schemes, ("own.yaml", wrong)], {}, Path())
    assert f"“{name}”" in error_text(caught.value, "vi")
