"""Help pages: wholly in the chosen language, with examples that are true, and nothing broken."""

import re
import shlex
from itertools import product
from pathlib import Path

import click
import pytest
from builders.broken_lines import broken_places
from builders.sample_office import create_office

from mlay_batch.cli import COMMANDS, GROUPS, mlay, run
from mlay_batch.cli.options import help_text

# What click writes of its own accord.
CLICK_WORDS = (
    r"Usage|Options?|OPTIONS|COMMAND|ARGS|Commands?|TEXT|INTEGER|RANGE|FILE|FILENAME|DIRECTORY|PATH"
    r"|default|required|Show this|Error|Aborted|Invalid|Missing|Try|for help|BOOLEAN|DATE|PERIOD"
)


def pages(group=mlay, path=()):
    """Every page: the words that lead to it, and its command."""
    ctx = click.Context(group, info_name="mlay")
    for name in group.list_commands(ctx):
        command = group.get_command(ctx, name)
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from pages(command, (*path, name))


PATHS = [(), *(path for path, _ in pages())]


@pytest.fixture(scope="module")
def office_folder(tmp_path_factory):
    return create_office(tmp_path_factory.mktemp("office") / "office").workspace.root


@pytest.fixture
def page(capsys, monkeypatch):
    def printed(path, lang, columns="80"):
        monkeypatch.setenv("COLUMNS", columns)
        assert run([*path, "-h", "--lang", lang]) == 0
        return capsys.readouterr().out

    return printed


@pytest.mark.parametrize("path", PATHS, ids=" ".join)
def test_no_word_of_click_is_left_in_the_vietnamese_page(path, page):
    told = page(path, "vi")
    assert not re.findall(rf"\b(?:{CLICK_WORDS})\b", told)
    assert told.startswith("Cách gọi: mlay")
    assert page(path, "en").startswith("Usage: mlay")
    assert "{" not in told  # a text of something else has gaps


@pytest.mark.parametrize("path", PATHS, ids=" ".join)
def test_nothing_is_broken_and_no_line_is_too_long(path, page):
    for lang, columns in product(("vi", "en"), ("80", "60")):
        told = page(path, lang, columns)
        assert max(map(len, told.splitlines())) <= int(columns)
        assert broken_places(re.sub(r"\n +-", "\n\n-", told)) == []


@pytest.mark.parametrize("path", PATHS, ids=" ".join)
def test_every_page_has_examples_that_can_be_called(path, office_folder, monkeypatch):
    monkeypatch.setenv("MLAY_LANG", "vi")
    monkeypatch.chdir(office_folder)
    key = ".".join(path) or "mlay"
    for lang in ("vi", "en"):
        examples = help_text(lang, f"{key}.example").splitlines()
        assert examples
        for example in examples:
            assert len(example) < 75
            words = shlex.split(example)
            assert words[: 1 + len(path)] == ["mlay", *path] or key == "schema"
            parse(words[1:])


def parse(words):
    """Parse a call as the program does, without running it; files it names are there."""
    for word in words:
        if re.search(r"\.(?:xlsx|zip|yaml)$|^schemas$", word) and "/" not in word:
            Path(word).touch() if "." in word else Path(word).mkdir(exist_ok=True)
        elif "/" in word and word.endswith((".yaml", ".xlsx")):
            Path(word).parent.mkdir(parents=True, exist_ok=True)
            Path(word).touch()
    ctx = mlay.make_context("mlay", list(words))
    while isinstance(ctx.command, click.Group):
        name, command, args = ctx.command.resolve_command(ctx, [*ctx._protected_args, *ctx.args])  # noqa: SLF001
        ctx = command.make_context(name, args, parent=ctx)


def test_examples_run_as_they_stand(tmp_path, monkeypatch, capsys):
    """Those that need neither mail nor a month's files."""
    monkeypatch.setenv("MLAY_LANG", "vi")
    monkeypatch.chdir(create_office(tmp_path / "office").workspace.root)
    names = ("register", "status", "held", "doctor", "help", "schema.list", "schema.show")
    names += ("schema.copy", "schema.lint", "schema.export", "schema.diff", "backup", "incoming")
    for name in names:
        for example in help_text("vi", f"{name}.example").splitlines():
            if "danh-sach" not in example:
                assert run(shlex.split(example)[1:]) == 0, example
    assert capsys.readouterr().err.startswith("Hiểu là kỳ tháng 10")


def test_commands_stand_by_when_they_are_used(page):
    told = page((), "vi")
    headings = re.findall(r"^(\S.*):$", told, re.MULTILINE)
    assert headings == [
        *("Bắt đầu", "Hằng tháng", "Cuối tháng, cuối năm", "Trông nom máy và dữ liệu"),
        *("Mẫu, quy định, trợ giúp", "Tùy chọn", "Ví dụ"),
    ]
    assert list(COMMANDS) == [name for group in GROUPS.values() for name in group]
    for name in COMMANDS:
        assert re.search(rf"^  {name}  ", told, re.MULTILINE)
