"""Published figures of the yearly classification, through the program.

Sources: the town's report of 04/12/2019, and three published reports with mistakes (domain notes).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from builders.figure_inputs import (
    classification,
    facts,
    register,
    sample_town,
    shipped,
    with_scheme,
)
from hypothesis import given
from hypothesis import strategies as st

from mlay_batch.core.period import Period
from mlay_batch.errors import SchemaError
from mlay_batch.figures import compute
from mlay_batch.figures.classification import allowed_count
from mlay_batch.figures.classified import ClassificationShare, ClassificationYear
from mlay_batch.figures.report_records import Figures
from mlay_batch.schema import Scheme, Text, load_catalogue
from mlay_batch.schema.schemes import Cap, Condition

TOWN = """
code | type        | parent | founded
TX   | office      |        |
DB1  | committee   | TX     |
CB1  | cell_direct | TX     |
CB8  | cell_direct | TX     | 2018-03-01
"""
HEAD = "branch|year|section|total|exempt|not_rated|rated|grade1|grade2|grade3|grade4\n"


def figures(counts: str, period: str = "2019-11", **more: Any) -> Figures:
    return compute(facts(register(TOWN), period, classification(HEAD + counts), **more))


def only(figures: Figures, line: str, section: str = "members") -> ClassificationShare:
    (year,) = figures.years
    return share(year, line, section)


def share(year: ClassificationYear, line: str, section: str = "members") -> ClassificationShare:
    (result,) = (
        entry
        for part in year.parts
        if part.section == section
        for entry in part.shares
        if entry.line == line
    )
    return result


def test_the_towns_three_years_give_the_published_means() -> None:
    # "over three years 8 of 2,865 and 2,854 of 2,865" of those subject to rating: 0.28, 99.6.
    # Cells: over 90 % in the top grade, none in the lowest.
    counts = """
    DB1|2016|members|1100|145|1|954|200|600|151|3
    DB1|2017|members|1120|165|1|954|190|610|151|3
    DB1|2018|members|1142|187|1|954|180|620|152|2
    DB1|2016|cells|70||0|70|64|5|1|0
    DB1|2017|cells|70||0|70|65|4|1|0
    DB1|2018|cells|71||1|70|66|4|0|0
    """
    result = figures(counts, catalogue=sample_town())
    mean = result.classification_mean
    assert mean is not None
    assert mean.years == (2016, 2017, 2018)
    assert f"{mean.shares['members', 'completed']:.1f}" == "99.6"
    assert f"{mean.shares['members', 'bottom']:.2f}" == "0.28"
    assert mean.shares["cells", "top"] == pytest.approx((6400 / 70 + 6500 / 70 + 6600 / 71) / 3)
    assert mean.shares["cells", "top"] > 90
    assert mean.shares["cells", "bottom"] == 0
    # On rated members alone the two would add to 100: what the shipped schemes print.
    assert f"{mean.rated_shares['members', 'completed']:.2f}" == "99.72"
    shipped_mean = figures(counts).classification_mean
    assert shipped_mean and shipped_mean.shares["members", "completed"] == pytest.approx(
        mean.rated_shares["members", "completed"]
    )


def test_the_scheme_of_each_year_is_its_own() -> None:
    result = figures("""
    DB1|2017|members|100|0|0|100|20|70|9|1
    DB1|2018|members|100|0|0|100|20|70|9|1
    """)
    assert [(year.year, year.scheme.version) for year in result.years] == [
        (2017, "2014"),
        (2018, "2018"),
    ]


def test_counts_are_summed_over_the_organisations() -> None:
    result = figures("""
    DB1|2018|members|40|4|1|35|5|20|9|1
    CB1|2018|members|12||2|10|1|6|3|0
    """)
    (year,) = result.years
    part = year.parts[1]
    assert part.section == "members"
    assert part.counts == {
        "total": 52,
        "exempt": 4,
        "not_rated": 3,
        "rated": 45,
        "grade1": 6,
        "grade2": 26,
        "grade3": 12,
        "grade4": 1,
    }
    line = share(year, "bottom")
    assert (line.count, line.base, line.share) == (1, 45, pytest.approx(100 / 45))
    assert line.rated_share == pytest.approx(100 / 45)


def test_how_many_owed_a_return() -> None:
    # CB8 was founded in March 2018 and owes nothing for 2017.
    result = figures("DB1|2017|members|9|0|0|9|1|6|2|0\nDB1|2018|members|9|0|0|9|1|6|2|0")
    assert [year.expected for year in result.years] == [2, 3]


@pytest.mark.parametrize(("base", "per_cent"), [("rated", 19.047619), ("all", 17.5)])
def test_nam_can_2018_rounds_instead_of_cutting(base: str, per_cent: float) -> None:
    # Printed 19.04; 28 of 147 is 19.047619…, to two decimals 19.05.
    catalogue = with_scheme("classification", share_base=base)
    result = figures("DB1|2018|cells|160||13|147|28|100|19|0", catalogue=catalogue)
    top = only(result, "top", "cells")
    assert top.share == pytest.approx(per_cent)
    assert f"{top.rated_share:.2f}" == "19.05"


def test_nam_can_2018_has_one_value_for_one_ratio() -> None:
    # Printed 15.67 and 15.68; 8 of 51 is 15.686…, to two decimals 15.69.
    result = figures("DB1|2018|cells|51||0|51|8|30|13|0")
    assert f"{only(result, 'top', 'cells').share:.2f}" == "15.69"


def test_tan_yen_2015_shows_both_bases() -> None:
    # 304 cells: 55.8 % of all 545 as printed, 56.0 % of the 543 that were rated.
    result = figures("DB1|2015|cells|545||2|543|304|200|39|0", catalogue=sample_town())
    top = only(result, "top", "cells")
    assert (top.count, top.base) == (304, 545)
    assert f"{top.share:.1f}" == "55.8"
    assert f"{top.rated_share:.1f}" == "56.0"


def test_tan_yen_2015_members_subject_to_rating() -> None:
    # 8,159 = 6,659 rated + 1,388 exempt + 112 not rated: subject are 6,771.
    counts = "DB1|2015|members|8159|1388|112|6659|1000|4000|1600|59"
    assert only(figures(counts), "bottom").base == 6659
    result = figures(counts, catalogue=sample_town())
    assert only(result, "bottom").base == 6771


@pytest.mark.parametrize(
    ("grades", "line", "section", "reached"),
    [
        ("100|90|10|0|0", "top", "cells", True),  # at least 90: 90 is enough
        ("1000|899|101|0|0", "top", "cells", False),
        ("100|90|9|0|1", "bottom", "cells", False),  # at most 0
        ("100|0|90|9|1", "bottom", "members", True),  # at most 1: 1 reaches it
        ("1000|0|900|89|11", "bottom", "members", False),
        ("100|0|90|9|1", "completed", "members", None),  # no target
        ("0|0|0|0|0", "top", "cells", None),  # nobody rated
    ],
)
def test_a_target_is_reached_on_the_bound(
    grades: str, line: str, section: str, reached: object, tmp_path: Path
) -> None:
    """An office's own targets; the shipped schemes have none, for no document sets any."""
    (tmp_path / "scheme-own.yaml").write_text(OWN_TARGETS, encoding="utf-8")
    total = grades.partition("|")[0]
    counts = f"DB1|2018|{section}|{total}|0|0|{grades}"
    result = figures(counts, catalogue=load_catalogue(tmp_path))
    assert only(result, line, section).reaches_target is reached
    assert only(figures(counts), line, section).reaches_target is None


