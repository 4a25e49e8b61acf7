"""Reads a workbook's bytes into a `Submission`, or into the texts of its cells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice

from mlay_batch.core.findings import Finding, Place, Severity
from mlay_batch.core.period import Period
from mlay_batch.core.text import name_key
from mlay_batch.core.xml_parser import UnreadableError
from mlay_batch.model.records import Submission
from mlay_batch.reader.answers import locate_answers, read_answers
from mlay_batch.reader.cell_metadata import Limits, a1, unreadable
from mlay_batch.reader.cells import SectionResults, find_hidden, read_section
from mlay_batch.reader.form_stamp import StampedWorkbook, guess_texts, read_stamp
from mlay_batch.reader.grid import ErrorCell, RawValue, Sheet, read_sheets
from mlay_batch.reader.list_reader import read_list
from mlay_batch.reader.locate import locate_by_headings, locate_by_markers
from mlay_batch.reader.lost_validations import find_lost_validations
from mlay_batch.reader.preflight import Package, open_package
from mlay_batch.reader.section_finder import (
    Block,
    FormTexts,
    MarkerPositions,
    SectionFinder,
    find_markers,
    name_keys,
    single,
)
from mlay_batch.reader.unexpected_cells import (
    find_drawings,
    find_notes,
    find_out_of_range,
    find_page_texts,
    find_unexpected,
    find_unread,
)
from mlay_batch.reader.values import display_text
from mlay_batch.schema.layout import HEADER, PARTY_NAME, sections_of
from mlay_batch.schema.model import ANSWERS, Form, Section
from mlay_batch.schema.switches import may_be_absent, with_switches

REPORT_KINDS = ("BÁO CÁO", "REPORT")  # what a report for circulation is headed by, and no form
UNCALCULATED = "=…"  # a formula without a stored result
_DIGITS = 12  # significant ones; further ones differ between office programs


class Reader:
    """Reads files against the same forms; caches the texts of each form."""

    def __init__(self, forms: Sequence[Form], limits: Limits) -> None:
        self.forms = tuple(form for form in forms if not form.is_sketch)
        self.lists = tuple(form for form in forms if form.is_sketch)
        self.limits = limits
        self._templates: dict[tuple[str, str, frozenset[str] | None], FormTexts] = {}

    def read(self, data: bytes) -> Submission:
        """Read one file; one that cannot be read is a submission with one finding."""
        try:
            package = open_package(data, self.limits)
            submission = self._read_form(read_stamp(read_sheets(package, self.limits)))
        except UnreadableError as error:
            return unreadable(error.code, Place("", error.sheet, error.cell), **error.params)
        return _with_findings(submission, tuple(_package_findings(package, submission)))

    def _read_form(self, workbook: StampedWorkbook) -> Submission:
        markers = find_markers(workbook.sheets)
        if lists := self._stamped_lists(workbook):
            if submission := read_list(lists, workbook, self.limits):
                return submission
            raise UnreadableError("R20")
        if workbook.stamp:
            finder = self._locate_stamped_form(workbook, markers)
        elif guess := self._guess_form(workbook, markers):
            finder = guess
        elif _is_committee_report(workbook.sheets):
            raise UnreadableError("R40")
        elif submission := read_list(self.lists, workbook, self.limits):
            return submission
        else:
            raise UnreadableError("R20")
        return _build_submission(workbook, finder, self.limits)

    def _stamped_lists(self, workbook: StampedWorkbook) -> list[Form]:
        """Return the list that a stamp names: one given back to be corrected."""
        stamp = workbook.stamp
        names = (stamp.form, stamp.version) if stamp else None
        return [form for form in self.lists if (form.form, form.version) == names]

    def _locate(
        self,
        form: Form,
        sheets: Sequence[Sheet],
        markers: MarkerPositions,
        switches: frozenset[str] | None = None,
    ) -> SectionFinder:
        """Locate a form as it was written with those `switches` on; None: any of them."""
        form_key = form.form, form.version, switches
        if form_key not in self._templates:
            asked = form if switches is None else with_switches(form, switches)
            self._templates[form_key] = FormTexts.from_form(asked)
        return locate_sections(SectionFinder(self._templates[form_key], sheets, markers))

    def _locate_stamped_form(
        self, workbook: StampedWorkbook, markers: MarkerPositions
    ) -> SectionFinder:
        """Locate the form that the stamp names; R21 where it is unknown."""
        stamp = workbook.stamp
        for form in self.forms:
            if stamp and (form.form, form.version) == (stamp.form, stamp.version):
                switches = None if form.is_rollup else frozenset(stamp.switches)
                return self._locate(form, workbook.sheets, markers, switches)
        raise UnreadableError(
            "R21", form=stamp.form if stamp else "", version=stamp.version if stamp else ""
        )

    def _guess_form(
        self, workbook: StampedWorkbook, markers: MarkerPositions
    ) -> SectionFinder | None:
        """Try every form; None where none fits, R25 where several do.

        Among several, the period in the visible header decides.
        """
        finders = [self._locate(form, workbook.sheets, markers) for form in self.forms]
        fitting = [finder for finder in finders if finder.is_complete]
        fitting = fitting or [finder for finder in finders if finder.has_markers]
        if len(fitting) > 1:
            fitting = [finder for finder in fitting if _is_period_covered(finder)]
            if len(fitting) != 1:
                raise UnreadableError("R25")
        return single(fitting)


def _is_committee_report(sheets: Iterable[Sheet]) -> bool:
    """Whether the first sheet is the head of a report, which `consolidate` writes to pass on."""
    texts = {text for sheet in islice(sheets, 1) for text in sheet.filled_cells.values()}
    return PARTY_NAME in texts and not texts.isdisjoint(REPORT_KINDS)


def _with_findings(submission: Submission, findings: tuple[Finding, ...]) -> Submission:
    """Return a submission with what is wrong with its file, each branch of a list likewise."""
    members = (_with_findings(member, findings) for member in submission.members)
    return replace(submission, findings=(*findings, *submission.findings), members=tuple(members))


def _package_findings(package: Package, submission: Submission) -> Iterator[Finding]:
    """Yield R09 for macros, a warning R36 for an embedded document that no sheet names."""
    if package.has_macros:
        yield Finding("R09", Severity.ERROR, Place())
    members = (submission, *submission.members)
    if package.embedded_files and all(f.code != "R36" for m in members for f in m.findings):
        yield Finding("R36", Severity.WARNING, Place(), {"count": package.embedded_files})


def locate_sections(finder: SectionFinder) -> SectionFinder:
    """Locate every section of the form: by markers, else by headings.

    Findings: R22 a section is there twice, R23 not at all (R30: the header), R26/R27 a field is
    missing/double, R28 (warning) a section was located by its headings only.
    """
    for section in sections_of(finder.form):
        errors = len(finder.findings)
        block = locate_by_markers(finder, section)
        if block is None and len(finder.findings) == errors:
            block = locate_by_headings(finder, section)
            if block is None and may_be_absent(finder.form, section):
                continue  # the office does not ask for it
            if block is None:
                place = _place_of_rest(finder, section)
                finder.add_error("R30" if section is HEADER else "R23", place, field=section.id)
            elif section is not HEADER:
                place = Place("", block.sheet.title)
                params = {"field": section.id}
                finder.findings.append(Finding("R28", Severity.WARNING, place, params))
        if block:
            finder.blocks.append(block)
    return finder


def _place_of_rest(finder: SectionFinder, section: Section) -> Place:
    """Return the first marker, or the title, that is left of a section that cannot be located."""
    for suffix in ("start", "head", "end"):
        for sheet, position in finder.markers.get(f"{section.id}:{suffix}", ()):
            return Place("", sheet.title, a1(position))
    for sheet in finder.sheets:
        for position in sheet.positions_of(name_keys(section.title) - {""}):
            return Place("", sheet.title, a1(position))
    return Place()


def _is_period_covered(finder: SectionFinder) -> bool:
    """Whether the form is in force in the period of its visible header."""
    results = SectionResults()
    for block in finder.blocks:
        if block.section is HEADER:
            read_section(block, finder.form, 0, results)
    heading = results.header.get("period")
    period = Period.parse_informal(heading.text) if heading else None
    return period is not None and finder.form.effective.covers(period)


def _template_texts(
    workbook: StampedWorkbook, finder: SectionFinder, results: SectionResults
) -> Iterable[str]:
    if workbook.stamp:
        return workbook.template_texts
    return guess_texts(finder.form, finder.blocks, results.header)


def _build_submission(
    workbook: StampedWorkbook, finder: SectionFinder, limits: Limits
) -> Submission:
    results = SectionResults(findings=list(finder.findings))
    for block in finder.blocks:
        read_section(block, finder.form, limits.text, results, _hanging(block, finder.blocks))
    answers = locate_answers(finder.markers) if workbook.stamp else None
    if answers:
        read_section(answers, finder.form, limits.text, results)
    blocks = [*finder.blocks, *([answers] if answers else [])]
    file_texts = frozenset(map(name_key, _template_texts(workbook, finder, results)))
    for sheet in (*workbook.sheets, *workbook.hidden_sheets):
        sheet_blocks = [block for block in blocks if block.sheet is sheet]
        results.findings.extend(_sheet_findings(sheet, sheet_blocks, finder, file_texts))
    if workbook.stamp and not (finder.form.is_rollup or finder.form.is_list):
        results.findings.extend(find_lost_validations(finder.form, finder.blocks))
    if answers and all(block.sheet is not answers.sheet for block in finder.blocks):
        results.findings = [_without_refusal(f, answers.sheet) for f in results.findings]
    answer_rows = [row for row in results.rows if row.section == ANSWERS.id]
    return Submission(
        workbook.stamp,
        finder.form.form,
        finder.form.version,
        results.header,
        tuple(row for row in results.rows if row.section != ANSWERS.id),
        tuple(results.findings),
        tuple(read_answers(answers, answer_rows)) if answers else (),
    )


def _without_refusal(finding: Finding, sheet: Sheet) -> Finding:
    """Return a finding on the sheet of the answers as a warning: they are no part of the values."""
    is_beside = finding.place.sheet == sheet.title and finding.is_error
    return replace(finding, severity=Severity.WARNING) if is_beside else finding


def _sheet_findings(
    sheet: Sheet, blocks: Sequence[Block], finder: SectionFinder, file_texts: frozenset[str]
) -> Iterator[Finding]:
    """Yield what is on a sheet beside the values that were read, and a form's sheet that is hidden.

    Of a roll-up's sheets little is told: only its data are read.
    """
    form = finder.form
    if not (sheet.is_visible or form.is_rollup):
        if not blocks:
            yield from find_unread(sheet, finder.form_texts, file_texts)
            return
        yield Finding("R39", Severity.ERROR, Place("", sheet.title))
    yield from find_out_of_range(sheet)
    yield from find_notes(sheet, file_texts)
    yield from find_hidden(blocks, form)
    if form.is_rollup:
        return
    yield from find_drawings(sheet)
    if blocks:
        yield from find_page_texts(sheet, form, file_texts)
    if finder.is_complete:  # without a section located, what is beside the form is unknown
        yield from find_unexpected(sheet, blocks, finder.form_texts, file_texts)


def _hanging(block: Block, blocks: Sequence[Block]) -> tuple[Block, ...]:
    """Return the blocks that hang on the columns of `block`."""
    return tuple(b for b in blocks if block.columns and b.section.under == block.section.id)


def cell_texts(data: bytes, limits: Limits) -> Mapping[str, Mapping[str, str]] | None:
    """Return the text of each filled cell by sheet and cell, to compare two workbooks.

    Includes hidden sheets; a formula has its stored value. None where the file cannot be read.
    """
    try:
        sheets = read_sheets(open_package(data, limits), limits)
    except UnreadableError:
        return None
    return {
        sheet.title: {
            a1(position): text
            for position, raw in sheet.filled_cells.items()
            if (text := _cell_text(raw))
        }
        for sheet in sheets
    }


def _cell_text(raw: RawValue) -> str:
    if isinstance(raw, ErrorCell) and raw.text is None:
        return UNCALCULATED
    return display_text(float(f"{raw:.{_DIGITS}g}") if isinstance(raw, float) else raw)
