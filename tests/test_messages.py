"""Every text exists in both languages, with the same gaps, and fills them as people write."""

import re

import pytest
import yaml
from builders.known_codes import KNOWN_CODES

from mlay_batch.core.findings import Finding, Place, Severity
from mlay_batch.core.messages import LOCALE, explain, show
from mlay_batch.schema import load_catalogue

GAP = re.compile(r"\{(\w+)\}")
AREAS = sorted(path.stem for path in LOCALE.glob("*.yaml"))


def pairs(node, path=""):
    """Yield (path, {vi, en}) for every leaf."""
    if isinstance(node, dict) and "basis" in node:  # a judgement that a sheet can print
        if "claims" in node:
            yield f"{path}/claims", node["claims"]
        node = {lang: words for lang, words in node.items() if lang not in ("claims", "basis")}
    if isinstance(node, dict) and set(node) <= {"vi", "en"} and node:
        yield path, node
        return
    assert isinstance(node, dict), path
    for key, value in node.items():
        if key != "severity":
            yield from pairs(value, f"{path}/{key}")


@pytest.mark.parametrize("area", AREAS)
def test_both_languages_say_the_same(area):
    for path, both in pairs(yaml.safe_load((LOCALE / f"{area}.yaml").read_text("utf-8"))):
        assert set(both) == {"vi", "en"}, path
        assert all(isinstance(text, str) for text in both.values()), path
        assert set(GAP.findall(both["vi"])) == set(GAP.findall(both["en"])), path


def test_no_finding_lacks_words():
    for area in (name for name in AREAS if name.startswith("findings-")):
        for code, entry in yaml.safe_load((LOCALE / f"{area}.yaml").read_text("utf-8")).items():
            assert re.fullmatch(r"[RCIFLXQN]\d\d", code), code
            assert {"says", "fix"} <= set(entry) <= {"says", "fix", "returned", "severity"}, code


def test_a_code_stands_in_one_file_only():
    codes = [
        code
        for area in AREAS
        if area.startswith("findings-")
        for code in yaml.safe_load((LOCALE / f"{area}.yaml").read_text("utf-8"))
    ]
    assert len(codes) == len(set(codes)) == len(KNOWN_CODES)


@pytest.mark.parametrize(
    ("value", "vi", "en"),
    [
        (1142, "1.142", "1,142"),
        (99.6, "99,6", "99.6"),
        ("2019-09-03", "03/9/2019", "2019-09-03"),
        ("2019-02-11", "11/02/2019", "2019-02-11"),
        ("D12", "D12", "D12"),
        (None, "", ""),
    ],
)
def test_values_are_shown_as_each_language_writes_them(value, vi, en):
    assert (show(value, "vi"), show(value, "en")) == (vi, en)


def test_a_rule_speaks_with_its_own_words():
    form = load_catalogue().form("meeting", "2018.1")
    finding = Finding(
        "D01", Severity.ERROR, Place("a.xlsx", "Báo cáo", "G25"), {"total": 18, "sum": 17}
    )
    message = explain(finding, form, "vi")
    assert message.what == "Phải có mặt 18, nhưng có mặt và vắng cộng lại là 17."
    assert message.fix.startswith("Sửa cho")
