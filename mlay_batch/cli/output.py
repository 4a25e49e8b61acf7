"""Prints results for people, and the JSON of `json_output`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING

import click
from rich.progress import Progress

from mlay_batch.cli.lines import CONTROL, safe_line, show_line, show_text
from mlay_batch.cli.matrix import legend, show_completeness
from mlay_batch.cli.options import say
from mlay_batch.cli.period_lines import show_period
from mlay_batch.cli.screen import (
    VERDICT_STYLES,
    new_console,
    show_counts,
    show_styled,
    verdict_text,
)
from mlay_batch.core.findings import CLERK_CODES, Finding, Severity, cell_ranges
from mlay_batch.core.messages import Message, error_text, explain
from mlay_batch.core.period import Period
from mlay_batch.errors import MlayError, RegisterError
from mlay_batch.model.records import UNSURE, Decision, Verdict
from mlay_batch.schema import Catalogue, Form

if TYPE_CHECKING:  # start-up: for annotations only
    from mlay_batch.app.branch_list import TakenList
    from mlay_batch.app.check_file import CheckResult
    from mlay_batch.app.consolidate import ConsolidationResult
    from mlay_batch.app.incoming_register import IncomingRegister
    from mlay_batch.app.ingest import IngestResult
    from mlay_batch.app.office import Office
    from mlay_batch.app.status import Status
    from mlay_batch.cli.session import Session

_MOST_FILES, _MOST_FINDINGS = 10, 5
"""Files of a run, and lines on each, that are printed without `--all`."""
_SEVERITY_STYLES = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.TRIAL: "cyan"}
_CHECK_TEXTS = {
    Verdict.REJECTED: "refused",
    Verdict.HELD: "held",
    Verdict.ACCEPTED: "accepted",
}


def show_json(value: object) -> None:
    """Print JSON in one line, with the characters that `safe_line` replaces escaped.

    A record becomes an object of its attributes; a period, a day and a path a text. What is empty,
    None or a text without characters, is left out of objects.
    """
    encoded = json.dumps(_json_value(value), ensure_ascii=False)
    click.echo(CONTROL.sub(lambda match: f"\\u{ord(match[0]):04x}", encoded))


def _json_value(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, Period | type):
        value = {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, Mapping):
        return {name: _json_value(each) for name, each in value.items() if each not in (None, "")}
    if isinstance(value, list | tuple):
        return [_json_value(each) for each in value]
    return value if isinstance(value, str | int | float) else str(value)


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
        show_line(f"mlay: {error_text(each, lang)}", err=True)
    if isinstance(error, RegisterError):
        for line in finding_lines(error.findings, error.form, lang):
            show_line(line, indent="  ", err=True)


def finding_lines(
    findings: Iterable[Finding], form: Form | None, lang: str, *, within: str = ""
) -> Iterator[str]:
    """Yield one line for the findings of one kind on one sheet, with cells as "C12–C15, C20".

    Only the first of several texts is written out; the remedy is the same for all. The file is
    named unless it is `within`.
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
        other_file = "" if file == within else file
        where = " · ".join(part for part in (other_file, cell_range) if part)
        texts = list(dict.fromkeys(message.what for _, message in group))
        more = say(lang, "findings.more", count=len(texts) - 1) if len(texts) > 1 else ""
        parts = (f"{code} {where}:" if where else f"{code}:", texts[0], more, fix)
        yield safe_line(" ".join(part for part in parts if part))


