"""One failing sample per rule and its repaired twin, through the workbook and back.

The complete set of findings is asserted, and that typing into the marked cells of the returned
form is enough to have it accepted without a word.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from builders.filled_forms import CATALOGUE
from builders.known_codes import KNOWN_CODES
from builders.rule_samples import (
    Sample,
    SampleOutcome,
    cells_with_colour,
    cells_with_link,
    check_books,
    finding_lines,
    rows_of,
    samples,
    tables,
    try_samples,
)

from mlay_batch.core.findings import Severity
from mlay_batch.core.messages import explain
from mlay_batch.template import render

pytestmark = pytest.mark.slow

SAMPLES = list(samples())
TESTS = Path(__file__).resolve().parent.parent

# Codes about a cell that no value typed into the form can bring about; where they are tested.
ELSEWHERE = {
    "F19": "validation/test_awarded_points.py",  # needs a scheme with levels
    "C05": "reader/test_values.py",  # needs a number format, not a value
    "C13": "reader/test_reading.py",  # a formula with a value: openpyxl writes none
    "C14": "reader/test_values.py",  # text longer than Excel itself keeps
    "C16": "reader/test_reading.py",  # merged, hidden, beside the form: no value of a field
    "C17": "reader/test_reading.py",
    "C18": "reader/test_what_is_seen.py",
    "C19": "reader/test_reading.py",
    "C20": "reader/test_libreoffice.py",
    "C21": "reader/test_reading.py",
    "C23": "reader/test_values.py",
    "C24": "reader/test_legacy.py",  # needs a font of its own
    "C25": "reader/test_formulas.py",
    "C26": "reader/test_changed_forms.py",  # a heading, not a value
    "C28": "reader/test_notes.py",
    "C30": "reader/test_what_is_seen.py",  # a format, not a value
    "C31": "reader/test_what_is_seen.py",
    "C32": "reader/test_what_is_seen.py",
    "C34": "reader/test_what_is_seen.py",
    "C35": "reader/test_labels.py",  # headings, not values
    "C36": "reader/test_what_is_seen.py",
    "C38": "reader/test_what_is_seen.py",
    "C37": "reader/test_what_is_seen.py",
    "C39": "lists/test_list_reading.py",  # marks of a list: no cell of a form
    "C40": "lists/test_list_reading.py",
}


VERSIONS = {f"{sample.form.form} {sample.form.version}": sample for sample in SAMPLES}


@pytest.fixture(scope="module")
def outcome() -> Callable[[Sample], SampleOutcome]:
    """What became of a sample; all those of a version are tried together, when first asked for."""

    @cache
    def of_version(form: str, version: str) -> dict[str, SampleOutcome]:
        samples = [s for s in SAMPLES if (s.form.form, s.form.version) == (form, version)]
        return try_samples(samples[0].form, samples)

    return lambda sample: of_version(sample.form.form, sample.form.version)[sample.name]


@pytest.mark.parametrize("sample", SAMPLES, ids=str)
def test_wrong_and_repaired(sample: Sample, outcome: Callable[[Sample], SampleOutcome]) -> None:
    became = outcome(sample)
    assert finding_lines(became.findings, became.at) == sorted(sample.found)
    for finding in became.findings:
        for lang in ("vi", "en"):
            assert "{" not in str(explain(finding, sample.form, lang))

    # The form goes back, its list leads to what was found; only cells in colour are typed into.
    listed = {became.places[finding.partition(" ")[2]][1] for finding in sample.found}
    assert cells_with_link(became.returned) == listed
    assert {became.places[path] for path in sample.repair} <= cells_with_colour(became.returned)
    assert finding_lines(became.left, became.places) == []


@pytest.mark.parametrize("sample", VERSIONS.values(), ids=VERSIONS)
def test_the_good_return_is_good(sample: Sample) -> None:
    good = render(sample.form, sample.context, rows_of(sample))
    ((_, findings),) = check_books([good], sample.form)
    assert findings == ()


FRAME = {"expected": 18, "present": 9, "unexcused": 5, "duration": 40, "speakers": 5,
         "preparation": "none", "merged": "yes", "criticism": 0}  # fmt: skip


@pytest.mark.parametrize("version", ["2018.1", "2025.1"])
def test_thematic_meetings_are_not_held_to_the_frame_of_regular_ones(version: str) -> None:
    """12-HD/BTCTW: its frame (90 minutes, above 85 %, nobody absent) is one of regular meetings."""
    sample = VERSIONS[f"meeting {version}"]
    regular, thematic = (
        replace(
            sample,
            name=f"row {row}",
            change={f"meetings.{row}.{name}": value for name, value in FRAME.items()},
        )
        for row in (1, 2)
    )
    outcomes = try_samples(sample.form, [regular, thematic])
    assert outcomes["row 2"].findings == ()
    found = {finding.code for finding in outcomes["row 1"].findings}
    assert found == {"D03", "D04", "D05", "D06"}


def test_every_rule_has_its_sample() -> None:
    """A rule of any shipped form, and any code about a cell or field, without a sample fails."""
    tested = {(s.form.form, s.form.version, s.name.partition(" ")[0]) for s in SAMPLES}
    rules = {(f.form, f.version, rule.code) for f in CATALOGUE.forms for _, rule in f.rules()}
    assert rules - tested == set()
    codes = {code for code in KNOWN_CODES if code[0] in "CF"}
    assert codes - {code for *_, code in tested} - set(ELSEWHERE) == set()
    assert {code for *_, code in tested} & set(ELSEWHERE) == set()


def test_every_sample_shows_its_own_code() -> None:
    for sample in SAMPLES:
        code = sample.name.partition(" ")[0]
        assert code in {line.partition(" ")[0] for line in sample.found}, str(sample)
    versions = {(f.form, f.version) for f in CATALOGUE.forms}
    assert {(t["form"], v) for t in tables() for v in t["versions"]} == versions


@pytest.mark.parametrize(("code", "where"), ELSEWHERE.items())
def test_the_exceptions_are_tested_where_they_say(code: str, where: str) -> None:
    assert code in (TESTS / where).read_text(encoding="utf-8")


def test_only_errors_refuse() -> None:
    """A rule that rests on what is not confirmed never refuses a return."""
    for form in CATALOGUE.forms:
        for _, rule in form.rules():
            if "chưa xác nhận" in rule.basis and rule.severity is Severity.ERROR:
                assert rule.check not in ("share_at_most", "share_at_least"), rule.code
