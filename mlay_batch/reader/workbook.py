"""A workbook's bytes to a `Submission`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from mlay_batch import bundle
from mlay_batch.findings import Finding, Place, Severity
from mlay_batch.layout import HEAD, sections_of
from mlay_batch.names import name_key
from mlay_batch.period import Period
from mlay_batch.reader.blocks import Marks, Search, Template, marks_in, only
from mlay_batch.reader.cells import Taken, take
from mlay_batch.reader.facts import Limits, UnreadableError
from mlay_batch.reader.grid import Sheet, sheets_of
from mlay_batch.reader.headings import by_headings
from mlay_batch.reader.markers import by_markers
from mlay_batch.reader.preflight import open_package
from mlay_batch.reader.stamp import Stamped, sort_out
from mlay_batch.reader.strays import far, notes, strays
from mlay_batch.records import Submission
from mlay_batch.schema.records import Form


class Reader:
    """Reads files against the same forms; what it learns of a form is kept for the next file."""

    def __init__(self, forms: Sequence[Form], limits: Limits) -> None:
        self.forms, self.limits = tuple(forms), limits
        self._templates: dict[tuple[str, str], Template] = {}

    def read(self, data: bytes) -> Submission:
        """Return what the file says; a file that cannot be read is a submission of one finding."""
        try:
            package = open_package(data, self.limits)
            submission = self._interpret(sort_out(sheets_of(package, self.limits)))
        except UnreadableError as error:
            return refused(error.code, Place("", error.sheet, error.cell), **error.params)
        if package.macros:
            macro = Finding("R09", Severity.ERROR, Place())
            return replace(submission, findings=(macro, *submission.findings))
        return submission

    def _interpret(self, book: Stamped) -> Submission:
        marks = marks_in(book.sheets)
        search = self._stamped(book, marks) if book.stamp else self._unstamped(book, marks)
        return _submission(book, search, self.limits)

    def _search(self, form: Form, sheets: Sequence[Sheet], marks: Marks) -> Search:
        name = form.form, form.version
        if name not in self._templates:
            self._templates[name] = Template.of(form)
        return search_form(Search(self._templates[name], sheets, marks))

    def _stamped(self, book: Stamped, marks: Marks) -> Search:
        """Look for the form the stamp names; R21 where no such form is known."""
        stamp = book.stamp
        for form in self.forms:
            if stamp and (form.form, form.version) == (stamp.form, stamp.version):
                return self._search(form, book.sheets, marks)
        raise UnreadableError(
            "R21", form=stamp.form if stamp else "", version=stamp.version if stamp else ""
        )

    def _unstamped(self, book: Stamped, marks: Marks) -> Search:
        """Look for every form; R20 where none fits, R25 where several do and the visible heading
        names no period that decides.
        """
        found = [self._search(form, book.sheets, marks) for form in self.forms]
        fitting = [search for search in found if search.complete]
        fitting = fitting or [search for search in found if search.has_markers]
        if len(fitting) > 1:
            fitting = [search for search in fitting if _covers(search)]
            if len(fitting) != 1:
                raise UnreadableError("R25")
        search = only(fitting)
        if search is None:
            raise UnreadableError("R20")
        return search


def refused(code: str, place: Place = Place(), **params: str | int) -> Submission:  # noqa: B008 - frozen
    """Return the submission of a file that could not be read, with the finding that says why."""
    return Submission(None, None, None, findings=(Finding(code, Severity.ERROR, place, params),))


def search_form(search: Search) -> Search:
    """Look for every section of the form: by markers, else by headings.

    Findings: R22 a section stands there twice, R23 not at all (R30: the heading), R26/R27 a field
    is missing/double, R28 (warning) a section was found by its headings only.
    """
    for section in sections_of(search.form):
        errors = len(search.findings)
        block = by_markers(search, section)
        if block is None and len(search.findings) == errors:
            block = by_headings(search, section)
            if block is None:
                search.wrong("R30" if section is HEAD else "R23", Place(), field=section.id)
            elif section is not HEAD:
                place = Place("", block.sheet.title)
                params = {"field": section.id}
                search.findings.append(Finding("R28", Severity.WARNING, place, params))
        if block:
            search.blocks.append(block)
    return search


def _covers(search: Search) -> bool:
    """Return whether the form holds in the period its visible heading names."""
    taken = Taken()
    for block in search.blocks:
        if block.section is HEAD:
            take(block, search.form, 0, taken)
    heading = taken.head.get("period")
    period = Period.spoken(heading.text) if heading else None
    return period is not None and search.form.effective.covers(period)


def _own_texts(book: Stamped, search: Search, taken: Taken) -> Iterable[str]:
    if book.stamp:
        return book.static
    from mlay_batch.reader.unstamped import own_texts  # start-up of a child: few stamps are lost

    return own_texts(search.form, search.blocks, taken.head)


def _submission(book: Stamped, search: Search, limits: Limits) -> Submission:
    taken = Taken(findings=list(search.findings))
    for block in search.blocks:
        take(block, search.form, limits.text, taken)
    written = frozenset(map(name_key, _own_texts(book, search, taken)))
    for sheet in book.sheets:
        taken.findings.extend(far(sheet))
        taken.findings.extend(notes(sheet, written))
        # where a section could not be found, nobody can tell what was typed beside the form
        if search.complete and search.form.form != bundle.FORM:
            here = [block for block in search.blocks if block.sheet is sheet]
            taken.findings.extend(strays(sheet, here, search.template, written))
    return Submission(
        book.stamp, search.form.form, search.form.version, taken.head, tuple(taken.rows),
        tuple(taken.findings),
    )  # fmt: skip
