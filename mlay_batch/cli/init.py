"""Set up a workspace: init, demo."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from mlay_batch.app.consolidate import consolidate
from mlay_batch.app.first_register import FirstAnswers, first_register, level_named
from mlay_batch.app.ingest import IngestResult
from mlay_batch.app.workspace import Workspace, refuse_workspace
from mlay_batch.cli import output
from mlay_batch.cli.lines import show_line, show_text
from mlay_batch.cli.options import ParsedType, argument, option, say
from mlay_batch.cli.session import MONTH, Session, command, dry_run_option
from mlay_batch.cli.value_types import FILE, FOLDER, choice
from mlay_batch.core.files import write_atomically
from mlay_batch.core.text import clean
from mlay_batch.errors import UsageError
from mlay_batch.schema.catalogue import shipped_folder


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
    show_text(session.lang, "init.done", path=workspace.root, register=workspace.register)
    return 0


def _ask(session: Session, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answers: those given by flags, else asked for.

    Raises UsageError ``usage.answers`` where nobody answers.
    """
    answers = {name: value for name, value in given.items() if value is not None}
    for name, kind in _QUESTIONS.items():
        if name not in answers:
            try:
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
)
def register(session: Session, file: Path | None) -> int:
    """Check the register, or take a list of branches into it."""
    if file is None:
        lists = session.office.register
        counts = {"organisations": len(lists.organisations), "officers": len(lists.officers)}
        show_text(session.lang, "register.right", **counts)
        return 0
    from mlay_batch.app import branch_list  # start-up: `init` takes no list

    taken = branch_list.take_file(session.workspace, file, dry_run=session.dry_run)
    output.show_taken_list(session, taken)
    return 0


@command(
    "demo",
    option("--sample", "name", type=choice(*_SAMPLES), default="town"),
    argument("directory", type=FOLDER, default="demo"),
    in_workspace=False,
)
def demo(session: Session, directory: Path, name: str) -> int:
    """Build a sample office's workspace and run its last month."""
    from mlay_batch.app import demo_month  # start-up: `init` needs no sample data

    with output.progress(session.lang, "demo.building") as tick:
        built = demo_month.build(directory, tick, name)
    with output.progress(session.lang, "demo.reading") as tick:
        total = IngestResult((), 0)
        batches = demo_month.ingest_batches(built, **session.actor)
        for number, batch_result in enumerate(batches, 1):
            total += batch_result
            tick(number, len(built.inbox_folders))
    output.show_ingest_result(session, total, built.office.catalogue)
    result = consolidate(
        built.office,
        built.sample.months[-1],
        as_of=built.sample.as_of,
        holder=session.holder,
        lang=session.lang,
    )
    output.show_consolidation_result(session, result)
    return 0
