"""What commands tell programs: one JSON object on stdout, which `docs/json.md` describes.

A function returns the result of a command, or a part that several results have. What is empty,
None or a text without characters, is left out when it is printed; an empty list stays.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from mlay_batch.cli.output import show_json
from mlay_batch.core.findings import Finding
from mlay_batch.core.messages import error_text, explain, text
from mlay_batch.errors import MlayError, RegisterError, SchemaError
from mlay_batch.model.records import (
    Decision,
    Identity,
    IncomingFile,
    LedgerEntry,
    Verdict,
)
from mlay_batch.schema import Catalogue, Form
from mlay_batch.schema.overlap import Overlap, kind_and_id

if TYPE_CHECKING:  # start-up: for annotations only
    from mlay_batch.app.archive_check import Defect, WorkspaceReport
    from mlay_batch.app.branch_list import TakenList
    from mlay_batch.app.check_file import CheckResult
    from mlay_batch.app.consolidate import ConsolidationResult
    from mlay_batch.app.incoming_register import IncomingRegister
    from mlay_batch.app.ingest import IngestResult
    from mlay_batch.app.mail_run import MailResult
    from mlay_batch.app.month import MonthResult
    from mlay_batch.app.office import Office
    from mlay_batch.app.purge import Forecast
    from mlay_batch.app.status import Status
    from mlay_batch.app.verify import Verification
    from mlay_batch.app.what_if import Impact
    from mlay_batch.cli.session import Session
    from mlay_batch.figures.report_records import Completeness
    from mlay_batch.mail.letter import Letter
    from mlay_batch.model.topics import Topic
    from mlay_batch.report.sheets.incoming_sheet import IncomingFileRow
    from mlay_batch.schema.diff import FormChange
    from mlay_batch.schema.indicators import Description

FORMAT = 1
"""Goes up when a field is removed, renamed or means something else; not when one is added."""
Record = Mapping[str, object]


def show_result(session: Session, result: Record) -> None:
    """Print what a command has to tell."""
    _, _, command = session.ctx.command_path.partition(" ")
    show_json({"format": FORMAT, "command": command, "result": result})


def show_failure(args: Sequence[str], error: Record) -> None:
    """Print why a command called with `args` was not carried out."""
    words = [arg.lower() for arg in args if arg[:1] != "-"]
    words = [word for word in words if word not in ("vi", "en")]  # of --lang
    command = " ".join(words[: 2 if words[:1] == ["schema"] else 1])
    show_json({"format": FORMAT, "command": command, "error": error})


def error_record(error: MlayError, lang: str) -> Record:
    """Return code and text of an error, the line of a description, the findings it carries."""
    places = ("file", "line", "key") if isinstance(error, SchemaError) else ()
    carried = (error.findings, error.form) if isinstance(error, RegisterError) else None
    return {
        "code": error.code,
        "message": error_text(error, lang),
        **{name: error.params.get(name) for name in places},
        "findings": finding_records(*carried, lang) if carried else None,
    }


def finding_records(
    findings: Iterable[Finding], form: Form | None, lang: str, *, with_file: bool = False
) -> list[Record]:
    """Return what was found, in its order; of several files with the name of each."""
    return [
        {
            "file": finding.place.file if with_file else None,
            "code": finding.code,
            "severity": finding.severity.value,
            "sheet": finding.place.sheet,
            "cell": finding.place.cell,
            "message": str(explain(finding, form, lang)),
        }
        for finding in findings
    ]


# Files


def counts_record(counts: Mapping[Verdict, int]) -> Record:
    """Return the number of files of each verdict, and their sum."""
    by_verdict = {verdict.value: counts.get(verdict, 0) for verdict in Verdict}
    return {"received": sum(by_verdict.values()), **by_verdict}


def _origin(file: IncomingFile | LedgerEntry) -> Record:
    return {
        "file": file.name,
        "part": file.part,
        "sha256": file.sha256,
        "received": file.received,
        "channel": file.channel,
        "sender": file.sender,
        "entered_by": file.entered_by,
        "subject": file.subject,
    }


def _return_key(form: Form | None, identity: Identity | None) -> Record:
    return {
        "form": form.form if form else None,
        "version": form.version if form else None,
        "branch": identity.branch if identity else None,
        "period": identity.period if identity else None,
    }


def entry_record(entry: LedgerEntry, catalogue: Catalogue, lang: str) -> Record:
    """Return a file as the ledger has it."""
    form = catalogue.form(entry.form, entry.version)
    return {
        "number": entry.id,
        **_origin(entry),
        "verdict": entry.verdict.value,
        "form": entry.form,
        "version": entry.version,
        "branch": entry.branch,
        "period": entry.period,
        "findings": finding_records(entry.findings, form, lang),
    }


def _decision_record(decision: Decision, catalogue: Catalogue, lang: str) -> Record:
    file, submission = decision.checked.file, decision.checked.submission
    form = catalogue.form(submission.form, submission.version) if submission else None
    return {
        "number": file.entry_id,
        **_origin(file),
        "verdict": decision.verdict.value,
        **_return_key(form, decision.checked.identity),
        "findings": finding_records(decision.findings, form, lang),
    }


def ingest_result(result: IngestResult, catalogue: Catalogue, session: Session) -> Record:
    """Return the verdict on each file."""
    decisions = result.decisions, result.judged_anew
    files, judged_anew = (
        [_decision_record(decision, catalogue, session.lang) for decision in part]
        for part in decisions
    )
    return {
        "dry_run": session.dry_run,
        "counts": counts_record(result.counts),
        "files": files,
        "judged_anew": judged_anew,
        "seen_count": result.seen_count,
    }


def run_result(ingested: Record, consolidated: ConsolidationResult, session: Session) -> Record:
    """Return what was ingested, as `ingest_result` tells it, and what was written."""
    return {"ingest": ingested, "consolidate": consolidation_result(consolidated, session)}


def held_result(entries: Sequence[LedgerEntry], catalogue: Catalogue, lang: str) -> Record:
    """Return the files that wait for a decision."""
    return {
        "counts": counts_record(Counter(entry.verdict for entry in entries)),
        "files": [entry_record(entry, catalogue, lang) for entry in entries],
    }


def check_result(results: Sequence[CheckResult], returned: Path | None, lang: str) -> Record:
    """Return what would become of each workbook; its findings, errors first."""
    return {"files": [_checked_record(result, lang) for result in results], "returned": returned}


def _checked_record(result: CheckResult, lang: str) -> Record:
    checked = result.checked_file
    findings = sorted(result.findings, key=lambda finding: not finding.is_error)
    return {
        "file": result.name,
        "verdict": result.verdict.value,
        **_return_key(result.form, checked.identity if checked else None),
        "findings": finding_records(findings, result.form, lang),
    }


def incoming_result(register: IncomingRegister, session: Session, catalogue: Catalogue) -> Record:
    """Return the files of the register of incoming papers, in their order."""
    lang, rows = session.lang, register.rows
    return {
        "period": session.period,
        "dry_run": session.dry_run,
        "path": register.path,
        "written": register.written,
        "counts": counts_record(register.counts),
        "files": [_incoming_record(row, register, catalogue, lang) for row in rows],
    }


def _incoming_record(
    row: IncomingFileRow, register: IncomingRegister, catalogue: Catalogue, lang: str
) -> Record:
    state = register.signatures[row.entry.id]
    return {
        **entry_record(row.entry, catalogue, lang),
        "branch": row.branch,
        "incoming_number": row.entry.incoming,
        "answered": row.answered,
        "signature": None if state.is_unknown and not state.carriers else state.carriers,
        "reference_only": state.is_reference_only(row.entry, register.profile),
    }


# The month


def month_result(result: MonthResult, session: Session, titles: Mapping[str, str]) -> Record:
    """Return what a month's run did and what is open; `titles` are those of decisions, by id."""
    from mlay_batch.app.worklist import records  # start-up: no other command reads worklists

    lang, ingested, consolidation = session.lang, result.ingested, result.consolidation
    catalogue, sections = result.catalogue, (records.MATTERS, records.LETTERS)
    return {
        "path": result.path,
        "new_name": result.has_new_name,
        "mail_count": result.fetched,
        "ingest": ingest_result(ingested, catalogue, session) if ingested and catalogue else None,
        "decisions": [
            {
                "id": each.made.subject,
                "title": each.made.title,
                "decision": each.made.decision,
                "done": each.is_done,
                "message": records.outcome_text(
                    each.outcome.code, each.outcome.params, titles, lang
                ),
            }
            for each in result.results
        ],
        "findings": finding_records(result.mistakes, result.form, lang, with_file=True),
        "consolidate": consolidation_result(consolidation, session) if consolidation else None,
        **{name: _matter_records(result, name) for name in sections},
    }


