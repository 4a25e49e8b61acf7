"""Every text exists in both languages, with the same gaps, and fills them as people write."""

import re
from collections.abc import Iterator

import pytest
import yaml
from builders.known_codes import KNOWN_CODES

from mlay_batch.app.pending_replies import DOCUMENT_CODES, UNREADABLE_CODES
from mlay_batch.core.findings import Finding, Place, Severity
from mlay_batch.core.messages import (
    Message,
    concerns_branch,
    explain,
    fill_gaps,
    finding_descriptions,
    locale_folder,
    show,
)
from mlay_batch.schema import load_catalogue

LOCALE = locale_folder()

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


def sentences(node):
    """Yield every text of the errors and the findings."""
    if isinstance(node, dict):
        for value in node.values():
            yield from sentences(value)
    elif isinstance(node, str):
        yield node


@pytest.mark.parametrize("name", ["nearest", "right", "successor"])
def test_no_proposal_is_printed_where_there_is_none(name):
    """Never “Có phải là “–”?”: the sentence is left out, and something is left to be said."""
    areas = [area for area in AREAS if area == "errors" or area.startswith("findings-")]
    texts = [yaml.safe_load((LOCALE / f"{area}.yaml").read_text("utf-8")) for area in areas]
    told = [text for text in sentences(dict(enumerate(texts))) if f"{{{name}}}" in text]
    assert told
    always = {  # these always have one
        text
        for code in ("F10", "F11", "F15", "I14", "I23")
        for area in texts
        for text in sentences(area.get(code, {}))
    }
    for text in told:
        filled = fill_gaps(text, {name: ""}, "vi")
        assert f"{{{name}}}" not in filled
        assert filled or text in always, text


@pytest.mark.parametrize("area", AREAS)
def test_both_languages_say_the_same(area):
    for path, both in pairs(yaml.safe_load((LOCALE / f"{area}.yaml").read_text("utf-8"))):
        assert set(both) == {"vi", "en"}, path
        assert all(isinstance(text, str) for text in both.values()), path
        assert set(GAP.findall(both["vi"])) == set(GAP.findall(both["en"])), path


def test_no_finding_lacks_words():
    for area in (name for name in AREAS if name.startswith("findings-")):
        for code, entry in yaml.safe_load((LOCALE / f"{area}.yaml").read_text("utf-8")).items():
            assert re.fullmatch(r"[RCEIFLXQN]\d\d", code), code
            keys = {"says", "fix", "branch", "returned", "severity"}
            assert {"says", "fix"} <= set(entry) <= keys, code


# What only the office has or does: its program, its register, its other branches, its maintainer.
OFFICE_ADVICE = re.compile(
    r"mlay|sổ đăng ký|trang Quy định|schemas|thư mục|inbox|chạy lại|người bảo trì"
    r"|[Hh]ỏi (lại )?(các )?(đơn vị|chi bộ)|yêu cầu|văn phòng ghi|đề nghị đơn vị|báo đơn vị"
)
ROLLUP_CODES = {"I30", "I31", "I32"}  # go to an office, which has the program


def told_to_branches() -> Iterator[tuple[str, str, Message]]:
    """Code, text and every wording of what can stand in a letter, a slip or a returned form."""
    answered = UNREADABLE_CODES | DOCUMENT_CODES
    for entry in finding_descriptions("vi"):
        finding = Finding(entry.code, Severity.WARNING, Place("x"))
        is_worklist = entry.code[0] == "W"
        if entry.severity == "ignored" and entry.code not in answered:
            continue
        if concerns_branch(finding) and not is_worklist and entry.code[0] != "Q":
            yield entry.code, "letter", explain(finding, None, "vi", to_branch=True)
            yield entry.code, "returned", explain(finding, None, "vi", returned=True)
    for form in load_catalogue().forms:
        for _, rule in form.rules() if not form.is_list else ():
            finding = Finding(rule.code, rule.severity, Place("x"))
            yield f"{form.form} {rule.code}", "rule", explain(finding, form, "vi", to_branch=True)


def test_no_branch_is_told_to_do_what_only_the_office_can():
    told = {(code, where): message.fix for code, where, message in told_to_branches()}
    assert len(told) > 200
    wrong = {
        key: fix
        for key, fix in told.items()
        if OFFICE_ADVICE.search(fix) and key[0] not in ROLLUP_CODES
    }
    assert wrong == {}
    assert all(OFFICE_ADVICE.search(told[code, "letter"]) for code in ("I30", "I31", "I32"))


def test_the_office_reads_what_it_can_do_itself():
    finding = Finding("X02", Severity.WARNING, Place("x"))
    assert "sổ đăng ký" in explain(finding, None, "vi").fix
    assert "báo văn phòng" in explain(finding, None, "vi", to_branch=True).fix


@pytest.mark.parametrize("code", ["L05", "L06", "L10", "L13", "L14", "I20", "I21", "I29"])
def test_what_the_office_decides_or_notes_is_not_told_to_a_branch(code):
    assert not concerns_branch(Finding(code, Severity.WARNING, Place("x")))


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
        "D01", Severity.ERROR, Place("a.xlsx", "Báo cáo", "G25"), {"sum": 18, "bound": 17}
    )
    message = explain(finding, form, "vi")
    assert message.what == (
        "Có mặt và vắng không lý do cộng lại là 18, nhiều hơn số phải có mặt (17)."
    )
    assert message.fix.startswith("Sửa số có mặt")