def test_a_target_without_a_document_is_refused(tmp_path: Path) -> None:
    own = OWN_TARGETS.replace(', basis: "NQ 01-NQ/TU"', "", 1)
    (tmp_path / "scheme-own.yaml").write_text(own, encoding="utf-8")
    with pytest.raises(SchemaError, match=r"schema\.basis"):
        load_catalogue(tmp_path)


OWN_TARGETS = """
extends: scheme-classification-2018.yaml
parts:
  - section: cells
    lines:
      - {id: top, target_min: 90, basis: "NQ 01-NQ/TU"}
      - {id: bottom, target_max: 0, basis: "NQ 01-NQ/TU"}
  - section: members
    lines:
      - {id: bottom, target_max: 1, basis: "NQ 01-NQ/TU", confirmed: true}
"""


def test_a_base_of_nought_has_no_share() -> None:
    result = figures("DB1|2018|members|5|5|0|0|0|0|0|0")
    assert (only(result, "bottom").share, only(result, "bottom").rated_share) == (None, None)
    assert result.classification_mean is not None
    assert result.classification_mean.shares["members", "bottom"] is None


@pytest.mark.parametrize(("mean", "per_cent"), [("shares", 20 / 3), ("pooled", 5.0)])
def test_mean_of_shares_and_pooled_differ(mean: str, per_cent: float) -> None:
    # 1 of 10 and 1 of 30.
    result = figures(
        "DB1|2017|members|10|0|0|10|0|0|9|1\nDB1|2018|members|30|0|0|30|0|0|29|1",
        catalogue=with_scheme("classification", mean=mean),
    )
    assert result.classification_mean is not None
    assert result.classification_mean.shares["members", "bottom"] == pytest.approx(per_cent)