@contextmanager
def progress(lang: str, key: str) -> Iterator[Callable[[int, int], None]]:
    """Show a progress bar on stderr while the block runs; call the yielded function with done,
    total.
    """
    console = new_console(to_stderr=True)
    # Without a terminal Rich would leave an empty line.
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(say(lang, key), total=None)

        def tick(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        yield tick


def show_ingest_result(session: Session, result: IngestResult, catalogue: Catalogue) -> None:
    """Print the number of files of each verdict, and below it the files that need attention."""
    lang = session.lang
    show_counts("ingest.dry" if session.dry_run else "ingest.done", result.counts, lang)
    if result.seen_count:
        show_text(lang, "ingest.seen", count=result.seen_count)
    if result.judged_anew:
        show_text(lang, "ingest.anew", count=len(result.judged_anew))
    notable = [
        (decision, findings)
        for decision in (*result.decisions, *result.judged_anew)
        if (findings := _notable_findings(decision, is_full=session.show_all))
    ]
    limit = None if session.show_all else _MOST_FILES
    for decision, findings in notable[:limit]:
        _show_file(decision, findings, _form_of(decision, catalogue), session)
    if more := len(notable[limit:]) if limit else 0:
        show_text(lang, "ingest.more", count=more)


def _notable_findings(decision: Decision, *, is_full: bool) -> tuple[Finding, ...]:
    """Return the findings a clerk must see: why a file does not count, what nobody else is told.

    In full also what a file supersedes, and why one is a duplicate or ignored.
    """
    verdict, codes = decision.verdict, {"L14", *CLERK_CODES}
    if is_full:
        codes.add("L05")
    is_told = verdict is Verdict.HELD or (is_full and verdict is not Verdict.ACCEPTED)
    with_warnings = is_told and verdict is not Verdict.REJECTED
    with_errors = verdict in (Verdict.HELD, Verdict.REJECTED) or is_told
    return tuple(
        f
        for f in decision.findings
        if with_warnings or (with_errors and f.is_error) or f.code in codes
    )


def _show_file(
    decision: Decision, findings: Sequence[Finding], form: Form | None, session: Session
) -> None:
    """Print name, sender and verdict of a file, and below them what was found."""
    file, lang = decision.checked.file, session.lang
    sender = f" · {file.sender}" if file.sender else ""
    verdict, styles = verdict_text(decision.verdict, lang)
    show_styled(f"{file.label}{sender}: {verdict}", {file.label: "bold", **styles})
    lines = list(finding_lines(findings, form, lang, within=file.name))
    limit = None if session.show_all else _MOST_FINDINGS
    for line in lines[:limit]:
        show_line(line, indent="  ")
    if more := len(lines[limit:]) if limit else 0:
        show_line(say(lang, "ingest.more_findings", count=more), indent="  ")


def _form_of(decision: Decision, catalogue: Catalogue) -> Form | None:
    """Return the form a file was read as, even if its branch is unknown."""
    submission = decision.checked.submission
    return catalogue.form(submission.form, submission.version) if submission else None


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
            words = say(lang, f"severity.{severity.value}")
            show_styled(f"{words} {line}", {words: _SEVERITY_STYLES[severity]})
    errors = sum(finding.is_error for finding in result.findings)
    is_unsure = any(finding.code == UNSURE for finding in result.findings)
    key = "unsure" if is_unsure and not errors else _CHECK_TEXTS[result.verdict]
    summary = say(lang, f"check.{key}", errors=errors, warnings=len(result.findings) - errors)
    show_styled(f"{prefix}{summary}", {summary: VERDICT_STYLES[result.verdict]})


def show_consolidation_result(session: Session, result: ConsolidationResult) -> None:
    """Print what was written and which file is for what, and whether it is provisional."""
    lang, paths = session.lang, result.paths
    show_text(lang, "consolidate.dry" if session.dry_run else "consolidate.done", path=result.path)
    show_text(lang, "consolidate.outputs", **{key: path.name for key, path in vars(paths).items()})
    if result.kept_report:
        names = {"path": result.kept_report.name, "new": paths.report.name}
        show_text(lang, "consolidate.kept", **names)
    if result.closed_revision:
        show_text(lang, "consolidate.closed", revision=result.closed_revision)
    if result.provisional:
        show_text(lang, "consolidate.provisional", which=session.which)


def show_incoming_register(session: Session, register: IncomingRegister) -> None:
    """Print where the register of incoming papers is, and what it counts."""
    show_text(session.lang, "report.dry" if session.dry_run else "report.done", path=register.path)
    show_counts("incoming.counts", register.counts, session.lang)


def show_status(session: Session, status: Status, office: Office) -> None:
    """Print how the period stands and what to do next; with `--all` also who has sent what."""
    lang = session.lang
    if session.show_all:
        _show_matrices(status, office.intake_catalogue, lang)
    show_period(status, office, lang, session.which)
    if not session.show_all:
        show_text(lang, "status.hint", which=session.which)


def _show_matrices(status: Status, catalogue: Catalogue, lang: str) -> None:
    titles = {form.form: form.title for form in catalogue.forms}
    for completeness in status.forms:
        show_completeness(new_console(), completeness, titles[completeness.form].of(lang), lang)
    states = {cell.state for completeness in status.forms for cell in completeness.cells.values()}
    show_line(" · ".join(legend(states, lang)))
