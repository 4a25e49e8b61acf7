"""What the documents say is true: commands, options, files, codes, modules, examples."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import yaml
from builders.known_codes import KNOWN_CODES

from mlay_batch.app.worklist.book import worklist_form
from mlay_batch.cli import COMMANDS, mlay
from mlay_batch.core.messages import locale_folder
from mlay_batch.schema import Form, Scheme, load_catalogue
from mlay_batch.schema.load import load_text
from mlay_batch.schema.reference import pages

LOCALE = locale_folder()

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "docs" / "reference"
DOCS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]
DOCS += sorted((ROOT / "docs").glob("*.md"))
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"\b[A-Z][0-9]{2}\b")


def prose(path: Path) -> str:
    """The document without its YAML examples, which are about things that do not exist yet."""
    return BLOCK.sub(lambda m: "" if m[1] == "yaml" else m[0], path.read_text(encoding="utf-8"))


def command_lines() -> Iterator[tuple[str, str]]:
    for path in DOCS:
        text = prose(path)
        blocks = "".join(block for _, block in BLOCK.findall(text))
        typed = re.findall(r"^(mlay .*?)(?: +#.*)?$", blocks, re.MULTILINE)
        inline = re.findall(r"`(mlay [^`\n]+)`", BLOCK.sub("", text))
        yield from ((path.name, line) for line in typed + inline if "COMMAND" not in line)


def parse(words: list[str]) -> None:
    """Let click parse a command line down to the last option, running nothing.

    A command named without any argument ("`mlay init`" in a sentence) need only exist.
    """
    command: click.Command = mlay
    ctx = mlay.make_context("mlay", list(words))
    while isinstance(command, click.Group):
        _, arguments, _ = command.make_parser(ctx).parse_args(words)
        name, subcommand, rest = command.resolve_command(ctx, arguments)
        assert subcommand is not None
        if not rest:
            return
        command, ctx, words = (
            subcommand,
            subcommand.make_context(name, list(rest), parent=ctx),
            rest,
        )


@pytest.mark.parametrize(("document", "line"), sorted(set(command_lines())))
def test_a_command_line_can_be_typed(
    document: str, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = shlex.split(line)[1:]
    for word in words:
        if word.endswith((".xlsx", ".yaml", ".zip")):
            Path(word).parent.mkdir(parents=True, exist_ok=True)
            Path(word).touch()
    parse(words)


def test_a_wrong_command_line_would_be_noticed() -> None:
    for wrong in ("nothing", "run --nothing", "run --period 2019-13", "schema nothing form"):
        with pytest.raises(click.UsageError):
            parse(wrong.split())


def test_every_command_is_in_the_readme() -> None:
    named = {line.split()[1] for name, line in command_lines() if name == "README.md"}
    assert set(COMMANDS) <= named


def test_every_make_target_named_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {m for path in DOCS for m in re.findall(r"(?:`|^)make ([a-z]+)", prose(path), re.M)}
    assert named
    assert named <= targets


@pytest.mark.parametrize("path", [*DOCS, REFERENCE / "README.md"], ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", prose(path))
    near = [link.partition("#")[0] for link in links if "://" not in link]
    assert [link for link in near if not (path.parent / link).exists()] == []


def test_finding_codes_named_exist() -> None:
    rules = {rule.code for form in load_catalogue().forms for _, rule in form.rules()}
    named = {(path.name, code) for path in DOCS for code in CODE.findall(prose(path))}
    assert {(name, code) for name, code in named if code not in rules | KNOWN_CODES} == set()


def test_every_sheet_of_the_consolidated_workbook_is_named_in_the_guide() -> None:
    texts = yaml.safe_load((LOCALE / "report.yaml").read_text(encoding="utf-8"))
    titles = [entry["vi"] for key, entry in texts.items() if key.startswith("sheet.")]
    named = {title if "Dữ liệu" not in title else "Dữ liệu" for title in titles}
    assert len(named) > 12
    guide = prose(ROOT / "docs" / "huong-dan-van-phong.md")
    assert {title for title in named if title not in guide} == set()


def test_the_guide_names_all_sheets_and_decisions_of_the_worklist() -> None:
    form = worklist_form(load_catalogue())
    decisions = {f"`{choice.title.vi}`" for choice in form.choices["decision"]}
    sheets = {f"*{section.sheet.vi}*" for section in form.sections if section.sheet}
    guide = prose(ROOT / "docs" / "huong-dan-van-phong.md")
    assert len(decisions) > 10
    assert len(sheets) == 4
    assert {title for title in decisions | sheets if title not in guide} == set()


def test_the_map_of_modules_is_complete() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    modules = {path.stem for path in (ROOT / "mlay_batch").glob("*.py")} - {"__init__", "__main__"}
    modules |= {path.parent.name for path in (ROOT / "mlay_batch").glob("*/__init__.py")}
    assert {name for name in modules if not re.search(rf"`{name}/?`", text)} == set()


def contributing_table(heading: str) -> list[list[str]]:
    """The rows of the table below a heading of CONTRIBUTING."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    part = text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    rows = [line.strip("|").split("|") for line in part.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows[2:]]


