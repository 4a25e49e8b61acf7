"""The clerk's month in one run: mail, decisions, inbox, workbook, letters, the next worklist.

Each step is whole in itself, so that a run may break off anywhere and be repeated. The worklist is
written last: a broken run leaves the one before.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from mlay_batch import reader
from mlay_batch.app.archive_check import Defect, check_workspace
from mlay_batch.app.cache import (
    RenderedForms,
    load_untouched,
    read_catalogue,
    store_untouched,
)
from mlay_batch.app.consolidate import ConsolidationResult, consolidate, start_when_read
from mlay_batch.app.fetch_mail import fetch_mails
from mlay_batch.app.ingest import IngestResult, ingest
from mlay_batch.app.office import Office, open_office
from mlay_batch.app.report_files import hash_file
from mlay_batch.app.worklist import book, problems
from mlay_batch.app.worklist.book import WorklistContent
from mlay_batch.app.worklist.content import ContentSources, worklist_content
from mlay_batch.app.worklist.dispatch import Post, dispatch
from mlay_batch.app.worklist.obey import (
    BegunWorklist,
    Clerk,
    DecisionLog,
    asked_periods,
    begin,
    obey,
    without_contradictions,
)
from mlay_batch.app.worklist.records import Matter, Outcome, ReadWorklist, Result
from mlay_batch.app.worklist.state import OpenState, assignable
from mlay_batch.app.worklist.view_files import ViewFiles
from mlay_batch.app.workspace import Workspace
from mlay_batch.core.files import is_open
from mlay_batch.core.findings import Finding
from mlay_batch.core.period import Period
from mlay_batch.core.processes import SecondProcess
from mlay_batch.errors import (
    LedgerError,
    LockedError,
    MlayError,
    OutputBusyError,
    RegisterError,
    SchemaError,
    UsageError,
)
from mlay_batch.ledger import Archive, Ledger, Worklists, lock
from mlay_batch.mail.mail_templates import load_templates
from mlay_batch.model.records import Row
from mlay_batch.schema import Catalogue, Form, load_catalogue

_REPAIR = "repair"
_PLACES = {"register": "register", "schema": "schemas", "workspace": "settings"}
"""Where the mistake is, by how the code of an error begins."""
_ORIGINALS = frozenset({"ledger.original_missing", "ledger.original_altered"})
"""Codes of errors that the doctor finds the cause of, and may put right."""


@dataclass(frozen=True)
class MonthRun:
    """What a run is given.

    Attributes:
        clerk: who runs it, and when.
        lang: language of the worklist.
        post: returns how the office's letters go out.
        period: the period to work on; None: the one chosen in the worklist, else the last month.
    """

    workspace: Workspace
    clerk: Clerk
    lang: str
    post: Callable[[Office], Post]
    period: Period | None = None


@dataclass(frozen=True)
class MonthResult:
    """What a run did.

    Attributes:
        path: the worklist.
        matters: what is open.
        fetched: number of mails fetched; None without a mailbox.
        ingested: what was taken in; None where the register or a description is wrong.
        results: what came of each decision.
        mistakes: what is wrong with worklists and with decisions in them; those were not obeyed.
        consolidation: the workbook; None where it could not be written.
        catalogue: the descriptions that hold; None where the register or one of them is wrong.
    """

    path: Path
    form: Form
    """The form of worklists."""
    matters: tuple[Matter, ...]
    fetched: int | None = None
    ingested: IngestResult | None = None
    results: tuple[Result, ...] = ()
    mistakes: tuple[Finding, ...] = ()
    consolidation: ConsolidationResult | None = None
    catalogue: Catalogue | None = None

    @property
    def has_new_name(self) -> bool:
        """Whether the worklist before was left alone, as it is open or was changed meanwhile."""
        return self.path.stem != book.STEM

    @property
    def is_clean(self) -> bool:
        """Whether every decision was obeyed and every file could be judged."""
        is_obeyed = not self.mistakes and all(result.is_done for result in self.results)
        return self.ingested is not None and is_obeyed


def run_month(run: MonthRun) -> MonthResult:
    """Run the month; return what was done and where the worklist is.

    What is wrong with register, descriptions, texts, originals, mailbox stands on it. Raises
    what stops a run: LockedError, LedgerError, MlayError for files that cannot be written.
    """
    with closing(reader.LastingWorkers()) as readers:
        return _run_month(run, readers)


def _run_month(run: MonthRun, readers: reader.LastingWorkers) -> MonthResult:
    """Run the month; `readers` are started while the register is checked, and read the inbox."""
    today, holder = run.clerk.as_of, run.clerk.holder
    defects = check_workspace(run.workspace, today=today, holder=holder).defects
    fetched, troubles = _fetch(run)
    try:
        office = open_office(run.workspace, partial(readers.start, 2))
        load_templates(run.workspace.texts)  # a mistake in one breaks no run in its midst
    except (RegisterError, SchemaError, UsageError) as error:
        return ask_for_repair(run, error)
    try:
        return _OfficeMonth(run, office, defects, troubles, readers).run(fetched)
    except LedgerError as error:
        if error.code not in _ORIGINALS:
            raise
        matters = tuple(problems.defect_matters(defects, run.lang))
        return _write_again(run, office.catalogue, matters)


def _fetch(run: MonthRun) -> tuple[int | None, list[Matter]]:
    """Fetch the mail; return how many came, and what went wrong."""
    if run.workspace.settings.imap is None:
        return None, []
    try:
        return fetch_mails(run.workspace, holder=run.clerk.holder).count, []
    except LockedError:
        raise
    except MlayError as error:
        return None, [problems.trouble("mailbox", error, run.lang)]


def ask_for_repair(run: MonthRun, error: MlayError) -> MonthResult:
    """Write a worklist that says what is wrong, above the rows of the one before.

    Nothing is done before it is put right; decisions made so far stay in their rows.
    """
    is_schema = isinstance(error, SchemaError)
    catalogue = load_catalogue() if is_schema else read_catalogue(run.workspace)
    if isinstance(error, RegisterError) and error.findings:
        matters = tuple(problems.finding_matters(error.findings, error.form, run.lang))
    else:
        place = _PLACES.get(error.code.partition(".")[0], "workspace")
        matters = tuple(problems.trouble(place, each, run.lang, stops=True) for each in error.every)
    return _write_again(run, catalogue, matters)


def _write_again(run: MonthRun, catalogue: Catalogue, matters: tuple[Matter, ...]) -> MonthResult:
    """Write the worklist that is written over once more, `matters` above its rows."""
    form = book.worklist_form(catalogue)
    worklists, hashes = _read_worklists(run.workspace, catalogue)
    before = max(
        (worklist for worklist in worklists if worklist.is_readable),
        key=lambda worklist: (worklist.name == book.NAME, worklist.number),
        default=ReadWorklist("", b""),
    )
    with Ledger.open(run.workspace.ledger, read_only=True) as ledger:
        number = Worklists(ledger).next_number()
    carried = book.carried_rows(before, {matter.kind for matter in matters})
    content = WorklistContent(number, "", before.period, before.chosen, matters, carried)
    data = book.render_worklist(form, content, run.lang)
    path = book.write_worklist(run.workspace.root, data, hashes)
    return MonthResult(path, form, matters)


def _read_worklists(
    workspace: Workspace,
    catalogue: Catalogue,
    organisations: Mapping[str, str] | None = None,
    find_untouched: Callable[[bytes], Row | None] = lambda _: None,
) -> tuple[tuple[ReadWorklist, ...], dict[str, str]]:
    """Return the worklists of the workspace; and the hash of each that is one, by its name.

    `organisations` and `find_untouched` are those of `book.read_worklist`.
    """
    form = book.worklist_form(catalogue)
    worklists = without_contradictions(
        [
            book.read_worklist(path, form, organisations or {}, find_untouched)
            for path in workspace.worklists
        ]
    )
    hashes = {x.name: hashlib.sha256(x.data).hexdigest() for x in worklists if x.is_readable}
    return worklists, hashes


class _OfficeMonth:
    """The run of an office whose register can be read."""

    def __init__(
        self,
        run: MonthRun,
        office: Office,
        defects: Sequence[Defect],
        troubles: Sequence[Matter],
        readers: reader.LastingWorkers,
    ) -> None:
        self.request, self.office, self.clerk = run, office, run.clerk
        self.readers = readers
        self.workspace, self.archive = run.workspace, Archive(run.workspace.archive)
        self.defects, self.troubles = defects, list(troubles)
        self.asked: list[Period] = []
        self.worklists, self.hashes = _read_worklists(
            run.workspace,
            office.catalogue,
            assignable(office.register),
            partial(load_untouched, run.workspace),
        )

    @property
    def period(self) -> Period:
        """The period at work."""
        return self.request.period or self.chosen or self._last_month

    @property
    def _last_month(self) -> Period:
        return Period.of("month", self.clerk.as_of).previous()

    @property
    def chosen(self) -> Period | None:
        """The period that somebody chose to work on; None for the last month."""
        before = [each.chosen for each in self.worklists if each.is_readable]
        period = next(filter(None, reversed([*before, *self.asked])), None)
        return None if period == self._last_month else period

    def run(self, fetched: int | None) -> MonthResult:
        """Do all steps; return what was done."""
        with self._ledger() as ledger:
            begun = begin(ledger, self.archive, self.worklists, self.clerk)
            self.asked = asked_periods(DecisionLog(ledger, self.clerk), begun)
        results = self._repair(begun)
        with self._ledger() as ledger:
            results += obey(self.office, ledger, begun, self.clerk)
        with closing(SecondProcess()) as second:
            ingested = self._ingest(second)
            consolidation = self._consolidate(second)
        results += dispatch(self.office, begun, self.clerk, self.request.post(self.office))
        rendered = RenderedForms(self.workspace)
        files = ViewFiles(self.workspace.outbox, rendered.load())
        with self._ledger() as ledger:
            content = self._content(ledger, ingested, results, files)
        form = book.worklist_form(self.office.catalogue)
        data = book.render_worklist(form, content, self.request.lang)
        files.write()
        rendered.store(files.rendered)
        if not content.kept:
            store_untouched(self.workspace, data, book.now_row(content, self.request.lang))
        path = book.write_worklist(self.workspace.root, data, self.hashes)
        files.remove_others()
        self._remove_obeyed(path, content)
        return MonthResult(
            path,
            form,
            tuple(content.matters),
            fetched,
            ingested,
            tuple(results),
            tuple(f for each in self.worklists for f in each.findings if f.is_error),
            consolidation,
            self.office.catalogue,
        )

    @contextmanager
    def _ledger(self) -> Iterator[Ledger]:
        with lock(self.workspace.root, self.clerk.holder), Ledger.open(self.workspace.ledger) as db:
            yield db

    def _repair(self, begun: Sequence[BegunWorklist]) -> list[Result]:
        """Put right what can be put right without loss, where anybody asked for it.

        Nobody asks for it whose worklist shows no defect that there still is.
        """
        lang, today, holder = self.request.lang, self.clerk.as_of, self.clerk.holder
        offered = {matter.key for matter in problems.defect_matters(self.defects, lang)}
        with self._ledger() as ledger:
            log = DecisionLog(ledger, self.clerk)
            asked = [
                (each, made)
                for each in begun
                for made in log.open_decisions(each)
                if made.decision == _REPAIR
            ]
        outcome = Outcome.done("repaired", count=0)
        if any(made.key in offered for _, made in asked):
            report = check_workspace(self.workspace, today=today, holder=holder, repair=True)
            self.defects = [defect for defect in report.defects if defect not in report.fixed]
            outcome = Outcome.done("repaired", count=len(report.fixed))
        with self._ledger() as ledger:
            log = DecisionLog(ledger, self.clerk)
            return [
                log.end(each, made, outcome) if made.key in offered else log.stale(each, made)
                for each, made in asked
            ]

    def _ingest(self, second: SecondProcess) -> IngestResult:
        """Take in what came; `second` will be needed after that, the readers will not."""
        clerk = self.clerk
        with closing(self.readers):
            return ingest(
                self.office,
                as_of=clerk.as_of,
                received=clerk.at,
                holder=clerk.holder,
                who=clerk.who,
                progress=start_when_read(second),
                read_files=self.readers,
            )

    def _consolidate(self, second: SecondProcess) -> ConsolidationResult | None:
        """Write the workbook and the report; one that is open elsewhere is a matter to look at."""
        clerk = self.clerk
        try:
            return consolidate(
                self.office,
                self.period,
                as_of=clerk.as_of,
                holder=clerk.holder,
                lang=self.request.lang,
                second=second,
            )
        except OutputBusyError as error:
            self.troubles.append(problems.trouble("reports", error, self.request.lang))
            return None

    def _content(
        self, ledger: Ledger, ingested: IngestResult, results: Sequence[Result], files: ViewFiles
    ) -> WorklistContent:
        office, lang, clerk = self.office, self.request.lang, self.clerk
        state = OpenState.load(office, ledger, self.period, clerk.as_of, lang, clerk.holder)
        sources = ContentSources(
            state,
            Worklists(ledger).next_number(),
            self.chosen,
            ingested,
            ledger.counts(),
            results,
            Worklists(ledger).decisions(),
            self.worklists,
            (*self.troubles, *problems.defect_matters(self.defects, lang)),
        )
        return worklist_content(sources, self.archive, files)

    def _remove_obeyed(self, path: Path, content: WorklistContent) -> None:
        """Remove the other worklists that were read: what stood in them has been seen to.

        One that is open, was saved since, or could not be read stays; so does one with a decision
        that was not obeyed and stands in the new worklist otherwise, as others decided.
        """
        for worklist in self.worklists:
            other = self.workspace.root / worklist.name
            if other != path and worklist.name in self.hashes and not is_open(other):
                if book.holds_other_decisions(worklist, content):
                    continue
                with suppress(OSError):
                    if hash_file(other) == self.hashes[worklist.name]:
                        other.unlink()
