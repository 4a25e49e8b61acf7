"""Prints results: tables for people, JSON for programs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from mlay_batch.checks.answers import UNANSWERED
from mlay_batch.cli.options import say
from mlay_batch.core.findings import CLERK_CODES, Finding, Severity, cell_ranges
from mlay_batch.core.messages import Message, error_text, explain, text
from mlay_batch.core.period import Period
from mlay_batch.core.styles import RETURN_SYMBOLS
from mlay_batch.errors import MlayError, RegisterError
from mlay_batch.model.records import UNSURE, Decision, Verdict
from mlay_batch.schema import Catalogue, Form

if TYPE_CHECKING:  # start-up: for annotations only
    from mlay_batch.app.branch_list import TakenList
    from mlay_batch.app.check_file import CheckResult
    from mlay_batch.app.consolidate import ConsolidationResult
    from mlay_batch.app.incoming_register import IncomingRegister
    from mlay_batch.app.ingest import IngestResult
    from mlay_batch.app.status import Status
    from mlay_batch.cli.session import Session
    from mlay_batch.figures.report_records import Completeness

# Characters of a file name or a cell that must never reach a terminal: control characters, line
# breaks, marks of writing direction, invisible characters.
_CONTROL = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)


def safe_line(value: object) -> str:
    """Return `value` as one line without characters that act on a terminal."""
    return _CONTROL.sub("�", str(value))


def show_json(value: object) -> None:
    """Print JSON in one line, with the characters that `safe_line` replaces escaped.

    A record becomes an object of its attributes; a period, a day and a path a text. What is empty,
    None or a text without characters, is left out of objects.
    """
    encoded = json.dumps(_json_value(value), ensure_ascii=False)
    click.echo(_CONTROL.sub(lambda match: f"\\u{ord(match[0]):04x}", encoded))


def _json_value(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, Period | type):
        value = {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, Mapping):
        return {name: _json_value(each) for name, each in value.items() if each not in (None, "")}
    if isinstance(value, list | tuple):
        return [_json_value(each) for each in value]
    return value if isinstance(value, str | int | float) else str(value)


def new_console(*, to_stderr: bool = False) -> Console:
    """Return a console that prints a text as it is."""
    return Console(stderr=to_stderr, highlight=False, soft_wrap=False)


def show_text(lang: str, key: str, **params: object) -> None:
    """Print one text."""
    safe_params = {
        name: safe_line(v) if isinstance(v, str | Path) else v for name, v in params.items()
    }
    click.echo(say(lang, key, **safe_params))


def show_taken_list(session: Session, taken: TakenList) -> None:
    """Print what became of a list of branches, name by name."""
    for key in ("added", "completed", "differing", "left_out", "unclear"):
        for line in getattr(taken, key):
            show_text(session.lang, f"register.{key}", line=line)
    counts = {"added": len(taken.added), "completed": len(taken.completed)}
    show_text(session.lang, "register.dry" if session.dry_run else "register.taken", **counts)


def show_error(error: MlayError, lang: str) -> None:
    """Print an error as one line, others of its kind likewise, and below it its findings."""
    for each in error.every:
        click.echo(f"mlay: {safe_line(error_text(each, lang))}", err=True)
    if isinstance(error, RegisterError):
        for line in finding_lines(error.findings, error.form, lang):
            click.echo("  " + line, err=True)


def finding_lines(findings: Iterable[Finding], form: Form | None, lang: str) -> Iterator[str]:
    """Yield one line for the findings of one kind on one sheet, with cells as "C12–C15, C20".

    Only the first of several texts is written out; the remedy is the same for all.
    """
    groups: dict[tuple[object, ...], list[tuple[Finding, Message]]] = {}
    for finding in findings:
        message = explain(finding, form, lang)
        place, field = finding.place, finding.params.get("field")
        key = finding.code, place.file, place.sheet, field, message.fix
        groups.setdefault(key, []).append((finding, message))
    for group in groups.values():
        first, (_, fix) = group[0]
        code, file, sheet = first.code, first.place.file, first.place.sheet
        cells = cell_ranges(finding.place.cell for finding, _ in group)
        cell_range = f"{sheet}!{cells}" if sheet and cells else sheet
        where = " · ".join(part for part in (file, cell_range) if part)
        texts = list(dict.fromkeys(message.what for _, message in group))
        more = say(lang, "findings.more", count=len(texts) - 1) if len(texts) > 1 else ""
        parts = (f"{code} {where}:", texts[0], more, fix)
        yield safe_line(" ".join(part for part in parts if part))


@contextmanager
def progress(lang: str, key: str) -> Iterator[Callable[[int, int], None]]:
    """Show a progress bar on stderr while the block runs; call the yielded function with done,
    total.
    """
    with Progress(console=new_console(to_stderr=True), transient=True) as bar:
        task = bar.add_task(say(lang, key), total=None)

        def tick(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        yield tick


def show_ingest_result(session: Session, result: IngestResult, catalogue: Catalogue) -> None:
    """Print one line for each file that needs attention, and the table of verdicts."""
    lang = session.lang
    console = new_console()
    for decision in (*result.decisions, *result.judged_anew):
        _show_file(console, decision, catalogue, lang)
    table = Table(title=say(lang, "ingest.dry" if session.dry_run else "ingest.title"))
    table.add_column(say(lang, "ingest.verdict"))
    table.add_column(say(lang, "ingest.files"), justify="right")
    for verdict, count in result.counts.items():
        table.add_row(say(lang, f"verdict.{verdict.value}"), str(count))
    table.add_section()
    table.add_row(say(lang, "ingest.total"), str(len(result.decisions)))
    console.print(table)
    if result.seen_count:
        console.print(say(lang, "ingest.seen", count=result.seen_count))
    if result.judged_anew:
        console.print(say(lang, "ingest.anew", count=len(result.judged_anew)))


def _notable_findings(decision: Decision) -> tuple[Finding, ...]:
    """Return the findings a clerk must see: why a file does not count, what it supersedes.

    Also those that nobody else is told.
    """
    if decision.verdict is Verdict.ACCEPTED:
        codes = {"L05", "L14", *CLERK_CODES}
        return tuple(finding for finding in decision.findings if finding.code in codes)
    with_warnings, codes = decision.verdict is not Verdict.REJECTED, {"L14", *CLERK_CODES}
    return tuple(f for f in decision.findings if with_warnings or f.is_error or f.code in codes)


def _show_file(console: Console, decision: Decision, catalogue: Catalogue, lang: str) -> None:
    findings = _notable_findings(decision)
    if not findings:
        return
    file = decision.checked.file
    name = escape(safe_line(file.name))
    sender = escape(safe_line(f" · {file.sender}")) if file.sender else ""
    verdict = say(lang, f"verdict.{decision.verdict.value}")
    console.print(f"[bold]{name}[/bold]{sender}: {verdict}", soft_wrap=True)
    for line in finding_lines(findings, _form_of(decision, catalogue), lang):
        console.print("  " + escape(line), soft_wrap=True)


def _form_of(decision: Decision, catalogue: Catalogue) -> Form | None:
    """Return the form a file was read as, even if its branch is unknown."""
    submission = decision.checked.submission
    return catalogue.form(submission.form or "", submission.version or "") if submission else None


def show_check_results(session: Session, results: Sequence[CheckResult]) -> None:
    """Print the findings of each workbook, errors first; of several also which one it is."""
    is_one = len(results) == 1
    for result in results:
        _show_findings(result, session.lang, "" if is_one else f"{safe_line(result.name)}: ")


def _show_findings(result: CheckResult, lang: str, prefix: str) -> None:
    """Print the findings of one workbook, and after `prefix` whether it would be refused."""
    for severity in Severity:
        same_severity = (finding for finding in result.findings if finding.severity is severity)
        for line in finding_lines(same_severity, result.form, lang):
            click.echo(f"{say(lang, f'severity.{severity.value}')} {line}")
    errors = sum(finding.is_error for finding in result.findings)
    key = "check.refused" if errors else _state_without_errors(result.findings)
    summary = say(lang, key, errors=errors, warnings=len(result.findings) - errors)
    click.echo(f"{prefix}{summary}")


def _state_without_errors(findings: Sequence[Finding]) -> str:
    """Return the key of what becomes of a workbook without errors."""
    codes = {finding.code for finding in findings}
    if UNSURE in codes:
        return "check.unsure"
    return "check.held" if UNANSWERED in codes else "check.accepted"


def show_consolidation_result(session: Session, result: ConsolidationResult) -> None:
    """Print what was written and which file is for what, and whether it is provisional."""
    lang, paths = session.lang, result.paths
    key = "consolidate.dry" if session.dry_run else "consolidate.done"
    click.echo(say(lang, key, path=result.path))
    names = {key: path.name for key, path in vars(paths).items()}
    click.echo(say(lang, "consolidate.outputs", **names))
    if result.kept_report:
        click.echo(
            say(lang, "consolidate.kept", path=result.kept_report.name, new=paths.report.name)
        )
    if result.closed_revision:
        click.echo(say(lang, "consolidate.closed", revision=result.closed_revision))
    if result.provisional:
        click.echo(say(lang, "consolidate.provisional"))


def show_incoming_register(session: Session, register: IncomingRegister) -> None:
    """Print where the register of incoming papers is, and what it counts."""
    show_text(session.lang, "report.dry" if session.dry_run else "report.done", path=register.path)
    counts = {verdict.value: count for verdict, count in register.counts.items()}
    show_text(session.lang, "status.counts", received=len(register.rows), **counts)


def show_status(session: Session, status: Status, catalogue: Catalogue) -> None:
    """Print the matrix branch × period of each form, and what to do next."""
    lang = session.lang
    titles = {form.form: form.title for form in catalogue.forms}
    console = new_console()
    for completeness in status.forms:
        _show_matrix(console, completeness, titles[completeness.form].of(lang), lang)
    states = {cell.state for completeness in status.forms for cell in completeness.cells.values()}
    console.print(" · ".join(_legend(states, lang)))
    received = sum(status.counts.values())
    counts = {verdict.value: count for verdict, count in status.counts.items()}
    console.print(say(lang, "status.counts", received=received, **counts))
    if status.closing:
        period, revision = str(status.period), status.closing.revision
        console.print(say(lang, "status.closed", period=period, revision=revision))
    for key, count in status.todo.items():
        console.print(say(lang, f"status.{key}", count=count, period=str(status.period)))


def _legend(states: Collection[str], lang: str) -> Iterator[str]:
    """Yield each symbol with its state; blank cells stand for those without a symbol."""
    titles = {s: text("figures", f"return.{s}", lang) for s in RETURN_SYMBOLS if s in states}
    yield from (f"{RETURN_SYMBOLS[s]} {title}" for s, title in titles.items() if RETURN_SYMBOLS[s])
    blank = [title for state, title in titles.items() if not RETURN_SYMBOLS[state]]
    if blank:
        yield say(lang, "status.blank", states=", ".join(blank))


def _show_matrix(console: Console, completeness: Completeness, title: str, lang: str) -> None:
    unused = {cell.period for cell in completeness.cells.values() if cell.state == "unused"}
    periods = [period for period in completeness.periods if period not in unused]
    months = (str(p)[-2:] if p.length == 1 else str(p) for p in periods)
    rows = [
        (
            safe_line(f"{branch.code} {branch.name}"),
            [RETURN_SYMBOLS[completeness.cell(branch.code, p).state] for p in periods],
        )
        for branch in completeness.branches
    ]
    show_matrix(console, title, [say(lang, "status.branch"), *months], rows)


# The matrix of `status`. Rich takes seconds to measure and wraps thousands of rows, so it draws the
# frame and wraps long names, and the rows are inserted as strings.


TableRow = tuple[str, Sequence[str]]  # a name, and a symbol for each column that follows


def show_matrix(
    console: Console, title: str, headings: Sequence[str], rows: Sequence[TableRow]
) -> None:
    """Print the table; a name too long for the console continues on the next line."""
    widths = _column_widths(console.width, headings, rows)
    if widths is None:
        console.print(_matrix_table(title, headings, [], rows))  # too narrow for full symbols
        return
    with console.capture() as capture:
        console.print(_matrix_table(title, headings, widths, [("", [""] * len(headings[1:]))]))
    *top, sample_line, bottom = capture.get().splitlines()
    body = (line for row in rows for line in _matrix_lines(console, sample_line[0], widths, row))
    click.echo("\n".join((*top, *body, bottom)))


def _column_widths(
    console_width: int, headings: Sequence[str], rows: Sequence[TableRow]
) -> list[int] | None:
    """Return the column widths; None where even the symbols do not fit."""
    columns = zip(headings[1:], *(symbols for _, symbols in rows), strict=True)
    symbols = [max(map(cell_len, {"x", *column})) for column in columns]
    available = console_width - sum(symbols) - 3 * len(headings) - 1
    name_width = max(cell_len(name) for name in (headings[0], *(name for name, _ in rows)))
    return [min(available, name_width), *symbols] if available >= max(symbols, default=1) else None


def _matrix_table(
    title: str, headings: Sequence[str], widths: Sequence[int], rows: Sequence[TableRow]
) -> Table:
    table = Table(title=Text(title))
    for index, name in enumerate(headings):
        width = widths[index] if widths else None
        table.add_column(Text(name), justify="center" if index else "left", width=width)
    for name, symbols in rows:
        table.add_row(Text(name), *symbols)
    return table


def _matrix_lines(
    console: Console, bar: str, widths: Sequence[int], row: TableRow
) -> Iterator[str]:
    name, symbols = row
    parts = [name]
    if cell_len(name) > widths[0]:
        wrapped = Text(name).wrap(console, widths[0], overflow="ellipsis")
        parts = [part.plain for part in wrapped]
    for number, part in enumerate(parts):
        row_symbols = [""] * len(symbols) if number else symbols
        padded = (
            symbol.center(width) for symbol, width in zip(row_symbols, widths[1:], strict=True)
        )
        cells = f" {bar} ".join((set_cell_size(part, widths[0]), *padded))
        yield f"{bar} {cells} {bar}"