def missing_paths(text: str) -> list[str]:
    """Paths in backquotes that exist neither in the tree nor in the package; ``*`` is any name."""
    paths = re.findall(r"`([\w.*-]+/[\w./*-]*)`", text)
    folders = (ROOT, ROOT / "mlay_batch")
    return [path for path in paths if not any([*folder.glob(path)] for folder in folders)]


def test_every_path_named_in_contributing_exists() -> None:
    assert missing_paths("`core/no_such_module.py`") == ["core/no_such_module.py"]
    assert missing_paths((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")) == []


def test_the_glossary_names_a_module_for_every_term() -> None:
    rows = contributing_table("Glossary")
    terms = [row[0] for row in rows]
    assert len(terms) >= 40
    assert len(set(terms)) == len(terms)
    for term, vietnamese, meaning, where in rows:
        assert vietnamese and meaning, term
        assert re.fullmatch(r"`[\w./]+/[\w./]*`", where), term
        assert missing_paths(where) == []


def test_everyday_changes_say_what_to_open() -> None:
    rows = contributing_table("I want to …")
    assert len(rows) >= 20
    assert [change for change, where in rows if not re.search(r"`[^`]+`", where)] == []


def test_the_examples_of_a_field_a_rule_and_a_scheme_are_valid() -> None:
    examples = BLOCK.findall((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    *blocks, scheme = [text for kind, text in examples if kind == "yaml"]
    assert isinstance(load_text(scheme, "example", [ROOT / "schemas"]), Scheme)
    field, rule = (re.sub(r"^", " " * 6, block, flags=re.M).rstrip() for block in blocks)
    form = (ROOT / "schemas" / "meeting-2018.yaml").read_text(encoding="utf-8")
    before, table, after = form.partition("  - id: thematic\n")
    fields, _, rules = before.rpartition("    rules:\n")
    loaded = load_text(f"{fields}{field}\n    rules:\n{rule}\n{rules}{table}{after}", "example")
    assert isinstance(loaded, Form)
    assert loaded.section("meetings").field("guests").max == 50


def test_reference_pages_are_up_to_date() -> None:
    expected = pages(load_catalogue(), "vi")
    if os.environ.get("WRITE_DOCS"):
        REFERENCE.mkdir(parents=True, exist_ok=True)
        for path in REFERENCE.glob("*.md"):
            path.unlink()
        for name, text in expected.items():
            (REFERENCE / name).write_text(text, encoding="utf-8")
    lying = {path.name: path.read_text(encoding="utf-8") for path in REFERENCE.glob("*.md")}
    assert lying == expected, "run `make docs`"
