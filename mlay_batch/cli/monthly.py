"""The clerk's month: run, ingest, consolidate, incoming, status, report, close, reopen."""

from __future__ import annotations

import contextlib
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlay_batch.app import closing
from mlay_batch.app import consolidate as consolidation
from mlay_batch.app import status as period_status
from mlay_batch.cli import json_output, output
from mlay_batch.cli.lines import show_line, show_text
from mlay_batch.cli.options import argument, combine_options, option, say
from mlay_batch.cli.period_lines import show_period
from mlay_batch.cli.session import (
    PERIOD,
    Session,
    all_option,
    as_of_option,
    command,
    dry_run_option,
    json_option,
    period_option,
)
from mlay_batch.cli.value_types import EXISTING_PATH, FILE, MOMENT
from mlay_batch.core.period import Period
from mlay_batch.core.processes import SecondProcess
from mlay_batch.errors import UsageError

if TYPE_CHECKING:
    from mlay_batch.app.ingest import IngestResult
    from mlay_batch.reader import LastingWorkers, Reading

_intake_options = combine_options(
    argument("paths", nargs=-1, type=EXISTING_PATH),
    option("--received", type=MOMENT, default=None),
    as_of_option,
    all_option,
    dry_run_option,
    option("--cluster", default=None),
    option("--cluster-unencrypted", is_flag=True),
)
_without_names_option = option("--without-names", is_flag=True)


def _cluster_reading(address: str | None, *, plain: bool) -> Reading | None:
    """Return the function that reads files on the cluster at `address`; None without an address."""
    if address is None:
        return None
    try:
        from mlay_batch.reader import dask_backend  # start-up: Dask costs a second, and is an extra
    except ModuleNotFoundError as error:
        raise UsageError("cluster.extra") from error
    return partial(dask_backend.read_each, address=address, plain=plain)


class _Processes:
    """The processes that help in a run.

    Attributes:
        second: writes half of the workbook.
        readers: read the files; None where they are started with the first file.
    """

    def __init__(self) -> None:
        self.second = SecondProcess()
        self.readers: LastingWorkers | None = None

    def start_readers(self) -> None:
        """Start two readers, before it is known what they read, and whether there is anything."""
        from mlay_batch.reader import LastingWorkers  # start-up: a second run may have no new files

        self.readers = LastingWorkers()
        self.readers.start(2)

    def close_readers(self) -> None:
        """Kill the readers."""
        if self.readers:
            self.readers.close()

    def close(self) -> None:
        """Kill all."""
        self.second.close()
        self.close_readers()


def _ingest(
    session: Session,
    paths: tuple[Path, ...],
    received: datetime | None,
    cluster: str | None,
    cluster_unencrypted: bool,
    processes: _Processes | None = None,
) -> IngestResult:
    """Ingest files; return the result, which is printed for people.

    `processes` help in it, or will be needed after that.
    """
    from mlay_batch.app.ingest import ingest  # start-up: `status` needs no mail parser

    office = session.office
    read_files = _cluster_reading(cluster, plain=cluster_unencrypted)
    if processes:
        read_files = read_files or processes.readers
    now, moment = session.local_time(office), session.local_time(office, received)
    if datetime.fromisoformat(moment) > datetime.fromisoformat(now):
        raise UsageError("usage.future", received=moment, now=now)
    with output.progress(session.lang, "ingest.progress") as tick:
        result = ingest(
            office,
            paths,
            as_of=session.as_of,
            received=moment,
            progress=consolidation.start_when_read(processes.second, tick) if processes else tick,
            dry_run=session.dry_run,
            read_files=read_files,
            **session.actor,
        )
    if not session.as_json:
        output.show_ingest_result(session, result, office.catalogue)
    today = date.fromisoformat(now[:10])
    if result.last_day and today < result.last_day:
        text = say(session.lang, "ingest.clock", today=today, last=result.last_day)
        show_line(text, err=True)
    return result


def _consolidate(
    session: Session,
    *,
    force: bool = False,
    has_names: bool = True,
    second: SecondProcess | None = None,
) -> consolidation.ConsolidationResult:
    """Consolidate; return the result, which is printed for people."""
    result = consolidation.consolidate(
        session.office,
        session.period,
        as_of=session.as_of,
        holder=session.holder,
        dry_run=session.dry_run,
        force=force,
        has_names=has_names,
        second=second,
    )
    if not session.as_json:
        output.show_consolidation_result(session, result)
    return result