def test_a_year_without_a_base_is_left_out_of_the_mean() -> None:
    result = figures("DB1|2017|members|3|3|0|0|0|0|0|0\nDB1|2018|members|30|0|0|30|0|0|27|3")
    assert result.classification_mean is not None
    assert result.classification_mean.shares["members", "bottom"] == 10


def test_the_mean_is_of_the_three_latest_years() -> None:
    rows = [
        f"DB1|{year}|members|100|0|0|100|0|0|{100 - bad}|{bad}"
        for year, bad in ((2014, 50), (2015, 3), (2017, 6), (2018, 9))
    ]
    result = figures("\n".join(rows))
    assert result.classification_mean is not None
    assert result.classification_mean.years == (2015, 2017, 2018)
    assert result.classification_mean.shares["members", "bottom"] == 6


def test_years_after_the_report_are_not_looked_at() -> None:
    result = figures("DB1|2018|members|9|0|0|9|1|6|2|0", period="2017-11")
    assert (result.years, result.classification_mean) == ((), None)


def test_a_year_without_a_scheme_is_left_out() -> None:
    without_schemes = replace(shipped(), schemes=())
    assert figures("DB1|2018|members|9|0|0|9|1|6|2|0", catalogue=without_schemes).years == ()


# Caps on the top grade


def caps_of_year(counts: str, year: int, **changes: object) -> list[tuple[object, ...]]:
    """The caps of the year: unit, base, allowed, given, kept; `changes` are of the cap."""
    catalogue = shipped()
    if changes:
        schemes = tuple(
            _change_caps(s, changes) if s.scheme == "classification" else s
            for s in catalogue.schemes
        )
        catalogue = replace(catalogue, schemes=schemes)
    result = figures(counts.replace("YEAR", str(year)), f"{year + 1}-01", catalogue=catalogue)
    return [
        (c.branch, c.base, c.allowed_count, c.given_count, c.is_kept)
        for entry in result.years
        if entry.year == year
        for part in entry.parts
        for c in part.caps
    ]


def _change_caps(scheme: Scheme, changes: dict[str, Any]) -> Scheme:
    parts = [
        replace(part, caps=tuple(replace(cap, **changes) for cap in part.caps))
        for part in scheme.parts
    ]
    return replace(scheme, parts=tuple(parts))


# Năm Căn 2018: 28 of the top grade against 100 good of 147 rated.
NAM_CAN = "DB1|YEAR|members|160|13|0|147|28|100|19|0"


@pytest.mark.parametrize(
    ("year", "caps"),
    [
        (2018, []),  # no cap yet
        (2019, [("DB1", 100, 20, 28, False)]),
        (2022, [("DB1", 100, 20, 28, False)]),
        (2024, [("DB1", 100, 20, 28, False)]),
        (2025, [("DB1", 147, 29, 28, True)]),  # 29.4 of all rated, cut to 29
    ],
)
def test_nam_can_breaks_a_cap_of_20_per_cent_of_the_good(year: int, caps: list[Any]) -> None:
    assert caps_of_year(NAM_CAN, year) == caps


def test_tan_yen_breaks_it_by_far() -> None:
    # 304 of 543 rated cells, here as members of one organisation.
    assert caps_of_year("DB1|YEAR|members|545|0|2|543|304|200|39|0", 2019) == [
        ("DB1", 200, 40, 304, False)
    ]


TWO = """
DB1|YEAR|members|40|0|0|40|4|14|22|0
CB1|YEAR|members|20|0|0|20|3|15|2|0
"""