def _matter_records(result: MonthResult, section: str) -> list[Record]:
    """Return what is open; not the row that decides on all letters."""
    return [
        {
            "kind": matter.kind,
            "id": matter.subject,
            "title": matter.values.get("branch"),
            "message": matter.values.get("what") or matter.values.get("subject"),
            "link": matter.link,
        }
        for matter in result.matters
        if matter.section == section and matter.kind != "all_letters"
    ]


def consolidation_result(result: ConsolidationResult, session: Session) -> Record:
    """Return the files of a period."""
    return {
        "period": result.period,
        "dry_run": session.dry_run,
        "workbook": result.paths.workbook,
        "report": result.paths.report,
        "circulation": result.paths.circulation,
        "message_path": result.paths.message,
        "written": result.written,
        "provisional": result.provisional,
        "kept_report": result.kept_report,
        "revision": result.closed_revision,
    }


def status_result(status: Status, session: Session) -> Record:
    """Return the state of every return, and what to do next."""
    return {
        "period": status.period,
        "as_of": session.as_of,
        "revision": status.closing.revision if status.closing else None,
        "counts": counts_record(status.counts),
        "forms": [_matrix_record(completeness) for completeness in status.forms],
        "next": [{"step": step, "count": count} for step, count in status.todo.items()],
    }