@command("ingest", _intake_options, json_option)
def ingest(session: Session, **intake: Any) -> int:
    """Ingest files and record a verdict on each."""
    result = _ingest(session, **intake)
    if session.as_json:
        catalogue = session.office.catalogue
        json_output.show_result(session, json_output.ingest_result(result, catalogue, session))
    return 1 if result.has_refusals else 0


@command(
    "consolidate",
    period_option,
    as_of_option,
    dry_run_option,
    option("--anew", is_flag=True),
    _without_names_option,
    json_option,
)
def consolidate(session: Session, anew: bool, without_names: bool) -> int:
    """Write the consolidated workbook of a period, the report, its copy and the message."""
    result = _consolidate(session, force=anew, has_names=not without_names)
    if session.as_json:
        json_output.show_result(session, json_output.consolidation_result(result, session))
    return 0


@command("run", _intake_options, period_option, _without_names_option, json_option)
def run(session: Session, without_names: bool, **intake: Any) -> int:
    """Ingest the inbox, then consolidate."""
    with contextlib.closing(_Processes()) as processes:
        session.while_checked = processes.start_readers
        ingested = _ingest(session, **intake, processes=processes)
        has_refusals = ingested.has_refusals
        record: json_output.Record = {}
        if session.as_json:
            record = json_output.ingest_result(ingested, session.office.catalogue, session)
        processes.close_readers()
        del ingested  # all rows of all files: the workbook needs the memory
        consolidated = _consolidate(session, has_names=not without_names, second=processes.second)
    if session.as_json:
        json_output.show_result(session, json_output.run_result(record, consolidated, session))
    elif not session.dry_run:
        state = period_status.status(session.office, session.period, session.as_of)
        show_period(state, session.office, session.lang, session.which)
    return 1 if has_refusals else 0


@command(
    "incoming",
    period_option,
    option("--out", type=FILE, default=None),
    as_of_option,
    dry_run_option,
    json_option,
)
def incoming(session: Session, out: Path | None) -> int:
    """Write the register of incoming papers."""
    from mlay_batch.app.incoming_register import write_register  # start-up: xlsxwriter

    result = write_register(
        session.office, session.period, as_of=session.as_of, path=out, dry_run=session.dry_run
    )
    if session.as_json:
        catalogue = session.office.catalogue
        json_output.show_result(session, json_output.incoming_result(result, session, catalogue))
    else:
        output.show_incoming_register(session, result)
    return 0


@command("status", period_option, as_of_option, all_option, json_option)
def status(session: Session) -> int:
    """Show which returns have come in."""
    result = period_status.status(session.office, session.period, session.as_of)
    if session.as_json:
        json_output.show_result(session, json_output.status_result(result, session))
    else:
        output.show_status(session, result, session.office)
    return 0


_period_argument = argument("period", type=PERIOD)


@command("close", _period_argument, option("--incomplete", is_flag=True), as_of_option, json_option)
def close(session: Session, period: Period, incomplete: bool) -> int:
    """Close a period: its report stays as it is."""
    result = closing.close(
        session.office, period, as_of=session.as_of, allow_incomplete=incomplete, **session.actor
    )
    params = {"path": result.path, "period": str(period), "revision": result.closing.revision}
    if session.as_json:
        json_output.show_result(session, {**params, "as_of": session.as_of})
    else:
        show_text(session.lang, "close.done", **params)
    return 0


@command("reopen", _period_argument, option("--why", required=True), as_of_option, json_option)
def reopen(session: Session, period: Period, why: str) -> int:
    """Reopen a closed period."""
    result = closing.reopen(session.office, period, as_of=session.as_of, why=why, **session.actor)
    params = {"period": str(period), "revision": result.revision}
    if session.as_json:
        json_output.show_result(session, {**params, "as_of": session.as_of, "why": result.why})
    else:
        show_text(session.lang, "reopen.done", **params)
    return 0


@command("report", argument("branch"), period_option, as_of_option, dry_run_option, json_option)
def report(session: Session, branch: str) -> int:
    """Write the page of a branch's year."""
    from mlay_batch.app.build_report import report_branch  # start-up: others need no xlsxwriter

    period = session.chosen_period or Period.of("year", session.last_month.start)
    result = report_branch(
        session.office, branch, period, as_of=session.as_of, dry_run=session.dry_run
    )
    if session.as_json:
        about = {"period": period, "dry_run": session.dry_run}
        json_output.show_result(session, {**about, **vars(result)})
        return 0
    key = "report.dry" if session.dry_run else "report.done"
    show_text(session.lang, key, path=result.path)
    return 0
