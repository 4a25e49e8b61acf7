"""Set up a workspace: init, demo."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING, Any

import click

from mlay_batch.app.consolidate import ConsolidationResult, consolidate
from mlay_batch.app.first_register import FirstAnswers, first_register, level_named
from mlay_batch.app.ingest import IngestResult
from mlay_batch.app.workspace import Workspace, refuse_workspace
from mlay_batch.cli import json_output, output
from mlay_batch.cli.lines import join_words, show_line, show_text
from mlay_batch.cli.options import ParsedType, argument, option, say
from mlay_batch.cli.screen import show_counts
from mlay_batch.cli.session import MONTH, Session, command, dry_run_option, json_option
from mlay_batch.cli.value_types import FILE, FOLDER, choice
from mlay_batch.core.files import write_atomically
from mlay_batch.core.text import clean
from mlay_batch.errors import UsageError
from mlay_batch.schema.catalogue import shipped_folder

if TYPE_CHECKING:  # start-up: for annotations only
    from mlay_batch.app.demo_month import DemoWorkspace


def _filled(text: str) -> str:
    if not clean(text):
        raise ValueError(text)
    return clean(text)


def _count(text: str) -> int:
    number = int(text)
    if not 0 <= number <= _MOST:
        raise ValueError(text)
    return number


_MOST = 200  # days, or meetings a year
_NAME = ParsedType("text", "usage.blank", _filled)
_LEVEL = ParsedType("level", "usage.level", level_named)
_COUNT = ParsedType("0-200", "usage.count", _count)
# Read off the files: who only asks for help waits for none of the demo's modules.
_SAMPLES = sorted(path.stem for path in shipped_folder("samples").glob("*.yaml"))
_QUESTIONS: Mapping[str, click.ParamType[Any]] = {
    "name": _NAME,
    "place": _NAME,
    "level": _LEVEL,
    "start": MONTH,
    "due": _COUNT,
    "officials": _COUNT,
    "members": _COUNT,
}


@command(
    "init",
    argument("directory", type=FOLDER),
    *(option(f"--{name}", type=kind) for name, kind in _QUESTIONS.items()),
    json_option,
    in_workspace=False,
)
def init(session: Session, directory: Path, **given: Any) -> int:
    """Create the workspace of an office, which is asked for what the flags do not say."""
    refuse_workspace(directory)  # before anything is asked
    answers = FirstAnswers(**_ask(session, given))
    # first: it may find errors in the descriptions
    register = first_register(answers, directory / "schemas")
    workspace = Workspace.create(directory)
    if not workspace.register.exists():
        write_atomically(workspace.register, register)
    root, path = workspace.root, workspace.register
    if session.as_json:
        json_output.show_result(session, {"workspace": root, "register": path})
    else:
        show_text(session.lang, "init.done", path=root, register=path)
    return 0


def _ask(session: Session, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answers: those given by flags, else asked for.

    Raises UsageError ``usage.answers`` where nobody answers; with `--json` nobody is asked.
    """
    answers = {name: value for name, value in given.items() if value is not None}
    try:
        for name, kind in _QUESTIONS.items():
            if name not in answers and session.as_json:
                raise click.Abort
            if name not in answers:
                answers[name] = _answer(session, say(session.lang, f"init.ask.{name}"), kind)
    except click.Abort as error:
        missing = " ".join(f"--{flag}" for flag in _QUESTIONS if flag not in answers)
        raise UsageError("usage.answers", flags=missing) from error
    return answers


def _answer(session: Session, question: str, kind: click.ParamType[Any]) -> Any:
    """Ask until the answer can be used."""
    while True:
        try:
            return kind.convert(click.prompt(question), None, session.ctx)
        except click.BadParameter as error:
            show_line(error.message, err=True)


@command(
    "register",
    argument("file", type=FILE, required=False),
    dry_run_option,
    json_option,
)
def register(session: Session, file: Path | None) -> int:
    """Check the register, or take a list of branches into it."""
    if file is None:
        lists = session.office.register
        if session.as_json:
            result = json_output.register_result(session.office, session.lang)
            json_output.show_result(session, result)
            return 0
        counts = {"organisations": len(lists.organisations), "officers": len(lists.officers)}
        show_text(session.lang, "register.right", **counts)
        return 0
    from mlay_batch.app import branch_list  # start-up: `init` takes no list

    taken = branch_list.take_file(session.workspace, file, dry_run=session.dry_run)
    if session.as_json:
        json_output.show_result(session, json_output.taken_list_result(taken, session))
    else:
        output.show_taken_list(session, taken)
    return 0


@command(
    "demo",
    option("--sample", "name", type=choice(*_SAMPLES), default="town"),
    option("--small", is_flag=True),
    argument("directory", type=FOLDER, default="demo"),
    json_option,
    in_workspace=False,
)
def demo(session: Session, directory: Path, name: str, small: bool) -> int:
    """Build a sample office's workspace and run its last month."""
    from mlay_batch.app import demo_month  # start-up: `init` needs no sample data

    built = demo_month.build(directory, "small" if small else name)
    taken = IngestResult((), 0)
    with output.progress(session.lang, "demo.progress") as tick:
        for batch_result in demo_month.ingest_batches(built, **session.actor, progress=tick):
            taken += batch_result
    result = consolidate(
        built.office,
        built.sample.months[-1],
        as_of=built.sample.as_of,
        holder=session.holder,
        lang=session.lang,
    )
    if session.as_json:
        parts = json_output.run_result(
            json_output.ingest_result(taken, built.office.catalogue, session), result, session
        )
        planted = [{"kind": kind, "branches": codes} for kind, codes in built.planted.items()]
        root = {"workspace": built.office.workspace.root, "planted": planted}
        json_output.show_result(session, {**root, **parts})
        return 0
    _show_demo(session.lang, built, taken, result)
    at = {"folder": join_words(_quote(directory)), "program": _program_name()}
    day = {"period": built.sample.months[-1], "as_of": built.sample.as_of}
    show_text(session.lang, "demo.next")
    for key in ("demo.status", "demo.month"):
        show_line(say(session.lang, key, **at, **day), indent="  ")
    return 0


def _program_name() -> str:
    """Return how this program is called in a terminal: in a virtual environment by its path."""
    called = Path(sys.argv[0])
    if which("mlay"):
        return "mlay"
    return _quote(called) if called.stem == "mlay" else f"{_quote(sys.executable)} -m mlay_batch"


def _quote(path: Path | str) -> str:
    """Return a path as it can be typed in a terminal, of Windows too."""
    return f'"{path}"' if " " in str(path) else str(path)


def _show_demo(
    lang: str, built: DemoWorkspace, taken: IngestResult, result: ConsolidationResult
) -> None:
    """Print what came in, what is planted, and where its report is."""
    show_text(lang, "demo.done", path=built.office.workspace.root)
    show_counts("incoming.counts", taken.counts, lang)
    show_text(lang, "demo.planted", period=str(built.sample.months[-1]))
    names = built.sample.register.by_code
    for kind, branches in built.planted.items():
        cells = [f"{code} {names[code].name}" for code in branches[:_FEW]]
        more = [say(lang, "demo.more", count=len(branches) - _FEW)] if branches[_FEW:] else []
        line = say(lang, f"demo.planted.{kind}", cells="; ".join([*cells, *more]))
        show_line(line, indent="  ")
    show_text(lang, "demo.report", path=result.paths.report)
    show_text(lang, "consolidate.done", path=result.path)


_FEW = 3  # cells named in a line of the demo