def _matrix_record(completeness: Completeness) -> Record:
    rows = [
        (branch, [completeness.cell(branch.code, period) for period in completeness.periods])
        for branch in completeness.branches
    ]
    return {
        "form": completeness.form,
        "branches": [
            {
                "branch": branch.code,
                "name": branch.name,
                "returns": [
                    {"period": cell.period, "state": cell.state, "number": cell.delivery}
                    for cell in cells
                ],
            }
            for branch, cells in rows
        ],
    }


def mail_result(result: MailResult, session: Session, *, is_sent: bool) -> Record:
    """Return the letters written or sent, and what needs a person."""
    return {
        "dry_run": session.dry_run,
        "sent": is_sent and not session.dry_run,
        "letters": [_letter_record(letter) for letter in result.letters],
        "drafts": result.drafts,
        "handover": result.handover,
        "unreachable": result.no_address,
        "failed": [
            {**_letter_record(letter), "message": problem} for letter, problem in result.failed
        ],
        "partly_refused": [
            {**_letter_record(letter), "refused": refused}
            for letter, refused in result.partly_refused
        ],
        "doubtful": [
            {"id": mail.message_id, "kind": mail.kind, "recipients": mail.recipients, "at": mail.at}
            for mail in result.doubtful
        ],
        "stopped": result.stop_reason,
    }


def _letter_record(letter: Letter) -> Record:
    return {
        "kind": letter.kind,
        "branch": letter.addressee,
        "recipients": letter.to,
        "subject": letter.subject,
        "topics": [_topic_record(topic) for topic in letter.topics],
    }


def _topic_record(topic: Topic) -> Record:
    where = {"form": topic.form, "branch": topic.branch, "period": topic.period}
    return {"id": topic.key, **where, "number": topic.entry_id}


# The workspace