@pytest.mark.parametrize(
    ("scope", "caps"),
    [
        # Each for itself: 2.8 are cut to 2, exactly 3 are 3.
        ("organisation", [("DB1", 14, 2, 4, False), ("CB1", 15, 3, 3, True)]),
        ("office", [(None, 29, 5, 7, False)]),
    ],
)
def test_the_scope_decides_who_is_asked(scope: str, caps: list[Any]) -> None:
    assert caps_of_year(TWO, 2019, scope=scope) == caps


def test_of_cells_only_those_that_report_themselves_are_asked() -> None:
    town = register(TOWN + "C1   | cell        | DB1    |\n")
    result = compute(facts(town, "2020-01", classification(HEAD + TWO.replace("YEAR", "2019")),
                          catalogue=replace(shipped(), schemes=tuple(
                              _change_caps(s, {"scope": "cell"}) if s.parts else s
                              for s in shipped().schemes))))  # fmt: skip
    (year,) = result.years
    assert [cap.branch for part in year.parts for cap in part.caps] == ["CB1"]


@pytest.mark.parametrize(("rounding", "allowed"), [("floor", 2), ("half_up", 3), ("ceiling", 3)])
def test_the_rounding_is_the_schemes(rounding: str, allowed: int) -> None:
    (first, exact) = caps_of_year(TWO, 2019, rounding=rounding)
    assert (first[2], exact[2]) == (allowed, 3)


@pytest.mark.parametrize(
    ("base", "of"), [(("grade2",), 14), (("grade1", "grade2"), 18), (("rated",), 40)]
)
def test_the_base_is_the_schemes(base: tuple[str, ...], of: int) -> None:
    first, _ = caps_of_year(TWO, 2019, base=base)
    assert (first[1], first[2]) == (of, of * 20 // 100)


@given(st.integers(0, 400), st.integers(0, 1000).map(lambda tenths: tenths / 10))
def test_a_cap_and_a_condition_are_exact_at_the_edge(base: int, per_cent: float) -> None:
    """Not above 20 % of 14 is 2, of 15 is 3; at least 80 % of 25 is 20, of 26 is 21."""
    cap = Cap("grade1", ("rated",), per_cent, "organisation", "x")
    allowed, tenths = allowed_count(cap, base), round(per_cent * 10)
    assert allowed * 1000 <= tenths * base < (allowed + 1) * 1000
    town = register(TOWN)
    condition = Condition("c", TEXT, "grade1", "committee", "cells", ("grade1",), per_cent, "x")
    counts = f"DB1|2018|cells|{base}||0|{base}|{base}|0|0|0"
    catalogue = with_scheme("classification", conditions=(condition,))
    (year,) = compute(
        facts(town, "2019-11", classification(HEAD + counts), catalogue=catalogue)
    ).years
    (needed,) = year.conditions
    assert (needed.required_count - 1) * 1000 < tenths * base <= needed.required_count * 1000


TEXT = Text("x", "x")


def test_forms_and_schemes_of_a_year_say_the_same_cap() -> None:
    """The branch is warned of the cap by which the town will be judged."""
    for scheme in shipped().schemes:
        form = shipped().form_for(scheme.scheme, Period.parse(scheme.effective.from_[:4]))
        for part in scheme.parts:
            assert form
            caps = [
                (r.params["parts"], r.params["whole"], r.params["bound"])
                for r in form.section(part.section).rules
                if r.check == "share_at_most"
            ]
            assert caps == [([c.grade], list(c.base), c.per_cent) for c in part.caps]


def test_of_the_shipped_rules_only_those_of_21_hd_are_verdicts() -> None:
    """What was seen: 20 % of the good, 100 % and 80 % of cells and members. No target."""
    schemes = [scheme for scheme in shipped().schemes if scheme.parts]
    rules = {
        scheme.version: [
            rule.per_cent
            for rule in (*(cap for part in scheme.parts for cap in part.caps), *scheme.conditions)
            if rule.confirmed
        ]
        for scheme in schemes
    }
    assert rules == {"2014": [], "2018": [], "2019": [20, 100, 80, 100, 80], "2023": [], "2025": []}
    assert not [line for s in schemes for part in s.parts for line in part.lines if line.has_target]
    assert {scheme.share_base for scheme in schemes} == {"rated"}