def register_result(office: Office, lang: str) -> Record:
    """Return what a register without mistakes has, and the warnings on it."""
    lists = office.register
    return {
        "register": office.workspace.register,
        "organisation_count": len(lists.organisations),
        "officer_count": len(lists.officers),
        "findings": finding_records(office.findings, office.catalogue.register_form, lang),
    }


def taken_list_result(taken: TakenList, session: Session) -> Record:
    """Return what became of a list of branches."""
    keys = ("added", "completed", "differing", "left_out", "unclear")
    lines = {key: getattr(taken, key) for key in keys}
    return {"register": session.workspace.register, "dry_run": session.dry_run, **lines}


def verify_result(result: Verification) -> Record:
    """Return whether a workbook is a recorded one, and which cells differ."""
    return {
        "state": result.state,
        "genuine": result.is_genuine,
        "workbooks": result.workbooks,
        "differences": result.differences,
    }


def doctor_result(report: WorkspaceReport, lang: str) -> Record:
    """Return every defect, and what has been repaired."""
    return {"defects": [_defect_record(defect, report, lang) for defect in report.defects]}


def _defect_record(defect: Defect, report: WorkspaceReport, lang: str) -> Record:
    error, params = defect.error, defect.error.params if defect.error else defect.params
    words = {"message": text("doctor", defect.code, lang, **params)} if error is None else {}
    places = (params.get(name) for name in ("path", "file", "sha256", "which"))
    return {
        **(error_record(error, lang) if error else {"code": defect.code}),
        **words,
        "note": defect.is_note,
        "place": next((str(place) for place in places if place), None),
        "repairable": defect.fix is not None,
        "repaired": defect in report.fixed,
    }


def purge_result(forecast: Forecast, session: Session, *, is_done: bool) -> Record:
    """Return what a purge removes, what it leaves and why."""
    plan = forecast.plan
    return {
        "before": plan.before,
        "as_of": plan.as_of,
        "dry_run": session.dry_run,
        "done": is_done,
        "unfinished": forecast.is_unfinished,
        "kinds": forecast.kinds,
        "open_months": plan.open_months,
        "undecided": plan.undecided,
        "left": forecast.left,
        "worklists": forecast.worklists,
        "officers": forecast.officers,
        "backups": [
            {"path": path, "day": day, "exists": exists} for path, day, exists in forecast.backups
        ],
    }


# The descriptions


def catalogue_result(catalogue: Catalogue, lang: str) -> Record:
    """Return every description, forms first."""
    descriptions: list[Description] = [*catalogue.readable_forms, *catalogue.quotas]
    descriptions += [*catalogue.schemes, *catalogue.indicator_sets]
    return {"descriptions": [_description_record(each, lang) for each in descriptions]}


def _description_record(description: Description, lang: str) -> Record:
    kind, name = kind_and_id(description)
    return {
        "kind": kind,
        "name": name,
        "version": getattr(description, "version", None),
        "from": description.effective.from_,
        "to": description.effective.to,
        "title": description.title.of(lang),
    }


def lint_result(
    files: Sequence[Path], errors: Sequence[MlayError], overlaps: Sequence[Overlap], lang: str
) -> Record:
    """Return the mistakes in descriptions, and which of several applies."""
    return {
        "file_count": len(files),
        "errors": [error_record(error, lang) for error in errors],
        "overlaps": overlaps,
    }


def diff_result(changes: Sequence[FormChange]) -> Record:
    """Return every change between two versions of a form."""
    keys = ("part", "turn", "title", "key", "old", "new")
    records = [{"id": each.path, **{key: getattr(each, key) for key in keys}} for each in changes]
    return {"changes": records}


def trial_result(impact: Impact) -> Record:
    """Return every verdict, finding and figure that a changed description changes."""
    figures = [
        {"period": period, **asdict(change)}
        for period, changes in impact.figures.items()
        for change in changes
    ]
    read = {"tried": impact.names, "read_count": impact.read_count}
    return {**read, "returns": impact.returns, "figures": figures}
